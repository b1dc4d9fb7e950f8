"""Every line of every menu has its help, and every command can be reached by the keyboard alone."""

from __future__ import annotations

from PySide6.QtCore import QPoint
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu

from explorer.actions import BY_ID, COMMANDS, hints
from explorer.panels import PANELS
from explorer.views.board_menus import panel_menu
from explorer.widgets.chip import Chip

from .windows import Ctrl, Key, Shift, dock, panel, press, until


def lines(menu):
    for action in menu.actions():
        below = action.menu()
        if isinstance(below, QMenu):
            yield from lines(below)
        elif not action.isSeparator():
            yield action


def test_every_line_of_every_chips_menu_has_its_help(window):
    chips = [window.bar.menu_chip, *window.bar.findChildren(Chip)]
    for info in PANELS:
        window.board.show_panel(info.id)
        QTest.qWait(5)
        chips += [*panel(window, info.id).header_bar.findChildren(Chip), *panel(window, info.id).findChildren(Chip)]
    menus = [(chip, chip.menu()) for chip in chips if chip.menu() is not None and not chip.isHidden()]
    assert len(menus) > 10
    for chip, menu in menus:
        menu.aboutToShow.emit()
        for action in lines(menu):
            if action.isEnabled():
                assert action.statusTip() and action.toolTip(), (chip.accessibleName(), action.text())
        menu.aboutToHide.emit()


def test_the_lines_of_menus_that_are_made_when_they_open_have_their_help_too(window):
    window.run(BY_ID["compare"])
    until(window, lambda: window.comparison is not None)
    chips = [chip for chip in window.comparison.findChildren(Chip) if chip.menu() is not None]
    menus = [chip.menu() for chip in chips] + [panel(window, "horizon").menu()]
    assert len(menus) > 1
    for menu in menus:
        menu.aboutToShow.emit()
        found = list(lines(menu))
        assert found
        for action in found:
            assert action.statusTip(), action.text()
            assert action.toolTip() not in ("", action.text().rstrip("…")), action.text()
    menus[-1].deleteLater()
    window.run(BY_ID["compare"])


def test_every_command_is_reached_by_a_key_or_by_the_search_of_all_commands(window):
    window.stage.setFocus()
    press(window, Key.Key_P, Ctrl | Shift)
    dialog = QApplication.activeModalWidget()
    for command in COMMANDS:
        dialog.line.setText(command.title)
        found = [each.id for each in dialog._found]
        assert command.id in found[:6], command.title
    dialog.reject()


def reached() -> str:
    """The help of the line that the arrows have reached."""
    action = QApplication.activePopupWidget().activeAction()
    assert action is not None and action.statusTip(), None if action is None else action.text()
    return action.statusTip()


def go(key: Key) -> None:
    QTest.keyClick(QApplication.activePopupWidget(), key)
    QTest.qWait(10)


def line_called(title: str) -> None:
    for _ in range(60):
        active = QApplication.activePopupWidget().activeAction()
        if active is not None and active.text().replace("&", "") == title:
            return
        go(Key.Key_Down)
    raise AssertionError(title)


def test_the_line_below_tells_what_the_arrows_have_reached_in_menus_that_open_from_others(window):
    window.save_layout("lecture")
    window.save_layout("another")
    window.open_menu()
    line_called("View")
    go(Key.Key_Right)
    line_called("Layouts")
    assert window.help_line.text() == reached()
    go(Key.Key_Right)
    seen = []
    for _ in range(6):
        assert window.help_line.text() == reached()
        seen.append(QApplication.activePopupWidget().activeAction().text())
        go(Key.Key_Down)
    assert {"lecture", "another", "Save layout as…"} <= set(seen)
    go(Key.Key_Left)
    assert QApplication.activePopupWidget().activeAction().text() == "Layouts"
    assert window.help_line.text() == reached()
    for _ in range(3):
        go(Key.Key_Escape) if QApplication.activePopupWidget() else None
    until(window, lambda: window.help_line.text() == hints())


def test_the_line_below_tells_what_a_panels_menu_has_reached(window):
    window.board.show_panel("ledger")
    menu = panel_menu(window.board, dock(window, "ledger"))
    menu.popup(QPoint(0, 0))
    for _ in range(9):
        go(Key.Key_Down)
        assert window.help_line.text() == reached()
    menu.close()
