"""One sequence's passes as a flat, reversible list of micro-steps.

A position p lies between 0 (nothing computed) and ``len(walk)`` (the weights have been updated): p micro-steps have
been done, ``walk[p − 1]`` is the last of them and ``walk[p]`` the next. :meth:`Walk.progress` says what is known at a
position: which values, which gradients, which partial sums of the parameters' gradients. Every position is reached
directly and gives bitwise the same numbers however one came to it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from functools import cached_property, lru_cache
from typing import Any

import numpy as np

from rnncore.bptt import (
    Gradients,
    StepGradients,
    backward,
    check_model,
    lane_gradients,
    output_gradients,
    parameter_gradient,
    step_gradients,
    steps_after,
)
from rnncore.cells import Cell
from rnncore.errors import RnnError
from rnncore.frozen import dataclass
from rnncore.model import Model
from rnncore.ops import Array
from rnncore.optim import Clip, ClipReport, Optimiser, OptimiserState
from rnncore.progress import Progress
from rnncore.script import MicroStep, Script, label, right_hand_side, write_script
from rnncore.trace import Trace, check_targets
from rnncore.truncation import Truncation, check_truncation, stream_table

LANE_BYTES = 48 * 2**20
"""How much of the lanes of single losses is kept: of a long sentence through many units one takes megabytes."""


@dataclass(frozen=True, eq=False)
class Update:
    """From gradient to new weights: every stage of one update.

    ``raw`` the sum's gradient; ``scaled`` after division by the number of words (the same when the loss is the sum);
    ``clipped``; ``deltas`` what the optimiser adds; ``parameters`` the new weights.
    """

    raw: Mapping[str, Array]
    scaled: Mapping[str, Array]
    clipped: Mapping[str, Array]
    clip_report: ClipReport | None
    deltas: Mapping[str, Array]
    parameters: Mapping[str, Array]


@dataclass(frozen=True, eq=False)
class Walk:
    """The passes over one sequence, micro-step by micro-step. Build one with :func:`walk`.

    ``len(walk)`` is the number of micro-steps and ``walk[i]`` the one at ``i`` (IndexError outside);
    :meth:`progress` says what is known at a position, :meth:`next_boundary` where to rest next, :attr:`update` what
    the optimiser makes of the gradient. ``targets`` (T,), ``table`` (T, T) [t, τ].
    """

    model: Model
    trace: Trace
    targets: Array
    truncation: Truncation
    order: str
    script: Script = field(repr=False)
    table: Array = field(repr=False)
    optimiser: Optimiser | None = None
    optimiser_state: OptimiserState | None = field(default=None, repr=False)
    clip: Clip | None = None
    learning_rate: float | None = None
    scale: float = 1.0

    def __repr__(self) -> str:
        return f"Walk({len(self):,} micro-steps, {self.order}, {self.truncation.describe()}, {self.trace!r})"

    def __len__(self) -> int:
        return len(self.script)

    def __getitem__(self, index: int) -> MicroStep:
        if index < 0:
            index += len(self)
        phase, place, offset = self.script.locate(index)
        loss: int | None = None
        t: int | None = place
        if phase == "forward":
            action = self.script.forward_templates[place].actions[offset]
        elif phase == "backward":
            action = self.script.templates[self.script.visit_template[place]].actions[offset]
            t = int(self.script.visit_tau[place])
            loss = int(self.script.visit_loss[place])
            loss = None if loss < 0 else loss
        else:
            action = self.script.update[offset]
            t = None
        title = self._title(action.kind, action.node, action.parameter, action.use)
        return MicroStep(index, phase, action.kind, t, loss, action.node, action.parameter, title)

    def next_boundary(self, position: int, granularity: str, direction: int = 1) -> int:
        """Return the next resting position: granularity "operation", "step", "loss" or "pass"; direction ±1."""
        return self.script.next_boundary(position, granularity, direction)

    def progress(self, position: int) -> Progress:
        """Return what is known after ``position`` micro-steps; raises RnnError outside 0 … len(walk)."""
        if not isinstance(position, int | np.integer) or not 0 <= position <= len(self):
            raise RnnError(f"position {position} lies outside 0 … {len(self)}")
        return Progress(self, position)

    def find(self, kind: str, t: int | None = None, loss: int | None = None, start: int = 0) -> int | None:
        """Return the first index from ``start`` on of a micro-step of this kind (and time step, and loss)."""
        for index in range(start, len(self)):
            step = self[index]
            if step.kind == kind and (t is None or step.t == t) and (loss is None or step.loss == loss):
                return index
        return None

    @cached_property
    def first_addition(self) -> int | None:
        """The index of the first micro-step that adds to a parameter's gradient; None where none does."""
        return self.find("accumulate", start=min(self.script.backward_start, len(self)))

    # --- what the passes compute, each once and only when asked for ---

    @cached_property
    def losses(self) -> Array:
        """Loss of each step (T,), in nats."""
        return self.trace.losses(self.targets)

    @cached_property
    def gradients(self) -> Gradients:
        """The whole backward pass's result."""
        return backward(self.model, self.trace, self.targets, self.truncation)

    @cached_property
    def sweep(self) -> StepGradients:
        """Gradients of all losses together at every time step, as often as the truncation counts them."""
        with np.errstate(all="ignore"):
            return step_gradients(self.trace, self.targets, self.truncation, self._output)

    @cached_property
    def _output(self) -> tuple[Array, Array]:
        """Each loss's gradient with respect to the logits and to h; every lane starts from it."""
        with np.errstate(all="ignore"):
            return output_gradients(self.trace, self.targets)

    @property
    def entering(self) -> Array:
        """What each loss by itself sends into its own h (T, H), Vᵀ ∂L/∂z: every lane starts with a row of it."""
        return self._output[1]

    @cached_property
    def reach(self) -> Array:
        """For each loss the earliest weight copy it reaches (T,); T where it reaches none."""
        kept = (self.table > 0) & (self.targets >= 0)[:, None]
        return np.where(kept.any(axis=1), kept.argmax(axis=1), self.trace.length)

    def lane(self, loss: int) -> StepGradients:
        """Gradients of one loss by itself, counted once, at every time step it reaches (zero elsewhere)."""
        found: StepGradients = self._cached_lane(loss)
        return found

    @cached_property
    def _cached_lane(self) -> Any:
        def compute(loss: int) -> StepGradients:
            with np.errstate(all="ignore"):
                return lane_gradients(self.trace, self.targets, loss, int(self.reach[loss]), self._output)

        model = self.model
        one = self.trace.length * model.hidden_size * len(model.cell.nodes) * np.dtype(model.dtype).itemsize
        return lru_cache(maxsize=max(2, min(32, LANE_BYTES // max(one, 1))))(compute)

    def finished(self, loss: int, name: str) -> Array:
        """Gradient of one parameter of all losses after one: what has been added before that one begins to walk."""
        with np.errstate(all="ignore"):
            return parameter_gradient(self.trace, self.after(loss), name)

    def after(self, loss: int) -> StepGradients:
        """Gradients of all losses after one together, as often as the truncation counts them."""
        found: StepGradients = self._cached_after(loss)
        return found

    @cached_property
    def _cached_after(self) -> Any:
        def compute(loss: int) -> StepGradients:
            with np.errstate(all="ignore"):
                return steps_after(self.trace, self.targets, self.truncation, loss, self._output)

        # Few: of a long sentence through many units one takes tens of megabytes.
        return lru_cache(maxsize=2)(compute)

    @cached_property
    def update(self) -> Update | None:
        """Every stage of the weight update; None when the walk was made without an optimiser."""
        if self.optimiser is None:
            return None
        raw = self.gradients.arrays
        with np.errstate(all="ignore"):
            scaled = raw if self.scale == 1.0 else {n: g * self.scale for n, g in raw.items()}
            clipped, report = (scaled, None) if self.clip is None else self.clip.apply(scaled)
            state = self.optimiser_state or self.optimiser.init(self.model.parameters)
            new, _, deltas = self.optimiser.update(self.model.parameters, clipped, state, self.learning_rate)
        return Update(raw, scaled, clipped, report, deltas, new)

    def _title(self, kind: str, index: int | None, parameter: str | None, use: int | None) -> str:
        cell = self.model.cell
        node = None if index is None else cell.nodes[index]
        if kind == "operation" and node is not None:
            rhs = right_hand_side(cell, node)
            return f"{node.name} = {rhs}" if node.name else rhs
        if kind == "d_operation" and node is not None:
            sources = [cell.nodes[i] for i in dict.fromkeys(node.inputs)]
            wanted = [label(s) for s in sources if s.op not in ("constant", "input") and not _is_matrix(s, node)]
            return ", ".join(f"∂L/∂{_bracket(w)}" for w in wanted)
        if kind == "accumulate":
            if parameter == "V":
                return "dV += ∂L/∂z ⊗ h"
            if parameter == "b_y":
                return "db_y += ∂L/∂z"
            assert use is not None
            one = cell.uses[use]
            delta = f"∂L/∂{_bracket(_source(cell, one.delta))}"
            if one.operand is None:
                return f"d{parameter} += {delta}"
            return f"d{parameter} += {delta} ⊗ {_bracket(label(cell.nodes[one.operand]))}"
        if kind == "carry":
            return f"carry {', '.join(f'∂L/∂{s}' for s in cell.states)} to t − 1"
        if kind == "logits" and "b_y" in self.model.parameters:
            return "z = V h + b_y"
        return _TITLES[kind]


def _is_matrix(source: Any, node: Any) -> bool:
    return bool(source.op == "parameter" and node.op == "matmul" and node.inputs[0] == source.index)


def _source(cell: Cell, index: int) -> str:
    """Name the sum that alone reads a node rather than the node: its gradient is the same, and has a name."""
    return label(cell.nodes[cell.twins[index]])


def _bracket(text: str) -> str:
    return f"({text})" if " " in text else text


_TITLES = {
    "read": "read the token x",
    "logits": "z = V h",
    "softmax": "ŷ = softmax(z)",
    "loss": "L = −log ŷ[target]",
    "d_logits": "∂L/∂z = ŷ − onehot(target)",
    "stream_loss": "from this loss: Vᵀ ∂L/∂z",
    "stream_future": "from the future",
    "sum": "∂L/∂h = loss + future",
    "cut": "cut here",
    "scale": "G / number of words",
    "clip": "clip the gradient",
    "optimiser": "the optimiser's step ΔW",
    "update": "W += ΔW",
}


def walk(
    model: Model,
    trace: Trace,
    targets: Any,
    truncation: Truncation | None = None,
    order: str = "by loss",
    *,
    optimiser: Optimiser | None = None,
    optimiser_state: OptimiserState | None = None,
    clip: Clip | None = None,
    learning_rate: float | None = None,
    scale: float = 1.0,
) -> Walk:
    """Return one sequence's passes as micro-steps.

    Parameters
    ----------
    model, trace, targets, truncation
        As for :func:`rnncore.bptt.backward`; one sequence.
    order : "by loss" or "sweep"
        Whether each loss walks back by itself, or all of them in one accumulated run. The sums are the same.
    optimiser, optimiser_state, clip, learning_rate, scale
        When an optimiser is given, the walk ends with its update. ``scale`` multiplies the gradient first
        (1 / number of words for a mean loss).

    Raises
    ------
    RnnError
        For a batch, targets that do not fit, an unknown order, or a trace that another model made.
    """
    check_model(model, trace)
    if trace.batched:
        raise RnnError("a walk steps through one sequence; run forward on one row of the batch")
    truncation = check_truncation(truncation)
    wanted = check_targets(trace, targets)
    table = stream_table(truncation, trace.length, trace.boundaries, trace.between)
    table.flags.writeable = False
    update: list[str] = []
    if optimiser is not None:
        update += ["scale"] if scale != 1.0 else []
        update += ["clip"] if clip is not None else []
        update += ["optimiser", "update"]
    script = write_script(model.cell, "b_y" in model.parameters, wanted >= 0, table, order, tuple(update))
    return Walk(
        model,
        trace,
        wanted,
        truncation,
        order,
        script,
        table,
        optimiser,
        optimiser_state,
        clip,
        learning_rate,
        scale,
    )
