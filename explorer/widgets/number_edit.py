"""A number typed in place: Return takes it, Escape or a click elsewhere leaves what was there."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRectF, Qt, Signal
from PySide6.QtGui import QFocusEvent, QFontMetrics, QKeyEvent
from PySide6.QtWidgets import QLineEdit, QToolTip, QWidget

from rnncore.errors import RnnError

from ..model.edit_targets import NUMBER, read_number
from ..model.formula import exact
from ..theme.theme import current
from .value_editor import BEGINS
from .wrong import mark_wrong


def number_in(text: str) -> float | None:
    """The number that ``text`` writes, with any minus sign and a decimal comma or point; None for none.

    NaN and infinities are numbers here as in every other editor: to break a weight is a way to learn.
    """
    try:
        return read_number(text.replace("–", "-").replace(",", "."))
    except RnnError:
        return None


def _remedy(text: str) -> str:
    typed = text.strip()[:40]
    return f"{f'“{typed}” is no number' if typed else 'The field is empty'}. {NUMBER}"


class NumberEdit(QLineEdit):
    """Stands over a cell of its parent while the cell's number is typed."""

    entered = Signal(float)

    def __init__(self, name: str, parent: QWidget) -> None:
        super().__init__(parent)
        self._over = parent
        self.setAccessibleName(name)
        self.textEdited.connect(self._mark)
        self.hide()

    def begin(self, area: QRectF, value: float) -> None:
        """Ask for a number in place of ``value``, over ``area`` of the parent."""
        parent, theme = self._over, current()
        self.setFont(theme.font("label", fixed=True))
        text = exact(value)
        room = QFontMetrics(self.font()).horizontalAdvance(text) + theme.px(26)
        wide = min(max(int(area.width()), room, theme.px(110)), parent.width())
        high = max(int(area.height()), theme.px(26))
        x = min(max(int(area.center().x()) - wide // 2, 0), max(parent.width() - wide, 0))
        y = min(max(int(area.center().y()) - high // 2, 0), max(parent.height() - high, 0))
        self.setGeometry(x, y, wide, high)
        self.setText(text)
        mark_wrong(self, "")
        self.selectAll()
        self.show()
        self.setFocus(Qt.FocusReason.OtherFocusReason)

    def give_up(self) -> None:
        """Go away and change nothing."""
        if not self.isHidden():
            had = self.hasFocus()
            self.hide()
            if had:
                self._over.setFocus(Qt.FocusReason.OtherFocusReason)

    def _mark(self, text: str) -> None:
        """Mark at once what is no number; a sign that only begins one is no error yet."""
        wrong = number_in(text) is None and not BEGINS.fullmatch(text.casefold())
        mark_wrong(self, _remedy(text) if wrong else "")

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        if key == Qt.Key.Key_Escape:
            self.give_up()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            value = number_in(self.text())
            if value is None:
                mark_wrong(self, _remedy(self.text()))
                QToolTip.showText(self.mapToGlobal(QPoint(0, self.height())), _remedy(self.text()), self)
                self.selectAll()
            else:
                self.give_up()
                self.entered.emit(value)
        else:
            super().keyPressEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        if event.reason() != Qt.FocusReason.PopupFocusReason:
            self.hide()
