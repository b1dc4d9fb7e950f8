"""Says in words what the scissors do, beside their line."""

from __future__ import annotations

from PySide6.QtCore import QRectF
from PySide6.QtGui import QFont

from rnncore.truncation import Window

from ...model.stage_handles import Handle, said_of
from ...model.stage_words import said_losses
from ...theme.tokens import RADIUS
from ...widgets.paint import rounded, text_width
from .brush import CENTRE, Brush
from .scissors import badge_centre

CAPTION = "values still flow, credit does not"
_HOW = " (drag the scissors)"
_AWAY = 8


def paint_caption(brush: Brush, boundary: int, held: Handle | None) -> None:
    """The words of the scissors at ``boundary``, or of the handle that is ``held``, below the states."""
    theme = brush.theme
    strong = brush.data.cut_in_force or held is not None
    font = theme.font("small", bold=strong)
    top, height = beneath(brush)
    text, x = _placed(brush, badge_centre(brush, boundary).x(), _said(brush, boundary, held), font)
    area = QRectF(round(x), top, text_width(text, font) + 10, height)
    if not brush.sees(area.left(), area.right()):
        return
    rounded(brush.painter, area, RADIUS.bar, brush.colour("panel", 0.94))
    brush.text(area, CENTRE, text, font, brush.colour("cut" if strong else "muted"))


def beneath(brush: Brush) -> tuple[float, float]:
    """Top and height of the line of text that has its place between states and gates."""
    rows = brush.layout.rows
    top = (rows["lane"].bottom if brush.layout.in_lane else rows["state"].bottom) + 2
    return top, max(13.0, min(20.0, rows["gates"].top - top - 2.0))


def _said(brush: Brush, boundary: int, held: Handle | None) -> str:
    data = brush.data
    how = _HOW if data.cut.scissors else ""
    if held is not None:
        return said_of(data.cut.policy, held, data.scene.length, data.cut.loss)
    if data.cut_in_force and data.cut.stopped_at(boundary):
        who, policy = said_losses(data.cut.stopped_at(boundary)), data.cut.policy
        if boundary not in {h.boundary for h in data.cut.scissors}:
            return f"credit of {who} is cut here, that of others flows on"
        if isinstance(policy, Window):
            return f"window k = {policy.k} for {who}: its credit is cut here{how}"
        return f"credit of {who} is cut here, that of others flows on{how}"
    if data.cut_in_force:
        return CAPTION + how
    # A preview: whose cut this is must be said, for other losses' gradients may cross it.
    when = "is" if data.source is not None else "will be"
    return f"credit of loss {data.cut.loss} {when} cut here{how}"


def _placed(brush: Brush, x: float, text: str, font: QFont) -> tuple[str, float]:
    """The words and where they begin: left of ``x``, where what is cut lies, as long as even a brief form fits."""
    lay = brush.layout
    least = max(lay.gutter, lay.left(0))
    for form in (text, text.removesuffix(_HOW)):
        left = x - text_width(form, font) - 10 - _AWAY
        if left >= least:
            return form, left
    if text.startswith(CAPTION):  # it speaks of what lies on the other side
        text = f"← {text}"
    furthest = lay.gutter + lay.room - text_width(text, font) - 10
    return text, max(float(lay.gutter), min(x + _AWAY, furthest))
