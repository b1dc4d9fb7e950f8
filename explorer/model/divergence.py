"""When training has diverged: its losses are far beyond that of one who guesses blindly, and what to do then."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .formula import number

Array = np.ndarray[Any, Any]

FAR = 100
"""How many times ln V, the loss of a blind guess, is beyond what still comes back by itself."""
RECENT = 16
"""Updates whose mean is compared: one sentence may well be an outlier."""


def diverged(losses: Array, vocabulary_size: int) -> bool:
    """Whether the mean of the newest losses (n,) is NaN, infinite or more than FAR · ln V."""
    return bool(len(losses)) and not _recent(losses) <= FAR * _chance(vocabulary_size)


def notice(losses: Array, vocabulary_size: int) -> str:
    """What to say of losses that have diverged, with the remedy."""
    return (
        f"Training has diverged: the loss is {number(_recent(losses))}, that of a blind guess ln V = "
        f"{number(_chance(vocabulary_size), 3)}. Go back some updates (PgUp), then lower the learning rate or clip the "
        "gradient (Optimiser…)."
    )


def _recent(losses: Array) -> float:
    with np.errstate(over="ignore", invalid="ignore"):
        return float(np.mean(losses[-RECENT:]))


def _chance(vocabulary_size: int) -> float:
    return math.log(max(2, vocabulary_size))
