"""A row of chips goes on in the next line where it has no room."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QVBoxLayout, QWidget

from explorer.widgets.chip import Chip
from explorer.widgets.wrap_row import WrapRow


@pytest.fixture
def row(qtbot):
    holder = QWidget()
    made = WrapRow(first := Chip("one"), second := Chip("the second"), third := Chip("the third of them"), last=second)
    column = QVBoxLayout(holder)
    column.setContentsMargins(0, 0, 0, 0)
    column.addWidget(made)
    column.addStretch(1)
    qtbot.addWidget(holder)
    holder.resize(500, 200)
    holder.show()
    qtbot.wait(10)
    return holder, made, (first, second, third)


def test_in_one_line_the_last_stand_at_the_right(row):
    holder, made, (first, second, third) = row
    assert made.height() == first.sizeHint().height()
    assert first.x() == 0
    assert third.geometry().right() == holder.width() - 1
    assert second.geometry().right() < third.x()


@pytest.mark.parametrize("width", [40, 100, 180, 230, 500])
def test_no_chip_is_cut_or_lies_on_another_at_any_width(row, qtbot, width):
    holder, made, chips = row
    holder.resize(width, 200)
    qtbot.waitUntil(lambda: made.width() == width and made.height() == made.sizeHint().height())
    areas = [chip.geometry() for chip in chips]
    for n, area in enumerate(areas):
        assert made.rect().contains(area)
        assert area.width() == min(chips[n].sizeHint().width(), width)
        assert not any(area.intersects(other) for other in areas[:n])


def test_a_chip_that_is_hidden_or_says_more_makes_or_takes_room(row, qtbot):
    holder, made, (first, _, third) = row
    holder.resize(180, 200)
    qtbot.waitUntil(lambda: made.height() == made.sizeHint().height() > 50)
    high = made.height()
    third.hide()
    qtbot.waitUntil(lambda: made.height() < high)
    first.set_value("one that says far more now")
    qtbot.waitUntil(lambda: made.height() == high)
