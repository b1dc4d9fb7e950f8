"""Training: on or off, and what the worker reports."""

from __future__ import annotations

from dataclasses import replace

from rnncore.curve import ROW

from .. import action as do
from ..derived import Derived
from ..divergence import diverged, notice
from ..session import Changes, Message, Session
from .result import Result, Rules
from .sentence import followed, with_sentence
from .walk import at


def _train(session: Session, action: do.Train, derived: Derived) -> Result:
    on = not session.training.running if action.on is None else action.on
    changes = Changes.NONE
    if on and session.position == 0:
        # An empty stage would stay empty: show the whole sentence learning.
        session, changes = at(session, derived.walk(session).script.update_start + 1, derived)
    if on and session.playback.playing:
        session = replace(session, playback=replace(session.playback, playing=False))
        changes |= Changes.PLAYBACK
    if on != session.training.running:
        session = replace(session, training=replace(session.training, running=on))
        changes |= Changes.TRAINING
    return session, changes


def _trained(session: Session, action: do.Trained, derived: Derived) -> Result:
    if action.run_id != session.run_id or action.history is not session.run.history:
        return session, Changes.NONE  # a snapshot of a run that is no longer on show
    old = session.training
    state = old.state if action.light else action.state
    training = replace(
        old,
        state=state,
        shown=state.update,
        last=action.last,
        running=action.running,
        updates_per_second=action.updates_per_second,
        words_per_second=action.words_per_second,
        curve=action.curve,
        evaluations=action.evaluations,
        astray=old.astray or (action.last > old.last and _astray(session, action)),
    )
    changes = Changes.TRAINING
    if state.parameters is not old.state.parameters:
        changes |= Changes.MODEL
        session = replace(session, model=derived.model(session, state.parameters))
    session = replace(session, training=training)
    if training.astray and not old.astray:
        session = replace(session, message=Message(notice(action.curve["loss"], session.model.vocabulary_size)))
        changes |= Changes.MESSAGE
    if session.following and changes & Changes.MODEL:
        sentence = followed(session, training)
        if sentence is not None:
            position, walk = session.position, derived.walk(session)
            ended = position >= walk.script.update_start
            session, more = with_sentence(session, sentence, following=True)
            changes |= more
            if action.running and ended:
                session = replace(session, position=derived.walk(session).script.update_start + 1)
    return session, changes


def _astray(session: Session, action: do.Trained) -> bool:
    curve = action.curve
    return curve.dtype == ROW and diverged(curve["loss"], session.model.vocabulary_size)


RULES: Rules = {
    do.Train: _train,
    do.Trained: _trained,
}
