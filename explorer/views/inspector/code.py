"""The same step as a short numpy program with the current line lit, and its PyTorch equivalent."""

from __future__ import annotations

import re

from PySide6.QtCore import QEvent, Qt, QTimer
from PySide6.QtGui import (
    QColor,
    QGuiApplication,
    QResizeEvent,
    QSyntaxHighlighter,
    QTextCharFormat,
    QTextCursor,
    QTextDocument,
    QTextFormat,
)
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QPlainTextEdit, QTextEdit, QVBoxLayout, QWidget

from ...model.inspector_data import InspectorData
from ...model.step_code import Code
from ...theme.theme import current
from ...theme.tokens import SPACE, mix
from ...widgets.chip import Chip

_WORDS = re.compile(r"\b(import|from|def|return|for|in|if|with|continue|else)\b")


class _Highlighter(QSyntaxHighlighter):
    """Keywords coloured, comments muted."""

    def highlightBlock(self, text: str) -> None:
        theme = current(self)
        word = QTextCharFormat()
        word.setForeground(theme.colour("weight"))
        for found in _WORDS.finditer(text):
            self.setFormat(found.start(), found.end() - found.start(), word)
        comment = text.find("  #")
        if comment >= 0:
            muted = QTextCharFormat()
            muted.setForeground(theme.colour("muted"))
            self.setFormat(comment, len(text) - comment, muted)


class CodePage(QWidget):
    """A read-only program with a choice between numpy and PyTorch."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._data: InspectorData | None = None
        self._shown = ""
        self._lines: tuple[int, ...] = ()
        self._lit_for: tuple[object, ...] = ()
        self.text = QPlainTextEdit()
        self.text.setReadOnly(True)
        self.text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.text.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.text.setAccessibleName("The step as a program")
        document: QTextDocument = self.text.document()
        self._highlighter = _Highlighter(document)
        row = QHBoxLayout()
        row.setSpacing(SPACE.small)
        self._group = QButtonGroup(self)
        for n, name in enumerate(("numpy", "PyTorch")):
            chip = Chip(name, checkable=True)
            self._group.addButton(chip, n)
            row.addWidget(chip)
        self._group.button(0).setChecked(True)
        self._group.idToggled.connect(lambda _, on: self._show() if on else None)
        self.copy = Chip("Copy")
        self.copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(self.text.toPlainText()))
        row.addStretch(1)
        row.addWidget(self.copy)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE.small)
        column.addWidget(self.text, 1)
        column.addLayout(row)
        self._restyle()

    def set_data(self, data: InspectorData) -> None:
        """Show the program of ``data``'s cell and truncation, and where it stands."""
        self._data = data
        self._show()

    def _show(self) -> None:
        data = self._data
        if data is None:
            return
        code: Code = data.torch_code if self._group.checkedId() == 1 else data.numpy_code
        if code.text != self._shown:
            self._shown = code.text
            self.text.setPlainText(code.text.rstrip("\n"))
        self._light(code.current(data.progress.step))

    def _light(self, lines: tuple[int, ...]) -> None:
        theme = current(self)
        key = (lines, self._data.role if self._data is not None else "", theme, self._shown)
        if key == self._lit_for:
            return
        self._lit_for = key
        selections = []
        data = self._data
        role = data.role if data is not None else "value"
        for number in lines:
            selection = QTextEdit.ExtraSelection()
            selection.format.setBackground(QColor(mix(getattr(theme.tokens, role), theme.tokens.background, 0.22)))
            selection.format.setProperty(QTextFormat.Property.FullWidthSelection, True)
            selection.cursor = QTextCursor(self.text.document().findBlockByNumber(number))
            selections.append(selection)
        self.text.setExtraSelections(selections)
        self._lines = lines
        self._bring_into_view()

    def _bring_into_view(self) -> None:
        lines = self._lines
        if lines:
            bar = self.text.verticalScrollBar()
            visible = max(1, bar.pageStep())
            if not bar.value() <= lines[0] < bar.value() + visible - 1:
                bar.setValue(max(0, lines[0] - visible // 3))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        # The text has its new size only once the layout has run.
        QTimer.singleShot(0, self, self._bring_into_view)

    def changeEvent(self, event: QEvent) -> None:
        if event.type() in (QEvent.Type.StyleChange, QEvent.Type.PaletteChange):
            self._restyle()
        super().changeEvent(event)

    def _restyle(self) -> None:
        text = getattr(self, "text", None)
        if text is not None:
            text.setFont(current(self).font("small", fixed=True))
            self._highlighter.rehighlight()
            self._show()
