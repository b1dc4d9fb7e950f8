"""A small sentence, cells and walks that the inspector's tests share."""

from __future__ import annotations

import numpy as np

from explorer.model.inspector_data import InspectorData
from explorer.model.now_parts import Words
from rnncore.cells import Cell
from rnncore.clamps import Clamp, clamped
from rnncore.library import LIBRARY
from rnncore.model import Model
from rnncore.optim import SGD, ClipByNorm
from rnncore.trace import forward
from rnncore.truncation import Truncation, Window
from rnncore.walk import Walk, walk

#: Every operator, a state that is not h, names that collide with the generated code's own, and a state read twice.
ODD = Cell.from_equations(
    "odd",
    "t = sigmoid(U @ x + W @ h_prev - b)\n"
    "np = -t * q_prev + tanh(p)\n"
    "q = 0.5 * relu(np * np) + 0.3 * h_prev\n"
    "h = tanh(1 - t * (A @ q))",
)
HELD = clamped(LIBRARY["lstm"], [Clamp("f", 1.0), Clamp("o", 0.5, 1), Clamp("h", -0.25, 0)])
CELLS = {**LIBRARY, "odd": ODD, "held": HELD}
WORDS = ("<s>", "the", "dog", "sees", "a", "cat", ".")
IDS = np.array([0, 3, 1, 4, 2, 5, 6])


def make_walk(
    cell: str = "lstm",
    *,
    hidden: int = 5,
    truncation: Truncation | None = None,
    order: str = "by loss",
    targets: np.ndarray | None = None,
) -> Walk:
    """The walk over six steps of a model with weights far from zero."""
    rng = np.random.default_rng(7)
    model = Model.create(CELLS[cell], 8, hidden, seed=2)
    model = model.with_parameters({k: 0.7 * rng.normal(size=v.shape) for k, v in model.parameters.items()})
    wanted = IDS[1:] if targets is None else targets
    return walk(
        model,
        forward(model, IDS[:-1]),
        wanted,
        truncation or Window(2),
        order,
        optimiser=SGD(0.1),
        clip=ClipByNorm(1.0),
        scale=1 / 6,
    )


def words(made: Walk) -> Words:
    """What the sentence's tokens are called."""
    return Words(WORDS[:-1], tuple(w if y >= 0 else "" for w, y in zip(WORDS[1:], made.targets, strict=True)))


def data(made: Walk, position: int, t: int = 3, unit: int = 1) -> InspectorData:
    """The inspector's data at a position."""
    return InspectorData(made, made.progress(position), t, unit, words(made), "LSTM")


def after(made: Walk, kind: str, t: int, node: int | None = None, loss: int | None = None) -> int:
    """The position just after the first micro-step of this kind."""
    for index in range(len(made)):
        step = made[index]
        here = (step.kind, step.t) == (kind, t) and (node is None or step.node == node)
        if here and (loss is None or step.loss == loss):
            return index + 1
    raise AssertionError(f"no {kind} at step {t}")
