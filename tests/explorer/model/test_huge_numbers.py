"""Numbers whose squares have no room in a float: what is finite has finite norms wherever one is shown."""

from __future__ import annotations

import numpy as np
import pytest

from explorer.model.gates_data import shares_of
from explorer.model.ledger_chain import chain, state_norms
from explorer.model.spot_checks import entry_error, pair_gradients
from explorer.model.stage_build import build_stage
from explorer.model.stage_lanes import MOST_LANES, Lanes
from explorer.model.verification import verify
from explorer.model.votes import votes_of
from rnncore.ledger import ledgers
from rnncore.norms import norm
from rnncore.trace import forward
from rnncore.truncation import Full
from rnncore.walk import Walk, walk
from tests.explorer.model.stages import scene_of, small_walk, stage_at

SIZES = [1e200, 1e160, 1e-200]


def scaled(size: float, cell: str = "lstm", order: str = "by loss", dtype=np.float64) -> Walk:
    """A walk whose gradients are about ``size``: the output matrix is so many times larger, and decides for a word."""
    plain = small_walk(cell, order=order, policy=Full())
    model = plain.model.astype(dtype)
    model = model.with_parameters({**model.parameters, "V": model.parameters["V"] * dtype(size)})
    trace = forward(model, plain.trace.inputs)
    return walk(model, trace, plain.targets, Full(), order, optimiser=plain.optimiser)


@pytest.mark.parametrize("order", ["by loss", "sweep"])
@pytest.mark.parametrize(("size", "dtype"), [*((size, np.float64) for size in SIZES), (1e25, np.float32)])
def test_every_flow_of_the_stage_is_as_finite_as_what_flows(size, dtype, order):
    made = scaled(size, order=order, dtype=dtype)
    scene, before, flows = scene_of(made), None, 0
    for position in range(0, len(made) + 1, 7):
        data = before = build_stage(scene, made, position, previous=before)
        for flow in (data.credit, data.from_loss, data.from_future, data.summed):
            shown = flow.norms[flow.known]
            assert np.isfinite(shown).all()
            flows += int((shown > 0).sum())
        if data.source is not None:
            assert data.ribbon_scale.limit == pytest.approx(size, rel=100)
            streams = made.progress(position).state_gradient("h")
            for flow, name in ((data.from_loss, "loss"), (data.from_future, "future"), (data.summed, "sum")):
                np.testing.assert_allclose(flow.norms, [norm(v) for v in streams[name]], rtol=1e-6, atol=0)
    assert flows > 100


@pytest.mark.parametrize(("size", "dtype"), [*((size, np.float64) for size in SIZES), (1e25, np.float32)])
def test_every_lane_of_a_sweep_is_as_wide_as_what_its_losses_take(size, dtype):
    made = scaled(size, order="sweep", dtype=dtype)
    for boundary in range(1, made.trace.length):
        found = Lanes(made).at(boundary, MOST_LANES)
        assert found and np.isfinite([lane.norm for lane in found]).all()
        for lane in found:
            taken = [np.concatenate([v[boundary - 1] for v in made.lane(t).from_future.values()]) for t in lane.losses]
            assert lane.norm == pytest.approx(norm(sum(taken)), rel=1e-5, abs=1e-6 * size)


@pytest.mark.parametrize("size", [1e200, 1e-200])
def test_norms_kept_from_the_position_before_are_those_of_this_one(size):
    made = scaled(size)
    scene, before = scene_of(made), None
    for position in range(made.script.backward_start - 2, len(made) + 1, 5):
        before = build_stage(scene, made, position, previous=before)
        fresh = build_stage(scene, made, position)
        for name in ("credit", "from_loss", "from_future", "summed"):
            np.testing.assert_array_equal(getattr(before, name).norms, getattr(fresh, name).norms)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("cell", ["lstm", "gru", "vanilla"])
def test_shares_of_a_gradient_are_those_of_the_same_one_a_power_of_two_smaller(cell, size):
    made = scaled(size, cell)
    found = shares_of(made.model.cell, made.gradients)
    down = 2.0 ** -round(np.log2(size))
    wanted = shares_of(made.model.cell, {name: gradient * down for name, gradient in made.gradients.items()})
    assert found.norm * down == pytest.approx(wanted.norm, rel=1e-12) and 0 < found.norm < np.inf
    assert dict(found.parts) == pytest.approx(dict(wanted.parts), rel=1e-12, abs=1e-300)
    assert sum(share for _, share in found.parts) == pytest.approx(1.0)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", ["V", "W_f", "U_i", "b_o"])
