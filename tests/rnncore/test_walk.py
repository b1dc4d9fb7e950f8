from __future__ import annotations

import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnncore import Full, Model, RnnError, Stride, Tail, Window, backward, forward, walk
from rnncore.gradcheck import pair_gradient
from rnncore.optim import SGD, ClipByNorm
from rnncore.script import ORDERS
from tests.rnncore.cases import CELLS, POLICIES, lively, policies, sequence


def make(key="lstm", policy=None, order="by loss", length=5, **more):
    model = lively(CELLS[key])
    inputs, targets = sequence(length=length)
    trace = forward(model, inputs)
    return walk(model, trace, targets, policy or Window(2), order, **more)


def test_a_vanilla_step_happens_in_the_order_in_which_its_numbers_arise():
    w = make("vanilla", Full(), length=2)
    kinds = [(w[i].kind, w[i].title) for i in range(6)]
    assert kinds == [
        ("read", "read the token x"),
        ("operation", "U x"),
        ("operation", "W h₋₁"),
        ("operation", "a = U x + W h₋₁"),
        ("operation", "h = tanh(a)"),
        ("logits", "z = V h"),
    ]
    start = w.script.backward_start
    titles = [w[i].title for i in range(start, w.script.update_start)]
    one_step = ["∂L/∂a", "∂L/∂(U x), ∂L/∂(W h₋₁)", "dW += ∂L/∂a ⊗ h₋₁", "dU += ∂L/∂a ⊗ x", "∂L/∂h₋₁"]
    from_loss = ["∂L/∂z = ŷ − onehot(target)", "dV += ∂L/∂z ⊗ h", "from this loss: Vᵀ ∂L/∂z"]
    assert titles == [
        *from_loss,
        *one_step,
        "carry ∂L/∂h to t − 1",
        "from the future",
        *one_step,
        *from_loss,
        *one_step,
    ]


@pytest.mark.parametrize("key", CELLS)
def test_weights_gather_once_the_step_is_differentiated_and_what_leaves_it_comes_last(key):
    w = make(key, Full(), length=3)
    nodes = w.model.cell.nodes
    visits = {}
    for index in range(w.script.backward_start, w.script.update_start):
        _, visit, _ = w.script.locate(index)
        step = w[index]
        if step.kind == "d_operation":
            sources = {nodes[source].op for source in nodes[step.node].inputs}
            leaves = "state" in sources and sources <= {"state", "parameter", "constant"}
            visits.setdefault(visit, []).append("leaves" if leaves else "within")
        elif step.kind == "accumulate" and step.parameter not in ("V", "b_y"):
            visits.setdefault(visit, []).append("gathers")
        elif step.kind == "carry":
            visits.setdefault(visit, []).append("carry")
    place = {"within": 0, "gathers": 1, "leaves": 2, "carry": 3}
    assert len(visits) >= 3
    for found in visits.values():
        assert found == sorted(found, key=place.__getitem__) and "gathers" in found


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("key", CELLS)
def test_sums_taken_over_from_the_position_beside_are_those_computed_anew(key, order):
    w = make(key, Stride(2, 3, "all"), order, length=4)
    n = w.script.backward_start
    for positions in (range(n, len(w) + 1), range(len(w), n - 1, -1)):
        before = None
        shared = 0
        for position in positions:
            progress, fresh = w.progress(position), w.progress(position)
            if before is not None:
                progress.take_over(before)
                shared += len(progress._sums)
            for name, value in progress.parameter_gradients.items():
                assert np.array_equal(value, fresh.parameter_gradient(name)), (position, name)
            before = progress
        assert shared > len(positions) * len(w.model.parameters) // 2
    apart, other = w.progress(len(w) - 8), make(key, Full(), order, length=4)
    _ = apart.parameter_gradients
    for one in (w.progress(len(w) - 5), other.progress(len(other) - 7)):
        one.take_over(apart)
        assert not one._sums


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("key", CELLS)
def test_every_partial_sum_is_the_sum_of_the_pairs_done_so_far(key, order):
    """At each resting place of the backward pass, for every parameter, against pairs computed one by one."""
    for policy in (Window(1), Stride(2, 3, "all")):
        w = make(key, policy, order, length=4)
        pairs = {
            (n, t, tau): pair_gradient(w.model, w.trace, w.targets, n, t, tau)
            for n in w.model.parameters
            for t in range(4)
            for tau in range(t + 1)
        }
        for start in w.script.visit_starts[1:-1]:
            progress = w.progress(int(start))
            done = progress.done
            for name, value in progress.parameter_gradients.items():
                expected = sum(done[t, tau] * pairs[name, t, tau] for t in range(4) for tau in range(t + 1))
                np.testing.assert_allclose(value, expected, rtol=1e-9, atol=1e-13, err_msg=f"{name} at {start}")


