"""The pencil-and-paper panel by chips, and the sheet as a file."""

from __future__ import annotations

import gc
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QRectF, QSizeF, Qt
from PySide6.QtGui import QFontMetricsF, QImage, QPageLayout, QPainter, QTextOption, QTextTable
from PySide6.QtPrintSupport import QPrinter, QPrintPreviewDialog, QPrintPreviewWidget
from PySide6.QtWidgets import QApplication, QFileDialog

from explorer.model import action as do
from explorer.model.paper_data import EXACT, SHEET
from explorer.model.paper_html import ROUNDED
from explorer.model.settings import CorpusChoice
from explorer.store import Store
from explorer.theme import palette
from explorer.theme.theme import current, theme_named
from explorer.views.paper import PaperView
from explorer.widgets.enlarge import enlarge
from explorer.widgets.focus_ring import FocusRing
from explorer.widgets.pages import keep_whole
from explorer.widgets.paper_sheet import _font
from tests.explorer.model.runs import small_run


@pytest.fixture
def store(qapp):
    palette.apply(qapp, theme_named("dark"))
    made = Store(small_run())
    yield made
    made.close()


@pytest.fixture
def view(store, qtbot):
    made = PaperView(store)
    qtbot.addWidget(made)
    made.resize(600, 500)
    made.show()
    return made


def said(view):
    """All that can be read in the panel."""
    found = view.sheet_view.paper.sheets
    rows = (f"{label} {' '.join(c.text for c in cells)}" for sheet in found for label, cells in sheet.rows)
    sheets = " ".join(sheet.title for sheet in found)
    return view.said.text() if not view.area.isVisible() else f"{sheets} {' '.join(rows)}"


def test_a_large_network_is_refused_and_one_click_makes_a_small_sheet(store, view):
    assert "wants" in said(view) and not view.print.isVisible()
    view.begin.click()
    store.wait()
    assert store.session.settings == SHEET and view.print.isVisible()
    store.dispatch(do.GoToEnd())
    assert "all worked out" not in view.subtitle_label.text() or "L = −ln" in said(view)
    assert "After the update" in said(view)
    store.undo()
    assert "wants" in said(view)


def test_filled_in_and_decimals_change_the_sheet(store, view):
    view.begin.click()
    store.wait()
    blank = said(view)
    view.filled.click()
    filled = said(view)
    assert filled.count("0.") > blank.count("0.") and "all worked out" in view.subtitle_label.text()
    view.set_decimals(EXACT)
    assert said(view) != filled and view.decimals.value() == "exact"


@pytest.mark.parametrize("name", ["sheet.pdf", "sheet.html"])
def test_the_sheet_is_written_to_a_file(store, view, tmp_path, name):
    view.begin.click()
    store.wait()
    path = tmp_path / name
    view.write(str(path))
    assert path.read_bytes().startswith(b"%PDF" if name.endswith("pdf") else b"<!DOCTYPE")
    assert path.stat().st_size > 2000 and str(path) in store.session.message.text


def test_a_place_that_cannot_be_written_is_named(store, view, tmp_path):
    view.write(str(tmp_path / "none" / "sheet.pdf"))
    assert store.session.message.level == "error" and "none" in store.session.message.text


def test_a_large_network_is_made_small_with_its_cell_and_text_and_undo_brings_it_back(store, view):
    before = store.session.settings
    assert view.fewer.isVisible() and "2 units" in said(view)
    view.fewer.setFocus()
    view.fewer.click()
    store.wait()
    now = store.session.settings
    assert (now.hidden_size, now.cell, now.corpus, now.init.decimals) == (2, before.cell, before.corpus, 1)
    assert "Forward" in said(view) and not view.fewer.isVisible()
    assert view.filled.hasFocus()  # the keyboard stays in the panel
    store.undo()
    assert store.session.settings == before and view.fewer.isVisible()


def pages(path):
    return path.read_bytes().count(b"/Type /Page\n")


def test_a_printed_sheet_fills_the_breadth_of_the_paper(store, view, tmp_path):
    view.begin.click()
    store.wait()
    printer = QPrinter(QPrinter.PrinterMode.HighResolution)
    printer.setOutputFormat(QPrinter.OutputFormat.PdfFormat)
    printer.setOutputFileName(str(tmp_path / "sheet.pdf"))
    view.print_on(printer)
    # at the size of a screen's pixels, type of 1200 dots an inch, all of it fits one corner of one page
    assert pages(tmp_path / "sheet.pdf") >= 2
    assert printer.pageLayout().orientation() == QPageLayout.Orientation.Portrait
    long = CorpusChoice("text", "a b a b a b a b a b a\n", (("unit", "line"),))
    store.dispatch(do.ChangeSettings(replace(SHEET, corpus=long)))
    store.wait()
    view.print_on(printer)
    assert printer.pageLayout().orientation() == QPageLayout.Orientation.Landscape


