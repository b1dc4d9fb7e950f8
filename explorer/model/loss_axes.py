"""Round numbers for the axes of the loss curve, linear and logarithmic."""

from __future__ import annotations

import math
import sys


def nice_above(value: float) -> float:
    """The least of 1, 1.5, 2, 3, 4, 5, 6, 8 · 10ⁿ that is not below ``value``."""
    if not (math.isfinite(value) and value > 0):
        return 1.0
    scale = 10.0 ** math.floor(math.log10(value))
    found = next((s * scale for s in (1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0) if s * scale >= value), 10.0 * scale)
    return min(found, sys.float_info.max)


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
    if math.isinf(step):
        return [0.0]
    return [k * step for k in range(int(end / step * (1 + 1e-12)) + 1)]


def nice_below(value: float) -> float:
    """The greatest of 1, 2, 5 · 10ⁿ that is not above ``value``: where a logarithmic axis begins."""
    if not (math.isfinite(value) and value > 0):
        return 1.0
    scale = 10.0 ** math.floor(math.log10(value))
    return next((s * scale for s in (5.0, 2.0) if s * scale <= value * (1 + 1e-12)), scale)


def log_levels(low: float, top: float, most: int) -> list[float]:
    """The numbers of a logarithmic axis from ``low`` to ``top``: 1, 2, 5 · 10ⁿ, or powers of ten where those are more
    than ``most``, or every so many of them."""
    if not (0 < low < top < math.inf) or most < 1:
        return [top]
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(top))
    every = [10.0**n for n in range(first, last + 1)]
    fine = [s * power for power in every for s in (1.0, 2.0, 5.0)]
    for levels in (fine, every):
        inside = [v for v in levels if low * (1 - 1e-9) <= v <= top * (1 + 1e-9)]
        if len(inside) <= most and inside:
            return inside
    return inside[:: math.ceil(len(inside) / most)] if inside else [top]
