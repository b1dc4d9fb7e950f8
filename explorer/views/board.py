"""The board: the stage in the middle, and around it panels that dock, float, hide and fill the screen."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QApplication, QTabBar, QWidget
from shiboken6 import isValid

from ..panels import PANEL
from ..store import Store
from ..theme.tokens import SPACE
from ..widgets.panel_dock import PanelDock
from .board_layouts import BOTTOM, RIGHT, ArrangedBoard
from .board_menus import menu_of_panels, panel_menu

__all__ = ["BOTTOM", "RIGHT", "Board"]

ON_ITS_WAY = 150
"""Milliseconds for which a panel that moves from one place to another is out of sight, and still at hand."""


class Board(ArrangedBoard):
    """What one does with the panels.

    One of them is *at hand*: it has the keyboard, or its tab was clicked last. It is framed, and it is what F11 fills
    the screen with and what the commands for a panel mean.
    """

    panel_made = Signal(str)
    """The id of a panel that is seen for the first time."""

    def __init__(self, store: Store, centre: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(store, centre, parent)
        self._at_hand: PanelDock | None = None
        self._held: QWidget | None = None
        self._watched: QWidget | None = None
        self._letting_go = QTimer(self, singleShot=True, interval=ON_ITS_WAY)
        self._letting_go.timeout.connect(self._let_go_of_the_unseen)
        for dock in self.docks.values():
            dock.menu_wanted.connect(self._open_menu)
            dock.made.connect(self.panel_made)
            dock.returned.connect(self._returned)
            dock.visibilityChanged.connect(self._seen_or_not)
        self.tabs.clicked.connect(self._tab_clicked)
        self.tabs.menu = lambda: menu_of_panels(self)
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        application.focusChanged.connect(self._focus_moved)

    # --- the panel at hand ---

    def panel_at_hand(self) -> PanelDock | None:
        """Return the panel that has the keyboard or whose tab was clicked last, as long as it can be seen."""
        dock = self._at_hand
        return dock if dock is not None and (dock.in_sight or dock.alone is not None) else None

    def panel_in_focus(self) -> PanelDock | None:
        """Return the dock that holds the keyboard's focus, if any."""
        return self._holding(QApplication.focusWidget())

    def _holding(self, widget: QWidget | None) -> PanelDock | None:
        return next((dock for dock in self.docks.values() if dock.holds(widget)), None)

    def _focus_moved(self, old: QWidget | None, new: QWidget | None) -> None:
        dock = self.tabs.front(new) if isinstance(new, QTabBar) else self._holding(new)
        # A menu, a dialog or another program takes the keyboard only for a while, and then gives it back.
        again = new is self._held and self._at_hand is not None
        if new is None or again or (dock is None and new.window() is not self.window()):
            return
        self._held = new
        self._take_at_hand(dock)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.MouseButtonPress:
            self._take_at_hand(None)
        return super().eventFilter(watched, event)

    def _take_at_hand(self, dock: PanelDock | None) -> None:
        if self._watched is not None and isValid(self._watched):
            self._watched.removeEventFilter(self)
        self._watched = None
        self._at_hand = dock
        for each in self.docks.values():
            if each.framed != (each is dock):
                each.set_framed(each is dock)

    def _tab_clicked(self, name: str) -> None:
        """Take a panel at hand. The keyboard stays where it is, but follows from a panel that the new one covers."""
        dock, held = self.docks[name], self.panel_in_focus()
        if dock.in_sight and held is not None and not held.in_sight and held.alone is None:
            dock.ensure().setFocus()
        self._choose(dock)

    def _choose(self, dock: PanelDock) -> None:
        """Take a panel at hand that has not got the keyboard."""
        held = self.window().focusWidget()
        self._take_at_hand(dock)
        if held is not None and not dock.holds(held):
            # A click there moves no focus, and means that it is again what one works with.
            self._held = self._watched = held
            held.installEventFilter(self)

    def _returned(self, name: str) -> None:
        self.tabs.tidy()
        self._choose(self.docks[name])

    def _seen_or_not(self, seen: bool) -> None:
        if not seen:
            self._letting_go.start()

    def _let_go_of_the_unseen(self) -> None:
        dock = self._at_hand
        if dock is None or not self.isVisible() or self.panel_at_hand() is not None:
            return
        if not dock.holds(QApplication.focusWidget()):  # else it is only on its way to another place
            self._take_at_hand(None)

    # --- what one does with them ---

    def show_panel(self, name: str) -> None:
        """Bring a panel to the front, out of hiding too, and give it the keyboard."""
        dock = self.docks[name]
        dock.show()
        dock.raise_()
        if dock.window() is not self.window():
            dock.window().raise_()
            dock.activateWindow()
        dock.ensure().setFocus()
        self._take_at_hand(dock)

    def panel_alone(self) -> PanelDock | None:
        """Return the dock whose panel fills the screen, if any."""
        return next((dock for dock in self.docks.values() if dock.alone is not None), None)

    def fill_screen(self, name: str) -> None:
        """Let a panel fill the screen in place of the one that does."""
        before = self.panel_alone()
        if before is not None:
            before.fill_screen()
        if before is not self.docks[name]:
            self.show_panel(name)
            self.docks[name].fill_screen()

    def float_panel(self, dock: PanelDock) -> None:
        """Let a panel stand by itself over the window, with the keyboard; one that does returns to its place."""
        if dock.alone is not None:
            dock.fill_screen()
        if dock.isFloating():
            dock.go_back()
        else:
            dock.come_out()
        self.show_panel(dock.objectName())

    def hide_panel(self, dock: PanelDock) -> None:
        """Hide a panel, wherever it is."""
        if dock.alone is not None:
            dock.fill_screen()
        dock.hide()

    def move_panel(self, dock: PanelDock, area: Qt.DockWidgetArea) -> None:
        """Give a panel a place of its own in an area."""
        dock.setFloating(False)
        self.addDockWidget(area, dock, Qt.Orientation.Horizontal if area == BOTTOM else Qt.Orientation.Vertical)
        self.show_panel(dock.objectName())

    def share_place(self, dock: PanelDock, other: PanelDock) -> None:
        """Put a panel on another's place, as a tab in front."""
        dock.setFloating(False)
        self.tabifyDockWidget(other, dock)
        self.show_panel(dock.objectName())

    def _open_menu(self, name: str) -> None:
        dock = self.docks[name]
        chip = dock.menu_chip
        panel_menu(self, dock).popup(chip.mapToGlobal(QPoint(0, chip.height() + SPACE.hair)))

    def toggles(self) -> list[QAction]:
        """Return an action for every panel that shows or hides it."""
        actions = []
        for name, dock in self.docks.items():
            action = dock.toggleViewAction()
            help = f"Show or hide: {PANEL[name].help}"
            action.setText(dock.title)
            action.setStatusTip(help)
            action.setToolTip(help)
            actions.append(action)
        return actions
