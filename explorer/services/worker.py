"""The training thread: one worker, one single-slot mailbox of immutable snapshots.

The interface never waits for it. It asks for work by commands; the worker leaves the newest snapshot in the mailbox,
where the window's timer finds it. No signal is sent per update (queued signals pile up for seconds), and a snapshot
carries the id of its run, so that one of a run that has been replaced is dropped.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from rnncore.errors import RnnError
from rnncore.history import History
from rnncore.ops import Array
from rnncore.training_state import TrainingState

LONGEST_HOLD = 0.25
"""Seconds after which training goes on even if nobody released it."""
RATE_WINDOW = 1.0
"""Seconds over which updates a second are counted."""
POST_EVERY = 0.008
"""Seconds between two snapshots while training; nobody looks more often than twice as rarely."""


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


class Worker:
    """Trains a history on a thread of its own, on command."""

    def __init__(self) -> None:
        self._lock = threading.Condition()
        self._commands: deque[Callable[[], None]] = deque()
        self._mail: Snapshot | None = None
        self._closing = False
        self._idle = True
        self._history: History | None = None
        self._run_id = 0
        self._shown: TrainingState | None = None
        self._training = False
        self._ticks: deque[tuple[float, int]] = deque()
        self._goal: int | None = None
        self._posted = 0.0
        self._evaluations: tuple[History | None, int, Array | None] = (None, 0, None)
        self._turn = threading.Event()
        self._turn.set()
        self._thread = threading.Thread(target=self._work, name="training", daemon=True)
        self._thread.start()

    # --- called by the interface ---

    def adopt(self, run_id: int, history: History, shown: TrainingState) -> None:
        """Turn to another history, with the weights of ``shown`` on show; training stops."""

        def command() -> None:
            self._run_id, self._history, self._shown = run_id, history, shown
            self._training = False
            self._ticks.clear()

        self._send(command)

    def hold(self) -> None:
        """Rest between two updates until :meth:`release`, so that the interface paints with the interpreter to itself.

        Two threads that fight for the interpreter's lock at every small call make a frame take several times as long.
        """
        self._turn.clear()

    def release(self) -> None:
        """Go on after :meth:`hold`."""
        self._turn.set()

    def train(self, on: bool) -> None:
        """Start or pause training. It goes on from the history's newest update."""

        def command() -> None:
            self._training = on
            self._ticks.clear()
            self._post()

        with self._lock:
            if self._mail is not None and not self._mail.error:
                self._mail = None  # it would contradict what has just been asked for
        self._send(command)

    def advance(self, updates: int) -> None:
        """Show the weights ``updates`` later or earlier; beyond the newest update, train."""

        def command() -> None:
            history, shown = self._history, self._shown
            if history is None or shown is None:
                return
            self._training = False
            target = max(shown.update + updates, history.lineage[0].first)
            while history.last < target and not self._closing:
                history.step()
            self._show(target)

        self._send(command)

    def go_to(self, update: int) -> None:
        """Show the weights after ``update`` updates, if the history has them.

        Of several such wishes that wait only the last is fulfilled, so that a dragged slider is never far behind.
        """

        def command() -> None:
            with self._lock:
                goal, self._goal = self._goal, None
            if goal is not None:
                self._show(goal, lambda: self._goal is not None)

        with self._lock:
            self._goal = update
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
        self._thread.join(timeout=30)

    # --- the thread ---

    def _send(self, command: Callable[[], None]) -> None:
        with self._lock:
            self._commands.append(command)
            self._lock.notify_all()

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
                    command()
                else:
                    self._train_once()
            except RnnError as error:
                self._training = False
                self._post(str(error))
            except Exception as error:  # a thread must not end in silence
                self._training = False
                self._post(f"training stopped: {type(error).__name__}: {error}")

    def _train_once(self) -> None:
        history = self._history
        if history is None:
            self._training = False
            return
        record = history.run(1, should_stop=self._interrupted)
        if record is None:
            return
        now = time.perf_counter()
        self._ticks.append((now, record.words))
        while self._ticks and now - self._ticks[0][0] > RATE_WINDOW:
            self._ticks.popleft()
        self._shown = history.trainer.state
        if not record.finite:
            self._training = False
            self._post(
                f"Training stopped at update {record.update}: the loss or the gradient is not finite. "
                "Go back some updates (PgUp), then lower the learning rate or clip the gradient."
            )
        elif now - self._posted >= POST_EVERY:
            self._post(unasked=True)
        time.sleep(0)  # let the interface have its turn
        self._turn.wait(LONGEST_HOLD)

    def _show(self, update: int, superseded: Callable[[], bool] = lambda: False) -> None:
        history = self._history
        if history is None:
            return
        state = history.seek(update, should_stop=lambda: self._closing or superseded())
        if state is not None:
            self._shown = state
            self._training = False
            self._post()

    def _rates(self) -> tuple[float, float]:
        if len(self._ticks) < 2:
            return 0.0, 0.0
        seconds = self._ticks[-1][0] - self._ticks[0][0]
        words = sum(w for _, w in self._ticks) - self._ticks[0][1]
        return (len(self._ticks) - 1) / seconds, words / seconds

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
