"""What is pointed at: a time step, a unit, a node, a parameter, a pair of the ledger."""

from __future__ import annotations

from dataclasses import replace

from .. import action as do
from ..derived import Derived
from ..session import Changes, Place, Session
from .result import Result, Rules


def _select(session: Session, action: do.Select, derived: Derived) -> Result:
    old, last = session.selection, max(session.sentence.length - 1, 0)
    loss = old.loss if action.t is None else action.loss
    new = Place(
        old.t if action.t is None else min(max(action.t, 0), last),
        old.unit if action.unit is None else min(max(action.unit, 0), session.model.hidden_size - 1),
        old.node if action.node is None else action.node,
        old.parameter if action.parameter is None else action.parameter,
        None if loss is None else min(max(loss, 0), last),
    )
    # Whoever chooses a parameter wants to see that one.
    follow = session.votes_follow and new.parameter == old.parameter
    if (new, follow) == (old, session.votes_follow):
        return session, Changes.NONE
    return replace(session, selection=new, votes_follow=follow), Changes.SELECTION


def _follow_votes(session: Session, action: do.FollowVotes, derived: Derived) -> Result:
    on = not session.votes_follow if action.on is None else action.on
    if on == session.votes_follow:
        return session, Changes.NONE
    return replace(session, votes_follow=on), Changes.SELECTION


def _step_unit(session: Session, action: do.StepUnit, derived: Derived) -> Result:
    return _select(session, do.Select(unit=(session.selection.unit or 0) + action.by), derived)


def _release(session: Session, action: do.Release, derived: Derived) -> Result:
    if action.notice and session.message is not None:
        return replace(session, message=None), Changes.MESSAGE
    new = Place(None, session.selection.unit, None, session.selection.parameter)
    return (replace(session, selection=new), Changes.SELECTION) if new != session.selection else (session, Changes.NONE)


def _hover(session: Session, action: do.Hover, derived: Derived) -> Result:
    new = Place(action.t, action.unit, action.node, action.parameter, action.loss)
    return (replace(session, hover=new), Changes.HOVER) if new != session.hover else (session, Changes.NONE)


RULES: Rules = {
    do.Select: _select,
    do.StepUnit: _step_unit,
    do.FollowVotes: _follow_votes,
    do.Release: _release,
    do.Hover: _hover,
}
