"""E6 and E14: what forget gates leave over, and the cell's own highway."""

from __future__ import annotations

import numpy as np

from rnncore.model import Init, Model
from rnncore.ops import Array
from rnncore.trace import Trace, run
from rnncore.truncation import Full

from .bench import Bench, sentence, settings
from .records import Curve, Outcome, Row

FORGET_STEPS, HIGHWAY_STEPS = 20, 30


def forget_bench(bias: float) -> Bench:
    """An LSTM whose weights are all zero but for the forget gate's bias (and the output's, so that there is a loss)."""
    choice = settings(
        sentence((["a", "b"] * FORGET_STEPS)[: FORGET_STEPS - 1]),
        cell="lstm",
        hidden_size=8,
        bias=True,
        init=Init("zeros", "zeros", "tutorial", forget_bias=bias),
        truncation=Full(),
    )
    return Bench(choice)


def forget_product(bias: float) -> Array:
    """Return ∏ f over the first 0 … 20 steps (21,)."""
    _, trace, _ = forget_bench(bias).example()
    return np.concatenate([[1.0], np.cumprod(trace["f"][:, 0])])


def forget_arithmetic(bias: float) -> Outcome:
    """What is left after twenty steps is σ(bias)²⁰."""
    rows, curves = [], []
    steps = np.arange(FORGET_STEPS + 1.0)
    expected = {0.0: 9.5e-7, 1.0: 0.0019, 2.0: 0.079, 5.0: 0.874}
    tokens = ("cut", "loss", "gradient", "good")
    for (known, band), token in zip(expected.items(), tokens, strict=True):
        product, name = forget_product(known), f"bias {known:g}"
        low, high = 0.98 * band, 1.02 * band
        rows.append(Row(name, float(product[-1]), low, high, token=token, at=FORGET_STEPS))
        curves.append(Curve(name, steps, product, token))
    own, name = forget_product(bias), f"yours: bias {bias:g}".replace("-", "−")
    rows.append(Row(name, float(own[-1]), token="text", dashed=True))
    gain = float(forget_product(1.0)[-1] / forget_product(0.0)[-1])
    curves.append(Curve(name, steps, own, "text", dashed=True))
    return Outcome(
        tuple(rows),
        f"∏ f after {FORGET_STEPS} steps. An LSTM whose forget gates stand at one half forgets like any other network; "
        f"a bias of 1 leaves {gain:,.0f} times as much.",
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
""".strip()
UNITS, WORDS = 6, "abcdefg"


def highway_bench(bias: float, *, whole: bool = False) -> Bench:
    """An LSTM over 30 random words whose gates do not listen to h, or the whole one with the same weights of x.

    ``bias`` is added to what every word says to the forget gate.
    """
    rng = np.random.default_rng(0)
    words = [WORDS[n] for n in rng.integers(0, len(WORDS), HIGHWAY_STEPS - 1)]
    corpus = sentence(words, WORDS)
    muted = settings(corpus, cell="lstm, gates muted", equations=MUTED, hidden_size=UNITS, truncation=Full())
    drawn = muted.make_model(corpus.load().vocabulary.size).parameters
    shared = {**drawn, "U_f": drawn["U_f"] + bias}
    if not whole:
        return Bench(muted, shared)
    return Bench(settings(corpus, cell="lstm", hidden_size=UNITS, truncation=Full()), shared)


def highway(bias: float) -> Outcome:
    """With gates that do not listen to h, the cell's Jacobian is exactly ∏ f; in the whole LSTM it is not."""
    errors, curves, products = {}, [], {}
    steps = np.arange(1.0, HIGHWAY_STEPS + 1)
    for label, whole, token in (("gates muted", False, "good"), ("whole LSTM", True, "gradient")):
        _, trace, _ = highway_bench(bias, whole=whole).example()
        measured = cell_jacobians(trace)
        left = np.cumprod(trace["f"], axis=0)  # (T, H)
        products[label] = left.max(axis=1)
        exact = left[:, :, None] * np.eye(left.shape[1])
        errors[label] = float((np.abs(measured - exact).max(axis=(1, 2)) / products[label]).max())
        curves.append(Curve(label, steps, np.linalg.norm(measured, ord=2, axis=(1, 2)), token))
    curves.append(Curve("∏ f, muted", steps, products["gates muted"], "text", dashed=True))
    curves.append(Curve("∏ f, whole", steps, products["whole LSTM"], "muted", dashed=True))
    left_over = float(products["gates muted"][-1])
    return Outcome(
        (
            Row("gates muted: off ∏ f by", errors["gates muted"], 0.0, 1e-12, token="good"),
            # Of sixteen networks, each of another seed, the least was off by 2.6 and the most by 520.
            Row("whole LSTM: off ∏ f by", errors["whole LSTM"], 1.0, token="gradient", varies=True),
            Row(f"∏ f after {HIGHWAY_STEPS} steps", left_over, 1e-9, 1e-8, token="text", dashed=True, varies=True),
        ),
        "The greatest difference of ∂cₜ/∂c₋₁ from ∏ f, in parts of it. The highway along c is ∏ f and nothing else; "
        "all that the whole cell adds comes by way of h and the gates.",
        tuple(curves),
        log=True,
        x_title="steps t + 1",
        y_title="‖∂c<sub>t</sub> / ∂c<sub>−1</sub>‖₂",
    )


def cell_jacobians(trace: Trace) -> Array:
    """Return ∂c_t/∂c_−1 for t = 0 … T − 1 (T, H, H), by a complex step through the cell's own graph."""
    model: Model = trace.model
    units = model.hidden_size
    tiny = 1e-30
    tokens = np.repeat(np.asarray(trace.inputs)[:, None], units, axis=1)
    start = {"h": np.zeros((units, units), complex), "c": 1j * tiny * np.eye(units)}
    tape = run(model, model.parameters, tokens, start, (), "carried")
    jacobians: Array = np.swapaxes(tape[model.cell.outputs["c"]].imag, 1, 2) / tiny
    return jacobians
