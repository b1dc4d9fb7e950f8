from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from explorer.model.stage_cut import cut_of, dragged, handle_tip, policy_at, stopped_before, tracks_of
from explorer.model.stage_handles import CUTTING, Handle, equals_full, nudged, past_the_start, stands
from rnncore.truncation import Chunks, Full, Stride, Tail, Truncation, Window

T = 9
POLICIES: tuple[Truncation, ...] = (
    Full(), Window(0), Window(3), Window(20), Chunks(1), Chunks(4), Stride(3, 5, "new"), Stride(3, 5, "all"),
    Stride(3, 5, "last"), Stride(4, 2), Tail(4), Tail(9),
)  # fmt: skip


@pytest.mark.parametrize("policy", POLICIES, ids=lambda p: p.describe())
@pytest.mark.parametrize("loss", range(T))
def test_dropped_are_exactly_the_copies_that_the_table_leaves_out(policy, loss):
    table = policy.table(T)
    cut = cut_of(policy, table, loss)
    for tau in range(T):
        assert cut.dropped[tau] == (tau <= loss and table[loss, tau] == 0)


@pytest.mark.parametrize("policy", POLICIES, ids=lambda p: p.describe())
@pytest.mark.parametrize("loss", range(T))
def test_the_ribbon_is_snipped_where_a_kept_copy_has_a_dropped_one_before_it(policy, loss):
    table = policy.table(T) > 0
    cut = cut_of(policy, policy.table(T), loss)
    for t in range(1, loss + 1):
        assert cut.boundaries[t] == (table[loss, t] and not table[loss, t - 1])
    assert not cut.boundaries[0]
    assert not cut.boundaries[loss + 2 :].any()
    assert cut.boundaries[loss + 1] == (not table[loss, loss])


@pytest.mark.parametrize("policy", POLICIES, ids=lambda p: p.describe())
def test_for_all_losses_a_boundary_is_cut_when_credit_comes_to_it_and_no_pair_crosses_it(policy):
    table = policy.table(T) > 0
    cut = cut_of(policy, policy.table(T), None)
    for t in range(1, T):
        assert cut.boundaries[t] == (bool(table[:, t].any()) and not table[t:, :t].any())
    np.testing.assert_array_equal(cut.dropped, ~table.any(axis=0))


def test_window_4_of_the_last_of_nine_losses_drops_the_first_four():
    cut = cut_of(Window(4), Window(4).table(T), 8)
    assert np.flatnonzero(cut.boundaries).tolist() == [4]
    assert np.flatnonzero(cut.dropped).tolist() == [0, 1, 2, 3]
    assert [(h.boundary, h.name) for h in cut.handles] == [(4, "k")] and cut.borders == (4,)


def test_of_all_losses_together_a_tail_is_cut_once_and_not_before_each_step_that_is_left_out():
    cut = cut_of(Tail(4), Tail(4).table(T), None)
    assert cut.borders == (T - 4,) and np.flatnonzero(cut.dropped).tolist() == [0, 1, 2, 3, 4]


def test_runs_shorter_than_their_stride_are_cut_where_they_end_and_not_in_the_gaps_between_them():
    cut = cut_of(Stride(4, 2), Stride(4, 2).table(12), None)
    assert np.flatnonzero(cut.boundaries).tolist() == [2, 6, 10]


def test_full_cuts_nothing_and_its_scissors_wait_at_the_beginning():
    cut = cut_of(Full(), Full().table(T), 5)
    assert not cut.any
    assert [(h.boundary, h.name) for h in cut.handles] == [(0, "k")] and cut.borders == ()


def test_of_all_losses_together_the_last_ones_window_can_be_dragged_and_the_others_are_told():
    cut = cut_of(Window(2), Window(2).table(T), None)
    assert cut.handles == (Handle(T - 3, "k", T - 1),)
    assert cut.snips == tuple((t - 2, (t,)) for t in range(3, T)) and cut.any
    assert cut.stopped_at(3) == (5,) and cut.stopped_at(T - 1) == ()
    assert handle_tip(cut, cut.handles[0]).startswith("window k = 2: loss 8 reaches back to t = 6\nEvery loss")
    asked = np.arange(T) < 7  # the last steps carry no loss
    cut = cut_of(Window(2), Window(2).table(T), None, asked)
    assert cut.handles == (Handle(4, "k", 6),) and dict(cut.snips) == {t - 2: (t,) for t in range(3, 7)}
    assert dragged(cut, 5).handles == (Handle(5, "k", 6),)


@pytest.mark.parametrize("policy", [Stride(3, 3, "last"), Stride(2, 4), Stride(1, 5, "all")], ids=str)
@pytest.mark.parametrize("loss", [None, 4])
def test_runs_of_a_stride_are_all_drawn_and_those_that_overlap_on_tracks_of_their_own(policy, loss):
    cut = cut_of(policy, policy.table(T), loss)
    assert len(cut.runs) == len(policy.sweeps(T)) >= 3
    placed = tracks_of(cut.runs, T, cut.run)
    assert {run for _, run in placed} == set(cut.runs)
    for (track, run), (other, beside) in combinations(placed, 2):
        assert track != other or run.high < beside.low or beside.high < run.low
    few = tracks_of(cut.runs, 2, cut.run)
    assert {track for track, _ in few} <= {0, 1} and (0, cut.run) in few


