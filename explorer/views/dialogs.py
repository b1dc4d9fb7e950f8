"""The dialogs: choosing a sentence, all commands, a text of one's own, a report."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QFont, QKeyEvent, QPalette
from PySide6.QtWidgets import (
    QCheckBox,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QWidget,
)

from rnncore.errors import RnnError

from ..actions import COMMANDS, Command, matching
from ..model import action as do
from ..model.keys import key_text
from ..model.plurals import count
from ..model.sentences import search, typed_sentence, unknown_words
from ..store import Store
from ..theme.theme import current
from ..widgets.chip import Chip
from ..widgets.panel_dialog import PanelDialog
from ..widgets.rows import RowList

WAYS = "Enter: what is typed.  ↑ ↓: others.  What begins with <s> ends as typed: “<s> the” is one step, T = 1."


class FilterDialog(PanelDialog):
    """A line to type into and a list below it that narrows as one types; arrows and Enter work from the line."""

    def __init__(self, title: str, placeholder: str, parent: QWidget | None = None) -> None:
        super().__init__(title, 660, 480, parent)
        self.line = QLineEdit()
        self.line.setPlaceholderText(placeholder)
        self.line.setAccessibleName(placeholder)
        self.line.setClearButtonEnabled(True)
        self.list = RowList(title)
        self.column.addWidget(self.line)
        self.column.addWidget(self.list, 1)
        self.line.textChanged.connect(lambda _: self.refill())
        self.line.returnPressed.connect(self.choose)
        self.list.itemActivated.connect(lambda _: self.choose())
        self.line.installEventFilter(self)
        self.line.setFocus()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.line and isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            row, last = self.list.currentRow(), self.list.count() - 1
            jump = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1, Qt.Key.Key_PageDown: 10, Qt.Key.Key_PageUp: -10}.get(
                Qt.Key(event.key())
            )
            if jump is not None and last >= 0:
                self.list.setCurrentRow(min(max(row + jump, 0), last))
                return True
        return super().eventFilter(watched, event)

    def refill(self) -> None:
        """Fill the list for what has been typed."""
        raise NotImplementedError

    def choose(self) -> None:
        """Take the current item."""
        raise NotImplementedError


class SentenceDialog(FilterDialog):
    """Choose a sentence of the corpus, or step through one of one's own; Return takes what is typed, ↓ others."""

    def __init__(self, store: Store, parent: QWidget | None = None) -> None:
        super().__init__("Sentence", "Search the corpus, or type a sentence", parent)
        self._store, self._moved = store, False
        self.follow = QCheckBox("Follow training: always show the sentence of the next update")
        self.follow.setChecked(store.session.following)
        self.column.addWidget(self.follow)
        self.note = QLabel()
        self.note.setFont(current().font("small"))
        self.column.addWidget(self.note)
        ways = QLabel(WAYS)
        ways.setFont(current().font("small"))
        ways.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        ways.setTextFormat(Qt.TextFormat.PlainText)
        self.note.setTextFormat(Qt.TextFormat.PlainText)
        self.column.addWidget(ways)
        self.refill()
        self.follow.toggled.connect(lambda on: store.dispatch(do.Follow(on)))
        self.list.pressed.connect(lambda _: self._move())

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        taken = super().eventFilter(watched, event)
        self._moved = self._moved or taken
        return taken

    def _move(self) -> None:
        self._moved = True

    def refill(self) -> None:
        session, text = self._store.session, self.line.text().strip()
        found, row = search(session.corpus, text), 0
        self._moved = False
        self.list.empty()
        said = ""
        if text:
            try:
                typed = typed_sentence(session.corpus, text)
            except RnnError as error:
                said = str(error)
            else:
                unknown = unknown_words(typed.words, typed.unknown)
                said = f"Not in the vocabulary: {unknown}." if unknown else ""
                self.list.add(f"Step through “{text}”", after=f"typed, T = {typed.length}")
        marked = self.list.count()
        for index in found:
            title = session.corpus.texts[index]
            if title == text or (not text and index == session.sentence.index):
                row = self.list.count()
            self.list.add(title, before=str(index + 1), data=index)
        self.list.setCurrentRow(row if row or marked or not text else -1)
        more = " (the first are shown)" if len(found) >= 200 else ""
        self.note.setText(f"{len(found)} of {count(len(session.corpus.sentences), 'sentence')}{more}. {said}")

    def choose(self) -> None:
        item = self.list.currentItem()
        if not self.line.text().strip() and not self._moved and not self.list.hasFocus():
            self.note.setText("Nothing is typed: type a sentence, or choose one with ↓ and then Enter.")
        elif item is not None:
            index = item.data(Qt.ItemDataRole.UserRole)
            self._store.dispatch(do.TypeSentence(self.line.text().strip()) if index is None else do.ShowSentence(index))
            self.accept()


