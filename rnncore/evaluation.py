"""Loss of a whole split of a corpus, in bounded memory."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from rnncore.batches import Item, pad
from rnncore.model import Model
from rnncore.ops import Array
from rnncore.trace import Trace, forward

NUMBERS_AT_ONCE = 1_000_000
"""How many logits an evaluation holds at a time; it bounds memory, not the result."""


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
    """Yield (sum of losses, words) of padded groups of like length."""
    for group in _groups(sorted(items, key=lambda item: item.inputs.size), _steps_at_once(model), padded=True):
        inputs, targets = pad([(item.inputs, item.targets) for item in group])
        yield _loss(forward(model, inputs), targets), sum(item.words for item in group)


def _in_a_row(model: Model, items: Sequence[Item]) -> Iterator[tuple[float, int]]:
    """Yield (sum of losses, words) of stretches of one stream, in order, the state passed on."""
    steps = _steps_at_once(model)
    state = None
    for group in _groups(items, steps, padded=False):
        inputs = np.concatenate([item.inputs for item in group])
        targets = np.concatenate([item.targets for item in group])
        for start in range(0, inputs.size, steps):
            part = slice(start, start + steps)
            trace = forward(model, inputs[part], state)
            state = trace.final_state
            yield _loss(trace, targets[part]), int(np.count_nonzero(targets[part] >= 0))


def _steps_at_once(model: Model) -> int:
    return max(1, NUMBERS_AT_ONCE // max(model.vocabulary_size, 8 * model.hidden_size))


def _loss(trace: Trace, targets: Array) -> float:
    return float(trace.losses(targets).sum(dtype=np.float64))


def _groups(items: Sequence[Item], steps: int, *, padded: bool) -> Iterator[list[Item]]:
    """Yield items in groups of at most ``steps`` steps, padding counted, but of one item at least."""
    group: list[Item] = []
    size = 0
    for item in items:
        size = item.inputs.size * (len(group) + 1) if padded else size + item.inputs.size
        if group and size > steps:
            yield group
            group, size = [], item.inputs.size
        group.append(item)
    if group:
        yield group
