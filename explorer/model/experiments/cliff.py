"""E3: the gradient cliff of one recurrent unit (Pascanu, Mikolov & Bengio 2013, figure 6)."""

from __future__ import annotations

import numpy as np

from rnncore.ops import Array

from .records import Outcome, Row

STEPS, START, TARGET = 50, 0.5, 0.7
WEIGHTS, BIASES = np.linspace(4.5, 7.0, 501), np.linspace(-3.5, -1.5, 401)
LIMIT, RATE = 1.0, 0.1


def loss_and_gradient(w: Array, b: Array) -> tuple[Array, Array, Array]:
    """Return (L, ∂L/∂w, ∂L/∂b) of L = (σ(x₅₀) − 0.7)² for x ← w σ(x) + b from 0.5; ``w`` and ``b`` of any one shape.

    The sensitivities of x are carried forward beside it: ẋ ← σ(x) + w σ′(x) ẋ, and 1 + w σ′(x) ẋ for b.
    """
    x = np.full(np.broadcast(w, b).shape, START)
    dw, db = np.zeros_like(x), np.zeros_like(x)
    for _ in range(STEPS):
        s = 0.5 + 0.5 * np.tanh(0.5 * x)
        slope = w * s * (1.0 - s)
        dw, db = s + slope * dw, 1.0 + slope * db
        x = w * s + b
    s = 0.5 + 0.5 * np.tanh(0.5 * x)
    error, slope = s - TARGET, s * (1.0 - s)
    return error**2, 2 * error * slope * dw, 2 * error * slope * db


def cliff() -> Outcome:
    """The norm of the gradient over a plane of (w, b), its wall, and one step down from there with and without clip."""
    w, b = np.meshgrid(WEIGHTS, BIASES)
    _, dw, db = loss_and_gradient(w, b)
    norms = np.hypot(dw, db)
    row, column = np.unravel_index(int(norms.argmax()), norms.shape)
    at_w, at_b, peak = float(w[row, column]), float(b[row, column]), float(norms[row, column])
    raw = RATE * peak
    clipped = RATE * min(peak, LIMIT)
    return Outcome(
        (
            Row("median ‖∇‖", float(np.median(norms)), 0.04, 0.048),
            Row("largest ‖∇‖", peak, 2000.0, 5000.0),
            Row("… at w", at_w, 4.5, 5.4),
            Row("… at b", at_b, -3.0, -2.2),
            Row(f"step from there, rate {RATE:g}", raw, 100.0),
            Row(f"… clipped to norm {LIMIT:g}", clipped, 0.0, RATE * LIMIT * (1 + 1e-12)),
        ),
        "One wall in a plain: the gradient there is tens of thousands of times the median, and one unclipped step "
        "leaves the map.",
        x_title="w",
        y_title="b",
        heat=norms,
        extent=(WEIGHTS[0], BIASES[0], WEIGHTS[-1] - WEIGHTS[0], BIASES[-1] - BIASES[0]),
        marks=((at_w, at_b, "the wall"),),
    )
