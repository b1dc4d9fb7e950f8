"""The rows of tabs: no arrows of Qt's beside the button that lists all panels, and no row of one."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QTabBar, QToolButton

from explorer.widgets.tab_overflow import TabOverflow

from .windows import dock, until


def rows(window):
    bars = window.board.findChildren(QTabBar, options=Qt.FindChildOption.FindDirectChildrenOnly)
    return [bar for bar in bars if bar.isVisible() and not bar.visibleRegion().isEmpty()]


def uncovered(bar):
    """Arrows of Qt's that are painted over the button which stands in their place."""
    parts = [part for part in bar.children() if isinstance(part, (QToolButton, TabOverflow)) and part.isVisible()]
    buttons = [n for n, part in enumerate(parts) if isinstance(part, TabOverflow)]
    return [part for n, part in enumerate(parts) if isinstance(part, QToolButton) and n > min(buttons)]


def test_arrows_that_qt_brings_to_the_front_are_covered_again(window):
    QTest.qWait(50)
    (bar,) = rows(window)
    arrows = [part for part in bar.findChildren(QToolButton) if part.isVisible()]
    assert len(arrows) == 2 and not uncovered(bar)
    for arrow in arrows:
        arrow.raise_()  # as Qt does when a tab or its panel has been dragged
    assert uncovered(bar)
    until(window, lambda: not uncovered(bar))


def test_no_row_of_a_single_tab_is_left_over(window):
    window.resize(1900, 1000)
    QTest.qWait(50)
    for name in ("truncation", "gates"):
        window.board.show_panel(name)
        window.board.float_panel(dock(window, name))
        QTest.qWait(30)
    assert all(bar.count() > 1 for bar in rows(window))
    assert [bar.count() for bar, _ in window.board.tabs.rows()] == [bar.count() for bar in rows(window)]
    window.reset_layout()
    window.resize(1366, 768)
    QTest.qWait(60)
    assert all(bar.count() > 1 for bar in rows(window))
