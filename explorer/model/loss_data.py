"""The loss curve as it is drawn: reduced to what the pixels can show, smoothed in the open, with its marks.

The reduction is incremental: a frame costs what is new since the last one, so that a million updates draw as fast as
a thousand.
"""

from __future__ import annotations

import math
import sys
from dataclasses import field
from typing import Any

import numpy as np

from rnncore.curve import EVALUATION, ROW
from rnncore.frozen import dataclass

from .divergence import diverged
from .loss_axes import nice_above, nice_below
from .loss_lines import Line, Lines
from .loss_reduction import Reduction, smoothed, window_of
from .loss_words import footer, perplexity, plain, signed
from .session import Session

Array = np.ndarray[Any, Any]


@dataclass(frozen=True, eq=False)
class LossFrame:
    """One picture of the curve. Losses are means per word in nats.

    ``x_end`` is the right edge in updates, ``y_end`` the upper; ``raw`` (3, n) last update, least, greatest; ``smooth``
    (2, m); ``valid`` (2, k); ``not_finite`` and ``off_scale`` the updates whose loss cannot be drawn within the axes;
    ``annealed`` the updates at which the learning rate fell; ``chance`` is ln V. A logarithmic axis begins at
    ``y_low``.

    ``branches`` are the updates at which the line on show left another one, with what made it; ``others`` the lines
    that were left, and ``beside`` is B of a comparison.
    """

    x_end: float
    y_end: float
    chance: float
    current: int
    raw: Array = field(repr=False)
    smooth: Array = field(repr=False)
    valid: Array = field(repr=False)
    not_finite: Array = field(repr=False)
    off_scale: Array = field(repr=False)
    annealed: Array = field(repr=False)
    legend: str = ""
    footer: str = ""
    evaluated: str = "valid"
    """What the evaluations are of: "valid" for a held-out split."""
    y_low: float = 0.01
    branches: tuple[tuple[int, str], ...] = ()
    others: tuple[Line, ...] = ()
    beside: Line | None = None

    @property
    def empty(self) -> bool:
        """Whether there is nothing to draw yet."""
        return self.raw.shape[1] == 0

    def nearest(self, update: float) -> int | None:
        """The drawn update nearest to ``update``; None when nothing is drawn. The start, 0, can be chosen too."""
        if self.empty:
            return None
        points = np.concatenate([[0.0], self.raw[0]])
        return int(points[np.argmin(np.abs(points - update))])

    def reading(self, update: int) -> str:
        """What a hover says at a drawn update."""
        if update <= 0 or self.empty:
            return "update 0 · before training"
        n = int(np.searchsorted(self.raw[0], update))
        n = min(n, self.raw.shape[1] - 1)
        first = int(self.raw[0, n - 1]) + 1 if n else 1
        last = int(self.raw[0, n])
        low, high = self.raw[1, n], self.raw[2, n]
        head = f"update {last:,}" if first == last else f"updates {first:,}–{last:,}"
        body = f"loss {plain(low)}" if low == high else f"loss {plain(low)}–{plain(high)}"
        if not np.isfinite(low):
            body = "loss is not finite"
        mean = self.smooth[1, n]
        tail = f" · mean {plain(mean)}" if np.isfinite(mean) and self.smooth.shape[1] > n and low != mean else ""
        at = np.searchsorted(self.valid[0], last, side="right") - 1
        valid = f" · {self.evaluated} {plain(self.valid[1, at])}" if at >= 0 else ""
        return f"{head} · {body}{tail}{valid}{self._beside_at(n)}"

    def formulas(self, update: int) -> tuple[str, ...]:
        """What the numbers of a hover are worked out from, with numbers."""
        words = max(2, round(math.exp(self.chance)))
        lines = [
            "loss = −ln ŷ[the word that came], the mean over an update’s words",
            f"ln V = ln {words} = {self.chance:.4g}: the loss of one who guesses blindly",
        ]
        n = min(int(np.searchsorted(self.smooth[0], update)), self.smooth.shape[1] - 1)
        if update > 0 and n >= 0 and np.isfinite(self.smooth[1, n]):
            mean = float(self.smooth[1, n])
            lines.insert(1, f"perplexity = e^loss = e^{plain(mean)} = {perplexity(mean)}")
        return tuple(lines)

    def _beside_at(self, n: int) -> str:
        """B's mean where A's ``n``-th point is, and its difference from A's."""
        if self.beside is None:
            return ""
        mine, theirs = float(self.smooth[1, n]), self.beside.at(float(self.smooth[0, n]))
        if np.isnan(theirs):
            return " · B: none here"
        return f" · B mean {plain(theirs)} (B − A {signed(theirs - mine, 3)})"


