from __future__ import annotations

import pytest
from PySide6.QtWidgets import QVBoxLayout, QWidget

from explorer.theme import palette
from explorer.theme.theme import theme_named
from explorer.widgets.banner import Banner


@pytest.fixture
def banner(qtbot, qapp):
    palette.apply(qapp, theme_named("dark"))
    outer = QWidget()
    qtbot.addWidget(outer)
    made = Banner()
    column = QVBoxLayout(outer)
    column.addWidget(made)
    column.addStretch(1)
    outer.resize(700, 300)
    outer.show()
    made.outer = outer
    return made


def test_a_note_goes_away_by_itself_and_a_warning_stays(banner, qtbot):
    banner.timer.setInterval(20)
    with qtbot.waitSignal(banner.dismissed, timeout=2000):
        banner.show_message("Read as UTF-8.", "info")
    for level in ("warning", "error"):
        banner.show_message("Something is wrong.", level)
        assert banner.isVisible() and not banner.timer.isActive()


def test_a_warning_that_replaces_a_note_is_not_dismissed_by_the_notes_time(banner):
    banner.show_message("Read as UTF-8.", "info")
    assert banner.timer.isActive()
    banner.show_message("Something is wrong.", "warning")
    assert not banner.timer.isActive()


def test_the_time_ends_with_the_window(banner):
    banner.show_message("Read as UTF-8.", "info")
    banner.outer.close()
    assert not banner.timer.isActive()


@pytest.mark.parametrize("width", [360, 700, 1500])
def test_a_long_message_takes_two_lines_and_has_the_rest_in_its_tooltip(banner, qtbot, width):
    text = "Two hundred and seven sentences were too long and are cut into pieces. " * 12
    banner.outer.resize(width, 300)
    banner.show_message(text, "warning")
    qtbot.wait(20)
    assert banner.label.text().endswith("…") and banner.toolTip() == text and banner.accessibleName() == text
    lines = banner.label.heightForWidth(banner.label.width()) / banner.label.fontMetrics().lineSpacing()
    assert 1.5 < lines < 2.5


def test_a_short_message_is_shown_whole(banner):
    banner.show_message("All is well.", "info")
    assert banner.label.text() == "All is well." and banner.toolTip() == ""
