"""The picture of the gradient ledger: the triangle, the votes below it, and what is said of one pair."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, QSize, QSizeF, Qt, Signal
from PySide6.QtGui import QColor, QFontMetricsF, QKeyEvent, QMouseEvent, QPainter, QRegion
from PySide6.QtWidgets import QWidget

from ..model.ledger_data import LedgerData
from ..theme.theme import Theme, current
from ..widgets.canvas import ARROWS, Canvas
from ..widgets.paint import elided, frame, pen, text_width
from . import ledger_reading as reading
from .ledger_cells import LedgerCells, Pair
from .ledger_layout import Grid, layout

MANY = 64
"""Cells that change at once above which what holds them all is painted again: naming each takes longer."""
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


class LedgerCanvas(Canvas):
    """Paints a :class:`LedgerData`.

    A click or an arrow key emits ``pair_chosen`` and the mouse ``pair_pointed``, with loss t and copy τ (−1, −1: at
    none).
    """

    pair_chosen = Signal(int, int)
    pair_pointed = Signal(int, int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Gradient ledger", parent)
        self._data: LedgerData | None = None
        self._hover: Pair | None = None
        self._step: int | None = None
        self._cells = LedgerCells()
        self._grid: tuple[tuple[object, ...], Grid] | None = None

    def set_data(self, data: LedgerData) -> None:
        """Show ``data``; only what differs is painted again."""
        before, self._data = self._data, data
        self.setAccessibleName(f"Gradient ledger of {data.parameter}: {data.sums[0]}")
        if self._hover is not None and max(self._hover) >= data.length:
            self._hover = None
        if before is None or self._key(before) != self._key(data):
            self.update()
            return
        if not data.length:
            return
        grid = self.grid(data)
        changed = self._cells.changed(data)
        marked = {before.walking, data.walking, before.selected, data.selected} - {None}
        if before.walking == data.walking and before.selected == data.selected:
            marked = set()
        if len(changed) > MANY:
            ends = np.array(changed)
            whole = grid.cell(*ends.min(axis=0).tolist()) | grid.cell(*ends.max(axis=0).tolist())
            self.update(whole.adjusted(-2, -2, 4, 4).toAlignedRect())
            changed = changed[:1]
        for pair in {*changed, *marked}:
            self.update(grid.cell(*pair).adjusted(-2, -2, 4, 4).toAlignedRect())  # type: ignore[misc]
        for row in {p[0] for p in (before.walking, data.walking) if p is not None} if marked else ():
            self.update(QRectF(0, grid.top + row * grid.high - 12, grid.left, grid.high + 24).toAlignedRect())
        if before.sums != data.sums or not np.array_equal(before.votes, data.votes, equal_nan=True):
            self.update(self._votes_area(data))
        if marked or changed:
            self._update_reading(data)

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
                if step is not None and step < self._data.length:
                    self.update(self._column(self._data, step).adjusted(-2, -2, 2, 2).toAlignedRect())

    def _column(self, data: LedgerData, tau: int) -> QRectF:
        """The cells of one weight copy, of all losses that can reach it."""
        grid = self.grid(data)
        return grid.cell(tau, tau) | grid.cell(data.length - 1, tau)

    def _key(self, data: LedgerData) -> tuple[object, ...]:
        """What the whole picture depends on."""
        ledger = data.ledger
        return (id(ledger), data.mode, data.length, data.words, self.width(), self.height())

    def sizeHint(self) -> QSize:
        return QSize(300, 240)

    def minimumSizeHint(self) -> QSize:
        return QSize(180, 110)

    def restyle(self) -> None:
        self._cells.forget()
        self._grid = None
        super().restyle()

    # --- geometry ---

    def grid(self, data: LedgerData) -> Grid:
        """Where everything lies; kept for a size."""
        theme = current(self)
        key = (self.width(), self.height(), data.length, id(theme))
        if self._grid is None or self._grid[0] != key:
            self._grid = (key, layout(theme, self.width(), self.height(), max(1, data.length)))
        return self._grid[1]

    def pair_at(self, x: float, y: float) -> Pair | None:
        """The (t, τ) under a point, None outside the triangle."""
        data = self._data
        if data is None or not data.length:
            return None
        grid = self.grid(data)
        t, tau = int((y - grid.top) // grid.high), int((x - grid.left) // grid.wide)
        return (t, tau) if 0 <= tau <= t < data.length else None

    def centre_of(self, t: int, tau: int) -> QPointF:
        """The middle of a cell."""
        assert self._data is not None
        return self.grid(self._data).cell(t, tau).center()

    def _votes_area(self, data: LedgerData) -> QRect:
        grid = self.grid(data)
        return QRectF(0, grid.base - 3, self.width(), grid.bars + grid.foot + 5).toAlignedRect()

    def sum_area(self, data: LedgerData) -> QRectF:
        """Where the sum is printed: beside the bars, or below them."""
        grid = self.grid(data)
        if grid.foot:
            return QRectF(2, grid.base + grid.bars, self.width() - 4, grid.foot)
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
            self._paint_words(painter, theme, data, grid, region)
        if region.intersects(self._votes_area(data)):
            self._paint_votes(painter, theme, data, grid)
        pair = self.pair(data)
        if grid.reading is not None:
            reading.paint_table(painter, theme, data, pair, grid.reading)
            return
        reading.paint_head(painter, theme, reading.head(theme, data, pair, grid, self.width()))
        reading.paint_flow(painter, theme, data, pair, grid.flow)

    def _paint_cells(self, painter: QPainter, theme: Theme, data: LedgerData, grid: Grid, region: QRegion) -> None:
        pixmap = self._cells.renewed(self, theme, data, grid, self._key(data))
        clip = region.boundingRect()
        ratio = pixmap.devicePixelRatio()
        source = QRectF(clip.x() * ratio, clip.y() * ratio, clip.width() * ratio, clip.height() * ratio)
        painter.drawPixmap(QRectF(clip), pixmap, source)
        if self._step is not None and self._step < data.length:
            frame(painter, self._column(data, self._step), theme.colour("muted"), 1.0)
        for pair, token, width in (
            (data.selected, "text", 2.0),
            (data.walking, "gradient", 2.0),
            (self._hover, "text", 1.5),
        ):
            if pair is not None and max(pair) < data.length:
                _frame(painter, grid.cell(*pair), theme.colour(token), width)

    def _paint_words(self, painter: QPainter, theme: Theme, data: LedgerData, grid: Grid, region: QRegion) -> None:
        size = "label" if grid.high >= theme.px(44) else "small" if grid.high >= theme.px(14) else "tiny"
        font = theme.font(size)
        metrics = QFontMetricsF(font)
        painter.setFont(font)
        every = max(1, int(np.ceil(metrics.height() * 0.8 / grid.high)))  # what is left out above and below letters
        free = 0.0
        for t in range(0, data.length, every):
            # The first of many rows is lower than its number, which takes the place of the next.
            y = max(0.0, grid.top + (t + 0.5) * grid.high - metrics.height() / 2)
            if y < free:
                continue
            free = y + metrics.height() * 0.78
            room = QRectF(0, y, grid.left - theme.px(8), metrics.height())
            if not region.intersects(room.toAlignedRect()):
                continue
            current_row = data.walking is not None and data.walking[0] == t
            painter.setPen(theme.colour("text" if current_row else "muted"))
            # Words left out between words would read as a sentence: then the losses are numbered.
            said = str(t) if every > 1 else data.words[t] or "–"
            painter.drawText(room, _RIGHT, elided(said, font, room.width()))
        if grid.names:
            self._paint_names(painter, theme, data, grid)

    def _paint_names(self, painter: QPainter, theme: Theme, data: LedgerData, grid: Grid) -> None:
        """The weight copies' numbers below their columns."""
        small = theme.font("small", fixed=True)
        painter.setFont(small)
        painter.setPen(theme.colour("muted"))
        every = max(1, int(np.ceil((text_width(str(data.length), small) + 6) / grid.wide)))
        top = grid.top + data.length * grid.high + 2
        painter.drawText(QRectF(0, top, grid.left - theme.px(8), grid.names), _RIGHT, "copy τ")
        for tau in range(0, data.length, every):
            middle = grid.left + (tau + 0.5) * grid.wide
            room = QRectF(middle - 20, top, 40, grid.names)
            painter.drawText(room, Qt.AlignmentFlag.AlignCenter, str(tau))

    def _paint_votes(self, painter: QPainter, theme: Theme, data: LedgerData, grid: Grid) -> None:
        """A bar for each weight copy: what it has contributed to ‖G‖ so far, up for more, down for less."""
        left, side, bars, base = grid.left, grid.wide, grid.bars, grid.base
        votes = np.where(np.isfinite(data.votes), data.votes, 0.0)
        limit, middle = data.most_votes, base + bars / 2
        painter.setPen(pen(theme.colour("line")))
        painter.drawLine(QPointF(left, middle), QPointF(left + data.length * side, middle))
        painter.setPen(Qt.PenStyle.NoPen)
        for tau, vote in enumerate(votes.tolist()):
            if vote:
                painter.setBrush(theme.colour("gradient" if vote > 0 else "value"))
                height = bars / 2 * abs(vote) / limit
                y = middle - height if vote > 0 else middle
                painter.drawRect(QRectF(left + tau * side + 1, y, max(1.0, side - 2), height))
        for tau in np.flatnonzero(~np.isfinite(data.votes)).tolist():
            # No number has a length: the whole column in its colour says which it is.
            vote = data.votes[tau]
            token = "nan" if np.isnan(vote) else "plus_inf" if vote > 0 else "minus_inf"
            area = QRectF(left + tau * side + 1, base, max(1.0, side - 2), bars)
            painter.fillRect(area, theme.colour(token, 0.45))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        small, fixed = theme.font("small"), theme.font("small", fixed=True)
        painter.setFont(small)
        painter.setPen(theme.colour("muted"))
        gutter = QRectF(0, base, left - theme.px(8), bars)
        painter.drawText(gutter, _RIGHT, elided("votes", small, gutter.width()))
        area = self.sum_area(data)
        painter.setFont(fixed)
        painter.setPen(theme.colour("text"))
        forms = data.sums
        said = next((form for form in forms if text_width(form, fixed) <= area.width()), forms[-1])
        painter.drawText(area, _LEFT, said)

    # --- what is said of a pair ---

    def pair(self, data: LedgerData) -> Pair | None:
        """The pair that is told about."""
        pair = self._hover or data.selected or data.walking
        return pair if pair is not None and max(pair) < data.length else None

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

    def _point_at(self, pair: Pair | None) -> None:
        if pair == self._hover:
            return
        data, before = self._data, self._hover
        self._hover = pair
        if data is not None:
            self._update_reading(data)
            for one in (before, pair):
                if one is not None:
                    self.update(self.grid(data).cell(*one).adjusted(-2, -2, 4, 4).toAlignedRect())
        self.pair_pointed.emit(*(pair or (-1, -1)))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        hover = self.pair_at(event.position().x(), event.position().y())
        self.setCursor(Qt.CursorShape.PointingHandCursor if hover is not None else Qt.CursorShape.ArrowCursor)
        self._point_at(hover)
        super().mouseMoveEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        pair = self.pair_at(event.position().x(), event.position().y())
        if pair is not None and event.button() == Qt.MouseButton.LeftButton:
            self.pair_chosen.emit(*pair)
        super().mouseReleaseEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        self._point_at(None)
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
        tau = int((x - grid.left) // grid.wide)
        return data.vote(tau) if 0 <= tau < data.length and y < grid.base + grid.bars else data.sums[0]

    def keyPressEvent(self, event: QKeyEvent) -> None:
        data, step = self._data, ARROWS.get(Qt.Key(event.key()))
        if data is None or not data.length or step is None:
            super().keyPressEvent(event)
            return
        t, tau = data.selected or data.walking or (data.length - 1, data.length - 1)
        t = min(max(t + step[0], 0), data.length - 1)
        self.pair_chosen.emit(t, min(max(tau + step[1], 0), t))


def _frame(painter: QPainter, area: QRectF, colour: QColor, width: float) -> None:
    painter.setPen(pen(colour, width))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    area.setSize(area.size().expandedTo(QSizeF(4.0, 4.0)))
    painter.drawRoundedRect(area.adjusted(0.5, 0.5, -0.5, -0.5), 2, 2)
