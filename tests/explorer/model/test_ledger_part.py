from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from explorer.model.ledger_part import FEWEST, Part, fewer


def test_a_part_never_goes_beyond_the_last_loss_nor_into_the_empty_half_alone() -> None:
    part = Part(200, 20, 30)
    assert part.at(500, 500) == Part(200, 20, 30, 180, 170)
    assert part.at(-3, -9) == part
    assert part.at(10, 150) == Part(200, 20, 30, 10, 29)
    assert part.at(10, 150).sees(29, 29)


@given(st.integers(1, 300), st.data())
def test_a_pair_that_is_brought_in_sight_is_in_sight(of: int, data: st.DataObject) -> None:
    rows, columns = data.draw(st.integers(1, of)), data.draw(st.integers(1, of))
    t = data.draw(st.integers(0, of - 1))
    tau = data.draw(st.integers(0, t))
    part = Part(of, rows, columns).at(data.draw(st.integers(0, of)), data.draw(st.integers(0, of)))
    shown = part.showing(t, tau)
    assert shown.sees(t, tau)
    assert shown == part or not part.sees(t, tau)
    assert 0 <= shown.first <= of - rows
    assert 0 <= shown.copy <= of - columns


def test_of_a_pair_brought_in_sight_the_copies_before_it_are_seen_as_well() -> None:
    shown = Part(200, 20, 20).showing(150, 150)
    assert all(shown.sees(150, tau) for tau in range(140, 151))


def test_each_zoom_changes_how_many_are_in_sight_until_all_are() -> None:
    count, seen = 200, [200]
    while count > FEWEST:
        count = fewer(count, 200, 0.7)
        seen.append(count)
    assert seen == sorted(set(seen), reverse=True)
    while count := fewer(count, 200, 1 / 0.7):
        assert count > seen[-1]
        seen.append(count)
    assert fewer(3, 3, 0.7) == 0


def test_what_is_in_sight_is_said_with_whose_the_votes_are() -> None:
    part = Part(200, 20, 30, 90, 75)
    assert part.said[0] == "losses 90–109, copies 75–104 of 0–199; votes of all losses"
    assert [len(form) for form in part.said] == sorted((len(form) for form in part.said), reverse=True)
    assert Part(200, 200, 200).said == ()


@pytest.mark.parametrize(("t", "tau", "seen"), [(90, 75, True), (109, 104, True), (110, 75, False), (90, 74, False)])
def test_a_pair_is_in_sight_by_its_loss_and_its_copy(t: int, tau: int, seen: bool) -> None:
    assert Part(200, 20, 30, 90, 75).sees(t, tau) is seen
