"""The one diverging blue–orange map on an asinh scale: numbers to RGBA, neutral at zero, without Qt.

Orange is positive, blue is negative: told apart by every common kind of colour blindness. What is not a
finite number gets a colour of its own that the map itself never uses.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rnncore.frozen import dataclass

from .tokens import THEMES, Tokens

_HALF: Final = 256
_FAR: Final = 1e290
"""A ratio of this size is still far from what a float can hold."""
FIRST_ODD: Final = 2 * _HALF + 1
"""From this row of the table on stand the colours of what is not a finite number."""
_NAN: Final = FIRST_ODD
_PLUS_INF: Final = _NAN + 1
_MINUS_INF: Final = _NAN + 2


@dataclass(frozen=True, slots=True)
class AsinhScale:
    """Linear within ±``linear``, logarithmic beyond, full colour at ±``limit``.

    Both are positive and finite, ``linear <= limit``; otherwise ``ValueError``.
    """

    limit: float = 1.0
    linear: float = 0.1

    def __post_init__(self) -> None:
        if not (0.0 < self.linear <= self.limit < np.inf):
            raise ValueError(f"a scale needs 0 < linear <= limit < inf, not linear {self.linear}, limit {self.limit}")

    def position(self, values: ArrayLike) -> NDArray[np.float64]:
        """``values`` of any shape onto −1…1, sign kept; beyond the limit clipped, NaN stays NaN."""
        v = np.asarray(values, dtype=np.float64)
        if self.limit / _FAR < self.linear:
            # Clipped first: far beyond the limit the ratio would overflow.
            near = np.clip(v, -self.limit, self.limit) / self.linear
            return np.asarray(np.arcsinh(near) / np.arcsinh(self.limit / self.linear))
        # The ratio may be more than a float holds: of large x, asinh x is ln 2x.
        with np.errstate(all="ignore"):
            near = np.arcsinh(np.clip(v / self.linear, -_FAR, _FAR))
            far = np.sign(v) * (math.log(2.0) + np.log(np.abs(v)) - math.log(self.linear))
            return np.clip(np.where(np.abs(v) / _FAR < self.linear, near, far) / self._span, -1.0, 1.0)

    @property
    def _span(self) -> float:
        """asinh (limit / linear)."""
        if self.limit / _FAR < self.linear:
            return math.asinh(self.limit / self.linear)
        return math.log(2.0) + math.log(self.limit) - math.log(self.linear)

    def value(self, position: float) -> float:
        """The number that stands at ``position`` (−1…1): the inverse of :meth:`position`."""
        at = position * self._span
        if abs(at) < 300.0:
            return math.sinh(at) * self.linear
        return math.copysign(math.exp(min(abs(at) - math.log(2.0) + math.log(self.linear), 709.0)), at)


def value_scale(values: ArrayLike) -> AsinhScale:
    """Scale for states and gates: ±1, wider only when a finite value is (then 2, 5, 10, … so that it rests)."""
    return AsinhScale(max(1.0, _ceiling(_largest(values))), 0.1)


def gradient_scale(values: ArrayLike, decades: float = 3.0) -> AsinhScale:
    """Scale for gradients: up to the largest finite one, linear ``decades`` powers of ten below it.

    The limit is 1, 2 or 5 times a power of ten, so that a scale does not flicker from one update to the next.
    """
    top = _largest(values)
    limit = _ceiling(top) if top > 0.0 else 1.0
    return AsinhScale(limit, max(limit * 10.0**-decades, np.finfo(np.float64).tiny))


def _largest(values: ArrayLike) -> float:
    v = np.abs(np.asarray(values, dtype=np.float64))
    finite = v[np.isfinite(v)]
    return float(finite.max()) if finite.size else 0.0


def _ceiling(x: float) -> float:
    """The smallest of …, 0.5, 1, 2, 5, 10, … that is not below ``x``, kept within what a float can hold."""
    if x <= 0.0:
        return 0.0
    x = min(max(x, 1e-300), 5e307)
    power = math.floor(math.log10(x))
    # Written and read back, so that the limit is the very number that a legend prints.
    steps = (float(f"{digit}e{power + up}") for up in (-1, 0, 1) for digit in (1, 2, 5))
    return next(step for step in steps if step >= x)


@dataclass(frozen=True, eq=False, slots=True)
class ColourMap:
    """A table of colours: ``table`` (2·256+4, 4) uint8, negative end first, then NaN, +inf, −inf."""

    table: NDArray[np.uint8]

    def rgba(self, values: ArrayLike, scale: AsinhScale) -> NDArray[np.uint8]:
        """Colour ``values`` of any shape: the same shape with a last axis of 4 (red, green, blue, alpha)."""
        return self.table[self.index(values, scale)]

    def index(self, values: ArrayLike, scale: AsinhScale) -> NDArray[np.intp]:
        """Rows of :attr:`table` for ``values`` of any shape: for who keeps the colours in another form."""
        v = np.asarray(values, dtype=np.float64)
        finite = np.isfinite(v)
        if finite.all():
            return _index(v, scale)
        index = _index(np.where(finite, v, 0.0), scale)
        return np.where(finite, index, np.where(np.isnan(v), _NAN, np.where(v > 0, _PLUS_INF, _MINUS_INF)))


def _index(values: NDArray[np.float64], scale: AsinhScale) -> NDArray[np.intp]:
    return np.rint((scale.position(values) + 1.0) * _HALF).astype(np.intp)


@lru_cache(maxsize=16)
def colour_map(theme: str) -> ColourMap:
    """The map of the theme so called (``"dark"``, ``"light"``, ``"high-contrast"``)."""
    return build(THEMES[theme])


def build(tokens: Tokens) -> ColourMap:
    """The map from the tokens' ``negative`` over ``neutral`` to ``positive``, even to the eye (OKLab)."""
    ends = [_to_oklab(np.array(tokens.rgb(name)) / 255.0) for name in ("negative", "neutral", "positive")]
    ramp = np.linspace(0.0, 1.0, _HALF + 1)[:, None]
    lower = ends[0] + (ends[1] - ends[0]) * ramp
    upper = ends[1] + (ends[2] - ends[1]) * ramp
    colours = _from_oklab(np.concatenate([lower[:-1], upper]))
    table = np.full((2 * _HALF + 4, 4), 255, dtype=np.uint8)
    table[: 2 * _HALF + 1, :3] = np.rint(np.clip(colours, 0.0, 1.0) * 255.0)
    table[_NAN, :3] = tokens.rgb("nan")
    table[_PLUS_INF, :3] = tokens.rgb("plus_inf")
    table[_MINUS_INF, :3] = tokens.rgb("minus_inf")
    table.flags.writeable = False
    return ColourMap(table)


# OKLab (Björn Ottosson 2020, "A perceptual color space for image processing"): equal steps look equal.
_LMS: Final = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
_LAB: Final = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)


def _to_oklab(srgb: NDArray[np.float64]) -> NDArray[np.float64]:
    linear = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
    return np.cbrt(linear @ _LMS.T) @ _LAB.T


def _from_oklab(lab: NDArray[np.float64]) -> NDArray[np.float64]:
    linear = np.clip((lab @ np.linalg.inv(_LAB).T) ** 3 @ np.linalg.inv(_LMS).T, 0.0, 1.0)
    return np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
