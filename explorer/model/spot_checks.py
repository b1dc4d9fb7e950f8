"""What the live check compares that its other parts cannot see: one entry of each ledger, and the policy's own table.

The entries of a ledger may add up though two of them are wrong, and its norms are in no sum at all. A table that the
forward list of steps, the gradient and the ledger all read from one place may be wrong everywhere alike.
"""

from __future__ import annotations

import numpy as np

from rnncore.bptt import lane_gradients, use_gradient
from rnncore.ledger import Ledger
from rnncore.norms import norm
from rnncore.ops import Array
from rnncore.truncation import Chunks, Full, Stride, Tail, Truncation, Window
from rnncore.walk import Walk


def chosen_pair(walk: Walk, seed: int) -> tuple[int, int] | None:
    """Return a pair (loss t, weight copy τ ≤ t), another one for another seed; None where there is no loss."""
    asked = np.flatnonzero(np.asarray(walk.targets) >= 0)
    if not len(asked):
        return None
    rng = np.random.default_rng(seed)
    t = int(rng.choice(asked))
    return t, int(rng.integers(0, t + 1))


def pair_gradients(walk: Walk, t: int, tau: int) -> dict[str, Array]:
    """Return g(t, τ) of every parameter as a whole array: the outer products that a ledger never makes.

    Those of the output layer are g(t, t), wherever τ is: there is no other (see :func:`place_of`).
    """
    trace, cell = walk.trace, walk.trace.cell
    found = lane_gradients(trace, np.asarray(walk.targets), t, 0)
    where = slice(tau, tau + 1)
    result = {name: np.zeros(value.shape) for name, value in walk.model.parameters.items()}
    for use in cell.uses:
        if found.nodes[use.delta] is not None:
            result[use.parameter] += use_gradient(trace, use, found.nodes[use.delta], where)
    result["V"] += np.outer(found.d_logits[t], trace.hidden[t].astype(np.float64))
    if "b_y" in result:
        result["b_y"] += found.d_logits[t]
    return result


def place_of(name: str, pair: tuple[int, int]) -> tuple[int, int]:
    """Return the entry of a parameter's ledger for a pair: a loss reaches the output layer in its own step alone."""
    return (pair[0], pair[0]) if name in ("V", "b_y") else pair


def entry_error(one: Ledger, pair: tuple[int, int], gradient: Array, whole: Array, noise: float) -> tuple[float, float]:
    """Return ‖g(t, τ)‖ and the relative error of the ledger's entry: of its norm or of its share in ‖G‖, the larger.

    ``noise`` is the least size that an error is a share of.
    """
    length = norm(gradient)
    along = float(np.vdot(gradient, whole / one.total)) if one.total else 0.0
    away = max(abs(float(one.norms[pair]) - length), abs(float(one.signed[pair]) - along))
    return length, away / size if (size := max(length, noise)) else away


def counted(policy: Truncation, steps: int) -> Array | None:
    """Return how often each pair counts (T, T) [t, τ], written down anew from what the policy means.

    None for a policy that is not known here.
    """
    t, tau = np.indices((steps, steps))
    past = tau <= t
    if isinstance(policy, Window):
        return np.asarray(past & (t - tau <= policy.k), np.int64)
    if isinstance(policy, Chunks):
        return np.asarray(past & (t // policy.n == tau // policy.n), np.int64)
    if isinstance(policy, Tail):
        return np.asarray(past & (tau >= steps - policy.k), np.int64)
    if not isinstance(policy, Stride):
        return np.asarray(past, np.int64) if isinstance(policy, Full) else None
    table, before = np.zeros((steps, steps), np.int64), -1
    for end in range(steps):
        if (end + 1) % policy.k1 and end != steps - 1:
            continue
        first = {"new": before + 1, "all": end - policy.k2 + 1, "last": end}[policy.losses]
        table += past & (tau > end - policy.k2) & (tau <= end) & (t >= first) & (t <= end)
        before = end
    return table
