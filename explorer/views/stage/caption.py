"""Says in words what the scissors do, beside their line."""

from __future__ import annotations

from PySide6.QtCore import QRectF

from rnncore.truncation import Window

from ...model.stage_handles import Handle, said_of
from ...model.stage_words import said_losses
from ...theme.tokens import RADIUS
from ...widgets.paint import rounded, text_width
from .brush import CENTRE, Brush
from .scissors import badge_centre

CAPTION = "values still flow, credit does not"


def paint_caption(brush: Brush, boundary: int, held: Handle | None) -> None:
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
    top = (lay.rows["lane"].bottom if lay.in_lane else state.bottom) + 2
    height = max(13.0, min(20.0, gates.top - top - 2.0))
    x = badge_centre(brush, boundary).x() - width - 8
    if x < max(lay.gutter, lay.left(0)):
        if text.startswith(CAPTION):  # it speaks of what lies on the other side
            text = f"← {text}"
            width = text_width(text, font) + 10
        x = badge_centre(brush, boundary).x() + 8
    if x + width > lay.gutter + lay.room:
        x = max(float(lay.gutter), lay.gutter + lay.room - width)
    area = QRectF(round(x), top, width, height)
    if not brush.sees(area.left(), area.right()):
        return
    rounded(brush.painter, area, RADIUS.bar, brush.colour("panel", 0.94))
    brush.text(area, CENTRE, text, font, brush.colour("cut" if strong else "muted"))
