"""Branches and B beside the line on show, against what the histories themselves hold."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from explorer.model import action as do
from explorer.model.loss_data import loss_of
from explorer.model.loss_lines import Lines
from explorer.model.loss_reduction import Reduction
from explorer.model.reducer import new_session
from explorer.model.runs import change_run
from rnncore.truncation import Full
from tests.explorer.model.runs import Driver, small_run


@pytest.fixture
def driver() -> Driver:
    """A line of 40 updates, left at update 25 for full BPTT, and that at update 30 for another weight."""
    made = Driver()
    made.do(made.trained(40, running=False))
    run = made.session.run
    state = run.history.seek(25)
    made.do(
        do.Trained(
            made.session.run_id,
            run.history,
            state,
            40,
            False,
            0.0,
            0.0,
            run.history.curve.rows,
            run.history.evaluations.rows,
        )
    )
    branch = change_run(run, replace(run.settings, truncation=Full()), 25, state)
    made.session = replace(new_session(branch), run_id=made.session.run_id)
    made.do(made.trained(10, running=False))
    history = made.session.run.history
    state = history.seek(30)
    made.do(
        do.Trained(
            made.session.run_id, history, state, 35, False, 0.0, 0.0, history.curve.rows, history.evaluations.rows
        )
    )
    made.do(do.EditWeight("W", 1, 0, 0.5))
    made.do(made.trained(6, running=False))
    return made


def frame_of(session, beside=None):
    return loss_of(session, Reduction(), Lines(), beside)


def test_the_line_on_show_is_whole_through_every_branch_that_led_to_it(driver):
    frame = frame_of(driver.session)
    assert list(frame.raw[0]) == list(range(1, 37))
    root, middle, last = driver.session.run.history.lineage
    expected = [*root.curve.rows["loss"][:25], *middle.curve.rows["loss"][:5], *last.curve.rows["loss"]]
    np.testing.assert_array_equal(frame.raw[1], expected)


def test_each_branch_says_where_it_left_and_what_made_it(driver):
    assert frame_of(driver.session).branches == ((25, "branch: full BPTT"), (30, "branch: W[2, 1] = 0.5"))


def test_what_was_left_goes_on_from_where_it_was_left(driver):
    lines = {line.name: line for line in frame_of(driver.session).others}
    first, full = lines["the line before"], lines["branch: full BPTT"]
    assert (first.first, first.points[0, 0], first.points[0, -1], first.branch) == (25, 26, 40, False)
    assert (full.first, full.points[0, 0], full.points[0, -1], full.begins) == (30, 31, 35, False)
    root = driver.session.run.history.lineage[0].curve.rows
    assert first.at(40) == pytest.approx(root["loss"][39])
    assert np.isnan(first.at(10)) and np.isnan(first.at(41))


def test_a_branch_that_one_has_turned_away_from_is_a_line_of_its_own(driver):
    place = [run.history.parent is None for run in driver.session.run.others].index(True)
    driver.do(do.ShowBranch(place))
    frame = frame_of(driver.session)
    assert frame.branches == () and list(frame.raw[0]) == list(range(1, 41))
    lines = {line.name: line for line in frame.others}
    assert set(lines) == {"branch: full BPTT", "branch: W[2, 1] = 0.5"}
    assert lines["branch: full BPTT"].begins and lines["branch: full BPTT"].first == 25
    assert lines["branch: W[2, 1] = 0.5"].points[0, -1] == 36
    for line in frame.others:
        assert driver.session.run.others[line.place].history.last == line.points[0, -1]


def test_lines_that_rest_are_reduced_once(driver):
    lines = Lines()
    before = loss_of(driver.session, Reduction(), lines).others
    driver.do(driver.trained(3))
    after = loss_of(driver.session, Reduction(), lines).others
    assert len(before) == 2 and all(a is b for a, b in zip(before, after, strict=True))


def test_b_is_named_by_what_it_differs_in_and_read_at_the_cursor(driver):
    run = small_run(truncation=Full(), seed=3)
    b = new_session(run)
    other = Driver(run)
    other.do(other.trained(20, running=False))
    b = other.session
    a = driver.session
    frame = frame_of(a, b)
    assert frame.beside.name == "B: seed 3"
    assert frame.beside.points[0, -1] == 20
    theirs, mine = frame.beside.at(12), frame.smooth[1, 11]
    assert f"B mean {theirs:.4g} (B − A {theirs - mine:+.3g})".replace("-", "−") in frame.reading(12)
    assert "B: none here" in frame.reading(30)


def test_the_axis_reaches_as_far_and_as_high_as_b_does():
    a, b = Driver(), Driver(small_run(seed=1))
    a.do(a.trained(5, running=False))
    b.do(b.trained(80, running=False))
    frame = frame_of(a.session, b.session)
    assert frame.x_end == 80
    assert frame.y_end >= np.nanmin(frame.beside.points[1])


def test_a_click_between_branches_finds_an_update_of_the_line_that_it_lies_on(driver):
    frame = frame_of(driver.session)
    assert frame.nearest(12.2) == 12 and frame.nearest(28) == 28
    for update in (12, 28, 36):
        assert driver.session.run.history.seek(update).update == update


def test_rows_before_a_branch_are_reduced_as_if_they_were_one_array():
    rows = np.concatenate([d.session.run.history.curve.rows for d in [_trained(300)]])
    for cut in (0, 1, 127, 128, 129, 299):
        one, two = Reduction(32), Reduction(32)
        one.update(rows)
        for stop in (cut, 200, 300):
            if stop >= cut:
                two.update(rows[cut:stop], rows[:cut])
        np.testing.assert_allclose(two.columns, one.columns, rtol=1e-12)


def _trained(updates: int) -> Driver:
    made = Driver()
    made.do(made.trained(updates, running=False))
    return made
