"""Scenarios: edits through the store, with its undo list, its training thread and its files."""

from __future__ import annotations

import json
import math
import time
import zipfile
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QCoreApplication

from explorer.model import action as do
from explorer.model.beside import Beside
from explorer.model.edits import edits
from explorer.model.runs import start_run
from explorer.model.settings import Settings
from explorer.services.companion import Companion
from explorer.store import Store
from rnncore.cells import Cell
from rnncore.clamps import Clamp
from rnncore.optim import SGD, Momentum
from tests.explorer.model.runs import SMALL, small_run

EDITS = (
    do.EditWeight("W_f", 1, 2, 0.75),
    do.EditWeight("b_i", 4, None, math.inf),
    do.EditInitialState("c", 0, math.nan),
    do.EditInitialState("h", 2, -1.0),
    do.EditToken(1, "cats"),
    do.EditToken(3, "zebra"),
    do.ClampGate("f", 1.0),
    do.ClampGate("o", 0.25, 3),
    do.ClampGate("f", None),
)


@pytest.fixture
def store(qapp):
    made = Store(small_run(cell="lstm", optimiser=Momentum(0.05)))
    made.dispatch(do.GoTo(50))
    yield made
    made.close()


def until(store, found, seconds=10.0):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        QCoreApplication.processEvents()
        if found():
            return
        time.sleep(0.001)
    raise AssertionError("it never came to that")


def picture(store):
    """Everything that the window shows follows from these."""
    session = store.session
    trace = store.derived.trace(session)
    gradients = store.derived.gradients(session)
    return (
        session.position,
        session.sentence.words,
        session.settings.clamps,
        session.run.weights,
        session.training.shown,
        tuple(trace[name].tobytes() for name in ("i", "f", "o", "c", "h")),
        tuple(session.model.parameters[n].tobytes() for n in session.model.parameters),
        tuple(gradients[n].tobytes() for n in gradients),
        edits(session).details,
    )


def test_every_edit_is_taken_back_and_done_again_to_the_last_bit(store):
    store.dispatch(do.Advance(3))
    store.wait()
    pictures = [picture(store)]
    for action in EDITS:
        store.dispatch(action)
        assert store.session.message is None or store.session.message.level != "error"
        pictures.append(picture(store))
    assert len({repr(p) for p in pictures}) == len(pictures)
    for expected in reversed(pictures[:-1]):
        store.undo()
        assert picture(store) == expected
    assert not store.can_undo or not edits(store.session)
    for expected in pictures[1:]:
        store.redo()
        assert picture(store) == expected


def test_training_goes_on_from_an_edit_without_a_pause(store):
    store.dispatch(do.Train(True))
    until(store, lambda: store.session.training.shown > 5)
    old = store.session.run.history
    store.dispatch(do.EditWeight("b_f", 0, None, 3.0))
    at = store.session.training.shown
    assert store.session.training.running and store.session.run.history.parent is old
    store.dispatch(do.ClampGate("o", 1.0))
    until(store, lambda: store.session.training.shown > at + 5)
    store.dispatch(do.Train(False))
    store.wait()
    session = store.session
    assert session.run.history.lineage[0].first == 0 and session.run.history.first >= at
    assert np.all(store.derived.trace(session)["o"] == 1)
    assert session.run.history.seek(at).parameters["b_f"][0] == 3.0
    # The line that was left has its own weights still.
    assert old.seek(min(at, old.last)).parameters["b_f"][0] != 3.0


def test_another_learning_rate_or_truncation_branches_and_keeps_edits(store):
    store.dispatch(do.Advance(4))
    store.wait()
    for action in (do.EditWeight("b_f", 0, None, 3.0), do.ClampGate("o", 1.0), do.EditInitialState("h", 0, 1.0)):
        store.dispatch(action)
    history = store.session.run.history
    store.dispatch(do.ChangeSettings(replace(store.session.settings, optimiser=Momentum(0.01))))
    store.wait()
    session = store.session
    assert session.training.state.learning_rate == 0.01 and session.training.shown == 4
    assert session.run.history.lineage[0] is history.lineage[0]
    assert session.model.parameters["b_f"][0] == 3.0 and len(edits(session).details) == 3
    # The optimiser's memory is kept: it is the same run, at another rate from here on.
    now, then = (s.optimiser["W_f"]["velocity"] for s in (session.training.state, history.head))
    assert np.array_equal(now, then)


def test_an_edit_made_while_a_run_is_prepared_is_not_lost(store):
    store.dispatch(do.ChangeSettings(replace(store.session.settings, optimiser=Momentum(0.01))))
    store.dispatch(do.EditWeight("b_f", 0, None, 3.0))
    store.dispatch(do.ClampGate("o", 1.0))
    store.wait()
    session = store.session
    assert session.settings.optimiser == Momentum(0.01) and session.training.state.learning_rate == 0.01
    assert session.model.parameters["b_f"][0] == 3.0 and session.settings.clamps == (Clamp("o", 1.0),)
    assert not session.busy


@pytest.mark.parametrize("trained", [0, 5])
def test_a_session_file_keeps_every_edit(store, tmp_path, trained):
    store.dispatch(do.Advance(trained))
    store.wait()
    for action in EDITS:
        store.dispatch(action)
    expected = picture(store)
    path = str(tmp_path / "edited.bptt")
    store.dispatch(do.SavePath(path))
    store.wait()
    other = Store(start_run(Settings()))
    other.dispatch(do.OpenPath(path))
    other.wait()
    assert other.session.message is None, other.session.message
    assert picture(other) == expected
    assert edits(other.session) == edits(store.session) or "NaN" in str(edits(store.session))
    # It goes on as the one that was saved.
    for one in (store, other):
        one.dispatch(do.ResetEdits("weights"))
        one.dispatch(do.Advance(2))
        one.wait()
    assert picture(other) == picture(store)
    other.close()


