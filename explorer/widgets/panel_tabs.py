"""The rows of tabs of docks that share a place: their looks, their tool tips, and which tab was clicked."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from PySide6.QtCore import QEvent, QObject, QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QMainWindow, QMenu, QTabBar, QWidget

from ..theme.theme import current
from .panel_dock import PanelDock
from .tab_overflow import TabOverflow

FAR = 36
"""Pixels, at scale 1, beyond which a tab is no longer moved within its row."""


class PanelTabs(QObject):
    """Finds the rows of tabs that Qt makes for ``docks`` of ``board``, and lets them look like the program's."""

    clicked = Signal(str)
    """The id of a panel whose tab was clicked, once it is in front."""
    pulled = Signal(str, QPoint)
    """The id of a panel whose tab was pulled out of its row, and where on the screen it was let go of."""

    def __init__(self, board: QMainWindow, docks: Mapping[str, PanelDock]) -> None:
        super().__init__(board)
        self._board, self._docks = board, docks
        self._named = {dock.windowTitle(): name for name, dock in docks.items()}
        self._pressed: str | None = None
        self.menu: Callable[[], QMenu] = lambda: QMenu(board)
        """Makes the menu of all panels."""

    def tidy(self) -> None:
        """Dress rows that are new, and hide those that Qt has left over from another layout."""
        shared = {dock.windowTitle() for dock in self._docks.values() if self._board.tabifiedDockWidgets(dock)}
        for dock in self._docks.values():
            if dock.panel is not None:
                dock.panel.title_elsewhere(dock.windowTitle() in shared and not dock.isFloating() and not dock.alone)
        for bar in self._bars():
            bar.setDrawBase(False)
            bar.setAccessibleName("Panels that share this place")
            bar.setExpanding(False)
            bar.setUsesScrollButtons(True)
            bar.setElideMode(Qt.TextElideMode.ElideNone)
            if bar.findChild(TabOverflow) is None:
                TabOverflow(bar, lambda: self.menu(), self._tip)
                bar.tabBarClicked.connect(lambda index, bar=bar: self._clicked(bar, index))
                bar.currentChanged.connect(lambda index, bar=bar: self._turned(bar, index))
                bar.installEventFilter(self)
            if bar.count() < 2 or not any(bar.tabText(n) in shared for n in range(bar.count())):
                bar.hide()

    def _bars(self) -> list[QTabBar]:
        return self._board.findChildren(QTabBar, options=Qt.FindChildOption.FindDirectChildrenOnly)

    def rows(self) -> Iterator[tuple[QTabBar, PanelDock]]:
        """Yield every row of tabs that can be seen, with the panel in front."""
        for bar in self._bars():
            front = self.front(bar)
            if front is not None and bar.isVisible() and not bar.visibleRegion().isEmpty():
                yield bar, front

    def front(self, bar: QWidget) -> PanelDock | None:
        """Return the panel in front of a row of tabs; None for a row that is not of panels."""
        if isinstance(bar, QTabBar) and bar in self._bars():
            name = self._named.get(bar.tabText(bar.currentIndex()))
            return None if name is None else self._docks[name]
        return None

    def _tip(self, text: str) -> str:
        name = self._named.get(text)
        return "" if name is None else self._docks[name].tip

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        # Qt moves a tab within its row; one that is pulled out of it comes off.
        if isinstance(watched, QTabBar) and isinstance(event, QMouseEvent):
            at, kind = event.position().toPoint(), event.type()
            far = current(watched).px(FAR)
            out = self._pressed is not None and not watched.rect().adjusted(-far, -far, far, far).contains(at)
            if kind == QEvent.Type.MouseButtonPress and event.button() == Qt.MouseButton.LeftButton:
                self._pressed = self._named.get(watched.tabText(watched.tabAt(at)))
            elif kind == QEvent.Type.MouseMove and self._pressed is not None:
                watched.setCursor(Qt.CursorShape.DragMoveCursor) if out else watched.unsetCursor()
            elif kind == QEvent.Type.MouseButtonRelease and event.button() == Qt.MouseButton.LeftButton:
                name, self._pressed = self._pressed, None
                watched.unsetCursor()
                if name is not None and out:
                    where = event.globalPosition().toPoint()
                    QTimer.singleShot(0, self, lambda: self.pulled.emit(name, where))  # when Qt has let go of it
        return super().eventFilter(watched, event)

    def _turned(self, bar: QTabBar, index: int) -> None:
        if bar.hasFocus():  # by the arrows
            self._clicked(bar, index)

    def _clicked(self, bar: QTabBar, index: int) -> None:
        name = self._named.get(bar.tabText(index))
        if name is not None:  # Qt says so before it turns to the tab
            QTimer.singleShot(0, self, lambda: self.clicked.emit(name))
