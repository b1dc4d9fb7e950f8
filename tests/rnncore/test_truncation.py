from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnncore import Chunks, Full, RnnError, Stride, Tail, Window
from rnncore.truncation import from_json, segments, stream_sweeps, stream_table, to_json
from tests.rnncore.cases import POLICIES, policies


def counted(sweeps, length):
    """Count the pairs of runs backward, straight from their meaning."""
    m = np.zeros((length, length), int)
    for sweep in sweeps:
        for t in sweep.losses:
            for tau in range(sweep.low, t + 1):
                m[t, tau] += 1
    return m


@given(policies, st.integers(0, 14))
def test_the_runs_backward_count_exactly_the_tables_pairs(policy, length):
    np.testing.assert_array_equal(counted(policy.sweeps(length), length), policy.table(length))


@given(policies, st.integers(1, 12), st.sets(st.integers(0, 14)), st.sampled_from(["carried", "detached", "reset"]))
def test_a_streams_runs_count_exactly_its_tables_pairs(policy, length, boundaries, between):
    m = stream_table(policy, length, sorted(boundaries), between)
    np.testing.assert_array_equal(counted(stream_sweeps(policy, length, sorted(boundaries), between), length), m)
    if between != "carried":
        for low, _ in segments(length, sorted(boundaries)):
            assert not m[low:, :low].any()


@given(st.integers(1, 12))
def test_a_window_as_wide_as_the_sentence_is_the_full_gradient(length):
    np.testing.assert_array_equal(Window(length - 1).table(length), Full().table(length))


def test_tables_of_a_nine_step_sentence_count_the_pairs_that_the_field_says():
    assert Full().table(9).sum() == 45
    assert Window(4).table(9).sum() == 35
    assert Chunks(4).table(9).sum() == 21
    assert Chunks(5).table(9).sum() == 25
    assert Tail(4).table(9).sum() == 10


def test_a_stride_takes_its_gradients_every_k1_steps_and_at_the_end():
    assert Stride(4, 8).ends(10) == [3, 7, 9]
    assert Stride(4, 8).ends(8) == [3, 7]
    assert Stride(10, 8).ends(3) == [2]


def test_a_stride_with_all_losses_counts_pairs_several_times():
    m = Stride(1, 3, "all").table(5)
    expected = [[1, 0, 0, 0, 0], [1, 2, 0, 0, 0], [1, 2, 3, 0, 0], [0, 1, 2, 2, 0], [0, 0, 1, 1, 1]]
    # loss 0 is injected at e = 0, 1, 2, and each time counts once for τ = 0
    expected[0][0] = 3
    expected[1][0], expected[1][1] = 2, 3
    np.testing.assert_array_equal(m, expected)


def test_a_stride_with_new_losses_and_k1_equal_to_k2_is_chunks():
    for n in (1, 3, 4):
        np.testing.assert_array_equal(Stride(n, n, "new").table(12), Chunks(n).table(12))


def test_a_stride_of_one_with_last_losses_is_a_window():
    np.testing.assert_array_equal(Stride(1, 4, "last").table(9), Window(3).table(9))


@given(policies)
def test_a_policy_survives_its_record(policy):
    assert from_json(to_json(policy)) == policy


@pytest.mark.parametrize(
    "record", [None, {}, {"policy": "none"}, {"policy": "window", "q": 1}, {"policy": "window", "k": -1}]
)
def test_a_damaged_record_is_refused(record):
    with pytest.raises(RnnError):
        from_json(record)


@pytest.mark.parametrize(
    "make",
    [
        lambda: Window(-1),
        lambda: Window(1.5),
        lambda: Window(True),
        lambda: Chunks(0),
        lambda: Stride(0, 1),
        lambda: Tail(-1),
        lambda: Stride(1, 1, "some"),
    ],
)
def test_numbers_that_make_no_policy_are_refused(make):
    with pytest.raises(RnnError):
        make()


def test_every_policy_says_what_it_is():
    assert len({p.describe() for p in POLICIES}) == len(POLICIES)


@pytest.mark.parametrize("policy", [Window(10**30), Chunks(10**30), Tail(10**30), Stride(10**30, 10**30, "all")])
def test_a_count_beyond_all_sequences_keeps_every_pair(policy):
    np.testing.assert_array_equal(policy.table(5), np.tri(5))
    np.testing.assert_array_equal(counted(policy.sweeps(5), 5), np.tri(5))


def test_a_count_may_be_one_of_numpys_and_is_kept_as_a_plain_one():
    assert json.dumps(to_json(Window(np.int64(3)))) == json.dumps(to_json(Window(3)))
    assert Stride(np.int32(2), np.int64(5)) == Stride(2, 5)


@pytest.mark.parametrize("name", [[], {}, None, 3])
def test_a_record_whose_policy_is_no_name_is_refused(name):
    with pytest.raises(RnnError, match="needs a policy"):
        from_json({"policy": name})
