"""The line around a hand-painted widget that has the keyboard: beside the picture, never over its letters."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QRegion
from PySide6.QtWidgets import QWidget

from ..theme.theme import current

APART = 4
"""Pixels between the widget and the line, as far as its parent has them."""
MOVED = frozenset(
    {
        QEvent.Type.FocusIn,
        QEvent.Type.FocusOut,
        QEvent.Type.Move,
        QEvent.Type.Resize,
        QEvent.Type.Show,
        QEvent.Type.Hide,
    }
)
"""After these events the line around a widget that has the keyboard lies elsewhere."""


class FocusRing(QWidget):
    """A line of one pixel in the parent of the widget that it surrounds; all else of it is cut away by a mask."""

    def __init__(self, around: QWidget, parent: QWidget) -> None:
        super().__init__(parent)
        self._around, self._host = around, parent
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)

    def follow(self) -> None:
        """Lie around the widget, or hide while it has not got the keyboard."""
        around = self._around
        if not (around.hasFocus() and around.isVisible()):
            self.hide()
            return
        self.setGeometry(around.geometry().adjusted(-APART, -APART, APART, APART) & self._host.rect())
        whole = self.rect()
        self.setMask(QRegion(whole) - QRegion(whole.adjusted(1, 1, -1, -1)))
        self.show()
        self.raise_()

    def paintEvent(self, event: QPaintEvent) -> None:
        QPainter(self).fillRect(event.rect(), current(self).colour("value"))
