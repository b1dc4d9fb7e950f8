"""What is saved comes back as it was."""

from __future__ import annotations

import io
import math
import zipfile

import numpy as np
import pytest

from rnncore import tasks
from rnncore.annealing import Halve
from rnncore.bundled import load as bundled
from rnncore.cells import Cell
from rnncore.errors import RnnError
from rnncore.files import load, save, saved_order
from rnncore.keyframes import state_bytes
from rnncore.model import Init, Model
from rnncore.optim import SGD, ClipByNorm
from rnncore.training import Trainer
from rnncore.truncation import Window
from tests.rnncore.runs import SETTINGS, same
from tests.rnncore.session_files import corpus, recorded


@pytest.mark.parametrize("settings", SETTINGS, ids=lambda s: f"{s['truncation']}-{s.get('between', 'reset')}")
def test_a_saved_run_goes_on_bitwise_as_if_it_had_not_been_saved(tmp_path, settings):
    history = recorded(30, "lstm", **settings)
    save(tmp_path / "run.bptt", history=history)
    loaded = load(tmp_path / "run.bptt").history()
    assert same(loaded.trainer.state, history.trainer.state)
    history.run(20)
    loaded.run(20)
    assert same(loaded.trainer.state, history.trainer.state)
    for update in (0, 3, 11, 29, 41):
        assert same(loaded.seek(update), history.seek(update))
    np.testing.assert_array_equal(loaded.curve.rows, history.curve.rows)
    np.testing.assert_array_equal(loaded.evaluations.rows, history.evaluations.rows)


def test_everything_in_the_file_comes_back(tmp_path):
    history = recorded(12, clip=ClipByNorm(2.0), validation=0.2, annealing=Halve())
    session = {
        "panels": ["stage", {"zoom": 1.5}],
        "loss": math.nan,
        "far": -math.inf,
        "none": None,
        "ä": "∂L",
    }
    save(tmp_path / "all.bptt", history=history, session=session)
    loaded = load(tmp_path / "all.bptt")
    assert loaded.session["panels"] == ["stage", {"zoom": 1.5}] and loaded.session["ä"] == "∂L"
    assert math.isnan(loaded.session["loss"]) and loaded.session["far"] == -math.inf
    assert loaded.model.cell == history.trainer.model.cell and loaded.model.init == Init(forget_bias=1.0)
    text = history.trainer.corpus
    assert loaded.corpus.vocabulary == text.vocabulary and loaded.corpus.texts == text.texts
    assert [list(a) for a in loaded.corpus.sentences] == [list(a) for a in text.sentences]
    assert loaded.lines[0].settings == history.trainer.settings
    for name, value in loaded.model.parameters.items():
        assert value.tobytes() == history.trainer.model.parameters[name].tobytes()
        assert not value.flags.writeable


def test_parameters_can_be_read_by_numpy_alone(tmp_path):
    history = recorded(2)
    save(tmp_path / "run.bptt", history=history)
    with zipfile.ZipFile(tmp_path / "run.bptt") as archive:
        value = np.load(io.BytesIO(archive.read("parameters/W_n.npy")), allow_pickle=False)
    np.testing.assert_array_equal(value, history.trainer.model.parameters["W_n"])


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_weights_that_are_not_finite_come_back_as_they_were(tmp_path, dtype):
    model = Model.create("vanilla", 4, 3, dtype=dtype)
    strange = np.array([[math.nan, math.inf, -math.inf], [-0.0, 1e-45, 3.0], [1.0, 2.0, 3.0]], dtype)
    save(tmp_path / "nan.bptt", model=model.with_parameters({"W": strange}))
    back = load(tmp_path / "nan.bptt")
    assert back.model.parameters["W"].tobytes() == strange.tobytes()
    assert back.model.dtype == dtype and back.lines == () and back.corpus is None
    with pytest.raises(RnnError, match="without its training"):
        back.history()


