"""What is said of one pair of the ledger: a table beside or below the triangle, or its head in the empty half of it."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QFont, QFontMetricsF, QPainter

from ..model.ledger_data import LedgerData
from ..theme.theme import Theme
from ..widgets.paint import elided, text_width
from ..widgets.typeset import draw_named
from .ledger_layout import Grid

Pair = tuple[int, int]
HINT = "click a cell: its path lights on the stage, and its chain of factors is printed here"
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_WRAPPED = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextWordWrap


Rows = tuple[tuple[str, str], ...]
"""(what, number) of each line."""


def fitted(theme: Theme, data: LedgerData, pair: Pair | None, area: QRectF) -> tuple[str, Rows]:
    """The largest letters in which a whole table finds room, none of its lines cut, and the lines."""
    for role in ("body", "label", "small"):
        line = QFontMetricsF(theme.font(role)).height()
        large = role != "small"
        if large and (area.width() < theme.px(340) or area.height() < 12 * (line + 2)):
            continue
        rows = () if pair is None else data.lines(*pair, max(1, int(area.height() // (line + 1))))
        small, fixed = theme.font(role), theme.font(role, fixed=True)
        broadest = max((text_width(what, small) + text_width(value, fixed) for what, value in rows if value), default=0)
        if not large or broadest + 8 <= area.width():
            return role, rows
    raise AssertionError  # the smallest is taken in any case


def table(theme: Theme, data: LedgerData, pair: Pair | None, area: QRectF) -> Rows:
    """(what, number) of each line that finds room in ``area``."""
    return fitted(theme, data, pair, area)[1]


def paint_table(painter: QPainter, theme: Theme, data: LedgerData, pair: Pair | None, area: QRectF) -> None:
    """Print the table; the numbers stand next to their names, not at the far end of a broad panel."""
    role, rows = fitted(theme, data, pair, area)
    small, bold, fixed = theme.font(role), theme.font(role, bold=True), theme.font(role, fixed=True)
    if not rows:
        painter.setFont(theme.font("small"))
        painter.setPen(theme.colour("muted"))
        painter.drawText(area, _WRAPPED, HINT)
        return
    height = QFontMetricsF(small).height() + 1
    names = max((text_width(what, small) for what, value in rows if value), default=0.0)
    numbers = max((text_width(value, fixed) for _, value in rows), default=0.0)
    right = min(area.right() - 4, area.left() + names + numbers + theme.px(24))
    for n, (what, value) in enumerate(rows):
        row = QRectF(area.left(), area.top() + n * height, right - area.left(), height)
        last = n == len(rows) - 1 and value != ""
        painter.setFont(bold if n == 0 or last else small)
        painter.setPen(theme.colour("gradient" if n == 0 else "text" if last or not value else "muted"))
        if not value:
            row.setRight(area.right())
        beside = text_width(value, fixed) + 8 if value else 0.0
        font = painter.font()
        draw_named(painter, row, elided(what, font, row.width() - beside), font)
        painter.setFont(fixed)
        painter.setPen(theme.colour("text"))
        painter.drawText(row, _RIGHT, value)


def head(theme: Theme, data: LedgerData, pair: Pair | None, grid: Grid, width: float) -> list[tuple[QRectF, str]]:
    """The pair, its signed share and how much that is, flush right in the empty half; each line ends at the cells."""
    if pair is None:
        return []
    said = list(data.reading(*pair))
    chain = data.chain_of(*pair)
    if chain is not None:
        said[1:] = chain.share
    lines: list[tuple[QRectF, str]] = []
    y, right, part = grid.top, width - 4.0, grid.part
    for n, text in enumerate(said):
        font = head_font(theme, n)
        metrics = QFontMetricsF(font)
        row = part.first + min(int((y + metrics.height() - grid.top) / grid.high), part.rows - 1)
        room = right - (max(grid.left, grid.x_of(row + 1)) + 6)
        if metrics.horizontalAdvance(text) > room:
            text = text.split(" of ")[0]
        wide = metrics.horizontalAdvance(text)
        if not text or wide > room or y + metrics.height() > grid.top + part.rows * grid.high:
            break
        lines.append((QRectF(right - wide - 2, y, wide + 2, metrics.height()), text))
        y += metrics.height()
    return lines


def head_font(theme: Theme, line: int) -> QFont:
    """The font of one of the head's lines: the pair, the number, the rest."""
    return theme.font("small", bold=line < 2, fixed=line == 1)


def paint_head(painter: QPainter, theme: Theme, lines: list[tuple[QRectF, str]]) -> None:
    """Print the head."""
    for n, (room, said) in enumerate(lines):
        painter.setFont(head_font(theme, n))
        painter.setPen(theme.colour(("gradient", "text", "muted")[min(n, 2)]))
        draw_named(painter, room, said, head_font(theme, n), 1.0)


def flow(theme: Theme, data: LedgerData, pair: Pair | None, area: QRectF, *, named: bool = False) -> list[str]:
    """The chain of factors in lines as broad as ``area``: all of it, or with the steps in the middle as one product.

    ``named``: which pair it is of comes before it, since no head tells.
    """
    font = theme.font("small")
    most = int((area.height() + 1) // QFontMetricsF(font).height())
    if most < 1:
        return []
    if pair is None:
        return broken(tuple(HINT.split()), area.width(), theme)[:most]
    chain, before = data.chain_of(*pair), (f"loss {pair[0]} → τ {pair[1]}:",) if named else ()
    if chain is None:
        return broken((*before, *data.reading(*pair)[1:]), area.width(), theme)[:most] if named else []
    lines: list[str] = []
    for steps in (1000, 6, 4, 3, 2, 1):
        lines = broken((*before, *chain.pieces(steps)), area.width(), theme)
        if len(lines) <= most:
            return lines
    return lines[:most]


def broken(pieces: tuple[str, ...], width: float, theme: Theme) -> list[str]:
    """``pieces`` set in lines that break between them."""
    metrics = QFontMetricsF(theme.font("small"))
    lines = [""]
    for piece in pieces:
        longer = f"{lines[-1]} {piece}".strip()
        if lines[-1] and metrics.horizontalAdvance(longer) > width:
            lines.append(piece)
        else:
            lines[-1] = longer
    return lines


def paint_flow(
    painter: QPainter,
    theme: Theme,
    data: LedgerData,
    pair: Pair | None,
    area: QRectF,
    where: tuple[str, ...] = (),
    *,
    named: bool = False,
) -> None:
    """Print one of the forms of ``where``, what of the ledger is in sight, and the chain's lines."""
    font = theme.font("small")
    high = QFontMetricsF(font).height()
    painter.setFont(font)
    said = next((form for form in where if text_width(form, font) <= area.width()), "")
    if said and area.height() >= high - 1:
        painter.setPen(theme.colour("muted"))
        draw_named(painter, QRectF(area.left(), area.top(), area.width(), high), said, font)
        area = area.adjusted(0, high, 0, 0)
    painter.setPen(theme.colour("muted" if pair is None else "text"))
    for n, said in enumerate(flow(theme, data, pair, area, named=named)):
        draw_named(painter, QRectF(area.left(), area.top() + n * high, area.width(), high), said, font)
