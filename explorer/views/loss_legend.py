"""What the marks of the loss curve mean, as rich text in their colours."""

from __future__ import annotations

from ..model.loss_data import LossFrame
from ..theme.theme import current

EMPTY = "Nothing is trained yet. T trains, PgDn does one update."

LONGEST = 26
"""Letters of B's name."""


def coloured(text: str, token: str) -> str:
    """Return ``text`` as rich text in the colour of ``token``."""
    return f"<span style='color: {getattr(current().tokens, token)}'>{text}</span>"


def _shortened(name: str) -> str:
    return name if len(name) <= LONGEST else name[: LONGEST - 1] + "…"


def legend_html(frame: LossFrame, brief: bool = False) -> str:
    """Return what each mark of the curve means, as rich text in its colours; "" when nothing is drawn.

    ``brief`` leaves out what the axis says anyway: that it is updates.
    """
    if frame.empty:
        return ""
    rows = [("━", "loss", frame.legend.removesuffix(" updates") if brief else frame.legend)]
    if frame.valid.shape[1]:
        rows.append(("●", "value", "held-out text" if frame.evaluated == "valid" else frame.evaluated))
    if frame.beside is not None:
        rows.append(("╍", "good", _shortened(frame.beside.name)))
    if any(line.branch for line in frame.others) or frame.branches:
        rows.append(("━", "weight", "branch"))
    if len(frame.annealed):
        rows.append(("┆", "weight", "rate lowered"))
    if len(frame.not_finite):
        rows.append(("▲", "cut", "not finite"))
    if len(frame.off_scale):
        rows.append(("△", "cut", "above the scale"))
    joined = [(coloured(sign, token), coloured(text.replace(" ", "&nbsp;"), "muted")) for sign, token, text in rows]
    return "&nbsp;&nbsp; ".join(f"{sign}&nbsp;{text}" for sign, text in joined)
