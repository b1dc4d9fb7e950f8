from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from explorer.theme.colourmap import AsinhScale, colour_map, gradient_scale, value_scale
from explorer.theme.tokens import THEMES

finite = st.floats(-1e6, 1e6)


@pytest.mark.parametrize("name", THEMES)
def test_zero_is_neutral_and_the_ends_are_the_theme_s(name):
    tokens, scale = THEMES[name], AsinhScale(2.0, 0.1)
    got = colour_map(name).rgba([0.0, -2.0, 2.0], scale)[:, :3]
    wanted = [tokens.rgb("neutral"), tokens.rgb("negative"), tokens.rgb("positive")]
    assert np.abs(got.astype(int) - wanted).max() <= 1


@pytest.mark.parametrize("name", THEMES)
def test_nan_and_the_infinities_have_colours_that_no_number_has(name):
    colours, scale = colour_map(name), AsinhScale()
    odd = colours.rgba([np.nan, np.inf, -np.inf], scale)[:, :3].astype(int)
    ordinary = colours.rgba(np.linspace(-1, 1, 2001), scale)[:, :3].astype(int)
    for colour in odd:
        assert np.abs(ordinary - colour).sum(axis=1).min() > 60
    assert len({tuple(c) for c in odd}) == 3


@pytest.mark.parametrize("name", THEMES)
def test_the_two_signs_stay_apart_without_red_and_green(name):
    """Blue against orange differs on the blue–yellow axis, which red–green blind eyes see."""
    got = colour_map(name).rgba([-0.3, 0.3], AsinhScale())[:, :3].astype(int)
    yellow_blue = got[:, :2].mean(axis=1) - got[:, 2]
    assert yellow_blue[0] < -15
    assert yellow_blue[1] > 15


def test_any_shape_is_coloured_and_opaque():
    got = colour_map("dark").rgba(np.zeros((3, 4, 5)), AsinhScale())
    assert got.shape == (3, 4, 5, 4)
    assert got.dtype == np.uint8
    assert (got[..., 3] == 255).all()


@given(finite, finite)
def test_a_larger_number_never_stands_lower_on_the_scale(a, b):
    low, high = sorted((a, b))
    p = AsinhScale(1e6, 1e-3).position([low, high])
    assert p[0] <= p[1]


@given(st.floats(-1.0, 1.0))
def test_the_scale_can_be_read_backwards(position):
    scale = AsinhScale(50.0, 0.2)
    assert scale.position(scale.value(position)) == pytest.approx(position, abs=1e-12)


@given(finite)
def test_sign_is_kept_and_mirrored(x):
    scale = AsinhScale(1e6, 0.5)
    assert scale.position(-x) == -scale.position(x)


def test_beyond_the_limit_the_colour_is_full():
    assert AsinhScale(1.0, 0.1).position([7.0, -7.0]).tolist() == [1.0, -1.0]


@pytest.mark.parametrize(("limit", "linear"), [(0.0, 0.0), (1.0, 2.0), (np.inf, 1.0), (np.nan, 1.0), (1.0, 0.0)])
def test_a_scale_without_room_is_refused(limit, linear):
    with pytest.raises(ValueError, match="a scale needs"):
        AsinhScale(limit, linear)


@pytest.mark.parametrize(
    ("largest", "limit"), [(0.2, 1.0), (1.0, 1.0), (1.01, 2.0), (2.5, 5.0), (6.0, 10.0), (30.0, 50.0)]
)
def test_values_are_shown_on_plus_minus_one_or_the_next_round_number(largest, limit):
    assert value_scale([-largest, 0.0, np.nan, np.inf]).limit == limit


@given(st.floats(1e-200, 1e200))
def test_the_gradient_scale_holds_the_largest_and_is_at_most_two_and_a_half_times_as_wide(top):
    scale = gradient_scale([top, -top / 3, np.nan, -np.inf])
    assert top <= scale.limit <= 2.5 * top * (1 + 1e-12)
    assert scale.linear == pytest.approx(scale.limit / 1000)


@pytest.mark.parametrize("values", [[], [0.0], [np.nan, np.inf]])
def test_a_gradient_that_is_nowhere_has_a_scale_all_the_same(values):
    assert gradient_scale(values).limit == 1.0


@pytest.mark.parametrize("extreme", [5e-324, 1e-310, 1.7e308])
def test_the_smallest_and_the_largest_floats_have_a_scale(extreme):
    assert np.isfinite(gradient_scale([extreme]).limit)


@pytest.mark.parametrize("largest", [1e100, 1e280, 1e300, 1e307, 1.7e308])
def test_a_scale_up_to_the_largest_floats_places_every_number_and_back(largest: float) -> None:
    scale = value_scale([largest, -3.0])
    values = np.array([0.0, 0.05, 1.0, -1.0, 1e50, -1e90, largest, -largest])
    placed = scale.position(values)
    assert np.isfinite(placed).all()
    assert (np.abs(placed) <= 1.0).all()
    assert (np.sign(placed) == np.sign(values)).all()
    assert placed[-2] >= 0.99
    for value, at in zip(values[1:6], placed[1:6], strict=True):
        assert scale.value(at) == pytest.approx(value, rel=1e-9)
    rows = colour_map("dark").index(np.array([*values, np.nan, np.inf, -np.inf]), scale)
    assert rows.min() >= 0
    assert rows.max() < len(colour_map("dark").table)
    assert len(set(rows[-3:].tolist())) == 3


def test_what_is_any_number_of_times_beyond_the_limit_is_at_the_end() -> None:
    placed = AsinhScale(1.0, 0.001).position(np.array([1.7e308, -1.7e308, np.inf, -np.inf, 1.0, np.nan]))
    np.testing.assert_array_equal(placed, [1.0, -1.0, 1.0, -1.0, 1.0, np.nan])
