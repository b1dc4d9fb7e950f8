"""A popover: a small form under a chip. Its values are applied together, by Enter or the button."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import QCheckBox, QComboBox, QFormLayout, QFrame, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from rnncore.errors import RnnError

from ...theme.theme import current
from ...theme.tokens import SPACE
from ...widgets.chip import Chip
from ...widgets.number_boxes import RateBox, RealBox, WholeBox
from ...widgets.paint import pop_up
from ...widgets.wrong import mark_wrong, say


class Popover(QFrame):
    """A form in a popup. ``apply`` is called with nothing once the user accepts; it raises RnnError for what cannot be.

    A number that cannot be is refused as it is typed, below the rows, and the form stays open until it can.
    """

    def __init__(self, title: str, apply: Callable[[], None], parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setAccessibleName(title)
        self._apply = apply
        self._said = ""
        self._boxes: list[RealBox | WholeBox] = []
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

    def whole(self, label: str, value: int, low: int, high: int, help: str = "") -> WholeBox:
        """Add a row for a whole number."""
        return self._number(label, WholeBox(value, low, high), help)  # type: ignore[return-value]

    def rate(self, label: str, value: float, help: str = "", *, zero: bool = False) -> RateBox:
        """Add a row for a positive number of any size; ``zero``: or for 0."""
        return self._number(label, RateBox(value, zero=zero), help)  # type: ignore[return-value]

    def share(self, label: str, value: float, high: float = 0.999999, help: str = "") -> RealBox:
        """Add a row for a number from 0 up to ``high``."""
        box = RealBox(value, 0.0, high)
        box.setSingleStep(0.05)
        return self._number(label, box, help)  # type: ignore[return-value]

    def check(self, label: str, on: bool, help: str = "") -> QCheckBox:
        """Add a row with a box to tick."""
        box = QCheckBox()
        box.setChecked(on)
        return self._row(label, box, help)  # type: ignore[return-value]

    def _number(self, label: str, box: RealBox | WholeBox, help: str) -> QWidget:
        self._boxes.append(box)
        box.lineEdit().textChanged.connect(lambda _: self._say_what_is_wrong())
        return self._row(label, box, help)

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
        self._say_what_is_wrong()
        self.adjustSize()

    def set_note(self, text: str) -> None:
        """Print a sentence below the rows."""
        self._said = text
        self._say_what_is_wrong()

    def _wrong(self) -> RealBox | WholeBox | None:
        """The first number in sight that cannot be."""
        return next((box for box in self._boxes if self.form.isRowVisible(box) and box.problem), None)

    def _say_what_is_wrong(self) -> None:
        wrong = self._wrong()
        for box in self._boxes:
            mark_wrong(box, box.problem)
        self._say("" if wrong is None else f"{wrong.accessibleName()}: {wrong.problem}")

    def _say(self, problem: str) -> None:
        """Print what is wrong, or else the form's own sentence."""
        if problem:
            say(self.note, problem, wrong=True)
        else:
            self.note.setPalette(QPalette())
            self.note.setText(self._said)
            self.note.setAccessibleName(self._said)
        self.note.setVisible(bool(self.note.text()))
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
        """Apply the values and close, or say what cannot be."""
        wrong = self._wrong()
        if wrong is not None:
            wrong.setFocus()
            wrong.selectAll()
            return
        for box in self._boxes:
            if not box.problem:
                box.interpretText()
        try:
            self._apply()
        except RnnError as error:
            self._say(str(error))
            return
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
