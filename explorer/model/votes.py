"""The rank-one votes of which a parameter's gradient is the sum, in the order in which the walk adds them."""

from __future__ import annotations

from dataclasses import field
from functools import cached_property
from typing import Any

import numpy as np

from rnncore.bptt import StepGradients, lanes_by_lag, output_gradients, use_gradient
from rnncore.cells import Use
from rnncore.frozen import dataclass
from rnncore.norms import norm
from rnncore.script import pretty
from rnncore.walk import Walk

from .equations import value_symbol
from .formula import plain

Array = np.ndarray[Any, Any]
OUTPUT = ("V", "b_y")
"""The output layer's parameters: their votes come from the logits."""
LEAST = 1e-30
"""The square of a norm is worked out anew of scaled numbers where it is less."""
MOST = 64
"""Of a larger vocabulary the output layer's rows are shown only of the tokens to be predicted."""


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
        own = norm(self.delta)
        return own * norm(self.operand) if isinstance(self.operand, np.ndarray) else own

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

    # --- sums ---

    @cached_property
    def columns(self) -> Array | None:
        """Of a matrix of the input the columns that are not 0 throughout: the tokens read, in order; else None."""
        cell, inputs = self.walk.model.cell, self.walk.trace.inputs
        of_x = any(p.name == self.parameter and (p.kind, p.of) == ("matrix", "x") for p in cell.parameters)
        if not of_x or inputs.dtype.kind not in "iu":
            return None
        return _in_order(inputs)

    @cached_property
    def rows(self) -> Array | None:
        """Of the output layer of a large vocabulary the rows of the tokens to be predicted; else None: all."""
        if self.parameter not in OUTPUT or self.walk.model.vocabulary_size <= MOST:
            return None
        return _in_order(self.walk.targets[self.walk.targets >= 0])

    def shown(self, array: Array) -> Array:
        """The part of an array of the parameter's shape that is shown: :attr:`rows` and :attr:`columns` of it."""
        array = array if self.rows is None else array[self.rows]
        return array if self.columns is None else array[:, self.columns]

    @cached_property
    def total(self) -> float:
        """The norm of the finished gradient."""
        return norm(self.walk.gradients[self.parameter])

    @np.errstate(all="ignore")
    def partial_sum(self, count: int) -> Array:
        """The sum of the first ``count`` votes: of the parameter's shape the part that is :meth:`shown`."""
        walk = self.walk
        if count >= len(self):
            return self.shown(walk.gradients[self.parameter])
        if self.parameter in OUTPUT:
            d_logits, hidden = self._output(count)
            d_logits = d_logits if self.rows is None else d_logits[:, self.rows]
            return d_logits.T @ hidden if self.parameter == "V" else d_logits.sum(axis=0)
        if count <= 0:
            return self._sum(None, np.zeros(0, np.int64), None)
        script = walk.script
        loss = int(script.visit_loss[self.visits[count - 1]])
        mine = np.flatnonzero(script.visit_loss[self.visits[:count]] == loss)
        if loss < 0:
            return self._sum(walk.sweep, mine, None)
        return self._sum(walk.lane(loss), mine, walk.table[loss].astype(walk.model.dtype)) + self._before(loss)

    def entry(self, count: int, index: tuple[int, ...]) -> float:
        """One entry of the sum of the first ``count`` votes; ``index`` is that of the weight in the parameter."""
        if count >= len(self):
            return float(self.walk.gradients[self.parameter][index])
        if self.parameter in OUTPUT:
            d_logits, hidden = self._output(count)
            part = d_logits[:, index[0]]
            return float(part @ hidden[:, index[1]] if self.parameter == "V" else part.sum())
        if self.columns is None:
            return float(self.partial_sum(count)[index])
        place = np.flatnonzero(self.columns == index[1])
        return float(self.partial_sum(count)[index[0], place[0]]) if len(place) else 0.0

    @np.errstate(all="ignore")
    def norm(self, count: int) -> float:
        """The norm of the sum of the first ``count`` votes, of the whole parameter."""
        if count >= len(self):
            return self.total
        if self.rows is None:
            return norm(self.partial_sum(count))
        d_logits, hidden = self._output(count)
        if self.parameter == "b_y":
            return norm(d_logits.sum(axis=0))
        # ‖Dᵀ H‖² = Σ (D Dᵀ) ∘ (H Hᵀ): no matrix of the vocabulary's size.
        square = float(((d_logits @ d_logits.T) * (hidden @ hidden.T)).sum())
        if LEAST < square < np.inf:
            return float(np.sqrt(square))
        sizes = [float(np.abs(v).max(initial=0.0)) for v in (d_logits, hidden)]
        if not all(0.0 < size < np.inf for size in sizes):
            return float(np.sqrt(np.maximum(square, 0.0)))
        one, two = d_logits / sizes[0], hidden / sizes[1]
        return sizes[0] * (sizes[1] * float(np.sqrt(max(0.0, float(((one @ one.T) * (two @ two.T)).sum())))))

    def _output(self, count: int) -> tuple[Array, Array]:
        """(∂L/∂logits (n, V), h (n, H)) of the votes for the output layer, as often as they are counted."""
        taus = self.walk.script.visit_tau[self.visits[: max(count, 0)]]
        return self.walk.sweep.d_logits[taus], self.walk.trace.tape[self.walk.model.cell.outputs["h"]][taus]

    def _sum(self, found: StepGradients | None, votes: Array, weights: Array | None) -> Array:
        """Add up some votes, of which ``found`` knows the δ, each ``weights`` (T,) times."""
        walk = self.walk
        total = self.shown(np.broadcast_to(np.zeros((), walk.model.dtype), walk.model.parameters[self.parameter].shape))
        total = total.copy()
        taus = walk.script.visit_tau[self.visits[votes]]
        for place in np.unique(self.uses[votes]).tolist():
            at = taus[self.uses[votes] == place]
            use = walk.model.cell.uses[place]
            if found is not None and found.nodes[use.delta] is not None:
                total += self._use(use, found.nodes[use.delta], slice(int(at.min()), int(at.max()) + 1), weights)
        return total

    def _use(self, use: Use, delta: Array, where: slice, weights: Array | None) -> Array:
        """What one use of the parameter adds at the time steps ``where``."""
        weighted = delta if weights is None else delta * weights[:, None]
        if self.columns is None:
            return use_gradient(self.walk.trace, use, weighted, where)
        read = self.walk.trace.inputs[where, None] == self.columns
        product: Array = weighted[where].T @ read.astype(delta.dtype)
        return product

    def _before(self, loss: int) -> Array:
        """The sum of the votes of all losses after one: they have walked back before it."""
        if self._kept.get("loss") != loss:
            walk = self.walk
            found = walk.after(loss)
            total = self._sum(None, np.zeros(0, np.int64), None)
            for use in walk.model.cell.uses:
                if use.parameter == self.parameter and found.nodes[use.delta] is not None:
                    total += self._use(use, found.nodes[use.delta], slice(None), None)
            self._kept.update(loss=loss, total=total)
        result: Array = self._kept["total"]
        return result

    @cached_property
    def _kept(self) -> dict[str, Any]:
        return {}

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


def _in_order(tokens: Array) -> Array:
    """The different tokens in the order in which they first come."""
    different, first = np.unique(tokens, return_index=True)
    found: Array = different[np.argsort(first)]
    return found


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
