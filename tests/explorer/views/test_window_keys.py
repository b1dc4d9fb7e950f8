"""The whole window off screen: what its keys do, and when they make sense."""

from __future__ import annotations

import pytest
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from explorer.actions import COMMANDS
from explorer.model import action as do
from explorer.theme.theme import current

from .windows import Ctrl, Key, Shift, dock, in_front, press, until


def test_the_arrows_walk_forward_and_back(window):
    session = lambda: window.store.session  # noqa: E731
    walk = window.store.derived.walk(session())
    press(window, Key.Key_Right)
    press(window, Key.Key_Right)
    assert session().position == 2
    press(window, Key.Key_Left)
    assert session().position == 1
    press(window, Key.Key_Right, Shift)
    assert session().position == walk.next_boundary(1, "step", 1)
    press(window, Key.Key_Right, Ctrl)
    assert session().position == walk.next_boundary(10, "pass", 1)
    press(window, Key.Key_Left, Ctrl)
    assert session().position == 0
    press(window, Key.Key_End)
    assert session().position == len(walk)
    press(window, Key.Key_Left, Shift)
    press(window, Key.Key_Home)
    assert session().position == 0


def test_page_down_and_up_do_an_update_and_return(window):
    press(window, Key.Key_PageDown)
    until(window, lambda: window.store.session.training.shown == 1)
    press(window, Key.Key_PageUp)
    until(window, lambda: window.store.session.training.shown == 0)
    assert window.store.session.training.last == 1


def test_t_trains_and_pauses_and_a_narrow_window_turns_to_the_curve(window):
    assert not in_front(dock(window, "loss"))
    press(window, Key.Key_T)
    until(window, lambda: window.store.session.training.shown > 5)
    assert in_front(dock(window, "loss")) and window.board.panel_in_focus() is None
    press(window, Key.Key_T)
    window.store.wait()
    assert not window.store.session.training.running


@pytest.mark.parametrize("how", ["key", "tab", "command", "alone"])
def test_training_does_not_pull_the_curve_over_a_panel_that_was_turned_to(window, how):
    name = "inspector" if how == "command" else "horizon"
    if how == "tab":
        window.board.docks[name].raise_()
        window.board.tabs.clicked.emit(name)
    elif how == "command":
        window.actions_["code"].trigger()
    else:
        press(window, Key.Key_4, Ctrl)
        if how == "alone":
            press(window, Key.Key_F11)
    window.store.dispatch(do.Train())
    until(window, lambda: window.store.session.training.shown > 3)
    assert not in_front(dock(window, "loss")) and (dock(window, name).alone or in_front(dock(window, name)))
    window.store.dispatch(do.Train())
    window.store.wait()


def test_the_tab_that_was_in_front_at_the_last_time_was_turned_to_as_well(window):
    board = window.board
    board.set_layouts(board.layouts() | {"narrow front": "inspector"})
    assert not board.turned
    board.set_layouts(board.layouts() | {"narrow front": "horizon"})
    assert board.turned
    window.reset_layout()
    assert not board.turned


def test_space_plays_and_pauses_whatever_has_the_focus(window):
    for target in (window.stage.canvas, window.transport.buttons["home"], window.bar.cell):
        target.setFocus()
        press(window, Key.Key_Space)
        assert window.store.session.playback.playing
        press(window, Key.Key_Space)
        assert not window.store.session.playback.playing


def test_the_pace_of_playing_is_a_key_away_and_has_bounds(window):
    press(window, Key.Key_Up, Ctrl)
    assert window.store.session.playback.speed == 6.0 and "6 " in window.store.session.message.text
    for _ in range(20):
        press(window, Key.Key_Down, Ctrl)
    assert window.store.session.playback.speed == 0.25


def test_enter_presses_the_button_that_has_the_focus(window):
    window.transport.buttons["next"].setFocus()
    press(window, Key.Key_Return)
    assert window.store.session.position == 1
    window.transport.buttons["end"].setFocus()
    press(window, Key.Key_Enter)
    assert window.store.session.position == len(window.store.derived.walk(window.store.session))


def test_undo_and_redo_by_key(window):
    window.store.dispatch(do.ShowSentence(1))
    press(window, Key.Key_Z, Ctrl)
    assert window.store.session.sentence.index != 1
    press(window, Key.Key_Z, Ctrl | Shift)
    assert window.store.session.sentence.index == 1


def test_the_theme_changes_by_key_and_every_panel_survives_it(window):
    for name in ("light", "dark"):
        press(window, Key.Key_D, Ctrl)
        assert window.store.session.theme == name == current().tokens.name
        window.grab()


def test_type_grows_and_shrinks_within_reason(window):
    press(window, Key.Key_Plus, Ctrl)
    assert current().scale == pytest.approx(1.1)
    press(window, Key.Key_Minus, Ctrl)
    assert current().scale == pytest.approx(1.0)
    for factor, scale in ((100.0, 2.2), (0.001, 0.7)):
        window._scale(factor)
        assert current().scale == pytest.approx(scale)
        window.grab()


def test_f11_fills_the_screen_and_returns(window):
    press(window, Key.Key_F11)
    assert window.isFullScreen()
    press(window, Key.Key_F11)
    assert not window.isFullScreen()


def test_every_command_has_an_action_with_its_keys(window):
    for command in COMMANDS:
        action = window.actions_[command.id]
        assert [k.toString() for k in action.shortcuts()] == list(command.keys)
        assert command.action is not None or command.id in window.handlers


def test_what_makes_no_sense_now_is_not_offered(window):
    actions = window.actions_
    assert actions["next"].isEnabled() and not actions["back"].isEnabled() and not actions["undo"].isEnabled()
    window.store.dispatch(do.Move())
    window.store.dispatch(do.ShowSentence(1))
    window.store.dispatch(do.Move())
    assert actions["back"].isEnabled() and actions["undo"].isEnabled()


def test_a_dialog_gives_the_keyboard_back_to_what_had_it(window):
    held = window.transport.tracks["step"]
    held.setFocus()
    window.show_keys()
    QTest.qWait(20)
    window.bar.cell.setFocus()  # as the window's system may do behind a dialog
    QApplication.activeModalWidget().reject()
    until(window, lambda: window.focusWidget() is held)


def test_every_command_is_in_a_menu_with_its_help(window):
    def actions(menu):
        for action in menu.actions():
            if action.menu() is not None:
                yield from actions(action.menu())
            else:
                yield action

    listed = {id(action) for action in actions(window.bar.menu_chip.menu())}
    for command in COMMANDS:
        action = window.actions_[command.id]
        assert id(action) in listed, command.id
        assert action.statusTip() == action.toolTip() == command.help != ""
