"""Every experiment, run headless, comes out as expected; and the functions they are built on, checked by others."""

from __future__ import annotations

import numpy as np
import pytest

from explorer.model.experiments import EXPERIMENTS
from explorer.model.experiments.cliff import loss_and_gradient
from explorer.model.experiments.jacobians import (
    LINEAR,
    TANH,
    cell_jacobians,
    forget_product,
    jacobian_norms,
    network,
)
from explorer.model.experiments.records import Row
from explorer.model.experiments.votes import copies, counted_twice, example
from explorer.model.settings import start_run
from rnncore.bptt import backward, output_gradients
from rnncore.gradcheck import pair_gradient
from rnncore.model import Model
from rnncore.trace import forward
from rnncore.truncation import Window


@pytest.mark.parametrize("experiment", EXPERIMENTS, ids=lambda e: e.id)
def test_an_experiment_comes_out_as_expected(experiment):
    outcome = experiment.run()
    bad = [f"{row.label}: {row.text}, expected {row.expected}" for row in outcome.rows if not row.ok]
    assert not bad and outcome.ok and outcome.rows and outcome.said


@pytest.mark.parametrize("experiment", EXPERIMENTS, ids=lambda e: e.id)
def test_an_experiment_can_be_brought_onto_the_stage(experiment):
    run = start_run(experiment.settings)
    assert run.history.run(1) is not None


def test_a_row_out_of_its_band_or_not_a_number_is_not_ok():
    assert Row("", 1.0, 0.5, 1.5).ok and not Row("", 2.0, 0.5, 1.5).ok and not Row("", float("nan"), 0, 1).ok
    assert Row("", 1.0, 1.0, 1.0).expected == "exactly 1.000" and "at least" in Row("", 1.0, low=0.5).expected


def test_jacobian_products_are_those_of_the_explicit_matrices():
    for cell in (LINEAR, TANH):
        trace = network(cell, 1.1, "orthogonal", 3)
        w = trace.model.parameters["W"]
        product = np.eye(len(w))
        norms = jacobian_norms(trace)
        for lag in range(1, 6):
            t = trace.length - lag
            slope = 1 - trace.hidden[t] ** 2 if cell is TANH else np.ones(len(w))
            product = product @ (slope[:, None] * w)
            assert norms[lag] == pytest.approx(np.linalg.norm(product, ord=2), rel=1e-10)


def test_the_cells_jacobian_is_that_of_differences():
    model = Model.create("lstm", 5, 3, seed=1)
    tokens = np.array([0, 3, 1, 4])
    jacobian = cell_jacobians(forward(model, tokens))[-1]
    step = 1e-6
    for unit in range(3):
        shift = step * np.eye(3)[unit]
        up, down = (forward(model, tokens, {"h": np.zeros(3), "c": s}).final_state["c"] for s in (shift, -shift))
        assert jacobian[:, unit] == pytest.approx((up - down) / (2 * step), rel=1e-6)


def test_what_is_left_of_a_forget_gate_is_the_power_of_a_sigmoid():
    assert forget_product(1.0)[-1] == pytest.approx((1 / (1 + np.exp(-1.0))) ** 20, rel=1e-12)


def test_the_cliffs_gradient_is_that_of_differences():
    w, b = np.array([4.8, 6.0, 5.5]), np.array([-2.4, -3.0, -1.6])
    _, dw, db = loss_and_gradient(w, b)
    e = 1e-6
    for found, up, down in ((dw, (w + e, b), (w - e, b)), (db, (w, b + e), (w, b - e))):
        numeric = (loss_and_gradient(*up)[0] - loss_and_gradient(*down)[0]) / (2 * e)
        assert found == pytest.approx(numeric, rel=1e-4, abs=1e-9)


def test_votes_of_copies_are_those_of_the_checked_pairs():
    model, trace, targets = example(6, 5, 8, 2)
    votes = copies(trace, 3, output_gradients(trace, targets)[1][3])
    for tau in range(4):
        for name in ("U", "W"):
            assert votes[name][tau] == pytest.approx(pair_gradient(model, trace, targets, name, 3, tau), rel=1e-12)


def test_counting_twice_with_a_window_of_nothing_is_counting_once():
    model, trace, targets = example(6, 5, 8, 2)
    right = backward(model, trace, targets, Window(0))
    wrong = counted_twice(trace, targets, 0)
    for name in ("U", "W"):
        assert wrong[name] == pytest.approx(right[name], rel=1e-12)
