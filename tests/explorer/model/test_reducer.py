"""What becomes of the session: every action, driven without a window."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from explorer.actions import COMMANDS
from explorer.model import action as do
from explorer.model.runs import change_run
from explorer.model.session import Changes, Message, Place, Verification
from rnncore.errors import RnnError
from rnncore.script import GRANULARITIES
from rnncore.truncation import Full

from .runs import Driver, small_run


@pytest.fixture
def driver():
    return Driver()


def test_a_run_begins_with_one_sentence_laid_out_and_nothing_computed(driver):
    session = driver.session
    assert session.position == 0 and session.training.shown == 0
    assert session.sentence.words[0] == "<s>" and not session.sentence.unknown.any()
    progress = driver.derived.progress(session)
    assert progress.step is None and progress.losses_known == 0
    assert not any(progress.forward_known(i) for i in session.model.cell.operations)


@pytest.mark.parametrize("granularity", GRANULARITIES)
def test_stepping_to_the_end_and_back_gives_the_same_session(driver, granularity):
    start, seen = driver.session, []
    while driver.session.position < driver.end:
        seen.append(driver.session.position)
        driver.do(do.Move(granularity, 1))
        assert driver.changes == Changes.POSITION
    while driver.session.position > 0:
        driver.do(do.Move(granularity, -1))
        assert driver.session.position == seen.pop()
    same = [name for name in vars(start) if getattr(start, name) is not getattr(driver.session, name)]
    assert same in ([], ["position"]) and driver.session.position == start.position
    assert driver.derived.trace(start) is driver.derived.trace(driver.session)


def test_a_move_beyond_the_end_changes_nothing(driver):
    driver.do(do.GoToEnd())
    before = driver.session
    assert driver.do(do.Move("operation", 1)) is before and driver.changes == Changes.NONE
    assert driver.do(do.GoTo(10**9)) is before
    assert driver.do(do.GoTo(-5)).position == 0


def test_the_end_of_the_walk_is_the_update_that_was_really_made():
    driver = Driver(small_run(loss="sum"))
    walk = driver.derived.walk(driver.session)
    assert walk.update is not None
    state = driver.session.training.state
    by_hand = {
        name: weights - state.learning_rate * walk.gradients[name]
        for name, weights in driver.session.model.parameters.items()
    }
    for name, weights in by_hand.items():
        np.testing.assert_allclose(walk.update.parameters[name], weights, rtol=1e-12, atol=0)


def test_playing_stops_at_the_end_and_begins_again_from_there(driver):
    driver.do(do.GoTo(driver.end - 2), do.Play())
    assert driver.session.playback.playing
    driver.do(do.Beat())
    assert driver.changes == Changes.POSITION
    driver.do(do.Beat())
    assert not driver.session.playback.playing and driver.session.position == driver.end
    driver.do(do.Play(True))
    assert driver.session.position == 0 and driver.session.playback.playing
    driver.do(do.Play(False))
    before = driver.session
    assert driver.do(do.Beat()) is before


def test_playback_takes_what_exists_and_keeps_its_speed_within_reason(driver):
    driver.do(do.SetPlayback("step", 1e9))
    assert driver.session.playback.granularity == "step" and driver.session.playback.speed == 60.0
    driver.do(do.SetPlayback(speed=0.0))
    assert driver.session.playback.speed == 0.25
    with pytest.raises(RnnError, match="operation, step, loss, pass"):
        driver.do(do.SetPlayback("year"))


def test_a_selection_stays_inside_and_keeps_what_is_not_named(driver):
    driver.do(do.Select(t=2, unit=3), do.Select(parameter="W"))
    assert driver.session.selection == Place(2, 3, None, "W")
    driver.do(do.Select(t=999, unit=999))
    assert driver.session.selection == Place(driver.session.sentence.length - 1, 4, None, "W")
    driver.do(do.Release())
    assert driver.session.selection.t is None and driver.session.selection.parameter == "W"


def test_a_move_takes_the_eye_back_to_the_walk(driver):
    driver.do(do.Select(t=2, unit=3), do.Move("step"))
    assert driver.session.selection == Place(None, 3)
    assert driver.changes == Changes.POSITION | Changes.SELECTION


def test_a_pair_of_the_ledger_is_selected_whole_and_let_go_whole(driver) -> None:
    driver.do(do.Select(t=1, loss=2))
    assert (driver.session.selection.loss, driver.session.selection.t) == (2, 1)
    driver.do(do.Select(unit=2))
    assert driver.session.selection.loss == 2
    driver.do(do.Select(t=0))
    assert (driver.session.selection.loss, driver.session.selection.t) == (None, 0)
    driver.do(do.Select(t=1, loss=10_000))
    assert driver.session.selection.loss == driver.session.sentence.length - 1
    driver.do(do.Move("operation"))
    assert (driver.session.selection.loss, driver.session.selection.t) == (None, None)


def test_pointing_at_the_same_thing_twice_is_no_change(driver):
    driver.do(do.Hover(1, 2))
    assert driver.changes == Changes.HOVER
    before = driver.session
    assert driver.do(do.Hover(1, 2)) is before and driver.changes == Changes.NONE
    assert driver.do(do.Hover()).hover == Place()


def test_a_sentence_of_the_corpus_is_pinned_from_its_start(driver):
    driver.do(do.GoToEnd(), do.Select(t=1), do.ShowSentence(3))
    assert driver.session.sentence.words == ("<s>", "dogs", "chase", "cats", ".", "</s>")
    assert driver.session.position == 0 and driver.session.selection.t is None
    with pytest.raises(RnnError, match="the corpus has 6"):
        driver.do(do.ShowSentence(6))


def test_a_typed_sentence_marks_its_unknown_words_and_says_so(driver):
    driver.do(do.TypeSentence("the penguin sleeps ."))
    sentence = driver.session.sentence
    assert sentence.words == ("<s>", "the", "penguin", "sleeps", ".", "</s>")
    assert sentence.unknown.tolist() == [False, False, True, False, False, False]
    assert sentence.index is None and sentence.length == 5
    assert driver.session.message is not None and "penguin" in driver.session.message.text
    driver.do(do.GoToEnd())
    assert np.isfinite(driver.derived.walk(driver.session).losses).all()


def test_unknown_words_are_named_once_and_eight_at_most(driver):
    driver.do(do.TypeSentence("xa and xa xb xc xd xe xf xg xh xi"))
    text = driver.session.message.text
    assert text.count("xa") == 1 and "xi" not in text and "…" in text


def test_what_is_said_of_a_sentence_goes_with_it(driver):
    driver.do(do.TypeSentence("the penguin sleeps ."), do.ShowSentence(1))
    assert driver.session.message is None and driver.changes & Changes.MESSAGE
    driver.do(do.Notify(Message("Saved")), do.ShowSentence(2))
    assert driver.session.message == Message("Saved")
    driver.do(do.EditToken(1, "penguin"), do.ResetEdits("tokens"))
    assert driver.session.message is None


def test_escape_closes_the_notice_and_then_lets_the_step_go(driver):
    escape = next(command.action for command in COMMANDS if "Esc" in command.keys)
    driver.do(do.Select(t=1), do.Notify(Message("Saved")), escape)
    assert driver.session.message is None and driver.session.selection.t == 1
    driver.do(escape)
    assert driver.session.selection.t is None


def test_nothing_typed_is_refused_and_changes_nothing(driver):
    before = driver.session
    with pytest.raises(RnnError, match="at least one word"):
        driver.do(do.TypeSentence("   "))
    assert driver.session is before


def test_following_shows_the_sentence_of_the_next_update(driver):
    driver.do(do.Follow(True))
    trainer = driver.session.run.history.trainer
    for _ in range(4):
        assert driver.session.sentence.index == int(trainer.next_piece.sentences[0])
        driver.do(driver.trained())
    driver.do(do.Follow(False))
    pinned = driver.session.sentence
    driver.do(driver.trained(3))
    assert driver.session.sentence is pinned and not driver.session.following


def test_training_stops_playback_and_shows_the_whole_sentence(driver):
    driver.do(do.Play(), do.Train())
    session = driver.session
    assert session.training.running and not session.playback.playing
    assert session.position == driver.derived.walk(session).script.update_start + 1
    driver.do(do.Train(False))
    assert not driver.session.training.running


def test_training_leaves_a_position_that_was_chosen(driver):
    driver.do(do.Move("pass"))
    position = driver.session.position
    assert driver.do(do.Train(True)).position == position


def test_a_snapshot_brings_its_weights_and_its_place(driver):
    driver.do(do.Train(True), driver.trained(3))
    session = driver.session
    assert (session.training.shown, session.training.last) == (3, 3)
    assert len(session.training.curve) == 3 and session.training.updates_per_second == 100.0
    for name, weights in session.run.history.trainer.state.parameters.items():
        np.testing.assert_array_equal(session.model.parameters[name], weights)
    assert Changes.MODEL in driver.changes and Changes.TRAINING in driver.changes


def test_a_light_snapshot_brings_the_curve_and_leaves_the_weights_on_show(driver):
    before = driver.session.model
    driver.do(do.Train(True), replace(driver.trained(2), light=True))
    session = driver.session
    assert driver.changes == Changes.TRAINING and session.model is before
    assert (session.training.shown, session.training.last, len(session.training.curve)) == (0, 2, 2)


def test_a_stale_snapshot_is_dropped(driver):
    late = driver.trained(2)
    before = driver.session
    assert driver.do(replace(late, run_id=before.run_id + 1)) is before
    assert driver.do(replace(late, history=small_run().history)) is before


def test_going_back_shows_old_weights_and_keeps_the_newest_update(driver):
    snapshot = driver.trained(4)
    old = driver.session.run.history.seek(1)
    driver.do(snapshot, replace(snapshot, state=old, running=False))
    assert (driver.session.training.shown, driver.session.training.last) == (1, 4)
    np.testing.assert_array_equal(driver.session.model.parameters["W"], old.parameters["W"])


def test_another_cell_begins_at_update_0_with_the_same_sentence(driver):
    driver.do(driver.trained(3), do.ShowSentence(1))
    run = change_run(driver.session.run, replace(driver.session.settings, cell="lstm"), 3)
    before = driver.session
    driver.do(do.Prepared(run, 0))
    session = driver.session
    assert session.run_id == before.run_id + 1 and session.training.shown == 0 and session.position == 0
    assert session.sentence is before.sentence and session.model.cell.name == "lstm"


def test_another_truncation_keeps_weights_sentence_and_update(driver):
    driver.do(driver.trained(3), do.ShowSentence(1))
    before = driver.session
    run = change_run(before.run, replace(before.settings, truncation=Full()), 3)
    driver.do(do.Prepared(run, 3))
    session = driver.session
    assert session.training.shown == 3 and session.sentence is before.sentence
    np.testing.assert_array_equal(session.model.parameters["W"], before.model.parameters["W"])
    assert driver.derived.walk(session).truncation == Full()


def test_following_goes_on_over_a_change_of_settings(driver):
    driver.do(do.Follow(True), driver.trained(2))
    run = change_run(driver.session.run, replace(driver.session.settings, truncation=Full()), 2)
    driver.do(do.Prepared(run, 2))
    assert driver.session.following
    assert driver.session.sentence.index == int(run.history.trainer.next_piece.sentences[0])


def test_a_selection_of_a_unit_survives_only_where_that_unit_exists(driver):
    driver.do(do.Select(unit=4))
    smaller = change_run(driver.session.run, replace(driver.session.settings, hidden_size=3), 0)
    assert driver.do(do.Prepared(smaller, 0)).selection.unit == 0


def test_the_order_of_the_walk_keeps_the_run_and_the_place(driver):
    driver.do(driver.trained(2), do.GoToEnd())
    before = driver.session
    run = change_run(before.run, replace(before.settings, order="sweep"), 2)
    driver.do(do.Prepared(run, 2))
    assert driver.session.position == driver.end and driver.session.run_id == before.run_id
    assert driver.session.training is before.training
    assert driver.derived.walk(driver.session).order == "sweep"


def test_themes_tabs_messages_and_checks_change_only_themselves(driver):
    assert driver.do(do.SetTheme()).theme == "light" and driver.changes == Changes.THEME
    assert driver.do(do.SetTheme()).theme == "dark"
    assert driver.do(do.SetTheme("high-contrast")).theme == "high-contrast"
    assert driver.do(do.SetTab("code")).tab == "code" and driver.changes == Changes.LAYOUT
    assert driver.do(do.Notify(Message("hello"))).message == Message("hello")
    driver.do(do.Notify(Message("hello")))
    assert driver.changes == Changes.NONE
    assert driver.do(do.SetBusy("reading")).busy == "reading" and driver.changes == Changes.BUSY
    found = Verification(True, 0.0, 0.0, 0, "fine", "")
    assert driver.do(do.Verified(found)).verification is found
    assert driver.do(do.Saved("a.bptt")).path == "a.bptt"


def test_an_action_of_the_store_alone_leaves_the_session(driver):
    before = driver.session
    assert driver.do(do.Advance(1), do.GoToUpdate(3), do.OpenPath("x"), do.SavePath("x")) is before


def test_the_accumulator_follows_until_a_parameter_is_chosen_and_a_unit_is_none(driver):
    assert driver.session.votes_follow
    driver.do(do.Select(t=1, unit=2), do.StepUnit(1))
    assert driver.session.votes_follow
    driver.do(do.Select(parameter="W"))
    assert not driver.session.votes_follow
    driver.do(do.FollowVotes())
    assert driver.session.votes_follow
    driver.do(do.Select(parameter="W"))  # as it was
    assert driver.session.votes_follow
    driver.do(do.FollowVotes(), do.FollowVotes(False))
    assert not driver.session.votes_follow
