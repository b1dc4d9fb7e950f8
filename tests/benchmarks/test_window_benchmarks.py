"""A smoke run of the window's benchmarks: they find their numbers. Times are never asserted."""

from __future__ import annotations

import json

from tests.benchmarks import __main__ as command
from tests.benchmarks import startup
from tests.benchmarks.judged import Judged


def test_a_start_is_told_phase_by_phase(tmp_path):
    fresh, again = startup.measured(1, tmp_path)
    assert (tmp_path / "last" / "last-session.bptt").exists()
    for row in (fresh, again):
        assert row.value > 0.0 and row.bound == startup.BUDGET
        phases = row.parts["phases"]
        assert next(iter(phases)) == "interpreter" and list(phases)[-2:] == ["first frame", "pyqtgraph"]
        assert all(phase["seconds"] > 0.0 for phase in phases.values())
        assert len(row.parts["runs"]) == 1


def test_a_bound_is_kept_or_missed_in_its_own_direction():
    assert Judged("g", "n", 0.9, "s", 1.0).met and not Judged("g", "n", 1.1, "s", 1.0).met
    assert Judged("g", "n", 60.0, "fps", 55.0, "≥").met and not Judged("g", "n", 50.0, "fps", 55.0, "≥").met
    assert Judged("g", "n", 1.0).met is None and Judged("g", "n", 1.0).budget is None
    assert "MISSED (≤ 16.0 ms)" in str(Judged("g", "n", 0.02, "s", 0.016))


def test_the_command_prints_and_writes_what_the_window_was_measured_at(tmp_path, capsys, monkeypatch):
    rows = [Judged("startup", "first start", 2.0, "s", 1.0, lines=("numpy 0.1 s",))]
    monkeypatch.setattr(startup, "measure", lambda turns: iter(rows))
    target = tmp_path / "window.json"
    assert command.main(["--only", "startup", "--json", str(target)]) == 0
    printed = capsys.readouterr().out
    assert "first start" in printed and "    numpy 0.1 s" in printed and "0 of 1 budgets met" in printed
    written = json.loads(target.read_text())
    assert written["window"] == [rows[0].record()]
    assert "OMP_NUM_THREADS" in written["machine"]["threads"]
