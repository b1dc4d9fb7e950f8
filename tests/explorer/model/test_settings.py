from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from explorer.model.runs import change_run, start_run
from explorer.model.settings import CorpusChoice, Settings, init_name
from rnncore.annealing import Halve
from rnncore.errors import RnnError
from rnncore.library import LIBRARY, find_cell
from rnncore.model import INITS, Init
from rnncore.optim import Adam, ClipByNorm
from rnncore.truncation import Chunks, Full, Stride, Tail, Window

from .runs import SMALL, small_run

EVERYTHING = Settings(
    corpus=CorpusChoice("file", "a b.csv", (("column", "comment"), ("level", "char"), ("vocabulary_size", 90))),
    cell="mine",
    equations="h = tanh(U @ x + W @ h_prev)",
    hidden_size=7,
    bias=True,
    init=Init("glorot", "orthogonal", "zeros", 0.5, 1.0),
    seed=3,
    truncation=Stride(3, 5, "all"),
    order="sweep",
    optimiser=Adam(0.01, beta1=0.8),
    clip=ClipByNorm(2.0),
    batch_size=4,
    between="carried",
    loss="sum",
    shuffle=False,
    validation=0.2,
    annealing=Halve(),
    update_per="sequence",
)


def test_every_setting_survives_a_file():
    assert Settings.from_plain(json.loads(json.dumps(EVERYTHING.to_plain()))) == EVERYTHING
    assert Settings.from_plain(json.loads(json.dumps(Settings().to_plain()))) == Settings()


@pytest.mark.parametrize("policy", [Full(), Window(0), Window(9), Chunks(3), Stride(2, 6, "last"), Tail(2)])
def test_every_truncation_survives_a_file(policy):
    settings = replace(Settings(), truncation=policy)
    assert Settings.from_plain(json.loads(json.dumps(settings.to_plain()))).truncation == policy


@pytest.mark.parametrize(
    "damage",
    [
        [],
        {"colour": "red"},
        {"hidden_size": 3, "corpus": 5},
        {"order": "sideways"},
        {"truncation": {"kind": "nothing"}},
        {"optimiser": {"kind": "SGD", "learning_rate": -1.0}},
        {"init": {"input": "tutorial", "spin": 2}},
        {"batch_size": 0},
        {"corpus": {"kind": "telegraph", "source": "x"}},
    ],
)
def test_damaged_settings_are_refused_in_words(damage):
    with pytest.raises(RnnError) as caught:
        Settings.from_plain(damage)
    assert len(str(caught.value)) > 10


def test_unknown_kinds_of_corpus_and_walk_are_refused():
    with pytest.raises(RnnError, match="bundled, file, text"):
        CorpusChoice("radio")
    with pytest.raises(RnnError, match="by loss, sweep"):
        Settings(order="zigzag")


def test_options_are_added_changed_and_taken_out():
    choice = CorpusChoice("file", "a.txt").with_options(level="char", column=None)
    assert choice.options == (("level", "char"),)
    assert choice.with_options(level=None).options == ()
    assert choice.option("level") == "char" and choice.option("unit", "line") == "line"


def test_the_default_is_the_tutorials_network_on_the_agreement_corpus():
    settings = Settings()
    assert (settings.cell, settings.hidden_size, settings.truncation) == ("vanilla", 16, Window(4))
    run = start_run(settings)
    model = run.history.trainer.model
    assert tuple(model.parameters) == ("U", "W", "V")
    assert run.history.last == 0
    assert run.corpus.vocabulary.size < 40


@pytest.mark.parametrize("cell", list(LIBRARY))
def test_every_cell_of_the_library_makes_a_run_that_trains(cell):
    run = small_run(cell=cell)
    record = run.history.step()
    assert record.finite and run.history.trainer.model.cell == find_cell(cell)


def test_too_few_sentences_are_not_split():
    run = start_run(replace(SMALL, corpus=CorpusChoice("text", "one two three ."), validation=0.5))
    assert run.history.trainer.validation_sentences.size == 0


@pytest.mark.parametrize(
    "change",
    [
        {"cell": "lstm"},
        {"hidden_size": 4},
        {"seed": 9},
        {"bias": True},
        {"init": Init("glorot")},
        {"precision": "float32"},
    ],
)
def test_what_start_weights_depend_on_begins_a_new_run_on_the_same_corpus(change):
    run = small_run()
    run.history.step()
    other = change_run(run, replace(run.settings, **change), 1)
    assert other.corpus is run.corpus and other.history is not run.history
    assert other.history.last == 0 and other.history.parent is None


def test_the_precision_is_that_of_the_weights_and_there_are_two():
    run = start_run(replace(SMALL, precision="float32"))
    run.history.step()
    assert {value.dtype.name for value in run.history.trainer.state.parameters.values()} == {"float32"}
    with pytest.raises(RnnError, match="float64, float32"):
        replace(SMALL, precision="float16")


def test_another_corpus_begins_a_new_run():
    run = small_run()
    other = change_run(run, replace(run.settings, corpus=CorpusChoice("text", "a b c .\nb c a .")), 0)
    assert other.corpus is not run.corpus and other.corpus.vocabulary.size < run.corpus.vocabulary.size


@pytest.mark.parametrize(
    "change",
    [{"truncation": Full()}, {"optimiser": Adam(0.01)}, {"clip": ClipByNorm(1.0)}, {"batch_size": 2}, {"loss": "sum"}],
)
def test_what_training_depends_on_branches_and_keeps_the_weights(change):
    run = small_run()
    for _ in range(3):
        run.history.step()
    there = run.history.seek(2)
    other = change_run(run, replace(run.settings, **change), 2)
    assert other.history.parent is run.history and other.history.first == 2
    for name, weights in there.parameters.items():
        np.testing.assert_array_equal(other.history.trainer.state.parameters[name], weights)
    assert run.history.last == 3, "the old branch lost its future"
    field = next(iter(change))
    assert getattr(other.history.trainer.settings, field) == change[field]


def test_the_order_of_the_walk_changes_nothing_else():
    run = small_run()
    run.history.step()
    other = change_run(run, replace(run.settings, order="sweep"), 0)
    assert other.history is run.history and other.settings.order == "sweep"


def test_initialisations_have_their_names():
    assert init_name(None) == "default"
    for name, init in INITS.items():
        assert init_name(init) == name
        assert init_name(replace(init, gain=2.0, forget_bias=1.0)) == name
    assert init_name(Init("zeros", "identity", "glorot")) == "custom"
