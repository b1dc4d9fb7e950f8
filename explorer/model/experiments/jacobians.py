"""How far a gradient reaches: products of Jacobians, forget gates, and the cell's own highway."""

from __future__ import annotations

import numpy as np

from rnncore.bptt import lanes_by_lag
from rnncore.cells import Cell
from rnncore.model import Init, Model
from rnncore.ops import Array
from rnncore.trace import Trace, forward, run

from .records import Curve, Outcome, Row

STEPS, UNITS, NOISE = 50, 32, 0.3
LINEAR = Cell.from_equations("linear", "h = U @ x + W @ h_prev")
TANH = Cell.from_equations("tanh", "h = tanh(U @ x + W @ h_prev)")


def network(cell: Cell, radius: float, recurrent: str, seed: int) -> Trace:
    """A network of 32 units over 51 steps whose input is noise of standard deviation 0.3, a new draw each step.

    ``recurrent`` is "orthogonal" (every singular value is ``radius``) or "gaussian" (its spectral radius is).
    """
    rng = np.random.default_rng(seed)
    drawn = rng.standard_normal((UNITS, UNITS))
    if recurrent == "orthogonal":
        q, r = np.linalg.qr(drawn)
        w = q * np.sign(np.diag(r)) * radius
    else:
        w = drawn * (radius / np.abs(np.linalg.eigvals(drawn)).max())
    model = Model.create(cell, STEPS + 1, UNITS, seed=seed)
    noise = NOISE * rng.standard_normal((UNITS, STEPS + 1))
    model = model.with_parameters({**model.parameters, "U": noise, "W": w})
    return forward(model, np.arange(STEPS + 1))


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


def vanishing(seed: int = 0) -> Outcome:
    """E2: it is not just whether |W| is below one."""
    cases = (
        ("linear, ρ 0.9", LINEAR, 0.9, "orthogonal", "value", False, (4e-3, 6e-3)),
        ("linear, ρ 1.0", LINEAR, 1.0, "orthogonal", "value", True, (1 - 1e-9, 1 + 1e-9)),
        ("linear, ρ 1.1", LINEAR, 1.1, "orthogonal", "good", False, (110.0, 125.0)),
        ("tanh, ρ 1.0", TANH, 1.0, "orthogonal", "gradient", True, (1e-5, 5e-3)),
        ("tanh, ρ 1.1", TANH, 1.1, "orthogonal", "cut", False, (5e-4, 0.2)),
        ("tanh, ρ 1.5", TANH, 1.5, "orthogonal", "loss", False, (1.0, 1e3)),
        ("Gaussian linear, ρ 0.9", LINEAR, 0.9, "gaussian", "weight", False, (1e-4, 0.2)),
    )
    rows, curves = [], []
    lags = np.arange(STEPS + 1.0)
    for label, cell, radius, recurrent, token, dashed, (low, high) in cases:
        norms = jacobian_norms(network(cell, radius, recurrent, seed))
        rows.append(Row(f"{label}: lag {STEPS}", float(norms[STEPS]), low, high))
        curves.append(Curve(label, lags, norms, token, dashed))
    gaussian = curves[-1].y
    rows.append(Row("Gaussian, ρ 0.9: lag 1", float(gaussian[1]), 1.0, 3.0))
    return Outcome(
        tuple(rows),
        "With tanh even ρ = 1.1 vanishes; a Gaussian W with ρ = 0.9 grows first. |W| < 1 is not the criterion.",
        tuple(curves),
        log=True,
        x_title="lag ℓ",
        y_title="‖∂h_T/∂h_{T−ℓ}‖₂",
    )


def forget_product(bias: float, steps: int = 20, units: int = 8) -> Array:
    """Return ∏ f over the first 0 … ``steps`` steps (steps + 1,) of an LSTM without weights, forget bias as given."""
    model = Model.create("lstm", 2, units, bias=True, init=Init("zeros", "zeros", "zeros", forget_bias=bias))
    trace = forward(model, np.zeros(steps, int))
    return np.concatenate([[1.0], np.cumprod(trace["f"][:, 0])])


