"""What neither sums nor two paths that read the same table can see."""

from __future__ import annotations

import numpy as np
import pytest

from explorer.model import action as do
from explorer.model.spot_checks import chosen_pair, counted, pair_gradients, place_of
from explorer.model.verification import verify
from rnncore.ledger import _Sums
from rnncore.truncation import Chunks, Full, Stride, Tail, Truncation, Window
from tests.explorer.model.runs import Driver, small_run

POLICIES = [
    Full(),
    *(Window(k) for k in (0, 1, 4, 99)),
    *(Chunks(n) for n in (1, 3, 50)),
    *(Tail(k) for k in (0, 2, 99)),
    *(Stride(k1, k2, losses) for k1, k2 in ((1, 1), (2, 3), (3, 1), (4, 8)) for losses in ("new", "all", "last")),
]


@pytest.mark.parametrize("policy", POLICIES, ids=lambda p: p.describe())
@pytest.mark.parametrize("steps", [0, 1, 2, 7, 12])
def test_a_policy_is_what_it_means(policy, steps):
    assert np.array_equal(counted(policy, steps), policy.table(steps))


def test_a_policy_that_is_not_known_is_not_judged():
    class Odd(Truncation):
        pass

    assert counted(Odd(), 3) is None


@pytest.mark.parametrize("cell", ["vanilla-bias", "gru", "lstm-peephole"])
def test_the_pairs_of_all_losses_add_up_to_the_gradient(cell):
    driver = Driver(small_run(cell=cell, truncation=Full()))
    made = driver.derived.walk(driver.session)
    total = {name: np.zeros(value.shape) for name, value in made.model.parameters.items()}
    for t in range(made.trace.length):
        for tau in range(t + 1):
            for name, gradient in pair_gradients(made, t, tau).items():
                if place_of(name, (t, tau)) == (t, tau):
                    total[name] += gradient
    for name, gradient in total.items():
        np.testing.assert_allclose(gradient, made.gradients[name], atol=1e-13)


def test_every_pair_has_its_turn():
    driver = Driver(small_run())
    made = driver.derived.walk(driver.session)
    pairs = {chosen_pair(made, seed) for seed in range(2000)}
    assert pairs == {(t, tau) for t in range(made.trace.length) for tau in range(t + 1)}


@pytest.mark.parametrize("cell", ["vanilla", "gru", "lstm"])
def test_norms_that_no_sum_contains_are_checked_too(monkeypatch, cell):
    right = _Sums.add

    def wrong(self, *given):
        right(self, *given)
        self.squares *= 1.0 + 1e-6

    monkeypatch.setattr(_Sums, "add", wrong)
    driver = Driver(small_run(cell=cell))
    found = verify(driver.derived.walk(driver.session), 3)
    assert not found.ok and [check.ok for check in found.checks] == [False, True, True]
    worst = found.checks[0].worst
    assert worst.where.startswith("‖g‖ of ") and worst.first != worst.second and worst.where in found.report


def test_norms_of_the_output_layer_are_checked_at_every_pair(monkeypatch):
    right = _Sums.output_layer

    def wrong(self, d_logits):
        right(self, d_logits)
        self.squares *= 1.0 + 1e-6

    monkeypatch.setattr(_Sums, "output_layer", wrong)
    driver = Driver(small_run())
    for update in range(5):
        found = verify(driver.derived.walk(driver.session), update)
        assert not found.ok and found.checks[0].worst.where.startswith("‖g‖ of V, loss ")


@pytest.mark.parametrize("losses", ["new", "all", "last"])
def test_a_stride_that_ends_elsewhere_everywhere_alike_is_found(monkeypatch, losses):
    right = Stride.ends
    monkeypatch.setattr(Stride, "ends", lambda self, length: [max(end - 1, 0) for end in right(self, length)])
    driver = Driver(small_run(cell="gru", truncation=Stride(3, 4, losses)))
    found = verify(driver.derived.walk(driver.session), 0)
    assert [check.ok for check in found.checks] == [True, True, False] and "differs" in found.summary


@pytest.mark.parametrize("policy", [Window(2), Chunks(3), Tail(3)], ids=lambda p: p.describe())
def test_a_table_that_counts_a_pair_too_many_is_found(monkeypatch, policy):
    right = type(policy).table
    monkeypatch.setattr(type(policy), "table", lambda self, length: right(self, length) + np.eye(length, dtype=int))
    driver = Driver(small_run(truncation=policy))
    assert not verify(driver.derived.walk(driver.session), 0).ok


def test_a_sentence_that_asks_for_nothing_has_no_pair():
    driver = Driver(small_run())
    driver.do(do.TypeSentence("<s>"))
    made = driver.derived.walk(driver.session)
    assert chosen_pair(made, 0) == (0, 0)
    made.__dict__["targets"] = np.full(1, -1)
    assert chosen_pair(made, 0) is None
