"""A popover: a small form under a chip. Its values are applied together, by Enter or the button."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QFormLayout,
    QFrame,
    QHBoxLayout,
    QLabel,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from ...theme.theme import current
from ...theme.tokens import SPACE
from ...widgets.chip import Chip
from ...widgets.paint import pop_up


class RateBox(QDoubleSpinBox):
    """A spin box for positive numbers of any size: it prints 0.003 and 1e-05, and its arrows multiply."""

    def __init__(self, value: float, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setDecimals(12)
        self.setRange(0.0, 1e6)
        self.setValue(value)
        self.setButtonSymbols(QAbstractSpinBox.ButtonSymbols.UpDownArrows)

    def textFromValue(self, value: float) -> str:
        return f"{value:.6g}"

    def stepBy(self, steps: int) -> None:
        self.setValue(max(self.value(), 1e-9) * 10.0 ** (steps / 4))


class Popover(QFrame):
    """A form in a popup. ``apply`` is called with nothing once the user accepts."""

    def __init__(self, title: str, apply: Callable[[], None], parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setAccessibleName(title)
        self._apply = apply
        outer = QVBoxLayout(self)
        outer.setContentsMargins(SPACE.large, SPACE.medium, SPACE.large, SPACE.medium)
        outer.setSpacing(SPACE.medium)
        heading = QLabel(title)
        heading.setFont(current().font("title", bold=True))
        outer.addWidget(heading)
        self.form = QFormLayout()
        self.form.setHorizontalSpacing(SPACE.large)
        self.form.setVerticalSpacing(SPACE.small)
        self.form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        outer.addLayout(self.form)
        self.note = QLabel()
        self.note.setWordWrap(True)
        self.note.setFont(current().font("small"))
        self.note.setMaximumWidth(current().px(340))
        self.note.setVisible(False)
        outer.addWidget(self.note)
        row = QHBoxLayout()
        row.addStretch(1)
        cancel, accept = Chip("Cancel"), Chip("Apply", filled=True)
        cancel.clicked.connect(self.close)
        accept.clicked.connect(self.accept)
        row.addWidget(cancel)
        row.addWidget(accept)
        outer.addLayout(row)

    # --- rows ---

    def choice(self, label: str, options: dict[str, Any], chosen: Any, help: str = "") -> QComboBox:
        """Add a row to choose one of ``options`` (text -> value)."""
        box = QComboBox()
        for text, value in options.items():
            box.addItem(text, value)
        values = list(options.values())
        box.setCurrentIndex(values.index(chosen) if chosen in values else 0)
        return self._row(label, box, help)  # type: ignore[return-value]

    def whole(self, label: str, value: int, low: int, high: int, help: str = "") -> QSpinBox:
        """Add a row for a whole number."""
        box = QSpinBox()
        box.setRange(low, high)
        box.setValue(value)
        return self._row(label, box, help)  # type: ignore[return-value]

    def rate(self, label: str, value: float, help: str = "") -> RateBox:
        """Add a row for a positive number of any size."""
        return self._row(label, RateBox(value), help)  # type: ignore[return-value]

    def share(self, label: str, value: float, high: float = 0.999999, help: str = "") -> QDoubleSpinBox:
        """Add a row for a number from 0 up to ``high``."""
        box = QDoubleSpinBox()
        box.setDecimals(4)
        box.setRange(0.0, high)
        box.setSingleStep(0.05)
        box.setValue(value)
        return self._row(label, box, help)  # type: ignore[return-value]

    def check(self, label: str, on: bool, help: str = "") -> QCheckBox:
        """Add a row with a box to tick."""
        box = QCheckBox()
        box.setChecked(on)
        return self._row(label, box, help)  # type: ignore[return-value]

    def _row(self, label: str, widget: QWidget, help: str) -> QWidget:
        widget.setAccessibleName(label)
        if help:
            widget.setToolTip(help)
        self.form.addRow(label, widget)
        name = self.form.labelForField(widget)
        if name is not None and help:
            name.setToolTip(help)
        return widget

    def set_label(self, widget: QWidget, text: str) -> None:
        """Print another label before a row, whose accessible name stays."""
        label = self.form.labelForField(widget)
        if isinstance(label, QLabel):
            label.setText(text)

    def only(self, shown: dict[QWidget, bool]) -> None:
        """Show or hide rows, and fit the popover to what is left."""
        for widget, visible in shown.items():
            self.form.setRowVisible(widget, visible)
        self.adjustSize()

    def set_note(self, text: str) -> None:
        """Print a sentence below the rows."""
        self.note.setText(text)
        self.note.setVisible(bool(text))
        self.adjustSize()

    # --- showing ---

    def open_below(self, anchor: QWidget) -> None:
        """Show below ``anchor``, within the screen."""
        # The anchor's window owns it: nobody else holds on to it while it is open.
        self.setParent(anchor.window(), self.windowFlags())
        self.adjustSize()
        corner = anchor.mapToGlobal(QPoint(0, anchor.height() + 4))
        room = anchor.screen().availableGeometry()
        corner.setX(max(room.left(), min(corner.x(), room.right() - self.width())))
        corner.setY(max(room.top(), min(corner.y(), room.bottom() - self.height())))
        self.move(corner)
        self.show()
        first = self.form.itemAt(0, QFormLayout.ItemRole.FieldRole)
        field = None if first is None else first.widget()
        if field is not None:
            field.setFocus()

    def accept(self) -> None:
        """Apply the values and close."""
        for box in self.findChildren(QAbstractSpinBox):
            box.interpretText()
        self._apply()
        self.close()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.accept()
            return
        if event.key() == Qt.Key.Key_Escape:
            self.close()
            return
        super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        pop_up(QPainter(self), self.rect(), current())
