from __future__ import annotations

import math
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnncore import Full, RnnError, Window, backward, forward, ledger, ledgers
from rnncore.gradcheck import pair_gradient
from rnncore.norms import norm
from tests.rnncore.cases import CELLS, POLICIES, lively, policies, sequence


@pytest.mark.parametrize("key", CELLS)
def test_the_signed_entries_of_the_kept_pairs_sum_to_the_gradients_norm(key):
    model = lively(CELLS[key])
    inputs, targets = sequence()
    trace = forward(model, inputs)
    for policy in POLICIES:
        gradient = backward(model, trace, targets, policy)
        for name, one in ledgers(model, trace, targets, policy).items():
            size = np.abs(one.kept * one.signed).sum()
            assert one.total == pytest.approx(np.linalg.norm(gradient[name]), rel=1e-14)
            assert abs((one.kept * one.signed).sum() - one.total) <= 1e-12 * max(size, 1e-300)
            assert one.votes.sum() == pytest.approx(one.total, rel=1e-11, abs=1e-300)


@settings(max_examples=20, deadline=None)
@given(st.sampled_from(sorted(CELLS)), policies, st.integers(1, 7), st.integers(0, 50))
def test_every_entry_is_that_pairs_own_gradient(key, policy, length, seed):
    model = lively(CELLS[key], seed=seed)
    inputs, targets = sequence(length=length, seed=seed)
    trace = forward(model, inputs)
    names = list(model.parameters)
    name = names[seed % len(names)]
    one = ledger(model, trace, targets, name, policy)
    whole = backward(model, trace, targets, policy)[name]
    for t in range(length):
        for tau in range(length):
            g = pair_gradient(model, trace, targets, name, t, tau) if tau <= t else np.zeros_like(whole)
            assert one.norms[t, tau] == pytest.approx(np.linalg.norm(g), rel=1e-6, abs=1e-9)
            if one.total > 0:
                assert one.signed[t, tau] == pytest.approx((g * whole).sum() / one.total, rel=1e-9, abs=1e-12)
    np.testing.assert_array_equal(one.kept, policy.table(length))


@pytest.mark.parametrize("name", ["W", "U", "p", "q"])
def test_a_parameter_that_is_used_twice_a_step_has_the_norm_of_both_uses_together(name):
    model = lively(CELLS["twice"])
    inputs, targets = sequence(silent=None)
    trace = forward(model, inputs)
    norms = ledger(model, trace, targets, name).norms
    for t in range(6):
        for tau in range(t + 1):
            both = pair_gradient(model, trace, targets, name, t, tau)
            assert norms[t, tau] == pytest.approx(np.linalg.norm(both), rel=1e-9)


def test_the_output_layers_ledger_is_its_diagonal():
    model = lively("vanilla")
    inputs, targets = sequence()
    one = ledger(model, forward(model, inputs), targets, "V")
    assert not np.tril(one.norms, -1).any() and np.diagonal(one.norms)[[0, 1, 3, 4, 5]].all()


@pytest.mark.parametrize("name", ["V", "b_y"])
def test_the_output_layers_norms_are_those_of_its_pairs_own_gradients(name):
    model = lively("gru")
    inputs, targets = sequence()
    trace = forward(model, inputs)
    norms = np.diagonal(ledger(model, trace, targets, name).norms)
    own = [np.linalg.norm(pair_gradient(model, trace, targets, name, t, t)) for t in range(6)]
    np.testing.assert_allclose(norms, own, rtol=1e-12)


def test_a_zero_gradient_has_a_ledger_of_zeros():
    model = lively("lstm")
    one = ledger(model, forward(model, [1, 2]), [-1, -1], "W_f")
    assert one.total == 0 and not one.signed.any()


def test_a_nan_shows_in_the_ledger():
    model = lively("vanilla").with_parameters({"W": np.full((3, 3), np.nan)})
    one = ledger(model, forward(model, [0, 1, 2]), [1, 2, 3], "W")
    assert np.isnan(one.total) and np.isnan(one.signed).any() and np.isnan(one.norms).any()


def test_the_norms_by_lag_are_root_sums_of_squares_of_the_diagonals():
    model = lively("gru")
    inputs, targets = sequence(silent=None)
    one = ledger(model, forward(model, inputs), targets, "W_n", Window(2))
    assert one.by_lag()[1] == pytest.approx(np.sqrt(sum(one.norms[t, t - 1] ** 2 for t in range(1, 6))))


