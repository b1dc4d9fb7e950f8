"""What a micro-step of the forward pass did."""

from __future__ import annotations

import numpy as np

from rnncore.progress import Progress
from rnncore.script import MicroStep, label
from rnncore.trace import Trace
from rnncore.walk import Walk

from .equations import expand, forward_formula
from .formula import Formula, Run, Runs, number, result, symbol, text
from .now_parts import Now, Words, muted, shown_token, what_it_is
from .step_numbers import StepNumbers


def read(walk: Walk, progress: Progress, step: MicroStep, n: StepNumbers, words: Words) -> Now:
    ids = walk.trace.inputs
    which = f"token {int(ids[n.t]) + 1} of {walk.model.vocabulary_size}" if ids.ndim == 1 else ""
    left = symbol("x", str(n.t)).runs
    return Now("Now: read the token", (Formula(left, (text(f"one-hot(“{words.inputs[n.t]}”)"), text(which, "muted"))),))


def operation(walk: Walk, progress: Progress, step: MicroStep, n: StepNumbers, words: Words) -> Now:
    node = n.cell.nodes[step.node or 0]
    title = what_it_is(n.cell, node)
    if node.name is None:
        kind = {"matmul": "a matrix times a vector", "mul": "a product, unit by unit", "add": "a sum"}
        title = kind.get(node.op, label(node))
    return Now(f"Now: {title}", (forward_formula(n, node.index),))


def logits(walk: Walk, progress: Progress, step: MicroStep, n: StepNumbers, words: Words) -> Now:
    token, word = shown_token(walk, n.t, words)
    parameters = walk.model.parameters
    value = float(walk.trace.logits[n.t, token])
    bias = float(parameters["b_y"][token]) if "b_y" in parameters else 0.0
    hidden = walk.trace.hidden[n.t]
    symbols: Runs = (Run("V", "italic"), Run(" "), *symbol("h", str(n.t)).runs)
    if "b_y" in parameters:
        symbols = (*symbols, Run(" + "), *symbol("b_y").runs)
    numerals = expand(parameters["V"][token], hidden, value - bias)
    numerals += f" {'−' if bias < 0 else '+'} {number(abs(bias))}" if "b_y" in parameters else ""
    left = (*symbol("z", str(n.t)).runs, Run(f"[{word}]", "plain", "muted"))
    return Now("Now: logits", (Formula(left, (symbols, muted(numerals), result(value)), value),))


def softmax(walk: Walk, progress: Progress, step: MicroStep, n: StepNumbers, words: Words) -> Now:
    token, word = shown_token(walk, n.t, words)
    return Now("Now: softmax", (softmax_formula(walk.trace, n.t, token, word),))


@np.errstate(all="ignore")
def softmax_formula(trace: Trace, t: int, token: int, word: str) -> Formula:
    """The probability of one token at step ``t``; ``word`` is what it is called."""
    value = float(trace.probabilities[t, token])
    z = float(trace.logits[t, token])
    total = float(np.exp(trace.logits[t]).sum())
    symbols = (Run("exp("), *symbol("z", str(t)).runs, Run(") / Σ exp("), *symbol("z", str(t)).runs, Run(")"))
    left = (*symbol("ŷ", str(t)).runs, Run(f"[{word}]", "plain", "muted"))
    numerals = f"{number(float(np.exp(z)))} / {number(total)}"
    return Formula(left, (symbols, muted(numerals), result(value)), value)


def loss(walk: Walk, progress: Progress, step: MicroStep, n: StepNumbers, words: Words) -> Now:
    return Now("Now: loss", (loss_formula(walk, n.t, words),), "", "loss")


def loss_formula(walk: Walk, t: int, words: Words) -> Formula:
    """The loss of step ``t``, minus the logarithm of its target's probability."""
    token, word = shown_token(walk, t, words)
    value = float(walk.losses[t])
    p = float(walk.trace.probabilities[t, token])
    symbols = (Run("−ln "), *symbol("ŷ", str(t)).runs, Run(f"[{word}]", "plain", "muted"))
    left = symbol("L", str(t), "loss").runs
    return Formula(left, (symbols, muted(f"−ln {number(p)}"), result(value)), value)
