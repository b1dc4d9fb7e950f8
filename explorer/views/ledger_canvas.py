"""The picture of the gradient ledger: the triangle, the votes below it, and what is said of one pair."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, QSize, QSizeF, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QRegion
from PySide6.QtWidgets import QWidget

from ..model.ledger_data import LedgerData
from ..theme.theme import Theme
from ..widgets.canvas import ARROWS
from ..widgets.paint import frame, pen
from . import ledger_margins as margins
from . import ledger_reading as reading
from .ledger_cells import LedgerCells, Pair
from .ledger_key import key_room, paint_key
from .ledger_layout import Grid
from .ledger_sight import LedgerSight

MANY = 64
"""Cells that change at once above which what holds them all is painted again: naming each takes longer."""


class LedgerCanvas(LedgerSight):
    """Paints a :class:`LedgerData`.

    A click or an arrow key emits ``pair_chosen`` and the mouse ``pair_pointed``, with loss t and copy τ (−1, −1: at
    none).
    """

    pair_chosen = Signal(int, int)
    pair_pointed = Signal(int, int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._step: int | None = None
        self._cells = LedgerCells()
        self.says_where = False
        """Whether it is to tell itself what is in sight, since nothing above it does."""

    def set_data(self, data: LedgerData) -> None:
        """Show ``data``; only what differs is painted again."""
        before, self._data = self._data, data
        if self._hover is not None and max(self._hover) >= data.length:
            self._hover = None
        if before is None or before.length != data.length:
            self._follows = True
        moved = self._follow(before, data)
        self._describe()
        if moved or before is None or self._key(before) != self._key(data):
            self.update()
            if moved or before is None or before.length != data.length:
                self.turned.emit()
            return
        if not data.length:
            return
        grid = self.grid(data)
        changed = [pair for pair in self._cells.changed(data) if grid.part.sees(*pair)]
        marked = {before.walking, data.walking, before.selected, data.selected} - {None}
        if before.walking == data.walking and before.selected == data.selected:
            marked = set()
        if len(changed) > MANY:
            ends = np.array(changed)
            whole = grid.cell(*ends.min(axis=0).tolist()) | grid.cell(*ends.max(axis=0).tolist())
            self.update(whole.adjusted(-2, -2, 4, 4).toAlignedRect())
            changed = changed[:1]
        for pair in {*changed, *marked}:
            self._update_cell(grid, pair)  # type: ignore[arg-type]
        for row in {p[0] for p in (before.walking, data.walking) if p is not None} if marked else ():
            self.update(QRectF(0, grid.y_of(row) - 12, grid.left, grid.high + 24).toAlignedRect())
        begun = grid.counts and not np.array_equal(before.begun, data.begun)
        if begun or before.sums != data.sums or not np.array_equal(before.votes, data.votes, equal_nan=True):
            self.update(self._votes_area(data))
        if marked or changed:
            self._update_reading(data)

    def _update_cell(self, grid: Grid, pair: Pair) -> None:
        """Paint one cell again, with the frame around it."""
        if grid.part.sees(*pair):
            self.update(grid.cell(*pair).adjusted(-2, -2, 4, 4).toAlignedRect())

    def wait(self, words: tuple[str, ...]) -> None:
        """Keep what is shown while the ledger of newer weights is computed; one of another sentence is taken away."""
        if self._data is not None and self._data.words != words:
            self._data = self._hover = None
            self.setAccessibleName("Gradient ledger: computing")
            self.update()

    def mark_step(self, t: int | None) -> None:
        """Frame the column of the weight copy at a time step that is pointed at in another panel."""
        before, self._step = self._step, t
        if self._data is not None and t != before:
            for step in (before, t):
                column = self._column(self._data, step) if step is not None and step < self._data.length else QRectF()
                if not column.isNull():
                    self.update(column.adjusted(-2, -2, 2, 2).toAlignedRect())

    def _column(self, data: LedgerData, tau: int) -> QRectF:
        """The cells of one weight copy, of all losses in sight that can reach it; nothing where there are none."""
        grid = self.grid(data)
        part, first, last = grid.part, max(tau, grid.part.first), grid.part.first + grid.part.rows - 1
        seen = part.copy <= tau < part.copy + part.columns and first <= last
        return grid.cell(first, tau) | grid.cell(last, tau) if seen else QRectF()

    def _key(self, data: LedgerData) -> tuple[object, ...]:
        """What the whole picture depends on."""
        ledger = data.ledger
        part = self.grid(data).part if data.length else None
        return (id(ledger), data.mode, data.length, data.words, self.width(), self.height(), part)

    def sizeHint(self) -> QSize:
        return QSize(300, 240)

    def minimumSizeHint(self) -> QSize:
        return QSize(180, 110)

    def restyle(self) -> None:
        self._cells.forget()
        self._grid = None
        super().restyle()

    # --- geometry ---

    def pair_at(self, x: float, y: float) -> Pair | None:
        """The (t, τ) under a point, None outside the triangle."""
        data = self._data
        if data is None or not data.length:
            return None
        grid = self.grid(data)
        t, tau = grid.at(x, y)
        return (t, tau) if tau <= t and grid.part.sees(t, tau) else None

    def centre_of(self, t: int, tau: int) -> QPointF:
        """The middle of a cell."""
        assert self._data is not None
        return self.grid(self._data).cell(t, tau).center()

    def _votes_area(self, data: LedgerData) -> QRect:
        grid = self.grid(data)
        return QRectF(0, grid.base - 3, self.width(), grid.bars + grid.counts + grid.foot + 5).toAlignedRect()

    def sum_area(self, data: LedgerData) -> QRectF:
        """Where the sum is printed: beside the bars, or below them."""
        grid = self.grid(data)
        if grid.foot:
            return QRectF(2, grid.base + grid.bars + grid.counts, self.width() - 4, grid.foot)
        left = grid.right + 8
        return QRectF(left, grid.base, self.width() - left - 2, grid.bars)

    # --- painting ---

    def paint(self, painter: QPainter, theme: Theme, region: QRegion) -> None:
        data = self._data
        if data is None:
            painter.setFont(theme.font("label"))
            painter.setPen(theme.colour("muted"))
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, "computing …")
        if data is None or not data.length:
            return
        grid = self.grid(data)
        area = QRectF(0, 0, grid.right + 3, grid.base).toAlignedRect()
        if region.intersects(area):
            self._paint_cells(painter, theme, data, grid, region)
            margins.paint_words(painter, theme, data, grid, region)
            if grid.names:
                margins.paint_numbers(painter, theme, data, grid, self.width())
        if region.intersects(self._votes_area(data)):
            margins.paint_votes(painter, theme, data, grid, self.sum_area(data))
        pair = self.pair(data)
        if grid.reading is not None:
            table, key = key_room(theme, grid.reading)
            reading.paint_table(painter, theme, data, pair, table)
            if key is not None:
                paint_key(painter, theme, data, key, self.devicePixelRatioF())
            return
        head = reading.head(theme, data, pair, grid, self.width())
        reading.paint_head(painter, theme, head)
        where = self.wheres() if self.says_where else ()
        reading.paint_flow(painter, theme, data, pair, grid.flow, where, named=not head)

    def _paint_cells(self, painter: QPainter, theme: Theme, data: LedgerData, grid: Grid, region: QRegion) -> None:
        pixmap = self._cells.renewed(self, theme, data, grid, self._key(data))
        painter.drawPixmap(QPointF(0, 0), pixmap)  # as a whole: a part of it would be resampled at a broken ratio
        if self._step is not None and self._step < data.length:
            column = self._column(data, self._step)
            if not column.isNull():
                frame(painter, column, theme.colour("muted"), 1.0)
        for pair, token, width in (
            (data.selected, "text", 2.0),
            (data.walking, "gradient", 2.0),
            (self._hover, "text", 1.5),
        ):
            if pair is not None and grid.part.sees(*pair):
                _frame(painter, grid.cell(*pair), theme.colour(token), width)

    # --- what is said of a pair ---

    def _update_reading(self, data: LedgerData) -> None:
        """Paint again what is said of a pair: in its own place, or in the empty half of the triangle and below."""
        grid = self.grid(data)
        if grid.reading is not None:
            self.update(grid.reading.adjusted(-2, -2, 2, 2).toAlignedRect())
            return
        self.update(QRectF(grid.left, 0, self.width() - grid.left, grid.base).toAlignedRect())
        if not grid.flow.isEmpty():
            self.update(grid.flow.toAlignedRect())

    # --- the mouse and the keys ---

    def point_at(self, pair: Pair | None) -> None:
        """Say which pair is pointed at; None for none."""
        if pair != self._hover:
            self._mark(pair)
            self.pair_pointed.emit(*(pair or (-1, -1)))

    def let_go(self) -> None:
        """Mark no pair below the mouse, which has not moved since something else was turned to."""
        if self._hover is not None:
            self._mark(None)

    def _mark(self, pair: Pair | None) -> None:
        data, before = self._data, self._hover
        self._hover = pair
        if data is not None:
            self._update_reading(data)
            for one in (before, pair):
                if one is not None:
                    self._update_cell(self.grid(data), one)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._drag(event.position()):
            return
        hover = self.pair_at(event.position().x(), event.position().y())
        self.setCursor(Qt.CursorShape.PointingHandCursor if hover is not None else Qt.CursorShape.ArrowCursor)
        self.point_at(hover)
        super().mouseMoveEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        pair = self.pair_at(event.position().x(), event.position().y())
        dragged, self._pressed, self._drags = self._drags, None, False
        if dragged:
            self.setCursor(Qt.CursorShape.ArrowCursor if pair is None else Qt.CursorShape.PointingHandCursor)
        elif pair is not None and event.button() == Qt.MouseButton.LeftButton:
            self.pair_chosen.emit(*pair)
        super().mouseReleaseEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        self.point_at(None)
        super().leaveEvent(event)

    def tip(self, x: float, y: float) -> str:
        """What is said of a point: the chain of factors of a pair, a copy's votes, or their sum."""
        data = self._data
        if data is None or not data.length:
            return ""
        pair, grid = self.pair_at(x, y), self.grid(data)
        if pair is not None:
            return "\n".join(f"{what}  {value}".rstrip() for what, value in data.lines(*pair, 14))
        if not self._votes_area(data).contains(int(x), int(y)):
            return ""
        tau = grid.at(x, y)[1]
        seen = grid.left <= x and tau < grid.part.copy + grid.part.columns
        return data.vote(tau) if seen and y < grid.base + grid.bars + grid.counts else data.sums[0]

    def keyPressEvent(self, event: QKeyEvent) -> None:
        data, key = self._data, Qt.Key(event.key())
        step = ARROWS.get(key)
        if data is None or not data.length or step is None:
            super().keyPressEvent(event)
            return
        t, tau = data.selected or data.walking or (data.length - 1, data.length - 1)
        t = min(max(t + step[0], 0), data.length - 1)
        self.point_at(None)  # one looks at what the keys choose, and not at what the mouse was left on
        self.pair_chosen.emit(t, min(max(tau + step[1], 0), t))


def _frame(painter: QPainter, area: QRectF, colour: QColor, width: float) -> None:
    painter.setPen(pen(colour, width))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    area.setSize(area.size().expandedTo(QSizeF(4.0, 4.0)))
    painter.drawRoundedRect(area.adjusted(0.5, 0.5, -0.5, -0.5), 2, 2)
