"""Typesetting of formulas: runs of styled text to placed pieces, broken where they are wider than the panel.

Names in other text, W_f in a title, are set here as well: with a lowered index in the type of that text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFont, QFontDatabase, QFontMetricsF, QPainter

from rnncore.frozen import dataclass

from ..model.formula import Formula, Run, Runs
from ..theme.theme import Theme

_SERIFS = ("STIX Two Text", "Cambria", "Times New Roman", "Liberation Serif", "Nimbus Roman", "DejaVu Serif")
_TOKEN = re.compile(r"[\S\xa0]+|[^\S\xa0]+")
"""Words and blanks; a no-break space keeps what stands at its sides together."""
SYMBOLS, NUMBERS, DETAILS = 15.0, 12.0, 11.0
_NAME = re.compile(r"(?<![\w“])((?:Δ?d|Δ|∂)?[A-Za-zρ])_([A-Za-z]{1,3}|prev)(?!\w|\.\w)")
"""A name as it is typed: one letter, also after the d of a gradient, and the index after it."""
_LEAST = 8
"""Pixels: no index is smaller."""


@lru_cache(maxsize=1)
def _serif() -> str:
    have = set(QFontDatabase.families())
    return next((f for f in _SERIFS if f in have), "serif")


@lru_cache(maxsize=128)
def _font(style: str, pixels: int) -> QFont:
    if style == "words":
        font = QFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.GeneralFont))
    elif style in ("number", "bold"):
        font = QFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        font.setStyleHint(QFont.StyleHint.Monospace)
        font.setWeight(QFont.Weight.Bold if style == "bold" else QFont.Weight.Normal)
    else:
        font = QFont(_serif())
        font.setStyleHint(QFont.StyleHint.Serif)
        font.setItalic(style == "italic")
    font.setPixelSize(pixels)
    return font


@lru_cache(maxsize=128)
def _metrics(style: str, pixels: int) -> QFontMetricsF:
    return QFontMetricsF(_font(style, pixels))


@dataclass(frozen=True, slots=True)
class Piece:
    """Text with its baseline's start relative to the block's upper left corner."""

    x: float
    y: float
    text: str
    style: str
    pixels: int
    token: str


@dataclass(frozen=True, slots=True)
class Block:
    """Placed pieces and the room they take."""

    pieces: tuple[Piece, ...]
    width: float
    height: float
    ends: float = 0.0
    """Where its last line ends."""

    def paint(self, painter: QPainter, theme: Theme, x: float = 0.0, y: float = 0.0) -> None:
        """Paint at (``x``, ``y``), the block's upper left corner."""
        for piece in self.pieces:
            painter.setFont(_font(piece.style, piece.pixels))
            painter.setPen(theme.colour(piece.token))
            painter.drawText(QPointF(x + piece.x, y + piece.y), piece.text)


def line(
    runs: Sequence[Run], width: float, size: float, theme: Theme, token: str = "text", indent: float = 0.0
) -> Block:
    """Set ``runs`` at ``size`` pixels within ``width``, breaking between words; further lines begin at ``indent``."""
    return _line(tuple(runs), width, size, theme.scale, token, indent)


def is_wider(runs: Iterable[Run], width: float, size: float, theme: Theme) -> bool:
    """Whether ``runs`` surely take more than ``width`` in one line: told at a fraction of the time to set them."""
    pixels, small = max(8, round(size * theme.scale)), max(7, round(size * 0.72 * theme.scale))
    least, digit = 0.0, 0.8 * _width("number", pixels, "0")
    for run in runs:
        # Numbers differ from step to step: their letters are counted, those of symbols have been measured before.
        if run.style in ("number", "bold") and not run.script:
            least += digit * (len(run.text) - run.text.count(" "))
        else:
            least += 0.8 * _width(run.style, small if run.script else pixels, run.text.replace(" ", ""))
        if least > width:
            return True
    return False


def baseline(size: float, theme: Theme) -> tuple[float, float]:
    """How far a line's letters stand below its upper edge, and its height."""
    return _baseline(max(8, round(size * theme.scale)))


@lru_cache(maxsize=32)
def _baseline(pixels: int) -> tuple[float, float]:
    base = _metrics("plain", pixels)
    height = max(base.height(), _metrics("number", pixels).height()) * 1.12
    return base.ascent() + (height - base.height()) / 2, height


@lru_cache(maxsize=2048)
def _line(runs: Runs, width: float, size: float, scale: float, token: str, indent: float) -> Block:
    pixels = max(8, round(size * scale))
    small = max(7, round(size * 0.72 * scale))
    ascent, height = _baseline(pixels)
    placed: list[Piece] = []
    x, row, widest = 0.0, 0, 0.0
    # What goes on in the same style is one text: each costs the painter as much as ten letters do.
    text, start = "", 0.0
    open_style: tuple[int, str, int, str] | None = None
    for word in _words(runs):
        advances = [_advance(r, pixels, small) for r in word]
        blank = all(r.text.isspace() for r in word)
        if not blank and x > indent and x + sum(advances) > width:
            x, row = indent, row + 1
        if blank and x == indent and row:
            continue
        for r, advance in zip(word, advances, strict=True):
            style = (row, r.style, r.script, r.role or token)
            if style != open_style or r.style == "italic":
                if open_style is not None:
                    placed.append(_piece(text, start, open_style, pixels, small, height, ascent))
                text, start, open_style = "", x, style
            text += r.text
            x += advance
        widest = max(widest, x)
    if open_style is not None:
        placed.append(_piece(text, start, open_style, pixels, small, height, ascent))
    return Block(tuple(p for p in placed if not p.text.isspace()), widest, (row + 1) * height, x)