def test_no_number_is_broken_within_itself(store, view):
    assert view.document().defaultTextOption().wrapMode() == QTextOption.WrapMode.WordWrap


def test_a_broad_panel_puts_more_tables_beside_one_another(store, view):
    view.begin.click()
    store.wait()
    view.resize(1200, 500)
    broad = view.sheet_view.placed
    view.resize(330, 500)
    narrow = view.sheet_view.placed
    assert narrow.height > broad.height and narrow.stacked and not broad.stacked


@pytest.mark.parametrize("width", [300, 333, 420, 620, 1000, 1880])
@pytest.mark.parametrize("cell, units, steps", [("vanilla", 2, 4), ("vanilla", 1, 2), ("lstm", 3, 30), ("gru", 1, 12)])
def test_every_table_is_within_the_panel_and_nothing_lies_on_anything_else(store, view, width, cell, units, steps):
    text = " ".join("ab"[n % 2] for n in range(steps - 1))
    corpus = CorpusChoice("text", text, (("unit", "line"), ("max_length", 60)))
    store.dispatch(do.ChangeSettings(replace(SHEET, corpus=corpus, cell=cell, hidden_size=units), whole=True))
    store.wait()
    view.resize(width, 400)
    placed = view.sheet_view.placed
    framed = [i for i in placed.items if i.kind in ("corner", "head", "name", "label", "entry", "title")]
    assert view.width() == width and all(i.x >= 0 and i.x + i.width <= view.area.viewport().width() + 1 for i in framed)
    taken = sorted((i.y, i.x, i.x + i.width) for i in framed)
    assert all(a[0] < b[0] or a[2] <= b[1] + 1 for a, b in pairwise(taken))
    wanted = sum(len(cells) for sheet in view.sheet_view.paper.sheets for _, cells in sheet.rows)
    assert len({i.ref for i in placed.items if i.ref}) == wanted


@pytest.mark.parametrize("width", [300, 333, 420, 900])
def test_no_chip_is_squeezed_or_lies_on_another(store, view, width):
    view.begin.click()
    store.wait()
    view.resize(width, 400)
    QApplication.processEvents()
    chips = [c for c in (view.decimals, view.filled, view.print, view.begin) if c.isVisible()]
    assert len(chips) >= 3 and all(c.width() >= c.sizeHint().width() for c in chips)
    ends = sorted((c.x(), c.x() + c.width()) for c in chips)
    assert all(a[1] <= b[0] for a, b in pairwise(ends)) and ends[-1][1] <= view.width()


def test_what_a_step_fills_in_is_lit_and_scrolled_to(store, view):
    view.begin.click()
    store.wait()
    view.resize(333, 300)
    for _ in range(12):
        before = {ref: cell(view, ref) for ref in refs(view)}
        store.dispatch(do.Move("operation"))
        changed = {ref for ref in refs(view) if cell(view, ref) != before[ref]}
        assert changed == view.sheet_view.fresh
        if changed:
            top = min(i.y for i in view.sheet_view.placed.items if i.ref in changed)
            bar = view.area.verticalScrollBar()
            assert bar.value() <= top <= bar.value() + view.area.viewport().height()
    assert not view.grab().isNull()


def test_no_number_moves_while_one_steps(store, view):
    view.begin.click()
    store.wait()
    view.resize(1200, 500)
    before = {item.ref: (item.x, item.y) for item in view.sheet_view.placed.items if item.ref}
    for _ in range(4):
        store.dispatch(do.Move("pass"))
        assert {item.ref: (item.x, item.y) for item in view.sheet_view.placed.items if item.ref} == before


def test_the_sheet_says_whose_gradient_it_shows_now(store, view):
    view.begin.click()
    store.wait()

    def notes():
        return " ".join(item.text for item in view.sheet_view.placed.items if item.kind == "note")

    store.dispatch(do.Move("pass"))
    store.dispatch(do.Move("operation"))
    assert "alone, as it walks back" in notes()
    store.dispatch(do.GoToEnd())
    assert "all losses together" in notes() and "alone" not in notes()


