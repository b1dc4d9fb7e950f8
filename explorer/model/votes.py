"""The rank-one votes of which a parameter's gradient is the sum, in the order in which the walk adds them."""

from __future__ import annotations

from dataclasses import field
from functools import cached_property
from typing import Any

import numpy as np

from rnncore.bptt import lanes_by_lag, output_gradients, use_gradient
from rnncore.cells import Use
from rnncore.frozen import dataclass
from rnncore.script import pretty
from rnncore.walk import Walk

from .equations import value_symbol
from .formula import plain

Array = np.ndarray[Any, Any]
OUTPUT = ("V", "b_y")
"""The output layer's parameters: their votes come from the logits."""


@dataclass(frozen=True, eq=False)
class Vote:
    """One vote ``delta ⊗ operand`` of loss ``t`` (None: of all losses in a sweep) for the weight copy ``tau``.

    ``delta`` (R,) holds how often the truncation counts the pair (``times``); ``operand`` (C,) is None for a vector
    parameter, whose vote is ``delta`` itself, and a token's index for a matrix of the one-hot input.
    """

    t: int | None
    tau: int
    times: int
    delta: Array = field(repr=False)
    operand: Array | int | None = field(repr=False)
    operand_label: str = ""

    @property
    def norm(self) -> float:
        """‖delta ⊗ operand‖ = ‖delta‖ ‖operand‖."""
        with np.errstate(all="ignore"):
            own = float(np.linalg.norm(self.delta))
            return own * float(np.linalg.norm(self.operand)) if isinstance(self.operand, np.ndarray) else own

    @property
    def label(self) -> str:
        """``δ(8,5) ⊗ h₄``, with a factor when it is counted several times."""
        pair = f"{self.tau}" if self.t is None else f"{self.t},{self.tau}"
        times = f"{self.times} × " if self.times > 1 else ""
        return f"{times}δ({pair})" + (f" ⊗ {self.operand_label}" if self.operand_label else "")


@dataclass(frozen=True, eq=False)
class Votes:
    """All votes for one parameter of a walk: ``visits`` (N,) and ``uses`` (N,) say where and by which use of the
    parameter, ``ends`` (N,) the position of the walk at which each has been added."""

    walk: Walk
    parameter: str
    visits: Array = field(repr=False)
    uses: Array = field(repr=False)
    ends: Array = field(repr=False)

    def __len__(self) -> int:
        return len(self.ends)

    def done(self, position: int) -> int:
        """How many have been added at a position of the walk."""
        return int(np.searchsorted(self.ends, position, side="right"))

    def vote(self, index: int, words: tuple[str, ...] = ()) -> Vote:
        """One vote; ``words`` (T,) name the tokens read."""
        walk = self.walk
        script, trace, cell = walk.script, walk.trace, walk.model.cell
        tau, loss = int(script.visit_tau[self.visits[index]]), int(script.visit_loss[self.visits[index]])
        t = None if loss < 0 else loss
        times = 1 if t is None else int(walk.table[t, tau])
        found = walk.sweep if t is None else walk.lane(t)
        if self.parameter in OUTPUT:
            operand = trace.tape[cell.outputs["h"]][tau] if self.parameter == "V" else None
            label = plain(value_symbol(cell, cell.outputs["h"], tau).runs) if self.parameter == "V" else ""
            return Vote(t, tau, times, found.d_logits[tau] * times, operand, label)
        use = cell.uses[int(self.uses[index])]
        delta = found.nodes[use.delta]
        size = walk.model.hidden_size
        values = np.zeros(size) if delta is None else np.broadcast_to(delta[tau], (size,)) * times
        return Vote(t, tau, times, values, self._operand(use, tau), self._label(use, tau, words))

    def _operand(self, use: Use, tau: int) -> Array | int | None:
        if use.operand is None:
            return None
        node, value = self.walk.model.cell.nodes[use.operand], self.walk.trace.tape[use.operand]
        if node.op == "input" and value.dtype.kind in "iu":
            return int(value[tau])
        shared: Array = value if node.op in ("parameter", "constant") else value[tau]
        return shared

    def _label(self, use: Use, tau: int, words: tuple[str, ...]) -> str:
        if use.operand is None:
            return ""
        cell = self.walk.model.cell
        node = cell.nodes[use.operand]
        if node.op == "input" and tau < len(words):
            return f"“{words[tau]}”"
        if node.is_leaf or node.name:
            return plain(value_symbol(cell, node.index, tau).runs)
        return f"({pretty(node.text)})"

    @np.errstate(all="ignore")
    def partial_sum(self, count: int) -> Array:
        """The sum of the first ``count`` votes, in the parameter's shape."""
        walk = self.walk
        if count >= len(self):
            return walk.gradients[self.parameter]
        if count <= 0:
            return np.zeros_like(walk.model.parameters[self.parameter])
        script = walk.script
        loss = int(script.visit_loss[self.visits[count - 1]])
        mine = np.flatnonzero(script.visit_loss[self.visits[:count]] == loss)
        if loss < 0:
            total = np.zeros_like(walk.model.parameters[self.parameter])
            found, weights = walk.sweep, np.ones(walk.trace.length)
        else:
            total = np.array(walk.finished(loss)[self.parameter])
            found, weights = walk.lane(loss), walk.table[loss].astype(walk.model.dtype)
        taus = script.visit_tau[self.visits[mine]]
        if self.parameter in OUTPUT:
            counted = found.d_logits[taus] * weights[taus, None]
            hidden = walk.trace.tape[walk.model.cell.outputs["h"]]
            return total + (counted.T @ hidden[taus] if self.parameter == "V" else counted.sum(axis=0))
        for place in np.unique(self.uses[mine]).tolist():
            use = walk.model.cell.uses[place]
            at = taus[self.uses[mine] == place]
            if found.nodes[use.delta] is not None:
                weighted = found.nodes[use.delta] * weights[:, None]
                total = total + use_gradient(walk.trace, use, weighted, slice(int(at.min()), int(at.max()) + 1))
        return total

    @cached_property
    def counted(self) -> Array:
        """How often each pair (loss t, weight copy τ) is counted (T, T)."""
        table: Array = self.walk.table * (self.walk.targets >= 0)[:, None]
        return table

    def added(self, count: int, place: int) -> Array:
        """How often each pair has been added (T, T) by one use of the parameter among the first ``count`` votes."""
        script, table = self.walk.script, np.zeros_like(self.counted)
        visits = self.visits[:count][self.uses[:count] == place]
        taus, losses = script.visit_tau[visits], script.visit_loss[visits]
        if self.walk.order == "by loss":
            table[losses, taus] = self.counted[losses, taus]
        elif self.parameter in OUTPUT:
            table[taus, taus] = self.counted[taus, taus]
        else:
            table[:, taus] = self.counted[:, taus]
        return table


