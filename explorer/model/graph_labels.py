"""Where the numbers beside the boxes of a drawn graph find room."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from .graph_curves import Point
from .graph_routes import Box, Drawing, Rect

#: Between a label and its own box; what is not its own must be further away than that by the margin.
_GAPS = (2.0, 4.0, 7.0)
_MARGIN = 1.5
#: More of it below a box, where another box's edge comes up beside the label.
_MARGIN_BELOW = 7.0
#: Between a label and an edge of its own box, and between two labels.
_FROM_OWN, _BETWEEN = 2.0, 2.0
#: Between a label and any edge, where the graph is crowded.
_CLOSE = 1.5
_TRIED = 6

Floats = NDArray[np.float64]


def place_labels(
    drawing: Drawing, sizes: Mapping[str, tuple[float, float]], taken: Iterable[Rect] = (), *, close: bool = False
) -> dict[str, Rect]:
    """A place beside each box of ``sizes`` (box key -> width, height of its label) where nobody can mistake it.

    A label stands nearer to its own box than to any other box and to any edge that neither begins nor ends there;
    it covers no box, no curve and no other label. A box without such a place gets none: its numbers are told
    when it is pointed at. Boxes with the fewest places choose first. ``close`` lets a label come
    nearer to other boxes' edges than to its own box, but not onto them.
    """
    curves = {(e.source, e.target, n): np.array(e.samples(24)) for n, e in enumerate(drawing.edges)}
    free = {key: _places(drawing, curves, drawing.box(key), *size, close) for key, size in sizes.items()}
    for rect in taken:
        free = {k: [r for r in rects if apart(r, rect) >= _BETWEEN] for k, rects in free.items()}
    placed: dict[str, Rect] = {}
    while free:
        key = min(free, key=lambda k: len(free[k]))
        choice = free.pop(key)[:_TRIED]
        if not choice:
            continue
        # Of places that are about as good the one that leaves the others most room.
        rivals = [r for rects in free.values() for r in rects[:_TRIED]]
        costs = [2 * n + sum(apart(c, r) < _BETWEEN for r in rivals) for n, c in enumerate(choice)]
        chosen = placed[key] = choice[costs.index(min(costs))]
        free = {k: [r for r in rects if apart(r, chosen) >= _BETWEEN] for k, rects in free.items()}
    return {key: placed[key] for key in sizes if key in placed}


def _places(
    drawing: Drawing, curves: Mapping[tuple[str, str, int], Floats], box: Box, w: float, h: float, close: bool
) -> list[Rect]:
    """Every unmistakable place of a label of this size, the best first."""
    corners = np.array(list(dict.fromkeys(_candidates(box, w, h))))
    size, limit = np.array([w, h]), np.array([drawing.width, drawing.height])
    inside = (corners >= 0).all(axis=1) & (corners + size <= limit).all(axis=1)
    rects = np.hstack([corners[inside], np.broadcast_to(size, (int(inside.sum()), 2))])
    if not len(rects):
        return []
    near = distances(rects, np.array([box.rect])) + _MARGIN
    below = rects[:, 1] > box.y
    others = np.array([b.rect for b in drawing.boxes if b.key != box.key])
    # What lies further from all places than any of them asks for need not be looked at.
    reach = max(float(near.max()), _FROM_OWN)
    low, high = rects[:, :2].min(axis=0) - reach, (rects[:, :2] + size).max(axis=0) + reach
    own = as_rects([curves[k] for k in curves if box.key in k[:2]], low, high)
    foreign = as_rects([curves[k] for k in curves if box.key not in k[:2]], low, high)
    good = distances(rects, others) >= near + np.where(below & (not close), _MARGIN_BELOW, 0.0)
    good &= distances(rects, foreign) >= (_CLOSE if close else near)
    good &= distances(rects, own) >= _FROM_OWN
    return [(float(x), float(y), w, h) for x, y in rects[good, :2]]


def _candidates(box: Box, w: float, h: float) -> Iterator[Point]:
    """Above first, for there goes what the box computes; then beside it and below."""
    left, top, wide, high = box.rect
    right, bottom = left + wide, top + high
    for gap in _GAPS:
        yield from _along(box, w, top - h - gap)
        for lift in (0.8, 0.5, 0.2, 1.0, 0.0, 0.65, 0.35, 1.2, -0.2):
            yield right + gap, box.y - lift * h
            yield left - gap - w, box.y - lift * h
        yield from _along(box, w, bottom + gap)


def _along(box: Box, w: float, y: float) -> Iterator[Point]:
    """Places in the line at ``y``, the nearest first."""
    for slide in (0.0, 4.0, 8.0, 12.0, 16.0, -4.0, 20.0, 25.0, 30.0):
        yield box.x + _FROM_OWN + slide, y
        yield box.x - w - _FROM_OWN - slide, y
    yield box.x - w / 2, y


def as_rects(curves: Sequence[Floats], low: Floats, high: Floats) -> Floats:
    """(n, 4): the points of some curves (…, 2) between two corners, as rectangles without extent."""
    points = np.concatenate([np.zeros((0, 2)), *curves])
    points = points[((points >= low) & (points <= high)).all(axis=1)]
    return np.hstack([points, np.zeros_like(points)])


def distances(rects: Floats, others: Floats) -> Floats:
    """(n, 4), (m, 4) → (n,): how far each rectangle is from the nearest of the others; ∞ when there are none."""
    if not len(others):
        return np.full(len(rects), np.inf)
    x, y, w, h = rects.T[:, :, None]
    left, top, wide, high = others.T[:, None, :]
    across = np.maximum(np.maximum(left - x - w, x - left - wide), 0.0)
    down = np.maximum(np.maximum(top - y - h, y - top - high), 0.0)
    return np.asarray(np.hypot(across, down).min(axis=1))


def apart(a: Rect, b: Rect) -> float:
    """Distance between two rectangles; 0 where they touch or overlap."""
    across = max(0.0, b[0] - a[0] - a[2], a[0] - b[0] - b[2])
    down = max(0.0, b[1] - a[1] - a[3], a[1] - b[1] - b[3])
    return float((across * across + down * down) ** 0.5)


def place_in_forms(
    drawing: Drawing, keys: Sequence[str], forms: Sequence[tuple[float, float]], taken: Sequence[Rect] = ()
) -> dict[str, tuple[Rect, int]]:
    """A place beside each box of ``keys`` with the number of the form that its label has there.

    ``forms`` are sizes (width, height) from the best to the least; a box that has no room for one form is tried with
    the next, after all boxes that have. Before the last of several, labels are let close to other boxes' edges.
    """
    placed: dict[str, tuple[Rect, int]] = {}
    rounds = [(form, False) for form in range(len(forms))]
    if len(forms) > 2:
        rounds[-1:-1] = [(form, True) for form in range(1, len(forms) - 1)]
    for form, close in rounds:
        wanted = {key: forms[form] for key in keys if key not in placed}
        if wanted:
            found = place_labels(drawing, wanted, [*taken, *(rect for rect, _ in placed.values())], close=close)
            placed |= {key: (rect, form) for key, rect in found.items()}
    return placed
