"""Which panels show at once what has changed, and which when it is their turn."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QObject

from explorer.services import turns as module
from explorer.services.turns import AT_ONCE, Turns


class Clock:
    """Stands still but when told to go on."""

    now = 100.0

    def perf_counter(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(module, "time", made)
    return made


def test_two_changes_of_one_frame_are_one_for_a_panel_that_follows(qapp, clock: Clock) -> None:
    turns, panel, shown = Turns(lambda: None), QObject(), []
    turns.hurried = True
    turns.after_first(panel, lambda: shown.append("walk"))
    turns.after_first(panel, lambda: shown.append("walk and pointer"))
    assert shown == []
    turns.follow()
    assert shown == ["walk and pointer"]


def test_a_panel_that_has_waited_for_a_frame_waits_no_longer(qapp, clock: Clock) -> None:
    turns, panel, shown = Turns(lambda: None), QObject(), []
    turns.hurried = True
    turns.after_first(panel, lambda: shown.append(1))
    clock.now += 2 * AT_ONCE
    turns.after_first(panel, lambda: shown.append(2))
    assert shown == [2]
    turns.follow()
    assert shown == [2], "it does not follow as well"


def test_without_hurry_every_panel_shows_at_once(qapp, clock: Clock) -> None:
    turns, panel, shown = Turns(lambda: None), QObject(), []
    turns.after_first(panel, lambda: shown.append(1))
    assert shown == [1]
