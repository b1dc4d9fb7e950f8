"""How long a gradient on its way is, and what it is made of: the formulas behind a ribbon and behind two streams.

A norm is √Σ x² over the units, and over the states where there are several: each is written out with its numbers, and
so is the product that hands this unit's part back. Written only when a tool tip asks for it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rnncore.cells import Cell
from rnncore.norms import norm
from rnncore.progress import Progress

from .equations import expand, value_symbol
from .formula import number, plain, symbol
from .gradients import gradient_formula, gradient_shares, gradient_symbol
from .now_parts import d_of
from .step_numbers import Array, StepNumbers

MOST_SQUARES = 3
"""Of so many units the squares are written out, the largest; the others are one number together."""
WIDEST = 96
"""So many letters a line of a tool tip has at the most where it can be broken."""
MOST_LOSSES = 4
"""So many losses have a summand of their own; the later ones are one number together."""


def handed_back(progress: Progress, t: int) -> dict[str, Array]:
    """State → (H,): what has gone from step ``t`` to the one before it, of each state that any equation reads."""
    cell = progress.walk.model.cell
    if t == 0:
        return {state: progress.gradient_values(leaf)[0] for state, leaf in cell.state_leaves.items()}
    return {state: progress.state_gradient(state)["future"][t - 1] for state in cell.state_leaves}


def of_states(cell: Cell, states: Sequence[str], t: int, loss: int | None) -> str:
    """``∂L/∂h₄``, of several states ``∂L/∂(c₄, h₄)``: with respect to the states after step ``t``, −1 the initial."""
    names = [plain(value_symbol(cell, cell.state_leaves[state], t + 1).runs) for state in states]
    whole = plain(gradient_symbol(cell, cell.state_leaves[states[0]], t + 1, loss).runs)
    return whole if len(names) == 1 else f"{whole.partition('/')[0]}/∂({', '.join(names)})"


@np.errstate(all="ignore")
def squares(vector: Array) -> str:
    """``√(0.31² + (−0.2)² + 0.004 (13 more))``: the norm of a vector by its largest entries, which add up to it."""
    order = np.argsort(-np.abs(vector), kind="stable")
    shown = len(vector) if len(vector) <= MOST_SQUARES + 1 else MOST_SQUARES
    largest = (float(vector[i]) for i in order[:shown])
    parts = [_squared(v) for v in largest]
    if rest := len(vector) - shown:
        others = vector[order[shown:]].astype(np.float64)
        square = float(np.square(others).sum())
        # Where a float has no room for the sum of squares, it is written as one.
        room = 1e-290 < square < np.inf or not np.isfinite(others).all() or not others.any()
        parts.append(f"{number(square) if room else _squared(norm(others))} ({rest} more)")
    return f"√({' + '.join(parts)})"


def _squared(value: float) -> str:
    """``0.31²``, ``(−0.2)²``, ``(3·10⁻⁵)²``: in brackets where the power would be read as of something else."""
    said = number(value)
    return f"({said})²" if value < 0 or "·" in said else f"{said}²"


def shares(vectors: dict[str, Array], states: Sequence[str]) -> str:
    """``, of it c 0.0722 and h 0.0311``; nothing of a single state."""
    if len(states) < 2:
        return ""
    return f", of it {' and '.join(f'{s} {number(norm(vectors[s]), 3)}' for s in states)},"


def norm_lines(cell: Cell, vectors: dict[str, Array], states: Sequence[str], t: int, loss: int | None) -> list[str]:
    """How the norm of the gradient with respect to the states after step ``t`` comes about."""
    lines = []
    if len(states) > 1:
        each = " + ".join(f"‖{of_states(cell, [s], t, loss)}‖²" for s in states)
        lines.append(f"= √({each}) = √({' + '.join(_squared(norm(vectors[s])) for s in states)})")
    for state in states:
        symbol = of_states(cell, [state], t, loss)
        lines.append(f"‖{symbol}‖ = √Σ over units = {squares(vectors[state])} = {number(norm(vectors[state]))}")
    return lines


def product_lines(numbers: StepNumbers, states: Sequence[str]) -> list[str]:
    """By which product step t hands this unit's gradient back to the states before it."""
    progress, cell, t = numbers.progress, numbers.cell, numbers.t
    assert progress is not None
    sent, lines = handed_back(progress, t), []
    for state in states:
        leaf = cell.state_leaves[state]
        mine = float(sent[state][numbers.unit])
        whole = numbers.gradient(leaf)
        if whole is None or np.isclose(mine, whole, rtol=1e-9, atol=0.0, equal_nan=True):
            # Of a sum of several products there is no room for what each of them is made of.
            formula = gradient_formula(numbers, leaf, details=len(gradient_shares(numbers, leaf, False)) == 1)
            lines += broken(f"unit {numbers.unit + 1}: {formula.text}")
            lines += [f"    {plain(detail)}" for detail in formula.details]
            continue
        # Some of the losses that have come to step t are cut before the one before it: the sum of those that go on.
        lines += broken(
            f"unit {numbers.unit + 1}: {of_states(cell, [state], t - 1, None)} = {_of_losses(numbers, state)}"
        )
        lines.append(f"    each of them by {plain(gradient_formula(numbers, leaf, False).lines[0])} of its own")
    return lines


