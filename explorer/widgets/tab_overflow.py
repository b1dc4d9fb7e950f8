"""A row of tabs that has no room for all of them ends in a button that lists every panel; no name is shown in part."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, Qt, QTimer
from PySide6.QtGui import QHelpEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QMenu, QTabBar, QToolButton, QToolTip

from ..theme.theme import current


class _Dots(QAbstractButton):
    """A button of three dots that covers a part of a row of tabs."""

    def __init__(self, bar: QTabBar) -> None:
        super().__init__(bar)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAccessibleName("All panels")
        self.setToolTip("All panels, with their keys")

    def cover(self, area: QRect) -> None:
        """Stand at ``area``; an empty one is nowhere."""
        if not area.isEmpty() and area != self.geometry():
            self.setGeometry(area)
        if self.isHidden() != area.isEmpty():
            self.setVisible(not area.isEmpty())
        if not area.isEmpty():
            self.raise_()  # Qt brings its arrows to the front with every drag; nothing is done where it is there

    def paintEvent(self, event: QPaintEvent) -> None:
        theme, painter = current(self), QPainter(self)
        painter.fillRect(self.rect(), theme.colour("background"))
        lit = self.hasFocus() or self.underMouse()
        painter.setPen(theme.colour("value" if self.hasFocus() else "text" if lit else "muted"))
        painter.setFont(theme.font("label", bold=True))
        if painter.fontMetrics().horizontalAdvance("⋯") <= self.width():
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, "⋯")


class TabOverflow(_Dots):
    """Stands where ``bar`` has its arrows for scrolling, which show the next tab but not what there is.

    It covers what is cut of a tab beside them as well, and a second one what is cut at the left. ``tip`` returns the
    tool tip of a tab for what is written on it.
    """

    def __init__(self, bar: QTabBar, menu: Callable[[], QMenu], tip: Callable[[str], str]) -> None:
        super().__init__(bar)
        self._bar, self._make, self._tip = bar, menu, tip
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.left = _Dots(bar)
        self.left.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        for button in (self, self.left):
            button.clicked.connect(self.open_menu)
        self._arrows = [arrow for arrow in bar.findChildren(QToolButton) if arrow.parent() is bar]
        for watched in (bar, *self._arrows):
            watched.installEventFilter(self)
        for arrow in self._arrows:
            arrow.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # it is covered, so would be the keyboard
        self.place()

    def open_menu(self) -> None:
        """List the panels below the button."""
        menu = self._make()
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(self.mapToGlobal(QPoint(0, self.height())))

    def place(self) -> None:
        """Cover the arrows and tabs that are cut; where all tabs have room there are none, and no button."""
        bar = self._bar
        lefts = [arrow.geometry().left() for arrow in self._arrows if not arrow.isHidden()]
        before, after = QRect(), QRect()
        if lefts:
            end = min(lefts)
            tabs = [bar.tabRect(n) for n in range(bar.count())]
            cut = [tab.left() for tab in tabs if tab.left() < end <= tab.right()]
            after = QRect(min([end, *cut]), 0, bar.width(), bar.height()) & bar.rect()
            gone = [tab.right() for tab in tabs if tab.left() < 0 <= tab.right()]
            if gone:
                before = QRect(0, 0, max(gone) + 1, bar.height())
        self.cover(after)
        self.left.cover(before)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        kind = event.type()
        if kind in (QEvent.Type.Resize, QEvent.Type.Move, QEvent.Type.Show, QEvent.Type.Hide):
            self.place()
        elif kind == QEvent.Type.ZOrderChange and watched is not self._bar:
            QTimer.singleShot(0, self, self.place)
        elif kind == QEvent.Type.Paint and watched is self._bar:
            QTimer.singleShot(0, self, self.place)  # it may have scrolled, and says so by nothing else
        elif kind == QEvent.Type.ToolTip and watched is self._bar and isinstance(event, QHelpEvent):
            index = self._bar.tabAt(event.pos())
            if index >= 0:
                QToolTip.showText(event.globalPos(), self._tip(self._bar.tabText(index)), self._bar)
                return True
        return super().eventFilter(watched, event)
