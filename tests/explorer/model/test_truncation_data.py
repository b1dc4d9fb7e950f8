"""The drawing of a truncation says what its table says."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from explorer.model.reducer import new_session
from explorer.model.runs import change_run
from explorer.model.truncation_data import (
    KINDS,
    crossing,
    dragged,
    kind_of,
    lane_rows,
    nudged,
    numbers_of,
    of_kind,
    truncation_data,
    with_number,
)
from rnncore.truncation import Chunks, Full, Stride, Tail, Window
from tests.explorer.model.runs import small_run

POLICIES = (Full(), Window(0), Window(2), Chunks(3), Stride(2, 5, "all"), Stride(3, 2), Stride(2, 4, "last"), Tail(3))


def session(policy):
    run = small_run()
    return new_session(change_run(run, replace(run.settings, truncation=policy), 0))


@pytest.mark.parametrize("policy", POLICIES, ids=str)
def test_lanes_and_counts_are_those_of_the_table(policy):
    data = truncation_data(session(policy))
    table = np.zeros((data.length, data.length), int)
    for lane in data.lanes:
        for t in lane.losses:
            table[t, lane.low : t + 1] += 1
    assert (table == policy.table(data.length)).all()
    assert (data.counts == table.sum(axis=0)).all()
    assert data.kept == (table > 0).sum() and data.twice == (table > 1).sum()
    assert data.pairs == data.length * (data.length + 1) // 2
    assert ("more than once" in data.sentence) == bool(data.twice)


def test_the_lane_that_walks_is_known():
    assert truncation_data(session(Window(2)), 4).current == 4
    assert truncation_data(session(Chunks(3)), 4).current == 1
    assert truncation_data(session(Tail(2)), 0).current is None
    assert truncation_data(session(Window(2))).current is None


@pytest.mark.parametrize("policy", POLICIES, ids=str)
def test_scissors_let_go_at_a_boundary_cut_that_lane_there(policy):
    data = truncation_data(session(policy))
    for n, lane in enumerate(data.lanes):
        for boundary in range(1, lane.high + 1):
            new = dragged(data, n, boundary)
            if isinstance(policy, Full):
                assert new == Window(lane.high - boundary)
            elif isinstance(policy, Chunks):
                assert n == 0 or new == Chunks(max(1, boundary // n))
            else:
                assert type(new) is type(policy)
                runs = new.sweeps(data.length)
                matching = runs if isinstance(policy, Tail) else [r for r in runs if r.high == lane.high]
                assert matching[0].low == boundary


def test_another_kind_keeps_the_number_where_it_has_one():
    for kind in KINDS:
        for old in POLICIES:
            assert kind_of(of_kind(kind, old, 9)) == kind
    assert of_kind("chunks", Window(4), 9) == Chunks(4) and of_kind("tail", Window(0), 9) == Tail(1)
    assert numbers_of(Stride(3, 5, "all")) == {"k1": 3, "k2": 5, "losses": "all"} and numbers_of(Full()) == {}
    assert with_number(Window(3), "k", -4) == Window(0) and with_number(Chunks(3), "n", 0) == Chunks(1)
    assert with_number(Stride(2, 4), "losses", "last") == Stride(2, 4, "last")


def test_what_crosses_between_sequences():
    assert [crossing(b) for b in ("carried", "detached", "reset")] == [(True, True), (True, False), (False, False)]


def test_more_lanes_than_room_leave_some_out_but_not_the_last():
    data = truncation_data(session(Window(2)))
    assert list(lane_rows(data, 100)) == list(range(data.length))
    few = lane_rows(data, 3)
    assert len(few) == 3 and few[-1] == data.length - 1 and few[0] == 0


@pytest.mark.parametrize("walking", range(6))
def test_the_lane_that_walks_is_drawn_where_there_is_no_room_for_all(walking):
    data = truncation_data(session(Window(2)), walking)
    rows = list(lane_rows(data, 3))
    assert walking in rows
    assert rows == sorted(set(rows))
    assert len(rows) == 3


def test_a_nudge_moves_the_cut_by_one_step_and_stays_within_the_sentence():
    length = truncation_data(session(Full())).length
    assert nudged(truncation_data(session(Full())), 1) == Full()
    assert nudged(truncation_data(session(Full())), -1) == Window(length - 2)
    assert nudged(truncation_data(session(Window(2))), -1) == Window(1)
    assert nudged(truncation_data(session(Window(0))), -1) == Window(0)
    assert nudged(truncation_data(session(Window(length - 1))), 1) == Window(length - 1)
    assert nudged(truncation_data(session(Chunks(3))), 1) == Chunks(4)
    assert nudged(truncation_data(session(Stride(2, 4, "last"))), -1) == Stride(2, 3, "last")
    assert nudged(truncation_data(session(Tail(length))), 1) == Tail(length)


@pytest.mark.parametrize("policy", [Window(99), Chunks(99), Tail(99), Stride(99, 99)])
def test_a_truncation_that_leaves_nothing_out_of_this_sentence_says_that_it_is_full(policy):
    data = truncation_data(session(policy))
    assert data.kept == data.pairs and "the same as full" in data.sentence
    assert all("full" in form for form in data.sentences)
    assert "full" not in truncation_data(session(Window(1))).sentence


@pytest.mark.parametrize("policy", [Window(99), Chunks(99), Tail(99), Stride(99, 99)])
def test_a_truncation_that_cuts_nothing_says_why_and_one_key_makes_it_cut(policy):
    data = truncation_data(session(policy))
    assert "nothing is cut; equals full BPTT" in data.nothing_cut[0]
    assert [len(form) for form in data.nothing_cut] == sorted(map(len, data.nothing_cut), reverse=True)
    assert nudged(data, 1) == policy
    table = nudged(data, -1).table(data.length)
    assert 0 < (table > 0).sum() < data.pairs


def test_the_reason_why_nothing_is_cut_has_the_numbers_of_both_sides():
    length = truncation_data(session(Full())).length
    said = [truncation_data(session(p)).nothing_cut[2] for p in (Window(50), Chunks(50), Tail(50))]
    assert said[0] == f"k = 50 ≥ T − 1 = {length - 1}: nothing is cut"
    assert said[1:] == [f"{name} = 50 ≥ T = {length}: nothing is cut" for name in "nk"]
    assert not any(truncation_data(session(p)).nothing_cut for p in (Full(), Window(length - 2), Chunks(length - 1)))


@pytest.mark.parametrize("policy", POLICIES, ids=str)
def test_a_loss_that_an_earlier_run_has_counted_is_marked(policy):
    data, before = truncation_data(session(policy)), []
    for lane in data.lanes:
        assert lane.again == tuple(t for t in lane.losses if t in before)
        before += lane.losses
    more = any(lane.again for lane in data.lanes)
    assert more == (data.twice > 0)
    assert ("once more" in "".join(map(data.explain, range(len(data.lanes))))) == more
    assert ("more than once" in data.sentences[1]) == more
