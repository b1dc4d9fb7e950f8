"""The accumulator's picture: a heat map of the partial sum with the last vote's two factors along its edges."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetricsF, QImage, QKeyEvent, QMouseEvent, QPainter, QRegion
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from ..model.accumulator_data import AccumulatorData
from ..model.plurals import count
from ..theme.colourmap import AsinhScale, gradient_scale, value_scale
from ..theme.theme import Theme, current
from ..widgets.canvas import ARROWS, ENTER, Canvas
from ..widgets.cell_numbers import MOST, Type, inks, number_type, print_numbers
from ..widgets.cells import packed
from ..widgets.paint import elided, frame, text_width
from ..widgets.scale_key import axis_words, key_height, paint_key
from ..widgets.surface import Surface
from ..widgets.tips import plain
from ..widgets.typeset import draw_named

Array = np.ndarray[Any, Any]

DECADES = 2.0
"""Powers of ten below the largest that the colours tell apart, as in the ledger."""
KEY_FROM = 96
"""Height in pixels at scale 1 from which a line below the cells says what rows, columns and colours are."""
WORDS_FROM = 30
"""Width in pixels from which a column's word is printed below it."""


def tiles(rgba: Array, wide: int, high: int, paper: tuple[int, int, int], ratio: float = 1.0) -> QImage:
    """An image of ``wide`` × ``high`` device pixels with a tile for each of ``rgba`` (rows, columns, 4), gaps between.

    Made pixel by pixel, because Qt takes ten times as long to enlarge a small image.
    """
    wide, high = max(wide, 1), max(high, 1)
    red, green, blue = (rgba[..., n].astype(np.uint32) for n in range(3))
    packed = 0xFF000000 | red << 16 | green << 8 | blue
    rows, columns = packed.shape
    blank = np.uint32(0xFF000000 | paper[0] << 16 | paper[1] << 8 | paper[2])
    x, y = np.arange(wide) * columns // wide, np.arange(high) * rows // high
    across, down = wide / columns, high / rows
    gap = round((2 if min(across, down) >= 9 * ratio else 1) * ratio)
    line = packed[:, x]
    if across >= 5 * ratio:
        line[:, np.flatnonzero(x[gap:] != x[:-gap])] = blank
    image = line[y]
    if down >= 5 * ratio:
        image[np.flatnonzero(y[gap:] != y[:-gap])] = blank
    found = QImage(image.data, wide, high, 4 * wide, QImage.Format.Format_RGB32).copy()
    found.setDevicePixelRatio(ratio)
    return found


class Grid(NamedTuple):
    """The picture's measures in pixels: the cells' corner, one cell's size, and the edges' thickness (0: none)."""

    left: float
    top: float
    wide: float
    high: float
    edge: float
    words: float
    foot: float
    key: float
    """How high the line is that says what rows, columns and colours are."""


