"""Tables too large for their pixels: each painted cell stands for a block and shows its number furthest from zero."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnncore.frozen import dataclass

Array = np.ndarray[Any, Any]


@dataclass(frozen=True, eq=False, slots=True)
class Blocks:
    """A table (n, m) in blocks of ``rows`` by ``columns`` numbers; the last ones of each may be smaller.

    ``row`` and ``column`` (⌈n/rows⌉, ⌈m/columns⌉) say where in the table each block's number furthest from zero
    stands: NaN beats all, then ±inf.
    """

    rows: int
    columns: int
    row: NDArray[np.intp]
    column: NDArray[np.intp]

    @property
    def whole(self) -> bool:
        """Whether every number has a cell of its own."""
        return self.rows == 1 and self.columns == 1

    def pick(self, table: Array) -> Array:
        """The numbers of ``table`` (n, m) that the cells show."""
        found: Array = table if self.whole else table[self.row, self.column]
        return found

    def says(self, row_name: str, column_name: str) -> str:
        """How the table is aggregated, in words; "" when it is not."""
        parts = [f"{n} {name}" for n, name in ((self.rows, row_name), (self.columns, column_name)) if n > 1]
        return f"a cell: {' × '.join(parts)}, the furthest from 0" if parts else ""


def blocks(table: Array, most_rows: int, most_columns: int) -> Blocks:
    """Blocks of ``table`` (n, m) such that at most so many rows and columns of cells are painted."""
    n, m = table.shape
    rows, columns = max(1, -(-n // max(1, most_rows))), max(1, -(-m // max(1, most_columns)))
    high, wide = -(-n // rows), -(-m // columns)
    if rows == columns == 1:
        i, j = np.arange(n)[:, None], np.arange(m)[None, :]
        return Blocks(1, 1, np.broadcast_to(i, (n, m)), np.broadcast_to(j, (n, m)))
    size = np.full((high * rows, wide * columns), -1.0)
    with np.errstate(invalid="ignore"):
        magnitude = np.abs(table)
    size[:n, :m] = np.where(np.isnan(table), np.inf, np.minimum(magnitude, np.finfo(np.float64).max))
    cells = size.reshape(high, rows, wide, columns).transpose(0, 2, 1, 3).reshape(high, wide, rows * columns)
    place = cells.argmax(axis=2)
    row = np.arange(high)[:, None] * rows + place // columns
    column = np.arange(wide)[None, :] * columns + place % columns
    return Blocks(rows, columns, row, column)
