"""The experiments panel: two clicks to a measured outcome."""

from __future__ import annotations

import pytest
from PySide6.QtTest import QTest

from explorer.model.experiments import EXPERIMENTS
from explorer.store import Store
from explorer.theme import palette
from explorer.theme.theme import theme_named
from explorer.views.experiments import ExperimentsView
from tests.explorer.model.runs import small_run


@pytest.fixture
def store(qapp):
    palette.apply(qapp, theme_named("dark"))
    made = Store(small_run())
    yield made
    made.close()


def until(found, seconds=20.0):
    for _ in range(int(seconds * 100)):
        if found():
            return
        QTest.qWait(10)
    raise AssertionError("it never came to that")


@pytest.mark.parametrize("size", [(640, 300), (340, 250), (370, 600), (200, 150)])
def test_a_click_measures_and_shows_every_experiment(store, qtbot, size):
    view = ExperimentsView(store)
    qtbot.addWidget(view)
    view.resize(*size)
    view.show()
    for experiment in EXPERIMENTS:
        view.show_experiment(experiment.id)
        until(lambda: view.canvas._outcome is not None)
        outcome = view.canvas._outcome
        assert view.experiment is experiment and outcome.ok
        assert all(row.text in view.canvas.toolTip() for row in outcome.rows)
        view.grab()


def test_its_network_comes_onto_the_stage_and_undo_takes_it_back(store, qtbot):
    view = ExperimentsView(store)
    qtbot.addWidget(view)
    view.show()
    view.show_experiment("E1")
    before = store.session.settings
    view.stage.click()
    store.wait()
    assert store.session.settings == view.experiment.settings and store.session.model.hidden_size == 1
    store.undo()
    assert store.session.settings == before
