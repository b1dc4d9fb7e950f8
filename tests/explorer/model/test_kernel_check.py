"""A network that multiplies rounding: what is right stays right there, and what is wrong wrong."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from explorer.model.kernel_check import PARTED, kernel_check
from explorer.model.session import Check, Compared
from explorer.model.verification import LEDGER_TOLERANCE, headline, verify
from rnncore import gradcheck
from rnncore.kernel import Kernel
from rnncore.kernels import kernel_for
from rnncore.ledger import ledgers
from rnncore.model import Model
from rnncore.trace import forward
from rnncore.truncation import Full, Window
from rnncore.walk import walk

LIMIT = LEDGER_TOLERANCE["float64"]


@cache
def network(gain=20.0, dtype="float64"):
    """A vanilla network whose state runs away from any state nearby, and a long text for it."""
    model = Model.create("vanilla-bias", 12, 32, seed=3, dtype=np.dtype(dtype))
    rng = np.random.default_rng(9)
    sizes = {"W": gain, "U": 0.3}
    weights = {
        name: rng.normal(size=value.shape) * 0.3 if value.ndim == 1 else value * sizes.get(name, 1.0)
        for name, value in model.parameters.items()
    }
    return model.with_parameters(weights), rng.integers(0, 12, 201)


def walked(steps, policy=None, **choices):
    model, ids = network(**choices)
    return walk(model, forward(model, ids[:steps]), ids[1 : steps + 1], policy or Window(4))


def apart(made):
    """By how much the kernel's gradient differs from the one on show, each after a forward pass of its own."""
    inputs, targets = np.asarray(made.trace.inputs), np.asarray(made.targets)
    kernel = kernel_for(made.model, inputs, targets, None, made.truncation)
    found, _ = kernel.gradients(made.model.parameters, inputs, targets, None, made.truncation)
    return max(np.abs(found[n] - g).max() / np.abs(g).max() for n, g in made.gradients.items())


@cache
def beginning_to_part():
    """The shortest beginning of the text over which rounding has grown beyond the tolerance: not yet to the digits."""
    for steps in range(10, 200):
        made = walked(steps)
        if apart(made) > LIMIT:
            assert apart(made) < PARTED["float64"]
            return steps
    raise AssertionError("rounding does not grow")


def test_two_right_gradients_that_rounding_keeps_apart_are_verified_and_it_is_said():
    found = verify(walked(beginning_to_part()), 5)
    assert found.ok and not found.unclear and "verified" in found.summary, found.report
    assert found.kernel < 1e-11 and "right to rounding" in found.report
    assert "multiplies rounding" in found.checks[1].note
    assert headline(found).endswith("step by step: this network multiplies rounding")
    few = verify(walked(5), 5)
    assert few.ok and headline(few) == few.summary


@pytest.mark.parametrize("steps", [None, 200], ids=["beginning to part", "parted"])
def test_a_millionth_in_one_entry_is_red_all_the_same(monkeypatch, steps):
    made = walked(steps or beginning_to_part())
    right = Kernel.gradients

    def wrong(self, *given, **more):
        found, loss = right(self, *given, **more)
        arrays = {name: np.array(found[name]) for name in found}
        at = np.unravel_index(np.abs(arrays["W"]).argmax(), arrays["W"].shape)
        arrays["W"][at] *= 1 + 1e-6
        return arrays, loss

    monkeypatch.setattr(Kernel, "gradients", wrong)
    found = verify(made, 5)
    assert not found.ok and not found.unclear and "differs" in found.summary
    assert [row.where[:2] for row in found.checks[1].rows if not row.ok] == ["W["]
    assert found.failing is found.checks[1] and found.failing.worst.error == pytest.approx(1e-6, rel=1e-3)


