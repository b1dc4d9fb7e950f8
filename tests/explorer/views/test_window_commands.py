"""The menu by keyboard, the spelling of keys, and the help of what a menu points at."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu

from explorer.actions import COMMANDS, hints
from explorer.model.keys import key_text

from .windows import Key, dock, press, until


@pytest.fixture
def menu(window):
    """The open menu; the keyboard was on the stage."""
    window.alt.works = True
    window.open_menu()
    yield window.bar.menu_chip.menu()
    window.bar.menu_chip.menu().close()


def tap_alt(window):
    window.alt.works = True
    at = QApplication.focusWidget() or window
    QTest.keyPress(at, Key.Key_Alt)
    QTest.keyRelease(at, Key.Key_Alt, Qt.KeyboardModifier.AltModifier)
    QTest.qWait(20)


def test_alt_by_itself_opens_the_menu_the_arrows_walk_in_it_and_esc_gives_the_keyboard_back(window):
    held = QApplication.focusWidget()
    tap_alt(window)
    menu = QApplication.activePopupWidget()
    assert menu is window.bar.menu_chip.menu() and menu.activeAction().text() == "&File"
    press(window, Key.Key_Down)
    press(window, Key.Key_Return)
    edit = QApplication.activePopupWidget()
    assert edit is menu.actions()[1].menu()
    press(window, Key.Key_Escape)
    press(window, Key.Key_Escape)
    assert QApplication.activePopupWidget() is None and QApplication.focusWidget() is held


def test_f10_opens_it_also_from_a_panel_that_floats_or_fills_the_screen(window):
    window.board.show_panel("ledger")
    for act in (
        lambda: None,
        lambda: press(window, Key.Key_F11),
        lambda: window.board.float_panel(dock(window, "ledger")),
    ):
        act()
        QTest.qWait(30)
        held = QApplication.focusWidget()
        tap_alt(window)
        assert QApplication.activePopupWidget() is window.bar.menu_chip.menu()
        press(window, Key.Key_Escape)
        until(window, lambda: QApplication.activePopupWidget() is None)
        assert QApplication.focusWidget() is held
        window.actions_["menu"].trigger()
        assert QApplication.activePopupWidget() is window.bar.menu_chip.menu()
        press(window, Key.Key_Escape)


def test_alt_with_another_key_or_the_mouse_opens_nothing(window):
    window.alt.works = True
    at = QApplication.focusWidget()
    QTest.keyPress(at, Key.Key_Alt)
    QTest.keyClick(at, Key.Key_Right, Qt.KeyboardModifier.AltModifier)
    QTest.keyRelease(at, Key.Key_Alt, Qt.KeyboardModifier.AltModifier)
    QTest.qWait(20)
    assert QApplication.activePopupWidget() is None
    QTest.keyPress(at, Key.Key_Alt)
    QTest.mouseClick(window.stage.canvas, Qt.MouseButton.LeftButton, pos=QPoint(3, 3))
    QTest.keyRelease(at, Key.Key_Alt, Qt.KeyboardModifier.AltModifier)
    QTest.qWait(20)
    assert QApplication.activePopupWidget() is None


def test_the_help_of_what_a_menu_points_at_stands_in_the_line_below(window, menu):
    part = menu.actions()[0].menu()
    part.popup(QPoint(0, 0))
    part.setActiveAction(window.actions_["save"])
    assert window.help_line.text() == window.actions_["save"].statusTip() != ""
    part.close()
    menu.close()
    until(window, lambda: window.help_line.text() == hints())


def test_menus_spell_keys_as_the_sheet_the_palette_and_the_line_below_do(window):
    for command in COMMANDS:
        text = window.actions_[command.id].text().replace("&&", "&")
        assert text == "\t".join([command.title, *map(key_text, command.keys[:1])])


def test_each_part_of_the_menu_has_a_letter_of_its_own(window):
    titles = [action.text() for action in window.bar.menu_chip.menu().actions()]
    letters = [title[title.index("&") + 1].casefold() for title in titles]
    assert len(set(letters)) == len(titles)


def test_no_part_of_the_menu_is_higher_than_a_small_window(window):
    for action in window.bar.menu_chip.menu().actions():
        part = action.menu()
        assert isinstance(part, QMenu) and part.sizeHint().height() <= 680, action.text()


def test_a_chips_menu_that_is_opened_by_key_has_its_first_line_chosen(window):
    window.bar.cell.setFocus()
    press(window, Key.Key_Return)
    menu = QApplication.activePopupWidget()
    assert menu.activeAction() is menu.actions()[0]
    press(window, Key.Key_Escape)
    assert window.bar.cell.hasFocus()


def test_the_order_of_the_backward_pass_is_a_key_away_and_says_what_it_does(window):
    order = next(command for command in COMMANDS if command.id == "order")
    assert window.title_now(order) == "Walk back in one sweep"
    press(window, Key.Key_O)
    window.store.wait()
    assert window.store.session.settings.order == "sweep" and "in one sweep" in window.store.session.message.text
    assert window.title_now(order) == "Walk back by loss"
    press(window, Key.Key_O)
    window.store.wait()
    assert window.store.session.settings.order == "by loss" and "loss" in window.store.session.message.text
    window.store.undo()
    assert window.store.session.settings.order == "sweep"
