"""A sentence's words below its columns: lying where all of them have room, upright where the columns are narrow."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QFont, QFontMetricsF, QPainter

from ..theme.theme import Theme
from .paint import elided, text_width

_UPRIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
TALLEST = 64
"""Pixels at scale 1 that upright words take at most; longer ones are shortened."""


class WordRow(NamedTuple):
    """How the words are written: in which type, upright or not, and how high the row is."""

    font: QFont
    upright: bool
    high: float


@lru_cache(maxsize=64)
def word_row(theme: Theme, words: tuple[str, ...], wide: float, most: float) -> WordRow | None:
    """The row for columns ``wide`` pixels wide, at most ``most`` high; None where there is room for no word."""
    for role in ("small", "tiny"):
        font = theme.font(role)
        high = QFontMetricsF(font).height()
        if all(text_width(word, font) <= wide - 2 for word in words):
            return WordRow(font, False, high) if high <= most else None
    font, high = theme.font("tiny"), QFontMetricsF(theme.font("tiny")).height()
    tall = min(max((text_width(word, font) for word in words), default=0.0) + 4, theme.px(TALLEST))
    # Upright and shortened as well they would be harder to read than lying.
    if wide >= high - 1 and tall <= most:
        return WordRow(font, True, tall)
    return WordRow(font, False, high) if wide >= theme.px(24) and high <= most else None


def paint_word(painter: QPainter, row: WordRow, column: QRectF, word: str) -> None:
    """Write a word into its column of the row, shortened where it is longer; an upright one ends at the top."""
    painter.setFont(row.font)
    if not row.upright:
        painter.drawText(column, Qt.AlignmentFlag.AlignCenter, elided(word, row.font, column.width()))
        return
    painter.save()
    painter.translate(column.center().x(), column.bottom())
    painter.rotate(-90)
    room = QRectF(0, -column.width() / 2, column.height(), column.width())
    painter.drawText(room, _UPRIGHT | Qt.TextFlag.TextDontClip, elided(word, row.font, room.width()))
    painter.restore()
