"""Paints singular values as bars on a log axis."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter

from ..model.parameters_data import Spectrum
from ..theme.theme import Theme
from ..widgets.number_rows import line_height
from ..widgets.paint import elided, pen

_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
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


def paint_strip(painter: QPainter, theme: Theme, spectrum: Spectrum | None, area: QRectF) -> None:
    """Singular values as bars on a log axis in a strip without an axis: its ends are named beside it."""
    values = np.zeros(0) if spectrum is None else spectrum.singular
    if not len(values) or values[0] == 0 or not np.isfinite(values).all():
        paint_spectrum(painter, theme, spectrum, area)
        return
    low, high = spectrum_range(values)
    tiny = theme.font("tiny")
    said = f"σ {_power(low)}…{_power(high)}"
    side = QFontMetricsF(tiny).horizontalAdvance(said) + 8
    painter.setFont(tiny)
    painter.setPen(theme.colour("muted"))
    painter.drawText(area, _RIGHT, said)
    plot = area.adjusted(0, 0, -side, 0)
    painter.fillRect(plot, theme.colour("raised"))
    shown = values[:: -(-len(values) // max(1, int(plot.width() // 2)))]
    pitch = min(plot.width() / len(shown), theme.px(16))
    with np.errstate(divide="ignore"):
        tall = np.clip((np.log10(shown) - low) / (high - low) * plot.height(), 1.0, plot.height())
    for k, t in enumerate(tall.tolist()):
        bar = QRectF(plot.left() + k * pitch, plot.bottom() - t, max(1.0, pitch - (pitch >= 3)), t)
        painter.fillRect(bar, theme.colour("weight"))


def paint_spectrum(painter: QPainter, theme: Theme, spectrum: Spectrum | None, area: QRectF) -> None:
    """Singular values as bars on a log axis whose ends are powers of ten, with a line at 1."""
    if area.isEmpty():
        return
    small, line = theme.font("small"), line_height(theme)
    painter.setFont(small)
    painter.setPen(theme.colour("muted"))
    values = np.zeros(0) if spectrum is None else spectrum.singular
    if spectrum is None or not len(values) or values[0] == 0:
        why = "computing the spectrum…" if spectrum is None else spectrum.why or "all singular values are 0"
        painter.drawText(area, _LEFT, elided(why, small, area.width()))
        return
    low, high = spectrum_range(values)
    side = QFontMetricsF(small).horizontalAdvance("10⁻¹⁰") + 4
    wide = area.width() - side
    step = -(-len(values) // max(1, int(wide // 2)))
    said = caption(values, low, step)
    painter.drawText(QRectF(area.left(), area.top(), area.width(), line), _LEFT, elided(said, small, area.width()))
    top = area.top() + 1.5 * line  # the caption, and half of the uppermost label
    plot = QRectF(area.left() + side, top, wide, area.bottom() - top - 3)
    decade = plot.height() / (high - low)
    for power in {low, high, 0} if low <= 0 <= high else {low, high}:
        y = plot.bottom() - (power - low) * decade
        painter.setPen(theme.colour("muted"))
        if power in (low, high) or decade >= line:
            middle = min(y, area.bottom() - line / 2)
            painter.drawText(QRectF(area.left(), middle - line / 2, side - 4, line), _RIGHT, _power(power))
        dash = Qt.PenStyle.DashLine if power == 0 else Qt.PenStyle.SolidLine
        painter.setPen(pen(theme.colour("line" if power else "muted"), 1.0, dash))
        painter.drawLine(QPointF(plot.left(), y), QPointF(plot.right(), y))
    shown = values[::step]
    pitch = min(plot.width() / len(shown), theme.px(16))
    gap = 1.0 if pitch >= 3 else 0.0
    with np.errstate(divide="ignore"):
        tall = np.clip((np.log10(shown) - low) * decade, 1.0, plot.height())
    bars = [
        QRectF(plot.left() + k * pitch, plot.bottom() - t, max(1.0, pitch - gap), t)
        for k, t in enumerate(tall.tolist())
    ]
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(theme.colour("weight"))
    painter.drawRects(bars)
    painter.setBrush(Qt.BrushStyle.NoBrush)
