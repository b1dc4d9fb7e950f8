from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnncore import (
    Chunks,
    Full,
    Model,
    RnnError,
    Stride,
    Tail,
    Window,
    backward,
    check_gradients,
    forward,
    ledger,
    walk,
)
from rnncore.gradcheck import pair_gradient, untied_derivatives
from rnncore.truncation import stream_table
from tests.rnncore.cases import CELLS, POLICIES, lively, policies, sequence


@pytest.mark.parametrize("key", CELLS)
def test_every_policys_gradient_is_the_sum_of_its_untied_pairs_to_rounding(key):
    """Each loss differentiated with respect to each weight copy by complex step, then summed as the table says."""
    model = lively(CELLS[key])
    inputs, targets = sequence()
    trace = forward(model, inputs)
    for name, value in model.parameters.items():
        pairs = untied_derivatives(model, trace, targets, name, np.arange(value.size), "complex step")
        for policy in POLICIES:
            expected = np.einsum("ts,tse->e", policy.table(len(inputs)).astype(float), pairs).reshape(value.shape)
            found = backward(model, trace, targets, policy)[name]
            scale = np.abs(pairs).max() * len(inputs)
            tolerance = 1e-13 * max(scale, 1e-30)
            np.testing.assert_allclose(found, expected, rtol=0, atol=tolerance, err_msg=f"{policy} {name}")


@settings(max_examples=25, deadline=None)
@given(st.sampled_from(sorted(CELLS)), policies, st.integers(1, 9), st.integers(1, 4), st.integers(0, 99))
def test_the_gradient_is_the_tables_sum_of_pairs_for_any_size(key, policy, length, hidden, seed):
    model = lively(CELLS[key], hidden=hidden, seed=seed)
    inputs, targets = sequence(length=length, seed=seed, silent=None)
    trace = forward(model, inputs)
    found = backward(model, trace, targets, policy)
    m = policy.table(length)
    name = sorted(model.parameters)[seed % len(model.parameters)]
    expected = sum(
        m[t, tau] * pair_gradient(model, trace, targets, name, t, tau) for t in range(length) for tau in range(t + 1)
    )
    np.testing.assert_allclose(found[name], expected, rtol=1e-10, atol=1e-13)


@pytest.mark.parametrize("policy", POLICIES, ids=lambda p: p.describe())
def test_a_padded_batchs_gradient_is_the_sum_of_its_rows(policy):
    model = lively("lstm")
    rows = [[0, 1, 2, 3, 1], [4, 0, 2], [2]]
    inputs = np.full((3, 5), -1)
    targets = np.full((3, 5), -1)
    for i, row in enumerate(rows):
        inputs[i, : len(row)] = row
        targets[i, : len(row)] = row[::-1]
    batch = backward(model, forward(model, inputs), targets, policy)
    for name in model.parameters:
        expected = sum(backward(model, forward(model, r), r[::-1], policy)[name] for r in map(np.array, rows))
        np.testing.assert_allclose(batch[name], expected, rtol=1e-11, atol=1e-14)


def test_a_window_of_the_whole_sentence_is_the_full_gradient_bit_for_bit():
    model = lively("gru")
    inputs, targets = sequence(length=8)
    trace = forward(model, inputs)
    full, wide = backward(model, trace, targets, Full()), backward(model, trace, targets, Window(7))
    assert all(np.array_equal(full[n], wide[n]) for n in full)


def test_the_tail_takes_the_output_layers_gradient_from_its_own_losses_only():
    model = lively("vanilla")
    inputs, targets = sequence(length=7, silent=None)
    trace = forward(model, inputs)
    found = backward(model, trace, targets, Tail(2))["V"]
    d = trace.probabilities - np.eye(5)[targets]
    np.testing.assert_allclose(found, d[5:].T @ trace.hidden[5:], rtol=1e-12)