def test_an_unknown_parameter_and_a_batch_are_refused():
    model = lively("vanilla")
    with pytest.raises(RnnError, match="no parameter 'Q'"):
        ledger(model, forward(model, [0]), [0], "Q", Full())
    with pytest.raises(RnnError, match="one sequence"):
        ledger(model, forward(model, [[0, 1]]), [[0, 1]], "W")


@pytest.mark.parametrize("marks", [{}, {"boundaries": [5, 13], "between": "detached"}], ids=["one", "stream"])
@pytest.mark.parametrize("key", CELLS)
def test_a_long_sequence_is_itemised_by_coefficients_as_by_the_graph(key, marks, monkeypatch):
    model = lively(CELLS[key], hidden=4)
    inputs, targets = sequence(length=20)
    trace = forward(model, inputs, **marks)
    module = sys.modules["rnncore.ledger"]  # the package's attribute of that name is the function
    monkeypatch.setattr(module, "BLOCK_BYTES", 20_000)
    quick = ledgers(model, trace, targets, Window(6))
    monkeypatch.setattr(module, "LONG", 10**9)
    for name, slow in ledgers(model, trace, targets, Window(6)).items():
        for found, expected in ((quick[name].signed, slow.signed), (quick[name].norms, slow.norms)):
            np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-13 * max(np.abs(expected).max(), 1e-300))


@pytest.mark.parametrize("key", CELLS)
@pytest.mark.parametrize(
    ("size", "dtype"), [(1e250, np.float64), (1e160, np.float64), (1e-200, np.float64), (1e25, np.float32)]
)
def test_entries_whose_squares_have_no_room_in_a_float_have_norms_and_sum_to_the_gradients(key, size, dtype):
    small = lively(CELLS[key])
    arrays = {name: np.array(value, dtype) for name, value in small.parameters.items()}
    # Every δ is as many times larger as the output matrix is, wherever the softmax has decided for one word.
    arrays["V"] = arrays["V"] * dtype(size)
    model = small.astype(dtype).with_parameters(arrays)
    inputs, targets = sequence()
    trace = forward(model, inputs)
    rounding = 1e-12 if dtype == np.float64 else 1e-5
    for policy in (Full(), Window(2)):
        whole = backward(model, trace, targets, policy)
        for name, one in ledgers(model, trace, targets, policy).items():
            parts = one.kept * one.signed
            assert np.isfinite(one.norms).all() and np.isfinite(parts).all() and np.isfinite(one.total)
            assert abs(parts.sum() - one.total) <= rounding * np.abs(parts).sum()
            assert one.total == pytest.approx(norm(whole[name]), rel=rounding, abs=0)
            if name in ("V", "b_y"):
                continue
            for t, tau in ((5, 5), (5, 2), (4, 0), (1, 0)):
                g = pair_gradient(model, trace, targets, name, t, tau)
                assert one.norms[t, tau] == pytest.approx(norm(g), rel=10 * rounding, abs=1e-10 * one.norms.max())
            assert one.by_lag() == pytest.approx(
                [math.hypot(*np.diagonal(one.norms, -lag)) for lag in range(len(inputs))], rel=1e-12, abs=0
            )


def test_an_entry_too_small_for_its_square_is_told_from_none_and_the_others_stay_to_the_last_bit():
    model = lively(CELLS["vanilla"])
    model = model.with_parameters({**model.parameters, "W": model.parameters["W"] * 1e-70})
    inputs, targets = sequence(silent=None)
    trace = forward(model, inputs)
    one = ledger(model, trace, targets, "U")
    for t in range(len(inputs)):
        for tau in range(t + 1):
            g = pair_gradient(model, trace, targets, "U", t, tau)
            assert one.norms[t, tau] == pytest.approx(norm(g), rel=1e-12, abs=0)
            assert abs(one.signed[t, tau]) <= one.norms[t, tau] * (1 + 1e-12)
    assert (np.diagonal(one.norms, -4) > 0).all() and (np.diagonal(one.norms, -4) < 1e-250).all()


def test_entries_that_are_not_finite_stay_so_beside_huge_ones():
    model = lively(CELLS["vanilla"])
    model = model.with_parameters({**model.parameters, "V": model.parameters["V"] * 1e200})
    inputs, targets = sequence(silent=None)
    trace = forward(model, inputs)
    broken = {name: np.array(value) for name, value in backward(model, trace, targets).items()}
    broken["W"][0, 0] = np.nan
    one = ledgers(model, trace, targets, gradients=broken)["W"]
    assert np.isnan(one.total) and np.isnan(one.signed).all()
    assert np.isfinite(one.norms).all() and one.norms.max() > 1e190
