"""Brings the help of the line that a menu has reached to the window's foot, by mouse and by keyboard alike.

With the mouse it is a tool tip as well, beside the menu.
"""

from __future__ import annotations

from functools import partial

from PySide6.QtGui import QAction, QStatusTipEvent
from PySide6.QtWidgets import QApplication, QMenu, QWidget

from .menu_tips import MenuTips

_FOLLOWED = "help is told"


def tell_help(menu: QMenu, teller: QWidget) -> None:
    """Tell ``teller``'s window what the lines of ``menu``, and of the menus that open from it, are for.

    Qt asks a line's owner to: a line that a menu owns asks the menu, which is a window of its own, so that nothing
    comes to the window's foot and the help of another line stays there.
    """
    MenuTips(menu)
    menu.hovered.connect(partial(_tell, teller, menu))
    menu.aboutToHide.connect(partial(_send, teller, ""))


def _tell(teller: QWidget, menu: QMenu, action: QAction) -> None:
    _send(teller, action.statusTip())
    below = action.menu()
    if isinstance(below, QMenu) and not below.property(_FOLLOWED):
        # Back from the menu that opens from a line, that line is reached again, and Qt does not say so.
        below.setProperty(_FOLLOWED, True)
        MenuTips(below)
        below.aboutToHide.connect(partial(_back, teller, menu, action))


def _back(teller: QWidget, menu: QMenu, action: QAction) -> None:
    if menu.isVisible():
        _send(teller, action.statusTip())


def _send(teller: QWidget, text: str) -> None:
    QApplication.sendEvent(teller, QStatusTipEvent(text))
