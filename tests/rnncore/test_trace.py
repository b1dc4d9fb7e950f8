from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

from rnncore import Cell, Full, Model, RnnError, Tail, Window, backward, forward, walk
from tests.rnncore.cases import CELLS, lively, sequence


def test_the_vanilla_cell_computes_what_its_equation_says():
    model = lively("vanilla")
    inputs, targets = sequence(silent=None)
    trace = forward(model, inputs)
    p = model.parameters
    h = np.zeros(3)
    for t, (x, y) in enumerate(zip(inputs, targets, strict=True)):
        h = np.tanh(p["U"][:, x] + p["W"] @ h)
        z = p["V"] @ h
        e = np.exp(z - z.max())
        np.testing.assert_allclose(trace.hidden[t], h, rtol=1e-13)
        np.testing.assert_allclose(trace.logits[t], z, rtol=1e-13)
        np.testing.assert_allclose(trace.probabilities[t], e / e.sum(), rtol=1e-13)
        np.testing.assert_allclose(trace.losses(targets)[t], -np.log(e[y] / e.sum()), rtol=1e-12)


def test_every_named_value_can_be_read():
    trace = forward(lively("lstm"), [0, 1, 2])
    c = trace["f"] * trace.previous("c") + trace["i"] * trace["g"]
    np.testing.assert_allclose(trace["c"], c, rtol=1e-14)
    np.testing.assert_allclose(trace.hidden, trace["o"] * np.tanh(c), rtol=1e-14)
    np.testing.assert_allclose(trace["f"], 1 / (1 + np.exp(-trace["a_f"])), rtol=1e-13)
    assert trace["W_f @ h_prev"].shape == (3, 3)
    with pytest.raises(KeyError):
        trace["q"]


def test_previous_states_begin_with_the_initial_one_and_the_last_is_final():
    model = lively("lstm")
    start = {"h": np.full(3, 0.2), "c": np.full(3, -0.1)}
    trace = forward(model, [0, 1], start)
    np.testing.assert_array_equal(trace.previous("h"), [start["h"], trace.hidden[0]])
    np.testing.assert_array_equal(trace.previous("c"), [start["c"], trace["c"][0]])
    on = forward(model, [3], trace.final_state)
    np.testing.assert_allclose(on.hidden[0], forward(model, [0, 1, 3], start).hidden[2], rtol=1e-14)


@pytest.mark.parametrize("key", CELLS)
def test_a_padded_batch_computes_each_row_as_by_itself(key):
    model = lively(CELLS[key])
    rows = [[0, 1, 2, 3], [4, 0], [2]]
    padded = np.full((3, 4), -1)
    for i, row in enumerate(rows):
        padded[i, : len(row)] = row
    batch = forward(model, padded)
    assert batch.hidden.shape == (3, 4, 3)
    for i, row in enumerate(rows):
        single = forward(model, row)
        np.testing.assert_allclose(batch.hidden[i, : len(row)], single.hidden, rtol=1e-12)
        np.testing.assert_allclose(batch.final_state["h"][i], single.final_state["h"], rtol=1e-12)
        targets = np.zeros_like(padded)
        targets[i, len(row) :] = -1
        np.testing.assert_allclose(batch.losses(targets)[i, : len(row)], single.losses([0] * len(row)), rtol=1e-12)
        assert not batch.losses(targets)[i, len(row) :].any()


def test_carried_and_detached_sequences_have_the_same_values_and_reset_ones_start_anew():
    model = lively("gru")
    inputs, _ = sequence(length=7)
    carried = forward(model, inputs, boundaries=[3], between="carried")
    detached = forward(model, inputs, boundaries=[3], between="detached")
    reset = forward(model, inputs, boundaries=[3], between="reset")
    np.testing.assert_array_equal(carried.hidden, detached.hidden)
    np.testing.assert_allclose(reset.hidden[3:], forward(model, inputs[3:]).hidden, rtol=1e-13)
    assert not reset.previous("h")[3].any()


def test_real_input_vectors_take_the_place_of_one_hot_tokens():
    model = lively("gru")
    inputs, _ = sequence()
    np.testing.assert_allclose(forward(model, np.eye(5)[inputs]).hidden, forward(model, inputs).hidden, rtol=1e-13)


