"""What the last micro-step did, in words, symbols and this unit's numbers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from rnncore.progress import Progress
from rnncore.script import MicroStep
from rnncore.walk import Walk

from . import now_backward as backward
from . import now_forward as forward
from .names import at_step
from .now_parts import Now, Words
from .now_update import update
from .step_numbers import StepNumbers


@np.errstate(all="ignore")
def now(walk: Walk, progress: Progress, unit: int, words: Words, at: StepNumbers | None = None) -> Now:
    """The last micro-step at ``progress``; at position 0 an invitation.

    ``at`` are numbers that are read already: they are used when they are those of the micro-step's own place.
    """
    step = progress.step
    if step is None:
        return Now("Nothing is computed yet", (), "Press → for the first operation, ⇧→ for a time step.")
    if step.phase == "update":
        return update(walk, step, unit, words)
    t = step.t or 0
    if at is not None and (at.progress, at.t, at.unit, at.loss) == (progress, t, unit, step.loss):
        numbers = at
    else:
        numbers = StepNumbers(walk.trace, t, unit, progress, words.inputs[t], step.loss)
    found = _KINDS[step.kind](walk, progress, step, numbers, words)
    title = at_step(found.title, t)
    return found if title == found.title else replace(found, title=title)


_KINDS: dict[str, Callable[[Walk, Progress, MicroStep, StepNumbers, Words], Now]] = {
    "read": forward.read,
    "operation": forward.operation,
    "logits": forward.logits,
    "softmax": forward.softmax,
    "loss": forward.loss,
    "d_logits": backward.d_logits,
    "accumulate": backward.accumulate,
    "stream_loss": backward.stream("loss"),
    "stream_future": backward.stream("future"),
    "sum": backward.total,
    "d_operation": backward.d_operation,
    "carry": backward.carry,
    "cut": backward.cut,
}
