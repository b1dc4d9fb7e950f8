"""The horizon's ground: the logarithmic axis, the lags, and the hatching of what the truncation cuts off."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen

from ..model.horizon_data import HorizonData, raised
from ..theme.theme import Theme
from ..widgets.paint import crisp, elided, hatch, pen

AWAY = 9
"""Pixels at scale 1 from the names of the powers to the first lag, whose mark has a ring."""
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


def dashes(colour: QColor, pattern: list[float], scale: float = 1.0) -> QPen:
    """A hairline of dashes: wider ones take Qt ten times as long, and are for a panel with large type alone."""
    stroke = pen(colour, scale if scale >= 1.3 else 1.0)
    stroke.setDashPattern(pattern)
    stroke.setCosmetic(True)
    return stroke


def paint_hatch(
    painter: QPainter, theme: Theme, data: HorizonData, area: QRectF, x_of: Callable[[float], float], ratio: float
) -> None:
    """Hatch the lags that some losses do not count, and more strongly those that none does, with a line before."""
    partly, cut = data.first_partly_cut, data.first_cut
    for first, strength in ((partly, 0.14), (cut, 0.32)):
        if first is not None:
            left = max(area.left(), x_of(first - 0.5))
            room = QRectF(left, area.top(), max(0.0, area.right() - left), area.height())
            painter.fillRect(room, hatch(theme.colour("cut", strength), 8, ratio))
    if cut is not None:
        x = crisp(max(area.left(), x_of(cut - 0.5)), ratio)
        painter.setPen(dashes(theme.colour("cut", 0.8), [3.0, 3.0]))
        painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()))


def powers(data: HorizonData, height: float, line: float) -> list[int]:
    """The powers of ten that are named on an axis of ``height`` pixels: 1 always, and no two nearer than a ``line``."""
    decades = data.top - data.bottom
    most = max(1, int(height // (line * 1.25)))
    every = next((n for n in (1, 2, 4, 8, 16, 32, 64, 154, 308, 616) if decades / n <= most), decades)
    found = [p for p in range(data.bottom, data.top + 1) if p % every == 0]
    if height * (min(found) - data.bottom) / decades >= 1.2 * line:
        found.append(data.bottom)
    return found


def paint_axes(
    painter: QPainter,
    theme: Theme,
    data: HorizonData,
    area: QRectF,
    x_of: Callable[[float], float],
    ratio: float,
    *,
    lags: bool,
) -> None:
    """Draw a line for each power of ten that is named, and where there is room the ``lags`` below."""
    painter.setFont(theme.font("small"))
    line = QFontMetricsF(theme.font("small")).height()
    for power in powers(data, area.height(), line):
        y = crisp(area.top() + area.height() * (data.top - power) / (data.top - data.bottom), ratio)
        painter.fillRect(QRectF(area.left(), y - 0.5 / ratio, area.width(), 1 / ratio), theme.colour("line", 0.8))
        painter.setPen(theme.colour("muted"))
        # The lowest stands a little higher than its line: the name of the lags is right below it.
        top = min(y - line / 2, area.bottom() - 0.8 * line)
        painter.drawText(QRectF(0, top, area.left() - theme.px(AWAY), line), _RIGHT, f"10{raised(power)}")
    if lags:
        # In the corner, where it takes the room of no lag.
        name = QRectF(0, area.bottom() + 2, area.left() - theme.px(AWAY), line)
        painter.setPen(theme.colour("muted"))
        painter.drawText(name, _RIGHT, elided("lag ℓ", theme.font("small"), name.width()))
        for lag, room in lag_names(theme, data.length, area, x_of):
            painter.drawText(room, Qt.AlignmentFlag.AlignCenter, str(lag))


def lag_names(theme: Theme, length: int, area: QRectF, x_of: Callable[[float], float]) -> list[tuple[int, QRectF]]:
    """The lags that are named below an axis of ``length`` of them, and where: the first and the last always."""
    metrics = QFontMetricsF(theme.font("small"))
    last, gap = max(0, length - 1), metrics.horizontalAdvance("0") + 2
    wide = metrics.horizontalAdvance(str(last)) + gap
    step = next((n for n in (1, 2, 5, 10, 20, 50, 100, 200, 500) if wide * max(1, last) / n <= area.width()), last)
    rooms: list[tuple[int, QRectF]] = []
    for lag in dict.fromkeys((last, *range(0, last, max(1, step)))):
        own = metrics.horizontalAdvance(str(lag)) + 2
        # The last stands within the picture: its lag lies at the very edge of it.
        left = min(x_of(lag) - own / 2, area.right() + theme.px(8) - own)
        if all(left + own + gap / 2 <= other.left() or other.right() + gap / 2 <= left for _, other in rooms):
            rooms.append((lag, QRectF(left, area.bottom() + 2, own, metrics.height())))
    return sorted(rooms, key=lambda named: named[0])
