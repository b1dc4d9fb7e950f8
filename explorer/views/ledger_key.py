"""What the colours of the ledger stand for, below what is said of a pair, where the panel is high enough."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QImage, QPainter

from ..model.formula import number
from ..model.ledger_data import DECADES, LedgerData
from ..theme.colourmap import AsinhScale, ColourMap
from ..theme.theme import Theme
from ..widgets.paint import frame, hatch, image_of, text_width
from ..widgets.typeset import draw_named
from .ledger_cells import scale_of

_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
LINES = 5
"""How many lines the key takes: what it is, the colours, their numbers, the other looks, and whose the votes are."""
TABLE = 11
"""Lines that are left to what is said of a pair."""
WIDEST = 360
"""The colours' width at most, at scale 1."""


def key_room(theme: Theme, area: QRectF) -> tuple[QRectF, QRectF | None]:
    """Divide the column beside the triangle: what is said of a pair, and at its foot the key, where it has room."""
    line = QFontMetricsF(theme.font("small")).height() + 2
    if area.height() < (TABLE + LINES) * line:
        return area, None
    high = LINES * line
    return area.adjusted(0, 0, 0, -high - line / 2), QRectF(area.left(), area.bottom() - high, area.width(), high)


def marks(data: LedgerData) -> tuple[tuple[float, str], ...]:
    """(share of the bar's width, number) below the colours; () where no entry is finite and not 0."""
    top = data.greatest
    if not top:
        return ()
    if data.mode == "log":
        return tuple((1 - n / DECADES, number(top * 10.0**-n, 2)) for n in range(DECADES, -1, -2))
    scale = scale_of(data)
    limit = number(scale.limit, 1)
    return ((0.0, f"−{limit}"), (0.5, "0"), (1.0, f"+{limit}")) if data.mode == "signed" else ((0.0, "0"), (1.0, limit))


def title(data: LedgerData) -> tuple[str, ...]:
    """What the colours are, from the fullest form to the shortest."""
    of = f"‖d{data.parameter}‖"
    if not data.greatest:
        return "no scale of colours: no entry is finite and not 0", "no scale of colours"
    return {
        "signed": (f"colour: signed share of {of}, asinh scale", "signed share, asinh"),
        "norm": ("colour: norm of the entry, asinh scale", "norm, asinh"),
        "log": (f"colour: norm of the entry, log scale over {DECADES} powers of ten", "norm, log scale"),
    }[data.mode]


def paint_key(painter: QPainter, theme: Theme, data: LedgerData, area: QRectF, ratio: float) -> None:
    """Paint the key into ``area``."""
    font = theme.font("small")
    line = area.height() / LINES
    painter.setFont(font)
    painter.setPen(theme.colour("muted"))

    def row(n: int) -> QRectF:
        return QRectF(area.left(), area.top() + n * line, area.width(), line)

    said = next((form for form in title(data) if text_width(form, font) <= area.width()), "")
    draw_named(painter, row(0), said, font)
    painter.setFont(font)
    wide, high = round(min(area.width(), theme.px(WIDEST))), round(line * 0.7)
    if data.greatest:
        image = _bar(theme.map, scale_of(data), data.mode == "signed", wide, high, ratio)
        painter.drawImage(QPointF(round(area.left()), round(row(1).center().y() - high / 2)), image)
    end = area.left()
    for share, text in marks(data):
        size = text_width(text, font)
        x = min(max(area.left() + share * wide - size / 2, area.left()), area.left() + wide - size)
        if x >= end:
            painter.drawText(QRectF(x, row(2).top(), size + 2, line), _LEFT, text)
            end = x + size + theme.px(6)
    _paint_looks(painter, theme, data, row(3), ratio)
    painter.setPen(theme.colour("muted"))
    if data.unlike and text_width(data.unlike, font) <= area.width():
        draw_named(painter, row(4), data.unlike, font)


def _paint_looks(painter: QPainter, theme: Theme, data: LedgerData, area: QRectF, ratio: float) -> None:
    """Small cells of what has no colour of the scale, each with its name."""
    odd = data.entries[data.added & ~np.isfinite(data.entries)]
    found = [("raised", "not added yet")] if not data.complete else []
    found += [("", "cut off")] if data.cut.any() else []
    found += [("nan", "NaN")] if np.isnan(odd).any() else []
    found += [("plus_inf", "+∞")] if (odd > 0).any() else []
    found += [("minus_inf", "−∞")] if (odd < 0).any() else []
    font, x = theme.font("small"), area.left()
    side = area.height() * 0.6
    for token, name in found:
        size = text_width(name, font)
        if x + side + 6 + size > area.right():
            break
        box = QRectF(round(x), round(area.center().y() - side / 2), round(side), round(side))
        painter.fillRect(box, theme.colour(token) if token else hatch(theme.colour("cut", 0.7), 5, ratio, 1.4))
        frame(painter, box, theme.colour("line"), 1.0)
        painter.setPen(theme.colour("muted"))
        painter.drawText(QRectF(x + side + 6, area.top(), size + 2, area.height()), _LEFT, name)
        x += side + size + theme.px(20)


@lru_cache(maxsize=8)
def _bar(colours: ColourMap, scale: AsinhScale, both: bool, width: int, height: int, ratio: float) -> QImage:
    """The colours from the least number to the greatest; ``both``: of both signs."""
    places = np.linspace(-1.0 if both else 0.0, 1.0, max(2, round(width * ratio)))
    # The log mode's numbers lie on the bar as they are: its scale is all but linear.
    values = places if scale.linear >= scale.limit else np.array([scale.value(at) for at in places.tolist()])
    image = image_of(np.repeat(colours.rgba(values[None, :], scale), max(1, round(height * ratio)), axis=0))
    image.setDevicePixelRatio(ratio)
    return image
