"""Says in words what the scissors do, beside their line."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QFont, QFontMetricsF

from rnncore.truncation import Window

from ...model.stage_handles import Handle, past_the_start, said_of
from ...model.stage_words import said_losses
from ...theme.tokens import RADIUS
from ...widgets.paint import rounded, text_width
from .brush import CENTRE, Brush
from .bundle import flows_past
from .marks import stop_of
from .scissors import badge_centre, in_sight

CAPTION = "values still flow, credit does not"
_HOW = " (drag the scissors)"
_BRIEF = "credit is cut here"
_OTHERS = ", that of others flows on"
_AWAY, _CLEAR = 8, 15
_PAD = 5


def paint_caption(brush: Brush, boundary: int, held: Handle | None, taken: tuple[float, float] | None = None) -> None:
    """The words of the scissors at ``boundary``, or of the handle that is ``held``, below the states.

    ``taken`` is from where to where other words stand there: then they are shorter, on the other side, or left out.
    """
    strong = brush.data.cut_in_force or held is not None
    text = _said(brush, boundary, held)
    away = held is None and not in_sight(brush, boundary)
    if away:
        text = _elsewhere(brush, boundary, text)
    font = _largest(brush, text, strong)
    if away:
        x = float(brush.layout.gutter) if text.startswith("←") else _furthest(brush, text, font)
    else:
        text, x = _placed(brush, badge_centre(brush, boundary), text, font, _until(brush, boundary))
    if taken is not None and _meet((x, x + text_width(text, font) + 2 * _PAD), taken):
        free = _beside(brush, badge_centre(brush, boundary), text, font, taken)
        if free is None:
            return
        text, x = free
    _write(brush, x, text, font, strong)


def paint_pair(brush: Brush, spoken: int | None) -> tuple[float, float] | None:
    """Whose cut it is that stops a pair that is pointed at or chosen, where not that of the loss on show.

    At the boundary of which is ``spoken`` anyway nothing is added. Returns from where to where the words stand; None
    where there are none.
    """
    marks, lay = brush.data.marks, brush.layout
    if marks.path is None or marks.path_cut in (None, spoken) or marks.path[0] == brush.data.cut.loss:
        return None
    loss, stop = marks.path[0], marks.path_cut
    assert stop is not None
    text = f"credit of loss {loss} is cut here"
    if stop > loss:
        text = f"loss {loss} takes no part ({brush.data.cut.policy.describe()})"
    font, at = _largest(brush, text, True), stop_of(brush, loss, stop)
    wide = text_width(text, font) + 2 * _PAD
    if not lay.gutter - 2 <= at.x() <= lay.gutter + lay.room + 1:
        text = f"← {text}" if at.x() < lay.gutter else f"{text} →"
        x = float(lay.gutter) if at.x() < lay.gutter else _furthest(brush, text, font)
    else:
        x = at.x() - wide - _AWAY
        if x < max(lay.gutter, lay.left(0)):
            text = f"← {text}"
            x = min(at.x() + _AWAY, _furthest(brush, text, font))
    _write(brush, x, text, font, True)
    return round(x), round(x) + text_width(text, font) + 2 * _PAD


def _meet(a: tuple[float, float], b: tuple[float, float]) -> bool:
    return a[0] < b[1] + 4.0 and b[0] - 4.0 < a[1]


def _beside(brush: Brush, at: QPointF, text: str, font: QFont, taken: tuple[float, float]) -> tuple[str, float] | None:
    """The words in the longest form that stands left or right of their scissors without those at ``taken``."""
    lay, full = brush.layout, text.removeprefix("← ")
    for form in (full, full.removesuffix(_HOW)):
        wide = text_width(form, font) + 2 * _PAD
        if max(lay.gutter, lay.left(0)) <= at.x() - _AWAY - wide and not _meet((at.x() - _AWAY - wide, at.x()), taken):
            return form, at.x() - _AWAY - wide
        back, x = f"← {form}", at.x() + _AWAY
        end = x + text_width(back, font) + 2 * _PAD
        if end <= lay.gutter + lay.room and not _meet((x, end), taken):
            return back, x
    return None


def _until(brush: Brush, boundary: int) -> float:
    """How far right words that stand there may reach: other scissors would seem to be what they speak of."""
    lay, cut = brush.layout, brush.data.cut
    others = (b for b in range(boundary + 1, brush.data.scene.length) if brush.data.cut_in_force and cut.stopped_at(b))
    return min(next((float(lay.left(b)) for b in others), float("inf")) - _CLEAR, float(lay.gutter + lay.room))


def paint_uncut(brush: Brush) -> None:
    """That the truncation leaves nothing out of this sentence, below its first states."""
    said = past_the_start(brush.data.cut.policy, brush.data.scene.length)
    if not said or brush.data.hint:
        return
    lay = brush.layout
    font = _largest(brush, said, False)
    if text_width(said, font) + 2 * _PAD > lay.room:
        said = said.partition(": ")[2]
    _write(brush, float(max(lay.gutter, min(lay.left(0), _furthest(brush, said, font)))), said, font, False)


def _write(brush: Brush, x: float, text: str, font: QFont, strong: bool) -> None:
    top, height = beneath(brush)
    area = QRectF(round(x), top, text_width(text, font) + 2 * _PAD, height)
    if brush.sees(area.left(), area.right()):
        rounded(brush.painter, area, RADIUS.bar, brush.colour("panel", 0.94))
        brush.text(area, CENTRE, text, font, brush.colour("cut" if strong else "muted"), whole=True)


def _largest(brush: Brush, text: str, strong: bool) -> QFont:
    """The usual type, or a smaller one where that alone lets the words fit, in height as in width."""
    usual, tiny = (brush.theme.font(role, bold=strong) for role in ("small", "tiny"))
    high = QFontMetricsF(usual).height() <= beneath(brush)[1] + 2.0
    return usual if high and text_width(text, usual) + 2 * _PAD <= brush.layout.room else tiny


def beneath(brush: Brush) -> tuple[float, float]:
    """Top and height of the line of text that has its place between states and gates."""
    rows, scale = brush.layout.rows, brush.theme.scale
    top = (rows["lane"].bottom if brush.layout.in_lane else rows["state"].bottom) + 2
    return top, max(13.0 * min(1.0, scale), min(20.0 * scale, rows["gates"].top - top - 2.0))


def _said(brush: Brush, boundary: int, held: Handle | None) -> str:
    data = brush.data
    how = _HOW if data.cut.scissors else ""
    if held is not None:
        return said_of(data.cut.policy, held, data.scene.length, data.cut.loss)
    if data.cut_in_force and data.cut.stopped_at(boundary):
        who, policy = said_losses(data.cut.stopped_at(boundary)), data.cut.policy
        when = "is" if data.snipped[boundary] else "will be"
        if boundary not in {h.boundary for h in data.cut.scissors}:
            return f"credit of {who} {when} cut here{_OTHERS}"
        if isinstance(policy, Window):
            return f"window k = {policy.k} for {who}: its credit {when} cut here{how}"
        return f"credit of {who} {when} cut here{_OTHERS}{how}"
    if data.cut_in_force:
        path, loss = data.marks.path, data.cut.loss
        if path is None or loss is None or path[0] == loss:
            return CAPTION + how
        # Beside the way of another loss it must be said whose cut this is.
        losses = (loss, path[0]) if data.marks.path_cut == boundary else (loss,)
        return f"credit of {said_losses(tuple(sorted(losses)))} is cut here{how}"
    # A preview: whose cut this is must be said, for other losses' gradients may cross it.
    when = "is" if data.source is not None else "will be"
    others = _OTHERS if flows_past(data, boundary) else ""
    return f"credit of loss {data.cut.loss} {when} cut here{others}{how}"


def _elsewhere(brush: Brush, boundary: int, text: str) -> str:
    """The words of scissors that are scrolled out of sight: where they stand, and on which side."""
    text = text.removesuffix(_HOW).replace(CAPTION, "credit is cut here").replace(" here", f" at t = {boundary}")
    return f"← {text}" if brush.layout.left(boundary) < brush.layout.gutter else f"{text} →"


def _placed(brush: Brush, at: QPointF, text: str, font: QFont, until: float) -> tuple[str, float]:
    """The words and where they begin: left of ``at``, where what is cut lies, as long as a form of them fits there.

    Else right of it, with an arrow, and in a form that ends before ``until`` if there is one.
    """
    lay, x = brush.layout, at.x()
    # Scissors on a lane of their own reach down to the words.
    away = _AWAY if lay.in_lane or at.y() <= lay.credit_lane + 1.0 else round(_CLEAR * brush.theme.scale)
    least = max(lay.gutter, lay.left(0))
    for form in (text, text.removesuffix(_HOW)):
        left = x - text_width(form, font) - 2 * _PAD - away
        if left >= least:
            return form, left
    plain = text.removesuffix(_HOW)
    forms = [f"← {form}" for form in (text, plain, plain.removesuffix(_OTHERS), _BRIEF)]
    free = (form for form in forms if x + away + text_width(form, font) + 2 * _PAD <= until)
    # Where other scissors stand close by, the arrow must do, and the fewer words the better.
    fits = (form for form in forms[2:] if text_width(form, font) + 2 * _PAD <= lay.room)
    text = next(free, next(fits, forms[-1]))
    return text, max(float(lay.gutter), min(x + away, _furthest(brush, text, font)))


def _furthest(brush: Brush, text: str, font: QFont) -> float:
    """Where the words begin that end at the right margin."""
    return brush.layout.gutter + brush.layout.room - text_width(text, font) - 2 * _PAD
