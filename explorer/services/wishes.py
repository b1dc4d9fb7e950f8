"""Changes of settings that are wished for: one after the other becomes a run, prepared in the background."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any

from rnncore.errors import RnnError
from rnncore.watching import watched

from ..model import action as do
from ..model.runs import change_run
from ..model.session import Message, Session
from ..model.settings import Settings, differences
from .background import AbandonedError, Background

PREPARING = "preparing the run"
PATIENCE = 0.5
"""Seconds of preparing after which one is told how far it has come."""


class Wishes:
    """What is wished for and not there yet.

    Each wish starts from what the one before has brought, so that two changes in quick succession both come to be.
    """

    def __init__(
        self,
        session: Callable[[], Session],
        dispatch: Callable[[do.Action], None],
        background: Background,
        submitted: Callable[[], None],
    ) -> None:
        self._session, self._dispatch = session, dispatch
        self._background, self._submitted = background, submitted
        self._wishes: list[dict[str, Any]] = []
        self._prepared_from = session().run
        self._overtaken, self._refused = False, ""
        self._began, self._share = 0.0, 0.0

    def add(self, action: do.ChangeSettings) -> None:
        """Wish for other settings."""
        shown = self._session().run.settings
        if action.whole:
            wish = {f.name: getattr(action.settings, f.name) for f in fields(Settings)}
        else:
            wish = differences(shown if action.base is None else action.base, action.settings)
        if action.whole or not wish:
            # All that waits is overtaken. So it is when what is on show is chosen again.
            del self._wishes[1:]
            self._overtaken = bool(self._wishes)
        if wish:
            self._wishes.append(wish)
            if len(self._wishes) == 1:
                self._prepare()

    @property
    def settings(self) -> Settings:
        """The settings once all that is wished for has come to be: what a key that moves a number moves it from."""
        settings = self._session().run.settings
        for wish in self._wishes[1:] if self._overtaken else self._wishes:
            try:
                settings = replace(settings, **wish)
            except RnnError:
                continue
        return settings

    def cancel(self) -> bool:
        """Wish for nothing any more; whether anything was wished for."""
        del self._wishes[1:]
        self._overtaken = bool(self._wishes)
        return self._overtaken

    def told(self, what: str) -> str:
        """What the user waits for, with the share that is done where that is a run which takes its time."""
        if what != PREPARING or not self._share or time.perf_counter() - self._began < PATIENCE:
            return what
        return f"{what}: {self._share:.0%}"

    def _prepare(self) -> None:
        session = self._session()
        while self._wishes:
            try:
                settings = replace(session.run.settings, **self._wishes[0])
            except RnnError as error:
                self._refused = str(error)
            else:
                if settings != session.run.settings:
                    break
            self._wishes.pop(0)
        else:
            # Only now: a run that is taken over clears the message before it.
            refused, self._refused = self._refused, ""
            if refused:
                self._dispatch(do.Notify(Message(refused, "error")))
            return
        shown, state = session.training.shown, session.training.state
        self._prepared_from = session.run

        self._began, self._share = time.perf_counter(), 0.0

        def look(share: float) -> None:
            self._share = share
            if self._overtaken:
                raise AbandonedError

        def attempt() -> do.Prepared | Exception:
            try:
                with watched(look):
                    return do.Prepared(change_run(session.run, settings, shown, state), shown)
            except Exception as error:  # raised again where it is heard, when the next wish has its turn
                return error

        self._background.run(PREPARING, attempt, self._take)
        self._submitted()

    def _take(self, prepared: do.Prepared | Exception) -> None:
        if self._session().run.history is not self._prepared_from.history:
            self._prepare()  # something was edited by hand meanwhile: that is what the wish is for now
            return
        overtaken, self._overtaken = self._overtaken, False
        self._wishes.pop(0)
        try:
            if overtaken or isinstance(prepared, RnnError):
                self._dispatch(do.Try(None))  # it may have been tried before it was wished for
            if overtaken:
                return
            if isinstance(prepared, RnnError):
                self._refused = str(prepared)
            elif isinstance(prepared, Exception):
                raise prepared
            else:
                self._take_prepared(prepared)
        finally:
            self._prepare()

    def _take_prepared(self, prepared: do.Prepared) -> None:
        running = self._session().training.running
        history = prepared.run.history
        branched = history.first == prepared.update and history.parent is not None
        self._dispatch(replace(prepared, position=None))
        if branched and running:
            self._dispatch(do.Train(True))
