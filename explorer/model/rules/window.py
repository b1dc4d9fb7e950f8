"""What belongs to the window: theme, tabs, messages, checks."""

from __future__ import annotations

from dataclasses import replace

from .. import action as do
from ..derived import Derived
from ..session import Changes, Message, Session
from .result import Result, Rules


def _set_theme(session: Session, action: do.SetTheme, derived: Derived) -> Result:
    theme = action.theme or ("light" if session.theme == "dark" else "dark")
    return (replace(session, theme=theme), Changes.THEME) if theme != session.theme else (session, Changes.NONE)


def _set_tab(session: Session, action: do.SetTab, derived: Derived) -> Result:
    return (replace(session, tab=action.tab), Changes.LAYOUT) if action.tab != session.tab else (session, Changes.NONE)


def _compare(session: Session, action: do.Compare | do.Compared, derived: Derived) -> Result:
    if action.beside is not None:
        action.beside.settings(session.settings)  # raises where they do not fit
    if action.beside == session.beside:
        return session, Changes.NONE
    return replace(session, beside=action.beside), Changes.LAYOUT


def _notify(session: Session, action: do.Notify, derived: Derived) -> Result:
    if action.message == session.message:
        return session, Changes.NONE
    return replace(session, message=action.message), Changes.MESSAGE


def _saved(session: Session, action: do.Saved, derived: Derived) -> Result:
    message = Message(f"Saved to {action.path}")
    return replace(session, path=action.path, message=message, busy=""), Changes.MESSAGE | Changes.BUSY


def _verified(session: Session, action: do.Verified, derived: Derived) -> Result:
    return replace(session, verification=action.verification), Changes.VERIFICATION


def _set_busy(session: Session, action: do.SetBusy, derived: Derived) -> Result:
    if action.what == session.busy:
        return session, Changes.NONE
    return replace(session, busy=action.what), Changes.BUSY


RULES: Rules = {
    do.SetTheme: _set_theme,
    do.SetTab: _set_tab,
    do.Compare: _compare,
    do.Compared: _compare,
    do.Notify: _notify,
    do.Saved: _saved,
    do.Verified: _verified,
    do.SetBusy: _set_busy,
}
