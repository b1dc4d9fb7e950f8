"""A truncation that is tried while its scissors are in hand, and what there is when nothing is tried any more."""

from __future__ import annotations

from dataclasses import replace

from .. import action as do
from ..derived import Derived
from ..session import Changes, Place, Session, Trial
from ..walking import same_place
from .result import Result, Rules

_OTHER_WALK = Changes.SETTINGS | Changes.POSITION | Changes.VERIFICATION


def settled(session: Session, derived: Derived) -> Result:
    """Return the session without what is only tried, at the place from which one began unless one has moved on."""
    trial = session.trial
    if trial is None:
        return session, Changes.NONE
    own = replace(session, trial=None, verification=None, position=trial.origin)
    if session.position != trial.placed:
        own = replace(own, position=same_place(derived.walk(session), session.position, derived.walk(own)))
    return own, _OTHER_WALK


def _try(session: Session, action: do.Try, derived: Derived) -> Result:
    if action.truncation == session.settings.truncation:
        return session, Changes.NONE
    own, changes = settled(session, derived)
    if action.truncation is None or action.truncation == own.settings.truncation:
        return own, changes
    settings = replace(own.settings, truncation=action.truncation)
    tried = replace(own, verification=None, trial=Trial(settings, own.position, own.position))
    place = same_place(derived.walk(own), own.position, derived.walk(tried))
    tried = replace(tried, position=place, trial=Trial(settings, own.position, place))
    over = tried.hover if action.pointed is None else Place(action.pointed)
    if over == tried.hover:
        return tried, _OTHER_WALK
    return replace(tried, hover=over), _OTHER_WALK | Changes.HOVER


RULES: Rules = {do.Try: _try}
