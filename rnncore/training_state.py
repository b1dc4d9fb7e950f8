"""The records of a training run: its state between two updates, and what an update did."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from rnncore.annealing import Annealed
from rnncore.frozen import dataclass
from rnncore.ops import Array
from rnncore.optim import OptimiserState

State = Mapping[str, Array]
"""State name -> (H,), or (B, H) for a batch."""


@dataclass(frozen=True, eq=False)
class TrainingState:
    """Everything that the next update depends on besides model shape, data and settings.

    ``update`` counts the updates done. ``epoch`` (from 0) and ``position`` name the next piece;
    ``epoch_begins`` says that this epoch has had no update yet. ``carried`` is the state that the next piece
    starts from (None: zeros). The order of the data is a pure function of (seed, epoch), so no generator's
    state needs to be kept.
    """

    parameters: State = field(repr=False)
    optimiser: OptimiserState = field(repr=False)
    annealed: Annealed
    update: int = 0
    epoch: int = 0
    position: int = 0
    epoch_begins: bool = True
    carried: State | None = field(default=None, repr=False)

    @property
    def learning_rate(self) -> float:
        """The current learning rate, as annealing has left it."""
        return self.annealed.learning_rate


@dataclass(frozen=True)
class UpdateRecord:
    """What one update did.

    ``update`` counts from 1; ``epoch`` from 0. ``loss`` is the mean over the update's ``words`` in nats,
    before the update. ``gradient_norm`` is that of the gradient before clipping, ``clip_scale`` its length
    after clipping over before. ``evaluated`` is the loss of the evaluation that was due just before this
    update, if one was, and ``annealed`` says that it lowered the rate. ``finite`` is false when the loss or
    the gradient is NaN or infinite.
    """

    update: int
    epoch: int
    loss: float
    gradient_norm: float
    clip_scale: float
    learning_rate: float
    words: int
    sentences: tuple[int, ...]
    evaluated: float | None
    annealed: bool
    finite: bool
