"""Is the gradient right? Compare it with derivatives that know nothing of backpropagation.

*Complex step* (Squire & Trapp 1998; Martins, Sturdza & Alonso 2003): ``f'(w) = Im f(w + ih) / h`` with h = 1e-100, less
for huge derivatives. There is no subtraction and so no cancellation: the result is exact to rounding.
*Central differences*, ``(f(w + ε) − f(w − ε)) / 2ε`` with ε = 1e-5, are the textbook's check.

A truncated gradient is not the derivative of any loss, and can be checked all the same: give each time step its own
copy of the weights (*untied*), differentiate each loss t with respect to each copy τ, and sum the pairs that the
policy counts. What is checked is the raw gradient of the summed loss: before scaling, before clipping.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import field
from typing import Any

import numpy as np

from rnncore.bptt import backward, lane_gradients, output_gradients, use_gradient
from rnncore.cells import Cell
from rnncore.errors import RnnError
from rnncore.frozen import dataclass
from rnncore.model import Model
from rnncore.ops import ELEMENTWISE, Array, log_sum_exp
from rnncore.trace import Trace, check_targets, forward
from rnncore.truncation import Truncation, check_truncation, stream_table

METHODS = ("complex step", "central differences")
COMPLEX_STEP = 1e-100
"""So small that it stays small beside an exploded derivative of 1e30 and more."""
CENTRAL_STEP = 1e-5
TOLERANCE = {"complex step": 1e-8, "central differences": 1e-5}
FLOOR = {"complex step": 1e-6, "central differences": 1e-2}
"""Least denominator of a relative error, as a share of the largest entry: differences lose small entries' digits."""
NOISE = {"complex step": 1e-5, "central differences": 1e-3}
"""The same as a share of the whole gradient's scale: what a saturated gate leaves is rounding, 1 − y² of y ≈ 1."""


@dataclass(frozen=True)
class ParameterReport:
    """How one parameter fared.

    ``checked`` entries were compared; ``index`` is the worst of them, with both its numbers. Errors are absolute
    values; a NaN or an infinity on either side counts as an infinite error. ``relative`` is |a − n| / max(|a|, |n|),
    with a share of the parameter's largest entry (:data:`FLOOR`), and a smaller one of the scale of the whole gradient
    (:data:`NOISE`), as the least denominator.
    """

    parameter: str
    checked: int
    absolute: float
    relative: float
    index: tuple[int, ...]
    analytic: float
    numeric: float


@dataclass(frozen=True)
class GradientReport:
    """The outcome of :func:`check_gradients`.

    Attributes
    ----------
    method : str
        "complex step" or "central differences".
    truncation : Truncation
        Under which the gradient was taken.
    tolerance : float
        The largest relative error that passes.
    rows : tuple of ParameterReport
        One a parameter that was checked, with the worst entry's two numbers.

    Printing it gives a table.
    """

    method: str
    truncation: Truncation
    tolerance: float
    rows: tuple[ParameterReport, ...] = field(repr=False)

    @property
    def max_relative_error(self) -> float:
        """The largest relative error of any entry; infinite when anything was not finite. Never NaN."""
        return max((r.relative for r in self.rows), default=math.inf)

    @property
    def max_absolute_error(self) -> float:
        """The largest absolute error of any entry; infinite when anything was not finite. Never NaN."""
        return max((r.absolute for r in self.rows), default=math.inf)

    @property
    def ok(self) -> bool:
        """Whether every entry agrees within the tolerance."""
        return self.max_relative_error <= self.tolerance

    @property
    def worst(self) -> ParameterReport:
        """The parameter with the largest relative error."""
        return max(self.rows, key=lambda r: r.relative)

    def __str__(self) -> str:
        lines = [f"{self.method}, {self.truncation.describe()}: {'agrees' if self.ok else 'DIFFERS'}"]
        for r in self.rows:
            worst = [i + 1 for i in r.index]  # as everywhere on show, counted from 1
            lines.append(
                f"  {r.parameter:6} {r.checked:4} entries  worst {worst}  analytic {r.analytic:+.12e}  "
                f"numeric {r.numeric:+.12e}  relative error {r.relative:.1e}"
            )
        return "\n".join(lines)


