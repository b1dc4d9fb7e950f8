"""The gradient that trains against the one that is explained.

Both run the whole sentence, each in its own order of adding. Where the network multiplies rounding from step to step
their states part, and then their gradients must. So where the gradients differ, the graph takes every step anew from
the kernel's own states: each state of the kernel must be a right step from the one before it, and along those states
the two gradients must be the same. A mistake of the kernel is found by that as well as before, whatever the network.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from rnncore.bptt import backward
from rnncore.kernels import kernel_for
from rnncore.ops import Array
from rnncore.trace import Trace
from rnncore.walk import Walk

from .formula import compact
from .plurals import count
from .session import Check, Compared

TITLE, SIDES = "Fast kernel against operation graph", ("kernel", "graph")
SAFETY = 16
"""How many times what a change of the last bits has made of a number is taken for rounding."""
PARTED = {"float64": 1e-4, "float32": 1e-2}
"""Relative difference of two right gradients from which on the digits on show are not those that train."""


def entry(name: str, index: tuple[int, ...], first: float, second: float, error: float, limit: float) -> Compared:
    """One entry, ``W_f[4, 3]``, as everywhere counted from 1; where even the largest is 0, it stands for all."""
    where = f"{name}[{', '.join(str(i + 1) for i in index)}]" if first or second else f"{name}, all 0"
    return Compared(where, first, second, error, error <= limit)


def judged(row: Compared, away: float, rounding: float) -> Compared:
    """Return the row as unclear where what it compares is ``away`` no more than rounding may take it."""
    return row if row.ok or not away <= SAFETY * rounding else replace(row, unclear=True)


def kernel_check(walk: Walk, tolerance: float, noise: float) -> Check:
    """Compare each parameter's entry that differs most.

    Its relative error is by the parameter's largest entry, or by ``noise`` where that is less; infinite where something
    is not finite. No rows where no kernel is made for the sentence.
    """
    trace, model = walk.trace, walk.model
    inputs, targets = np.asarray(trace.inputs, np.int64), np.asarray(walk.targets, np.int64)
    kernel = kernel_for(model, inputs, targets, trace.initial_state, walk.truncation)
    if kernel is None:
        return Check(TITLE, *SIDES, tolerance, (), "no kernel takes this sentence")
    with np.errstate(all="ignore"):
        found, _ = kernel.gradients(model.parameters, inputs, targets, trace.initial_state, walk.truncation)
        fast = {name: np.asarray(found[name]) for name in walk.gradients}
        rows = _rows(fast, walk.gradients, tolerance, noise)
        plain = Check(TITLE, *SIDES, tolerance, rows)
        if plain.ok or not all(np.isfinite(fast[n]).all() and np.isfinite(g).all() for n, g in walk.gradients.items()):
            return plain
        return _step_by_step(walk, kernel.states_over(len(inputs)), fast, plain, noise)


def _rows(
    fast: Mapping[str, Array], graph: Mapping[str, Array], tolerance: float, noise: float
) -> tuple[Compared, ...]:
    rows = []
    for name, right in graph.items():
        left = fast[name]
        same = (left == right) | (np.isnan(left) & np.isnan(right))
        away = np.where(same, 0.0, np.abs(left - right))
        away = np.where(np.isfinite(away), away, np.inf).ravel()
        # Of entries that agree equally well the largest, so that no 0 is set against 0.
        at = np.unravel_index(int(np.lexsort((np.abs(right).ravel(), away))[-1]), right.shape)
        size = max(float(np.abs(right).max(initial=0.0)), noise) or 1.0
        error = float(away.max(initial=0.0)) / size if np.isfinite(size) else np.inf
        rows.append(entry(name, tuple(int(i) for i in at), float(left[at]), float(right[at]), error, tolerance))
    return tuple(rows)


def _step_by_step(
    walk: Walk, states: Mapping[str, Array], fast: Mapping[str, Array], plain: Check, noise: float
) -> Check:
    """The same, the graph starting each time step from the kernel's states; ``plain`` where that tells nothing more."""
    from rnncore.rounding import along, spread, step_bounds

    trace, limit = walk.trace, plain.tolerance
    own = backward(walk.model, trace, walk.targets, walk.truncation)
    honest = all(row.ok for row in _rows(own, walk.gradients, limit, noise))
    if not honest or trace.boundaries:
        return plain  # what is on show is not what the graph finds: the kernel has no part in that
    near = along(walk.model, trace.time_first_inputs, states)
    wrong = _wrong_step(near, states, step_bounds(near))
    if wrong is not None:
        return replace(plain, rows=(wrong, *(replace(row, unclear=not row.ok) for row in plain.rows)))

    def gradients(of: Trace) -> Mapping[str, Array]:
        return backward(of.model, of, walk.targets, walk.truncation)

    rows = _rows(fast, gradients(near), limit, noise)
    if not all(row.ok for row in rows):
        moved = spread(near, gradients, lambda model: along(model, trace.time_first_inputs, states))
        sizes = [float(moved[name].max(initial=0.0)) for name in walk.gradients]
        rows = tuple(judged(row, abs(row.first - row.second), one) for row, one in zip(rows, sizes, strict=True))
    if sum(row.ok for row in rows) <= sum(row.ok for row in plain.rows):
        # The kernel's states have no part in it: what is compared are the numbers on show.
        unclear = [row.unclear for row in rows]
        return replace(plain, rows=tuple(map(_marked, plain.rows, unclear)))
    own_states = {state: trace.tape[place] for state, place in walk.model.cell.outputs.items()}
    away = max(float(np.abs(states[s][1:] - own_states[s]).max(initial=0.0)) for s in states)
    apart = max(row.error for row in plain.rows)
    note = (
        f"this network multiplies rounding: over {count(trace.length, 'step')} to {compact(away)} in its states, and "
        f"in the gradient of another forward pass to {compact(apart)}. So the graph was given the kernel's state "
        "before each step; each step of the kernel is right to rounding"
    )
    parted = all(row.ok for row in rows) and apart > PARTED[walk.model.dtype.name]
    return Check(TITLE, *SIDES, limit, rows, note, parted, by_steps=True)


def _marked(row: Compared, unclear: bool) -> Compared:
    return replace(row, unclear=unclear and not row.ok)


def _wrong_step(near: Trace, states: Mapping[str, Array], bounds: Mapping[str, Array]) -> Compared | None:
    """The earliest state of the kernel that is farther from a right step than rounding leads; None where none is."""
    found: list[tuple[int, float, Compared]] = []
    for state, bound in bounds.items():
        right = near.tape[near.cell.outputs[state]]
        away = np.abs(states[state][1:] - right)
        over = away / np.maximum(bound, np.finfo(np.float64).tiny)
        if not (over > 1).any():
            continue
        t = int((over > 1).any(axis=1).argmax())
        unit = int(over[t].argmax())
        first, second = float(states[state][t + 1, unit]), float(right[t, unit])
        error = float(away[t, unit]) / max(float(np.abs(right).max()), float(away[t, unit]))
        where = f"{state}[{unit + 1}] of step {t}, from the step before"
        found.append((t, -float(over[t, unit]), Compared(where, first, second, error, False)))
    return min(found, key=lambda one: one[:2])[2] if found else None
