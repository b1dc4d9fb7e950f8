from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage

from explorer.theme import palette
from explorer.theme.theme import current, theme_named
from explorer.theme.tokens import contrast
from explorer.widgets.rows import RowList


def filled(qtbot) -> RowList:
    rows = RowList("Things")
    qtbot.addWidget(rows)
    rows.resize(400, 200)
    rows.add("first thing", before="7", after="Ctrl+A", data=7, help="the first")
    rows.add("second thing", before="123", data=123)
    rows.add("third thing", enabled=False)
    rows.show()
    return rows


def column(image: QImage, row: int, height: int) -> set[str]:
    """The colours in the middle of a row."""
    y = round((row + 0.5) * height)
    return {image.pixelColor(x, y + dy).name() for x in range(image.width()) for dy in range(-5, 6)}


def test_a_row_says_all_of_itself_and_gives_back_what_it_stands_for(qtbot):
    rows = filled(qtbot)
    assert rows.item(0).text() == "7  first thing  Ctrl+A" and rows.item(0).toolTip() == "the first"
    assert [rows.item(n).data(Qt.ItemDataRole.UserRole) for n in range(3)] == [7, 123, None]
    assert not rows.item(2).flags() & Qt.ItemFlag.ItemIsEnabled


def test_the_chosen_row_stands_out_and_one_that_cannot_be_chosen_is_dim(qtbot):
    rows = filled(qtbot)
    rows.setCurrentRow(1)
    image = rows.viewport().grab().toImage()
    height = rows.sizeHintForRow(0)
    accent = current().colour("value").name()
    assert accent in column(image, 1, height) and accent not in column(image, 0, height)
    text = current().colour("text").name()
    assert text in column(image, 0, height) and text not in column(image, 2, height)


def test_an_emptied_list_begins_anew(qtbot):
    rows = filled(qtbot)
    rows.empty()
    rows.add("only")
    assert rows.count() == 1 and rows._rows.before_width == 0


@pytest.mark.parametrize("theme", ["dark", "light", "high-contrast"])
@pytest.mark.parametrize("chosen", [False, True])
def test_what_cannot_be_chosen_is_legible(qtbot, qapp, theme, chosen):
    palette.apply(qapp, theme_named(theme))
    rows = filled(qtbot)
    rows.setCurrentRow(2 if chosen else -1)
    image = rows.viewport().grab().toImage()
    ground = current().tokens.raised if chosen else current().tokens.background
    inks = column(image, 2, rows.sizeHintForRow(0))
    palette.apply(qapp, theme_named("dark"))
    assert max(contrast(ink.upper(), ground) for ink in inks) >= 4.5
