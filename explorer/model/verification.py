"""The live check of the gradient on show: the ledger's identity, the fast kernel, and numeric derivatives."""

from __future__ import annotations

import math

import numpy as np

from rnncore.kernels import kernel_for
from rnncore.ledger import ledgers
from rnncore.walk import Walk

from .formula import compact
from .session import Verification

LEDGER_TOLERANCE = {"float64": 1e-9, "float32": 1e-4}
SAMPLES = 3
MOST_STEPS = 16
"""Sentences longer than this are spot-checked on their first steps: the numeric side costs T² forward steps."""


def verify(walk: Walk, update: int) -> Verification:
    """Check the walk's gradient; never raises, and never calls what is not finite verified."""
    ledger_error = 0.0
    with np.errstate(all="ignore"):
        for one in ledgers(walk.model, walk.trace, walk.targets, walk.truncation, gradients=walk.gradients).values():
            size = max(one.total, float(np.abs(one.kept * one.signed).sum()))
            error = abs(float((one.kept * one.signed).sum()) - one.total)
            relative = 0.0 if size == 0 else error / size
            ledger_error = max(ledger_error, relative if math.isfinite(relative) else math.inf)
    kernel_error = kernel_against_graph(walk)
    steps = min(walk.trace.length, MOST_STEPS)
    whole = steps == walk.trace.length
    if steps:
        from rnncore.gradcheck import check_gradients

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
        )
        difference, fine, text = report.max_relative_error, report.ok, str(report)
    else:
        difference, fine, text = 0.0, True, "the sentence is empty"
    tolerance = LEDGER_TOLERANCE[walk.model.dtype.name]
    ok = fine and ledger_error <= tolerance and (kernel_error is None or kernel_error <= tolerance)
    worst = max(ledger_error, difference, kernel_error or 0.0)
    if ok:
        summary = f"gradient verified {compact(worst)}"
    elif not math.isfinite(worst):
        summary = "gradient not finite"
    else:
        summary = f"gradient differs {compact(worst)}"
    single = "" if walk.model.dtype == np.float64 else "\n(the weights are single; this check is double)"
    part = "" if whole else f"\n(spot check on the first {steps} of {walk.trace.length} steps)"
    fast = "no kernel takes this sentence" if kernel_error is None else f"relative error {kernel_error:.1e}"
    details = (
        f"Σ ledger against ‖G‖: relative error {ledger_error:.1e}\n"
        f"Fast kernel against operation graph: {fast}\n{text}{part}{single}"
    )
    return Verification(ok, ledger_error, difference, update, summary, details, kernel_error)


def kernel_against_graph(walk: Walk) -> float | None:
    """Return the largest relative difference between the gradient that trains and the one that is explained.

    Each parameter's largest difference by its largest entry; infinite where only one of the two is finite; None where
    no kernel is made for the sentence.
    """
    trace, model = walk.trace, walk.model
    inputs, targets = np.asarray(trace.inputs, np.int64), np.asarray(walk.targets, np.int64)
    kernel = kernel_for(model, inputs, targets, trace.initial_state, walk.truncation)
    if kernel is None:
        return None
    with np.errstate(all="ignore"):
        found, _ = kernel.gradients(model.parameters, inputs, targets, trace.initial_state, walk.truncation)
        worst = 0.0
        for name, graph in walk.gradients.items():
            fast = np.asarray(found[name])
            if np.array_equal(fast, graph, equal_nan=True):
                continue
            size = float(np.abs(graph).max(initial=0.0)) or 1.0
            error = float(np.abs(fast - graph).max()) / size
            worst = max(worst, error if math.isfinite(error) else math.inf)
    return worst