class CommandDialog(FilterDialog):
    """Search everything that the program can do."""

    def __init__(
        self,
        run: Callable[[Command], None],
        enabled: Callable[[Command], bool],
        parent: QWidget | None = None,
        more: tuple[Command, ...] = (),
        title: Callable[[Command], str] = lambda command: command.title,
        help: Callable[[Command], str] = lambda command: command.help,
    ) -> None:
        super().__init__("All commands", "Type a few letters of what you want to do", parent)
        self._run, self._enabled, self._help, self._more = run, enabled, help, more
        # By now: this dialog takes the keyboard from the panel that a title names.
        self._titles = {command.id: title(command) for command in (*COMMANDS, *more)}
        self._found: list[Command] = []
        self.note = QLabel()
        """What the line that is chosen is for, and why not now: with the keyboard there is no tool tip."""
        self.note.setFont(current().font("small"))
        self.note.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        self.note.setTextFormat(Qt.TextFormat.PlainText)
        self.note.setWordWrap(True)
        self.note.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.note.setMinimumHeight(2 * self.note.fontMetrics().lineSpacing())
        self.column.addWidget(self.note)
        self.list.currentRowChanged.connect(self._tell)
        self.refill()

    def _tell(self, row: int) -> None:
        self.note.setText(self._help(self._found[row]) if 0 <= row < len(self._found) else "")

    def refill(self) -> None:
        self._found = matching(self.line.text(), self._more)
        self.list.empty()
        if not self._found:
            said = f"Nothing found for “{self.line.text().strip()}”: try a shorter word, or one such as “gradient”"
            self.list.add(said, enabled=False)
        for command in self._found:
            keys = "   ".join(key_text(k) for k in command.keys)
            title, on = self._titles[command.id], self._enabled(command)
            self.list.add(title, before=command.group, after=keys, help=self._help(command), enabled=on)
        self.list.setCurrentRow(0 if self._found else -1)

    def choose(self) -> None:
        row = self.list.currentRow()
        if 0 <= row < len(self._found) and self._enabled(self._found[row]):
            self.accept()
            self._run(self._found[row])


class TextDialog(PanelDialog):
    """Type or paste a text to learn."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("A text of your own", 600, 400, parent)
        self.edit = QPlainTextEdit()
        self.edit.setPlaceholderText("One sentence a line, or running text. Every word becomes part of the vocabulary.")
        self.edit.setAccessibleName("The text")
        self.edit.setTabChangesFocus(True)
        self.characters = QCheckBox("Letter by letter instead of word by word")
        cancel, learn = Chip("Cancel"), Chip("Learn this", filled=True)
        cancel.clicked.connect(self.reject)
        learn.clicked.connect(self.accept)
        self.column.addWidget(self.edit, 1)
        self.column.addWidget(self.characters)
        self.add_buttons(cancel, learn)
        self.edit.setFocus()


class ReportDialog(PanelDialog):
    """A report in fixed-width type, which can be copied."""

    def __init__(self, title: str, text: str, parent: QWidget | None = None) -> None:
        super().__init__(title, 860, 440, parent)
        view = QPlainTextEdit(text)
        view.setReadOnly(True)
        view.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        view.setFont(QFont(current().font("label", fixed=True)))
        view.setAccessibleName(title)
        self.column.addWidget(view, 1)
        self.add_buttons(self.close_button())
