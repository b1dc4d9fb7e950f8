"""The work that is timed: sizes, data, and our own side of every comparison."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from rnncore import Model, Trainer, Truncation, Window, backward, forward
from rnncore.annealing import Annealed
from rnncore.batches import Item, Piece, pad
from rnncore.bundled import load
from rnncore.corpus import Example
from rnncore.curve import ROW
from rnncore.evaluation import mean_loss
from rnncore.flat import flattened, layout_of
from rnncore.history import History
from rnncore.ledger import ledgers
from rnncore.optim import SGD
from rnncore.training_settings import TrainingSettings
from rnncore.training_state import TrainingState
from rnncore.update import advance, gradients_of_batch
from rnncore.walk import walk

RATE = 0.001
SENTENCES = 64


@dataclass(frozen=True)
class Size:
    """A size of model and sentence."""

    name: str
    vocabulary: int
    hidden: int
    length: int


TINY, SMALL = Size("tiny", 27, 16, 12), Size("small", 64, 64, 25)
MEDIUM, TUTORIAL = Size("medium", 64, 128, 50), Size("tutorial", 8000, 100, 20)


@dataclass(frozen=True)
class Task:
    """A model and sentences of one length; ``batch`` of them are in an update (None: one, without a batch axis)."""

    cell: str
    size: Size
    precision: str
    batch: int | None = None

    @property
    def model(self) -> Model:
        """A fresh model; gated cells have biases, the vanilla cell has none, as in the tutorial."""
        bias = self.cell != "vanilla"
        size = self.size
        return Model.create(self.cell, size.vocabulary, size.hidden, bias=bias, dtype=np.dtype(self.precision))

    @property
    def sentences(self) -> Any:
        """Token ids (N, T + 1), the same for everybody."""
        count = SENTENCES if self.batch is None else 4 * self.batch
        return np.random.default_rng(7).integers(0, self.size.vocabulary, (count, self.size.length + 1))

    @property
    def first(self) -> tuple[Any, Any]:
        """Inputs and targets of the first update, (T,) or (B, T)."""
        ids = self.sentences[0] if self.batch is None else self.sentences[: self.batch]
        return np.ascontiguousarray(ids[..., :-1]), np.ascontiguousarray(ids[..., 1:])


def piece_of(task: Task) -> Piece:
    """Return the data of the first update."""
    inputs, targets = task.first
    lanes = task.batch or 1
    return Piece(inputs, targets, (task.size.length,) * lanes, (), (0,) * lanes, True, targets.size, (0,) * lanes)


class Step:
    """One update of plain gradient descent, as its peers do it: loss, gradient, new parameters."""

    def __init__(self, task: Task, truncation: Truncation) -> None:
        self.model, self.piece = task.model, piece_of(task)
        self.settings = TrainingSettings(SGD(RATE), truncation, loss="sum")
        start = self.settings.optimiser.init(self.model.parameters)
        self.state = TrainingState(self.model.parameters, start, Annealed(RATE))

    def __call__(self) -> float:
        found = advance(self.model, self.piece, None, self.state, RATE, self.settings)
        self.state = replace(self.state, parameters=found.parameters, optimiser=found.optimiser)
        self.model = replace(self.model, parameters=found.parameters)
        return found.loss


def trainer(task: Task, truncation: Truncation) -> Callable[[], object]:
    """Return one update as training does it: the step with its schedule, norm, state to return to and record."""
    examples = [Example(ids[:-1], ids[1:]) for ids in task.sentences]
    training = Trainer(
        task.model,
        examples,
        SGD(RATE),
        truncation,
        loss="sum",
        evaluate_every=0,
        shuffle=False,
        batch_size=task.batch or 1,
    )
    return training.step


def gradient(task: Task, truncation: Truncation) -> Callable[[], Any]:
    """Return the gradient alone, by the kernel."""
    model = task.model
    piece = piece_of(task)
    return lambda: gradients_of_batch(model, piece, None, truncation)


def graph_gradient(task: Task, truncation: Truncation) -> Callable[[], Any]:
    """Return the same by the operation graph, which explains."""
    model = task.model
    inputs, targets = task.first
    return lambda: backward(model, forward(model, inputs), targets, truncation)


def whole_ledger(task: Task) -> Callable[[], object]:
    """Return the ledgers of every parameter of one sentence."""
    model = task.model
    inputs, targets = task.first
    trace = forward(model, inputs)
    return lambda: ledgers(model, trace, targets)


def new_walk(task: Task, truncation: Truncation) -> Callable[[], object]:
    """Return the making of a walk, after the trace."""
    model = task.model
    inputs, targets = task.first
    trace = forward(model, inputs)
    return lambda: walk(model, trace, targets, truncation)


def any_position(task: Task, truncation: Truncation) -> Callable[[], object]:
    """Return the look at one position of a walk, each time another: what the stage asks for when the pointer jumps."""
    model = task.model
    inputs, targets = task.first
    steps = walk(model, forward(model, inputs), targets, truncation)
    places = iter(np.random.default_rng(3).integers(0, len(steps), 1_000_000).tolist())

    def look() -> object:
        progress = steps.progress(next(places))
        return [progress.state_gradient(s) for s in model.cell.states], progress.parameter_gradients

    return look


def evaluation(task: Task, count: int) -> tuple[Callable[[], float | None], Callable[[], float]]:
    """Return the mean loss of sentences of up to T steps, as training measures it and by the graph in batches."""
    model, rng = task.model, np.random.default_rng(5)
    items = []
    for _ in range(count):
        length = int(rng.integers(1, task.size.length + 1))
        ids = rng.integers(0, task.size.vocabulary, length + 1)
        items.append(Item(ids[:-1], ids[1:], length))
    ordered = sorted(items, key=lambda item: item.words)

    def by_graph() -> float:
        total = 0.0
        for start in range(0, count, 64):
            inputs, targets = pad([(item.inputs, item.targets) for item in ordered[start : start + 64]])
            total += float(forward(model, inputs).losses(targets).sum())
        return total / sum(item.words for item in items)

    return lambda: mean_loss(model, items), by_graph


def long_history(cell: str, updates: int) -> History:
    """Return a run of the program's first network, corpus and settings with another cell, so many updates long."""
    corpus = load("agreement")
    model = Model.create(cell, corpus.vocabulary.size, 16)
    history = History(Trainer(model, corpus, SGD(0.5), Window(4), validation=0.1))
    history.run(updates)
    return history


