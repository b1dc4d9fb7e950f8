from __future__ import annotations

import re

import numpy as np
import pytest
from PySide6.QtWidgets import QApplication

from explorer.model.verification import digits, verify
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
