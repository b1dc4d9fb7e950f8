"""Paints one parameter: its heat map, its singular values on a log axis, and a list of numbers."""

from __future__ import annotations

from typing import NamedTuple

from PySide6.QtCore import QEvent, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QResizeEvent
from PySide6.QtWidgets import QToolTip, QWidget

from ..model.letters import by_letters
from ..model.parameters_data import (
    Axis,
    Numbers,
    ParametersData,
)
from ..theme.theme import Theme, current
from ..widgets.canvas import ARROWS, ENTER, PictureCanvas
from ..widgets.cell_numbers import MOST, Type, inks, number_type, print_numbers
from ..widgets.cells import cell_image, colours_of, spread
from ..widgets.number_rows import line_height, paint_rows
from ..widgets.paint import elided, frame, text_width
from ..widgets.scale_key import axis_words, key_height, paint_key
from ..widgets.typeset import draw_named
from .parameters_spectrum import bars_of, paint_spectrum

KEY_FROM = 96
"""Height in pixels at scale 1 from which a line below the cells says what rows, columns and colours are."""
LINED = 4.0
"""Pixels from which cells have lines between them."""
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_CENTRE = Qt.AlignmentFlag.AlignCenter


class Marks(NamedTuple):
    """What is pointed at or selected elsewhere: units, and the tokens read and asked for at a time step."""

    units: tuple[int, ...] = ()
    token: int | None = None
    target: int | None = None


class Areas(NamedTuple):
    """Where the parts of the picture lie; an empty area is not painted."""

    heat: QRectF
    spectrum: QRectF
    rows: QRectF


