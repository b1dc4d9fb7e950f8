"""How far to the right the boxes of an arranged graph stand: each near what it is joined to, none on its neighbour."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import accumulate, pairwise

from .graph_curves import mean, pooled
from .graph_layout import arranged

GAPS = (52.0, 44.0, 36.0, 28.0, 20.0, 12.0, 6.0)
"""Between neighbours in a row, at scale 1, from the ease of a large panel to the least."""
_THIN = 16.0
"""The most beside the point that an edge passes through."""
_FIRST = 90.0
"""Between neighbours before any has moved."""
_SWEEPS = 60
_STILL = 0.02
"""Pixels by which boxes still move against one another when nothing is left to follow."""

Columns = dict[int, float]
Widths = tuple[tuple[int, float], ...]


def widest(cell: str, widths: Widths, em: float, room: float) -> tuple[Columns, float, float]:
    """The columns with the widest of :data:`GAPS` for which there is ``room``, or the least, and their two ends.

    ``cell`` is a cell's text and ``widths`` the width of each of its boxes. More room between neighbours makes the
    whole wider: half of the gaps are passed over at each try.
    """
    low, high = 0, len(GAPS) - 1  # the first of them that has room is sought; the last is taken in any case
    found = _columns(cell, widths, GAPS[high] * em, em)
    while low < high and _fits(found, widths, room):
        middle = (low + high) // 2
        gap = GAPS[middle] * em
        if _least(cell, widths, gap, em) <= room and _fits(tried := _columns(cell, widths, gap, em), widths, room):
            high, found = middle, tried
        else:
            low = middle + 1
    return dict(found), *_ends(found, widths)


def _least(cell: str, widths: Widths, gap: float, em: float) -> float:
    """The room of the widest row by itself: no columns with this gap take less."""
    wide = dict(widths)
    return max((sum(wide[i] for i in row) + sum(_between(row, gap, em)) for row in arranged(cell).rows), default=0.0)


def _between(row: Sequence[int], gap: float, em: float) -> list[float]:
    """The gaps of a row: less beside points that edges pass through."""
    thin = min(gap, _THIN * em)
    return [gap if a >= 0 and b >= 0 else thin for a, b in pairwise(row)]


def _ends(columns: Columns, widths: Widths) -> tuple[float, float]:
    left = min((columns[i] - wide / 2 for i, wide in widths), default=0.0)
    return left, max((columns[i] + wide / 2 for i, wide in widths), default=0.0)


def _fits(columns: Columns, widths: Widths, room: float) -> bool:
    left, right = _ends(columns, widths)
    return right - left <= room


@lru_cache(maxsize=256)
def _columns(cell: str, widths: Widths, gap: float, em: float) -> Columns:
    """Let every box follow what it is joined to: above and below itself, or beside it in its row."""
    plan, wide = arranged(cell), dict(widths)
    row = {i: r for r, boxes in enumerate(plan.rows) for i in boxes}

    def gaps(boxes: Sequence[int]) -> list[float]:
        between = _between(boxes, gap, em)
        return [(wide[a] + wide[b]) / 2 + more for (a, b), more in zip(pairwise(boxes), between, strict=True)]

    near: dict[int, list[tuple[int, float]]] = {i: [] for i in row}
    for link in plan.links:
        for a, b in pairwise([link.source, *plan.chains.get(link, ()), link.target]):
            if a in near and b in near:
                beside = gaps((a, b))[0] if row[a] == row[b] else 0.0
                near[a].append((b, -beside))
                near[b].append((a, beside))
    x = {i: (n - (len(boxes) - 1) / 2) * _FIRST * em for boxes in plan.rows for n, i in enumerate(boxes)}
    rows = [(boxes, list(accumulate(gaps(boxes), initial=0.0))) for boxes in plan.rows if boxes]
    before = list(x.values())
    for sweep in range(_SWEEPS):
        for boxes, offsets in rows if sweep % 2 else reversed(rows):
            wish = [mean([x[j] + away for j, away in near[i]], x[i]) for i in boxes]
            levels = pooled([w - offset for w, offset in zip(wish, offsets, strict=True)])
            for i, level, offset in zip(boxes, levels, offsets, strict=True):
                x[i] = level + offset
        if sweep % 2:
            # One sweep up and one down may move the whole for ever: what counts is the place of each among the others.
            moved = [a - b for a, b in zip(x.values(), before, strict=True)]
            if max(moved, default=0.0) - min(moved, default=0.0) < _STILL:
                break
            before = list(x.values())
    return x
