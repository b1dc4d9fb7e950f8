from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from explorer.model import action as do
from explorer.model.verification import MOST_STEPS, verify
from rnncore import ops
from rnncore.kernel import Kernel
from rnncore.ledger import ledgers
from rnncore.library import LIBRARY
from rnncore.model import Model
from rnncore.trace import forward
from rnncore.truncation import Chunks, Full, Stride, Tail, Window
from rnncore.walk import walk

from .runs import Driver, small_run


@pytest.mark.parametrize("policy", [Full(), Window(1), Chunks(2), Stride(2, 3, "all"), Tail(2)])
def test_a_right_gradient_is_verified_under_every_policy(policy):
    driver = Driver(small_run(cell="gru", truncation=policy))
    found = verify(driver.derived.walk(driver.session), 7)
    assert found.ok and found.update == 7
    assert found.ledger < 1e-12 and found.difference < 1e-6
    assert "verified" in found.summary


def test_a_gradient_of_single_precision_is_verified_in_double_and_says_so():
    driver = Driver(small_run(cell="lstm", precision="float32"))
    found = verify(driver.derived.walk(driver.session), 0)
    assert found.ok and found.ledger < 1e-5 and found.difference < 1e-6
    assert "single" in found.report


def test_a_wrong_gradient_is_not():
    driver = Driver()
    made = driver.derived.walk(driver.session)
    wrong = {name: np.array(values) for name, values in made.gradients.items()}
    wrong["W"] *= 1.001
    made.__dict__["gradients"] = type(made.gradients)(wrong, made.gradients.initial_state)
    found = verify(made, 0)
    assert not found.ok and max(found.ledger, found.difference) > 1e-5
    assert "differs" in found.summary


def test_a_gradient_that_is_not_finite_is_never_called_verified():
    model = Model.create("vanilla", 6, 4, seed=0)
    model = model.with_parameters({**model.parameters, "W": np.full((4, 4), np.nan)})
    ids = np.array([0, 1, 2, 3])
    found = verify(walk(model, forward(model, ids), np.array([1, 2, 3, 4])), 0)
    assert not found.ok and "not finite" in found.summary


def test_a_long_sentence_is_checked_in_part_and_says_so():
    driver = Driver()
    driver.do(do.TypeSentence("the cat sees " * MOST_STEPS))
    found = verify(driver.derived.walk(driver.session), 0)
    assert found.ok and f"first {MOST_STEPS} of" in found.report


@pytest.mark.parametrize("cell", ["vanilla", "gru", "lstm-peephole", "gru-2014"])
def test_the_fast_kernel_is_checked_against_the_graph(cell):
    driver = Driver(small_run(cell=cell))
    found = verify(driver.derived.walk(driver.session), 0)
    assert found.ok and found.kernel is not None and found.kernel < 1e-12
    assert "Fast kernel against operation graph" in found.report


def test_an_error_planted_in_the_kernel_is_found(monkeypatch):
    driver = Driver()
    right = Kernel.gradients

    def wrong(self, *given, **more):
        found, loss = right(self, *given, **more)
        arrays = {name: np.array(found[name]) for name in found}
        arrays["U"][0, driver.session.sentence.example.inputs[0]] += 1e-6
        return arrays, loss

    monkeypatch.setattr(Kernel, "gradients", wrong)
    found = verify(driver.derived.walk(driver.session), 0)
    assert not found.ok and found.kernel > 1e-7 and "differs" in found.summary
    assert found.ledger < 1e-12 and found.difference < 1e-6  # the explaining path is right


@pytest.mark.parametrize("policy", [Full(), Window(1), Tail(1)])
def test_both_numbers_of_every_check_are_told_and_no_zero_is_the_worst(policy):
    driver = Driver(small_run(cell="gru", truncation=policy))
    made = driver.derived.walk(driver.session)
    found = verify(made, 3)
    assert [len(check.rows) for check in found.checks] == [len(made.gradients)] * 3
    for check in found.checks:
        worst = check.worst
        assert worst.first != 0 and worst.second != 0 and worst.first == pytest.approx(worst.second)
        assert worst.where in found.report
        for row in check.rows:
            assert (row.first != 0 or row.second != 0) or not np.any(made.gradients[row.where.split(",")[0]])
    ledger, kernel, _ = found.checks
    for row in ledger.rows:
        assert row.second == pytest.approx(np.linalg.norm(made.gradients[row.where]))
    for row in kernel.rows:
        name, _, at = row.where.partition("[")
        if at:
            assert made.gradients[name][tuple(int(i) - 1 for i in at[:-1].split(","))] == row.second


def test_a_planted_error_is_named_with_both_its_numbers(monkeypatch):
    driver = Driver()
    right = Kernel.gradients
    word = driver.session.sentence.example.inputs[0]

    def wrong(self, *given, **more):
        found, loss = right(self, *given, **more)
        arrays = {name: np.array(found[name]) for name in found}
        arrays["U"][0, word] += 1e-3
        return arrays, loss

    monkeypatch.setattr(Kernel, "gradients", wrong)
    worst = verify(driver.derived.walk(driver.session), 0).checks[1].worst
    assert worst.where == f"U[1, {word + 1}]" and not worst.ok and worst.first - worst.second == pytest.approx(1e-3)


