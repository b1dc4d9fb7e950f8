"""The forward pass, with every intermediate value of every step kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from functools import cached_property
from typing import Any

import numpy as np

from rnncore.cells import Cell
from rnncore.errors import RnnError
from rnncore.frozen import dataclass
from rnncore.graph import evaluate, leaf_values
from rnncore.model import Model, numbers
from rnncore.ops import Array, log_sum_exp, softmax
from rnncore.truncation import BETWEEN

IGNORE = -1
"""A target that carries no loss; as an input, padding at the end of a sequence in a batch."""


@dataclass(frozen=True, eq=False)
class Trace:
    """Every value of a forward pass over T steps. Equality is identity.

    All public arrays are read-only with shape (T, …) for one sequence, (B, T, …) for a batch.

    Attributes
    ----------
    model : Model
    inputs : array
        Tokens (T,) or (B, T) int; or real input vectors (T, V).
    boundaries, between
        Where new sequences begin inside a stream, and what happens to the state there.
    """

    model: Model
    inputs: Array = field(repr=False)
    start: Mapping[str, Array] = field(repr=False)
    boundaries: tuple[int, ...]
    between: str
    tape: tuple[Any, ...] = field(repr=False)
    """Time-first values of every node, (T, H) or (T, B, H); parameters and constants stand as they are."""

    @property
    def cell(self) -> Cell:
        """The cell whose operations these are."""
        return self.model.cell

    @property
    def length(self) -> int:
        """Number of time steps T."""
        return int(self.time_first_inputs.shape[0])

    @property
    def batched(self) -> bool:
        """Whether there are B sequences side by side, (B, T), and not one, (T,)."""
        return self.inputs.ndim == 2 and self.inputs.dtype.kind in "iu"

    @cached_property
    def kept(self) -> dict[str, Any]:
        """What others have worked out from this trace alone and will ask for again."""
        return {}

    @cached_property
    def time_first_inputs(self) -> Array:
        """The inputs as (T,) or (T, B)."""
        return self.inputs.T if self.batched else self.inputs

    def __repr__(self) -> str:
        size = f"B {len(self.inputs)}, T {self.length}" if self.batched else f"T {self.length}"
        return f"Trace({self.cell.name!r}, {size}, H {self.model.hidden_size})"

    def _public(self, array: Array) -> Array:
        view: Array = np.moveaxis(array, 0, 1) if self.batched else array.view()
        view.flags.writeable = False
        return view

    def value(self, index: int) -> Array:
        """Return the values (…, T, H) of a node by its index; a leaf's are spread over the steps."""
        node = self.cell.nodes[index]
        if node.op == "input":
            return self.inputs
        width = node.op == "parameter" and self.tape[index].ndim == 2
        if width:
            raise KeyError(f"{node.text} is a matrix: read model.parameters[{node.text!r}]")
        shape = (*self.tape[self.cell.outputs["h"]].shape[:-1], self.model.hidden_size)
        return self._public(np.broadcast_to(self.tape[index], shape))

    def __getitem__(self, name: str) -> Array:
        """Return the values (…, T, H) of an assigned name, a pre-activation ("a_f") or a sub-expression's text."""
        return self.value(self.cell.node(name).index)

    @property
    def hidden(self) -> Array:
        """Hidden states h (…, T, H)."""
        return self["h"]

    def previous(self, state: str) -> Array:
        """Return the state before each step (…, T, H); the first is the initial state."""
        return self._public(self.previous_time_first(state))

    def previous_time_first(self, state: str) -> Array:
        """Return the state before each step as (T, …, H); the first is the initial state."""
        leaf = self.cell.state_leaves.get(state)
        if leaf is not None:
            result: Array = self.tape[leaf]
            return result
        if state not in self.cell.outputs:
            known = ", ".join(self.cell.states)
            raise KeyError(f"the cell {self.cell.name!r} has no state {state!r:.60}; it has {known}")
        return _shifted(self.tape[self.cell.outputs[state]], self.start[state], self.boundaries, self.between)

    @property
    def initial_state(self) -> dict[str, Array]:
        """State before the first step, one (…, H) array a state."""
        return dict(self.start)

    @property
    def final_state(self) -> dict[str, Array]:
        """State after the last step, one (…, H) array a state (of a padded batch: after each sequence's own last)."""
        if not self.length:
            return dict(self.start)
        last = {s: self.tape[i] for s, i in self.cell.outputs.items()}
        if not self.batched:
            return {s: v[-1] for s, v in last.items()}
        rows = np.arange(self.inputs.shape[0])
        ends = self.lengths - 1
        found = {s: np.where(ends[:, None] < 0, self.start[s], v[ends, rows]) for s, v in last.items()}
        for value in found.values():
            value.flags.writeable = False
        return found

    @cached_property
    def lengths(self) -> Array:
        """Number of steps of each sequence of a batch (B,), padding left out; () for one sequence."""
        found: Array = np.count_nonzero(self.inputs >= 0, axis=1) if self.batched else np.asarray(self.length)
        found.flags.writeable = False
        return found

    @cached_property
    def logits_time_first(self) -> Array:
        """The logits z = V h (+ b_y) as (T, …, V)."""
        parameters = self.model.parameters
        hidden = self.tape[self.cell.outputs["h"]]
        with np.errstate(all="ignore"):
            logits = hidden @ parameters["V"].T
            if "b_y" in parameters:
                logits = logits + parameters["b_y"]
        return logits

    @cached_property
    def probabilities_time_first(self) -> Array:
        """The softmax of the logits as (T, …, V)."""
        with np.errstate(all="ignore"):
            return softmax(self.logits_time_first)

    @property
    def logits(self) -> Array:
        """Logits z = V h + b_y (…, T, V)."""
        return self._public(self.logits_time_first)

    @property
    def probabilities(self) -> Array:
        """Softmax of the logits (…, T, V)."""
        return self._public(self.probabilities_time_first)

    def __reduce__(self) -> tuple[object, ...]:
        # What it holds follows from these, bit for bit; and arrays lose on the way what guards them.
        return _again, (self.model, self.inputs, dict(self.start), self.boundaries, self.between)

    def losses(self, targets: Any) -> Array:
        """Return the cross entropy −log p[target] of every step (…, T) in nats; 0 where the target is ``IGNORE``.

        Raises RnnError when the targets do not fit the inputs or the vocabulary.
        """
        targets = check_targets(self, targets)
        with np.errstate(all="ignore"):
            z = self.logits_time_first
            chosen = np.take_along_axis(z, np.maximum(targets, 0)[..., None], axis=-1)[..., 0]
            losses = np.where(targets >= 0, log_sum_exp(z) - chosen, 0.0)
        return self._public(losses)


