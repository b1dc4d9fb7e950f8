"""The window's end of the pipe to its training process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

from rnncore.history import History
from rnncore.training import Trainer

from .trainer_wire import Batch, Go, Ready, Spacing, Stop, read, work_of, write

_PROGRAM = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]); "
    "from explorer.services.trainer_process import main; main()"
)
"""What the process runs. It finds the same modules as this one, however these were found."""


class LostError(Exception):
    """The training process is gone; the message says how it ended."""


class Remote:
    """A training process. :meth:`start` takes some tenths of a second; until :attr:`ready`, train elsewhere."""

    def __init__(self) -> None:
        self.ready = False
        self.problem = ""
        """Why there is no process, once that is certain."""
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()
        self._closed = False
        self._stint = 0
        self._running = False
        self._stopping = False
        self._spacing = 0
        self._trainer: Trainer | None = None
        self._thread: threading.Thread | None = None

    @property
    def process(self) -> int | None:
        """The number of the process."""
        return None if self._process is None else self._process.pid

    # --- beginning and end ---

    def start(self) -> None:
        """Begin to start the process, without waiting for it."""
        self._thread = threading.Thread(target=self._start, name="training process", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End the process at once: it holds nothing that would have to be saved. A reader hears that it is lost."""
        with self._lock:
            self._closed, self.ready = True, False
            process = self._process
        if process is not None:
            process.kill()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(timeout=10)

    def _start(self) -> None:
        problem = cannot_start()
        if not problem:
            try:
                process = self._open()
                if process is not None and not isinstance(read(_out(process)), Ready):
                    problem = "the training process said something else than that it is ready"
            except EOFError:
                problem = f"the training process {self._ending()}"
            except Exception as error:  # whatever it is, training has another place
                problem = f"{type(error).__name__}: {error}"
        with self._lock:
            self.problem = problem
            self.ready = not problem and not self._closed

    def _open(self) -> subprocess.Popen[bytes] | None:
        with self._lock:
            if self._closed:
                return None
            self._process = subprocess.Popen(
                [sys.executable, "-c", _PROGRAM, json.dumps([str(path) or os.getcwd() for path in sys.path])],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            )
            return self._process

    def reap(self) -> None:
        """Wait for a process that has been ended, and close the pipes to it."""
        process = self._process
        if process is None:
            return
        process.kill()
        process.wait(timeout=10)
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                with suppress(OSError):  # what was still to be written is for nobody
                    stream.close()

    def _ending(self) -> str:
        process = self._process
        assert process is not None
        try:
            code = process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            return "closed its pipe"
        return f"was ended by signal {-code}" if code < 0 else f"ended with code {code}"

    # --- training ---

    @property
    def running(self) -> bool:
        """Whether a stint is under way: :meth:`take` is to be called until its last batch."""
        return self._running

    def go(self, history: History, until: int | None = None, *, watchful: bool = False) -> None:
        """Train a history on from its newest update, up to ``until`` if that is given.

        ``watchful`` ends at a loss that is not finite also where it is given. Raises LostError.
        """
        trainer = history.trainer
        with self._lock:
            self._stint += 1
            self._running, self._stopping = True, False
        self._spacing = history.spacing
        work = None if trainer is self._trainer else work_of(trainer)
        self._trainer = trainer
        self._tell(Go(self._stint, work, history.head, history.first, history.spacing, until, watchful))

    def stop(self) -> None:
        """Ask for the end of the stint; may be called from another thread, and more than once."""
        if not self._running or self._stopping or not self._lock.acquire(blocking=False):
            return  # whoever takes the next batch asks again
        try:
            self._stopping = True
            write(_in(self._process), Stop(self._stint))
        except (OSError, ValueError):
            pass  # whoever takes the next batch finds out
        finally:
            self._lock.release()

    def take(self, history: History) -> Batch:
        """Wait for the next batch, record it in the history, and return it. Raises LostError."""
        assert self._process is not None
        try:
            batch: Batch = read(_out(self._process))
        except (EOFError, OSError):
            self._running = self.ready = False
            raise LostError(self._ending()) from None
        except Exception as error:
            self._running = self.ready = False
            raise LostError(f"sent what cannot be read ({type(error).__name__}: {error})") from None
        if batch.state is not None:
            history.extend(batch.table, batch.evaluations, batch.keyframes, batch.state, batch.seconds)
        if batch.failure:
            self._trainer = None  # it may not have got there
        if batch.last:
            self._running = False
        elif history.spacing != self._spacing:
            self._spacing = history.spacing
            self._tell(Spacing(self._spacing))
        return batch

    def _tell(self, message: Any) -> None:
        try:
            with self._lock:
                write(_in(self._process), message)
        except (OSError, ValueError):
            self._running = self.ready = False
            raise LostError(self._ending()) from None


def cannot_start() -> str:
    """Return why this program cannot start an interpreter of its own, or nothing."""
    if getattr(sys, "frozen", False):
        return "the program is frozen into one file"
    if not sys.executable or "py" not in Path(sys.executable).name.lower():
        return f"{sys.executable or 'the host program'} is no Python interpreter"
    return ""


def _in(process: subprocess.Popen[bytes] | None) -> Any:
    assert process is not None
    return process.stdin


def _out(process: subprocess.Popen[bytes] | None) -> Any:
    assert process is not None
    return process.stdout
