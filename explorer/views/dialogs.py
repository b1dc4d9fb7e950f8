"""The dialogs: choosing a sentence, all commands, all keys, a text of one's own, a report."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QFont, QKeyEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QDialogButtonBox,
    QGridLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QPlainTextEdit,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from ..actions import GROUPS, Command, in_group, key_text, matching
from ..model import action as do
from ..model.sentences import search
from ..model.session import Session
from ..store import Store
from ..theme.theme import current
from ..theme.tokens import SPACE


class FilterDialog(QDialog):
    """A line to type into and a list below it that narrows as one types; arrows and Enter work from the line."""

    def __init__(self, title: str, placeholder: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.line = QLineEdit()
        self.line.setPlaceholderText(placeholder)
        self.line.setAccessibleName(placeholder)
        self.line.setClearButtonEnabled(True)
        self.list = QListWidget()
        self.list.setAccessibleName(title)
        self.list.setUniformItemSizes(True)
        self.layout_ = QVBoxLayout(self)
        self.layout_.setContentsMargins(SPACE.large, SPACE.large, SPACE.large, SPACE.medium)
        self.layout_.addWidget(self.line)
        self.layout_.addWidget(self.list, 1)
        self.line.textChanged.connect(lambda _: self.refill())
        self.line.returnPressed.connect(self.choose)
        self.list.itemActivated.connect(lambda _: self.choose())
        self.line.installEventFilter(self)
        self.resize(current().px(620), current().px(460))

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
    """Choose a sentence of the corpus, or step through one of one's own."""

    def __init__(self, store: Store, parent: QWidget | None = None) -> None:
        super().__init__("Sentence", "Search the corpus, or type a sentence", parent)
        self._store = store
        self.follow = QCheckBox("Follow training: always show the sentence of the next update")
        self.follow.setChecked(store.session.following)
        self.layout_.addWidget(self.follow)
        self.note = QLabel()
        self.note.setFont(current().font("small"))
        self.layout_.addWidget(self.note)
        self.refill()
        index = store.session.sentence.index
        if index is not None:
            for row in range(self.list.count()):
                if self.list.item(row).data(Qt.ItemDataRole.UserRole) == index:
                    self.list.setCurrentRow(row)
        self.follow.toggled.connect(lambda on: store.dispatch(do.Follow(on)))

    def refill(self) -> None:
        session = self._store.session
        text = self.line.text().strip()
        found = search(session.corpus, text)
        self.list.clear()
        if text:
            self._add(f"Step through “{text}”", None)
        for index in found:
            words = session.corpus.texts[index]
            self._add(f"{index + 1:>6}   {words}", index)
        self.list.setCurrentRow(1 if text and found else 0)
        more = " (the first are shown)" if len(found) >= 200 else ""
        self.note.setText(f"{len(found)} of {len(session.corpus.sentences)} sentences{more}. {_unknown(session, text)}")

    def _add(self, text: str, index: int | None) -> None:
        item = QListWidgetItem(text)
        item.setData(Qt.ItemDataRole.UserRole, index)
        self.list.addItem(item)

    def choose(self) -> None:
        item = self.list.currentItem()
        if item is None:
            return
        index = item.data(Qt.ItemDataRole.UserRole)
        if index is None:
            self._store.dispatch(do.TypeSentence(self.line.text().strip()))
        else:
            self._store.dispatch(do.ShowSentence(index))
        self.accept()


def _unknown(session: Session, text: str) -> str:
    """Say which words of a typed sentence the vocabulary lacks."""
    if not text:
        return ""
    encoded = session.corpus.encode(text)
    unknown = [w for w, u in zip(encoded.words, encoded.unknown, strict=True) if u]
    return f"Not in the vocabulary: {', '.join(unknown)}." if unknown else ""


class CommandDialog(FilterDialog):
    """Search everything that the program can do."""

    def __init__(
        self, run: Callable[[Command], None], enabled: Callable[[Command], bool], parent: QWidget | None = None
    ) -> None:
        super().__init__("All commands", "Type a few letters of what you want to do", parent)
        self._run, self._enabled = run, enabled
        self._found: list[Command] = []
        self.refill()

    def refill(self) -> None:
        self._found = matching(self.line.text())
        self.list.clear()
        for command in self._found:
            keys = "   ".join(key_text(k) for k in command.keys)
            item = QListWidgetItem(f"{command.title}\t{keys}")
            item.setToolTip(command.help)
            item.setText(f"{command.group}  ›  {command.title}" + (f"      {keys}" if keys else ""))
            if not self._enabled(command):
                item.setFlags(item.flags() & ~Qt.ItemFlag.ItemIsEnabled)
            self.list.addItem(item)
        self.list.setCurrentRow(0)

    def choose(self) -> None:
        row = self.list.currentRow()
        if 0 <= row < len(self._found) and self._enabled(self._found[row]):
            self.accept()
            self._run(self._found[row])


class KeysDialog(QDialog):
    """All keys on one sheet, made from the table of commands."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Keys")
        grid = QGridLayout()
        grid.setHorizontalSpacing(SPACE.wide)
        grid.setVerticalSpacing(SPACE.tight)
        columns = (("Walk", "Training"), tuple(g for g in GROUPS if g not in ("Walk", "Training")))
        for side, groups in enumerate(columns):
            row = 0
            for group in groups:
                heading = QLabel(group)
                heading.setFont(current().font("title", bold=True))
                grid.addWidget(heading, row, 3 * side, 1, 2)
                row += 1
                for command in in_group(group):
                    if not command.keys:
                        continue
                    keys = QLabel("  ".join(key_text(k) for k in command.keys))
                    keys.setFont(current().font("label", bold=True))
                    title = QLabel(command.title)
                    title.setToolTip(command.help)
                    grid.addWidget(keys, row, 3 * side)
                    grid.addWidget(title, row, 3 * side + 1)
                    row += 1
        inner = QWidget()
        grid.setRowStretch(grid.rowCount(), 1)
        inner.setLayout(grid)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QScrollArea.Shape.NoFrame)
        area.setWidget(inner)
        outer = QVBoxLayout(self)
        outer.addWidget(area)
        outer.addWidget(_close_box(self))
        self.resize(current().px(760), current().px(520))


class TextDialog(QDialog):
    """Type or paste a text to learn."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("A text of your own")
        self.edit = QPlainTextEdit()
        self.edit.setPlaceholderText("One sentence a line, or running text. Every word becomes part of the vocabulary.")
        self.edit.setAccessibleName("The text")
        self.characters = QCheckBox("Letter by letter instead of word by word")
        box = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
        box.button(QDialogButtonBox.StandardButton.Ok).setText("Learn this")
        box.accepted.connect(self.accept)
        box.rejected.connect(self.reject)
        outer = QVBoxLayout(self)
        outer.addWidget(self.edit, 1)
        outer.addWidget(self.characters)
        outer.addWidget(box)
        self.resize(current().px(560), current().px(380))


class ReportDialog(QDialog):
    """A report in fixed-width type, which can be copied."""

    def __init__(self, title: str, text: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        view = QPlainTextEdit(text)
        view.setReadOnly(True)
        view.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        view.setFont(QFont(current().font("label", fixed=True)))
        view.setAccessibleName(title)
        outer = QVBoxLayout(self)
        outer.addWidget(view, 1)
        outer.addWidget(_close_box(self))
        self.resize(current().px(820), current().px(420))


def _close_box(dialog: QDialog) -> QDialogButtonBox:
    box = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
    box.rejected.connect(dialog.reject)
    return box
