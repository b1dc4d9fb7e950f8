"""Keyframes are dense in the near past, sparse in the far one, and never take much memory."""

from __future__ import annotations

import numpy as np
import pytest

from rnncore.annealing import Annealed
from rnncore.errors import RnnError
from rnncore.keyframes import FAR, NEAR, REPLAY_SECONDS, Keyframes, state_bytes
from rnncore.training_state import TrainingState


def state(update: int, size: int = 4) -> TrainingState:
    return TrainingState({"W": np.zeros(size)}, {"W": {}}, Annealed(0.1, None), update)


def kept(updates: int, spacing: int = 32, memory: int = 2**30, seconds: float | None = None) -> Keyframes:
    frames = Keyframes(state(0), spacing, memory)
    for update in range(1, updates + 1):
        if frames.is_due(update):
            frames.keep(state(update))
        if seconds is not None and update % 64 == 0:
            frames.time(64 * seconds, 64)
    return frames


def test_the_near_past_is_one_spacing_from_a_keyframe_and_the_far_past_in_proportion_to_its_age():
    frames = kept(40 * NEAR)
    last = 40 * NEAR
    for update in np.random.default_rng(0).integers(0, last, 2000).tolist():
        replayed = update - frames.before(update).update
        age = last - update
        # The thinning is done once in a while: what has just grown old enough may still be dense.
        assert 0 <= replayed < 32 * max(1.0, 4.0 * age / NEAR)
        if age < NEAR // 2:
            assert replayed < 32


def test_however_long_the_run_no_update_is_further_from_a_keyframe_than_even_steps_over_it_would_be():
    last = 80 * NEAR
    frames = kept(last, spacing=64)
    apart = np.diff([*(frame.update for frame in frames.states), last])
    assert apart.max() <= 2 * last / FAR
    assert len(frames) < 4 * FAR


def test_each_doubling_of_the_length_costs_as_many_keyframes_as_the_one_before():
    counts = [len(kept(NEAR << octave)) for octave in range(6)]
    steps = np.diff(counts)
    assert counts[0] <= NEAR // 32 + 1
    assert all(0 < step <= NEAR // 32 // 2 + counts[-1] // 8 for step in steps), counts
    assert counts[-1] < 4 * counts[0] < NEAR


def test_keyframes_move_apart_where_updates_are_quick_and_together_where_they_are_slow():
    quick = kept(20_000, seconds=REPLAY_SECONDS / 1000)
    assert quick.spacing == 128
    slow = kept(2_000, spacing=64, seconds=REPLAY_SECONDS / 10)
    assert slow.spacing == 8
    assert kept(3_000, seconds=1e-7).spacing == 32, "a short run keeps the spacing that it was given"


def test_memory_is_a_limit_and_the_first_state_stays():
    size = state_bytes(state(0))
    frames = kept(5_000, spacing=1, memory=20 * size)
    assert frames.memory_used <= 20 * size and frames.states[0].update == 0
    assert frames.before(4_999).update <= 4_999


def test_a_branch_keeps_the_state_that_it_begins_with_however_sparse_its_keyframes_become():
    frames = Keyframes(state(7), 1, 20 * state_bytes(state(0)))
    for update in range(8, 5_000):
        if frames.is_due(update):
            frames.keep(state(update))
    assert frames.states[0].update == 7 and frames.before(8).update == 7


def test_once_memory_was_full_slow_updates_do_not_fill_it_again():
    size = state_bytes(state(0))
    frames = kept(5_000, spacing=64, memory=4 * size, seconds=REPLAY_SECONDS)
    assert frames.spacing >= 64 and len(frames) <= 4


@pytest.mark.parametrize("updates", [(), (3, 2), (2, 2)])
def test_keyframes_out_of_order_are_refused(updates):
    with pytest.raises(RnnError, match="missing or out of order"):
        Keyframes.restored([state(u) for u in updates], 32, 2**20)
