"""The lanes of a sweep, against each loss's own walk back."""

from __future__ import annotations

import numpy as np
import pytest

from explorer.model.stage_lanes import MOST_LANES, Lanes
from rnncore.truncation import Chunks, Full, Stride, Tail, Window
from tests.explorer.model.stages import small_walk

POLICIES = [Full(), Window(0), Window(2), Window(50), Chunks(3), Stride(2, 5, "all"), Stride(3, 2, "last"), Tail(4)]


def taken(w, loss: int, boundary: int) -> np.ndarray:
    """What one loss takes over a boundary: its own gradient with respect to the states before, as often as counted."""
    lane, times = w.lane(loss), w.table[loss, boundary - 1]
    return times * np.concatenate([v[boundary - 1] for v in lane.from_future.values()])


@pytest.mark.parametrize("policy", POLICIES, ids=str)
@pytest.mark.parametrize("cell", ["vanilla", "lstm"])
@pytest.mark.parametrize("steps", [8, 14])
def test_a_lane_is_what_its_loss_takes_over_the_boundary_and_all_of_them_are_the_sweep(cell, policy, steps):
    w = small_walk(cell, steps=steps, policy=policy, order="sweep")
    for boundary in range(1, steps):
        for most in (MOST_LANES, 3, 1):
            lanes = Lanes(w).at(boundary, most)
            assert len(lanes) <= most
            told = [t for lane in lanes for t in lane.losses]
            wanted = [t for t in range(boundary, steps) if w.table[t, boundary - 1] and w.targets[t] >= 0]
            assert told == wanted, "each loss that goes over it, the nearest first, and no other"
            for lane in lanes:
                own = sum(taken(w, t, boundary) for t in lane.losses)
                assert lane.norm == pytest.approx(np.linalg.norm(own), rel=1e-9, abs=1e-15)
                assert lane.times == w.table[lane.losses[0], boundary - 1] or len(lane.losses) > 1
            if told:
                everything = np.concatenate([v[boundary - 1] for v in w.sweep.from_future.values()])
                np.testing.assert_allclose(sum(taken(w, t, boundary) for t in told), everything, atol=1e-14)


@pytest.mark.parametrize("policy", POLICIES, ids=str)
def test_a_loss_is_stopped_where_its_weight_copies_end(policy):
    w = small_walk("vanilla", policy=policy, order="sweep")
    for boundary in range(1, 8):
        wanted = [
            t for t in range(boundary, 8) if w.targets[t] >= 0 and w.table[t, boundary] > w.table[t, boundary - 1]
        ]
        assert list(Lanes(w).stopped(boundary)) == wanted


def test_a_number_that_is_none_stays_none():
    w = small_walk("vanilla", order="sweep", poison=True, policy=Full())
    assert all(np.isnan(lane.norm) for lane in Lanes(w).at(3))
