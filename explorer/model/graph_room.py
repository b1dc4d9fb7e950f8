"""What stands in the way on a drawn graph, and how far rectangles are from it.

Thousands of places are measured against thousands of points of curves while a graph is laid out: whoever asks first
sorts out what boxes forbid, and hands over what is left.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import field
from functools import lru_cache
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from rnncore.frozen import dataclass

from .graph_routes import Drawing, Rect

Key = TypeVar("Key", bound=Hashable)
Floats = NDArray[np.float64]
Places = NDArray[np.float64]
"""(n, 4): left, top, width and height of rectangles that have all the same size."""


@dataclass(frozen=True, eq=False, slots=True)
class Curves:
    """The edges of a drawing as points: all of them (M, 2), the edge of each (M,), and the points edge by edge."""

    drawing: Drawing
    points: Floats
    edges: NDArray[np.intp]
    of: tuple[Floats, ...]
    kept: dict[Hashable, tuple[Floats, ...]] = field(default_factory=dict)
    """What was measured on this drawing; whoever measures chooses the keys."""

    def only(self, wanted: Sequence[bool]) -> Floats:
        """(m, 2): the points of the edges that are ``wanted``."""
        return self.points[np.array(wanted, dtype=bool)[self.edges]]

    def own_and_foreign(self, box: str) -> tuple[Floats, Floats]:
        """The points of the edges that begin or end at a box, and those of all others."""
        own = [box in (edge.source, edge.target) for edge in self.drawing.edges]
        return self.only(own), self.only([not mine for mine in own])

    def once(self, key: Hashable, measure: Callable[[], tuple[Floats, ...]]) -> tuple[Floats, ...]:
        """What ``measure()`` gives, or gave before for the same ``key``."""
        if key not in self.kept:
            self.kept[key] = measure()
        return self.kept[key]


@lru_cache(maxsize=4)
def curves(drawing: Drawing) -> Curves:
    """The points of a drawing's edges; those of the drawings asked for last are kept."""
    of = tuple(np.array(edge.samples(24)) for edge in drawing.edges)
    numbers = np.repeat(np.arange(len(of)), [len(points) for points in of])
    return Curves(drawing, np.concatenate([np.zeros((0, 2)), *of]), numbers, of)


def from_points(places: Places, points: Floats, reach: float) -> Floats:
    """(n,): how far each place is from the nearest point; ∞ for what is nowhere nearer than ``reach`` to any."""
    if not len(places):
        return np.zeros(0)
    size = places[0, 2:]
    low, high = places[:, :2].min(axis=0) - reach, places[:, :2].max(axis=0) + size + reach
    near = points[((points >= low) & (points <= high)).all(axis=1)]
    if not len(near):
        return np.full(len(places), np.inf)
    squares = None
    for axis in (0, 1):
        away = np.abs((places[:, axis] + size[axis] / 2)[:, None] - near[:, axis])
        away -= size[axis] / 2
        np.maximum(away, 0.0, out=away)
        away *= away
        squares = away if squares is None else np.add(squares, away, out=squares)
    assert squares is not None
    return np.asarray(np.sqrt(squares.min(axis=1)))


def from_rects(places: Places, others: Floats) -> Floats:
    """(n, 4), (m, 4) → (n,): how far each rectangle is from the nearest of the others; ∞ when there are none."""
    if not len(others):
        return np.full(len(places), np.inf)
    return np.asarray(np.sqrt(_pairwise(places, others).min(axis=1)))


def _pairwise(places: Places, others: Floats) -> Floats:
    """(n, 4), (m, 4) → (n, m): the squares of all distances; 0 where two touch or overlap."""
    x, y, w, h = places.T[:, :, None]
    left, top, wide, high = others.T[:, None, :]
    across = np.maximum(np.maximum(left - x - w, x - left - wide), 0.0)
    down = np.maximum(np.maximum(top - y - h, y - top - high), 0.0)
    return np.asarray(across * across + down * down)


def as_places(corners: list[tuple[float, float]], size: tuple[float, float], drawing: Drawing) -> Places:
    """The rectangles of ``size`` at those of ``corners`` (upper left) at which they are within the drawing."""
    if not corners:
        return np.zeros((0, 4))
    at, extent = np.array(corners), np.array(size)
    inside = (at >= 0).all(axis=1) & (at + extent <= (drawing.width, drawing.height)).all(axis=1)
    return np.hstack([at[inside], np.broadcast_to(extent, (int(inside.sum()), 2))])


def choose(free: Mapping[Key, Places], tried: int, between: float) -> dict[Key, Rect]:
    """One of its places for each key, all of them ``between`` apart; a key for which none is left gets none.

    Who has the fewest places chooses first; of the first ``tried`` that one which leaves the others most room.
    """
    left, placed = dict(free), {}
    while left:
        key = min(left, key=lambda k: len(left[k]))
        choice = left.pop(key)[:tried]
        if not len(choice):
            continue
        rivals = np.concatenate([np.zeros((0, 4)), *(places[:tried] for places in left.values())])
        costs = 2 * np.arange(len(choice)) + (_pairwise(choice, rivals) < between * between).sum(axis=1)
        chosen = choice[int(costs.argmin())]
        placed[key] = (float(chosen[0]), float(chosen[1]), float(chosen[2]), float(chosen[3]))
        # What is near the one that was chosen is lost to all others, at one go.
        all_left = np.concatenate([np.zeros((0, 4)), *left.values()])
        good = _pairwise(all_left, chosen[None, :])[:, 0] >= between * between
        begin = 0
        for other, places in left.items():
            left[other] = places[good[begin : begin + len(places)]]
            begin += len(places)
    return placed
