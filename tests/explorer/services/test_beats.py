from __future__ import annotations

from PySide6.QtCore import QObject

from explorer.services.beats import Beats


def test_a_beat_is_counted_from_when_the_last_one_was_due(qapp, monkeypatch):
    clock, parent = [50.0], QObject()
    monkeypatch.setattr("explorer.services.beats.time.perf_counter", lambda: clock[0])
    beats = Beats(lambda: None, parent)
    beats.plan(0.2)
    assert beats.timer.interval() == 200 and beats.timer.isSingleShot()
    clock[0] += 0.25
    beats.plan(0.2)
    assert beats.timer.interval() == 150
    clock[0] += 30.0
    beats.plan(0.2)
    assert beats.timer.interval() == 200, "a long halt is not caught up with"
    beats.stop()
    assert not beats.timer.isActive()