def test_a_step_of_the_kernel_that_is_no_right_step_is_named(monkeypatch):
    made = walked(beginning_to_part())
    right = Kernel.states_over

    def wrong(self, length):
        states = {name: np.array(values) for name, values in right(self, length).items()}
        states["h"][8, 4] += 1e-9
        return states

    monkeypatch.setattr(Kernel, "states_over", wrong)
    check = kernel_check(made, LIMIT, 0.0)
    assert not check.ok and not check.unclear
    assert [row.where for row in check.rows if not (row.ok or row.unclear)] == ["h[5] of step 7, from the step before"]
    assert check.worst is check.rows[0] and check.worst.first - check.worst.second == pytest.approx(1e-9, rel=1e-3)


def test_where_rounding_has_taken_all_digits_nothing_is_called_right_or_wrong():
    made = walked(200)
    assert apart(made) > PARTED["float64"]
    found = verify(made, 5)
    assert not found.ok and found.unclear and found.summary == "cannot be told from rounding"
    assert found.failing.title == "Fast kernel against operation graph" and "≈" in found.report
    assert "✗" not in found.report


def test_a_gradient_on_show_that_the_graph_does_not_find_is_red_there_too():
    made = walked(200)
    wrong = {name: np.array(values) for name, values in made.gradients.items()}
    wrong["W"] *= 1.001
    made.__dict__["gradients"] = type(made.gradients)(wrong, made.gradients.initial_state)
    found = verify(made, 0)
    assert not found.ok and not found.unclear and not found.checks[0].ok


def test_what_numeric_derivatives_lose_to_rounding_is_not_called_wrong(monkeypatch):
    made = walked(14, Full())
    assert verify(made, 5).checks[2].ok
    # Asked for more digits than there are, they cannot tell, which is no mistake.
    monkeypatch.setitem(gradcheck.TOLERANCE, "complex step", 1e-15)
    found = verify(made, 5)
    assert found.checks[2].unclear and found.unclear and not found.ok
    right = gradcheck._truncated
    monkeypatch.setattr(gradcheck, "_truncated", lambda *given: right(*given) * (1 + 1e-7))
    assert not verify(made, 5).checks[2].unclear and not verify(made, 5).unclear


def test_sums_of_a_ledger_that_differ_by_rounding_alone_are_not_called_wrong(monkeypatch):
    made = walked(60, Full())
    monkeypatch.setitem(LEDGER_TOLERANCE, "float64", 1e-17)
    ledger = verify(made, 5).checks[0]
    assert not ledger.ok and ledger.unclear

    def wrong(*given, **more):
        found = dict(ledgers(*given, **more))
        object.__setattr__(found["W"], "signed", found["W"].signed * (1 + 1e-6))
        return found

    monkeypatch.setattr("explorer.model.verification.ledgers", wrong)
    ledger = verify(made, 5).checks[0]
    assert not ledger.unclear and ledger.worst.where == "W"


def test_pairs_that_a_window_leaves_out_may_be_infinite_and_the_gradient_verified():
    model = Model.create("irnn", 12, 16, seed=3)
    model = model.with_parameters({"W": np.eye(16) * 50.0, "U": np.zeros((16, 12))})
    ids = np.random.default_rng(0).integers(0, 12, 201)
    made = walk(model, forward(model, ids[:-1], np.full(16, 1e-290)), ids[1:], Window(4))
    assert all(np.isfinite(g).all() for g in made.gradients.values())
    assert not all(np.isfinite(one.norms).all() for one in ledgers(model, made.trace, made.targets).values())
    for update in range(20):
        ledger = verify(made, update).checks[0]
        assert ledger.ok, ledger.worst


def test_what_is_wrong_comes_before_what_cannot_be_told():
    unclear = Compared("U[1, 1]", 1.0, 2.0, 0.5, False, True)
    wrong = Compared("W[1, 1]", 1.0, 1.1, 0.1, False)
    right = Compared("V[1, 1]", 1.0, 1.0, 0.0, True)
    both = Check("one", "a", "b", 1e-9, (right, unclear, wrong))
    assert both.worst is wrong and not both.unclear and not both.ok
    assert Check("one", "a", "b", 1e-9, (right, unclear)).unclear
    assert not Check("one", "a", "b", 1e-9, (right,)).unclear
