"""What a micro-step of the weight update did."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from rnncore.bptt import global_norm
from rnncore.ops import Array
from rnncore.script import MicroStep
from rnncore.walk import Walk

from .formula import Formula, Run, number, result, symbol
from .now_parts import Now, muted


def update(walk: Walk, step: MicroStep, unit: int) -> Now:
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
    row = min(unit, walk.model.parameters[name].shape[0] - 1)
    column = int(np.argmax(np.abs(np.nan_to_num(stages.deltas[name][row])))) if stages.deltas[name].ndim == 2 else 0
    at = (row, column) if stages.deltas[name].ndim == 2 else (row,)
    where = "[" + ", ".join(str(i + 1) for i in at) + "]"
    old, delta, new = (float(m[name][at]) for m in (walk.model.parameters, stages.deltas, stages.parameters))
    left = (*symbol(name, "", "weight").runs, Run(where, "plain", "muted"))
    if step.kind == "optimiser":
        gradient = float(stages.clipped[name][at])
        note = f"Its gradient there is {number(gradient)}; {walk.optimiser!r}."
        return Now(
            "Now: the optimiser’s step",
            (Formula((Run("Δ", "italic", "weight"), *left), (result(delta),), delta),),
            note,
            "weight",
        )
    sign = "−" if delta < 0 else "+"
    lines = (muted(f"{number(old)} {sign} {number(abs(delta))}"), result(new))
    return Now("Now: the weights move", (Formula(left, lines, new),), "", "weight")


def _norms(name: str, before: Mapping[str, Array], what: str, after: Mapping[str, Array]) -> Formula:
    left = (Run("‖"), Run(name, "italic", "weight"), Run("‖"))
    length = global_norm(after)
    return Formula(left, (muted(f"{number(global_norm(before))} {what}"), result(length)), length)
