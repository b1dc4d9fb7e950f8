"""Small training runs that several tests use."""

from __future__ import annotations

from typing import Any

import numpy as np

from rnncore.annealing import Exponential, Halve, StepDecay
from rnncore.corpus import Example
from rnncore.model import Model
from rnncore.optim import SGD, Adagrad, Adam, ClipByNorm, Momentum, RMSProp
from rnncore.trace import IGNORE
from rnncore.training import TrainingState
from rnncore.truncation import Chunks, Full, Window

V, H = 7, 5


def sequences(seed: int = 0, count: int = 9, longest: int = 8, masked: float = 0.0) -> list[Example]:
    generator = np.random.default_rng(seed)
    found = []
    for _ in range(count):
        ids = generator.integers(0, V, generator.integers(3, longest + 2))
        targets = np.where(generator.random(len(ids) - 1) < masked, IGNORE, ids[1:])
        found.append(Example(ids[:-1], targets))
    return found


def model(cell: str = "vanilla", seed: int = 1, scale: float = 1.0, **options: Any) -> Model:
    made = Model.create(cell, V, H, seed=seed, **options)
    return made.with_parameters({name: value * scale for name, value in made.parameters.items()})


def same(first: TrainingState, second: TrainingState) -> bool:
    """Whether two training states are bitwise the same."""
    arrays = [(first.parameters, second.parameters)]
    arrays += [(first.optimiser[name], second.optimiser[name]) for name in first.parameters]
    if (first.carried is None) != (second.carried is None):
        return False
    if first.carried is not None:
        arrays.append((first.carried, second.carried))
    for one, other in arrays:
        assert set(one) == set(other)
        if any(one[name].tobytes() != other[name].tobytes() for name in one):
            return False
    scalars = ("update", "epoch", "position", "epoch_begins", "annealed")
    return all(getattr(first, name) == getattr(second, name) for name in scalars)


SETTINGS: list[dict[str, Any]] = [
    {"optimiser": Adam(0.02), "truncation": Full(), "clip": ClipByNorm(1.0)},
    {"optimiser": Adagrad(0.1), "truncation": Window(2), "batch_size": 4, "validation": 0.2},
    {"optimiser": RMSProp(0.01), "truncation": Full(), "between": "carried", "annealing": Halve()},
    {"optimiser": Momentum(0.05), "truncation": Full(), "between": "detached", "batch_size": 2},
    {
        "optimiser": SGD(0.3),
        "truncation": Chunks(3),
        "update_per": "chunk",
        "between": "carried",
        "batch_size": 2,
    },
    {"optimiser": Adam(0.3), "truncation": Chunks(2), "update_per": "chunk", "annealing": Exponential(0.9)},
    {
        "optimiser": SGD(0.3),
        "truncation": Chunks(3),
        "update_per": "chunk",
        "between": "detached",
        "annealing": StepDecay(0.5, 7, "update"),
        "evaluate_every": 5,
        "evaluate_unit": "update",
        "batch_size": 3,
    },
]
