"""Work beside the interface thread: what the user waits for, what panels wait for, what is written, what is checked.

Each kind has a thread of its own, so that none waits for another. When the window closes, only what is being written is
waited for; whatever else is under way is abandoned.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from typing import Any, TypeVar

from rnncore.errors import RnnError
from rnncore.frozen import dataclass
from rnncore.watching import watched

from ..model.derived import Derived

T = TypeVar("T")
QUIETLY = ""
"""Name of a job of which the user hears nothing."""
ABANDON = 0.3
"""Seconds that a thread is given to end when the window closes; one that computes on ends with the program."""


class AbandonedError(Exception):
    """Nobody wants the result any more."""


class Lane:
    """A thread that does one job after the other. It starts with the first one, and does not keep a program alive."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._lock = threading.Condition()
        self._waiting: deque[tuple[Future[Any], Callable[[], Any]]] = deque()
        self._thread: threading.Thread | None = None
        self._closed = False

    def submit(self, job: Callable[[], T]) -> Future[T]:
        """Do a job once those before it are done."""
        future: Future[T] = Future()
        with self._lock:
            self._waiting.append((future, job))
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name=self._name, daemon=True)
                self._thread.start()
            self._lock.notify()
        return future

    def close(self, *, finish: bool = False) -> None:
        """Let the thread end after what it is doing, or, to ``finish``, after all that waits."""
        with self._lock:
            self._closed = True
            if not finish:
                self._waiting.clear()
            self._lock.notify()

    @property
    def alive(self) -> bool:
        """Whether the thread has not ended."""
        return self._thread is not None and self._thread.is_alive()

    def join(self, seconds: float | None) -> None:
        """Wait for the thread to end."""
        if self._thread is not None:
            self._thread.join(None if seconds is None else max(0.0, seconds))

    def _work(self) -> None:
        while True:
            with self._lock:
                while not self._waiting:
                    if self._closed:
                        return
                    self._lock.wait()
                future, job = self._waiting.popleft()
            try:
                future.set_result(job())
            except BaseException as error:  # raised again by whoever asks for the result
                future.set_exception(error)
            # The lane must not hold on to a result while it waits for the next job.
            del future, job


@dataclass(frozen=True, eq=False)
class Job:
    """Something under way: ``then`` hears the result, ``what`` is what the user is told of it."""

    future: Future[Any]
    then: Callable[[Any], None]
    what: str
    writes: bool = False


class Background:
    """The jobs under way. ``arrived`` hears the kind of each result of :meth:`later` when it is kept."""

    def __init__(self, derived: Derived, arrived: Callable[[str], None]) -> None:
        self._derived, self._arrived = derived, arrived
        self._asked: dict[str, tuple[tuple[Any, ...], Callable[[], Any]]] = {}
        self._jobs: list[Job] = []
        self._abandoned = False
        self._waited = Lane("background")
        self._writer = Lane("writing")
        # What is computed for panels must not keep waiting what was asked for by hand.
        self._panels = Lane("aside")
        # A check of a large network takes seconds, for which no panel is to wait.
        self._checks = Lane("check")
        # Nor are new weights to wait for any panel.
        self._next = Lane("ahead")

    @property
    def busy(self) -> bool:
        """Whether anything is under way whose result has not been heard."""
        return bool(self._jobs)

    @property
    def writing(self) -> bool:
        """Whether something is still to be written."""
        return any(job.writes for job in self._jobs)

    @property
    def what(self) -> str:
        """What the user waits for, "" for nothing."""
        return next((job.what for job in reversed(self._jobs) if job.what != QUIETLY), "")

    def run(self, what: str, job: Callable[[], Any], then: Callable[[Any], None], *, writes: bool = False) -> None:
        """Do what the user waits for; ``writes``: to the end, even when the window closes meanwhile."""
        lane = self._writer if writes else self._waited
        self._jobs.append(Job(lane.submit(job if writes else self._unless_abandoned(job)), then, what, writes))

    def write_quietly(self, job: Callable[[], None], failed: Callable[[RnnError], None]) -> None:
        """Write something of which the user hears only when it cannot be done."""

        def attempt() -> RnnError | None:
            try:
                job()
            except RnnError as error:
                return error
            return None

        def heard(error: RnnError | None) -> None:
            if error is not None:
                failed(error)

        self._jobs.append(Job(self._writer.submit(attempt), heard, QUIETLY, True))

    def check(self, job: Callable[[], T], then: Callable[[T], None]) -> None:
        """Do what nobody waits for."""
        self._jobs.append(Job(self._checks.submit(self._unless_abandoned(job)), then, QUIETLY))

    def ahead(self, job: Callable[[], T], then: Callable[[T | None], None]) -> None:
        """Compute what is to be shown next; ``then`` hears None where that cannot be computed."""

        def attempt() -> T | None:
            try:
                return job()
            except RnnError:
                return None

        self._jobs.append(Job(self._next.submit(self._unless_abandoned(attempt)), then, QUIETLY))

    def _unless_abandoned(self, job: Callable[[], T]) -> Callable[[], T]:
        def look(_: float) -> None:
            if self._abandoned:
                raise AbandonedError

        def attempt() -> T:
            with watched(look):
                return job()

        return attempt

    def later(self, kind: str, on: tuple[Any, ...], compute: Callable[[], T]) -> tuple[T | None, bool]:
        """See :meth:`explorer.store.Store.later`."""
        kept, result = self._derived.kept(kind, on)
        if kept:
            return result, True
        if not self._abandoned:
            asked = self._asked.get(kind)
            if asked is None or len(asked[0]) != len(on) or any(a is not b for a, b in zip(asked[0], on, strict=True)):
                self._asked[kind] = (on, compute)
                if asked is None:
                    self._begin(kind)
        return self._derived.newest(kind), False

    def _begin(self, kind: str) -> None:
        on, compute = self._asked[kind]
        given_up = object()

        def look(_: float) -> None:
            if self._abandoned or self._asked[kind][0] is not on:
                raise AbandonedError

        def attempt() -> Any:
            try:
                with watched(look):
                    return compute()
            except AbandonedError:
                return given_up
            except RnnError as error:
                return error

        def finish(result: Any) -> None:
            if result is not given_up:
                self._derived.keep(kind, on, result)
            newest = self._asked.pop(kind)
            if newest[0] is not on:
                self._asked[kind] = newest
                self._begin(kind)
            if result is not given_up:
                self._arrived(kind)

        self._jobs.append(Job(self._panels.submit(attempt), finish, QUIETLY))

    def finished(self) -> Iterator[Job]:
        """Take the jobs that are done, whose results are to be heard."""
        for job in [job for job in self._jobs if job.future.done()]:
            self._jobs.remove(job)
            yield job

    def close(self) -> bool:
        """Write what is to be written, and abandon the rest; whether all threads have ended."""
        self._abandoned = True
        rest = (self._waited, self._panels, self._checks, self._next)
        self._writer.close(finish=True)
        for lane in rest:
            lane.close()
        end = time.monotonic() + ABANDON
        for lane in rest:
            lane.join(end - time.monotonic())
        self._writer.join(None)
        self._jobs.clear()
        return not any(lane.alive for lane in rest)
