"""Paints what is pointed at and what is chosen on the stage: a time step, a unit, a strip, the path of one vote."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter

from ...model.stage_layout import Detail
from ...widgets.paint import frame, pen
from .brush import Brush
from .bundle import snip_lane
from .edges import badge


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
    """The way of one loss to one weight copy: from the loss down beside its column's words, then left to the copy."""
    marks, lay = brush.data.marks, brush.layout
    if marks.path is None:
        return
    loss, tau = marks.path
    painter, stop = brush.painter, marks.path_cut
    flows, cut = brush.colour("gradient", 0.9), brush.colour("cut", 0.9)
    width = max(2.0, 3.0 * brush.theme.scale)
    start, end = ((lay.left(t) + lay.right(t)) / 2 for t in (loss, tau))
    y, top = lay.credit_lane, float(lay.rows["loss"].bottom)
    beside = descent(brush, loss)
    above = [QPointF(x, lay.run_lane) for x in (start, beside)]
    way = [QPointF(start, top), *above, QPointF(beside, y), QPointF(end, y)]
    painter.save()
    painter.setClipRect(QRectF(lay.gutter, 0.0, lay.room, lay.rows["all"].bottom + 8.0), Qt.ClipOperation.IntersectClip)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(pen(flows, width))
    at = stop_of(brush, loss, stop) if stop is not None else None
    if at is None:
        painter.drawPolyline(way)
    else:  # as far as the pair's own scissors it flows; beyond them it would
        place = 4 if at.y() == y else 3
        painter.drawPolyline([*way[:place], at])
        painter.setPen(pen(cut, width, Qt.PenStyle.DashLine))
        painter.drawPolyline([at, *way[place:]])
    painter.setPen(pen(flows if at is None else cut, 2.0))
    painter.setBrush(brush.colour("panel"))
    painter.drawEllipse(QPointF(end, y), 6.0, 6.0)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(flows)
    painter.drawEllipse(QPointF(start, top), 3.5, 3.5)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    if at is not None:
        # Where lanes of others flow past, scissors stand below them.
        badge(brush, QPointF(at.x(), snip_lane(brush.data, lay, stop)) if at.y() == y and stop is not None else at)
    painter.restore()


def descent(brush: Brush, t: int) -> float:
    """Where a way goes down in column ``t``: between its words and the next column, on a whole pixel."""
    lay = brush.layout
    return float(lay.right(t) - max(1, round(0.4 * lay.word_side)))


def stop_of(brush: Brush, loss: int, stop: int) -> QPointF:
    """Where ``loss`` is cut at boundary ``stop`` on the lit way: on the way down where it never reaches the states."""
    lay, rows = brush.layout, brush.layout.rows
    if stop > loss:
        return QPointF(descent(brush, loss), (rows["output"].bottom + rows["state"].top) / 2)
    return QPointF(lay.left(stop), lay.credit_lane)


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
