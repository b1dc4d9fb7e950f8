"""The pencil-and-paper panel by chips, and the sheet as a file."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtGui import QPageLayout, QTextOption
from PySide6.QtPrintSupport import QPrinter

from explorer.model import action as do
from explorer.model.paper_data import EXACT, SHEET
from explorer.model.settings import CorpusChoice
from explorer.store import Store
from explorer.theme import palette
from explorer.theme.theme import theme_named
from explorer.views.paper import PaperView
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


def test_a_large_network_is_refused_and_one_click_makes_a_small_sheet(store, view):
    assert "wants" in view.text.toPlainText() and not view.print.isVisible()
    view.begin.click()
    store.wait()
    assert store.session.settings == SHEET and view.print.isVisible()
    store.dispatch(do.GoToEnd())
    assert "all worked out" not in view.subtitle_label.text() or "L = −ln" in view.text.toPlainText()
    assert "After the update" in view.text.toPlainText()
    store.undo()
    assert "wants" in view.text.toPlainText()


def test_filled_in_and_decimals_change_the_sheet(store, view):
    view.begin.click()
    store.wait()
    blank = view.text.toPlainText()
    view.filled.click()
    filled = view.text.toPlainText()
    assert filled.count("0.") > blank.count("0.") and "all worked out" in view.subtitle_label.text()
    view.set_decimals(EXACT)
    assert view.text.toPlainText() != filled and view.decimals.value() == "exact"


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
    assert view.fewer.isVisible() and "2 units" in view.text.toPlainText()
    view.fewer.click()
    store.wait()
    now = store.session.settings
    assert (now.hidden_size, now.cell, now.corpus, now.init.decimals) == (2, before.cell, before.corpus, 1)
    assert "Forward" in view.text.toPlainText() and not view.fewer.isVisible()
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
    assert view.text.wordWrapMode() == QTextOption.WrapMode.WordWrap
    assert view.document().defaultTextOption().wrapMode() == QTextOption.WrapMode.WordWrap


def test_a_broad_panel_puts_more_tables_beside_one_another(store, view):
    view.begin.click()
    store.wait()
    view.resize(1200, 500)
    broad = view.text.document().size().height()
    view.resize(330, 500)
    assert view.text.document().size().height() > broad
