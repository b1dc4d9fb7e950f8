"""That training has diverged is said once, with the remedy."""

from __future__ import annotations

import math

import numpy as np
import pytest

from explorer.model import action as do
from explorer.model.divergence import FAR, diverged, notice
from explorer.model.session import Changes

from .runs import Driver, small_run
from .test_loss_data import rows


@pytest.mark.parametrize(
    ("losses", "said"),
    [
        ([], False),
        ([3.0] * 40, False),
        ([3.0] * 40 + [900.0], False),
        ([1e5] * 16 + [3.0] * 16, False),
        ([3.0] * 40 + [1e5] * 16, True),
        ([3.0] * 40 + [math.inf], True),
        ([3.0, math.nan], True),
        ([1.7e308] * 16, True),
    ],
)
def test_training_has_diverged_when_its_recent_losses_are_far_beyond_a_blind_guess(losses, said) -> None:
    assert diverged(np.array(losses), 20) is said


def test_the_notice_has_the_number_and_the_remedies() -> None:
    said = notice(np.full(20, 1.5731387640168404e300), 20)
    assert "1.573·10³⁰⁰" in said
    assert "ln V = 3.00" in said
    for remedy in ("PgUp", "learning rate", "clip"):
        assert remedy in said


def trained(driver: Driver, losses: list[float]) -> Changes:
    made = rows(np.array(losses))
    driver.do(driver.trained(0, last=len(made), curve=made))
    return driver.changes


def test_it_is_said_once() -> None:
    driver = Driver(small_run())
    trained(driver, [3.0] * 20)
    assert driver.session.message is None
    changes = trained(driver, [3.0] * 20 + [1e9] * 20)
    assert changes & Changes.MESSAGE
    assert "diverged" in driver.session.message.text
    driver.do(do.Notify(None))
    for more in ([1e9] * 5, [3.0] * 30, [3.0] * 30 + [1e9 * FAR] * 30):
        trained(driver, [3.0] * 20 + [1e9] * 20 + more)
        assert driver.session.message is None


def test_going_back_in_a_run_that_diverged_says_nothing() -> None:
    driver = Driver(small_run())
    made = rows(np.full(40, 1e9))
    driver.do(driver.trained(0, curve=made))
    assert driver.session.message is None
