"""A hairline between two parts of a panel."""

from __future__ import annotations

from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from ..theme.theme import current


class Rule(QWidget):
    """Paints itself in the line's colour; a palette of its own would not outlive a change of the style sheet."""

    def paintEvent(self, event: QPaintEvent) -> None:
        QPainter(self).fillRect(self.rect(), current(self).colour("line"))
