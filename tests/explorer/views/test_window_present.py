"""F5 shows the stage to a class, and everything is afterwards as it was."""

from __future__ import annotations

import pytest
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest

from explorer.actions import BY_ID
from explorer.model import action as do
from explorer.model.session import Message
from explorer.theme.theme import current
from explorer.widgets.black_sheet import BlackSheet

from .test_window_layouts import places
from .windows import Ctrl, Key, press, until


def present(window):
    press(window, Key.Key_F5)
    until(window, lambda: window.presenting and window.isFullScreen())


def test_the_stage_has_the_screen_and_f5_brings_everything_back(window):
    window.resize(1600, 900)
    QTest.qWait(60)
    before, scale = places(window), current().scale
    present(window)
    assert not any(dock.isVisible() for dock in window.board.docks.values())
    assert current().scale >= scale
    assert window.stage.hasFocus() or window.stage.isAncestorOf(window.focusWidget())
    assert "F5" in window.help_line.text()
    assert window.title_now(BY_ID["present"]) == "End the presentation"
    position = window.store.session.position
    press(window, Key.Key_Right)
    assert window.store.session.position == position + 1
    press(window, Key.Key_F5)
    until(window, lambda: not window.presenting and not window.isFullScreen())
    until(window, lambda: places(window) == before)
    assert current().scale == pytest.approx(scale)
    assert "F5" not in window.help_line.text()


def test_escape_takes_a_notice_away_first_and_then_ends_it(window):
    present(window)
    window.store.dispatch(do.Notify(Message("a notice")))
    press(window, Key.Key_Escape)
    assert window.presenting
    assert window.store.session.message is None
    press(window, Key.Key_Escape)
    until(window, lambda: not window.presenting and not window.isFullScreen())


def test_a_screen_larger_than_usual_has_larger_type_which_does_not_stay(window, monkeypatch):
    scale = current().scale
    monkeypatch.setattr("explorer.views.window_present.READ_FROM", (400, 300))
    present(window)
    assert current().scale > 1.2 * scale
    press(window, Key.Key_Plus, Ctrl)
    press(window, Key.Key_Escape)
    until(window, lambda: not window.presenting)
    assert current().scale == pytest.approx(1.1 * scale)
    press(window, Key.Key_Minus, Ctrl)


def test_what_was_put_aside_before_stays_aside(window):
    window.run(BY_ID["stage-alone"])
    present(window)
    press(window, Key.Key_F5)
    until(window, lambda: not window.presenting)
    assert window.board.aside
    window.run(BY_ID["stage-alone"])


def test_the_button_presents_where_the_bar_has_room_and_is_no_loss_where_it_has_not(window):
    window.resize(1900, 900)
    until(window, lambda: window.bar.present.isVisible())
    window.bar.present.click()
    until(window, lambda: window.presenting)
    press(window, Key.Key_F5)
    until(window, lambda: not window.presenting)
    window.resize(1280, 720)
    until(window, lambda: not window.bar.present.isVisible())
    assert not window.bar.more.isVisible()


def test_closing_while_presenting_keeps_the_window_as_it_was(window):
    scale = current().scale
    present(window)
    window.close()
    assert not window.presenting
    assert current().scale == pytest.approx(scale)


@pytest.mark.parametrize("key", [Key.Key_B, Key.Key_Period])
def test_a_remote_s_key_blacks_the_screen_and_the_next_key_does_nothing_but_end_that(window, key):
    shown = lambda: window.grab().toImage().pixelColor(window.width() // 2, window.height() // 2)  # noqa: E731
    chosen = window.store.session.selection
    present(window)
    press(window, key)
    assert shown() == QColor("black") and window.grab().toImage().pixelColor(3, 3) == QColor("black")
    position = window.store.session.position
    press(window, Key.Key_Right)
    assert shown() != QColor("black") and window.store.session.position == position
    press(window, Key.Key_Right)
    assert window.store.session.position == position + 1
    press(window, key)
    press(window, Key.Key_Escape)
    assert window.presenting
    press(window, Key.Key_Escape)
    until(window, lambda: not window.presenting)
    press(window, key)
    assert shown() != QColor("black") and not window.actions_["black"].isEnabled()
    assert window.store.session.selection.unit == chosen.unit


def test_a_black_screen_goes_with_the_presentation(window):
    present(window)
    window.run(BY_ID["black"])
    window.toggle_presenting()
    until(window, lambda: not window.presenting)
    assert not [sheet for sheet in window.findChildren(BlackSheet) if sheet.isVisible()]
    window.run(BY_ID["black"])
    assert not [sheet for sheet in window.findChildren(BlackSheet) if sheet.isVisible()]


def test_f11_leads_back_to_the_window_as_it_was_too(window):
    window.resize(1366, 768)
    QTest.qWait(40)
    before = places(window)
    present(window)
    press(window, Key.Key_F11)
    until(window, lambda: not window.presenting and not window.isFullScreen())
    until(window, lambda: places(window) == before)
