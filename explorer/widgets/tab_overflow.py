"""A row of tabs that has no room for all of them ends in a button that lists every panel."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QMenu, QTabBar, QToolButton

from ..theme.theme import current


class TabOverflow(QAbstractButton):
    """Stands where ``bar`` has its arrows for scrolling, which show the next tab but not what there is."""

    def __init__(self, bar: QTabBar, menu: Callable[[], QMenu]) -> None:
        super().__init__(bar)
        self._bar, self._make = bar, menu
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAccessibleName("All panels")
        self.setToolTip("All panels, with their keys")
        self.clicked.connect(self.open_menu)
        self._arrows = bar.findChildren(QToolButton)
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
        """Cover the arrows; where all tabs have room there are none, and no button."""
        area = QRect()
        for arrow in self._arrows:
            if not arrow.isHidden():
                area = area.united(arrow.geometry())
        self.setVisible(not area.isEmpty())
        if not area.isEmpty():
            self.setGeometry(area.left(), 0, self._bar.width() - area.left(), self._bar.height())
            self.raise_()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.Resize, QEvent.Type.Move, QEvent.Type.Show, QEvent.Type.Hide):
            self.place()
        return super().eventFilter(watched, event)

    def paintEvent(self, event: QPaintEvent) -> None:
        theme, painter = current(self), QPainter(self)
        painter.fillRect(self.rect(), theme.colour("background"))
        lit = self.hasFocus() or self.underMouse()
        painter.setPen(theme.colour("value" if self.hasFocus() else "text" if lit else "muted"))
        painter.setFont(theme.font("label", bold=True))
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, "⋯")
