"""Numbers printed into the cells of a picture, where these have room: a large screen is read, not only looked at."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter

from ..model.formula import compact
from ..theme.theme import Theme
from .paint import text_width

Cell = tuple[float, float, float]
"""The middle of a cell, x and y, and its number."""
MOST = 400
"""So many cells have their numbers printed at most: to print a thousand takes a frame."""
WHOLE, SHORT = "−0.0051", "−.0051"
"""What a number is as wide as, and where there is less room; longer ones are rounded to fit."""
FEW_DIGITS = 9.95e-4
"""Below it four decimals hold one digit only."""
MIDDLE = 0.18
"""The luminance of a ground on which black and white are equally well read."""


class Type(NamedTuple):
    """How the numbers of a picture are printed: in which font, and in how many letters at most."""

    font: QFont
    letters: int


def number_type(theme: Theme, wide: float, high: float) -> Type | None:
    """The type in which every cell of a size can hold its number: as large as fits, None where none does."""
    for role, form in (("body", WHOLE), ("label", WHOLE), ("small", WHOLE), ("tiny", WHOLE), ("tiny", SHORT)):
        font, least, line = _measured(theme, role, form)
        if least + (0 if role == "tiny" else theme.px(10)) <= wide and line + 2 <= high:
            return Type(font, len(form))
    return None


def number_width(theme: Theme) -> float:
    """The least width of a cell that holds its number."""
    return _measured(theme, "tiny", SHORT)[1]


@lru_cache(maxsize=64)
def _measured(theme: Theme, role: str, form: str) -> tuple[QFont, float, float]:
    font = theme.font(role, fixed=True)
    return font, text_width(form, font) + 2, QFontMetricsF(font).height()


def inks(rgba: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Whether a number on each ground (…, 4) is to be black, else white: the one with the greater contrast."""
    c = rgba[..., :3] / 255.0
    linear = np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)
    return np.asarray(linear @ np.array([0.2126, 0.7152, 0.0722]) > MIDDLE)


def fitting(value: float, letters: int) -> str:
    """A value in so many letters: 0.0152, else .0152, else in as many digits as fit; 0 is 0."""
    if value == 0:
        return "0"
    size = abs(value)
    # Two digits at least: 0.0008 beside 4.9e−4 would be one of them rounded to half of what the other tells.
    small = size < FEW_DIGITS
    text = f"{size:.1e}".replace("e-0", "e−") if small else f"{size:.4f}" if size < 0.1 else compact(size)
    text = f"−{text}" if value < 0 else text
    return text if len(text) <= letters and "e-" not in text else _shortened(value, letters)


def _shortened(value: float, letters: int) -> str:
    text = ""
    for form in (
        *((f"{value:.1e}",) if abs(value) < FEW_DIGITS else ()),
        f"{value:.4f}" if 5e-4 <= abs(value) < 0.1 else compact(value),
        *(f"{value:.{n}g}" for n in (3, 2, 1)),
    ):
        text = re.sub(r"e([+-])0*(?=[0-9])", r"e\1", form).replace("e+", "e").replace("-", "−")
        for short in (text, re.sub(r"^(−?)0\.", r"\1.", text)):
            if len(short) <= letters:
                return short
    return text


def print_numbers(painter: QPainter, kind: Type, cells: Iterable[Cell], black: Iterable[bool]) -> None:
    """Print the number of each of ``cells`` into its middle, in black or in white."""
    font, letters = kind
    metrics = QFontMetricsF(font)
    letter, down = metrics.horizontalAdvance("0"), (metrics.ascent() - metrics.descent()) / 2
    colours = QColor("#FFFFFF"), QColor("#000000")
    painter.setFont(font)
    now: bool | None = None
    for (x, y, value), ink in zip(cells, black, strict=True):
        if ink != now:
            painter.setPen(colours[int(ink)])
            now = ink
        text = fitting(value, letters)
        # By the base line and the left end: to centre a text in an area takes Qt half as long again.
        painter.drawText(QPointF(x - len(text) * letter / 2, y + down), text)
