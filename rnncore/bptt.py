"""The backward pass: truncated backpropagation through time (Werbos 1990; Williams & Peng 1990).

The gradient that this module returns is, for every policy, exactly ``Σ m[t, τ] g(t, τ)`` (see
:mod:`rnncore.truncation`). It gets there in one of two ways:

- *sweeps*: one run backward over the sequence with the losses added on the way, cut where the policy cuts. Linear in
  T; serves every policy whose table is a few such runs.
- *lags*: all losses walk back in step, the gradient of every loss t at copy t − ℓ being found at once for ℓ = 0, 1, …
  k. Serves the window, where each loss has a cut of its own: k + 1 vectorised steps instead of T short sweeps.

Both need only the accumulated gradient with respect to each step's *new states*; the gradients of all gates and
weights then follow for all time steps in one vectorised pass, because everything inside a step is linear in it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field
from functools import cached_property
from types import MappingProxyType
from typing import Any

import numpy as np

from rnncore.backstep import at, step_back
from rnncore.cells import Use
from rnncore.errors import RnnError
from rnncore.frozen import dataclass
from rnncore.graph import pullback
from rnncore.model import Model
from rnncore.norms import joint_norm, lengths
from rnncore.ops import Array, cross_entropy_vjp
from rnncore.trace import Trace, check_targets, forward
from rnncore.truncation import Sweep, Truncation, Window, check_truncation, stream_sweeps


@dataclass(frozen=True, eq=False)
class Gradients(Mapping[str, Array]):
    """Parameter name -> gradient of the *sum* of all losses (nats per unit of the parameter), as the truncation counts.

    A read-only mapping, equal to itself alone; each array has its parameter's shape and precision. What is not finite
    is left as it is.
    ``initial_state`` holds the gradient with respect to the state before the first step, one (…, H) array a state.
    """

    arrays: Mapping[str, Array]
    initial_state: Mapping[str, Array] = field(repr=False, default_factory=dict)

    def __getitem__(self, name: str) -> Array:
        return self.arrays[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.arrays)

    def __len__(self) -> int:
        return len(self.arrays)

    def __repr__(self) -> str:
        return f"Gradients(norm {self.norm():.6g}: {', '.join(f'{n} {g.shape}' for n, g in self.arrays.items())})"

    __eq__ = object.__eq__
    __hash__ = object.__hash__

    def __reduce__(self) -> tuple[object, ...]:
        return _gradients_of, (dict(self.arrays), dict(self.initial_state))

    def norm(self) -> float:
        """Return the Euclidean norm of all parameters' gradients together."""
        return global_norm(self.arrays)


def _gradients_of(arrays: dict[str, Array], start: dict[str, Array]) -> Gradients:
    """Make them read-only, which arrays are no longer that were copied or come from another process."""
    for value in (*arrays.values(), *start.values()):
        value.flags.writeable = False
    return Gradients(MappingProxyType(arrays), MappingProxyType(start))


def global_norm(arrays: Mapping[str, Array]) -> float:
    """Return √Σ‖G‖² over all arrays; NaN or infinite where they are, or where it is more than a float64 holds."""
    return joint_norm(arrays.values())


def backward(model: Model, trace: Trace, targets: Any, truncation: Truncation | None = None) -> Gradients:
    """Return the gradient of the sum of all losses with respect to every parameter, as the truncation counts them.

    Parameters
    ----------
    model : Model
        The model that made the trace.
    trace : Trace
        From :func:`rnncore.trace.forward`; one sequence (T,) or a batch (B, T), over which it sums too.
    targets : int array
        Like the trace's inputs; ``IGNORE`` where a step carries no loss.
    truncation : Truncation
        ``Full()`` by default.

    Raises
    ------
    RnnError
        When the targets do not fit, the truncation is none, or another model made the trace.
    """
    check_model(model, trace)
    truncation = check_truncation(truncation)
    wanted = check_targets(trace, targets)
    with np.errstate(all="ignore"):
        if trace.batched and truncation.depends_on_length and len(set(trace.lengths.tolist())) > 1:
            return _by_length(model, trace, wanted.T, truncation)
        return _gradients(trace, step_gradients(trace, wanted, truncation))


