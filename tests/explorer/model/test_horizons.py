from __future__ import annotations

import numpy as np
import pytest

from explorer.model.horizons import carry_terms, horizons, lengths, recurrent_matrices, spectral_radius
from rnncore.library import LIBRARY
from rnncore.trace import forward
from rnncore.truncation import Full

from .steps import CELLS, make_walk


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


def test_lengths_hold_where_squares_would_not() -> None:
    tiny = np.array([[3e-200, 4e-200], [3e200, 4e200], [0, 0]])
    assert lengths(tiny) == pytest.approx([5e-200, 5e200, 0.0])
    assert np.isnan(lengths(np.array([np.nan, 1.0]))) and np.isinf(lengths(np.array([-np.inf, 1.0])))
