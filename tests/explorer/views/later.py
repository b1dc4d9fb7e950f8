"""A store with threads for the panels whose heavy data come later."""

from __future__ import annotations

import time
from dataclasses import replace

from PySide6.QtCore import QCoreApplication

from explorer.model import action as do
from explorer.model.runs import start_run
from explorer.model.settings import CorpusChoice, Settings
from explorer.store import Store

CORPUS = CorpusChoice("text", "a b c d e. b c d a c. c d a e b. d a b c a. a c b d d.")


def make_store(**changes) -> Store:
    """A store on a few small sentences."""
    return Store(start_run(replace(Settings(corpus=CORPUS, hidden_size=6), **changes)))


def settle(store: Store) -> None:
    """Let everything arrive that is computed in the background."""
    end = time.monotonic() + 10
    while time.monotonic() < end:
        QCoreApplication.processEvents()
        store.poll()
        if not store.busy:
            QCoreApplication.processEvents()
            if not store.busy:
                return
        time.sleep(0.001)
    raise AssertionError("it never came to rest")


def backward(store: Store, share: float) -> None:
    """Go so far into the backward pass."""
    script = store.derived.walk(store.session).script
    store.dispatch(do.GoTo(int(script.backward_start + share * (script.update_start - script.backward_start))))