def check_model(model: Model, trace: Trace) -> None:
    """Raise RnnError unless ``model`` made the trace."""
    if not isinstance(model, Model) or not isinstance(trace, Trace):
        raise RnnError(f"give a model and its trace, not {model!r:.60} and {trace!r:.60}; forward(model, …) makes one")
    if model.parameters is not trace.model.parameters:
        raise RnnError("this trace was made by another model; run forward again")


def _gradients(trace: Trace, found: StepGradients) -> Gradients:
    model = trace.model
    arrays = {name: parameter_gradient(trace, found, name) for name in model.parameters}
    start = {}
    for state in trace.cell.states:
        leaf = trace.cell.state_leaves.get(state)
        gradient = found.nodes[leaf] if leaf is not None else None
        if gradient is None or not trace.length:
            gradient = np.zeros((1, *trace.start[state].shape), model.dtype)
        start[state] = gradient[0]
    return _gradients_of(arrays, start)


def parameter_gradient(trace: Trace, found: StepGradients, name: str) -> Array:
    """Return one parameter's gradient, of its shape and read-only, from the gradients of every time step."""
    if name == "V":
        total = _outer(found.d_logits, trace.tape[trace.cell.outputs["h"]])
    elif name == "b_y":
        total = _rows(found.d_logits).sum(axis=0)
    else:
        total = np.zeros_like(trace.model.parameters[name])
        for use in trace.cell.uses:
            if use.parameter == name:
                total += use_gradient(trace, use, found.nodes[use.delta])
    total.flags.writeable = False
    return total


def use_gradient(trace: Trace, use: Use, delta: Array, where: Any = slice(None)) -> Array:
    """Return what one use of a parameter adds to its gradient, summed over the time steps ``where``.

    ``delta`` (T, …, H) is the gradient with respect to ``use.delta``'s output, over all time steps.
    """
    cell = trace.cell
    shape = trace.model.parameters[use.parameter].shape
    if delta is None:
        return np.zeros(shape, trace.model.dtype)
    delta = delta[where]
    if use.operand is None:
        return _rows(delta).sum(axis=0)
    operand = cell.nodes[use.operand]
    value = trace.tape[use.operand]
    value = value if operand.op in ("parameter", "constant") else value[where]
    if operand.op == "input" and value.dtype.kind in "iu":
        return scatter(delta, value, shape[1])
    if operand.op == "parameter":
        return np.outer(_rows(delta).sum(axis=0), value)
    return _outer(delta, value)


def scatter(delta: Array, tokens: Array, vocabulary_size: int) -> Array:
    """Return Σ δ ⊗ onehot(token) (H, V): each δ added to its token's column, in the order of the tokens."""
    rows, flat = _rows(delta), tokens.reshape(-1)
    total = np.zeros((vocabulary_size, rows.shape[1]), rows.dtype)
    if len(flat):
        order = np.argsort(flat, kind="stable")
        ordered = flat[order]
        starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
        total[ordered[starts]] = np.add.reduceat(rows[order], starts, axis=0)
    return total.T


def _rows(array: Array) -> Array:
    return array.reshape(-1, array.shape[-1])


def _outer(left: Array, right: Array) -> Array:
    """Return Σ left ⊗ right over all leading axes, as one matrix product."""
    product: Array = _rows(left).T @ _rows(right)
    return product


def _by_length(model: Model, trace: Trace, targets: Array, truncation: Truncation) -> Gradients:
    """A padded batch under a policy that looks at the sequence's end: one group of rows for each length."""
    total = {name: np.zeros_like(value) for name, value in model.parameters.items()}
    start = {s: np.zeros_like(v) for s, v in trace.start.items()}
    for length in sorted(set(trace.lengths.tolist())):
        rows = np.flatnonzero(trace.lengths == length)
        if not length:
            continue
        start_of_rows = {s: v[rows] for s, v in trace.start.items()}
        part = forward(
            model, trace.inputs[rows, :length], start_of_rows, boundaries=trace.boundaries, between=trace.between
        )
        found = _gradients(part, step_gradients(part, targets[rows, :length].T, truncation))
        for name, value in found.items():
            total[name] += value
        for state, value in found.initial_state.items():
            start[state][rows] = value
    return _gradients_of(total, start)


