"""Loss of a whole split of a corpus, in bounded memory."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from rnncore.batches import Item, pad
from rnncore.kernel import Kernel
from rnncore.kernels import kernel_for
from rnncore.model import Model
from rnncore.ops import Array
from rnncore.trace import forward
from rnncore.training_state import State
from rnncore.truncation import Full

NUMBERS_AT_ONCE = 1_000_000
"""How many logits an evaluation by the graph holds at a time; it bounds memory, not the result."""
LANES = (64, 8, 1)
"""Sequences that a kernel reads side by side; few choices, since each is a kernel with buffers of its own."""
STATES_AT_ONCE = 2**19
"""How many units of how many steps and lanes a kernel's buffer may have."""
STRETCH = 128
"""Steps of one long stream that are read at once."""


def perplexity(loss: float) -> float:
    """Return e^loss: among how many equally likely words the model hesitates at ``loss`` mean nats per
    word.
    """
    try:
        return math.exp(loss)
    except OverflowError:
        return math.inf


def mean_loss(
    model: Model, items: Sequence[Item], between: str = "reset", should_stop: Callable[[], bool] | None = None
) -> float | None:
    """Return the mean loss per word (nats) of some sequences, weighted by words.

    ``between`` says what each sequence starts from: zeros ("reset"), or the final state of the one before.
    None when ``should_stop`` said so; NaN when there is no loss at all. Source: the tutorial's
    ``calculate_loss``.
    """
    total, words = 0.0, 0
    with np.errstate(all="ignore"):
        for loss, count in (_apart if between == "reset" else _in_a_row)(model, items):
            total += loss
            words += count
            if should_stop is not None and should_stop():
                return None
    return total / words if words else math.nan


def _apart(model: Model, items: Sequence[Item]) -> Iterator[tuple[float, int]]:
    """Yield (sum of losses, words) of groups of like length, padded to the longest and to full batches."""
    heard = sorted((item for item in items if item.words), key=lambda item: item.inputs.size)
    for group, lanes in _batches(heard, model.hidden_size):
        nothing = (group[0].inputs[:0], group[0].targets[:0])
        inputs, targets = pad([(item.inputs, item.targets) for item in group] + [nothing] * (lanes - len(group)))
        kernel = kernel_for(model, inputs, targets, None, Full())
        if kernel is not None:
            loss = kernel.loss(model.parameters, inputs.T, targets.T, None)
        else:
            loss = sum(_by_graph(model, inputs[[i]], targets[[i]])[0] for i in range(len(group)))
        yield loss, sum(item.words for item in group)


def _batches(items: Sequence[Item], hidden_size: int) -> Iterator[tuple[list[Item], int]]:
    """Yield (items, lanes) of batches of items that rise in length; the last of them may not fill its lanes."""
    start = 0
    while start < len(items):
        for lanes in LANES:
            group = list(items[start : start + lanes])
            if lanes == 1 or group[-1].inputs.size * lanes * hidden_size <= STATES_AT_ONCE:
                break
        # A few sequences do not need many lanes.
        yield group, lanes if len(items) >= lanes else len(group)
        start += len(group)


def _in_a_row(model: Model, items: Sequence[Item]) -> Iterator[tuple[float, int]]:
    """Yield (sum of losses, words) of stretches of one stream, in order, the state passed on."""
    state: State | None = None
    for group in _groups(items, max(STRETCH, _steps_at_once(model))):
        inputs = np.concatenate([item.inputs for item in group])
        targets = np.concatenate([item.targets for item in group])
        for start in range(0, inputs.size, STRETCH):
            part = slice(start, start + STRETCH)
            loss, state = _stretch(model, inputs[part], targets[part], state)
            yield loss, int(np.count_nonzero(targets[part] >= 0))


def _stretch(model: Model, inputs: Array, targets: Array, state: State | None) -> tuple[float, State]:
    kernel: Kernel | None = kernel_for(model, inputs, targets, state, Full())
    if kernel is None:
        return _by_graph(model, inputs, targets, state)
    loss = kernel.loss(model.parameters, inputs, targets, state)
    return loss, kernel.states_after((inputs.size,))


def _by_graph(model: Model, inputs: Array, targets: Array, state: State | None = None) -> tuple[float, State]:
    """Do the same without a kernel, for the few models that have none."""
    trace = forward(model, inputs, state)
    return float(trace.losses(targets).sum(dtype=np.float64)), trace.final_state


def _steps_at_once(model: Model) -> int:
    return max(1, NUMBERS_AT_ONCE // max(model.vocabulary_size, 8 * model.hidden_size))


def _groups(items: Sequence[Item], steps: int) -> Iterator[list[Item]]:
    """Yield items in groups of at most ``steps`` steps, but of one item at least."""
    group: list[Item] = []
    size = 0
    for item in items:
        size += item.inputs.size
        if group and size > steps:
            yield group
            group, size = [], item.inputs.size
        group.append(item)
    if group:
        yield group
