"""How tests wait for a store, and change its settings."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from PySide6.QtCore import QCoreApplication

from explorer.model import action as do
from explorer.store import Store


def until(store: Store, found: Callable[[], Any], seconds: float = 10.0) -> None:
    """Let the event loop run until something is so."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        QCoreApplication.processEvents()
        if found():
            return
        time.sleep(0.001)
    raise AssertionError("it never came to that")


def change(store: Store, **changes: Any) -> None:
    """Change settings, and let the run be prepared."""
    store.dispatch(do.ChangeSettings(replace(store.session.settings, **changes)))
    store.wait()
