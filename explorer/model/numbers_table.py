"""The table of a step's exact numbers, and how it is copied."""

from __future__ import annotations

from typing import Any

import numpy as np

from rnncore.frozen import dataclass

from .formula import exact
from .names import at_step

Array = np.ndarray[Any, Any]


@dataclass(frozen=True, eq=False)
class Table:
    """Columns of numbers, one row a unit; a column that is not computed yet is None."""

    names: tuple[str, ...]
    roles: tuple[str, ...]
    columns: tuple[Array | None, ...]
    units: int
    t: int = 0

    @property
    def headings(self) -> tuple[str, ...]:
        """What stands over the columns of step ``t``, and in a copy too: the state before is h₅ at step 6."""
        return tuple(at_step(name, self.t) for name in self.names)

    def value(self, unit: int, column: int) -> float | None:
        """The number of ``unit`` (0-based) in ``column``."""
        values = self.columns[column]
        return None if values is None else float(values[unit])

    def csv(self, units: list[int] | None = None, columns: list[int] | None = None) -> str:
        """The chosen rows and columns (all by default) with a heading, every number at full precision."""
        rows = range(self.units) if units is None else units
        chosen = range(len(self.names)) if columns is None else columns
        lines = [",".join(["unit", *(self.headings[c] for c in chosen)])]
        for u in rows:
            cells = [self.value(u, c) for c in chosen]
            lines.append(",".join([str(u + 1), *("" if v is None else exact(v) for v in cells)]))
        return "\n".join(lines) + "\n"
