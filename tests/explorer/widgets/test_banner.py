from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QCursor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QVBoxLayout, QWidget

from explorer.theme import palette
from explorer.theme.theme import current, theme_named
from explorer.widgets.banner import STRIPE, Banner


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
    QTest.mouseMove(outer, QPoint(650, 290))  # wherever the test before has left it: a note below it is being read
    made.outer = outer
    return made


def test_a_note_goes_away_by_itself_and_a_warning_stays(banner, qtbot):
    banner.timer.setInterval(20)
    with qtbot.waitSignal(banner.dismissed, timeout=2000):
        banner.show_message("Read as UTF-8.", "info")
    for level in ("warning", "error"):
        banner.show_message("Something is wrong.", level)
        assert banner.isVisible() and not banner.timer.isActive()


def test_a_note_stays_while_the_mouse_is_on_it(banner, qtbot):
    gone = []
    banner.dismissed.connect(lambda: gone.append(True))
    banner.timer.setInterval(20)
    banner.resting.setInterval(20)
    banner.show_message("Read as UTF-8.", "info")
    QTest.mouseMove(banner)
    qtbot.wait(120)
    assert banner.underMouse() and not gone
    QTest.mouseMove(banner.outer, QPoint(650, 290))
    qtbot.waitUntil(lambda: bool(gone), timeout=2000)


def test_a_note_does_not_go_while_a_hand_moves_to_what_would_move_with_it(banner, monkeypatch):
    gone, hand = [], QPoint(600, 290)
    banner.dismissed.connect(lambda: gone.append(True))
    monkeypatch.setattr(QCursor, "pos", lambda: QPoint(hand))
    banner.timer.setInterval(60_000)
    banner.resting.setInterval(60_000)
    banner.show_message("Read as UTF-8.", "info")
    for _ in range(3):
        hand += QPoint(3, 0)
        banner.timer.timeout.emit()
        assert not gone and banner.resting.isActive()
    banner.resting.timeout.emit()  # it has rested since
    assert gone
    banner.show_message("", "info")
    assert not banner.resting.isActive() and not banner.timer.isActive()


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


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_the_stripe_at_the_left_stays_within_the_rounded_corners(banner, qapp, theme):
    palette.apply(qapp, theme_named(theme))
    banner.show_message("Something is wrong.", "error")
    image = banner.grab().toImage()
    stripe = current().colour("cut").name()
    middle, corner = image.pixelColor(2, banner.height() // 2).name(), image.pixelColor(0, 0).name()
    palette.apply(qapp, theme_named("dark"))
    assert middle == stripe and corner != stripe
    assert image.pixelColor(STRIPE - 1, 3).name() == stripe  # up to the edge, and not a bar that hangs in it


def test_the_button_is_reached_by_tab_and_says_its_key(banner):
    banner.show_message("Something is wrong.", "error")
    assert banner.button.focusPolicy() & Qt.FocusPolicy.TabFocus
    assert banner.button.accessibleName() == "Esc: Dismiss"
