"""The numbers of one time step and one unit, as far as the walk has computed them."""

from __future__ import annotations

from typing import Any

import numpy as np

from rnncore.cells import Cell
from rnncore.frozen import dataclass
from rnncore.progress import Progress
from rnncore.trace import Trace

Array = np.ndarray[Any, Any]


@dataclass(frozen=True, eq=False)
class StepNumbers:
    """The numbers of one time step ``t`` and one ``unit`` (0-based), as far as the walk has computed them.

    ``progress`` None means that the whole forward pass, and nothing of the backward pass, is known. ``loss`` is the
    loss that walks back alone (its time step), or None.
    """

    trace: Trace
    t: int
    unit: int
    progress: Progress | None = None
    word: str = ""
    loss: int | None = None

    @property
    def cell(self) -> Cell:
        return self.trace.cell

    def vector(self, node: int) -> Array | None:
        """All units' values (H,) of a node at this step; None before they are computed."""
        this = self.cell.nodes[node]
        if this.op == "input" or (this.op == "parameter" and self.trace.model.parameters[this.text].ndim == 2):
            return None
        if not this.is_leaf and self.progress is not None and self.progress.forward_known(node) <= self.t:
            return None
        before = self.cell.outputs[this.state] if this.state is not None and self.t > 0 else None
        if before is not None and self.progress is not None and self.progress.forward_known(before) < self.t:
            return None
        values: Array = self.trace.value(node)[self.t]
        return values

    def value(self, node: int) -> float | None:
        """This unit's value of a node; None before it is computed."""
        values = self.vector(node)
        return None if values is None else float(values[self.unit])

    def gradient_vector(self, node: int) -> Array | None:
        """All units' gradients (H,) with respect to a node's value; None before they are computed."""
        if self.progress is None:
            return None
        values, known = self.progress.gradient(node)
        return values[self.t] if known[self.t] else None

    def gradient(self, node: int) -> float | None:
        """This unit's gradient with respect to a node's value; None before it is computed."""
        values = self.gradient_vector(node)
        return None if values is None else float(values[self.unit])
