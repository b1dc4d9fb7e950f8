"""How far every loss's gradient reaches back in one model and sentence, and what could be expected of it.

What is here depends on the weights and the sentence only, not on the truncation or the walk's position, and is computed
once for all losses.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import field
from typing import Any

import numpy as np

from rnncore.bptt import lanes_by_lag, output_gradients
from rnncore.cells import Cell
from rnncore.frozen import dataclass
from rnncore.model import Model
from rnncore.norms import lengths
from rnncore.script import pretty
from rnncore.trace import Trace, check_targets, forward

Array = np.ndarray[Any, Any]


@dataclass(frozen=True, eq=False)
class Carry:
    """The product of a cell's multiplicative carry: ``state`` is multiplied by ``gate`` at every step.

    ``table`` (T, T) [t, τ] is the mean over units of |∏ gate_j| for τ < j ≤ t, 1 on the diagonal, NaN above;
    ``mean`` (T,) its mean over the losses, by lag.
    """

    state: str
    gate: str
    table: Array = field(repr=False)
    mean: Array = field(repr=False)


@dataclass(frozen=True, eq=False)
class Horizons:
    """Everything about one model and sentence of T steps that does not depend on the truncation.

    ``norms[state]`` (T, T) [t, τ] is ‖∂L_t/∂state_τ‖, NaN above the diagonal and for steps without a loss;
    ``means[state]`` (T,) the mean over losses of ‖∂L_t/∂s_{t−ℓ}‖ / ‖∂L_t/∂s_t‖ and ``counts[state]`` over how many.
    ``radii`` are the recurrent matrices' spectral radii, the main one first.
    """

    trace: Trace = field(repr=False)
    norms: Mapping[str, Array] = field(repr=False)
    means: Mapping[str, Array] = field(repr=False)
    counts: Mapping[str, Array] = field(repr=False)
    carry: Carry | None = None
    radii: tuple[tuple[str, float], ...] = ()

    @property
    def length(self) -> int:
        return self.trace.length

    @np.errstate(all="ignore")
    def shares(self, state: str) -> Array:
        """What is left of each loss at each step before it, (T, T) [t, τ], and the means by lag below that, (1, T)."""
        table = self.norms[state]
        return np.concatenate([table / np.diagonal(table)[:, None], self.means[state][None]])


@np.errstate(all="ignore")
def horizons(trace: Trace, targets: Any) -> Horizons:
    """Walk every loss back through the whole sentence, untruncated; time and memory grow with T² H and T²."""
    wanted = check_targets(trace, targets)
    cell, steps = trace.cell, trace.length
    norms = {s: np.full((steps, steps), np.nan) for s in cell.states}
    _, d_hidden = output_gradients(trace, wanted)
    for lanes in lanes_by_lag(trace, d_hidden):
        taus = np.arange(steps - lanes.lag)
        for state, table in norms.items():
            found = lanes.nodes[cell.outputs[state]]
            table[taus + lanes.lag, taus] = 0.0 if found is None else lengths(found)
    for table in norms.values():
        table[wanted < 0] = np.nan
    means, counts = {}, {}
    for state, table in norms.items():
        own = np.diagonal(table)
        means[state], counts[state] = mean_by_lag(table / own[:, None], (wanted >= 0) & (own != 0))
    return Horizons(trace, norms, means, counts, _carry(trace, wanted >= 0), _radii(trace.model))


def reference_horizons(model: Model, inputs: Array, targets: Array, init: Any = None) -> Horizons:
    """The same for the vanilla tanh network of the same sizes and seed, untrained, on the same sentence."""
    sizes, dtype = (model.vocabulary_size, model.hidden_size), model.parameters["V"].dtype
    plain = Model.create("vanilla", *sizes, seed=model.seed, init=init, dtype=dtype)
    return horizons(forward(plain, inputs), targets)


def same_as_reference(trace: Trace, reference: Horizons) -> bool:
    """Whether a model is that very network, so that there is nothing to compare."""
    mine, other = trace.model, reference.trace.model
    return mine.cell.text == other.cell.text and all(
        np.array_equal(mine.parameters[n], v) for n, v in other.parameters.items()
    )


def mean_by_lag(table: Array, rows: Array) -> tuple[Array, Array]:
    """By lag t − τ: the mean of a (T, T) [t, τ] table over ``rows`` (T,) bool, NaN where there is none; of how many."""
    steps = len(table)
    t, tau = np.tril_indices(steps)
    lag, wanted = t - tau, rows[t]
    counts = np.bincount(lag[wanted], minlength=steps)
    sums = np.bincount(lag[wanted], weights=table[t, tau][wanted], minlength=steps)
    return np.where(counts > 0, sums / np.maximum(counts, 1), np.nan), counts


def carry_terms(cell: Cell, state: str) -> tuple[tuple[int, tuple[int, ...]], ...]:
    """(sign, gate nodes) of every product in which the previous ``state`` enters the new one without an activation.

    An LSTM's ``c = f * c_prev + i * g`` has one, (+1, (f,)). Empty when the state enters through activations and
    matrices alone, or unmultiplied.
    """
    leaf = cell.state_leaves.get(state)
    if leaf is None:
        return ()

    def terms(index: int, sign: int, gates: tuple[int, ...]) -> list[tuple[int, tuple[int, ...]]]:
        if index == leaf:
            return [(sign, gates)]
        node = cell.nodes[index]
        if node.op == "add":
            return [found for i in node.inputs for found in terms(i, sign, gates)]
        if node.op == "sub":
            left, right = node.inputs
            return terms(left, sign, gates) + terms(right, -sign, gates)
        if node.op == "neg":
            return terms(node.inputs[0], -sign, gates)
        if node.op == "mul":
            left, right = node.inputs
            return terms(left, sign, (*gates, right)) + terms(right, sign, (*gates, left))
        return []

    found = terms(cell.outputs[state], 1, ())
    return tuple(found) if any(gates for _, gates in found) else ()


def _carry(trace: Trace, rows: Array) -> Carry | None:
    cell, steps = trace.cell, trace.length
    for state in cell.states:
        terms = carry_terms(cell, state)
        if not terms:
            continue
        factor = np.zeros((steps, trace.model.hidden_size))
        for sign, gates in terms:
            product: Any = float(sign)
            for gate in gates:
                product = product * trace.tape[gate]
            factor = factor + product
        table = np.full((steps, steps), np.nan)
        running = np.ones((steps, trace.model.hidden_size))
        for lag in range(steps):
            taus = np.arange(steps - lag)
            table[taus + lag, taus] = np.abs(running).mean(axis=-1)
            running = factor[1 : steps - lag] * running[1:]  # row τ: the product over τ < j ≤ τ + lag + 1
        named = [" ⊙ ".join(_name(cell, g) for g in gates) for _, gates in terms]
        label = named[0] if len(named) == 1 and terms[0][0] > 0 else f"∂{state}/∂{state}₋₁"
        return Carry(state, label, table, mean_by_lag(table, rows)[0])
    return None


def _name(cell: Cell, index: int) -> str:
    node = cell.nodes[index]
    return node.name or (pretty(node.text) if node.is_leaf else f"({pretty(node.text)})")


def recurrent_matrices(cell: Cell) -> tuple[str, ...]:
    """The matrices that multiply a previous state, the candidate's (the first not only of a gate) in front."""
    found: dict[str, bool] = {}
    for index in cell.operations:
        node = cell.nodes[index]
        if node.op == "matmul" and index in cell.recurrent:
            name = cell.nodes[node.inputs[0]].parameter or ""
            found[name] = found.get(name, False) or not _only_gates(cell, index)
    return tuple(sorted(found, key=lambda name: not found[name]))


def _only_gates(cell: Cell, index: int) -> bool:
    """Whether all activations that come next after a node are logistic."""
    if cell.nodes[index].op in ("sigmoid", "tanh", "relu"):
        return cell.nodes[index].op == "sigmoid"
    if index in cell.outputs.values():
        return False
    return all(_only_gates(cell, reader) for reader in cell.consumers[index])


def _radii(model: Model) -> tuple[tuple[str, float], ...]:
    return tuple((name, spectral_radius(model.parameters[name])) for name in recurrent_matrices(model.cell))


def spectral_radius(matrix: Array) -> float:
    """The largest size of an eigenvalue; NaN for a matrix that is not finite."""
    if not np.isfinite(matrix).all():
        return math.nan
    return float(np.abs(np.linalg.eigvals(matrix)).max(initial=0.0))
