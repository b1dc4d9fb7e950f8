"""What lies under a point of the stage, without Qt."""

from __future__ import annotations

from rnncore.clamps import can_be_clamped
from rnncore.frozen import dataclass

from .edit_targets import Target, invitation
from .names import BEFORE, initial_name
from .stage_flow_tips import edge_tip, streams_tip
from .stage_layout import Detail, StageLayout
from .stage_records import StageData, Strip
from .stage_tips import cell_tip, initial_tip, loss_tip, output_tip, shown_unit

ARROW = 7.0
"""So near to a column's right edge, in pixels at scale 1, a loss's arrow is pointed at."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A place on the stage: the time step, the kind of row and, on a strip, which one and which cell.

    ``row`` is loss, output, cell, initial, edge, streams, input or column; ``gradient`` says whether it is the
    gradient's side of the strip. For an edge ``t`` is the boundary between t−1 and t. On the initial state ``t`` is 0
    and ``strip`` counts among the states.
    """

    t: int
    row: str = "column"
    strip: int | None = None
    cell: int | None = None
    gradient: bool = False


def hit(data: StageData, lay: StageLayout, x: float, y: float) -> Hit | None:
    """What lies at (``x``, ``y``), None beside the columns."""
    t = lay.column_at(x)
    if t is None:
        return _on_lead(data, lay, x, y)
    rows, inside = lay.rows, x - lay.left(t)
    if _on_arrow(data, lay, t, inside, y):
        return Hit(t, "streams")
    for name in ("loss", "output", "input"):
        if rows[name].top - 2 <= y < rows[name].bottom + 2:
            return Hit(t, name)
    found = _on_strip(data, lay, t, inside, y)
    if found is not None:
        return found
    if not lay.in_lane and lay.state_spans:
        right = lay.state_spans[-1].right
        near = abs(y - lay.credit_lane) <= 10
        if near and right < inside < right + 20:
            return Hit(t, "streams")
        if near or abs(y - lay.value_lane) <= 8:
            if inside > right:
                return Hit(t + 1, "edge") if t + 1 < lay.length else Hit(t)
            if inside < lay.state_spans[0].x:
                return Hit(t, "edge")
    elif rows["lane"].height and rows["lane"].top <= y < rows["lane"].bottom:
        return _in_lane(lay, t, inside)
    return Hit(t)


def _on_arrow(data: StageData, lay: StageLayout, t: int, inside: float, y: float) -> bool:
    """Whether a point lies on the arrow that comes down from a loss, at the right edge of its column."""
    drawn = not lay.in_lane and bool(lay.state_spans) and bool(data.from_loss.known[t])
    near = inside >= lay.right(t) - lay.left(t) - ARROW * lay.scale
    return drawn and near and lay.rows["bar"].bottom + 2 <= y < lay.credit_lane - 10


def _in_lane(lay: StageLayout, t: int, inside: float) -> Hit:
    """In the lane below the states: the + in the middle of a column, and what runs from there to its neighbours."""
    off = inside - lay.column_width / 2
    if lay.sums_seen and abs(off) <= 6 * lay.scale:
        return Hit(t, "streams")
    return Hit(t + 1 if off > 0 and t + 1 < lay.length else t, "edge")


