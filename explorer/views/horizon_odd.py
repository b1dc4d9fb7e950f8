"""What has no place on the horizon's logarithmic axis: 0 stands at its foot, infinity and NaN at its top, by name."""

from __future__ import annotations

import math
from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter

from ..model.horizon_data import UNDERFLOW
from ..theme.theme import Theme


def is_odd(value: float) -> bool:
    """Whether a share has no place on the axis."""
    return value < UNDERFLOW or not math.isfinite(value)


def odd_places(
    theme: Theme, values: Sequence[float], points: Sequence[QPointF], left: float, right: float, first: int = -1
) -> dict[int, QRectF]:
    """Where the names of the odd ``values`` stand, by lag, between ``left`` and ``right``.

    Of those that lie too close every so many are named; the lag ``first`` in any case.
    """
    lags = [lag for lag, value in enumerate(values) if is_odd(value)]
    if not lags:
        return {}
    metrics = QFontMetricsF(theme.font("tiny"))
    high = metrics.height()
    found: dict[int, QRectF] = {}
    until = left
    own = first if first in lags else -1
    if own >= 0:
        found[own] = _place(metrics, values[own], points[own], left, right, high)
    for lag in lags:
        room = _place(metrics, values[lag], points[lag], left, right, high)
        if room.left() >= until and (own < 0 or not room.intersects(found[own])):
            found[lag] = room
            until = room.right() + 2
    return found


def _place(metrics: QFontMetricsF, value: float, at: QPointF, left: float, right: float, high: float) -> QRectF:
    wide = metrics.horizontalAdvance(odd_word(value)) + 8
    x = max(min(at.x() - wide / 2, right - wide), left)
    return QRectF(x, at.y() - high if value < UNDERFLOW else max(at.y() - high / 2, 1.0), wide, high)


def paint_odd(painter: QPainter, theme: Theme, room: QRectF, value: float) -> None:
    """Print the name of ``value`` into its place, on the panel's own colour: lines and hatching end at it."""
    painter.fillRect(room.adjusted(2, 1, -2, -1), theme.colour("panel"))
    painter.setFont(theme.font("tiny"))
    painter.setPen(theme.colour("muted" if value < UNDERFLOW else "nan" if math.isnan(value) else "cut"))
    painter.drawText(room, Qt.AlignmentFlag.AlignCenter, odd_word(value))


def odd_word(value: float) -> str:
    """The name of what has no place on the axis."""
    return "0" if value < UNDERFLOW else "NaN" if math.isnan(value) else "∞"
