from __future__ import annotations

import math

import pytest

from rnncore.annealing import Annealed, Constant, Exponential, Halve, StepDecay, annealing_from_plain
from rnncore.errors import RnnError
from rnncore.records import to_plain


def rates(rule, losses):
    state, seen = Annealed(0.8), []
    for loss in losses:
        state = rule.evaluated(state, loss)
        seen.append(state.learning_rate)
    return seen


def test_the_rate_is_halved_when_the_evaluated_loss_rises_above_the_previous_one():
    assert rates(Halve(), [3.0, 2.0, 2.5, 2.4, 2.4, 2.6]) == [0.8, 0.8, 0.4, 0.4, 0.4, 0.2]


def test_a_loss_that_is_not_a_number_is_no_rise():
    assert rates(Halve(), [3.0, math.nan, 2.0, math.inf]) == [0.8, 0.8, 0.8, 0.4]


def test_a_constant_rate_ignores_rises():
    assert rates(Constant(), [1.0, 2.0]) == [0.8, 0.8]


def test_step_decay_acts_at_every_so_many_epochs_only():
    state, seen = Annealed(1.0), []
    for update in range(1, 13):
        state = StepDecay(0.5, every=2).advanced(state, update, update % 3 == 0, update // 3)
        seen.append(state.learning_rate)
    assert seen == [1.0] * 5 + [0.5] * 6 + [0.25]


def test_exponential_decay_by_update_is_a_power_of_its_factor():
    state = Annealed(1.0)
    for update in range(1, 11):
        state = Exponential(0.9, unit="update").advanced(state, update, False, 0)
    assert state.learning_rate == pytest.approx(0.9**10)


def test_halving_stops_at_the_least_rate_and_never_raises_one_that_was_set_lower():
    assert rates(Halve(least=0.3), [1.0, 2.0, 3.0, 4.0]) == [0.8, 0.4, 0.3, 0.3]
    assert Halve(least=0.3).evaluated(Annealed(0.1, 1.0), 2.0).learning_rate == 0.1


@pytest.mark.parametrize(
    "rule", [Constant(), Halve(0.25), Halve(0.5, 0.01), StepDecay(0.5, 3, "update"), Exponential(0.99)]
)
def test_rules_come_back_from_plain_data(rule):
    back = annealing_from_plain(to_plain(rule))
    assert back == rule and type(back) is type(rule)


@pytest.mark.parametrize(
    "make",
    [
        lambda: Halve(0.0),
        lambda: Halve(least=-1.0),
        lambda: StepDecay(every=0),
        lambda: StepDecay(unit="day"),
        lambda: Exponential(1.5),
    ],
)
def test_settings_outside_their_range_are_refused(make):
    with pytest.raises(RnnError):
        make()
