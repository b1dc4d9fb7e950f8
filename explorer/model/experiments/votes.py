"""Copies of a weight and who votes on them: by hand, double counting, and three meanings of one knob."""

from __future__ import annotations

import numpy as np

from rnncore.bptt import backward, lanes_by_lag, output_gradients, use_gradient
from rnncore.cells import Cell
from rnncore.model import Model
from rnncore.ops import Array
from rnncore.trace import Trace, forward
from rnncore.truncation import Chunks, Full, Tail, Truncation, Window

from .records import Curve, Outcome, Row

SCALAR = "h = W @ h_prev"
"""One unit, no input: the state is multiplied by w at every step."""


def three_votes() -> Outcome:
    """E1: dh₃/dw of h_t = w h_{t−1}, h₀ = 0.9, w = 0.2: three copies, three equal votes."""
    model = Model.create(Cell.from_equations("scalar", SCALAR), 2, 1, seed=0)
    model = model.with_parameters({**model.parameters, "W": np.array([[0.2]])})
    trace = forward(model, np.zeros(3, int), {"h": np.array([0.9])})
    votes = copies(trace, loss=2, seed=np.ones(1))["W"][:, 0, 0]
    total = float(votes.sum())
    nearly = 1e-12
    rows = [Row(f"vote of copy τ = {tau + 1}", float(v), 0.036 - nearly, 0.036 + nearly) for tau, v in enumerate(votes)]
    for label, value, wanted in (
        ("dh₃/dw, all three", total, 0.108),
        ("window 1 keeps", float(votes[1:].sum()), 0.072),
        ("window 0 keeps", float(votes[2:].sum()), 0.036),
        ("3 w² h₀, by the rule for powers", 3 * 0.2**2 * 0.9, 0.108),
    ):
        rows.append(Row(label, value, wanted - nearly, wanted + nearly))
    return Outcome(
        tuple(rows),
        "A shared weight is three copies: its gradient is the sum of their votes. (Code that says 0.288 is wrong.)",
        (Curve("votes", np.arange(1.0, 4.0), votes, "gradient"),),
        x_title="weight copy τ",
        y_title="vote",
    )


def copies(trace: Trace, loss: int, seed: Array) -> dict[str, Array]:
    """Return ∂(seed · h_loss)/∂(copy τ) for every parameter of the cell: name -> (T, …)."""
    start = np.zeros((trace.length, trace.model.hidden_size))
    start[loss] = seed
    found = {n: np.zeros((trace.length, *v.shape)) for n, v in trace.model.parameters.items()}
    for lanes in lanes_by_lag(trace, start):
        tau = loss - lanes.lag
        if tau < 0:
            break
        for use in trace.cell.uses:
            delta = lanes.nodes[use.delta]
            if delta is not None:
                whole = np.zeros((trace.length, trace.model.hidden_size))
                whole[: len(delta)] = delta
                found[use.parameter][tau] += use_gradient(trace, use, whole, slice(tau, tau + 1))
    return found


def example(units: int, steps: int, vocabulary: int, seed: int) -> tuple[Model, Trace, Array]:
    """The tutorial's cell at its own initialisation on random tokens."""
    rng = np.random.default_rng(seed)
    model = Model.create("vanilla", vocabulary, units, seed=seed)
    tokens = rng.integers(0, vocabulary, steps + 1)
    return model, forward(model, tokens[:-1]), tokens[1:]


SEEDS = range(5)


def nearly_exact() -> Outcome:
    """E11: at the tutorial's own initialisation its window of 4 loses a few per cent of dW."""
    errors: dict[int, list[float]] = {k: [] for k in range(10)}
    for seed in SEEDS:
        model, trace, targets = example(100, 20, 500, seed)
        whole = backward(model, trace, targets, Full())["W"]
        for k, kept in errors.items():
            part = backward(model, trace, targets, Window(k))["W"]
            kept.append(float(np.linalg.norm(part - whole) / np.linalg.norm(whole)))
    mean = {k: 100 * float(np.mean(v)) for k, v in errors.items()}
    bands = {0: (45.0, 70.0), 2: (12.0, 25.0), 4: (3.5, 9.0), 8: (0.2, 1.5)}
    return Outcome(
        tuple(Row(f"window {k}: error of dW", mean[k], low, high, " %") for k, (low, high) in bands.items()),
        "A window of 4 is nearly exact here, because at this initialisation nothing reaches far: a property of the "
        "start, not of the method.",
        (Curve("relative error of dW", np.array(list(mean), float), np.array(list(mean.values())), "gradient"),),
        log=True,
        x_title="window k",
        y_title="error of dW in %",
    )


