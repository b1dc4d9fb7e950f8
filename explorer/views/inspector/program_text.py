"""A read-only program in colours, whose long lines are broken and whose current lines lie on a band."""

from __future__ import annotations

import re
from collections.abc import Mapping

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetricsF,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QShowEvent,
    QSyntaxHighlighter,
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
    QTextOption,
)
from PySide6.QtWidgets import QTextEdit, QWidget

from ...theme.theme import current
from ...theme.tokens import mix

_WORDS = re.compile(r"[A-Za-z_]\w*")
_KEYWORDS = frozenset(("import", "from", "def", "return", "for", "in", "if", "with", "else"))
TOGETHER = 36
"""Letters up to which a bracket or a comment is kept in one line."""
_GROUPS = re.compile(rf"\[[^\[\]]{{0,{TOGETHER}}}\]|\((?:[^()\[\]]|\[[^\[\]]*\]){{0,{TOGETHER}}}\)")
HANG = 2
"""Letters by which the continuation of a broken line stands further in."""
BAND = 0.22
"""How much of its colour a band has over the background."""
ABOVE = 1 / 3
"""Where in the view a line is put that was out of it, as a share of the height."""


def kept_together(line: str) -> str:
    """A line whose indices, short brackets and comment are broken only where they are too long for the panel.

    What comes out of the text again, as a copy too, has the blanks that it had.
    """
    code, mark, comment = line.partition("  # ")
    code = _GROUPS.sub(lambda found: found.group().replace(" ", "\xa0"), code)
    if len(comment) <= TOGETHER:
        mark, comment = "  #\xa0", comment.replace(" ", "\xa0")
    return code + (mark + comment if comment else "")


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


class ProgramText(QTextEdit):
    """Shows a program and the lines of it that are carried out now.

    A lit line lies on a band from one edge of the view to the other, as high as all its parts where it is broken: a
    background of its letters would end with them, in another place in every part.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._lit: tuple[int, ...] = ()
        self._role = "value"
        self.setReadOnly(True)
        self.setAcceptRichText(False)
        self.setUndoRedoEnabled(False)
        self.setTabChangesFocus(True)
        self.setWordWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self._highlighter = _Highlighter(self.document())
        # Lines are broken anew at every size, and only then is it known where each of them stands.
        self.document().documentLayout().documentSizeChanged.connect(self.bring_into_view)

    def set_program(self, text: str, roles: Mapping[str, str]) -> None:
        """Show another program; ``roles`` tells the token of the colour of its names."""
        self._lit = ()
        self._highlighter.roles = roles
        self.setPlainText("\n".join(map(kept_together, text.split("\n"))))
        self._indent()

    def restyle(self) -> None:
        """Take the colours and the letters of the theme in force."""
        self.setFont(current(self).font("small", fixed=True))
        self._indent()
        self._highlighter.rehighlight()
        self.viewport().update()
        self.bring_into_view()

    def light(self, lines: tuple[int, ...], role: str) -> None:
        """Lay a band of the colour of ``role`` under some lines (numbers from 0), and bring them into view."""
        if (lines, role) == (self._lit, self._role):
            return
        before = self.bands()
        self._lit, self._role = lines, role
        for band in (*before, *self.bands()):
            self.viewport().update(band.toAlignedRect())
        self.bring_into_view()

    @property
    def lit(self) -> tuple[int, ...]:
        """The lines that are lit."""
        return self._lit

    def band_colour(self) -> QColor:
        """The colour of the bands."""
        tokens = current(self).tokens
        return QColor(mix(getattr(tokens, self._role), tokens.background, BAND))

    def bands(self) -> list[QRectF]:
        """The areas under the lit lines in the viewport, one for each run of neighbours."""
        found: list[QRectF] = []
        layout, left = self.document().documentLayout(), self.verticalScrollBar().value()
        last = -2
        for number in self._lit:
            area = layout.blockBoundingRect(self.document().findBlockByNumber(number))
            band = QRectF(0.0, area.top() - left, float(self.viewport().width()), area.height())
            if number == last + 1:
                band = found.pop().united(band)
            found.append(band)
            last = number
        return found

    def lit_span(self) -> tuple[float, float] | None:
        """Upper edge of the first lit line and lower edge of the last in the viewport, in pixels; None without any."""
        bands = self.bands()
        return (bands[0].top(), bands[-1].bottom()) if bands else None

    def bring_into_view(self) -> None:
        """Scroll as little as lets all lit lines be seen; where they have no room together, the first of them."""
        self.document().documentLayout().documentSize()  # long texts are laid out in portions: how far one can scroll
        bands, height = self.bands(), self.viewport().height()
        if not bands:
            return
        top, bottom = bands[0].top(), bands[-1].bottom()
        if bottom - top > height:
            bottom = bands[0].bottom()
        if top < 0 or bottom > height:
            ease = min(height * ABOVE, max(0.0, height - (bottom - top)))
            bar = self.verticalScrollBar()
            bar.setValue(int(bar.value() + top - ease))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.bring_into_view()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)  # which scrolls to the text cursor when it is shown for the first time
        self.bring_into_view()

    def paintEvent(self, event: QPaintEvent) -> None:
        bands = self.bands()
        if bands:
            painter = QPainter(self.viewport())
            colour = self.band_colour()
            for band in bands:
                painter.fillRect(band.toAlignedRect(), colour)
            painter.end()
        super().paintEvent(event)

    def _indent(self) -> None:
        """Let the continuation of a broken line stand further in than its beginning."""
        letter = QFontMetricsF(self.font()).horizontalAdvance("0")
        cursor = QTextCursor(self.document())
        block = self.document().begin()
        while block.isValid():
            words = block.text()
            hang = letter * (len(words) - len(words.lstrip()) + HANG)
            shape = QTextBlockFormat()
            shape.setLeftMargin(hang)
            shape.setTextIndent(-hang)
            cursor.setPosition(block.position())
            cursor.mergeBlockFormat(shape)
            block = block.next()
