"""The board's menus: what can be done with one panel, and the list of them all."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu

from ..actions import BY_ID
from ..model.keys import key_text
from ..panels import PANELS
from ..widgets.enlarge import enlarge_menu
from ..widgets.menu_help import tell_help
from ..widgets.panel_dock import PanelDock
from .board_layouts import BOTTOM, RIGHT

if TYPE_CHECKING:
    from .board import Board


def panel_menu(board: Board, dock: PanelDock) -> QMenu:
    """Return the menu of one panel: float, fill the screen, move, hide."""
    menu = _menu(board)
    if dock.isFloating():
        _add(menu, "Dock", "Return the panel to its place in the window.", partial(board.float_panel, dock))
    else:
        _add(menu, "Float", BY_ID["float-panel"].help, partial(board.float_panel, dock))
    key = key_text("F11")
    if dock.alone is not None:
        _add(menu, f"Back from the whole screen\t{key}", "Return the panel to its place.", dock.fill_screen)
    else:
        _add(menu, f"Fill the screen\t{key}", "Show the panel by itself on the whole screen.", dock.fill_screen)
    menu.addSeparator()
    for id, area in (("move-beside", RIGHT), ("move-below", BOTTOM)):
        title = BY_ID[id].title.replace("the panel ", "")
        _add(menu, title, BY_ID[id].help, partial(board.move_panel, dock, area))
    onto = _add_menu(menu, "Share a place with", "Put the panel on the place of another one, as a tab.")
    for other in board.docks.values():
        if other is not dock and not other.isHidden() and not other.isFloating():
            help = f"Put the panel on the place of {other.title}, as a tab."
            _add(onto, other.title, help, partial(board.share_place, dock, other))
    menu.addSeparator()
    hide = BY_ID["hide-panel"]
    _add(menu, f"Hide\t{key_text(hide.keys[0])}", hide.help, partial(board.hide_panel, dock))
    _list_panels(board, _add_menu(menu, "Turn to", "Bring another panel to the front."))
    enlarge_menu(menu, dock.panel)
    return menu


def menu_of_panels(board: Board) -> QMenu:
    """Return a menu of all panels with their keys; those in sight are ticked."""
    menu = _menu(board)
    _list_panels(board, menu)
    return menu


def _menu(board: Board) -> QMenu:
    menu = QMenu(board)
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    tell_help(menu, board)
    return menu


def _list_panels(board: Board, menu: QMenu) -> None:
    seen = board.visible_panels()
    for info in PANELS:
        key = f"\t{key_text(info.keys[0])}" if info.keys else ""
        action = _add(menu, f"{info.title}{key}", info.help, partial(board.show_panel, info.id))
        action.setCheckable(True)
        action.setChecked(info.id in seen)


def _add_menu(menu: QMenu, title: str, help: str) -> QMenu:
    below = menu.addMenu(title)
    below.menuAction().setToolTip(help)
    below.menuAction().setStatusTip(help)
    return below


def _add(menu: QMenu, title: str, help: str, act: Callable[[], None]) -> QAction:
    action = menu.addAction(title, act)
    action.setToolTip(help)
    action.setStatusTip(help)
    return action
