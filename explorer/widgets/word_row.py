"""A sentence's words below its columns: lying where all of them have room, upright where the columns are narrow."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QFont, QFontMetricsF, QPainter

from ..model.letters import by_letters, measured
from ..theme.theme import Theme
from .paint import elided, text_width

_UPRIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
TALLEST = 64
"""Pixels at scale 1 that upright words take at most; longer ones are shortened."""


class WordRow(NamedTuple):
    """How the words are written: in which type, upright or not, how high the row is, and in how many lines.

    Of ``letters`` all lie but a sign such as ``<s>``, which is longer than its column.
    """

    font: QFont
    upright: bool
    high: float
    lines: int = 1
    letters: bool = False


@lru_cache(maxsize=64)
def word_row(
    theme: Theme, words: tuple[str, ...], wide: float, most: float, *, two_lines: bool = False
) -> WordRow | None:
    """The row for columns ``wide`` pixels wide, at most ``most`` high; None where there is room for no word.

    With ``two_lines`` words that are broader than their columns may lie in two lines by turns.
    """
    for role in ("small", "tiny"):
        font = theme.font(role)
        high = QFontMetricsF(font).height()
        if all(text_width(word, font) <= wide - 2 for word in words):
            return WordRow(font, False, high) if high <= most else None
    font, high = theme.font("tiny"), QFontMetricsF(theme.font("tiny")).height()
    if by_letters(words) and all(text_width(word, font) <= wide - 1 for word in measured(words)):
        signs = max((text_width(word, font) for word in words if len(word) > 1), default=0.0) + 2
        return WordRow(font, False, max(high, min(signs, most)), letters=True) if high <= most else None
    tall = min(max((text_width(word, font) for word in words), default=0.0) + 4, theme.px(TALLEST))
    # Upright and shortened as well they would be harder to read than lying.
    if wide >= high - 1 and tall <= most:
        return WordRow(font, True, tall)
    widths = [text_width(word, font) for word in words]
    apart = two_lines and 2 * high <= most and max(widths, default=0.0) <= 2 * wide - 4
    # The words at both ends have a neighbour on one side only.
    if apart and max(widths[:1] + widths[-1:], default=0.0) <= wide + 6:
        return WordRow(font, False, 2 * high, 2)
    return WordRow(font, False, high) if wide >= theme.px(24) and high <= most else None


def paint_word(painter: QPainter, row: WordRow, column: QRectF, word: str, place: int = 0) -> None:
    """Write a word into its column of the row, shortened where it is longer; an upright one ends at the top.

    ``place`` says which of the words it is: in two lines every other one stands in the second.
    """
    painter.setFont(row.font)
    if row.lines > 1:
        high, more = row.high / row.lines, column.width() / 2
        line = QRectF(column.left() - more, column.top() + place % row.lines * high, 2 * column.width(), high)
        painter.drawText(line, Qt.AlignmentFlag.AlignCenter, elided(word, row.font, line.width()))
        return
    if not row.upright and not (row.letters and text_width(word, row.font) > column.width()):
        painter.drawText(column, Qt.AlignmentFlag.AlignCenter, elided(word, row.font, column.width()))
        return
    painter.save()
    painter.translate(column.center().x(), column.bottom())
    painter.rotate(-90)
    room = QRectF(0, -column.width() / 2, column.height(), column.width())
    painter.drawText(room, _UPRIGHT | Qt.TextFlag.TextDontClip, elided(word, row.font, room.width()))
    painter.restore()
