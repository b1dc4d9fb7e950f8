"""The live check of the gradient on show: the ledger's identity, and a spot check by numeric derivatives."""

from __future__ import annotations

import math

import numpy as np

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
    ok = fine and ledger_error <= LEDGER_TOLERANCE[walk.model.dtype.name]
    worst = max(ledger_error, difference)
    if ok:
        summary = f"gradient verified {compact(worst)}"
    elif not math.isfinite(worst):
        summary = "gradient not finite"
    else:
        summary = f"gradient differs {compact(worst)}"
    single = "" if walk.model.dtype == np.float64 else "\n(the weights are single; this check is double)"
    part = "" if whole else f"\n(spot check on the first {steps} of {walk.trace.length} steps)"
    details = f"Σ ledger against ‖G‖: relative error {ledger_error:.1e}\n{text}{part}{single}"
    return Verification(ok, ledger_error, difference, update, summary, details)
