"""Paints singular values as bars on a log axis."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter

from ..model.parameters_data import Spectrum
from ..theme.theme import Theme
from ..widgets.number_rows import line_height
from ..widgets.paint import elided, pen

_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
WIDEST = 64
"""Pixels at scale 1 of the broadest bar."""
_SUPER = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")


def _power(power: int) -> str:
    return "1" if power == 0 else f"10{str(power).translate(_SUPER)}"


def spectrum_range(values: np.ndarray) -> tuple[int, int]:
    """Powers of ten that hold the singular values (largest first), down to at most twelve below the largest."""
    high = int(np.ceil(np.log10(values[0])))
    low = int(np.floor(np.log10(values[values > 0].min())))
    return max(min(low, high - 1), high - 12), high


def caption(values: np.ndarray, low: int, step: int) -> str:
    """What is drawn: how many there are, which of them, and how many are too small for the axis."""
    below = int(np.count_nonzero(values < 10.0**low))
    parts = [f"{len(values)} singular value{'' if len(values) == 1 else 's'} σ, log axis"]
    parts += [f"one in {step}"] if step > 1 else []
    parts += [f"{below} below it"] if below else []
    return ", ".join(parts)


class Bars(NamedTuple):
    """Where the bars of singular values stand: one in ``step`` of them, each ``pitch`` pixels after the one before."""

    plot: QRectF
    low: int
    high: int
    step: int
    pitch: float
    values: np.ndarray

    def bar(self, k: int) -> QRectF:
        """The bar of the singular value ``k``, counted from 0, which is one of those on show."""
        value, n, plot = float(self.values[k]), k // self.step, self.plot
        power = np.log10(value) if value > 0 else -np.inf
        tall = float(np.clip((power - self.low) / (self.high - self.low), 0.0, 1.0)) * plot.height()
        tall = max(1.0, tall)
        gap = 1.0 if self.pitch >= 3 else 0.0
        return QRectF(plot.left() + n * self.pitch, plot.bottom() - tall, max(1.0, self.pitch - gap), tall)

    @property
    def all(self) -> list[QRectF]:
        """All bars on show."""
        return [self.bar(k) for k in range(0, len(self.values), self.step)]

    def at(self, x: float, y: float) -> int | None:
        """The singular value whose bar a point is at, or above or below; None beside them."""
        plot, count = self.plot, -(-len(self.values) // self.step)
        n = int((x - plot.left()) // self.pitch)
        return n * self.step if 0 <= n < count and plot.top() <= y <= plot.bottom() + 3 else None


def bars_of(theme: Theme, spectrum: Spectrum | None, area: QRectF) -> Bars | None:
    """The bars of a spectrum in ``area``, as broad as it is; None where there is nothing to draw."""
    values = np.zeros(0) if spectrum is None else spectrum.singular
    if area.isEmpty() or not len(values) or values[0] == 0 or not np.isfinite(values).all():
        return None
    low, high = spectrum_range(values)
    if is_strip(theme, area):
        said = QFontMetricsF(theme.font("tiny")).horizontalAdvance(_ends(low, high)) + 8
        plot = area.adjusted(0, 0, -said, 0)
    else:
        side = QFontMetricsF(theme.font("small")).horizontalAdvance("10⁻¹⁰") + 4
        top = area.top() + 1.5 * line_height(theme)  # the caption, and half of the uppermost label
        plot = QRectF(area.left() + side, top, area.width() - side, area.bottom() - top - 3)
    step = -(-len(values) // max(1, int(plot.width() // 2)))
    # A few of them need not be as broad as the heat map's cells.
    pitch = min(plot.width() / -(-len(values) // step), theme.px(WIDEST))
    return Bars(plot, low, high, step, pitch, values)


def is_strip(theme: Theme, area: QRectF) -> bool:
    """Whether there is no room for a caption and an axis."""
    return area.height() < 4 * line_height(theme) - 1


def _ends(low: int, high: int) -> str:
    return f"σ {_power(low)}…{_power(high)}"


def paint_spectrum(painter: QPainter, theme: Theme, spectrum: Spectrum | None, area: QRectF) -> None:
    """Singular values as bars on a log axis whose ends are powers of ten, with a line at 1.

    In a strip there is no axis: its ends are named beside it.
    """
    if area.isEmpty():
        return
    bars = bars_of(theme, spectrum, area)
    if bars is None:
        small = theme.font("small")
        painter.setFont(small)
        painter.setPen(theme.colour("muted"))
        why = "computing the spectrum…" if spectrum is None else spectrum.why or "all singular values are 0"
        painter.drawText(area, _LEFT, elided(why, small, area.width()))
        return
    if is_strip(theme, area):
        painter.setFont(theme.font("tiny"))
        painter.setPen(theme.colour("muted"))
        painter.drawText(area, _RIGHT, _ends(bars.low, bars.high))
        painter.fillRect(bars.plot, theme.colour("raised"))
    else:
        _paint_axis(painter, theme, bars, area)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(theme.colour("weight"))
    painter.drawRects(bars.all)
    painter.setBrush(Qt.BrushStyle.NoBrush)


def _paint_axis(painter: QPainter, theme: Theme, bars: Bars, area: QRectF) -> None:
    small, line, plot = theme.font("small"), line_height(theme), bars.plot
    painter.setFont(small)
    painter.setPen(theme.colour("muted"))
    said = caption(bars.values, bars.low, bars.step)
    painter.drawText(QRectF(area.left(), area.top(), area.width(), line), _LEFT, elided(said, small, area.width()))
    decade = plot.height() / (bars.high - bars.low)
    for power in {bars.low, bars.high, 0} if bars.low <= 0 <= bars.high else {bars.low, bars.high}:
        y = plot.bottom() - (power - bars.low) * decade
        painter.setPen(theme.colour("muted"))
        if power in (bars.low, bars.high) or decade >= line:
            middle = min(y, area.bottom() - line / 2)
            room = QRectF(area.left(), middle - line / 2, plot.left() - area.left() - 4, line)
            painter.drawText(room, _RIGHT, _power(power))
        dash = Qt.PenStyle.DashLine if power == 0 else Qt.PenStyle.SolidLine
        painter.setPen(pen(theme.colour("line" if power else "muted"), 1.0, dash))
        painter.drawLine(QPointF(plot.left(), y), QPointF(plot.right(), y))
