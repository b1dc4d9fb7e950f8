"""The panels around the stage: the one at hand, floating, the whole screen, tabs and menus."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QPoint, QRect, QSize, Qt
from PySide6.QtGui import QHelpEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QTabBar, QToolTip

from explorer.actions import BY_ID as COMMANDS_BY_ID
from explorer.actions import COMMANDS
from explorer.model import action as do
from explorer.panels import PANELS
from explorer.theme import palette
from explorer.theme.theme import theme_named
from explorer.views.board_menus import panel_menu
from explorer.widgets.tab_overflow import TabOverflow

from .windows import Ctrl, Key, Shift, dock, in_front, panel, press, until

BY_ID = {info.id: info for info in PANELS}


def row_of_tabs(window):
    return next(bar for bar in window.board.findChildren(QTabBar) if bar.isVisible() and bar.count() > 1)


def click_tab(window, name):
    bar = row_of_tabs(window)
    index = next(n for n in range(bar.count()) if bar.tabText(n) == BY_ID[name].short)
    QTest.mouseClick(bar, Qt.MouseButton.LeftButton, pos=bar.tabRect(index).center())
    QTest.qWait(30)


# --- the panel at hand ------------------------------------------------------------------------------------------


def test_f11_after_a_click_on_a_tab_fills_the_screen_with_that_panel_while_the_stage_keeps_the_keyboard(window):
    held = QApplication.focusWidget()
    assert window.stage.isAncestorOf(held)
    click_tab(window, "ledger")
    assert QApplication.focusWidget() is held and dock(window, "ledger").framed
    press(window, Key.Key_F11)
    assert window.board.panel_alone() is dock(window, "ledger") and not window.isFullScreen()
    QTest.qWait(20)
    press(window, Key.Key_F11)
    QTest.qWait(20)
    assert window.board.panel_alone() is None and window.board.panel_at_hand() is dock(window, "ledger")
    click_tab(window, "horizon")
    assert window.board.panel_at_hand() is dock(window, "horizon") and not dock(window, "ledger").framed


def test_a_click_on_the_stage_lets_go_of_the_panel_whose_tab_was_clicked(window):
    click_tab(window, "ledger")
    QTest.mouseClick(window.stage.canvas, Qt.MouseButton.LeftButton, pos=QPoint(3, 3))
    assert window.board.panel_at_hand() is None and not dock(window, "ledger").framed
    press(window, Key.Key_F11)
    assert window.isFullScreen() and window.board.panel_alone() is None
    press(window, Key.Key_F11)
    assert not window.isFullScreen()


def test_the_keyboard_follows_from_a_panel_to_the_one_whose_tab_covers_it(window):
    press(window, Key.Key_2, Ctrl)
    click_tab(window, "horizon")
    assert dock(window, "horizon").holds(QApplication.focusWidget())


def test_a_menu_and_a_dialog_leave_the_panel_at_hand(window):
    click_tab(window, "ledger")
    window.open_menu()
    press(window, Key.Key_Escape)
    press(window, Key.Key_Escape)
    QTest.qWait(20)
    window.show_keys()
    QTest.qWait(20)
    QApplication.activeModalWidget().reject()
    QTest.qWait(20)
    assert window.board.panel_at_hand() is dock(window, "ledger")


def test_a_panel_that_is_covered_is_no_longer_at_hand(window):
    click_tab(window, "ledger")
    dock(window, "horizon").raise_()
    QTest.qWait(20)
    assert window.board.panel_at_hand() is None
    until(window, lambda: not dock(window, "ledger").framed)


def test_titles_say_which_panel_they_are_for(window):
    def titles():
        return {command.id: window.title_now(command) for command in COMMANDS}

    assert titles()["full-screen"] == "Full screen: the window"
    click_tab(window, "ledger")
    assert titles()["full-screen"] == "Full screen: Gradient ledger"
    assert titles()["float-panel"] == "Float “Gradient ledger”"
    window.bar.menu_chip.menu().aboutToShow.emit()
    assert window.actions_["full-screen"].text() == "Full screen: Gradient ledger\tF11"
    window.show_keys()
    sheet = QApplication.activeModalWidget()
    assert "Full screen: Gradient ledger" in [row[1] for row in sheet.rows()]
    sheet.reject()
    press(window, Key.Key_F11)
    assert "back" in titles()["full-screen"]
    QTest.qWait(20)
    press(window, Key.Key_F11)


@pytest.mark.parametrize("command", ["panel-menu", "float-panel", "hide-panel", "move-beside", "move-below"])
def test_a_command_for_a_panel_says_so_when_none_is_at_hand(window, command):
    before = [each.isVisible() for each in window.board.docks.values()]
    window.actions_[command].trigger()
    assert "No panel is chosen" in window.banner.label.text() and window.banner.isVisible()
    assert [each.isVisible() for each in window.board.docks.values()] == before


# --- floating ---------------------------------------------------------------------------------------------------


def test_a_panel_comes_out_beside_its_place_with_the_keyboard_and_a_button_that_leads_back(window):
    window.resize(1366, 768)
    click_tab(window, "ledger")
    ledger = dock(window, "ledger")
    place = ledger.mapToGlobal(QPoint(0, 0))
    window.actions_["float-panel"].trigger()
    QTest.qWait(30)
    assert ledger.isFloating() and ledger.holds(QApplication.focusWidget())
    away = ledger.pos() - place
    assert abs(away.x()) >= 32 and abs(away.y()) >= 32 and ledger.size().height() < 660
    assert window.frameGeometry().contains(ledger.geometry())
    assert ledger.back_chip.isVisible() and ledger.back_chip.value() == "Dock"
    out = ledger.geometry()
    ledger.back_chip.click()
    QTest.qWait(30)
    assert not ledger.isFloating() and in_front(ledger) and not ledger.back_chip.isVisible()
    assert ledger.holds(QApplication.focusWidget())
    ledger.come_out()
    assert ledger.geometry() == out


def test_two_panels_that_float_do_not_hide_one_another(window):
    for name in ("ledger", "horizon"):
        window.board.show_panel(name)
        QTest.qWait(20)
        window.board.float_panel(dock(window, name))
        QTest.qWait(20)
    assert dock(window, "ledger").pos() != dock(window, "horizon").pos()


def test_what_floats_over_a_panel_that_is_asked_for_makes_way_and_over_no_panel_stays(window):
    def hidden(name):
        here = place(name)
        both = here & floating.geometry()
        return 0.0 if both.isEmpty() else both.width() * both.height() / (here.width() * here.height())

    def place(name):
        return QRect(dock(window, name).mapToGlobal(QPoint(0, 0)), dock(window, name).size())

    window.resize(window.screen().availableSize())  # what lies beside the screen is no place
    floating = dock(window, "horizon")
    window.board.show_panel("horizon")
    QTest.qWait(20)
    window.board.float_panel(floating)
    for command in ("panel:inspector", "panel:experiments"):
        window.board.show_panel("gates")
        QTest.qWait(40)
        floating.setGeometry(QRect(place("gates").topLeft(), QSize(320, 400)))
        assert hidden("gates") > 0.3
        window.actions_[command].trigger()
        QTest.qWait(40)
        assert hidden(command.removeprefix("panel:")) < 0.3
        assert window.screen().availableGeometry().contains(floating.geometry())
    aside = floating.geometry()
    window.board.show_panel("ledger")
    QTest.qWait(40)
    assert floating.geometry() == aside


def test_f11_in_a_panel_that_floats_fills_the_screen_with_it_and_its_keys_work_there(window):
    window.board.float_panel(dock(window, "ledger"))
    QTest.qWait(30)
    press(window, Key.Key_F11)
    alone = dock(window, "ledger").alone
    assert alone is not None and not window.isFullScreen()
    assert window.actions_["next"] in alone.actions()
    assert dock(window, "ledger").back_chip.value() == "Back"
    QTest.qWait(20)
    press(window, Key.Key_Escape)
    until(window, lambda: dock(window, "ledger").alone is None)
    assert dock(window, "ledger").isFloating() and window.board.panel_at_hand() is dock(window, "ledger")


def test_reset_brings_a_panel_back_from_the_whole_screen(window):
    window.board.fill_screen("ledger")
    window.reset_layout()
    QTest.qWait(30)
    assert window.board.panel_alone() is None and not dock(window, "ledger").isFloating()


# --- tabs -------------------------------------------------------------------------------------------------------


def cut_names(bar):
    """The names that are shown in part; that of the tab in front, when it is not shown at all."""
    button = bar.findChild(TabOverflow)
    right = button.geometry().left() if button.isVisible() else bar.width()
    left = button.left.geometry().right() + 1 if button.left.isVisible() else 0
    places = [bar.tabRect(n) for n in range(bar.count())]
    seen = [n for n, place in enumerate(places) if place.right() >= left and place.left() < right]
    cut = [n for n in seen if places[n].left() < left or places[n].right() >= right]
    return [bar.tabText(n) for n in (cut if bar.currentIndex() in seen else [bar.currentIndex()])]


@pytest.mark.parametrize(("width", "scale"), [(1000, 1.0), (1280, 0.7), (1280, 1.5), (1366, 1.0), (1440, 1.0)])
def test_no_name_of_a_tab_is_shown_in_part(window, qapp, width, scale):
    palette.apply(qapp, theme_named("dark", scale))
    window.resize(width, 768)
    for info in PANELS:
        window.board.show_panel(info.id)
        QTest.qWait(50)
        until(window, lambda: not cut_names(row_of_tabs(window)), 2.0)


def test_the_tool_tip_of_a_tab_gives_the_whole_name_the_key_and_what_is_there(window):
    bar = row_of_tabs(window)
    index = next(n for n in range(bar.count()) if bar.tabText(n) == "Update")
    at = bar.tabRect(index).center()
    QApplication.sendEvent(bar, QHelpEvent(QEvent.Type.ToolTip, at, bar.mapToGlobal(at)))
    assert QToolTip.text() == f"Update anatomy  Ctrl+8\n{BY_ID['anatomy'].help}"
    QToolTip.hideText()


@pytest.mark.parametrize("info", PANELS, ids=lambda info: info.id)
def test_a_panel_has_one_name_in_its_heading_its_tab_the_commands_and_the_readme(window, info):
    heading = window.board.docks[info.id].ensure().title_label.text()
    assert heading in (info.title, info.short) or (info.id == "inspector" and heading.startswith("Inside step t ="))
    assert info.short.casefold() in info.title.casefold().split() or info.short == info.title
    assert COMMANDS_BY_ID[f"panel:{info.id}"].title == f"Panel: {info.title}"
    readme = Path(__file__).parents[3] / "README.md"
    assert f"\n| {info.title} | " in readme.read_text("utf-8")


def test_a_row_of_tabs_that_dragging_makes_looks_like_the_others(window):
    window.resize(1900, 1000)
    QTest.qWait(50)
    window.board.tabifyDockWidget(dock(window, "ledger"), dock(window, "loss"))
    QTest.qWait(50)
    for bar in window.board.findChildren(QTabBar, options=Qt.FindChildOption.FindDirectChildrenOnly):
        if bar.isVisible():
            assert bar.findChild(TabOverflow) is not None and bar.elideMode() == Qt.TextElideMode.ElideNone


# --- menus ------------------------------------------------------------------------------------------------------


def every_action(menu):
    for action in menu.actions():
        if action.menu() is not None:
            yield from every_action(action.menu())
        elif not action.isSeparator():
            yield action


def test_every_line_of_a_panels_menu_has_its_help(window):
    menu = panel_menu(window.board, dock(window, "ledger"))
    found = list(every_action(menu))
    assert len(found) > 20 and all(action.statusTip().endswith(".") for action in found)
    menu.close()
    menu.deleteLater()


def test_the_palette_can_put_the_panel_at_hand_on_the_place_of_another(window):
    window.resize(1900, 1000)
    QTest.qWait(50)
    window.board.show_panel("ledger")
    offered = {command.id: command for command in window.more_commands()}
    assert "share:ledger" not in offered
    window.run(offered["share:loss"])
    QTest.qWait(20)
    assert dock(window, "loss") in window.board.tabifiedDockWidgets(dock(window, "ledger"))
    assert in_front(panel(window, "ledger"))


def test_choosing_a_picture_of_the_step_brings_its_panel_to_sight_and_leaves_the_keyboard(window):
    for away in (lambda: window.board.show_panel("ledger"), lambda: dock(window, "inspector").hide()):
        away()
        window.stage.canvas.setFocus()
        QTest.qWait(20)
        press(window, Key.Key_N)
        QTest.qWait(20)
        assert in_front(dock(window, "inspector")) and window.stage.canvas.hasFocus()


def test_a_title_without_room_is_left_out_where_its_tab_names_the_panel_and_shortened_elsewhere(window):
    window.resize(1600, 900)
    QTest.qWait(80)
    ledger = panel(window, "ledger")
    title = ledger.title_label
    long = "A title that has no room at all in such a panel, however one may turn it"
    ledger.set_title(long, long)
    QTest.qWait(20)
    assert title.isHidden()
    window.board.float_panel(dock(window, "ledger"))
    QTest.qWait(60)
    assert not title.isHidden() and title.shown().startswith("A title") and title.shown().endswith("…")


def test_a_panel_stays_at_hand_when_it_moves_from_floating_to_another_place(window):
    window.board.show_panel("ledger")
    for command in ("float-panel", "move-beside", "move-below", "float-panel", "move-below", "hide-panel"):
        QTest.qWait(40)
        until(window, lambda: window.board.panel_at_hand() is dock(window, "ledger"))
        window.actions_[command].trigger()
    until(window, lambda: dock(window, "ledger").isHidden())
    assert not window.banner.isVisible()
    window.board.show_panel("ledger")
    until(window, lambda: window.board.panel_at_hand() is dock(window, "ledger"))


@pytest.mark.parametrize("least", [0, 5_000])
def test_panels_below_without_a_share_or_room_are_left_to_qt_which_does_not_complain(window, monkeypatch, least):
    window.board.show_panel("ledger")
    until(window, lambda: window.board.panel_at_hand() is dock(window, "ledger"))
    window.actions_["move-below"].trigger()
    until(window, lambda: window.board._docked(Qt.DockWidgetArea.BottomDockWidgetArea))
    if least:
        monkeypatch.setattr(window.board, "least_centre", lambda: least)
    else:
        monkeypatch.setattr(window.board, "_taken", lambda: 5_000)
    window.board.share()
    window.board._even_out()
    QTest.qWait(20)


def test_the_stage_alone_has_the_whole_window_and_the_panels_come_back_as_they_were(window):
    window.resize(1900, 1000)
    window.board.show_panel("gates")
    QTest.qWait(40)
    before, width = window.board.visible_panels(), window.stage.width()
    assert len(before) > 4
    press(window, Key.Key_F11, Shift)
    until(window, lambda: window.stage.width() > window.width() - 40)
    assert not window.board.visible_panels() and window.stage.hasFocus()
    assert window.title_now(next(c for c in COMMANDS if c.id == "stage-alone")) == "Bring the panels back"
    window.resize(1280, 720)  # of a narrow layout, which does not bring them back either
    QTest.qWait(40)
    window.store.dispatch(do.Train())
    until(window, lambda: window.store.session.training.shown > 3)
    window.store.dispatch(do.Train())
    assert not window.board.visible_panels()
    window.resize(1900, 1000)
    QTest.qWait(40)
    press(window, Key.Key_F11, Shift)
    until(window, lambda: window.board.visible_panels() == before)
    until(window, lambda: abs(window.stage.width() - width) < 4)


def test_a_panel_that_is_asked_for_brings_all_back(window):
    before = len(window.board.visible_panels())
    press(window, Key.Key_F11, Shift)
    until(window, lambda: not window.board.visible_panels())
    press(window, Key.Key_2, Ctrl)
    until(window, lambda: in_front(panel(window, "ledger")))
    assert len(window.board.visible_panels()) == before
    assert not window.board.aside


def test_a_layout_is_saved_with_the_panels_that_are_put_aside(window):
    until(window, lambda: window.board.visible_panels())
    before = window.board.layouts()
    press(window, Key.Key_F11, Shift)
    until(window, lambda: not window.board.visible_panels())
    assert window.board.layouts() == before


def drag(dock, by):
    """Drag a panel by its title; Qt takes the mouse over once it has come off."""
    title = dock.titleBarWidget()
    start = QPoint(60, 12)
    QTest.mousePress(title, Qt.MouseButton.LeftButton, pos=start)
    for n in range(1, 9):
        QTest.mouseMove(title, start + by * n / 8, 10)
        QTest.qWait(15)
    QTest.mouseRelease(dock, Qt.MouseButton.LeftButton)
    QTest.qWait(60)


def test_a_title_drags_its_own_panel_out_of_its_tabs_and_all_come_back(window):
    window.resize(1366, 768)
    for _ in range(3):
        for name in ("horizon", "loss"):
            window.board.show_panel(name)
            QTest.qWait(40)
            drag(dock(window, name), QPoint(-500, 150))
        # What is dragged out of a row of tabs takes none of its neighbours along.
        floating = {each.objectName() for each in window.board.docks.values() if each.isFloating()}
        assert floating == {"horizon", "loss"}
        assert all(each.window() in (window, each) for each in window.board.docks.values())
        window.reset_layout()
        QTest.qWait(60)
        assert not any(each.isFloating() for each in window.board.docks.values())
        message = window.store.session.message
        assert message is not None and "first places" in message.text, "another one would be of something gone wrong"


def test_a_panel_dropped_over_the_edge_of_the_screen_is_moved_into_sight(window):
    window.resize(1366, 768)
    window.board.show_panel("ledger")
    QTest.qWait(40)
    ledger = dock(window, "ledger")
    drag(ledger, QPoint(300, 600))
    area = ledger.screen().availableGeometry()
    assert ledger.isFloating()
    until(window, lambda: area.contains(ledger.geometry()))


def test_a_panel_dropped_among_the_docks_has_the_keyboard_there_and_the_arrows_step_the_walk(window):
    window.resize(1366, 768)
    window.board.show_panel("ledger")
    QTest.qWait(40)
    ledger, place = dock(window, "ledger"), dock(window, "ledger").mapToGlobal(QPoint(0, 0))
    drag(ledger, QPoint(-500, 150))
    assert ledger.isFloating()
    window.stage.setFocus()
    title, start = ledger.titleBarWidget(), QPoint(60, 12)
    goal = place + QPoint(ledger.width() // 2, ledger.height() // 2)
    QTest.mousePress(title, Qt.MouseButton.LeftButton, pos=start)
    for n in range(1, 9):
        QTest.mouseMove(title, start + (title.mapFromGlobal(goal) - start) * n / 8, 10)
        QTest.qWait(15)
    QTest.mouseRelease(ledger, Qt.MouseButton.LeftButton)
    until(window, lambda: not ledger.isFloating() and in_front(ledger))
    until(window, lambda: ledger.holds(QApplication.focusWidget()))
    assert window.board.panel_at_hand() is ledger and ledger.framed and not ledger.arrows


def test_a_panel_dropped_over_the_transport_moves_off_its_keys_where_there_is_room(window):
    window.resize(1366, 768)
    window.board.show_panel("ledger")
    QTest.qWait(40)
    ledger, bar = dock(window, "ledger"), window.transport
    kept = QRect(bar.mapToGlobal(QPoint(0, 0)), bar.size())
    drag(ledger, kept.center() - QPoint(60, 60) - ledger.titleBarWidget().mapToGlobal(QPoint(60, 12)))
    assert ledger.isFloating()
    until(window, lambda: not ledger.geometry().intersects(kept))
    assert ledger.screen().availableGeometry().contains(ledger.geometry())
    # One that has room nowhere beside it stays where it was put.
    tall = QRect(kept.left(), 0, 500, ledger.screen().availableGeometry().height())
    ledger.setGeometry(tall)
    ledger.make_way()
    assert ledger.geometry().intersects(kept)


def test_the_menu_of_a_panel_that_has_not_been_seen_yet_opens(window, qtbot):
    hidden = next(one for one in window.board.docks.values() if one.panel is None)
    hidden.ask_for_menu()
    qtbot.waitUntil(lambda: QApplication.activePopupWidget() is not None)
    QApplication.activePopupWidget().close()
    assert hidden.panel is not None
