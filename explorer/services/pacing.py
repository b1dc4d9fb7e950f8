"""How often training is painted: what a frame took decides when the next ones are due."""

from __future__ import annotations

import time

from rnncore.frozen import dataclass

from .worker import Worker

FRAME = 16
"""Milliseconds between two looks into the mailbox."""


@dataclass(frozen=True)
class Pace:
    """How often training is painted.

    ``light`` and ``heavy``: the curve and the counts are painted again after so many times what painting them took, and
    new weights after so many times what showing them took, within ``least`` and ``most`` seconds.
    """

    light: float
    heavy: float
    least: float
    most: float


SHARED = Pace(3.0, 9.0, 0.1, 0.4)
"""Where painting stops the training, it is to have only a share of the time."""
APART = Pace(0.3, 5.0, 0.05, 0.4)
"""Where training goes on in a process of its own, only the keyboard and the mouse have to get their turn."""
LATE, DEBT = 0.09, 0.035
"""The share of the time by which ticks may be late while training; what is above it is a debt, up to so many seconds,
and no dear frame begins before it is paid off by ticks that are on time. So frames come as often as they are cheap."""
AHEAD, LONGEST = 2.0, 2.0
"""New weights whose passes ran beside this thread are followed by others after so many times what those took, within
so many seconds: they take their time from the training."""
CHEAP = 0.01
"""Seconds that a frame may take without making a tick late."""


class Pacing:
    """What the frames and ticks of one worker's training have taken."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker
        self.heavy_at = self.light_at = self.heavy_took = self.light_took = self.heavy_began = 0.0
        self.polled = self.worked = self.debt = self.ahead_took = 0.0
        self.frame, self.has_painted = (0.0, True), False
        """When the last frame began, and whether it showed no new weights."""

    def count_tick(self, now: float) -> None:
        """Hear of a tick."""
        gap, self.polled = now - self.polled, now
        work = time.thread_time()
        used, self.worked = work - self.worked, work
        # A tick that is late without a frame before it is not late because of us; nor, where nothing but other programs
        # can keep this thread waiting, one before which this thread has worked for less than a tick.
        late = max(0.0, gap - 1.1e-3 * FRAME) if self.has_painted else 0.0
        if self._worker.apart:
            late = min(late, used) if used > 1e-3 * FRAME else 0.0
        self.has_painted = False
        self.debt = min(max(0.0, self.debt + late - LATE * gap), DEBT)

    def due(self, now: float, led: bool | None = None) -> tuple[bool, bool]:
        """Whether it is time for new weights, and for the curve and the counts, while training.

        ``led``: whether another has asked for new weights, where these come only when it asks.
        """
        free, most = self.debt == 0.0, APART.most
        heavy = now >= self.heavy_at and (free or now >= self.heavy_began + most)
        if led is not None:
            heavy = led
        light = now >= self.light_at and (free or self.light_took < CHEAP or now >= self.frame[0] + most)
        return heavy, light

    def begin(self, now: float, ahead: float = 0.0) -> None:
        """Hear that new weights are shown from now on, whose passes took ``ahead`` seconds beside this thread."""
        self.heavy_began, self.heavy_took, self.ahead_took = now, 0.0, ahead

    def shown(self, began: float, light: bool) -> None:
        """Hear that a frame that began then is ready to be painted."""
        self.frame, self.has_painted = (began, light), True

    def painted(self) -> None:
        """Hear that it is, and decide when the next ones are due."""
        began, light = self.frame
        pace = APART if self._worker.apart else SHARED
        now = time.perf_counter()
        # Where training is a process of its own, what a frame costs is this thread's own work.
        took = time.thread_time() - self.worked if self._worker.apart else now - began
        self.light_at = now + pace.light * took
        if light:
            self.light_took = took
        else:
            self.heavy_took += took
            after = min(max(pace.least, pace.heavy * self.heavy_took), pace.most)
            self.heavy_at = now + max(after, min(AHEAD * self.ahead_took, LONGEST))
