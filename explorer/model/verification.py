"""The live check of the gradient on show: the ledger's identity, the fast kernel, and numeric derivatives."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import cache

import numpy as np

from rnncore.bptt import backward
from rnncore.ledger import ledgers
from rnncore.model import Model
from rnncore.norms import norm
from rnncore.ops import Array
from rnncore.trace import Trace, forward
from rnncore.walk import Walk

from .formula import compact
from .kernel_check import entry, judged, kernel_check
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
    checks = [_ledger(walk, update, tolerance, noise), kernel_check(walk, tolerance, noise), _numeric(walk, update)]
    ledger_error, kernel_error, difference = (_error(check) for check in checks)
    ok = all(check.ok for check in checks)
    unclear = not ok and all(check.ok or check.unclear for check in checks)
    worst = max(ledger_error, difference, kernel_error)
    if ok and not any(gradient.any() for gradient in walk.gradients.values()):
        summary = "gradient is zero, verified"  # nothing is shown to be right by three ways to nothing
    elif ok:
        summary = f"gradient verified {compact(worst)}"
    elif not math.isfinite(worst):
        summary = "gradient not finite"
    elif unclear:
        summary = "cannot be told from rounding"
    else:
        summary = f"gradient differs {compact(max(_error(check) for check in checks if not check.ok))}"
    why = cause(walk)
    details = "\n".join([*([why] if why else []), *(in_words(check) for check in checks)])
    kernel = kernel_error if checks[1].rows else None
    return Verification(ok, ledger_error, difference, update, summary, details, kernel, tuple(checks), why, unclear)


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
        f"{mark(check)} {check.title}: relative error {error_text(worst.error)} at worst",
        f"    {worst.where}: {check.first} {digits(worst.first)}, {check.second} {digits(worst.second)}",
    ]
    return "\n".join([*lines, f"    ({check.note})"] if check.note else lines)


def headline(found: Verification) -> str:
    """What the check found in one sentence: where it fails, in which check, what was compared and both numbers."""
    check = found.failing
    row = None if check is None else check.worst
    if check is None or row is None:
        by_steps = any(one.by_steps for one in found.checks)
        return f"{found.summary}, step by step: this network multiplies rounding" if by_steps else found.summary
    bad = sum(one.ok is row.ok and one.unclear is row.unclear for one in check.rows)
    others = f" ({count(bad - 1, 'other')} as well)" if bad > 1 and not row.ok else ""
    numbers = f"{check.first} {digits(row.first)}, {check.second} {digits(row.second)}"
    if row.ok:
        return f"{check.title}: {found.summary}. {check.note[:1].upper()}{check.note[1:]}"
    says = "cannot be told from rounding" if row.unclear else "differs"
    return f"{check.title}: {row.where} {says}{others}. {numbers}, relative error {error_text(row.error)}"


def mark(found: Check | Compared | Verification) -> str:
    """✓ for what agrees, ✗ for what is wrong, ≈ for what cannot be told from rounding."""
    return "✓" if found.ok else "≈" if found.unclear else "✗"


def _error(check: Check) -> float:
    return max((row.error for row in check.rows), default=0.0)


def _ledger(walk: Walk, update: int, tolerance: float, noise: float) -> Check:
    """Whether the entries add up, and one of them by itself: it takes the place of the sum where it is wrong."""
    from rnncore.rounding import spread

    rows = []
    pair = chosen_pair(walk, update)

    @cache
    def moved(one_pair: bool) -> dict[str, Array]:
        """How far rounding in the backward pass alone moves the gradient, or that of the pair."""
        if one_pair:
            return spread(
                walk.trace, lambda t: pair_gradients(replace(walk, trace=t, model=t.model), *(pair or (0, 0)))
            )
        return spread(walk.trace, lambda t: backward(t.model, t, walk.targets, walk.truncation))

    with np.errstate(all="ignore"):
        apart = {} if pair is None else pair_gradients(walk, *pair)
        for one in ledgers(walk.model, walk.trace, walk.targets, walk.truncation, gradients=walk.gradients).values():
            # What is not kept may be infinite though the gradient is not; 0 times that would be no number.
            kept = np.where(one.kept != 0, one.kept * one.signed, 0.0)
            summed = float(kept.sum())
            size = max(one.total, float(np.abs(kept).sum()))
            size = max(size, noise) if size else 0.0
            error = 0.0 if size == 0 else abs(summed - one.total) / size
            error = error if math.isfinite(error) else math.inf
            row = Compared(one.parameter, summed, one.total, error, error <= tolerance)
            if not row.ok and math.isfinite(error):
                row = judged(row, abs(summed - one.total), norm(moved(False)[one.parameter]))
            if pair is not None and row.ok:
                at = place_of(one.parameter, pair)
                length, off = entry_error(one, at, apart[one.parameter], walk.gradients[one.parameter], noise)
                beyond = not one.kept[at] and not math.isfinite(length) and not math.isfinite(one.norms[at])
                if not (off <= tolerance or beyond):
                    where = f"‖g‖ of {one.parameter}, loss {at[0]} to step {at[1]}, ledger and outer product"
                    off = off if math.isfinite(off) else math.inf
                    row = Compared(where, float(one.norms[at]), length, off, False)
                    if math.isfinite(off):
                        row = judged(row, off * (max(length, noise) or 1.0), norm(moved(True)[one.parameter]))
            rows.append(row)
    note = "" if pair is None else f"and each entry of loss {pair[0]} to step {pair[1]} against its outer product"
    return Check("Ledger against ‖G‖", "Σ kept·signed", "‖G‖", tolerance, tuple(rows), note)


def _numeric(walk: Walk, update: int) -> Check:
    from rnncore.gradcheck import TOLERANCE, check_gradients
    from rnncore.rounding import spread

    title, sides = "Numeric derivative against analytic", ("numeric", "analytic")
    size = walk.model.vocabulary_size * walk.model.hidden_size
    steps = min(walk.trace.length, MOST_STEPS, max(3, math.isqrt(MOST_WORK // size)))
    whole = steps == walk.trace.length
    if not steps:
        return Check(title, *sides, TOLERANCE["complex step"], (), "the sentence is empty")
    inputs, targets = walk.trace.inputs[:steps], walk.targets[:steps]
    report = check_gradients(
        walk.model,
        inputs,
        targets,
        walk.truncation,
        samples=SAMPLES,
        seed=update,
        initial_state=walk.trace.initial_state,
        # Numeric derivatives are of double precision; single ones are checked in what they were made from.
        gradients=walk.gradients if whole and walk.model.dtype == np.float64 else None,
        table=counted(walk.truncation, steps),
    )
    rows = tuple(entry(r.parameter, r.index, r.numeric, r.analytic, r.relative, report.tolerance) for r in report.rows)
    if not report.ok and math.isfinite(report.max_relative_error):

        def again(model: Model) -> Trace:
            return forward(model, inputs, walk.trace.initial_state)

        double = again(walk.model.astype(np.float64))
        moved = spread(double, lambda t: backward(t.model, t, targets, walk.truncation), again)
        sizes = [float(moved[r.parameter].max(initial=0.0)) for r in report.rows]
        rows = tuple(judged(row, abs(row.first - row.second), one) for row, one in zip(rows, sizes, strict=True))
    notes = [f"by {report.method}, {walk.truncation.describe()}, up to {SAMPLES} entries of each parameter"]
    if walk.model.dtype != np.float64:
        notes.append("the weights are single; this check is double")
    if not whole:
        notes.append(f"spot check on the first {steps} of {count(walk.trace.length, 'step')}")
    return Check(title, *sides, report.tolerance, rows, "; ".join(notes))
