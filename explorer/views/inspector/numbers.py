"""The table of exact numbers: one row a unit, one column a value or a gradient."""

from __future__ import annotations

from typing import Any

import numpy as np
from PySide6.QtCore import (
    QAbstractTableModel,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QFont, QFontMetrics, QGuiApplication, QKeyEvent, QKeySequence, QPainter, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemDelegate,
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QStyle,
    QStyleOptionViewItem,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from ...model.formula import exact, number
from ...model.inspector_data import InspectorData
from ...model.keys import key_text
from ...model.numbers_table import Table
from ...theme.theme import current
from ...theme.tokens import SPACE
from ...widgets.chip import Chip
from ...widgets.paint import text_width

_Index = QModelIndex | QPersistentModelIndex


_BESIDE = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
RIGHT = 3
"""Pixels between a number and its column's right edge."""
UNKNOWN = "·"
"""Stands for a number that is not computed yet: a blank would look as if there were none."""
TELLING = 12
"""A number of so many signs has room in every column."""


class NumbersModel(QAbstractTableModel):
    """A Qt table model over :class:`Table`."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._table: Table | None = None
        self._unit = 0
        self.full = False

    def set_table(self, table: Table, unit: int) -> None:
        """Show ``table`` with ``unit``'s row set off."""
        before, before_unit = self._table, self._unit
        if before is None or before.names != table.names or before.units != table.units:
            self.beginResetModel()
            self._table, self._unit = table, unit
            self.endResetModel()
            return
        self._table, self._unit = table, unit
        if before.t != table.t:
            self.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, len(table.names) - 1)
        last = table.units - 1
        for column, (old, new) in enumerate(zip(before.columns, table.columns, strict=True)):
            if old is not new and not (old is not None and new is not None and np.array_equal(old, new)):
                self.dataChanged.emit(self.index(0, column), self.index(last, column))
        for row in {unit, before_unit} if unit != before_unit else ():
            self.dataChanged.emit(self.index(row, 0), self.index(row, len(table.names) - 1))

    def set_full(self, full: bool) -> None:
        """Show full precision, or six digits."""
        self.beginResetModel()
        self.full = full
        self.endResetModel()

    @property
    def table(self) -> Table | None:
        return self._table

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if self._table is None or parent.isValid() else self._table.units

    def columnCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if self._table is None or parent.isValid() else len(self._table.names)

    def cell(self, row: int, column: int) -> tuple[str, str, bool]:
        """What a cell says, the token of its colour, and whether it is the chosen unit's."""
        if self._table is None:
            return "", "text", False
        value = self._table.value(row, column)
        if value is None:
            return UNKNOWN, "muted", row == self._unit
        text = exact(value) if self.full else number(value, 6)
        return text, self._table.roles[column], row == self._unit

    def shorter(self, row: int, column: int, font: QFont, room: float) -> str:
        """What a cell says with as many digits as fit: half of a number would be another one."""
        value = None if self._table is None else self._table.value(row, column)
        if value is None:
            return ""
        forms = (number(value, digits) for digits in range(15 if self.full else 5, 0, -1))
        return next((form for form in forms if text_width(form, font) <= room), "…")

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if self._table is None or not index.isValid():
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return self.cell(index.row(), index.column())[0]
        if role == Qt.ItemDataRole.AccessibleTextRole:
            text = self.cell(index.row(), index.column())[0]
            return "not computed yet" if text == UNKNOWN else text
        if role == Qt.ItemDataRole.ToolTipRole:
            value = self._table.value(index.row(), index.column())
            name = self._table.headings[index.column()]
            return f"{name}, unit {index.row() + 1}: {'not computed yet' if value is None else exact(value)}"
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _BESIDE
        if role == Qt.ItemDataRole.FontRole:
            return current(self).font("small", fixed=True, bold=index.row() == self._unit)
        if role == Qt.ItemDataRole.ForegroundRole:
            return current(self).colour(self._table.roles[index.column()])
        if role == Qt.ItemDataRole.BackgroundRole and index.row() == self._unit:
            return current(self).colour("raised")
        return None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if self._table is None:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            if orientation == Qt.Orientation.Horizontal:
                return self._table.headings[section]
            return f"unit {section + 1}"
        if role == Qt.ItemDataRole.FontRole:
            return current(self).font("small", bold=orientation == Qt.Orientation.Horizontal)
        return None


class _Cells(QAbstractItemDelegate):
    """Paints a number and nothing else: a table that changes with every step has no time for a style's layers."""

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        return QSize(0, 0)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        model = index.model()
        if not isinstance(model, NumbersModel) or model.table is None:
            return
        theme, area = current(self), option.rect
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        text, token, own = model.cell(index.row(), index.column())
        if chosen:
            painter.fillRect(area, option.palette.highlight())
        elif own:
            painter.fillRect(area, theme.colour("raised"))
        if text:
            font = theme.font("small", fixed=True, bold=own)
            painter.setFont(font)
            painter.setPen(option.palette.highlightedText().color() if chosen else theme.colour(token))
            if len(text) > TELLING and text_width(text, font) > area.width() - RIGHT:
                text = model.shorter(index.row(), index.column(), font, area.width() - RIGHT)
            painter.drawText(area.adjusted(0, 0, -RIGHT, 0), _BESIDE, text)


