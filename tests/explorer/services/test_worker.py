from __future__ import annotations

import threading
import time

import numpy as np
import pytest

from explorer.services.worker import Worker
from rnncore.optim import SGD
from tests.explorer.far import make_far
from tests.explorer.model.runs import small_run
from tests.explorer.services.workers import adopt, until


@pytest.fixture
def worker():
    made = Worker()
    yield made
    made.close()


def test_one_update_is_the_trainers_own(worker):
    history, other = adopt(worker), small_run().history
    worker.advance(1)
    snapshot = until(worker, lambda s: s.last == 1)
    other.step()
    assert (snapshot.run_id, snapshot.running, snapshot.history) == (1, False, history)
    for name, weights in other.trainer.state.parameters.items():
        np.testing.assert_array_equal(snapshot.state.parameters[name], weights)


def test_training_runs_until_it_is_paused_and_says_how_fast(worker):
    history = adopt(worker)
    worker.train(True)
    running = until(worker, lambda s: s.last >= 20 and s.updates_per_second > 0)
    assert running.running and running.words_per_second > running.updates_per_second
    worker.train(False)
    paused = until(worker, lambda s: not s.running)
    assert paused.last == history.last == len(paused.curve)
    time.sleep(0.05)
    assert history.last == paused.last, "it went on after the pause"


def test_after_a_pause_no_snapshot_says_that_it_still_runs(worker):
    adopt(worker)
    for _ in range(5):
        worker.train(True)
        until(worker, lambda s: s.running and s.last > 0)
        worker.train(False)
        assert not until(worker, lambda s: True).running


def test_the_mailbox_holds_the_newest_snapshot_alone(worker):
    history = adopt(worker)
    for _ in range(4):
        worker.advance(1)
    end = time.monotonic() + 10
    while time.monotonic() < end and not (history.last == 4 and worker._idle):
        time.sleep(0.001)
    assert until(worker, lambda s: True).last == 4
    assert worker.take() is None and worker.idle


def test_going_back_and_forth_is_exact_and_forgets_nothing(worker):
    history = adopt(worker)
    worker.advance(6)
    newest = until(worker, lambda s: s.last == 6)
    worker.advance(-4)
    back = until(worker, lambda s: s.state.update == 2)
    assert back.last == 6 and not back.running
    worker.go_to(6)
    again = until(worker, lambda s: s.state.update == 6)
    np.testing.assert_array_equal(again.state.parameters["W"], newest.state.parameters["W"])
    worker.advance(-99)
    assert until(worker, lambda s: s.state.update == 0).last == 6
    worker.advance(1)
    assert until(worker, lambda s: s.state.update == 1).last == 6 == history.last


def test_an_update_that_does_not_exist_is_told_not_thrown(worker):
    adopt(worker)
    worker.go_to(5)
    assert "no update 5" in until(worker, lambda s: bool(s.error)).error
    worker.advance(1)
    assert until(worker, lambda s: s.last == 1).error == ""


def test_a_loss_that_is_not_finite_stops_training_and_says_what_to_do(worker):
    adopt(worker, cell="irnn", optimiser=SGD(1e300))
    worker.train(True)
    stopped = until(worker, lambda s: bool(s.error))
    assert not stopped.running
    assert "not finite" in stopped.error and "learning rate" in stopped.error


def test_an_unexpected_failure_is_reported_and_the_thread_lives_on(worker, monkeypatch):
    history = adopt(worker)

    def broken(*args, **kwargs):
        raise ZeroDivisionError("one over nothing")

    monkeypatch.setattr(history, "run", broken)
    worker.train(True)
    failed = until(worker, lambda s: bool(s.error))
    assert "ZeroDivisionError" in failed.error and not failed.running
    monkeypatch.undo()
    worker.advance(1)
    assert until(worker, lambda s: s.last == 1)


def test_an_error_is_not_lost_to_the_snapshot_after_it(worker):
    adopt(worker)
    worker.go_to(9)
    worker.advance(1)
    errors = []
    until(worker, lambda s: errors.append(s.error) or s.last == 1)
    assert any("no update 9" in error for error in errors)


def test_another_run_takes_over_and_marks_its_snapshots(worker):
    adopt(worker, 1)
    worker.train(True)
    until(worker, lambda s: s.last > 3)
    other = adopt(worker, 2, seed=5)
    worker.advance(2)
    snapshot = until(worker, lambda s: s.run_id == 2)
    assert snapshot.history is other and snapshot.last <= 2 and not snapshot.running


def test_evaluations_grow_with_the_run(worker):
    adopt(worker, validation=0.34)
    worker.advance(30)
    snapshot = until(worker, lambda s: s.last == 30)
    np.testing.assert_array_equal(snapshot.evaluations, snapshot.history.evaluations.rows)
    assert len(snapshot.evaluations) > 2


