"""The worker with its training in a process of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from explorer.services import remote
from explorer.services.worker import MOST_LOST, Snapshot, Worker
from rnncore.annealing import Halve
from rnncore.optim import SGD, Adam
from tests.explorer.model.runs import small_run
from tests.explorer.services.workers import adopt, until
from tests.rnncore.runs import same

ROOT = Path(__file__).parents[3]
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals are not sent there")


@pytest.fixture
def worker():
    made = Worker(apart=True)
    yield made
    made.close()


def train(worker: Worker) -> None:
    """Train until the process has taken over and shown for it."""
    worker.train(True)
    until(worker, lambda s: worker.apart)
    until(worker, lambda s: s.updates_per_second > 0)


def pause(worker: Worker) -> Snapshot:
    worker.train(False)
    return until(worker, lambda s: not s.running)


def alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def no_longer(process: int, seconds: float = 10.0) -> bool:
    end = time.monotonic() + seconds
    while alive(process) and time.monotonic() < end:
        time.sleep(0.005)
    return not alive(process)


@pytest.mark.parametrize(
    "changes", [{"cell": "lstm", "optimiser": Adam(0.01)}, {"validation": 0.34, "annealing": Halve()}]
)
def test_what_the_window_has_at_the_end_is_bitwise_what_training_without_it_gives(worker, changes):
    history, other = adopt(worker, **changes), small_run(**changes).history
    for _ in range(2):
        train(worker)
        paused = pause(worker)
    assert paused.last == history.last == paused.state.update == len(paused.curve)
    other.run(history.last)
    assert same(history.head, other.head) and same(paused.state, other.head)
    assert history.curve.rows.tobytes() == other.curve.rows.tobytes()
    assert history.evaluations.rows.tobytes() == other.evaluations.rows.tobytes()
    assert all(map(same, history.keyframes, other.keyframes)) and len(history.keyframes) == len(other.keyframes)
    worker.advance(3)
    until(worker, lambda s: s.last == other.last + 3)
    other.run(3)
    assert same(history.trainer.state, other.head)


def test_after_a_pause_nothing_more_is_done(worker):
    history = adopt(worker)
    train(worker)
    paused = pause(worker)
    assert not worker.apart and worker.process is not None
    time.sleep(0.1)
    assert history.last == paused.last and worker.take() is None


def test_going_back_while_it_trains_shows_that_update_and_pauses(worker):
    history, other = adopt(worker), small_run().history
    train(worker)
    middle = history.last // 2
    worker.go_to(middle)
    back = until(worker, lambda s: s.state.update == middle)
    other.run(middle)
    assert same(back.state, other.head) and not back.running and back.last == history.last > middle


def test_a_far_advance_is_done_by_the_process_and_ends_at_its_update(worker):
    history, other = adopt(worker), small_run().history
    worker.advance(4000)
    there = until(worker, lambda s: s.last >= 4000)
    assert worker.process is not None and there.last == there.state.update == history.last == 4000
    worker.advance(2500)
    assert until(worker, lambda s: s.last > 4000).last == 6500 and not worker.apart
    other.run(6500)
    assert same(history.head, other.head) and history.curve.rows.tobytes() == other.curve.rows.tobytes()


def test_a_far_advance_outlives_the_loss_of_its_process(worker):
    history = adopt(worker)
    train(worker)
    start = pause(worker).last
    worker.advance(20_000)
    until_there = time.monotonic() + 20
    while history.last == start and time.monotonic() < until_there:
        time.sleep(0.001)
    os.kill(worker.process, signal.SIGKILL)
    assert until(worker, lambda s: s.last >= start + 20_000, 60).last == start + 20_000


def test_a_far_advance_goes_beyond_a_loss_that_is_not_finite_as_a_near_one_does(worker):
    adopt(worker)
    train(worker)
    pause(worker)
    history = adopt(worker, 2, cell="irnn", optimiser=SGD(1e300))
    worker.advance(500)
    assert until(worker, lambda s: s.run_id == 2 and s.last > 0).last == 500
    assert not history.curve.rows["finite"][-1]


def test_the_past_can_be_looked_at_while_it_trains(worker):
    history, other = adopt(worker), small_run().history
    train(worker)
    states = [other.head]
    other.run(150, lambda record: states.append(other.head))
    until(worker, lambda s: s.last > 150)
    for update in (149, 7, 64, 100):
        assert same(history.seek(update), states[update])
    assert worker.apart


def test_a_branch_takes_over_from_a_run_that_trains(worker):
    history = adopt(worker)
    train(worker)
    branch = history.branch(history.last // 2, optimiser=SGD(0.01))
    other = history.branch(branch.first, optimiser=SGD(0.01))
    worker.adopt(2, branch, branch.head)
    worker.train(True)
    until(worker, lambda s: s.run_id == 2 and s.last > branch.first + 100 and s.history is branch)
    pause(worker)
    other.run(branch.last - branch.first)
    assert same(branch.head, other.head) and branch.last > history.last // 2
    for one, two in zip(branch.keyframes, other.keyframes, strict=True):
        assert same(one, two)


def test_a_loss_that_is_not_finite_stops_training_and_says_what_to_do(worker):
    adopt(worker)
    train(worker)
    adopt(worker, 2, cell="irnn", optimiser=SGD(1e300))
    worker.train(True)
    stopped = until(worker, lambda s: bool(s.error))
    assert stopped.run_id == 2 and not stopped.running
    assert "not finite" in stopped.error and "learning rate" in stopped.error
    assert not worker.apart


def test_a_process_that_was_killed_is_told_and_training_can_go_on(worker):
    history, other = adopt(worker), small_run().history
    train(worker)
    killed = worker.process
    os.kill(killed, signal.SIGKILL)
    told = until(worker, lambda s: bool(s.error))
    assert not told.running and not worker.apart and not alive(killed)
    assert f"update {history.last}" in told.error and "signal 9" in told.error and "Press T" in told.error
    train(worker)
    assert worker.process != killed
    last = pause(worker).last
    other.run(last)
    assert same(history.head, other.head) and last > told.last


def test_a_wish_in_the_moment_of_a_loss_is_still_fulfilled(worker):
    history = adopt(worker)
    train(worker)
    os.kill(worker.process, signal.SIGKILL)
    worker.go_to(5)
    back = until(worker, lambda s: s.state.update == 5)
    assert not back.running and history.last >= 5
    worker.advance(1)
    until(worker, lambda s: s.state.update == 6)


def test_processes_that_are_lost_again_and_again_are_given_up(worker):
    history = adopt(worker)
    for _ in range(MOST_LOST):
        train(worker)
        os.kill(worker.process, signal.SIGKILL)
        told = until(worker, lambda s: bool(s.error))
    assert "window's own process" in told.error
    worker.train(True)
    until(worker, lambda s: s.last > told.last + 30)
    assert worker.process is None and not worker.apart and history.last > told.last


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        ("frozen", True, "frozen"),
        ("executable", "", "no Python interpreter"),
        ("executable", "/usr/bin/blender", "no Python interpreter"),
        ("executable", "/nowhere/at all/python", "No such file"),
        ("executable", "python-that-ends", "ended with code 3"),
        ("executable", "python-that-chats", "begins no message"),
    ],
)
def test_where_no_process_can_be_started_training_goes_on_in_the_thread(
    worker, monkeypatch, tmp_path, name, value, problem
):
    script = {"python-that-ends": "exit 3", "python-that-chats": "echo Welcome to Python; exec sleep 30"}.get(value)
    if script is not None:
        value = str(tmp_path / value)
        Path(value).write_text(f"#!/bin/sh\n{script}\n")
        Path(value).chmod(0o755)
    monkeypatch.setattr(sys, name, value, raising=False)
    history, other = adopt(worker), small_run().history
    worker.train(True)
    until(worker, lambda s: s.last > 30 and worker.problem)
    assert problem in worker.problem and not worker.apart
    pause(worker)
    other.run(history.last)
    assert same(history.head, other.head)


def test_before_the_process_has_started_the_thread_trains(worker, monkeypatch):
    gate = threading.Event()
    waiting = remote.read
    monkeypatch.setattr(remote, "read", lambda stream: (gate.wait(20), waiting(stream))[1])
    history, other = adopt(worker), small_run().history
    worker.train(True)
    assert until(worker, lambda s: s.last > 40).running and not worker.apart
    gate.set()
    until(worker, lambda s: worker.apart)
    until(worker, lambda s: s.last > 200)
    pause(worker)
    other.run(history.last)
    assert same(history.head, other.head)
    assert history.curve.rows.tobytes() == other.curve.rows.tobytes()


@pytest.mark.parametrize("moment", ["starting", "training", "paused"])
def test_closing_leaves_neither_process_nor_thread(moment):
    before = set(threading.enumerate())
    worker = Worker(apart=True)
    adopt(worker)
    if moment == "starting":
        worker.train(True)
        until(worker, lambda s: s.last > 0)
    else:
        train(worker)
    if moment == "paused":
        pause(worker)
    process = worker.process
    began = time.monotonic()
    worker.close()
    assert time.monotonic() - began < 3.0
    assert process is None or not alive(process)
    assert set(threading.enumerate()) <= before


def test_without_training_no_process_is_started(worker):
    adopt(worker)
    worker.advance(3)
    until(worker, lambda s: s.last == 3)
    assert worker.process is None


PROGRAM = """
import os, signal, sys, time
from explorer.services.worker import Worker
from tests.explorer.model.runs import small_run
from tests.explorer.services.workers import adopt, until
worker, history = Worker(apart=True), small_run().history
worker.adopt(1, history, history.head)
worker.train(True)
while not worker.apart or history.last < 300:
    time.sleep(0.002)
print(worker.process, flush=True)
if sys.argv[1] == "killed":
    os.kill(os.getpid(), signal.SIGKILL)
elif sys.argv[1] == "faulty":
    os.abort()
elif sys.argv[1] == "left":
    os._exit(0)
elif sys.argv[1] == "forgotten":
    sys.exit(0)
"""


@pytest.mark.parametrize("end", ["killed", "faulty", "left", "forgotten"])
def test_whatever_ends_the_window_ends_the_process(end):
    run = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", PROGRAM, end],
        cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert run.stdout.strip(), run.stderr
    assert no_longer(int(run.stdout))
