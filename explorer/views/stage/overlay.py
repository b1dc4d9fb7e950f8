"""Paints what floats above the columns: the cut with its scissors, hover, selection, the first hint."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter

from rnncore.truncation import Window

from ...model.stage_handles import CUTTING, Handle, said_of
from ...model.stage_layout import Detail
from ...model.stage_words import said_losses
from ...theme.tokens import RADIUS
from ...widgets.paint import crisp, frame, pen, rounded, scissors, text_width
from .brush import CENTRE, Brush
from .edges import SMALL, small_scissors
from .runs import KNOB, knob_centre

CAPTION = "values still flow, credit does not"


def badge_centre(brush: Brush, boundary: int) -> QPointF:
    """Where the scissors of ``boundary`` stand; those that cut nothing yet wait before the initial state."""
    lay = brush.layout
    x = float(min(max(lay.left(boundary), lay.gutter), lay.gutter + lay.room))
    if boundary == 0:
        # Left of the initial state, or of the first column where that is folded away; never on the row labels.
        beside = badge_radius(brush) + 1.0
        x = max(lay.gutter + beside, float(lay.left(0)))
        if lay.lead and lay.wait:
            x = lay.lead_left + lay.lead_spans[0].x - beside - 1.0
        if lay.lead and not lay.wait:
            x = max(lay.gutter, lay.lead_left) - beside - 1.0
            if brush.data.scene.group > 1 and x < lay.gutter:  # there the labels are several long lines
                return QPointF(crisp(x, brush.ratio), lay.rows["state"].bottom + 2.0)
    return QPointF(crisp(x, brush.ratio), lay.credit_lane)


def badge_radius(brush: Brush) -> float:
    return (12.0 if brush.layout.detail >= Detail.TARGET else 9.0) * brush.theme.scale


def handle_at(brush: Brush, at: QPointF) -> Handle | None:
    """The handle that can be taken hold of at a point: scissors on a border, or the beginning of a run."""
    cut = brush.data.cut
    drawn = _badges(brush, None)
    for handle in cut.handles:
        if handle.name in CUTTING:
            if handle.boundary not in drawn:
                continue
            centre, reach = badge_centre(brush, handle.boundary), badge_radius(brush) + 3.0
        else:
            centre, reach = knob_centre(brush, handle), KNOB * brush.theme.scale + 4.0
        away = at - centre
        if away.x() ** 2 + away.y() ** 2 <= reach**2:
            return handle
    return None


def _borders(brush: Brush, held: Handle | None) -> list[int]:
    """Every boundary that has a line: the cuts, the other places of scissors, and where those in hand stand."""
    hand = {held.boundary} if held is not None and held.name in CUTTING else set()
    return sorted(hand | set(brush.data.cut.borders))


def _crowded(brush: Brush, borders: list[int]) -> bool:
    return len(borders) > 1 and int(min(np.diff(borders))) * brush.layout.column_width < 56


def _badges(brush: Brush, held: Handle | None) -> set[int]:
    """The boundaries at which scissors are drawn: all, or where those would overlap the one that counts."""
    data, borders = brush.data, _borders(brush, held)
    first = {h.boundary for h in data.cut.scissors[:1]} | ({held.boundary} if held is not None else set())
    if held is not None and held.name not in CUTTING:
        first.discard(held.boundary)
    if not _crowded(brush, borders):
        return first | set(borders)
    shown = [t for t in borders if data.cut.boundaries[t]]
    return first | ({_nearest(shown, data.current_t)} if shown else set())


def paint_cut(brush: Brush, held: Handle | None, hovered: Handle | None) -> None:
    """The dashed line at every boundary that is cut, and the scissors on it; ``held`` is what is being dragged."""
    data, lay = brush.data, brush.layout
    strong = data.cut_in_force or held is not None
    borders = _borders(brush, held)
    hand = held.boundary if held is not None and held.name in CUTTING else None
    shown = [t for t in borders if data.cut.boundaries[t] or t == hand]
    share = 0.5 if _crowded(brush, borders) else 1.0
    near = badge_radius(brush) + 2.0
    for t in borders:
        if lay.gutter <= lay.left(t) <= lay.gutter + lay.room + 1 and brush.sees(lay.left(t) - 4, lay.left(t) + 4):
            _line(brush, t, strong and t in shown, share if t in shown else 0.8 * share)
    for t in sorted(_badges(brush, held)):
        x = badge_centre(brush, t).x()
        if lay.gutter - 2 <= lay.left(t) <= lay.gutter + lay.room + 1 and brush.sees(x - near, x + near):
            over = any(h is not None and h.name in CUTTING and h.boundary == t for h in (held, hovered))
            _badge(brush, t, 1.0 if over or (strong and (t in shown or not shown)) else 0.6, over)
    _some(brush, {h.boundary for h in data.cut.scissors})
    if held is not None:
        _caption(brush, held.boundary, held)
    elif strong and data.cut.snips:
        _caption(brush, _nearest(sorted({*shown, *(t for t, _ in data.cut.snips)}), data.current_t), None)
    elif strong and shown:
        _caption(brush, _nearest(shown, data.current_t), None)
    elif shown and data.cut.loss is not None and not data.hint:
        _caption(brush, shown[-1], None)


def _some(brush: Brush, standing: set[int]) -> None:
    """Small scissors where some losses will be stopped; where they have been, they are painted with the ribbon."""
    data, lay = brush.data, brush.layout
    if lay.detail < Detail.TARGET:
        return
    for t, _ in data.cut.snips:
        x = lay.left(t)
        pending = t not in standing and not data.snipped[t]
        if pending and lay.gutter <= x <= lay.gutter + lay.room and brush.sees(x - SMALL - 3, x + SMALL + 3):
            small_scissors(brush, t, 0.55)


def _nearest(boundaries: list[int], t: int | None) -> int:
    """The boundary that the walk is at or comes to next on its way back, else the first."""
    before = [b for b in boundaries if t is not None and b <= t]
    return before[-1] if before else boundaries[0]


def _line(brush: Brush, boundary: int, strong: bool, alpha: float) -> None:
    x = badge_centre(brush, boundary).x()
    rows = brush.layout.rows["all"]
    origin = QPointF(brush.snap(x), float(rows.top))
    off, colour = x - origin.x(), brush.colour("cut", alpha if strong else 0.45 * alpha)
    width, dashes = 2.0 if strong and alpha == 1.0 else 1.0, [3.0, 2.0] if strong else [6.0, 4.0]

    def draw(painter: QPainter) -> None:
        line = pen(colour, width)
        line.setDashPattern(dashes)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setPen(line)
        painter.drawLine(QPointF(off, -4.0), QPointF(off, rows.height + 4.0))

    key = ("cut", colour.rgba(), width, strong, off, rows.height)
    brush.stamp(origin, QRectF(-2.0, -4.0, 5.0, rows.height + 8.0), key, draw)


def _badge(brush: Brush, boundary: int, alpha: float, hovered: bool) -> None:
    centre, radius = badge_centre(brush, boundary), badge_radius(brush)
    panel, cut, edge = brush.colour("panel"), brush.colour("cut", alpha), 2.0 if hovered else 1.25
    # The shape is drawn around a device pixel: what the centre lies off it is part of the shape.
    origin = QPointF(brush.snap(centre.x()), brush.snap(centre.y()))
    off = centre - origin

    def draw(painter: QPainter) -> None:
        painter.setBrush(panel)
        painter.setPen(pen(cut, edge))
        painter.drawEllipse(off, radius, radius)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.translate(off)
        painter.rotate(-90)
        scissors(painter, QPointF(0, 0), 1.15 * radius, cut)

    around = radius + 3.0
    key = ("badge", off.x(), off.y(), radius, panel.rgba(), cut.rgba(), edge)
    brush.stamp(origin, QRectF(-around, -around, 2 * around, 2 * around), key, draw)


def _caption(brush: Brush, boundary: int, held: Handle | None) -> None:
    lay, data, theme = brush.layout, brush.data, brush.theme
    text, tail = CAPTION, " (drag the scissors)" if data.cut.scissors else ""
    if held is not None:
        text = said_of(data.cut.policy, held, data.scene.length, data.cut.loss)
    elif data.cut_in_force and data.cut.stopped_at(boundary):
        who, policy = said_losses(data.cut.stopped_at(boundary)), data.cut.policy
        if boundary not in {h.boundary for h in data.cut.scissors}:
            text = f"credit of {who} is cut here, that of others flows on"
        elif isinstance(policy, Window):
            text = f"window k = {policy.k} for {who}: its credit is cut here{tail}"
        else:
            text = f"credit of {who} is cut here, that of others flows on{tail}"
    elif data.cut_in_force:
        text += tail
    else:
        # A preview: whose cut this is must be said, for other losses' gradients may cross it.
        when = "is" if data.source is not None else "will be"
        text = f"credit of loss {data.cut.loss} {when} cut here{tail}"
    strong = data.cut_in_force or held is not None
    font = theme.font("small", bold=strong)
    width = text_width(text, font) + 10
    state, gates = lay.rows["state"], lay.rows["gates"]
    top = (lay.rows["lane"].bottom if lay.detail <= Detail.STRIPS else state.bottom) + 3
    height = max(13.0, min(20.0, gates.top - top - 3.0))
    x = badge_centre(brush, boundary).x() - width - 8
    if x < max(lay.gutter, lay.left(0)):
        x = badge_centre(brush, boundary).x() + 8
    if x + width > lay.gutter + lay.room:
        x = max(float(lay.gutter), lay.gutter + lay.room - width)
    area = QRectF(round(x), top, width, height)
    if not brush.sees(area.left(), area.right()):
        return
    rounded(brush.painter, area, RADIUS.bar, brush.colour("panel", 0.94))
    brush.text(area, CENTRE, text, font, brush.colour("cut" if strong else "muted"))


def paint_marks(brush: Brush) -> None:
    """Hovered and selected time step, unit and strip; in narrow columns the current one as well."""
    data, lay, marks = brush.data, brush.layout, brush.data.marks
    if lay.detail <= Detail.STRIPS and data.current_t is not None and data.current_t in lay.visible:
        _column(brush, data.current_t, data.focus)
    for t, unit, node, token in (
        (marks.selected_t, marks.selected_unit, marks.selected_node, "text"),
        (marks.hover_t, marks.hover_unit, marks.hover_node, "muted"),
    ):
        if t is not None and t in lay.visible:
            _column(brush, t, token)
        if unit is not None and 0 <= unit < data.scene.hidden:
            _unit(brush, unit // data.scene.group, t, node, token)


def paint_path(brush: Brush) -> None:
    """The way of one loss to one weight copy: down from the loss into its column, then left to the copy it moves."""
    marks, lay = brush.data.marks, brush.layout
    if marks.path is None:
        return
    loss, tau = marks.path
    painter, colour = brush.painter, brush.colour("gradient" if marks.path_kept else "cut", 0.9)
    style = Qt.PenStyle.SolidLine if marks.path_kept else Qt.PenStyle.DashLine
    line = pen(colour, max(2.0, 3.0 * brush.theme.scale), style)
    start, end = ((lay.left(t) + lay.right(t)) / 2 for t in (loss, tau))
    y, top = lay.credit_lane, float(lay.rows["loss"].bottom)
    painter.save()
    painter.setClipRect(QRectF(lay.gutter, 0.0, lay.room, lay.rows["all"].bottom + 8.0), Qt.ClipOperation.IntersectClip)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(line)
    painter.drawLine(QPointF(start, top), QPointF(start, y))
    painter.drawLine(QPointF(start, y), QPointF(end, y))
    painter.setPen(pen(colour, 2.0))
    painter.setBrush(brush.colour("panel"))
    painter.drawEllipse(QPointF(end, y), 6.0, 6.0)
    painter.setBrush(colour)
    painter.drawEllipse(QPointF(start, top), 3.5, 3.5)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.restore()


def _column(brush: Brush, t: int, token: str) -> None:
    lay = brush.layout
    rows = lay.rows["all"]
    area = QRectF(lay.left(t), rows.top - 4, lay.right(t) - lay.left(t), rows.height + 8)
    frame(brush.painter, area, brush.colour(token, 0.75))


def _unit(brush: Brush, cell: int, t: int | None, node: int | None, token: str) -> None:
    """A hairline frame around the unit in the pointed-at column, in every strip of it."""
    data, lay, painter = brush.data, brush.layout, brush.painter
    if t is None or t not in lay.visible:
        return
    if t == 0 and lay.lead:
        _initial_unit(brush, cell, node, token)
    if lay.detail == Detail.HEAT:
        x, width = lay.left(t), lay.right(t) - lay.left(t)
        for band in (*lay.state_bands, *lay.gate_bands):
            each = band.value.height / data.scene.cells
            frame(
                painter,
                QRectF(x - 1, round(band.value.top + cell * each) - 1, width + 2, max(3, round(each) + 2)),
                brush.colour(token),
            )
        return
    state, gate = lay.cell_heights
    for strips, spans, row, pitch in (
        (data.states, lay.state_spans, lay.rows["state"], state),
        (data.gates, lay.gate_spans, lay.rows["gates"], gate),
    ):
        for strip, span in zip(strips, spans, strict=True):
            here = node is None or strip.track.node == node
            x = lay.left(t) + span.x
            right = lay.left(t) + (span.right if strip.gradient_known[t] else span.x + span.width)
            area = QRectF(x - 2, row.top + cell * pitch - 2, right - x + 4, pitch + 3)
            frame(painter, area, brush.colour(token, 1.0 if here else 0.45), 2.0 if here else 1.0)


def _initial_unit(brush: Brush, cell: int, node: int | None, token: str) -> None:
    """The same unit of the state before the first step, where that itself is pointed at."""
    lay, pitch = brush.layout, brush.layout.cell_heights[0]
    for strip, span in zip(brush.data.initial, lay.lead_spans, strict=True):
        if node is not None and strip.track.node == node:
            x = lay.lead_left + span.x
            right = lay.lead_left + (span.right if strip.gradient_known[0] else span.x + span.width)
            area = QRectF(x - 2, lay.rows["state"].top + cell * pitch - 2, right - x + 4, pitch + 3)
            frame(brush.painter, area, brush.colour(token), 2.0)


def paint_hint(brush: Brush) -> None:
    """The one quiet hint of an empty stage."""
    area = hint_rect(brush) if brush.data.hint else None
    if area is not None:
        rounded(brush.painter, area, area.height() / 2, brush.colour("panel"), brush.colour("line"))
        brush.text(area, CENTRE, brush.data.hint, brush.theme.font("label"), brush.colour("muted"))


def hint_rect(brush: Brush) -> QRectF | None:
    """Where the hint stands: between two rows, between states and gates before all others; None where it has no room.

    Something goes in every row, if only the line on which the bars of the losses will stand.
    """
    lay, rows = brush.layout, brush.layout.rows
    above = rows["state"].bottom if lay.detail >= Detail.BARS else rows["lane"].bottom
    gaps = [
        (above + 2, rows["gates"].top - 2),
        (rows["names"].bottom + 2, rows["input"].top - 2),
        (rows["output"].bottom + 2, rows["state"].top - 2),
        (rows["loss"].bottom + 2, rows["output"].top - 2),
    ]
    roomy = [gap for gap in gaps if gap[1] - gap[0] >= brush.theme.px(18)]
    top, bottom = (roomy or [max(gaps, key=lambda gap: gap[1] - gap[0])])[0]
    if bottom - top < brush.theme.px(16):
        return None
    width = text_width(brush.data.hint, brush.theme.font("label")) + 28
    height = min(brush.theme.px(24), bottom - top)
    left = lay.gutter + (lay.room - width) / 2
    return QRectF(round(max(lay.gutter, left)), round((top + bottom - height) / 2), width, height)
