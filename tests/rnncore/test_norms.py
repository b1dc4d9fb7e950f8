from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from rnncore.norms import joint_norm, lengths, norm, scaled_norm

FINITE = st.floats(-1e300, 1e300, allow_nan=False)
SHAPES = hnp.array_shapes(min_dims=1, max_dims=3, min_side=1, max_side=5)


def exact(array):
    """The norm without any rounding but the last: in integers, whose squares have room."""
    numbers = [float(x).as_integer_ratio() for x in np.asarray(array, np.float64).ravel()]
    bottom = math.lcm(*(below for _, below in numbers))
    total = sum((above * (bottom // below)) ** 2 for above, below in numbers)
    root = math.isqrt(total << 2 * 64)
    return root / (bottom << 64)


@given(hnp.arrays(np.float64, SHAPES, elements=FINITE))
def test_every_norm_is_right_to_rounding_whatever_the_size_of_the_numbers(array):
    wanted = exact(array)
    assert norm(array) == pytest.approx(wanted, rel=1e-14, abs=5e-324)
    assert joint_norm([array, np.zeros(2)]) == pytest.approx(wanted, rel=1e-14, abs=5e-324)
    assert scaled_norm([array]) == pytest.approx(wanted, rel=1e-14, abs=5e-324)
    rows = array.reshape(-1, array.shape[-1])
    for row, found in zip(rows, lengths(rows), strict=True):
        assert found == pytest.approx(exact(row), rel=1e-14, abs=5e-324)


@given(hnp.arrays(np.float64, SHAPES, elements=st.floats(-1e100, 1e100, allow_nan=False)))
def test_where_the_plain_norm_can_be_trusted_it_stands_to_the_last_bit(array):
    plain = float(np.linalg.norm(array))
    if plain > 1e-140:
        assert norm(array) == plain
        assert joint_norm([array]) == float(np.sqrt(np.vdot(array, array)))
    each = np.sqrt((np.abs(array) ** 2).sum(axis=-1))
    both = np.sqrt(sum((np.abs(v) ** 2).sum(axis=-1) for v in (array, array[..., :1])))
    assert np.all((lengths(array) == each) | (each < 1e-140))
    assert np.all((lengths(array, array[..., :1]) == both) | (both < 1e-140))


@pytest.mark.parametrize("size", [1e200, 1e154, 1.0, 1e-162, 1e-200, 5e-324])
def test_huge_and_tiny_entries_have_a_norm(size):
    vectors = np.array([[3.0, -4.0], [0.0, 1.0], [0.0, 0.0]]) * size
    assert lengths(vectors) == pytest.approx([math.hypot(*row) for row in vectors], rel=1e-15, abs=0)
    assert norm(vectors[0]) == joint_norm([vectors[0, :1], vectors[0, 1:]]) == pytest.approx(5 * size, rel=1e-15, abs=0)


@pytest.mark.parametrize("size", [1e25, 3e38, 1e-25, 1e-40])
def test_single_precision_has_room_for_what_its_squares_have_not(size):
    vectors = np.full((2, 4), size, np.float32)
    one = float(vectors[0, 0])
    found = lengths(vectors, vectors)
    assert found.dtype == np.float64 and found == pytest.approx(math.sqrt(8) * one, rel=1e-6, abs=0)
    assert norm(vectors) == joint_norm([vectors, np.zeros(1, np.float32)]) == pytest.approx(found[0], rel=1e-6, abs=0)


def test_single_precision_keeps_the_sums_of_single_precision_where_they_serve():
    values = np.random.default_rng(0).normal(size=(7, 33)).astype(np.float32)
    assert norm(values) == float(np.linalg.norm(values))
    np.testing.assert_array_equal(lengths(values), np.sqrt(np.square(values).sum(axis=-1)).astype(np.float64))


def test_what_is_not_finite_stays_so_and_spoils_no_other_row():
    nan, inf = math.nan, math.inf
    vectors = np.array([[nan, 1e200], [inf, nan], [-inf, 1e200], [1e200, 1e200], [nan, 1e-200], [1e-200, 0.0]])
    wanted = [nan, nan, inf, math.sqrt(2) * 1e200, nan, 1e-200]
    np.testing.assert_allclose(lengths(vectors), wanted, rtol=1e-15)
    np.testing.assert_allclose([norm(row) for row in vectors], wanted, rtol=1e-15)
    np.testing.assert_allclose([joint_norm([row]) for row in vectors], wanted, rtol=1e-15)


def test_a_norm_that_is_more_than_a_float_holds_is_infinite_and_nothing_has_none():
    assert norm([1.7e308, 1.7e308]) == joint_norm([np.array([1.7e308, 1.7e308])]) == math.inf
    assert norm([]) == joint_norm([]) == scaled_norm([]) == 0.0
    assert lengths(np.zeros((3, 0))).tolist() == [0.0] * 3
    assert float(lengths(np.array([3e200, 4e200]))) == pytest.approx(5e200)


def test_arrays_are_left_as_they_are():
    vectors = np.array([[1e200, -1e200], [1e-200, 0.0]])
    vectors.flags.writeable = False
    lengths(vectors), norm(vectors), joint_norm([vectors])
    assert vectors.tolist() == [[1e200, -1e200], [1e-200, 0.0]]
