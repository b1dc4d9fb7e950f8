"""The kernels agree with the graph to rounding, for every cell, policy, shape and mask, and remember nothing."""

from __future__ import annotations

import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnncore import LIBRARY, Cell, Chunks, Full, Model, Stride, Tail, Window, backward, forward
from rnncore.batches import Piece
from rnncore.errors import RnnError
from rnncore.flat import Flat
from rnncore.kernel_buffers import aligned
from rnncore.kernel_plan import Plan
from rnncore.kernels import kernel_for, plan_of
from rnncore.update import gradients_of_batch
from tests.rnncore.cases import CELLS, lively, policies

ODD = {
    # What no library cell does: sums without a drive, a second stack at the same step, work that is done at once and
    # still learns, a state that is a bare product, a squashed state that others read, squares, and a scalar factor.
    "no drive": "h = tanh(0.5 * c_prev + W @ h_prev)\nc = h * c_prev + tanh(U @ x)",
    "deep input": "h = sigmoid(W @ h_prev) * p + tanh(W2 @ tanh(U @ x + q)) * sigmoid(R @ q)",
    "linear": "h = W @ h_prev + U @ x",
    "bare product": "h = tanh(U @ x)\nc = W @ h_prev",
    "square": "a = W @ h_prev + U @ x\nh = sigmoid(a) * tanh(a) * relu(a) * tanh(h_prev * h_prev) - 0.3 * a",
    "no product": "h = sigmoid(p * h_prev + U @ x) + 0.5 * c_prev * p\nc = -relu(U @ x - W @ h_prev) + (1 - p) * h",
    "two stacks": "h = tanh(W @ h_prev + R @ c_prev + U @ x + b)\nc = sigmoid(R @ c_prev + W @ h_prev - U @ x)",
    "twice read": "h = tanh(U @ x + W @ (h_prev * c_prev)) - U @ x\nc = sigmoid(W @ h + R @ (h * c_prev) + b) * h",
    "learnt constant": "h = tanh(U @ x + W @ h_prev + sigmoid(q))\nc = sigmoid(R @ c_prev + h_prev + p * sigmoid(q))",
    "never read": "h = tanh(U @ x + W @ h_prev)\nunused = sigmoid(R @ h_prev)",
}
ALL = {**CELLS, **{name: Cell.from_equations(name, text) for name, text in ODD.items()}}


def piece_of(inputs, targets, keep=()):
    lengths = tuple(np.atleast_1d(np.count_nonzero(inputs >= 0, axis=-1)).tolist())
    words = int(np.count_nonzero(targets >= 0))
    return Piece(inputs, targets, lengths, tuple(keep), (0,) * len(lengths), False, words, (0,) * len(lengths))


def data(seed, vocabulary, length, batch, masked=0.2):
    """Return (inputs, targets), (T,) or padded (B, T); some targets carry no loss."""
    rng = np.random.default_rng(seed)
    shape = (length,) if batch is None else (batch, length)
    inputs, targets = rng.integers(0, vocabulary, shape), rng.integers(0, vocabulary, shape)
    targets[rng.random(shape) < masked] = -1
    if batch is not None:
        lengths = rng.integers(1, length + 1, batch)
        lengths[0] = length
        padding = np.arange(length) >= lengths[:, None]
        inputs[padding] = targets[padding] = -1
    return inputs, targets


def state_of(model, batch, seed=5):
    rng = np.random.default_rng(seed)
    shape = (model.hidden_size,) if batch is None else (batch, model.hidden_size)
    return {name: rng.standard_normal(shape).astype(model.dtype) for name in model.cell.states}


def in_order(model, order):
    """Return the model with its arrays in rows ("C") or columns ("F") in memory."""
    parameters = {name: np.array(value, order=order) for name, value in model.parameters.items()}
    for value in parameters.values():
        value.setflags(write=False)
    return model.with_parameters(parameters)


