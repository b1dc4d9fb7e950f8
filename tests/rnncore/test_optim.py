from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnncore.errors import RnnError
from rnncore.flat import Flat, flattened, layout_of
from rnncore.optim import (
    SGD,
    Adagrad,
    Adam,
    ClipByNorm,
    ClipByValue,
    Momentum,
    RMSProp,
    clip_from_plain,
    global_norm,
    optimiser_from_plain,
)
from rnncore.records import to_plain

ALL = (
    SGD(0.1),
    Momentum(0.1, 0.8),
    Momentum(0.1, 0.8, nesterov=True),
    Adagrad(0.1),
    RMSProp(0.02),
    Adam(0.02),
)


def problem(seed: int, steps: int = 25) -> tuple[dict[str, np.ndarray], list[dict[str, np.ndarray]]]:
    generator = np.random.default_rng(seed)
    shapes = {"U": (3, 5), "W": (3, 3), "b": (3,)}
    parameters = {name: generator.normal(size=shape) for name, shape in shapes.items()}
    gradients = [
        {name: generator.normal(size=shape) * 10.0 ** generator.integers(-4, 3) for name, shape in shapes.items()}
        for _ in range(steps)
    ]
    return parameters, gradients


def peer(torch, optimiser, tensors):
    if isinstance(optimiser, SGD):
        return torch.optim.SGD(tensors, lr=optimiser.learning_rate)
    if isinstance(optimiser, Momentum):
        return torch.optim.SGD(
            tensors, lr=optimiser.learning_rate, momentum=optimiser.momentum, nesterov=optimiser.nesterov
        )
    if isinstance(optimiser, Adagrad):
        return torch.optim.Adagrad(tensors, lr=optimiser.learning_rate, eps=optimiser.epsilon)
    if isinstance(optimiser, RMSProp):
        return torch.optim.RMSprop(tensors, lr=optimiser.learning_rate, alpha=optimiser.decay, eps=optimiser.epsilon)
    return torch.optim.Adam(
        tensors, lr=optimiser.learning_rate, betas=(optimiser.beta1, optimiser.beta2), eps=optimiser.epsilon
    )


