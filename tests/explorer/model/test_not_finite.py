"""What is not finite is named where it comes from, with a remedy."""

from __future__ import annotations

import math

import numpy as np
import pytest

from explorer.model import action as do
from explorer.model.not_finite import cause, stopped
from explorer.model.verification import verify
from rnncore.optim import SGD
from tests.explorer.model.runs import Driver, small_run


def driver(*actions: do.Action, **settings) -> Driver:
    made = Driver(small_run(**{"cell": "lstm", **settings}))
    made.do(*actions)
    return made


def said(made: Driver) -> str:
    walk = made.derived.walk(made.session)
    found = verify(walk, 0)
    assert found.cause == cause(walk) and found.ok == (found.cause == "")
    assert found.report.startswith(found.cause)
    return found.cause


def test_nothing_is_said_where_all_is_finite():
    assert said(driver()) == ""
    assert said(driver(do.ClampGate("f", 1.0), do.EditWeight("W_f", 0, 0, 1e300))) == ""


@pytest.mark.parametrize(("value", "name"), [(math.nan, "NaN"), (math.inf, "∞"), (-math.inf, "−∞")])
def test_a_weight_is_named(value, name):
    text = said(driver(do.EditWeight("W_f", 1, 2, value)))
    if math.isnan(value):
        assert text.startswith("The weight W_f[2, 3] is NaN. Set it right")
    elif text:  # an infinite weight may saturate a gate and leave the losses finite
        assert f"W_f[2, 3] is {name}" in text and "Set it right" in text


@pytest.mark.parametrize(("unit", "held"), [(None, "f"), (1, "f[2]")])
@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_behind_a_clamped_gate_the_loss_is_finite_and_the_gradient_is_not_and_both_are_said(unit, held, value):
    made = driver(do.ClampGate("f", 1.0, unit), do.EditWeight("W_f", 1, 2, value))
    walk = made.derived.walk(made.session)
    assert np.isfinite(walk.trace.losses(walk.targets)).all()
    assert not np.isfinite(walk.gradients["W_f"]).all()
    text = said(made)
    assert text.startswith("The weight W_f[2, 3] is ") and f"since {held} is clamped" in text and "0 · NaN" in text


def test_the_initial_state_is_named():
    text = said(driver(do.EditInitialState("c", 0, math.nan)))
    assert text.startswith("The initial state c₋₁[1] is NaN. Set it right")


def test_a_value_that_overflows_is_named_with_its_place():
    made = driver(do.EditWeight("V", 3, 1, 1e308), do.EditWeight("V", 3, 2, 1e308), cell="irnn")
    made.do(
        do.EditWeight("U", 1, 0, 1e5), *(do.EditWeight("U", unit, token, 1e5) for unit in (1, 2) for token in range(9))
    )
    text = said(made)
    assert text.startswith("The first number that is not finite is ") and "too large for float64" in text
    assert " at t = " in text


def test_a_gradient_that_explodes_on_its_way_back_is_told_from_values_that_do():
    made = driver(
        *(do.EditWeight("W", i, j, 1e200) for i in range(5) for j in range(5)),
        *(do.EditInitialState("h", unit, 0.0) for unit in range(5)),
        *(do.EditWeight("U", i, j, 0.0) for i in range(5) for j in range(small_run().corpus.vocabulary.size)),
        cell="vanilla",
    )
    text = said(made)
    assert "has exploded on its way back" in text and "Shorten the truncation" in text


def test_a_loss_that_overflows_by_itself_is_named_with_its_step():
    made = driver(do.ClampGate("h", 1.0), cell="vanilla")
    target = int(made.session.sentence.ids[1])
    others = [token for token in range(9) if token != target]
    made.do(do.EditWeight("V", target, 0, -1.7e308), do.EditWeight("V", others[0], 0, 1.7e308))
    assert np.isfinite(made.derived.trace(made.session).logits).all()
    assert said(made).startswith("The loss at t = 0 is ∞: the probability of its target is too small for float64.")


@pytest.mark.parametrize("precision", ["float64", "float32"])
def test_a_gradient_whose_squares_alone_are_too_large_has_a_norm_and_nothing_is_wrong(precision):
    huge = 1e300 if precision == "float64" else 1e30
    made = driver(do.EditWeight("V", 0, 0, huge), cell="vanilla", precision=precision)
    walk = made.derived.walk(made.session)
    largest = max(float(np.abs(gradient).max()) for gradient in walk.gradients.values())
    assert 1e-3 * huge < largest <= walk.gradients.norm() < np.inf
    assert said(made) == ""


def test_a_gradient_whose_norm_alone_is_too_large_is_named_by_its_largest_entry():
    made = driver(cell="linear", equations="h = U @ x + W @ h_prev")
    tokens = range(made.session.model.vocabulary_size)
    target = int(made.session.sentence.ids[1])
    made.do(
        *(do.EditWeight("U", unit, token, 0.0) for unit in range(5) for token in tokens),
        *(do.EditWeight("W", i, j, 0.0) for i in range(5) for j in range(5)),
        *(do.EditWeight("V", target, unit, 1.7e308) for unit in range(5)),
    )
    walk = made.derived.walk(made.session)
    assert all(np.isfinite(gradient).all() for gradient in walk.gradients.values())
    text = said(made)
    assert text.startswith("The gradient of ") and "norm is too large for float64. Set it right" in text


def run_to_its_end(made: Driver) -> str:
    history = made.session.run.history
    last = history.run(50, stop_when_not_finite=True)
    assert last is not None and not last.finite and last.update == history.last
    return stopped(history)


def test_a_training_that_stops_names_update_sentence_and_the_weight_that_was_broken():
    text = run_to_its_end(driver(do.EditWeight("W_f", 1, 2, math.nan)))
    assert text.startswith("Training stopped at update 1, at sentence ")
    assert "The weight W_f[2, 3] is NaN" in text and "PgUp" in text and "learning rate" not in text


@pytest.mark.parametrize("batch_size", [1, 3])
def test_a_training_that_explodes_names_the_first_number_that_did_and_the_calmer_rate(batch_size):
    linear = {"cell": "linear", "equations": "h = U @ x + W @ h_prev", "batch_size": batch_size}
    made = driver(optimiser=SGD(1e150), **linear)
    text = run_to_its_end(made)
    assert f"Training stopped at update {made.session.run.history.last}, at sentence " in text
    assert "too large for float64" in text and text.endswith("Then lower the learning rate or clip the gradient.")
