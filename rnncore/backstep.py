"""One time step back: the gradient with respect to the previous states, from that with respect to the new ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from rnncore.cells import Cell
from rnncore.graph import pullback
from rnncore.ops import Array
from rnncore.trace import Trace

LONG = 12
"""Steps from which on the coefficients of :class:`Diagonal` are worth computing."""


def step_back(trace: Trace, steps: int) -> ThroughGraph | Diagonal:
    """Return what takes a gradient back by one time step, the better of two ways for so many ``steps``."""
    return Diagonal(trace) if steps >= LONG and Diagonal.serves(trace.cell) else ThroughGraph(trace)


def at(cell: Cell, tape: Sequence[Any], where: Any) -> list[Any]:
    """Return the tape's slots at some time steps (an index or a slice); parameters and constants as they are."""
    return [
        value if node.op in ("parameter", "constant") else value[where]
        for node, value in zip(cell.nodes, tape, strict=True)
    ]


class ThroughGraph:
    """One time step back: through the cell's graph, operation by operation."""

    def __init__(self, trace: Trace) -> None:
        self.trace = trace

    def __call__(self, tau: int, here: Mapping[str, Array]) -> dict[str, Array]:
        """Return the gradient with respect to the previous states, given that with respect to the new ones."""
        cell = self.trace.cell
        gradients = pullback(cell, at(cell, self.trace.tape, tau), here)
        found = {state: gradients[leaf] for state, leaf in cell.state_leaves.items()}
        return {state: gradient for state, gradient in found.items() if gradient is not None}


class Diagonal:
    """One time step back, in a few operations: for cells whose matrices multiply ``x`` and previous states only.

    Between the new states and the products everything is element-wise, so that ``∂L/∂(W h_prev) = Σ K ∘ ∂L/∂state``
    with one coefficient K a unit, product and state. Reverse mode gives all K at once, over all time steps, from a
    gradient of one at each state; what is left for the loop is to multiply by them and by the stacked matrices. Exact,
    because a step back is linear in the gradient.
    """

    def __init__(self, trace: Trace) -> None:
        cell, parameters = trace.cell, trace.model.parameters
        ones = np.ones_like(trace.tape[cell.outputs["h"]])
        local = {s: pullback(cell, trace.tape, {s: ones}, through_products=False) for s in cell.states}
        none = np.zeros((1,) * ones.ndim, ones.dtype)
        self.direct: dict[str, list[tuple[str, Array]]] = {}
        self.stacks: dict[str, tuple[Array, list[tuple[str, Array]]]] = {}
        for state, leaf in cell.state_leaves.items():
            found = [(s, nodes[leaf]) for s, nodes in local.items() if nodes[leaf] is not None]
            if found:
                self.direct[state] = found
            products = [i for i in cell.backward_operations if cell.nodes[i].op == "matmul"]
            blocks = [i for i in products if cell.nodes[i].inputs[1] == leaf]
            if not blocks:
                continue
            matrix = np.concatenate([parameters[cell.nodes[cell.nodes[i].inputs[0]].parameter or ""] for i in blocks])
            factors = []
            for s, nodes in local.items():
                parts = [none if nodes[i] is None else nodes[i] for i in blocks]
                if any(p is not none for p in parts):
                    wide = [np.broadcast_to(p, ones.shape) for p in parts]
                    factors.append((s, np.stack(wide, axis=-2)))
            if factors:
                self.stacks[state] = matrix, factors

    @staticmethod
    def serves(cell: Cell) -> bool:
        """Whether every matrix multiplies the input or a previous state, and nothing in between."""
        return all(
            cell.nodes[cell.nodes[i].inputs[1]].op in ("input", "state", "parameter")
            for i in cell.backward_operations
            if cell.nodes[i].op == "matmul"
        )

    def __call__(self, tau: int, here: Mapping[str, Array]) -> dict[str, Array]:
        """Return the gradient with respect to the previous states, given that with respect to the new ones."""
        came: dict[str, Array] = {}
        for state, (matrix, factors) in self.stacks.items():
            deltas: Any = 0.0
            for s, factor in factors:
                deltas = deltas + factor[tau] * here[s][..., None, :]
            came[state] = deltas.reshape(*deltas.shape[:-2], -1) @ matrix
        for state, found in self.direct.items():
            for s, factor in found:
                part = factor[tau] * here[s]
                came[state] = came[state] + part if state in came else part
        return came
