"""A branch bears the name of what made it."""

from __future__ import annotations

import math
from dataclasses import fields, replace

import pytest

from explorer.model import action as do
from explorer.model.branch_labels import _WORDS
from explorer.model.runs import change_run
from rnncore.annealing import Constant, Halve
from rnncore.optim import SGD, Adam, ClipByNorm, ClipByValue, Momentum
from rnncore.training_settings import TrainingSettings
from rnncore.truncation import Chunks, Full, Window
from tests.explorer.model.runs import Driver, small_run


def trained(updates: int = 3, **settings) -> Driver:
    d = Driver(small_run(**settings))
    d.do(d.trained(updates, running=False))
    return d


def label(d: Driver) -> str:
    return d.session.run.history.label


def test_a_run_has_no_label():
    assert label(trained()) == ""


@pytest.mark.parametrize(
    ("action", "expected"),
    [
        (do.EditWeight("W_i", 1, 0, 0.5), "W_i[2, 1] = 0.5"),
        (do.EditWeight("W_i", 0, 0, -math.inf), "W_i[1, 1] = −∞"),
        (do.EditWeight("W_i", 0, 0, math.nan), "W_i[1, 1] = NaN"),
        (do.ClampGate("f", 1.0), "f clamped to 1"),
        (do.ClampGate("f", 0.0, 2), "f[3] clamped to 0"),
        (do.EditLearningRate(0.25), "learning rate 0.25"),
    ],
)
def test_an_edit_names_its_branch(action, expected):
    d = trained(cell="lstm", optimiser=SGD(0.1))
    d.do(action)
    assert label(d) == expected


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"truncation": Window(8)}, "window k = 8"),
        ({"truncation": Full()}, "full BPTT"),
        ({"truncation": Chunks(3), "update_per": "chunk"}, "chunks of 3 · an update per chunk"),
        ({"optimiser": Adam(0.01)}, "Adam · learning rate 0.01"),
        ({"optimiser": SGD(0.5)}, "learning rate 0.5"),
        ({"clip": ClipByNorm(5.0)}, "clip by norm 5"),
        ({"clip": ClipByValue(1.5)}, "clip by value 1.5"),
        ({"batch_size": 4}, "batch of 4"),
        ({"between": "carried"}, "between sequences: carried"),
        ({"annealing": Halve()}, "annealing: halve"),
        ({"validation": 0.5}, "50 % held out"),
    ],
)
def test_a_change_of_settings_names_its_branch(changes, expected):
    d = trained(annealing=Constant())
    run = change_run(d.session.run, replace(d.session.settings, **changes), 2)
    assert run.history.label == expected


def test_one_number_of_an_optimiser_is_named_alone():
    d = trained(optimiser=Momentum(0.1, momentum=0.9))
    run = change_run(d.session.run, replace(d.session.settings, optimiser=Momentum(0.1, momentum=0.5)), 2)
    assert run.history.label == "momentum 0.5"


def test_edits_at_one_update_name_their_branch_together_and_an_entry_once():
    d = trained(cell="lstm")
    d.do(do.EditWeight("W_f", 1, 0, 0.5), do.EditWeight("W_f", 1, 0, 0.75), do.ClampGate("f", 1.0))
    assert label(d) == "W_f[2, 1] = 0.75 · f clamped to 1"
    d.do(do.ClampGate("f", None))
    assert label(d) == "W_f[2, 1] = 0.75"


def test_a_branch_of_a_branch_names_only_what_is_new():
    d = trained(cell="lstm")
    d.do(do.EditWeight("W_f", 1, 0, 0.5))
    d.do(d.trained(2, running=False))
    d.do(do.ClampGate("o", 0.0))
    d.do(d.trained(2, running=False))
    d.do(do.ClampGate("o", None))
    assert [line.label for line in d.session.run.history.lineage] == [
        "", "W_f[2, 1] = 0.5", "o clamped to 0", "o free",
    ]  # fmt: skip


def test_many_changes_are_counted_after_the_first_three():
    d = trained()
    d.do(*(do.EditWeight("W", 0, unit, 0.5) for unit in range(5)), do.EditWeight("U", 0, 0, 0.5))
    assert label(d) == "W[1, 1] = 0.5 · W[1, 2] = 0.5 · W[1, 3] = 0.5 · 3 more changes"


def test_a_rate_set_back_to_what_the_run_began_with_is_named():
    d = trained(12, optimiser=SGD(0.1), annealing=Halve(), cell="vanilla")
    state = replace(d.session.training.state, annealed=replace(d.session.training.state.annealed, learning_rate=0.05))
    d.session = replace(d.session, training=replace(d.session.training, state=state))
    d.do(do.EditLearningRate(0.1))
    assert label(d) == "learning rate 0.1"


def test_every_setting_of_training_has_words():
    assert {f.name for f in fields(TrainingSettings)} - {"optimiser"} == set(_WORDS)
