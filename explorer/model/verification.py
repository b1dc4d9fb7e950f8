"""The live check of the gradient on show: the ledger's identity, the fast kernel, and numeric derivatives."""

from __future__ import annotations

import math

import numpy as np

from rnncore.kernels import kernel_for
from rnncore.ledger import ledgers
from rnncore.walk import Walk

from .formula import compact
from .not_finite import cause
from .plurals import count
from .session import Check, Compared, Verification
from .spot_checks import chosen_pair, counted, entry_error, pair_gradients, place_of

LEDGER_TOLERANCE = {"float64": 1e-9, "float32": 1e-4}
NOISE = {"float64": 1e-5, "float32": 1e-2}
"""Least size that an error is a share of, as a share of the whole gradient's scale: below it is the rounding of what a
saturated gate, or votes that cancel, leave of the gradient."""
SAMPLES = 3
MOST_STEPS = 16
"""Sentences longer than this are spot-checked on their first steps: the numeric side costs T² forward steps."""
MOST_WORK = MOST_STEPS**2 * 8000 * 16
"""T² · V · H up to which the check answers within seconds; a large network is checked on fewer steps."""


def verify(walk: Walk, update: int) -> Verification:
    """Check the walk's gradient; never raises, and never calls what is not finite verified."""
    from rnncore.gradcheck import gradient_scale

    precision = walk.model.dtype.name
    tolerance = LEDGER_TOLERANCE[precision]
    noise = NOISE[precision] * gradient_scale(walk.trace, walk.targets, walk.gradients)
    checks = [_ledger(walk, update, tolerance, noise), _kernel(walk, tolerance, noise), _numeric(walk, update)]
    ledger_error, kernel_error, difference = (_error(check) for check in checks)
    ok = all(check.ok for check in checks)
    worst = max(ledger_error, difference, kernel_error)
    if ok and not any(gradient.any() for gradient in walk.gradients.values()):
        summary = "gradient is zero, verified"  # nothing is shown to be right by three ways to nothing
    elif ok:
        summary = f"gradient verified {compact(worst)}"
    elif not math.isfinite(worst):
        summary = "gradient not finite"
    else:
        summary = f"gradient differs {compact(worst)}"
    why = cause(walk)
    details = "\n".join([*([why] if why else []), *(in_words(check) for check in checks)])
    kernel = kernel_error if checks[1].rows else None
    return Verification(ok, ledger_error, difference, update, summary, details, kernel, tuple(checks), why)


def digits(value: float) -> str:
    """Thirteen digits with a true minus sign, every number as wide as every other; NaN and infinities by name."""
    if not math.isfinite(value):
        return compact(value, signed=not math.isnan(value))
    return f"{value:+.12e}".replace("-", "−")


def error_text(error: float) -> str:
    """A relative error as it is read: 1.2e−16, 0, not finite."""
    return compact(error) if math.isfinite(error) else "not finite"


def in_words(check: Check) -> str:
    """Both numbers of the check's worst row on a line or two, as plain text."""
    worst = check.worst
    if worst is None:
        return f"– {check.title}: {check.note}"
    lines = [
        f"{'✓' if check.ok else '✗'} {check.title}: relative error {error_text(worst.error)} at worst",
        f"    {worst.where}: {check.first} {digits(worst.first)}, {check.second} {digits(worst.second)}",
    ]
    return "\n".join([*lines, f"    ({check.note})"] if check.note else lines)


def _error(check: Check) -> float:
    return max((row.error for row in check.rows), default=0.0)


def _ledger(walk: Walk, update: int, tolerance: float, noise: float) -> Check:
    """Whether the entries add up, and one of them by itself: it takes the place of the sum where it is wrong."""
    rows = []
    pair = chosen_pair(walk, update)
    with np.errstate(all="ignore"):
        apart = {} if pair is None else pair_gradients(walk, *pair)
        for one in ledgers(walk.model, walk.trace, walk.targets, walk.truncation, gradients=walk.gradients).values():
            summed = float((one.kept * one.signed).sum())
            size = max(one.total, float(np.abs(one.kept * one.signed).sum()))
            size = max(size, noise) if size else 0.0
            error = 0.0 if size == 0 else abs(summed - one.total) / size
            error = error if math.isfinite(error) else math.inf
            row = Compared(one.parameter, summed, one.total, error, error <= tolerance)
            if pair is not None and row.ok:
                at = place_of(one.parameter, pair)
                norm, off = entry_error(one, at, apart[one.parameter], walk.gradients[one.parameter], noise)
                if not off <= tolerance:
                    where = f"‖g‖ of {one.parameter}, loss {at[0]} to step {at[1]}, ledger and outer product"
                    off = off if math.isfinite(off) else math.inf
                    row = Compared(where, float(one.norms[at]), norm, off, False)
            rows.append(row)
    note = "" if pair is None else f"and each entry of loss {pair[0]} to step {pair[1]} against its outer product"
    return Check("Ledger against ‖G‖", "Σ kept·signed", "‖G‖", tolerance, tuple(rows), note)


