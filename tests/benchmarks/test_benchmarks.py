"""A smoke run of every benchmark: everybody computes the same. Times are never asserted."""

from __future__ import annotations

import json

import numpy as np
import pytest

from rnncore import Full, Window
from tests.benchmarks import __main__ as command
from tests.benchmarks import machine, peers, report, suite, work
from tests.benchmarks.judged import Judged
from tests.benchmarks.timing import Timing, paired
from tests.benchmarks.work import Size, Task

LITTLE = Size("little", 9, 5, 7)


def assert_same(task, truncation, theirs, rtol=1e-9):
    loss, gradients = theirs
    ours = work.gradient(task, truncation)()
    assert ours.loss == pytest.approx(loss, rel=rtol)
    assert gradients
    for name, value in gradients.items():
        np.testing.assert_allclose(ours.gradients[name], value, rtol=rtol, atol=rtol)


@pytest.mark.parametrize("precision", suite.PRECISIONS)
@pytest.mark.parametrize("batch", [None, 3])
@pytest.mark.parametrize("cell", suite.CELLS)
def test_pytorch_computes_the_same(cell, batch, precision):
    pytest.importorskip("torch")
    task = Task(cell, LITTLE, precision, batch)
    step, gradient = peers.torch_peer(task)
    assert_same(task, Full(), gradient(), 1e-9 if precision == "float64" else 1e-4)
    assert step() > step() > 0.0


@pytest.mark.parametrize("batch", [None, 3])
@pytest.mark.parametrize("cell", suite.CELLS)
def test_jax_computes_the_same(cell, batch):
    pytest.importorskip("jax")
    task = Task(cell, LITTLE, "float64", batch)
    step, gradient = peers.jax_peer(task)
    assert_same(task, Full(), gradient())
    assert step() > step() > 0.0


@pytest.mark.parametrize("truncate", [0, 4, 20])
@pytest.mark.parametrize("algorithm", [peers.Tutorial, peers.GateByGate])
def test_the_tutorials_algorithm_computes_the_same(algorithm, truncate):
    task = Task("vanilla", LITTLE, "float64")
    theirs = algorithm(task, truncate)
    assert_same(task, Window(truncate), theirs.gradient(), 1e-12)
    assert theirs.step() > theirs.step() > 0.0


@pytest.mark.parametrize("cell", suite.CELLS)
def test_kernel_and_graph_compute_the_same(cell):
    task = Task(cell, LITTLE, "float64")
    expected = work.graph_gradient(task, Window(2))()
    found = work.gradient(task, Window(2))().gradients
    for name, value in expected.items():
        np.testing.assert_allclose(found[name], value, rtol=1e-11, atol=1e-13)


def test_our_step_moves_the_parameters_by_the_rate_times_the_gradient():
    task = Task("vanilla", LITTLE, "float64")
    step, training = work.Step(task, Full()), work.trainer(task, Full()).__self__
    before, gradient = step.model.parameters, work.gradient(task, Full())().gradients
    first = step()
    training.step()
    for name, value in before.items():
        expected = value - work.RATE * gradient[name]
        np.testing.assert_allclose(step.model.parameters[name], expected, rtol=1e-12)
        np.testing.assert_allclose(training.model.parameters[name], expected, rtol=1e-12)
    assert step() < first


def test_looking_and_seeking_can_be_called_again_and_again():
    task = Task("gru", LITTLE, "float64")
    seek = work.any_update(work.long_history("lstm", 40))
    for call in (work.whole_ledger(task), work.new_walk(task, Window(2)), work.any_position(task, Window(2)), seek):
        assert call() is not None and call() is not None


@pytest.mark.parametrize("cell", suite.CELLS)
def test_both_evaluations_find_the_same_loss(cell):
    ours, graph = work.evaluation(Task(cell, LITTLE, "float64"), 70)
    assert ours() == pytest.approx(graph(), rel=1e-12)


def test_the_groups_of_the_window_are_judged(monkeypatch):
    for name, value in (("LOOK_STEPS", 8), ("SEEK_UPDATES", 20), ("HELD_OUT", 5), ("CELLS", ("gru",))):
        monkeypatch.setattr(suite, name, value)
    found = [*suite.rows(1, "looking"), *suite.rows(1, "seek")]
    assert [row.group for row in found] == ["ledger", "walk", "walk", "seek", "seek"]
    assert all(row.value > 0.0 and row.bound is not None for row in found)
    assert [row.group for row in suite.rows(3, "evaluation")] == ["evaluation"]


