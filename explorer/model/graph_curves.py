"""The curves and spacings that a drawn graph is made of."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, pairwise

Point = tuple[float, float]


def mean(values: Sequence[float], otherwise: float) -> float:
    return sum(values) / len(values) if values else otherwise


def spread(wish: Sequence[float], gaps: Sequence[float], bounds: tuple[float, float] | None = None) -> list[float]:
    """The places nearest to ``wish`` (least squares) that keep their order and at least ``gaps`` between them.

    By pooling adjacent violators (Barlow et al. 1972), after the gaps are taken off. ``bounds`` limit the first
    place from below and the last from above; where there is no room for all, the first bound wins.
    """
    offsets = list(accumulate(gaps, initial=0.0))
    levels = pooled([w - offset for w, offset in zip(wish, offsets, strict=False)])
    if bounds is not None:
        high = max(bounds[0], bounds[1] - offsets[len(levels) - 1]) if levels else 0.0
        levels = [min(max(v, bounds[0]), high) for v in levels]
    return [v + offset for v, offset in zip(levels, offsets, strict=False)]


def pooled(wish: Sequence[float]) -> list[float]:
    """The values nearest to ``wish`` (least squares) of which none is less than the one before it."""
    levels: list[float] = []
    counts: list[int] = []
    for level in wish:
        count = 1
        while levels and levels[-1] > level:
            more = counts.pop()
            level = (levels.pop() * more + level * count) / (more + count)
            count += more
        levels.append(level)
        counts.append(count)
    if len(levels) == len(wish):
        return levels
    return [level for level, count in zip(levels, counts, strict=True) for _ in range(count)]


def line(start: Point, end: Point) -> list[Point]:
    third = ((end[0] - start[0]) / 3, (end[1] - start[1]) / 3)
    return [start, (start[0] + third[0], start[1] + third[1]), (end[0] - third[0], end[1] - third[1]), end]


def smooth(points: Sequence[Point]) -> list[Point]:
    """Pieces with vertical tangents through ``points``."""
    path = [points[0]]
    for a, b in pairwise(points):
        bend = 0.5 * (b[1] - a[1])
        path += [(a[0], a[1] + bend), (b[0], b[1] - bend), b]
    return path


def rounded(points: Sequence[Point], radius: float) -> list[Point]:
    """Straight pieces with rounded corners."""
    path = [points[0]]
    for before, corner, after in zip(points, points[1:], points[2:], strict=False):
        enter, leave = _towards(corner, before, radius), _towards(corner, after, radius)
        path += line(path[-1], enter)[1:]
        path += [_towards(enter, corner, radius * 0.6), _towards(leave, corner, radius * 0.6), leave]
    return path + line(path[-1], points[-1])[1:]


def _towards(start: Point, end: Point, distance: float) -> Point:
    length = ((end[0] - start[0]) ** 2 + (end[1] - start[1]) ** 2) ** 0.5
    share = min(0.5, distance / length) if length else 0.0
    return start[0] + (end[0] - start[0]) * share, start[1] + (end[1] - start[1]) * share