@dataclass(frozen=True, eq=False)
class StepGradients:
    """What the backward pass found for each time step, all time-first (T, …).

    Attributes
    ----------
    from_loss : (T, …, H)
        Into h_t from this step's own loss, as often as it is counted.
    from_future : state -> (T, …, H)
        Into each state from the step after.
    nodes : one slot a node
        Gradient with respect to each node's output (None where none arrives); see :func:`rnncore.graph.pullback`.
    d_logits : (T, …, V)
        Gradient with respect to the logits, as often as each loss enters the output layer.
    """

    from_loss: Array
    from_future: Mapping[str, Array]
    nodes: tuple[Any, ...]
    d_logits: Array

    @cached_property
    def future_norms(self) -> Array:
        """Norm of what comes into all states of each step from the step after (T, …), float64, read-only."""
        found = lengths(*self.from_future.values())
        found.flags.writeable = False
        return found


def output_gradients(trace: Trace, targets: Array) -> tuple[Array, Array]:
    """Return (∂L_t/∂logits (T, …, V), ∂L_t/∂h_t by way of the output layer (T, …, H)), each loss counted once."""
    d_logits = cross_entropy_vjp(trace.probabilities_time_first, targets)
    return d_logits, d_logits @ trace.model.parameters["V"]


def step_gradients(
    trace: Trace, targets: Array, truncation: Truncation, output: tuple[Array, Array] | None = None
) -> StepGradients:
    """Run the backward pass for one sequence, or a batch whose policy does not depend on the length.

    ``targets`` is time-first, as :func:`rnncore.trace.check_targets` returns it; ``output`` what
    :func:`output_gradients` found, where that is known.
    """
    d_logits, d_hidden = output_gradients(trace, targets) if output is None else output
    steps = trace.length
    if isinstance(truncation, Window) and truncation.k < steps - 1:
        counted = np.ones(steps)
        total, future = _by_lag(trace, d_hidden, truncation)
    else:
        sweeps = stream_sweeps(truncation, steps, trace.boundaries, trace.between)
        counted = np.zeros(steps)
        for sweep in sweeps:
            counted[list(sweep.losses)] += 1
        total, future = _by_sweep(trace, d_hidden, sweeps)
    weight = counted.reshape(-1, *[1] * (d_hidden.ndim - 1)).astype(d_hidden.dtype)
    nodes = pullback(trace.cell, trace.tape, total)
    return StepGradients(d_hidden * weight, MappingProxyType(future), tuple(nodes), d_logits * weight)


def _zeros(trace: Trace, like: Array) -> dict[str, Array]:
    return {s: np.zeros_like(like) for s in trace.cell.states}


def _by_sweep(trace: Trace, d_hidden: Array, sweeps: Sequence[Sweep]) -> tuple[dict[str, Array], dict[str, Array]]:
    """Accumulate ∂/∂state over runs backward through time; returns (total, the part from the future)."""
    states = trace.cell.states
    future = np.zeros((len(states), *d_hidden.shape), d_hidden.dtype)
    injections, visits = np.zeros((2, len(d_hidden)), np.int64)
    for sweep in sweeps:
        injections[list(sweep.losses)] += 1
        visits[sweep.low : sweep.high + 1] += 1
    again = bool((visits > 1).any())
    cuts = frozenset(trace.boundaries) if trace.between != "carried" else frozenset()
    back = step_back(trace, sum(sweep.high - sweep.low for sweep in sweeps))
    here, h = back.here, back.here[states.index("h")]
    for sweep in sweeps:
        injected = set(sweep.losses)
        here.fill(0.0)
        for tau in range(sweep.high, sweep.low, -1):
            if tau in injected:
                np.add(h, d_hidden[tau], h)
            back(tau)
            if tau in cuts:
                here.fill(0.0)
            elif again:
                future[:, tau - 1] += here
            else:
                future[:, tau - 1] = here
    total = dict(zip(states, future.copy(), strict=True))
    seen = injections > 0
    total["h"][seen] += d_hidden[seen] * injections[seen].reshape(-1, *[1] * (d_hidden.ndim - 1))
    return total, dict(zip(states, future, strict=True))


