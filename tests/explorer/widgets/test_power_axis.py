from __future__ import annotations

import itertools

import numpy as np
import pytest

from explorer.widgets.power_axis import log_places, power_text


@pytest.mark.parametrize("low, high", [(-1.5, 2.0), (-9.0, 0.0), (-0.2, 0.9), (-310.0, 308.0)])
@pytest.mark.parametrize("size", [60.0, 140.0, 300.0, 700.0])
def test_labels_of_a_logarithmic_axis_never_meet(low: float, high: float, size: float) -> None:
    line = 13.0
    places = sorted(itertools.chain(*log_places(low, high, size, line)))
    assert all(low <= place <= high for place in places)
    at = [(place - low) / (high - low) * size for place in places]
    assert all(b - a >= 1.5 * line for a, b in itertools.pairwise(at)), at


def test_2_and_5_are_named_where_a_decade_is_long_and_powers_alone_where_it_is_short() -> None:
    powers, between = log_places(-1.0, 1.0, 400.0, 13.0)
    assert powers == [-1.0, 0.0, 1.0]
    assert 10 ** np.array(between) == pytest.approx([0.2, 0.5, 2, 5])
    assert log_places(-1.0, 1.0, 100.0, 13.0) == [[-1.0, 0.0, 1.0]]
    assert log_places(-8.0, 0.0, 100.0, 13.0) == [[-6.0, -3.0, 0.0]]


def test_a_place_is_written_out_or_as_a_power_of_ten() -> None:
    log = np.log10
    assert [power_text(float(log(x)), plain=True) for x in (0.05, 0.1, 1, 20, 100)] == ["0.05", "0.1", "1", "20", "100"]
    assert [power_text(float(log(x)), plain=False) for x in (1e-6, 1, 5e2)] == ["10⁻⁶", "10⁰", "5·10²"]
