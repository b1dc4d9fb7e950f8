"""Axes of the loss curve end and are numbered by round numbers."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from explorer.model.loss_axes import log_levels, nice_above, nice_below, stride_above, ticks

POSITIVE = st.floats(1e-12, 1e12)


@given(st.floats(1e-300, 1e300))
def test_axes_end_on_a_round_number_at_or_above_what_they_show(value: float) -> None:
    assert nice_above(value) >= value
    assert nice_above(value) <= 2.01 * value


@given(st.floats(1e-9, 1e9), st.integers(1, 12))
def test_ticks_are_few_rising_and_within_the_axis(end: float, most: int) -> None:
    found = ticks(end, most)
    assert found[0] == 0
    assert len(found) <= most + 1
    assert all(b > a for a, b in pairwise(found))
    assert found[-1] <= end * (1 + 1e-9)


def test_an_axis_reaches_in_strides_at_most_a_third_further_than_needed() -> None:
    for value in np.geomspace(1, 1e7, 500):
        end = stride_above(float(value))
        assert value * (1 - 1e-9) <= end <= value * 1.34
    assert stride_above(1000) == 1000
    assert stride_above(math.nan) == stride_above(0.0) == 1.0


@given(POSITIVE)
def test_a_logarithmic_axis_begins_on_a_round_number_at_or_below_what_it_shows(value: float) -> None:
    assert 0 < nice_below(value) <= value * (1 + 1e-9)
    assert nice_below(value) >= 0.39 * value


@given(POSITIVE, st.floats(1.5, 1e9), st.integers(2, 12))
def test_levels_of_a_logarithmic_axis_are_few_rising_and_within_it(low: float, times: float, most: int) -> None:
    found = log_levels(low, low * times, most)
    assert 1 <= len(found) <= most
    assert all(b > a for a, b in pairwise(found))
    assert all(low * (1 - 1e-6) <= v <= low * times * (1 + 1e-6) for v in found)


@pytest.mark.parametrize("bad", [(0.0, 1.0), (2.0, 1.0), (1.0, math.inf), (math.nan, 1.0)])
def test_an_axis_that_makes_no_sense_still_has_a_number(bad: tuple[float, float]) -> None:
    assert log_levels(*bad, 4) == [bad[1]]
    assert nice_below(math.nan) == nice_below(-1.0) == 1.0


@pytest.mark.parametrize("most", range(1, 13))
@pytest.mark.parametrize("end", [1.7976e308, 1.2e308, 1e300])
def test_an_axis_of_the_greatest_numbers_has_finite_ticks(end: float, most: int) -> None:
    found = ticks(end, most)
    assert all(math.isfinite(v) for v in found)
    assert found[0] == 0
