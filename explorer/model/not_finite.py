"""Where NaN and infinities come from: the first number, in the order of computing, that is not finite."""

from __future__ import annotations

from typing import Any

import numpy as np

from rnncore.bptt import global_norm
from rnncore.errors import RnnError
from rnncore.history import History
from rnncore.trace import forward
from rnncore.walk import Walk, walk

from .branch_labels import number
from .names import initial_name

REMEDY = "Set it right, take the edits back, or go back some updates (PgUp)."
CALMER = "lower the learning rate or clip the gradient"


def stopped(history: History) -> str:
    """Return what to say when training has stopped at the newest update, whose loss or gradient is not finite.

    It names the sentence and the first number of that update's own passes that is not finite, where they show one.
    """
    said = f"Training stopped at update {history.last:,}"
    what = "the loss or the gradient is not finite"
    try:
        trainer = history.trainer_at(history.last - 1)
        piece = trainer.next_piece
        lanes = zip(np.atleast_2d(piece.inputs), np.atleast_2d(piece.targets), piece.lengths, strict=True)
        for sentence, (inputs, targets, length) in zip(piece.sentences, lanes, strict=False):
            trace = forward(trainer.model, inputs[:length])
            why = cause(walk(trainer.model, trace, targets[:length], trainer.settings.truncation))
            if why:
                whole = all(np.isfinite(value).all() for value in trainer.model.parameters.values())
                after = f" Then {CALMER}." if whole else ""
                return f"{said}, at sentence {sentence + 1}: {what}. {why}{after}"
    except RnnError:  # what is known is said below
        pass
    return f"{said}: {what}. Go back some updates (PgUp), then {CALMER}."


def cause(walk: Walk) -> str:
    """Return in a few sentences why a walk's losses or gradients are not finite, and what to do; "" when they are.

    The first of them in the order of computing is named: weights, initial state, values step by step, logits and
    losses, gradients.
    """
    source = _weight(walk) or _start(walk)
    with np.errstate(all="ignore"):
        losses = walk.trace.losses(walk.targets)
        lost = ~np.isfinite(losses)
        spoilt = [name for name, gradient in walk.gradients.items() if not np.isfinite(gradient).all()]
        if not (lost.any() or spoilt):
            return _too_long(walk)
        if source and lost.any():
            return f"{source}. {REMEDY}"
        if source:
            held = _held(walk)
            return (
                f"{source}. No loss depends on it{f', since {held} is clamped' if held else ''}; its derivative is "
                f"multiplied in all the same, and 0 · NaN is NaN, as it is wherever one trains. {REMEDY}"
            )
        value = _value(walk)
        if value:
            return f"The first number that is not finite is {value}: too large for {walk.model.dtype.name}. {REMEDY}"
        if lost.any():
            t = int(np.flatnonzero(lost)[0])
            return (
                f"The loss at t = {t} is {number(losses[t])}: the probability of its target is too small for "
                f"{walk.model.dtype.name}. {REMEDY}"
            )
        name = spoilt[0]
        return (
            f"All values are finite, but the gradient of {_entry(name, walk.gradients[name])}: it has exploded on its "
            "way back. Shorten the truncation, or make the recurrent weights smaller."
        )


def _too_long(walk: Walk) -> str:
    """A gradient whose entries are finite and whose norm is not."""
    if np.isfinite(global_norm(walk.gradients)):
        return ""
    name, gradient = max(walk.gradients.items(), key=lambda item: float(np.abs(item[1]).max(initial=0.0)))
    at = tuple(int(i) for i in np.unravel_index(int(np.abs(gradient).argmax()), gradient.shape))
    where = f"{name}[{', '.join(str(i + 1) for i in at)}]"
    return (
        f"The gradient of {where} is {number(gradient[at])}: together with the others its norm is too large for "
        f"float64. {REMEDY}"
    )


def _weight(walk: Walk) -> str:
    for name, value in walk.model.parameters.items():
        if not np.isfinite(value).all():
            return f"The weight {_entry(name, value)}"
    return ""


def _start(walk: Walk) -> str:
    for state, value in walk.trace.initial_state.items():
        if not np.isfinite(value).all():
            return f"The initial state {_entry(initial_name(state), value)}"
    return ""


def _entry(name: str, value: Any) -> str:
    at = tuple(int(i) for i in np.argwhere(~np.isfinite(value))[0])
    return f"{name}[{', '.join(str(i + 1) for i in at)}] is {number(value[at])}"


def _value(walk: Walk) -> str:
    """The first value that is not finite: at the first such step, of the first operation."""
    trace, cell = walk.trace, walk.trace.cell
    found: list[tuple[int, int, str]] = []
    for place, index in enumerate(cell.operations):
        values, node = np.asarray(trace.value(index)), cell.nodes[index]
        bad = np.argwhere(~np.isfinite(values))
        if len(bad):
            t, unit = (int(i) for i in bad[0])
            found.append((t, place, f"{node.name or node.text}[{unit + 1}] = {number(values[t, unit])} at t = {t}"))
    bad = np.argwhere(~np.isfinite(trace.logits))
    if len(bad):
        t, token = (int(i) for i in bad[0])
        text = f"the logit of token {token + 1} = {number(trace.logits[t, token])} at t = {t}"
        found.append((t, len(cell.operations), text))
    return min(found)[2] if found else ""


def _held(walk: Walk) -> str:
    """What is clamped, by name: ``f``, or ``f[3]`` where it is one unit."""
    nodes = walk.trace.cell.nodes
    names = []
    for node in nodes:
        if node.op == "clamp":
            unit = "" if len(node.inputs) == 2 else f"[{int(nodes[node.inputs[2]].constant or 0) + 1}]"
            names.append(f"{node.name or 'a value'}{unit}")
    return ", ".join(names)
