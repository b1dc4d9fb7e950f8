"""Single precision is a choice of the model, and whatever is done with it stays single."""

from __future__ import annotations

import numpy as np
import pytest

from rnncore import backward, forward, generate
from rnncore.bundled import load as bundled
from rnncore.files import load, save
from rnncore.history import History
from rnncore.ledger import ledgers
from rnncore.model import Model
from rnncore.optim import SGD, Adagrad, Adam, ClipByNorm, ClipByValue, Momentum, RMSProp
from rnncore.sampling import predict
from rnncore.training import Trainer
from rnncore.truncation import Full, Window
from rnncore.walk import walk
from tests.rnncore.runs import SETTINGS, same

OPTIMISERS = [SGD(0.3), Momentum(0.05, nesterov=True), Adagrad(0.1), RMSProp(0.01), Adam(0.02)]


def started(cell="gru", dtype=np.float32, **settings):
    corpus = bundled("agreement", sentences=40)
    model = Model.create(cell, corpus.vocabulary.size, 6, seed=2, dtype=dtype)
    return History(Trainer(model, corpus, settings=None, **({"optimiser": SGD(0.3), "truncation": Full()} | settings)))


def kinds(state):
    """All precisions of a state's real arrays."""
    arrays = [*state.parameters.values(), *(state.carried or {}).values()]
    arrays += [a for slots in state.optimiser.values() for a in slots.values() if a.dtype.kind == "f"]
    return {array.dtype for array in arrays}


@pytest.mark.parametrize("settings", SETTINGS, ids=lambda s: f"{s['truncation']}-{s.get('between', 'reset')}")
def test_a_run_stays_single_and_can_be_gone_back_to(settings):
    history = started(**settings)
    states = [history.head]
    history.run(20, lambda record: states.append(history.trainer.state))
    assert all(kinds(state) == {np.dtype(np.float32)} for state in states)
    for update in (19, 4, 11):
        assert same(history.seek(update), states[update])
    assert isinstance(history.trainer.evaluate(), float)


@pytest.mark.parametrize("large", [False, True])
@pytest.mark.parametrize("clip", [None, ClipByNorm(0.1), ClipByValue(0.01)], ids=repr)
@pytest.mark.parametrize("optimiser", OPTIMISERS, ids=repr)
def test_it_does_what_double_precision_does_to_seven_digits(optimiser, clip, large, monkeypatch):
    if large:
        monkeypatch.setattr("rnncore.kernels.LARGEST", 0)
        monkeypatch.setattr("rnncore.update.LARGEST", 0)
    settings = {"optimiser": optimiser, "clip": clip, "truncation": Window(3), "validation": 0.2, "batch_size": 2}
    single, double = started(**settings), started(dtype=np.float64, **settings)
    assert kinds(single.head) == {np.dtype(np.float32)}
    double.trainer.restore(Trainer(single.trainer.model.astype(np.float64), double.trainer.corpus, **settings).state)
    for _ in range(3):
        found, expected = single.trainer.step(), double.trainer.step()
        assert found.loss == pytest.approx(expected.loss, rel=1e-4)
        assert found.gradient_norm == pytest.approx(expected.gradient_norm, rel=1e-3)
    assert kinds(single.trainer.state) == {np.dtype(np.float32)}
    assert single.trainer.evaluate() == pytest.approx(double.trainer.evaluate(), rel=1e-4)


def test_a_saved_run_comes_back_single_and_goes_on_bitwise(tmp_path):
    history = started("lstm", optimiser=Adam(0.02), validation=0.1)
    history.run(15)
    path = tmp_path / "single.bptt"
    save(path, history=history, session={})
    loaded = load(path).history()
    assert loaded.trainer.model.dtype == np.float32 and kinds(loaded.head) == {np.dtype(np.float32)}
    assert same(loaded.seek(7), history.seek(7))
    history.run(10)
    loaded.run(10)
    assert same(loaded.head, history.head)


def test_everything_that_explains_is_single_too():
    history = started("lstm")
    model, example = history.trainer.model, history.trainer.corpus.examples[0]
    trace = forward(model, example.inputs)
    gradients = backward(model, trace, example.targets)
    steps = walk(model, trace, example.targets, optimiser=SGD(0.1))
    look = steps.progress(len(steps) // 2)
    assert {trace.hidden.dtype, trace.probabilities.dtype, trace["f"].dtype} == {np.dtype(np.float32)}
    assert {array.dtype for array in gradients.values()} == {np.dtype(np.float32)}
    assert look.parameter_gradients["W_f"].dtype == look.state_gradient("h")["sum"].dtype == np.float32
    assert steps.update.parameters["V"].dtype == np.float32
    for name, one in ledgers(model, trace, example.targets).items():
        assert (one.kept * one.signed).sum() == pytest.approx(np.linalg.norm(gradients[name]), rel=1e-4)


def test_it_writes_and_predicts():
    history = started("gru")
    model, vocabulary = history.trainer.model, history.trainer.corpus.vocabulary
    written = generate(model, vocabulary, ("the", "dogs"), 5, 1.0, np.random.default_rng(0))
    assert written is not None
    assert predict(model, vocabulary, ("the", "dogs")) is not None