def test_a_stride_stops_the_losses_of_one_run_where_another_run_goes_on():
    policy = Stride(2, 4)
    table = policy.table(T) > 0
    cut = cut_of(policy, policy.table(T), None)
    for boundary, losses in cut.snips:
        for t in losses:
            assert table[t, boundary] and not table[t, :boundary].any()
        assert (table[boundary:, :boundary].any(axis=1)).any() and not cut.boundaries[boundary]
    assert cut.snips
    assert cut_of(Chunks(3), Chunks(3).table(T), None).snips == ()


@pytest.mark.parametrize("policy", [Window(8), Window(99), Chunks(9), Tail(9), Stride(9, 9), Stride(9, 20, "all")])
def test_a_truncation_that_leaves_nothing_out_is_known_to_be_full(policy):
    assert np.array_equal(policy.table(T) > 0, Full().table(T) > 0) and equals_full(policy, T)
    assert not equals_full(policy, 2 * T) or (isinstance(policy, Window) and policy.k > 2 * T)


@pytest.mark.parametrize("policy", [Full(), Window(7), Chunks(8), Tail(8), Stride(8, 9), Stride(9, 9, "last")])
def test_full_itself_and_what_leaves_something_out_are_not_said_to_be_full(policy):
    assert not equals_full(policy, T)


def test_scissors_of_a_window_that_is_as_long_as_the_sentence_say_that_it_is_full():
    cut = cut_of(Window(99), Window(99).table(T), T - 1)
    assert "the same as full here" in handle_tip(cut, cut.handles[0])


@pytest.mark.parametrize(("boundary", "k"), [(8, 0), (6, 2), (0, 8), (-3, 8), (12, 0)])
def test_scissors_let_go_at_a_boundary_make_the_window_that_cuts_there(boundary, k):
    cut = cut_of(Window(4), Window(4).table(T), 8)
    assert policy_at(cut, boundary) == Window(k)
    if 0 < boundary <= 8:
        assert np.flatnonzero(cut_of(Window(k), Window(k).table(T), 8).boundaries).tolist() == [boundary]


def test_without_a_handle_there_is_nothing_to_drag():
    assert policy_at(cut_of(Full(), np.zeros((0, 0), dtype=int), None), 0) is None


def test_while_dragged_the_cut_shows_what_letting_go_will_make():
    cut = cut_of(Full(), Full().table(T), 7)
    assert dragged(cut, 5) == cut_of(Window(2), Window(2).table(T), 7)
    fixed = cut_of(Full(), np.zeros((0, 0), dtype=int), None)
    assert dragged(fixed, 5) is fixed


def test_cuts_compare_by_what_they_show():
    assert cut_of(Window(4), Window(4).table(T), 8) == cut_of(Window(4), Window(4).table(T), 8)
    assert cut_of(Window(4), Window(4).table(T), 8) != cut_of(Window(3), Window(3).table(T), 8)


def test_an_empty_sentence_has_no_cut():
    assert not cut_of(Full(), np.zeros((0, 0), dtype=int), None).any


@pytest.mark.parametrize("policy", POLICIES, ids=lambda p: p.describe())
@pytest.mark.parametrize("loss", [0, 4, 8])
def test_every_policy_can_be_dragged_to_wherever_its_cut_can_stand(policy, loss):
    cut = cut_of(policy, policy.table(T), loss)
    assert cut.handles
    for handle in cut.handles:
        assert policy_at(cut, handle.boundary, handle).table(T).tolist() == policy.table(T).tolist(), "put back"
        for boundary in range(-1, T + 2):
            made = policy_at(cut, boundary, handle)
            assert type(made) is type(policy) or (isinstance(policy, Full) and isinstance(made, Window))
            stand = stands(made, handle).boundary
            away = [abs(stands(policy_at(cut, b, handle), handle).boundary - boundary) for b in range(T + 1)]
            assert abs(stand - boundary) == min(away), "no other place is nearer"


@pytest.mark.parametrize(
    ("policy", "loss", "name", "boundary", "made"),
    [
        (Chunks(3), 7, "n", 5, Chunks(2)),
        (Chunks(3), 4, "n", 4, Chunks(4)),
        (Chunks(20), 4, "n", 3, Chunks(3)),
        (Tail(4), 8, "k", 2, Tail(7)),
        (Tail(4), 8, "k", 9, Tail(1)),
        (Stride(3, 5), 8, "k2", 7, Stride(3, 2)),
        (Stride(3, 5), 8, "k1", 4, Stride(4, 5)),
        (Stride(3, 5, "all"), 1, "k2", 1, Stride(3, 2, "all")),
    ],
    ids=str,
)
def test_a_handle_let_go_at_a_boundary_sets_its_number(policy, loss, name, boundary, made):
    cut = cut_of(policy, policy.table(T), loss)
    handle = next(h for h in cut.handles if h.name == name)
    assert policy_at(cut, boundary, handle) == made
    if name in CUTTING:
        assert dragged(cut, boundary, handle) == cut_of(made, made.table(T), loss)


