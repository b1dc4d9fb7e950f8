"""Where a printed sheet's pages end."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

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


def steps(found: QTextDocument, table: QTextTable) -> list[tuple[float, bool]]:
    """From row to row of a table how far it is, and whether a page ends between them."""
    high, layout = found.pageSize().height(), found.documentLayout()
    blocks = [table.cellAt(row, 0).firstCursorPosition().block() for row in range(table.rows())]
    tops = [layout.blockBoundingRect(block).top() for block in blocks]
    return [(b - a, int(a // high) != int(b // high)) for a, b in pairwise(tops)]


def stretched(found: QTextDocument) -> list[float]:
    """By how much the last rows of pages are higher than they must be.

    From such a row to the next one there is also the foot of a page, and the head of it and of the table.
    """
    margin, more = 2 * found.rootFrame().frameFormat().topMargin(), []
    for table, abreast in tables(found):
        if not abreast and table.rows() > 2:
            head, *rows = steps(found, table)
            row = min(step for step, _ in rows)
            # The row, the foot and the head of the page, the line above the table, its head.
            usual = row + margin + 1.0 + head[0]
            more += [step - usual for step, ends in rows if ends]
    return more


@pytest.mark.parametrize("high", [400.0, 560.0, 731.3, 1040.0, 1100.0])
@pytest.mark.parametrize("units", [1, 3])
@pytest.mark.parametrize("pixels", [11, 12, 13])
def test_no_row_is_stretched_to_the_foot_of_its_page(qapp: object, high: float, units: int, pixels: int) -> None:
    words = "".join(f"{chr(97 + n % 26)}{n} " for n in range(24)) + "\n"
    found = document(words, 4, high, hidden_size=units)
    font = found.defaultFont()
    font.setPixelSize(pixels)
    found.setDefaultFont(font)
    assert max(stretched(found)) > 8.0
    shape = found.pageSize().width() / found.pageSize().height()
    keep_whole(found)
    assert stretched(found)
    assert max(stretched(found)) < 4.0
    for table, _ in tables(found):  # on a page where it has no row its head would be painted all the same
        last = found.documentLayout().blockBoundingRect(table.lastCursorPosition().block()).top()
        edge = found.documentLayout().frameBoundingRect(table).bottom()
        assert int((edge - 0.1) // found.pageSize().height()) == int(last // found.pageSize().height())
    assert found.pageSize().width() / found.pageSize().height() == pytest.approx(shape)
    assert high <= found.pageSize().height() < high + 30


def test_a_table_below_another_stands_apart_from_it(qapp: object) -> None:
    words = "".join(f"{chr(97 + n % 26)}{n} " for n in range(24)) + "\n"
    found = document(words, 4, 4000.0)
    layout, below = found.documentLayout(), 0
    for (one, _), (other, _) in pairwise(tables(found)):
        above, under = layout.frameBoundingRect(one), layout.frameBoundingRect(other)
        last = one.cellAt(one.rows() - 1, 0).lastCursorPosition().block()
        edge = layout.blockBoundingRect(last).bottom() + one.format().toTableFormat().cellPadding() + 1
        assert under.top() - edge >= 8 and above.bottom() <= under.top()
        below += other.firstCursorPosition().block().previous().text().strip() == ""
    assert below