@pytest.mark.parametrize("order", ORDERS)
def test_a_parameters_sum_grows_at_its_own_accumulation_and_nowhere_else(order):
    w = make("gru", Window(1), order, length=4)
    before = w.progress(0).parameter_gradients
    for position in range(1, w.script.update_start):
        after = w.progress(position).parameter_gradients
        step = w[position - 1]
        for name in after:
            if name == step.parameter:
                assert step.kind == "accumulate"
            elif w[position - 1].kind == "accumulate" or step.phase == "forward":
                np.testing.assert_allclose(after[name], before[name], rtol=1e-12, atol=1e-15)
        before = after


@settings(max_examples=30, deadline=None)
@given(st.sampled_from(sorted(CELLS)), policies, st.sampled_from(ORDERS), st.integers(0, 7))
def test_the_end_of_the_backward_pass_is_the_whole_gradient_and_every_pair(key, policy, order, length):
    w = make(key, policy, order, length=length)
    end = w.progress(w.script.update_start)
    whole = backward(w.model, w.trace, w.targets, policy)
    if len(w.script.visit_tau):
        assert all(np.array_equal(end.parameter_gradients[n], whole[n]) for n in whole)
    np.testing.assert_array_equal(end.done, policy.table(length) * (w.targets >= 0)[:, None])


@pytest.mark.parametrize("key", ["vanilla", "lstm"])
@pytest.mark.parametrize("policy", [Full(), Window(2)], ids=lambda p: p.describe())
def test_up_to_its_very_last_micro_step_the_backward_pass_shows_the_walking_losss_own_gradients(key, policy):
    w = make(key, policy, optimiser=SGD(0.1))
    end = w.script.update_start
    last = w.progress(end)
    assert last.loss == 0 and not last.summed
    for node in w.model.cell.backward_operations:
        values, known = last.gradient(node)
        own = w.lane(0).nodes[node]
        np.testing.assert_array_equal(values, own)
        assert known.tolist() == [True, False, False, False, False]
    after = w.progress(end + 1)
    values, known = after.gradient(w.model.cell.outputs["h"])
    np.testing.assert_array_equal(values, w.sweep.nodes[w.model.cell.outputs["h"]])
    assert after.summed and known.all()
    # The parameters' sums are whole at both.
    assert all(np.array_equal(last.parameter_gradients[n], after.parameter_gradients[n]) for n in w.gradients)


@pytest.mark.parametrize("order", ORDERS)
def test_a_position_gives_the_same_numbers_however_one_came_to_it(order):
    w, fresh = make(order=order), make(order=order)
    for position in range(len(w) + 1):
        _ = w.progress(position).parameter_gradients
    for position in reversed(range(0, len(w) + 1, 7)):
        a, b = w.progress(position).parameter_gradients, fresh.progress(position).parameter_gradients
        assert all(np.array_equal(a[n], b[n]) for n in a)


def test_values_become_known_one_operation_at_a_time():
    w = make("lstm", length=3)
    cell = w.model.cell
    seen = {i: 0 for i in cell.operations}
    for position in range(w.script.backward_start + 1):
        progress = w.progress(position)
        step = progress.step
        if step and step.kind == "operation":
            seen[step.node] = step.t + 1
        assert {i: progress.forward_known(i) for i in cell.operations} == seen
    assert progress.logits_known == progress.softmax_known == progress.losses_known == progress.inputs_known == 3


def test_the_previous_state_of_a_step_is_known_once_it_has_been_computed():
    w = make("vanilla", length=3)
    leaf = w.model.cell.state_leaves["h"]
    assert w.progress(0).forward_known(leaf) == 1
    assert w.progress(int(w.script.forward_starts[1])).forward_known(leaf) == 2
    assert w.progress(len(w)).forward_known(leaf) == 3


def test_by_loss_shows_the_walking_losss_own_gradients_and_where_they_have_come():
    w = make("vanilla", Full(), length=4)
    h = w.model.cell.outputs["h"]
    loss_three = w.script.visit_starts[2]  # loss 3 has passed τ = 3 and 2
    progress = w.progress(int(loss_three))
    assert progress.loss == 3
    values, known = progress.gradient(h)
    assert known.tolist() == [False, False, True, True]
    d = (w.trace.probabilities[3] - np.eye(5)[w.targets[3]]) @ w.model.parameters["V"]
    np.testing.assert_allclose(values[3], d, rtol=1e-12)
    h3 = w.trace.hidden[3]
    np.testing.assert_allclose(values[2], (d * (1 - h3**2)) @ w.model.parameters["W"], rtol=1e-12)
    assert np.isnan(progress.carry_norms).tolist() == [True, True, False, False]
    assert progress.carry_norms[3] == pytest.approx(np.linalg.norm(values[2]))


