"""The whole window off screen: its panels, in their tabs, at hand, floating and on the whole screen."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QEnterEvent, QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QMenu, QTabBar, QToolTip

from explorer.actions import BY_ID
from explorer.model import action as do
from explorer.panels import PANELS
from explorer.theme import palette
from explorer.theme.theme import current, theme_named
from explorer.views.board_menus import panel_menu
from explorer.widgets.tab_overflow import TabOverflow

from .windows import Ctrl, Key, dock, in_front, panel, press, until

DIRECT = Qt.FindChildOption.FindDirectChildrenOnly


def below(window, name="loss"):
    return window.board.dockWidgetArea(dock(window, name)) == Qt.DockWidgetArea.BottomDockWidgetArea


def test_every_panel_has_a_key_that_brings_it_to_the_front_and_gives_the_keyboard_back(window):
    assert len({info.keys for info in PANELS}) == len(PANELS) and all(info.keys for info in PANELS)
    for info in PANELS:
        combination = QKeySequence(info.keys[0])[0]
        for focused in (True, False):
            press(window, combination.key(), combination.keyboardModifiers())
            QTest.qWait(5)
            assert in_front(dock(window, info.id)), info.id
            assert (window.board.panel_in_focus() is dock(window, info.id)) == focused


def test_every_panel_can_be_shown_in_both_themes_and_sizes_while_one_steps(window):
    store = window.store
    store.dispatch(do.Move("pass"))
    for size in ((1366, 768), (1920, 1080)):
        window.resize(*size)
        for theme in ("light", "high-contrast", "dark"):
            store.dispatch(do.SetTheme(theme))
            for info in PANELS:
                window.board.show_panel(info.id)
                for action in (do.Move("operation"), do.Move("step"), do.Hover(1, 0), do.Move("step", -1)):
                    store.dispatch(action)
                QTest.qWait(1)
                assert not dock(window, info.id).grab().isNull()
    store.wait()


def test_a_panel_behind_another_is_made_when_it_is_seen(window):
    assert dock(window, "inspector").panel is not None and dock(window, "ledger").panel is None
    window.board.show_panel("ledger")
    assert dock(window, "ledger").panel is not None


def test_a_panel_floats_hides_and_moves_and_the_layout_can_be_reset(window):
    window.resize(1900, 1000)
    ledger = dock(window, "ledger")
    window.board.show_panel("ledger")
    window.actions_["float-panel"].trigger()
    assert ledger.isFloating() and ledger.isVisible()
    panel_menu(window.board, ledger).actions()[0].trigger()
    assert not ledger.isFloating()
    window.board.move_panel(ledger, Qt.DockWidgetArea.RightDockWidgetArea)
    assert not below(window, "ledger")
    window.board.share_place(ledger, dock(window, "loss"))
    assert below(window, "ledger") and not in_front(dock(window, "loss"))
    window.board.show_panel("ledger")
    press(window, Key.Key_W, Ctrl)
    assert ledger.isHidden()
    window.actions_["reset-layout"].trigger()
    QTest.qWait(10)
    assert in_front(ledger) and in_front(dock(window, "loss")) and below(window, "ledger")


def test_turning_to_another_tab_leaves_the_neighbours_where_they_are(window):
    window.resize(1920, 1080)
    QTest.qWait(30)
    fronts = ("ledger", "horizon", "accumulator", "loss")
    widths = [dock(window, name).width() for name in fronts]
    for info in PANELS:
        window.board.show_panel(info.id)
        QTest.qWait(20)
    for name in fronts:
        window.board.show_panel(name)
        QTest.qWait(20)
    assert [dock(window, name).width() for name in fronts] == widths


def test_a_group_that_floats_together_comes_back_with_one_reset(window):
    window.resize(1920, 1080)
    QTest.qWait(30)
    ledger, cut = dock(window, "ledger"), dock(window, "truncation")
    for one in (ledger, cut):
        one.setFloating(True)
        one.show()
    window.board.tabifyDockWidget(ledger, cut)
    QTest.qWait(30)
    window.actions_["reset-layout"].trigger()
    QTest.qWait(50)
    assert not ledger.isFloating() and not cut.isFloating()
    assert ledger.window() is window and cut.window() is window and in_front(ledger)


def test_f11_shows_the_panel_with_the_keyboard_on_the_whole_screen_and_walks_on_there(window):
    window.board.show_panel("ledger")
    press(window, Key.Key_F11)
    ledger = dock(window, "ledger")
    assert ledger.alone is not None and ledger.alone.isFullScreen() and not window.isFullScreen()
    assert ledger.alone.isAncestorOf(ledger.panel)
    alone = ledger.alone
    window.actions_["next"].trigger()
    assert window.store.session.position == 1
    alone.grab()
    window.actions_["full-screen"].trigger()
    assert ledger.alone is None and ledger.isAncestorOf(ledger.panel) and in_front(ledger)


def overflow(window):
    bars = [bar for bar in window.board.findChildren(QTabBar) if bar.isVisible() and bar.count() > 1]
    return bars, [button for bar in bars for button in bar.findChildren(TabOverflow) if button.isVisible()]


def test_tabs_without_room_end_in_a_button_that_lists_every_panel(window):
    QTest.qWait(50)
    bars, (button,) = overflow(window)
    assert button.geometry().right() == bars[0].width() - 1
    button.open_menu()
    menu = QApplication.activePopupWidget()
    actions = {action.text().split("\t")[0]: action for action in menu.actions()}
    assert list(actions) == [info.title for info in PANELS]
    assert actions["Inside the step"].isChecked() and not actions["Predictions"].isChecked()
    actions["Predictions"].trigger()
    menu.close()
    QTest.qWait(20)
    assert in_front(panel(window, "predictions"))

    def whole():
        tab = bars[0].tabRect(bars[0].currentIndex())
        return tab.left() >= 0 and tab.right() <= button.geometry().left()

    until(window, whole)  # the row scrolls there once Qt has laid it out anew


def test_the_panel_that_f11_will_fill_is_framed_and_the_keyboard_comes_back_to_where_it_was(window):
    press(window, Key.Key_2, Ctrl)
    held = QApplication.focusWidget()
    assert dock(window, "ledger").framed and not dock(window, "inspector").framed
    press(window, Key.Key_F11)
    assert window.board.panel_alone() is dock(window, "ledger")
    QTest.qWait(20)
    press(window, Key.Key_Escape)
    until(window, lambda: QApplication.focusWidget() is held)
    assert window.board.panel_alone() is None
    press(window, Key.Key_2, Ctrl)
    assert QApplication.focusWidget() is window.stage.focusWidget() or window.stage.hasFocus()
    assert not any(each.framed for each in window.board.docks.values())


@pytest.mark.parametrize("command", ["edit-value", "commands", "keys", "sentence"])
def test_a_dialog_over_a_panel_on_the_whole_screen_belongs_to_that(window, command):
    press(window, Key.Key_2, Ctrl)
    press(window, Key.Key_F11)
    alone = dock(window, "ledger").alone
    alone.activateWindow()
    until(window, alone.isActiveWindow)
    window.run(BY_ID[command])
    (dialog,) = [d for d in alone.findChildren(QDialog) if d.isVisible()]
    assert dialog.parentWidget() is alone and not window.findChildren(QDialog, options=DIRECT)
    dialog.reject()
    until(window, lambda: alone.isVisible() and not any(d.isVisible() for d in alone.findChildren(QDialog)))
    window.run(BY_ID["full-screen"])
    window.activateWindow()
    window.run(BY_ID[command])
    assert any(d.isVisible() for d in window.findChildren(QDialog, options=DIRECT))


def test_a_panels_key_turns_the_whole_screen_to_that_panel_and_its_own_returns(window):
    press(window, Key.Key_2, Ctrl)
    press(window, Key.Key_F11)
    window.show_panel("horizon")
    assert window.board.panel_alone() is dock(window, "horizon")
    window.show_panel("horizon")
    assert window.board.panel_alone() is None


def test_a_panel_on_the_whole_screen_has_larger_type_and_gives_it_back(window):
    press(window, Key.Key_2, Ctrl)
    ledger = panel(window, "ledger")
    press(window, Key.Key_F11)
    dock(window, "ledger").alone.resize(1920, 1080)
    assert current(ledger.title_label).scale == pytest.approx(1.7 * current().scale)
    QTest.qWait(20)
    press(window, Key.Key_Escape)
    assert current(ledger.title_label) is current()


def test_menus_and_tool_tips_grow_with_a_panel_on_the_whole_screen(window):
    press(window, Key.Key_2, Ctrl)
    here, usual = dock(window, "ledger"), current().font("body").pixelSize()
    press(window, Key.Key_F11)
    until(window, lambda: QApplication.activeWindow() is here.alone)
    here.alone.resize(1920, 1080)
    larger = round(1.7 * usual)

    def sizes():
        made = panel_menu(window.board, here)
        here.panel.parameter.open_menu()
        menus = [here.panel.parameter.menu(), made, *made.findChildren(QMenu)]
        menus[0].close()
        found = {menu.font().pixelSize() for menu in menus}
        made.close()
        return found | {QToolTip.font().pixelSize()}

    assert sizes() == {larger}
    window.open_menu()
    assert window.menu_chip.menu().font().pixelSize() == larger
    window.menu_chip.menu().close()
    palette.apply(QApplication.instance(), theme_named("light", 1.2))  # which gives Qt's own font to all tool tips
    until(window, lambda: sizes() == {current(here.panel).font("body").pixelSize()})
    palette.apply(QApplication.instance(), theme_named("dark"))
    QTest.qWait(20)
    here.fill_screen()
    until(window, lambda: here.alone is None)
    assert sizes() == {usual}
    window.menu_chip.open_menu()
    assert window.menu_chip.menu().font().pixelSize() == usual
    window.menu_chip.menu().close()


def test_tool_tips_have_the_type_of_the_window_in_which_the_mouse_is(window):
    here, usual, at = dock(window, "ledger"), current().font("body").pixelSize(), QPointF(9, 9)
    window.show_panel("ledger")
    here.come_out()
    here.resize(1500, 900)
    QTest.qWait(20)
    QApplication.sendEvent(here, QEnterEvent(at, at, at))
    assert QToolTip.font().pixelSize() > 1.3 * usual
    QApplication.sendEvent(here, QEvent(QEvent.Type.Leave))
    assert QToolTip.font().pixelSize() == usual


@pytest.mark.parametrize("where", ["docked", "floating", "alone"])
@pytest.mark.parametrize("how", ["hide", "setDisabled"])
def test_the_keyboard_stays_in_a_panel_whose_button_goes_away_under_it(window, where, how):
    each, paper = dock(window, "paper"), panel(window, "paper")
    window.board.show_panel("paper")
    QTest.qWait(30)
    if where == "floating":
        window.board.float_panel(each)
    elif where == "alone":
        each.fill_screen()
    QTest.qWait(30)
    chip = paper.print if paper.print.isVisible() else paper.begin
    chip.setFocus()
    until(window, chip.hasFocus)
    chip.hide() if how == "hide" else chip.setDisabled(True)
    QTest.qWait(30)
    assert QApplication.focusWidget() is paper and window.board.panel_at_hand() is each


def test_the_keyboard_stays_in_the_paper_whose_small_sheet_is_begun_and_taken_back(window):
    paper = panel(window, "paper")
    window.board.show_panel("paper")
    window.store.dispatch(do.ChangeSettings(replace(window.store.session.settings, hidden_size=16)))
    window.store.wait()
    until(window, lambda: paper.begin.isVisible() and paper.decimals.isHidden())
    paper.begin.setFocus()
    press(window, Key.Key_Return)
    window.store.wait()
    until(window, lambda: not paper.decimals.isHidden())
    press(window, Key.Key_Z, Ctrl)
    until(window, paper.decimals.isHidden)
    QTest.qWait(30)
    assert window.board.panel_in_focus() is dock(window, "paper")
