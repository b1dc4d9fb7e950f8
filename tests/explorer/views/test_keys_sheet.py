from __future__ import annotations

import pytest
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel

from explorer.theme import palette
from explorer.theme.theme import theme_named
from explorer.views.keys_sheet import KeysDialog, in_columns, sheet


@pytest.fixture
def dialog(qtbot, qapp):
    palette.apply(qapp, theme_named("dark"))
    made = KeysDialog()
    qtbot.addWidget(made)
    return made


def shown(dialog):
    return {label.text() for label in dialog.area.widget().findChildren(QLabel)}


def test_the_whole_sheet_is_seen_at_once_in_a_small_window(dialog):
    dialog.resize(1080, 620)
    dialog.show()
    QApplication.processEvents()
    assert dialog.area.widget().sizeHint().height() <= dialog.area.viewport().height()
    assert dialog.area.widget().width() <= dialog.area.viewport().width()


def test_typing_narrows_the_sheet_to_what_fits(dialog):
    QTest.keyClicks(dialog.line, "F11")
    assert "Full screen" in shown(dialog) and "Undo" not in shown(dialog)
    dialog.line.clear()
    QTest.keyClicks(dialog.line, "no such key")
    assert any("No key" in text for text in shown(dialog))


@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_the_columns_hold_every_row_in_order_and_are_about_as_high(count):
    columns = in_columns(sheet(), count)
    assert [row for column in columns for row in column] == sheet()
    assert len(columns) == count
    heights = [len(column) + len({row[0] for row in column}) for column in columns]
    assert max(heights) - min(heights) <= len(sheet()) // 4


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("wanted", ["", "step", "panel", "no such key"])
def test_every_heading_stands_on_the_sheet_once(count, wanted):
    columns = in_columns(sheet(wanted), count)
    assert [row for column in columns for row in column] == sheet(wanted) and len(columns) <= count
    groups = [group for column in columns for group in {row[0] for row in column}]
    assert len(groups) == len(set(groups)) == len({row[0] for row in sheet(wanted)})


def test_every_heading_is_seen_once(dialog):
    dialog.resize(1080, 620)
    dialog.show()
    QApplication.processEvents()
    texts = [label.text() for label in dialog.area.widget().findChildren(QLabel)]
    assert all(texts.count(group) == 1 for group in {row[0] for row in sheet()})
