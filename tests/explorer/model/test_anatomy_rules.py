from __future__ import annotations

import numpy as np
import pytest

from explorer.model.anatomy_rules import optimiser_lines
from rnncore.optim import SGD, Adagrad, Adam, Momentum, RMSProp

RULES = [SGD(0.1), Momentum(0.1, 0.9), Momentum(0.1, 0.9, nesterov=True), Adagrad(0.2), RMSProp(0.01), Adam(0.01)]


@pytest.mark.parametrize("rule", RULES, ids=lambda r: type(r).__name__ + str(getattr(r, "nesterov", "")))
@pytest.mark.parametrize("rate", [None, 0.03])
def test_the_last_line_is_the_step_that_the_optimiser_makes(rule, rate) -> None:
    weights = {"W": np.array([0.4, -0.2])}
    state = rule.init(weights)
    rng = np.random.default_rng(3)
    for _ in range(4):
        gradients = {"W": rng.normal(size=2)}
        held = {slot: float(v[1] if np.ndim(v) else v) for slot, v in state["W"].items()}
        _, lines = optimiser_lines(rule, rule.learning_rate if rate is None else rate, float(gradients["W"][1]), held)
        weights, state, deltas = rule.update(weights, gradients, state, rate)
        assert lines[-1].symbol == "Δ"
        assert lines[-1].value == pytest.approx(float(deltas["W"][1]), rel=1e-12)


def test_the_state_after_the_step_is_among_the_lines() -> None:
    rule = Adam(0.01)
    state = rule.init({"W": np.zeros(1)})
    _, after, _ = rule.update({"W": np.zeros(1)}, {"W": np.array([0.5])}, state)
    _, lines = optimiser_lines(rule, 0.01, 0.5, {"mean": 0.0, "square": 0.0, "step": 0.0})
    found = {line.symbol: line.value for line in lines}
    assert found["m"] == pytest.approx(float(after["W"]["mean"][0]))
    assert found["s"] == pytest.approx(float(after["W"]["square"][0]))
    assert found["m̂"] == pytest.approx(0.5) and found["ŝ"] == pytest.approx(0.25)


@pytest.mark.parametrize("rule", RULES, ids=lambda r: type(r).__name__ + str(getattr(r, "nesterov", "")))
def test_before_it_is_done_the_rule_stands_in_symbols(rule) -> None:
    _, lines = optimiser_lines(rule, rule.learning_rate, None, {})
    assert all(line.value is None for line in lines)
    assert "η" in lines[-1].text


def test_a_weight_that_no_gradient_has_reached_stays_also_without_an_epsilon() -> None:
    rule = Adagrad(0.1, epsilon=0.0)
    _, lines = optimiser_lines(rule, 0.1, 0.0, {"sum": 0.0})
    _, _, deltas = rule.update({"W": np.ones(1)}, {"W": np.zeros(1)}, rule.init({"W": np.ones(1)}))
    assert lines[-1].value == deltas["W"][0] == 0.0


def test_a_negative_number_inside_a_product_is_bracketed() -> None:
    assert optimiser_lines(SGD(0.1), 0.1, -0.25, {})[1][0].text == "Δ = −0.1 × (−0.250) = 0.02500"