def test_what_is_not_finite_is_marked_wherever_it_is():
    model = Model.create("vanilla", 6, 4, seed=0)
    model = model.with_parameters({**model.parameters, "W": np.full((4, 4), np.nan)})
    ids = np.array([0, 1, 2, 3])
    found = verify(walk(model, forward(model, ids), np.array([1, 2, 3, 4])), 0)
    assert all(not check.ok for check in found.checks) and "NaN" in found.report and "not finite" in found.report


def wrong_operation(monkeypatch, name):
    right = ops.ELEMENTWISE[name]
    wrong = replace(right, vjp=lambda gradient, *values: tuple(1.00001 * g for g in right.vjp(gradient, *values)))
    monkeypatch.setattr("rnncore.graph.ELEMENTWISE", {**ops.ELEMENTWISE, name: wrong})


@pytest.mark.parametrize("name", ["sigmoid", "tanh", "mul", "add"])
def test_an_error_planted_in_the_backward_pass_of_the_graph_is_found_by_kernel_and_numeric_check(monkeypatch, name):
    driver = Driver(small_run(cell="lstm"))
    wrong_operation(monkeypatch, name)
    found = verify(driver.derived.walk(driver.session), 0)
    assert not found.ok and "differs" in found.summary
    assert found.kernel > 1e-7 and found.difference > 1e-7


def test_an_error_planted_in_the_ledger_is_found_by_the_ledger_check_alone(monkeypatch):
    driver = Driver(small_run(cell="lstm"))

    def wrong(*given, **more):
        found = dict(ledgers(*given, **more))
        signed = found["W_f"].signed.copy()
        signed[2, 1] += 1e-6 * found["W_f"].total
        found["W_f"] = replace(found["W_f"], signed=signed)
        return found

    monkeypatch.setattr("explorer.model.verification.ledgers", wrong)
    found = verify(driver.derived.walk(driver.session), 0)
    assert [check.ok for check in found.checks] == [False, True, True] and not found.ok
    assert found.checks[0].worst.where == "W_f" and found.ledger == pytest.approx(1e-6, rel=0.5)


def test_a_large_network_is_checked_on_fewer_steps_and_says_so(monkeypatch):
    driver = Driver()
    made = driver.derived.walk(driver.session)
    monkeypatch.setattr("explorer.model.verification.MOST_WORK", 16 * made.model.vocabulary_size * 5)
    found = verify(made, 0)
    assert found.ok and f"first 4 of {made.trace.length}" in found.report


def test_a_gradient_of_nothing_says_that_it_is_zero():
    model = Model.create("vanilla", 6, 4, seed=0)
    inputs, no_loss = np.array([1, 2, 3]), np.full(3, -1)
    found = verify(walk(model, forward(model, inputs), no_loss), 0)
    assert found.ok and found.summary == "gradient is zero, verified"


@pytest.mark.parametrize(
    ("edits", "choices"),
    [
        ([do.EditWeight("W", 0, 0, 300.0)], {"hidden_size": 1, "truncation": Tail(99)}),
        ([do.EditWeight("b", 0, None, 20.0)], {"hidden_size": 1, "cell": "vanilla-bias", "truncation": Full()}),
        ([do.EditWeight("b", 0, None, 300.0)], {"hidden_size": 1, "cell": "leaky"}),
        ([do.EditInitialState("h", 0, 50.0)], {"hidden_size": 1, "cell": "mgu", "precision": "float32"}),
        (
            [do.EditWeight("b_f", 0, None, 18.0), do.EditWeight("b_i", 0, None, -20.0)],
            {"hidden_size": 1, "cell": "lstm"},
        ),
        ([do.EditWeight("b_z", 0, None, 17.0)], {"hidden_size": 1, "cell": "gru", "precision": "float32"}),
    ],
)
def test_what_a_saturated_gate_leaves_of_a_gradient_is_rounding_and_no_error(edits, choices):
    driver = Driver(small_run(**choices))
    driver.do(do.ShowSentence(5), *edits)
    found = verify(driver.derived.walk(driver.session), 0)
    assert found.ok, found.report


@pytest.mark.parametrize("cell", LIBRARY)
@pytest.mark.parametrize("precision", ["float64", "float32"])
def test_no_cell_is_called_wrong_whatever_its_weights_are_multiplied_by(cell, precision):
    for seed, policy in enumerate((Full(), Window(2), Stride(2, 3, "all"))):
        driver = Driver(small_run(cell=cell, precision=precision, truncation=policy, hidden_size=1 + seed, seed=seed))
        for factor in (10.0, 300.0):
            weights = {name: np.asarray(w) * factor for name, w in driver.session.model.parameters.items()}
            model = driver.session.model.with_parameters(weights)
            sentence = driver.session.sentence.example
            made = walk(model, forward(model, sentence.inputs), sentence.targets, policy)
            if all(np.isfinite(g).all() for g in made.gradients.values()):
                found = verify(made, seed)
                assert found.ok or found.summary == "gradient not finite", (policy, factor, found.report)