def votes_of(walk: Walk, parameter: str) -> Votes:
    """List the votes for one parameter; KeyError for an unknown one."""
    if parameter not in walk.model.parameters:
        raise KeyError(parameter)
    script = walk.script
    places: list[int | str] = [n for n, use in enumerate(walk.model.cell.uses) if use.parameter == parameter]
    places = [parameter] if parameter in OUTPUT else places
    visits, uses, ends = [], [], []
    for place in places:
        offsets = np.array([t.uses.get(place, 0) for t in script.templates], np.int64)
        offset = offsets[script.visit_template] if len(offsets) else np.zeros(0, np.int64)
        which = np.flatnonzero(offset)
        visits.append(which)
        uses.append(np.full(len(which), place if isinstance(place, int) else -1))
        ends.append(script.visit_starts[:-1][which] + offset[which])
    if not visits:
        empty = np.zeros(0, np.int64)
        return Votes(walk, parameter, empty, empty, empty)
    joined = [np.concatenate(parts) for parts in (visits, uses, ends)]
    order = np.argsort(joined[2], kind="stable")
    return Votes(walk, parameter, *(part[order] for part in joined))


@dataclass(frozen=True, eq=False)
class RowDeltas:
    """δ of one row (unit or token) of a parameter for every pair: ``tables[use]`` (T, T) [t, τ], counted once."""

    votes: Votes
    row: int
    tables: dict[int, Array] = field(repr=False)

    @np.errstate(all="ignore")
    def shares(self, count: int, column: int) -> Array:
        """What every pair (t, τ) has added to the entry (row, column) so far (T, T); its sum is the entry."""
        trace = self.votes.walk.trace
        cell = trace.cell
        total = np.zeros(self.votes.counted.shape)
        for place, table in self.tables.items():
            added = self.votes.added(count, place)
            if place < 0:
                operand: Any = trace.tape[cell.outputs["h"]][:, column] if self.votes.parameter == "V" else 1.0
            else:
                operand = self._column(cell.uses[place], column)
            total += np.where(added > 0, added * table * operand, 0.0)
        return total

    def _column(self, use: Use, column: int) -> Any:
        if use.operand is None:
            return 1.0
        trace = self.votes.walk.trace
        node, value = trace.cell.nodes[use.operand], trace.tape[use.operand]
        if node.op == "input" and value.dtype.kind in "iu":
            return (value == column).astype(float)
        return value[column] if node.op in ("parameter", "constant") else value[:, column]


@np.errstate(all="ignore")
def row_deltas(votes: Votes, row: int) -> RowDeltas:
    """Walk every loss back as far as the truncation counts it, and keep one row of δ."""
    walk = votes.walk
    trace, steps = walk.trace, walk.trace.length
    d_logits, d_hidden = output_gradients(trace, walk.targets)
    if votes.parameter in OUTPUT:
        return RowDeltas(votes, row, {-1: np.diag(d_logits[:, row])})
    t, tau = np.nonzero(votes.counted)
    last = int((t - tau).max(initial=0))
    places = sorted(set(votes.uses.tolist()))
    tables = {place: np.zeros((steps, steps)) for place in places}
    for lanes in lanes_by_lag(trace, d_hidden, last):
        taus = np.arange(steps - lanes.lag)
        for place, table in tables.items():
            delta = lanes.nodes[trace.cell.uses[place].delta]
            if delta is not None:
                table[taus + lanes.lag, taus] = np.broadcast_to(delta, (len(taus), walk.model.hidden_size))[:, row]
    return RowDeltas(votes, row, tables)
