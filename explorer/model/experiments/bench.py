"""The network of an experiment as the program's own state: what was measured can be stepped through."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field, replace
from types import MappingProxyType

import numpy as np

from rnncore.annealing import Constant
from rnncore.frozen import dataclass
from rnncore.history import History
from rnncore.model import Model
from rnncore.ops import Array
from rnncore.optim import SGD
from rnncore.trace import Trace, forward

from .. import action as do
from ..runs import Run, start_run
from ..settings import CorpusChoice, Settings

LONGEST = 60
"""Words of the longest sentence of an experiment."""
NONE: Mapping[str, Array] = MappingProxyType({})


@dataclass(frozen=True, eq=False)
class Bench:
    """Settings whose first sentence is the experiment's, with weights and a state before it other than drawn."""

    settings: Settings
    parameters: Mapping[str, Array] = field(default_factory=lambda: NONE)
    initial_state: Mapping[str, Array] = field(default_factory=lambda: NONE)

    def run(self) -> Run:
        """Make corpus, model and a history that begins with the weights."""
        run = start_run(self.settings)
        if not self.parameters:
            return run
        trainer = run.history.trainer
        changed = {**trainer.model.parameters, **self.parameters}
        return replace(run, history=History(trainer.edited(parameters=changed)))

    def prepared(self) -> do.Prepared:
        """The action that brings it onto the stage, at the start of its walk."""
        return do.Prepared(self.run(), 0, sentence=0, initial_state=tuple(self.initial_state.items()))

    def example(self) -> tuple[Model, Trace, Array]:
        """The model, its forward pass over the first sentence, and the targets (T,)."""
        run = self.run()
        model, example = run.history.trainer.model, run.corpus.examples[0]
        start = {name: values.astype(model.dtype) for name, values in self.initial_state.items()}
        return model, forward(model, example.inputs, start or None), np.asarray(example.targets)


def sentence(words: Sequence[str], others: Sequence[str] = ()) -> CorpusChoice:
    """A corpus whose first sentence is ``words``; ``others`` are further words of the vocabulary.

    <s> and </s> come with it, so that n words are n + 1 steps.
    """
    lines = [words] + [others[n : n + LONGEST] for n in range(0, len(others), LONGEST)]
    options = (("level", "symbol"), ("max_length", LONGEST), ("unit", "line"))
    return CorpusChoice("text", "\n".join(" ".join(line) for line in lines), options)


def settings(corpus: CorpusChoice, **changes: object) -> Settings:
    """Plain settings for an experiment: nothing is held out, shuffled or annealed."""
    plain = Settings(corpus=corpus, optimiser=SGD(0.1), annealing=Constant(), validation=0.0, shuffle=False)
    return replace(plain, **changes)  # type: ignore[arg-type]


def readout(hidden: float, wanted: float, words: int, target: int) -> Array:
    """Return output weights (V, 1) of one unit with which ∂L/∂h at ``hidden`` is ``wanted``.

    The target's weight is −a, all others' a: ∂L/∂h = 2a (1 − ŷ[target]), which is solved for a by Newton's method.
    """

    def slope(a: float) -> float:
        return 2 * a * (1 - 1 / (1 + (words - 1) * np.exp(2 * a * hidden)))

    a, step = wanted * words / (2 * (words - 1)), 1e-6
    for _ in range(60):
        a -= (slope(a) - wanted) / ((slope(a + step) - slope(a - step)) / (2 * step))
    weights = np.full((words, 1), a)
    weights[target] = -a
    return weights