def forward(
    model: Model,
    inputs: Any,
    initial_state: Mapping[str, Any] | Any | None = None,
    *,
    boundaries: Sequence[int] = (),
    between: str = "carried",
) -> Trace:
    """Run the model over a sequence and keep everything.

    Parameters
    ----------
    model : Model
    inputs : int array (T,) or (B, T), or float array (T, V)
        Tokens; a batch may be padded at the end with ``IGNORE``. Real vectors take the place of one-hot tokens.
    initial_state : mapping or array, optional
        State name -> (H,) or (B, H); a bare array is ``h``. Zeros by default.
    boundaries : sequence of int
        Steps at which a new sequence begins inside the stream; what lies outside of it begins none.
    between : "carried", "detached" or "reset"
        What happens to the state there; only "reset" changes values.

    Raises
    ------
    RnnError
        When tokens lie outside the vocabulary, or shapes do not fit.

    Source: Elman 1990; the tutorial's ``forward_propagation`` for the vanilla cell.
    """
    if between not in BETWEEN:
        raise RnnError(f"between must be one of {', '.join(BETWEEN)}, not {between!r}")
    tokens = _check_inputs(model, inputs)
    one_hot = tokens.dtype.kind in "iu"
    batched = one_hot and tokens.ndim == 2
    time_first = np.maximum(tokens.T, 0) if batched else tokens
    steps = time_first.shape[0]
    lead = time_first.shape[1:] if one_hot else ()
    cell = model.cell
    start = _initial(model, initial_state, lead)
    marks = tuple(sorted({b for b in _whole_numbers(boundaries) if 0 < b < steps}))
    with np.errstate(all="ignore"):
        tape = run(model, model.parameters, time_first, start, marks, between)
    for index in cell.operations:
        tape[index].flags.writeable = False
    stored = tokens if not tokens.flags.writeable else tokens.copy()
    stored.flags.writeable = False
    return Trace(model, stored, start, marks, between, tuple(tape))


