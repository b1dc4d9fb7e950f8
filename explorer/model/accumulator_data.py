"""A parameter's gradient while it accumulates: the partial sum as a picture, and the vote that came last."""

from __future__ import annotations

from dataclasses import field
from typing import Any

import numpy as np

from rnncore.frozen import dataclass
from rnncore.norms import norm
from rnncore.walk import Walk

from .derived import Derived
from .formula import number
from .ledger_data import default_parameter
from .names import gradient_name
from .session import Session
from .votes import MOST, OUTPUT, RowDeltas, Vote, Votes, votes_of

Array = np.ndarray[Any, Any]
SHOWN_VOTES = 3
"""How many of the votes for an entry are told."""


@dataclass(frozen=True, eq=False)
class AccumulatorData:
    """One parameter's partial sum at a position of the walk.

    ``values`` (R, C) is what is added up so far; of a matrix of the input only the columns of the tokens that the
    sentence reads (all others are exactly 0), of the output layer of a large vocabulary only the rows of the tokens to
    be predicted: ``votes.columns`` and ``votes.rows``. ``cells`` (r, c) is what is painted: of every group of
    ``row_group`` × ``column_group`` entries the one furthest from zero. ``delta`` (r,) and ``operand`` (c,) are the
    last vote's factors, grouped the same way. ``largest`` is the size that the colours reach to.
    """

    votes: Votes = field(repr=False)
    done: int
    vote: Vote | None
    values: Array = field(repr=False)
    row_labels: tuple[str, ...] = field(repr=False)
    column_labels: tuple[str, ...] = field(repr=False)
    row_group: int
    column_group: int
    cells: Array = field(repr=False)
    delta: Array | None = field(repr=False)
    operand: Array | None = field(repr=False)
    largest: float
    norm: float
    total: float

    @property
    def parameter(self) -> str:
        return self.votes.parameter

    @property
    def title(self) -> str:
        return f"{gradient_name(self.parameter)} accumulates"

    @property
    def subtitle(self) -> str:
        """How far it is, and what a cell stands for where it is more than one entry."""
        said = f"rank-1 votes summed so far: {self.done} of {len(self.votes)}"
        if self.row_group > 1 or self.column_group > 1:
            said += f" · a cell: the largest of {self.row_group} × {self.column_group}"
        if self.votes.rows is not None:
            said += f" · {len(self.votes.rows)} of {self.votes.walk.model.vocabulary_size} rows"
        return said

    @property
    def short(self) -> str:
        """The subtitle for a narrow panel."""
        grouped = self.row_group > 1 or self.column_group > 1
        return f"votes: {self.done} of {len(self.votes)}" + (
            f" · {self.row_group} × {self.column_group} a cell" if grouped else ""
        )

    @property
    def axes(self) -> tuple[str, str]:
        """What its rows and its columns are; a vector has no columns."""
        vector = self.votes.walk.model.parameters[self.parameter].ndim == 1
        columns = "" if vector else "tokens" if self.column_labels else "units"
        return "tokens" if self.row_labels else "units", columns

    @property
    def help(self) -> str:
        """What the picture is, at length."""
        shape, columns = self.votes.walk.model.parameters[self.parameter].shape, self.values.shape[1]
        name = gradient_name(self.parameter)
        lines = [self.subtitle, f"‖{name}‖ so far {number(self.norm, 4)}, in the end {number(self.total, 4)}"]
        if self.votes.columns is not None:
            lines.append(f"columns: the {columns} tokens that the sentence reads; the other {shape[1] - columns} are 0")
        if self.votes.rows is not None:
            rows = len(self.votes.rows)
            lines.append(f"rows: the {rows} tokens to be predicted; the other {shape[0] - rows} are not shown")
        lines.append("colours: asinh scale, blue below 0, orange above")
        lines.append("at the edges the last vote: δ at the left, what it is multiplied by above")
        return "\n".join(lines)

    def entry(self, row: int, column: int) -> tuple[int, int]:
        """The entry of ``values`` that a cell shows: of its group the one furthest from zero."""
        r, c = row * self.row_group, column * self.column_group
        block = np.abs(self.values[r : r + self.row_group, c : c + self.column_group])
        at = np.unravel_index(int(np.argmax(np.where(np.isnan(block), np.inf, block))), block.shape)
        return r + int(at[0]), c + int(at[1])

    def weight(self, row: int, column: int) -> tuple[int, int]:
        """The index in the parameter of an entry of ``values``."""
        rows, columns = self.votes.rows, self.votes.columns
        return row if rows is None else int(rows[row]), column if columns is None else int(columns[column])

    def name(self, row: int, column: int) -> str:
        """What to call an entry: dW_f 3, 5 (counted from 1), or with a token's word."""
        left = f"“{self.row_labels[row]}”" if self.row_labels else str(row + 1)
        right = f"“{self.column_labels[column]}”" if self.column_labels else str(column + 1)
        vector = self.votes.walk.model.parameters[self.parameter].ndim == 1
        return f"{gradient_name(self.parameter)} [{left}{'' if vector else f', {right}'}]"

    def reading(self, row: int, column: int, deltas: RowDeltas | None) -> tuple[str, ...]:
        """Lines about an entry of ``values``: it, and the votes that made the most of it."""
        value = float(self.values[row, column])
        lines = [f"{self.name(row, column)} = {number(value)}"]
        weight = self.weight(row, column)
        if deltas is None or deltas.row != weight[0] or deltas.votes is not self.votes:
            return (*lines, "…") if self.done else tuple(lines)
        shares = deltas.shares(self.done, weight[1])
        size = np.where(np.isnan(shares), np.inf, np.abs(shares))
        for flat in np.argsort(size, axis=None)[::-1][:SHOWN_VOTES].tolist():
            t, tau = divmod(flat, len(shares))
            share = float(shares[t, tau])
            if share == 0:
                break
            part = f" ({100 * share / value:.0f} %)".replace("-", "−") if value and np.isfinite(share / value) else ""
            lines.append(f"loss {t} → τ {tau}: {number(share, 3)}{part}")
        return tuple(lines)

    def factor(self, row: int | None, column: int | None) -> str:
        """What the entry of a row (of δ, at the left) or of a column (of its operand, above) of the last vote is."""
        vote = self.vote
        values = self.delta if row is not None else self.operand
        place, group = (row, self.row_group) if row is not None else (column, self.column_group)
        if vote is None or values is None or place is None:
            return ""
        labels = self.row_labels if row is not None else self.column_labels
        size = len(self.values) if row is not None else self.values.shape[1]
        first, last = place * group, min((place + 1) * group, size) - 1
        told = f"“{labels[first]}”" if first < len(labels) else str(first + 1)
        where = told if first == last else f"{first + 1} to {last + 1}, the furthest from 0"
        left, _, right = vote.label.partition(" ⊗ ")
        return (
            f"{left if row is not None else right} [{where}] = {number(float(values[place]))}, of the vote {vote.label}"
        )

    def last_vote(self) -> str:
        """How large the last vote is, with the numbers that this is worked out from; "" before there is one."""
        vote = self.vote
        if vote is None:
            return ""
        name, said = gradient_name(self.parameter), number(vote.norm, 4)
        left, _, right = vote.label.partition(" ⊗ ")
        if not isinstance(vote.operand, np.ndarray):
            return f"‖Δ{name}‖ = ‖{left}‖ = {said}"
        sizes = [number(norm(v), 4) for v in (vote.delta, vote.operand)]
        return f"‖Δ{name}‖ = ‖{left}‖ · ‖{right}‖ = {sizes[0]} × {sizes[1]} = {said}"


