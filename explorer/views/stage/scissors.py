"""Where the scissors of the cut stand on the stage, and which of them can be taken hold of."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF

from ...model.stage_handles import CUTTING, Handle
from ...model.stage_layout import Detail
from ...model.stage_records import StageData
from ...widgets.paint import crisp
from .brush import Brush
from .bundle import snip_lane
from .gutter import state_area
from .runs import KNOB, begins_in_sight, knob_centre, knobs


def badge_centre(brush: Brush, boundary: int) -> QPointF:
    """Where the scissors of ``boundary`` stand; those that cut nothing yet wait before the initial state."""
    lay = brush.layout
    x = float(min(max(lay.left(boundary), lay.gutter), lay.gutter + lay.room))
    if boundary == 0:
        # Left of the initial state, or of the first column where that is folded away; never on the row labels.
        beside = badge_radius(brush, 0) + 1.0
        x = max(lay.gutter + beside, float(lay.left(0)))
        if lay.lead and lay.wait:
            x = lay.lead_left + lay.lead_spans[0].x - beside - 1.0
        if lay.lead and not lay.wait:
            x = max(lay.gutter, lay.lead_left) - beside - 1.0
        if lay.detail > Detail.HEAT and (label := state_area(brush)).right() > x - beside:
            below = lay.rows["state"].bottom + 2.0
            if lay.credit_lane - beside < label.bottom() and below - beside >= label.bottom():
                return QPointF(crisp(x, brush.ratio), below)
            if lay.credit_lane - beside < label.bottom() and lay.lead:  # between the label and the initial state
                x = (label.right() + lay.lead_left + lay.lead_spans[0].x) / 2
    return QPointF(crisp(x, brush.ratio), snip_lane(brush.data, lay, boundary))


def badge_radius(brush: Brush, boundary: int) -> float:
    """How large the scissors of ``boundary`` are: those that wait beside a long row label are small."""
    lay = brush.layout
    # Smaller, too, where they stand between lanes that flow past them and the words below.
    apart = snip_lane(brush.data, lay, boundary) != lay.credit_lane
    usual = (12.0 if lay.detail >= Detail.TARGET and not apart else 9.0) * brush.theme.scale
    if boundary == 0 and brush.data.scene.group > 1 and lay.lead and lay.low:
        free = lay.lead_left + lay.lead_spans[0].x - state_area(brush).right()
        return min(usual, max(7.0, free / 2 - 2.0))
    return usual


def handle_at(brush: Brush, at: QPointF) -> Handle | None:
    """The handle that can be taken hold of at a point: scissors on a border, or the beginning of a run."""
    drawn = badges(brush, None)
    for handle in brush.data.cut.scissors:
        if handle.boundary in drawn and in_sight(brush, handle.boundary):
            reach = badge_radius(brush, handle.boundary) + 3.0
            if _far(at, badge_centre(brush, handle.boundary)) <= reach:
                return handle
    begins = begins_in_sight(brush)
    if begins:
        # One that has no room to be drawn appears as it is pointed at; those that are drawn go first.
        shown = frozenset(knobs(brush))
        far = {h: _far(at, knob_centre(brush, h)) for h in begins}
        handle = min(begins, key=lambda h: (h not in shown or far[h] > KNOB * brush.theme.scale, far[h]))
        if far[handle] <= KNOB * brush.theme.scale + 4.0:
            return handle
    return None


def in_sight(brush: Brush, boundary: int) -> bool:
    """Whether what stands at ``boundary`` is not scrolled away; scissors that wait stand before that."""
    lay = brush.layout
    return lay.gutter - 2 <= lay.left(boundary) <= lay.gutter + lay.room + 1


def _far(a: QPointF, b: QPointF) -> float:
    return float(np.hypot(a.x() - b.x(), a.y() - b.y()))


def borders_of(brush: Brush, held: Handle | None) -> list[int]:
    """Every boundary that has a line: the cuts, the other places of scissors, and where those in hand stand."""
    hand = {held.boundary} if held is not None and held.name in CUTTING else set()
    return sorted(hand | set(brush.data.cut.borders))


def crowded(brush: Brush, borders: list[int]) -> bool:
    return len(borders) > 1 and int(min(np.diff(borders))) * brush.layout.column_width < 56


def badges(brush: Brush, held: Handle | None) -> set[int]:
    """The boundaries at which scissors are drawn: all, or where those would overlap the one that counts."""
    data, borders = brush.data, borders_of(brush, held)
    first = {h.boundary for h in data.cut.scissors[:1]} | ({held.boundary} if held is not None else set())
    if held is not None and held.name not in CUTTING:
        first.discard(held.boundary)
    if not crowded(brush, borders):
        return first | set(borders)
    shown = [t for t in borders if data.cut.boundaries[t]]
    return first | ({nearest(shown, data.current_t)} if shown else set())


def speaks_of(data: StageData) -> int | None:
    """The boundary of which the words beside the scissors speak while nothing is held; None where there are none."""
    shown = [int(t) for t in data.cut.boundaries.nonzero()[0]]
    if data.cut_in_force and (shown or data.cut.snips):
        return nearest(sorted({*shown, *(t for t, _ in data.cut.snips)}), data.current_t)
    return shown[-1] if shown and not data.cut_in_force and data.cut.loss is not None and not data.hint else None


def looks(data: StageData) -> tuple[object, ...]:
    """What the lines, scissors and words of the cut depend on beside the cut itself."""
    shown = [int(t) for t in data.cut.boundaries.nonzero()[0]]
    by = nearest(shown, data.current_t) if shown else None
    spoken = speaks_of(data)
    done = spoken is not None and spoken < len(data.snipped) and bool(data.snipped[spoken])
    return data.cut_in_force, data.hint, data.source is None, spoken, by, done


def nearest(boundaries: list[int], t: int | None) -> int:
    """The boundary that the walk is at or comes to next on its way back, else the first."""
    before = [b for b in boundaries if t is not None and b <= t]
    return before[-1] if before else boundaries[0]
