"""A ledger's entries where their squares and products have no room in a float.

Every δ, operand and gradient is multiplied by the power of two that brings its largest entry to between ½ and 1, which
is exact; only the finished norm and share get their sizes back.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
LEAST = 1e-290
"""A sum of float64 products that is smaller may have lost digits: next to the least floats there are few."""
LEAST_32 = 1e-34
NOTHING = -(2**20)
"""The exponent of what is 0: less than that of any number."""


def least(array: Array) -> float:
    """Return below which size a sum of products in an array's precision is in doubt."""
    return LEAST if array.itemsize == 8 else LEAST_32


class ScaledEntries:
    """Works out single entries of one parameter's ledger, of any size.

    ``operands`` are those of its uses (T, K), None for a vector parameter; ``gradient`` is G.
    """

    def __init__(self, operands: list[Array | None], gradient: Array) -> None:
        self.operands = operands
        self.gradient = gradient

    def entries(self, deltas: list[Array], taus: Array) -> tuple[Array, Array]:
        """Return (⟨g, G⟩ / ‖G‖, ‖g‖), both (n,), for the δ (n, H) of each use at the weight copies ``taus`` (n,)."""
        along, gradient_norm, operands = self._along
        units, exponents = [], []
        for delta, operand in zip(deltas, operands, strict=True):
            unit, exponent = _unit(delta)
            units.append(unit)
            if operand is not None:
                lost = (exponent == NOTHING) | (operand[1][taus] == NOTHING)
                exponent = np.where(lost, NOTHING, exponent + operand[1][taus])
            exponents.append(exponent)
        size = np.max(exponents, axis=0)
        product: Any = 0.0
        square: Any = 0.0
        for i, (unit, exponent) in enumerate(zip(units, exponents, strict=True)):
            beside = along[i] if operands[i] is None else along[i][taus]
            product = product + np.ldexp((unit * beside).sum(axis=-1), exponent - size)
            for j in range(i + 1):
                one, two = operands[i], operands[j]
                inner = (unit * units[j]).sum(axis=-1)
                if one is not None and two is not None:
                    inner = inner * np.einsum("tk,tk->t", one[0], two[0])[taus]
                inner = np.ldexp(inner, exponent + exponents[j] - 2 * size)
                square = square + (inner if i == j else 2 * inner)
        share = product / gradient_norm if gradient_norm != 0 else np.zeros_like(product)
        return np.ldexp(share, size), np.ldexp(np.sqrt(np.maximum(square, 0.0)), size)

    @cached_property
    def _along(self) -> tuple[list[Array], float, list[tuple[Array, Array] | None]]:
        """(G o of every use, ‖G‖, o and its exponents), all of unit size."""
        flat, _ = _unit(self.gradient.ravel())
        gradient = flat.reshape(self.gradient.shape)
        operands = [None if o is None else _unit(o) for o in self.operands]
        along = [gradient if o is None else o[0] @ gradient.T for o in operands]
        return along, float(np.linalg.norm(gradient)), operands


def _unit(vectors: Array) -> tuple[Array, Array]:
    """(…, n) → the same with entries of at most 1, and by which powers of two (…) they have been divided."""
    vectors = np.asarray(vectors, dtype=np.float64)
    largest = np.abs(vectors).max(axis=-1, initial=0.0)
    exponent = np.frexp(np.where(np.isfinite(largest), largest, 1.0))[1]
    return np.ldexp(vectors, -exponent[..., None]), np.where(largest == 0, NOTHING, exponent)