def _again(model: Model, inputs: Array, start: dict[str, Array], boundaries: tuple[int, ...], between: str) -> Trace:
    return forward(model, inputs, start, boundaries=boundaries, between=between)


def _whole_numbers(boundaries: Any) -> list[int]:
    try:
        found = np.asarray(boundaries)
    except ValueError:
        found = np.asarray(None)
    if found.size == 0 and found.ndim == 1:
        return []
    if found.dtype.kind not in "iu" or found.ndim != 1:
        raise RnnError(f"boundaries are whole numbers of steps, such as (3, 7), not {boundaries!r:.60}")
    return [int(b) for b in found]


def run(
    model: Model,
    parameters: Mapping[str, Array],
    inputs: Array,
    start: Mapping[str, Array],
    boundaries: Sequence[int],
    between: str,
) -> list[Any]:
    """Return the time-first tape: what depends on no previous state for all steps at once, the rest step by step."""
    cell = model.cell
    steps = inputs.shape[0]
    lead = inputs.shape[1:] if inputs.dtype.kind in "iu" else ()
    shape = (steps, *lead, model.hidden_size)
    dtype = np.result_type(*(p.dtype for p in parameters.values()), *(s.dtype for s in start.values()))
    tape = leaf_values(cell, parameters, inputs, {})
    at_once = [i for i in cell.operations if i not in cell.recurrent]
    in_turn = [i for i in cell.operations if i in cell.recurrent]
    evaluate(cell, tape, at_once)
    for index in at_once:
        value = np.broadcast_to(tape[index], shape)
        tape[index] = value if value.flags.c_contiguous else value.copy()
    for index in in_turn:
        tape[index] = np.empty(shape, dtype)
    leaves = cell.state_leaves
    for leaf in leaves.values():
        tape[leaf] = np.empty(shape, dtype)
    resets = frozenset(boundaries) if between == "reset" else frozenset()
    previous = dict(start)
    slots = list(tape)
    for t in range(steps):
        if t in resets:
            previous = dict(start)
        for index in at_once:
            slots[index] = tape[index][t]
        for state, leaf in leaves.items():
            slots[leaf] = previous[state]
            tape[leaf][t] = previous[state]
        evaluate(cell, slots, in_turn)
        for index in in_turn:
            tape[index][t] = slots[index]
        previous = {s: slots[i] for s, i in cell.outputs.items()}
    for leaf in leaves.values():
        tape[leaf].flags.writeable = False
    return tape


def _shifted(values: Array, start: Array, boundaries: Sequence[int], between: str) -> Array:
    previous = np.empty_like(values)
    if len(values):
        previous[0] = start
        previous[1:] = values[:-1]
        if between == "reset" and boundaries:
            previous[list(boundaries)] = start
    return previous


