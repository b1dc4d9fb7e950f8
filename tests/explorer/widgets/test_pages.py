"""Where a printed sheet's pages end."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import QSizeF
from PySide6.QtGui import QTextCursor, QTextDocument, QTextTable

from explorer.model.paper_data import EXACT, SHEET, paper
from explorer.model.paper_html import html
from explorer.model.runs import start_run
from explorer.model.settings import CorpusChoice
from explorer.widgets.pages import keep_whole
from tests.explorer.model.runs import Driver

COLOURS = {role: "#000000" for role in ("text", "muted", "line", "value", "gradient", "loss", "weight")}


def document(words: str, decimals: int, high: float, **changes: object) -> QTextDocument:
    corpus = CorpusChoice("text", words, (("unit", "line"), ("max_length", 60)))
    made = Driver(start_run(replace(SHEET, corpus=corpus, **changes)))
    found = QTextDocument()
    found.setHtml(html(paper(made.session, made.derived, decimals, everything=True), COLOURS, title="A title"))
    found.setPageSize(QSizeF(800.0, high))
    return found


def tables(found: QTextDocument) -> list[tuple[QTextTable, bool]]:
    return [(f, bool(f.childFrames())) for f in found.rootFrame().childFrames() if isinstance(f, QTextTable)]


def broken(found: QTextDocument) -> int:
    """How many tables that stand beside one another, or whose heading stays behind, a page ends within."""
    high, layout, count = found.pageSize().height(), found.documentLayout(), 0
    for table, abreast in tables(found):
        room = layout.frameBoundingRect(table)
        above = QTextCursor(table.firstCursorPosition()).block().previous()
        head = layout.blockBoundingRect(above)
        behind = bool(above.text().strip()) and int(head.top() // high) != int(room.top() // high)
        count += behind or (abreast and int(room.top() // high) != int((room.bottom() - 1) // high))
    return count


@pytest.mark.parametrize("high", [560.0, 640.0, 730.0, 1100.0])
@pytest.mark.parametrize("cell, units", [("vanilla", 2), ("gru", 3), ("lstm-peephole", 3)])
@pytest.mark.parametrize("decimals", [4, EXACT])
def test_no_page_ends_within_tables_that_stand_beside_one_another(
    qapp: object, cell: str, units: int, decimals: int, high: float
) -> None:
    found = document("a b a a b\n", decimals, high, cell=cell, hidden_size=units)
    keep_whole(found)
    assert broken(found) == 0


def test_without_it_pages_end_anywhere(qapp: object) -> None:
    assert sum(broken(document("a b a\n", 4, high, cell="lstm", hidden_size=3)) for high in (560.0, 640.0, 1100.0))
