"""(session, action) → (new session, what changed). Pure: no Qt, no files, no threads."""

from __future__ import annotations

from . import action as do
from .derived import Derived
from .rules import edits, pointing, run, sentence, training, trial, walk, window
from .rules.result import Result, Rules
from .rules.run import new_session
from .rules.trial import settled
from .session import Changes, Session

__all__ = ["EDITS", "UNDOABLE", "Result", "new_session", "reduce", "settled"]


def reduce(session: Session, action: do.Action, derived: Derived) -> Result:
    """Return the session after an action, and what changed. Raises RnnError when it cannot be done."""
    rule = _RULES.get(type(action))
    if rule is None:
        return session, Changes.NONE
    ended = Changes.NONE
    if isinstance(action, (do.Release, *UNDOABLE)):  # what is only tried is nothing to go on from
        session, ended = settled(session, derived)
    session, changes = rule(session, action, derived)
    return session, changes | ended


_RULES: Rules = {
    **walk.RULES,
    **pointing.RULES,
    **sentence.RULES,
    **run.RULES,
    **edits.RULES,
    **training.RULES,
    **trial.RULES,
    **window.RULES,
}

EDITS: tuple[type[do.Action], ...] = (
    do.EditWeight,
    do.EditInitialState,
    do.EditToken,
    do.ClampGate,
    do.EditLearningRate,
    do.ResetEdits,
    do.ShowBranch,
)
UNDOABLE: tuple[type[do.Action], ...] = (
    do.ShowSentence,
    do.TypeSentence,
    do.Follow,
    do.Prepared,
    do.Compare,
    *EDITS,
)
"""Actions after which undo brings the session before them back."""
