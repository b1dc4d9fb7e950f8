"""E3: the gradient cliff of one recurrent unit (Pascanu, Mikolov & Bengio 2013, figure 6)."""

from __future__ import annotations

from functools import cache

import numpy as np

from rnncore.ops import Array
from rnncore.truncation import Stride

from ..formula import number
from .bench import Bench, readout, sentence, settings
from .records import Outcome, Row

STEPS, START, TARGET = 50, 0.5, 0.7
WEIGHTS, BIASES = np.linspace(4.5, 7.0, 501), np.linspace(-3.5, -1.5, 401)
LIMIT, RATE = 1.0, 0.1
EQUATIONS = "s = sigmoid(h_prev)\nh = W @ s + b"


def last_state(w: Array, b: Array) -> tuple[Array, Array, Array]:
    """Return (x₅₀, ∂x₅₀/∂w, ∂x₅₀/∂b) for x ← w σ(x) + b from 0.5; ``w`` and ``b`` of any one shape.

    The sensitivities of x are carried forward beside it: ẋ ← σ(x) + w σ′(x) ẋ, and 1 + w σ′(x) ẋ for b.
    """
    x = np.full(np.broadcast(w, b).shape, START)
    dw, db = np.zeros_like(x), np.zeros_like(x)
    for _ in range(STEPS):
        s = 0.5 + 0.5 * np.tanh(0.5 * x)
        slope = w * s * (1.0 - s)
        dw, db = s + slope * dw, 1.0 + slope * db
        x = w * s + b
    return x, dw, db


def loss_and_slope(x: Array) -> tuple[Array, Array]:
    """Return L = (σ(x) − 0.7)² and ∂L/∂x."""
    s = 0.5 + 0.5 * np.tanh(0.5 * x)
    return (s - TARGET) ** 2, 2 * (s - TARGET) * s * (1.0 - s)


def loss_and_gradient(w: Array, b: Array) -> tuple[Array, Array, Array]:
    """Return (L, ∂L/∂w, ∂L/∂b) after 50 steps; ``w`` and ``b`` of any one shape."""
    x, dw, db = last_state(w, b)
    loss, slope = loss_and_slope(x)
    return loss, slope * dw, slope * db


@cache
def plane() -> Array:
    """The gradient's norm over the plane (b, w)."""
    _, dw, db = loss_and_gradient(*np.meshgrid(WEIGHTS, BIASES))
    norms: Array = np.hypot(dw, db)
    norms.flags.writeable = False
    return norms


def cliff(w: float, b: float) -> Outcome:
    """The gradient's norm over a plane of (w, b), its wall, and one step down from (w, b) with and without clip."""
    norms = plane()
    row, column = np.unravel_index(int(norms.argmax()), norms.shape)
    at_w, at_b, peak = float(WEIGHTS[column]), float(BIASES[row]), float(norms[row, column])
    _, dw, db = (float(v) for v in loss_and_gradient(np.array(w), np.array(b)))
    own = float(np.hypot(dw, db))
    scale = RATE * min(1.0, LIMIT / own) if own else RATE
    left, right = (w - RATE * dw, b - RATE * db), (w - scale * dw, b - scale * db)
    here = (
        Row("‖∇‖ at your (w, b)", own, 2000.0, 5000.0, varies=True),
        Row(f"a step from there, rate {RATE:g}", RATE * own, 100.0, varies=True),
        Row(f"… clipped to norm {LIMIT:g}", RATE * min(own, LIMIT), 0.0, RATE * LIMIT * (1 + 1e-12)),
    )
    return Outcome(
        (
            Row("median ‖∇‖ of the plane", float(np.median(norms)), 0.04, 0.048),
            Row("largest ‖∇‖", peak, 2000.0, 5000.0),
            Row("… at w", at_w, 4.5, 5.4),
            Row("… at b", at_b, -3.0, -2.2),
            *here,
        ),
        f"One wall in a plain: the gradient there is {peak / float(np.median(norms)):,.0f} times the median. "
        f"{_on_the_step(own, left, right)}",
        x_title="w",
        y_title="b",
        heat=norms,
        extent=(WEIGHTS[0], BIASES[0], WEIGHTS[-1] - WEIGHTS[0], BIASES[-1] - BIASES[0]),
        marks=((at_w, at_b, "the wall", "muted"), (w, b, f"‖∇‖ {number(own, 4)}", "text")),
        steps=((w, b, *left, "cut"), (w, b, *right, "good")),
    )


def _on_the_step(norm: float, unclipped: tuple[float, float], clipped: tuple[float, float]) -> str:
    """What becomes of one step from here, with and without clip."""
    if norm <= LIMIT:
        return f"From your (w, b) one step has length {number(RATE * norm, 2)}: there is nothing to clip."
    begins = "leaves the map (red)" if not _on_the_map(unclipped) else "stays on the map (red)"
    ends = "and stays (green)" if _on_the_map(clipped) else "and leaves it as well (green)"
    return f"From your (w, b) one unclipped step {begins}. Clipped to norm {LIMIT:g} it keeps its direction {ends}."


def _on_the_map(place: tuple[float, float]) -> bool:
    w, b = place
    return bool(WEIGHTS[0] <= w <= WEIGHTS[-1] and BIASES[0] <= b <= BIASES[-1])


def bench(w: float, b: float) -> Bench:
    """The very unit at (w, b): ∂L/∂h₅₀ is made that of the experiment's loss by the choice of the output weights."""
    words = ["a", "b"] * (STEPS // 2)
    choice = settings(
        sentence(words[: STEPS - 1]),
        cell="cliff",
        equations=EQUATIONS,
        hidden_size=1,
        truncation=Stride(STEPS, STEPS, "last"),
    )
    x = float(last_state(np.array(w), np.array(b))[0])
    slope = float(loss_and_slope(np.array(x))[1])
    # <s>, </s>, <unk> and two words; the last step is to predict </s>
    weights = {"W": np.array([[w]]), "b": np.array([b]), "V": readout(x, slope, 5, 1)}
    return Bench(choice, weights, {"h": np.array([START])})
