"""E1: the votes of the copies of one weight, by hand."""

from __future__ import annotations

import numpy as np

from rnncore.bptt import lanes_by_lag, use_gradient
from rnncore.ops import Array
from rnncore.trace import Trace
from rnncore.truncation import Stride

from ..formula import number
from .bench import Bench, readout, sentence, settings
from .records import Bar, Outcome, Row

SCALAR = "h = W @ h_prev"
"""One unit, no input: the state is multiplied by w at every step."""
START = 0.9


def bench(w: float, steps: float) -> Bench:
    """The unit over so many steps. Only the last loss walks back, and ∂L/∂h there is exactly 1."""
    count = int(steps)
    choice = settings(
        sentence(["a", "b", "a", "b", "a", "b", "a", "b"][: count - 1]),
        cell="scalar",
        equations=SCALAR,
        hidden_size=1,
        truncation=Stride(count, count, "last"),
    )
    size = choice.corpus.load().vocabulary.size
    return Bench(
        choice,
        {"W": np.array([[w]]), "V": readout(w**count * START, 1.0, size, 1)},
        {"h": np.array([START])},
    )


def equal_votes(w: float, steps: float) -> Outcome:
    """dh/dw of the last h_t = w h_{t−1}, h₋₁ = 0.9: as many copies as steps, and as many equal votes."""
    count = int(steps)
    _, trace, _ = bench(w, steps).example()
    votes = copies(trace, loss=count - 1, seed=np.ones(1))["W"][:, 0, 0]
    total = float(votes.sum())
    one = w ** (count - 1) * START

    def row(label: str, value: float, wanted: float) -> Row:
        nearly = 1e-12 * max(1.0, abs(wanted))
        return Row(label, value, wanted - nearly, wanted + nearly)

    stale = never_cleared(trace)
    wrong = float(stale.sum())
    last = f"h{_SUBSCRIPTS[count - 1]}"
    rows = [row(f"vote of copy τ = {tau}", float(v), one) for tau, v in enumerate(votes)]
    rows.append(row(f"d{last}/dw, all {count}", total, count * one))
    rows.append(row("window 1 keeps", float(votes[-2:].sum()), 2 * one))
    rows.append(row("window 0 keeps", float(votes[-1:].sum()), one))
    # At the default knobs; that of forum code is known as 0.288.
    differs = not _same(wrong, total)
    rows.append(Row("much-copied code says", wrong, 0.288 - 1e-12, 0.288 + 1e-12, varies=True, wrong=differs))
    kept = ((f"all {count}", count), ("window 1", 2), ("window 0", 1))
    return Outcome(
        tuple(rows),
        f"A shared weight is {count} copies: its gradient is the sum of their votes, {count} w{_POWERS[count - 1]} h₋₁ "
        f"by the rule for powers. What a window leaves out is simply missing. {_on_the_wrong(wrong, total)}",
        bars=(
            *(Bar(label, tuple(votes.tolist()), count - n, _plain(float(votes[-n:].sum()))) for label, n in kept),
            Bar("wrong code", tuple(stale.tolist()), 0, _plain(wrong), wrong=differs),
        ),
    )


def never_cleared(trace: Trace) -> Array:
    """Return the votes (T,) of the last loss in a much-copied loop of forum code for truncated BPTT.

    After each step it sends that step's loss back from state to state, and hands on what has gathered at each of them
    (in PyTorch, ``state.grad``). It clears the weights' gradients before each loss and never those of the states: what
    earlier losses have left there is handed on once more.
    """
    w = float(trace.model.parameters["W"][0, 0])
    read = trace.previous("h")[:, 0]
    gathered, votes = np.zeros(trace.length), np.zeros(trace.length)
    for loss in range(trace.length):
        votes[:] = 0.0
        arrives = 1.0
        for tau in range(loss, -1, -1):
            votes[tau] = arrives * read[tau]
            gathered[tau] += arrives * w
            arrives = gathered[tau]
    return votes


def _on_the_wrong(wrong: float, right: float) -> str:
    if _same(wrong, right):
        return "Much-copied code that never clears the gradients of its states comes to the same here."
    return f"Much-copied code comes to {number(wrong, 4)}: it never clears the gradients of its states."


def _same(wrong: float, right: float) -> bool:
    return abs(wrong - right) <= 1e-12 * max(1.0, abs(right))


def _plain(value: float) -> str:
    return f"{value:.6g}".replace("-", "−")


_SUBSCRIPTS = "₀₁₂₃₄₅₆₇"
_POWERS = ("⁰", "", "²", "³", "⁴", "⁵", "⁶", "⁷", "⁸")


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
