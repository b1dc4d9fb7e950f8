"""Small models, sequences and policies that many tests share."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from rnncore import LIBRARY, Cell, Chunks, Full, Model, Stride, Tail, Truncation, Window

POLICIES: tuple[Truncation, ...] = (
    Full(),
    Window(0),
    Window(2),
    Chunks(1),
    Chunks(3),
    Stride(2, 4, "new"),
    Stride(2, 5, "all"),
    Stride(3, 2, "all"),
    Stride(3, 2, "new"),
    Stride(3, 5, "last"),
    Tail(3),
)

TWICE = Cell.from_equations(
    "twice",
    # W enters twice a step, p is multiplied and subtracted, d is a slow second state: nothing built in looks like this.
    "g = sigmoid(W @ h_prev + U @ x - p)\n"
    "d = 0.5 * d_prev + g * tanh(W @ (g * h_prev) + p * d_prev)\n"
    "h = -tanh(relu(d) - q * h_prev) + sigmoid(q)",
)

CELLS: dict[str, Cell] = {**LIBRARY, "twice": TWICE}


def sequence(vocabulary: int = 5, length: int = 6, seed: int = 0, silent: int | None = 2):
    """Return (inputs, targets), one target of which carries no loss."""
    rng = np.random.default_rng(seed)
    inputs = rng.integers(0, vocabulary, length)
    targets = rng.integers(0, vocabulary, length)
    if silent is not None and silent < length:
        targets[silent] = -1
    return inputs, targets


def lively(cell: str | Cell, vocabulary: int = 5, hidden: int = 3, seed: int = 1) -> Model:
    """Return a model whose every parameter differs from zero, biases included."""
    model = Model.create(cell, vocabulary, hidden, seed=seed, init="glorot")
    rng = np.random.default_rng(seed + 100)
    return model.with_parameters({n: p + 0.3 * rng.standard_normal(p.shape) for n, p in model.parameters.items()})


policies = st.one_of(
    st.just(Full()),
    st.builds(Window, st.integers(0, 12)),
    st.builds(Chunks, st.integers(1, 12)),
    st.builds(Stride, st.integers(1, 8), st.integers(1, 12), st.sampled_from(["new", "all", "last"])),
    st.builds(Tail, st.integers(0, 12)),
)
