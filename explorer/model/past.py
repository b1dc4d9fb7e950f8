"""What undo and redo bring back: a bounded row of sessions."""

from __future__ import annotations

from rnncore.history import History

from .session import Session

UNDO_LIMIT = 50
UNDO_RUNS = 8
"""Changes that can be taken back, and runs among them: each holds its keyframes in memory. A branch that was never
trained shares them with the line that it left."""


class Past:
    """Sessions before the present one, the newest last, and those that were undone."""

    def __init__(self) -> None:
        self.before: list[Session] = []
        self.after: list[Session] = []

    def remember(self, session: Session) -> None:
        """Let undo come back to a session; what was undone before is gone."""
        kept = [*self.before, session][-UNDO_LIMIT:]
        while len({id(s.run.history) for s in kept if _is_heavy(s.run.history)}) > UNDO_RUNS:
            kept.pop(0)
        self.before, self.after = kept, []

    def back(self, now: Session) -> Session | None:
        """Return the session before ``now``, which redo brings back; None without one."""
        if not self.before:
            return None
        self.after.append(now)
        return self.before.pop()

    def forth(self, now: Session) -> Session | None:
        """Return the session that was undone last; None without one."""
        if not self.after:
            return None
        self.before.append(now)
        return self.after.pop()


def _is_heavy(history: History) -> bool:
    return history.parent is None or history.last > history.first
