"""The tour's pictures of the real window, painted off screen."""

from __future__ import annotations

import time
from pathlib import Path

from PySide6.QtWidgets import QApplication

from rnncore.errors import FileError

from ..model import action as do
from ..model.runs import start_run
from ..model.session import Session
from ..model.settings import Settings
from ..store import Store
from ..theme import palette
from ..theme.theme import theme_named
from ..views.window import MainWindow
from .sessions import open_path
from .tour import PATIENCE

SIZE = (1760, 990)


class Photographs:
    """An :class:`~explorer.services.tour.Easel`: a window on ``path``, or on the bundled corpus, in a theme.

    Needs a Qt platform, "offscreen" included. Raises RnnError when ``path`` cannot be opened.
    """

    suffix = ".png"
    how = "The window, painted without a screen"

    def __init__(self, path: str | None, theme: str) -> None:
        application = QApplication.instance() or QApplication(["bptt-explorer"])
        assert isinstance(application, QApplication)
        self._application = application
        settings = Settings()
        opened = None if path is None else open_path(path, settings)
        palette.apply(application, theme_named(theme))
        self._store = Store(start_run(settings) if opened is None else opened.run, theme=theme)
        self.derived = self._store.derived
        self._window = MainWindow(self._store)
        if opened is not None:
            self._store.dispatch(opened)
        self._window.resize(*SIZE)
        self._window.show()

    @property
    def session(self) -> Session:
        return self._store.session

    def dispatch(self, action: do.Action) -> None:
        """Do what an action asks."""
        self._store.dispatch(action)

    def train(self, updates: int) -> None:
        """Train as the window does, for so many updates or as many as there is time for."""
        store = self._store
        begun = store.session.training.last
        store.dispatch(do.GoToUpdate(begun))
        store.wait()
        store.dispatch(do.Train(True))
        end = time.monotonic() + PATIENCE
        while store.session.training.last - begun < updates and time.monotonic() < end:
            store.poll()
            self._application.processEvents()  # training rests until the frame is painted
            if not store.session.training.running and not store.busy:
                break
            time.sleep(0.005)
        store.dispatch(do.Train(False))
        store.wait()

    def take(self, path: Path) -> None:
        """Photograph the window, with its check made and every panel up to date."""
        self._store.verify_now()
        self._store.wait()
        self._application.processEvents()
        if not self._window.grab().toImage().save(str(path)):
            raise FileError(f"{path} cannot be written. Give a folder that can be, with --output.")

    def close(self) -> None:
        """Close the window and stop every thread."""
        self._store.close()
        self._window.about_to_close()
        self._window.close()
        self._window.deleteLater()
