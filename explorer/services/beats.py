"""The beats of the playback, each on time however long the work of the one before took."""

from __future__ import annotations

import time
from collections.abc import Callable

from PySide6.QtCore import QObject, Qt, QTimer


class Beats(QObject):
    """Calls ``beat`` once after each :meth:`plan`."""

    def __init__(self, beat: Callable[[], None], parent: QObject) -> None:
        super().__init__(parent)
        self.timer = QTimer(self, singleShot=True, timerType=Qt.TimerType.PreciseTimer)
        self.timer.timeout.connect(beat)
        self._due = 0.0

    def plan(self, pause: float) -> None:
        """Let the next beat come ``pause`` seconds after the last one was due."""
        # From when it was due, not from when its work was done: else every beat would be late by its work.
        now = time.perf_counter()
        self._due = max(self._due + pause, now) if now - self._due < pause else now + pause
        self.timer.start(max(1, round(1000 * (self._due - now))))

    def stop(self) -> None:
        """Let no beat come."""
        self.timer.stop()
