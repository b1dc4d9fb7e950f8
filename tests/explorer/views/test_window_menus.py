"""Every line of every menu has its help, and every command can be reached by the keyboard alone."""

from __future__ import annotations

from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu

from explorer.actions import COMMANDS
from explorer.panels import PANELS
from explorer.widgets.chip import Chip

from .windows import Ctrl, Key, Shift, panel, press


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


def test_every_command_is_reached_by_a_key_or_by_the_search_of_all_commands(window):
    window.stage.setFocus()
    press(window, Key.Key_P, Ctrl | Shift)
    dialog = QApplication.activeModalWidget()
    for command in COMMANDS:
        dialog.line.setText(command.title)
        found = [each.id for each in dialog._found]
        assert command.id in found[:6], command.title
    dialog.reject()