def test_a_loss_counted_twice_enters_the_output_layer_twice():
    model = lively("vanilla")
    inputs, targets = sequence(length=6, silent=None)
    trace = forward(model, inputs)
    policy = Stride(1, 3, "all")
    counts = np.diagonal(policy.table(6))
    d = (trace.probabilities - np.eye(5)[targets]) * counts[:, None]
    np.testing.assert_allclose(backward(model, trace, targets, policy)["V"], d.T @ trace.hidden, rtol=1e-12)


@pytest.mark.parametrize("between", ["carried", "detached", "reset"])
@pytest.mark.parametrize("policy", [Full(), Window(2), Chunks(4)], ids=lambda p: p.describe())
def test_what_flows_between_sequences_is_what_the_table_of_the_stream_says(between, policy):
    model = lively("lstm")
    inputs, targets = sequence(length=8, silent=None)
    trace = forward(model, inputs, boundaries=[3, 5], between=between)
    m = stream_table(policy, 8, [3, 5], between)
    found = backward(model, trace, targets, policy)
    if between == "reset":
        parts = [slice(0, 3), slice(3, 5), slice(5, 8)]
        expected = {
            n: sum(backward(model, forward(model, inputs[s]), targets[s], policy)[n] for s in parts) for n in found
        }
    else:
        values = forward(model, inputs)
        expected = {
            n: sum(
                m[t, tau] * pair_gradient(model, values, targets, n, t, tau) for t in range(8) for tau in range(t + 1)
            )
            for n in found
        }
    for name in found:
        np.testing.assert_allclose(found[name], expected[name], rtol=1e-10, atol=1e-13)


def test_truncation_changes_no_value():
    model = lively("gru")
    inputs, targets = sequence()
    before = forward(model, inputs).hidden.copy()
    trace = forward(model, inputs)
    for policy in POLICIES:
        backward(model, trace, targets, policy)
    np.testing.assert_array_equal(trace.hidden, before)


def test_the_initial_states_gradient_is_the_derivative_of_the_summed_loss():
    model = lively("lstm")
    inputs, targets = sequence()
    rng = np.random.default_rng(5)
    start = {"h": rng.standard_normal(3), "c": rng.standard_normal(3)}
    found = backward(model, forward(model, inputs, start), targets).initial_state
    for state in start:
        for unit in range(3):
            ends = []
            for step in (1e-6, -1e-6):
                moved = {s: v.copy() for s, v in start.items()}
                moved[state][unit] += step
                ends.append(forward(model, inputs, moved).losses(targets).sum())
            assert abs((ends[0] - ends[1]) / 2e-6 - found[state][unit]) < 1e-8


def test_the_norm_is_that_of_all_parameters_together_and_nan_when_one_is():
    model = lively("vanilla")
    inputs, targets = sequence()
    found = backward(model, forward(model, inputs), targets)
    assert found.norm() == pytest.approx(np.sqrt(sum((g**2).sum() for g in found.values())))
    broken = model.with_parameters({"W": np.full((3, 3), np.nan)})
    assert np.isnan(backward(broken, forward(broken, inputs), targets).norm())


def test_empty_and_silent_sequences_have_a_zero_gradient():
    model = lively("lstm")
    for policy in POLICIES:
        assert backward(model, forward(model, []), [], policy).norm() == 0.0
        assert backward(model, forward(model, [1, 2]), [-1, -1], policy).norm() == 0.0


def test_single_precision_stays_single_and_near():
    inputs, targets = sequence(length=9)
    double = lively("lstm")
    single = double.astype(np.float32)
    a, b = (backward(m, forward(m, inputs), targets, Window(3)) for m in (double, single))
    assert all(b[n].dtype == np.float32 for n in b)
    assert all(np.allclose(a[n], b[n], atol=1e-5) for n in a)


def test_a_trace_of_another_model_is_refused():
    one, other = Model.create("vanilla", 5, 3, seed=1), Model.create("vanilla", 5, 3, seed=2)
    with pytest.raises(RnnError, match="another model"):
        backward(one, forward(other, [0]), [1])


