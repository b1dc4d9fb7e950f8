"""What undo and redo bring back: a row of sessions, bounded in number and in memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from rnncore.history import History
from rnncore.keyframes import state_bytes
from rnncore.ops import Array

from .session import Session

UNDO_LIMIT = 500
"""Changes that can be taken back."""
UNDO_MEMORY = 512 * 2**20
"""Bytes that they may hold together: weights, optimiser states and keyframes. At least the last change stays."""
RUN = 2**18
"""Bytes that a run or a branch holds beside those: the trainer's kernel and order of sentences."""


class Past:
    """Sessions before the present one, the newest last, and those that were undone."""

    def __init__(self) -> None:
        self.before: list[Session] = []
        self.after: list[Session] = []
        self._own: list[int] = []  # bytes of arrays that a session has and the one before it has not

    def remember(self, session: Session) -> None:
        """Let undo come back to a session; what was undone before is gone."""
        self._put(session)
        self.after = []
        while len(self.before) > UNDO_LIMIT or (len(self.before) > 1 and self.memory_used > UNDO_MEMORY):
            self.before.pop(0)
            self._own[:2] = [_own_bytes(self.before[0], None)]

    def back(self, now: Session) -> Session | None:
        """Return the session before ``now``, which redo brings back; None without one."""
        if not self.before:
            return None
        self.after.append(now)
        self._own.pop()
        return _brought_back(self.before.pop(), now)

    def forth(self, now: Session) -> Session | None:
        """Return the session that was undone last; None without one."""
        if not self.after:
            return None
        self._put(now)
        return _brought_back(self.after.pop(), now)

    def _put(self, session: Session) -> None:
        self._own.append(_own_bytes(session, self.before[-1] if self.before else None))
        self.before.append(session)

    @property
    def memory_used(self) -> int:
        """Bytes held by what can be taken back."""
        return sum(self._own) + sum(map(_history_bytes, self._histories()))

    def _histories(self) -> Iterator[History]:
        """Every line of training that is held, once: those on show, beside them, and those that they branched from."""
        seen: set[int] = set()
        for session in self.before:
            for run in (session.run, *session.run.others):
                history: History | None = run.history
                while history is not None and id(history) not in seen:
                    seen.add(id(history))
                    yield history
                    history = history.parent


def _brought_back(wanted: Session, now: Session) -> Session:
    """The session that undo or redo shows: where only what stands beside it is another, one stays where one is."""
    if wanted.run is now.run and wanted.sentence is now.sentence and wanted.beside != now.beside:
        return replace(now, beside=wanted.beside)
    return wanted


def _own_bytes(session: Session, before: Session | None) -> int:
    """Bytes of a session's arrays that are not those of the session before it."""
    if before is not None and before.training.state is session.training.state and before.model is session.model:
        return 0
    shared = set() if before is None else {id(array) for array in _arrays(before)}
    return sum(array.nbytes for array in _arrays(session) if id(array) not in shared)


def _arrays(session: Session) -> Iterator[Array]:
    yield from session.training.state.parameters.values()
    for slots in session.training.state.optimiser.values():
        yield from slots.values()


def _history_bytes(history: History) -> int:
    # One that has not been trained holds no more than the state on show.
    trained = history.last > history.first
    return RUN + (len(history.keyframes) * state_bytes(history.head) if trained else 0)