def _initial(model: Model, given: Mapping[str, Any] | Any | None, lead: tuple[int, ...]) -> dict[str, Array]:
    shape = (*lead, model.hidden_size)
    if given is None:
        given = {}
    elif not isinstance(given, Mapping):
        given = {"h": given}
    unknown = set(given) - set(model.cell.states)
    if unknown:
        raise RnnError(
            f"the cell has no state {', '.join(sorted(map(str, unknown)))}; it has {', '.join(model.cell.states)}"
        )
    start = {}
    for state in model.cell.states:
        value = numbers(given.get(state, 0.0), f"the initial {state}", model.dtype)
        try:
            value = np.broadcast_to(value, shape).copy()
        except ValueError:
            raise RnnError(f"the initial {state} has shape {value.shape}, not {shape}") from None
        value.flags.writeable = False
        start[state] = value
    return start


def _check_inputs(model: Model, inputs: Any) -> Array:
    if not isinstance(model, Model):
        raise RnnError(f"{model!r:.60} is no model; make one by Model.create(cell, vocabulary_size, hidden_size)")
    tokens = _array(inputs, "inputs")
    if tokens.size == 0 and tokens.ndim == 1:
        return np.zeros(0, np.int64)
    if tokens.dtype.kind == "f" and tokens.ndim == 2 and tokens.shape[1] == model.vocabulary_size:
        return tokens.astype(model.dtype)
    if tokens.dtype.kind not in "iu" or tokens.ndim not in (1, 2):
        raise RnnError(
            f"inputs must be whole numbers (T,) or (B, T), or real vectors (T, {model.vocabulary_size}); "
            f"{_unlike(inputs, tokens)}"
        )
    if tokens.size and tokens.max() >= model.vocabulary_size:
        raise RnnError(
            f"token {tokens.max()} lies outside the vocabulary of {model.vocabulary_size}, "
            f"whose tokens are the numbers 0 to {model.vocabulary_size - 1}"
        )
    if tokens.size and tokens.min() < (IGNORE if tokens.ndim == 2 else 0):
        raise RnnError(f"token {tokens.min()} is negative; only a batch may be padded, with {IGNORE}")
    if tokens.ndim == 2 and tokens.shape[1] > 1 and np.any((tokens[:, 1:] >= 0) & (tokens[:, :-1] < 0)):
        raise RnnError("padding may stand only at the end of a sequence")
    return tokens.astype(np.int64)


def check_targets(trace: Trace, targets: Any) -> Array:
    """Return targets time-first (T,) or (T, B) int, read-only; raises RnnError when they do not fit the trace."""
    wanted = _array(targets, "targets")
    shape = trace.inputs.shape if trace.batched else (trace.length,)
    if wanted.shape != shape or (wanted.dtype.kind not in "iu" and wanted.size):
        raise RnnError(f"targets must be whole numbers of shape {shape}; {_unlike(targets, wanted)}")
    size = trace.model.vocabulary_size
    if wanted.size and wanted.max() >= size:
        raise RnnError(f"target {wanted.max()} lies outside the vocabulary of {size}: give 0 to {size - 1}")
    if wanted.size and wanted.min() < IGNORE:
        raise RnnError(f"target {wanted.min()} is negative; a step without a loss has the target {IGNORE}")
    wanted = wanted.astype(np.int64)
    wanted.flags.writeable = False
    return wanted.T if trace.batched else wanted


def _unlike(given: Any, array: Array) -> str:
    """What was given in place of numbers, and where these are to be found in it."""
    if array.dtype.kind in "US":
        return "these are words: a corpus has their numbers, corpus.encode(text).ids"
    if hasattr(given, "inputs") and hasattr(given, "targets"):
        return "this is an example: give its inputs here, and its targets where the losses are wanted"
    if hasattr(given, "examples"):
        return "this is a corpus: take one of its examples, corpus.examples[0].inputs"
    return f"these are {array.dtype} {array.shape}"


def _array(values: Any, what: str) -> Array:
    try:
        return np.asarray(values)
    except ValueError:
        remedy = f"pad the shorter ones at their end with {IGNORE}"
        raise RnnError(f"{what} have rows of different lengths; {remedy}") from None
