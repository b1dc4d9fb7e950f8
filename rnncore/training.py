"""The training loop. It knows nothing of display.

Training is a fold: each update takes a frozen :class:`TrainingState` and gives the next one with an
:class:`UpdateRecord`. Nothing else is remembered, so that from any state the run goes on bitwise as it did
before.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from rnncore.annealing import Annealed, Halve
from rnncore.batches import Item, Piece, Schedule, highest_of, read_sequences, split
from rnncore.cells import Cell
from rnncore.errors import RnnError
from rnncore.evaluation import mean_loss, perplexity
from rnncore.flat import Flat
from rnncore.model import Model, frozen
from rnncore.ops import Array
from rnncore.optim import SGD, Adam, Optimiser
from rnncore.trace import forward
from rnncore.training_settings import TrainingSettings
from rnncore.training_state import State, TrainingState, UpdateRecord
from rnncore.truncation import Chunks, Truncation, Window
from rnncore.update import Anatomy, BatchResult, advance, dissect, gradients_of_batch, kept_state, start_state

__all__ = [
    "Anatomy",
    "BatchResult",
    "Trainer",
    "TrainingSettings",
    "TrainingState",
    "UpdateRecord",
    "gradients_of_batch",
    "perplexity",
]

_ORDER = ("batch_size", "seed", "shuffle", "between", "validation", "update_per")
"""Settings that decide which piece stands at which position of an epoch."""


class Trainer:
    """Trains a model on a corpus, one update at a time.

    Parameters
    ----------
    model : Model
    corpus : Corpus
        Or anything else with ``examples``, or an iterable of them, each with ``inputs`` (T,) and ``targets``
        (T,).
    optimiser, truncation
        By default Adam and ``Window(4)``.
    settings
        The other fields of :class:`TrainingSettings`, or a whole record of them as ``settings``.

    Raises
    ------
    RnnError
        When a setting cannot be used, when there is nothing to learn, or when the corpus does not fit the
        model.
    """

    settings: TrainingSettings
    corpus: Any
    known_evaluations: Mapping[int, float]
    """Losses of scheduled evaluations that are known already, by update: a replay need not repeat them."""
    _items: tuple[Item, ...]
    _training: Array
    _validation: Array
    _model: Model
    _state: TrainingState
    _schedules: dict[int, Schedule]
    _evaluated: tuple[State, float] | None

    def __init__(
        self,
        model: Model,
        corpus: Any,
        optimiser: Optimiser | None = None,
        truncation: Truncation | None = None,
        *,
        settings: TrainingSettings | None = None,
        **others: Any,
    ) -> None:
        if settings is None:
            settings = TrainingSettings(optimiser or Adam(), truncation or Window(4))
        elif optimiser is not None or truncation is not None:
            raise RnnError("Training: give either whole settings, or an optimiser and a truncation, not both.")
        if not isinstance(model, Model):
            raise RnnError(f"{model!r:.60} is no model; make one by Model.create(cell, vocabulary_size, hidden_size)")
        items = read_sequences(corpus)
        highest = max(highest_of([item.inputs for item in items]), highest_of([item.targets for item in items]))
        if highest >= model.vocabulary_size:
            raise RnnError(
                f"The corpus uses token {highest}, but the model knows only {model.vocabulary_size} tokens. "
                "Make the model with the size of the corpus' vocabulary."
            )
        self._begin(model, corpus, items, settings.with_changes(**others))

    @classmethod
    def faithful(
        cls,
        model: Model,
        corpus: Any,
        *,
        learning_rate: float = 0.005,
        truncation: Truncation | None = None,
        evaluate_loss_after: int = 5,
    ) -> Trainer:
        """Return a trainer that does the arithmetic of the tutorial's ``train_with_sgd``.

        One sentence an update, in file order; the gradient of the *sum* over time, truncated by
        ``Window(4)``; plain gradient descent at 0.005; before every ``evaluate_loss_after``-th epoch the loss
        of the whole corpus, weighted by words, and half the rate if it is above the one before. For the
        tutorial's network and initialisation, make the model by ``Model.create("vanilla", …)``.
        """
        return cls(
            model,
            corpus,
            SGD(learning_rate),
            truncation or Window(4),
            shuffle=False,
            loss="sum",
            annealing=Halve(0.5),
            evaluate_every=evaluate_loss_after,
        )

    def __repr__(self) -> str:
        settings, state = self.settings, self._state
        return (
            f"Trainer({self._model!r}, update {state.update}, epoch {state.epoch}, {settings.optimiser!r}, "
            f"{settings.truncation.describe()})"
        )

    # --- where it is --------------------------------------------------------------------------------------

    @property
    def model(self) -> Model:
        """The model with its current parameters."""
        return self._model

    @property
    def state(self) -> TrainingState:
        """The frozen state; :meth:`restore` takes it back, now or in another trainer of the same settings."""
        return self._state

    @property
    def sequences(self) -> tuple[Item, ...]:
        """The sequences of the corpus, as training reads them."""
        return self._items

    @property
    def training_sentences(self) -> Array:
        """Indices (N,) of the sequences that are trained on, in file order."""
        return self._training

    @property
    def validation_sentences(self) -> Array:
        """Indices (N,) of the sequences held out, in file order."""
        return self._validation

    @property
    def updates_per_epoch(self) -> int:
        """Number of pieces of the current epoch (those without a single loss are passed over)."""
        return len(self._schedule(self._state.epoch))

    @property
    def next_piece(self) -> Piece:
        """The data of the next update."""
        return self._schedule(self._state.epoch)[self._state.position]

    def restore(self, state: TrainingState) -> None:
        """Go to a state. Raises RnnError when it belongs to another model, optimiser or data; nothing changes
        then.
        """
        if set(state.parameters) != set(self._model.parameters):
            raise RnnError("This state belongs to another cell: its parameters have other names.")
        if any(value.dtype != self._model.dtype for value in state.parameters.values()):
            raise RnnError(f"This state belongs to a model of another precision than {self._model.dtype}.")
        slots = set(self.settings.optimiser.slots)
        if any(set(state.optimiser.get(name, {"": 0})) != slots for name in state.parameters):
            raise RnnError("This state belongs to another optimiser.")
        if not 0 <= state.position < len(self._schedule(state.epoch)):
            raise RnnError("This state belongs to other data: its position lies beyond the epoch's end.")
        self._model = self._model.with_parameters(state.parameters)
        flat = isinstance(state.parameters, Flat)
        self._state = state if flat else replace(state, parameters=self._model.parameters)

    def edited(
        self,
        *,
        parameters: Mapping[str, Array] | None = None,
        learning_rate: float | None = None,
        cell: Cell | None = None,
        **changes: Any,
    ) -> Trainer:
        """Return a new trainer at the same point with something changed: a branch. This one stays as it is.

        ``cell`` are other equations that read the same parameters (some value of theirs clamped, say).
        ``changes`` are fields of :class:`TrainingSettings`. Another optimiser brings its own learning rate,
        and starts with a fresh state if it is of another kind. A change of what stands where in an epoch
        (batch size, seed, split, …) starts the current epoch anew.
        """
        settings = self.settings.with_changes(**changes)
        model = self._model if parameters is None else self._model.with_parameters(parameters)
        model = model if cell is None else model.with_cell(cell)
        state = self._state if parameters is None else replace(self._state, parameters=model.parameters)
        optimiser, old = settings.optimiser, self.settings.optimiser
        if type(optimiser) is not type(old):
            state = replace(state, optimiser=optimiser.init(state.parameters))
        if learning_rate is None and optimiser.learning_rate != old.learning_rate:
            learning_rate = optimiser.learning_rate
        if learning_rate is not None:
            rate = SGD(learning_rate).learning_rate
            state = replace(state, annealed=replace(state.annealed, learning_rate=float(rate)))
        moved = any(getattr(settings, name) != getattr(self.settings, name) for name in _ORDER) or (
            "chunk" in (settings.update_per, self.settings.update_per)
            and settings.truncation != self.settings.truncation
        )
        if moved:
            state = replace(state, position=0, carried=None)
        branch = object.__new__(Trainer)
        branch._begin(model, self.corpus, self._items, settings, state, None if moved else self)
        return branch

    def clone(self) -> Trainer:
        """Return an independent trainer at the same state; data and arrays are shared, being immutable."""
        return self.edited()

    # --- training -----------------------------------------------------------------------------------------

    def step(self) -> UpdateRecord:
        """Do one update and return its record; a scheduled evaluation comes first.

        Whatever is not finite is recorded as it is: no exception, no warning.
        """
        record = self._step(None)
        assert record is not None
        return record

    def run(
        self,
        updates: int | None,
        callback: Callable[[UpdateRecord], None] | None = None,
        should_stop: Callable[[], bool] | None = None,
        *,
        stop_when_not_finite: bool = False,
    ) -> UpdateRecord | None:
        """Do ``updates`` updates (None: until stopped) and return the last one's record (None: not one was
        done).

        ``callback(record)`` is called after each update. ``should_stop()`` is asked before each update and
        within long evaluations. Stopping loses nothing: call ``run`` again and it goes on bitwise as without
        the stop. Raises RnnError when ``updates`` is no whole number.
        """
        whole = isinstance(updates, int | np.integer) and not isinstance(updates, bool)
        if updates is not None and not (whole and updates >= 0):
            raise RnnError(
                f"Training: updates is {updates!r:.40}. Give a whole number from 0 on, or None until stopped."
            )
        record: UpdateRecord | None = None
        done = 0
        while updates is None or done < updates:
            if should_stop is not None and should_stop():
                break
            new = self._step(should_stop)
            if new is None:
                break
            record = new
            done += 1
            if callback is not None:
                callback(record)
            if stop_when_not_finite and not record.finite:
                break
        return record

    def anatomy(self) -> Anatomy:
        """Return the next update taken apart, without doing it, at the learning rate of now."""
        state, piece = self._state, self.next_piece
        start = start_state(piece, state.carried)
        return dissect(self._model, piece, start, state, state.learning_rate, self.settings)

    def _step(self, should_stop: Callable[[], bool] | None) -> UpdateRecord | None:
        state, annealing = self._state, self.settings.annealing
        annealed, evaluated = state.annealed, None
        if self.evaluation_is_due:
            evaluated = self.scheduled_evaluation(should_stop)
            if evaluated is None:
                return None
            annealed = annealing.evaluated(annealed, evaluated)
        rate, lowered = annealed.learning_rate, annealed.learning_rate < state.learning_rate
        piece = self.next_piece
        work = advance(self._model, piece, start_state(piece, state.carried), state, rate, self.settings)
        # Names and shapes are those of the old parameters: there is nothing to check.
        old = self._model
        model = Model(old.cell, old.vocabulary_size, old.hidden_size, frozen(work.parameters), old.seed, old.init)
        update = state.update + 1
        new = self._settled(
            TrainingState(
                parameters=work.parameters,
                optimiser=work.optimiser,
                annealed=annealed,
                update=update,
                epoch=state.epoch,
                position=state.position + 1,
                epoch_begins=False,
                carried=work.kept,
            ),
            model,
        )
        annealed = annealing.advanced(annealed, update, new.epoch > state.epoch, new.epoch)
        if annealed is not new.annealed:
            new = replace(new, annealed=annealed)
        self._model, self._state = model, new
        loss, norm = work.loss / piece.words, work.clip.norm
        return UpdateRecord(
            update=update,
            epoch=state.epoch,
            loss=loss,
            gradient_norm=norm,
            clip_scale=work.clip.scale,
            learning_rate=rate,
            words=piece.words,
            sentences=piece.sentences,
            evaluated=evaluated,
            annealed=lowered,
            finite=math.isfinite(loss) and math.isfinite(norm),
        )

    def _settled(self, state: TrainingState, model: Model) -> TrainingState:
        """Return the state at a piece that has a loss; pieces without one only pass the state on."""
        while True:
            schedule = self._schedule(state.epoch)
            if state.position >= len(schedule):
                state = replace(state, epoch=state.epoch + 1, position=0, epoch_begins=True, carried=None)
            elif schedule[state.position].words:
                return state
            else:
                piece = schedule[state.position]
                kept = None
                if piece.keep:
                    kept = kept_state(forward(model, piece.inputs, start_state(piece, state.carried)), piece)
                state = replace(state, position=state.position + 1, carried=kept)

    # --- evaluation ---------------------------------------------------------------------------------------

    @property
    def evaluation_is_due(self) -> bool:
        """Whether the next update begins with a scheduled evaluation."""
        every, state = self.settings.evaluate_every, self._state
        if every == 0:
            return False
        if self.settings.evaluate_unit == "update":
            return state.update % every == 0
        return state.epoch_begins and state.epoch % every == 0

    def scheduled_evaluation(self, should_stop: Callable[[], bool] | None = None) -> float | None:
        """Return what a scheduled evaluation finds now: the loss of the held-out split, or else of the
        training one.

        The result is remembered until the parameters change. None when ``should_stop`` said so.
        """
        if self._evaluated is not None and self._evaluated[0] is self._state.parameters:
            return self._evaluated[1]
        loss = self.known_evaluations.get(self._state.update)
        if loss is None:
            loss = self.evaluate("default", should_stop)
        if loss is not None:
            self._evaluated = (self._state.parameters, loss)
        return loss

    def evaluate(self, on: str = "default", should_stop: Callable[[], bool] | None = None) -> float | None:
        """Return the current model's mean loss per word (nats), weighted by words; nothing changes.

        ``on`` is "training", "validation" or "default" (validation if there is a held-out split, else
        training). States pass between sequences as in training, in file order. None when ``should_stop`` said
        so; NaN when the split holds no loss.
        """
        splits = {"training": self._training, "validation": self._validation}
        splits["default"] = self._validation if self._validation.size else self._training
        if on not in splits:
            raise RnnError(f"There is no split {on!r:.40}. Choose one of {', '.join(splits)}.")
        indices = splits[on]
        limit = self.settings.evaluation_limit
        if limit is not None and indices.size > limit:
            indices = indices[np.linspace(0, indices.size - 1, limit).round().astype(np.int64)]
        items = [self._items[index] for index in indices]
        return mean_loss(self._model, items, self.settings.between, should_stop)

    # --- machinery ----------------------------------------------------------------------------------------

    def _begin(
        self,
        model: Model,
        corpus: Any,
        items: tuple[Item, ...],
        settings: TrainingSettings,
        state: TrainingState | None = None,
        alike: Trainer | None = None,
    ) -> None:
        self.settings, self.corpus, self._items = settings, corpus, items
        if alike is None:
            self._training, self._validation = split(items, settings.validation, settings.seed)
            self._schedules = {}
        else:
            self._training, self._validation = alike._training, alike._validation
            self._schedules = dict(alike._schedules)
        self.known_evaluations, self._evaluated = {}, None
        if state is None:
            optimiser = settings.optimiser
            state = TrainingState(
                model.parameters, optimiser.init(model.parameters), Annealed(float(optimiser.learning_rate))
            )
        self._model = model
        self._state = self._settled(state, model)

    def _schedule(self, epoch: int) -> Schedule:
        found = self._schedules.get(epoch)
        if found is None:
            settings, policy = self.settings, self.settings.truncation
            found = Schedule(
                self._items,
                self._training,
                seed=settings.seed,
                epoch=epoch,
                shuffle=settings.shuffle,
                batch_size=settings.batch_size,
                between=settings.between,
                chunk=policy.n if settings.update_per == "chunk" and isinstance(policy, Chunks) else None,
            )
            self._schedules = {epoch: found}
        return found
