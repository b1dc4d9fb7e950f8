from __future__ import annotations

import math

import numpy as np
import pytest

from explorer.model.bias_data import bias_gauge, compare, near_one
from rnncore.bptt import backward
from rnncore.truncation import Chunks, Full, Stride, Tail, Window

from .steps import make_walk


@pytest.mark.parametrize("policy", [Window(1), Chunks(3)])
def test_cosine_and_ratio_are_those_of_the_two_gradients_as_long_vectors(policy) -> None:
    walk = make_walk("lstm", truncation=policy)
    gauge = bias_gauge(walk)
    full = backward(walk.model, walk.trace, walk.targets, Full())
    a, b = (np.concatenate([g.ravel() for g in grads.values()]) for grads in (walk.gradients, full))
    assert gauge.whole.cosine == pytest.approx(a @ b / np.linalg.norm(a) / np.linalg.norm(b), rel=1e-12)
    assert gauge.whole.ratio == pytest.approx(np.linalg.norm(a) / np.linalg.norm(b), rel=1e-12)
    one = gauge.of("W_f")
    a, b = walk.gradients["W_f"].ravel(), full["W_f"].ravel()
    assert one.cosine == pytest.approx(a @ b / np.linalg.norm(a) / np.linalg.norm(b), rel=1e-12)
    assert gauge.of(None) is gauge.of("nothing so called") is gauge.whole


def test_without_truncation_nothing_is_biased() -> None:
    gauge = bias_gauge(make_walk("gru", truncation=Full()))
    assert gauge.whole.cosine_text == gauge.whole.ratio_text == "1.000"


def test_a_gradient_of_1e200_or_1e_minus_200_is_compared_all_the_same() -> None:
    walk = make_walk("vanilla")
    full = {n: np.asarray(g) for n, g in walk.gradients.items()}
    plain = compare(walk, full, {n: g + 0.1 for n, g in full.items()})
    for scale in (1e200, 1e-200):
        scaled = compare(walk, {n: g * scale for n, g in full.items()}, {n: g + 0.1 for n, g in full.items()})
        assert scaled.whole.cosine == pytest.approx(plain.whole.cosine, rel=1e-12)
        assert scaled.whole.ratio == pytest.approx(plain.whole.ratio * scale, rel=1e-12)
        assert scaled.of("U").cosine == pytest.approx(plain.of("U").cosine, rel=1e-12)


def test_no_gradient_has_no_direction_and_what_is_no_number_is_called_so() -> None:
    walk = make_walk("vanilla")
    zero = {n: np.zeros_like(g) for n, g in walk.gradients.items()}
    assert compare(walk, zero, walk.gradients).whole.cosine_text == "no gradient"
    assert compare(walk, zero, zero).whole.ratio_text == "0 / 0"
    assert math.isinf(compare(walk, walk.gradients, zero).whole.ratio)
    nan = {n: np.full_like(g, np.nan) for n, g in walk.gradients.items()}
    assert compare(walk, nan, walk.gradients).whole.cosine_text == "NaN"


def test_a_small_bias_is_not_rounded_away() -> None:
    assert near_one(0.9871) == "0.987"
    assert near_one(1.0 - 4e-5) == "1 − 4.0·10⁻⁵"
    assert near_one(-0.25) == "−0.250"
    assert near_one(1.0) == "1.000"


@pytest.mark.parametrize(
    ("policy", "said"),
    [
        (Full(), ""),
        (Window(1), ""),
        (Chunks(2), ""),
        (Stride(6, 6, "last"), "5 of 6 losses left out, no step cut"),
        (Stride(3, 3, "last"), "4 of 6 losses left out"),
        (Tail(2), "4 of 6 losses left out"),
    ],
)
def test_losses_that_are_left_out_are_counted_apart_from_steps_that_are_cut(policy, said: str) -> None:
    assert bias_gauge(make_walk("vanilla", truncation=policy)).left_out == said


def test_a_step_that_has_no_loss_leaves_none_out() -> None:
    targets = np.array([-1, -1, -1, -1, -1, 6])
    assert bias_gauge(make_walk("vanilla", truncation=Stride(6, 6, "last"), targets=targets)).left_out == ""
