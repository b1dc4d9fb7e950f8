"""Settings, data and states that cannot be trained with are refused in words."""

from __future__ import annotations

import numpy as np
import pytest

from rnncore.annealing import Halve
from rnncore.corpus import Example
from rnncore.errors import RnnError
from rnncore.model import Model
from rnncore.optim import SGD, Adam, ClipByNorm
from rnncore.trace import IGNORE
from rnncore.training import Trainer, TrainingSettings
from rnncore.truncation import Full, Window
from tests.rnncore.runs import H, V, model, sequences


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"between": "nowhere"}, "between"),
        ({"batch_size": 0}, "batch_size"),
        ({"batch_size": True}, "batch_size"),
        ({"seed": -1}, "seed"),
        ({"validation": 1.0}, "validation"),
        ({"validation": 0.999}, "leaves no training"),
        ({"loss": "median"}, "loss"),
        ({"update_per": "chunk"}, "Chunks"),
        ({"clip": 5.0}, "clip"),
        ({"annealing": None}, "annealing"),
        ({"evaluation_limit": 0}, "evaluation_limit"),
        ({"speed": 3}, "no setting 'speed'"),
    ],
)
def test_a_setting_that_cannot_be_used_is_refused_by_name(changes, words):
    with pytest.raises(RnnError, match=words):
        Trainer(model(), sequences(), SGD(0.1), Full(), **changes)


def test_data_that_cannot_be_trained_on_are_refused():
    with pytest.raises(RnnError, match="nothing to learn"):
        Trainer(model(), [])
    with pytest.raises(RnnError, match="nothing to learn"):
        Trainer(model(), [Example(np.array([1, 2]), np.array([IGNORE, IGNORE]))])
    with pytest.raises(RnnError, match="Sequence 0 has inputs"):
        Trainer(model(), [Example(np.array([1, 2]), np.array([1]))])
    with pytest.raises(RnnError, match=f"token {V}"):
        Trainer(model(), [Example(np.array([1, V]), np.array([1, 2]))])


def test_a_state_of_another_run_is_refused_and_changes_nothing():
    trainer = Trainer(model(), sequences(), Adam(0.01), Full())
    state = trainer.state
    for other in (
        Trainer(model("lstm"), sequences(), Adam(0.01), Full()),
        Trainer(model(), sequences(), SGD(0.01), Full()),
    ):
        with pytest.raises(RnnError, match="belongs to another"):
            trainer.restore(other.state)
    longer = Trainer(model(), sequences(count=30), Adam(0.01), Full())
    longer.run(20)
    with pytest.raises(RnnError, match="other data"):
        trainer.restore(longer.state)
    wide = Model.create("vanilla", V, H + 1)
    with pytest.raises(RnnError, match="shape"):
        trainer.restore(Trainer(wide, sequences(), Adam(0.01), Full()).state)
    assert trainer.state is state


@pytest.mark.parametrize(
    ("inputs", "targets", "says"),
    [
        ([0.5, 1], [1, 2], "Sequence 1 holds"),
        ([0, 1], [1.7, 2.0], "ids of tokens"),
        ([True], [1], "ids of tokens"),
        (["a"], ["b"], "ids of tokens"),
        (None, None, "ids of tokens"),
        ([[0, 1], [2]], [1, 2], "ids of tokens"),
        ([0, -1], [1, 2], "the number -1"),
        ([0, 1], [1, -5], "or -1 where a step has no loss"),
        (np.array([2**64 - 1], np.uint64), [1], "id of no token"),
        ([0, 99], [1, 2], "knows only 8 tokens"),
        ([0, 1], [1, 99], "knows only 8 tokens"),
    ],
)
def test_examples_that_are_no_tokens_are_refused_before_the_first_update(inputs, targets, says):
    class One:
        def __init__(self, inputs, targets):
            self.inputs, self.targets = inputs, targets

    with pytest.raises(RnnError, match=says):
        Trainer(Model.create("vanilla", 8, 3), [One([0, 1], [1, 2]), One(inputs, targets)])


@pytest.mark.parametrize(
    ("corpus", "says"), [(3, "no corpus"), (None, "no corpus"), ([3], "Example 0"), ("abc", "lacks inputs")]
)
def test_what_is_no_corpus_is_refused_in_words(corpus, says):
    with pytest.raises(RnnError, match=says):
        Trainer(Model.create("vanilla", 8, 3), corpus)


def test_small_whole_numbers_of_any_kind_are_tokens_and_may_change_afterwards():
    inputs, targets = np.array([0, 1, 2], np.uint8), np.array([1, 2, -1], np.int16)
    trainer = Trainer(Model.create("vanilla", 8, 3), [Example(inputs, targets)])
    inputs[:] = 7
    assert trainer.sequences[0].inputs.tolist() == [0, 1, 2] and trainer.step().words == 2


def test_a_state_of_another_precision_is_refused_and_changes_nothing():
    items = sequences(4)
    double = Trainer(Model.create("vanilla", V, H), items)
    single = Trainer(Model.create("vanilla", V, H, dtype=np.float32), items)
    before = double.state
    with pytest.raises(RnnError, match="another precision than float64"):
        double.restore(single.state)
    assert double.state is before and double.model.dtype == np.float64


@pytest.mark.parametrize("updates", [1.5, "3", True])
def test_a_number_of_updates_is_whole(updates):
    with pytest.raises(RnnError, match="updates"):
        Trainer(Model.create("vanilla", V, H), sequences(4)).run(updates)


def test_to_shuffle_or_not_is_yes_or_no():
    with pytest.raises(RnnError, match="True or False"):
        TrainingSettings(SGD(), Full(), shuffle="yes")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda plain: None, "lack an optimiser"),
        (lambda plain: {"optimiser": plain["optimiser"]}, "lack an optimiser or a truncation"),
        (lambda plain: plain | {"os": "rm"}, "no setting 'os'"),
        (lambda plain: plain | {"truncation": {"policy": []}}, "needs a policy"),
        (lambda plain: plain | {"optimiser": {"kind": "SGD", "rate": 1}}, "SGD has no setting 'rate'"),
        (lambda plain: plain | {"clip": {"kind": "SGD"}}, "Unknown kind 'SGD'"),
        (lambda plain: plain | {"annealing": 3}, "Expected a record"),
        (lambda plain: plain | {"batch_size": "2"}, "batch_size"),
    ],
)
def test_settings_that_were_tampered_with_are_refused_by_name(change, says):
    plain = TrainingSettings(Adam(), Window(2), ClipByNorm(1.0), annealing=Halve()).to_plain()
    assert TrainingSettings.from_plain(plain) == TrainingSettings(Adam(), Window(2), ClipByNorm(1.0), annealing=Halve())
    with pytest.raises(RnnError, match=says):
        TrainingSettings.from_plain(change(plain))