def _on_lead(data: StageData, lay: StageLayout, x: float, y: float) -> Hit | None:
    """What lies left of the first column: the initial state, or the arrow out of it."""
    row, inside = lay.rows["state"], x - lay.lead_left
    if not lay.lead or not (lay.gutter <= x and 0 <= inside < lay.lead and row.top <= y < row.bottom):
        return None
    for i, span in enumerate(lay.lead_spans):
        if span.x - 1 <= inside < span.right + 1:
            cell = min(int((y - row.top) // lay.cell_heights[0]), data.scene.cells - 1)
            return Hit(0, "initial", i, cell, inside >= span.gradient_x)
    near = abs(y - lay.credit_lane) <= 10 or abs(y - lay.value_lane) <= 8
    return Hit(0, "edge") if near and inside >= lay.lead_spans[-1].right else None


def _on_strip(data: StageData, lay: StageLayout, t: int, inside: float, y: float) -> Hit | None:
    state_pitch, gate_pitch = lay.cell_heights
    first = len(data.states)
    if lay.detail == Detail.HEAT:
        bands = [*lay.state_bands, *lay.gate_bands]
        for i, band in enumerate(bands):
            for row, gradient in ((band.value, False), (band.gradient, True)):
                if row.top <= y < row.bottom:
                    cell = int((y - row.top) * data.scene.cells / row.height)
                    return Hit(t, "cell", i, min(cell, data.scene.cells - 1), gradient)
        return None
    for spans, row, pitch, base in (
        (lay.state_spans, lay.rows["state"], state_pitch, 0),
        (lay.gate_spans, lay.rows["gates"], gate_pitch, first),
    ):
        if not row.top <= y < row.bottom:
            continue
        for i, span in enumerate(spans):
            if span.x - 1 <= inside < span.right + 1:
                cell = min(int((y - row.top) // pitch), data.scene.cells - 1)
                return Hit(t, "cell", base + i, cell, inside >= span.gradient_x)
    return None


def tip(data: StageData, place: Hit) -> str:
    """The exact numbers at a place and the formula that they come from: written out only when it is asked for."""
    unit = unit_of(data, place)
    if place.row == "cell" and place.strip is not None and place.cell is not None and unit is not None:
        return cell_tip(data, data.strips[place.strip], place.t, place.cell, unit, place.gradient)
    if place.row == "initial" and place.strip is not None and place.cell is not None and unit is not None:
        return initial_tip(data, data.initial[place.strip], place.cell, unit, place.gradient)
    if place.row == "output":
        return output_tip(data, place.t)
    if place.row == "loss":
        return loss_tip(data, place.t)
    if place.row == "edge":
        return edge_tip(data, place.t)
    if place.row == "streams":
        return streams_tip(data, place.t)
    target = data.scene.targets[place.t]
    asked = f", target “{target}”" if target else ", no loss is asked here"
    lacking = ", which the vocabulary lacks: read as the unknown word" if data.scene.unknown[place.t] else ""
    return f"t = {place.t}: reads “{data.scene.tokens[place.t]}”{lacking}{asked}"


def target_of(data: StageData, place: Hit, unit: int | None) -> Target | None:
    """What a double-click changes there: a token, the initial state, a gate or a state; None for what only follows.

    ``unit`` is the selected one, for where the place itself names none.
    """
    last = data.scene.length - 1
    t = min(place.t, last)
    if place.row == "input":
        return Target("token", position=t)
    if place.row in ("output", "loss"):
        return Target("token", position=t + 1)
    if place.row == "initial" and place.strip is not None:
        return Target("initial", data.initial[place.strip].track.label.removesuffix(BEFORE), unit_of(data, place), t=0)
    if place.row == "edge" and place.t == 0:
        return Target("initial", "h", unit or 0, t=0)
    if place.row == "cell" and place.strip is not None:
        strip = data.strips[place.strip]
        if strip.track.label in can_be_clamped(data.scene.trace.cell):
            return Target("clamp", strip.track.label, unit_of(data, place), t=t)
    return None


def node_of(data: StageData, place: Hit) -> int | None:
    """The cell's node at a place: that of its strip, None where there is none."""
    if place.strip is None:
        return None
    node = (data.initial if place.row == "initial" else data.strips)[place.strip].track.node
    return node if node >= 0 else None


def offer(data: StageData, place: Hit, target: Target) -> str:
    """What a double-click at a place changes, by name and with what else that is."""
    t = min(place.t, data.scene.length - 1)
    if target.kind == "token" and place.row == "input":
        also = f", which is also the target at t = {t - 1}" if t else ""
        return f"Double-click to change the word that is read here, “{data.scene.tokens[t]}”{also}"
    if target.kind == "token":
        word, read = data.scene.targets[t], t + 1 < data.scene.length
        named = f"the target, “{word}”" if word else "the word that follows"
        return f"Double-click to change {named}" + (f", which is also read at t = {t + 1}" if read else "")
    if target.kind == "initial":
        unit = f"[{target.unit + 1}]" if target.unit is not None else ""
        return f"Double-click to change {initial_name(target.name)}{unit}, what the sentence starts from"
    return invitation(target)


def unit_of(data: StageData, place: Hit) -> int | None:
    """The unit at a place: in a group the one the cell shows, None where there is none."""
    if place.strip is None or place.cell is None:
        return None
    units = data.scene.units_of(place.cell)
    strip: Strip = (data.initial if place.row == "initial" else data.strips)[place.strip]
    row = strip.gradients if place.gradient else strip.track.values
    shown = (strip.gradient_cells if place.gradient else strip.track.cells)[place.t, place.cell]
    return shown_unit(units, row[place.t], shown)