class _TableView(QTableView):
    """Copies the selected cells (or all) as CSV; a cell is edited by a double click as by Enter or F2."""

    edit_wanted = Signal(QModelIndex)
    room_changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setTabKeyNavigation(False)  # Tab leads out of the table, to its buttons
        self.doubleClicked.connect(self.edit_wanted)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.room_changed.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy()
            return
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_F2) and self.currentIndex().isValid():
            self.edit_wanted.emit(self.currentIndex())
            return
        super().keyPressEvent(event)

    def copy(self) -> None:
        """Put the selection on the clipboard; everything when fewer than two cells are selected."""
        model = self.model()
        if not isinstance(model, NumbersModel) or model.table is None:
            return
        chosen = self.selectedIndexes()
        if len(chosen) < 2:
            text = model.table.csv()
        else:
            text = model.table.csv(sorted({i.row() for i in chosen}), sorted({i.column() for i in chosen}))
        QGuiApplication.clipboard().setText(text)


class NumbersPage(QWidget):
    """The table with its two buttons; ``unit_chosen`` tells the row (0-based) that was chosen."""

    unit_chosen = Signal(int)
    edit_wanted = Signal(str, int, QPoint)
    """The column and row (0-based) that was double-clicked, and where on the screen."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.model = NumbersModel(self)
        self._fitted_for: tuple[object, ...] = ()
        self._unit = 0
        self._current: tuple[object, ...] = ()
        self._column: int | None = None
        self._scrolled = self._revealing = False
        self.view = _TableView()
        self.view.setModel(self.model)
        self._cells = _Cells(self.view)
        self.view.setItemDelegate(self._cells)
        self.view.setAccessibleName("Exact numbers, one row a unit")
        self.view.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerItem)
        self.view.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.view.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.view.verticalHeader().setToolTip("unit")
        self.view.clicked.connect(lambda index: self.unit_chosen.emit(index.row()))
        self.view.verticalHeader().sectionClicked.connect(self.unit_chosen)
        self.view.selectionModel().currentRowChanged.connect(lambda index, _: self._choose(index.row()))
        self.view.edit_wanted.connect(self._want_edit)
        self.view.room_changed.connect(self._fit)
        self.view.horizontalScrollBar().valueChanged.connect(self._scroll)
        self.full = Chip("All digits", checkable=True)
        self.full.toggled.connect(self._set_full)
        self.copy = Chip("Copy as CSV")
        self.copy.setToolTip(
            f"{key_text('Ctrl+C')} in the table copies the selected cells, or all of it; so does this button"
        )
        self.copy.clicked.connect(self.view.copy)
        row = QHBoxLayout()
        row.setSpacing(SPACE.small)
        row.addWidget(self.full)
        row.addWidget(self.copy)
        row.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE.small)
        column.addWidget(self.view, 1)
        column.addLayout(row)

    def set_data(self, data: InspectorData) -> None:
        """Show the numbers of ``data``, and the row of its unit when that is another one than before."""
        moved, self._unit = data.unit != self._unit, data.unit
        self.model.set_table(data.table, data.unit)
        if self._fitted_for != self._fits_for():
            self._fit()
        if moved:
            column = max(0, self.view.currentIndex().column())
            place = self.model.index(data.unit, column)
            self.view.selectionModel().setCurrentIndex(place, QItemSelectionModel.SelectionFlag.NoUpdate)
            self.view.scrollTo(place)
        self._column = data.current_column
        step = data.progress.step
        operation = (data.walk, data.t, None if step is None else step.index)
        if operation != self._current:
            self._current, self._scrolled = operation, False
            self._reveal()

    def _scroll(self) -> None:
        # Whoever scrolls within an operation wants to see something else: the next operation shows its column again.
        self._scrolled = self._scrolled or not self._revealing

    def _reveal(self) -> None:
        """Bring the column of the current operation into sight, unless it is or somebody has scrolled meanwhile."""
        column = self._column
        if column is None or self._scrolled:
            return
        row = max(0, self.view.rowAt(0))  # no row moves
        self._revealing = True
        self.view.scrollTo(self.model.index(row, column))
        self._revealing = False

    def _choose(self, unit: int) -> None:
        """The arrows choose a unit, as a click does."""
        if unit >= 0 and unit != self._unit:
            self.unit_chosen.emit(unit)

    def _want_edit(self, index: QModelIndex) -> None:
        table = self.model.table
        if table is not None:
            at = self.view.viewport().mapToGlobal(self.view.visualRect(index).center())
            self.edit_wanted.emit(table.names[index.column()], index.row(), at)

    def _set_full(self, full: bool) -> None:
        self.model.set_full(full)
        self._fit()

    def _fits_for(self) -> tuple[object, ...]:
        return current(self), self.model.full, self.view.viewport().width(), self.model.columnCount()

    def _fit(self) -> None:
        """Columns as wide as a number can become, not as those of the moment are: nothing moves while one steps."""
        self._fitted_for = self._fits_for()
        self.view.verticalHeader().setDefaultSectionSize(current(self).px(22))
        widest = "−0.00012345678901234567" if self.model.full else "−1.23457·10⁻⁵"
        metrics = QFontMetrics(current(self).font("small", fixed=True, bold=True))
        least = metrics.horizontalAdvance(widest) + RIGHT + current(self).px(3)
        # As many whole columns as there is room for: half of a number is another number.
        room = self.view.viewport().width()
        beside = min(max(1, room // least), max(1, self.model.columnCount()))
        self._revealing = True  # other widths, other places: nobody has scrolled
        self.view.horizontalHeader().setDefaultSectionSize(max(least, min(room // beside, 2 * least)))
        self._revealing = False
        self._reveal()
