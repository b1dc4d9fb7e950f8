"""The lines that the loss curve shows beside the one on show: branches that were left, and B of a comparison."""

from __future__ import annotations

from dataclasses import field
from itertools import pairwise
from typing import Any

import numpy as np

from rnncore.curve import EVALUATION, ROW
from rnncore.frozen import dataclass
from rnncore.history import History

from .beside import difference
from .loss_reduction import Reduction, smoothed, window_of
from .session import Session

Array = np.ndarray[Any, Any]

BESIDE = "beside"
"""The kind that a store says has arrived when the curve of what it is compared with is another."""


@dataclass(frozen=True, eq=False)
class Line:
    """A smoothed curve ``points`` (2, m) of updates and mean losses that is not the one on show.

    ``name`` says what it is; ``place`` which of the run's other lines, None for B. ``first`` is the update at which it
    parts from the line on show, and ``begins`` says whether it is its own beginning too; ``branch`` is False for the
    line that all others branched from.
    """

    name: str
    points: Array = field(repr=False)
    first: int = 0
    place: int | None = None
    branch: bool = True
    begins: bool = True

    def at(self, update: float) -> float:
        """The mean at an update; NaN where the line does not reach."""
        updates = self.points[0]
        if not len(updates) or not min(self.first, updates[0]) <= update <= updates[-1]:
            return float("nan")
        return float(self.points[1, int(np.searchsorted(updates, update))])


@dataclass(frozen=True, eq=False)
class Past:
    """What lies before a branch: rows of the curve and of evaluations, and the branches (update, what made it)."""

    rows: Array | None = field(default=None, repr=False)
    evaluations: Array | None = field(default=None, repr=False)
    branches: tuple[tuple[int, str], ...] = ()


class Lines:
    """Keeps what was reduced of lines that rest: only the one that is trained, and B's, are reduced anew."""

    def __init__(self) -> None:
        self._pasts: dict[History, tuple[tuple[int, ...], Past]] = {}
        self._lines: dict[History, tuple[tuple[int, ...], Line]] = {}
        self._beside = Reduction()

    def past(self, history: History) -> Past:
        """Return what lies before a history's first update, along the lines that lead to it."""
        lineage = history.lineage
        if len(lineage) == 1:
            return Past()
        key = tuple(len(line.curve) for line in lineage[:-1])
        kept = self._pasts.get(history)
        if kept is None or kept[0] != key:
            rows = [_until(line.curve.rows, later.first) for line, later in pairwise(lineage)]
            evaluations = [_until(line.evaluations.rows, later.first - 1) for line, later in pairwise(lineage)]
            branches = tuple((line.first, f"branch: {line.label}" if line.label else "branch") for line in lineage[1:])
            past = Past(
                np.concatenate(rows) if rows else np.empty(0, ROW),
                np.concatenate(evaluations) if evaluations else np.empty(0, EVALUATION),
                branches,
            )
            self._pasts = {history: (key, past), **dict(list(self._pasts.items())[:3])}
            kept = key, past
        return kept[1]

    def others(self, session: Session) -> tuple[Line, ...]:
        """Return the other lines of a session's run, each from where it parts from the one on show."""
        lineage = session.run.history.lineage
        found = {}
        for place, run in enumerate(session.run.others):
            history = run.history
            own = [line for line in history.lineage if line not in lineage] or [history]
            first = own[0].first
            if history in lineage[:-1]:
                first = lineage[lineage.index(history) + 1].first
            key = (place, first, *(len(line.curve) for line in own))
            kept = self._lines.get(history)
            if kept is None or kept[0] != key:
                kept = key, _line(own, history, first, place)
            found[history] = kept
        self._lines = found
        return tuple(line for _, line in found.values() if line.points.shape[1])

    def beside(self, a: Session, b: Session) -> Line:
        """Return B's curve."""
        curve = b.training.curve
        rows = curve if curve.dtype == ROW else np.empty(0, ROW)
        past = self.past(b.run.history)
        self._beside.update(rows, past.rows)
        columns = self._beside.columns
        name = b.path.replace("\\", "/").rpartition("/")[2] if b.path else difference(a.settings, b.settings)
        return Line(f"B: {name}", _smooth(columns))


def _line(own: list[History], history: History, first: int, place: int) -> Line:
    parts = [_until(line.curve.rows, later.first) for line, later in pairwise(own)]
    rows = np.concatenate([*parts, history.curve.rows])
    reduction = Reduction()
    reduction.update(rows[np.searchsorted(rows["update"], first, side="right") :])
    name = f"branch: {history.label}" if history.label else "branch" if history.parent else "the line before"
    return Line(name, _smooth(reduction.columns), first, place, history.parent is not None, first == own[0].first)


def _smooth(columns: Array) -> Array:
    if not columns.shape[1]:
        return np.empty((2, 0))
    return np.stack([columns[0], smoothed(columns, window_of(columns.shape[1]))])


def _until(rows: Array, update: int) -> Array:
    found: Array = rows[: int(np.searchsorted(rows["update"], update, side="right"))]
    return found
