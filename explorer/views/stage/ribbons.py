"""How wide a ribbon is: by the norm of the gradient that it carries, on one scale for all of them."""

from __future__ import annotations

import math
from functools import lru_cache

from ...theme.colourmap import AsinhScale
from .brush import Brush

#: Ribbons are this wide, in pixels, at the least and the most that their scale knows.
THINNEST, WIDEST = 1.0, 12.0
FAINTEST = 0.15
"""One that is less than so much wider than the thinnest is drawn as a dashed line."""


def ribbon_width(brush: Brush, norm: float) -> float:
    """Width in pixels of a ribbon that carries a gradient of this norm; the widest when it is not finite."""
    if not math.isfinite(norm):
        return WIDEST
    return THINNEST + (WIDEST - THINNEST) * share_of(brush.data.ribbon_scale, norm)


@lru_cache(maxsize=4096)
def share_of(scale: AsinhScale, norm: float) -> float:
    """Where ``norm`` lies on the scale, 0…1."""
    return float(scale.position(norm))


def eighths(length: float) -> float:
    """``length`` in eighths of a pixel: nobody sees the rest, and a shape that has been drawn serves again."""
    return round(8.0 * length) / 8.0