def furthest(values: Array, rows: int, columns: int) -> Array:
    """(R, C) → (⌈R/rows⌉, ⌈C/columns⌉): of each block the entry furthest from zero, sign kept; NaN beats all."""
    for axis, group in ((0, rows), (1, columns)):
        if group > 1 and values.shape[axis]:
            starts = np.arange(0, values.shape[axis], group)
            high, low = np.maximum.reduceat(values, starts, axis), np.minimum.reduceat(values, starts, axis)
            values = np.where(-low > high, low, high)
    return values


def _group(count: int) -> int:
    """How many rows (or columns) share a cell, so that there are at most 64."""
    return max(1, -(-count // MOST))


@np.errstate(all="ignore")
def accumulator_data(
    votes: Votes, position: int, words: tuple[str, ...] = (), tokens: tuple[str, ...] = ()
) -> AccumulatorData:
    """What is shown at a position; ``words`` (T,) name the tokens read, ``tokens`` (V,) the vocabulary."""
    walk, name = votes.walk, votes.parameter
    done = votes.done(position)
    found, final = votes.partial_sum(done), votes.shown(walk.gradients[name])
    row_labels: tuple[str, ...] = ()
    column_labels: tuple[str, ...] = ()
    if name in OUTPUT:
        row_labels = tokens if votes.rows is None or not tokens else tuple(tokens[i] for i in votes.rows.tolist())
    elif votes.columns is not None and words:
        named = dict(zip(walk.trace.inputs.tolist(), words, strict=True))
        column_labels = tuple(named[i] for i in votes.columns.tolist())
    values = found[:, None] if found.ndim == 1 else found
    rows, cols = _group(values.shape[0]), _group(values.shape[1])
    vote = votes.vote(done - 1, words) if done else None
    delta = operand = None
    if vote is not None:
        own = vote.delta if votes.rows is None else vote.delta[votes.rows]
        delta = furthest(own[:, None], rows, 1)[:, 0]
        if isinstance(vote.operand, int):
            operand = furthest((np.asarray(votes.columns) == vote.operand).astype(float)[None], 1, cols)[0]
        elif vote.operand is not None:
            operand = furthest(np.asarray(vote.operand, float)[None], 1, cols)[0]
    sizes = np.abs(np.concatenate([final.ravel(), values.ravel()]))
    return AccumulatorData(
        votes,
        done,
        vote,
        values,
        row_labels,
        column_labels,
        rows,
        cols,
        furthest(values, rows, cols),
        delta,
        operand,
        float(sizes[np.isfinite(sizes)].max(initial=0.0)),
        votes.norm(done),
        votes.total,
    )


class Booths:
    """The votes for the parameters of one walk, counted once each: one that is followed comes back at every step."""

    def __init__(self) -> None:
        self._walk: Walk | None = None
        self._votes: dict[str, Votes] = {}

    def of(self, walk: Walk, parameter: str) -> Votes:
        """The votes for a parameter of ``walk``; those of another walk are let go."""
        if walk is not self._walk:
            self._walk, self._votes = walk, {}
        found = self._votes.get(parameter)
        if found is None:
            found = self._votes[parameter] = votes_of(walk, parameter)
        return found


def shown_parameter(session: Session, derived: Derived, before: str = "") -> str:
    """The chosen parameter, or while the walk is followed the one that its last micro-step added to.

    In between that is the one ``before``.
    """
    if not session.votes_follow:
        return default_parameter(session)
    step = derived.progress(session).step
    added = step.parameter if step is not None and step.kind == "accumulate" else before
    return added if added and added in session.model.parameters else default_parameter(session)


def accumulator_of(
    session: Session, derived: Derived, old: AccumulatorData | None = None, booths: Booths | None = None
) -> AccumulatorData:
    """What is shown of the session; ``old`` itself when nothing has been added to its parameter since."""
    walk = derived.walk(session)
    name = shown_parameter(session, derived, "" if old is None else old.parameter)
    votes = (booths or Booths()).of(walk, name)
    if old is not None and old.votes.walk is walk and old.parameter == name:
        votes = old.votes
    position = min(session.position, len(walk))
    if old is not None and votes is old.votes and votes.done(position) == old.done:
        return old
    vocabulary = session.corpus.vocabulary
    # A word that the vocabulary lacks has no column of its own: its votes go to that of <unk>.
    read = tuple(map(vocabulary.label, walk.trace.inputs.tolist()))
    return accumulator_data(votes, position, read, vocabulary.tokens)
