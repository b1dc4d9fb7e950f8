"""A truncation that is tried while its scissors are in hand: shown everywhere, chosen nowhere."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from explorer.model import action as do
from explorer.model.reducer import settled
from explorer.model.session import Changes
from rnncore.bptt import backward
from rnncore.truncation import Full, Tail, Truncation, Window

from .runs import Driver


@pytest.fixture
def driver() -> Driver:
    made = Driver()
    walk = made.derived.walk(made.session)
    made.do(do.GoTo(int(walk.script.visit_starts[6])))
    return made


@pytest.mark.parametrize("policy", [Full(), Window(0), Window(2), Tail(1)], ids=str)
def test_the_walk_on_show_is_that_of_what_is_tried_and_the_run_is_as_it_was(driver: Driver, policy: Truncation):
    run, truth = driver.session.run, driver.session.settings.truncation
    session = driver.do(do.Try(policy))
    assert driver.changes & Changes.SETTINGS and session.settings.truncation == policy
    assert session.run is run and session.run.settings.truncation == truth
    walk = driver.derived.walk(session)
    assert walk.truncation == policy
    found = backward(session.model, walk.trace, walk.targets, policy)
    for name, gradient in driver.derived.gradients(session).items():
        np.testing.assert_allclose(gradient, found[name], rtol=1e-12, atol=1e-15)


def test_however_far_it_was_dragged_nothing_tried_any_more_is_where_one_began(driver: Driver):
    before = driver.session
    for policy in (Window(0), Tail(1), Full(), Window(1)):
        driver.do(do.Try(policy))
    driver.do(do.Try(None))
    after = driver.session
    assert after.trial is None and after.position == before.position and after.settings is before.settings
    assert driver.derived.walk(after) is driver.derived.walk(before)


def test_the_same_truncation_as_before_is_no_trial(driver: Driver):
    own = driver.session.settings.truncation
    driver.do(do.Try(Window(0)))
    assert driver.do(do.Try(own)).trial is None
    driver.do(do.Try(own))
    assert driver.changes == Changes.NONE


def test_one_who_has_moved_on_meanwhile_stays_where_one_has_come_to(driver: Driver):
    driver.do(do.Try(Full()))
    driver.do(do.GoTo(3))
    driver.do(do.Try(None))
    assert driver.session.position == 3


def test_what_was_checked_of_another_walk_is_not_said_of_this_one(driver: Driver):
    assert driver.do(do.Try(Window(0))).verification is None
    assert driver.changes & Changes.VERIFICATION


@pytest.mark.parametrize(
    "action",
    [do.Release(), do.TypeSentence("the cat runs"), do.EditWeight("W", 0, 0, 0.5)],
    ids=lambda a: type(a).__name__,
)
def test_what_changes_the_session_goes_on_from_what_was_chosen(driver: Driver, action: do.Action):
    own = driver.session.settings.truncation
    driver.do(do.Try(Window(0)))
    session = driver.do(action)
    assert session.trial is None and session.settings.truncation == own
    assert driver.changes & Changes.SETTINGS


def test_a_session_without_a_trial_is_settled_as_it_is(driver: Driver):
    assert settled(driver.session, driver.derived) == (driver.session, Changes.NONE)
    assert settled(replace(driver.session), driver.derived)[1] == Changes.NONE


def test_with_the_scissors_the_step_under_the_pointer_is_pointed_at(driver: Driver):
    assert driver.do(do.Try(Window(0), 3)).hover.t == 3 and driver.changes & Changes.HOVER
    assert driver.do(do.Try(Window(1), 3)).hover.t == 3 and not driver.changes & Changes.HOVER
    assert driver.do(do.Try(None)).hover.t == 3
