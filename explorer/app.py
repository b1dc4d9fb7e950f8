"""The program: an application, a store and a window, put together and taken apart."""

from __future__ import annotations

import sys
import traceback
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any

from PySide6.QtCore import QSize, QTimer
from PySide6.QtWidgets import QApplication

from rnncore.errors import FileError, RnnError

from .model import action as do
from .model.runs import start_run
from .model.session import Message, Session
from .model.settings import Settings
from .services import collector, sessions, signals
from .services.preferences import Preferences, folder, last_session_path
from .store import Store
from .theme import palette
from .theme.desktop import SYSTEM, DesktopTheme, desktop_theme
from .theme.theme import current, theme_named
from .views.window import MainWindow

SWITCH = 5e-4
"""Seconds after which a thread that computes lets another one go on. Painting asks for the interpreter at every small
call, and would wait each time for as long as Python usually lets a thread compute: frames of half a second."""
SETTLED = 1000
"""Milliseconds after which the window stands, with what comes after its first frame."""
AUTOSAVE = 45_000
"""Milliseconds between two savings of the running session; after a kill nothing older than a minute is lost."""


def suggested_scale(screen: QSize) -> float:
    """Return the size of the type for a screen of so many logical pixels: a full-HD window, enlarged to fill it."""
    share = min(screen.width() / 1920, screen.height() / 1040)
    return round(min(max(share, 1.0), 2.0), 1)


class Program:
    """One running program. ``restore`` brings the last session back; ``path`` is opened instead of it.

    ``theme`` is "system" for that of the desktop, or one by name; None for the one of last time.
    """

    def __init__(self, path: str | None = None, *, restore: bool = True, theme: str | None = None) -> None:
        self.preferences = Preferences.load()
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        application.setApplicationName("BPTT Explorer")
        self._suggested = suggested_scale(application.primaryScreen().availableGeometry().size())
        scale = self.preferences.scale or self._suggested
        chosen = desktop_theme() if theme == SYSTEM else theme or self.preferences.theme
        palette.apply(application, theme_named(chosen, scale))
        self.store = Store(start_run(Settings()), theme=chosen, apart=True)
        self._desktop = (
            DesktopTheme(lambda: self.store.session.theme, lambda name: self.store.dispatch(do.SetTheme(name)))
            if theme == SYSTEM
            else None
        )
        self.store.dispatch(do.SetTab(self.preferences.tab))
        self.store.dispatch(do.SetPlayback(self.preferences.beat, self.preferences.speed))
        self.window = MainWindow(self.store)
        self.window.about_to_close = self.close  # type: ignore[method-assign]
        self.window.board.set_layouts(self.preferences.layouts)
        self.window.saved_layouts = {**self.preferences.saved_layouts}
        self.window.saved_in = self.preferences.saved_in
        self.window.opened_in = self.preferences.opened_in
        self.window.restore_geometry_text(self.preferences.geometry)
        self._keep = restore
        self._kept: Session | None = None
        self._written: Preferences | None = None
        self._closed = False
        self._switch = sys.getswitchinterval()
        sys.setswitchinterval(SWITCH)
        self._autosave = QTimer(self.window, interval=AUTOSAVE)
        self._autosave.timeout.connect(self.autosave)
        self._autosave.start()
        if path is not None:
            self.store.dispatch(do.OpenPath(path))
        elif restore:
            self._restore()

    def _restore(self) -> None:
        where = last_session_path()
        if not where.exists():
            return
        try:
            prepared = sessions.open_session(where)
        except RnnError as error:
            aside = where.with_name(f"{where.stem}-unreadable{where.suffix}")
            with suppress(OSError):
                where.replace(aside)  # this session must not be written over it
            text = f"The last session could not be opened and was put aside as {aside}: {error}"
            self.store.dispatch(do.Notify(Message(text, "warning")))
            return
        self.store.dispatch(replace(prepared, path=None))
        self.store.forget()

    def autosave(self) -> None:
        """Keep the session for the next start in the background, unless nothing has changed since the last time."""
        session = self.store.session
        if not self._keep:
            return
        if not _same(session, self._kept):
            self.store.quietly(lambda: self._save(session), self._not_kept)
        chosen = self._chosen()
        if chosen != self._written:
            self._written = chosen
            chosen.save()

    def _chosen(self) -> Preferences:
        session, window = self.store.session, self.window
        scale = 0.0 if current().scale == self._suggested else current().scale
        layouts = window.board.layouts()
        return Preferences(
            session.theme,
            scale,
            session.tab,
            window.geometry_text(),
            layouts,
            window.saved_in,
            window.opened_in,
            session.playback.speed,
            session.playback.granularity,
            {**window.saved_layouts},
        )

    def _save(self, session: Session) -> None:
        try:
            folder().mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise FileError(f"{folder()}: {error.strerror or error}") from None
        sessions.save_session(str(last_session_path()), session)
        self._kept = session

    def _not_kept(self, error: RnnError) -> None:
        self.store.dispatch(do.Notify(Message(f"The session could not be kept for the next start: {error}", "warning")))

    def close(self) -> None:
        """Keep everything and stop every thread; called when the window closes."""
        if self._closed:
            return
        self._closed = True
        self._autosave.stop()
        if self._desktop is not None:
            self._desktop.end()
        try:
            self.store.come_to_rest()
            self.autosave()
            self.store.finish_writing()
        finally:
            # Whatever went wrong above: threads that outlive the application end the process with a fault.
            self.store.close()
            sys.setswitchinterval(self._switch)


def _same(session: Session, kept: Session | None) -> bool:
    """Whether a session needs no saving; frozen records are the same only if they are the very same objects."""
    return kept is not None and (
        session.run is kept.run
        and session.training.state is kept.training.state
        and session.training.last == kept.training.last
        and session.sentence is kept.sentence
        and session.position == kept.position
        and session.beside == kept.beside
    )


def report_exceptions(store: Store) -> Any:
    """Show exceptions from slots in the window instead of losing them; returns the hook that was there before."""
    before = sys.excepthook

    def hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        traceback.print_exception(kind, error, trace)
        if isinstance(error, Exception):
            place = traceback.extract_tb(trace)[-1] if trace else None
            where = f" ({Path(place.filename).name}, line {place.lineno})" if place else ""
            text = (
                f"This should not have happened{where}. The session is as it was before: save it (Ctrl+S) and go on, "
                f"or start the program again. In the language of the program: {kind.__name__}: {error}"
            )
            store.dispatch(do.Notify(Message(text, "error")))

    sys.excepthook = hook
    return before


def run(path: str | None = None, *, theme: str | None = None, fresh: bool = False) -> int:
    """Open the window, on ``path`` if one is given, and return the exit code when it has been closed.

    ``fresh`` neither restores the last session nor keeps this one.
    """
    application = palette.make_application(sys.argv[:1])
    program = Program(path, restore=not fresh, theme=theme)
    before = report_exceptions(program.store)
    try:
        if program.preferences.geometry:
            program.window.show()
        else:
            program.window.showMaximized()
        settling = QTimer(singleShot=True, interval=SETTLED)
        settling.timeout.connect(collector.settled)
        settling.start()
        try:

            def close_all() -> None:
                program.window.close()  # first: what floats is closed with all, and would be kept as hidden
                application.closeAllWindows()

            with signals.closing(close_all):
                return application.exec()
        finally:
            settling.stop()
    finally:
        program.close()
        sys.excepthook = before
