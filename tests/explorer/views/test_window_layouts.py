"""Layouts that are saved by name: in the menu, in the search, over a start, and where one cannot be read."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu

from explorer.actions import BY_ID
from explorer.views.dialogs_layouts import RemoveLayoutDialog, SaveLayoutDialog
from explorer.views.window_layouts import BEFORE

from .windows import Ctrl, Key, Shift, dock, press, until


def dialog_of(window, command, kind):
    window.run(BY_ID[command])
    (found,) = (each for each in window.findChildren(kind) if each.isVisible())
    return found


def save_as(window, name):
    dialog = dialog_of(window, "save-layout", SaveLayoutDialog)
    dialog.line.setText(name)
    QTest.keyClick(dialog.line, Key.Key_Return)
    QTest.qWait(10)


def layouts_menu(window):
    (view,) = (a.menu() for a in window.bar.menu_chip.menu().actions() if a.text().replace("&", "") == "View")
    (found,) = (a.menu() for a in view.actions() if isinstance(a.menu(), QMenu) and a.text() == "Layouts")
    found.aboutToShow.emit()
    return view, found


def places(window):
    """Where each panel is: whether it floats, is hidden, and in which area."""
    return {
        name: (each.isFloating(), each.isHidden(), window.board.dockWidgetArea(each))
        for name, each in window.board.docks.items()
    }


@pytest.fixture
def lecture(window):
    """A window whose panels have been moved, saved as "lecture", and put back to their first places."""
    window.resize(1900, 1000)
    QTest.qWait(60)
    board = window.board
    board.hide_panel(dock(window, "truncation"))
    board.move_panel(dock(window, "gates"), Qt.DockWidgetArea.BottomDockWidgetArea)
    board.float_panel(dock(window, "horizon"))
    QTest.qWait(40)
    window.lecture = places(window)
    save_as(window, "  lecture ")
    assert list(window.saved_layouts) == ["lecture"]
    window.reset_layout()
    QTest.qWait(60)
    assert places(window) != window.lecture
    return window


def test_the_menu_returns_to_a_layout_at_once(lecture):
    view, menu = layouts_menu(lecture)
    texts = [action.text() for action in menu.actions()]
    assert texts == ["lecture", "", "The layout before", "", "Save layout as…", "Remove layout…", "Reset the layout"]
    assert all(action.statusTip() for action in menu.actions() if not action.isSeparator())
    assert not {"Save layout as…", "Remove layout…"} & {action.text() for action in view.actions()}
    menu.actions()[0].trigger()
    assert places(lecture) == lecture.lecture
    QTest.qWait(60)
    assert places(lecture) == lecture.lecture


def test_the_search_of_all_commands_finds_a_layout_by_its_name(lecture):
    lecture.activateWindow()  # it was the panel that floats
    lecture.stage.setFocus()
    QTest.qWait(20)
    press(lecture, Key.Key_P, Ctrl | Shift)
    dialog = QApplication.activeModalWidget()
    dialog.line.setText("layout lecture")
    assert dialog._found[0].title == "Layout: lecture"
    QTest.keyClick(dialog.line, Key.Key_Return)
    until(lecture, lambda: places(lecture) == lecture.lecture)


def test_a_name_that_is_taken_is_said_to_be_and_replaced(lecture):
    before = lecture.saved_layouts["lecture"]
    dialog = dialog_of(lecture, "save-layout", SaveLayoutDialog)
    QTest.keyClick(dialog.line, Key.Key_Return)
    assert dialog.isVisible() and "name" in dialog.note.text()
    dialog.line.setText("lecture")
    assert "replaced" in dialog.note.text() and dialog.button.value() == "Replace"
    QTest.keyClick(dialog.line, Key.Key_Return)
    assert lecture.saved_layouts["lecture"] != before and "replaced" in lecture.store.session.message.text


def test_a_layout_is_removed_by_its_name_and_the_panels_stay(lecture):
    save_as(lecture, "Alone")
    here = places(lecture)
    dialog = dialog_of(lecture, "remove-layout", RemoveLayoutDialog)
    dialog.line.setText("LECT")
    QTest.keyClick(dialog.line, Key.Key_Return)
    assert list(lecture.saved_layouts) == ["Alone"] and places(lecture) == here
    lecture.remove_layout("Alone")
    lecture.run(BY_ID["remove-layout"])
    assert "No layout" in lecture.store.session.message.text


@pytest.mark.parametrize(
    "broken", [{}, {"wide": ""}, {"wide": "nonsense"}, {"wide": "AAAA/wAAAAI="}, {"wide": "AAAA/wAAAAL9////"}]
)
def test_a_layout_that_cannot_be_read_is_said_to_be_and_nothing_moves(lecture, broken):
    lecture.apply_layout("lecture")
    QTest.qWait(60)
    lecture.saved_layouts["broken"] = broken
    lecture.apply_layout("broken")
    QTest.qWait(60)
    assert "cannot be read" in lecture.store.session.message.text
    assert places(lecture) == lecture.lecture and set(lecture.saved_layouts) == {"lecture", "broken"}


def test_a_layout_saved_in_a_wide_window_gives_a_narrow_one_its_first_layout(lecture):
    lecture.saved_layouts["lecture"].pop("narrow", None)
    lecture.resize(1366, 768)
    QTest.qWait(60)
    lecture.apply_layout("lecture")
    assert not any(floats or hidden for floats, hidden, _ in places(lecture).values())
    lecture.resize(1900, 1000)
    QTest.qWait(60)
    assert places(lecture) == lecture.lecture


def test_what_floats_in_a_layout_of_a_larger_screen_comes_into_sight(lecture):
    area = lecture.screen().availableGeometry()
    lecture.apply_layout("lecture")
    dock(lecture, "horizon").move(area.right() + 400, area.bottom() + 300)
    save_as(lecture, "afar")
    lecture.reset_layout()
    QTest.qWait(60)
    lecture.apply_layout("afar")
    each = dock(lecture, "horizon")
    until(lecture, lambda: each.isFloating() and area.contains(each.geometry()))


def test_a_layout_is_applied_with_the_panels_put_aside_or_one_on_the_whole_screen(lecture):
    lecture.toggle_stage_alone()
    lecture.apply_layout("lecture")
    assert places(lecture) == lecture.lecture and not lecture.board.aside
    lecture.board.fill_screen("ledger")
    lecture.apply_layout("lecture")
    assert lecture.board.panel_alone() is None and places(lecture) == lecture.lecture


def test_a_reset_says_how_to_return_to_the_layout_before_and_an_undo_does_not(window):
    window.resize(1900, 1000)
    QTest.qWait(60)
    assert BEFORE not in window.more_commands(), "there is none yet"
    window.board.hide_panel(dock(window, "gates"))
    window.board.float_panel(dock(window, "horizon"))
    QTest.qWait(40)
    moved = places(window)
    window.actions_["reset-layout"].trigger()
    QTest.qWait(60)
    first = places(window)
    assert first != moved
    text = window.store.session.message.text
    assert "Menu ▸ View ▸ Layouts ▸ The layout before" in text and "Ctrl+Z does not" in text
    (entry,) = (a for a in layouts_menu(window)[1].actions() if a.text() == "The layout before")
    entry.trigger()
    QTest.qWait(60)
    assert places(window) == moved
    window.run(next(command for command in window.more_commands() if command.id == "layout-before"))
    QTest.qWait(60)
    assert places(window) == first


def test_another_layout_can_be_left_for_the_one_before(lecture):
    first = places(lecture)
    lecture.apply_layout("lecture")
    QTest.qWait(60)
    assert places(lecture) == lecture.lecture
    lecture.return_to_layout_before()
    QTest.qWait(60)
    assert places(lecture) == first