@pytest.mark.parametrize("optimiser", ALL, ids=repr)
def test_twenty_five_updates_agree_with_pytorch(optimiser):
    torch = pytest.importorskip("torch")
    parameters, gradients = problem(1)
    tensors = {name: torch.tensor(value, requires_grad=True) for name, value in parameters.items()}
    oracle = peer(torch, optimiser, list(tensors.values()))
    state = optimiser.init(parameters)
    for gradient in gradients:
        for name, tensor in tensors.items():
            tensor.grad = torch.tensor(gradient[name])
        oracle.step()
        parameters, state, _ = optimiser.update(parameters, gradient, state)
    for name, tensor in tensors.items():
        np.testing.assert_allclose(parameters[name], tensor.detach().numpy(), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("optimiser", ALL, ids=repr)
def test_an_update_is_pure_and_its_results_cannot_be_changed(optimiser):
    parameters, gradients = problem(2, 2)
    state = optimiser.init(parameters)
    once = optimiser.update(parameters, gradients[0], state)
    twice = optimiser.update(parameters, gradients[0], state)
    for name, old in parameters.items():
        np.testing.assert_array_equal(once[0][name], twice[0][name])
        np.testing.assert_array_equal(once[0][name], old + once[2][name])
        for array in (once[0][name], once[2][name], *once[1][name].values(), *state[name].values()):
            assert not array.flags.writeable


@pytest.mark.parametrize("optimiser", ALL, ids=repr)
def test_arrays_in_one_vector_are_updated_bitwise_as_arrays_apart(optimiser):
    parameters, gradients = problem(6, 4)
    layout, flat = layout_of(parameters), parameters
    state = flat_state = optimiser.init(parameters)
    for step, gradient in enumerate(gradients):
        parameters, state, deltas = optimiser.update(parameters, gradient, state)
        if step != 2:  # in between, once, the other way
            gradient = flattened(gradient, layout)
        flat, flat_state, flat_deltas = optimiser.update(flat, gradient, flat_state)
        assert isinstance(flat, Flat) == (step != 2)
        for name in parameters:
            assert flat[name].tobytes() == parameters[name].tobytes()
            assert flat_deltas[name].tobytes() == deltas[name].tobytes()
            assert set(flat_state[name]) == set(state[name])
            assert all(flat_state[name][slot].tobytes() == state[name][slot].tobytes() for slot in state[name])
            assert not flat[name].flags.writeable


def test_a_state_that_cannot_lie_in_vectors_is_updated_array_by_array():
    parameters, (gradient,) = problem(6, 1)
    state = {name: dict(slots) for name, slots in Adam().init(parameters).items()}
    state["b"]["step"] = np.array(7)
    apart, _, _ = Adam().update(parameters, gradient, state)
    joined, new, _ = Adam().update(parameters, flattened(gradient, layout_of(parameters)), state)
    assert all(apart[name].tobytes() == joined[name].tobytes() for name in apart)
    assert (new["b"]["step"], new["W"]["step"]) == (8, 1)


@pytest.mark.parametrize("clip", [ClipByNorm(0.1), ClipByValue(0.1)])
def test_arrays_in_one_vector_are_clipped_as_arrays_apart(clip):
    parameters, (gradients,) = problem(7, 1)
    apart, report = clip.apply(gradients)
    joined, flat_report = clip.apply(flattened(gradients, layout_of(parameters)))
    for name in gradients:
        np.testing.assert_allclose(joined[name], apart[name], rtol=1e-14)
    assert flat_report.norm == pytest.approx(report.norm, rel=1e-14) and flat_report.fraction == report.fraction


@pytest.mark.parametrize("optimiser", ALL, ids=repr)
def test_single_precision_stays_single_precision(optimiser):
    parameters, gradients = problem(3, 2)
    small = {name: value.astype(np.float32) for name, value in parameters.items()}
    state = optimiser.init(small)
    for gradient in gradients:
        small, state, deltas = optimiser.update(
            small,
            {name: value.astype(np.float32) for name, value in gradient.items()},
            state,
            np.float64(0.05),
        )
        assert {value.dtype for value in (*small.values(), *deltas.values())} == {np.dtype(np.float32)}
        assert all(
            array.dtype == np.float32 for slots in state.values() for key, array in slots.items() if key != "step"
        )


@pytest.mark.parametrize("optimiser", ALL, ids=repr)
def test_a_gradient_that_is_not_finite_passes_without_warning_and_shows(optimiser):
    parameters = {"W": np.ones(3)}
    new, _, _ = optimiser.update(parameters, {"W": np.array([math.nan, math.inf, 1.0])}, optimiser.init(parameters))
    assert math.isnan(new["W"][0]) and math.isfinite(new["W"][2])


def test_the_given_learning_rate_overrides_the_records_own():
    parameters = {"W": np.array([1.0])}
    new, _, delta = SGD(0.5).update(parameters, {"W": np.array([2.0])}, SGD(0.5).init(parameters), 0.25)
    assert new["W"][0] == 0.5 and delta["W"][0] == -0.5


@pytest.mark.parametrize("optimiser", [Adagrad(0.1, 0.0), RMSProp(0.1, 0.9, 0.0), Adam(0.1, epsilon=0.0)], ids=repr)
def test_without_epsilon_a_weight_that_no_gradient_reached_does_not_move(optimiser):
    parameters = {"W": np.array([1.0, 1.0])}
    new, _, _ = optimiser.update(parameters, {"W": np.array([0.0, 3.0])}, optimiser.init(parameters))
    assert new["W"][0] == 1.0 and new["W"][1] < 1.0


@pytest.mark.parametrize(
    "make",
    [
        lambda: SGD(-0.1),
        lambda: SGD(math.nan),
        lambda: SGD(True),
        lambda: Momentum(0.1, 1.0),
        lambda: Adam(beta2=1.0),
        lambda: Adagrad(epsilon=-1.0),
        lambda: RMSProp(decay=2.0),
        lambda: ClipByNorm(0.0),
        lambda: ClipByValue(math.inf),
    ],
)
def test_a_setting_outside_its_range_is_refused_with_the_range(make):
    with pytest.raises(RnnError, match="Give a number"):
        make()


def test_a_gradient_or_a_state_that_does_not_fit_is_refused():
    parameters = {"W": np.ones((2, 2))}
    with pytest.raises(RnnError, match="does not fit"):
        SGD(0.1).update(parameters, {"W": np.ones(2)}, {"W": {}})
    with pytest.raises(RnnError, match="no gradient or no state"):
        SGD(0.1).update(parameters, {}, {"W": {}})
    with pytest.raises(RnnError, match="does not fit"):
        Adam().update(parameters, {"W": np.ones((2, 2))}, Adagrad().init(parameters))


@pytest.mark.parametrize("record", [*ALL, ClipByNorm(3.0), ClipByValue(2)], ids=repr)
def test_settings_come_back_from_plain_data(record):
    read = clip_from_plain if isinstance(record, (ClipByNorm, ClipByValue)) else optimiser_from_plain
    assert read(to_plain(record)) == record


@pytest.mark.parametrize(
    "plain",
    [
        None,
        3,
        {},
        {"kind": "Lion"},
        {"kind": "SGD", "rate": 1},
        {"kind": "SGD", "learning_rate": "much"},
        {"kind": ["SGD"]},
    ],
)
def test_settings_that_cannot_be_read_are_refused(plain):
    with pytest.raises(RnnError):
        optimiser_from_plain(plain)


# --- clipping -----------------------------------------------------------------------------------------------


def test_clipping_by_norm_agrees_with_pytorch_and_keeps_the_direction():
    torch = pytest.importorskip("torch")
    _, (gradients,) = problem(5, 1)
    clipped, report = ClipByNorm(0.5).apply(gradients)
    tensors = [torch.zeros(value.shape, dtype=torch.float64, requires_grad=True) for value in gradients.values()]
    for tensor, value in zip(tensors, gradients.values(), strict=True):
        tensor.grad = torch.tensor(value)
    norm = float(torch.nn.utils.clip_grad_norm_(tensors, 0.5))
    assert report.norm == pytest.approx(norm, rel=1e-12)
    assert global_norm(clipped) == pytest.approx(0.5, rel=1e-12) == report.clipped_norm
    for tensor, name in zip(tensors, gradients, strict=True):
        # PyTorch divides by norm + 1e-6.
        np.testing.assert_allclose(clipped[name], tensor.grad.numpy() * (norm + 1e-6) / norm, rtol=1e-12)
        np.testing.assert_allclose(clipped[name], gradients[name] * report.scale, rtol=1e-15)


def test_clipping_leaves_a_short_gradient_exactly_as_it_is():
    gradients = {"W": np.array([3.0, 4.0])}
    for clip in (ClipByNorm(5.0), ClipByValue(5.0), ClipByValue(4.0)):
        clipped, report = clip.apply(gradients)
        np.testing.assert_array_equal(clipped["W"], gradients["W"])
        assert (report.scale, report.fraction, report.norm) == (1.0, 0.0, 5.0)


def test_clipping_by_value_limits_each_entry_and_reports_the_fraction():
    clipped, report = ClipByValue(1.0).apply({"W": np.array([3.0, -4.0]), "b": np.array([0.5, math.nan])})
    np.testing.assert_array_equal(clipped["W"], [1.0, -1.0])
    assert clipped["b"][0] == 0.5 and math.isnan(clipped["b"][1])
    assert report.fraction == 0.5 and math.isnan(report.norm)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(-1, 1, allow_nan=False), min_size=1, max_size=8), st.integers(-300, 290))
