from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnncore.ops import ELEMENTWISE, cross_entropy_vjp, gather, log_sum_exp, matmul, matmul_vjp, sigmoid, softmax

ARITY = {"add": 3, "sub": 2, "mul": 2, "neg": 1, "sigmoid": 1, "tanh": 1, "relu": 1, "clamp": 1}
NUMBERS = {"clamp": (0.25, 3.0)}
"""What an operation takes besides vectors: held at ¼, unit 3."""


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_each_gates_vjp_is_the_derivative_of_its_value(name):
    op = ELEMENTWISE[name]
    rng = np.random.default_rng(3)
    inputs = [rng.standard_normal((4, 5)) for _ in range(ARITY[name])]
    gradient = rng.standard_normal((4, 5))
    numbers = NUMBERS.get(name, ())
    found = op.vjp(gradient, op.value(*inputs, *numbers), *inputs, *numbers)
    for place in range(len(inputs)):
        moved = [v.astype(complex) for v in inputs]
        moved[place] = moved[place] + 1e-30j
        expected = gradient * op.value(*moved, *numbers).imag / 1e-30
        np.testing.assert_allclose(found[place], expected, rtol=1e-13)


def test_the_matrix_products_vjp_is_its_transpose():
    rng = np.random.default_rng(0)
    m, v, g = rng.standard_normal((3, 4)), rng.standard_normal((2, 4)), rng.standard_normal((2, 3))
    np.testing.assert_allclose(matmul(m, v), np.einsum("hk,bk->bh", m, v))
    np.testing.assert_allclose(matmul_vjp(g, m), np.einsum("bh,hk->bk", g, m))


def test_gathering_a_column_is_the_product_with_a_one_hot_vector():
    m = np.arange(12.0).reshape(3, 4)
    np.testing.assert_array_equal(gather(m, np.array([2, 0])), (m @ np.eye(4)[[2, 0]].T).T)


@given(st.lists(st.floats(-1e4, 1e4), min_size=1, max_size=6))
def test_softmax_never_overflows_and_sums_to_one(values):
    z = np.array(values)
    p = softmax(z)
    assert np.all(np.isfinite(p)) and abs(p.sum() - 1) < 1e-12
    assert np.isfinite(log_sum_exp(z))
    np.testing.assert_allclose(softmax(z + 123.0), p, atol=1e-9)


def test_the_logistic_is_exact_at_its_ends():
    np.testing.assert_array_equal(sigmoid(np.array([-1e6, 0.0, 1e6])), [0.0, 0.5, 1.0])


def test_the_losss_gradient_is_p_minus_onehot_and_zero_without_a_target():
    p = np.full((2, 3), 1 / 3)
    gradient = cross_entropy_vjp(p, np.array([1, -1]))
    np.testing.assert_allclose(gradient, [[1 / 3, -2 / 3, 1 / 3], [0, 0, 0]])


def test_relu_lets_no_gradient_through_at_zero_itself():
    relu, a = ELEMENTWISE["relu"], np.array([-1.0, -0.0, 0.0, 1e-300, 2.0])
    np.testing.assert_array_equal(relu.vjp(np.full(5, 3.0), relu.value(a), a)[0], [0.0, 0.0, 0.0, 3.0, 3.0])


def test_a_nan_stays_a_nan_in_relu():
    assert np.isnan(ELEMENTWISE["relu"].value(np.array([np.nan]))[0])
