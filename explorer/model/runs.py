"""Runs: a corpus with the lines of training on it, made from settings, branched by changes and edits."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import numpy as np

from rnncore.corpus import Corpus
from rnncore.errors import RnnError
from rnncore.frozen import dataclass
from rnncore.history import History
from rnncore.training import Trainer
from rnncore.training_settings import TrainingSettings
from rnncore.training_state import TrainingState

from .branch_labels import branch_label
from .settings import Settings, with_fitting_clamps

NEW_CORPUS = ("corpus",)
NEW_MODEL = ("cell", "equations", "hidden_size", "bias", "init", "precision", "seed")
VIEW_ONLY = ("order",)
MOST_OTHERS = 6
"""Lines beside the one on show that are kept: each holds its keyframes in memory."""


@dataclass(frozen=True)
class WeightEdit:
    """A weight that was set by hand at an update: ``value`` at (row, column), or at (row,) of a vector.

    ``home`` is the place in the history's lineage of the line that was left for it.
    """

    update: int
    parameter: str
    row: int
    column: int | None
    value: float
    home: int

    @property
    def place(self) -> str:
        """The weight as it is written, counted from 1: ``W[3, 2]``."""
        entry = f"{self.row + 1}" if self.column is None else f"{self.row + 1}, {self.column + 1}"
        return f"{self.parameter}[{entry}]"


@dataclass(frozen=True, eq=False)
class Run:
    """A corpus and the history of training on it; ``weights`` were set by hand in its past, the newest last.

    ``others`` are the other lines of this history that have been trained, in the order in which they were left: what
    this one branched from, and branches that were left for it. Each is a run as it was, without others of its own.
    """

    settings: Settings
    corpus: Corpus
    history: History
    weights: tuple[WeightEdit, ...] = ()
    others: tuple[Run, ...] = ()


def other_lines(run: Run, history: History) -> tuple[Run, ...]:
    """Return the lines that are beside ``history`` when the run goes on with it; the oldest of too many are let go."""
    lines = (*run.others, replace(run, others=()))
    return tuple(r for r in lines if r.history is not history and r.history.last > r.history.first)[-MOST_OTHERS:]


def turn_to(run: Run, place: int) -> Run:
    """Return the run that goes on with one of its other lines. Raises RnnError when there is none at ``place``."""
    if not 0 <= place < len(run.others):
        raise RnnError(f"there is no branch {place + 1}; there are {len(run.others)} beside the one on show")
    line = run.others[place]
    settings = replace(line.settings, **{name: getattr(run.settings, name) for name in VIEW_ONLY})
    return replace(line, settings=settings, others=other_lines(run, line.history))


def start_run(settings: Settings, corpus: Corpus | None = None) -> Run:
    """Make corpus, model and history anew; raises RnnError and leaves everything as it was."""
    corpus = corpus if corpus is not None else settings.corpus.load()
    model = settings.make_model(corpus.vocabulary.size)
    training = settings.training()
    if len(corpus.sentences) < 4 and training.validation:
        # Too few sentences to hold any out.
        training = training.with_changes(validation=0.0)
    return Run(settings, corpus, History(Trainer(model, corpus, settings=training)))


def goes_on(run: Run, old: Run) -> bool:
    """Whether a run is another line of ``old``: the same network on the same text, from its own weights on."""
    return run.corpus is old.corpus and not _changed(old.settings, run.settings) & {*NEW_CORPUS, *NEW_MODEL}


def _changed(old: Settings, new: Settings) -> set[str]:
    return {f.name for f in fields(Settings) if getattr(new, f.name) != getattr(old, f.name)}


def change_run(
    run: Run,
    settings: Settings,
    update: int,
    state: TrainingState | None = None,
    *,
    learning_rate: float | None = None,
) -> Run:
    """Return the run with other settings: a new one, a branch at ``update`` that keeps the weights, or the same one.

    ``state`` is that of ``update`` where it is at hand, so that it need not be sought. ``learning_rate`` is the one
    from there on, whatever annealing had made of it. Clamps of what the new cell does not have are dropped.
    """
    changed = _changed(run.settings, settings)
    if changed & {"cell", "equations", "hidden_size"} and "clamps" not in changed:
        settings = with_fitting_clamps(settings)
    if changed & set(NEW_CORPUS):
        return start_run(settings)
    if changed & set(NEW_MODEL):
        return start_run(settings, run.corpus)
    if changed <= set(VIEW_ONLY) and learning_rate is None:
        return replace(run, settings=settings)
    wanted = settings.training()
    changes: dict[str, Any] = {f.name: getattr(wanted, f.name) for f in fields(TrainingSettings) if f.name in changed}
    if learning_rate is not None:
        changes["learning_rate"] = learning_rate
    if "clamps" in changed:
        changes["cell"] = settings.make_clamped_cell()
    if run.history.last == 0:
        history = History(run.history.trainer.edited(**changes), parent=run.history.parent)
    else:
        history = run.history.branch(update, state=state, **changes)
    weights = _before(run.weights, update)
    home = len(history.lineage) - 2
    own = [weight for weight in weights if weight.update == history.first and weight.home == home]
    history.label = branch_label(history, settings.clamps, own, learning_rate)
    return Run(settings, run.corpus, history, weights, other_lines(run, history))


def edit_weight(run: Run, state: TrainingState, parameter: str, row: int, column: int | None, value: float) -> Run:
    """Return the branch that leaves a run at ``state`` with one weight set by hand; NaN and infinities are allowed.

    Raises RnnError when there is no such weight.
    """
    if parameter not in state.parameters:
        raise RnnError(f"there is no parameter {parameter!r:.40}; the model has {', '.join(state.parameters)}")
    old = state.parameters[parameter]
    index = (row,) if column is None else (row, column)
    if len(index) != old.ndim or not all(0 <= i < size for i, size in zip(index, old.shape, strict=True)):
        size = " × ".join(map(str, old.shape))
        raise RnnError(f"{parameter} has no entry {[i + 1 for i in index]}; it is {size}, counted from 1")
    new = old.copy()
    with np.errstate(over="ignore"):  # in single precision 1e300 is infinite, and shown so
        new[index] = value
    history = run.history.branch(state.update, state=state, parameters={parameter: new})
    weights = _before(run.weights, state.update)
    same = [w for w in weights if (w.update, w.parameter, w.row, w.column) == (state.update, parameter, row, column)]
    left = len(history.lineage) - 2
    # An edit of what has not been trained since leaves the line that the first such edit left.
    edit = WeightEdit(state.update, parameter, row, column, float(new[index]), same[0].home if same else left)
    weights = (*(w for w in weights if w not in same), edit)
    own = [w for w in weights if w.update == history.first and (w.home == left or w is edit)]
    history.label = branch_label(history, run.settings.clamps, own)
    return replace(run, history=history, weights=weights, others=other_lines(run, history))


def without_weight_edits(run: Run) -> tuple[Run, TrainingState]:
    """Return the run as it would be had no weight been set by hand, and the state at which the first one was."""
    first = min(run.weights, key=lambda w: w.update)
    home, now = run.history.lineage[first.home], run.history.trainer
    changes: dict[str, Any] = {
        f.name: getattr(now.settings, f.name)
        for f in fields(TrainingSettings)
        if getattr(now.settings, f.name) != getattr(home.trainer.settings, f.name)
    }
    if now.model.cell.text != home.trainer.model.cell.text:
        changes["cell"] = now.model.cell
    history = home.branch(first.update, **changes) if changes else home
    if changes:
        history.label = branch_label(history, run.settings.clamps, ())
    state = history.seek(first.update)
    assert state is not None
    return replace(run, history=history, weights=(), others=other_lines(run, history)), state


def _before(weights: tuple[WeightEdit, ...], update: int) -> tuple[WeightEdit, ...]:
    """The weights set by hand that are in the past of a branch at ``update``."""
    return tuple(weight for weight in weights if weight.update <= update)