def double_counting() -> Outcome:
    """E12: adding each step's own loss again inside the inner loop of the window."""
    ratios: dict[str, list[float]] = {"U": [], "W": [], "cosine": []}
    for seed in SEEDS:
        model, trace, targets = example(100, 20, 500, seed)
        right = backward(model, trace, targets, Window(4))
        wrong = counted_twice(trace, targets, 4)
        for name in ("U", "W"):
            ratios[name].append(float(np.linalg.norm(wrong[name]) / np.linalg.norm(right[name])))
        one, two = wrong["W"].ravel(), right["W"].ravel()
        ratios["cosine"].append(float(one @ two / (np.linalg.norm(one) * np.linalg.norm(two))))
    mean = {name: float(np.mean(values)) for name, values in ratios.items()}
    return Outcome(
        (
            Row("‖dU‖ wrong / right", mean["U"], 3.5, 4.8),
            Row("‖dW‖ wrong / right", mean["W"], 3.2, 4.8),
            Row("cosine of dW", mean["cosine"], 0.8, 0.97),
        ),
        "The loop over losses already brings every loss once: added again at each step on the way, a loss is counted "
        "up to five times, and the gradient grows about fourfold.",
    )


def counted_twice(trace: Trace, targets: Array, k: int) -> dict[str, Array]:
    """Return the gradient of the wrong inner loop: δ ← (Wᵀδ + ∂L_{τ}/∂h_τ) ⊙ tanh′ at every step τ of every window."""
    _, d_hidden = output_gradients(trace, targets)
    w = trace.model.parameters["W"]
    slope = 1 - trace.hidden**2
    total = {"U": np.zeros_like(trace.model.parameters["U"]), "W": np.zeros_like(w)}
    previous = trace.previous("h")
    for t in range(trace.length):
        carry = np.zeros(len(w))
        for tau in range(t, max(t - k, 0) - 1, -1):
            delta = (carry + d_hidden[tau]) * slope[tau]
            total["W"] += np.outer(delta, previous[tau])
            total["U"][:, int(trace.inputs[tau])] += delta
            carry = w.T @ delta
    return total


def three_meanings() -> Outcome:
    """E13: T 9 and k 4 as a window, as chunks, and as a tail."""
    policies: dict[str, Truncation] = {
        "window 4": Window(4),
        "chunks of 4": Chunks(4),
        "chunks of 5": Chunks(5),
        "tail 4": Tail(4),
    }
    cosines: dict[str, list[float]] = {name: [] for name in policies}
    apart = []
    for seed in SEEDS:
        model, trace, targets = example(16, 9, 30, seed)
        whole = backward(model, trace, targets, Full())["W"].ravel()
        found = {name: backward(model, trace, targets, policy)["W"].ravel() for name, policy in policies.items()}
        for name, part in found.items():
            cosines[name].append(float(part @ whole / (np.linalg.norm(part) * np.linalg.norm(whole))))
        apart.append(float(np.linalg.norm(found["tail 4"] - found["window 4"]) / np.linalg.norm(found["window 4"])))
    pairs = {name: int((policy.table(9) > 0).sum()) for name, policy in policies.items()}
    mean = {name: float(np.mean(values)) for name, values in cosines.items()}
    bands = {"window 4": (0.98, 1.0), "chunks of 4": (0.7, 0.97), "chunks of 5": (0.6, 0.97), "tail 4": (0.2, 0.95)}
    rows = [Row(f"{name}: {pairs[name]} of 45 pairs, cosine with full", mean[name], *bands[name]) for name in policies]
    rows.append(Row("tail differs from window in dW by", 100 * float(np.mean(apart)), 40.0, 90.0, " %"))
    return Outcome(tuple(rows), "Three programs call the same number 4 their truncation, and compute three gradients.")
