"""Paints runs back through time, the losses that enter them, and the handles that say where one begins."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt

from rnncore.truncation import Sweep

from ...model.stage_handles import CUTTING, Handle
from ...widgets.paint import arrow_head, crisp, pen
from .brush import Brush

KNOB = 5.0
"""Half the width of a handle on a run, in pixels at scale 1."""


def paint_runs(brush: Brush, held: Handle | None, hovered: Handle | None) -> None:
    """Each run as a line from its last step back to its first, with a dot for each loss that enters it."""
    data, lay = brush.data, brush.layout
    for run in data.cut.runs:
        if brush.sees(lay.left(run.low), lay.right(run.high)):
            _run(brush, run, run == data.cut.run and data.cut.loss is not None)
    for handle in data.cut.handles:
        if handle.name not in CUTTING:
            _knob(brush, handle, handle in (held, hovered))


def knob_centre(brush: Brush, handle: Handle) -> QPointF:
    """Where the handle of a run's beginning stands."""
    lay = brush.layout
    x = min(max(float(lay.left(handle.boundary)), lay.gutter), lay.gutter + lay.room - KNOB)
    return QPointF(crisp(x, brush.ratio), crisp(lay.run_lane, brush.ratio))


def _run(brush: Brush, run: Sweep, lit: bool) -> None:
    lay, painter = brush.layout, brush.painter
    y, alpha = crisp(lay.run_lane, brush.ratio), 1.0 if lit else 0.4
    wide = lay.column_width
    start, end = lay.right(run.high) - min(6.0, 0.3 * wide), lay.left(run.low) + min(5.0, 0.2 * wide)
    colour = brush.colour("gradient", alpha)
    painter.setPen(pen(colour, 1.5))
    painter.drawLine(QPointF(start, y), QPointF(end, y))
    arrow_head(painter, QPointF(end, y), -1.0, 0.0, colour, min(6.0, 0.5 * wide))
    radius = min(3.0 * brush.theme.scale, 0.3 * wide)
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
