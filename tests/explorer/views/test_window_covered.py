"""A panel behind another tab neither reads nor paints; it is up to date in the frame that brings it to the front."""

from __future__ import annotations

from collections import Counter

import pytest
from PySide6.QtCore import QEvent, QObject
from PySide6.QtTest import QTest

from explorer.model import action as do
from explorer.widgets.panel import Panel

from .windows import dock, until


class Paints(QObject):
    """Counts what is painted in a panel."""

    def __init__(self, count, name, panel):
        super().__init__(panel)
        self.count, self.name = count, name
        for widget in (panel, *panel.findChildren(QObject)):
            widget.installEventFilter(self)

    def eventFilter(self, watched, event):
        if event.type() == QEvent.Type.Paint:
            self.count[self.name] += 1
        return False


@pytest.fixture
def counted(window, monkeypatch):
    """A narrow window in which every panel has been seen once, and what each reads and paints from then on."""
    window.resize(1366, 768)
    reads, paints = Counter(), Counter()
    for name, each in window.board.docks.items():
        window.board.show_panel(name)
        until(window, lambda each=each: each.in_sight and each.panel is not None)

        def read(before=each.panel.read, name=name):
            reads[name] += 1
            before()

        assert isinstance(each.panel, Panel)
        monkeypatch.setattr(each.panel, "read", read)
        Paints(paints, name, each.panel)
    window.board.show_panel("inspector")
    window.stage.setFocus()
    QTest.qWait(200)
    reads.clear()
    paints.clear()
    return reads, paints


def test_a_step_is_read_and_painted_only_by_panels_in_sight(window, counted):
    reads, paints = counted
    seen = set(window.board.visible_panels())
    assert "inspector" in seen and len(seen) <= 2 < len(window.board.docks)
    for _ in range(4):
        window.store.walk_by_key(do.Move("operation", 1))
        QTest.qWait(40)
    window.store.dispatch(do.Hover(t=1, unit=1))
    QTest.qWait(80)
    assert reads["inspector"] >= 4
    assert set(reads) <= seen and set(paints) <= seen


def test_training_is_read_only_by_panels_in_sight(window, counted):
    reads, paints = counted
    window.store.dispatch(do.Advance(2))
    window.store.wait()
    QTest.qWait(150)
    assert set(reads) <= set(window.board.visible_panels()) and set(paints) <= set(window.board.visible_panels())


@pytest.mark.parametrize("name", ["gates", "accumulator", "ledger", "horizon"])
def test_what_comes_to_the_front_is_up_to_date_before_it_is_painted(window, counted, name):
    reads, _ = counted
    window.store.dispatch(do.Move("pass", 1))
    QTest.qWait(60)
    reads.clear()
    assert dock(window, name).panel._stale and not dock(window, name).in_sight
    read_at_paint = []
    each = dock(window, name).panel

    class First(QObject):
        def eventFilter(self, watched, event):
            if event.type() == QEvent.Type.Paint:
                read_at_paint.append(reads[name])
            return False

    first = First(each)
    each.installEventFilter(first)
    window.board.show_panel(name)
    until(window, lambda: read_at_paint)
    assert read_at_paint[0] >= 1 and not each._stale
    QTest.qWait(60)
    assert reads[name] <= 2  # once, and once more where something arrives that is computed elsewhere