def test_the_tables_are_copied_for_a_spreadsheet_and_a_text_processor(store, view):
    view.begin.click()
    store.wait()
    view.copy_sheet()
    copied = QApplication.clipboard().mimeData()
    assert "W[1]\t" in copied.text() and "<table" in copied.html()


def refs(view):
    return [item.ref for item in view.sheet_view.placed.items if item.ref]


def cell(view, ref):
    return view.sheet_view.paper.sheets[ref.sheet].blocks[ref.block].lines[ref.line].cells[ref.column].text


def test_why_there_is_no_sheet_and_the_way_to_one_stand_together_at_the_top(store, view):
    view.resize(400, 680)
    QApplication.processEvents()
    top = view.said.mapTo(view, QPoint(0, 0)).y()
    below = view.begin.mapTo(view, QPoint(0, 0)).y()
    assert top < below < top + view.said.height() + 40
    assert view.said.height() < 120 and top < 90
    view.begin.click()
    store.wait()
    QApplication.processEvents()
    assert view.area.height() > 500
    assert view.begin.mapTo(view, QPoint(0, 0)).y() < view.area.mapTo(view, QPoint(0, 0)).y()


def test_a_table_that_goes_on_on_the_next_page_repeats_its_head(store, view):
    view.begin.click()
    store.wait()
    sheet = view.document()
    frames = sheet.rootFrame().childFrames()
    tables = [frame for frame in frames if isinstance(frame, QTextTable) and frame.rows() > 1]
    assert tables and all(table.format().headerRowCount() == 1 for table in tables)


def test_every_entry_says_what_it_is_and_how_it_is_worked_out(store, view):
    view.begin.click()
    store.wait()
    view.filled.click()
    sheet = view.sheet_view
    entries = [item for item in sheet.placed.items if item.ref is not None]
    tips = [sheet.told_at(item.x + item.width / 2, item.y + item.height / 2) for item in entries]
    assert tips and all(tips)
    page = next(n for n, one in enumerate(sheet.paper.sheets) if one.title == "Forward")
    table = sheet.paper.sheets[page].blocks[0]
    row = next(line for line in table.lines if line.name == "h" and line.part == "2")
    before = next(line for line in table.lines if line.name == "a" and line.part == "2")
    first, how, read = tips[
        next(
            n
            for n, item in enumerate(entries)
            if item.ref.sheet == page and item.ref.column == 1 and table.lines[item.ref.line] is row
        )
    ].split("\n")
    assert first == f"h[2], t = 1 = {row.cells[1].text}"
    assert how == "h = tanh(a)" and read == f"a[2] = {before.cells[1].text}"
    assert sheet.told_at(-5, -5) == ""


@pytest.mark.parametrize("width", [250, 333, 480])
@pytest.mark.parametrize("cell", ["gru", "lstm-peephole"])
def test_a_formula_that_is_broader_than_its_panel_goes_on_below(store, view, width, cell):
    store.dispatch(do.ChangeSettings(replace(SHEET, cell=cell), whole=True))
    store.wait()
    view.resize(width, 400)
    placed, theme = view.sheet_view.placed, view.sheet_view
    metrics = QFontMetricsF(_font(current(theme), "text"))
    hows = [i for i in placed.items if i.kind == "how"]
    assert placed.stacked and hows
    for item in hows:
        assert item.x + metrics.horizontalAdvance(item.text) <= view.area.viewport().width() + 1, item.text
    heights = sorted(i.y for i in hows)
    numbers = {i.y for i in placed.items if i.kind == "entry"}
    assert not numbers & set(heights)


def test_a_table_that_goes_on_on_the_next_page_is_closed_on_each(store, view):
    store.dispatch(do.ChangeSettings(replace(SHEET, cell="lstm", hidden_size=3), whole=True))
    store.wait()
    document = view.document()
    document.setPageSize(QSizeF(900, 900))
    document.setDocumentMargin(40)
    keep_whole(document)
    assert document.pageCount() >= 3
    wide, high = document.pageSize().width(), document.pageSize().height()  # a little larger than they were
    for page in range(document.pageCount() - 1):
        image = QImage(round(wide), round(high), QImage.Format.Format_Grayscale8)
        image.fill(255)
        painter = QPainter(image)
        painter.translate(0, -high * page)
        document.drawContents(painter, QRectF(0, high * page, wide, high))
        painter.end()
        pixels = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
        dark = pixels[:, : image.width()] < 190
        rows = np.flatnonzero(dark.any(axis=1))
        last = dark[rows[-1] - 1 : rows[-1] + 1].any(axis=0)
        assert last.sum() > 0.8 * (np.flatnonzero(last)[-1] - np.flatnonzero(last)[0])


