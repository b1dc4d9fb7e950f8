"""The curves of the loss in pixels: at most one stroke for a column, whatever the number of updates."""

from __future__ import annotations

from typing import Any

import numpy as np
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from ..model.loss_data import LossFrame
from ..model.loss_lines import Line
from ..theme.theme import Theme
from ..widgets.paint import pen
from .loss_axes import View

Array = np.ndarray[Any, Any]
APART = 3
"""Pixels between two points of a smoothed curve."""
DASH, GAP = 4, 2
"""B's line: so many points with a stroke, and so many without."""
DOTS = 80
"""Up to so many evaluations each has a dot."""


def strokes(shown: View, raw: Array, left: float = -np.inf, right: float = np.inf) -> Array:
    """The losses ``raw`` (3, n) as strokes (m, 4) x₁ y₁ x₂ y₂ in pixels, at most two for each column of pixels.

    Those between ``left`` and ``right`` alone, and somewhat more.
    """
    update, low, high = raw
    seen = _seen(shown, update, left, right)
    x, low, high = shown.x(update[seen]), shown.y(low[seen]), shown.y(high[seen])
    single = np.array_equal(low, high, equal_nan=True)
    column = np.floor(x).astype(np.int64)
    per_update = shown.area.width() / (shown.last - shown.first)
    starts = np.flatnonzero(np.diff(column, prepend=column[:1] - 1)) if len(x) else np.empty(0, np.int64)
    if single and per_update > 0.7:
        lines = np.stack([x[:-1], high[:-1], x[1:], high[1:]], axis=1) if len(x) > 1 else np.empty((0, 4))
        return lines[np.isfinite(lines).all(axis=1)]
    # A point stands for several updates: a stroke from their least to their greatest loss.
    with np.errstate(invalid="ignore"):
        top, foot = np.fmin.reduceat(high, starts), np.fmax.reduceat(low, starts)
    x = np.floor(x[starts]) + 0.5
    lines = np.stack([x, np.minimum(top, foot - 1), x, foot], axis=1)
    return lines[np.isfinite(lines).all(axis=1)]


def points(shown: View, curve: Array, left: float = -np.inf, right: float = np.inf) -> list[Array]:
    """A curve (2, n) as pieces without gaps, (m, 2) in pixels, one point for each :data:`APART` pixels."""
    update, loss = curve[0], curve[1]
    seen = _seen(shown, update, left, right)
    x, y = shown.x(update[seen]), shown.y(loss[seen])
    if len(x) > 2:
        column = np.floor(x / APART).astype(np.int64)
        kept = np.diff(column, prepend=column[:1] - 1) > 0
        kept[-1] = True
        kept |= ~np.isfinite(y)
        x, y = x[kept], y[kept]
    cuts = np.flatnonzero(~np.isfinite(y))
    pieces = np.split(np.stack([x, y], axis=1), cuts) if len(x) else []
    whole = [p[np.isfinite(p[:, 1])] for p in pieces]
    return [p for p in whole if len(p)]


