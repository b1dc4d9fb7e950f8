"""Where a document's pages end: never within a short table, nor between a heading and its table."""

from __future__ import annotations

from collections.abc import Iterator

from PySide6.QtGui import QTextBlock, QTextCursor, QTextDocument, QTextFormat, QTextTable

SHORT = 0.5
"""Of a page: a taller table goes on on the next one, where its head is repeated."""
FEW = 0.16
"""Of a page: with so little of it left, even a tall table begins on the next one."""


def keep_whole(document: QTextDocument) -> None:
    """Begin a page before each table that one would end within, heading and all; the document has its page size."""
    high, layout = document.pageSize().height(), document.documentLayout()
    for heading, table in list(_tables(document)):
        room = layout.frameBoundingRect(table)
        top = room.top() if heading is None else layout.blockBoundingRect(heading).top()
        first, last = int(room.top() // high), int((room.bottom() - 1) // high)
        kept = _abreast(table) or room.height() <= SHORT * high
        fits = room.bottom() - top <= 0.95 * high
        broken = first != last and ((kept and fits) or high - room.top() % high < FEW * high)
        if (broken or int(top // high) != first) and top % high > 0.1 * high:
            _begin_page(table, heading)


def _tables(document: QTextDocument) -> Iterator[tuple[QTextBlock | None, QTextTable]]:
    """The document's own tables, each with the heading right above it."""
    heading: QTextBlock | None = None
    place = document.rootFrame().begin()
    while not place.atEnd():
        frame, block = place.currentFrame(), place.currentBlock()
        if isinstance(frame, QTextTable):
            yield heading, frame
            heading = None
        elif block.isValid() and block.text().strip():
            heading = block
        place += 1


def _abreast(table: QTextTable) -> bool:
    """Whether tables stand beside one another in it."""
    return bool(table.childFrames())


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
