"""What the tests of the worker share, whether it trains on a thread or in a process of its own."""

from __future__ import annotations

import time
from collections.abc import Callable

from explorer.services.worker import Snapshot, Worker
from rnncore.history import History
from tests.explorer.model.runs import small_run


def until(worker: Worker, found: Callable[[Snapshot], bool], seconds: float = 20.0) -> Snapshot:
    """Take snapshots until one is as wanted."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        snapshot = worker.take()
        if snapshot is not None and found(snapshot):
            return snapshot
        time.sleep(0.001)
    raise AssertionError("no such snapshot came")


def adopt(worker: Worker, run_id: int = 1, **changes) -> History:
    """Give a small run to the worker and return its history."""
    history = small_run(**changes).history
    worker.adopt(run_id, history, history.head)
    return history
