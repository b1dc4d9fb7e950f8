"""Painting helpers shared by every hand-painted panel."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
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


def image_of(rgba: NDArray[np.uint8]) -> QImage:
    """An image that owns its pixels from ``rgba`` (rows, columns, 4) uint8."""
    data = np.ascontiguousarray(rgba)
    rows, columns = data.shape[:2]
    # copy(): QImage does not keep the numpy buffer alive.
    return QImage(data.data, columns, rows, 4 * columns, QImage.Format.Format_RGBA8888).copy()


def pen(colour: QColor, width: float = 1.0, style: Qt.PenStyle = Qt.PenStyle.SolidLine) -> QPen:
    """A pen with flat ends, so that a dash is as long as it says."""
    return QPen(QBrush(colour), width, style, Qt.PenCapStyle.FlatCap, Qt.PenJoinStyle.RoundJoin)


def crisp(position: float, ratio: float = 1.0) -> float:
    """The centre of the device pixel at ``position``: where a hairline must lie to be sharp."""
    return (math.floor(position * ratio) + 0.5) / ratio


def hatch(colour: QColor, step: int = 8, ratio: float = 1.0, width: float = 1.0) -> QBrush:
    """A brush of diagonal lines ``step`` pixels apart that tiles without a seam, sharp at any pixel ratio."""
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


def rounded(painter: QPainter, rect: QRectF, radius: float, fill: QColor | None, edge: QColor | None = None) -> None:
    """A rounded rectangle; an edge is one sharp pixel inside ``rect``."""
    painter.setBrush(fill if fill is not None else Qt.BrushStyle.NoBrush)
    if edge is None:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.drawRoundedRect(rect, radius, radius)
    else:
        painter.setPen(pen(edge))
        painter.drawRoundedRect(rect.adjusted(0.5, 0.5, -0.5, -0.5), radius, radius)
    painter.setBrush(Qt.BrushStyle.NoBrush)


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


def elided(text: str, font: QFont, width: float) -> str:
    """``text`` cut at its end with an ellipsis so that it fits ``width``."""
    return QFontMetricsF(font).elidedText(text, Qt.TextElideMode.ElideRight, max(0.0, width))
