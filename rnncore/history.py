"""History: keyframes and exact replay, so that every update of a run can be returned to.

A keyframe is a frozen :class:`~rnncore.training_state.TrainingState`. To go to update u, the nearest keyframe
before it is restored in a second trainer and trained on to u; since training is a pure fold over such states,
the result is bitwise what it was. An edit in the past starts a branch and destroys nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from threading import RLock, get_ident
from time import thread_time
from typing import Any

import numpy as np

from rnncore.curve import Evaluations, LossCurve
from rnncore.errors import RnnError
from rnncore.frozen import dataclass
from rnncore.keyframes import SPACING, Keyframes
from rnncore.ops import Array
from rnncore.replay import Replay
from rnncore.training import Trainer
from rnncore.training_state import TrainingState, UpdateRecord

MEMORY = 256 * 2**20


@dataclass(frozen=True)
class Snapshot:
    """What a history holds at one moment; the curve and the evaluations are copies of its own."""

    state: TrainingState
    keyframes: tuple[TrainingState, ...]
    spacing: int
    curve: LossCurve
    evaluations: Evaluations


class History:
    """The past of one trainer, from the update at which recording began.

    Parameters
    ----------
    trainer : Trainer
        Train it by :meth:`step` or :meth:`run` of the history, or call :meth:`observe` after each of its
        updates. Its settings must not change: for an edit use :meth:`branch`.
    spacing : int
        Updates between keyframes, at first; see :mod:`rnncore.keyframes` for how they become denser where updates are
        slow, and sparser in the far past. Seeking stays exact wherever they are.
    memory : int
        Bytes for keyframes.
    parent : History, optional
        The history that this one branched from, at its first update.
    label : str
        What made this branch, in words; "" for none.

    All methods may be called while another thread trains.
    """

    def __init__(
        self,
        trainer: Trainer,
        *,
        spacing: int = SPACING,
        memory: int = MEMORY,
        parent: History | None = None,
        label: str = "",
    ) -> None:
        if not isinstance(spacing, int) or spacing < 1 or not memory >= 0:
            raise RnnError("History: give a spacing of at least 1 update and a memory of at least 0 bytes.")
        self._trainer = trainer
        self._behind = False
        self.parent = parent
        self.label = label
        self.memory = memory
        self.curve = LossCurve()
        self.evaluations = Evaluations()
        self._lock = RLock()
        self._head = trainer.state
        self._first = self._head.update
        self._frames = Keyframes(self._head, spacing, memory)
        self._replay = Replay()
        self._clock: tuple[int, float] | None = None

    def __repr__(self) -> str:
        named = f"{self.label!r}, " if self.label else ""
        return f"History({named}updates {self.first} to {self.last}, {len(self.keyframes)} keyframes)"

    # --- recording ----------------------------------------------------------------------------------------

    @property
    def trainer(self) -> Trainer:
        """The trainer, at the newest update recorded."""
        if self._behind:
            with self._lock:
                if self._behind:
                    # Only now: to restore a state costs the order of its epoch, and few batches are looked at.
                    self._trainer.restore(self._head)
                    self._behind = False
        return self._trainer

    @property
    def first(self) -> int:
        """The update at which this history begins: 0, or where it branched off."""
        return self._first

    @property
    def last(self) -> int:
        """The newest update recorded."""
        return self._head.update

    @property
    def head(self) -> TrainingState:
        """The state after the newest update recorded."""
        return self._head

    @property
    def spacing(self) -> int:
        """Updates between keyframes of the near past, now."""
        return self._frames.spacing

    @property
    def keyframes(self) -> tuple[TrainingState, ...]:
        """The keyframes, oldest first."""
        with self._lock:
            return self._frames.states

    @property
    def memory_used(self) -> int:
        """Bytes of all keyframes' arrays."""
        with self._lock:
            return self._frames.memory_used

    def step(self) -> UpdateRecord:
        """Do and record one update of the trainer."""
        record = self.trainer.step()
        self.observe(record)
        return record

    def run(
        self,
        updates: int | None,
        callback: Callable[[UpdateRecord], None] | None = None,
        should_stop: Callable[[], bool] | None = None,
        *,
        stop_when_not_finite: bool = False,
    ) -> UpdateRecord | None:
        """Do and record updates; see :meth:`Trainer.run`."""

        def both(record: UpdateRecord) -> None:
            self.observe(record)
            if callback is not None:
                callback(record)

        return self.trainer.run(updates, both, should_stop, stop_when_not_finite=stop_when_not_finite)

    def observe(self, record: UpdateRecord) -> None:
        """Record the update that the trainer has just done.

        Raises RnnError when it is not the one after the last observed.
        """
        state = self.trainer.state
        if record.update != self.last + 1 or state.update != record.update:
            raise RnnError(
                f"History: update {record.update} does not follow update {self.last}. "
                "Go back by seek(), and go on from the past by branch()."
            )
        with self._lock:
            self.curve.append(record)
            self.evaluations.append(record)
            self._head = state
            self._time_update()
            if self._frames.is_due(record.update):
                self._frames.keep(state)

    def _time_update(self) -> None:
        """Measure the last update in its thread's own time."""
        thread, now = get_ident(), thread_time()
        last, self._clock = self._clock, (thread, now)
        if last is not None and last[0] == thread:
            self._frames.time(now - last[1])

    def extend(
        self,
        rows: Array,
        evaluations: Sequence[tuple[int, float, float, bool]],
        keyframes: Sequence[TrainingState],
        state: TrainingState,
        seconds: float = 0.0,
    ) -> None:
        """Record updates that an equal trainer has done elsewhere, going on from :attr:`head`.

        Parameters
        ----------
        rows : structured array (n,)
            One row of dtype :data:`~rnncore.curve.ROW` an update.
        evaluations
            What :meth:`~rnncore.curve.Evaluations.add` takes, for each scheduled evaluation among them.
        keyframes
            States on the way. Those at which this history keeps one are kept; they may not be missing, or seeking
            replays more.
        state : TrainingState
            The state after the last of the updates. The trainer goes there.
        seconds : float
            What they took of the processor's time, 0 for what is not known.

        Raises RnnError when the updates do not follow the newest one recorded, or do not lead to ``state``.
        """
        if not len(rows):
            return
        with self._lock:
            if rows["update"][0] != self.last + 1 or rows["update"][-1] != state.update:
                raise RnnError(
                    f"History: updates {rows['update'][0]} to {rows['update'][-1]} do not lead from update "
                    f"{self.last} to update {state.update}."
                )
            self.curve.extend(rows)
            for evaluation in evaluations:
                self.evaluations.add(*evaluation)
            self._head = state
            self._behind = True
            for frame in keyframes:
                if self._frames.is_due(frame.update) and frame.update > self._frames.newest:
                    self._frames.keep(frame)
            if seconds:
                self._frames.time(seconds, len(rows))

    def snapshot(self) -> Snapshot:
        """Return all that is recorded, as it is at one moment, while training may go on."""
        with self._lock:
            return Snapshot(
                self._head, self._frames.states, self._frames.spacing, self.curve.copy(), self.evaluations.copy()
            )

    # --- going back ---------------------------------------------------------------------------------------

    def seek(
        self, update: int, should_stop: Callable[[], bool] | None = None, *, patient: bool = False
    ) -> TrainingState | None:
        """Return the exact state after ``update`` updates; the trainer stays where it is.

        Updates before this history's first are looked up in its parent. None when ``should_stop()``, asked
        before each replayed update, said so; an onlooker (:func:`rnncore.watching.watched`) hears of each which share
        of the way is done. One who is ``patient`` gives way to others who seek meanwhile. Raises RnnError when there is
        no such update.
        """
        if not isinstance(update, int | np.integer):
            raise RnnError(f"There is no update {update!r:.40} in this history. Give a whole number.")
        line = self
        while update < line._first and line.parent is not None:
            line = line.parent
        if not line._first <= update <= line.last:
            raise RnnError(f"There is no update {update} in this history; it goes from {line._first} to {line.last}.")
        return line._replay.seek(line, update, should_stop, patient)

    def nearest(self, update: int) -> TrainingState:
        """Return the last state at or before an update that is kept."""
        with self._lock:
            best = self._frames.before(update)
            return self._head if best.update < self.last <= update else best

    def trainer_at(self, update: int, *, state: TrainingState | None = None, **changes: Any) -> Trainer:
        """Return a new trainer at ``update``, edited by ``changes`` as :meth:`Trainer.edited` takes them.

        ``state`` is what :meth:`seek` returned for this update, if the caller has it: it is then not sought again.
        """
        line: History = self
        while update < line.first and line.parent is not None:
            line = line.parent
        if state is None or state.update != update:
            state = line.seek(update)
        trainer = line.trainer.clone()
        assert state is not None
        trainer.restore(state)
        return trainer.edited(**changes) if changes else trainer

    def branch(self, update: int, *, state: TrainingState | None = None, label: str = "", **changes: Any) -> History:
        """Return a new history that leaves this one at ``update`` with something changed; this one stays
        whole. ``label`` says what was changed.

        ``changes`` are those of :meth:`Trainer.edited`: parameters, learning_rate, cell, or any setting; ``state`` as
        for :meth:`trainer_at`. A branch that has not been trained yet is no past of its own: what leaves it leaves its
        parent.
        """
        trainer = self.trainer_at(update, state=state, **changes)
        line: History = self
        while line.parent is not None and (update < line.first or (line.first == line.last == update)):
            line = line.parent
        return History(trainer, spacing=min(self.spacing, SPACING), memory=self.memory, parent=line, label=label)

    @property
    def lineage(self) -> tuple[History, ...]:
        """The histories that lead here, oldest first, this one last."""
        line: list[History] = [self]
        while line[-1].parent is not None:  # no recursion: there may be thousands
            line.append(line[-1].parent)
        return tuple(reversed(line))

    @staticmethod
    def restored(
        trainer: Trainer,
        keyframes: Sequence[TrainingState],
        curve: LossCurve,
        evaluations: Evaluations,
        *,
        spacing: int = SPACING,
        memory: int = MEMORY,
        parent: History | None = None,
        label: str = "",
    ) -> History:
        """Return a history put together again from its parts; the trainer stands at its newest update.

        Raises RnnError when the keyframes do not lead up to the trainer's state.
        """
        frames = Keyframes.restored(keyframes, spacing, memory)
        if frames.newest > trainer.state.update:
            raise RnnError("The history's keyframes are missing or out of order.")
        if curve.last not in (0, trainer.state.update):
            raise RnnError(f"The loss curve ends at update {curve.last}, the training at {trainer.state.update}.")
        history = History(trainer, spacing=spacing, memory=memory, parent=parent, label=label)
        history._first = keyframes[0].update
        history._frames = frames
        history.curve, history.evaluations = curve, evaluations
        return history