def test_closing_while_training_ends_the_thread_at_once():
    worker = Worker()
    adopt(worker)
    worker.train(True)
    until(worker, lambda s: s.last > 2)
    began = time.monotonic()
    worker.close()
    assert time.monotonic() - began < 2.0
    assert not any(t.name == "training" for t in threading.enumerate())


def test_a_snapshot_cannot_be_written_to(worker):
    adopt(worker)
    worker.advance(1)
    snapshot = until(worker, lambda s: True)
    with pytest.raises(ValueError, match="read-only"):
        snapshot.state.parameters["W"][0, 0] = 1.0
    with pytest.raises(ValueError, match="read-only"):
        snapshot.curve["loss"][0] = 0.0


def test_of_many_wishes_to_travel_the_last_one_is_fulfilled(worker):
    history = adopt(worker)
    worker.advance(200)
    until(worker, lambda s: s.last == 200)
    began = time.monotonic()
    for update in range(200):
        worker.go_to(update)
    assert until(worker, lambda s: s.state.update == 199).last == 200
    assert time.monotonic() - began < 2.0
    end = time.monotonic() + 5
    while not worker.idle and time.monotonic() < end:
        worker.take()
    assert worker.idle and history.last == 200


def test_a_held_worker_rests_between_two_updates_and_goes_on_by_itself_if_forgotten(worker, monkeypatch):
    history = adopt(worker)
    monkeypatch.setattr("explorer.services.worker.LONGEST_HOLD", 60.0)
    worker.train(True)
    until(worker, lambda s: s.last >= 3)
    worker.hold()
    time.sleep(0.05)
    resting = history.last
    time.sleep(0.1)
    assert history.last == resting
    worker.release()
    until(worker, lambda s: s.last > resting + 2)
    monkeypatch.setattr("explorer.services.worker.LONGEST_HOLD", 0.01)
    worker.hold()
    forgotten = history.last
    until(worker, lambda s: s.last > forgotten + 2)
    worker.release()


@pytest.fixture
def far(worker, monkeypatch):
    """A history of 300 updates whose every replayed update takes a while."""
    history = adopt(worker)
    worker.advance(300)
    until(worker, lambda s: s.last == 300)
    return make_far(history, monkeypatch)


def busy(worker, wanted):
    end = time.monotonic() + 10
    while time.monotonic() < end and not wanted(worker.errand):
        time.sleep(0.002)
    return worker.errand


def test_a_long_way_to_an_update_is_told_with_its_share(worker, far):
    began = time.perf_counter()
    worker.go_to(250)
    told = busy(worker, bool)
    assert told.startswith("going to update 250: ") and time.perf_counter() - began < 1.0
    share = float(told.split()[-1].rstrip("%"))
    later = busy(worker, lambda t: t and float(t.split()[-1].rstrip("%")) > share + 5)
    assert later.endswith("%")
    until(worker, lambda s: s.state.update == 250)
    assert busy(worker, lambda t: not t) == ""


def test_the_next_wish_to_travel_ends_the_way_to_the_one_before(worker, far):
    worker.go_to(299)
    busy(worker, bool)
    began = time.perf_counter()
    worker.go_to(2)
    assert until(worker, lambda s: True).state.update == 2
    assert time.perf_counter() - began < 0.6


def test_one_more_and_one_less_on_the_way_to_an_update_are_counted_from_there(worker, far):
    worker.go_to(100)
    busy(worker, bool)
    worker.advance(-1)
    worker.advance(-1)
    assert until(worker, lambda s: True).state.update == 98


def test_a_way_that_is_cancelled_leaves_what_was_on_show(worker, far):
    worker.go_to(280)
    busy(worker, bool)
    assert worker.cancel()
    assert busy(worker, lambda t: not t) == ""
    assert not worker.cancel()
    worker.advance(0)
    assert until(worker, lambda s: True).state.update == 300


def test_training_another_run_and_closing_wait_for_no_way(worker, far):
    for act in (lambda: worker.train(True), lambda: adopt(worker, 2)):
        worker.go_to(1)
        until(worker, lambda s: s.state.update == 1)
        worker.go_to(299)
        busy(worker, bool)
        began = time.perf_counter()
        act()
        busy(worker, lambda t: not t)
        assert time.perf_counter() - began < 0.6
        worker.train(False)
        worker.adopt(1, far, far.head)
    worker.go_to(299)
    busy(worker, bool)
    began = time.perf_counter()
    worker.close()
    assert time.perf_counter() - began < 0.6


def test_many_updates_asked_for_can_be_cancelled_on_the_way_and_lose_nothing(worker):
    history = adopt(worker)
    worker.advance(1_000_000)
    busy(worker, bool)
    assert worker.errand.startswith("training to update 1,000,000: ")
    assert worker.cancel()
    shown = until(worker, lambda s: True)
    assert shown.state.update == shown.last == history.last > 0
