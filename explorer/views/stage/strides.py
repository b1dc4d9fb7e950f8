"""The numbers of a stride in words, where each is drawn: k₁ at the handle that sets it, k₂ on a run as long as it."""

from __future__ import annotations

from PySide6.QtCore import QRectF

from rnncore.truncation import Stride

from ...theme.tokens import RADIUS
from ...widgets.paint import rounded, text_width
from .brush import CENTRE, Brush
from .runs import KNOB, knob_centre, knobs, places_of

_PAD = 3.0


def paint_stride(brush: Brush) -> None:
    """``k₁ = 4`` and ``k₂ = 6`` beside the runs, where there is room for them between the losses' dots."""
    for text, area in stride_words(brush):
        if brush.sees(area.left(), area.right()):
            rounded(brush.painter, area, RADIUS.bar, brush.colour("panel", 0.94))
            brush.text(area, CENTRE, text, brush.theme.font("tiny"), brush.colour("gradient"), whole=True)


def stride_words(brush: Brush) -> list[tuple[str, QRectF]]:
    """The words, and where each of them stands; none where they would cover a dot or an arrow's head."""
    policy, lay = brush.data.cut.policy, brush.layout
    if not isinstance(policy, Stride):
        return []
    found = []
    first = min(knobs(brush), key=lambda h: h.boundary, default=None)
    if first is not None and first.boundary < lay.length:
        at = knob_centre(brush, first)
        found.append(_word(brush, ("k₁", policy.k1), at.x() + KNOB * brush.theme.scale + 1.0, at.y(), first.boundary))
    run = _longest(brush, policy.k2)
    if run is not None:
        low, y = run
        found.append(_word(brush, ("k₂", policy.k2), lay.left(low) + 11.0, y, low))
    words = [word for word in found if word is not None]
    if len(words) == 2 and words[0][1].intersects(words[1][1]):
        words.pop()  # both begin in one column: the handle keeps its word, the row's label has both
    return words


def _longest(brush: Brush, k2: int) -> tuple[int, float] | None:
    """Where a run of the length k₂ ends, and at which height: that of the loss on show, else the last one in sight."""
    lay, own = brush.layout, brush.data.cut.run
    whole = [
        (run == own, run.high, run.low, y)
        for run, y in places_of(brush)
        if run.high - run.low + 1 == k2 and brush.whole(lay.left(run.low), lay.left(run.low) + lay.column_width / 2)
    ]
    return max(whole)[2:] if whole else None


def _word(brush: Brush, said: tuple[str, int], left: float, y: float, column: int) -> tuple[str, QRectF] | None:
    """The word from ``left`` on, in a form that ends before the dot in the middle of its ``column``."""
    lay, high = brush.layout, float(brush.theme.px(12))
    until = (lay.left(column) + lay.right(column)) / 2 - 3.0
    if lay.rows["output"].top - lay.rows["bar"].bottom < high - 2.0 or not brush.whole(left, until):
        return None
    for text, pad in ((f"{said[0]} = {said[1]}", _PAD), (f"{said[0]}={said[1]}", 1.0)):
        wide = text_width(text, brush.theme.font("tiny")) + 2 * pad
        if left + wide <= until:
            return text, QRectF(round(left), round(y - high / 2), wide, high)
    return None
