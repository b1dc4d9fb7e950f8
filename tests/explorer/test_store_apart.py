"""Scenarios with the training in a process of its own, as in the program, and how often it is painted."""

from __future__ import annotations

import math
import os
import signal
import sys
import threading
import time
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QWidget

from explorer import store as stores
from explorer.model import action as do
from explorer.model.session import Changes
from explorer.services import pacing, turns
from explorer.store import Store
from explorer.widgets.panel import Panel
from rnncore.optim import SGD
from rnncore.truncation import Full
from tests.explorer.model.runs import small_run
from tests.rnncore.runs import same

from .test_store import change, until


@pytest.fixture
def store(qapp):
    made = Store(small_run(), apart=True)
    yield made
    made.close()


def train(store, updates=50):
    """Train until the process has taken over and done some updates."""
    store.dispatch(do.Train(True))
    until(store, lambda: store._worker.apart, 30)
    last = store.session.training.last
    until(store, lambda: store.session.training.last > last + updates, 30)


def pause(store):
    store.dispatch(do.Train(False))
    store.wait()
    return store.session.training


def test_training_under_the_window_is_bitwise_training_without_it(store):
    train(store)
    pause(store)
    train(store)
    paused = pause(store)
    other = small_run().history
    other.run(paused.last)
    assert paused.shown == paused.last == len(paused.curve) and not paused.running
    assert same(paused.state, other.head)
    assert paused.curve.tobytes() == other.curve.rows.tobytes()
    for name, weights in store.session.model.parameters.items():
        np.testing.assert_array_equal(weights, other.head.parameters[name])


def test_going_back_and_forth_after_training_is_exact(store):
    train(store)
    last = pause(store).last
    other = small_run().history
    other.run(last)
    for action, update in ((do.Advance(-1), last - 1), (do.GoToUpdate(17), 17), (do.Advance(1), 18)):
        store.dispatch(action)
        store.wait()
        assert store.session.training.shown == update
        assert same(store.session.training.state, other.seek(update))
    assert store.session.training.last == last


def test_travelling_while_it_trains_pauses_at_that_update(store):
    train(store)
    store.dispatch(do.GoToUpdate(9))
    until(store, lambda: store.session.training.shown == 9)
    assert not store.session.training.running and store.session.training.last > 9


def test_a_change_while_it_trains_branches_and_goes_on_in_the_process(store):
    train(store)
    store.dispatch(do.ChangeSettings(replace(store.session.settings, optimiser=SGD(0.01), truncation=Full())))
    until(store, lambda: store.session.settings.optimiser == SGD(0.01))
    history = store.session.run.history
    assert store.session.training.running and history.parent is not None
    until(store, lambda: store._worker.apart and history.last > history.first + 50)
    pause(store)
    other = history.parent.branch(history.first, optimiser=SGD(0.01), truncation=Full())
    other.run(history.last - history.first)
    assert same(history.head, other.head)


def test_undo_returns_to_the_run_before_with_all_that_the_process_did(store):
    train(store)
    last = pause(store).last
    change(store, cell="gru")
    train(store)
    store.undo()
    store.wait()
    assert store.session.model.cell.name == "vanilla" and store.session.training.last == last
    train(store)
    paused = pause(store)
    other = small_run().history
    other.run(paused.last)
    assert paused.last > last and same(paused.state, other.head)


def test_what_was_saved_while_it_trained_goes_on_bitwise(store, tmp_path):
    train(store)
    store.dispatch(do.SavePath(str(tmp_path / "live.bptt")))
    until(store, lambda: store.session.path is not None)
    pause(store)
    store.dispatch(do.OpenPath(str(tmp_path / "live.bptt")))
    store.wait()
    opened = store.session.training.last
    assert opened > 0 and len(store.session.run.history.keyframes) > 1
    train(store)
    paused = pause(store)
    other = small_run().history
    other.run(paused.last)
    assert paused.last > opened and same(paused.state, other.head)


def test_a_loss_that_is_not_finite_stops_it_with_a_message(store):
    train(store)
    store.dispatch(do.ChangeSettings(replace(store.session.settings, cell="irnn", optimiser=SGD(1e300))))
    store.wait()
    store.dispatch(do.Train(True))
    until(store, lambda: store.session.message is not None)
    assert "not finite" in store.session.message.text and not store.session.training.running


@pytest.mark.skipif(sys.platform == "win32", reason="signals are not sent there")
def test_a_killed_process_is_a_message_and_training_can_go_on(store):
    train(store)
    os.kill(store._worker.process, signal.SIGKILL)
    until(store, lambda: store.session.message is not None)
    assert "signal 9" in store.session.message.text and store.session.message.level == "error"
    assert not store.session.training.running
    train(store)
    paused = pause(store)
    other = small_run().history
    other.run(paused.last)
    assert same(paused.state, other.head)