def test_how_the_numbers_are_rounded_is_never_all_that_a_page_says(store, view):
    view.begin.click()
    store.wait()
    text = view.document().toPlainText()
    assert text.index(ROUNDED) < text.index("Weights")


def test_the_sheet_is_saved_where_sessions_are(store, view, tmp_path, monkeypatch):
    view.begin.click()
    store.wait()
    assert view.proposal() == str(Path.home() / "sheet.pdf")
    asked = []
    kept = tmp_path / "kept" / "sheet.html"
    kept.parent.mkdir()
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *given: asked.append(given[2]) or (str(kept), ""))
    view.save_sheet()
    assert asked == [str(Path.home() / "sheet.pdf")] and kept.exists()
    assert view.proposal() == str(kept.parent / "sheet.pdf")


def test_the_tables_are_scrolled_by_keys_and_show_that_the_keys_are_theirs(store, view, qtbot):
    view.begin.click()
    store.wait()
    view.activateWindow()
    view.area.setFocus()
    qtbot.waitUntil(view.area.hasFocus)
    ring = view.findChild(FocusRing)
    assert ring.isVisible() and ring.geometry().contains(view.area.geometry())
    qtbot.keyClick(view.area, Qt.Key.Key_Down)
    assert view.area.verticalScrollBar().value() > 0
    view.area.clearFocus()
    assert not ring.isVisible()


def test_the_preview_of_the_pages_lives_longer_than_the_call_that_opens_it(store, view, qtbot):
    """Its printer belonged to nobody, and the program ended with it."""
    store.dispatch(do.ChangeSettings(SHEET))
    store.wait()
    for _ in range(2):
        view.preview_sheet()
        preview = view.findChild(QPrintPreviewDialog)
        gc.collect()
        pages = preview.findChild(QPrintPreviewWidget)
        qtbot.waitUntil(lambda pages=pages: pages.pageCount() >= 1)
        with qtbot.waitSignal(preview.destroyed):
            preview.close()


@pytest.mark.parametrize("operations", [5, 30])
def test_in_larger_type_the_heading_of_what_is_worked_out_is_in_sight_and_back_again_is_the_same_place(
    store, view, operations
):
    view.begin.click()
    store.wait()
    view.resize(400, 260)
    store.dispatch(do.Move("pass"))
    for _ in range(operations):
        store.dispatch(do.Move("operation"))
    bar = view.area.verticalScrollBar()
    QApplication.processEvents()
    place, sheet = bar.value(), view.sheet_view
    assert sheet.fresh or place
    for size in ((1200, 700), (700, 420), (900, 600)):
        view.resize(*size)
        enlarge(1.7, view)
        QApplication.processEvents()
        at = view.area._at
        assert at is not None
        title = next(
            i for i in sheet.placed.items if i.kind == "title" and i.text == sheet.paper.sheets[at.sheet].title
        )
        entry = next(i for i in sheet.placed.items if i.ref == at)
        high = view.area.viewport().height()
        assert bar.value() <= entry.y and entry.y + entry.height <= bar.value() + high
        if entry.y + entry.height - title.y <= high:
            assert bar.value() <= title.y, size
    enlarge(1.0, view)
    view.resize(400, 260)
    QApplication.processEvents()
    assert bar.value() == place


def test_a_place_scrolled_to_by_hand_is_kept_in_larger_type(store, view, qtbot):
    view.begin.click()
    store.wait()
    view.resize(400, 260)
    QApplication.processEvents()
    bar = view.area.verticalScrollBar()
    bar.triggerAction(bar.SliderAction.SliderPageStepAdd)
    place = bar.value()
    assert place > 0
    at = view.area._at
    view.resize(900, 500)
    enlarge(1.7, view)
    QApplication.processEvents()
    entry = next(i for i in view.sheet_view.placed.items if i.ref == at)
    assert bar.value() <= entry.y and entry.y + entry.height <= bar.value() + view.area.viewport().height()
    enlarge(1.0, view)
    view.resize(400, 260)
    QApplication.processEvents()
    assert bar.value() == place
