"""The walk and its playback: where one is, and how one goes on."""

from __future__ import annotations

from dataclasses import replace

from .. import action as do
from ..derived import Derived
from ..session import Changes, Place, Playback, Session
from ..walking import playable
from .result import Result, Rules


def at(session: Session, position: int, derived: Derived) -> Result:
    position = min(max(position, 0), len(derived.walk(session)))
    if position == session.position:
        return session, Changes.NONE
    changes = Changes.POSITION
    if session.selection.t is not None:
        # A move takes the eye back to where the walk is, however the other step had been chosen.
        session = replace(session, selection=replace(session.selection, t=None, loss=None))
        changes |= Changes.SELECTION
    if session.hover != Place():
        session = replace(session, hover=Place())  # the mouse lies where it was left; it points when it moves again
        changes |= Changes.HOVER
    return replace(session, position=position), changes


def _move(session: Session, action: do.Move, derived: Derived) -> Result:
    walk = derived.walk(session)
    return at(session, walk.next_boundary(session.position, action.granularity, action.direction), derived)


def _go_to(session: Session, action: do.GoTo, derived: Derived) -> Result:
    return at(session, action.position, derived)


def _go_to_end(session: Session, action: do.GoToEnd, derived: Derived) -> Result:
    return at(session, len(derived.walk(session)), derived)


def _play(session: Session, action: do.Play, derived: Derived) -> Result:
    on = not session.playback.playing if action.on is None else action.on
    changes = Changes.NONE
    if on and session.position >= len(derived.walk(session)):
        session, changes = at(session, 0, derived)
    if on != session.playback.playing:
        session = replace(session, playback=replace(session.playback, playing=on))
        changes |= Changes.PLAYBACK
    return session, changes


def _set_playback(session: Session, action: do.SetPlayback, derived: Derived) -> Result:
    old = session.playback
    speed = old.speed if action.speed is None else min(max(action.speed, 0.25), 60.0)
    new = Playback(old.playing, playable(action.granularity or old.granularity), speed)
    return (replace(session, playback=new), Changes.PLAYBACK) if new != old else (session, Changes.NONE)


def _beat(session: Session, action: do.Beat, derived: Derived) -> Result:
    if not session.playback.playing:
        return session, Changes.NONE
    session, changes = _move(session, do.Move(session.playback.granularity), derived)
    if session.position >= len(derived.walk(session)):
        session = replace(session, playback=replace(session.playback, playing=False))
        changes |= Changes.PLAYBACK
    return session, changes


RULES: Rules = {
    do.Move: _move,
    do.GoTo: _go_to,
    do.GoToEnd: _go_to_end,
    do.Play: _play,
    do.SetPlayback: _set_playback,
    do.Beat: _beat,
}
