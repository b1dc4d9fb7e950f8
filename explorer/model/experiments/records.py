"""What an experiment is, and what comes out of one."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import field, replace

from rnncore.frozen import dataclass
from rnncore.ops import Array

from ..formula import number
from .bench import Bench
from .titles import BRIEF, TITLES


@dataclass(frozen=True)
class Row:
    """One measured number and the band it is expected in (both ends included).

    ``token`` and ``dashed`` are the look of its curve in the picture, ``at`` where on the x axis the band is drawn.
    A row that ``varies`` with the knobs has its band only while they stand where the band was measured. A ``count`` is
    a whole number, and a ``wrong`` value what somebody else takes for the right one.
    """

    label: str
    value: float
    low: float = -math.inf
    high: float = math.inf
    unit: str = ""
    token: str = ""
    dashed: bool = False
    at: float | None = None
    varies: bool = False
    count: bool = False
    wrong: bool = False

    @property
    def ok(self) -> bool:
        """Whether it lies in the band; a value that is not a number never does."""
        return self.low <= self.value <= self.high

    @property
    def judged(self) -> bool:
        """Whether anything is expected of it."""
        return not (math.isinf(self.low) and math.isinf(self.high))

    @property
    def mark(self) -> str:
        """A tick, a cross, a dot for what is only measured, or that it is not the right value."""
        if self.wrong and self.ok:
            return "≠"
        return "·" if not self.judged else "✓" if self.ok else "✗"

    @property
    def tone(self) -> str:
        """The colour of its mark: that a wrong value is as wrong as it must be is no failure."""
        if not self.judged or (self.wrong and self.ok):
            return "muted"
        return "good" if self.ok else "cut"

    @property
    def remark(self) -> str:
        """What stands beside its number: the band, or that it must differ from the right value."""
        return "≠ as it must" if self.wrong and self.ok and self.judged else self.expected

    @property
    def text(self) -> str:
        if self.count and self.value == round(self.value):
            return f"{self.value:.0f}{self.unit}"
        return f"{number(self.value, 4)}{self.unit}"

    @property
    def expected(self) -> str:
        """The band in words, "" for none."""
        if self.low == self.high:
            return f"exactly {self.low:g}{self.unit}"
        if not self.judged:
            return ""
        if number(self.low, 4) == number(self.high, 4):
            return f"≈ {number(self.low, 4)}{self.unit}"
        if math.isinf(self.low):
            return f"at most {number(self.high, 2)}{self.unit}"
        if math.isinf(self.high):
            return f"at least {number(self.low, 2)}{self.unit}"
        digits = next(n for n in (2, 3, 4) if n == 4 or number(self.low, n) != number(self.high, n))
        return f"{number(self.low, digits)} … {number(self.high, digits)}{self.unit}"


@dataclass(frozen=True, eq=False)
class Curve:
    """A line of the picture: ``x`` and ``y`` (N,), the token of its colour."""

    label: str
    x: Array
    y: Array
    token: str
    dashed: bool = False


@dataclass(frozen=True, eq=False)
class PairTable:
    """How often each pair counts: ``counts`` (T, T) [t, τ]; ``words`` below it say what comes of that.

    ``brief`` are title and words in a shorter form, for where the tables have little room.
    """

    title: str
    counts: Array
    words: tuple[str, ...] = ()
    token: str = "gradient"
    brief: tuple[str, ...] = ()


@dataclass(frozen=True)
class Bar:
    """A bar of equal or unequal ``parts``, the first ``missing`` of which are cut; ``words`` stand at its end.

    What is ``wrong`` has the colour of a cut.
    """

    label: str
    parts: tuple[float, ...]
    missing: int
    words: str
    wrong: bool = False


@dataclass(frozen=True)
class Arrow:
    """A gradient beside the right one, which has length 1 and points right: length ratio and cosine between them."""

    label: str
    ratio: float
    cosine: float
    token: str = "cut"


@dataclass(frozen=True, eq=False)
class Outcome:
    """What came out: rows of numbers, what is to be learnt, and a picture.

    The picture is of curves (``log``: a logarithmic axis), of ``heat``, or of tables, bars and arrows. ``heat`` (rows,
    columns) is coloured by log₁₀, its rows from the bottom up over ``extent`` (x, y, width, height); ``marks`` are
    (x, y, words, token) on it and ``steps`` (x, y, x', y', token) arrows. ``y_title`` is HTML.
    """

    rows: tuple[Row, ...]
    said: str
    curves: tuple[Curve, ...] = ()
    log: bool = False
    x_title: str = ""
    y_title: str = ""
    heat: Array | None = field(default=None, repr=False)
    extent: tuple[float, float, float, float] = (0.0, 0.0, 1.0, 1.0)
    marks: tuple[tuple[float, float, str, str], ...] = ()
    steps: tuple[tuple[float, float, float, float, str], ...] = ()
    tables: tuple[PairTable, ...] = ()
    bars: tuple[Bar, ...] = ()
    arrows: tuple[Arrow, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether all that is expected came about."""
        return all(row.ok for row in self.rows if row.judged or math.isnan(row.value))

    @property
    def verdict(self) -> str:
        """How many rows came out as expected, in words."""
        judged = [row for row in self.rows if row.judged]
        good = sum(row.ok for row in judged)
        if not judged:
            return "measured at your setting: nothing is expected of it"
        return f"all {good} as expected" if good == len(judged) else f"{good} of {len(judged)} as expected"

    @property
    def plotted(self) -> bool:
        """Whether its picture has axes."""
        return bool(self.curves) or self.heat is not None


