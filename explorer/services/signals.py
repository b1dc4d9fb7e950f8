"""Ctrl-C in the terminal, a closed terminal and the end of the desktop's session close the window in good order."""

from __future__ import annotations

import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from PySide6.QtCore import QSocketNotifier, QTimer

NAMES = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")


@contextmanager
def closing(close: Callable[[], Any]) -> Iterator[None]:
    """While this lasts the first such signal calls ``close`` on this thread, which runs Qt's event loop; a second one
    does what the system would have done. Does nothing off the main thread, where signals cannot be heard."""
    numbers = [getattr(signal, name) for name in NAMES if hasattr(signal, name)]
    before: dict[int, Any] = {}

    def heard(number: int, frame: Any) -> None:
        for one in before:
            signal.signal(one, signal.SIG_DFL)
        QTimer.singleShot(0, close)  # not here: between any two steps of the program

    # Qt sleeps in the system, where Python's handlers are not run: a byte on a socket wakes it.
    reading, writing = socket.socketpair()
    reading.setblocking(False)
    writing.setblocking(False)
    try:
        waking = signal.set_wakeup_fd(writing.fileno(), warn_on_full_buffer=False)
    except ValueError:
        reading.close()
        writing.close()
        yield
        return
    notifier = QSocketNotifier(reading.fileno(), QSocketNotifier.Type.Read)

    def drain() -> None:
        with suppress(OSError):
            reading.recv(64)

    notifier.activated.connect(drain)
    try:
        for number in numbers:
            if signal.getsignal(number) is not signal.SIG_IGN:  # nohup, or a shell's background: as it was asked
                before[number] = signal.signal(number, heard)
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(waking)
        notifier.setEnabled(False)
        notifier.deleteLater()
        reading.close()
        writing.close()
