from __future__ import annotations

import numpy as np
import pytest

from explorer.model.stage_cut import cut_of, dragged, window_at
from rnncore.truncation import Chunks, Full, Stride, Tail, Truncation, Window

T = 9
POLICIES: tuple[Truncation, ...] = (
    Full(), Window(0), Window(3), Window(20), Chunks(1), Chunks(4), Stride(3, 5, "new"), Stride(3, 5, "all"),
    Stride(3, 5, "last"), Tail(4), Tail(9),
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
def test_for_all_losses_a_boundary_is_cut_when_no_pair_crosses_it(policy):
    table = policy.table(T) > 0
    cut = cut_of(policy, policy.table(T), None)
    for t in range(1, T):
        assert cut.boundaries[t] == (not table[t:, :t].any())
    np.testing.assert_array_equal(cut.dropped, ~table.any(axis=0))


def test_window_4_of_the_last_of_nine_losses_drops_the_first_four():
    cut = cut_of(Window(4), Window(4).table(T), 8)
    assert np.flatnonzero(cut.boundaries).tolist() == [4]
    assert np.flatnonzero(cut.dropped).tolist() == [0, 1, 2, 3]
    assert (cut.handle, cut.window) == (4, 4)


def test_full_cuts_nothing_and_its_scissors_wait_at_the_beginning():
    cut = cut_of(Full(), Full().table(T), 5)
    assert not cut.any
    assert (cut.handle, cut.window) == (0, None)


def test_only_a_window_can_be_dragged():
    assert cut_of(Chunks(3), Chunks(3).table(T), 5).handle is None
    assert cut_of(Window(2), Window(2).table(T), None).handle is None


@pytest.mark.parametrize(("boundary", "k"), [(8, 0), (6, 2), (0, 8), (-3, 8), (12, 0)])
def test_scissors_let_go_at_a_boundary_make_the_window_that_cuts_there(boundary, k):
    cut = cut_of(Window(4), Window(4).table(T), 8)
    assert window_at(cut, boundary) == k
    if 0 < boundary <= 8:
        assert np.flatnonzero(cut_of(Window(k), Window(k).table(T), 8).boundaries).tolist() == [boundary]


def test_scissors_that_cannot_be_dragged_make_no_window():
    assert window_at(cut_of(Tail(3), Tail(3).table(T), 8), 4) is None


def test_while_dragged_the_cut_shows_what_letting_go_will_make():
    cut = cut_of(Full(), Full().table(T), 7)
    assert dragged(cut, 5) == cut_of(Window(2), Window(2).table(T), 7)
    fixed = cut_of(Chunks(3), Chunks(3).table(T), 7)
    assert dragged(fixed, 5) is fixed


def test_cuts_compare_by_what_they_show():
    assert cut_of(Window(4), Window(4).table(T), 8) == cut_of(Window(4), Window(4).table(T), 8)
    assert cut_of(Window(4), Window(4).table(T), 8) != cut_of(Window(3), Window(3).table(T), 8)


def test_an_empty_sentence_has_no_cut():
    assert not cut_of(Full(), np.zeros((0, 0), dtype=int), None).any
