"""Painting helpers shared by every hand-painted panel."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import (
    QBrush,
    QColor,
    QFont,
    QFontMetricsF,
    QImage,
    QPainter,
    QPainterPath,
    QPen,
    QPixmap,
    QPolygonF,
)

from ..theme.tokens import luminance

if TYPE_CHECKING:
    from ..theme.theme import Theme

#: Shapes of more device pixels than this are put together from their corners.
LARGEST = 16384


def image_of(rgba: NDArray[np.uint8]) -> QImage:
    """An image that owns its pixels from ``rgba`` (rows, columns, 4) uint8."""
    data = np.ascontiguousarray(rgba)
    rows, columns = data.shape[:2]
    # copy(): QImage does not keep the numpy buffer alive.
    return QImage(data.data, columns, rows, 4 * columns, QImage.Format.Format_RGBA8888).copy()


def pen(colour: QColor, width: float = 1.0, style: Qt.PenStyle = Qt.PenStyle.SolidLine) -> QPen:
    """A pen with flat ends, so that a dash is as long as it says."""
    return QPen(QBrush(colour), width, style, Qt.PenCapStyle.FlatCap, Qt.PenJoinStyle.RoundJoin)


def pictured(area: QRect, ratio: float, paint: Callable[[QPainter], None]) -> QPixmap:
    """What ``paint`` draws within ``area``, on nothing, as a picture of ``ratio`` device pixels to each pixel."""
    picture = QPixmap(area.size() * int(ratio))
    picture.setDevicePixelRatio(ratio)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.translate(-area.topLeft())
    paint(painter)
    painter.end()
    return picture


def crisp(position: float, ratio: float = 1.0) -> float:
    """The centre of the device pixel at ``position``: where a hairline must lie to be sharp."""
    return (math.floor(position * ratio) + 0.5) / ratio


def hatch(colour: QColor, step: int = 8, ratio: float = 1.0, width: float = 1.0) -> QBrush:
    """A brush of diagonal lines ``step`` pixels apart that tiles without a seam, sharp at any pixel ratio."""
    return _hatch(colour.rgba(), step, ratio, width)


@lru_cache(maxsize=64)
def _hatch(rgba: int, step: int, ratio: float, width: float) -> QBrush:
    colour = QColor.fromRgba(rgba)
    side = max(2, round(step * ratio))
    tile = QPixmap(side, side)
    tile.fill(Qt.GlobalColor.transparent)
    painter = QPainter(tile)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(pen(colour, width * ratio))
    for shift in (-side, 0, side):
        painter.drawLine(QPointF(shift - 1, side + 1), QPointF(shift + side + 1, -1))
    painter.end()
    tile.setDevicePixelRatio(ratio)
    return QBrush(tile)


def arrow(
    painter: QPainter, start: QPointF, end: QPointF, colour: QColor, width: float = 1.0, head: float = 5.0
) -> None:
    """A straight arrow whose tip is exactly ``end``."""
    dx, dy = end.x() - start.x(), end.y() - start.y()
    length = math.hypot(dx, dy)
    if length == 0.0:
        return
    ux, uy = dx / length, dy / length
    head = min(head, length)
    base = QPointF(end.x() - ux * head, end.y() - uy * head)
    painter.setPen(pen(colour, width))
    painter.drawLine(start, base)
    arrow_head(painter, end, ux, uy, colour, head)


def arrow_head(painter: QPainter, tip: QPointF, ux: float, uy: float, colour: QColor, size: float) -> None:
    """A filled head at ``tip`` that points along the unit vector (``ux``, ``uy``)."""
    half = size * 0.55
    bx, by = tip.x() - ux * size, tip.y() - uy * size
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    painter.drawPolygon(
        QPolygonF([tip, QPointF(bx - uy * half, by + ux * half), QPointF(bx + uy * half, by - ux * half)])
    )
    painter.setBrush(Qt.BrushStyle.NoBrush)


def rounded(
    painter: QPainter,
    rect: QRectF,
    radius: float,
    fill: QColor | None,
    edge: QColor | None = None,
    width: float = 1.0,
) -> None:
    """A rounded rectangle on whole device pixels; its edge is ``width`` wide and lies inside ``rect``.

    Smooth curves are slow to rasterise and the same few shapes come again and again, so that each is drawn
    once and then copied; of a large one only the corners are kept.
    """
    ratio = painter.device().devicePixelRatioF()
    left, top = round(rect.left() * ratio), round(rect.top() * ratio)
    wide, tall = round(rect.right() * ratio) - left, round(rect.bottom() * ratio) - top
    if wide <= 0 or tall <= 0:
        return
    inner = None if fill is None else fill.rgba()
    outer = None if edge is None else edge.rgba()
    if wide * tall > LARGEST:
        corner = math.ceil(radius * ratio) + math.ceil(width * ratio) + 1
        if min(wide, tall) > 2 * corner and (edge is None or width * ratio >= 1.0):
            image = _rounded(2 * corner, 2 * corner, radius, inner, outer, width, ratio)
            thick = 0 if edge is None else round(width * ratio)
            _stretched(painter, image, (left, top, wide, tall), corner, thick, fill, edge, ratio)
            return
    painter.drawPixmap(QPointF(left / ratio, top / ratio), _rounded(wide, tall, radius, inner, outer, width, ratio))


def groove(painter: QPainter, theme: Theme, rect: QRectF) -> None:
    """What a bar or a slider can fill; outlined where a line is as bright as what fills it."""
    bright = theme.tokens.dark and luminance(theme.tokens.line) > 0.2
    fill, edge = (theme.colour("raised"), theme.colour("line")) if bright else (theme.colour("line"), None)
    rounded(painter, rect, rect.height() / 2, fill, edge)


def _stretched(
    painter: QPainter,
    image: QPixmap,
    box: tuple[int, int, int, int],
    corner: int,
    thick: int,
    fill: QColor | None,
    edge: QColor | None,
    ratio: float,
) -> None:
    """Draw ``image``'s four corners into the corners of ``box`` (device pixels) and plain colour between them."""
    left, top, wide, tall = box

    def rect(x: int, y: int, w: int, h: int) -> QRectF:
        return QRectF((left + x) / ratio, (top + y) / ratio, w / ratio, h / ratio)

    right, low = wide - corner, tall - corner
    for x, sx in ((0, 0), (right, corner)):
        for y, sy in ((0, 0), (low, corner)):
            painter.drawPixmap(rect(x, y, corner, corner), image, QRectF(sx, sy, corner, corner))
    if fill is not None:
        painter.fillRect(rect(corner, thick, wide - 2 * corner, tall - 2 * thick), fill)
        for x in (thick, right):
            painter.fillRect(rect(x, corner, corner - thick, tall - 2 * corner), fill)
    if edge is not None:
        for y in (0, tall - thick):
            painter.fillRect(rect(corner, y, wide - 2 * corner, thick), edge)
        for x in (0, wide - thick):
            painter.fillRect(rect(x, corner, thick, tall - 2 * corner), edge)