def assert_agree(model, inputs, targets, start, truncation, rtol):
    found = gradients_of_batch(model, piece_of(inputs, targets), start, truncation)
    trace = forward(model, inputs, start)
    expected = backward(model, trace, targets, truncation)
    scale = max(expected.norm(), 1e-6)
    assert set(found.gradients) == set(expected)
    for name, gradient in expected.items():
        assert found.gradients[name].dtype == model.dtype
        error = np.abs(found.gradients[name] - gradient).max() / scale
        assert error <= rtol, f"{name} differs by {error:.1e}"
    loss = float(trace.losses(targets).sum(dtype=np.float64))
    assert found.loss == pytest.approx(loss, rel=rtol, abs=rtol)


@settings(max_examples=300, deadline=None)
@given(
    name=st.sampled_from(sorted(ALL)),
    truncation=policies,
    hidden=st.integers(1, 5),
    vocabulary=st.integers(1, 6),
    length=st.integers(1, 9),
    batch=st.one_of(st.none(), st.integers(1, 4)),
    fresh=st.booleans(),
    seed=st.integers(0, 1000),
)
def test_kernel_and_graph_agree_to_rounding(name, truncation, hidden, vocabulary, length, batch, fresh, seed):
    model = lively(ALL[name], vocabulary, hidden, seed)
    inputs, targets = data(seed, vocabulary, length, batch)
    start = None if fresh else state_of(model, batch)
    assert_agree(model, inputs, targets, start, truncation, 1e-12)


@pytest.mark.parametrize("batch", [None, 3])
@pytest.mark.parametrize("truncation", [Full(), Window(2), Chunks(3)], ids=repr)
@pytest.mark.parametrize("name", sorted(LIBRARY))
def test_they_agree_in_single_precision_too(name, truncation, batch):
    model = lively(name, 11, 8).astype(np.float32)
    inputs, targets = data(1, 11, 12, batch)
    assert_agree(model, inputs, targets, state_of(model, batch), truncation, 2e-5)


@pytest.mark.parametrize("name", ["vanilla", "lstm", "gru-2014"])
def test_they_agree_where_columns_are_sorted_and_arrays_stay_apart(name):
    model = lively(name, 900, 40)
    inputs, targets = data(2, 900, 30, None)
    assert_agree(model, inputs, targets, None, Window(4), 1e-12)
    assert_agree(in_order(model, "F"), inputs, targets, None, Full(), 1e-12)


@pytest.mark.parametrize("vocabulary", [90, 130])
@pytest.mark.parametrize("name", ["vanilla", "lstm", "gru-2014", "deep input", "two stacks"])
def test_a_batch_agrees_with_few_words_and_with_many(name, vocabulary):
    model = lively(ALL[name], vocabulary, 6)
    inputs, targets = data(2, vocabulary, 30, 5)
    for truncation in (Full(), Window(4), Chunks(7)):
        assert_agree(model, inputs, targets, state_of(model, 5), truncation, 1e-12)


def test_logits_done_in_parts_add_up(monkeypatch):
    monkeypatch.setattr("rnncore.kernel_output.NUMBERS_AT_ONCE", 40)
    model = lively("gru", 13, 4)
    inputs, targets = data(3, 13, 17, None)
    for truncation in (Full(), Tail(9)):
        assert_agree(model, inputs, targets, None, truncation, 1e-12)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("scale", [1.0, 30.0, 3000.0])
def test_rows_of_logits_that_lie_far_apart_keep_their_digits(scale, dtype):
    model = lively("gru", 12, 6).astype(dtype)
    steep = {n: model.parameters[n] * np.array(scale, dtype) for n in ("V", "b_y")}
    model = model.with_parameters(steep)
    inputs, targets = data(5, 12, 15, 3)
    assert_agree(model, inputs, targets, None, Full(), 1e-12 if dtype is np.float64 else 2e-5)


