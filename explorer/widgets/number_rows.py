"""Named numbers, one a line: the name muted on the left, the number in its colour on the right."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter

from ..theme.theme import Theme
from .paint import elided
from .typeset import draw_named

Rows = Sequence[tuple[str, str, str]]
"""(name, number, colour token)."""
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


def line_height(theme: Theme) -> float:
    """Height of one line in logical pixels."""
    return float(np.ceil(QFontMetricsF(theme.font("small")).height()) + 1)


def one_line(rows: Rows) -> str:
    """All of them in one line of text."""
    return " · ".join(f"{name} {value}" for name, value, _ in rows)


def lines(rows: Rows) -> str:
    """All of them as lines of text, for a tool tip."""
    return "\n".join(f"{name}: {value}" for name, value, _ in rows)


def paint_rows(painter: QPainter, theme: Theme, rows: Rows, area: QRectF) -> None:
    """Paint as many as find room in ``area``; where there is only one line, all of them in it, cut at its end."""
    small, fixed, line = theme.font("small"), theme.font("small", fixed=True), line_height(theme)
    if area.height() < 2 * line and len(rows) > 1:
        painter.setFont(small)
        painter.setPen(theme.colour("muted"))
        painter.drawText(area, _LEFT, elided(one_line(rows), small, area.width()))
        return
    metrics = QFontMetricsF(fixed)
    for n, (name, value, token) in enumerate(rows):
        row = QRectF(area.left(), area.top() + n * line, area.width(), line)
        if row.bottom() > area.bottom() + 1:
            break
        painter.setFont(fixed)
        painter.setPen(theme.colour(token))
        painter.drawText(row, _RIGHT, value)
        painter.setPen(theme.colour("cut" if token == "cut" else "muted"))
        draw_named(painter, row, elided(name, small, row.width() - metrics.horizontalAdvance(value) - 8), small)
