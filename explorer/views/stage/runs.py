"""Paints runs back through time, the losses that enter them, and the handles that say where one begins."""

from __future__ import annotations

from functools import lru_cache
from math import ceil

from PySide6.QtCore import QPointF, QRectF, Qt

from rnncore.truncation import Sweep

from ...model.stage_cut import tracks_of
from ...model.stage_handles import CUTTING, Handle
from ...widgets.paint import arrow_head, crisp, pen
from .brush import Brush

KNOB = 5.0
"""Half the width of a handle on a run, in pixels at scale 1."""
#: How far apart overlapping runs lie, where there is room and where there is little, in pixels at scale 1.
_ROOMY, _TIGHT = 6.0, 4.0
#: From one handle to the next there is at least so much, in pixels at scale 1: nearer ones would be a chain.
_APART = 40.0


def paint_runs(brush: Brush, held: Handle | None, hovered: Handle | None) -> None:
    """Each run as a line from its last step back to its first, with a dot for each loss that enters it.

    Runs that overlap lie one below the other, as many as there is height for.
    """
    data, lay = brush.data, brush.layout
    own = data.cut.run if data.cut.loss is not None else None
    places = places_of(brush)
    tight = len({y for _, y in places}) > 1
    if places:
        brush.painter.save()
        area = QRectF(lay.gutter, 0.0, lay.room + 1, lay.height)
        brush.painter.setClipRect(area, Qt.ClipOperation.IntersectClip)
        for run, y in places:
            if brush.sees(lay.left(run.low), lay.right(run.high)):
                _run(brush, run, y, own is None or run == own, tight)
        brush.painter.restore()
    for handle in knobs(brush, held, hovered):
        _knob(brush, handle, handle in (held, hovered))


def knobs(brush: Brush, held: Handle | None = None, hovered: Handle | None = None) -> tuple[Handle, ...]:
    """The handles of runs' beginnings that are drawn: of those in sight as many as have room.

    What is in hand or pointed at goes first, then the one of the run on show; of the others every so-and-so-many-th.
    """
    lay, cut = brush.layout, brush.data.cut
    seen = begins_in_sight(brush)
    if not seen and (held is None or held.name in CUTTING):
        return ()
    apart = _APART * brush.theme.scale
    first = [h for h in (held, hovered) if h is not None and h.name not in CUTTING]
    if cut.run is not None and seen:
        after = cut.run.high + 1
        first.append(min(seen, key=lambda h: abs(h.boundary - after)))
    found: list[Handle] = []

    def free(handle: Handle) -> bool:
        place = handle.boundary
        return all(abs(place - other.boundary) * lay.column_width >= 0.6 * apart for other in found)

    for handle in first:
        if free(handle):
            found.append(handle)
    pitch = (seen[1].boundary - seen[0].boundary) * lay.column_width if len(seen) > 1 else apart
    every = max(1, ceil(apart / max(1.0, pitch)))
    return (*found, *[h for h in seen if h.origin % every == 0 and free(h)])


def begins_in_sight(brush: Brush) -> list[Handle]:
    """The handles of runs' beginnings that stand in sight, drawn or not: each can be taken hold of."""
    lay, handles = brush.layout, brush.data.cut.handles
    if handles and handles[-1].name in CUTTING:
        return []
    low, high = lay.visible.start, lay.visible.stop
    low += lay.left(low) < lay.gutter
    high -= lay.left(high) > lay.gutter + lay.room + 1
    return [h for h in handles if low <= h.boundary <= high and h.name not in CUTTING]


