"""One measured number with the bound that it is held against, and what it is made of."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tests.benchmarks.timing import duration


@dataclass(frozen=True)
class Judged:
    """``value`` is to be at most ``bound`` ("≤") or at least ("≥"); a ``bound`` of None is not judged.

    ``unit`` is "s" for durations; other units are printed after the number. ``parts`` goes into the record as it is,
    ``lines`` are printed below.
    """

    group: str
    name: str
    value: float
    unit: str = "s"
    bound: float | None = None
    sign: str = "≤"
    parts: dict[str, Any] = field(default_factory=dict)
    lines: tuple[str, ...] = ()

    @property
    def budget(self) -> tuple[str, float] | None:
        """The bound, as the other rows of the report have it."""
        return None if self.bound is None else (self.sign, self.bound)

    @property
    def met(self) -> bool | None:
        """Whether the bound is kept; None where there is none."""
        if self.bound is None:
            return None
        return self.value <= self.bound if self.sign == "≤" else self.value >= self.bound

    def __str__(self) -> str:
        text = f"{self.name:44} {self._number(self.value):>9}"
        if self.bound is not None:
            text += f"  {'met' if self.met else 'MISSED'} ({self.sign} {self._number(self.bound)})"
        return "\n".join([text, *(f"    {line}" for line in self.lines)])

    def _number(self, value: float) -> str:
        return duration(value) if self.unit == "s" else f"{value:.3g} {self.unit}"

    def record(self) -> dict[str, Any]:
        """Return it as plain data."""
        return {
            "group": self.group,
            "name": self.name,
            "value": self.value,
            "unit": self.unit,
            "budget": None if self.bound is None else {"sign": self.sign, "bound": self.bound},
            "met": self.met,
            **self.parts,
        }
