from __future__ import annotations

import re

import numpy as np
import pytest
from PySide6.QtWidgets import QApplication

from explorer.model import action as do
from explorer.model.session import Check, Compared, Verification
from explorer.model.verification import digits, error_text, headline, verify
from explorer.store import Store
from explorer.theme import palette
from explorer.theme.theme import current, theme_named
from explorer.views.verification import VerificationDialog, html
from tests.explorer.model.runs import Driver, small_run


@pytest.fixture(autouse=True)
def styled(qapp):
    palette.apply(qapp, theme_named("dark"))


def found_of(factor=1.0, **choices):
    driver = Driver(small_run(**choices))
    made = driver.derived.walk(driver.session)
    if factor != 1.0:
        wrong = {name: np.array(values) for name, values in made.gradients.items()}
        wrong["W"] *= factor
        made.__dict__["gradients"] = type(made.gradients)(wrong, made.gradients.initial_state)
    return verify(made, 7)


def test_both_numbers_of_every_check_are_on_show(qtbot):
    found = found_of(cell="lstm")
    dialog = VerificationDialog(found)
    qtbot.addWidget(dialog)
    text = dialog.view.toPlainText()
    assert len(found.checks) == 3
    for check in found.checks:
        assert check.title in text and check.first in text and check.second in text and len(check.rows) == 14
        for row in check.rows:
            assert row.where in text and digits(row.first) in text and digits(row.second) in text
    assert text.count("✓") == 3 + 3 * 14 and "✗" not in text and dialog.view.isReadOnly()


def test_a_wrong_parameter_is_marked_in_red_and_the_others_are_not(qtbot):
    found = found_of(1.001, cell="vanilla")
    shown = html(found)
    ledger = found.checks[0]
    assert [row.where for row in ledger.rows if not row.ok] == ["W"] and ledger.worst.where == "W"
    assert ledger.worst.first != ledger.worst.second
    assert f'color:{current().tokens.cut}">✗' in shown and f'color:{current().tokens.good}">✓' in shown


@pytest.mark.parametrize("width", [560, 760])
def test_no_line_runs_off_or_breaks_a_number(qtbot, width):
    dialog = VerificationDialog(found_of(cell="lstm"))
    qtbot.addWidget(dialog)
    dialog.resize(width, 500)
    dialog.show()
    QApplication.processEvents()
    assert dialog.view.horizontalScrollBar().maximum() == 0
    block = dialog.view.document().begin()
    while block.isValid():
        if re.fullmatch(r"[+−]\d\.\d+e[+−]\d+", block.text()):
            assert block.layout().lineCount() == 1, block.text()
        block = block.next()


def test_another_theme_colours_it_anew(qapp, qtbot):
    dialog = VerificationDialog(found_of(cell="vanilla"))
    qtbot.addWidget(dialog)
    dialog.show()
    palette.apply(qapp, theme_named("light"))
    QApplication.processEvents()
    assert current().tokens.good.casefold() in dialog.view.toHtml().casefold()


@pytest.fixture
def store(qtbot):
    store = Store(small_run())
    yield store
    store.close()


def wrong_kernel(rows=12):
    """A check whose last row of the second of two checks fails, and one before it cannot be told."""
    right = tuple(Compared(f"U[{i}, 1]", 0.5, 0.5, 0.0, True) for i in range(rows))
    unclear = Compared("b[1]", 0.25, 0.26, 0.04, False, True)
    wrong = Compared("U_z[14, 6]", -6.397158350441, -6.397058364680, 1.6e-5, False)
    checks = (
        Check("Ledger against ‖G‖", "Σ kept·signed", "‖G‖", 1e-9, right),
        Check("Fast kernel against operation graph", "kernel", "graph", 1e-9, (*right, unclear, wrong)),
    )
    return Verification(False, 0.0, 0.0, 183, "gradient differs 1.6e−5", "report", 1.6e-5, checks)


