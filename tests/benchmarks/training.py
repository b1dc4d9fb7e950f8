"""The window while it trains at full speed: how smooth it stays, and how much of the headless rate it keeps."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import numpy as np

from tests.benchmarks import window as windows
from tests.benchmarks.judged import Judged
from tests.benchmarks.timing import duration

FPS, SHARE = 55.0, 80.0
"""Frames a second that are to be seen at least, and per cent of the headless rate."""
BEAT = 16
"""Milliseconds between two beats of the timer that counts frames."""
WARM = 1.5
"""Seconds of training before the counting: the training process starts in them, and the curve appears."""
PATIENCE = 30.0
"""Seconds until training that does not begin is given up."""
CELLS = ("vanilla", "lstm")


def measure(turns: int) -> Iterator[Judged]:
    """Both cells, each for some seconds."""
    yield from measured(max(4.0, turns / 2))


def measured(seconds: float, cells: tuple[str, ...] = CELLS, warm: float = WARM) -> Iterator[Judged]:
    """Train headless, in the window and headless again, ``seconds`` each, and compare."""
    from explorer.model.settings import Settings

    windows.application()
    for cell in cells:
        settings = Settings(cell=cell)
        before = headless(settings, seconds / 2)
        gaps, rate = in_window(settings, seconds, warm)
        after = headless(settings, seconds / 2)
        alone = (before + after) / 2
        half, most = (float(np.percentile(gaps, p)) for p in (50, 95))
        seen = len(gaps) / float(gaps.sum())
        parts = {
            "p50": half,
            "p95": most,
            "longest": float(gaps.max()),
            "updates_per_second": rate,
            "headless": [before, after],
        }
        lines = (
            f"between two frames: p50 {duration(half)}, p95 {duration(most)}, longest {duration(float(gaps.max()))}",
            f"{rate:,.0f} updates/s; headless {before:,.0f} before, {after:,.0f} after",
        )
        yield Judged("training", f"{cell}: frames a second", seen, "fps", FPS, "≥", parts, lines)
        yield Judged("training", f"{cell}: share of the headless rate", 100 * rate / alone, "%", SHARE, "≥", parts)


def headless(settings: Any, seconds: float) -> float:
    """Return the updates a second of the same run without a window."""
    from explorer.model.runs import start_run

    history = start_run(settings).history
    history.run(3)  # makes the kernel
    done, began = 0, time.perf_counter()
    while (now := time.perf_counter()) - began < seconds:
        history.run(10)
        done += 10
    return done / (now - began)


def in_window(settings: Any, seconds: float, warm: float = WARM) -> tuple[Any, float]:
    """Return the gaps between the beats of a 16 ms timer (s) while the window trains, and its updates a second."""
    from PySide6.QtCore import QEventLoop, Qt, QTimer

    from explorer.model import action as do

    with windows.opened(settings) as window:
        store = window.store
        beats: list[float] = []
        timer = QTimer(interval=BEAT, timerType=Qt.TimerType.PreciseTimer)
        timer.timeout.connect(lambda: beats.append(time.perf_counter()))

        def spend(span: float) -> None:
            loop = QEventLoop()
            QTimer.singleShot(round(1000 * span), loop.quit)
            loop.exec()

        def newest() -> tuple[float, int]:
            return time.perf_counter(), store.session.training.last

        store.dispatch(do.Train(True))
        given_up = time.perf_counter() + PATIENCE
        spend(warm)
        # Its process takes longer to come up where others want the processor too.
        while not newest()[1] and time.perf_counter() < given_up:
            spend(0.05)
        timer.start()
        first = newest()
        spend(seconds)
        while newest()[1] == first[1] and time.perf_counter() < given_up:
            spend(0.05)
        last = newest()
        timer.stop()
        store.dispatch(do.Train(False))
        windows.settle(store)
    if len(beats) < 3 or last[1] == first[1]:
        raise RuntimeError("the window did not train, or its timer did not beat")
    return np.diff(beats), (last[1] - first[1]) / (last[0] - first[0])