def test_closing_while_it_trains_leaves_neither_process_nor_thread(qapp):
    before = set(threading.enumerate())
    store = Store(small_run(), apart=True)
    train(store)
    process = store._worker._remote._process
    store.close()
    assert process.poll() is not None
    assert set(threading.enumerate()) <= before


# --- frames ---


class Slow(QWidget):
    """A panel whose reading takes longer than a turn."""

    def __init__(self, store, heard, qtbot):
        super().__init__()
        qtbot.addWidget(self)
        self.store, self.heard = store, heard
        store.changed.connect(self._changed)

    def _changed(self, changes):
        if changes & Changes.MODEL:
            self.store.in_turn(self, self._read)

    def _read(self):
        self.heard.append((id(self), self.store.session.training.state))
        time.sleep(1.5 * turns.TURN)


def test_new_weights_reach_the_panels_one_a_tick_and_all_of_them_show_the_same(store, qtbot):
    heard: list = []
    panels = [Slow(store, heard, qtbot) for _ in range(3)]
    ticks = []
    poll = store.turns.take
    store.turns.take = lambda began: (poll(began), ticks.append(len(heard)))
    train(store)
    until(store, lambda: len(heard) > 12)
    assert all(b - a == 1 for a, b in pairwise(ticks))
    for start in range(0, 12, 3):
        group = heard[start : start + 3]
        assert [panel for panel, _ in group] == [id(panel) for panel in panels] and len(
            {id(state) for _, state in group}
        ) == 1


def test_outside_of_training_every_panel_shows_new_weights_at_once(store, qtbot):
    heard: list = []
    panels = [Slow(store, heard, qtbot) for _ in range(3)]
    train(store)
    pause(store)
    store.dispatch(do.Advance(-1))
    store.wait()
    assert {panel for panel, _ in heard[-3:]} == {id(panel) for panel in panels}
    assert all(state is store.session.training.state for _, state in heard[-3:])
    heard.clear()
    store.dispatch(do.ChangeSettings(replace(store.session.settings, seed=9)))
    store.wait()
    assert len(heard) == 3 and not store.awaits_turn(panels[0])


def test_a_panel_that_is_gone_when_its_turn_comes_is_passed_over(store, qtbot):
    class Counting(Panel):
        CARES = Changes.MODEL
        read_times = 0

        def read(self):
            self.read_times += 1

    panel = Counting(store, "Counting")
    qtbot.addWidget(panel)
    panel.show()
    store.turns.spreading = True
    store.changed.emit(Changes.MODEL)
    store.turns.spreading = False
    assert store.awaits_turn(panel) and panel.read_times == 1, "it was read when it was shown"
    store.poll()
    assert not store.awaits_turn(panel) and panel.read_times == 2
    gone = QWidget()
    store.turns.spreading = True
    store.in_turn(gone, lambda: pytest.fail("it is gone"))
    store.turns.spreading = False
    gone.deleteLater()
    QCoreApplication.sendPostedEvents(gone, 52)  # deferred deletion
    store.wait()
    assert not store.busy


def test_on_a_machine_that_stands_still_between_two_lines_each_tick_shows_one_panel(store, monkeypatch):
    now = [0.0]

    def late():
        now[0] += 10.0
        return now[0]

    shown = []
    panels = [QWidget() for _ in range(2)]
    store.turns.spreading = True
    for panel in panels:
        store.in_turn(panel, lambda panel=panel: shown.append(panel))
    store.turns.spreading = False
    monkeypatch.setattr(stores.time, "perf_counter", late)
    store.poll()
    assert shown == panels[:1]
    store.poll()
    assert shown == panels
    for panel in panels:
        store.turns.hurried = True
        store.after_first(panel, lambda panel=panel: shown.append(panel))
    store.turns.hurried = False
    for done in (3, 4):
        store.turns.follow()
        assert len(shown) == done


def test_dear_frames_wait_until_late_ticks_are_paid_off(store, monkeypatch):
    now = [100.0]
    store.pacing.polled, store.pacing.debt = now[0], 0.0

    def tick(seconds, *, painted=True):
        store.pacing.has_painted = painted
        now[0] += seconds
        store.pacing.count_tick(now[0])

    tick(0.016)
    tick(0.040, painted=False)
    assert store.pacing.debt == 0.0 and store.pacing.due(now[0]) == (True, True)
    tick(0.040)
    assert 0.015 < store.pacing.debt < 0.025
    store.pacing.frame, store.pacing.heavy_began, store.pacing.light_took = (now[0], True), now[0], 0.02
    assert store.pacing.due(now[0]) == (False, False)
    store.pacing.light_took = 0.002
    assert store.pacing.due(now[0]) == (False, True), "what is cheap makes no tick late"
    ticks = 0
    while not store.pacing.due(now[0])[0]:
        tick(0.016)
        ticks += 1
    assert 8 < ticks < 20, "a tenth of the time may be late"
    tick(5.0)
    assert store.pacing.debt == pacing.DEBT
    assert store.pacing.due(now[0])[0], "and after half a second there is a frame anyway"


