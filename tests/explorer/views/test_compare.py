"""A/B by real actions: B does what A does, on the same data, cursor and update."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QFileDialog

from explorer.model import action as do
from explorer.model.reducer import new_session
from explorer.services.companion import Companion
from explorer.services.sessions import save_session
from explorer.store import Store
from explorer.theme import palette
from explorer.theme.theme import theme_named
from explorer.views.window import MainWindow
from rnncore.truncation import Full, Window
from tests.explorer.model.runs import small_run


@pytest.fixture
def store(qapp):
    made = Store(small_run())
    yield made
    made.close()


@pytest.fixture
def companion(store):
    made = Companion(store, {"truncation": Full()})
    yield made
    made.close()


def until(found, seconds=20.0):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        QCoreApplication.processEvents()
        if found():
            return
        time.sleep(0.002)
    raise AssertionError("it never came to that")


def test_b_walks_with_a_to_the_same_place(store, companion):
    for action in (do.Move("pass"), do.Move("step"), do.Move("operation"), do.Move("operation", -1), do.GoToEnd()):
        store.dispatch(action)
        ones, twos = store.derived.progress(store.session), companion.b.derived.progress(companion.b.session)
        assert (ones.phase, ones.losses_known) == (twos.phase, twos.losses_known)
    assert companion.b.session.position == len(companion.b.derived.walk(companion.b.session))


def test_b_speaks_of_the_same_sentence_chosen_or_typed(store, companion):
    store.dispatch(do.ShowSentence(2))
    assert companion.b.session.sentence.words == store.session.sentence.words
    store.dispatch(do.TypeSentence("the dog"))
    assert companion.b.session.sentence.words == store.session.sentence.words


def test_b_follows_every_setting_but_its_own(store, companion):
    store.dispatch(do.ChangeSettings(replace(store.session.settings, hidden_size=7, truncation=Window(1))))
    until(lambda: store.session.model.hidden_size == 7 == companion.b.session.model.hidden_size)
    assert companion.b.session.settings.truncation == Full()
    assert store.session.settings.truncation == Window(1)
    companion.differ({"seed": 5})
    until(lambda: companion.b.session.settings.seed == 5)
    assert companion.b.session.settings.truncation == Window(1)


def test_after_training_both_stand_at_the_same_update(store, companion):
    store.dispatch(do.Train(True))
    until(lambda: store.session.training.shown > 20 and companion.b.session.training.shown > 0)
    store.dispatch(do.Train(False))
    until(lambda: not store.busy and store.session.training.shown == companion.b.session.training.shown > 20)
    store.dispatch(do.GoToUpdate(3))
    until(lambda: store.session.training.shown == 3 == companion.b.session.training.shown)
    store.dispatch(do.Advance(1))
    until(lambda: store.session.training.shown == 4 == companion.b.session.training.shown)


def test_what_is_pointed_at_in_one_is_pointed_at_in_the_other(store, companion):
    store.dispatch(do.Hover(1, 2))
    assert (companion.b.session.hover.t, companion.b.session.hover.unit) == (1, 2)
    companion.b.dispatch(do.Select(2, 0))
    assert store.session.selection.t == 2


def test_a_session_file_can_be_b(store, companion, tmp_path):
    path = str(tmp_path / "other.bptt")
    save_session(path, new_session(small_run(cell="gru")))
    companion.open(path)
    until(lambda: companion.b.session.settings.cell == "gru")
    store.dispatch(do.Move("step"))
    assert companion.b.session.position > 0
    store.dispatch(do.ChangeSettings(replace(store.session.settings, hidden_size=7)))
    store.wait()
    assert companion.b.session.settings.cell == "gru" and companion.b.session.model.hidden_size != 7


def test_the_window_shows_both_and_returns(qtbot, qapp, monkeypatch):
    palette.apply(qapp, theme_named("dark"))
    store = Store(small_run())
    window = MainWindow(store)
    qtbot.addWidget(window)
    window.resize(1900, 1000)
    window.show()
    window.actions_["compare"].trigger()
    view = window.comparison
    assert view is not None and view.stage.isVisible() and view.differs.value() == "full BPTT"
    store.dispatch(do.GoToEnd())
    assert "cos(G_A, G_B)" in view.numbers.text()
    numbers = view.companion.comparison()
    assert np.isfinite(numbers.cosine)
    window.stage.canvas.set_zoom(1.7)
    assert view.stage.canvas.zoom == pytest.approx(window.stage.canvas.zoom)
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: ("", ""))
    view._open()
    window.grab()
    view.shut.click()
    assert window.comparison is None and window.stage.title_label.text() == "Unrolled network"
    window.actions_["compare"].trigger()
    window.close()  # while B is there
    store.close()
    window.deleteLater()
    vars(window).clear()
