"""Paints the one quiet hint of an empty stage where it covers nothing."""

from __future__ import annotations

from PySide6.QtCore import QRectF

from ...widgets.paint import rounded, text_width
from .brush import CENTRE, Brush


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
    above = rows["lane"].bottom if lay.in_lane else rows["state"].bottom
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
