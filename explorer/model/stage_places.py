"""The places that the stage's geometry is made of: rows, strips inside a column, and rows of a heat map."""

from __future__ import annotations

from rnncore.frozen import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """A horizontal band of the stage."""

    top: int
    height: int

    @property
    def bottom(self) -> int:
        return self.top + self.height

    @property
    def middle(self) -> float:
        return self.top + self.height / 2.0


@dataclass(frozen=True, slots=True)
class Span:
    """A strip inside a column: value cells and, to their right, gradient cells; ``x`` counts from the column."""

    x: int
    width: int
    gradient_x: int
    gradient_width: int

    @property
    def right(self) -> int:
        return self.gradient_x + self.gradient_width


@dataclass(frozen=True, slots=True)
class Band:
    """A strip of the ``HEAT`` detail: a row of values over all time and, below it, one of gradients."""

    value: Row
    gradient: Row