@dataclass(frozen=True)
class Knob:
    """Something to turn: ``values`` in order, ``default`` among them."""

    name: str
    label: str
    values: tuple[float, ...]
    default: float
    help: str = ""

    @property
    def start(self) -> int:
        """The place of the default among the values."""
        return self.nearest(self.default)

    def nearest(self, value: float) -> int:
        """The place of the value next to ``value``."""
        return min(range(len(self.values)), key=lambda n: abs(self.values[n] - value))

    def text(self, value: float) -> str:
        return f"{value:g}".replace("-", "−")


@dataclass(frozen=True)
class Experiment:
    """One canonical experiment. ``run`` and ``bench`` take every knob by name.

    ``bench`` is the network that comes onto the stage, the same that was measured; ``steps`` says what to do there.
    """

    id: str
    question: str
    setup: str
    run: Callable[..., Outcome]
    bench: Callable[..., Bench]
    steps: str
    knobs: tuple[Knob, ...] = ()
    source: str = ""

    @property
    def title(self) -> str:
        return TITLES[self.id]

    @property
    def brief(self) -> str:
        """Its number with the title in a word or two."""
        return f"{self.number} {BRIEF[self.id]}"

    @property
    def number(self) -> str:
        """Its place in the list, from 1: ids have gaps, which would look as if something were missing."""
        return str([*TITLES].index(self.id) + 1)

    def values(self, turned: Mapping[str, float] | None = None) -> dict[str, float]:
        """Every knob's value: its default, unless it is ``turned``."""
        return {knob.name: knob.default for knob in self.knobs} | dict(turned or {})

    def measure(self, turned: Mapping[str, float] | None = None) -> Outcome:
        """Run it. With a knob turned nothing is expected of the rows that vary with it."""
        values = self.values(turned)
        outcome = self.run(**values)
        if values == self.values():
            return outcome
        rows = (replace(r, low=-math.inf, high=math.inf) if r.varies else r for r in outcome.rows)
        return replace(outcome, rows=tuple(rows))

    def brought(self, turned: Mapping[str, float] | None = None) -> Bench:
        """The network to step through, with the knobs as they stand."""
        return self.bench(**self.values(turned))