def test_in_a_sweep_two_streams_meet_and_their_sum_goes_on():
    w = make("vanilla", Full(), "sweep", length=4)
    progress = w.progress(w.script.update_start)
    streams = progress.state_gradient("h")
    np.testing.assert_allclose(streams["sum"], streams["loss"] + streams["future"])
    assert streams["future_known"].tolist() == [True, True, True, False]
    assert streams["loss_known"].tolist() == [True, True, False, True]  # step 2 carries no loss
    values, known = progress.gradient(w.model.cell.outputs["h"])
    assert known.all()
    np.testing.assert_allclose(values, streams["sum"])


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("policy", POLICIES, ids=lambda p: p.describe())
def test_the_gradient_is_cut_exactly_where_the_table_stops(order, policy):
    w = make("vanilla", policy, order, length=6)
    kept = (w.table > 0) & (w.targets >= 0)[:, None]
    found = {(w[i].loss, w[i].t) for i in range(w.script.backward_start, w.script.update_start) if w[i].kind == "cut"}
    if order == "by loss":
        expected = {(t, tau) for t in range(6) for tau in range(1, t + 1) if kept[t, tau] and not kept[t, tau - 1]}
    else:
        expected = {(None, tau) for tau in range(1, 6) if any(kept[t, tau] and not kept[t, tau - 1] for t in range(6))}
    assert found == expected


def test_the_walk_ends_with_the_update_and_its_weights():
    w = make("gru", optimiser=SGD(0.5), clip=ClipByNorm(0.1), scale=0.25)
    assert [w[i].kind for i in range(w.script.update_start, len(w))] == ["scale", "clip", "optimiser", "update"]
    update = w.update
    whole = backward(w.model, w.trace, w.targets, Window(2))
    norm = whole.norm() * 0.25
    assert norm > 0.1
    for name, value in w.model.parameters.items():
        expected = value - 0.5 * whole[name] * 0.25 * 0.1 / norm
        np.testing.assert_allclose(update.parameters[name], expected, rtol=1e-12)
        np.testing.assert_allclose(update.deltas[name], expected - value, rtol=1e-9, atol=1e-16)
    assert make("gru").update is None


def test_resting_places_go_forward_and_back_through_the_same_points():
    w = make("lstm", optimiser=SGD(0.1))
    for granularity in ("operation", "step", "loss", "pass"):
        there, position = [0], 0
        while position < len(w):
            position = w.next_boundary(position, granularity)
            there.append(position)
        back = [len(w)]
        while position > 0:
            position = w.next_boundary(position, granularity, -1)
            back.append(position)
        assert there == back[::-1]
        assert w.next_boundary(0, granularity, -1) == 0
        assert w.next_boundary(len(w), granularity) == len(w)
    passes = [0, w.script.backward_start, w.script.update_start, len(w)]
    assert w.script.boundaries["pass"].tolist() == passes


def test_two_hundred_steps_of_every_loss_are_reached_directly():
    model = lively("lstm", hidden=2)
    inputs, targets = sequence(length=200)
    w = walk(model, forward(model, inputs), targets, Full())
    assert len(w) > 400_000
    middle = len(w) // 2
    step = w[middle]
    assert step.phase == "backward" and w.progress(middle).step.index == middle - 1
    assert w.find("cut") is None
    assert w.find("carry", t=199, start=w.script.backward_start) is not None


def test_an_empty_sentence_has_an_empty_walk():
    model = lively("vanilla")
    w = walk(model, forward(model, []), [])
    assert len(w) == 0 and w.progress(0).step is None and w.progress(0).next is None
    assert not w.progress(0).parameter_gradients["W"].any()


def test_what_is_not_a_number_walks_too():
    model = lively("gru").with_parameters({"W_n": np.full((3, 3), np.nan)})
    inputs, targets = sequence()
    w = walk(model, forward(model, inputs), targets, Window(2), "sweep", optimiser=SGD(0.1), clip=ClipByNorm(1.0))
    for position in range(0, len(w) + 1, 5):
        progress = w.progress(position)
        _ = progress.parameter_gradients, progress.carry_norms
    assert np.isnan(w.update.parameters["W_n"]).all()


