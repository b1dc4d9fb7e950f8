"""The numbers of one time step and one unit, as far as the walk has computed them."""

from __future__ import annotations

from dataclasses import field
from functools import cached_property
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
    rows: dict[tuple[Any, ...], Any] = field(default_factory=dict, repr=False)
    """Rows of the trace that were read already, and what follows from them alone, whatever the position: what is shared
    saves reading them again."""
    _vectors: dict[int, Array | None] = field(default_factory=dict, init=False, repr=False)

    @property
    def cell(self) -> Cell:
        return self.trace.cell

    def vector(self, node: int) -> Array | None:
        """All units' values (H,) of a node at this step; None before they are computed."""
        if node not in self._vectors:
            self._vectors[node] = self._vector(node)
        return self._vectors[node]

    def _vector(self, node: int) -> Array | None:
        this = self.cell.nodes[node]
        if this.op == "input" or (this.op == "parameter" and self.trace.model.parameters[this.text].ndim == 2):
            return None
        if not this.is_leaf and self.progress is not None and self.progress.forward_known(node) <= self.t:
            return None
        before = self.cell.outputs[this.state] if this.state is not None and self.t > 0 else None
        if before is not None and self.progress is not None and self.progress.forward_known(before) < self.t:
            return None
        key = ("row", node, self.t)
        if key not in self.rows:
            self.rows[key] = self.trace.value(node)[self.t]
        values: Array = self.rows[key]
        return values

    def value(self, node: int) -> float | None:
        """This unit's value of a node; None before it is computed."""
        values = self.vector(node)
        return None if values is None else float(values[self.unit])

    @cached_property
    def gradients_known(self) -> frozenset[int]:
        """The nodes whose gradient is computed at this step."""
        return frozenset() if self.progress is None else self.progress.nodes_known(self.t)

    def gradient_vector(self, node: int) -> Array | None:
        """All units' gradients (H,) with respect to a node's value; None before they are computed."""
        if node not in self.gradients_known:
            return None
        assert self.progress is not None
        return self.progress.gradient_values(node)[self.t]

    def gradient(self, node: int) -> float | None:
        """This unit's gradient with respect to a node's value; None before it is computed."""
        values = self.gradient_vector(node)
        return None if values is None else float(values[self.unit])