def places_of(brush: Brush) -> tuple[tuple[Sweep, float], ...]:
    """The runs that are drawn, each with the height at which it lies."""
    rows, scale, cut = brush.layout.rows, brush.theme.scale, brush.data.cut
    free = rows["output"].top - rows["bar"].bottom - 3.0
    own = cut.run if cut.loss is not None else None
    placed = _tracks(_Runs(cut.runs), max(1, 1 + int(free // (_TIGHT * scale))), own)
    last = max((place for place, _ in placed), default=0)
    pitch = min(_ROOMY * scale, free / last) if last else 0.0
    middle = brush.layout.run_lane - last / 2 * pitch
    return tuple((run, crisp(middle + place * pitch, brush.ratio)) for place, run in placed)


def run_at(brush: Brush, at: QPointF) -> Sweep | None:
    """The run that is drawn at a point, the nearest of those below one another; None where there is none."""
    lay = brush.layout
    near = [
        (abs(at.y() - y), -run.high, run)
        for run, y in places_of(brush)
        if abs(at.y() - y) <= 4.0 * brush.theme.scale and lay.left(run.low) <= at.x() <= lay.right(run.high)
    ]
    return min(near, key=lambda found: found[:2])[2] if near and lay.gutter <= at.x() <= lay.gutter + lay.room else None


class _Runs:
    """Runs that are the same where they are the same object: hundreds need not be compared at every step."""

    __slots__ = ("runs",)

    def __init__(self, runs: tuple[Sweep, ...]) -> None:
        self.runs = runs

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Runs) and self.runs is other.runs

    def __hash__(self) -> int:
        return id(self.runs)


@lru_cache(maxsize=4)
def _tracks(runs: _Runs, most: int, first: Sweep | None) -> tuple[tuple[int, Sweep], ...]:
    return tracks_of(runs.runs, most, first)


def knob_centre(brush: Brush, handle: Handle) -> QPointF:
    """Where the handle of a run's beginning stands."""
    lay = brush.layout
    x = min(max(float(lay.left(handle.boundary)), lay.gutter), lay.gutter + lay.room - KNOB)
    return QPointF(crisp(x, brush.ratio), crisp(lay.run_lane, brush.ratio))


def _run(brush: Brush, run: Sweep, y: float, lit: bool, tight: bool) -> None:
    lay, painter = brush.layout, brush.painter
    alpha = 1.0 if lit else 0.4
    wide = lay.column_width
    start, end = lay.right(run.high) - min(6.0, 0.3 * wide), lay.left(run.low) + min(5.0, 0.2 * wide)
    colour = brush.colour("gradient", alpha)
    painter.setPen(pen(colour, 1.5))
    painter.drawLine(QPointF(start, y), QPointF(end, y))
    if tight:  # where one run begins beside another
        painter.drawLine(QPointF(start, y - 2.0), QPointF(start, y + 2.0))
    arrow_head(painter, QPointF(end, y), -1.0, 0.0, colour, min(5.0 if tight else 6.0, 0.5 * wide))
    radius = min((2.0 if tight else 3.0) * brush.theme.scale, 0.3 * wide)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(brush.colour("loss", alpha))
    for t in run.losses:
        if not brush.data.scene.masked[t] and brush.sees(lay.left(t), lay.right(t)):
            painter.drawEllipse(QPointF((lay.left(t) + lay.right(t)) / 2, y), radius, radius)
    painter.setBrush(Qt.BrushStyle.NoBrush)


def _knob(brush: Brush, handle: Handle, hovered: bool) -> None:
    painter, size = brush.painter, KNOB * brush.theme.scale
    centre = knob_centre(brush, handle)
    if not brush.sees(centre.x() - size, centre.x() + size):
        return
    painter.setPen(pen(brush.colour("gradient"), 2.0 if hovered else 1.25))
    painter.setBrush(brush.colour("panel"))
    painter.drawRoundedRect(QRectF(centre.x() - size, centre.y() - size, 2 * size, 2 * size), 2.0, 2.0)
    painter.setPen(pen(brush.colour("gradient"), 1.0))
    for x in (-1.5, 1.5):
        painter.drawLine(centre + QPointF(x, -0.5 * size), centre + QPointF(x, 0.5 * size))
    painter.setBrush(Qt.BrushStyle.NoBrush)