def check_gradients(
    model: Model,
    inputs: Any,
    targets: Any,
    truncation: Truncation | None = None,
    *,
    method: str = "complex step",
    samples: int | None = 12,
    parameters: tuple[str, ...] | None = None,
    initial_state: Mapping[str, Any] | None = None,
    gradients: Mapping[str, Array] | None = None,
    table: Array | None = None,
    tolerance: float | None = None,
    seed: int = 0,
) -> GradientReport:
    """Compare the gradient of one sequence with a numeric one, entry by entry.

    Parameters
    ----------
    model, inputs, targets, truncation
        As for :func:`rnncore.bptt.backward`; one sequence of tokens. A float32 model is checked in float64.
    method : "complex step" or "central differences"
    samples : int or None
        Entries to check of each parameter: the largest and others by chance. None checks every entry.
    parameters : tuple of str, optional
        Which parameters; all by default.
    gradients : mapping, optional
        What to check instead of :func:`~rnncore.bptt.backward`'s result (a planted error, another program's gradient).
    table : (T, T) int, optional
        How often each pair (loss t, weight copy τ) is to count, known from elsewhere than ``truncation.table``.
    tolerance : float, optional
        Largest relative error that passes: 1e-8 by complex step, 1e-5 by central differences.

    Raises
    ------
    RnnError
        For an unknown method or parameter, or inputs that do not fit.
    """
    truncation = check_truncation(truncation)
    names = tuple(model.parameters) if parameters is None else parameters
    if isinstance(names, str):
        raise RnnError(f'parameters are several names, such as ("{names:.40}",)')
    model, trace, wanted = _prepared(model, inputs, targets, initial_state, names, method, samples)
    analytic = backward(model, trace, targets, truncation) if gradients is None else gradients
    for name in names:
        shape = model.parameters[name].shape
        if name not in analytic or np.shape(analytic[name]) != shape:
            raise RnnError(f"among the gradients to be checked there is none of {name} with its shape {shape}")
    rng = np.random.default_rng(seed)
    table = stream_table(truncation, trace.length) if table is None else table
    if np.shape(table) != (trace.length, trace.length):
        raise RnnError(f"the table of pairs must be {trace.length} × {trace.length}; this one is {np.shape(table)}")
    scale = gradient_scale(trace, wanted, analytic)
    noise = NOISE[method] * scale
    rows = []
    for name in names:
        given = np.asarray(analytic[name])
        entries = _choose(given, samples, rng)
        with np.errstate(all="ignore"):
            numeric = _truncated(model, trace, wanted, name, entries, table, method, scale)
        known = given.reshape(-1)[entries]
        rows.append(_report(name, model.parameters[name].shape, entries, known, numeric, FLOOR[method], noise))
    limit = TOLERANCE[method] if tolerance is None else tolerance
    return GradientReport(method, truncation, limit, tuple(rows))


def gradient_scale(trace: Trace, targets: Array, gradients: Mapping[str, Array]) -> float:
    """Return the largest finite number among the gradients and what the losses send into h; rounding is a share of it.

    ``targets`` is as :func:`rnncore.trace.check_targets` returns it, time-first.
    """
    with np.errstate(all="ignore"):
        arrays = [output_gradients(trace, targets)[1], *(np.asarray(gradients[name]) for name in gradients)]
        sizes = [np.abs(array, dtype=np.float64) for array in arrays]
        return max(float(np.max(size, where=np.isfinite(size), initial=0.0)) for size in sizes)


def check_pairs(
    model: Model,
    inputs: Any,
    targets: Any,
    parameter: str,
    *,
    method: str = "complex step",
    samples: int | None = None,
    seed: int = 0,
) -> Array:
    """Return the relative error of g(t, τ), the gradient of each loss t with respect to each weight copy τ (T, T).

    Each pair's error is its largest absolute difference over the checked entries, divided by the pair's largest entry
    (or by one billionth of the largest of all pairs, if that is more); infinite where something is not finite; 0 above
    the diagonal, where both are exactly zero. A float32 model is checked in float64.

    Raises RnnError as :func:`check_gradients` does.
    """
    model, trace, wanted = _prepared(model, inputs, targets, None, (parameter,), method, samples)
    if not trace.length:
        return np.zeros((0, 0))
    entries = _choose(model.parameters[parameter], samples, np.random.default_rng(seed))
    with np.errstate(all="ignore"):
        numeric = untied_derivatives(model, trace, wanted, parameter, entries, method)
        analytic = np.stack(
            [
                pair_gradient(model, trace, targets, parameter, t, tau).reshape(-1)[entries]
                if tau <= t
                else np.zeros(len(entries))
                for t in range(trace.length)
                for tau in range(trace.length)
            ]
        ).reshape(trace.length, trace.length, len(entries))
        size = np.maximum(np.abs(numeric), np.abs(analytic)).max(axis=-1, initial=0.0)
        least = 1e-9 * np.nanmax(size, initial=0.0)
        error = np.abs(numeric - analytic).max(axis=-1, initial=0.0) / np.maximum(size, least or 1.0)
    return np.where(np.isfinite(error), error, np.inf)


