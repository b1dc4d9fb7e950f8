"""Annealing: how the learning rate changes as training goes on.

The current rate is part of an immutable :class:`Annealed` state, and each rule only multiplies it. So a rate
that was changed by hand in mid-run keeps its meaning, and a replay from any state goes the same way.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from rnncore.errors import RnnError
from rnncore.frozen import dataclass
from rnncore.records import check_number, from_plain, make_plain


@dataclass(frozen=True)
class Annealed:
    """State of annealing: the current ``learning_rate`` and the loss of the last scheduled evaluation, if
    any.
    """

    learning_rate: float
    evaluated: float | None = None


@dataclass(frozen=True)
class Constant:
    """The learning rate stays as it is."""

    def evaluated(self, state: Annealed, loss: float) -> Annealed:
        """Return the state after a scheduled evaluation gave ``loss`` (mean nats per word)."""
        return replace(state, evaluated=loss)

    def advanced(self, state: Annealed, update: int, epoch_ended: bool, epochs: int) -> Annealed:
        """Return the state after ``update`` updates; ``epochs`` epochs are complete, the last one just now if
        ``epoch_ended``."""
        return state


@dataclass(frozen=True)
class Halve(Constant):
    """The tutorial's rule: multiply the rate by ``factor`` when the evaluated loss rises above the previous
    one.

    The rate stays at or above ``least`` (0, as in the tutorial, unless given): where the evaluated loss is noisy,
    halving again and again would end the learning. A loss that is not a number counts neither as a rise nor as a fall,
    exactly as ``>`` has it.
    """

    factor: float = 0.5
    least: float = 0.0

    def __post_init__(self) -> None:
        make_plain(self)
        check_number("Halve", "factor", self.factor, 0.0, 1.0, open_low=True)
        check_number("Halve", "least", self.least, 0.0)

    def evaluated(self, state: Annealed, loss: float) -> Annealed:
        rises = state.evaluated is not None and loss > state.evaluated
        rate = state.learning_rate
        # A rate that was set below ``least`` by hand stays what it is.
        lowered = min(rate, max(rate * self.factor, self.least))
        return Annealed(lowered if rises else rate, loss)


@dataclass(frozen=True)
class StepDecay(Constant):
    """Multiply the rate by ``factor`` each time another ``every`` updates or epochs (``unit``) are
    complete.
    """

    factor: float = 0.1
    every: int = 10
    unit: str = "epoch"

    def __post_init__(self) -> None:
        make_plain(self)
        check_number(type(self).__name__, "factor", self.factor, 0.0, 1.0, open_low=True)
        if not isinstance(self.every, int) or isinstance(self.every, bool) or self.every < 1:
            raise RnnError(f"StepDecay: every is {self.every!r:.40}. Give a whole number of at least 1.")
        if self.unit not in ("epoch", "update"):
            raise RnnError(f"StepDecay: unit is {self.unit!r:.40}. Choose 'epoch' or 'update'.")

    def advanced(self, state: Annealed, update: int, epoch_ended: bool, epochs: int) -> Annealed:
        due = update % self.every == 0 if self.unit == "update" else epoch_ended and epochs % self.every == 0
        return replace(state, learning_rate=state.learning_rate * self.factor) if due else state


@dataclass(frozen=True)
class Exponential(StepDecay):
    """Exponential decay: multiply the rate by ``factor`` after every single update or epoch."""

    factor: float = 0.95
    every: int = 1


Annealing = Constant
ANNEALINGS: tuple[type[Constant], ...] = (Constant, Halve, StepDecay, Exponential)


def annealing_from_plain(plain: Any) -> Annealing:
    """Return the rule that :func:`rnncore.records.to_plain` described."""
    rule: Annealing = from_plain(ANNEALINGS, plain)
    return rule
