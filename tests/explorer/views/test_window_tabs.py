"""The rows of tabs: no arrows of Qt's beside the button that lists all panels, and no row of one."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QTabBar, QToolButton

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


def pull(bar, title, to):
    """Drag a tab by the mouse to a point of the screen."""
    place = next(n for n in range(bar.count()) if bar.tabText(n) == title)
    start = bar.tabRect(place).center()
    QTest.mousePress(bar, Qt.MouseButton.LeftButton, pos=start)
    end = bar.mapFromGlobal(to)
    for share in (0.1, 0.5, 1.0):
        at = start + (end - start) * share
        move = QMouseEvent(
            QEvent.Type.MouseMove,
            QPointF(at),
            QPointF(bar.mapToGlobal(at)),
            Qt.MouseButton.NoButton,
            Qt.MouseButton.LeftButton,
            Qt.KeyboardModifier.NoModifier,
        )
        QApplication.sendEvent(bar, move)
    QTest.mouseRelease(bar, Qt.MouseButton.LeftButton, pos=end)
    QTest.qWait(30)


def test_a_tab_pulled_out_of_its_row_floats_where_it_is_let_go_of(window):
    window.resize(1900, 1000)
    QTest.qWait(50)
    gates = dock(window, "gates")
    bar = next(bar for bar in rows(window) if "Gates" in {bar.tabText(n) for n in range(bar.count())})
    at = window.stage.mapToGlobal(QPoint(300, 200))
    pull(bar, "Gates", at)
    assert gates.isFloating() and gates.in_sight
    assert gates.geometry().contains(at) and at.y() - gates.geometry().top() < 60
    gates.go_back()
    assert not gates.isFloating()


def test_a_tab_let_go_of_above_another_panel_shares_its_place(window):
    window.resize(1900, 1000)
    QTest.qWait(50)
    gates, loss = dock(window, "gates"), dock(window, "loss")
    assert loss not in window.board.tabifiedDockWidgets(gates)
    bar = next(bar for bar in rows(window) if "Gates" in {bar.tabText(n) for n in range(bar.count())})
    pull(bar, "Gates", loss.mapToGlobal(loss.rect().center()))
    assert not gates.isFloating() and loss in window.board.tabifiedDockWidgets(gates) and gates.in_sight


def test_a_tab_moved_within_its_row_stays_in_it(window):
    window.resize(1900, 1000)
    QTest.qWait(50)
    gates = dock(window, "gates")
    bar = next(bar for bar in rows(window) if "Gates" in {bar.tabText(n) for n in range(bar.count())})
    shared = set(window.board.tabifiedDockWidgets(gates))
    pull(bar, "Gates", bar.mapToGlobal(bar.rect().center() + QPoint(20, 12)))
    assert not gates.isFloating() and set(window.board.tabifiedDockWidgets(gates)) == shared
