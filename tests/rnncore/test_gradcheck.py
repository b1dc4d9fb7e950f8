from __future__ import annotations

import numpy as np
import pytest

from rnncore import Chunks, Full, RnnError, Window, backward, check_gradients, check_pairs, forward
from rnncore.gradcheck import _report
from tests.rnncore.cases import CELLS, POLICIES, lively, sequence


@pytest.mark.parametrize("key", CELLS)
@pytest.mark.parametrize("method", ["complex step", "central differences"])
def test_every_cell_and_policy_agrees(key, method):
    model = lively(CELLS[key])
    inputs, targets = sequence()
    for policy in POLICIES:
        report = check_gradients(model, inputs, targets, policy, method=method)
        assert report.ok, str(report)


def test_the_complex_step_reaches_rounding():
    model = lively("lstm")
    inputs, targets = sequence()
    assert check_gradients(model, inputs, targets, samples=None).max_relative_error < 1e-11


@pytest.mark.parametrize("method", ["complex step", "central differences"])
def test_a_planted_error_is_found_with_both_its_numbers(method):
    model = lively("gru")
    inputs, targets = sequence()
    wrong = {n: g.copy() for n, g in backward(model, forward(model, inputs), targets, Window(2)).items()}
    wrong["W_n"][1, 2] += 0.01
    report = check_gradients(model, inputs, targets, Window(2), method=method, samples=None, gradients=wrong)
    assert not report.ok
    assert report.worst.parameter == "W_n" and report.worst.index == (1, 2)
    assert "worst [2, 3]" in str(report)  # counted from 1, as everything shown
    assert report.worst.analytic - report.worst.numeric == pytest.approx(0.01, rel=1e-4)


def test_a_wrong_sign_is_an_error_and_not_its_absolute_values_agreement():
    model = lively("vanilla")
    inputs, targets = sequence()
    right = backward(model, forward(model, inputs), targets)
    report = check_gradients(model, inputs, targets, gradients={n: -g for n, g in right.items()})
    assert report.max_relative_error == pytest.approx(2.0)


def test_the_full_gradient_does_not_pass_for_a_truncated_one():
    model = lively("vanilla")
    inputs, targets = sequence(length=9)
    full = backward(model, forward(model, inputs), targets, Full())
    assert not check_gradients(model, inputs, targets, Chunks(2), gradients=full).ok


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_what_is_not_a_number_never_passes(value):
    model = lively("vanilla").with_parameters({"W": np.full((3, 3), value)})
    report = check_gradients(model, *sequence())
    assert not report.ok and report.max_relative_error == np.inf and report.max_absolute_error == np.inf
    assert np.isinf(check_pairs(model, *sequence(), "W")).any()


@pytest.mark.parametrize("key", CELLS)
def test_each_pair_by_itself_agrees(key):
    model = lively(CELLS[key])
    inputs, targets = sequence()
    for name in model.parameters:
        error = check_pairs(model, inputs, targets, name, samples=6)
        assert error.shape == (6, 6) and error.max() < 1e-9, name


def test_single_precision_models_are_checked_in_double():
    model = lively("lstm").astype(np.float32)
    assert check_gradients(model, *sequence(), Window(2)).ok


def test_the_report_reads_as_a_table():
    text = str(check_gradients(lively("vanilla"), *sequence(), Window(2)))
    assert "agrees" in text and "analytic" in text and "window k = 2" in text


def test_unknown_methods_and_parameters_are_refused():
    model = lively("vanilla")
    with pytest.raises(RnnError, match="method"):
        check_gradients(model, *sequence(), method="guess")
    with pytest.raises(RnnError, match="no parameter"):
        check_gradients(model, *sequence(), parameters=("Q",))
    with pytest.raises(RnnError, match="samples"):
        check_gradients(model, *sequence(), samples=0)
    with pytest.raises(RnnError, match="one sequence"):
        check_gradients(model, [[0, 1]], [[0, 1]])


def test_the_worst_entry_is_never_a_nought_while_others_agree_as_well():
    rows = [
        _report("W", (4,), np.arange(4), np.array([0.0, 0.5, -2.0, 0.0]), np.array([0.0, 0.5, -2.0, 0.0]), 1e-6),
        _report("W", (4,), np.arange(4), np.array([0.0, 0.5, -2.0, 0.0]), np.array([0.0, 0.6, -2.0, 0.0]), 1e-6),
    ]
    assert [row.index for row in rows] == [(2,), (1,)]
    broken = _report("W", (2,), np.arange(2), np.array([np.nan, 5.0]), np.array([1.0, 9.0]), 1e-6)
    assert broken.index == (0,) and broken.relative == np.inf


def test_a_gradient_that_is_missing_or_misshapen_is_not_taken_for_one():
    model = lively("vanilla")
    inputs, targets = sequence()
    found = dict(backward(model, forward(model, inputs), targets))
    for given in ({"U": found["U"]}, found | {"W": found["W"][0]}, found | {"U": found["U"].T}):
        with pytest.raises(RnnError, match=r"none of [UW] with its shape"):
            check_gradients(model, inputs, targets, gradients=given)


def test_one_name_is_not_the_names_that_its_letters_are():
    model = lively("vanilla")
    inputs, targets = sequence()
    with pytest.raises(RnnError, match="several names"):
        check_gradients(model, inputs, targets, parameters="UW")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"parameter": "Q"}, "no parameter 'Q'; it has U, W, V"),
        ({"method": "guess"}, "method must be one of"),
        ({"samples": 0}, "at least 1"),
        ({"samples": 1.5}, "at least 1"),
        ({"inputs": [[0, 1]], "targets": [[1, 2]]}, "one row of the batch"),
        ({"targets": [1]}, "targets must be whole numbers"),
    ],
)
def test_pairs_that_cannot_be_checked_are_refused_in_words(change, says):
    inputs, targets = sequence()
    given = {"inputs": inputs, "targets": targets, "parameter": "W"} | change
    with pytest.raises(RnnError, match=says):
        check_pairs(lively("vanilla"), **given)


def test_pairs_of_a_single_precision_model_are_checked_in_double():
    inputs, targets = sequence()
    assert check_pairs(lively("lstm").astype(np.float32), inputs, targets, "W_f").max() < 1e-9


def test_a_sequence_without_a_step_has_no_pairs():
    assert check_pairs(lively("vanilla"), [], [], "W").shape == (0, 0)
