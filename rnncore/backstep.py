"""One time step back: the gradient with respect to the previous states, from that with respect to the new ones.

Both ways below hold ``here`` (S, …, H), the gradients with respect to the S new states of one step in the order of
``cell.states``; ``back(tau)`` replaces them by those with respect to the states before step τ.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
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
    (state's place, row); ``rows`` which row holds the gradient with respect to a node.
    """

    factors: Array
    products: tuple[tuple[int, int, int, Array], ...]
    direct: tuple[tuple[int, int], ...]
    rows: Mapping[int, int]


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


def lanes(trace: Trace, d_hidden: Array, nodes: Sequence[int]) -> Iterator[tuple[Array, Mapping[int, int]]]:
    """Yield every loss's own gradient at lag 0, 1, …: (T − lag, R, H), and the row of each of ``nodes`` in it.

    What :func:`rnncore.bptt.lanes_by_lag` finds through the graph, for one sequence of a cell that :func:`serves`. The
    next lag uses the same memory.
    """
    known = coefficients(trace, nodes)
    steps, rows, states, size = known.factors.shape
    here = np.zeros((steps, states, size), d_hidden.dtype)
    here[:, trace.cell.states.index("h")] = d_hidden
    wide, found = np.empty_like(known.factors), np.empty((steps, rows, size), d_hidden.dtype)
    cuts = [b for b in trace.boundaries if trace.between != "carried"]
    for count in range(steps, 0, -1):
        np.multiply(known.factors[:count], here[:count, None], wide[:count])
        np.add.reduce(wide[:count], 2, out=found[:count])
        yield found[:count], known.rows
        if count == 1:
            return
        # Row τ of what comes back through the step at τ becomes row τ − 1 of the next lag.
        back, here = found[1:count], np.zeros_like(here[1:count])
        for place, start, stop, matrix in known.products:
            here[:, place] = np.dot(back[:, start:stop].reshape(count - 1, -1), matrix)
        for place, row in known.direct:
            here[:, place] += back[:, row]
        here[[b - 1 for b in cuts if b < count]] = 0.0


def coefficients(trace: Trace, also: Sequence[int] = ()) -> Coefficients:
    """Return a trace's coefficients, see :class:`Diagonal`, with rows for the nodes ``also`` that have none."""
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
    # The gradient of a product is that of the sum that alone reads it.
    rows = {cell.twins[node]: row for row, node in enumerate(wanted)}
    for node in also:
        if rows.setdefault(node, len(wanted)) == len(wanted):
            wanted.append(node)
    factors = np.zeros((len(ones), len(wanted), len(cell.states), *ones.shape[1:]), ones.dtype)
    for row, node in enumerate(wanted):
        for place, nodes in enumerate(local):
            if nodes[node] is not None:
                factors[:, row, place] = nodes[node]
    return Coefficients(factors, tuple(products), tuple(direct), rows)