def _prepared(
    model: Model,
    inputs: Any,
    targets: Any,
    initial_state: Any,
    names: tuple[str, ...],
    method: str,
    samples: int | None,
) -> tuple[Model, Trace, Array]:
    """Return the model in double precision, its trace and the targets; raises RnnError for what cannot be checked."""
    if method not in METHODS:
        raise RnnError(f"method must be one of {', '.join(METHODS)}, not {method!r:.40}")
    if samples is not None and not (isinstance(samples, int | np.integer) and samples >= 1):
        raise RnnError(f"samples must be at least 1, not {samples!r:.40}; None checks every entry")
    for name in names:
        if name not in model.parameters:
            raise RnnError(f"the model has no parameter {name!r:.40}; it has {', '.join(model.parameters)}")
    if model.dtype != np.float64:
        model = model.astype(np.float64)
    trace = forward(model, inputs, initial_state)
    if trace.batched:
        raise RnnError("the check works on one sequence; give it one row of the batch")
    return model, trace, check_targets(trace, targets)


def pair_gradient(model: Model, trace: Trace, targets: Any, parameter: str, t: int, tau: int) -> Array:
    """Return g(t, τ): the gradient of loss t with respect to a parameter as used at time step τ."""
    wanted = check_targets(trace, targets)
    found = lane_gradients(trace, wanted, t, 0)
    where = slice(tau, tau + 1)
    total = np.zeros(model.parameters[parameter].shape)
    for use in trace.cell.uses:
        if use.parameter == parameter and found.nodes[use.delta] is not None:
            total += use_gradient(trace, use, found.nodes[use.delta], where)
    if parameter == "V":
        total += np.outer(found.d_logits[tau], trace.hidden[tau])
    if parameter == "b_y":
        total += found.d_logits[tau]
    return total


def untied_derivatives(
    model: Model, trace: Trace, targets: Array, parameter: str, entries: Array, method: str, scale: float = 1.0
) -> Array:
    """Return ∂L_t / ∂(entry of the copy at τ) (T, T, len(entries)), each copy perturbed by itself.

    ``scale`` is about as large as the largest of them, see :func:`complex_step`.
    """
    steps = trace.length
    result = np.zeros((steps, steps, len(entries)))
    for tau in range(steps):
        result[:, tau] = _derivative(model, trace, targets, parameter, entries, method, range(tau, tau + 1), scale)
    return result


def _truncated(
    model: Model, trace: Trace, targets: Array, name: str, entries: Array, table: Array, method: str, scale: float
) -> Array:
    """Return Σ m[t, τ] ∂L_t/∂copy τ for the chosen entries."""
    steps = trace.length
    if np.array_equal(table, np.tri(steps)):  # every pair once: all copies may move together
        return _derivative(model, trace, targets, name, entries, method, range(steps), scale).sum(axis=0)
    pairs = untied_derivatives(model, trace, targets, name, entries, method, scale)
    return np.einsum("ts,tse->e", table.astype(float), pairs)


def complex_step(scale: float) -> float:
    """Return the step h for derivatives of about ``scale``: times ``scale`` it must be small, by itself no subnormal.

    It is :data:`COMPLEX_STEP` unless derivatives are beyond 1e50; beyond 1e240 it is a compromise of both.
    """
    if scale <= 1e50:
        return COMPLEX_STEP
    return max(1e-50 / scale, min(1e-7 / scale, 1e-290))


def _derivative(
    model: Model, trace: Trace, targets: Array, name: str, entries: Array, method: str, copies: range, scale: float
) -> Array:
    """Return the derivative of every loss (T, len(entries)) with respect to entries of the copies named."""

    def losses(step: Any) -> Array:
        return _losses(model, trace, targets, name, entries, step, copies)

    if method == "complex step":
        step = complex_step(scale)
        return losses(1j * step).imag / step
    size = np.maximum(1.0, np.abs(model.parameters[name].reshape(-1)[entries]))
    return (losses(CENTRAL_STEP * size) - losses(-CENTRAL_STEP * size)).real / (2 * CENTRAL_STEP * size)


