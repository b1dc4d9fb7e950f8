"""A real window off screen, of full-HD size, with the start's panels or with all of them in sight."""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from tests.benchmarks.startup import full_hd

if TYPE_CHECKING:
    from explorer.model.settings import Settings
    from explorer.views.window import MainWindow

SIZE = (1920, 1080)
PATIENCE = 0.02
"""Seconds after which a painting that has not come is not waited for any more: nothing has changed."""


def application() -> Any:
    """Return the one application; off screen, unless the tests have made theirs."""
    from PySide6.QtWidgets import QApplication

    found = QApplication.instance()
    if found is None:
        # Its file is read once, at the start of the platform.
        with tempfile.TemporaryDirectory(prefix="bptt-screen-") as folder:
            os.environ["QT_QPA_PLATFORM"] = full_hd(Path(folder))
            found = QApplication(["benchmark"])
    return found


@contextmanager
def opened(settings: Settings, *, every_panel: bool = False) -> Iterator[MainWindow]:
    """Open the window on a fresh run, painted; with ``every_panel`` each has a place of its own, none is a tab."""
    from explorer.app import SWITCH
    from explorer.model.runs import start_run
    from explorer.panels import PANELS
    from explorer.services import collector
    from explorer.store import Store
    from explorer.theme import palette
    from explorer.theme.theme import theme_named
    from explorer.views.window import MainWindow

    palette.apply(application(), theme_named("dark"))
    switch = sys.getswitchinterval()
    sys.setswitchinterval(SWITCH)  # as in the program
    with collector.resting():  # as in the program
        store = Store(start_run(settings), apart=True)
        window = MainWindow(store)
        window.resize(*SIZE)
        window.show()
        settle(store)
        if every_panel:
            for place, info in enumerate(PANELS):
                dock = window.board.docks[info.id]
                area = window.board.dockWidgetArea(window.board.docks[PANELS[0 if place % 3 == 0 else 1].id])
                if place > 1:
                    window.board.move_panel(dock, area)
                dock.ensure()
        settle(store)
        collector.settled()
    window.activateWindow()
    window.stage.setFocus()
    settle(store)
    try:
        yield window
    finally:
        sys.setswitchinterval(switch)
        window.close()
        store.close()
        window.deleteLater()
        vars(window).clear()  # its actions and menus hold on to each other
        settle(None)


def settle(store: Any, seconds: float = 20.0) -> None:
    """Let everything happen that is due, work in the background too."""
    from PySide6.QtCore import QCoreApplication, QEvent

    end = time.monotonic() + seconds
    calm = 0
    while calm < 5 and time.monotonic() < end:
        QCoreApplication.processEvents()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        calm = 0 if store is not None and store.busy else calm + 1
        time.sleep(0.002)


class Span(NamedTuple):
    """Seconds from an action to what it leads to, and of these the interface thread's processor time."""

    wall: float
    own: float


class Took(NamedTuple):
    """What an action took until the first frame was painted, and until no panel had anything left to paint.

    They are the same where all is painted in one frame. ``longest`` is the dearest single frame.
    """

    first: Span
    all: Span
    longest: Span


class Watch:
    """Times what is done to a window until that is painted."""

    def __init__(self, window: MainWindow) -> None:
        from PySide6.QtCore import QEvent, QObject

        watch = self
        self.frames: list[tuple[float, float]] = []

        class Eye(QObject):
            def eventFilter(self, _: QObject, event: QEvent) -> bool:
                if event.type() != QEvent.Type.UpdateRequest:
                    return False
                window.event(event)  # paints
                watch.frames.append((time.perf_counter(), time.thread_time()))
                return True

        self._eye = Eye(window)
        window.installEventFilter(self._eye)

    def __call__(self, act: Any) -> Took | None:
        """Do ``act()`` and return what it took; None when it changed nothing that is to be seen."""
        from PySide6.QtWidgets import QApplication

        QApplication.processEvents()
        self.frames.clear()
        began = time.perf_counter(), time.thread_time()
        act()
        calm, seen = 0, 0
        while calm < 3 or (not self.frames and time.perf_counter() - began[0] < PATIENCE):
            QApplication.processEvents()
            calm, seen = calm + 1 if len(self.frames) == seen else 0, len(self.frames)
        if not self.frames:
            return None
        times = [began, *self.frames]
        ends = [Span(wall - began[0], own - began[1]) for wall, own in self.frames]
        each = [Span(b[0] - a[0], b[1] - a[1]) for a, b in pairwise(times)]
        return Took(ends[0], ends[-1], max(each, key=lambda span: span.own))
