"""One update, the evaluations between them, and edits."""

from __future__ import annotations

import math

import numpy as np
import pytest

from rnncore.annealing import Halve
from rnncore.bptt import backward
from rnncore.corpus import Corpus
from rnncore.flat import Flat
from rnncore.model import Model
from rnncore.optim import SGD, Adam, ClipByNorm, Momentum
from rnncore.trace import IGNORE, forward
from rnncore.training import Trainer, perplexity
from rnncore.truncation import Chunks, Full, Stride, Tail, Window
from tests.rnncore.runs import H, model, sequences

# --- one update --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("loss", ["sum", "mean word"])
def test_an_update_is_clip_and_optimiser_applied_to_the_gradient(loss):
    data = sequences(1, masked=0.3)
    trainer = Trainer(model("gru"), data, Momentum(0.1), Window(2), clip=ClipByNorm(0.2), loss=loss)
    piece, before = trainer.next_piece, trainer.model
    anatomy = trainer.anatomy()
    record = trainer.step()
    (index,) = record.sentences
    trace = forward(before, data[index].inputs)
    losses = trace.losses(data[index].targets)
    words = int((data[index].targets != IGNORE).sum())
    gradients = backward(before, trace, data[index].targets, Window(2))
    share = 1.0 if loss == "sum" else 1.0 / words
    norm = gradients.norm() * share
    assert record.words == words == piece.words
    assert record.loss == pytest.approx(losses.sum() / words, rel=1e-12)
    assert record.gradient_norm == pytest.approx(norm, rel=1e-12)
    assert record.clip_scale == pytest.approx(min(1.0, 0.2 / norm), rel=1e-12)
    for name, old in before.parameters.items():
        expected = old - 0.1 * gradients[name] * share * record.clip_scale
        np.testing.assert_allclose(trainer.model.parameters[name], expected, rtol=1e-12, atol=1e-15)
        np.testing.assert_array_equal(trainer.model.parameters[name], old + anatomy.deltas[name])
        np.testing.assert_allclose(anatomy.summed[name], gradients[name], rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("truncation", [Full(), Window(2), Chunks(3), Stride(2, 4, "all"), Tail(3)], ids=repr)
@pytest.mark.parametrize("cell", ["vanilla", "lstm"])
def test_a_padded_batch_gives_the_sum_of_its_sequences_gradients(cell, truncation):
    data = sequences(5, count=4, masked=0.2)
    trainer = Trainer(model(cell), data, SGD(0.1), truncation, batch_size=4, loss="sum", shuffle=False)
    anatomy = trainer.anatomy()
    assert anatomy.piece.inputs.shape == (4, max(len(e.inputs) for e in data))
    one_by_one = [backward(trainer.model, forward(trainer.model, e.inputs), e.targets, truncation) for e in data]
    for name in trainer.model.parameters:
        expected = sum(gradients[name] for gradients in one_by_one)
        np.testing.assert_allclose(anatomy.summed[name], expected, rtol=1e-11, atol=1e-13)


def test_the_loss_of_a_batch_is_weighted_by_words():
    data = sequences(5, count=3, masked=0.4)
    trainer = Trainer(model(), data, batch_size=3, shuffle=False)
    losses = [forward(trainer.model, e.inputs).losses(e.targets) for e in data]
    words = sum(int((e.targets != IGNORE).sum()) for e in data)
    record = trainer.step()
    assert record.loss == pytest.approx(sum(loss.sum() for loss in losses) / words, rel=1e-12)
    assert record.words == words


def test_a_language_is_learnt_far_below_its_vocabularys_size():
    corpus = Corpus.from_text("the cat sat on the mat. the dog lay on the rug. a bird sang in the tree. " * 4)
    network = Model.create("lstm", corpus.vocabulary.size, 12, seed=2)
    trainer = Trainer(network, corpus, Adam(0.02), Full(), batch_size=4, clip=ClipByNorm(5.0))
    before = trainer.evaluate("training")
    assert perplexity(before) == pytest.approx(corpus.vocabulary.size, rel=0.1)
    trainer.run(150)
    assert perplexity(trainer.evaluate("training")) < 2.0


@pytest.mark.parametrize("optimiser", [SGD(0.1), Adam(0.02)])
def test_large_models_whose_arrays_stay_apart_learn_the_same(optimiser, monkeypatch):
    def train():
        trainer = Trainer(model("lstm"), sequences(), optimiser, Full(), clip=ClipByNorm(1.0))
        trainer.run(12)
        return trainer

    together = train()
    monkeypatch.setattr("rnncore.update.LARGEST", 0)
    monkeypatch.setattr("rnncore.kernels.LARGEST", 0)
    apart = train()
    assert isinstance(together.state.parameters, Flat) and not isinstance(apart.state.parameters, Flat)
    for name, value in apart.model.parameters.items():
        np.testing.assert_allclose(together.model.parameters[name], value, rtol=1e-10, atol=1e-13)


# --- evaluation --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("between", ["reset", "detached", "carried"])
def test_evaluation_in_bounded_groups_is_the_word_weighted_mean(between, monkeypatch):
    data = sequences(6, count=12, masked=0.3)
    trainer = Trainer(model("gru"), data, SGD(0.1), Full(), between=between, batch_size=3)
    total, words, state = 0.0, 0, None
    for example in data:
        trace = forward(trainer.model, example.inputs, state)
        total += trace.losses(example.targets).sum()
        words += int((example.targets != IGNORE).sum())
        state = trace.final_state if between != "reset" else None
    for numbers in (1, 500, 10**6):
        monkeypatch.setattr("rnncore.evaluation.NUMBERS_AT_ONCE", numbers)
        assert trainer.evaluate() == pytest.approx(total / words, rel=1e-12)


def test_evaluation_changes_nothing_and_is_not_repeated_for_the_same_weights():
    trainer = Trainer(model(), sequences(), Adam(0.01), Full(), annealing=Halve())
    trainer.run(9)
    state = trainer.state
    loss = trainer.scheduled_evaluation()
    assert trainer.state is state
    calls = []
    trainer.evaluate = lambda *arguments: calls.append(arguments)
    record = trainer.step()
    assert record.evaluated == loss and calls == []


def test_evaluations_come_before_the_update_at_which_they_are_due():
    trainer = Trainer(model(), sequences(), SGD(0.1), Full(), evaluate_every=4, evaluate_unit="update")
    records = [trainer.step() for _ in range(10)]
    assert [r.update for r in records if r.evaluated is not None] == [1, 5, 9]
    trainer = Trainer(model(), sequences(), SGD(0.1), Full(), evaluate_every=2)
    records = [trainer.step() for _ in range(40)]
    assert [r.update for r in records if r.evaluated is not None] == [1, 19, 37]


def test_an_evaluation_limit_takes_sequences_spread_over_the_split():
    data = sequences(6, count=9)
    trainer = Trainer(model(), data, SGD(0.1), Full(), evaluation_limit=3)
    chosen = [forward(trainer.model, data[i].inputs).losses(data[i].targets) for i in (0, 4, 8)]
    expected = sum(x.sum() for x in chosen) / sum(len(x) for x in chosen)
    assert trainer.evaluate() == pytest.approx(expected, rel=1e-12)


def test_perplexity_of_ln_v_is_v_and_never_overflows():
    assert perplexity(math.log(80)) == pytest.approx(80)
    assert perplexity(1e9) == math.inf and perplexity(math.inf) == math.inf
    assert math.isnan(perplexity(math.nan))


# --- what is not finite ------------------------------------------------------------------------------------


def test_numbers_that_are_not_finite_are_recorded_without_a_crash_or_a_warning():
    network = model("irnn", scale=1e160)
    trainer = Trainer(network, sequences(), SGD(1e200), Full(), clip=ClipByNorm(1e300), annealing=Halve())
    records = [trainer.step() for _ in range(25)]
    assert not records[-1].finite
    assert any(not np.isfinite(value).all() for value in trainer.model.parameters.values())


def test_a_run_can_be_told_to_stop_at_the_first_number_that_is_not_finite():
    broken = {"W": np.full((H, H), np.nan)}
    trainer = Trainer(model().with_parameters(broken), sequences(), SGD(0.1), Full())
    record = trainer.run(10, stop_when_not_finite=True)
    assert record.update == 1 and not record.finite and math.isnan(record.loss)
    assert trainer.run(10).update == 11


# --- edits -------------------------------------------------------------------------------------------------


def test_an_edit_makes_a_branch_and_leaves_the_trainer_as_it_is():
    trainer = Trainer(model(), sequences(), Adam(0.01), Full())
    trainer.run(5)
    state = trainer.state
    branch = trainer.edited(learning_rate=0.5, truncation=Window(1))
    assert branch.state.update == 5 and branch.state.learning_rate == 0.5
    assert branch.settings.truncation == Window(1) and trainer.settings.truncation == Full()
    branch.run(3)
    assert trainer.state is state and branch.state.update == 8
    other = trainer.edited(optimiser=SGD(0.25))
    assert other.state.learning_rate == 0.25 and other.state.optimiser["W"] == {}
    assert trainer.edited(optimiser=Adam(0.01, beta1=0.5)).state.optimiser["W"]["step"] == 5
    assert other.step().sentences == trainer.clone().step().sentences


def test_an_edit_of_the_data_order_starts_the_epoch_anew():
    trainer = Trainer(model(), sequences(), Adam(0.01), Full(), between="detached")
    trainer.run(12)
    branch = trainer.edited(batch_size=3)
    assert (branch.state.epoch, branch.state.position, branch.state.carried) == (1, 0, None)
    assert branch.updates_per_epoch == 3
    branch.run(3)
