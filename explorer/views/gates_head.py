"""What stands above a gate's strips: its name, how much of it is saturated, and its share of the gradient as a bar."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter

from ..model.gates_data import GatesData
from ..model.saturation import MUCH
from ..theme.theme import Theme
from ..theme.tokens import RADIUS
from ..widgets.paint import elided, rounded

_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


LEGEND = ("saturated", "share of ‖G‖²")
"""What the numbers of the head's two lines are."""


def line_height(theme: Theme) -> int:
    """Height of one line of the head."""
    return int(np.ceil(QFontMetricsF(theme.font("small")).height()))


def head_texts(data: GatesData, gate: int, *, named: bool = False) -> tuple[tuple[str, ...], bool, float, str]:
    """Of one gate: how much of it is saturated, whether that is a warning, its share, and that in words.

    ``named``: what the two lines are stands at the left of them, once for all gates.
    """
    count, of = data.saturated(gate)
    warns = bool(data.not_finite(gate)) or count > MUCH * of
    shares = data.shares
    share = None if shares is None else shares.of(data.gates[gate].name)
    said = "–" if not data.added else "…" if share is None else per_cent(share)
    filled = share if share is not None and share > 0 else 0.0
    forms = data.saturation_forms(gate)
    if named and not data.not_finite(gate) and len(forms) > 1:
        forms = forms[1:]
    return forms, warns, round(min(filled, 1.0), 3), said


def paint_head(
    painter: QPainter,
    theme: Theme,
    name: str,
    area: QRectF,
    saturated: tuple[str, ...],
    warns: bool,
    share: float,
    said: str,
) -> None:
    """The gate's name and how much of it is saturated; below them its share of ‖G‖² as a bar and a number."""
    line = line_height(theme)
    top = QRectF(area.left(), 0, area.width(), line)
    bold, font = theme.font("small", bold=True), theme.font("small")
    painter.setFont(bold)
    painter.setPen(theme.colour("text"))
    painter.drawText(top, _LEFT, elided(name, bold, area.width()))
    metrics = QFontMetricsF(font)
    room = area.width() - QFontMetricsF(bold).horizontalAdvance(name) - theme.px(6)
    painter.setFont(font)
    for text in saturated:
        if metrics.horizontalAdvance(text) <= room:
            painter.setPen(theme.colour("cut" if warns else "muted"))
            painter.drawText(top, _RIGHT, text)
            break
    said = share_said(theme, said, area.width())
    wide = metrics.horizontalAdvance("100 %") + theme.px(2) if said else 0.0
    bar = QRectF(area.left(), line + line / 2 - theme.px(2), area.width() - wide, theme.px(5))
    if bar.width() >= theme.px(8):
        rounded(painter, bar, RADIUS.cell, theme.colour("raised"))
        if share > 0:
            filled = QRectF(bar.left(), bar.top(), max(2.0, bar.width() * share), bar.height())
            rounded(painter, filled, RADIUS.cell, theme.colour("gradient"))
    painter.setPen(theme.colour("text"))
    painter.drawText(QRectF(area.left(), line, area.width(), line), _RIGHT, said)


def share_said(theme: Theme, said: str, room: float) -> str:
    """The form of a share that is not cut off in ``room`` pixels: half of a number is another number."""
    metrics = QFontMetricsF(theme.font("small"))
    forms = (said, said.replace(" ", ""), said.removesuffix(" %"))
    return next((form for form in forms if metrics.horizontalAdvance(form) <= room), "")


def paint_legend(painter: QPainter, theme: Theme, width: float) -> None:
    """Say at the left what the two numbers above each gate are."""
    line, room = line_height(theme), width - theme.px(6)
    painter.setFont(theme.font("small"))
    painter.setPen(theme.colour("muted"))
    for n, words in enumerate(LEGEND):
        painter.drawText(QRectF(0, n * line, room, line), _LEFT, elided(words, painter.font(), room))


def per_cent(share: float) -> str:
    """A share of 1 in words."""
    return "NaN" if np.isnan(share) else f"{100 * share:.0f} %"
