"""The rows of tabs of docks that share a place: their looks, their tool tips, and which tab was clicked."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from PySide6.QtCore import QObject, Qt, QTimer, Signal
from PySide6.QtWidgets import QMainWindow, QMenu, QTabBar, QWidget

from .panel_dock import PanelDock
from .tab_overflow import TabOverflow


class PanelTabs(QObject):
    """Finds the rows of tabs that Qt makes for ``docks`` of ``board``, and lets them look like the program's."""

    clicked = Signal(str)
    """The id of a panel whose tab was clicked, once it is in front."""

    def __init__(self, board: QMainWindow, docks: Mapping[str, PanelDock]) -> None:
        super().__init__(board)
        self._board, self._docks = board, docks
        self._named = {dock.windowTitle(): name for name, dock in docks.items()}
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
            bar.setExpanding(False)
            bar.setUsesScrollButtons(True)
            bar.setElideMode(Qt.TextElideMode.ElideNone)
            if bar.findChild(TabOverflow) is None:
                TabOverflow(bar, lambda: self.menu(), self._tip)
                bar.tabBarClicked.connect(lambda index, bar=bar: self._clicked(bar, index))
                bar.currentChanged.connect(lambda index, bar=bar: self._turned(bar, index))
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

    def _turned(self, bar: QTabBar, index: int) -> None:
        if bar.hasFocus():  # by the arrows
            self._clicked(bar, index)

    def _clicked(self, bar: QTabBar, index: int) -> None:
        name = self._named.get(bar.tabText(index))
        if name is not None:  # Qt says so before it turns to the tab
            QTimer.singleShot(0, self, lambda: self.clicked.emit(name))
