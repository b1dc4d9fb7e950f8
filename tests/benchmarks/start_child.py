"""Started by :mod:`tests.benchmarks.startup` in a process of its own: starts the program and says when it was where."""

import time

BEGAN = time.time(), time.process_time()

import json  # noqa: E402
import sys  # noqa: E402
from types import ModuleType  # noqa: E402
from typing import Any  # noqa: E402

marks = [("interpreter", *BEGAN)]


def mark(name: str) -> None:
    """Note that the phase ``name`` is over."""
    marks.append((name, time.time(), time.process_time()))


def watch(app: ModuleType) -> None:
    """Mark the making of the program and the first frame of its window, and end it afterwards."""
    from PySide6.QtCore import QEvent, QObject, QTimer
    from PySide6.QtWidgets import QApplication

    loaded: list[str] = []

    class Eye(QObject):
        def eventFilter(self, window: QObject, event: QEvent) -> bool:
            if event.type() in (QEvent.Type.Paint, QEvent.Type.UpdateRequest):
                # What is in the window is painted after it, and before any timer.
                QTimer.singleShot(0, lambda: painted(window))
            return False

    def painted(window: Any) -> None:
        if not loaded:
            mark("first frame")
            loaded.extend(sorted(sys.modules))
        docks = [dock for dock in window.board.docks.values() if not dock.visibleRegion().isEmpty()]
        if marks[-1][0] != "first frame" or not all(dock.panel for dock in docks):
            return
        mark("all panels")
        print(json.dumps({"marks": marks, "modules": loaded}))
        QApplication.quit()

    program = app.Program

    def made(*args: object, **options: object) -> object:
        mark("checks")
        new = program(*args, **options)
        mark("program")
        new.eye = Eye(new.window)
        new.window.installEventFilter(new.eye)
        return new

    app.Program = made  # type: ignore[attr-defined]


def main() -> int:
    """Import in an order that tells the libraries apart, then do what the command does."""
    from explorer import cli
    from explorer.services import collector

    mark("command")
    with collector.resting():  # as the command does
        import PySide6.QtWidgets  # noqa: F401

        mark("PySide6")
        import numpy  # noqa: F401

        mark("numpy")
        import rnncore  # noqa: F401

        mark("rnncore")
        from explorer import app

        mark("explorer")
        application = app.palette.make_application(sys.argv[:1])
        mark("QApplication")
        watch(app)
        code = cli.main([])
    del application
    return code


if __name__ == "__main__":
    sys.exit(main())