class AccumulatorMap(Canvas):
    """Paints an :class:`AccumulatorData`.

    ``pointed(row, column)`` names the cell that mouse or keyboard point at (−1, −1: none), ``chosen`` the one clicked.
    """

    pointed = Signal(int, int)
    chosen = Signal(int, int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Accumulator", parent)
        self._data: AccumulatorData | None = None
        self._cell = (-1, -1)
        self._marked = -1
        self._said: tuple[str, ...] = ()

    @property
    def data(self) -> AccumulatorData | None:
        """What is shown."""
        return self._data

    @property
    def cell(self) -> tuple[int, int]:
        """The cell pointed at; (−1, −1) for none."""
        return self._cell

    def set_data(self, data: AccumulatorData) -> None:
        """Show ``data``."""
        if data is self._data:
            return
        if self._data is not None and self._data.cells.shape != data.cells.shape:
            self._cell = (-1, -1)
        self._data = data
        last = "" if data.vote is None else f", last {data.vote.label}"
        self.setAccessibleName(f"{data.title}: {data.done} of {count(len(data.votes), 'vote')}{last}")
        self.update()

    def mark(self, row: int) -> None:
        """Frame a row of cells that something else points at; −1 for none."""
        if row != self._marked:
            self._marked = row
            self.update()

    def sizeHint(self) -> QSize:
        return QSize(240, 190)

    def minimumSizeHint(self) -> QSize:
        return QSize(110, 60)

    # --- geometry ---

    def grid(self, data: AccumulatorData) -> Grid:
        """Where the cells lie: as large as there is room for, not much wider than high, in the middle."""
        theme = current(self)
        rows, columns = data.cells.shape
        roomy = self.height() >= theme.px(70)
        edge = float(theme.px(7)) if roomy else 0.0
        gap = edge + (3.0 if edge else 0.0)
        metrics = QFontMetricsF(theme.font("tiny"))
        words = 0.0
        if data.row_labels and data.row_group == 1 and (self.height() - gap) / max(rows, 1) >= metrics.height() * 0.85:
            widest = max((metrics.horizontalAdvance(w) for w in data.row_labels), default=0.0)
            words = min(widest + 6, theme.px(64), self.width() * 0.25)
        wide = (self.width() - gap - words) / max(columns, 1)
        foot = metrics.height() + 1 if roomy and data.column_labels and data.column_group == 1 else 0.0
        foot = foot if wide >= WORDS_FROM else 0.0
        key = float(key_height(theme)) if self.height() >= theme.px(KEY_FROM) else 0.0
        high = (self.height() - gap - foot - key) / max(rows, 1)
        # Cells twice as broad as high read as one picture still; a single column need not fill the panel.
        broad = 120.0 if columns == 1 else max(2.2 * high, 14.0)
        wide, high = min(wide, broad, 120.0), min(high, max(1.6 * wide, 6.0))
        left = words + gap + max(0.0, (self.width() - words - gap - wide * columns) / 2)
        return Grid(left, gap, wide, high, edge, words, foot, key)

    def cell_at(self, x: float, y: float) -> tuple[int, int]:
        """The cell at a point; (−1, −1) outside."""
        if self._data is None:
            return -1, -1
        grid = self.grid(self._data)
        row, column = int((y - grid.top) // grid.high), int((x - grid.left) // grid.wide)
        rows, columns = self._data.cells.shape
        return (row, column) if 0 <= row < rows and 0 <= column < columns else (-1, -1)

    def area_of(self, row: int, column: int) -> QRectF:
        """Where a cell is painted."""
        assert self._data is not None
        grid = self.grid(self._data)
        return QRectF(grid.left + column * grid.wide, grid.top + row * grid.high, grid.wide, grid.high)

    # --- painting ---

    def paint(self, painter: QPainter, theme: Theme, region: QRegion) -> None:
        data = self._data
        if data is None:
            painter.setFont(theme.font("label"))
            painter.setPen(theme.colour("muted"))
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, "computing …")
        if data is None or not data.cells.size:
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        grid = self.grid(data)
        rows, columns = data.cells.shape
        scale = gradient_scale(data.largest, DECADES)
        area = QRectF(grid.left, grid.top, grid.wide * columns, grid.high * rows)
        kind = number_type(theme, grid.wide - 2, grid.high - 2) if data.cells.size <= MOST else None
        if kind is None:
            self._paint_image(painter, theme, area, data.cells, scale)
        else:
            self._paint_large(painter, theme, data.cells, scale, kind)
        if grid.edge and data.delta is not None:
            # δ on the gradients' scale, by its own largest entry; the other factor is a value.
            left = QRectF(grid.left - grid.edge - 3, grid.top, grid.edge, area.height())
            self._paint_image(painter, theme, left, data.delta[:, None], gradient_scale(data.delta, DECADES))
        if grid.edge and data.operand is not None:
            above = QRectF(grid.left, grid.top - grid.edge - 3, area.width(), grid.edge)
            self._paint_image(painter, theme, above, data.operand[None, :], value_scale(data.operand))
        self._paint_words(painter, theme, data, grid)
        if grid.key:
            top = min(area.bottom() + grid.foot + 2, self.height() - grid.key)
            foot = QRectF(0, top, self.width(), grid.key)
            paint_key(painter, theme, foot, axis_words(*data.axes), scale, self.devicePixelRatioF())
        if self._marked >= 0 and self._marked < rows:
            band = QRectF(area.left(), grid.top + self._marked * grid.high, area.width(), grid.high)
            frame(painter, band.adjusted(-1, -1, 1, 1), theme.colour("muted"), 1.0)
        if self._cell[0] >= 0:
            frame(painter, self.area_of(*self._cell).adjusted(-1, -1, 1, 1), theme.colour("text"), 2.0)

    def _paint_image(self, painter: QPainter, theme: Theme, area: QRectF, values: Array, scale: AsinhScale) -> None:
        rgba = theme.map.rgba(values, scale)
        ratio = self.devicePixelRatioF()
        image = tiles(rgba, round(area.width() * ratio), round(area.height() * ratio), theme.tokens.rgb("panel"), ratio)
        painter.drawImage(QPointF(round(area.left()), round(area.top())), image)

    def _paint_large(self, painter: QPainter, theme: Theme, values: Array, scale: AsinhScale, kind: Type) -> None:
        """Few large cells, each with its number: the image of so many pixels takes longer than the cells do."""
        rgba = theme.map.rgba(values, scale)
        colours, cells, gap = packed(rgba[..., :3]).tolist(), [], 2
        grid = self.grid(self._data) if self._data is not None else None
        assert grid is not None
        rows, columns = values.shape
        across = [round(grid.left + n * grid.wide) for n in range(columns + 1)]
        down = [round(grid.top + n * grid.high) for n in range(rows + 1)]
        for row, line in enumerate(values.tolist()):
            top, high = down[row], down[row + 1] - down[row] - gap
            for column, value in enumerate(line):
                left, wide = across[column], across[column + 1] - across[column] - gap
                painter.fillRect(left, top, wide, high, QColor.fromRgb(colours[row][column]))
                cells.append((left + wide / 2, top + high / 2, value))
        print_numbers(painter, kind, cells, inks(rgba).ravel().tolist())

    def _paint_words(self, painter: QPainter, theme: Theme, data: AccumulatorData, grid: Grid) -> None:
        font = theme.font("tiny")
        metrics = QFontMetricsF(font)
        painter.setFont(font)
        painter.setPen(theme.colour("muted"))
        rows, columns = data.cells.shape
        if grid.foot and grid.wide >= WORDS_FROM - 6:
            y = grid.top + rows * grid.high + 1
            for column in range(columns):
                room = QRectF(grid.left + column * grid.wide, y, grid.wide, grid.foot)
                word = elided(data.column_labels[column], font, grid.wide - 2)
                painter.drawText(room, Qt.AlignmentFlag.AlignCenter, word)
        if grid.words and grid.high >= metrics.height() * 0.8:
            right = grid.left - grid.edge - 8
            for row in range(rows):
                room = QRectF(0, grid.top + row * grid.high, right, grid.high)
                word = elided(data.row_labels[row], font, min(grid.words, right))
                painter.drawText(room, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, word)

    # --- pointing ---

    def point_at(self, row: int, column: int) -> None:
        """Point at a cell; (−1, −1) for none."""
        if (row, column) != self._cell:
            self._cell = (row, column)
            self.update()
            self.pointed.emit(row, column)

    def tip(self, x: float, y: float) -> str:
        """What the cell there holds, once that has been asked for; at the edges a factor of the last vote."""
        return "\n".join(self._said) if self.cell_at(x, y) == self._cell != (-1, -1) else self.factor_at(x, y)

    def factor_at(self, x: float, y: float) -> str:
        """What the edge of the picture says at a point: one entry of a factor of the last vote; "" elsewhere."""
        data = self._data
        if data is None or data.vote is None:
            return ""
        grid, (rows, columns) = self.grid(data), data.cells.shape
        row, column = int((y - grid.top) // grid.high), int((x - grid.left) // grid.wide)
        if 0 <= row < rows and grid.left - grid.edge - 4 <= x < grid.left:
            return data.factor(row, None)
        if 0 <= column < columns and grid.top - grid.edge - 4 <= y < grid.top:
            return data.factor(None, column)
        return ""

    def say(self, lines: tuple[str, ...]) -> None:
        """Show a tool tip beside the cell pointed at, and tell a screen reader."""
        self._said = lines
        if self._cell[0] < 0:
            QToolTip.hideText()
            return
        self.setAccessibleDescription(", ".join(lines))
        corner = self.area_of(*self._cell).bottomRight().toPoint() + QPoint(8, 4)
        QToolTip.showText(self.mapToGlobal(corner), plain("\n".join(lines)), self)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        cell = self.cell_at(event.position().x(), event.position().y())
        self.setCursor(Qt.CursorShape.PointingHandCursor if cell[0] >= 0 else Qt.CursorShape.ArrowCursor)
        self.point_at(*cell)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        cell = self.cell_at(event.position().x(), event.position().y())
        if cell[0] >= 0 and event.button() == Qt.MouseButton.LeftButton:
            self.chosen.emit(*cell)

    def leaveEvent(self, event: QEvent) -> None:
        self.point_at(-1, -1)
        super().leaveEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        data = self._data
        step = ARROWS.get(Qt.Key(event.key()))
        if data is None or not data.cells.size:
            super().keyPressEvent(event)
        elif step is not None:
            rows, columns = data.cells.shape
            row, column = max(self._cell[0], 0), max(self._cell[1], 0)
            if self._cell[0] >= 0:
                row, column = min(max(row + step[0], 0), rows - 1), min(max(column + step[1], 0), columns - 1)
            self.point_at(row, column)
        elif event.key() in ENTER and self._cell[0] >= 0:
            self.chosen.emit(*self._cell)
        else:
            super().keyPressEvent(event)


class VoteLine(Surface):
    """The last vote's name at the left and its length at the right: one widget, because both change at every vote."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._said = ("", "")
        self._known = False
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def set_vote(self, name: str, length: str, known: bool) -> None:
        """Show a vote; muted when there is none yet."""
        if (name, length) != self._said:
            self._said, self._known = (name, length), known
            self.setAccessibleName(f"last vote: {name}, {length}")
            self.update()

    def texts(self) -> tuple[str, str]:
        """What is shown."""
        return self._said

    def sizeHint(self) -> QSize:
        return QSize(160, current(self).px(20))

    def minimumSizeHint(self) -> QSize:
        return QSize(60, current(self).px(20))

    def paint(self, painter: QPainter, theme: Theme, region: QRegion) -> None:
        strong, fixed = theme.font("body", bold=True), theme.font("body", fixed=True)
        name, length = self._said
        # In a narrow panel the vote's name comes first: of its length the number alone, or nothing.
        free = self.width() - text_width(name, strong) - 10
        length = next((said for said in (length, length.split(" ")[-1]) if text_width(said, fixed) <= free), "")
        wide = text_width(length, fixed) + 8 if length else 0.0
        if wide:
            painter.setPen(theme.colour("text"))
            draw_named(painter, QRectF(self.rect()), length, fixed, 1.0)
        painter.setFont(strong)
        painter.setPen(theme.colour("gradient" if self._known else "muted"))
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignVCenter, elided(name, strong, self.width() - wide))
