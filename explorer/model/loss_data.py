"""The loss curve as it is drawn: reduced to what the pixels can show, smoothed in the open, with its marks.

The reduction is incremental: a frame costs what is new since the last one, so that a million updates draw as fast as
a thousand.
"""

from __future__ import annotations

import math
from dataclasses import field
from typing import Any

import numpy as np

from rnncore.curve import EVALUATION, ROW
from rnncore.frozen import dataclass

from .session import Session

Array = np.ndarray[Any, Any]

_CALM = 24
"""The smoothed curve averages about one part in so many of what is drawn."""


class Reduction:
    """A growing curve in buckets of equal, power-of-two size; complete buckets are computed once.

    :meth:`update` takes all rows so far (a structured array of :data:`rnncore.curve.ROW`), of which the beginning must
    be what it was the last time; a curve that has become shorter, or begins or goes on otherwise, is a new one.
    """

    def __init__(self, points: int = 1024) -> None:
        self.points = max(8, points)
        self._reset()

    def _reset(self) -> None:
        self.size = 1
        self._count = 0
        self._tail = 0
        self.rows = 0
        self._seen: tuple[int, bytes, bytes] | None = None
        self._store = np.empty((6, 256))

    @property
    def columns(self) -> Array:
        """(6, n): last update, Σ loss·words and Σ words of the finite ones, their least and greatest loss, number of
        rows with a loss or gradient that is not finite. The last bucket may be incomplete."""
        return self._store[:, : self._count + self._tail]

    def update(self, rows: Array) -> None:
        """Take in what is new."""
        n = len(rows)
        self._tail = 0
        if not self._continues(rows):
            self._reset()
        if n == 0:
            return
        while -(-n // self.size) > self.points:
            self._halve()
        done = self._count * self.size
        whole = (n - done) // self.size
        self._reserve(self._count + whole + 1)
        if whole:
            self._store[:, self._count : self._count + whole] = _reduced(
                rows[done : done + whole * self.size], self.size
            )
            self._count += whole
            done += whole * self.size
        if done < n:
            self._store[:, self._count] = _reduced(rows[done:], n - done)[:, 0]
            self._tail = 1
        self.rows = n
        self._seen = (n - 1, rows[0].tobytes(), rows[n - 1].tobytes())

    def _continues(self, rows: Array) -> bool:
        if self._seen is None:
            return True
        at, first, last = self._seen
        return at < len(rows) and rows[0].tobytes() == first and rows[at].tobytes() == last

    def _halve(self) -> None:
        even = self._count - self._count % 2
        pairs = self._store[:, :even].reshape(6, -1, 2)
        merged = np.empty((6, even // 2))
        merged[0] = pairs[0, :, 1]
        for row in (1, 2, 5):
            merged[row] = pairs[row].sum(axis=1)
        merged[3] = np.fmin(pairs[3, :, 0], pairs[3, :, 1])
        merged[4] = np.fmax(pairs[4, :, 0], pairs[4, :, 1])
        self._store[:, : even // 2] = merged
        self._count = even // 2
        self.size *= 2

    def _reserve(self, count: int) -> None:
        if count > self._store.shape[1]:
            grown = np.empty((6, max(count, 2 * self._store.shape[1])))
            grown[:, : self._count] = self._store[:, : self._count]
            self._store = grown


def _reduced(rows: Array, size: int) -> Array:
    def field(name: str) -> Array:
        found: Array = np.ascontiguousarray(rows[name]).reshape(-1, size)
        return found

    loss, words, low, high = (field(name) for name in ("loss", "words", "low", "high"))
    out = np.empty((6, len(loss)))
    out[0] = field("update")[:, -1]
    finite = field("finite")
    if finite.all():
        out[1], out[2] = (loss * words).sum(axis=1), words.sum(axis=1)
        out[3], out[4], out[5] = low.min(axis=1), high.max(axis=1), 0
        return out
    drawn = np.isfinite(loss)
    with np.errstate(invalid="ignore"):
        out[1] = np.where(drawn, loss * words, 0.0).sum(axis=1)
    out[2] = np.where(drawn, words, 0).sum(axis=1)
    out[3] = np.fmin.reduce(np.where(np.isfinite(low), low, np.nan), axis=1)
    out[4] = np.fmax.reduce(np.where(np.isfinite(high), high, np.nan), axis=1)
    out[5] = np.count_nonzero(~finite, axis=1)
    return out


def smoothed(columns: Array, buckets: int) -> Array:
    """The mean by words of the last ``buckets`` buckets (fewer at the beginning), (n,); NaN where nothing is finite."""
    sums, weights = np.cumsum(columns[1]), np.cumsum(columns[2])
    if len(sums) > buckets:
        sums[buckets:] -= np.cumsum(columns[1])[:-buckets]
        weights[buckets:] -= np.cumsum(columns[2])[:-buckets]
    with np.errstate(all="ignore"):
        mean: Array = np.where(weights > 0, sums / weights, np.nan)
    return mean


@dataclass(frozen=True, eq=False)
class LossFrame:
    """One picture of the curve. Losses are means per word in nats.

    ``x_end`` is the right edge in updates, ``y_end`` the upper; ``raw`` (3, n) last update, least, greatest; ``smooth``
    (2, m); ``valid`` (2, k); ``not_finite`` and ``off_scale`` the updates whose loss cannot be drawn within the axes;
    ``annealed`` the updates at which the learning rate fell; ``chance`` is ln V.
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
        head = head.replace(",", "\u202f")
        body = f"loss {low:.4g}" if low == high else f"loss {low:.4g}–{high:.4g}"
        if not np.isfinite(low):
            body = "loss is not finite"
        mean = self.smooth[1, n]
        tail = f" · mean {mean:.4g}" if np.isfinite(mean) and self.smooth.shape[1] > n and low != mean else ""
        at = np.searchsorted(self.valid[0], last, side="right") - 1
        valid = f" · {self.evaluated} {self.valid[1, at]:.4g}" if at >= 0 else ""
        return f"{head} · {body}{tail}{valid}"


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
) -> LossFrame:
    """The picture of what ``reduction`` holds.

    ``evaluations`` is an array of :data:`rnncore.curve.EVALUATION`, or None, and ``evaluated`` says of what;
    ``current`` is the update whose weights are on show; ``planned`` the number of updates that the run is going to
    have (0: open); ``at`` the update whose numbers the footer gives, None for the newest.
    """
    columns = reduction.columns
    n = columns.shape[1]
    chance = math.log(vocabulary_size) if vocabulary_size > 1 else 0.0
    window = 1 << max(0, int(math.log2(max(1, n // _CALM))))
    smooth = np.stack([columns[0], smoothed(columns, window)]) if n else np.empty((2, 0))
    valid = np.empty((2, 0))
    annealed = np.empty(0)
    if evaluations is not None and len(evaluations):
        order = np.argsort(evaluations["update"], kind="stable")
        valid = np.stack([evaluations["update"][order], evaluations["loss"][order]]).astype(np.float64)
        annealed = np.asarray(evaluations["update"][order][evaluations["annealed"][order]], dtype=np.float64)
    y_end = _ceiling(columns, smooth, valid, chance)
    with np.errstate(invalid="ignore"):
        off = columns[0, columns[4] > y_end] if n else np.empty(0)
    # With merged rows one row stands for several updates: their spacing says for how many.
    updates = round(window * reduction.size * float(columns[0, -1]) / max(1, reduction.rows)) if n else 0
    legend = "" if not n else "each update" if updates <= 1 else f"mean of {_grouped(updates)} updates"
    return LossFrame(
        float(max(current, planned, columns[0, -1] if n else 0, 10)),
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
        footer(smooth, valid, tokens_per_second, evaluated, at=at),
        evaluated,
    )


def _ceiling(columns: Array, smooth: Array, valid: Array, chance: float) -> float:
    """A round upper end: all that was seen, but a few outliers may not flatten the rest."""
    calm = [_most(v[np.isfinite(v)]) for v in (smooth[1], valid[1]) if np.isfinite(v).any()]
    usual = float(max([chance, *calm])) or 1.0
    highs = columns[4][np.isfinite(columns[4])]
    top = min(float(highs.max()), 2.0 * usual) if len(highs) else usual
    return nice_above(1.03 * max(usual, top))


def _most(values: Array) -> float:
    """What 95 % of the values do not exceed."""
    rank = math.ceil(0.95 * (len(values) - 1))
    return float(np.partition(values, rank)[rank])


def nice_above(value: float) -> float:
    """The least of 1, 1.5, 2, 3, 4, 5, 6, 8 · 10ⁿ that is not below ``value``."""
    if not (math.isfinite(value) and value > 0):
        return 1.0
    scale = 10.0 ** math.floor(math.log10(value))
    return next((s * scale for s in (1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0) if s * scale >= value), 10.0 * scale)


def stride_above(value: float) -> float:
    """The least of 1, 1.2, 1.5, 2, 2.5, 3, 4 … 9 · 10ⁿ that is not below ``value``: how far an axis reaches."""
    if not (math.isfinite(value) and value > 0):
        return 1.0
    scale = 10.0 ** math.floor(math.log10(value))
    strides = (1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0)
    return next((s * scale for s in strides if s * scale >= value * (1 - 1e-12)), 10.0 * scale)


def ticks(end: float, most: int) -> list[float]:
    """Round numbers from 0 to ``end``, at most ``most`` steps."""
    if not (math.isfinite(end) and end > 0) or most < 1:
        return [0.0]
    rough = end / most
    scale = 10.0 ** math.floor(math.log10(rough))
    step = next((s * scale for s in (1.0, 2.0, 5.0) if s * scale >= rough * (1 - 1e-12)), 10.0 * scale)
    return [k * step for k in range(int(end / step * (1 + 1e-12)) + 1)]


def loss_of(session: Session, reduction: Reduction) -> LossFrame:
    """The picture of a session's training; ``reduction`` is kept from one picture to the next."""
    training = session.training
    rows = training.curve
    reduction.update(rows if rows.dtype == ROW else np.empty(0, ROW))
    return loss_frame(
        reduction,
        session.model.vocabulary_size,
        training.shown,
        training.evaluations if training.evaluations.dtype == EVALUATION else None,
        evaluated="valid" if training.validated else "all text",
        tokens_per_second=training.words_per_second or None,
        at=None if training.running or training.shown >= training.last else training.shown,
    )


def footer(
    smooth: Array,
    valid: Array,
    tokens_per_second: float | None,
    evaluated: str = "valid",
    *,
    at: int | None = None,
) -> str:
    """Return the numbers at update ``at`` (None: the newest), each with what it is of.

    "train 1.24   valid 1.29 (update 1 200)   perplexity 3.46 train · 3.63 held-out   61k tokens/s": the smoothed curve
    there and the last evaluation at or before it, with its update when that is another one.
    """
    if not smooth.shape[1] and not valid.shape[1]:
        return ""
    newest = int(smooth[0, -1]) if smooth.shape[1] else int(valid[0, -1])
    shown = newest if at is None else at
    parts, perplexities = [], []
    if at is not None:
        parts.append(f"at update {_grouped(at)}:")
    if smooth.shape[1] and shown > 0:
        train = float(smooth[1, min(int(np.searchsorted(smooth[0], shown)), smooth.shape[1] - 1)])
        parts.append(f"train {_short(train)}")
        perplexities.append(f"{_perplexity(train)} train")
    last = int(np.searchsorted(valid[0], shown, side="right")) - 1
    if last >= 0:
        loss, update = float(valid[1, last]), int(valid[0, last])
        parts.append(f"{evaluated} {_short(loss)}" + (f" (update {_grouped(update)})" if update != shown else ""))
        perplexities.append(f"{_perplexity(loss)} {'held-out' if evaluated == 'valid' else evaluated}")
    if perplexities:
        parts.append("perplexity " + " · ".join(perplexities))
    if tokens_per_second:
        parts.append(f"{_grouped_short(tokens_per_second)} tokens/s")
    return "   ".join(parts)


def _perplexity(loss: float) -> str:
    return _short(math.exp(loss) if loss < 700 else math.inf)


def _short(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "∞"
    return f"{value:.3f}" if value < 1 else f"{value:.2f}" if value < 100 else f"{value:.0f}"


def _grouped_short(value: float) -> str:
    for limit, sign in ((1e6, "M"), (1e3, "k")):
        if value >= limit:
            return f"{value / limit:.3g}{sign}"
    return f"{value:.0f}"


def _grouped(number: int) -> str:
    return f"{number:,}".replace(",", "\u202f")
