"""The loss curve: what every update did, in arrays that stay small however long the training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Any

import numpy as np

from rnncore.errors import RnnError
from rnncore.frozen import dataclass
from rnncore.ops import Array
from rnncore.training_state import UpdateRecord

ROW = np.dtype(
    [
        ("update", np.int64),
        ("epoch", np.int64),
        ("words", np.int64),
        ("loss", np.float64),
        ("low", np.float64),
        ("high", np.float64),
        ("gradient_norm", np.float64),
        ("clip_scale", np.float64),
        ("learning_rate", np.float64),
        ("finite", np.bool_),
    ]
)
"""One row of the curve. ``update`` is the last update in the row."""

EVALUATION = np.dtype(
    [("update", np.int64), ("loss", np.float64), ("learning_rate", np.float64), ("annealed", np.bool_)]
)
"""One scheduled evaluation of the parameters after ``update`` updates, with the rate that it led to."""


def row_of(record: UpdateRecord) -> tuple[Any, ...]:
    """Return the row (:data:`ROW`) that holds this one update."""
    return (
        record.update,
        record.epoch,
        record.words,
        record.loss,
        record.loss,
        record.loss,
        record.gradient_norm,
        record.clip_scale,
        record.learning_rate,
        record.finite,
    )


@dataclass(frozen=True)
class Downsampled:
    """A curve reduced to (n,) points: the words' mean, the least and the greatest loss of each bucket of
    updates.

    ``update`` is the last update of the bucket. Where a bucket holds a loss that is not finite, ``finite`` is
    false and the mean is what arithmetic makes of it; ``low`` and ``high`` are those of its finite losses,
    NaN if none.
    """

    update: Array = field(repr=False)
    mean: Array = field(repr=False)
    low: Array = field(repr=False)
    high: Array = field(repr=False)
    finite: Array = field(repr=False)


class LossCurve:
    """Records of updates, one row an update until there are ``limit`` rows.

    Then neighbouring rows are merged two by two (loss: mean weighted by words; ``low`` and ``high``: the
    extremes; gradient norm and clip scale: means; learning rate and epoch: the last), and from then on each
    row holds ``stride`` updates. The rows that have been handed out never change.
    """

    def __init__(self, limit: int = 200_000) -> None:
        if not isinstance(limit, int) or limit < 4:
            raise RnnError(f"The loss curve's limit is {limit!r:.40}. Give a whole number of at least 4.")
        self.limit = limit - limit % 2
        self.stride = 1
        self._rows = np.empty(min(1024, self.limit), ROW)
        self._count = 0
        self._open: list[tuple[Any, ...]] = []

    def __len__(self) -> int:
        """Number of rows."""
        return self._count

    @property
    def last(self) -> int:
        """The last update recorded; 0 without any."""
        if self._open:
            return int(self._open[-1][0])
        return int(self._rows["update"][self._count - 1]) if self._count else 0

    @property
    def rows(self) -> Array:
        """All complete rows, a read-only structured array (n,) of dtype :data:`ROW`; free of cost."""
        view = self._rows[: self._count]
        view.flags.writeable = False
        return view

    def append(self, record: UpdateRecord) -> None:
        """Add the record of one update. Raises RnnError when it does not follow the last one."""
        if self._count and record.update != self.last + 1:
            raise RnnError(f"The loss curve ends at update {self.last}; update {record.update} does not follow it.")
        row = row_of(record)
        if self._count == len(self._rows):
            self._grow()
        if self.stride == 1:
            self._rows[self._count] = row
        else:
            self._open.append(row)
            if len(self._open) < self.stride:
                return
            self._rows[self._count] = _merged(np.array(self._open, ROW), self.stride)[0]
            self._open = []
        self._count += 1
        self._thin()

    def extend(self, rows: Array) -> None:
        """Add rows (n,) of dtype :data:`ROW`, one an update, as :meth:`append` would one after the other.

        Raises RnnError when they do not follow the last update and one another.
        """
        if not len(rows):
            return
        expected = np.arange(self.last + 1, self.last + 1 + len(rows)) if self._count or self._open else None
        if expected is None:
            expected = np.arange(rows["update"][0], rows["update"][0] + len(rows))
        if not np.array_equal(rows["update"], expected):
            raise RnnError(
                f"The loss curve ends at update {self.last}; updates {rows['update'][0]} to {rows['update'][-1]} "
                "do not follow it one by one."
            )
        while len(rows):
            room = (self.limit - self._count) * self.stride - len(self._open)
            part, rows = rows[:room], rows[room:]
            if self.stride > 1:
                part = np.concatenate([np.array(self._open, ROW), part])
                whole = len(part) - len(part) % self.stride
                self._open = part[whole:].tolist()
                part = _merged(part[:whole], self.stride)
            while self._count + len(part) > len(self._rows):
                self._grow()
            self._rows[self._count : self._count + len(part)] = part
            self._count += len(part)
            self._thin()

    def _thin(self) -> None:
        if self._count == self.limit:
            # A new array: rows that were handed out stay as they are.
            self._rows = np.concatenate([_merged(self._rows, 2), np.empty(self.limit // 2, ROW)])
            self._count = self.limit // 2
            self.stride *= 2

    def _grow(self) -> None:
        rows = np.empty(min(2 * len(self._rows), self.limit), ROW)
        rows[: self._count] = self._rows[: self._count]
        self._rows = rows

    def copy(self) -> LossCurve:
        """Return an independent curve with the same rows."""
        return LossCurve.from_columns(self.columns(), self.stride, self.limit)

    def columns(self) -> dict[str, Array]:
        """Return one array (n,) a field; rows that are not complete yet are part of it as they are."""
        rows = np.concatenate([self.rows, np.array(self._open, ROW)])
        return {name: np.ascontiguousarray(rows[name]) for name in ROW.names or ()}

    @staticmethod
    def from_columns(columns: Mapping[str, Any], stride: int = 1, limit: int = 200_000) -> LossCurve:
        """Return the curve that :meth:`columns` described.

        Raises RnnError when columns are missing, of unlike length, or do not count upwards.
        """
        curve = LossCurve(limit)
        if set(columns) != set(ROW.names or ()):
            raise RnnError(f"The loss curve needs the columns {', '.join(ROW.names or ())}.")
        lengths = {len(column) for column in columns.values()}
        if len(lengths) != 1 or type(stride) is not int or stride < 1 or stride & (stride - 1):
            raise RnnError("The loss curve's columns differ in length, or its stride is no power of two.")
        rows = np.empty(lengths.pop(), ROW)
        for name, column in columns.items():
            rows[name] = column
        updates = rows["update"]
        if np.any(np.diff(updates) <= 0) or np.any(updates < 1):
            raise RnnError("The loss curve's updates do not count upwards from 1.")
        # Complete rows come `stride` updates after one another; what follows them is the row in the making.
        gaps = np.diff(updates, prepend=updates[:1] - stride)
        whole = len(rows) if np.all(gaps == stride) else int(np.argmax(gaps != stride))
        if np.any(gaps[whole:] != 1) or len(rows) - whole >= stride or whole >= curve.limit:
            raise RnnError("The loss curve has gaps, or more rows than its limit.")
        curve.stride = stride
        curve._open = rows[whole:].tolist()
        curve._rows = np.empty(min(whole + 1024, curve.limit), ROW)
        curve._rows[:whole] = rows[:whole]
        curve._count = whole
        return curve

    def downsample(self, points: int, first: int = 1, last: int | None = None) -> Downsampled:
        """Return the updates ``first`` to ``last`` in at most ``points`` buckets of equal size."""
        rows = self.rows
        low = int(np.searchsorted(rows["update"], first))
        high = len(rows) if last is None else int(np.searchsorted(rows["update"], last, side="right"))
        rows = rows[low:high]
        if not len(rows):
            none = np.empty(0)
            return Downsampled(np.empty(0, np.int64), none, none, none, np.empty(0, np.bool_))
        size = -(-len(rows) // max(1, points))
        starts = np.arange(0, len(rows), size)
        ends = np.minimum(starts + size, len(rows)) - 1
        with np.errstate(all="ignore"):
            words = np.add.reduceat(rows["words"], starts)
            mean = np.add.reduceat(rows["loss"] * rows["words"], starts) / words
            finite_low = np.where(np.isfinite(rows["low"]), rows["low"], np.nan)
            finite_high = np.where(np.isfinite(rows["high"]), rows["high"], np.nan)
            return Downsampled(
                rows["update"][ends],
                rows["loss"] if size == 1 else mean,
                np.fmin.reduceat(finite_low, starts),
                np.fmax.reduceat(finite_high, starts),
                np.logical_and.reduceat(rows["finite"], starts),
            )


def _merged(rows: Array, size: int) -> Array:
    """Return rows merged ``size`` by ``size``; their number must be a multiple of it."""
    groups = rows.reshape(-1, size)
    merged = np.empty(len(groups), ROW)
    with np.errstate(all="ignore"):
        for name in ("update", "epoch", "learning_rate"):
            merged[name] = groups[name][:, -1]
        merged["words"] = groups["words"].sum(axis=1)
        merged["loss"] = (groups["loss"] * groups["words"]).sum(axis=1) / merged["words"]
        # fmin and fmax keep the extremes of what is a number; `finite` tells that something was not.
        merged["low"] = np.fmin.reduce(groups["low"], axis=1)
        merged["high"] = np.fmax.reduce(groups["high"], axis=1)
        for name in ("gradient_norm", "clip_scale"):
            merged[name] = groups[name].mean(axis=1)
        merged["finite"] = groups["finite"].all(axis=1)
    return merged


class Evaluations:
    """Scheduled evaluations in the order in which they came, at most ``limit``.

    When there are more, every second of the older ones goes, but none that changed the learning rate.
    """

    def __init__(self, limit: int = 20_000) -> None:
        self.limit = limit
        self._rows = np.empty(64, EVALUATION)
        self._count = 0

    def __len__(self) -> int:
        return self._count

    @property
    def rows(self) -> Array:
        """All evaluations, a read-only structured array (n,) of dtype :data:`EVALUATION`; free of cost."""
        view = self._rows[: self._count]
        view.flags.writeable = False
        return view

    def append(self, record: UpdateRecord) -> None:
        """Take the evaluation out of a record, if there is one in it."""
        if record.evaluated is not None:
            self.add(record.update - 1, record.evaluated, record.learning_rate, record.annealed)

    def add(self, update: int, loss: float, learning_rate: float, annealed: bool = False) -> None:
        """Add the evaluated loss of the parameters after ``update`` updates.

        Raises RnnError when it does not come after the last one.
        """
        if self._count and update <= self._rows["update"][self._count - 1]:
            raise RnnError("The evaluations do not count upwards.")
        if self._count == len(self._rows):
            # A new array: rows that were handed out stay as they are.
            self._rows = np.concatenate([self._rows, np.empty(max(64, self._count), EVALUATION)])
        self._rows[self._count] = (update, loss, learning_rate, annealed)
        self._count += 1
        if self._count > self.limit:
            old = np.arange(self._count) < self.limit // 2
            kept = self._rows[: self._count]
            kept = kept[~old | (np.arange(self._count) % 2 == 0) | kept["annealed"]]
            self._rows, self._count = kept, len(kept)

    def get(self, update: int) -> float | None:
        """Return the loss found after ``update`` updates, or None."""
        rows = self.rows
        place = int(np.searchsorted(rows["update"], update))
        return float(rows["loss"][place]) if place < len(rows) and rows["update"][place] == update else None

    def copy(self) -> Evaluations:
        """Return an independent table with the same rows."""
        table = Evaluations(self.limit)
        rows = self.rows
        table._rows, table._count = rows.copy(), len(rows)
        return table

    @staticmethod
    def of(
        updates: Sequence[int], losses: Sequence[float], rates: Sequence[float], annealed: Sequence[bool]
    ) -> Evaluations:
        """Return the table with these columns. Raises RnnError when the updates do not count upwards."""
        table = Evaluations()
        for row in zip(updates, losses, rates, annealed, strict=True):
            table.add(*row)
        return table