def test_what_fails_is_read_first_and_the_headline_names_check_entry_and_both_numbers(qtbot):
    found = wrong_kernel()
    dialog = VerificationDialog(found)
    qtbot.addWidget(dialog)
    dialog.show()
    text = dialog.view.toPlainText()
    places = [text.index(words) for words in ("Fast kernel", "U_z[14, 6]", "b[1]", "U[0, 1]", "Ledger")]
    assert places == sorted(places)
    cursor = dialog.view.document().find("U_z[14, 6]")
    assert dialog.view.viewport().rect().contains(dialog.view.cursorRect(cursor))
    said = dialog.summary.text()
    for words in ("Fast kernel against operation graph", "U_z[14, 6]", "kernel −6.397158350441e+00"):
        assert words in said
    assert "graph −6.397058364680e+00" in said and error_text(1.6e-5) in said and "update 183" in said
    assert "other" not in headline(found)  # one entry alone differs


def test_what_cannot_be_told_from_rounding_is_neither_green_nor_red(qtbot):
    found = wrong_kernel()
    check = Check(found.checks[1].title, "kernel", "graph", 1e-9, found.checks[1].rows[:-1])
    found = Verification(False, 0, 0, 3, "cannot be told from rounding", "", None, (found.checks[0], check), "", True)
    dialog = VerificationDialog(found)
    qtbot.addWidget(dialog)
    tokens = current().tokens
    assert f'color:{tokens.muted}">≈' in html(found) and "✗" not in html(found)
    assert "b[1] cannot be told from rounding" in headline(found) and "≈" in dialog.summary.text()
    parted = Check(check.title, "kernel", "graph", 1e-9, found.checks[0].rows, "this network multiplies rounding", True)
    found = Verification(False, 0, 0, 3, "cannot be told from rounding", "", None, (parted,), "", True)
    assert "This network multiplies rounding" in headline(found)


@pytest.mark.parametrize("cell", ["vanilla", "gru", "lstm-peephole"])
@pytest.mark.parametrize("width", [700, 713, 760, 901])
def test_there_is_no_bar_to_scroll_sideways_by_a_fraction(qtbot, cell, width):
    dialog = VerificationDialog(found_of(cell=cell))
    qtbot.addWidget(dialog)
    dialog.resize(width, 420)
    dialog.show()
    QApplication.processEvents()
    assert not dialog.view.horizontalScrollBar().isVisible()


def test_it_goes_along_with_later_checks_and_says_of_which_update_it_is(qtbot, store):
    store.verify_now()
    store.wait()
    dialog = VerificationDialog(store.session.verification, store=store)
    qtbot.addWidget(dialog)
    dialog.show()
    assert "At update 0<" in dialog.summary.text() and not dialog.again.isVisible()
    store.dispatch(do.Advance(2))
    store.wait()
    if "At update 2<" not in dialog.summary.text():  # unless that was checked meanwhile
        assert "At update 0 (now 2)" in dialog.summary.text() and dialog.again.isVisible()
    store.verify_now()
    store.wait()
    assert "At update 2<" in dialog.summary.text() and not dialog.again.isVisible()


def test_one_that_failed_stays_to_be_read_until_another_is_asked_for(qtbot, store):
    dialog = VerificationDialog(wrong_kernel(), store=store)
    qtbot.addWidget(dialog)
    dialog.show()
    store.verify_now()
    store.wait()
    assert store.session.verification.ok and "U_z[14, 6]" in dialog.summary.text()
    assert "At update 183 (now 0)" in dialog.summary.text() and dialog.again.isVisible()
    dialog.again.click()
    assert "U_z[14, 6]" not in dialog.summary.text() and "✓" in dialog.summary.text()
    assert not dialog.again.isVisible()


def test_another_check_is_made_where_there_is_none_of_this_update(qtbot, store):
    dialog = VerificationDialog(wrong_kernel(), store=store)
    qtbot.addWidget(dialog)
    dialog.show()
    assert store.session.verification is None
    dialog.again.click()
    qtbot.waitUntil(lambda: "At update 0<" in dialog.summary.text(), timeout=30_000)
    assert "✓" in dialog.summary.text()
