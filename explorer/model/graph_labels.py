"""Where the numbers beside the boxes of a drawn graph find room."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np

from .graph_curves import Point
from .graph_room import Curves, Floats, Places, as_places, choose, curves, from_points, from_rects
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
#: How far a label is slid along its box, the best first; and where another place is dearer than a good look.
_SLIDES = (0.0, 4.0, 8.0, 12.0, 16.0, -4.0, 20.0, 25.0, 30.0)
_FINE = (*_SLIDES, 2.0, -2.0, 6.0, 10.0)


def place_labels(
    drawing: Drawing,
    sizes: Mapping[str, tuple[float, float]],
    taken: Iterable[Rect] = (),
    *,
    close: bool = False,
    slides: Sequence[float] = _SLIDES,
) -> dict[str, Rect]:
    """A place beside each box of ``sizes`` (box key -> width, height of its label) where nobody can mistake it.

    A label stands nearer to its own box than to any other box and to any edge that neither begins nor ends there;
    it covers no box, no curve and no other label. A box without such a place gets none: its numbers are told
    when it is pointed at. Boxes with the fewest places choose first. ``close`` lets a label come
    nearer to other boxes' edges than to its own box, but not onto them.
    """
    occupied, known = np.array(list(taken)).reshape(-1, 4), curves(drawing)
    free = {
        key: _places(drawing, known, drawing.box(key), size, close, occupied, slides) for key, size in sizes.items()
    }
    placed = choose(free, _TRIED, _BETWEEN)
    return {key: placed[key] for key in sizes if key in placed}


def _places(
    drawing: Drawing,
    known: Curves,
    box: Box,
    size: tuple[float, float],
    close: bool,
    occupied: Places,
    slides: Sequence[float],
) -> Places:
    """Every unmistakable place of a label of this size, the best first."""
    key = box.key, size, len(slides)
    rects, near, boxes, foreign = known.once(key, lambda: _measured(drawing, known, box, size, slides))
    if close:
        good = foreign >= _CLOSE
    else:
        below = rects[:, 1] > box.y
        good = (foreign >= near) & (boxes >= near + np.where(below, _MARGIN_BELOW, 0.0))
    rects = rects[good]
    return rects[from_rects(rects, occupied) >= _BETWEEN]


def _measured(
    drawing: Drawing, known: Curves, box: Box, size: tuple[float, float], slides: Sequence[float]
) -> tuple[Floats, ...]:
    """The places that neither boxes nor its own edges forbid; what they ask for, and how far boxes and edges are."""
    rects = as_places(list(dict.fromkeys(_candidates(box, *size, slides))), size, drawing)
    near = from_rects(rects, np.array([box.rect])) + _MARGIN
    boxes = from_rects(rects, np.array([b.rect for b in drawing.boxes if b.key != box.key]))
    good = boxes >= near
    rects, near, boxes = rects[good], near[good], boxes[good]
    own, others = known.own_and_foreign(box.key)
    good = from_points(rects, own, _FROM_OWN) >= _FROM_OWN
    rects, near, boxes = rects[good], near[good], boxes[good]
    return rects, near, boxes, from_points(rects, others, float(near.max(initial=_CLOSE)))


def _candidates(box: Box, w: float, h: float, slides: Sequence[float]) -> Iterator[Point]:
    """Above first, for there goes what the box computes; then beside it and below."""
    left, top, wide, high = box.rect
    right, bottom = left + wide, top + high
    for gap in _GAPS:
        yield from _along(box, w, top - h - gap, slides)
        for lift in (0.8, 0.5, 0.2, 1.0, 0.0, 0.65, 0.35, 1.2, -0.2):
            yield right + gap, box.y - lift * h
            yield left - gap - w, box.y - lift * h
        yield from _along(box, w, bottom + gap, slides)


def _along(box: Box, w: float, y: float, slides: Sequence[float]) -> Iterator[Point]:
    """Places in the line at ``y``, the nearest first."""
    for slide in slides:
        yield box.x + _FROM_OWN + slide, y
        yield box.x - w - _FROM_OWN - slide, y
    yield box.x - w / 2, y


def place_in_forms(
    drawing: Drawing, keys: Sequence[str], forms: Sequence[tuple[float, float]], taken: Sequence[Rect] = ()
) -> dict[str, tuple[Rect, int]]:
    """A place beside each box of ``keys`` with the number of the form that its label has there.

    ``forms`` are sizes (width, height) from the best to the least; a box that has no room for one form is tried with
    the next, after all boxes that have. Of three and more the last two are makeshifts: before the first of them, labels
    in better forms are let close to other boxes' edges, and itself before the last.
    """
    placed: dict[str, tuple[Rect, int]] = {}
    good, rest = max(1, len(forms) - 2), range(len(forms))
    rounds = [(form, False) for form in rest[:good]]
    if len(forms) > 2:
        rounds += [*((form, True) for form in rest[1:good]), (good, False), (good, True)]
    rounds += [(len(forms) - 1, False)] * (len(forms) > 1)
    for form, close in rounds:
        wanted = {key: forms[form] for key in keys if key not in placed}
        if wanted:
            occupied = [*taken, *(rect for rect, _ in placed.values())]
            slides = _FINE if form >= good else _SLIDES
            found = place_labels(drawing, wanted, occupied, close=close, slides=slides)
            placed |= {key: (rect, form) for key, rect in found.items()}
    return placed
