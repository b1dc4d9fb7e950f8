"""A history in which the way to an update takes a while."""

from __future__ import annotations

import time
from typing import Any

import pytest

from rnncore.history import History
from rnncore.training import Trainer


def make_far(history: History, monkeypatch: pytest.MonkeyPatch) -> History:
    """Let ``history`` keep its first frame alone, and every update that is replayed take 4 ms."""
    history._frames._updates = history._frames._updates[:1]
    step = Trainer._step

    def slowly(trainer: Trainer, should_stop: Any) -> Any:
        if trainer is not history.trainer:
            time.sleep(0.004)
        return step(trainer, should_stop)

    monkeypatch.setattr(Trainer, "_step", slowly)
    return history
