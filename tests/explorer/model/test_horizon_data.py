from __future__ import annotations

import numpy as np
import pytest

from explorer.model import action as do
from explorer.model.horizon_data import MEAN, axis, horizon_data, shown_loss, survival
from explorer.model.horizons import (
    carry_terms,
    horizons,
    lengths,
    recurrent_matrices,
    reference_horizons,
    same_as_reference,
    spectral_radius,
)
from rnncore.library import LIBRARY
from rnncore.model import Model
from rnncore.trace import IGNORE, forward
from rnncore.truncation import Chunks, Full, Tail, Window

from .runs import Driver
from .steps import CELLS, IDS, after, make_walk


def loss_of_state(walk, t: int, tau: int, state: str, value: np.ndarray) -> float:
    """L_t if ``state`` had been ``value`` at step τ: the forward pass from there on, run anew."""
    start = {s: walk.trace[s][tau] for s in walk.model.cell.states} | {state: value}
    rest = forward(walk.model, walk.trace.inputs[tau + 1 : t + 1], start)
    return float(rest.losses(walk.targets[tau + 1 : t + 1])[-1])


@pytest.mark.parametrize("cell", ["vanilla", "lstm", "gru-2014"])
def test_a_norm_is_that_of_the_derivative_found_by_moving_the_state(cell: str) -> None:
    walk = make_walk(cell)
    found = horizons(walk.trace, walk.targets)
    for t, tau in ((5, 0), (5, 3), (3, 2)):
        value = walk.trace["h"][tau]
        slope = []
        for unit in range(len(value)):
            step = np.zeros_like(value)
            step[unit] = 1e-6
            up, down = (loss_of_state(walk, t, tau, "h", value + sign * step) for sign in (1, -1))
            slope.append((up - down) / 2e-6)
        assert found.norms["h"][t, tau] == pytest.approx(np.linalg.norm(slope), rel=1e-6)


@pytest.mark.parametrize("cell", sorted(CELLS))
def test_every_state_of_every_cell_agrees_with_the_lane_of_one_loss(cell: str) -> None:
    walk = make_walk(cell, truncation=Full())
    found = horizons(walk.trace, walk.targets)
    for state, output in walk.model.cell.outputs.items():
        lane = walk.lane(4).nodes[output]
        for tau in range(5):
            assert found.norms[state][4, tau] == pytest.approx(np.linalg.norm(lane[tau]), rel=1e-12)
        assert np.isnan(found.norms[state][2, 3:]).all()


def test_the_mean_is_that_of_the_losses_own_shares() -> None:
    walk = make_walk("lstm")
    found = horizons(walk.trace, walk.targets)
    shares = [horizon_data(found, walk.progress(0), t).values for t in range(6)]
    data = horizon_data(found, walk.progress(0), None)
    for lag in range(6):
        assert data.values[lag] == pytest.approx(np.mean([s[lag] for s in shares if len(s) > lag]), rel=1e-12)
    assert data.counts.tolist() == [6, 5, 4, 3, 2, 1]
    assert data.who == "mean of 6 losses"


def test_a_step_without_a_loss_is_left_out_of_the_mean() -> None:
    targets = IDS[1:].copy()
    targets[[1, 5]] = IGNORE
    walk = make_walk("gru", targets=targets)
    found = horizons(walk.trace, walk.targets)
    data = horizon_data(found, walk.progress(0), None)
    assert data.counts.tolist() == [4, 3, 3, 2, 1]
    assert np.isfinite(data.values).all()
    assert np.isnan(found.norms["h"][1]).all()


@pytest.mark.parametrize(
    ("policy", "first", "partly"), [(Full(), None, None), (Window(2), 3, 3), (Chunks(4), 4, 1), (Tail(2), 2, 0)]
)
def test_what_is_cut_begins_where_the_policys_table_is_empty(policy, first, partly) -> None:
    walk = make_walk("lstm", truncation=policy)
    data = horizon_data(horizons(walk.trace, walk.targets), walk.progress(0), None)
    assert (data.first_cut, data.first_partly_cut) == (first, partly)
    share = [np.diagonal(policy.table(6), -lag).mean() for lag in range(6)]
    assert data.kept == pytest.approx(share)


def test_the_walk_reaches_one_lag_after_the_other() -> None:
    walk = make_walk("lstm", truncation=Full())
    found = horizons(walk.trace, walk.targets)
    reached = []
    for kind, tau in (("stream_loss", 5), ("stream_future", 4), ("stream_future", 3)):
        data = horizon_data(found, walk.progress(after(walk, kind, tau, loss=5)), 5)
        reached.append((data.reached, data.walking))
    assert reached == [(1, True), (2, True), (3, True)]
    assert "not walked yet" in data.reading(3)


