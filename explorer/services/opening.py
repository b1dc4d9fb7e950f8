"""A file that is being opened: how far that has come, and whether it is still wanted."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from rnncore.errors import RnnError
from rnncore.watching import watched

T = TypeVar("T")
PATIENCE = 0.5
"""Seconds of opening after which one is told how far it has come."""


class CancelledError(RnnError):
    """The opening of a file was cancelled."""


class Opening:
    """One file on its way. The thread that reads it writes ``share``; :meth:`cancel` is for any other."""

    def __init__(self, path: str) -> None:
        self.name = Path(path).name
        self.share = 0.0
        self.over = False
        self._began = time.perf_counter()
        self._cancelled = False

    def run(self, job: Callable[[], T]) -> T:
        """Do the opening; raises CancelledError soon after it was cancelled."""
        try:
            with watched(self._look):
                found = job()
                self._look(1.0)
                return found
        finally:
            self.over = True

    def cancel(self) -> None:
        """Want it no longer."""
        self._cancelled = True

    def check(self) -> None:
        """Raise CancelledError when it is no longer wanted."""
        if self._cancelled:
            raise CancelledError(f"Opening {self.name} was cancelled; what was on show is still there.")

    @property
    def told(self) -> str:
        """What to say about it; "" while it is too early for that, and once it is over."""
        if self.over or self._cancelled or time.perf_counter() - self._began < PATIENCE:
            return ""
        return f"Opening {self.name}: {self.share:.0%} read. Esc cancels."

    def _look(self, share: float) -> None:
        self.share = share
        self.check()


class Openings:
    """The files on their way."""

    def __init__(self) -> None:
        self._all: list[Opening] = []

    def begin(self, path: str) -> Opening:
        """Return the opening of another one."""
        opening = Opening(path)
        self._all = [*(one for one in self._all if not one.over), opening]
        return opening

    @property
    def any(self) -> bool:
        """Whether there are any."""
        return any(not one.over for one in self._all)

    def cancel(self) -> bool:
        """Want none of them any longer; whether there were any."""
        found = self.any
        for opening in self._all:
            opening.cancel()
        return found

    @property
    def told(self) -> str:
        """What to say about the first of them; "" for nothing."""
        self._all = [one for one in self._all if not one.over]
        return self._all[0].told if self._all else ""