def paint_curves(painter: QPainter, theme: Theme, frame: LossFrame, shown: View, left: float, right: float) -> None:
    """What lies between two pixels of every line: others thin, B dashed, then the one on show, and its evaluations."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    for line in frame.others:
        colour = theme.colour("weight" if line.branch else "loss", 0.75)
        _draw(painter, points(shown, line.points, left, right), colour, 1.2)
    for start, stop, token in segments(frame, shown):
        if stop <= left or start >= right:
            continue
        painter.save()
        clip = QRectF(start, shown.area.top() - 4, stop - start, shown.area.height() + 8)
        painter.setClipRect(clip, Qt.ClipOperation.IntersectClip)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setPen(pen(theme.colour(token, 0.42)))
        lines = strokes(shown, frame.raw, max(left, start), min(right, stop))
        painter.drawLines([QLineF(*row) for row in lines.tolist()])
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        _draw(painter, points(shown, frame.smooth, max(left, start), min(right, stop)), theme.colour(token), 2.4)
        painter.restore()
    if frame.beside is not None:
        _draw_dashed(painter, points(shown, frame.beside.points, left, right), theme.colour("good"))
    pieces = points(shown, frame.valid, left, right)
    _draw(painter, pieces, theme.colour("value"), 1.4)
    if frame.valid.shape[1] <= DOTS:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.colour("value"))
        for x, y in (p for piece in pieces for p in piece.tolist()):
            painter.drawEllipse(QPointF(x, y), 2.5, 2.5)
        painter.setBrush(Qt.BrushStyle.NoBrush)


def segments(frame: LossFrame, shown: View) -> list[tuple[float, float, str]]:
    """The line on show in pieces (from pixel, to pixel, colour): up to its first branch, and from there on."""
    left, right = shown.area.left() - 2, shown.area.right() + 2
    if not frame.branches:
        return [(left, right, "loss")]
    at = float(shown.x(np.array(float(frame.branches[0][0]))))
    edge = float(np.round(min(max(at, left), right)))
    return [(a, b, token) for a, b, token in ((left, edge, "loss"), (edge, right, "weight")) if b > a]


def nearest_line(frame: LossFrame, shown: View, at: QPointF, reach: float) -> Line | None:
    """The line that was left and runs within ``reach`` pixels of ``at``, nearer than the one on show; else None."""
    update = shown.first + (at.x() - shown.area.left()) / shown.area.width() * (shown.last - shown.first)
    n = int(np.searchsorted(frame.smooth[0], update))
    away = np.inf
    if n < frame.smooth.shape[1] and np.isfinite(frame.smooth[1, n]):
        away = abs(float(shown.y(frame.smooth[1, n])) - at.y())
    found = None
    for line in frame.others:
        loss = line.at(update)
        distance = abs(float(shown.y(np.array(loss))) - at.y()) if np.isfinite(loss) else np.inf
        if distance <= reach and distance < away:
            found, away = line, distance
    return found


def _draw(painter: QPainter, pieces: list[Array], colour: QColor, width: float) -> None:
    painter.setPen(QPen(colour, width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
    for piece in pieces:
        # As lines of their own: the outline of one long wide curve takes many times as long.
        ends = np.hstack([piece[:-1], piece[1:]]) if len(piece) > 1 else np.hstack([piece, piece])
        painter.drawLines([QLineF(*row) for row in ends.tolist()])


def _draw_dashed(painter: QPainter, pieces: list[Array], colour: QColor) -> None:
    """Dashes that stay where they are when the line grows: by the columns of pixels that they lie in."""
    painter.setPen(QPen(colour, 2.0, Qt.PenStyle.SolidLine, Qt.PenCapStyle.FlatCap))
    for piece in pieces:
        if len(piece) == 1:
            painter.drawPoint(QPointF(*piece[0]))
            continue
        inner = np.arange(np.ceil(piece[0, 0] / APART), piece[-1, 0] / APART) * APART
        x = np.unique(np.concatenate([piece[:1, 0], inner, piece[-1:, 0]]))
        y = np.interp(x, piece[:, 0], piece[:, 1])
        drawn = np.floor(x[:-1] / APART) % (DASH + GAP) < DASH
        ends = np.stack([x[:-1], y[:-1], x[1:], y[1:]], axis=1)[drawn]
        painter.drawLines([QLineF(*row) for row in ends.tolist()])


def _seen(shown: View, updates: Array, left: float, right: float) -> slice:
    """Which of some ascending updates lie within the view and between two pixels, and a few more on either side."""
    per_pixel = (shown.last - shown.first) / shown.area.width()
    first = max(shown.first, shown.first + (left - shown.area.left() - 4 * APART) * per_pixel)
    last = min(shown.last, shown.first + (right - shown.area.left() + 4 * APART) * per_pixel)
    low, high = np.searchsorted(updates, [first, last])
    return slice(max(0, int(low) - 1), int(high) + 2)
