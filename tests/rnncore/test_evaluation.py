"""The loss of a split by the kernels is that of the graph, sentence by sentence."""

from __future__ import annotations

import math

import numpy as np
import pytest

from rnncore import LIBRARY, forward
from rnncore.batches import Item
from rnncore.evaluation import mean_loss, perplexity
from rnncore.trace import IGNORE
from tests.rnncore.cases import lively

V = 9


def items(count, longest=14, seed=0, masked=0.2):
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(count):
        length = int(rng.integers(1, longest + 1))
        inputs, targets = rng.integers(0, V, (2, length))
        targets[rng.random(length) < masked] = IGNORE
        found.append(Item(inputs, targets, int(np.count_nonzero(targets >= 0))))
    return found


def by_graph(model, sequences, between):
    total, words, state = 0.0, 0, None
    for item in sequences:
        trace = forward(model, item.inputs, state if between != "reset" else None)
        state = trace.final_state
        total += float(trace.losses(item.targets).sum(dtype=np.float64))
        words += item.words
    return total / words


@pytest.mark.parametrize("between", ["reset", "detached"])
@pytest.mark.parametrize("cell", sorted(LIBRARY))
def test_the_loss_of_a_split_is_the_graphs(cell, between):
    model, sequences = lively(cell, V, 6), items(90)
    assert mean_loss(model, sequences, between) == pytest.approx(by_graph(model, sequences, between), rel=1e-12)


@pytest.mark.parametrize("between", ["reset", "carried"])
@pytest.mark.parametrize("count", [1, 7, 64, 65, 130])
def test_any_number_of_sequences_fills_its_batches(count, between, monkeypatch):
    model, sequences = lively("gru", V, 5), items(count, seed=count)
    expected = by_graph(model, sequences, between)
    assert mean_loss(model, sequences, between) == pytest.approx(expected, rel=1e-12)
    for most in (5 * 14 * 9, 1):
        monkeypatch.setattr("rnncore.evaluation.STATES_AT_ONCE", most)
        monkeypatch.setattr("rnncore.evaluation.STRETCH", 5)
        assert mean_loss(model, sequences, between) == pytest.approx(expected, rel=1e-12)


def test_single_precision_is_evaluated_in_single_precision():
    model, sequences = lively("lstm", V, 6), items(70)
    found = mean_loss(model.astype(np.float32), sequences)
    assert found == pytest.approx(mean_loss(model, sequences), rel=1e-5)


@pytest.mark.parametrize("between", ["reset", "carried"])
def test_a_model_without_a_kernel_is_evaluated_by_the_graph(between):
    model, sequences = lively("vanilla", V, 4), items(20)
    mixed = model.with_parameters({"W": model.parameters["W"].astype(np.float32)})
    assert mean_loss(mixed, sequences, between) == pytest.approx(by_graph(mixed, sequences, between), rel=1e-6)


def test_the_same_weights_give_bitwise_the_same_loss():
    model, sequences = lively("lstm", V, 6), items(100)
    first = mean_loss(model, sequences)
    mean_loss(lively("lstm", V, 6, 3), items(30, longest=40, seed=5))
    assert mean_loss(model, sequences) == first


def test_an_evaluation_can_be_stopped_and_nothing_to_hear_is_no_number():
    model = lively("vanilla", V, 4)
    assert mean_loss(model, items(200), should_stop=lambda: True) is None
    silent = [Item(np.array([1, 2]), np.array([IGNORE, IGNORE]), 0)]
    assert math.isnan(mean_loss(model, silent)) and math.isnan(mean_loss(model, [], "carried"))
    assert perplexity(1e9) == math.inf


@pytest.mark.parametrize("between", ["reset", "detached", "carried"])
@pytest.mark.parametrize(("dtype", "near"), [(np.float64, 1e-12), (np.float32, 1e-5)])
def test_a_model_without_a_kernel_is_evaluated_by_its_graph_to_the_same_loss(between, dtype, near, monkeypatch):
    model, sentences = lively("lstm", V).astype(dtype), items(12)
    by_kernel = mean_loss(model, sentences, between)
    monkeypatch.setattr("rnncore.evaluation.kernel_for", lambda *_: None)
    assert mean_loss(model, sentences, between) == pytest.approx(by_kernel, rel=near)
