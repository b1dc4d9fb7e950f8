"""Paints a small dot at everything that was changed by hand: tokens, the initial state, what is clamped."""

from __future__ import annotations

from PySide6.QtCore import QPointF, Qt

from ...model.names import initial_name
from ...model.stage_layout import Detail
from .brush import Brush

_RADIUS = 3.0


def paint_edits(brush: Brush) -> None:
    """The dots, above the columns; nothing where nothing was edited."""
    if not brush.data.edited:
        return
    painter = brush.painter
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(brush.colour("weight"))
    for centre in dots(brush):
        if brush.sees(centre.x() - _RADIUS, centre.x() + _RADIUS):
            painter.drawEllipse(centre, _RADIUS * brush.theme.scale, _RADIUS * brush.theme.scale)
    painter.setBrush(Qt.BrushStyle.NoBrush)


def dots(brush: Brush) -> list[QPointF]:
    """Where the dots stand in the columns that are seen."""
    data, lay = brush.data, brush.layout
    edited, cells = data.edited, data.scene.cells
    found: list[QPointF] = []
    for t in edited.tokens:
        if t in lay.visible:
            found.append(QPointF(lay.right(t) - 7.0, lay.rows["input"].top + 4.0))
    if edited.initial and 0 in lay.visible:
        found += _initial(brush)
    first = len(data.states)
    bands, spans = (*lay.state_bands, *lay.gate_bands), (*lay.state_spans, *lay.gate_spans)
    for clamp in edited.clamps:
        for i, strip in enumerate(data.strips):
            if strip.track.label != clamp.name:
                continue
            cell = 0 if clamp.unit is None else min(clamp.unit // data.scene.group, cells - 1)
            if lay.detail == Detail.HEAT:
                if lay.visible:
                    band = bands[i].value
                    found.append(QPointF(lay.left(lay.visible.start), band.top + (cell + 0.5) * band.height / cells))
                continue
            row, pitch = (
                (lay.rows["state"], lay.cell_heights[0]) if i < first else (lay.rows["gates"], lay.cell_heights[1])
            )
            y = row.top - 3.0 if clamp.unit is None else row.top + (cell + 0.5) * pitch
            x = spans[i].x + (spans[i].width / 2 if clamp.unit is None else 0.0)
            found += [QPointF(lay.left(t) + x, y) for t in lay.visible]
    return found


def _initial(brush: Brush) -> list[QPointF]:
    """At each unit of the initial state that was changed; where that is folded away, at the arrow out of it."""
    data, lay = brush.data, brush.layout
    if not lay.lead:
        return [QPointF(lay.left(0) + 4.0, lay.value_lane)]
    top, pitch = lay.rows["state"].top, lay.cell_heights[0]
    return [
        QPointF(lay.lead_left + span.x, top + (unit // data.scene.group + 0.5) * pitch)
        for strip, span in zip(data.initial, lay.lead_spans, strict=True)
        for state, unit in sorted(data.edited.initial)
        if strip.track.label == initial_name(state)
    ]