def _of_losses(numbers: StepNumbers, state: str) -> str:
    """What the losses that cross into the step before hand back to one unit: a summand each, as often as it counts."""
    progress, t, cell = numbers.progress, numbers.t, numbers.cell
    assert progress is not None
    walk = progress.walk
    total = float(handed_back(progress, t)[state][numbers.unit])
    crossing = [s for s in range(t, walk.trace.length) if walk.table[s, t - 1] > 0 and walk.targets[s] >= 0]
    shown = crossing if len(crossing) <= MOST_LOSSES + 1 else crossing[:MOST_LOSSES]
    symbols, found = [], []
    for loss in shown:
        times = int(walk.table[loss, t - 1])
        symbols.append(f"{times} × " * (times > 1) + of_states(cell, [state], t - 1, loss))
        found.append(times * float(walk.lane(loss).from_future[state][t - 1][numbers.unit]))
    if rest := len(crossing) - len(shown):
        symbols.append(f"{rest} more")
        found.append(total - sum(found))
    return f"{' + '.join(symbols)} = {added(found)} = {number(total)}"


def broken(line: str) -> list[str]:
    """A formula that is too long for one line of a tool tip: what it comes to stands below the symbols."""
    if len(line) <= WIDEST:
        return [line]
    head, symbols, *rest = line.split(" = ")
    return [f"{head} = {symbols}", *(["    = " + " = ".join(rest)] if rest else [])]


def added(values: Sequence[float]) -> str:
    """``0.31 − 0.02 + 0.004``."""
    first, *others = values
    return number(first) + "".join(f" {'−' if v < 0 else '+'} {number(abs(v))}" for v in others)


def crossing_lines(numbers: StepNumbers, states: Sequence[str]) -> list[str]:
    """The norm of what has gone from step t to the one before it, and the product that it comes from."""
    progress = numbers.progress
    assert progress is not None
    vectors = handed_back(progress, numbers.t)
    told = norm_lines(numbers.cell, vectors, states, numbers.t - 1, numbers.loss)
    return [*told, *product_lines(numbers, states)]


@np.errstate(all="ignore")
def stream_lines(numbers: StepNumbers, key: str) -> list[str]:
    """How a stream into h comes about at step t: that of its ``loss``, that from the ``future``, or their ``sum``."""
    progress, cell, t, unit = numbers.progress, numbers.cell, numbers.t, numbers.unit
    assert progress is not None
    streams = progress.state_gradient("h")
    vector, mine = streams[key][t], float(streams[key][t][unit])
    lines = [f"= √Σ over units = {squares(vector)}"]
    if key == "loss":
        found = progress.step_gradients
        assert found is not None
        delta = plain((*d_of("L", numbers.loss), *symbol("z", str(t)).runs))
        column = numbers.trace.model.parameters["V"][:, unit]
        lines.append(f"unit {unit + 1}: Vᵀ {delta} = {expand(column, found.d_logits[t], mine)} = {number(mine)}")
    elif key == "sum":
        parts = [float(streams[part][t][unit]) for part in ("loss", "future") if streams[f"{part}_known"][t]]
        whole = plain(gradient_symbol(cell, cell.outputs["h"], t, numbers.loss).runs)
        lines.append(f"unit {unit + 1}: {whole} = {added(parts)}{f' = {number(mine)}' if len(parts) > 1 else ''}")
    return lines
