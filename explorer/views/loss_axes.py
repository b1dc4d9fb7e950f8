"""The axes of the loss curve: from updates and losses to pixels, and what rests from frame to frame."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter

from ..model.formula import number
from ..model.loss_axes import log_levels, ticks
from ..model.loss_data import LossFrame
from ..theme.theme import Theme, current
from ..widgets.paint import pen

Array = np.ndarray[Any, Any]
CHANCE = "ln V"
"""The loss of one who guesses blindly."""


class View(NamedTuple):
    """The plot's area in pixels and what it shows: updates from ``first`` to ``last``, losses up to ``top``.

    The axis of losses begins at 0, or is logarithmic from ``low`` on.
    """

    area: QRectF
    first: float
    last: float
    top: float
    low: float = 0.0

    def x(self, updates: Array) -> Array:
        """Updates to pixels."""
        found: Array = self.area.left() + (updates - self.first) * (self.area.width() / (self.last - self.first))
        return found

    def y(self, losses: Array) -> Array:
        """Losses to pixels; on a logarithmic axis what is below it lies at its foot."""
        if not self.low:
            linear: Array = self.area.bottom() - losses * (self.area.height() / self.top)
            return linear
        with np.errstate(invalid="ignore"):
            part = np.log(np.maximum(losses, self.low) / self.low) / np.log(self.top / self.low)
        found: Array = self.area.bottom() - part * self.area.height()
        return found

    @property
    def levels(self) -> list[float]:
        """The numbers of the upright axis: one about every 34 pixels, and at least three, or two, that find room."""
        theme = current()
        most = max(1, int(self.area.height() / theme.px(34)))
        if self.low:
            return log_levels(self.low, self.top, max(2, int(self.area.height() / theme.px(20))))
        found = ticks(self.top, most)
        least = 3 if self.area.height() >= theme.px(45) else 2 if self.area.height() >= theme.px(30) else 1
        while len(found) < least and most < 8:
            most += 1
            found = ticks(self.top, most)
        return found

    @property
    def updates(self) -> list[float]:
        """The numbers of the axis of updates: one about every 90 pixels, and always a second one."""
        most = max(1, int(self.area.width() / current().px(90)))
        step = ticks(self.last - self.first, most)
        while len(step) < 2 and most < 8:
            most += 1
            step = ticks(self.last - self.first, most)
        gap = max(1.0, step[1] if len(step) > 1 else 1.0)
        first = float(np.ceil(self.first / gap)) * gap
        found: list[float] = np.arange(first, self.last + gap / 1e6, gap).tolist()
        return found

    def columns(self, updates: Array, apart: int) -> list[float]:
        """Where some updates lie that are within the view, no two so near that they would cover each other."""
        x = self.x(updates[(updates >= self.first) & (updates <= self.last)])
        found: list[float] = (np.unique(np.floor(x / apart)) * apart + apart / 2).tolist()
        return found if apart > 2 else np.unique(np.round(x)).tolist()


def level_text(loss: float) -> str:
    """A number of the upright axis in the fewest digits that say which: 2.5, 400, 3·10⁵, 1.5·10³⁰⁰."""
    if loss == 0 or 1e-3 <= loss < 1e4:
        return f"{loss:.3g}" if loss < 1000 else f"{loss:.0f}"
    digits = next((n for n in (1, 2, 3) if math.isclose(float(f"{loss:.{n - 1}e}"), loss, rel_tol=1e-9)), 4)
    return number(loss, digits)


def paint_axes(painter: QPainter, theme: Theme, frame: LossFrame, shown: View) -> None:
    """The two axes with their numbers, the line of chance and the marks of annealing."""
    area, font = shown.area, theme.font("small")
    metrics = QFontMetricsF(font)
    painter.setFont(font)
    high, gap = metrics.height(), theme.px(4)
    for value in shown.levels:
        y = round(float(shown.y(np.array(value)))) + 0.5
        painter.setPen(theme.colour("muted", 0.18))
        painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))
        painter.setPen(theme.colour("muted"))
        room = QRectF(0, y - high / 2, area.left() - gap, high)
        painter.drawText(room, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, level_text(value))
    painter.setPen(theme.colour("line"))
    painter.drawLine(area.topLeft(), area.bottomLeft())
    painter.drawLine(area.bottomLeft(), area.bottomRight())
    painter.setPen(theme.colour("muted"))
    for value in shown.updates:
        x = float(shown.x(np.array(value)))
        room = QRectF(x - 60, area.bottom() + gap, 120, high)
        painter.drawText(room, Qt.AlignmentFlag.AlignCenter, _short(value))
    painter.setPen(pen(theme.colour("weight", 0.8), 1.0, Qt.PenStyle.DashLine))
    for x in shown.columns(frame.annealed, 2):
        painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()))
    if shown.low < frame.chance <= shown.top:
        y = float(shown.y(np.array(frame.chance)))
        painter.setPen(pen(theme.colour("muted"), 1.0, Qt.PenStyle.DotLine))
        painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))
        painter.setPen(theme.colour("muted"))
        painter.drawText(chance_room(area, y, high), Qt.AlignmentFlag.AlignRight, CHANCE)


def chance_room(area: QRectF, y: float, high: float) -> QRectF:
    """Where the line of chance at ``y`` is named, in letters ``high`` pixels tall: above it, where no loss that has
    been learnt comes; below it where the widget's top would cut it off."""
    return QRectF(area.left(), max(0.0, y - high - 1) if y >= high else y + 1, area.width() - 3, high)


def chance_name(frame: LossFrame, shown: View, theme: Theme) -> QRectF:
    """Where the name of the line of chance stands; empty where the line is not in sight."""
    if not shown.low < frame.chance <= shown.top:
        return QRectF()
    metrics = QFontMetricsF(theme.font("small"))
    room = chance_room(shown.area, float(shown.y(np.array(frame.chance))), metrics.height())
    wide = metrics.horizontalAdvance(CHANCE)
    return QRectF(room.right() - wide, room.top(), wide, room.height())


def _short(value: float) -> str:
    for limit, sign in ((1e6, "M"), (1e3, "k")):
        if value >= limit * 10 or (value >= limit and value % limit == 0):
            return f"{value / limit:g}{sign}"
    return f"{value:,g}"
