"""Where a document's pages end: never within a short table, nor between a heading and its table, and with a row."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from math import ceil

from PySide6.QtCore import QSizeF
from PySide6.QtGui import QTextBlock, QTextCursor, QTextDocument, QTextFormat, QTextTable

SHORT = 0.5
"""Of a page: a taller table goes on on the next one, where its head is repeated."""
EDGE = 1.0
"""Pixels of the line below a row."""
SLACK = 0.5
"""Pixels that stay free below the last row of a page: what has no room at all would go to the next one."""
TRIES = 3
"""A line that is lowered may come to the next page, where other rows have room."""
NO_END = 1e6
"""Height of a page that never ends."""
FEW = 0.16
"""Of a page: with so little of it left, even a tall table begins on the next one."""


def keep_whole(document: QTextDocument) -> None:
    """Begin a page before each table that one would end within, heading and all, and let the others end with a row.

    The document has its page size, which becomes a little larger of the same shape.
    """
    _fit_rows(document)
    high, layout = document.pageSize().height(), document.documentLayout()
    for above, heading, table in list(_tables(document)):
        room = layout.frameBoundingRect(table)
        top = room.top() if heading is None else layout.blockBoundingRect(heading).top()
        first, last = int(room.top() // high), int((room.bottom() - 1) // high)
        kept = _abreast(table) or room.height() <= SHORT * high
        fits = room.bottom() - top <= 0.95 * high
        broken = first != last and ((kept and fits) or high - room.top() % high < FEW * high)
        if (broken or int(top // high) != first) and top % high > 0.1 * high:
            _begin_page(table, heading)
        if not _abreast(table) and above is not None:
            _fill_page(document, above, table)


def _fit_rows(document: QTextDocument) -> None:
    """Make the pages so little larger that rows fill one that is full of them: it is printed so much smaller."""
    table = max((t for _, _, t in _tables(document) if not _abreast(t)), key=QTextTable.rows, default=None)
    if table is None or table.rows() < 3:
        return
    page, layout = document.pageSize(), document.documentLayout()
    document.setPageSize(QSizeF(page.width(), NO_END))
    head, first, second = (layout.blockBoundingRect(_block(table, row, 0)) for row in range(3))
    padding, margins = table.format().toTableFormat().cellPadding(), document.rootFrame().frameFormat()
    # The head is repeated on every page, below the line at its top.
    upper = margins.topMargin() + EDGE + padding + first.top() - head.top()
    lower = first.height() + padding + EDGE + margins.bottomMargin()
    row = second.top() - first.top()
    left = (page.height() - upper - lower - SLACK) % row
    # Layouts reckon in 64ths of a pixel: any other height would drift from page to page.
    high = ceil((page.height() + row - left) * 64) / 64
    document.setPageSize(QSizeF(page.width() * high / page.height(), high))


def _fill_page(document: QTextDocument, above: QTextBlock, table: QTextTable) -> None:
    """Let the page on which a table begins end with a row of it, and begin the table so much lower.

    What is left there would be added to that row.
    """
    for _ in range(TRIES):
        left = _left(document, table)
        if left <= 2 * SLACK:
            return
        _lower(above, left - SLACK)


def _left(document: QTextDocument, table: QTextTable) -> float:
    """The height that is left below the last row of a table's first page; 0 where it has one page."""
    high, layout = document.pageSize().height(), document.documentLayout()
    padding = table.format().toTableFormat().cellPadding()
    foot = document.rootFrame().frameFormat().bottomMargin()
    tops = [layout.blockBoundingRect(_block(table, row, 0)).top() for row in range(table.rows())]
    tops.append(layout.frameBoundingRect(table).bottom() - 0.1)  # on the next page where the last row reaches a foot
    for row, (top, later) in enumerate(pairwise(tops)):
        if row and int(later // high) != int(top // high):
            tall = max(layout.blockBoundingRect(_block(table, row, n)).height() for n in range(table.columns()))
            left = float(high - foot - top % high - tall - padding - EDGE)
            # A row that reaches into the foot by a hair stays, and all of it is left free at the head of the next page.
            return left if left >= 0.0 else left + top - tops[row - 1]
    return 0.0


def _block(table: QTextTable, row: int, column: int) -> QTextBlock:
    return table.cellAt(row, column).firstCursorPosition().block()


def _tables(document: QTextDocument) -> Iterator[tuple[QTextBlock | None, QTextBlock | None, QTextTable]]:
    """The document's own tables, each with the line right above it and, if that says something, as its heading."""
    above: QTextBlock | None = None
    place = document.rootFrame().begin()
    while not place.atEnd():
        frame, block = place.currentFrame(), place.currentBlock()
        if isinstance(frame, QTextTable):
            yield above, above if above is not None and above.text().strip() else None, frame
            above = None
        elif block.isValid() and block.text():
            above = block
        place += 1


def _abreast(table: QTextTable) -> bool:
    """Whether tables stand beside one another in it."""
    return bool(table.childFrames())


def _lower(above: QTextBlock, by: float) -> None:
    """Let a table begin so much lower, with what is right ``above`` it.

    A margin of its own would be repeated on each of its pages.
    """
    shape = above.blockFormat()
    shape.setTopMargin(shape.topMargin() + by)
    QTextCursor(above).setBlockFormat(shape)


def _begin_page(table: QTextTable, heading: QTextBlock | None) -> None:
    if heading is None:
        shape = table.format().toTableFormat()
        shape.setPageBreakPolicy(QTextFormat.PageBreakFlag.PageBreak_AlwaysBefore)
        table.setFormat(shape)
        return
    at = QTextCursor(heading)
    above = heading.blockFormat()
    above.setPageBreakPolicy(QTextFormat.PageBreakFlag.PageBreak_AlwaysBefore)
    at.setBlockFormat(above)
