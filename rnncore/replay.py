"""Replay: the exact state after any recorded update, trained again from the nearest state before it that is at hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from threading import Lock, RLock
from time import sleep
from typing import Protocol

from rnncore.curve import Evaluations
from rnncore.keyframes import state_bytes
from rnncore.training import Trainer
from rnncore.training_state import TrainingState
from rnncore.watching import tell

REPLAYED = 512
"""States on the way of a replay that are kept at most, so that stepping back through them costs nothing."""
GIVEN_WAY = 0.001
"""Seconds between two looks of one who has given way."""


class Source(Protocol):
    """What holds some of the states of a run, and can make a trainer that computes the others again."""

    @property
    def trainer(self) -> Trainer: ...

    evaluations: Evaluations
    memory: int

    def nearest(self, update: int) -> TrainingState:
        """Return the last state at or before an update that is held."""
        ...


class Replay:
    """Seeks states of one source, for one thread after the other. It does not hold on to the source."""

    def __init__(self) -> None:
        self._seeking = RLock()
        self._counting = Lock()
        self._hurried = 0
        """How many wait who are not patient."""
        self._recent: dict[int, TrainingState] = {}
        self._trainer: Trainer | None = None

    def seek(
        self, source: Source, update: int, should_stop: Callable[[], bool] | None = None, patient: bool = False
    ) -> TrainingState | None:
        """Return the exact state after ``update`` updates; see :meth:`rnncore.history.History.seek`."""
        begin: int | None = None
        while True:
            self._count(0 if patient else 1)
            with self._seeking:
                self._count(0 if patient else -1)
                state = self._from(source, update)
                begin = state.update if begin is None else begin
                found, given_way = self._run(source, state, update, begin, should_stop, patient)
            if not given_way:
                return found
            while self._hurried:  # who lets go of a lock would be the first to get it back
                sleep(GIVEN_WAY)

    def _count(self, more: int) -> None:
        if more:
            with self._counting:
                self._hurried += more

    def _from(self, source: Source, update: int) -> TrainingState:
        best = source.nearest(update)
        for near, state in self._recent.items():
            if best.update < near <= update:
                best = state
        return best

    def _run(
        self,
        source: Source,
        state: TrainingState,
        update: int,
        begin: int,
        should_stop: Callable[[], bool] | None,
        patient: bool,
    ) -> tuple[TrainingState | None, bool]:
        """Return the state after ``update`` updates, None where one stopped on the way, and whether to give way."""
        if state.update == update:
            return state, False
        if self._trainer is None:
            self._trainer = source.trainer.clone()
        trainer = self._trainer
        trainer.restore(state)
        trainer.known_evaluations = _Known(source.evaluations)
        replayed: dict[int, TrainingState] = {}
        try:
            while trainer.state.update < update:
                if patient and self._hurried:
                    return None, True
                if trainer.run(1, should_stop=should_stop) is None:
                    return None, False
                replayed[trainer.state.update] = trainer.state
                tell((trainer.state.update - begin) / (update - begin))
            return trainer.state, False
        finally:
            # Also of a way that was not gone to its end: who comes back goes on from there.
            room = min(source.memory // 4 // max(1, state_bytes(state)), REPLAYED)
            states = [*self._recent.items(), *replayed.items()]
            self._recent = dict(states[-room:]) if room else {}


class _Known(Mapping[int, float]):
    """Evaluated losses by update, read from the table as it is at the moment."""

    def __init__(self, evaluations: Evaluations) -> None:
        self._evaluations = evaluations

    def __getitem__(self, update: int) -> float:
        loss = self._evaluations.get(update)
        if loss is None:
            raise KeyError(update)
        return loss

    def __iter__(self) -> Iterator[int]:
        return iter(self._evaluations.rows["update"].tolist())

    def __len__(self) -> int:
        return len(self._evaluations)