@np.errstate(all="ignore")
def loss_frame(
    reduction: Reduction,
    vocabulary_size: int,
    current: int,
    evaluations: Array | None = None,
    *,
    planned: int = 0,
    evaluated: str = "valid",
    tokens_per_second: float | None = None,
    at: int | None = None,
    branches: tuple[tuple[int, str], ...] = (),
    others: tuple[Line, ...] = (),
    beside: Line | None = None,
    astray: bool = False,
) -> LossFrame:
    """The picture of what ``reduction`` holds.

    ``evaluations`` is an array of :data:`rnncore.curve.EVALUATION`, or None, and ``evaluated`` says of what;
    ``current`` is the update whose weights are on show; ``planned`` the number of updates that the run is going to
    have (0: open); ``at`` the update whose numbers the footer gives, None for the newest;
    ``astray`` says that training has diverged.
    """
    columns = reduction.columns
    n = columns.shape[1]
    chance = math.log(vocabulary_size) if vocabulary_size > 1 else 0.0
    window = window_of(n)
    smooth = np.stack([columns[0], smoothed(columns, window)]) if n else np.empty((2, 0))
    valid = np.empty((2, 0))
    annealed = np.empty(0)
    if evaluations is not None and len(evaluations):
        order = np.argsort(evaluations["update"], kind="stable")
        valid = np.stack([evaluations["update"][order], evaluations["loss"][order]]).astype(np.float64)
        annealed = np.asarray(evaluations["update"][order][evaluations["annealed"][order]], dtype=np.float64)
    lines = [line.points for line in (*others, *([beside] if beside is not None else [])) if line.points.shape[1]]
    y_end = _ceiling(columns, smooth, [valid, *lines], chance)
    ends = [current, planned, columns[0, -1] if n else 0, 10, *(points[0, -1] for points in lines)]
    with np.errstate(invalid="ignore"):
        off = columns[0, columns[4] > y_end] if n else np.empty(0)
    # With merged rows one row stands for several updates: their spacing says for how many.
    updates = round(window * reduction.size * float(columns[0, -1]) / max(1, reduction.rows)) if n else 0
    legend = "" if not n else "each update" if updates <= 1 else f"mean of {updates:,} updates"
    return LossFrame(
        float(max(ends)),
        y_end,
        chance,
        current,
        columns[[0, 3, 4]].copy(),
        smooth,
        valid,
        columns[0, columns[5] > 0].copy() if n else np.empty(0),
        off.copy(),
        annealed,
        legend,
        footer(smooth, valid, tokens_per_second, evaluated, at=at, beside=beside, astray=astray),
        evaluated,
        _floor([smooth, valid, *lines], y_end),
        branches,
        others,
        beside,
    )


def _floor(curves: list[Array], top: float) -> float:
    """A round lower end for a logarithmic axis, which has no zero: all that calm curves show."""
    values = np.concatenate([curve[1] for curve in curves])
    values = values[np.isfinite(values) & (values > 0)]
    return min(nice_below(float(values.min()) if len(values) else top / 10), top / 2)


def _ceiling(columns: Array, smooth: Array, curves: list[Array], chance: float) -> float:
    """A round upper end: all that was seen, but a few outliers may not flatten the rest."""
    calm = [_most(v[np.isfinite(v)]) for v in (smooth[1], *(c[1] for c in curves)) if np.isfinite(v).any()]
    usual = float(max([chance, *calm])) or 1.0
    highs = columns[4][np.isfinite(columns[4])]
    top = min(float(highs.max()), 2.0 * usual) if len(highs) else usual
    return nice_above(min(1.03 * max(usual, top), sys.float_info.max))


def _most(values: Array) -> float:
    """What 95 % of the values do not exceed."""
    rank = math.ceil(0.95 * (len(values) - 1))
    return float(np.partition(values, rank)[rank])


def loss_of(
    session: Session, reduction: Reduction, lines: Lines | None = None, beside: Session | None = None
) -> LossFrame:
    """The picture of a session's training, with its branches and with that of ``beside``.

    ``reduction`` and ``lines`` are kept from one picture to the next.
    """
    training, lines = session.training, lines if lines is not None else Lines()
    past = lines.past(session.run.history)
    rows = training.curve if training.curve.dtype == ROW else np.empty(0, ROW)
    reduction.update(rows, past.rows)
    evaluations = training.evaluations if training.evaluations.dtype == EVALUATION else np.empty(0, EVALUATION)
    if past.evaluations is not None:
        evaluations = np.concatenate([past.evaluations, evaluations])
    return loss_frame(
        reduction,
        session.model.vocabulary_size,
        training.shown,
        evaluations,
        evaluated="valid" if training.validated else "all text",
        tokens_per_second=training.words_per_second or None,
        at=None if training.running or training.shown >= training.last else training.shown,
        branches=past.branches,
        others=lines.others(session),
        beside=None if beside is None else lines.beside(session, beside),
        astray=bool(len(rows)) and diverged(rows["loss"], session.model.vocabulary_size),
    )
