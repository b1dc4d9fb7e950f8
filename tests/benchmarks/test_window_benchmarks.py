"""A smoke run of the window's benchmarks: they find their numbers. Times are never asserted."""

from __future__ import annotations

import json

from explorer.store import Store
from explorer.views.stage import StageView
from explorer.views.stage.canvas import StageCanvas
from tests.benchmarks import __main__ as command
from tests.benchmarks import paint, startup, training
from tests.benchmarks.costs import Costs
from tests.benchmarks.judged import Judged


def test_a_start_is_told_phase_by_phase(tmp_path):
    fresh, again = startup.measured(1, tmp_path)
    assert (tmp_path / "last" / "last-session.bptt").exists()
    for row in (fresh, again):
        assert row.parts["all_panels"] >= row.value > 0.0 and row.bound == startup.BUDGET
        phases = row.parts["phases"]
        assert next(iter(phases)) == "interpreter" and list(phases)[-2:] == ["first frame", "all panels"]
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


def test_every_operation_is_painted_and_every_panel_tells_what_it_takes(qapp):
    rows = list(paint.measured(3, ("vanilla",)))
    names = [row.name for row in rows]
    for act in ("→", "⇧→", "scrub", "←", "hover", "selection", "scissors"):
        assert sum(name.endswith(f": {act}") for name in names) == 2
    for row in rows:
        assert 0.0 < row.parts["p50"] <= row.parts["p95"] <= row.parts["longest"]
        assert row.parts["operations"] == 3 and row.parts["cpu_p95"] > 0.0
        assert row.parts["all_p95"] >= row.parts["p95"] and row.parts["all_cpu_p95"] >= row.parts["frame_cpu_p95"] > 0.0
    told = [row for row in rows if row.name.rpartition(": ")[2] in ("→", "⇧→", "scrub", "selection")]
    for row in told:
        panels = row.parts["panels"]
        assert {"stage", "session", "inspector"} <= set(panels)
        assert panels["stage"]["read"] > 0.0 and panels["stage"]["paint"] > 0.0
        assert panels["session"]["dispatch"] > 0.0


def test_measuring_the_panels_leaves_their_classes_as_they_were(qapp):
    costs = Costs()
    before = StageView.refresh, Store.dispatch, StageCanvas.paintEvent
    with costs.measuring():
        assert StageView.refresh is not before[0]
    assert (StageView.refresh, Store.dispatch, StageCanvas.paintEvent) == before


def test_the_window_trains_and_its_frames_are_counted(qapp):
    frames, share = training.measured(0.4, ("vanilla",), warm=0.3)
    assert frames.unit == "fps" and frames.value > 0.0 and share.value > 0.0
    assert 0.0 < frames.parts["p50"] <= frames.parts["p95"] <= frames.parts["longest"]
    assert frames.parts["updates_per_second"] > 0.0 and min(frames.parts["headless"]) > 0.0


def test_the_largest_sizes_are_painted_and_judged_by_what_the_hand_notices():
    sizes = paint.large()
    long, wide = (settings.corpus.load() for _, settings in sizes)
    assert long.longest == 200 and wide.vocabulary.size >= 7900
    rows = list(paint.measured_large(2, sizes[:1]))
    acts = ("→", "⇧→", "scrub", "←", "hover", "selection", "scissors")
    assert [row.name for row in rows] == [f"T 200, H 256, lstm: {act}" for act in acts]
    assert all(row.bound == paint.LARGE_BUDGET and row.value > 0 for row in rows)