class ParametersCanvas(PictureCanvas):
    """Paints a :class:`ParametersData`; emits the entry that is pointed at, chosen, or to be edited."""

    picked = Signal(int, int)
    edit_asked = Signal(int, int)
    resized = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Parameter", parent)
        self._data: ParametersData | None = None
        self._marks = Marks()
        self._cursor: tuple[int, int] | None = None
        self._sigma: int | None = None

    def sizeHint(self) -> QSize:
        return QSize(420, 260)

    def minimumSizeHint(self) -> QSize:
        return QSize(150, 80)

    # --- what is shown ---

    @property
    def data(self) -> ParametersData | None:
        return self._data

    def set_data(self, data: ParametersData) -> None:
        """Show ``data``."""
        if self._data is None or (self._data.name, self._data.array.shape) != (data.name, data.array.shape):
            self._over = self._cursor = None
        self._data = data
        self.setAccessibleName(f"Parameter {data.name}")
        self.setAccessibleDescription("; ".join(f"{name}: {value}" for name, value, _ in data.rows))
        self.show_changes()

    def set_marks(self, marks: Marks) -> None:
        """Frame the rows and columns of what is pointed at elsewhere."""
        if marks != self._marks:
            self._marks = marks
            self.update()

    # --- geometry ---

    def areas(self) -> Areas:
        """Heat map, spectrum and numbers: side by side in a wide panel, below one another in a high one.

        In a small one there are a strip of singular values and two short lines of numbers below the heat map, in a
        smaller one a single line.
        """
        theme, line = current(self), line_height(current(self))
        wide, high = float(self.width()), float(self.height())
        count = len(self._data.rows) if self._data is not None else 0
        matrix = self._data is not None and self._data.is_matrix
        nothing, gap = QRectF(), float(theme.px(12))
        if wide >= theme.px(360) and 4 * line <= high <= 1.1 * wide:
            side = min(max(theme.px(186), 0.34 * wide), theme.px(300))
            heat = QRectF(0, 0, wide - side - gap, high)
            rows = QRectF(wide - side, 0, side, min(count * line, high))
            left = high - rows.height() - gap
            plot = QRectF(wide - side, rows.bottom() + gap, side, left) if matrix and left >= 3 * line else nothing
            return Areas(heat, plot, rows)
        if high >= theme.px(240):
            rows = QRectF(0, high - count * line, wide, count * line)
            plot_high = max(4 * line, 0.22 * high) if matrix else 0.0
            top = high - rows.height() - plot_high - (gap if plot_high else 0) - gap / 2
            plot = QRectF(0, top + gap / 2, wide, plot_high) if plot_high else nothing
            return Areas(QRectF(0, 0, wide, top), plot, rows)
        if high >= 8 * line:
            rows = QRectF(0, high - 2 * line, wide, 2 * line)
            strip = QRectF(0, rows.top() - theme.px(30), wide, theme.px(28)) if matrix else nothing
            return Areas(QRectF(0, 0, wide, rows.top() - 4 - (theme.px(30) if matrix else 0)), strip, rows)
        return Areas(QRectF(0, 0, wide, max(1.0, high - line - 2)), nothing, QRectF(0, high - line, wide, line))

    def most_cells(self) -> tuple[int, int]:
        """How many rows and columns of cells the heat map has room for."""
        heat = self.heat_room()
        return max(1, int(heat.height() // 2)), max(1, int(heat.width() // 2))

    def _margins(self, data: ParametersData, cells: tuple[int, int], heat: QRectF) -> tuple[float, float]:
        """Room for tokens: (left of the rows, below the columns); 0 where their cells are too small for letters."""
        theme, line = current(self), line_height(current(self))
        left = below = 0.0
        if data.numbers is not None and data.row_axis.kind == "token" and data.numbers.blocks.rows == 1:
            wide = min(theme.px(60), 0.3 * heat.width())
            left = float(wide) if heat.height() / cells[0] >= line * 0.8 else 0.0
        if data.numbers is not None and data.column_axis.kind == "token" and data.numbers.blocks.columns == 1:
            high = min(theme.px(52), 0.3 * heat.height())
            below = float(high) if heat.width() / cells[1] >= line * 0.8 and high >= 2 * line else 0.0
        return left, below

    def heat_room(self) -> QRectF:
        """What the heat map has for its cells and tokens: the line below says what rows, columns and colours are."""
        theme, heat = current(self), self.areas().heat
        key = key_height(theme) + 2 if heat.height() >= theme.px(KEY_FROM) else 0
        return heat.adjusted(0, 0, 0, -key)

    def cells_area(self) -> QRectF:
        """Where the cells themselves lie: no cell is larger than it need be."""
        data = self._data
        if data is None or data.numbers is None:
            return QRectF()
        theme, heat = current(self), self.heat_room()
        rows, columns = data.numbers.cells.shape
        left, below = self._margins(data, (rows, columns), heat)
        count = rows * columns
        broad, tall = (240, 140) if count <= 4 else (110, 64) if count <= 64 else (48, 44)
        wide = max(1, int(min(heat.width() - left, theme.px(broad) * columns)))
        high = max(1, int(min(heat.height() - below, theme.px(tall) * rows)))
        # What is smaller than its room stands in the middle of it, with its tokens.
        x, y = int((heat.width() - left - wide) / 2), int((heat.height() - below - high) / 2)
        return QRectF(heat.left() + left + max(x, 0), heat.top() + max(y, 0), wide, high)

    def entry_at(self, x: float, y: float) -> tuple[int, int] | None:
        """Row and column of the parameter under a point: of a cell that stands for several, the one it shows."""
        data, area = self._data, self.cells_area()
        if data is None or data.numbers is None or not area.contains(x, y):
            return None
        found = data.numbers.blocks
        rows, columns = found.row.shape
        i = min(int((y - area.top()) / area.height() * rows), rows - 1)
        j = min(int((x - area.left()) / area.width() * columns), columns - 1)
        return int(found.row[i, j]), int(found.column[i, j])

    def entry_rect(self, row: int, column: int) -> QRectF:
        """The area of the cell that an entry belongs to."""
        assert self._data is not None and self._data.numbers is not None
        area, found = self.cells_area(), self._data.numbers.blocks
        rows, columns = found.row.shape
        wide, high = area.width() / columns, area.height() / rows
        i, j = row // found.rows, column // found.columns
        return QRectF(area.left() + j * wide, area.top() + i * high, max(3.0, wide), max(3.0, high))

    # --- painting ---

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.resized.emit()

    def renew(self, painter: QPainter, theme: Theme) -> None:
        data, areas = self._data, self.areas()
        if data is None:
            return
        layout = tuple(a.getRect() for a in areas)
        if self._picture.is_new("layout", layout):
            # Another number of rows moves the rest: nothing of it may stay where it was.
            painter.fillRect(self.rect(), theme.colour("panel"))
        if self._picture.is_new("heat", (data.name, layout), data.numbers):
            painter.fillRect(areas.heat, theme.colour("panel"))
            self._paint_heat(painter, theme, data, areas.heat)
        if self._picture.is_new("rows", (data.rows, layout)):
            painter.fillRect(areas.rows, theme.colour("panel"))
            self._paint_numbers(painter, theme, data, areas.rows)
        if self._picture.is_new("spectrum", (data.name, layout), data.spectrum):
            painter.fillRect(areas.spectrum, theme.colour("panel"))
            paint_spectrum(painter, theme, data.spectrum, areas.spectrum)

    def _paint_numbers(self, painter: QPainter, theme: Theme, data: ParametersData, area: QRectF) -> None:
        line, small = line_height(current(self)), theme.font("small")
        if area.height() > 2 * line + 1 or len(data.rows) <= area.height() / line:
            paint_rows(painter, theme, data.rows, area)
            return
        first, second = data.brief
        said = (first, second) if area.height() >= 2 * line else (f"{first} · {second}",)
        painter.setFont(small)
        painter.setPen(theme.colour("muted"))
        for n, text in enumerate(said):
            row = QRectF(area.left(), area.top() + n * line, area.width(), line)
            draw_named(painter, row, elided(text, small, row.width()), small)

    def _paint_heat(self, painter: QPainter, theme: Theme, data: ParametersData, heat: QRectF) -> None:
        numbers, small = data.numbers, theme.font("small")
        painter.setFont(small)
        if numbers is None:
            painter.setPen(theme.colour("muted"))
            painter.drawText(heat, _CENTRE, "computing…")
            return
        area, ratio = self.cells_area(), self.devicePixelRatioF()
        colours = colours_of(theme, numbers.cells, numbers.scale)
        rows, columns = numbers.cells.shape
        # Lines between the rows alone, or the columns, would make stripes of a matrix.
        gap = 1.0 if min(area.height() / rows, area.width() / columns) >= LINED else 0.0
        down, across = spread(rows, area.height(), ratio, gap), spread(columns, area.width(), ratio, gap)
        image = cell_image(colours, down, across, ratio)
        painter.drawImage(area.topLeft(), image)
        whole = numbers.blocks.rows == numbers.blocks.columns == 1
        kind = number_type(theme, area.width() / columns - 1, area.height() / rows - 1)
        if whole and kind is not None and rows * columns <= MOST:
            self._print_numbers(painter, theme, kind, numbers, area)
        room = self.heat_room()
        left, below = self._margins(data, (rows, columns), room)
        if room.height() < heat.height():
            foot = QRectF(heat.left(), heat.bottom() - key_height(theme), heat.width(), key_height(theme))
            words = axis_words(data.row_axis.plural, data.column_axis.plural if data.is_matrix else "")
            paint_key(painter, theme, foot, words, numbers.scale, ratio)
        painter.setFont(small)
        painter.setPen(theme.colour("muted"))
        if left:
            for i in range(rows):
                cell = QRectF(area.left() - left, area.top() + i * area.height() / rows, left - 6, area.height() / rows)
                painter.drawText(cell, _RIGHT, elided(_bare(data.row_axis, i), small, cell.width()))
        if below:
            pitch = area.width() / columns
            names = [_bare(data.column_axis, j) for j in range(columns)]
            letters = by_letters(names)
            for j, name in enumerate(names):
                if letters and text_width(name, small) <= pitch:
                    column = QRectF(area.left() + j * pitch, area.bottom() + 3, pitch, line_height(theme))
                    painter.drawText(column, Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop, name)
                    continue
                painter.save()
                painter.translate(area.left() + (j + 0.5) * pitch, area.bottom() + 4)
                painter.rotate(90)
                strip = QRectF(0, -pitch / 2, below - 4, pitch)
                painter.drawText(strip, _LEFT, elided(name, small, strip.width()))
                painter.restore()

    def _print_numbers(self, painter: QPainter, theme: Theme, kind: Type, numbers: Numbers, area: QRectF) -> None:
        """The weights themselves: a small network is checked by hand, and a large screen has room for them."""
        rows, columns = numbers.cells.shape
        black = inks(theme.map.rgba(numbers.cells, numbers.scale)).ravel().tolist()
        wide, high = area.width() / columns, area.height() / rows
        cells = [
            (area.left() + (j + 0.5) * wide - 0.5, area.top() + (i + 0.5) * high - 0.5, value)
            for i, line in enumerate(numbers.cells.tolist())
            for j, value in enumerate(line)
        ]
        print_numbers(painter, kind, cells, black)

    def paint_marks(self, painter: QPainter, theme: Theme) -> None:
        data = self._data
        if data is None or data.numbers is None:
            return
        marks, area, text = self._marks, self.cells_area(), theme.colour("text")
        n, m = data.row_axis, data.column_axis
        rows = marks.units if n.kind == "unit" else (marks.target,)
        columns = {"unit": marks.units, "token": (marks.token,)}.get(m.kind, ())
        for i in rows:
            if i is not None and i < n.size:
                cell = self.entry_rect(i, 0)
                frame(painter, QRectF(area.left(), cell.top(), area.width(), cell.height()), text, 1.0)
        for j in columns:
            if j is not None and j < m.size:
                cell = self.entry_rect(0, j)
                frame(painter, QRectF(cell.left(), area.top(), cell.width(), area.height()), text, 1.0)
        bars = None if self._sigma is None else bars_of(theme, data.spectrum, self.areas().spectrum)
        if bars is not None and self._sigma is not None and self._sigma < len(bars.values):
            frame(painter, bars.bar(self._sigma).adjusted(-1, -1, 1, 1), text, 1.0)
        for entry in (self._cursor if self.hasFocus() else None, self._over):
            if entry is not None:
                frame(painter, self.entry_rect(*entry), theme.colour("weight"), 2.0)

    # --- the mouse and the keys ---

    def thing_at(self, x: float, y: float) -> tuple[int, int] | None:
        return self.entry_at(x, y)

    def pick(self, thing: tuple[int, int]) -> None:
        self._cursor = thing
        self.picked.emit(*thing)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        entry = self.entry_at(event.position().x(), event.position().y())
        if entry is not None and event.button() == Qt.MouseButton.LeftButton:
            self.edit_asked.emit(*entry)

    def sigma_at(self, x: float, y: float) -> int | None:
        """The singular value, counted from 0, whose bar is at a point; None beside them."""
        if self._data is None:
            return None
        bars = bars_of(current(self), self._data.spectrum, self.areas().spectrum)
        return None if bars is None else bars.at(x, y)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        sigma = self.sigma_at(event.position().x(), event.position().y())
        if sigma != self._sigma:
            self._sigma = sigma
            self.update(self.areas().spectrum.toAlignedRect())
        super().mouseMoveEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        if self._sigma is not None:
            self._sigma = None
            self.update(self.areas().spectrum.toAlignedRect())
        super().leaveEvent(event)

    def tip(self, x: float, y: float) -> str:
        sigma = self.sigma_at(x, y)
        return self.said(self.entry_at(x, y)) if sigma is None or self._data is None else self._data.sigma(sigma)

    def said(self, entry: tuple[int, int] | None) -> str:
        """What a tool tip says of an entry; of none, the numbers that may not have found room."""
        data = self._data
        if data is None:
            return ""
        if entry is not None:
            return f"{data.explain(*entry)}\n(double-click to edit)"
        return data.formulas

    def keyPressEvent(self, event: QKeyEvent) -> None:
        data, key = self._data, Qt.Key(event.key())
        edits = (*ENTER, Qt.Key.Key_F2)
        if data is None or data.numbers is None or key not in (*ARROWS, *edits):
            super().keyPressEvent(event)
            return
        row, column = self._cursor or (0, 0)
        if key in edits:
            self.edit_asked.emit(row, column)
            return
        down, right = ARROWS[key]
        found = data.numbers.blocks
        row = min(max(row + down * found.rows, 0), data.row_axis.size - 1)
        column = min(max(column + right * found.columns, 0), data.column_axis.size - 1)
        self._cursor = row, column
        self.picked.emit(row, column)
        QToolTip.showText(
            self.mapToGlobal(self.entry_rect(row, column).bottomRight().toPoint()), self.said((row, column))
        )
        self.update()


def _bare(axis: Axis, index: int) -> str:
    """A token without its quotes, as a label."""
    return axis.name(index).removeprefix("“").removesuffix("”")