def test_frames_come_often_when_they_are_cheap(store):
    seen = []
    store.changed.connect(lambda changes: seen.append((time.perf_counter(), bool(changes & Changes.MODEL))))
    train(store)
    seen.clear()
    ticks = []
    store._mail_timer.timeout.connect(lambda: ticks.append(time.perf_counter()))
    began = time.perf_counter()
    # A second of ticks, which is longer where the machine is busy with something else.
    until(store, lambda: len(ticks) > 1000 / pacing.FRAME, 30)
    seconds = time.perf_counter() - began
    assert len(seen) > 15 and 3 <= sum(heavy for _, heavy in seen) <= 20 * seconds


# --- a key held down ---


class Reading(Panel):
    """Notes the positions that it has shown."""

    def __init__(self, store, qtbot):
        self.positions: list[int] = []
        super().__init__(store, "Reading")
        qtbot.addWidget(self)
        self.show()

    def read(self):
        self.positions.append(self._store.session.position)


class Stage:
    """Is no panel: it hears of each change as it comes."""

    def __init__(self, store):
        self.positions: list[int] = []
        store.changed.connect(lambda _: self.positions.append(store.session.position))


def hold(store, keys):
    """Press a key so often, as fast as one that repeats."""
    for _ in range(keys):
        store._key_at = math.inf  # however long this machine takes to come to the next line
        store.walk_by_key(do.Move("operation"))


def test_while_a_key_is_held_the_other_panels_follow_one_frame_after_the_first(store, qtbot):
    first, other = Stage(store), Reading(store, qtbot)
    before = len(other.positions)
    hold(store, 1)
    assert first.positions[-1] == store.session.position and len(other.positions) == before
    QCoreApplication.sendPostedEvents()
    assert other.positions[-1] == store.session.position and len(other.positions) == before + 1


def test_a_panel_that_has_waited_for_a_frame_does_not_wait_for_another(store, qtbot):
    other = Reading(store, qtbot)
    hold(store, 1)
    time.sleep(2 * turns.AT_ONCE)
    hold(store, 1)
    assert other.positions[-1] == store.session.position
    hold(store, 1)
    store.dispatch(do.Move("operation"))
    assert other.positions[-1] == store.session.position, "what is no key does not wait"
    shown = len(other.positions)
    QCoreApplication.sendPostedEvents()
    assert len(other.positions) == shown


@pytest.mark.parametrize("direction", [1, -1])
def test_after_a_single_key_all_panels_are_read_at_once(store, qtbot, direction):
    store.dispatch(do.GoTo(5))
    other = Reading(store, qtbot)
    store._key_at = time.perf_counter() - 2 * stores.HELD
    store.walk_by_key(do.Move("operation", direction))
    assert other.positions[-1] == store.session.position


@pytest.mark.parametrize("action", [do.Move("step"), do.Move("pass"), do.GoTo(40), do.Select(1)], ids=str)
def test_a_single_leap_is_shown_by_the_stage_first_and_by_the_other_panels_in_the_next_frame(store, qtbot, action):
    first, other = Stage(store), Reading(store, qtbot)
    before = len(first.positions), len(other.positions)
    store._key_at = time.perf_counter() - 2 * stores.HELD
    store.walk_by_key(action)
    assert (len(first.positions), len(other.positions)) == (before[0] + 1, before[1])
    QCoreApplication.sendPostedEvents()
    assert other.positions[-1] == store.session.position and len(other.positions) == before[1] + 1


class Deliberate(Reading):
    """Takes its time to read, and notes each painting of the window it is in."""

    def read(self):
        super().read()
        time.sleep(1.5 * turns.FOLLOWING)
        self.update()

    def paintEvent(self, event):
        PAINTED.append(len(self.positions))
        super().paintEvent(event)


PAINTED: list[int] = []


def test_panels_that_read_slowly_follow_one_to_a_frame(store, qtbot):
    panels = [Deliberate(store, qtbot) for _ in range(3)]
    QCoreApplication.processEvents()
    before = [len(p.positions) for p in panels]
    read = []
    follow = store.turns.follow

    def counted():
        was = sum(len(p.positions) for p in panels)
        follow()
        read.append(sum(len(p.positions) for p in panels) - was)
        PAINTED.append(0)

    store.turns.follow = counted
    PAINTED.clear()
    store.walk_by_key(do.Move("step"))
    for _ in range(6):
        QCoreApplication.processEvents()
    assert read == [1, 1, 1] and [len(p.positions) for p in panels] == [n + 1 for n in before]
    assert [n == 0 for n in PAINTED] == [True, False] * 3, "each is painted before the next one reads"