def forget_arithmetic() -> Outcome:
    """E6: what is left after twenty steps is σ(bias)²⁰."""
    rows, curves = [], []
    expected = {0.0: 9.5e-7, 1.0: 0.0019, 2.0: 0.079, 5.0: 0.874}
    tokens = ("cut", "loss", "gradient", "good")
    for (bias, band), token in zip(expected.items(), tokens, strict=True):
        product = forget_product(bias)
        rows.append(Row(f"forget bias {bias:g}: ∏ f", float(product[-1]), 0.98 * band, 1.02 * band))
        curves.append(Curve(f"bias {bias:g}", np.arange(len(product), dtype=float), product, token))
    return Outcome(
        tuple(rows),
        "An LSTM whose forget gates stand at one half forgets like any other network; with a bias of 1 two thousand "
        "times more is left after twenty steps.",
        tuple(curves),
        log=True,
        x_title="steps",
        y_title="∏ f",
    )


MUTED = """
i = sigmoid(U_i @ x)
f = sigmoid(U_f @ x)
o = sigmoid(U_o @ x)
g = tanh(U_g @ x)
c = f * c_prev + i * g
h = o * tanh(c)
"""


def highway(seed: int = 0, steps: int = 30, units: int = 6) -> Outcome:
    """E14: with gates that do not listen to h, the cell's Jacobian is exactly ∏ f; in the whole LSTM it is not."""
    rng = np.random.default_rng(seed)
    tokens = rng.integers(0, 9, steps)
    muted = Model.create(Cell.from_equations("lstm, gates muted", MUTED), 9, units, seed=seed)
    whole = Model.create("lstm", 9, units, seed=seed)
    shared = {n: v for n, v in muted.parameters.items()}
    whole = whole.with_parameters({n: shared.get(n, v) for n, v in whole.parameters.items()})
    errors, curves = {}, []
    for label, model, token in (("gates muted", muted, "good"), ("whole LSTM", whole, "gradient")):
        trace = forward(model, tokens)
        measured = cell_jacobians(trace)
        product = np.array([np.diag(np.prod(trace["f"][:n], axis=0)) for n in range(1, steps + 1)])
        errors[label] = float((np.abs(measured - product).max(axis=(1, 2)) / product.max(axis=(1, 2))).max())
        norms = np.linalg.norm(measured, ord=2, axis=(1, 2))
        curves.append(Curve(label, np.arange(1.0, steps + 1), norms, token))
    largest = np.prod(forward(muted, tokens)["f"], axis=0).max()
    exact = np.array([np.prod(forward(muted, tokens)["f"][:n], axis=0).max() for n in range(1, steps + 1)])
    curves.append(Curve("∏ f", np.arange(1.0, steps + 1), exact, "text", dashed=True))
    return Outcome(
        (
            Row("gates muted: |∂c_t/∂c₀ − ∏ f| relative", errors["gates muted"], 0.0, 1e-12),
            Row("whole LSTM: |∂c_t/∂c₀ − ∏ f| relative", errors["whole LSTM"], 1e-6),
            Row(f"∏ f after {steps} steps, largest unit", float(largest), 0.0, 1.0),
        ),
        "The highway along c is ∏ f and nothing else; all that the whole cell adds comes by way of h and the gates.",
        tuple(curves),
        log=True,
        x_title="steps t",
        y_title="‖∂c_t/∂c₀‖₂",
    )


def cell_jacobians(trace: Trace) -> Array:
    """Return ∂c_t/∂c_start for t = 1 … T (T, H, H), by a complex step through the cell's own graph."""
    model, units = trace.model, trace.model.hidden_size
    tiny = 1e-30
    tokens = np.repeat(np.asarray(trace.inputs)[:, None], units, axis=1)
    start = {"h": np.zeros((units, units), complex), "c": 1j * tiny * np.eye(units)}
    tape = run(model, model.parameters, tokens, start, (), "carried")
    jacobians: Array = np.swapaxes(tape[model.cell.outputs["c"]].imag, 1, 2) / tiny
    return jacobians
