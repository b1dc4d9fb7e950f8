"""Work beside the interface thread, without a window."""

from __future__ import annotations

import threading
import time

import pytest

from explorer.model.derived import Derived
from explorer.services.background import ABANDON, AbandonedError, Background, Lane
from rnncore.errors import RnnError
from rnncore.watching import tell


@pytest.fixture
def made():
    heard: list[str] = []
    background = Background(Derived(), heard.append)
    background.heard = heard
    yield background
    background.close()


def settle(background, seconds=10.0):
    end = time.monotonic() + seconds
    while background.busy and time.monotonic() < end:
        for job in background.finished():
            job.then(job.future.result())
        time.sleep(0.001)
    assert not background.busy


def test_a_lane_does_one_job_after_the_other_and_hands_on_what_goes_wrong():
    lane, order = Lane("lane"), []
    first = lane.submit(lambda: (time.sleep(0.02), order.append(1)))
    second = lane.submit(lambda: order.append(2))
    third = lane.submit(lambda: 1 / 0)
    assert isinstance(third.exception(5), ZeroDivisionError)
    assert first.done() and second.done() and order == [1, 2]
    lane.close()
    lane.join(5)
    assert not lane.alive


def test_a_lane_without_a_job_has_no_thread():
    lane = Lane("idle")
    assert not lane.alive
    lane.close()
    lane.join(1)


def test_the_newest_job_the_user_waits_for_is_named_and_what_is_quiet_is_not(made):
    gate = threading.Event()
    made.run("reading", lambda: gate.wait(5), lambda _: None)
    made.check(lambda: gate.wait(5), lambda _: None)
    made.write_quietly(lambda: None, lambda error: None)
    assert made.what == "reading" and made.writing
    made.run("preparing", lambda: gate.wait(5), lambda _: None)
    assert made.what == "preparing"
    gate.set()
    settle(made)
    assert made.what == "" and not made.writing


def test_what_cannot_be_written_is_heard(made):
    said = []

    def fail():
        raise RnnError("the disk is full")

    made.write_quietly(fail, said.append)
    settle(made)
    assert [str(error) for error in said] == ["the disk is full"]


def test_what_can_be_looked_on_at_is_given_up_for_a_newer_request(made):
    begun, first, second = threading.Event(), (object(),), (object(),)

    def long():
        for step in range(10_000):
            tell(step / 10_000)
            begun.set()
            time.sleep(0.002)
        return "first"

    made.later("answer", first, long)
    assert begun.wait(5)
    began = time.monotonic()
    made.later("answer", second, lambda: "second")
    settle(made)
    assert time.monotonic() - began < 5.0
    assert made.later("answer", second, lambda: None) == ("second", True)
    assert made.heard == ["answer"], "what was given up is not announced"


def test_at_the_end_what_is_written_is_written_and_the_rest_abandoned():
    background, begun, written, ends = Background(Derived(), print), threading.Event(), [], []

    def endless():
        begun.set()
        try:
            while True:
                tell(0.0)
                time.sleep(0.002)
        except AbandonedError:
            ends.append("looked on at")
            raise

    background.later("answer", (object(),), endless)
    background.run("saving", lambda: (time.sleep(0.1), written.append("to the end")), print, writes=True)
    assert begun.wait(5)
    began = time.monotonic()
    assert background.close(), "all threads have ended"
    assert written == ["to the end"] and ends == ["looked on at"] and time.monotonic() - began < 0.1 + 2 * ABANDON


def test_a_thread_that_nothing_can_stop_is_not_waited_for():
    background, gate, begun = Background(Derived(), print), threading.Event(), threading.Event()
    background.check(lambda: begun.set() or gate.wait(20), print)
    assert begun.wait(5)
    began = time.monotonic()
    assert not background.close()
    assert time.monotonic() - began < 3 * ABANDON
    gate.set()