def test_the_carry_is_the_product_of_the_forget_gates_between() -> None:
    walk = make_walk("lstm")
    carry = horizons(walk.trace, walk.targets).carry
    assert carry is not None and (carry.state, carry.gate) == ("c", "f")
    f = walk.trace["f"]
    assert carry.table[5, 2] == pytest.approx((f[3] * f[4] * f[5]).mean(), rel=1e-12)
    assert carry.table[4, 4] == 1.0
    assert carry.mean[2] == pytest.approx(np.mean([carry.table[t, t - 2] for t in range(2, 6)]), rel=1e-12)


HIGHWAYS = {"vanilla": [], "irnn": [], "gru": ["z"], "lstm-coupled": ["f"], "mgu": ["1 - f"], "leaky": ["1 - leak"]}


@pytest.mark.parametrize("name", HIGHWAYS)
def test_a_highway_is_read_from_the_graph(name: str) -> None:
    cell = LIBRARY[name]
    state = "c" if "c" in cell.states else "h"
    found = [cell.nodes[g].name or cell.nodes[g].text for _, product in carry_terms(cell, state) for g in product]
    assert found == HIGHWAYS[name]


def test_the_candidates_matrix_comes_first_and_its_radius_is_the_largest_eigenvalue() -> None:
    assert recurrent_matrices(LIBRARY["vanilla"]) == ("W",)
    assert recurrent_matrices(LIBRARY["lstm"]) == ("W_g", "W_i", "W_f", "W_o")
    assert recurrent_matrices(LIBRARY["gru"])[0] == "W_n"
    assert spectral_radius(np.array([[0.0, -2.0], [2.0, 0.0]])) == pytest.approx(2.0)
    assert np.isnan(spectral_radius(np.array([[np.nan]])))


def test_the_reference_is_the_tanh_network_of_the_same_size_and_seed() -> None:
    walk = make_walk("lstm")
    reference = reference_horizons(walk.model, walk.trace.inputs, walk.targets)
    plain = Model.create("vanilla", 8, 5, seed=2)
    assert all(np.array_equal(reference.trace.model.parameters[n], v) for n, v in plain.parameters.items())
    again = horizons(forward(plain, walk.trace.inputs), walk.targets)
    data = horizon_data(horizons(walk.trace, walk.targets), walk.progress(0), 5, reference=reference)
    line = next(line for line in data.lines if line.label == "tanh RNN, same seed")
    assert line.values == pytest.approx(again.norms["h"][5, ::-1] / again.norms["h"][5, 5])
    assert not same_as_reference(walk.trace, reference) and same_as_reference(again.trace, reference)


def test_a_line_for_the_spectral_radius_falls_as_its_powers() -> None:
    walk = make_walk("vanilla")
    data = horizon_data(horizons(walk.trace, walk.targets), walk.progress(0), 5)
    radius = np.abs(np.linalg.eigvals(walk.model.parameters["W"])).max()
    assert [line.label for line in data.lines] == ["mean of 6 losses", "ρ(W)^ℓ"]
    assert data.lines[1].values == pytest.approx(radius ** np.arange(6))


def test_lengths_hold_where_squares_would_not() -> None:
    tiny = np.array([[3e-200, 4e-200], [3e200, 4e200], [0, 0]])
    assert lengths(tiny) == pytest.approx([5e-200, 5e200, 0.0])
    assert np.isnan(lengths(np.array([np.nan, 1.0]))) and np.isinf(lengths(np.array([-np.inf, 1.0])))


def test_an_underflow_is_called_one_and_what_is_no_number_is_shown_so() -> None:
    assert survival(0.0) == survival(1e-310) == "0 (underflow)"
    assert survival(float("nan")) == "NaN" and survival(float("inf")) == "∞"


def test_a_network_that_overflows_gives_no_number_and_no_error() -> None:
    walk = make_walk("irnn")
    huge = walk.model.with_parameters({n: v * 1e200 for n, v in walk.model.parameters.items()})
    with np.errstate(all="ignore"):
        trace = forward(huge, walk.trace.inputs)
    data = horizon_data(horizons(trace, walk.targets), walk.progress(0), 5)
    assert not np.isfinite(data.values).all()
    assert any("NaN" in line or "∞" in line for line in data.reading(2))


def test_the_axis_grows_by_whole_steps_and_holds_every_value() -> None:
    assert axis(np.array([1.0, 0.5, 1e-3])) == (-4, 0)
    assert axis(np.array([1.0, 2e-5])) == (-8, 0)
    assert axis(np.array([1.0, 30.0, 0.0, np.nan])) == (-4, 2)
    assert axis(np.array([np.nan])) == (-4, 0)


def test_the_walking_loss_goes_before_the_selected_step_and_that_before_the_mean() -> None:
    driver = Driver()

    def shown(mode: str = "follow") -> int | None:
        return shown_loss(driver.session, driver.derived.progress(driver.session), mode)

    assert shown() is None
    driver.do(do.Select(t=3))
    assert shown() == 3
    walk = driver.derived.walk(driver.session)
    driver.do(do.GoTo(walk.script.backward_start + 3))
    assert shown() == walk.trace.length - 1
    driver.do(do.Select(t=1))
    assert shown() == walk.trace.length - 1
    assert shown(MEAN) is None