def test_an_empty_sequence_and_one_of_one_step_are_sequences():
    model = lively("lstm")
    empty = forward(model, [])
    assert empty.hidden.shape == (0, 3) and empty.losses([]).shape == (0,)
    assert not empty.final_state["h"].any()
    assert forward(model, [1]).hidden.shape == (1, 3)


def test_everything_in_a_trace_is_read_only():
    trace = forward(lively("lstm"), [0, 1, 2])
    for array in (trace.hidden, trace.logits, trace.probabilities, trace["f"], trace.previous("c"), trace.inputs):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0


def test_extreme_and_missing_numbers_pass_through_without_a_warning():
    model = lively("lstm")
    for value in (np.nan, np.inf, 1e308):
        broken = model.with_parameters({"W_f": np.full((3, 3), value), "V": np.full((5, 3), value)})
        trace = forward(broken, [0, 1, 2])
        trace.losses([1, 2, 3])
    assert np.isnan(forward(model.with_parameters({"V": np.full((5, 3), np.nan)}), [0]).probabilities).all()


def test_an_untrained_networks_loss_is_near_the_logarithm_of_the_vocabulary():
    model = Model.create("vanilla", 200, 32, seed=0)
    inputs, targets = sequence(200, 60, silent=None)
    assert abs(forward(model, inputs).losses(targets).mean() - np.log(200)) < 0.05


@pytest.mark.parametrize(
    ("inputs", "says"),
    [
        ([0, 5], "outside the vocabulary"),
        ([-1, 0], "negative"),
        ([0.5, 1.0], "whole numbers"),
        ([[[0]]], "whole numbers"),
        ([[0, -1, 1]], "end of a sequence"),
        ([[0.0, 1.0]], "whole numbers"),
        (["a"], "whole numbers"),
    ],
)
def test_inputs_that_do_not_fit_are_refused(inputs, says):
    with pytest.raises(RnnError, match=says):
        forward(lively("vanilla"), inputs)


def test_targets_and_states_that_do_not_fit_are_refused():
    model = lively("vanilla")
    trace = forward(model, [0, 1])
    with pytest.raises(RnnError, match="shape"):
        trace.losses([0])
    with pytest.raises(RnnError, match="outside the vocabulary"):
        trace.losses([0, 9])
    with pytest.raises(RnnError, match="no state c"):
        forward(model, [0], {"c": np.zeros(3)})
    with pytest.raises(RnnError, match="shape"):
        forward(model, [0], np.zeros(4))
    with pytest.raises(RnnError, match="between"):
        forward(model, [0], between="cut")


@pytest.mark.parametrize(
    ("inputs", "says"),
    [
        ([[0, 1], [2]], "different lengths"),
        (np.array([[2**64 - 1]], np.uint64), "outside the vocabulary of 5, whose tokens are the numbers 0 to 4"),
        (np.array([2**63], np.uint64), "outside the vocabulary"),
        ([True, False], "whole numbers"),
    ],
)
def test_tokens_that_only_look_like_some_are_refused(inputs, says):
    with pytest.raises(RnnError, match=says):
        forward(lively("vanilla"), inputs)


@pytest.mark.parametrize(
    ("targets", "says"),
    [
        ([0, -2, 1], "target -2 is negative; a step without a loss has the target -1"),
        ([0, -100, 1], "target -100 is negative"),
        ([0, 5, 1], "give 0 to 4"),
        (np.full(3, 2**64 - 1, np.uint64), "outside the vocabulary"),
        ([[0], [1, 2]], "different lengths"),
        (None, "whole numbers"),
    ],
)
def test_a_target_is_a_token_or_says_that_there_is_no_loss(targets, says):
    model = lively("vanilla")
    trace = forward(model, [0, 1, 2])
    with pytest.raises(RnnError, match=says):
        trace.losses(targets)
    with pytest.raises(RnnError, match=says):
        backward(model, trace, targets)


@pytest.mark.parametrize("state", ["abc", {"h": "x"}, {"h": None}, 1j, {"h": np.zeros(3) * 1j}, {"h": [[1], [2, 3]]}])
def test_a_state_that_is_no_number_is_refused_by_name(state):
    with pytest.raises(RnnError, match="the initial h"):
        forward(lively("lstm"), [0, 1], state)


@pytest.mark.parametrize("boundaries", [(1.5,), "ab", None, 3, (float("nan"),), [[1], [2]], [[1], [2, 3]], (True,)])
def test_boundaries_that_are_no_steps_are_refused(boundaries):
    with pytest.raises(RnnError, match="boundaries"):
        forward(lively("vanilla"), [0, 1, 2], boundaries=boundaries)


