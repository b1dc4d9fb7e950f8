"""The same step as a short numpy program with the current line lit, and its PyTorch equivalent."""

from __future__ import annotations

import re
from collections.abc import Mapping

from PySide6.QtCore import QEvent, Qt, QTimer
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetricsF,
    QGuiApplication,
    QResizeEvent,
    QSyntaxHighlighter,
    QTextBlock,
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
    QTextFormat,
    QTextOption,
)
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QTextEdit, QVBoxLayout, QWidget

from ...model.inspector_data import InspectorData
from ...model.step_code import Code
from ...theme.theme import current
from ...theme.tokens import SPACE, mix
from ...widgets.chip import Chip

_WORDS = re.compile(r"[A-Za-z_]\w*")
_KEYWORDS = frozenset(("import", "from", "def", "return", "for", "in", "if", "with", "else"))
HANG = 2
"""Letters by which the continuation of a broken line stands further in."""


class _Highlighter(QSyntaxHighlighter):
    """Names in the colour of what they stand for, keywords bold, comments muted."""

    roles: Mapping[str, str] = {}

    def highlightBlock(self, text: str) -> None:
        theme = current(self)
        comment = text.find("  #")
        code = text if comment < 0 else text[:comment]
        for found in _WORDS.finditer(code):
            shape = QTextCharFormat()
            if found.group() in _KEYWORDS:
                shape.setFontWeight(QFont.Weight.Bold)
            elif found.group() in self.roles and code[found.start() - 1 : found.start()] != ".":
                shape.setForeground(theme.colour(self.roles[found.group()]))
            else:
                continue
            self.setFormat(found.start(), len(found.group()), shape)
        if comment >= 0:
            muted = QTextCharFormat()
            muted.setForeground(theme.colour("muted"))
            self.setFormat(comment, len(text) - comment, muted)


class CodePage(QWidget):
    """A read-only program with a choice between numpy and PyTorch; a line that is too long is broken, not cut."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._data: InspectorData | None = None
        self._shown = ""
        self._lines: tuple[int, ...] = ()
        self._lit_for: tuple[object, ...] = ()
        self.text = QTextEdit()
        self.text.setReadOnly(True)
        self.text.setAcceptRichText(False)
        self.text.setUndoRedoEnabled(False)
        self.text.setTabChangesFocus(True)
        self.text.setWordWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        self.text.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.text.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.text.setAccessibleName("The step as a program")
        self._highlighter = _Highlighter(self.text.document())
        row = QHBoxLayout()
        row.setSpacing(SPACE.small)
        self._group = QButtonGroup(self)
        for n, name in enumerate(("numpy", "PyTorch")):
            chip = Chip(name, checkable=True)
            chip.setToolTip(f"The step in {name}")
            self._group.addButton(chip, n)
            row.addWidget(chip)
        self._group.button(0).setChecked(True)
        self._group.idToggled.connect(lambda _, on: self._show() if on else None)
        self.copy = Chip("Copy")
        self.copy.setToolTip("Copies the whole program")
        self.copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(self._shown))
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
            self._highlighter.roles = code.roles
            self.text.setPlainText(code.text.rstrip("\n"))
            self._indent()
        self._light(code.current(data.progress.step))

    def _indent(self) -> None:
        """Let the continuation of a broken line stand further in than its beginning."""
        letter = QFontMetricsF(self.text.font()).horizontalAdvance("0")
        cursor = QTextCursor(self.text.document())
        block = self.text.document().begin()
        while block.isValid():
            words = block.text()
            hang = letter * (len(words) - len(words.lstrip()) + HANG)
            shape = QTextBlockFormat()
            shape.setLeftMargin(hang)
            shape.setTextIndent(-hang)
            cursor.setPosition(block.position())
            cursor.mergeBlockFormat(shape)
            block = block.next()

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
            selection.cursor.movePosition(QTextCursor.MoveOperation.EndOfBlock, QTextCursor.MoveMode.KeepAnchor)
            selections.append(selection)
        self.text.setExtraSelections(selections)
        self._lines = lines
        self._bring_into_view()

    def lit_span(self) -> tuple[float, float] | None:
        """Upper and lower edge of the first lit line in the viewport, in pixels; None when none is lit."""
        if not self._lines:
            return None
        block: QTextBlock = self.text.document().findBlockByNumber(self._lines[0])
        area = self.text.document().documentLayout().blockBoundingRect(block)
        above = self.text.verticalScrollBar().value()
        return area.top() - above, area.bottom() - above

    def _bring_into_view(self) -> None:
        span = self.lit_span()
        height = self.text.viewport().height()
        if span is not None and (span[0] < 0 or span[1] > height):
            bar = self.text.verticalScrollBar()
            bar.setValue(round(bar.value() + span[0] - height / 3))

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
            self._indent()
            self._highlighter.rehighlight()
            self._show()
