"""A small popover that shows one value and takes another: Enter applies, Esc closes, an error names the remedy."""

from __future__ import annotations

import re
from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, QPoint, QStringListModel, Qt
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import (
    QAbstractItemView,
    QCompleter,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QVBoxLayout,
    QWidget,
)

from rnncore.errors import RnnError

from ..model.edit_targets import Field, Target
from ..theme.theme import current
from ..theme.tokens import SPACE
from .chip import Chip
from .paint import pop_up
from .wrong import mark_wrong, say

BEGINS = re.compile(r"\s*[+−–-]?\s*(?:[.,]?|[\d.,]+e[+−–-]?|i|in|n|na|f|fr|fre)\s*")
"""What is no value yet, and may become one: a number, or “free”."""
_ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
ROOM = 320
"""Width in pixels at scale 1."""


class ValueEditor(QFrame):
    """Edits one :class:`Field`.

    ``apply(target, text)`` sets the value, or raises RnnError, which is shown; ``look(target)`` gives the field of
    another scope. ``check(target, text)`` raises RnnError while one types for what could not be set.
    """

    def __init__(
        self,
        field: Field,
        apply: Callable[[Target, str], None],
        look: Callable[[Target], Field],
        check: Callable[[Target, str], object] | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._apply, self._look, self._check = apply, look, check
        self._offered: QAbstractItemView | None = None
        theme = current()
        column = QVBoxLayout(self)
        column.setContentsMargins(SPACE.large, SPACE.medium, SPACE.large, SPACE.medium)
        column.setSpacing(SPACE.small)
        self.title, self.now = QLabel(), QLabel()
        for label in (self.title, self.now):
            label.setTextFormat(Qt.TextFormat.PlainText)  # <s> is a word, and no mark to strike through what follows
        self.title.setFont(theme.font("title", bold=True))
        self.title.setWordWrap(True)
        self.now.setFont(theme.font("label", fixed=True))
        self.now.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        self.now.setWordWrap(True)
        self.line = QLineEdit()
        self.line.setFont(theme.font("body", fixed=True))
        self.line.textEdited.connect(self._edited)
        self.note = QLabel()
        self.note.setTextFormat(Qt.TextFormat.PlainText)
        self.note.setFont(theme.font("small"))
        self.note.setWordWrap(True)
        for widget in (self.title, self.now, self.line):
            column.addWidget(widget)
        self.scopes = self._row(column, [(label, True) for label, _ in field.scopes])
        self.quick = self._row(column, [(label, False) for label, _ in field.quick])
        column.addWidget(self.note)
        for chip, (_, target) in zip(self.scopes, field.scopes, strict=True):
            chip.clicked.connect(lambda _=False, target=target: self._show(self._look(target)))
        for chip, (_, text) in zip(self.quick, field.quick, strict=True):
            chip.clicked.connect(lambda _=False, text=text: self._take(text))
        if field.words:
            completer = QCompleter(QStringListModel(list(field.words), self), self)
            completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
            self.line.setCompleter(completer)
            self._offered = completer.popup()
            assert self._offered is not None
            self._offered.installEventFilter(self)
            self._offered.clicked.connect(lambda chosen: self._take(str(chosen.data())))
        self.setFixedWidth(theme.px(ROOM))
        self._show(field)

    def _row(self, column: QVBoxLayout, labels: list[tuple[str, bool]]) -> list[Chip]:
        chips = [Chip(label, checkable=checkable) for label, checkable in labels]
        if chips:
            row = QHBoxLayout()
            row.setSpacing(SPACE.tight)
            for chip in chips:
                row.addWidget(chip)
            row.addStretch(1)
            column.addLayout(row)
        return chips

    def _show(self, field: Field) -> None:
        self.field = field
        heading = field.heading or field.title
        self.title.setText(heading)
        self.now.setText(f"now {field.now}")
        self.line.setText(field.value)
        self.line.selectAll()
        self.line.setFocus()
        for name in (self, self.line):
            name.setAccessibleName(f"{heading}, now {field.now}")
        for chip, (_, target) in zip(self.scopes, field.scopes, strict=True):
            chip.setChecked(target == field.target)
        self._say(field.help)

    def _edited(self, text: str) -> None:
        """Say at once what could not be set; a sign that only begins a number is no error yet."""
        try:
            if self._check is not None and not BEGINS.fullmatch(text.casefold()):
                self._check(self.field.target, text)
        except RnnError as error:
            self._say(str(error), error=True)
        else:
            self._say(self.field.help)

    def _say(self, text: str, error: bool = False) -> None:
        say(self.note, text, wrong=error)
        mark_wrong(self.line, text if error else "")
        self.adjustSize()

    @property
    def error(self) -> str:
        """What is wrong with what was typed, "" when nothing is known to be."""
        return "" if self.note.text() == self.field.help else self.note.text()

    def _take(self, text: str) -> None:
        self.line.setText(text)
        self.accept()

    def accept(self) -> None:
        """Apply what was typed and close, or say what is wrong with it."""
        try:
            self._apply(self.field.target, self.line.text())
        except RnnError as error:
            self._say(str(error), error=True)
            self.line.selectAll()
            self.line.setFocus()
            return
        self.close()

    def open_at(self, at: QPoint, within: QWidget) -> None:
        """Show beside a point of the screen, inside it; ``within``'s window owns the editor."""
        self.setParent(within.window(), self.windowFlags())
        self.adjustSize()
        edge = SPACE.small
        room = within.screen().availableGeometry().adjusted(edge, edge, -edge, -edge)
        away = current().px(12)
        x = at.x() + away if at.x() + away + self.width() <= room.right() else at.x() - away - self.width()
        y = min(max(at.y() - self.height() // 3, room.top()), room.bottom() - self.height())
        self.move(max(x, room.left()), max(y, room.top()))
        self.show()
        self.line.setFocus()
        self.line.selectAll()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Enter applies while words are offered as well: their list would take it for itself, and nothing be done."""
        offered = self._offered
        if offered is None or watched is not offered or event.type() != QEvent.Type.KeyPress:
            return super().eventFilter(watched, event)
        if not isinstance(event, QKeyEvent) or event.key() not in _ENTER:
            return super().eventFilter(watched, event)
        chosen = offered.currentIndex()
        offered.hide()
        self._take(str(chosen.data()) if chosen.isValid() else self.line.text())
        return True

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in _ENTER:
            self.accept()
        elif event.key() == Qt.Key.Key_Escape:
            self.close()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        pop_up(QPainter(self), self.rect(), current())
