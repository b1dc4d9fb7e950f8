"""Boxes for numbers that take whatever is typed, and say in words what is wrong with it: nothing is read as another."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QFocusEvent, QKeyEvent, QPainter, QPaintEvent, QPen, QValidator
from PySide6.QtWidgets import QAbstractSpinBox, QDoubleSpinBox, QSpinBox, QWidget

from rnncore.errors import RnnError

from ..model.edit_targets import read_number
from ..theme.theme import current

_ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
_State = tuple[QValidator.State, str, int]


if TYPE_CHECKING:
    _Base = QAbstractSpinBox
else:
    _Base = object  # Qt has no classes with two of its own as bases


class _Typed(_Base):
    """What both boxes share: Qt would leave out the letters of "1e-3" and read 13, and would empty a wrong field."""

    def problem_of(self, text: str) -> str:
        """What is wrong with a text, and the remedy; "" for nothing."""
        raise NotImplementedError

    @property
    def problem(self) -> str:
        """What is wrong with what stands in the box, and the remedy; "" for nothing."""
        return self.problem_of(self.lineEdit().text())

    def validate(self, text: str, at: int) -> _State:
        """Take every text: what is wrong with it is said beside it."""
        fits = text == self.specialValueText() or not self.problem_of(text)
        return (QValidator.State.Acceptable if fits else QValidator.State.Intermediate), text, at

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self.property("wrong"):  # a style sheet's frame would take the platform's look from the arrows as well
            painter = QPainter(self)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(current().colour("cut"), 1.5))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.75, 0.75, -0.75, -0.75), 2.5, 2.5)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in _ENTER and self.problem:
            event.ignore()  # the form says why; Qt would put the old number back
            return
        super().keyPressEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        if self.problem:
            self.lineEdit().event(event)
            QWidget.focusOutEvent(self, event)
            return
        super().focusOutEvent(event)


class RealBox(_Typed, QDoubleSpinBox):
    """A number from ``low`` to ``high``; with ``above`` not ``low`` itself."""

    def __init__(
        self,
        value: float,
        low: float,
        high: float,
        *,
        above: bool = False,
        example: str = "0.1",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._above, self._example = above, example
        self.setDecimals(100)  # else 1e-13 would be 0
        self.setRange(low, high)
        self.setValue(value)
        self.setKeyboardTracking(False)  # the 1 of 1e999 is no number that was wanted

    def textFromValue(self, value: float) -> str:
        return f"{value:.6g}"

    def valueFromText(self, text: str) -> float:
        # What is printed of an old number may be shorter than the number.
        kept = self.problem_of(text) or text == self.textFromValue(self.value())
        return self.value() if kept else read_number(text)

    def problem_of(self, text: str) -> str:
        low, high = self.minimum(), self.maximum()
        limits = f"above {low:g}, at most" if self._above else f"from {low:g} to"
        wanted = f"Type a number {limits} {_short(high)}, such as {self._example}."
        if not text.strip():
            return f"the field is empty. {wanted}"
        try:
            value = read_number(text)
        except RnnError as error:
            return str(error) if "decimals" in str(error) else f"“{text.strip()[:40]}” is no number. {wanted}"
        if not math.isfinite(value):
            return f"{text.strip()[:40]} is no finite number. {wanted}"
        if value > high or value < low or (self._above and value == low):
            return f"{text.strip()[:40]} is too {'large' if value > high else 'small'}. {wanted}"
        return ""


class RateBox(RealBox):
    """A number of any size above 0: it prints 0.003 and 1e-05, and its arrows multiply. ``zero``: or 0 itself."""

    def __init__(self, value: float, *, zero: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(value, 0.0, 1e6, above=not zero, parent=parent)
        self.setButtonSymbols(QAbstractSpinBox.ButtonSymbols.UpDownArrows)

    def stepBy(self, steps: int) -> None:
        self.setValue(max(self.value(), 1e-9) * 10.0 ** (steps / 4))


def _short(number: float) -> str:
    return f"{number:g}".replace("e+0", "e")


class WholeBox(_Typed, QSpinBox):
    """A whole number."""

    def __init__(self, value: int, low: int, high: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setRange(low, high)
        self.setValue(value)
        self.setKeyboardTracking(False)  # the 1 of 1e999 is no number that was wanted

    def textFromValue(self, value: int) -> str:
        return str(value)

    def valueFromText(self, text: str) -> int:
        if text == self.specialValueText():
            return self.minimum()
        return self.value() if self.problem_of(text) else int(text)

    def problem_of(self, text: str) -> str:
        wanted = f"Type a whole number from {self.minimum()} to {self.maximum()}."
        plain = text.strip()
        if self.specialValueText() and plain == self.specialValueText():
            return ""
        if not plain:
            return f"the field is empty. {wanted}"
        if not plain.removeprefix("-").removeprefix("−").isdecimal():
            return f"“{plain[:40]}” is no whole number. {wanted}"
        if plain[0] in "-−" or not self.minimum() <= int(plain[:12]) <= self.maximum() or len(plain) > 12:
            return f"{plain[:40]} is out of range. {wanted}"
        return ""