def test_a_typed_sentence_with_an_edit_comes_back_as_both(store, tmp_path):
    store.dispatch(do.TypeSentence("the cat runs home ."))
    store.dispatch(do.EditToken(2, "dog"))
    path = str(tmp_path / "typed.bptt")
    store.dispatch(do.SavePath(path))
    store.wait()
    other = Store(small_run())
    other.dispatch(do.OpenPath(path))
    other.wait()
    assert other.session.sentence.words == store.session.sentence.words
    other.dispatch(do.ResetEdits())
    assert other.session.sentence.words[2] == "cat"
    other.close()


@pytest.mark.parametrize(
    ("name", "value"), [("tokens", [[99, "cat"]]), ("tokens", 4), ("weights", [[1]]), ("initial_state", {"h": "x"})]
)
def test_a_file_whose_edits_were_tampered_with_is_refused_and_changes_nothing(store, tmp_path, name, value):
    path = tmp_path / "edited.bptt"
    store.dispatch(do.EditToken(1, "cats"))
    store.dispatch(do.SavePath(str(path)))
    store.wait()
    with zipfile.ZipFile(path) as file:
        members = {n: file.read(n) for n in file.namelist()}
    plain = json.loads(members["session.json"])
    (plain["session"] if "session" in plain and "tokens" not in plain else plain)[name] = value
    members["session.json"] = json.dumps(plain).encode()
    with zipfile.ZipFile(path, "w") as file:
        for member, data in members.items():
            file.writestr(member, data)
    before = picture(store)
    store.dispatch(do.OpenPath(str(path)))
    store.wait()
    assert store.session.message.level == "error"
    assert picture(store) == before


def test_a_cell_of_ones_own_trains_verifies_saves_and_is_clamped_like_a_built_in_one(qapp, tmp_path):
    text = "k = sigmoid(A @ x + B @ h_prev + d)\nh = k * h_prev + (1 - k) * tanh(C @ x)  # mine"
    store = Store(start_run(replace(SMALL, cell="keeper", equations=text)))
    store.dispatch(do.GoToEnd())
    store.dispatch(do.Advance(3))
    store.wait()
    store.dispatch(do.ClampGate("k", 0.5, 1))
    store.verify_now()
    store.wait()
    assert store.session.verification.ok
    path = str(tmp_path / "own.bptt")
    store.dispatch(do.SavePath(path))
    store.wait()
    other = Store(small_run())
    other.dispatch(do.OpenPath(path))
    other.wait()
    assert other.session.settings.equations == text and other.session.settings.clamps == (Clamp("k", 0.5, 1),)
    assert other.session.model.cell.text == store.session.model.cell.text
    assert isinstance(other.session.model.cell, Cell)
    for one in (store, other):
        one.close()


def test_forty_edits_can_be_taken_back_one_by_one(store):
    first = picture(store)
    for n in range(40):
        store.dispatch(do.EditWeight("V", 0, 0, float(n)))
    for _ in range(40):
        store.undo()
    assert picture(store) == first


def test_an_edit_that_cannot_be_done_is_a_message_and_no_step_to_take_back(store):
    store.forget()
    before = picture(store)
    for action in (do.EditWeight("W_f", 9, 9, 1.0), do.ClampGate("q", 1.0), do.EditToken(1, "two words")):
        store.dispatch(action)
        assert store.session.message.level == "error"
    assert picture(store) == before and not store.can_undo


def test_an_sgd_run_stays_finite_after_a_weight_that_was_not_is_set_right(qapp):
    store = Store(small_run(optimiser=SGD(0.1)))
    store.dispatch(do.EditWeight("W", 0, 1, math.nan))
    store.dispatch(do.Train(True))
    until(store, lambda: not store.session.training.running and not store.busy)
    assert "not finite" in store.session.message.text
    store.dispatch(do.ResetEdits("weights"))
    store.dispatch(do.Advance(2))
    store.wait()
    assert store.session.training.shown == 2
    assert all(np.isfinite(v).all() for v in store.session.model.parameters.values())
    store.close()


def test_the_second_of_two_networks_takes_the_clamps_that_it_has_gates_for(store):
    store.dispatch(do.ClampGate("f", 1.0))
    store.dispatch(do.ClampGate("h", 0.0, 2))
    store.dispatch(do.Compare(Beside((("cell", "gru"),))))
    companion = Companion(store)
    assert companion.b.session.settings.clamps == (Clamp("h", 0.0, 2),)
    companion.differ(cell="mgu")
    companion.b.wait()
    assert companion.b.session.settings.clamps == store.session.settings.clamps
    store.dispatch(do.ClampGate("f", None))
    store.wait()
    companion.b.wait()
    assert companion.b.session.settings.clamps == (Clamp("h", 0.0, 2),)
    assert companion.b.session.message is None
    companion.close()


def test_the_second_of_two_networks_reads_the_edited_sentence(store):
    store.dispatch(do.Compare(Beside((("cell", "gru"),))))
    companion = Companion(store)
    b = companion.b
    for action in (do.EditToken(1, "cats"), do.EditInitialState("h", 2, -1.0), do.EditInitialState("c", 0, 1.0)):
        store.dispatch(action)
    assert b.session.sentence.words == store.session.sentence.words
    assert b.session.sentence.initial_state["h"].tolist() == [0, 0, -1, 0, 0]
    store.dispatch(do.ResetEdits())
    assert b.session.sentence.original is None and b.session.sentence.words == store.session.sentence.words
    store.dispatch(do.ShowSentence(3))
    store.dispatch(do.EditToken(1, "zebra"))
    assert b.session.sentence.words[1] == "zebra" and b.session.sentence.index == 3
    companion.close()
