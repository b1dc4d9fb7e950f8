"""Saturation: how many of a gate's units are so near their ends that hardly any gradient gets through."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rnncore.cells import Cell, Node
from rnncore.frozen import dataclass
from rnncore.script import label

from .step_numbers import StepNumbers

LOW, HIGH = 0.05, 0.95
"""Saturated: a sigmoid below ``LOW`` or above ``HIGH``, a tanh beyond ±``HIGH``, a relu at exactly 0."""
MUCH = 0.4
"""Above this share of saturated units a bar warns."""

_RULES = {
    "sigmoid": f"σ below {LOW:g} or above {HIGH:g}",
    "tanh": f"|tanh| above {HIGH:g}",
    "relu": "relu at 0",
}


@dataclass(frozen=True, slots=True)
class Saturation:
    """How many of a gate's units are saturated at this step; ``share`` None before the gate is computed.

    The ``lost`` units hold NaN or an infinity, the ``held`` ones are clamped: they are neither saturated nor not, and
    ``share`` is that of the units which are not held.
    """

    name: str
    share: float | None
    count: int
    units: int
    rule: str
    warns: bool
    lost: int = 0
    held: int = 0

    @property
    def free(self) -> int:
        """How many units are not clamped."""
        return self.units - self.held


def held_units(cell: Cell, node: Node, hidden: int) -> NDArray[np.bool_]:
    """Which units (H,) of an activation are clamped: they let no gradient through, wherever they lie."""
    held = np.zeros(hidden, dtype=bool)
    above = cell.above(node)
    while above is not node and above.op == "clamp":
        held[slice(None) if len(above.inputs) == 2 else int(cell.nodes[above.inputs[2]].constant or 0)] = True
        above = cell.nodes[above.inputs[0]]
    return held


@np.errstate(all="ignore")
def saturations(numbers: StepNumbers) -> tuple[Saturation, ...]:
    """One entry for each activation with a name, or for each one where none has."""
    nodes = [n for n in numbers.cell.nodes if n.op in _RULES]
    named = [n for n in nodes if numbers.cell.above(n).name] or nodes
    return tuple(_saturation(numbers, n) for n in named)


def _saturation(numbers: StepNumbers, node: Node) -> Saturation:
    held = numbers.cell.above(node)  # what the cell goes on with, where the activation is clamped
    values, units = numbers.vector(held.index), numbers.trace.model.hidden_size
    name = held.name or label(node)
    if values is None:
        return Saturation(name, None, 0, units, _RULES[node.op], False)
    key = ("saturation", node.index, numbers.t)
    if key in numbers.rows:
        kept: Saturation = numbers.rows[key]
        return kept
    if node.op == "sigmoid":
        hit = (values < LOW) | (values > HIGH)
    elif node.op == "tanh":
        hit = np.abs(values) > HIGH
    else:
        hit = values == 0
    clamped = held_units(numbers.cell, node, units)
    finite, still = np.isfinite(values), int(np.count_nonzero(clamped))
    count, lost = int(np.count_nonzero(hit & finite & ~clamped)), int(np.count_nonzero(~finite))
    share = count / max(1, units - still)
    warns = lost > 0 or share > MUCH
    found = numbers.rows[key] = Saturation(name, share, count, units, _RULES[node.op], warns, lost, still)
    return found