def _losses(model: Model, trace: Trace, targets: Array, name: str, entries: Array, step: Any, copies: range) -> Array:
    """Return all losses (T, E), for E models each of which has one entry moved by ``step`` at some time steps.

    A forward pass of its own, step by step, one weight matrix a lane: it shares no code with the trace but the gates.
    """
    lanes = len(entries)
    value = model.parameters[name]
    moved = np.repeat(value[None], lanes, axis=0).astype(np.result_type(value, step))
    moved.reshape(lanes, -1)[np.arange(lanes), entries] += step
    plain: dict[str, Array] = dict(model.parameters)
    changed = {**plain, name: moved}
    previous = {s: np.repeat(v[None], lanes, axis=0) for s, v in trace.initial_state.items()}
    result = np.zeros((trace.length, lanes), moved.dtype)
    # Nothing moves before the first copy: start from the trace's own state there.
    first = copies.start
    if first:
        previous = {s: np.repeat(trace.previous(s)[first][None], lanes, axis=0) for s in trace.cell.states}
    for t in range(first, trace.length):
        parameters = changed if t in copies else plain
        values = _step(trace.cell, parameters, trace.inputs[t], previous, lanes)
        previous = {s: values[i] for s, i in trace.cell.outputs.items()}
        if targets[t] < 0:
            continue
        logits = _product(parameters["V"], previous["h"])
        if "b_y" in parameters:
            logits = logits + parameters["b_y"]
        result[t] = log_sum_exp(logits) - logits[:, targets[t]]
    return result


def _step(cell: Cell, parameters: Mapping[str, Array], x: Any, previous: Mapping[str, Array], lanes: int) -> list[Any]:
    values: list[Any] = []
    for node in cell.nodes:
        if node.parameter is not None:
            values.append(parameters[node.parameter])
        elif node.state is not None:
            values.append(previous[node.state])
        elif node.op == "constant":
            values.append(node.constant)
        elif node.op == "input":
            values.append(x)
        elif node.op == "matmul":
            matrix, operand = (values[i] for i in node.inputs)
            if cell.nodes[node.inputs[1]].op == "input":
                column = matrix @ operand if np.ndim(operand) else matrix[..., operand]
                values.append(np.broadcast_to(column, (lanes, column.shape[-1])))
            else:
                values.append(_product(matrix, np.broadcast_to(operand, (lanes, matrix.shape[-1]))))
        else:
            value = ELEMENTWISE[node.op].value(*[values[i] for i in node.inputs])
            values.append(np.broadcast_to(value, (lanes, value.shape[-1])))
    return values


def _product(matrix: Array, vectors: Array) -> Array:
    """Return M v for each lane (E, H): one matrix for all, or (E, H, K) one a lane."""
    if matrix.ndim == 2:
        return vectors @ matrix.T
    result: Array = np.einsum("ehk,ek->eh", matrix, vectors)
    return result


def _choose(gradient: Array, samples: int | None, rng: np.random.Generator) -> Array:
    size = gradient.size
    if samples is None or samples >= size:
        return np.arange(size)
    largest = int(np.argmax(np.abs(gradient)))
    others = rng.choice(size, samples - 1, replace=False)
    return np.unique(np.r_[largest, others])


def _report(
    name: str, shape: tuple[int, ...], entries: Array, analytic: Array, numeric: Array, floor: float, noise: float = 0.0
) -> ParameterReport:
    with np.errstate(all="ignore"):
        absolute = np.abs(analytic - numeric)
        size = np.maximum(np.abs(analytic), np.abs(numeric))
        least = max(floor * np.max(size[np.isfinite(size)], initial=0.0), noise)
        relative = absolute / np.maximum(size, least or 1.0)
    bad = ~(np.isfinite(analytic) & np.isfinite(numeric))
    absolute = np.where(bad, np.inf, absolute)
    relative = np.where(bad, np.inf, relative)
    # Of entries that agree equally well the largest: “0 against 0” tells nobody anything.
    worst = int(np.lexsort((size, relative))[-1])
    index = tuple(int(i) for i in np.unravel_index(int(entries[worst]), shape))
    return ParameterReport(
        name,
        len(entries),
        float(absolute.max()),
        float(relative.max()),
        index,
        float(analytic[worst]),
        float(numeric[worst]),
    )
