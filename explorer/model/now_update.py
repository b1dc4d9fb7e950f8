"""What a micro-step of the weight update did."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from rnncore.bptt import global_norm
from rnncore.ops import Array
from rnncore.optim import SGD, Adagrad, Adam, Momentum, Optimiser, RMSProp
from rnncore.script import MicroStep
from rnncore.walk import Walk

from .formula import Formula, Run, Runs, number, result, symbol
from .now_parts import Now, Words, factor, muted


def update(walk: Walk, step: MicroStep, unit: int, words: Words) -> Now:
    stages = walk.update
    assert stages is not None
    if step.kind == "scale":
        formula = _norms("G", stages.raw, f"× {number(walk.scale)}", stages.scaled)
        return Now("Now: divide by the number of words", (formula,), "", "weight")
    if step.kind == "clip":
        report = stages.clip_report
        note = "" if report is None else f"Norm {number(report.norm)} → {number(report.clipped_norm)}."
        if report is not None:
            note += (
                " Nothing was cut."
                if report.scale == 1 and report.fraction == 0
                else (f" {report.fraction:.0%} of the entries changed.")
            )
        return Now("Now: clip the gradient", (_norms("G", stages.scaled, "clip", stages.clipped),), note, "weight")
    name = next(iter(walk.model.parameters))
    at, where = _entry(walk, name, unit, words)
    why = f"{where}: the selected unit’s" + (" entry." if len(at) == 1 else f" entry of the largest |Δ{name}|.")
    old, delta, new = (float(m[name][at]) for m in (walk.model.parameters, stages.deltas, stages.parameters))
    left = (*symbol(name, "", "weight").runs, Run(where, "plain", "muted"))
    if step.kind == "optimiser":
        assert walk.optimiser is not None
        rate = walk.optimiser.learning_rate if walk.learning_rate is None else walk.learning_rate
        name_of_rule, symbols, meaning = _rule(walk.optimiser)
        gradient = float(stages.clipped[name][at])
        lines: tuple[Runs, ...] = (symbols, result(delta))
        if isinstance(walk.optimiser, SGD):
            lines = (symbols, muted(f"−{number(rate)} × {factor(gradient)}"), result(delta))
        note = f"{name_of_rule} at learning rate η = {number(rate)}; "
        note += f"the gradient g there is {number(gradient)}.{meaning} {why}"
        return Now(
            "Now: the optimiser’s step", (Formula((Run("Δ", "italic", "weight"), *left), lines, delta),), note, "weight"
        )
    sign = "−" if delta < 0 else "+"
    lines = (muted(f"{number(old)} {sign} {number(abs(delta))}"), result(new))
    return Now("Now: the weights move", (Formula(left, lines, new),), why, "weight")


def _entry(walk: Walk, name: str, unit: int, words: Words) -> tuple[tuple[int, ...], str]:
    """The entry of a weight that is shown, and what to call it: of a matrix of x the column of a word that was read."""
    values = walk.model.parameters[name]
    row = min(unit, values.shape[0] - 1)
    if values.ndim == 1:
        return (row,), f"[{row + 1}]"
    assert walk.update is not None
    size = np.abs(np.nan_to_num(walk.update.deltas[name][row]))
    of_x = any(p.name == name and p.of == "x" for p in walk.model.cell.parameters)
    if not of_x or walk.trace.inputs.ndim == 2 or not walk.trace.length:
        column = int(np.argmax(size))
        return (row, column), f"[{row + 1}, {column + 1}]"
    t = int(np.argmax(size[walk.trace.inputs]))
    return (row, int(walk.trace.inputs[t])), f"[{row + 1}, “{words.column(t)}”]"


def _rule(optimiser: Optimiser) -> tuple[str, Runs, str]:
    """An optimiser's name, its step in symbols, and what the letters in it mean."""
    if isinstance(optimiser, Momentum):
        mu = number(optimiser.momentum)
        moving = f" v is {mu} × the v before + g."
        if optimiser.nesterov:
            return "Nesterov momentum", (Run(f"−η (g + {mu} v)"),), moving
        return "Momentum", (Run("−η v"),), moving
    if isinstance(optimiser, Adagrad):
        return "Adagrad", (Run("−η g / (√s + ε)"),), " s is the sum of all g² so far."
    if isinstance(optimiser, RMSProp):
        meaning = f" s is a moving mean of g²: {number(optimiser.decay)} of it is kept."
        return "RMSProp", (Run("−η g / (√s + ε)"),), meaning
    if isinstance(optimiser, Adam):
        meaning = " m̂ and ŝ are the moving means of g and g², corrected for having begun at 0."
        return "Adam", (Run("−η m̂ / (√ŝ + ε)"),), meaning
    return type(optimiser).__name__, (Run("−η g"),), ""


def _norms(name: str, before: Mapping[str, Array], what: str, after: Mapping[str, Array]) -> Formula:
    left = (Run("‖"), Run(name, "italic", "weight"), Run("‖"))
    length = global_norm(after)
    return Formula(left, (muted(f"{number(global_norm(before))} {what}"), result(length)), length)
