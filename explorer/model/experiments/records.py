"""What an experiment is, and what comes out of one."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

from rnncore.ops import Array

from ..formula import number
from ..settings import Settings


@dataclass(frozen=True)
class Row:
    """One measured number and the band it is expected in (both ends included)."""

    label: str
    value: float
    low: float = -math.inf
    high: float = math.inf
    unit: str = ""

    @property
    def ok(self) -> bool:
        """Whether it lies in the band; a value that is not a number never does."""
        return self.low <= self.value <= self.high

    @property
    def text(self) -> str:
        return f"{number(self.value, 4)}{self.unit}"

    @property
    def expected(self) -> str:
        """The band in words, "" for none."""
        if self.low == self.high:
            return f"exactly {number(self.low, 4)}{self.unit}"
        if math.isinf(self.low) and math.isinf(self.high):
            return ""
        if number(self.low, 4) == number(self.high, 4):
            return f"≈ {number(self.low, 4)}{self.unit}"
        if math.isinf(self.low):
            return f"at most {number(self.high, 3)}{self.unit}"
        if math.isinf(self.high):
            return f"at least {number(self.low, 3)}{self.unit}"
        return f"{number(self.low, 3)} … {number(self.high, 3)}{self.unit}"


@dataclass(frozen=True, eq=False)
class Curve:
    """A line of the picture: ``x`` and ``y`` (N,), the token of its colour."""

    label: str
    x: Array
    y: Array
    token: str
    dashed: bool = False


@dataclass(frozen=True, eq=False)
class Outcome:
    """What came out: rows of numbers, and a picture of curves (``log``: a logarithmic axis) or of ``heat``.

    ``heat`` (rows, columns) is coloured by log₁₀, its rows from the bottom up over ``extent`` (x, y, width, height);
    ``marks`` are (x, y, words) on it.
    """

    rows: tuple[Row, ...]
    said: str
    curves: tuple[Curve, ...] = ()
    log: bool = False
    x_title: str = ""
    y_title: str = ""
    heat: Array | None = field(default=None, repr=False)
    extent: tuple[float, float, float, float] = (0.0, 0.0, 1.0, 1.0)
    marks: tuple[tuple[float, float, str], ...] = ()

    @property
    def ok(self) -> bool:
        return all(row.ok for row in self.rows)

    @property
    def pictured(self) -> bool:
        """Whether there is a picture."""
        return bool(self.curves) or self.heat is not None


@dataclass(frozen=True)
class Experiment:
    """One canonical experiment. ``settings`` (and ``text``, a sentence) bring its network onto the stage."""

    id: str
    title: str
    question: str
    setup: str
    run: Callable[[], Outcome]
    settings: Settings | None = None
    text: str | None = None
    source: str = ""

