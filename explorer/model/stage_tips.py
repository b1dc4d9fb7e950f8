"""What a number on the stage is made of: its formula with its numbers, written when the tool tip asks for it.

The formulas are those of the inspector: :mod:`equations`, :mod:`gradients` and :mod:`now_forward`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from .equations import forward_formula, product_line
from .formula import plain
from .gradients import gradient_formula
from .names import BEFORE
from .now_forward import loss_formula, softmax_formula
from .now_parts import Words
from .stage_records import Floats, StageData, Strip
from .stage_words import into, number, unreached
from .step_numbers import StepNumbers

MOST_LISTED = 8
"""Units of a group whose numbers are listed; of more only the one that is shown."""


def cell_tip(data: StageData, strip: Strip, t: int, cell: int, unit: int, gradient: bool) -> str:
    """One cell: its exact number and gradient, and the formula of the side that is pointed at.

    Of a group of units ``unit`` is the one that this side of the cell shows: of its numbers the furthest from zero.
    """
    units = data.scene.units_of(cell)
    lines, listed = _group(strip, t, cell, units)
    lines += [_numbers(strip, t, u) for u in listed]
    if data.progress is None:
        return "\n".join(lines)
    numbers = step_numbers(data, t, unit)
    node = strip.track.node
    if not gradient and strip.known[t]:
        lines += [forward_formula(numbers, node).text, *(f"    {part}" for part in _terms(numbers, node))]
    elif gradient and strip.gradient_known[t]:
        formula = gradient_formula(numbers, node)
        lines += [formula.text, *(f"    {plain(d)}" for d in formula.details)]
    elif gradient:
        lines.append(missing(data, strip, t))
    return "\n".join(lines)


def initial_tip(data: StageData, strip: Strip, cell: int, unit: int, gradient: bool) -> str:
    """One cell of the state before the first step, its gradient, and what comes into it from the sequence before."""
    units = data.scene.units_of(cell)
    lines, listed = _group(strip, 0, cell, units)
    for u in listed:
        name = f"{strip.track.label}[{u + 1}]"
        text = f"{name}, before the first step, = {number(strip.track.values[0, u], signed=True)}"
        if strip.gradient_known[0]:
            text += f",  ∂L/∂{name} = {number(strip.gradients[0, u], signed=True)}"
        lines.append(text)
    if gradient and not strip.gradient_known[0]:
        lines.append(missing(data, strip, 0))
    elif strip.gradient_known[0] and data.progress is not None:
        formula = gradient_formula(step_numbers(data, 0, unit), strip.track.node)
        lines += [formula.text, *(f"    {plain(d)}" for d in formula.details)]
    name = strip.track.label
    lines.append(f"{name} is the initial state: steps count from 0 (many books call it {name.removesuffix(BEFORE)}₀)")
    lines.append(into(data))
    return "\n".join(lines)


def _group(strip: Strip, t: int, cell: int, units: range) -> tuple[list[str], Sequence[int]]:
    """Of a group: which unit each half of its cell shows, the value's and the gradient's; and the units to be listed.

    Of many only those two are. NaN goes before every number.
    """
    if len(units) == 1:
        return [], units
    label, shown = strip.track.label, []
    if strip.known[t]:
        shown.append((label, shown_unit(units, strip.track.values[t], strip.track.cells[t, cell])))
    if strip.gradient_known[t]:
        shown.append((f"∂L/∂{label}", shown_unit(units, strip.gradients[t], strip.gradient_cells[t, cell])))
    line = f"Units {units[0] + 1}–{units[-1] + 1} together"
    if shown:
        which = ", ".join(f"of {what} unit {unit + 1}" for what, unit in shown)
        line += f"; a cell shows the one furthest from zero: {which}."
    few = sorted({unit for _, unit in shown}) or units[:1]
    return [line], units if len(units) <= MOST_LISTED else few


def shown_unit(units: range, row: Floats, shown: float) -> int:
    """The unit whose number the cell of a group shows."""
    for unit in units:
        if row[unit] == shown or (row[unit] != row[unit] and shown != shown):
            return unit
    return units[0]


def missing(data: StageData, strip: Strip, t: int) -> str:
    """Why a gradient is not shown at step ``t``: none ever comes there, or not yet."""
    why = unreached(data, t)
    return f"∂L/∂{strip.track.label} is not computed: {why}" if why else f"∂L/∂{strip.track.label} is not computed yet"


def _numbers(strip: Strip, t: int, unit: int) -> str:
    """``h[7] at t = 5 = −0.4312,  ∂L/∂h[7] = +0.0031``, the unit counted from 1."""
    name = f"{strip.track.label}[{unit + 1}]"
    if not strip.known[t]:
        return f"{name} at t = {t}: not computed yet"
    text = f"{name} at t = {t} = {number(strip.track.values[t, unit], signed=True)}"
    if strip.gradient_known[t]:
        text += f",  ∂L/∂{name} = {number(strip.gradients[t, unit], signed=True)}"
    return text


def step_numbers(data: StageData, t: int, unit: int) -> StepNumbers:
    """The numbers of one step and one unit at the position on show, for its formulas."""
    progress = data.progress
    assert progress is not None
    step = progress.step
    loss = step.loss if step is not None and not progress.summed else None
    return StepNumbers(data.scene.trace, t, unit, progress, data.scene.tokens[t], loss)


def _terms(numbers: StepNumbers, node: int) -> Iterable[str]:
    """What a value is computed from, each written out, down to what has a name: ``U x₅ = …``, ``f₅ ⊙ c₄ = …``."""
    cell = numbers.cell
    for i in cell.nodes[node].inputs:
        inner = cell.nodes[i]
        if inner.op == "matmul":
            yield plain(product_line(numbers, i))
        elif not inner.is_leaf and not inner.name:
            yield forward_formula(numbers, i).text
            yield from _terms(numbers, i)


@np.errstate(all="ignore")
def output_tip(data: StageData, t: int) -> str:
    """The distribution of one step: each bar as a softmax with its numbers."""
    if not data.output_known[t]:
        return f"Output at t = {t}: not computed yet"
    scene = data.scene
    lines = [f"Output at t = {t}: the {len(scene.words[t])} bars of {scene.trace.probabilities.shape[1]} tokens"]
    for i, word in enumerate(scene.words[t]):
        mark = "  ← target" if i == scene.target_row[t] else ""
        share = f"P({word}) = {number(scene.shares[t, i])}"
        found = np.flatnonzero(scene.trace.probabilities[t] == scene.shares[t, i])
        token = int(data.progress.walk.targets[t]) if mark and data.progress else int(found[0]) if len(found) else None
        if token is not None:
            share += f":  {softmax_formula(scene.trace, t, token, f'“{word}”').text}"
        lines.append(share + mark)
    return "\n".join(lines)


@np.errstate(all="ignore")
def loss_tip(data: StageData, t: int) -> str:
    """The loss of one step: ``L₅ = −ln ŷ₅[“cat”] = −ln 0.0357 = 3.333``."""
    scene = data.scene
    if scene.masked[t]:
        return f"t = {t} carries no loss: the task asks nothing here"
    if not data.loss_known[t]:
        return f"Loss at t = {t}: not computed yet"
    lines = [f"Loss at t = {t} = {number(scene.losses[t])} nats"]
    even = float(np.log(max(2, scene.trace.probabilities.shape[1])))
    ceiling = f"{scene.tallest_loss / even:g} ln V = {scene.tallest_loss:.3g}"
    lines.append(f"A bar of full height is {ceiling}; guessing evenly costs ln V = {even:.3g}")
    if data.stopped[t]:
        lines.append(f"Hatched: nothing of its credit reaches t = {data.current_t} ({data.cut.policy.describe()})")
    if data.progress is not None:
        lines.append(loss_formula(data.progress.walk, t, Words(scene.tokens, scene.targets)).text)
    return "\n".join(lines)