def test_one_row_that_is_no_number_spoils_no_other():
    model = lively("vanilla", 6, 4)
    inputs, targets = data(5, 6, 7, 2, masked=0.0)
    start = {"h": np.array([[np.nan] * 4, [0.1] * 4])}
    kernel = kernel_for(model, inputs, targets, start, Full())
    targets[0] = -1
    with np.errstate(all="ignore"):
        found = kernel.loss(model.parameters, inputs.T, targets.T, start)
        expected = forward(model, inputs, start).losses(targets).sum()
    assert found == pytest.approx(expected, rel=1e-12) and np.isfinite(found)


def test_every_cell_has_a_kernel_and_it_is_used(monkeypatch):
    def refuse(*arguments):
        raise AssertionError("the graph was asked")

    monkeypatch.setattr("rnncore.update.forward", refuse)
    for cell in ALL.values():
        inputs, targets = data(4, 5, 6, 2)
        gradients_of_batch(lively(cell, 5, 3), piece_of(inputs, targets), None, Window(2))


def test_the_state_is_kept_as_the_graph_has_it():
    model = lively("lstm", 5, 4)
    inputs, targets = data(6, 5, 7, 3)
    start = state_of(model, 3)
    trace = forward(model, inputs, start)
    keep = (0, 2, 1)
    kept = gradients_of_batch(model, piece_of(inputs, targets, keep), start, Full()).kept
    for name in ("h", "c"):
        expected = [start[name][0], trace[name][1, 1], trace[name][2, 0]]
        np.testing.assert_allclose(kept[name], expected, rtol=1e-13)
        assert not kept[name].flags.writeable
    single = gradients_of_batch(model, piece_of(inputs[0], targets[0], (3,)), None, Full()).kept
    np.testing.assert_allclose(single["c"], forward(model, inputs[0])["c"][2], rtol=1e-13)


# --- no memory of the past --------------------------------------------------------------------------------------


@pytest.mark.parametrize("batch", [None, 3])
@pytest.mark.parametrize("name", ["vanilla", "lstm", "gru-2014", "twice"])
def test_the_answer_is_bitwise_the_same_whatever_ran_before(name, batch):
    model = lively(ALL[name], 7, 5)
    inputs, targets = data(8, 7, 11, batch)
    start = state_of(model, batch)

    def answer():
        return [gradients_of_batch(model, piece_of(inputs, targets), start, p) for p in (Full(), Window(3), Chunks(4))]

    first = answer()
    kept = [{name: array.tobytes() for name, array in result.gradients.items()} for result in first]
    wild = model.with_parameters({n: np.full_like(p, np.nan) for n, p in model.parameters.items()})
    for length, policy in ((3, Full()), (90, Window(3)), (20, Chunks(4)), (11, Tail(2)), (11, Stride(2, 5, "all"))):
        x, y = data(9, 7, length, batch)
        if batch is not None:
            x, y = np.maximum(x, 0), np.maximum(y, 0)
        with np.errstate(all="ignore"):
            gradients_of_batch(wild, piece_of(x, y), None, policy)
    with ThreadPoolExecutor(1) as pool:
        elsewhere = pool.submit(answer).result()
    for again in (answer(), elsewhere):
        for before, now, old in zip(kept, again, first, strict=True):
            assert now.loss == old.loss
            assert before == {name: array.tobytes() for name, array in now.gradients.items()}
    for before, old in zip(kept, first, strict=True):
        assert before == {name: array.tobytes() for name, array in old.gradients.items()}, "an answer was overwritten"


def test_threads_do_not_disturb_each_other():
    models = [lively(name, 9, 6, seed) for seed, name in enumerate(["lstm", "lstm", "gru", "lstm"])]
    sequences = [data(seed, 9, 14, None) for seed in range(4)]

    def work(number):
        piece = piece_of(*sequences[number])
        return [gradients_of_batch(models[number], piece, None, Window(3)).gradients["V"].tobytes() for _ in range(60)]

    alone = [set(work(number)) for number in range(4)]
    with ThreadPoolExecutor(4) as pool:
        together = [set(found) for found in pool.map(work, range(4))]
    assert together == alone and all(len(found) == 1 for found in alone)


