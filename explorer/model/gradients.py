"""Where a gradient comes from at one time step: symbols and this unit's numbers, for any value of any cell.

The gradient of a value is the sum of what each operation that reads it hands back, by the vector-Jacobian products of
:mod:`rnncore.ops`; a state gets what flows in from this step's loss and from the future as well. Numbers come from the
walk's progress.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from rnncore.cells import Cell, Node
from rnncore.frozen import dataclass

from .equations import expand, stops, value_symbol, write
from .formula import (
    ATOM,
    PRODUCT,
    Formula,
    Run,
    Runs,
    Term,
    bracket,
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
from .step_numbers import Array, StepNumbers


def gradient_symbol(cell: Cell, node: int, t: int, loss: int | None = None) -> Term:
    """∂L/∂f₅, or ∂L₈/∂f₅ while loss 8 walks back alone."""
    below = value_symbol(cell, node, t, "gradient")
    top: Runs = (Run("∂", "italic", "gradient"), Run("L", "italic", "gradient"))
    if loss is not None:
        top = (*top, Run(str(loss), "plain", "gradient", -1))
    return Term((*top, Run("/∂", "italic", "gradient"), *below.runs))


@dataclass(frozen=True, slots=True)
class Share:
    """What one use of a value adds to its gradient: in symbols, in numbers, and how much for this unit."""

    symbols: Term
    numerals: Term | None
    value: float | None
    details: tuple[Runs, ...] = ()


def gradient_formula(numbers: StepNumbers, node: int, details: bool = True) -> Formula:
    """∂L/∂(node) as a sum: one share for each operation that reads it, and the future of a state.

    Without ``details`` the products of its matrices are not written out.
    """
    shares = gradient_shares(numbers, node, details)
    left = gradient_of(numbers, node)
    if not shares:
        return Formula(left, ((Run("0", "bold"),),), 0.0)
    lines: list[Runs] = [plus([s.symbols for s in shares]).runs]
    value = numbers.gradient(node)
    if value is None:
        return Formula(left, tuple(lines))
    if all(s.numerals is not None for s in shares):
        numerals = plus([s.numerals for s in shares if s.numerals is not None])
        lines += number_line(numerals.runs, value)
    lines.append(result(value))
    return Formula(left, tuple(lines), value, tuple(d for s in shares for d in s.details))


def number_line(numerals: Runs, value: float) -> list[Runs]:
    """The numbers that stand for the symbols; nothing when they are the result itself."""
    line = tuple(Run(r.text, "number", r.role or "muted", r.script) for r in numerals)
    return [] if plain(line) == number(value) else [line]


def gradient_of(numbers: StepNumbers, node: int) -> Runs:
    """∂L/∂ of a named value, or ∂L/∂(…) of an expression without a name."""
    n = numbers.cell.nodes[node]
    if n.name or n.is_leaf:
        return gradient_symbol(numbers.cell, node, numbers.t, numbers.loss).runs
    inner = write(numbers.cell, node, numbers.t, stops(numbers.cell))
    head = gradient_symbol(numbers.cell, node, numbers.t, numbers.loss).runs
    cut = next(i for i, r in enumerate(head) if r.text == "/∂") + 1
    return (*head[:cut], Run("("), *inner.runs, Run(")"))


@np.errstate(all="ignore")
def gradient_shares(numbers: StepNumbers, node: int, details: bool = True) -> tuple[Share, ...]:
    """The summands of a node's gradient; their values add up to it."""
    cell = numbers.cell
    shares: list[Share] = []
    for state, output in cell.outputs.items():
        if output == node:
            shares += _streams(numbers, state)
    for reader in cell.consumers[node]:
        if reader in cell.backward_operations:
            n = cell.nodes[reader]
            shares += [_share(numbers, n, place, details) for place, i in enumerate(n.inputs) if i == node]
    return tuple(shares)


def _streams(numbers: StepNumbers, state: str) -> list[Share]:
    """The streams into a state from outside its step; one that does not exist on this path is left out."""
    parts: Mapping[str, Array] = {} if numbers.progress is None else numbers.progress.state_gradient(state)
    complete = numbers.gradient(numbers.cell.outputs[state]) is not None
    found = []
    for key, words in (("loss", "from this step’s loss"), ("future", "from the future")):
        if key == "loss" and state != "h":
            continue
        known = bool(parts) and bool(parts[f"{key}_known"][numbers.t])
        if complete and not known:
            continue
        value = float(parts[key][numbers.t][numbers.unit]) if known else None
        role = "loss" if key == "loss" else "gradient"
        found.append(Share(Term(text(words, role)), None if value is None else numeral(value, role=role), value))
    return found