def test_positions_outside_batches_and_unknown_words_are_refused():
    w = make()
    with pytest.raises(RnnError, match="outside"):
        w.progress(len(w) + 1)
    with pytest.raises(IndexError):
        w[len(w)]
    with pytest.raises(RnnError, match="granularity"):
        w.next_boundary(0, "word")
    with pytest.raises(RnnError, match="order"):
        make(order="backwards")
    model = lively("vanilla")
    with pytest.raises(RnnError, match="one sequence"):
        walk(model, forward(model, [[0, 1]]), [[0, 1]])


@pytest.mark.parametrize("position", [-1, 10**6, 1.5, None, "3"])
def test_a_position_that_the_walk_lacks_is_refused_in_words(position):
    with pytest.raises(RnnError, match="lies outside 0"):
        make().progress(position)


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("policy", [Full(), Window(1), Stride(2, 4, "all")], ids=repr)
def test_what_is_known_of_a_step_is_said_alike_of_all_its_nodes_and_of_each(order, policy):
    stepped = make("lstm", policy, order, optimiser=SGD())
    nodes = range(len(stepped.model.cell.nodes))
    for position in range(len(stepped) + 1):
        progress = stepped.progress(position)
        known = {node: progress.gradient(node)[1] for node in nodes}
        for t in range(stepped.trace.length):
            assert progress.nodes_known(t) == {node for node in nodes if known[node][t]}, (position, t)


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("policy", [Full(), Window(1), Stride(2, 4, "all"), Tail(2)], ids=repr)
def test_the_pairs_added_to_a_parameter_are_those_of_which_its_partial_sum_is_made(order, policy):
    stepped = make("lstm", policy, order, length=4, optimiser=SGD())
    steps = range(stepped.trace.length)
    for name in ("U_i", "W_f", "b_o", "V", "b_y"):
        pairs = {
            (t, tau): pair_gradient(stepped.model, stepped.trace, stepped.targets, name, t, tau)
            for t in steps
            for tau in steps[: t + 1]
        }
        for position in range(len(stepped) + 1):
            progress = stepped.progress(position)
            added = progress.added(name)
            wanted = sum(added[pair] * value for pair, value in pairs.items())
            found = progress.parameter_gradient(name)
            np.testing.assert_allclose(found, wanted, atol=1e-13, err_msg=f"{name} at {position}")


@pytest.mark.parametrize("order", ORDERS)
def test_a_gradient_has_been_carried_where_its_norm_is_known(order):
    stepped = make("gru", Window(2), order)
    for position in range(len(stepped) + 1):
        progress = stepped.progress(position)
        np.testing.assert_array_equal(progress.carried, ~np.isnan(progress.carry_norms))


def test_of_long_lanes_fewer_are_kept(monkeypatch):
    monkeypatch.setattr(sys.modules["rnncore.walk"], "LANE_BYTES", 1)  # "rnncore.walk" is the function as well
    made = make("lstm", Full())
    lanes = [made.lane(t) for t in (4, 3, 2)]
    assert made.lane(2) is lanes[2] and made.lane(3) is lanes[1]
    again = made.lane(4)
    assert again is not lanes[0]
    np.testing.assert_array_equal(again.d_logits, lanes[0].d_logits)


@pytest.mark.parametrize("order", ORDERS)
def test_the_last_cut_is_known_at_the_end_of_the_backward_pass(order):
    w = make("vanilla", Tail(2), order)
    assert w[len(w) - 1].kind == "cut"
    np.testing.assert_array_equal(w.progress(len(w)).cuts, [False, False, False, True, False])
    assert not w.progress(len(w) - 1).cuts.any()


def test_a_loss_reaches_back_to_its_first_kept_copy_and_past_the_end_where_there_is_none():
    model = lively("vanilla")
    trace = forward(model, [0, 1, 2, 3, 4])
    targets = [1, 2, -1, 4, 0]
    for policy, first in ((Full(), [0, 0, 5, 0, 0]), (Window(2), [0, 0, 5, 1, 2]), (Tail(2), [5, 5, 5, 3, 3])):
        np.testing.assert_array_equal(walk(model, trace, targets, policy).reach, first)
    np.testing.assert_array_equal(walk(model, trace, targets, Tail(0)).reach, [5] * 5)


@pytest.mark.parametrize("order", ["by loss", "sweep"])
def test_the_first_addition_is_the_first_of_all_micro_steps_that_adds(order):
    model = Model.create("gru", 6, 4, seed=0)
    ids, targets = np.array([0, 1, 2, 3]), np.array([1, 2, 3, -1])
    made = walk(model, forward(model, ids), targets, order=order)
    kinds = [step.kind for step in made]
    assert made.first_addition == kinds.index("accumulate")
    nothing = walk(model, forward(model, ids), np.full(4, -1), order=order)
    assert ("accumulate" in [step.kind for step in nothing]) is (nothing.first_addition is not None)
