"""The board: the stage in the middle, and around it panels that dock, float, hide and fill the screen."""

from __future__ import annotations

from collections.abc import Iterator

from PySide6.QtCore import QEvent, QObject, QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QApplication, QTabBar, QWidget
from shiboken6 import isValid

from ..panels import PANEL
from ..store import Store
from ..theme.tokens import SPACE
from ..widgets import tab_order
from ..widgets.canvas import arrows_of
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
    arrows_moved = Signal()
    """The arrow keys belong to something else than before: to a panel, or to the walk."""
    walk_wanted = Signal()
    """The arrow keys are to belong to the walk again."""

    def __init__(self, store: Store, centre: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(store, centre, parent)
        self._at_hand: PanelDock | None = None
        self._held: QWidget | None = None
        self._entry: QWidget | None = None
        """Where a panel's key has put the keyboard, for as long as the panel has it."""
        self._watched: QWidget | None = None
        self._letting_go = QTimer(self, singleShot=True, interval=ON_ITS_WAY)
        self._letting_go.timeout.connect(self._let_go_of_the_unseen)
        for dock in self.docks.values():
            dock.menu_wanted.connect(self._open_menu)
            dock.walk_wanted.connect(self.walk_wanted)
            dock.made.connect(self.panel_made)
            dock.returned.connect(self._returned)
            dock.dropped.connect(self._dropped)
            dock.visibilityChanged.connect(self._seen_or_not)
        self.tabs.clicked.connect(self._tab_clicked)
        self.tabs.pulled.connect(self._tab_pulled)
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
        if new is not None and (dock is not None or new.window() is self.window()):
            self._show_arrows(dock, arrows_of(new))
        # A menu, a dialog or another program takes the keyboard only for a while, and then gives it back.
        again = new is self._held and self._at_hand is not None
        if new is None or again or (dock is None and new.window() is not self.window()):
            return
        self._held = new
        if self._entry is not None and not (isValid(self._entry) and dock is not None and dock.holds(self._entry)):
            self._entry = None
        self._take_at_hand(dock)

    def _show_arrows(self, dock: PanelDock | None, arrows: str) -> None:
        if not self.isVisible():
            return  # while a window is taken apart its keyboard goes from part to part, and nobody listens any more
        before = self.panel_with_arrows()
        for each in self.docks.values():
            each.set_arrows(arrows if each is dock else "")
        if before is not self.panel_with_arrows() or (dock is not None and arrows):
            self.arrows_moved.emit()

    def panel_with_arrows(self) -> PanelDock | None:
        """Return the panel in which the arrow keys choose something, if there is one; else they step the walk."""
        return next((dock for dock in self.docks.values() if dock.arrows), None)

    def turn(self, forward: bool, *around: QWidget) -> bool:
        """Give the keyboard to what comes next in the window, or before.

        First what is ``around`` the panels, then the panels beside the stage from above, those below it from the left;
        each with its row of tabs before it, and none that lies behind another tab. Where a panel's key has led to what
        is chosen from in it, all else in that panel comes after that: the next Tab must not leave it.
        """
        order = tab_order.in_order((*around, *self._parts_in_sight()))
        entry = self._entry
        dock = self._holding(entry) if entry in order else None
        if dock is not None and entry is not None:
            inside = [widget for widget in order if dock.holds(widget)]
            first, place = order.index(inside[0]), inside.index(entry)
            order[first : first + len(inside)] = inside[place:] + inside[:place]
        return tab_order.turn(order, forward)

    def _parts_in_sight(self) -> Iterator[QWidget]:
        def place(dock: PanelDock) -> tuple[bool, int, int]:
            below = self.dockWidgetArea(dock) == BOTTOM
            return (True, dock.x(), dock.y()) if below else (False, dock.y(), dock.x())

        rows = {dock: bar for bar, dock in self.tabs.rows()}
        here = [dock for dock in self.docks.values() if dock.in_sight and not dock.isFloating() and dock.alone is None]
        for dock in sorted(here, key=place):
            if dock in rows:
                yield rows[dock]
            yield from dock.parts()

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
        self.turned = True
        dock, held = self.docks[name], self.panel_in_focus()
        if dock.in_sight and held is not None and not held.in_sight and held.alone is None:
            dock.take_keyboard()
        self._choose(dock)
        self._uncover(dock)

    def _tab_pulled(self, name: str, at: QPoint) -> None:
        """Put a panel whose tab was let go of above another panel to that one's place; anywhere else it floats."""
        dock = self.docks[name]
        here = (d for d in self.docks.values() if d.in_sight and not d.isFloating() and d.alone is None)
        other = next((d for d in here if d.rect().contains(d.mapFromGlobal(at))), None)
        if other is not None and other not in (dock, *self.tabifiedDockWidgets(dock)):
            self.share_place(dock, other)
        else:
            dock.come_out(at)
            dock.activateWindow()
            dock.ensure().setFocus(Qt.FocusReason.MouseFocusReason)  # moved by the mouse: the arrows step the walk

    def _dropped(self, name: str) -> None:
        """Let a panel that has been dragged among the docks have the keyboard there: Qt leaves it to the window."""
        dock = self.docks[name]

        def settle() -> None:
            self.window().activateWindow()
            dock.raise_()
            dock.ensure().setFocus(Qt.FocusReason.MouseFocusReason)  # moved by the mouse: the arrows step the walk
            self._take_at_hand(dock)

        if not self._busy:  # a layout that is brought back means no panel more than another
            QTimer.singleShot(0, self, settle)  # Qt has the place for it, but not yet the panel there

    def keep_clear(self, other: QWidget) -> None:
        """Let no panel that floats be let go of over ``other`` where there is room for it beside that."""
        for dock in self.docks.values():
            dock.never_over = other

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
        held = self.panel_in_focus()
        if held is not None and self.isVisible() and not held.isHidden() and not held.in_sight and held.alone is None:
            front = [other for other in self.tabifiedDockWidgets(held) if isinstance(other, PanelDock)]
            for other in front:
                if other.in_sight:  # what lies behind it must not go on hearing the keys
                    other.take_keyboard()
        dock = self._at_hand
        if dock is None or not self.isVisible() or self.panel_at_hand() is not None:
            return
        if not dock.holds(QApplication.focusWidget()):  # else it is only on its way to another place
            self._take_at_hand(None)

    # --- what one does with them ---

    def show_panel(self, name: str) -> None:
        """Bring a panel to the front, out of hiding too, and give it the keyboard."""
        dock = self.docks[name]
        self.turned = True
        dock.show()
        dock.raise_()
        self._come_first(dock)
        if dock.window() is not self.window():
            dock.window().raise_()
        if QApplication.activeWindow() is not dock.window():  # another panel floats, and had the keyboard
            dock.activateWindow()
        dock.take_keyboard()
        self._take_at_hand(dock)
        held = QApplication.focusWidget()
        self._entry = held if dock.holds(held) else None
        QTimer.singleShot(0, dock, lambda: self._uncover(dock))  # once it has its place

    def _uncover(self, dock: PanelDock) -> None:
        """Move away what floats over a panel that was asked for."""
        if dock.isVisible() and not dock.isFloating() and dock.alone is None:
            for other in self.docks.values():
                if other.isFloating() and other.isVisible():
                    other.uncover(dock)

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
        dock.ensure()  # a right click may come before its panel has been seen
        chip = dock.menu_chip
        panel_menu(self, dock).popup(chip.mapToGlobal(QPoint(0, chip.height() + SPACE.hair)))

    def toggles(self) -> list[QAction]:
        """Return an action for every panel that shows or hides it."""
        actions = []
        for name, dock in self.docks.items():
            action = dock.toggleViewAction()
            help = f"Show or hide: {PANEL[name].help}"
            action.setText(PANEL[name].title)
            action.setStatusTip(help)
            action.setToolTip(help)
            actions.append(action)
        return actions