def _piece(
    text: str, x: float, style: tuple[int, str, int, str], pixels: int, small: int, height: float, ascent: float
) -> Piece:
    """A text in the style (row, kind, script, colour token)."""
    row, kind, script, token = style
    drop = 0.26 * pixels if script < 0 else -0.36 * pixels if script > 0 else 0.0
    return Piece(x, row * height + ascent + drop, text, kind, small if script else pixels, token)


def _advance(run: Run, pixels: int, small: int) -> float:
    # An italic letter leans into what follows; a hair of room keeps the subscript off it.
    lean = 0.06 * pixels if run.style == "italic" else 0.0
    return _width(run.style, small if run.script else pixels, run.text) + lean


@lru_cache(maxsize=8192)
def _width(style: str, pixels: int, text: str) -> float:
    return _metrics(style, pixels).horizontalAdvance(text)


def _words(runs: Sequence[Run]) -> list[list[Run]]:
    """Runs cut into words (what must stay together) and blanks."""
    words: list[list[Run]] = []
    open_word = False
    for run in runs:
        for text in _TOKEN.findall(run.text):
            piece = Run(text, run.style, run.role, run.script)
            blank = text.isspace()
            if blank or not open_word:
                words.append([piece])
            else:
                words[-1].append(piece)
            open_word = not blank
    return words


Placed = tuple[float, float, Block]
"""A block with its upper left corner."""


@dataclass(frozen=True, slots=True)
class SetFormula:
    """A formula laid out for a width: its blocks with their corners, its height, and where its result stands."""

    blocks: tuple[Placed, ...]
    height: float
    result: tuple[float, float, float, float] | None

    def paint(self, painter: QPainter, theme: Theme, y: float) -> None:
        """Paint with the upper edge at ``y``."""
        for left, top, block in self.blocks:
            block.paint(painter, theme, left, y + top)


def left_width(formulas: Sequence[Formula], theme: Theme) -> float:
    """Room that the left-hand sides need, before any is given a line of its own."""
    widths = [line(f.left, 1e9, SYMBOLS, theme).width for f in formulas]
    return max(widths, default=0.0)


# --- names in the interface's own type ---


@dataclass(frozen=True, slots=True)
class NamedText:
    """A line of text in a font, its names with lowered indices: (x, text, lowered) pieces and how wide they are."""

    pieces: tuple[tuple[float, str, bool], ...]
    width: float
    small: QFont


@lru_cache(maxsize=1024)
def named(text: str, font: QFont) -> NamedText:
    """Set one line of ``text``: what it has as ``dW_f`` becomes dW with a lowered f."""
    small = QFont(font)
    small.setPixelSize(max(min(_LEAST, font.pixelSize()), round(0.76 * font.pixelSize())))
    pieces: list[tuple[float, str, bool]] = []
    x, at = 0.0, 0
    large, low = QFontMetricsF(font), QFontMetricsF(small)
    for found in _NAME.finditer(text):
        plain = text[at : found.end(1)]
        pieces.append((x, plain, False))
        x += large.horizontalAdvance(plain)
        pieces.append((x, found[2], True))
        x += low.horizontalAdvance(found[2])
        at = found.end()
    if at < len(text) or not pieces:
        pieces.append((x, text[at:], False))
        x += large.horizontalAdvance(text[at:])
    return NamedText(tuple(pieces), x, small)


def in_words(text: str) -> tuple[Run, ...]:
    """A sentence as runs: what it has as ``dW_f`` becomes dW with a lowered f."""
    runs, at = [], 0
    for found in _NAME.finditer(text) if has_names(text) else ():
        runs += [Run(text[at : found.end(1)], "words", "muted"), Run(found[2], "words", "muted", -1)]
        at = found.end()
    return (*runs, Run(text[at:], "words", "muted")) if at < len(text) else tuple(runs)


def has_names(text: str) -> bool:
    """Whether there is a name with an index in ``text``: told at once of most."""
    return "_" in text and _NAME.search(text) is not None


def draw_named(painter: QPainter, area: QRectF, text: str, font: QFont, align: float = 0.0) -> None:
    """Draw one line of ``text`` halfway up in ``area`` in the painter's colour; ``align`` 0 at its left, 1 right.

    What has no name in it is set by Qt, as it is everywhere else; what is too long is cut off at the area's edge.
    """
    if not has_names(text):
        painter.setFont(font)
        painter.drawText(area, _SIDES[align], text)
        return
    row, metrics = named(text, font), QFontMetricsF(font)
    left = area.left() + align * (area.width() - row.width)
    # On whole pixels, as Qt sets a line: a piece that is painted again then covers itself.
    base = round(area.center().y() + (metrics.ascent() - metrics.descent()) / 2)
    cut = row.width > area.width() + 0.5
    if cut:
        painter.save()
        painter.setClipRect(area, Qt.ClipOperation.IntersectClip)
    for x, piece, lowered in row.pieces:
        painter.setFont(row.small if lowered else font)
        painter.drawText(QPointF(left + x, base + (round(0.2 * font.pixelSize()) if lowered else 0)), piece)
    if cut:
        painter.restore()


_SIDES = {
    side: Qt.AlignmentFlag.AlignVCenter | flag
    for side, flag in (
        (0.0, Qt.AlignmentFlag.AlignLeft),
        (0.5, Qt.AlignmentFlag.AlignHCenter),
        (1.0, Qt.AlignmentFlag.AlignRight),
    )
}