@lru_cache(maxsize=1024)
def _rounded(
    wide: int, tall: int, radius: float, fill: int | None, edge: int | None, width: float, ratio: float
) -> QPixmap:
    image = QPixmap(wide, tall)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(Qt.BrushStyle.NoBrush if fill is None else QColor.fromRgba(fill))
    area, round_by = QRectF(0, 0, wide, tall), radius * ratio
    if edge is None:
        painter.setPen(Qt.PenStyle.NoPen)
    else:
        thick = max(1.0, round(width * ratio)) if width * ratio >= 1.0 else width * ratio
        painter.setPen(pen(QColor.fromRgba(edge), thick))
        area = area.adjusted(thick / 2, thick / 2, -thick / 2, -thick / 2)
        round_by = max(0.0, round_by - thick / 2)
    painter.drawRoundedRect(area, round_by, round_by)
    painter.end()
    image.setDevicePixelRatio(ratio)
    return image


def frame(painter: QPainter, rect: QRectF, colour: QColor, width: float = 1.0) -> None:
    """A sharp-cornered frame inside ``rect``: quick at any size."""
    inner = rect.adjusted(width, width, -width, -width)
    painter.fillRect(QRectF(rect.left(), rect.top(), rect.width(), width), colour)
    painter.fillRect(QRectF(rect.left(), inner.bottom(), rect.width(), width), colour)
    painter.fillRect(QRectF(rect.left(), inner.top(), width, inner.height()), colour)
    painter.fillRect(QRectF(inner.right(), inner.top(), width, inner.height()), colour)


def pop_up(painter: QPainter, area: QRect, theme: Theme) -> None:
    """Ground and frame of a window that stands over others.

    Its corners are sharp: on a screen that nothing composes, what rounding leaves out is black.
    """
    painter.fillRect(area, theme.colour("panel"))
    frame(painter, QRectF(area), theme.colour("muted", 0.6))


def scissors(painter: QPainter, centre: QPointF, size: float, colour: QColor) -> None:
    """A pair of scissors ``size`` wide, drawn, because not every font has one."""
    painter.save()
    painter.translate(centre)
    painter.scale(size / 20.0, size / 20.0)
    painter.setPen(QPen(colour, 1.7, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for side in (-1.0, 1.0):
        painter.drawEllipse(QPointF(-6.2, 4.4 * side), 2.9, 2.9)
        path = QPainterPath(QPointF(-3.9, 2.7 * side))
        path.lineTo(9.0, -5.4 * side)
        painter.drawPath(path)
    painter.restore()


@lru_cache(maxsize=4096)
def text_width(text: str, font: QFont) -> float:
    """Width in pixels of one line of ``text``."""
    return QFontMetricsF(font).horizontalAdvance(text)


@lru_cache(maxsize=4096)
def elided(text: str, font: QFont, width: float) -> str:
    """``text`` cut at its end with an ellipsis so that it fits ``width``."""
    return QFontMetricsF(font).elidedText(text, Qt.TextElideMode.ElideRight, max(0.0, width))
