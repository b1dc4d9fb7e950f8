"""The gates: each primitive's value and, beside it, its vector-Jacobian product.

Arrays carry any number of leading axes (time, batch, lanes) before the last one, which holds the units. A
vector-Jacobian product ("vjp") takes the gradient with respect to the gate's output and returns the gradients
with respect to its inputs, in order. Everything accepts complex numbers, so that the complex-step check
(Squire & Trapp 1998) can run through the very same code.

The product of a weight matrix with a vector is the only gate that mixes units; its gradient with respect to the
matrix is an outer product, which the callers sum over all leading axes at once (see :mod:`rnncore.bptt`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

from rnncore.frozen import dataclass

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Op:
    """One primitive: ``value(*inputs) -> output`` and ``vjp(gradient, output, *inputs) -> input gradients``."""

    name: str
    symbol: str
    value: Callable[..., Any]
    vjp: Callable[..., tuple[Any, ...]]


# --- multiply by a matrix: y = M v ------------------------------------------------------------------------------


def matmul(matrix: Array, vector: Array) -> Array:
    """Return ``M v`` for every leading axis of ``vector`` (…, K); ``matrix`` is (H, K)."""
    result: Array = vector @ matrix.T
    return result


def matmul_vjp(gradient: Array, matrix: Array) -> Array:
    """Return the gradient with respect to the vector, ``Mᵀ dy``."""
    result: Array = gradient @ matrix
    return result


def gather(matrix: Array, tokens: Array) -> Array:
    """Return ``M x`` for one-hot ``x``: the column of ``matrix`` (H, V) that each token of ``tokens`` (…) names.

    Exactly the product with a one-hot vector, without forming it.
    """
    result: Array = matrix.T[tokens]
    return result


# --- element-wise arithmetic ------------------------------------------------------------------------------------


def add(*terms: Any) -> Any:
    """Return the sum of the terms, taken from left to right as written."""
    total = terms[0]
    for term in terms[1:]:
        total = total + term
    return total


def add_vjp(gradient: Any, output: Any, *terms: Any) -> tuple[Any, ...]:
    """A sum hands its gradient on, unchanged, to each of its terms."""
    return (gradient,) * len(terms)


def sub(left: Any, right: Any) -> Any:
    return left - right


def sub_vjp(gradient: Any, output: Any, left: Any, right: Any) -> tuple[Any, ...]:
    return gradient, -gradient


def mul(left: Any, right: Any) -> Any:
    return left * right


def mul_vjp(gradient: Any, output: Any, left: Any, right: Any) -> tuple[Any, ...]:
    """Each factor gets the gradient times the *other* factor."""
    return gradient * right, gradient * left


def neg(value: Any) -> Any:
    return -value


def neg_vjp(gradient: Any, output: Any, value: Any) -> tuple[Any, ...]:
    return (-gradient,)


# --- squashing functions ----------------------------------------------------------------------------------------


def sigmoid(a: Any) -> Any:
    """Logistic function 1 / (1 + e⁻ᵃ), as a scaled tanh: the same function, and it cannot overflow."""
    return 0.5 + 0.5 * np.tanh(0.5 * a)


def sigmoid_vjp(gradient: Any, y: Any, a: Any) -> tuple[Any, ...]:
    """σ'(a) = y (1 − y), in terms of the output."""
    return (gradient * (y * (1.0 - y)),)


def tanh(a: Any) -> Any:
    return np.tanh(a)


def tanh_vjp(gradient: Any, y: Any, a: Any) -> tuple[Any, ...]:
    """tanh'(a) = 1 − y², in terms of the output."""
    return (gradient * (1.0 - y * y),)


def relu(a: Any) -> Any:
    """max(a, 0); of a complex number the real part decides, and NaN stays NaN."""
    return np.where(np.real(a) <= 0, np.zeros_like(a), a)


def relu_vjp(gradient: Any, y: Any, a: Any) -> tuple[Any, ...]:
    """1 where a > 0, else 0 (at 0 itself the derivative is taken as 0, as PyTorch does)."""
    return (np.where(np.real(a) <= 0, np.zeros_like(gradient), gradient),)


# --- clamping ---------------------------------------------------------------------------------------------------


def clamp(value: Any, to: float, unit: float | None = None) -> Any:
    """Return ``value`` (…, H) with all units, or the one numbered ``unit`` (from 0), held at the number ``to``."""
    held = np.array(value)
    held[... if unit is None else (..., int(unit))] = to
    return held


def clamp_vjp(gradient: Any, output: Any, value: Any, to: float, unit: float | None = None) -> tuple[Any, ...]:
    """What is held does not depend on its input any more: the gradient is 0 there, and passes elsewhere."""
    return (clamp(gradient, 0.0, unit), 0.0, 0.0)[: 2 if unit is None else 3]


ELEMENTWISE: Mapping[str, Op] = MappingProxyType(
    {
        op.name: op
        for op in (
            Op("add", "+", add, add_vjp),
            Op("sub", "−", sub, sub_vjp),
            Op("mul", "×", mul, mul_vjp),
            Op("neg", "−", neg, neg_vjp),
            Op("sigmoid", "σ", sigmoid, sigmoid_vjp),
            Op("tanh", "tanh", tanh, tanh_vjp),
            Op("relu", "relu", relu, relu_vjp),
            Op("clamp", "≔", clamp, clamp_vjp),
        )
    }
)
ACTIVATIONS = ("sigmoid", "tanh", "relu")


# --- the output layer: softmax and cross entropy ----------------------------------------------------------------


def log_sum_exp(logits: Array) -> Array:
    """Return log Σ exp(z) over the last axis, shifted by the maximum so that nothing overflows."""
    shift = np.max(np.real(logits), axis=-1, keepdims=True)
    total: Array = np.log(np.sum(np.exp(logits - shift), axis=-1)) + shift[..., 0]
    return total


def softmax(logits: Array) -> Array:
    """Return exp(z) / Σ exp(z) over the last axis, shifted by the maximum so that nothing overflows."""
    shifted: Array = logits - np.max(np.real(logits), axis=-1, keepdims=True)
    np.exp(shifted, out=shifted)
    shifted /= np.sum(shifted, axis=-1, keepdims=True)
    return shifted


def cross_entropy_vjp(probabilities: Array, targets: Array) -> Array:
    """Gradient of −log softmax(z)[target] with respect to the logits z: ``p − onehot(target)``.

    ``probabilities`` (…, V), ``targets`` (…) int. Where a target is negative there is no loss: the gradient is 0.
    """
    gradient = probabilities.copy()
    flat = gradient.reshape(-1, gradient.shape[-1])
    wanted = targets.reshape(-1)
    rows = np.flatnonzero(wanted >= 0)
    flat[rows, wanted[rows]] -= 1.0
    flat[np.flatnonzero(wanted < 0)] = 0.0
    return gradient
