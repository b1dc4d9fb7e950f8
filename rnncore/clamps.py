"""Clamps: a gate forced open or shut, or any value of a cell held at a number, at every time step.

A clamp is nothing but another text of the cell: ``f = sigmoid(…)`` becomes ``f = clamp(sigmoid(…), 1)``. So the graph,
the values, the gradients, the list of steps, the picture, the printed formula and the fast kernel all follow from the
equations as they do without it. The parameters stay the same ones.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Iterable, Mapping
from typing import Any

from rnncore.cells import LARGEST, Cell
from rnncore.errors import RnnError
from rnncore.frozen import dataclass


@dataclass(frozen=True)
class Clamp:
    """The value ``name`` held at the number ``value`` at every step: in all units, or in the one numbered ``unit``.

    Raises RnnError for what is no finite number below 1e30, or no unit.
    """

    name: str
    value: float
    unit: int | None = None

    def __post_init__(self) -> None:
        value = self.value
        if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < LARGEST:
            raise RnnError(
                f"{self.name} can be clamped to a finite number within ±1e30, such as 0 or 1, not to {value!r:.40}"
            )
        if self.unit is not None and (type(self.unit) is not int or self.unit < 0):
            raise RnnError(f"a unit is a whole number from 0 on, not {self.unit!r:.40}")

    @property
    def describe(self) -> str:
        """The clamp in words, units counted from 1: ``f clamped to 1``, ``f[3] clamped to 0.5``."""
        where = "" if self.unit is None else f"[{self.unit + 1}]"
        return f"{self.name}{where} clamped to {self.value:.6g}".replace("-", "−")

    def to_plain(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        return {"name": self.name, "value": float(self.value), "unit": self.unit}

    @staticmethod
    def from_plain(plain: Any) -> Clamp:
        """Return what :meth:`to_plain` described; raises RnnError when it cannot be used."""
        if not isinstance(plain, Mapping) or set(plain) != {"name", "value", "unit"} or type(plain["name"]) is not str:
            raise RnnError("a clamp names a value of the cell, a number and a unit (or none)")
        return Clamp(plain["name"], plain["value"], plain["unit"])


def can_be_clamped(cell: Cell) -> tuple[str, ...]:
    """Return the names of a cell that may be clamped: every equation's that computes something, gates first."""
    return (*cell.gates, *cell.states)


def clamped(cell: Cell, clamps: Iterable[Clamp] | Clamp) -> Cell:
    """Return the cell with these values clamped, one after the other (or the one given alone).

    Raises RnnError for a name that the cell does not have.
    """
    text = cell.text
    known = can_be_clamped(cell)
    for clamp in [clamps] if isinstance(clamps, Clamp) else clamps:
        if not isinstance(clamp, Clamp):
            raise RnnError(f'{clamp!r:.40} is no clamp; give for instance [Clamp("{known[0]}", 1.0)]')
        if clamp.name not in known:
            raise RnnError(f"the cell {cell.name!r} has no gate or state {clamp.name!r:.40}; it has {', '.join(known)}")
        text = _wrapped(text, clamp)
    if text == cell.text:
        return cell
    new = Cell.from_equations(cell.name, text)
    # To find it out anew is to read the equations once more, and a clamp takes no parameter away.
    vars(new)["has_bias"] = cell.has_bias
    return new


def merged(clamps: Iterable[Clamp], new: Clamp) -> tuple[Clamp, ...]:
    """Return the clamps with ``new`` among them, in place of those that it makes void."""
    kept = [c for c in clamps if c.name != new.name or (new.unit is not None and c.unit != new.unit)]
    return (*kept, new)


def without(clamps: Iterable[Clamp], name: str, unit: int | None = None) -> tuple[Clamp, ...]:
    """Return the clamps without those of a name, or without that of one of its units alone."""
    return tuple(c for c in clamps if c.name != name or (unit is not None and c.unit != unit))


def _wrapped(text: str, clamp: Clamp) -> str:
    """Return the equations with one right-hand side inside ``clamp(…)``; all else stays as it is written."""
    statement = next(
        s
        for s in ast.parse(text).body
        if isinstance(s, ast.Assign) and isinstance(s.targets[0], ast.Name) and s.targets[0].id == clamp.name
    )
    value = statement.value
    # The tree counts columns in bytes, and knows three ways to end a line.
    whole = text.replace("\r\n", "\n").replace("\r", "\n").encode()
    starts = [0, *(place + 1 for place, byte in enumerate(whole) if byte == ord("\n"))]
    first = starts[value.lineno - 1] + value.col_offset
    last = starts[(value.end_lineno or value.lineno) - 1] + (value.end_col_offset or 0)
    number = repr(int(clamp.value)) if float(clamp.value).is_integer() and abs(clamp.value) < 1e6 else repr(clamp.value)
    if math.copysign(1.0, clamp.value) < 0 and clamp.value == 0:
        number = "0"
    unit = "" if clamp.unit is None else f", {clamp.unit + 1}"
    inner = whole[first:last].decode()
    return f"{whole[:first].decode()}clamp({inner}, {number}{unit}){whole[last:].decode()}"
