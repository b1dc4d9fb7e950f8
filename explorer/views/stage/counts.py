"""Says how often a loss that several runs take back is counted: once in its lane, and yet twice in the weights."""

from __future__ import annotations

from PySide6.QtCore import QRectF

from ...model.stage_words import counted
from ...widgets.paint import text_width
from .brush import CENTRE, Brush
from .caption import beneath


def paint_counts(brush: Brush) -> None:
    """``×2`` below the states of each step at which what walks back is counted more than once."""
    lay, theme = brush.layout, brush.theme
    counts = counted(brush.data)
    if not counts:
        return
    font, ink = theme.font("small", bold=True), brush.colour("gradient")
    top, height = beneath(brush)
    for t, count in counts.items():
        wide = lay.right(t) - lay.left(t)
        text = f"counts ×{count}"
        if text_width(text, font) > wide - 4:
            text = f"×{count}"
        middle, half = lay.left(t) + wide / 2, text_width(text, font) / 2
        if (
            brush.whole(middle - half, middle + half)
            and brush.sees(lay.left(t), lay.right(t))
            and text_width(text, font) <= wide
        ):
            brush.text(QRectF(lay.left(t), top, wide, height), CENTRE, text, font, ink)