def _by_lag(trace: Trace, d_hidden: Array, truncation: Window) -> tuple[dict[str, Array], dict[str, Array]]:
    """The same for the window: every loss walks back one step at a time, all of them at once."""
    total, future = _zeros(trace, d_hidden), _zeros(trace, d_hidden)
    total["h"] += d_hidden
    for lanes in lanes_by_lag(trace, d_hidden, truncation.k):
        if lanes.lag:
            for state, value in lanes.states.items():
                future[state][: trace.length - lanes.lag] += value
                total[state][: trace.length - lanes.lag] += value
    return total, future


@dataclass(frozen=True, eq=False)
class Lanes:
    """Every loss's own gradient ``lag`` steps before it.

    ``states`` maps a state to (T − lag, …, H): row τ is the gradient of the one loss t = τ + lag with respect to the
    state at τ.
    """

    trace: Trace
    lag: int
    states: Mapping[str, Array]

    @cached_property
    def nodes(self) -> list[Any]:
        """The same gradients with respect to every node's output; see :func:`rnncore.graph.pullback`."""
        tape = at(self.trace.cell, self.trace.tape, slice(0, self.trace.length - self.lag))
        return pullback(self.trace.cell, tape, self.states)


def lanes_by_lag(trace: Trace, d_hidden: Array, last: int | None = None) -> Iterator[Lanes]:
    """Yield each loss's own gradient at lag 0, 1, …, all losses at once.

    Nothing is truncated but by ``last``, and by boundaries that are not carried.
    """
    cell = trace.cell
    leaves = cell.state_leaves
    steps = trace.length
    states = _zeros(trace, d_hidden)
    states["h"] = d_hidden
    cuts = [b for b in trace.boundaries if trace.between != "carried"]
    for lag in range(steps if last is None else min(last + 1, steps)):
        lanes = Lanes(trace, lag, states)
        yield lanes
        if lag == steps - 1 or lag == last:
            return
        # Row τ of what comes back through the step at τ becomes row τ − 1 of the next lag.
        gradients = lanes.nodes
        following = {}
        for state in cell.states:
            back = gradients[leaves[state]] if state in leaves else None
            if back is None:
                following[state] = np.zeros_like(d_hidden[: steps - lag - 1])
                continue
            following[state] = back[1:]
            if cuts:
                following[state] = following[state].copy()
                following[state][[b - 1 for b in cuts if b < steps - lag]] = 0.0
        states = following


def lane_gradients(
    trace: Trace, targets: Array, loss: int, low: int, output: tuple[Array, Array] | None = None
) -> StepGradients:
    """Return the gradients of one loss by itself, counted once, at the time steps ``low`` ≤ τ ≤ ``loss``.

    ``output`` is what :func:`output_gradients` found, where that is known.
    """
    d_logits, d_hidden = _only(output or output_gradients(trace, targets), slice(loss, loss + 1))
    sweeps = (Sweep(low, loss, (loss,)),) if low <= loss else ()
    total, future = _by_sweep(trace, d_hidden, sweeps)
    nodes = pullback(trace.cell, trace.tape, total)
    return StepGradients(d_hidden, MappingProxyType(future), tuple(nodes), d_logits)


def steps_after(
    trace: Trace, targets: Array, truncation: Truncation, loss: int, output: tuple[Array, Array]
) -> StepGradients:
    """Return the gradients of the losses after one alone, as the truncation counts them."""
    return step_gradients(trace, targets, truncation, _only(output, slice(loss + 1, None)))


def _only(output: tuple[Array, Array], losses: slice) -> tuple[Array, Array]:
    """Return (∂L/∂logits, ∂L/∂h) of some losses, zero for the others."""
    found = tuple(np.zeros_like(array) for array in output)
    for all_of_them, some in zip(output, found, strict=True):
        some[losses] = all_of_them[losses]
    return found[0], found[1]
