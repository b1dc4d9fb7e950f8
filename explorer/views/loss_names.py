"""Where branches leave the loss curve, and their names beside it."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter

from ..model.loss_data import LossFrame
from ..theme.theme import Theme
from ..widgets.paint import elided, text_width
from .loss_axes import CHANCE, View

MOST = 6
"""No more names than so many, the newest; the others are told where one points."""
DOT = 3.5


def paint_names(painter: QPainter, theme: Theme, frame: LossFrame, shown: View) -> None:
    """A dot at each branch, and its name above the curves or, where there is no room, below them."""
    font, area = theme.font("small"), shown.area
    high = QFontMetricsF(font).height()
    painter.setFont(font)
    taken: list[QRectF] = _said(frame, shown, text_width(CHANCE, font), high)
    for update, name in marks(frame)[-MOST:]:
        if not shown.first <= update <= shown.last:
            continue
        x = float(shown.x(np.array(float(update))))
        y = _height_at(frame, shown, update)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.colour("weight"))
        if y is not None:
            painter.drawEllipse(QPointF(x, y), DOT, DOT)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        text = elided(name, font, area.width() - 8)
        wide = text_width(text, font)
        left = min(max(x + 6, area.left() + 3), area.right() - wide - 3)
        room = _room(frame, shown, QRectF(left, 0, wide, high), taken)
        if room is not None:
            taken.append(room)
            painter.fillRect(room, theme.colour("panel", 0.75))
            painter.setPen(theme.colour("weight"))
            painter.drawText(room, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, text)


def marks(frame: LossFrame) -> list[tuple[int, str]]:
    """The branches of the line on show and the ones that were left, by the update at which they parted."""
    left = [(line.first, line.name) for line in frame.others if line.branch and line.begins]
    own = list(frame.branches)
    return sorted(dict.fromkeys([*left, *own]), key=lambda mark: mark[0])


def _said(frame: LossFrame, shown: View, wide: float, high: float) -> list[QRectF]:
    """Where the line of chance has its name."""
    if not shown.low < frame.chance <= shown.top:
        return []
    y = float(shown.y(np.array(frame.chance)))
    return [QRectF(shown.area.right() - wide - 3, y - high - 1, wide, 2 * high)]


def _height_at(frame: LossFrame, shown: View, update: int) -> float | None:
    n = int(np.searchsorted(frame.smooth[0], update))
    if n >= frame.smooth.shape[1] or not np.isfinite(frame.smooth[1, n]):
        return None
    return float(np.clip(shown.y(frame.smooth[1, n]), shown.area.top(), shown.area.bottom()))


def _room(frame: LossFrame, shown: View, text: QRectF, taken: list[QRectF]) -> QRectF | None:
    """Where a name crosses no curve and no other name: above them as near as can be, else below; None without room."""
    scale = (shown.last - shown.first) / shown.area.width()
    first = shown.first + (text.left() - shown.area.left()) * scale
    last = shown.first + (text.right() - shown.area.left()) * scale
    heights = [float(shown.y(np.array(frame.chance)))] if shown.low < frame.chance <= shown.top else []
    for updates, values in ((frame.raw[0], frame.raw[2]), (frame.raw[0], frame.raw[1]), *_curves(frame)):
        inside = values[int(np.searchsorted(updates, first)) : int(np.searchsorted(updates, last, side="right")) + 1]
        inside = inside[np.isfinite(inside)]
        if len(inside):
            heights += [float(v) for v in shown.y(np.array([inside.min(), inside.max()]))]
    high = text.height()
    top = min(heights, default=shown.area.bottom()) - high - 2
    below = max(heights, default=shown.area.top()) + 2
    chance = heights[:1] if shown.low < frame.chance <= shown.top else []
    tries = [top - n * (high + 1) for n in range(3)] + [below + n * (high + 1) for n in range(3)]
    if chance:  # between the line of chance and the curves there is often the most room
        curve = min(heights[1:], default=shown.area.bottom())
        tries = [curve - high - 2 - n * (high + 1) for n in range(3) if curve - high - 2 > chance[0]] + tries
    for y in tries:
        room = QRectF(text.left(), y, text.width(), high)
        inside = shown.area.top() - 4 <= y and y + high <= shown.area.bottom() + 1
        if inside and not any(room.intersects(other) for other in taken):
            return room
    return None


def _curves(frame: LossFrame) -> list[tuple[np.ndarray, np.ndarray]]:
    beside = [frame.beside.points] if frame.beside is not None else []
    return [(p[0], p[1]) for p in (frame.smooth, *(line.points for line in frame.others), *beside)]