def test_the_border_of_a_later_chunk_stands_at_a_multiple_of_the_chunk():
    cut = cut_of(Chunks(3), Chunks(3).table(T), 8)
    assert [(h.boundary, h.origin) for h in cut.handles] == [(6, 2), (3, 1)]
    assert policy_at(cut, 8) == Chunks(4) and stands(Chunks(4), cut.handles[0]).boundary == 8
    assert policy_at(cut, 3, cut.handles[0]) == Chunks(2) and stands(Chunks(2), cut.handles[0]).boundary == 4


def test_the_scissors_of_this_loss_come_first():
    assert cut_of(Chunks(2), Chunks(2).table(T), 5).handles[0].boundary == 4
    assert cut_of(Stride(3, 5), Stride(3, 5).table(T), 8).handles[0] == Handle(4, "k2", 8)
    assert cut_of(Window(3), Window(3).table(T), 8).scissors == (Handle(5, "k", 8),)


@pytest.mark.parametrize("policy", POLICIES, ids=lambda p: p.describe())
def test_the_runs_that_are_drawn_are_the_policy_s_and_one_is_this_loss_s(policy):
    for loss in range(T):
        cut = cut_of(policy, policy.table(T), loss)
        if isinstance(policy, Full | Window):
            assert cut.runs == () and cut.run is None
            continue
        assert set(cut.runs) <= set(policy.sweeps(T)) and cut.run in cut.runs
        if isinstance(policy, Chunks | Tail):
            assert cut.runs == policy.sweeps(T)
        if policy.table(T)[loss].any():
            assert loss in cut.run.losses
            assert cut.run.low == np.flatnonzero(policy.table(T)[loss])[0]


@pytest.mark.parametrize(
    ("policy", "loss", "scissors", "left", "right"),
    [
        (Window(4), 8, True, Window(5), Window(3)),
        (Window(8), 8, True, Window(8), Window(7)),
        (Window(0), 8, True, Window(1), Window(0)),
        (Full(), 8, True, Full(), Window(7)),
        (Chunks(3), 8, True, Chunks(2), Chunks(4)),
        (Chunks(1), 8, True, Chunks(1), Chunks(2)),
        (Tail(4), 8, True, Tail(5), Tail(3)),
        (Tail(1), 8, True, Tail(2), Tail(1)),
        (Stride(3, 5), 8, True, Stride(3, 6), Stride(3, 4)),
        (Stride(3, 5), 8, False, Stride(2, 5), Stride(4, 5)),
    ],
    ids=str,
)
def test_a_key_moves_the_cut_by_one_step(policy, loss, scissors, left, right):
    handles = [h for h in cut_of(policy, policy.table(T), loss).handles if (h.name in CUTTING) == scissors]
    assert nudged(policy, handles[0], -1, T) == left
    assert nudged(policy, handles[0], 1, T) == right


@pytest.mark.parametrize("policy", POLICIES, ids=lambda p: p.describe())
def test_every_handle_says_what_it_sets_and_how_it_is_moved(policy):
    cut = cut_of(policy, policy.table(T), 7)
    for handle in cut.handles:
        words = handle_tip(cut, handle)
        number = {"k1": "k₁", "k2": "k₂"}.get(handle.name, handle.name)
        if not isinstance(policy, Full):
            assert f"{number} = {getattr(policy, handle.name)}" in words
        assert ("[ ]" if handle.name in CUTTING else "{ }") in words and "rag" in words
        assert ("credit does not" in words) == (cut.any and handle.name in CUTTING)


@pytest.mark.parametrize(
    ("policy", "said"),
    [
        (Window(50), "k = 50 reaches past the start: nothing is cut in this sentence"),
        (Window(8), "k = 8 reaches to the start: nothing is cut in this sentence"),
        (Chunks(20), "one chunk of n = 20 holds it all: nothing is cut in this sentence"),
        (Tail(9), "the tail of k = 9 holds it all: nothing is cut in this sentence"),
        (Stride(9, 9), "k₁ = 9 and k₂ = 9 span it all: nothing is cut in this sentence"),
        (Window(7), ""),
        (Full(), ""),
    ],
    ids=str,
)
def test_a_truncation_that_cuts_nothing_says_so(policy, said):
    assert past_the_start(policy, T) == said


@pytest.mark.parametrize("policy", POLICIES, ids=lambda p: p.describe())
def test_a_pair_is_stopped_where_the_table_stops_counting_on_its_way(policy):
    table = policy.table(T)
    for loss in range(T):
        for tau in range(loss + 1):
            stop = stopped_before(table, loss, tau)
            assert (stop is None) == bool(table[loss, tau])
            if stop is not None:
                assert table[loss, stop : loss + 1].all() and not table[loss, tau:stop].any()
                assert tau < stop <= loss + 1
