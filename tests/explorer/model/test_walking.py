from __future__ import annotations

from dataclasses import replace

import pytest

from explorer.model import action as do
from explorer.model.inspector_data import inspector_data
from explorer.model.names import at_step
from explorer.model.predictions_data import predictions_data
from explorer.model.stage_data import marks_of, stage_data
from explorer.model.walking import (
    REST,
    pause_after,
    same_place,
    spot,
    step_spoken_of,
    step_start,
    transport_data,
)
from rnncore.script import ORDERS
from rnncore.truncation import Full, Window

from .runs import Driver, small_run


@pytest.fixture(params=["by loss", "sweep"])
def driver(request):
    return Driver(small_run(order=request.param, truncation=Full()))


def test_the_sliders_follow_every_position(driver):
    walk = driver.derived.walk(driver.session)
    before = None
    for position in range(len(walk) + 1):
        driver.do(do.GoTo(position))
        data = transport_data(driver.session, walk)
        for slider in data.sliders:
            assert 0 <= slider.value <= slider.maximum
            assert slider.label
        assert data.phase.value == position and data.phase.maximum == len(walk)
        assert (data.at_start, data.at_end) == (position == 0, position == len(walk))
        if position:
            step = walk[position - 1]
            assert data.phase.label == step.phase
            title = step.title if step.t is None else at_step(step.title, step.t)
            assert title in data.operation.label and title in data.spoken
            if step.t is not None:
                assert f"t = {step.t}" in data.step.label
        place = (data.phase.label, data.step.value)
        assert before is None or before[0] != place[0] or before[1] < place[1], "the step slider went back"
        before = place


def test_a_spot_counts_its_own_micro_steps(driver):
    walk = driver.derived.walk(driver.session)
    for position in range(1, len(walk) + 1):
        here = spot(walk, position)
        assert here.start + here.done == position
        assert 1 <= here.done <= here.size
        assert 0 <= here.visit < here.visits
        assert step_start(walk, here.phase, here.visit) == here.start


def test_the_ends_of_the_step_slider_are_the_ends_of_its_pass(driver):
    walk = driver.derived.walk(driver.session)
    script = walk.script
    assert step_start(walk, "forward", 0) == 0
    assert step_start(walk, "forward", 10**6) == step_start(walk, "backward", 0)
    assert step_start(walk, "backward", 10**6) == script.update_start == step_start(walk, "update", 0)
    assert step_start(walk, "update", 1) == len(walk)


def test_playback_rests_at_the_end_of_a_step_and_only_there(driver):
    driver.do(do.SetPlayback("operation", 10.0))
    walk = driver.derived.walk(driver.session)
    rests = set(walk.script.boundaries["step"].tolist())
    for position in range(1, len(walk)):
        driver.do(do.GoTo(position))
        pause = pause_after(driver.session, walk)
        assert pause == pytest.approx(0.1 * REST if position in rests else 0.1)


def test_a_pass_has_nothing_coarser_to_rest_at(driver):
    driver.do(do.SetPlayback("pass", 2.0), do.Move("pass"))
    assert pause_after(driver.session, driver.derived.walk(driver.session)) == pytest.approx(0.5)


def test_an_empty_stage_says_that_nothing_is_computed(driver):
    data = transport_data(driver.session, driver.derived.walk(driver.session))
    assert data.spoken == "nothing computed yet" and data.update.label == "0 / 0"


@pytest.mark.parametrize("order", ORDERS)
def test_a_change_of_truncation_stays_at_the_same_loss_step_and_operation(order):
    narrow, wide = (Driver(small_run(truncation=Window(k), order=order)) for k in (2, 4))
    old, new = (d.derived.walk(d.session) for d in (narrow, wide))
    for position in range(1, len(old) + 1):
        was, now = old[position - 1], new[same_place(old, position, new) - 1]
        assert (was.phase, was.t, was.loss) == (now.phase, now.t, now.loss)
    assert same_place(old, 0, new) == 0 and same_place(old, len(old), new) == len(new)


def test_where_the_new_walk_is_cut_earlier_the_place_is_the_end_of_the_losss_way():
    wide, narrow = (Driver(small_run(truncation=Window(k))) for k in (4, 1))
    old, new = (d.derived.walk(d.session) for d in (wide, narrow))
    deep = old.find("d_operation", t=old.trace.length - 4, loss=old.trace.length - 1)
    step = new[same_place(old, deep + 1, new) - 1]
    assert (step.loss, step.t, step.kind) == (old.trace.length - 1, old.trace.length - 2, "cut")


def test_another_order_or_an_empty_walk_still_has_a_place():
    by_loss, sweep = (Driver(small_run(truncation=Full(), order=o)) for o in ORDERS)
    old, new = (d.derived.walk(d.session) for d in (by_loss, sweep))
    for one, other in ((old, new), (new, old)):
        for position in range(len(one) + 1):
            assert 0 <= same_place(one, position, other) <= len(other)


def test_the_state_before_a_later_step_is_never_called_by_the_initial_states_name(driver):
    walk = driver.derived.walk(driver.session)
    wanted = [p for p in range(1, len(walk)) if "₋₁" in walk[p - 1].title]
    assert {walk[p - 1].t for p in wanted} >= {0, 1}
    for position in wanted:
        t = walk[position - 1].t
        said = transport_data(replace(driver.session, position=position), walk).operation.label
        assert ("₋₁" in said) == (t == 0), said


def test_an_update_is_spelt_alike_in_the_stage_and_on_the_sliders():
    driver = Driver(small_run())
    session = driver.session
    session = replace(session, training=replace(session.training, shown=7181, last=12_500))
    update = transport_data(session, driver.derived.walk(session)).update.label
    assert update == "7,181 / 12,500"
    assert stage_data(session, driver.derived).subtitle.startswith("update 7,181 · ")


def test_all_panels_speak_of_one_step_the_selected_one_or_else_the_walks() -> None:
    made = Driver(small_run())

    def spoken() -> set[int]:
        session, derived = made.session, made.derived
        there = inspector_data(session, derived).t, predictions_data(session, derived).t
        return {step_spoken_of(session, derived.progress(session)), *there}

    assert spoken() == {0}
    made.do(do.Move("step", 1), do.Move("step", 1))
    assert spoken() == {1}
    made.do(do.GoToEnd())
    assert spoken() == {0}  # the update is in no step; the backward pass ended there
    data = predictions_data(made.session, made.derived)
    assert data.counted == made.session.sentence.length and data.mean_loss is not None
    made.do(do.Select(t=2, loss=4), do.Hover(t=2, loss=4))
    assert spoken() == {2} and marks_of(made.session).path == (4, 2)
    made.do(do.Move("operation", -1))
    assert spoken() == {0} and made.session.hover.t is None
    marks = marks_of(made.session)
    assert (marks.path, marks.hover_t, marks.selected_t) == (None, None, None)
