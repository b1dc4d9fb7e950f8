"""Ctrl-C as a wish to stop, for work in a terminal that has something to keep or to tidy up first."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Callable, Iterator
from typing import Any


@contextlib.contextmanager
def interruptible() -> Iterator[Callable[[], bool]]:
    """Turn the first Ctrl-C, closing of the terminal, or end that a batch system asks for, into a wish to stop.

    A second one interrupts. What the caller ignores, as nohup does the closing, stays ignored.
    """
    wished = False
    before: dict[int, Any] = {}

    def wish(number: int, frame: Any) -> None:
        nonlocal wished
        wished = True
        signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)

    try:
        for asked in [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]:
            if signal.getsignal(asked) is not signal.SIG_IGN:
                before[asked] = signal.signal(asked, wish)
    except ValueError:  # not on the main thread, as in a test
        yield lambda: False
        return
    try:
        yield lambda: wished
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
