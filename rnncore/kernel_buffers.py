"""The memory of a kernel, and programs that run in it.

A *program* is a list of numpy calls with all their arguments, outputs included, bound beforehand to views of fixed
buffers: ``(np.add, (a, b, out))``. Running it is one short loop that allocates nothing. It is made once for a shape and
used for every sequence of that shape.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from rnncore.frozen import dataclass
from rnncore.ops import Array

Call = tuple[Callable[..., Any], tuple[Any, ...]]
Where = int | slice
"""A time step, or several at once."""
ALIGNMENT = 64


def run(program: Iterable[Call]) -> None:
    """Make the calls in order."""
    for function, arguments in program:
        function(*arguments)


def aligned(shape: tuple[int, ...], dtype: Any) -> Array:
    """Return an array of zeros that begins at a multiple of 64 bytes, so that equal calls find equal conditions."""
    dtype = np.dtype(dtype)
    raw = np.zeros(math.prod(shape) * dtype.itemsize + ALIGNMENT, np.uint8)
    start = -raw.ctypes.data % ALIGNMENT
    return raw[start : raw.size - ALIGNMENT + start].view(dtype).reshape(shape)


@dataclass(frozen=True)
class Value:
    """What a node holds: ``array`` (T, [B,] H) if ``sequential``, else a vector (H,) or a number for all steps."""

    array: Array
    sequential: bool

    def at(self, where: Where) -> Array:
        """Return the value at a time step or at several."""
        return self.array[where] if self.sequential else self.array


class Buffers:
    """Named arrays for sequences of up to ``capacity`` steps.

    Parameters
    ----------
    capacity : int
        Time steps.
    lanes : tuple of int
        ``()`` for one sequence, ``(B,)`` for a batch.
    hidden_size : int
    dtype
    """

    def __init__(self, capacity: int, lanes: tuple[int, ...], hidden_size: int, dtype: Any) -> None:
        self.capacity = capacity
        self.lanes = lanes
        self.hidden_size = hidden_size
        self.dtype = np.dtype(dtype)
        self._named: dict[Any, Array] = {}
        self.half, self.one, self.zero, self.two = (self.number(value) for value in (0.5, 1.0, 0.0, 2.0))

    def number(self, value: float) -> Array:
        """Return a number as an array without axes, which numpy need not convert at each call."""
        return np.array(value, self.dtype)

    def named(self, name: Any, shape: tuple[int, ...], dtype: Any = None) -> Array:
        """Return the array of that name, made of zeros at the first call."""
        found = self._named.get(name)
        if found is None:
            found = self._named[name] = aligned(shape, dtype or self.dtype)
        return found

    def steps(self, name: Any, blocks: int | None = None, extra: int = 0) -> Array:
        """Return an array (capacity + extra, [B,] [blocks,] H)."""
        tail = (self.hidden_size,) if blocks is None else (blocks, self.hidden_size)
        return self.named(name, (self.capacity + extra, *self.lanes, *tail))

    def blocks(self, name: Any, blocks: int) -> Array:
        """Return an array (capacity, [B,] blocks, H) for element-wise work.

        What is contiguous in memory is a time step with all its blocks and, in a batch, each of these blocks: so one
        call runs over the B·H numbers of one gate, or of several neighbours, without a gap.
        """
        if not self.lanes:
            return self.steps(name, blocks)
        memory = self.named(name, (self.capacity, blocks, *self.lanes, self.hidden_size))
        return np.moveaxis(memory, 1, -2)

    def together(self, blocks: Array) -> Array:
        """Return a view of neighbouring blocks (…, n, H) for element-wise work, with its axes as memory has them.

        numpy runs over contiguous memory in one go; over the same numbers with their axes exchanged it takes two to
        five times as long.
        """
        return np.moveaxis(blocks, -2, -3) if self.lanes else joined(blocks)

    def vector(self, name: Any) -> Array:
        """Return an array (H,)."""
        return self.named(name, (self.hidden_size,))


def joined(blocks: Array) -> Array:
    """Return blocks (…, n, H) that lie side by side as one axis (…, n·H); a view."""
    return blocks.reshape(*blocks.shape[:-2], -1)


def rows(array: Array) -> Array:
    """Return an array (T, [B,] K) with time and lanes as one axis (T·B, K); a view."""
    return array.reshape(-1, array.shape[-1])


def relu(a: Array, zero: Array, out: Array) -> None:
    """Write max(a, 0); NaN stays NaN."""
    np.maximum(a, zero, out=out)


def clamp(a: Array, held: Array, to: Array, out: Array) -> None:
    """Write ``a`` (…, H), and ``to`` at the units that are ``held`` (H,)."""
    if out is not a:
        np.copyto(out, a)
    np.copyto(out, to, where=held)


def zero_where_not_positive(y: Array, out: Array, zero: Array) -> None:
    """Write 0 where the output of a relu is not positive; NaN stays as it is."""
    np.copyto(out, zero, where=y <= 0)
