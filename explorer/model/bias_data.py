"""The bias gauge: how far the truncated gradient points away from the full one, and how much shorter it is."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from rnncore.bptt import backward
from rnncore.frozen import dataclass
from rnncore.trace import IGNORE
from rnncore.truncation import Full
from rnncore.walk import Walk

from .formula import number
from .plurals import count

Array = np.ndarray[Any, Any]


@dataclass(frozen=True, slots=True)
class Bias:
    """Two gradients compared: ``cosine`` of the angle between them (NaN where one is 0), both norms."""

    cosine: float
    truncated: float
    full: float

    @property
    def ratio(self) -> float:
        """‖truncated‖ / ‖full‖; NaN for 0/0, infinite when only the full one is 0."""
        if self.full == 0:
            return math.nan if self.truncated == 0 else math.inf
        return self.truncated / self.full

    @property
    def cosine_text(self) -> str:
        return near_one(self.cosine, "no gradient" if 0 in (self.truncated, self.full) else "NaN")

    @property
    def ratio_text(self) -> str:
        return near_one(self.ratio, "0 / 0" if self.full == 0 else "NaN")


@dataclass(frozen=True, eq=False)
class BiasGauge:
    """The comparison for all parameters together and for each by itself; ``left_out`` as :func:`left_out` says."""

    walk: Walk
    whole: Bias
    parameters: Mapping[str, Bias]
    left_out: str = ""

    def of(self, name: str | None) -> Bias:
        """That of a parameter, of all together for None or an unknown name."""
        return self.parameters.get(name or "", self.whole)


def bias_gauge(walk: Walk) -> BiasGauge:
    """Run the backward pass in full, and compare it with the walk's truncated gradient."""
    full = backward(walk.model, walk.trace, walk.targets, Full())
    truncated = backward(walk.model, walk.trace, walk.targets, walk.truncation)
    return replace(compare(walk, truncated, full), left_out=left_out(walk))


def left_out(walk: Walk) -> str:
    """In words how many losses the truncation leaves out altogether, which no cut in time explains; "" for none."""
    targets = np.asarray(walk.targets)
    table = walk.truncation.table(len(targets))
    carries = targets != IGNORE
    walks_back = table.any(axis=1)
    missing, every = int((carries & ~walks_back).sum()), int(carries.sum())
    if not missing:
        return ""
    said = f"{missing:,} of {count(every, 'loss', 'losses')} left out"
    whole = np.tri(len(targets), dtype=bool)[walks_back]
    return said if (table[walks_back] != whole).any() else f"{said}, no step cut"


@np.errstate(all="ignore")
def compare(walk: Walk, truncated: Mapping[str, Array], full: Mapping[str, Array]) -> BiasGauge:
    """Compare two gradients, each array divided by its largest entry first: no square over- or underflows."""
    parts = {name: (*_unit(truncated[name]), *_unit(full[name])) for name in truncated}
    scale_a = max((p[1] for p in parts.values()), default=1.0) or 1.0
    scale_b = max((p[3] for p in parts.values()), default=1.0) or 1.0
    found = {}
    dot = square_a = square_b = 0.0
    for name, (a, size_a, b, size_b) in parts.items():
        products = float(a @ b), float(a @ a), float(b @ b)
        found[name] = _bias(*products, size_a, size_b)
        dot += products[0] * (size_a / scale_a) * (size_b / scale_b)
        square_a += products[1] * (size_a / scale_a) ** 2
        square_b += products[2] * (size_b / scale_b) ** 2
    return BiasGauge(walk, _bias(dot, square_a, square_b, scale_a, scale_b), found)


def _unit(array: Array) -> tuple[Array, float]:
    flat = array.ravel()
    size = float(np.abs(flat).max(initial=0.0))
    return (flat / size if size > 0 and math.isfinite(size) else flat), (size if math.isfinite(size) else 1.0)


def _bias(dot: float, square_a: float, square_b: float, size_a: float, size_b: float) -> Bias:
    a, b = math.sqrt(square_a), math.sqrt(square_b)
    cosine = dot / (a * b) if a * b else math.nan
    if math.isfinite(cosine):
        cosine = min(max(cosine, -1.0), 1.0)
    return Bias(cosine, a * size_a, b * size_b)


def near_one(value: float, undefined: str = "NaN") -> str:
    """Three decimals; what only rounds to 1 says how far off it is, for a bias that is small is still one."""
    if math.isnan(value):
        return undefined
    gap = 1.0 - value
    if abs(gap) < 1e-12:
        return "1.000"
    if abs(gap) < 5e-4:
        return f"1 {'−' if gap > 0 else '+'} {number(abs(gap), 2)}"
    if abs(value) < 0.01 or abs(value) >= 1000:
        return number(value, 3)
    return f"{value:.3f}".replace("-", "−")
