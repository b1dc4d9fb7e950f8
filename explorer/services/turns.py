"""Which panels show at once what has changed, and which when it is their turn.

All panels together take longer than a tick. Shown one after the other, each leaves room for the mouse.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from PySide6.QtCore import QObject
from shiboken6 import isValid

TURN = 0.004
"""Seconds of reading after which the other panels wait for the next tick to show new weights."""
FOLLOWING = 0.002
"""The same for panels that follow a step: they wait for the next frame. They paint longer than they read."""


AT_ONCE = 0.008
"""Seconds within which two changes belong to the same frame: a panel that follows the first has not waited yet."""


class Turns:
    """The panels that wait. ``post`` asks for :meth:`follow` to be called once the frame of now is painted."""

    def __init__(self, post: Callable[[], None]) -> None:
        self._post = post
        self.spreading = False
        """Whether panels take turns now: training has brought new weights."""
        self.hurried = False
        """Whether all but the first panels come in the frames after this one."""
        self._turns: dict[QObject, Callable[[], None]] = {}
        self._followers: dict[QObject, tuple[Callable[[], None], float]] = {}  # each with the time since when it waits

    @property
    def waiting(self) -> bool:
        """Whether a panel waits for its turn."""
        return bool(self._turns)

    def awaited_by(self, panel: QObject) -> bool:
        """Whether a panel still shows what was before the newest weights."""
        return panel in self._turns

    def in_turn(self, panel: QObject, refresh: Callable[[], None]) -> None:
        """See :meth:`explorer.store.Store.in_turn`."""
        self._turns.pop(panel, None)
        if self.spreading:
            self._turns[panel] = refresh
        else:
            refresh()

    def after_first(self, panel: QObject, refresh: Callable[[], None]) -> None:
        """See :meth:`explorer.store.Store.after_first`."""
        now = time.perf_counter()
        since = self._followers[panel][1] if panel in self._followers else now
        if self.hurried and now - since < AT_ONCE:
            self._followers[panel] = refresh, since
        else:
            self._followers.pop(panel, None)
            self.in_turn(panel, refresh)

    def take(self, began: float) -> None:
        """Let one panel at least have its turn, however busy the machine is, and as many as there is time for."""
        while self._turns:
            panel = next(iter(self._turns))
            refresh = self._turns.pop(panel)
            if isValid(panel):
                refresh()
            if time.perf_counter() - began >= TURN:
                break

    def post(self) -> None:
        """Ask for the panels that follow, if there are any."""
        if self._followers:
            self._post()

    def follow(self) -> None:
        """Let a few of the panels that follow show what has changed, the next ones after these are painted."""
        began = time.perf_counter()
        while self._followers:
            panel = next(iter(self._followers))
            refresh, _ = self._followers.pop(panel)
            if isValid(panel):
                self.in_turn(panel, refresh)
            if time.perf_counter() - began >= FOLLOWING:
                break
        self.post()

    def clear(self) -> None:
        """Forget all that wait."""
        self._turns.clear()
        self._followers.clear()
