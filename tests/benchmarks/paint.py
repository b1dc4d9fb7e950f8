"""From a key or the pointer to the painted window, 1920 × 1080, and what each panel takes of that."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import cycle
from typing import Any

import numpy as np

from tests.benchmarks import window as windows
from tests.benchmarks.costs import Costs
from tests.benchmarks.judged import Judged
from tests.benchmarks.timing import duration

BUDGET = 0.016
"""Seconds that 95 of 100 operations may take at most: one frame."""
LARGE_BUDGET = 0.1
"""Seconds for the same at the largest sizes: what is answered within them seems to be answered at once."""
CELLS = ("vanilla", "lstm")
LEAST = 200
"""Operations of each kind."""


def measure(turns: int) -> Iterator[Judged]:
    """Every operation in every window, and the panels' shares of a step; then the largest sizes."""
    yield from measured(max(LEAST, 15 * turns))
    yield from measured_large(max(LEAST // 4, 4 * turns))


def measured(operations: int, cells: tuple[str, ...] = CELLS) -> Iterator[Judged]:
    """As :func:`measure`, with so many operations of each kind."""
    from explorer.model.settings import Settings

    windows.application()
    for every_panel in (False, True):
        for cell in cells:
            settings = Settings(cell=cell)
            with windows.opened(settings, every_panel=every_panel) as window:
                where = f"{cell}, {'all' if every_panel else 'first'} {len(_seen(window))} panels"
                found = {name: _timed(window, act, operations) for name, act in actions(window).items()}
            shares = _shares(settings, every_panel, max(1, operations // 3))
            for name, times in found.items():
                yield _judged(f"{where}: {name}", times, shares.get(name, {}))


def measured_large(operations: int, sizes: Sequence[tuple[str, Any]] | None = None) -> Iterator[Judged]:
    """The same at the sizes that are still to be used: no frame may make the hand wait."""
    for size, settings in large() if sizes is None else sizes:
        with windows.opened(settings) as window:
            for name, act in actions(window).items():
                yield _judged(f"{size}: {name}", _timed(window, act, operations), {}, LARGE_BUDGET)


def large() -> list[tuple[str, Any]]:
    """Return what each of the largest sizes is called, and its settings."""
    from explorer.model.settings import CorpusChoice, Settings

    random = np.random.default_rng(0)
    long = "\n".join(" ".join(f"w{i}" for i in random.integers(40, size=199)) for _ in range(8))
    wide = "\n".join(" ".join(f"w{i}" for i in range(at, at + 10)) for at in range(0, 8000, 10))
    return [
        ("T 200, H 256, lstm", Settings(CorpusChoice("text", long, (("max_length", 200),)), "lstm", hidden_size=256)),
        ("V 8000, H 100, vanilla", Settings(CorpusChoice("text", wide), hidden_size=100)),
    ]


STEP, TIME_STEP, SCRUB, SELECTION, SCISSORS = "→", "⇧→", "scrub", "selection", "scissors"
STOPS = 120
"""Places of the walk that a slider is dragged over, from its one end to the other."""


def actions(window: Any) -> dict[str, Callable[[], None]]:
    """Return what is done, each with real events: keys to the widget in focus, a pointer over the stage's canvas."""
    from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
    from PySide6.QtGui import QMouseEvent, QPainter
    from PySide6.QtTest import QTest
    from PySide6.QtWidgets import QApplication

    from explorer.theme.theme import current
    from explorer.views.stage.brush import Brush
    from explorer.views.stage.scissors import badge_centre

    canvas = window.stage.canvas
    key, plain, shift = Qt.Key, Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier
    places = [
        QPoint(round(canvas.width() * x), round(canvas.height() * y))
        for y in (0.35, 0.45, 0.55, 0.65)
        for x in np.linspace(0.06, 0.94, 23)
    ]
    hovers, clicks, sides = cycle(places), cycle(places[::2]), cycle((-1, 1, 1, -1))
    stops = cycle(range(1, STOPS))
    sliders = window.transport.tracks

    def press(which: Qt.Key, modifiers: Qt.KeyboardModifier) -> None:
        QTest.keyClick(QApplication.focusWidget() or window, which, modifiers)

    def move(at: QPoint, held: Qt.MouseButton) -> None:
        there = QPointF(canvas.mapToGlobal(at))
        event = QMouseEvent(QEvent.Type.MouseMove, QPointF(at), there, Qt.MouseButton.NoButton, held, plain)
        QApplication.sendEvent(canvas, event)

    def hover() -> None:
        move(next(hovers), Qt.MouseButton.NoButton)

    def drag() -> None:
        """Bring the scissors, taken up once and never let go, to the boundary beside theirs."""
        brush = Brush(QPainter(), canvas.data, canvas.stage_layout, current(), 1.0)
        at = badge_centre(brush, canvas.data.cut.scissors[0].boundary).toPoint()
        if not canvas.holding:
            QTest.mousePress(canvas, Qt.MouseButton.LeftButton, plain, at)
        move(at + QPoint(round(next(sides) * canvas.stage_layout.column_width), 0), Qt.MouseButton.LeftButton)

    def scrub() -> None:
        sliders["pass"].wanted.emit(len(window.store.derived.walk(window.store.session)) * next(stops) // STOPS)

    return {
        STEP: lambda: press(key.Key_Right, plain),
        TIME_STEP: lambda: press(key.Key_Right, shift),
        SCRUB: scrub,
        "←": lambda: press(key.Key_Left, plain),
        "hover": hover,
        SELECTION: lambda: QTest.mouseClick(canvas, Qt.MouseButton.LeftButton, plain, next(clicks)),
        SCISSORS: drag,
    }


def _timed(window: Any, act: Callable[[], None], operations: int) -> list[windows.Took]:
    """Do ``act`` so often that ``operations`` of them painted something; the walk begins anew where it ends.

    One follows the other as when a key is held down: then the first frame has the stage, the transport and the
    inspector, and the one after it the other panels.
    """
    from explorer.model import action as do

    store = window.store
    watch = windows.Watch(window)
    store.dispatch(do.GoTo(len(store.derived.walk(store.session)) // 2))
    windows.settle(store)
    found: list[windows.Took] = []
    idle = 0
    while len(found) < operations and idle < 50 + operations:
        last = len(store.derived.walk(store.session))
        if store.session.position in (0, last):
            store.dispatch(do.GoTo(last // 2))
            windows.settle(store)
        took = watch(act)
        if took is None:
            idle += 1
        else:
            found.append(took)
    return found


def _shares(settings: Any, every_panel: bool, operations: int) -> dict[str, dict[str, dict[str, float]]]:
    """Return action -> panel -> {"dispatch", "read", "paint"} -> seconds of processor time each time."""
    costs = Costs()
    shares: dict[str, dict[str, dict[str, float]]] = {}
    with costs.measuring(), windows.opened(settings, every_panel=every_panel) as window:
        act = actions(window)
        for name in (STEP, TIME_STEP, SCRUB, SELECTION, SCISSORS):
            _timed(window, act[name], 5)
            costs.clear()
            count = len(_timed(window, act[name], operations))
            found: dict[str, dict[str, float]] = {}
            for (panel, kind), seconds in costs.seconds.items():
                found.setdefault(panel, {})[kind] = seconds / max(1, count)
            shares[name] = dict(sorted(found.items(), key=lambda item: -sum(item[1].values())))
    return shares


def _seen(window: Any) -> list[str]:
    return list(window.board.visible_panels())


def _judged(
    name: str, times: list[windows.Took], shares: dict[str, dict[str, float]], budget: float = BUDGET
) -> Judged:
    if not times:
        raise RuntimeError(f"{name}: nothing was painted")
    table = np.array(times)  # (operations, first or all or longest, wall or own)
    half, most = (float(np.percentile(table[:, 0, 0], p)) for p in (50, 95))
    greatest, processor = float(table[:, 0, 0].max()), float(np.percentile(table[:, 0, 1], 95))
    every, every_own, frame = (float(np.percentile(table[:, n, k], 95)) for n, k in ((1, 0), (1, 1), (2, 1)))
    lines = [
        f"first frame p50 {duration(half)}, p95 {duration(most)}, longest {duration(greatest)}, "
        f"processor p95 {duration(processor)}, {len(times)} operations",
        f"all panels painted p95 {duration(every)}, processor p95 {duration(every_own)}; "
        f"dearest frame, processor p95 {duration(frame)}",
    ]
    for panel, kinds in shares.items():
        told = "  ".join(f"{kind} {duration(seconds):>8}" for kind, seconds in kinds.items())
        lines.append(f"{panel:14} {told}")
    parts = {
        "p50": half,
        "p95": most,
        "longest": greatest,
        "cpu_p95": processor,
        "all_p95": every,
        "all_cpu_p95": every_own,
        "frame_cpu_p95": frame,
        "operations": len(times),
    }
    return Judged("paint", name, most, "s", budget, "≤", {**parts, "panels": shares}, tuple(lines))