def any_update(history: History) -> Callable[[], object]:
    """Return a jump to any of its past updates, each time another."""
    places = iter(np.random.default_rng(3).integers(0, history.last + 1, 1_000_000).tolist())
    return lambda: history.seek(next(places))


def an_hour(updates: int) -> tuple[float, float, History]:
    """Return the megabytes that a long history holds after a sixtieth of its updates and after all, and the history.

    The updates are recorded as those of a training process are, each keyframe with arrays of its own; they are not
    computed: that would take the hour.
    """
    history = long_history("vanilla", 8)
    size = min(4096, max(1, updates // 60))
    rows, head = np.zeros(size, ROW), history.head
    rows["words"], rows["finite"] = 8, True
    tracemalloc.start()
    try:
        first = 0.0
        while history.last < updates:
            begin, spacing = history.last, history.spacing
            rows["update"] = np.arange(begin + 1, begin + 1 + size)
            due = range(begin + spacing - begin % spacing, begin + size + 1, spacing)
            frames = [_copied(head, update) for update in (*due, begin + size)]
            evaluations = [(begin + size, 1.0, 0.5, False)]
            history.extend(rows.copy(), evaluations, frames[:-1], frames[-1], 1e-4 * size)
            if not first and history.last >= updates // 60:
                first = tracemalloc.get_traced_memory()[0] / 2**20
        return first, tracemalloc.get_traced_memory()[0] / 2**20, history
    finally:
        tracemalloc.stop()


def _copied(state: TrainingState, update: int) -> TrainingState:
    arrays = {name: array.copy() for name, array in state.parameters.items()}
    return replace(state, update=update, parameters=flattened(arrays, layout_of(arrays)))
