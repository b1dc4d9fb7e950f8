"""The numbers below the loss curve, in words: loss, perplexity, how fast it goes."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .divergence import FAR
from .formula import number
from .loss_lines import Line

Array = np.ndarray[Any, Any]

LARGE = 1e6
"""From here on a number is written in powers of ten: all its digits would fill the panel."""


def footer(
    smooth: Array,
    valid: Array,
    tokens_per_second: float | None,
    evaluated: str = "valid",
    *,
    at: int | None = None,
    beside: Line | None = None,
    astray: bool = False,
) -> str:
    """Return the numbers at update ``at`` (None: the newest), each with what it is of.

    "train 1.24   valid 1.29 (update 1 200)   perplexity 3.46 train · 3.63 held-out   61k tokens/s": the smoothed curve
    there and the last evaluation at or before it, with its update when that is another one; and that training has
    gone ``astray``.
    """
    if not smooth.shape[1] and not valid.shape[1]:
        return ""
    newest = int(smooth[0, -1]) if smooth.shape[1] else int(valid[0, -1])
    shown = newest if at is None else at
    parts, perplexities = [], []
    if at is not None:
        parts.append(f"at update {at:,}:")
    if smooth.shape[1] and shown > 0:
        train = float(smooth[1, min(int(np.searchsorted(smooth[0], shown)), smooth.shape[1] - 1)])
        parts.append(f"train {_short(train)}")
        perplexities.append(f"{perplexity(train)} train")
        theirs = float("nan") if beside is None else beside.at(float(shown))
        if not math.isnan(theirs):
            parts.append(f"B {_short(theirs)} (B − A {signed(theirs - train, 2)})")
    last = int(np.searchsorted(valid[0], shown, side="right")) - 1
    if last >= 0:
        loss, update = float(valid[1, last]), int(valid[0, last])
        parts.append(f"{evaluated} {_short(loss)}" + (f" (update {update:,})" if update != shown else ""))
        perplexities.append(f"{perplexity(loss)} {'held-out' if evaluated == 'valid' else evaluated}")
    if perplexities:
        parts.append("perplexity " + " · ".join(perplexities))
    if astray:
        parts.append(f"diverged: beyond {FAR} · ln V")
    if tokens_per_second:
        parts.append(f"{_grouped_short(tokens_per_second)} tokens/s")
    return "   ".join(parts)


def perplexity(loss: float) -> str:
    """Return e to the loss in a few digits."""
    return _short(math.inf if loss >= 700 else math.exp(loss))


def plain(value: float) -> str:
    """Return ``value`` to four significant digits at most."""
    return f"{value:.4g}" if abs(value) < LARGE else number(value)


def signed(value: float, digits: int) -> str:
    """Return ``value`` to so many significant digits at most, always with a sign."""
    if np.isfinite(value) and abs(value) < LARGE:
        return f"{value:+.{digits}g}".replace("-", "−")
    return ("+" if value > 0 else "") + number(value, digits)


def _short(value: float) -> str:
    if not math.isfinite(value) or value >= LARGE:
        return number(value)
    return f"{value:.3f}" if value < 1 else f"{value:.2f}" if value < 100 else f"{value:.0f}"


def _grouped_short(value: float) -> str:
    for limit, sign in ((1e6, "M"), (1e3, "k")):
        if value >= limit:
            return f"{value / limit:.3g}{sign}"
    return f"{value:.0f}"
