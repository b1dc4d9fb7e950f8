"""Where the horizon's curves are named: each beside its own, clear of every curve, of one another and of the cut."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QPainter

from ..theme.theme import Theme
from ..widgets.typeset import draw_named

KEY = 26
"""Pixels that a piece of a line takes before its name where that stands far from its curve."""
GAP = 3.0
"""Pixels between a name and a curve."""
STRIDE = 4
"""Pixels from one place that is tried to the next."""
NEAR = 7.0
"""A name so near to another curve as well leaves in doubt which it is of."""
Array = np.ndarray[Any, Any]


class Label(NamedTuple):
    """What is to be named: ``forms`` from the fullest to the shortest, ``curve`` its row among the curves."""

    forms: tuple[str, ...]
    curve: int
    token: str


class Placed(NamedTuple):
    """A name and where it stands; with a ``key`` a piece of its line goes before it."""

    text: str
    room: QRectF
    token: str
    key: bool
    curve: int = -1


def place(
    labels: Sequence[Label],
    curves: Array,
    area: QRectF,
    wide_of: Callable[[str], float],
    high: float,
    cut: float,
    kept: Sequence[QRectF] = (),
    dot: float = 3.0,
) -> list[Placed]:
    """Find a place for each label, or none: a name that would cross something is left out.

    ``curves`` (N, W) are the curves' y at each pixel of ``area``'s width, NaN where they do not run; the first has
    dots of the radius ``dot``. ``cut`` is the x of the cut line, NaN without one; ``kept`` are places that are taken
    already.
    """
    found: list[Placed] = []
    for label in labels:
        taken = [*kept, *(one.room for one in found)]
        beside, doubtful = None, None
        for text in label.forms:
            room, sure = _beside(label.curve, curves, area, wide_of(text) + 4, high, cut, taken, dot)
            if room is not None and sure:
                beside = Placed(text, room, label.token, False, label.curve)
                break
            if room is not None and doubtful is None:
                doubtful = Placed(text, room, label.token, False, label.curve)
        if beside is None and (doubtful is not None or label.curve):  # the one whole line alone needs no name
            beside = _in_a_key(label, curves, area, wide_of, high, cut, taken, dot) or doubtful
        if beside is not None:
            found.append(beside)
    return found


def _in_a_key(
    label: Label,
    curves: Array,
    area: QRectF,
    wide_of: Callable[[str], float],
    high: float,
    cut: float,
    taken: list[QRectF],
    dot: float,
) -> Placed | None:
    """The name with a piece of its line before it, away from all curves."""
    for text in label.forms:
        room = _anywhere(curves, area, wide_of(text) + KEY + 4, high, cut, taken, dot)
        if room is not None:
            return Placed(text, room, label.token, True, label.curve)
    return None


def _extent(curves: Array, wide: int, dot: float) -> tuple[Array, Array, Array]:
    """For each place that is tried its left edge, and the least and greatest y of each curve across the width."""
    windows = np.lib.stride_tricks.sliding_window_view(curves, wide, axis=1)[:, ::STRIDE]
    low = np.where(np.isnan(windows), np.inf, windows).min(axis=2)
    high = np.where(np.isnan(windows), -np.inf, windows).max(axis=2)
    low[0], high[0] = low[0] - dot, high[0] + dot
    return np.arange(windows.shape[1]) * STRIDE, low - GAP, high + GAP


def _free(left: Array, top: Array, wide: float, high: float, area: QRectF, cut: float, taken: list[QRectF]) -> Array:
    """Which places lie within the area, off the cut line and off what is taken."""
    x, right = area.left() + left, area.left() + left + wide
    free = (top >= area.top()) & (top + high <= area.bottom()) & (right <= area.right())
    if not np.isnan(cut):
        free &= (right < cut - 2) | (x > cut + 2)
    apart, below = 0.7 * high, 0.2 * high  # as words and lines of a text are
    for room in taken:
        free &= (
            (x > room.right() + apart)
            | (right < room.left() - apart)
            | (top > room.bottom() + below)
            | (top + high < room.top() - below)
        )
    return np.asarray(free)


def _clear(left_low: Array, left_high: Array, top: Array, high: float) -> Array:
    """Which places no curve crosses."""
    return np.asarray(~((left_low < top + high) & (left_high > top)).any(axis=0))


def _beside(
    curve: int, curves: Array, area: QRectF, wide: float, high: float, cut: float, taken: list[QRectF], dot: float
) -> tuple[QRectF | None, bool]:
    """The best place beside a curve, and whether it is near to no other: only where none is so, one in doubt."""
    if int(wide) >= curves.shape[1]:
        return None, False
    left, low, upper = _extent(curves, int(wide), dot)
    runs = np.flatnonzero(np.isfinite(curves[curve]) & (curves[curve] >= area.top()) & (curves[curve] <= area.bottom()))
    if not len(runs):
        return None, False
    # The curve itself is whole before the cut; behind it another may lie nearer to its dashes than they to their name.
    whole = runs[runs + area.left() < cut] if curve == 0 and not np.isnan(cut) else runs
    near = (whole if len(whole) else runs)[int(0.6 * (len(whole) - 1))]
    best, cost, sure = None, np.inf, False
    steep = upper[curve] - low[curve]
    for top in (low[curve] - high, upper[curve]):
        # It must hang on to the part of its curve that is seen.
        seen = np.isfinite(top) & (left < runs[-1]) & (left + wide > runs[0])
        free = seen & _free(left, top, wide, high, area, cut, taken) & _clear(low, upper, top, high)
        close = (low < top + high + NEAR) & (upper > top - NEAR)
        close[curve] = False
        doubt = close.any(axis=0)
        costs = np.abs(left + wide / 2 - near) + 2.0 * steep
        for places, certain in ((free & ~doubt, True), (free & doubt, False)):
            found = np.where(places, costs, np.inf)
            n = int(found.argmin())
            if np.isfinite(found[n]) and (certain, -float(found[n])) > (sure, -cost):
                sure, cost = certain, float(found[n])
                best = QRectF(area.left() + float(left[n]), float(top[n]), wide, high)
    return best, sure


def _anywhere(
    curves: Array, area: QRectF, wide: float, high: float, cut: float, taken: list[QRectF], dot: float
) -> QRectF | None:
    """The free place nearest to the lower left corner."""
    if int(wide) >= curves.shape[1]:
        return None
    left, low, upper = _extent(curves, int(wide), dot)
    for n in range(max(1, int((area.height() - high) / (high / 2)))):
        top = np.full(len(left), area.bottom() - high - 2 - n * high / 2)
        free = _free(left, top, wide, high, area, cut, taken) & _clear(low, upper, top, high) & (left >= 4)
        if free.any():
            return QRectF(area.left() + float(left[int(free.argmax())]), float(top[0]), wide, high)
    return None


def paint_name(painter: QPainter, theme: Theme, placed: Placed) -> None:
    """Print a name with a halo in the panel's colour, so that neither hatching nor grid lines run through it."""
    room = placed.room.adjusted(KEY if placed.key else 0, 0, 0, 0)
    font = painter.font()
    painter.setPen(theme.colour("panel"))
    for dx, dy in ((-1.5, 0), (1.5, 0), (0, -1.5), (0, 1.5), (-1, -1), (1, 1), (-1, 1), (1, -1)):
        draw_named(painter, room.translated(dx, dy), placed.text, font, 0.5)
    painter.setPen(theme.colour(placed.token))
    draw_named(painter, room, placed.text, font, 0.5)


def key_of(placed: Placed) -> tuple[QPointF, QPointF]:
    """Both ends of the piece of line before a name."""
    y = placed.room.center().y()
    return QPointF(placed.room.left(), y), QPointF(placed.room.left() + KEY - 4, y)
