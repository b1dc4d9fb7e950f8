"""The training thread: one worker, one single-slot mailbox of immutable snapshots.

The interface never waits for it. It asks for work by commands; the worker leaves the newest snapshot in the mailbox,
where the window's timer finds it. No signal is sent per update (queued signals pile up for seconds), and a snapshot
carries the id of its run, so that one of a run that has been replaced is dropped.

Where there may be a training process, the thread leaves the training itself to it: it only records in the history what
the process has done. All else, and training until the process has started or when there can be none, it does itself.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import field

from rnncore.errors import RnnError
from rnncore.frozen import dataclass
from rnncore.history import History
from rnncore.ops import Array
from rnncore.training_state import TrainingState
from rnncore.watching import watched

from .remote import LostError, Remote

LONGEST_HOLD = 0.25
"""Seconds after which training goes on even if nobody released it."""
RATE_WINDOW = 1.0
"""Seconds over which updates a second are counted."""
POST_EVERY = 0.008
"""Seconds between two snapshots while training; nobody looks more often than twice as rarely."""
AHEAD, LEAST_AHEAD = 0.1, 8
"""How far one of two trainings may be ahead of the other: seconds of its own pace, and updates at least."""
NAP = 0.003
"""Seconds that the one which is ahead rests before it looks again."""
FAR = 300
"""Updates to advance from which on the process does it."""
PATIENCE = 0.08
"""Seconds that going to an update may take before the user is told of it."""
MOST_LOST = 3
"""Training processes that may be lost before training stays in the window's own process."""


@dataclass(frozen=True, eq=False)
class Snapshot:
    """Where training stands."""

    run_id: int
    history: History
    state: TrainingState
    last: int
    running: bool
    updates_per_second: float
    words_per_second: float
    curve: Array = field(repr=False)
    evaluations: Array = field(repr=False)
    error: str = ""


