"""A fixed-width editor of a cell's equations: names coloured by what they are, a mistake underlined."""

from __future__ import annotations

from PySide6.QtGui import QSyntaxHighlighter, QTextCharFormat, QTextCursor, QTextDocument
from PySide6.QtWidgets import QPlainTextEdit, QTextEdit, QWidget

from ..model.cell_preview import Mistake, assigned, spans
from ..theme.theme import current

_COLOURS = {
    "comment": "muted",
    "number": "text",
    "function": "good",
    "input": "loss",
    "previous": "value",
    "value": "value",
    "operator": "muted",
    "weight": "weight",
}


class Highlighter(QSyntaxHighlighter):
    """Colours equations by what each name is."""

    def __init__(self, document: QTextDocument) -> None:
        super().__init__(document)
        self.names: frozenset[str] = frozenset()

    def highlightBlock(self, text: str) -> None:
        for start, length, kind in spans(text, self.names):
            look = QTextCharFormat()
            look.setForeground(current().colour(_COLOURS[kind]))
            look.setFontItalic(kind == "comment")
            self.setFormat(start, length, look)


class EquationEdit(QPlainTextEdit):
    """A fixed-width editor of equations that underlines a mistake."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFont(current().font("body", fixed=True))
        self.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.setTabChangesFocus(True)
        self.setAccessibleName("Equations, one a line")
        self.highlighter = Highlighter(self.document())

    def show_mistake(self, mistake: Mistake | None) -> None:
        """Underline where the mistake is; None takes the line away."""
        if mistake is None:
            self.setExtraSelections([])
            return
        # By the text, not by paragraphs: with Shift, Return breaks a line within one.
        lines = self.toPlainText().split("\n")
        line = min(mistake.line, len(lines)) - 1
        begin, end = sum(len(one) + 1 for one in lines[:line]), len(lines[line])
        first = min(mistake.column - 1, end)
        if not mistake.length and first == end and first:
            first -= 1  # at the line's end there is no letter to underline: the last one
        cursor = QTextCursor(self.document())
        cursor.setPosition(begin + first)
        last = min(first + max(mistake.length, 1), end)
        cursor.setPosition(begin + last, QTextCursor.MoveMode.KeepAnchor)
        mark = QTextEdit.ExtraSelection()
        look = QTextCharFormat()
        look.setUnderlineStyle(QTextCharFormat.UnderlineStyle.WaveUnderline)
        look.setUnderlineColor(current().colour("cut"))
        mark.format = look
        mark.cursor = cursor
        self.setExtraSelections([mark])

    def colour_names(self) -> None:
        """Colour anew when other names than before are assigned."""
        names = assigned(self.toPlainText())
        if names != self.highlighter.names:
            self.highlighter.names = names
            self.highlighter.rehighlight()