def _kernel(walk: Walk, tolerance: float, noise: float) -> Check:
    """The gradient that trains against the one that is explained: each parameter's largest difference.

    Its relative error is by the parameter's largest entry, or by ``noise`` where that is less; infinite where something
    is not finite. No rows where no kernel is made for the sentence.
    """
    title, sides = "Fast kernel against operation graph", ("kernel", "graph")
    trace, model = walk.trace, walk.model
    inputs, targets = np.asarray(trace.inputs, np.int64), np.asarray(walk.targets, np.int64)
    kernel = kernel_for(model, inputs, targets, trace.initial_state, walk.truncation)
    if kernel is None:
        return Check(title, *sides, tolerance, (), "no kernel takes this sentence")
    rows = []
    with np.errstate(all="ignore"):
        found, _ = kernel.gradients(model.parameters, inputs, targets, trace.initial_state, walk.truncation)
        for name, graph in walk.gradients.items():
            fast = np.asarray(found[name])
            same = (fast == graph) | (np.isnan(fast) & np.isnan(graph))
            away = np.where(same, 0.0, np.abs(fast - graph))
            away = np.where(np.isfinite(away), away, np.inf).ravel()
            # Of entries that agree equally well the largest, so that no 0 is set against 0.
            at = np.unravel_index(int(np.lexsort((np.abs(graph).ravel(), away))[-1]), graph.shape)
            size = max(float(np.abs(graph).max(initial=0.0)), noise) or 1.0
            error = float(away.max(initial=0.0)) / size if math.isfinite(size) else math.inf
            rows.append(_entry(name, tuple(int(i) for i in at), float(fast[at]), float(graph[at]), error, tolerance))
    return Check(title, *sides, tolerance, tuple(rows))


def _numeric(walk: Walk, update: int) -> Check:
    from rnncore.gradcheck import TOLERANCE, check_gradients

    title, sides = "Numeric derivative against analytic", ("numeric", "analytic")
    size = walk.model.vocabulary_size * walk.model.hidden_size
    steps = min(walk.trace.length, MOST_STEPS, max(3, math.isqrt(MOST_WORK // size)))
    whole = steps == walk.trace.length
    if not steps:
        return Check(title, *sides, TOLERANCE["complex step"], (), "the sentence is empty")
    report = check_gradients(
        walk.model,
        walk.trace.inputs[:steps],
        walk.targets[:steps],
        walk.truncation,
        samples=SAMPLES,
        seed=update,
        initial_state=walk.trace.initial_state,
        # Numeric derivatives are of double precision; single ones are checked in what they were made from.
        gradients=walk.gradients if whole and walk.model.dtype == np.float64 else None,
        table=counted(walk.truncation, steps),
    )
    rows = tuple(_entry(r.parameter, r.index, r.numeric, r.analytic, r.relative, report.tolerance) for r in report.rows)
    notes = [f"by {report.method}, {walk.truncation.describe()}, up to {SAMPLES} entries of each parameter"]
    if walk.model.dtype != np.float64:
        notes.append("the weights are single; this check is double")
    if not whole:
        notes.append(f"spot check on the first {steps} of {count(walk.trace.length, 'step')}")
    return Check(title, *sides, report.tolerance, rows, "; ".join(notes))


def _entry(name: str, index: tuple[int, ...], first: float, second: float, error: float, limit: float) -> Compared:
    """One entry, ``W_f[4, 3]``, as everywhere counted from 1; where even the largest is 0, it stands for all."""
    where = f"{name}[{', '.join(str(i + 1) for i in index)}]" if first or second else f"{name}, all 0"
    return Compared(where, first, second, error, error <= limit)