def test_every_group_growth_and_share_can_be_run(monkeypatch):
    for name in ("TINY", "SMALL", "MEDIUM", "TUTORIAL"):
        monkeypatch.setattr(suite, name, LITTLE)
    for name, value in (("LOOK_STEPS", 8), ("SEEK_UPDATES", 20), ("HELD_OUT", 5), ("HOUR", 600)):
        monkeypatch.setattr(suite, name, value)
    monkeypatch.setattr("tests.benchmarks.timing.BLOCK_SECONDS", 0.0)
    monkeypatch.setattr(suite, "AXES", {"length": (2, 4), "hidden": (3, 6), "vocabulary": (5, 10)})
    found = list(suite.rows(1, "core"))
    wanted = {"one step", "window", "tutorial", "minibatch", "evaluation", "ledger", "walk", "seek", "memory"}
    assert {row.group for row in found} == wanted and all(report.line(row) for row in found)
    grown = suite.growth(1)
    assert [item["axis"] for item in grown] == [axis for axis in suite.AXES for _ in range(2)]
    assert all(np.isfinite(item["slope"]) and item["predicted"] > 0.0 for item in grown)
    monkeypatch.setattr(machine, "peak", lambda precision: (10.0, 5.0))
    assert all(item["share"] > 0.0 for item in suite.shares(1))
    assert report.growth(grown) and "lstm" in report.short(found)


def test_the_short_table_puts_rows_of_one_line_together():
    timings = {"step": Timing(1e-3, (1e-3,)), "torch": Timing(4e-3, (4e-3,))}
    budgets = [("torch", 2.0), ("torch", 5.0)]
    pair = [suite.Row("g", "either", timings, "step", budget, line="both") for budget in budgets]
    found = report.short([*pair, Judged("walk", "look", 0.02, "s", 0.016), suite.Row("g", "free", timings, "step")])
    assert found.splitlines()[2:] == [
        "| both | 1.0 ms / 1.0 ms | 4.0 ms / 4.0 ms | 4.00 / 4.00 | torch ≥ 2.00×, torch ≥ 5.00× | met / **missed** |",
        "| look | 20.0 ms |  |  | ≤ 16.0 ms | **missed** |",
    ]


def test_a_ratio_compares_turn_by_turn():
    ours, theirs = Timing(1.0, (1.0, 2.0, 1.0)), Timing(3.0, (3.0, 6.0, 5.0))
    assert ours.times_faster_than(theirs) == 3.0
    timings = paired({"a": lambda: None, "b": lambda: sum(range(2000))}, 3)
    assert set(timings) == {"a", "b"} and all(len(t.turns) == 3 for t in timings.values())


def test_the_arithmetic_counts_each_weight_six_times_a_step():
    assert machine.arithmetic("lstm", LITTLE) == 6 * 7 * (4 * 25 + 45)


def test_the_command_prints_a_table_and_writes_it(tmp_path, capsys, monkeypatch):
    for name in ("TINY", "SMALL", "MEDIUM", "TUTORIAL"):
        monkeypatch.setattr(suite, name, LITTLE)
    monkeypatch.setattr(suite, "CELLS", ("vanilla",))
    monkeypatch.setattr("tests.benchmarks.timing.BLOCK_SECONDS", 0.0)
    monkeypatch.setattr(suite, "looking", lambda turns: iter(()))
    target = tmp_path / "speed.json"
    assert command.main(["--turns", "1", "--only", "tutorial", "--json", str(target)]) == 0
    printed = capsys.readouterr().out
    assert "little gradient float64" in printed and "budgets met" in printed
    written = json.loads(target.read_text())
    assert "OMP_NUM_THREADS" in written["machine"]["threads"]
    rows = [row for row in written["rows"] if row["ours"] == "gradient"]
    assert rows and all(row["times_faster_than"]["tutorial"] > 0 for row in rows)


def test_an_hours_history_is_measured_on_what_was_recorded():
    first, last, history = work.an_hour(60_000)
    assert 0.0 < first < last and history.last >= 60_000
    assert len({id(frame.parameters["V"]) for frame in history.keyframes}) == len(history.keyframes) > 20
