"""What every painting function of the stage needs: a painter, what it paints from, and a few strokes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPixmap

from rnncore.frozen import dataclass

from ...model.stage_layout import StageLayout
from ...model.stage_records import StageData
from ...theme.theme import Theme
from ...widgets.paint import elided, hatch

CENTRE = Qt.AlignmentFlag.AlignCenter
LEFT = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
RIGHT = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight


@dataclass
class Brush:
    """What every painting function of the stage needs: a painter and what it paints from."""

    painter: QPainter
    data: StageData
    layout: StageLayout
    theme: Theme
    ratio: float
    _batch: dict[int, list[QRectF]] | None = None

    def colour(self, token: str, alpha: float = 1.0) -> QColor:
        return self.theme.colour(token, alpha)

    def text(self, rect: QRectF, flags: Qt.AlignmentFlag, text: str, font: QFont, colour: QColor) -> None:
        """One line of text, shortened to fit."""
        self.painter.setFont(font)
        self.painter.setPen(colour)
        self.painter.drawText(rect, flags, elided(text, font, rect.width()))

    def fill(self, rect: QRectF, colour: QColor) -> None:
        """A plain rectangle: at once, or with all others of its colour when they are being collected."""
        if self._batch is None:
            self.painter.fillRect(rect, colour)
        else:
            self._batch.setdefault(colour.rgba(), []).append(rect)

    @contextmanager
    def collecting(self) -> Iterator[None]:
        """Collect plain rectangles and draw them colour by colour, in the order in which colours first came.

        Hundreds of narrow columns have thousands of rectangles of half a dozen colours.
        """
        self._batch = {}
        try:
            yield
        finally:
            batch, self._batch = self._batch, None
            self.painter.setPen(Qt.PenStyle.NoPen)
            self.painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
            for rgba, rects in batch.items():
                self.painter.setBrush(QColor.fromRgba(rgba))
                self.painter.drawRects(rects)
            self.painter.setBrush(Qt.BrushStyle.NoBrush)
            self.painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)


def slot_edge(brush: Brush) -> QColor:
    """The outline of what has not been computed yet."""
    return brush.colour("muted", 0.30)


@lru_cache(maxsize=4)
def _hatching(rgba: int, width: int, height: int, ratio: float) -> QPixmap:
    """A whole stage of hatch: copying a column of it is much quicker than filling the column with a pattern."""
    image = QPixmap(round(width * ratio), round(height * ratio))
    image.setDevicePixelRatio(ratio)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    painter.fillRect(QRectF(0, 0, width, height), hatch(QColor.fromRgba(rgba), 9, ratio))
    painter.end()
    return image


def hatched(brush: Brush, area: QRectF, colour: QColor) -> None:
    """Hatch ``area``; neighbours fit together without a seam."""
    ratio = brush.ratio
    image = _hatching(colour.rgba(), brush.layout.width, brush.layout.height, ratio)
    source = QRectF(area.x() * ratio, area.y() * ratio, area.width() * ratio, area.height() * ratio)
    brush.painter.drawPixmap(area, image, source)
