"""Euclidean norms that are right wherever the numbers themselves are finite.

Of an entry beyond 1e154 the square overflows, of one below 1e-162 it is 0; in float32 it is so beyond 1e19 and below
1e-23. The plain root of the summed squares is computed first, and stands wherever it can be trusted, to the last bit:
what is too long or too short for it is divided by its largest entry and summed again (Blue, "A portable Fortran
program to find the Euclidean norm of a vector", ACM TOMS 4, 1978). NaN stays NaN and an infinite entry gives ∞; a
norm is ∞ too where it is itself more than a float64 holds.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
SHORT = {8: 1e-145, 4: 1e-17}
"""By bytes a number: of what is shorter, squares may have lost digits, because they are next to the least floats."""


def norm(array: Any) -> float:
    """Return √Σ x² over all entries of an array of any shape; 0 where it has none."""
    with np.errstate(all="ignore"):
        found = float(np.linalg.norm(array))
        if SHORT[8] < found < math.inf and (found > SHORT[4] or getattr(array, "itemsize", 8) == 8):
            return found
        return scaled_norm([np.asarray(array)]) if found == found else found


def joint_norm(arrays: Iterable[Array]) -> float:
    """Return √Σ x² over all entries of several arrays of any shapes; 0 where there are none."""
    arrays = list(arrays)
    with np.errstate(all="ignore"):
        found = np.sqrt(sum(np.vdot(array, array).real for array in arrays))
    doubtful = found < SHORT.get(found.itemsize, SHORT[8]) or found == math.inf
    return scaled_norm(arrays) if doubtful else float(found)


def lengths(*arrays: Array) -> Array:
    """Return √Σ x² along the last axis of one array, or of several (…, n) of the same shape but for n taken together.

    The result (…) is float64; the sums are taken in the arrays' own precision, in which they are kept if that serves.
    """
    with np.errstate(all="ignore"):
        found = np.asarray(np.sqrt(sum(np.square(values).sum(axis=-1) for values in arrays)))
        short = SHORT.get(found.itemsize, SHORT[8])
        found = found.astype(np.float64, copy=False)
        doubtful = (found < short) | (found == math.inf)
        if doubtful.any():
            parts = np.concatenate([values[doubtful] for values in arrays], axis=-1)
            if parts.any():
                found[doubtful] = _scaled_lengths(parts)
    return found


def scaled_norm(parts: Iterable[Array]) -> float:
    """Return the norm of all entries of several arrays, none of them NaN, each divided by the largest of all first."""
    parts = list(parts)
    with np.errstate(all="ignore"):
        largest = max((float(np.abs(part).max(initial=0.0)) for part in parts), default=0.0)
        if largest in (0.0, math.inf):
            return largest
        total = sum(float(np.square(part / largest, dtype=np.float64).sum()) for part in parts)
        return largest * math.sqrt(total)


def _scaled_lengths(vectors: Array) -> Array:
    """(…, n) → (…): each vector divided by its own largest entry first."""
    vectors = vectors.astype(np.float64, copy=False)
    largest = np.abs(vectors).max(axis=-1)
    unit = np.where((largest > 0) & (largest < math.inf), largest, 1.0)
    found: Array = unit * np.sqrt(np.square(vectors / unit[..., None]).sum(axis=-1))
    return found
