"""The table of exact numbers: one row a unit, one column a value or a gradient."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QFontMetrics, QGuiApplication, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QAbstractItemView, QHBoxLayout, QHeaderView, QTableView, QVBoxLayout, QWidget

from ...model.formula import exact, number
from ...model.inspector_data import InspectorData
from ...model.numbers_table import Table
from ...theme.theme import current
from ...theme.tokens import SPACE
from ...widgets.chip import Chip

_Index = QModelIndex | QPersistentModelIndex


class NumbersModel(QAbstractTableModel):
    """A Qt table model over :class:`Table`."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._table: Table | None = None
        self._unit = 0
        self.full = False

    def set_table(self, table: Table, unit: int) -> None:
        """Show ``table`` with ``unit``'s row set off."""
        same = self._table is not None and self._table.names == table.names and self._table.units == table.units
        if not same:
            self.beginResetModel()
        self._table, self._unit = table, unit
        if not same:
            self.endResetModel()
        elif table.units:
            self.dataChanged.emit(self.index(0, 0), self.index(table.units - 1, len(table.names) - 1))

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

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if self._table is None or not index.isValid():
            return None
        value = self._table.value(index.row(), index.column())
        if role == Qt.ItemDataRole.DisplayRole:
            return "" if value is None else exact(value) if self.full else number(value, 6)
        if role == Qt.ItemDataRole.ToolTipRole:
            name = self._table.names[index.column()]
            return f"{name}, unit {index.row() + 1}: {'not computed yet' if value is None else exact(value)}"
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        if role == Qt.ItemDataRole.FontRole:
            return current().font("small", fixed=True, bold=index.row() == self._unit)
        if role == Qt.ItemDataRole.ForegroundRole:
            return current().colour(self._table.roles[index.column()])
        if role == Qt.ItemDataRole.BackgroundRole and index.row() == self._unit:
            return current().colour("raised")
        return None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if self._table is None:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            if orientation == Qt.Orientation.Horizontal:
                return self._table.names[section].replace("_prev", "₋₁")
            return f"unit {section + 1}"
        if role == Qt.ItemDataRole.FontRole:
            return current().font("small", bold=orientation == Qt.Orientation.Horizontal)
        return None


class _TableView(QTableView):
    """Copies the selected cells (or all) as CSV."""

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy()
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

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.model = NumbersModel(self)
        self.view = _TableView()
        self.view.setModel(self.model)
        self.view.setAccessibleName("Exact numbers, one row a unit")
        self.view.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.view.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.view.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.view.verticalHeader().setToolTip("unit")
        self.view.clicked.connect(lambda index: self.unit_chosen.emit(index.row()))
        self.view.verticalHeader().sectionClicked.connect(self.unit_chosen)
        self.full = Chip("All digits", checkable=True)
        self.full.toggled.connect(self._set_full)
        self.copy = Chip("Copy as CSV")
        self.copy.setToolTip("Ctrl+C copies the selected cells; this button copies the selection or the whole table")
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
        """Show the numbers of ``data``."""
        self.model.set_table(data.table, data.unit)
        theme = current()
        self.view.verticalHeader().setDefaultSectionSize(theme.px(22))
        self._fit()

    def _set_full(self, full: bool) -> None:
        self.model.set_full(full)
        self._fit()

    def _fit(self) -> None:
        """Columns as wide as a number can become, not as those of the moment are: nothing moves while one steps."""
        widest = "−0.00012345678901234567" if self.model.full else "−1.23457·10⁻¹⁰"
        metrics = QFontMetrics(current().font("small", fixed=True, bold=True))
        self.view.horizontalHeader().setDefaultSectionSize(metrics.horizontalAdvance(widest) + current().px(10))
