"""What buttons of single panels do can also be done from the menu and from the list of all commands."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QMenu

from explorer.actions import BY_ID, COMMANDS, GROUPS, in_group, matching
from explorer.model import action as do
from explorer.model.paper_data import SHEET
from explorer.model.settings import CorpusChoice
from explorer.views.dialogs import CommandDialog

from .windows import dock, until

SHEETS = ("sheet-print", "sheet-preview", "sheet-save", "sheet-copy")


def small(window):
    window.store.dispatch(do.ChangeSettings(SHEET))
    window.store.wait()


def large(window):
    window.store.dispatch(do.ChangeSettings(replace(window.store.session.settings, hidden_size=16)))
    window.store.wait()


def in_menu(window, name):
    """The line of the menu that does a command, as it stands when the menu is open."""
    menu = window.menu_chip.menu()
    menu.aboutToShow.emit()
    below = [part.menu() for part in menu.actions()]
    return next(action for part in below for action in part.actions() if action is window.actions_[name])


@pytest.mark.parametrize("wanted", ["print", "worksheet", "pdf", "preview"])
def test_who_looks_for_printing_finds_it(wanted):
    assert set(SHEETS) & {command.id for command in matching(wanted)[:3]}


@pytest.mark.parametrize("name", SHEETS)
def test_a_network_too_large_for_paper_has_no_sheet_and_the_menu_says_why(window, name):
    large(window)
    action = in_menu(window, name)
    assert not action.isEnabled() and "1 to 3 units (this network has 16)" in action.toolTip()
    assert action.statusTip() == action.toolTip() == window.help_now(BY_ID[name])
    small(window)
    action = in_menu(window, name)
    assert action.isEnabled() and action.toolTip() == BY_ID[name].help


def test_the_list_of_commands_says_why_one_makes_no_sense_now(window, qtbot):
    large(window)
    dialog = CommandDialog(window.run, window.enabled, window, (), window.title_now, window.help_now)
    qtbot.addWidget(dialog)
    dialog.line.setText("print the worked")
    assert "this network has 16" in dialog.list.item(0).toolTip()
    assert dialog.list.currentRow() == 0 and dialog.note.text() == dialog.list.item(0).toolTip()
    dialog.choose()
    assert dialog.result() == 0 and dock(window, "paper").panel is None


def test_the_tables_are_copied_and_saved_though_nobody_has_opened_their_panel(window, tmp_path, monkeypatch):
    small(window)
    assert dock(window, "paper").panel is None
    window.actions_["sheet-copy"].trigger()
    assert QApplication.clipboard().text().count("\t") > 20
    path = tmp_path / "sheet.html"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), ""))
    window.actions_["sheet-save"].trigger()
    assert "<table" in path.read_text("utf-8") and str(path) in window.store.session.message.text


def test_a_small_sheet_begins_from_the_menu_and_comes_into_sight(window):
    window.actions_["sheet-small"].trigger()
    window.store.wait()
    assert window.store.session.settings == SHEET and dock(window, "paper").in_sight
    window.actions_["undo"].trigger()
    window.store.wait()
    assert window.store.session.settings != SHEET


@pytest.mark.parametrize(("name", "holds"), [("copy-numbers", ","), ("copy-code", "np.tanh")])
def test_numbers_and_code_of_the_step_are_copied_from_the_menu_and_shown(window, name, holds):
    window.store.dispatch(do.Move("step"))
    QApplication.clipboard().setText("")
    window.board.hide_panel(dock(window, "inspector"))
    window.actions_[name].trigger()
    assert holds in QApplication.clipboard().text()
    assert dock(window, "inspector").in_sight
    assert "clipboard" in window.store.session.message.text


def test_the_text_that_the_network_writes_is_drawn_again_and_copied(window):
    QApplication.clipboard().setText("")
    window.store.dispatch(do.Move("pass"))
    window.actions_["write-again"].trigger()
    words = dock(window, "predictions").panel.words
    until(window, lambda: words.shown is not None)
    window.actions_["copy-text"].trigger()
    assert QApplication.clipboard().text() == words.shown.text != ""


def test_an_experiment_comes_onto_the_stage_from_the_menu(window):
    before = window.store.session.settings
    window.actions_["experiment-stage"].trigger()
    until(window, lambda: window.store.session.settings != before)
    assert "is on the stage" in window.store.session.message.text


def test_what_belongs_to_b_is_there_only_while_two_are_compared(window):
    for name in ("save-beside", "same-beside"):
        assert not in_menu(window, name).isEnabled() and "Nothing is compared" in in_menu(window, name).toolTip()
    window.actions_["compare"].trigger()
    window.store.wait()
    window.actions_["same-beside"].trigger()
    window.store.wait()
    assert window.store.session.beside.settings(window.store.session.settings) == window.store.session.settings
    assert in_menu(window, "save-beside").isEnabled()


def test_how_a_text_is_read_can_be_changed_where_it_is_ones_own(window):
    assert in_menu(window, "reading").isEnabled() and in_menu(window, "type-text").isEnabled()
    bundled = replace(window.store.session.settings, corpus=CorpusChoice())
    window.store.dispatch(do.ChangeSettings(bundled))
    window.store.wait()
    assert not in_menu(window, "reading").isEnabled() and "bundled" in in_menu(window, "reading").toolTip()


def test_to_quit_is_the_last_thing_of_its_menu():
    assert [command.id for command in in_group("File")][-1] == "quit" and "File" in GROUPS


def test_the_menu_of_the_sheet_tells_what_its_lines_are_for(window):
    small(window)
    window.board.show_panel("paper")
    menu = dock(window, "paper").panel.print.menu()
    assert isinstance(menu, QMenu) and menu.toolTipsVisible()
    for action in menu.actions():
        assert action.isSeparator() or (action.toolTip().endswith(".") and action.statusTip() == action.toolTip())


def test_the_list_of_commands_says_by_keyboard_too_what_each_is_for(window, qtbot):
    dialog = CommandDialog(window.run, window.enabled, window, (), window.title_now, window.help_now)
    qtbot.addWidget(dialog)
    dialog.show()
    seen = []
    for _ in range(4):
        seen.append(dialog.note.text())
        QTest.keyClick(dialog.line, Qt.Key.Key_Down)
    assert seen == [window.help_now(command) for command in COMMANDS[:4]]
    dialog.line.setText("xyzzy")
    assert dialog.note.text() == ""
