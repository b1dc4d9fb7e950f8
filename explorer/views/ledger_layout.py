"""Where the parts of the ledger's picture lie: cells, names, bars, the sum, and what is said of a pair."""

from __future__ import annotations

from math import ceil
from typing import NamedTuple

from PySide6.QtCore import QRectF
from PySide6.QtGui import QFontMetricsF

from ..model.ledger_part import Part
from ..theme.theme import Theme
from ..widgets.cell_numbers import number_width

BESIDE = 250
"""Width at scale 1 from which what is said of a pair has a column of its own beside the triangle."""
TELLING = 330
"""Width at scale 1 of that column, if a part of a long sentence leaves it so much."""
ROOMY = 420
"""Height at scale 1 from which a panel has lines to spare."""
FINE = 2.0
"""Cells that are less high than so many pixels are as wide as that, where there is room."""
TOLD = 9
"""Lines that are kept below a high and narrow picture."""


class Grid(NamedTuple):
    """The picture's measures in pixels.

    ``left`` and ``top`` are the cells' corner, ``wide`` and ``high`` one cell's size, ``part`` says which are in sight;
    ``names`` is the height of the line that numbers the columns (0: none), ``bars`` that of the votes, ``foot`` of the
    sum below them (0: the sum stands beside them). ``reading`` is the table that is said of a pair, None where there is
    room for ``flow`` alone: lines below the picture, with the head of it in the empty half of the triangle. ``counts``
    is the height of the line with the votes' numbers, between the bars and the sum (0: none).
    """

    left: float
    top: float
    wide: float
    high: float
    part: Part
    names: float
    bars: float
    foot: float
    reading: QRectF | None
    flow: QRectF
    counts: float = 0.0

    def cell(self, t: int, tau: int) -> QRectF:
        """The area of one cell, on whole pixels: it can be painted again without a trace on its neighbours."""
        x, y = round(self.x_of(tau)), round(self.y_of(t))
        return QRectF(x, y, round(self.x_of(tau + 1)) - x, round(self.y_of(t + 1)) - y)

    def x_of(self, tau: float) -> float:
        """The left edge of a copy's column."""
        return self.left + (tau - self.part.copy) * self.wide

    def y_of(self, t: float) -> float:
        """The upper edge of a loss's row."""
        return self.top + (t - self.part.first) * self.high

    def at(self, x: float, y: float) -> tuple[int, int]:
        """Loss and copy (t, τ) whose row and column a point lies in."""
        return int((y - self.top) // self.high) + self.part.first, int((x - self.left) // self.wide) + self.part.copy

    @property
    def cells(self) -> QRectF:
        """The area of all of them, and of the empty half."""
        # Cells of less than half a pixel have no area that could be united.
        part = self.part
        last = self.cell(part.first + part.rows - 1, part.copy + part.columns - 1)
        return QRectF(self.cell(part.first, part.copy).topLeft(), last.bottomRight())

    @property
    def base(self) -> float:
        """Where the bars begin."""
        return self.top + self.part.rows * self.high + 4 + self.names

    @property
    def right(self) -> float:
        return self.left + self.part.columns * self.wide


def layout(theme: Theme, width: float, height: float, rows: int, of: int | None = None) -> Grid:
    """The measures for ``rows`` losses in ``width`` × ``height`` pixels, and as many copies; see :func:`_layout`.

    In a high panel whose columns hold a number, the votes have theirs.
    """
    line = QFontMetricsF(theme.font("small", fixed=True)).height() + 2
    if height >= theme.px(ROOMY):
        found = _layout(theme, width, height - line, rows, of)
        if found.wide - 2 >= number_width(theme):
            table = found.reading
            if table is not None and found.foot:
                table = table.translated(0, line)
            return found._replace(counts=line, reading=table, flow=found.flow.translated(0, line))
    return _layout(theme, width, height, rows, of)


def _layout(theme: Theme, width: float, height: float, rows: int, of: int | None) -> Grid:
    """The measures for ``rows`` losses in ``width`` × ``height`` pixels, and as many copies.

    Of more losses (``of``) some are in sight, and as many copies as there is room for. A wide panel has square cells,
    or nearly, and a column beside them for what is said of a pair; else the cells take the whole width, and it is said
    below them, in lines or, in a high panel, as a table.
    """
    of = rows if of is None else of
    line = QFontMetricsF(theme.font("small")).height() + 1
    top = 2.0
    left = float(min(theme.px(58), round(0.22 * width)))
    names = line if height >= theme.px(260) else 0.0
    least = min(theme.px(34), height * 0.16)
    room = height - top - 6 - names
    most = float(theme.px(88))
    beside = width - left - theme.px(BESIDE) - 16
    if width >= theme.px(1.9 * BESIDE) and beside >= 0.42 * (room - least):
        widest = beside / rows if rows >= of else beside
        side = min((room - least) / rows, widest, most)
        # A little broader than high, where that makes room for the entry's number.
        number = number_width(theme) + 2
        wide = number if side < number <= min(1.8 * side, widest) else side
        if side < FINE:
            wide = min(FINE, widest)
        # Of a part the copies would take all the room, and cut the words of what is said.
        spare = max(beside - theme.px(TELLING - BESIDE), wide * min(rows, beside / wide))
        columns = rows if rows >= of else max(1, min(of, int(spare / wide)))
        bars = max(1.0, min(room - side * rows, max(least, theme.px(120))))
        right = left + wide * columns + theme.px(20)
        reading = QRectF(right, top, min(width - right, theme.px(460)), max(side * rows, 8 * line))
        return Grid(left, top, wide, side, Part(of, rows, columns), names, bars, 0.0, reading, QRectF())
    foot = QFontMetricsF(theme.font("small", fixed=True)).height() + 2
    wide = min((width - left - 4) / rows, theme.px(120))
    told = TOLD * line + 6 if height >= theme.px(ROOMY) else 0.0
    lines = (
        0 if told or height < theme.px(150) else 3 if height >= theme.px(190 if width < theme.px(290) else 230) else 2
    )
    flow = lines * line + 2 if lines else 0.0
    room -= foot + told + flow
    high = min((room - least) / rows, 1.6 * wide, most)
    bars = max(1.0, min(room - high * rows, max(least, theme.px(140))))
    wide = min(wide, max(2.6 * high, theme.px(24)))
    columns = rows
    if rows < of:
        columns = max(1, min(of, int((width - left - 4) / wide)))
        wide = (width - left - 4) / columns
    table = QRectF(4, height - told + 4, width - 8, told - 4) if told else None
    below = QRectF(2, height - flow + 2, width - 4, flow - 2) if flow else QRectF()
    return Grid(left, top, wide, high, Part(of, rows, columns), names, bars, foot, table, below)


def grouped(grid: Grid) -> tuple[str, ...]:
    """How many pairs share a pixel, from the fullest form to the shortest; () where each has its own."""
    rows, columns = (
        max(1, ceil(n / max(1, int(size))))
        for n, size in ((grid.part.rows, grid.cells.height()), (grid.part.columns, grid.cells.width()))
    )
    if rows == columns == 1:
        return ()
    parts = [f"{n} {name}" for n, name in ((rows, "losses"), (columns, "copies")) if n > 1]
    return (f"a dot: {' × '.join(parts)}, the furthest from 0; + zooms", f"a dot: {' × '.join(parts)}", "grouped")
