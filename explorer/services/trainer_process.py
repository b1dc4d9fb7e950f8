"""The other end of the pipe: a process that does nothing but train, on command, until its pipe closes.

Two threads of one interpreter take turns, so that whatever the window paints is taken from training. A process of its
own trains at full speed on another core. It keeps nothing: the window's history holds all that it has done, and when it
is lost, training goes on from there.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from typing import Any, BinaryIO

import numpy as np

from rnncore.curve import ROW, row_of
from rnncore.errors import RnnError
from rnncore.keyframes import state_bytes
from rnncore.training import Trainer
from rnncore.training_state import TrainingState, UpdateRecord

from .trainer_wire import Batch, Go, Ready, Spacing, Stop, packed, read, trainer_of, write

SEND_EVERY, SENDING = 0.01, 0.03
"""Seconds between two batches at least, so that each tick of the window has one to show; and the share of the time that
sending them may take from training, which keeps the batches of a large network further apart."""
HELD = 64 * 2**20
"""Bytes of keyframes that may wait to be sent before training waits, too."""


class Sender:
    """Writes one message at a time on a thread of its own, so that training does not wait for the reader."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._lock = threading.Condition()
        self._next: bytes | None = None
        threading.Thread(target=self._write, name="sender", daemon=True).start()

    @property
    def free(self) -> bool:
        """Whether the message before has gone."""
        return self._next is None

    def send(self, message: Any) -> None:
        """Send a message as soon as the one before has gone."""
        data = packed(message)
        with self._lock:
            while self._next is not None:
                self._lock.wait()
            self._next = data
            self._lock.notify_all()

    def _write(self) -> None:
        while True:
            with self._lock:
                while self._next is None:
                    self._lock.wait()
                data = self._next
            try:
                self._stream.write(data)
                self._stream.flush()
            except OSError:
                os._exit(0)  # nobody is listening any more
            with self._lock:
                self._next = None
                self._lock.notify_all()


class Listener:
    """Takes commands on a thread of its own, and ends the process when there is nobody to give them any more.

    ``stopped`` is the newest stint that is to end, ``spacing`` the distance of keyframes asked for last.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self.stopped = -1
        self.spacing = 1
        self._stream = stream
        self._lock = threading.Condition()
        self._go: Go | None = None
        threading.Thread(target=self._listen, name="listener", daemon=True).start()

    def wait(self) -> Go:
        """Return the next command to go."""
        with self._lock:
            while self._go is None:
                self._lock.wait()
            go, self._go = self._go, None
            return go

    def _listen(self) -> None:
        while True:
            try:
                message = read(self._stream)
            except (EOFError, OSError):
                os._exit(0)  # the window has closed, or crashed
            with self._lock:
                if isinstance(message, Go):
                    self._go, self.spacing = message, message.spacing
                    self._lock.notify_all()
                elif isinstance(message, Stop):
                    self.stopped = max(self.stopped, message.stint)
                elif isinstance(message, Spacing):
                    self.spacing = message.spacing


class Stint:
    """Training from one command to go until it is stopped, stops by itself, or fails."""

    def __init__(self, go: Go, trainer: Trainer, listener: Listener, sender: Sender) -> None:
        self._go, self._trainer, self._listener, self._sender = go, trainer, listener, sender
        self._rows: list[tuple[Any, ...]] = []
        self._evaluations: list[tuple[int, float, float, bool]] = []
        self._keyframes: list[TrainingState] = []
        self._bytes = 0
        self._due = 0.0
        self._clock = time.thread_time()

    def run(self) -> None:
        """Train, sending batches; the last one says that it is the last."""
        failure = ""
        try:
            self._trainer.restore(self._go.state)
            until = self._go.until
            updates = None if until is None else until - self._go.state.update
            watchful = until is None or self._go.watchful
            self._trainer.run(updates, self._done, self._is_over, stop_when_not_finite=watchful)
        except RnnError as error:
            failure = str(error)
        except Exception as error:  # the window says what happened, and the process lives on
            failure = said(error)
        self._send(last=True, failure=failure)

    def _is_over(self) -> bool:
        return self._listener.stopped >= self._go.stint

    def _done(self, record: UpdateRecord) -> None:
        self._rows.append(row_of(record))
        if record.evaluated is not None:
            self._evaluations.append((record.update - 1, record.evaluated, record.learning_rate, record.annealed))
        if (record.update - self._go.first) % self._listener.spacing == 0:
            state = self._trainer.state
            self._keyframes.append(state)
            self._bytes += state_bytes(state)
        if time.perf_counter() >= self._due and (self._sender.free or self._bytes > HELD):
            self._send()

    def _send(self, *, last: bool = False, failure: str = "") -> None:
        rows = np.array(self._rows, ROW).tobytes()
        state = self._trainer.state if self._rows else None
        evaluations, keyframes = tuple(self._evaluations), tuple(self._keyframes)
        self._rows, self._evaluations, self._keyframes, self._bytes = [], [], [], 0
        began, self._clock = self._clock, time.thread_time()
        took = self._clock - began
        self._sender.send(Batch(self._go.stint, rows, evaluations, keyframes, state, last, failure, took))
        cost = time.thread_time() - self._clock
        self._due = time.perf_counter() + max(SEND_EVERY, cost / SENDING)


def said(error: Exception) -> str:
    """Return an unexpected error as a sentence."""
    return f"training stopped: {type(error).__name__}: {error}"


def serve(commands: BinaryIO, answers: BinaryIO) -> None:
    """Train on command; never returns, but ends the process when ``commands`` closes."""
    write(answers, Ready())
    sender, listener = Sender(answers), Listener(commands)
    trainer: Trainer | None = None
    while True:
        go = listener.wait()
        try:
            if go.work is not None:
                trainer = trainer_of(go.work)
            assert trainer is not None
        except Exception as error:  # what cannot be sent must not end the process in silence
            sender.send(Batch(go.stint, b"", (), (), None, True, said(error)))
            continue
        Stint(go, trainer, listener, sender).run()


def main() -> None:
    """Serve the process that started this one, over standard input and output."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is for the window, which ends this process
    commands, answers = sys.stdin.buffer, sys.stdout.buffer
    sys.stdout = sys.stderr  # nothing but messages may get into the pipe
    serve(commands, answers)


if __name__ == "__main__":
    main()
