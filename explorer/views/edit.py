"""Change a value from the keyboard: type ``W[3, 2] = 0.5``, or choose from the list what to change."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QPoint, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QLabel, QLineEdit, QWidget

from rnncore.errors import RnnError

from ..model.edit_targets import (
    Field,
    Target,
    action_of,
    clamp_examples,
    clamp_suggestions,
    examples,
    field_of,
    read_target,
    suggestions,
)
from ..store import Store
from ..theme.theme import current
from ..widgets.editing import edit, open_editor
from ..widgets.panel_dialog import PanelDialog
from ..widgets.rows import RowList
from ..widgets.wrong import mark_wrong, say


class EditDialog(PanelDialog):
    """A line for ``name = value`` and a list of what can be changed; ``clamps`` lists gates and states alone."""

    def __init__(self, store: Store, parent: QWidget | None = None, *, clamps: bool = False) -> None:
        super().__init__("Clamp a gate" if clamps else "Edit a value", 660, 460, parent)
        self._store, self._clamps = store, clamps
        self._shown: list[Field] = []
        self.line = QLineEdit()
        placeholder = clamp_examples(store.session) if clamps else examples(store.session)
        self.line.setPlaceholderText(placeholder)
        self.line.setAccessibleName(f"What to change, for instance {placeholder}")
        self.line.setFont(current().font("body", fixed=True))
        self.line.setClearButtonEnabled(True)
        self.list = RowList(self.windowTitle())
        self.note = QLabel()
        self.note.setFont(current().font("small"))
        self.note.setWordWrap(True)
        for widget, stretch in ((self.line, 0), (self.list, 1), (self.note, 0)):
            self.column.addWidget(widget, stretch)
        self.line.textChanged.connect(lambda _: self.refill())
        self.line.returnPressed.connect(self.choose)
        self.list.itemActivated.connect(lambda _: self.choose())
        self.line.installEventFilter(self)
        self.refill()
        self.line.setFocus()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.line and isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            jump = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1}.get(Qt.Key(event.key()))
            if jump is not None and self.list.count():
                self.list.setCurrentRow(min(max(self.list.currentRow() + jump, 0), self.list.count() - 1))
                return True
        return super().eventFilter(watched, event)

    def refill(self) -> None:
        """List what fits what has been typed, and say what Enter will do."""
        name, equals, value = self.line.text().partition("=")
        self._shown, wrong = [], False
        try:
            self._shown = self._typed(name) if equals else self._listed(name)
            note = self._announce(value) if equals else "Enter opens the value; or go on with “= value”."
        except RnnError as error:
            note, wrong = str(error), True
        self.list.empty()
        for field in self._shown:
            self.list.add(field.title, after=field.brief or field.now)
        self.list.setCurrentRow(0)
        say(self.note, note, wrong=wrong)
        mark_wrong(self.line, note if wrong else "")

    def _typed(self, name: str) -> list[Field]:
        session, derived = self._store.session, self._store.derived
        return [field_of(session, derived, read_target(session, name))]

    def _listed(self, name: str) -> list[Field]:
        session, derived = self._store.session, self._store.derived
        targets = clamp_suggestions(session) if self._clamps else suggestions(session)
        fields = [field_of(session, derived, target) for target in targets]
        words = name.casefold().split()
        found = [f for f in fields if all(w in f"{f.title} {f.now}".casefold() for w in words)]
        return found or self._typed(name)

    def _announce(self, value: str) -> str:
        field = self._shown[0]
        if not value.strip():
            return f"{field.title} is now {field.now}. Type the new value."
        action_of(field.target, value)
        return f"Enter: {field.title} = {value.strip()}  (now {field.now})"

    def choose(self) -> None:
        """Set what was typed, or open the editor of the current row."""
        _, equals, value = self.line.text().partition("=")
        row = self.list.currentRow()
        if not 0 <= row < len(self._shown):
            return
        target: Target = self._shown[row].target
        if equals:
            try:
                edit(self._store, target, value)
            except RnnError as error:
                say(self.note, str(error), wrong=True)
                mark_wrong(self.line, str(error))
                return
            self.accept()
            return
        parent = self.parentWidget() or self
        at = self.mapToGlobal(QPoint(self.width() // 3, self.height() // 3))
        self.accept()
        open_editor(self._store, target, at, parent)
