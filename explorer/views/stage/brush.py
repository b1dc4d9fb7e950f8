"""What every painting function of the stage needs: a painter, what it paints from, and a few strokes."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from functools import lru_cache

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPixmap, QStaticText, QTransform

from rnncore.frozen import dataclass

from ...model.stage_layout import StageLayout
from ...model.stage_records import StageData
from ...theme.theme import Theme
from ...widgets.paint import elided, hatch
from .pixels import StripImages

#: How much of the free width lies before a text.
LEFT, CENTRE, RIGHT = 0.0, 0.5, 1.0
_FLAGS = {
    LEFT: Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft,
    CENTRE: Qt.AlignmentFlag.AlignCenter,
    RIGHT: Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight,
}


@dataclass
class Brush:
    """What every painting function of the stage needs: a painter and what it paints from.

    ``images`` are strips that have been coloured already, None colours each anew; ``exposed`` is what must be painted,
    None for everything.
    """

    painter: QPainter
    data: StageData
    layout: StageLayout
    theme: Theme
    ratio: float
    images: StripImages | None = None
    exposed: QRectF | None = None
    _batch: dict[int, list[QRectF]] | None = None

    def colour(self, token: str, alpha: float = 1.0) -> QColor:
        return self.theme.colour(token, alpha)

    def text(self, rect: QRectF, place: float, text: str, font: QFont, colour: QColor, *, whole: bool = False) -> None:
        """One line of text at ``place`` (:data:`LEFT`, :data:`CENTRE` or :data:`RIGHT`), halfway up in ``rect``.

        It is shortened to fit; a ``whole`` one reaches out of ``rect`` instead.
        """
        painter, wide, high = self.painter, rect.width(), rect.height()
        painter.setFont(font)
        painter.setPen(colour)
        laid = _laid_out(text, font, wide, high, place, whole)
        if laid is None:  # too tall for its room: it is cut off there
            painter.drawText(rect, _FLAGS[place], elided(text, font, wide))
        else:
            painter.drawStaticText(QPointF(rect.x() + laid[1], rect.y() + laid[2]), laid[0])

    def stamp(self, at: QPointF, reach: QRectF, key: Hashable, draw: Callable[[QPainter], None]) -> None:
        """Draw a small shape with its origin at ``at``; ``reach`` is what it covers around that origin.

        ``at`` must lie where device pixels meet, or the copy is off by a part of one.
        A shape with smooth edges takes a hundred times as long to draw as to copy: the first of a ``key`` is drawn,
        the next ones are copied. ``key`` says all that the shape depends on, colours as well, but for the pixel ratio.
        """
        ratio = self.ratio
        found = _STAMPS.get((key, ratio))
        if found is None:
            left, top = math.floor(reach.left() * ratio), math.floor(reach.top() * ratio)
            right, bottom = math.ceil(reach.right() * ratio), math.ceil(reach.bottom() * ratio)
            image = QPixmap(max(1, right - left), max(1, bottom - top))
            image.setDevicePixelRatio(ratio)
            image.fill(Qt.GlobalColor.transparent)
            painter = QPainter(image)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.translate(-left / ratio, -top / ratio)
            draw(painter)
            painter.end()
            found = _STAMPS[key, ratio] = (image, left, top)
            if len(_STAMPS) > MOST_STAMPS:
                _STAMPS.popitem(last=False)
        else:
            _STAMPS.move_to_end((key, ratio))
        image, left, top = found
        x, y = round(at.x() * ratio) + left, round(at.y() * ratio) + top
        self.painter.drawPixmap(QPointF(x / ratio, y / ratio), image)

    def snap(self, position: float) -> float:
        """The device pixel's edge next to ``position``, on its left or above it."""
        return math.floor(position * self.ratio) / self.ratio

    def sees(self, left: float, right: float) -> bool:
        """Whether anything between these two abscissae must be painted."""
        return self.exposed is None or (self.exposed.left() <= right and left <= self.exposed.right())

    def whole(self, left: float, right: float) -> bool:
        """Whether all between these abscissae is in view: a number of which a part is cut off is another number."""
        return self.layout.gutter <= left and right <= self.layout.gutter + self.layout.room + 1

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


MOST_STAMPS = 768
_STAMPS: OrderedDict[tuple[Hashable, float], tuple[QPixmap, int, int]] = OrderedDict()


@lru_cache(maxsize=4096)
def _laid_out(
    text: str, font: QFont, width: float, height: float, place: float, whole: bool
) -> tuple[QStaticText, float, float] | None:
    """A text with its glyphs placed, and where its upper left corner lies; None when it is taller than ``height``."""
    metrics = QFontMetricsF(font)
    high = metrics.height()
    if high > height and not whole:
        return None
    shown = text if whole else elided(text, font, width)
    laid = QStaticText(shown)
    laid.setTextFormat(Qt.TextFormat.PlainText)
    laid.prepare(QTransform(), font)
    return laid, place * (width - metrics.horizontalAdvance(shown)), (height - high) / 2.0


def on_pixels(area: QRectF, ratio: float) -> QRectF:
    """``area`` with its edges where device pixels meet: each pixel belongs to one of two neighbours."""
    left, top = round(area.left() * ratio) / ratio, round(area.top() * ratio) / ratio
    right, bottom = round(area.right() * ratio) / ratio, round(area.bottom() * ratio) / ratio
    return QRectF(left, top, right - left, bottom - top)


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
    ratio, area = brush.ratio, on_pixels(area, brush.ratio)
    image = _hatching(colour.rgba(), brush.layout.width, brush.layout.height, ratio)
    source = QRectF(area.x() * ratio, area.y() * ratio, area.width() * ratio, area.height() * ratio)
    brush.painter.drawPixmap(area, image, source)
