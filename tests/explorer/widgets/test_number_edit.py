from __future__ import annotations

import math
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QRectF, Qt
from PySide6.QtWidgets import QToolTip, QWidget

from explorer.widgets.number_edit import NumberEdit, number_in


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0.5", 0.5),
        (" −1,25 ", -1.25),
        ("1e-3", 1e-3),
        ("-.5", -0.5),
        ("", None),
        ("inf", math.inf),
        ("-inf", -math.inf),
        ("−∞", -math.inf),
        ("1e400", math.inf),
        ("1_0", None),
        ("1,000.5", None),
        ("a", None),
    ],
)
def test_numbers_are_read_as_people_write_them(text: str, value: float | None) -> None:
    assert number_in(text) == value


def test_nan_is_a_number_here() -> None:
    assert math.isnan(number_in("NaN") or 0.0)


@pytest.fixture
def made(qtbot) -> Iterator[NumberEdit]:
    parent = QWidget()  # held here: the edit is its child
    qtbot.addWidget(parent)
    parent.resize(200, 100)
    parent.show()
    edit = NumberEdit("a number", parent)
    edit.begin(QRectF(190, 95, 8, 4), 0.1)
    yield edit


def test_it_stands_within_its_parent_with_the_exact_number(qtbot, made: NumberEdit) -> None:
    assert made.parentWidget().rect().contains(made.geometry())
    assert made.text() == "0.1"


def test_return_takes_the_number_once(qtbot, made: NumberEdit) -> None:
    seen: list[float] = []
    made.entered.connect(seen.append)
    made.setText("2")
    qtbot.keyClick(made, Qt.Key.Key_Return)
    assert seen == [2.0]
    assert made.isHidden()


def test_without_a_number_it_stays_and_escape_gives_up(qtbot, made: NumberEdit) -> None:
    seen: list[float] = []
    made.entered.connect(seen.append)
    made.setText("two")
    qtbot.keyClick(made, Qt.Key.Key_Return)
    assert not made.isHidden()
    assert "“two” is no number" in QToolTip.text() and "0.25" in QToolTip.text()
    qtbot.keyClick(made, Qt.Key.Key_Escape)
    assert made.isHidden()
    assert seen == []
    QToolTip.hideText()


def test_what_is_no_number_is_marked_while_it_is_typed_and_a_beginning_is_not(qtbot, made: NumberEdit) -> None:
    made.selectAll()
    for typed, wrong in (("-", False), ("1", False), ("e", False), ("-", False), ("3", False), ("x", True)):
        qtbot.keyClicks(made, typed)
        assert bool(made.property("wrong")) == wrong, made.text()
        assert ("is no number" in made.accessibleDescription()) == wrong
    qtbot.keyClick(made, Qt.Key.Key_Return)
    assert made.isVisible() and "is no number" in QToolTip.text()
    made.clear()
    qtbot.keyClick(made, Qt.Key.Key_Return)
    assert made.isVisible() and "The field is empty" in QToolTip.text()
    made.begin(QRectF(10, 5, 8, 4), 0.1)
    assert not made.property("wrong")
