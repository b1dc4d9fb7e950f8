"""The line below a heat map: what its rows and columns are, and what its colours stand for."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QImage, QPainter

from rnncore.frozen import dataclass

from ..model.formula import number
from ..theme.colourmap import AsinhScale, ColourMap
from ..theme.theme import Theme
from .paint import image_of, text_width

_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
BAR, SHORT, HIGH, GAP, APART = 44, 24, 6, 4, 14
"""Pixels at scale 1: a bar's widths and height, from it to its numbers, and from the words to those."""


@dataclass(frozen=True, slots=True)
class KeyLine:
    """What of the line has room: the words of the axes, the numbers at the bar's ends, the bar's width (0: none)."""

    words: str
    before: str
    after: str
    bar: int
    width: float
    """What the colours' part takes, which ends at the line's right end."""


def key_height(theme: Theme) -> int:
    """Pixels that the line takes."""
    return theme.px(15)


def axis_words(rows: str, columns: str) -> tuple[str, ...]:
    """What the rows and the columns are (``columns`` is "" of a vector), from the fullest form to none."""
    if not columns:
        return f"rows: {rows}", f"↓ {rows}", ""
    return f"rows: {rows} · columns: {columns}", f"↓ {rows} → {columns}", ""


@lru_cache(maxsize=64)
def key_line(words: tuple[str, ...], scale: AsinhScale, width: float, theme: Theme) -> KeyLine:
    """The fullest line within ``width`` pixels: its words become shorter before the colours are left unexplained."""
    font, limit = theme.font("tiny"), number(scale.limit, 1)
    forms = [
        (f"−{limit}", f"+{limit} asinh", theme.px(BAR)),
        (f"−{limit}", f"+{limit}", theme.px(BAR)),
        ("", f"±{limit}", theme.px(SHORT)),
    ]
    sizes = [sum(text_width(said, font) + GAP for said in form[:2] if said) + form[2] for form in forms]
    for said in words:
        taken = text_width(said, font) + theme.px(APART) if said else 0.0
        for (before, after, bar), size in zip(forms, sizes, strict=True):
            if taken + size <= width:
                return KeyLine(said, before, after, bar, size)
    return KeyLine("", "", "", 0, 0.0)


def paint_key(
    painter: QPainter, theme: Theme, area: QRectF, words: tuple[str, ...], scale: AsinhScale, ratio: float = 1.0
) -> None:
    """Paint the line into ``area``: the words at its left, the colours at its right."""
    line = key_line(words, scale, area.width(), theme)
    painter.setFont(theme.font("tiny"))
    painter.setPen(theme.colour("muted"))
    painter.drawText(area, _LEFT, line.words)
    if not line.bar:
        return
    x = area.right() - line.width
    if line.before:
        painter.drawText(QRectF(x, area.top(), line.width, area.height()), _LEFT, line.before)
        x += text_width(line.before, theme.font("tiny")) + GAP
    high = theme.px(HIGH)
    image = bar_image(theme.map, line.bar, high, ratio)
    painter.drawImage(QPointF(round(x), round(area.center().y() - high / 2)), image)
    painter.drawText(QRectF(x + line.bar + GAP, area.top(), line.width, area.height()), _LEFT, line.after)


@lru_cache(maxsize=16)
def bar_image(colours: ColourMap, width: int, height: int, ratio: float) -> QImage:
    """The map from −1 to +1 of any scale, left to right."""
    scale = AsinhScale(1.0, 0.1)
    values = np.array([scale.value(at) for at in np.linspace(-1.0, 1.0, max(2, round(width * ratio)))])
    image = image_of(np.repeat(colours.rgba(values[None, :], scale), max(1, round(height * ratio)), axis=0))
    image.setDevicePixelRatio(ratio)
    return image
