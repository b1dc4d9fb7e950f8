"""What stands around the ledger's cells: names of the losses, numbers of the weight copies, their votes and the sum."""

from __future__ import annotations

from math import ceil
from typing import Any

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFont, QFontMetricsF, QPainter, QRegion

from ..model.ledger_data import LedgerData
from ..theme.theme import Theme
from ..widgets.cell_numbers import fitting, number_type
from ..widgets.paint import elided, pen, text_width
from ..widgets.typeset import draw_named
from .ledger_layout import Grid

Array = np.ndarray[Any, Any]
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


def step(least: float) -> int:
    """The smallest of 1, 2, 5, 10, 20, 50, … that is not less than ``least``."""
    found = 1
    while found < least:
        found = found * 5 // 2 if str(found)[0] == "2" else found * 2
    return found


def numbered(first: int, count: int, least: float) -> list[int]:
    """Which of ``count`` from ``first`` on are numbered, with ``least`` of them or more from one to the next."""
    every = step(least)
    return list(range(-(-first // every) * every, first + count, every))


def row_font(theme: Theme, grid: Grid) -> QFont:
    """The letters of the losses' names."""
    return theme.font("label" if grid.high >= theme.px(44) else "small" if grid.high >= theme.px(14) else "tiny")


def row_names(theme: Theme, grid: Grid) -> list[tuple[int, QRectF]]:
    """The losses that are named, and where."""
    line = QFontMetricsF(row_font(theme, grid)).height()
    # The first of many rows is lower than its number, which then takes some of the place of the next.
    pressed = max(0.0, line / 2 - grid.top - grid.high / 2)
    apart = 0.8 * line  # what is left out above and below letters
    least = (apart + (pressed if grid.high < apart else 0.0)) / grid.high
    found = []
    for t in numbered(grid.part.first, grid.part.rows, least):
        y = max(0.0, grid.y_of(t + 0.5) - line / 2)
        found.append((t, QRectF(0, y, grid.left - theme.px(8), line)))
    return found


def paint_words(painter: QPainter, theme: Theme, data: LedgerData, grid: Grid, region: QRegion) -> None:
    """The losses by what they should predict, or by their numbers where not all have room."""
    font, names = row_font(theme, grid), row_names(theme, grid)
    painter.setFont(font)
    # Words left out between words would read as a sentence: then the losses are numbered.
    sparse = len(names) < grid.part.rows
    for t, room in names:
        if not region.intersects(room.toAlignedRect()):
            continue
        current_row = data.walking is not None and data.walking[0] == t
        painter.setPen(theme.colour("text" if current_row else "muted"))
        said = str(t) if sparse else data.words[t] or "–"
        painter.drawText(room, _RIGHT, elided(said, font, room.width()))


def paint_numbers(painter: QPainter, theme: Theme, data: LedgerData, grid: Grid, width: float) -> None:
    """The weight copies' numbers below their columns, within a picture of ``width``."""
    small, part = theme.font("small", fixed=True), grid.part
    painter.setFont(small)
    painter.setPen(theme.colour("muted"))
    top = grid.y_of(part.first + part.rows) + 2
    painter.drawText(QRectF(0, top, grid.left - theme.px(8), grid.names), _RIGHT, "copy τ")
    least = ceil((text_width(str(data.length), small) + 6) / grid.wide)
    for tau in numbered(part.copy, part.columns, least):
        half = text_width(str(tau), small) / 2
        # The last of many columns is nearer to the edge than half of its number is wide; the first to what they are.
        middle = min(grid.x_of(tau + 0.5), width - half)
        if middle - half >= grid.left - theme.px(5):
            painter.drawText(QRectF(middle - 20, top, 40, grid.names), Qt.AlignmentFlag.AlignCenter, str(tau))


def paint_votes(painter: QPainter, theme: Theme, data: LedgerData, grid: Grid, sums: QRectF) -> None:
    """A bar for each weight copy: what it has contributed to ‖G‖ so far, up for more, down for less.

    However few losses are in sight, it is what all of them ask of it.
    """
    side, bars, base, part = grid.wide, grid.bars, grid.base, grid.part
    votes = data.votes[part.copy : part.copy + part.columns]
    odd = ~np.isfinite(votes)
    limit, middle = data.most_votes, base + bars / 2
    painter.setPen(pen(theme.colour("line")))
    painter.drawLine(QPointF(grid.left, middle), QPointF(grid.right, middle))
    painter.setPen(Qt.PenStyle.NoPen)
    for n, vote in enumerate(np.where(odd, 0.0, votes).tolist()):
        if vote:
            painter.setBrush(theme.colour("gradient" if vote > 0 else "value"))
            height = bars / 2 * abs(vote) / limit
            y = middle - height if vote > 0 else middle
            painter.drawRect(QRectF(grid.left + n * side + 1, y, max(1.0, side - 2), height))
    for n in np.flatnonzero(odd).tolist():
        # No number has a length: the whole column in its colour says which it is.
        token = "nan" if np.isnan(votes[n]) else "plus_inf" if votes[n] > 0 else "minus_inf"
        area = QRectF(grid.left + n * side + 1, base, max(1.0, side - 2), bars)
        painter.fillRect(area, theme.colour(token, 0.45))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    small = theme.font("small")
    painter.setFont(small)
    painter.setPen(theme.colour("muted"))
    line = QFontMetricsF(small).height()
    gutter = QRectF(0, base, grid.left - theme.px(8), bars)
    parts = data.votes_name.split(" ")
    if line * len(parts) > bars + 4:
        parts = parts[-1:]
    for n, said in enumerate(parts):
        room = QRectF(0, gutter.center().y() + (n - len(parts) / 2) * line, gutter.width(), line)
        painter.drawText(room, _RIGHT, elided(said, small, room.width()))
    if grid.counts:
        _paint_counts(painter, theme, grid, votes, data.begun[part.copy : part.copy + part.columns])
    _paint_sum(painter, theme, data, grid, sums)


def _paint_counts(painter: QPainter, theme: Theme, grid: Grid, votes: Array, begun: Array) -> None:
    """The votes' numbers below their bars; a dash for a copy to which nothing has been added yet."""
    kind = number_type(theme, grid.wide - 2, grid.counts)
    if kind is None:
        return
    painter.setFont(kind.font)
    painter.setPen(theme.colour("text"))
    top = grid.base + grid.bars
    for n, (vote, any_yet) in enumerate(zip(votes.tolist(), begun.tolist(), strict=True)):
        room = QRectF(grid.left + n * grid.wide, top, grid.wide, grid.counts)
        painter.drawText(room, Qt.AlignmentFlag.AlignCenter, fitting(vote, kind.letters) if any_yet else "–")


def _paint_sum(painter: QPainter, theme: Theme, data: LedgerData, grid: Grid, area: QRectF) -> None:
    """What the votes come to; of a part too it is the sum of them all."""
    fixed = theme.font("small", fixed=True)
    said = next((form for form in data.sums if text_width(form, fixed) <= area.width()), data.sums[-1])
    painter.setFont(fixed)
    painter.setPen(theme.colour("text"))
    draw_named(painter, area, said, fixed)
    if grid.foot and grid.flow.isEmpty() and grid.reading is None:
        # There is no other line that could tell what is in sight.
        small, left = theme.font("small"), area.width() - text_width(said, fixed) - theme.px(12)
        for form in grid.part.said:
            if text_width(form, small) <= left:
                painter.setFont(small)
                painter.setPen(theme.colour("muted"))
                draw_named(painter, area, form, small, 1.0)
                break
