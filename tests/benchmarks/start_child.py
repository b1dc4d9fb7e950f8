"""Started by :mod:`tests.benchmarks.startup` in a process of its own: starts the program and says when it was where."""

import time

BEGAN = time.time(), time.process_time()

import json  # noqa: E402
import sys  # noqa: E402
from types import ModuleType  # noqa: E402

marks = [("interpreter", *BEGAN)]


def mark(name: str) -> None:
    """Note that the phase ``name`` is over."""
    marks.append((name, time.time(), time.process_time()))


def watch(app: ModuleType) -> None:
    """Mark the making of the program and the first frame of its window, and end it afterwards."""
    from PySide6.QtCore import QEvent, QObject, QTimer
    from PySide6.QtWidgets import QApplication

    class Eye(QObject):
        seen = False

        def eventFilter(self, window: QObject, event: QEvent) -> bool:
            if event.type() == QEvent.Type.Paint and not self.seen:
                self.seen = True
                QTimer.singleShot(0, painted)  # the panels are painted after the window and before any timer
            return False

    def painted() -> None:
        mark("first frame")
        absent = sorted(sys.modules)
        import pyqtgraph  # noqa: F401

        mark("pyqtgraph")
        print(json.dumps({"marks": marks, "modules": absent}))
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
