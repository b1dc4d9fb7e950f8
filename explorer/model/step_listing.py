"""A generated program, line by line, and which micro-steps each line carries out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from rnncore.frozen import dataclass
from rnncore.script import MicroStep

Mark = tuple[str, int | None, str | None]
"""(kind of micro-step, node, parameter)."""


@dataclass(frozen=True, slots=True)
class CodeLine:
    """A line of the program and the micro-steps that it carries out."""

    text: str
    marks: frozenset[Mark] = frozenset()


@dataclass(frozen=True, slots=True)
class Code:
    """A program, line by line."""

    lines: tuple[CodeLine, ...]
    roles: Mapping[str, str] = field(default_factory=dict)
    """What the names stand for, as the token of their colour: value, gradient, weight or loss."""

    @property
    def text(self) -> str:
        return "\n".join(line.text for line in self.lines) + "\n"

    def current(self, step: MicroStep | None) -> tuple[int, ...]:
        """The numbers (from 0) of the lines that carry out a micro-step."""
        if step is None:
            return ()
        mark = (step.kind, step.node, step.parameter)
        return tuple(n for n, line in enumerate(self.lines) if mark in line.marks)
