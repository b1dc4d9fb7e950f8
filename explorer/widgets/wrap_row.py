"""A row of widgets that goes on in a line below where it has no room."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QRect, QSize
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from ..theme.tokens import SPACE


class WrapRow(QWidget):
    """Gives each widget the size that it wants; its height follows from its width.

    In one line, those from ``last`` on stand at the right edge.
    """

    def __init__(self, *widgets: QWidget, last: QWidget | None = None, gap: int = SPACE.small) -> None:
        super().__init__()
        self._widgets, self._last, self._gap = widgets, last, gap
        for widget in widgets:
            widget.setParent(self)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def _seen(self) -> list[QWidget]:
        return [widget for widget in self._widgets if not widget.isHidden()]

    def sizeHint(self) -> QSize:
        wide = sum(widget.sizeHint().width() for widget in self._seen()) + self._gap * max(0, len(self._seen()) - 1)
        return QSize(wide, self._placed(self.width() if self.isVisible() else wide)[1])

    def minimumSizeHint(self) -> QSize:
        return QSize(0, self.sizeHint().height())

    def _placed(self, room: int) -> tuple[list[QRect], int]:
        """Where each widget that is shown stands in so wide a row, and how high the row is."""
        places: list[QRect] = []
        x = y = high = 0
        for widget in self._seen():
            size = widget.sizeHint()
            if x and x + size.width() > room:
                x, y = 0, y + high + SPACE.tight
                high = 0
            places.append(QRect(x, y, min(size.width(), max(1, room)), size.height()))
            x, high = x + size.width() + self._gap, max(high, size.height())
        return places, y + high

    def _place(self) -> None:
        widgets = self._seen()
        places, high = self._placed(self.width())
        aside = False
        for widget, place in zip(widgets, places, strict=True):
            aside = aside or widget is self._last
            if aside and places[-1].top() == 0:
                place = place.translated(self.width() - 1 - places[-1].right(), 0)
            widget.setGeometry(place)
        if high != self.height():
            self.updateGeometry()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place()

    def event(self, event: QEvent) -> bool:
        done = super().event(event)
        if event.type() == QEvent.Type.LayoutRequest:
            self.updateGeometry()
            self._place()
        return done