def test_the_norm_is_exact_at_any_scale(values, exponent):
    scaled = [value * 10.0**exponent for value in values]
    got = global_norm({"a": np.array(scaled[: len(scaled) // 2]), "b": np.array(scaled[len(scaled) // 2 :])})
    assert got == pytest.approx(math.hypot(*scaled), rel=1e-12, abs=5e-324)


def test_the_norm_of_single_precision_gradients_does_not_overflow():
    assert global_norm({"W": np.full(4, 1e30, np.float32)}) == pytest.approx(2e30, rel=1e-6)


@pytest.mark.parametrize(
    ("entry", "limit", "dtype"),
    [(1e38, 1e-3, np.float32), (3e38, 1.0, np.float32), (1e25, 1e-20, np.float32), (1.7e308, 1.0, float)],
)
def test_what_is_longer_than_a_float_holds_is_clipped_to_the_limit_all_the_same(entry, limit, dtype):
    value = np.array([[entry, -entry], [0.0, entry]], dtype)
    for gradients in ({"W": value}, {"W": value[:1], "b": value[1]}, flattened({"W": value}, layout_of({"W": value}))):
        clipped, report = ClipByNorm(limit).apply(gradients)
        assert global_norm(clipped) == pytest.approx(limit, rel=1e-6) == report.clipped_norm
        found = np.concatenate([np.ravel(part) for part in clipped.values()])
        assert found == pytest.approx(np.array([1, -1, 0, 1]) * limit / math.sqrt(3), rel=1e-6, abs=0)
        assert found.dtype == dtype


def test_infinite_and_missing_numbers_give_an_infinite_and_a_missing_norm():
    assert global_norm({"W": np.array([1.0, -math.inf])}) == math.inf
    assert math.isnan(global_norm({"W": np.array([math.inf]), "b": np.array([math.nan, 1.0])}))
    _, report = ClipByNorm(1.0).apply({"W": np.array([1.0, math.inf])})
    assert report.norm == math.inf and report.scale == 0.0


@pytest.mark.parametrize("rate", [np.float32(0.5), np.float64(0.5), np.int64(1), 1])
def test_a_rate_may_be_one_of_numpys_numbers(rate):
    parameters, gradients = {"w": np.ones(2)}, {"w": np.full(2, 2.0)}
    new, _, _ = SGD(rate).update(parameters, gradients, {"w": {}})
    np.testing.assert_array_equal(new["w"], 1.0 - 2.0 * float(rate))
    assert type(SGD(rate).learning_rate) in (int, float)