def test_votes_and_their_sums_have_norms(name, size):
    made = scaled(size)
    votes = votes_of(made, name)
    for count in (1, len(votes) // 2, len(votes)):
        assert votes.norm(count) == pytest.approx(norm(votes.partial_sum(count)), rel=1e-12, abs=0)
    assert 0 < votes.total < np.inf
    assert all(np.isfinite(votes.vote(n).norm) for n in range(len(votes)))


@pytest.mark.parametrize("size", [*SIZES, 1e-160, np.nan, np.inf])
def test_the_output_layer_of_a_large_vocabulary_has_a_norm_without_its_matrix(size, monkeypatch):
    monkeypatch.setattr("explorer.model.votes.MOST", 3)
    plain = small_walk("irnn", policy=Full())
    parameters = {**plain.model.parameters, "U": np.abs(plain.model.parameters["U"]) * size}
    model = plain.model.with_parameters({**parameters, "V": plain.model.parameters["V"] / max(size, 1.0)})
    made = walk(model, forward(model, plain.trace.inputs), plain.targets, Full())
    votes = votes_of(made, "V")
    count = len(votes) - 1
    assert votes.rows is not None
    taus = made.script.visit_tau[votes.visits[:count]]
    with np.errstate(all="ignore"):
        wanted = norm(made.sweep.d_logits[taus].T @ made.trace.hidden[taus])
    assert votes.norm(count) == pytest.approx(wanted, rel=1e-12, abs=0, nan_ok=True)
    assert np.isfinite(wanted) == np.isfinite(size)


@pytest.mark.parametrize("size", SIZES)
def test_a_chain_of_factors_and_a_spot_check_hold(size):
    made = scaled(size)
    books = ledgers(made.model, made.trace, made.targets, made.truncation)
    lane = made.lane(6)
    assert (state_norms(lane, 6)[:7] > 0).all() and np.isfinite(state_norms(lane, 6)).all()
    for name in ("W_f", "U_i"):
        found = chain(made, books[name], 6, 3, lane)
        assert np.prod([f.value for f in found.factors]) == pytest.approx(found.norm, rel=1e-9)
        length, error = entry_error(books[name], (6, 3), pair_gradients(made, 6, 3)[name], made.gradients[name], 0.0)
        assert 0 < length < np.inf and error < 1e-9


@pytest.mark.parametrize("size", [1e250, 1e200, 1e100, 1.0])
@pytest.mark.parametrize("cell", ["lstm", "vanilla"])
def test_the_badge_verifies_a_huge_gradient(cell, size):
    found = verify(scaled(size, cell), 0)
    assert found.ok and found.cause == "", found.report


def test_at_a_huge_weight_values_between_one_and_minus_one_keep_their_colours():
    made = small_walk("vanilla")
    assert scene_of(made).far is None and stage_at(made, 5).scene.far_names == ""
    weights = np.array(made.model.parameters["W"])
    weights[2, 3] = 1e200
    model = made.model.with_parameters({**made.model.parameters, "W": weights})
    scene = scene_of(walk(model, forward(model, made.trace.inputs), made.targets, made.truncation))
    (h,), (a,) = scene.states, scene.gates
    assert scene.value_scale.limit == scene.scale_of(h).limit == scene.scale_of(scene.initial[0]).limit == 1.0
    assert scene.far is not None and scene.scale_of(a) is scene.far.scale and scene.far_names == "a"
    assert 1e198 < scene.far.scale.limit < 1e201


def test_values_that_are_all_huge_have_one_scale_and_zeros_before_the_first_step_are_no_reason_for_two():
    plain = small_walk("irnn")
    model = plain.model.with_parameters({**plain.model.parameters, "U": np.abs(plain.model.parameters["U"]) * 1e6})
    scene = scene_of(walk(model, forward(model, plain.trace.inputs), plain.targets, Full()))
    assert scene.far is None and scene.value_scale.limit > 1e5


def test_no_ribbon_is_beyond_the_end_of_its_scale_not_even_the_one_into_the_initial_state():
    made = small_walk("vanilla", policy=Full())
    weights = np.array(made.model.parameters["W"])
    weights[2, 3] = 1e200
    model = made.model.with_parameters({**made.model.parameters, "W": weights})
    made = walk(model, forward(model, made.trace.inputs), made.targets, Full())
    data = stage_at(made, made.script.update_start)
    assert data.credit.known[0] and 1e190 < data.credit.norms[0] <= data.ribbon_scale.limit
