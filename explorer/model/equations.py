"""The equations of a cell at one time step, typeset, with this step's numbers for one unit.

Everything is read off the operation graph, so a cell that a user typed gets the same formulas as the LSTM. Numbers come
from the trace as far as the walk has computed them; what is not computed yet has none.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from rnncore.cells import Cell

from .formula import (
    ATOM,
    PRODUCT,
    Formula,
    Run,
    Runs,
    Term,
    apply,
    bracket,
    minus,
    negative,
    number,
    numeral,
    plain,
    plus,
    result,
    symbol,
    text,
    times,
)
from .step_numbers import StepNumbers

Array = np.ndarray[Any, Any]
FUNCTIONS = {"sigmoid": "σ", "tanh": "tanh", "relu": "relu"}
SHOWN_TERMS = 3


def value_symbol(cell: Cell, node: int, t: int, role: str = "") -> Term:
    """How a named value or a leaf is written at step ``t``: f₅, h₄ (a previous state), x₅, W with subscript f."""
    n = cell.nodes[node]
    if n.op == "input":
        return symbol("x", str(t), role)
    if n.state is not None:
        return symbol(n.state, _time(t - 1), role)
    if n.parameter is not None:
        return symbol(n.parameter, "", role)
    if n.constant is not None:
        return Term((Run(f"{n.constant:g}", "plain", role),))
    return symbol(n.name or n.text, _time(t), role)


def _time(t: int) -> str:
    return str(t) if t >= 0 else f"−{-t}"


def stops(cell: Cell, inner: bool = True) -> frozenset[int]:
    """Where writing out an expression stops: every named value, or only the assigned ones (``inner`` false)."""
    assigned = {*cell.gates, *cell.states}
    return frozenset(n.index for n in cell.nodes if not n.is_leaf and n.name and (inner or n.name in assigned))


def write(
    cell: Cell, node: int, t: int, stop: frozenset[int], leaf: Callable[[int], Term | None] | None = None
) -> Term:
    """The expression that computes ``node``, down to leaves and to the nodes of ``stop``.

    ``leaf(i)`` may replace a part by a term of its own (its number); None leaves it as it is.
    """

    def part(i: int, root: bool = False) -> Term:
        if not root:
            replaced = leaf(i) if leaf else None
            if replaced is not None:
                return replaced
            if cell.nodes[i].is_leaf or i in stop:
                return value_symbol(cell, i, t)
        n = cell.nodes[i]
        inputs = [part(j) for j in n.inputs]
        if n.op == "add":
            return plus(inputs)
        if n.op == "sub":
            return minus(*inputs)
        if n.op == "mul":
            scalar = leaf is not None or any(cell.nodes[j].constant is not None for j in n.inputs)
            return times(inputs, "×" if leaf else "·" if scalar else "⊙")
        if n.op == "neg":
            return negative(inputs[0])
        if n.op == "matmul":
            return Term((*inputs[0].runs, Run(" "), *bracket(inputs[1], ATOM)), PRODUCT)
        if n.op == "clamp":
            return _clamp(inputs, cell.nodes[n.inputs[2]].constant if len(n.inputs) == 3 else None)
        return apply(FUNCTIONS.get(n.op, n.op), inputs[0])

    return part(node, root=True)


def _clamp(inputs: list[Term], unit: float | None) -> Term:
    """``clamp(σ(a), 1)``, and of one unit, counted from 1, ``clamp(σ(a), 1, unit 3)``."""
    runs = (Run("clamp("), *inputs[0].runs, Run(", "), *inputs[1].runs)
    where = () if unit is None else (Run(f", unit {unit + 1:g}"),)
    return Term((*runs, *where, Run(")")))


@np.errstate(all="ignore")
def forward_formula(numbers: StepNumbers, node: int, inner: bool = True) -> Formula:
    """What computes ``node`` at this step: symbols, this unit's numbers, the result.

    ``inner`` shows one operation alone: its inputs as numbers. Otherwise the equation is written out down to assigned
    names, matrix products appear as one number each, and the details open them up.
    """
    cell, t = numbers.cell, numbers.t
    stop = stops(cell, inner)
    n = cell.nodes[node]
    left = value_symbol(cell, node, t) if n.name else None
    symbols = write(cell, node, t, stop)
    value = numbers.value(node)
    left_runs = left.runs if left else symbols.runs
    lines: list[Runs] = [symbols.runs] if left else []
    if value is None:
        return Formula(left_runs, tuple(lines) or (text("not computed yet", "muted"),))
    details: list[Runs] = []
    if n.op == "matmul":
        terms = product_line(numbers, node, with_name=False)
        lines += [terms] if terms else []
    else:

        def leaf(i: int) -> Term | None:
            this = cell.nodes[i]
            if this.constant is not None:
                return Term((Run(f"{this.constant:g}", "number"),))
            if inner or this.op == "matmul" or this.is_leaf or i in stop:
                known = numbers.value(i)
                if this.op == "matmul" and not inner:
                    details.append(product_line(numbers, i))
                return None if known is None else numeral(known)
            return None

        lines.append(tuple(Run(r.text, "number", "muted", r.script) for r in write(cell, node, t, stop, leaf).runs))
        if n.op in FUNCTIONS and cell.nodes[n.inputs[0]].op not in FUNCTIONS and not cell.nodes[n.inputs[0]].is_leaf:
            inside = numbers.value(n.inputs[0])
            if inside is not None and n.inputs[0] not in stop:
                summed = _numbers(f"{FUNCTIONS[n.op]}({number(inside)})")
                if plain(lines[-1]) != plain(summed):  # a sum of one summand is that already
                    lines.append(summed)
    lines.append(result(value))
    return Formula(left_runs, tuple(lines), value, tuple(d for d in details if d))


def _numbers(words: str, role: str = "muted") -> Runs:
    return (Run(words, "number", role),)


def product_line(numbers: StepNumbers, node: int, with_name: bool = True) -> Runs:
    """A matrix product for this unit: its largest terms and the sum of the rest, which add up to the value."""
    cell, unit = numbers.cell, numbers.unit
    matrix, vector = (cell.nodes[i] for i in cell.nodes[node].inputs)
    weights = numbers.trace.model.parameters[matrix.parameter or ""]
    total = numbers.value(node)
    if total is None:
        return ()
    head: Runs = ()
    if with_name:
        head = (*write(cell, node, numbers.t, stops(cell)).runs, Run(" = "))
    if vector.op == "input" and numbers.trace.inputs.ndim == 1:
        where = f"[{unit + 1}, “{numbers.word}”]" if numbers.word else f"[{unit + 1}]"
        return (
            *head,
            *symbol(matrix.parameter or "").runs,
            Run(f"{where}", "plain", "muted"),
            *((Run(f" = {number(total)}", "number", "muted"),) if with_name else ()),
        )
    other = numbers.trace.inputs[numbers.t] if vector.op == "input" else numbers.vector(vector.index)
    if other is None:
        return ()
    end = _numbers(f" = {number(total)}") if with_name else ()
    return (*head, *_numbers(expand(weights[unit], other, total)), *end)


@np.errstate(all="ignore")
def expand(weights: Array, values: Array, total: float, shown: int = SHOWN_TERMS) -> str:
    """Σⱼ wⱼ vⱼ as its ``shown`` largest terms and the rest: ``total`` minus those, so that the sum is exact."""
    products = weights * values
    order = np.argsort(-np.abs(products), kind="stable")
    if len(products) <= shown + 1:
        shown = len(products)
    parts: list[str] = []
    for j in order[:shown]:
        w, v = float(weights[j]), float(values[j])
        factor = number(v) if v >= 0 else f"({number(v)})"
        sign = ("− " if w < 0 else "+ ") if parts else ("−" if w < 0 else "")
        parts.append(f"{sign}{number(abs(w))}×{factor}")
    rest = len(products) - shown
    if rest:
        left = total - float(products[order[:shown]].sum())
        parts.append(f"{'−' if left < 0 else '+'} {number(abs(left))} ({rest} more)")
    return " ".join(parts)


def equation_nodes(cell: Cell) -> tuple[int, ...]:
    """The nodes that the cell's equations end in, in their order; a name for a constant has no equation."""
    nodes = (cell.node(name) for name in dict.fromkeys(cell.assigned))
    return tuple(node.index for node in nodes if node.constant is None)


def cell_formulas(numbers: StepNumbers) -> tuple[Formula, ...]:
    """One formula for each equation of the cell, as the user wrote them, pre-activations written out."""
    return tuple(forward_formula(numbers, node, inner=False) for node in equation_nodes(numbers.cell))
