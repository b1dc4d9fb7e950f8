"""E2: how far a gradient reaches through products of Jacobians."""

from __future__ import annotations

from functools import cache

import numpy as np

from rnncore.bptt import lanes_by_lag
from rnncore.model import Init
from rnncore.ops import Array
from rnncore.trace import Trace
from rnncore.truncation import Full

from .bench import Bench, sentence, settings
from .records import Curve, Outcome, Row

STEPS, UNITS, NOISE = 50, 32, 0.3
LINEAR, TANH = "h = U @ x + W @ h_prev", "h = tanh(U @ x + W @ h_prev)"


def network(equations: str, radius: float, recurrent: str, seed: int = 0, noise: float = NOISE) -> Bench:
    """32 units over 51 steps whose input is noise of that standard deviation, a new draw each step.

    ``recurrent`` is "orthogonal" (every singular value is ``radius``) or "gaussian" (its spectral radius is).
    """
    rng = np.random.default_rng(seed)
    drawn = rng.standard_normal((UNITS, UNITS))
    if recurrent == "orthogonal":
        q, r = np.linalg.qr(drawn)
        w = q * np.sign(np.diag(r)) * radius
    else:
        w = drawn * (radius / np.abs(np.linalg.eigvals(drawn)).max())
    # No word comes twice, so that every step has its own column of U.
    corpus = sentence([f"w{t}" for t in range(1, STEPS + 1)])
    words = STEPS + 3
    u = noise * rng.standard_normal((UNITS, words))
    choice = settings(
        corpus,
        cell="linear" if equations == LINEAR else "tanh",
        equations=equations,
        hidden_size=UNITS,
        init=Init(recurrent="orthogonal"),
        truncation=Full(),
        seed=seed,
    )
    return Bench(choice, {"U": u, "W": w})


def jacobian_norms(trace: Trace) -> Array:
    """Return ‖∂h_T/∂h_{T−ℓ}‖₂ for ℓ = 0 … T − 1 (T,): every unit of the last state is sent back, one lane each."""
    units, last = trace.model.hidden_size, trace.length - 1
    rows = []
    for unit in range(units):
        seed = np.zeros((trace.length, units))
        seed[last, unit] = 1.0
        rows.append([lanes.states["h"][last - lanes.lag] for lanes in lanes_by_lag(trace, seed)])
    # (lag, unit of h_T, unit of h_{T−ℓ})
    products = np.array(rows).swapaxes(0, 1)
    norms: Array = np.linalg.norm(products, ord=2, axis=(1, 2))
    return norms


@cache
def measured(equations: str, radius: float, recurrent: str, noise: float) -> Array:
    """The norms by lag of one network; those that do not hang on a knob are measured once."""
    norms = jacobian_norms(network(equations, radius, recurrent, noise=noise).example()[1])
    norms.flags.writeable = False
    return norms


def vanishing(radius: float, noise: float) -> Outcome:
    """It is not just whether |W| is below one: seven networks, and a tanh network of one's own.

    The bands of what is drawn at random hold 24 networks, each of another seed.
    """
    cases = (
        ("linear, ρ 0.9", LINEAR, 0.9, "orthogonal", "value", False, (4e-3, 6e-3)),
        ("linear, ρ 1.0", LINEAR, 1.0, "orthogonal", "value", True, (1 - 1e-9, 1 + 1e-9)),
        ("linear, ρ 1.1", LINEAR, 1.1, "orthogonal", "good", False, (110.0, 125.0)),
        ("tanh, ρ 1.0", TANH, 1.0, "orthogonal", "gradient", True, (2e-4, 1.4e-3)),
        ("tanh, ρ 1.1", TANH, 1.1, "orthogonal", "cut", False, (4e-3, 0.035)),
        ("tanh, ρ 1.5", TANH, 1.5, "orthogonal", "loss", False, (5.0, 65.0)),
        ("Gaussian, ρ 0.9", LINEAR, 0.9, "gaussian", "weight", False, (6e-3, 0.018)),
    )
    rows, curves = [], []
    lags = np.arange(STEPS + 1.0)
    for label, equations, rho, recurrent, token, dashed, (low, high) in cases:
        norms = measured(equations, rho, recurrent, NOISE)
        rows.append(Row(label, float(norms[STEPS]), low, high, token=token, dashed=dashed))
        curves.append(Curve(label, lags, norms, token, dashed))
    rows.append(Row("Gaussian, ρ 0.9, after 1 step", float(curves[-1].y[1]), 1.3, 1.8, token="weight"))
    own = measured(TANH, radius, "orthogonal", noise)
    name = f"yours: tanh, ρ {radius:g}"
    rows.append(Row(name, float(own[STEPS]), token="text"))
    curves.append(Curve(name, lags, own, "text"))
    return Outcome(
        tuple(rows),
        f"The norm after {STEPS} steps. With tanh even ρ = 1.1 vanishes; a Gaussian W with ρ = 0.9 grows first. "
        "|W| < 1 is not the criterion.",
        tuple(curves),
        log=True,
        x_title="lag ℓ",
        y_title="‖∂h<sub>T</sub> / ∂h<sub>T−ℓ</sub>‖₂",
    )


def bench(radius: float, noise: float) -> Bench:
    """The tanh network of one's own."""
    return network(TANH, radius, "orthogonal", noise=noise)
