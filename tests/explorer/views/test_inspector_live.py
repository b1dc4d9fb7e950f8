"""The inspector while the model trains: what it says is of the weights on show, without a key being pressed."""

from __future__ import annotations

import time

import pytest
from PySide6.QtCore import QCoreApplication

from explorer.model import action as do
from explorer.views.inspector.tabs import TABS
from explorer.views.inspector.view import InspectorView


def said(view: InspectorView) -> str:
    """The text of the page in front."""
    tab = view.tab()
    if tab == "equations":
        return view.equations.list.accessibleName()
    if tab == "numbers":
        table = view.numbers.model.table
        return "" if table is None else table.csv()
    if tab == "graph":
        return "" if view.graph.shown is None else str([lines for _, lines in view.graph.shown.texts.values()])
    return view.code.text.toPlainText()


@pytest.mark.parametrize("cell", ["vanilla", "lstm"])
def test_the_equations_and_numbers_follow_the_weights_while_training_runs(show_panel, cell: str) -> None:
    store, view = show_panel(InspectorView, (420, 800), cell=cell)
    store.dispatch(do.Move("pass"))
    for tab in TABS:
        if tab == "Code":
            continue
        store.dispatch(do.SetTab(tab.lower()))
        QCoreApplication.processEvents()
        heard = {said(view)}
        first = store.session.training.shown
        store.dispatch(do.Train(True))
        end = time.monotonic() + 20
        while len(heard) < 5 and time.monotonic() < end:
            QCoreApplication.processEvents()
            store.poll()
            heard.add(said(view))
            assert store.session.training.running
            time.sleep(0.002)
        store.dispatch(do.Train(False))
        store.wait()
        QCoreApplication.processEvents()
        assert len(heard) >= 5, tab
        assert store.session.training.shown > first
        # And what stands there at the end is the truth of the last weights.
        walk = store.derived.walk(store.session)
        value = walk.trace[walk.model.cell.states[0]][view._data.t, view._data.unit]
        if tab == "Numbers":
            assert repr(float(value)) in said(view)
        assert view._data.walk is walk
