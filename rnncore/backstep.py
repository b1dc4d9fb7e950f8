"""One time step back: the gradient with respect to the previous states, from that with respect to the new ones.

Both ways below hold ``here`` (S, …, H), the gradients with respect to the S new states of one step in the order of
``cell.states``; ``back(tau)`` replaces them by those with respect to the states before step τ.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from rnncore.cells import Cell
from rnncore.frozen import dataclass
from rnncore.graph import pullback
from rnncore.ops import Array
from rnncore.trace import Trace

LONG = 12
"""Steps from which on the coefficients of :class:`Diagonal` are worth computing."""


def step_back(trace: Trace, steps: int) -> ThroughGraph | Diagonal:
    """Return what takes a gradient back by one time step, the better of two ways for so many ``steps``."""
    return Diagonal(trace) if steps >= LONG and serves(trace.cell) else ThroughGraph(trace)


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
        like = trace.tape[trace.cell.outputs["h"]]
        self.here = np.zeros((len(trace.cell.states), *like.shape[1:]), like.dtype)

    def __call__(self, tau: int) -> None:
        cell = self.trace.cell
        states = {state: self.here[place].copy() for place, state in enumerate(cell.states)}
        gradients = pullback(cell, at(cell, self.trace.tape, tau), states)
        for place, state in enumerate(cell.states):
            leaf = cell.state_leaves.get(state)
            found = None if leaf is None else gradients[leaf]
            self.here[place] = 0.0 if found is None else found


def serves(cell: Cell) -> bool:
    """Whether every matrix multiplies the input or a previous state, and nothing in between: :class:`Diagonal` may."""
    return all(
        cell.nodes[cell.nodes[i].inputs[1]].op in ("input", "state", "parameter")
        for i in cell.backward_operations
        if cell.nodes[i].op == "matmul"
    )


@dataclass(frozen=True, eq=False)
class Coefficients:
    """The element-wise Jacobians of all steps: ``factors`` (T, R, S, …, H) take S new states to R *rows*.

    A row is the operand of a product with a previous state, or what reaches a previous state without a product.
    ``products`` says (state's place, its first row, one past its last, their matrices stacked (n·H, H)); ``direct``
    (state's place, row).
    """

    factors: Array
    products: tuple[tuple[int, int, int, Array], ...]
    direct: tuple[tuple[int, int], ...]


class Diagonal:
    """One time step back, in a few operations: for cells whose matrices multiply ``x`` and previous states only.

    Between the new states and the products everything is element-wise, so that ``∂L/∂(W h_prev) = Σ K ∘ ∂L/∂state``
    with one coefficient K a unit, product and state. Reverse mode gives all K at once, over all time steps, from a
    gradient of one at each state; what is left for the loop is to multiply by them and by the stacked matrices. Exact,
    because a step back is linear in the gradient. The trace keeps its coefficients: every loss that walks back needs
    them.
    """

    def __init__(self, trace: Trace) -> None:
        known: Coefficients | None = trace.kept.get("coefficients")
        if known is None:
            known = trace.kept["coefficients"] = coefficients(trace)
        _, count, states, *rest = known.factors.shape
        dtype = known.factors.dtype
        self.here = np.zeros((states, *rest), dtype)
        self._factors = known.factors
        self._wide = np.empty((count, states, *rest), dtype)
        # The rest of a step is the same calls on the same arrays each time.
        self._calls: list[tuple[Callable[..., Any], tuple[Any, ...]]] = []
        rows, add = np.empty((count, *rest), dtype), self._calls.append
        if states == 1:
            rows = self._wide[:, 0]
        else:
            add((np.add, (self._wide[:, 0], self._wide[:, 1], rows)))
            self._calls += [(np.add, (rows, self._wide[:, place], rows)) for place in range(2, states)]
        silent = set(range(states))
        for place, start, stop, matrix in known.products:
            deltas, out = rows[start:stop], self.here[place]
            if rest[:-1]:
                flat = np.empty((*rest[:-1], stop - start, rest[-1]), dtype)
                add((np.copyto, (flat, np.moveaxis(deltas, 0, -2))))
                add((np.dot, (flat.reshape(-1, matrix.shape[0]), matrix, out)))
            elif states == 1:
                add((_product, (deltas, matrix, out)))
            else:
                add((np.dot, (deltas.reshape(-1), matrix, out)))
            silent.discard(place)
        for place, row in known.direct:
            out = self.here[place]
            add((np.copyto, (out, rows[row])) if place in silent else (np.add, (out, rows[row], out)))
            silent.discard(place)
        for place in silent:
            add((self.here[place].fill, (0.0,)))

    def __call__(self, tau: int) -> None:
        np.multiply(self._factors[tau], self.here, self._wide)
        for function, arguments in self._calls:
            function(*arguments)


def _product(deltas: Array, matrix: Array, out: Array) -> None:
    np.dot(deltas.reshape(-1), matrix, out)


def coefficients(trace: Trace) -> Coefficients:
    """Return a trace's coefficients; see :class:`Diagonal`."""
    cell, parameters = trace.cell, trace.model.parameters
    ones = np.ones_like(trace.tape[cell.outputs["h"]])
    local = [pullback(cell, trace.tape, {s: ones}, through_products=False) for s in cell.states]
    wanted: list[int] = []
    products, direct = [], []
    for place, state in enumerate(cell.states):
        leaf = cell.state_leaves.get(state)
        if leaf is None:
            continue
        found = [i for i in cell.backward_operations if cell.nodes[i].op == "matmul"]
        blocks = [i for i in found if cell.nodes[i].inputs[1] == leaf]
        if blocks:
            matrix = np.concatenate([parameters[cell.nodes[cell.nodes[i].inputs[0]].parameter or ""] for i in blocks])
            products.append((place, len(wanted), len(wanted) + len(blocks), matrix))
            wanted += blocks
        if any(nodes[leaf] is not None for nodes in local):
            direct.append((place, len(wanted)))
            wanted.append(leaf)
    factors = np.zeros((len(ones), len(wanted), len(cell.states), *ones.shape[1:]), ones.dtype)
    for row, node in enumerate(wanted):
        for place, nodes in enumerate(local):
            if nodes[node] is not None:
                factors[:, row, place] = nodes[node]
    return Coefficients(factors, tuple(products), tuple(direct))