def test_a_run_that_has_diverged_can_be_saved(tmp_path):
    history = recorded(12, optimiser=SGD(1e300), cell="irnn")
    assert not history.curve.rows["finite"].all()
    save(tmp_path / "far.bptt", history=history)
    loaded = load(tmp_path / "far.bptt").history()
    assert same(loaded.seek(5), history.seek(5))
    loaded.run(3)


def test_a_cell_of_ones_own_comes_back_with_its_equations(tmp_path):
    cell = Cell.from_equations("mine", "k = sigmoid(A @ x + p * h_prev)\nh = k * h_prev + (1 - k) * tanh(B @ x)")
    text = corpus()
    trainer = Trainer(Model.create(cell, text.vocabulary.size, 4), text, SGD(0.1), Window(2))
    trainer.run(3)
    save(tmp_path / "own.bptt", trainer=trainer)
    loaded = load(tmp_path / "own.bptt").history()
    assert loaded.trainer.model.cell.text == cell.text and loaded.first == loaded.last == 3
    loaded.run(4)
    trainer.run(4)
    assert same(loaded.trainer.state, trainer.state)


def test_a_tasks_mask_comes_back(tmp_path):
    task = bundled("echo", sentences=6)
    save(tmp_path / "task.bptt", trainer=Trainer(Model.create("gru", task.vocabulary.size, 4), task))
    back = load(tmp_path / "task.bptt").corpus
    for one, other in zip(task.examples, back.examples, strict=True):
        np.testing.assert_array_equal(one.targets, other.targets)


def test_branches_are_saved_with_what_they_came_from(tmp_path):
    history = recorded(20)
    branch = history.branch(12, learning_rate=0.3)
    branch.run(9)
    sibling = history.branch(6, optimiser=SGD(0.1), label="learning rate 0.1")
    sibling.run(2)
    save(tmp_path / "tree.bptt", history=[branch, sibling])
    loaded = load(tmp_path / "tree.bptt")
    assert len(loaded.lines) == 3
    current = loaded.history()
    assert (current.first, current.last, current.parent.last) == (12, 21, 20)
    assert same(current.seek(20), branch.seek(20)) and same(current.seek(4), history.seek(4))
    assert same(current.parent.seek(20), history.seek(20))
    others = [made for made in loaded.histories() if made.last == 8]
    assert len(others) == 1 and others[0].parent is not None
    assert others[0].label == "learning rate 0.1" and current.label == current.parent.label == ""
    assert [made.last for made in loaded.histories()] == [made.last for made in saved_order([branch, sibling])]


def test_keyframes_are_thinned_to_the_room_given_and_seeking_stays_exact(tmp_path):
    history = recorded(60, spacing=2)
    save(tmp_path / "thin.bptt", history=history, keyframe_bytes=5 * state_bytes(history.head))
    loaded = load(tmp_path / "thin.bptt")
    assert len(loaded.lines[0].keyframes) <= 5 < len(history.keyframes)
    assert same(loaded.history().seek(37), history.seek(37))


def test_the_same_session_is_the_same_file(tmp_path):
    history = recorded(5)
    save(tmp_path / "a.bptt", history=history)
    save(tmp_path / "b.bptt", history=load(tmp_path / "a.bptt").history())
    assert (tmp_path / "a.bptt").read_bytes() == (tmp_path / "b.bptt").read_bytes()


def test_a_tasks_rule_comes_back_without_drawing_all_its_sentences_again(tmp_path, monkeypatch):
    task = bundled("copy", sentences=40, length=3, seed=5)
    save(tmp_path / "run.bptt", corpus=task, model=Model.create("vanilla", task.vocabulary.size, 3))
    drawn = []
    draw = tasks._draw
    monkeypatch.setattr(tasks, "_draw", lambda count, *more: drawn.append(count) or draw(count, *more))
    back = load(tmp_path / "run.bptt").corpus
    assert sum(drawn) <= 1 and back.recipe == task.recipe
    for one, other in zip(task.examples, back.examples, strict=True):
        np.testing.assert_array_equal(one.targets, other.targets)
