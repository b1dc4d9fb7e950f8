"""Boxes for numbers: what is typed is read as what it says, or refused with words."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from explorer.theme import palette
from explorer.theme.theme import theme_named
from explorer.widgets.number_boxes import RateBox, RealBox, WholeBox

Key = Qt.Key


@pytest.fixture(autouse=True)
def styled(qapp):
    palette.apply(qapp, theme_named("dark"))


def typed(qtbot, box, text):
    qtbot.addWidget(box)
    box.show()
    box.setFocus()
    box.selectAll()
    QTest.keyClick(box, Key.Key_Delete)
    QTest.keyClicks(box, text)
    return box


@pytest.mark.parametrize(
    ("text", "value"),
    [("1e-3", 1e-3), ("1e-13", 1e-13), ("3.5", 3.5), (" 2 ", 2.0), ("1E2", 100.0), ("+0.25", 0.25), ("1e6", 1e6)],
)
def test_a_rate_is_read_as_it_was_typed(qtbot, text, value):
    box = typed(qtbot, RateBox(0.5), text)
    QTest.keyClick(box, Key.Key_Return)
    assert box.value() == value and box.problem == ""


@pytest.mark.parametrize("text", ["", " ", "-1", "0", "nan", "inf", "1e999", "1e7", "0,5", "abc", "1e", "0.5x", "1_0"])
@pytest.mark.parametrize("leave", [Key.Key_Return, Key.Key_Tab])
def test_what_is_no_rate_is_refused_with_words_and_stays_to_be_mended(qtbot, text, leave):
    box = typed(qtbot, RateBox(0.5), text)
    assert box.lineEdit().text() == text and box.value() == 0.5
    assert "Type a number above 0, at most 1e6" in box.problem or "0.5" in box.problem
    QTest.keyClick(box, leave)
    assert box.lineEdit().text() == text and box.problem and box.value() == 0.5
    box.stepUp()
    assert box.problem == "" and box.value() > 0.5


@pytest.mark.parametrize("text", ["", "3.5", "-4", "0", "17", "1e1", "x", "99999999999999999999"])
def test_what_is_no_whole_number_in_the_range_is_refused_with_words(qtbot, text):
    box = typed(qtbot, WholeBox(4, 1, 16), text)
    assert box.lineEdit().text() == text and box.value() == 4 and "from 1 to 16" in box.problem


def test_what_stands_for_no_number_may_be_typed_and_nought_may_be_a_share(qtbot):
    box = WholeBox(0, 0, 9)
    box.setSpecialValueText("as usual")
    qtbot.addWidget(box)
    assert box.problem == "" and box.value() == 0
    for text, value in (("7", 7), ("as usual", 0)):
        typed(qtbot, box, text)
        box.interpretText()
        assert box.problem == "" and box.value() == value
    share = typed(qtbot, RealBox(0.1, 0.0, 0.9), "0")
    share.interpretText()
    assert share.value() == 0.0
    assert "from 0 to 0.9" in typed(qtbot, RealBox(0.1, 0.0, 0.9), "0.95").problem


def test_a_number_that_is_printed_shorter_than_it_is_stays_what_it_is(qtbot):
    box = RateBox(0.1 / 3)
    qtbot.addWidget(box)
    assert box.text() == "0.0333333"
    box.interpretText()
    assert box.value() == 0.1 / 3