def test_a_boundary_outside_of_the_stream_begins_no_sequence():
    assert forward(lively("vanilla"), [0, 1, 2], boundaries=np.array([-1, 0, 2, 3, 99, 2])).boundaries == (2,)


def test_a_state_that_the_cell_lacks_is_called_so():
    with pytest.raises(KeyError, match="has no state 'q'; it has h, c"):
        forward(lively("lstm"), [0]).previous("q")


@pytest.mark.parametrize("shape", [(0, 2), (2, 0), (0, 0)])
def test_a_batch_without_a_step_or_without_a_sequence_has_no_loss(shape):
    model = lively("lstm")
    nothing = np.zeros(shape, int)
    trace = forward(model, nothing)
    assert trace.losses(nothing).shape == shape and trace.probabilities.shape == (*shape, 5)
    assert trace.final_state["c"].shape == (shape[0], 3)
    gradients = backward(model, trace, nothing)
    assert gradients.norm() == 0.0 and gradients.initial_state["c"].shape == (shape[0], 3)


def test_a_lane_that_is_nothing_but_padding_ends_where_it_began():
    model = lively("lstm")
    start = {"h": np.full((2, 3), 0.3), "c": np.full((2, 3), -0.2)}
    trace = forward(model, [[-1, -1], [0, 1]], start)
    for state, value in trace.final_state.items():
        np.testing.assert_array_equal(value[0], start[state][0])
        assert not np.array_equal(value[1], start[state][1])


def test_whatever_a_batch_of_sequences_hands_out_is_read_only():
    model = lively("lstm")
    inputs, targets = np.array([[0, 1], [2, -1]]), np.array([[1, 2], [3, -1]])
    trace = forward(model, inputs)
    arrays = [trace.lengths, trace.losses(targets), trace.inputs]
    arrays += [*trace.final_state.values(), *trace.initial_state.values()]
    for policy in (Full(), Tail(1)):
        arrays += backward(model, trace, targets, policy).initial_state.values()
    assert not any(array.flags.writeable for array in arrays)


def test_what_is_done_to_an_array_that_was_given_does_not_reach_the_trace():
    model = lively("lstm")
    inputs, start, targets = np.array([0, 1, 2]), np.full(3, 0.3), np.array([1, 2, 3])
    trace = forward(model, inputs, start)
    stepped = walk(model, trace, targets)
    losses = stepped.losses.copy()
    inputs[:], start[:], targets[:] = 4, 9.0, 0
    assert trace.inputs.tolist() == [0, 1, 2] and trace.previous("h")[0].tolist() == [0.3] * 3
    np.testing.assert_array_equal(stepped.losses, losses)
    assert stepped.targets.tolist() == [1, 2, 3]
    assert not stepped.targets.flags.writeable and not stepped.table.flags.writeable


@pytest.mark.parametrize("again", [lambda t: pickle.loads(pickle.dumps(t)), copy.deepcopy])
def test_a_copied_trace_and_its_gradients_hold_the_same_numbers_and_are_as_read_only(again):
    model = lively("lstm")
    trace = forward(model, [0, 1, 2, 3], {"c": np.full(3, 0.5)}, boundaries=(2,), between="reset")
    other = again(trace)
    for name in ("h", "c", "a_f"):
        np.testing.assert_array_equal(other[name], trace[name])
        assert not other[name].flags.writeable
    gradients = backward(model, trace, [1, 2, 3, 4], Window(1))
    copied = again(gradients)
    assert copied.norm() == gradients.norm() and list(copied) == list(gradients)
    assert not any(g.flags.writeable for g in (*copied.values(), *copied.initial_state.values()))


@pytest.mark.parametrize("between", ["carried", "detached", "reset"])
def test_a_state_that_no_equation_reads_has_a_previous_value_all_the_same(between):
    model = Model.create(Cell.from_equations("feed-forward", "h = tanh(U @ x)"), 5, 3, seed=1)
    start = np.full(3, 0.25)
    trace = forward(model, [0, 1, 2, 3], start, boundaries=(2,), between=between)
    before = [start, *trace.hidden[:-1]]
    before[2] = start if between == "reset" else before[2]
    np.testing.assert_array_equal(trace.previous("h"), before)
    assert not trace.previous("h").flags.writeable
    assert forward(model, []).previous("h").shape == (0, 3)
