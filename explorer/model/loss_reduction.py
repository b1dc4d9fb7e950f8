"""A loss curve reduced to what pixels can show, bit by bit as it grows, and smoothed in the open."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

Array = np.ndarray[Any, Any]

CALM = 24
"""The smoothed curve averages about one part in so many of what is drawn."""


class _Joined:
    """Two arrays of rows one after the other, of which only the parts that are asked for are joined."""

    def __init__(self, first: Array, second: Array) -> None:
        self._first, self._second = first, second

    def __len__(self) -> int:
        return len(self._first) + len(self._second)

    def part(self, start: int, stop: int) -> Array:
        """Rows from ``start`` to before ``stop``."""
        edge = len(self._first)
        if stop <= edge:
            return self._first[start:stop]
        if start >= edge:
            return self._second[start - edge : stop - edge]
        return np.concatenate([self._first[start:], self._second[: stop - edge]])

    def bytes_at(self, place: int) -> bytes:
        """One row, to be told from others."""
        edge = len(self._first)
        row = self._first[place] if place < edge else self._second[place - edge]
        found: bytes = row.tobytes()
        return found


class Reduction:
    """A growing curve in buckets of equal, power-of-two size; complete buckets are computed once.

    :meth:`update` takes all rows so far (a structured array of :data:`rnncore.curve.ROW`), of which the beginning must
    be what it was the last time; a curve that has become shorter, or begins or goes on otherwise, is a new one. Rows
    ``before`` them, of the line that a branch left, are taken as if both were one array, without joining them.
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

    def update(self, rows: Array, before: Array | None = None) -> None:
        """Take in what is new."""
        whole_curve = _Joined(rows if before is None else before, rows[:0] if before is None else rows)
        n = len(whole_curve)
        self._tail = 0
        if not self._continues(whole_curve):
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
                whole_curve.part(done, done + whole * self.size), self.size
            )
            self._count += whole
            done += whole * self.size
        if done < n:
            self._store[:, self._count] = _reduced(whole_curve.part(done, n), n - done)[:, 0]
            self._tail = 1
        self.rows = n
        self._seen = (n - 1, whole_curve.bytes_at(0), whole_curve.bytes_at(n - 1))

    def _continues(self, rows: _Joined) -> bool:
        if self._seen is None:
            return True
        at, first, last = self._seen
        return at < len(rows) and rows.bytes_at(0) == first and rows.bytes_at(at) == last

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
        with np.errstate(over="ignore"):
            out[1], out[2] = (loss * words).sum(axis=1), words.sum(axis=1)
        out[3], out[4], out[5] = low.min(axis=1), high.max(axis=1), 0
        return out
    drawn = np.isfinite(loss)
    with np.errstate(over="ignore", invalid="ignore"):
        out[1] = np.where(drawn, loss * words, 0.0).sum(axis=1)
    out[2] = np.where(drawn, words, 0).sum(axis=1)
    out[3] = np.fmin.reduce(np.where(np.isfinite(low), low, np.nan), axis=1)
    out[4] = np.fmax.reduce(np.where(np.isfinite(high), high, np.nan), axis=1)
    out[5] = np.count_nonzero(~finite, axis=1)
    return out


def smoothed(columns: Array, buckets: int) -> Array:
    """The mean by words of the last ``buckets`` buckets (fewer at the beginning), (n,); NaN where nothing is finite."""
    # Each window is added up by itself: differences of running sums would lose what is calm after a loss of 1e20.
    before = np.zeros((2, buckets - 1))
    windows = sliding_window_view(np.concatenate([before, columns[1:3]], axis=1), buckets, axis=1)
    with np.errstate(all="ignore"):
        sums, weights = windows.sum(axis=2)
        mean: Array = np.where(weights > 0, sums / weights, np.nan)
    return mean


def window_of(buckets: int) -> int:
    """How many buckets the smoothed curve averages where so many are drawn: a power of two."""
    return 1 << max(0, int(np.log2(max(1, buckets // CALM))))