@pytest.mark.parametrize("key", CELLS)
@pytest.mark.parametrize("policy", [Full(), Chunks(7), Stride(3, 9, "all"), Tail(15)], ids=lambda p: p.describe())
def test_both_ways_back_through_a_long_sequence_give_the_same_gradient(key, policy, monkeypatch):
    """Through the graph step by step, and by the coefficients of the element-wise part."""
    model = lively(CELLS[key], hidden=5)
    one = sequence(length=20)
    rows = np.stack([one[0], one[0][::-1], one[0]])
    cases = [(forward(model, one[0]), one[1])]
    if not policy.depends_on_length:
        cases.append((forward(model, rows), np.stack([one[1], one[1], one[1][::-1]])))
        cases.append((forward(model, one[0], boundaries=[6, 13], between="detached"), one[1]))
    for trace, targets in cases:
        found = []
        for least in (1, 10**9):
            monkeypatch.setattr("rnncore.backstep.LONG", least)
            found.append(backward(model, trace, targets, policy))
        for name in model.parameters:
            size = np.abs(found[1][name]).max()
            np.testing.assert_allclose(found[0][name], found[1][name], rtol=0, atol=1e-13 * max(size, 1e-300))
        for state in model.cell.states:
            np.testing.assert_allclose(found[0].initial_state[state], found[1].initial_state[state], atol=1e-13)


@pytest.mark.parametrize("between", ["carried", "detached", "reset"])
@pytest.mark.parametrize("policy", POLICIES, ids=repr)
def test_a_padded_batch_of_streams_sums_the_gradients_of_its_rows(policy, between):
    """Boundaries and padding at once, a lane of nothing but padding among them."""
    model = lively("gru", vocabulary=6)
    inputs = np.array([[0, 1, 2, 3, 4, 5], [1, 2, 3, 4, -1, -1], [2, 3, -1, -1, -1, -1], [5, 4, 3, 2, 1, 0], [-1] * 6])
    targets = np.where(inputs < 0, -1, (inputs * 3 + 1) % 6)
    start = np.random.default_rng(0).standard_normal((5, model.hidden_size))
    stream = {"boundaries": (2, 3), "between": between}
    trace = forward(model, inputs, start, **stream)
    found = backward(model, trace, targets, policy)
    total = {name: np.zeros_like(value) for name, value in model.parameters.items()}
    for row, length in enumerate((inputs >= 0).sum(axis=1)):
        alone = forward(model, inputs[row, :length], start[row], **stream)
        np.testing.assert_allclose(trace.final_state["h"][row], alone.final_state["h"], atol=1e-14)
        own = backward(model, alone, targets[row, :length], policy)
        np.testing.assert_allclose(found.initial_state["h"][row], own.initial_state["h"], atol=1e-13)
        for name, value in own.items():
            total[name] += value
    for name, value in found.items():
        np.testing.assert_allclose(value, total[name], atol=1e-13, err_msg=name)


@pytest.mark.parametrize("policy", [3, "full", Full, [], 0])
def test_what_is_no_truncation_is_refused_in_words(policy):
    model = lively("vanilla")
    trace = forward(model, [0, 1, 2])
    uses = (backward, walk, lambda *a: ledger(*a[:3], "W", a[3]), lambda *a: check_gradients(model, [0], [1], a[3]))
    for use in uses:
        with pytest.raises(RnnError, match="no truncation"):
            use(model, trace, [1, 2, 3], policy)


def test_a_trace_of_another_model_is_refused_everywhere():
    trace = forward(lively("vanilla"), [0, 1, 2])
    other = lively("lstm")
    for use in (backward, walk, lambda *a: ledger(*a, "W_f")):
        with pytest.raises(RnnError, match="another model"):
            use(other, trace, [1, 2, 3])
