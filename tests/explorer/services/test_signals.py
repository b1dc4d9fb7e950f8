"""Signals close the window in good order, and the second one ends a program that does not."""

from __future__ import annotations

import os
import signal
import threading
import time

import pytest
from PySide6.QtCore import QTimer

from explorer.services import signals

pytestmark = pytest.mark.skipif(os.name != "posix", reason="sends signals as POSIX has them")


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_signal_is_heard_while_the_event_loop_sleeps(qapp, name):
    number = getattr(signal, name)
    before = signal.getsignal(number)
    sender = threading.Timer(0.1, os.kill, (os.getpid(), number))
    late = QTimer(singleShot=True, interval=10_000)  # the test ends even where nothing is heard
    late.timeout.connect(qapp.quit)
    with signals.closing(qapp.quit):
        late.start()
        sender.start()
        began = time.monotonic()
        qapp.exec()
        assert time.monotonic() - began < 5.0
        assert signal.getsignal(number) is signal.SIG_DFL
    late.stop()
    sender.join()
    assert signal.getsignal(number) is before


def test_what_was_to_be_ignored_is(qapp):
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    heard = []
    try:
        with signals.closing(lambda: heard.append(1)):
            os.kill(os.getpid(), signal.SIGHUP)
            for _ in range(5):
                qapp.processEvents()
        assert heard == []
    finally:
        signal.signal(signal.SIGHUP, before)


def test_off_the_main_thread_nothing_is_heard_and_nothing_breaks(qapp):
    done = []

    def work():
        with signals.closing(lambda: None):
            done.append(signal.getsignal(signal.SIGTERM))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert done == [signal.getsignal(signal.SIGTERM)]