def _share(numbers: StepNumbers, reader: Node, place: int, details: bool) -> Share:
    """The vector-Jacobian product of ``reader`` with respect to its input at ``place``, in symbols and numbers."""
    cell, unit = numbers.cell, numbers.unit
    arriving = numbers.gradient(reader.index)
    symbols, numerals = incoming(numbers, reader.index)
    if reader.op == "matmul":
        matrix = cell.nodes[reader.inputs[0]].parameter or ""
        gradient = numbers.gradient_vector(reader.index)
        transposed = (*symbol(matrix).runs, Run("T", "plain", "", 1), Run(" "), *bracket(symbols, ATOM))
        if gradient is None:
            return Share(Term(transposed, PRODUCT), None, None)
        column = numbers.trace.model.parameters[matrix][:, unit]
        value = float(column @ gradient)
        if not details:
            return Share(Term(transposed, PRODUCT), numeral(value), value)
        detail: Runs = (*transposed, Run(f" = {expand(column, gradient, value)} = {number(value)}", "number", "muted"))
        return Share(Term(transposed, PRODUCT), numeral(value), value, (detail,))
    factors: list[Term] = []
    numerals_of_factors: list[Term] = []
    factor: float | None = 1.0
    sign = -1.0 if reader.op == "neg" or (reader.op == "sub" and place == 1) else 1.0
    if reader.op == "mul":
        other = reader.inputs[1 - place]
        factors, factor = [_written(numbers, other)], numbers.value(other)
        numerals_of_factors = [] if factor is None else [numeral(factor)]
    elif reader.op in ("sigmoid", "tanh", "relu"):
        factors, numerals_of_factors, factor = _slope(numbers, reader)
    elif reader.op == "clamp":
        unit_held = cell.nodes[reader.inputs[2]].constant if len(reader.inputs) == 3 else None
        factor = 1.0 if unit_held is not None and unit_held != unit else 0.0
        factors, numerals_of_factors = [Term((Run("[free]"),))], [numeral(factor)]
    if sign < 0:
        symbols, numerals = negative(symbols), None if arriving is None else numeral(-arriving)
    total = None if arriving is None or factor is None else sign * arriving * factor
    complete = numerals is not None and factor is not None
    return Share(
        times([symbols, *factors]),
        times([numerals, *numerals_of_factors], "×") if complete and numerals is not None else None,
        total,
    )


def _slope(numbers: StepNumbers, reader: Node) -> tuple[list[Term], list[Term], float | None]:
    """The derivative of an activation in terms of its output y: factors in symbols, in numbers, and its value."""
    y = numbers.value(reader.index)
    written = _written(numbers, reader.index).runs
    if reader.op == "sigmoid":
        symbols = [Term(written), Term((Run("(1 − "), *written, Run(")")))]
        return symbols, [] if y is None else [numeral(y), numeral(1.0 - y)], None if y is None else y * (1.0 - y)
    if reader.op == "tanh":
        symbols = [Term((Run("(1 − "), *written, Run("2", "plain", "", 1), Run(")")))]
        if y is None:
            return symbols, [], None
        squared = (Run(f"(1 − {number(abs(y))}"), Run("2", "plain", "", 1), Run(")"))
        return symbols, [Term(squared)], 1.0 - y * y
    a = numbers.value(reader.inputs[0])
    symbols = [Term((Run("["), *_written(numbers, reader.inputs[0]).runs, Run(" > 0]")))]
    # The derivative at 0 is taken as 0, and NaN hands the gradient on, as rnncore.ops.relu_vjp does.
    factor = None if a is None else (0.0 if a <= 0 else 1.0)
    return symbols, [] if factor is None else [numeral(factor)], factor


def incoming(numbers: StepNumbers, reader: int) -> tuple[Term, Term | None]:
    """The gradient that arrives at ``reader``: its symbol, or for an unnamed operation that only passes it on, what
    it is itself; and its number."""
    cell, t = numbers.cell, numbers.t
    value = numbers.gradient(reader)
    numerals = None if value is None else numeral(value)
    n = cell.nodes[reader]
    if n.name:
        return gradient_symbol(cell, reader, t, numbers.loss), numerals
    onward = cell.consumers[reader]
    if len(onward) == 1 and reader not in cell.outputs.values():
        after = cell.nodes[onward[0]]
        if after.op == "add" or (after.op == "sub" and after.inputs[0] == reader):
            symbols, _ = incoming(numbers, after.index)
            return symbols, numerals
    return Term(gradient_of(numbers, reader)), numerals


def _written(numbers: StepNumbers, node: int) -> Term:
    """A value as a factor: its symbol, or the expression of an unnamed one."""
    n = numbers.cell.nodes[node]
    if n.name or n.is_leaf:
        return value_symbol(numbers.cell, node, numbers.t)
    written = write(numbers.cell, node, numbers.t, stops(numbers.cell))
    return Term(bracket(written, ATOM))