def test_answers_are_read_only_and_small_ones_lie_in_one_vector():
    model = lively("lstm", 5, 4)
    found = gradients_of_batch(model, piece_of(*data(1, 5, 6, None)), None, Full()).gradients
    assert isinstance(found, Flat)
    assert not any(array.flags.writeable for array in found.values())


def test_the_steady_state_allocates_little_beyond_its_answer():
    model = lively("lstm", 60, 48)
    piece = piece_of(*data(1, 60, 40, None))
    for _ in range(3):
        answer = gradients_of_batch(model, piece, None, Full())
    tracemalloc.start()
    answer = gradients_of_batch(model, piece, None, Full())
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    # Sorting and summing the columns of the tokens makes two arrays of (T, 4 H).
    assert peak < answer.gradients.vector.nbytes + 2 * 40 * 4 * 48 * 8 + 20_000


# --- what it refuses --------------------------------------------------------------------------------------------


def test_what_only_the_graph_can_do_is_left_to_it():
    model = lively("vanilla", 5, 3)
    inputs, targets = np.array([[0, 1, 2], [3, 4, -1]]), np.array([[1, 2, 3], [4, 0, -1]])
    assert kernel_for(model, inputs, targets, None, Full()) is not None
    assert kernel_for(model, inputs, targets, None, Tail(2)) is None
    assert kernel_for(model, inputs[:1], targets[:1], None, Tail(2)) is not None
    mixed = replace(model, parameters={**model.parameters, "W": model.parameters["W"].astype(np.float32)})
    assert kernel_for(mixed, inputs, targets, None, Full()) is None


@pytest.mark.parametrize(
    ("inputs", "targets"), [([0, 5], [1, 1]), ([0, -1], [1, 1]), ([0, 1], [1, 9]), ([0, 1], [1, 1, 1])]
)
def test_what_does_not_fit_is_refused_with_the_graphs_message(inputs, targets):
    with pytest.raises(RnnError):
        gradients_of_batch(lively("vanilla", 5, 3), piece_of(np.array(inputs), np.array(targets)), None, Full())


# --- the analysis -----------------------------------------------------------------------------------------------


def test_the_gates_of_an_lstm_are_one_product_and_its_sigmoids_stand_together():
    plan = Plan(LIBRARY["lstm"])
    (stack,) = plan.stacks
    names = [LIBRARY["lstm"].nodes[gate].name for gate in stack.gates]
    assert set(names[:3]) == {"i", "f", "o"} and names[3] == "g"
    assert stack.halved == (True, True, True, False)


def test_a_product_of_a_gated_state_is_a_stage_of_its_own():
    plan = Plan(LIBRARY["gru-2014"])
    assert sorted(len(stack.members) for stack in plan.stacks) == [1, 2]
    assert len(plan.seeds) == 2
    assert len(Plan(LIBRARY["gru"]).seeds) == 1


def test_blocks_of_a_stack_are_neighbours_among_the_slots():
    for cell in ALL.values():
        plan = plan_of(cell)
        for stack in plan.stacks:
            places = [plan.slots.index(("block", block)) for block in stack.blocks]
            assert places == list(range(places[0], places[0] + len(places)))


def test_buffers_begin_at_full_cache_lines():
    for count in (1, 3, 100):
        array = aligned((count,), np.float32)
        assert array.ctypes.data % 64 == 0 and array.shape == (count,) and not array.any()


def test_large_models_get_gradients_in_the_memory_order_of_their_parameters():
    model = Model.create("vanilla", 2000, 50)
    inputs, targets = data(1, 2000, 10, None)
    for order in ("C", "F"):
        found = gradients_of_batch(in_order(model, order), piece_of(inputs, targets), None, Full()).gradients["U"]
        assert found.flags[f"{order}_CONTIGUOUS"]