class Errand:
    """What the worker is on the way to, since when, and how far it has come."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._began = time.perf_counter()
        self.share = 0.0

    def look(self, share: float) -> None:
        """Hear how far it has come."""
        self.share = share

    def told(self) -> str:
        """What to say about it; "" while it is too early for that."""
        if not self._what or time.perf_counter() - self._began < PATIENCE:
            return ""
        return f"{self._what}: {self.share:.0%}"


class Worker:
    """Trains a history on a thread of its own, on command; with ``apart`` in a process of its own if there can be one.

    The process is started when training is, so that nobody else pays for it.
    """

    def __init__(self, *, apart: bool = False) -> None:
        self._lock = threading.Condition()
        self._commands: deque[Callable[[], None]] = deque()
        self._mail: Snapshot | None = None
        self._closing = False
        self._idle = True
        self._history: History | None = None
        self._run_id = 0
        self._shown: TrainingState | None = None
        self._training = False
        self._ticks: deque[tuple[float, int, int]] = deque()
        """(seconds, updates, words) since training began."""
        self._goal: int | None = None
        self._aim: int | None = None
        """The update that one is on the way to: one more or one less is counted from there."""
        self._cancels = 0
        self._errand = Errand("")
        self._posted = 0.0
        self._evaluations: tuple[History | None, int, Array | None] = (None, 0, None)
        self._apart = apart
        self._remote: Remote | None = None
        self._lost = 0
        self._beside: Worker | None = None
        self._turn = threading.Event()
        self._turn.set()
        self._thread = threading.Thread(target=self._work, name="training", daemon=True)
        self._thread.start()

    # --- called by the interface ---

    def adopt(self, run_id: int, history: History, shown: TrainingState) -> None:
        """Turn to another history, with the weights of ``shown`` on show; training stops."""

        def command() -> None:
            self._run_id, self._history, self._shown = run_id, history, shown
            self._training, self._aim = False, None
            self._ticks.clear()

        self.cancel()
        self._send(command)

    def hold(self) -> None:
        """Rest between two updates until :meth:`release`, so that the interface paints with the interpreter to itself.

        Two threads that fight for the interpreter's lock at every small call make a frame take several times as long.
        """
        self._turn.clear()

    def release(self) -> None:
        """Go on after :meth:`hold`."""
        self._turn.set()

    def keep_pace(self, other: Worker | None) -> None:
        """Train in step with another worker, so that neither is ever far ahead; None lets it go."""
        self._beside = other

    @property
    def apart(self) -> bool:
        """Whether training goes on in a process of its own, so that painting does not stop it."""
        return self._remote is not None and self._remote.running

    @property
    def process(self) -> int | None:
        """The number of the training process, if there is one."""
        return None if self._remote is None else self._remote.process

    @property
    def problem(self) -> str:
        """Why there is no training process although there should be one, as far as is known."""
        return "" if self._remote is None else self._remote.problem

    def train(self, on: bool) -> None:
        """Start or pause training. It goes on from the history's newest update."""

        def command() -> None:
            self._training, self._aim = on, None
            self._ticks.clear()
            if on:
                self._start_process()
            self._post()

        with self._lock:
            if self._mail is not None and not self._mail.error:
                self._mail = None  # it would contradict what has just been asked for
        self.cancel()
        self._send(command)

    def advance(self, updates: int) -> None:
        """Show the weights ``updates`` later or earlier; beyond the newest update, train."""
        begun = self._cancels

        def command() -> None:
            history, shown = self._history, self._shown
            if history is None or shown is None or begun != self._cancels:
                return
            self._training = False
            base = shown.update if self._aim is None else self._aim
            target = self._aim = max(base + updates, history.lineage[0].first)
            if history.last < target and not self._train_until(history, target, lambda: begun == self._cancels):
                target = history.last
            self._show(target, lambda: begun != self._cancels or bool(self._commands))

        self._send(command)

    def cancel(self) -> bool:
        """Let go of an update that one is on the way to; whether the user had been told of one."""
        told = bool(self.errand)
        with self._lock:
            self._cancels += 1
            self._aim = None
        if told and self._remote is not None:
            self._remote.stop()
        return told

    @property
    def errand(self) -> str:
        """In words which update one is on the way to and how far that has come, once it has taken a while."""
        return self._errand.told()

    def go_to(self, update: int) -> None:
        """Show the weights after ``update`` updates, if the history has them.

        Of several such wishes that wait only the last is fulfilled, so that a dragged slider is never far behind.
        """

        begun = self._cancels

        def command() -> None:
            with self._lock:
                goal, self._goal = self._goal, None
            if goal is not None and begun == self._cancels:
                self._aim = goal
                self._show(goal, lambda: begun != self._cancels or bool(self._commands))

        with self._lock:
            waits, self._goal = self._goal is not None, update
        if not waits:  # or the one that waits goes there
            self._send(command)

    def take(self) -> Snapshot | None:
        """Return the newest snapshot that has not been taken yet."""
        with self._lock:
            mail, self._mail = self._mail, None
            return mail

    @property
    def idle(self) -> bool:
        """Whether there is nothing to do and nothing in the mailbox."""
        with self._lock:
            return self._idle and not self._commands and self._mail is None

    def close(self) -> None:
        """Stop and wait for the thread to end."""
        with self._lock:
            self._closing = True
            self._lock.notify_all()
        self._turn.set()
        remote = self._remote
        if remote is not None:
            remote.close()
        self._thread.join(timeout=30)
        if self._remote is not None:
            self._remote.close()
            self._remote.reap()

    # --- the thread ---

    def _send(self, command: Callable[[], None]) -> None:
        with self._lock:
            self._commands.append(command)
            self._lock.notify_all()
        remote = self._remote
        if remote is not None:
            remote.stop()

    def _interrupted(self) -> bool:
        return self._closing or bool(self._commands)

    def _work(self) -> None:
        while True:
            with self._lock:
                while not (self._commands or self._training or self._closing):
                    self._idle = True
                    self._lock.wait()
                self._idle = False
                if self._closing:
                    return
                command = self._commands.popleft() if self._commands else None
            try:
                if command is not None:
                    self._come_back()
                    command()
                else:
                    self._train_once()
            except LostError as error:
                self._aim = None
                self._lose(error)
                if command is not None:
                    with self._lock:
                        self._commands.appendleft(command)
            except RnnError as error:
                self._training, self._aim = False, None
                self._post(str(error))
            except Exception as error:  # a thread must not end in silence
                self._training, self._aim = False, None
                self._post(f"training stopped: {type(error).__name__}: {error}")

    def _train_once(self) -> None:
        history = self._history
        until = None if history is None else self._furthest(history)
        if history is None:
            self._training = False
        elif until is not None and history.last >= until:
            with self._lock:
                if not self._commands and not self._closing:
                    self._lock.wait(NAP)
        elif self._remote is not None and self._remote.ready:
            self._train_there(history, self._remote, until)
        else:
            self._train_here(history)

    def _furthest(self, history: History) -> int | None:
        """The update at which to wait for the other training; None without one."""
        other = self._beside
        if other is None:
            return None
        ahead = max(LEAST_AHEAD, round(self._rates()[0] * AHEAD))
        theirs = other._history
        # One that rests or has stopped is not waited for.
        return (theirs.last if other._training and theirs is not None else history.last) + ahead

    def _train_here(self, history: History) -> None:
        record = history.run(1, should_stop=self._interrupted)
        if record is None:
            return
        self._count(1, record.words)
        self._shown = history.trainer.state
        if not record.finite:
            self._not_finite(history)
        elif time.perf_counter() - self._posted >= POST_EVERY:
            self._post(unasked=True)
        time.sleep(0)  # let the interface have its turn
        self._turn.wait(LONGEST_HOLD)

    def _start_process(self) -> None:
        if self._apart and self._remote is None:
            self._remote = Remote()
            self._remote.start()

    def _train_until(self, history: History, target: int, wanted: Callable[[], bool]) -> bool:
        """Train to an update, here or there, as long as that is wanted; whether it was to the end."""
        if target - history.last >= FAR:
            self._start_process()
        begin = history.last
        with self._on_errand("training to", target):
            while history.last < target:
                if self._closing or not wanted():
                    return False
                if self._remote is not None and self._remote.ready and target - history.last >= FAR:
                    self._train_there_until(history, self._remote, target, wanted)
                else:
                    history.step()
                self._errand.share = (history.last - begin) / (target - begin)
        return True

    def _train_there_until(self, history: History, remote: Remote, target: int, wanted: Callable[[], bool]) -> None:
        begin = history.last
        remote.go(history, target)
        while remote.running:
            batch = remote.take(history)
            self._errand.share = (history.last - begin) / (target - begin)
            if batch.failure:
                raise RnnError(batch.failure)
            if not wanted():
                remote.stop()

    @contextmanager
    def _on_errand(self, what: str, update: int) -> Iterator[Errand]:
        self._errand = errand = Errand(f"{what} update {update:,}")
        try:
            yield errand
        finally:
            self._errand = Errand("")

    def _train_there(self, history: History, remote: Remote, until: int | None) -> None:
        if not remote.running:
            remote.go(history, until, watchful=True)
        if self._recorded(history, remote) and self._training:
            self._post(unasked=True)

    def _recorded(self, history: History, remote: Remote) -> bool:
        """Wait for what the process does next, and whether it did anything; what stops the training is posted."""
        batch = remote.take(history)
        if batch.state is None:
            if batch.failure:
                raise RnnError(batch.failure)
            return False
        self._shown = batch.state
        rows = batch.table
        self._count(len(rows), int(rows["words"].sum()))
        if not rows["finite"][-1]:
            self._not_finite(history)
        if batch.failure:
            raise RnnError(batch.failure)
        return True

    def _come_back(self) -> None:
        """End a stint of the process: what is asked for now is done here."""
        remote, history = self._remote, self._history
        if remote is None or history is None:
            return
        while remote.running:
            remote.stop()
            try:
                self._recorded(history, remote)
            except RnnError as error:
                self._training = False
                self._post(str(error))

    def _lose(self, error: LostError) -> None:
        """Go on without the process that has just been lost."""
        remote, self._remote = self._remote, None
        self._training = False
        if remote is not None:
            remote.reap()
        if self._closing:
            return
        self._lost += 1
        self._apart = self._lost < MOST_LOST
        last = 0 if self._history is None else self._history.last
        self._post(
            f"Training was interrupted at update {last:,}: the training process {error}. Nothing before that is lost. "
            + ("Press T to go on." if self._apart else "Press T to go on, from now on in the window's own process.")
        )

    def _not_finite(self, history: History) -> None:
        from ..model.not_finite import stopped

        self._training = False
        self._post(stopped(history))

    def _count(self, updates: int, words: int) -> None:
        now = time.perf_counter()
        done, read = self._ticks[-1][1:] if self._ticks else (0, 0)
        self._ticks.append((now, done + updates, read + words))
        while self._ticks and now - self._ticks[0][0] > RATE_WINDOW:
            self._ticks.popleft()

    def _show(self, update: int, superseded: Callable[[], bool] = lambda: False) -> None:
        history = self._history
        if history is None:
            return
        with self._on_errand("going to", update) as errand, watched(errand.look):
            state = history.seek(update, should_stop=lambda: self._closing or superseded())
        if state is not None:
            self._shown, self._aim = state, None
            self._training = False
            self._post()

    def _rates(self) -> tuple[float, float]:
        if len(self._ticks) < 2:
            return 0.0, 0.0
        (began, first, start), (now, last, end) = self._ticks[0], self._ticks[-1]
        return (last - first) / (now - began), (end - start) / (now - began)

    def _evaluated(self, history: History) -> Array:
        """Return the table of evaluations, made anew only when there are more: it grows with the run."""
        of, count, rows = self._evaluations
        if rows is None or of is not history or count != len(history.evaluations):
            rows = history.evaluations.rows
            self._evaluations = (history, len(history.evaluations), rows)
        return rows

    def _post(self, error: str = "", *, unasked: bool = False) -> None:
        history, shown = self._history, self._shown
        if history is None or shown is None:
            return
        self._posted = time.perf_counter()
        updates, words = self._rates()
        curve, evaluations = history.curve.rows, self._evaluated(history)
        with self._lock:
            if unasked and self._commands:
                return  # the answer to the command will say more
            if not error and self._mail is not None and self._mail.run_id == self._run_id:
                error = self._mail.error  # not yet read: it must not be lost to the snapshot after it
            self._mail = Snapshot(
                self._run_id, history, shown, history.last, self._training, updates, words, curve, evaluations, error
            )
