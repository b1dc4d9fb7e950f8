"""The base of hand-painted widgets within a panel that change a little at a time."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QRegion
from PySide6.QtWidgets import QWidget

from ..theme.theme import Theme, current


class Surface(QWidget):
    """Fills its own background in the panel's colour, so that nothing that lies below is painted again with it.

    A subclass paints in :meth:`paint`, and asks for an update of what changed alone.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)

    def paint(self, painter: QPainter, theme: Theme, region: QRegion) -> None:
        """Paint what lies in ``region``; the painter is clipped to it."""
        raise NotImplementedError

    def restyle(self) -> None:
        """Take over the theme in force."""
        self.updateGeometry()
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        theme, painter = current(self), QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(event.rect(), theme.colour("panel"))
        self.paint(painter, theme, event.region())

    def changeEvent(self, event: QEvent) -> None:
        if event.type() in (QEvent.Type.StyleChange, QEvent.Type.PaletteChange):
            self.restyle()
        super().changeEvent(event)
