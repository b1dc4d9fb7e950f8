from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from explorer.model import action as do
from explorer.model.gates_data import gate_table
from explorer.model.parameters_data import (
    MOST_SIDE,
    ParametersData,
    axes,
    chosen_parameter,
    last_changes,
    numbers_of,
    parameters_data,
    relative_size,
    saturation_of,
    spectrum_of,
)

from .runs import Driver, small_run


def driver(cell: str = "lstm", **changes: Any) -> Driver:
    return Driver(small_run(cell=cell, **changes))


def shown(made: Driver, name: str, room: tuple[int, int] = (100, 100), **options: Any) -> ParametersData:
    session = made.do(do.Select(parameter=name))
    array = session.model.parameters[name]
    numbers, spectrum = numbers_of(name, array, *room), spectrum_of(name, array)
    return parameters_data(session, made.derived, numbers, spectrum, **options)


def row(data: ParametersData, beginning: str) -> str:
    return next(value for name, value, _ in data.rows if name.startswith(beginning))


def test_the_spectrum_is_that_of_the_definition() -> None:
    rng = np.random.default_rng(0)
    w = rng.normal(size=(9, 9))
    found = spectrum_of("W", w)
    assert found.singular**2 == pytest.approx(np.sort(np.linalg.eigvalsh(w.T @ w))[::-1], rel=1e-9)
    # Gelfand: the norms of powers grow like the spectral radius.
    power = np.linalg.norm(np.linalg.matrix_power(w / found.radius, 400), 2) ** (1 / 400)
    assert power == pytest.approx(1.0, rel=0.02)
    assert found.condition == pytest.approx(np.linalg.cond(w), rel=1e-9)


def test_only_a_square_matrix_has_a_spectral_radius() -> None:
    assert spectrum_of("U", np.ones((3, 5))).radius is None
    assert spectrum_of("W", np.diag([0.5, -2.0])).radius == pytest.approx(2.0)


def test_a_singular_matrix_has_an_infinite_condition_and_a_zero_one_none() -> None:
    assert spectrum_of("W", np.diag([1.0, 0.0])).condition == math.inf
    assert spectrum_of("W", np.zeros((2, 2))).condition is None


@pytest.mark.parametrize(
    ("array", "why"),
    [
        (np.ones(4), "vector"),
        (np.array([[1.0, np.nan], [0.0, 1.0]]), "not all weights are finite"),
        (np.array([[1.0, np.inf], [0.0, 1.0]]), "not all weights are finite"),
        (np.zeros((MOST_SIDE + 1, MOST_SIDE + 1)), "too large"),
    ],
)
def test_where_there_is_no_spectrum_it_is_said_why(array: np.ndarray, why: str) -> None:
    found = spectrum_of("W", array)
    assert len(found.singular) == 0 and why in found.why


def test_what_is_not_finite_is_counted_and_the_rest_measured() -> None:
    array = np.array([[3.0, np.nan, 4.0], [np.inf, -np.inf, 0.0]])
    found = numbers_of("W", array, 10, 10)
    assert (found.nans, found.infinities) == (1, 2)
    assert (found.norm, found.largest) == (pytest.approx(5.0), 4.0)
    assert np.isnan(found.cells[0, 1])


def test_a_norm_does_not_overflow() -> None:
    assert numbers_of("W", np.array([[3e200, 4e200]]), 9, 9).norm == pytest.approx(5e200)
    assert numbers_of("W", np.zeros((2, 2)), 9, 9).norm == 0.0


@pytest.mark.parametrize("name", ["W_f", "U_f", "b_f", "V", "b_y"])
def test_the_numbers_are_those_of_the_array(name: str) -> None:
    made = driver()
    data = shown(made, name)
    array = made.session.model.parameters[name]
    assert data.numbers is not None
    assert data.numbers.norm == pytest.approx(np.linalg.norm(array), rel=1e-12)
    assert data.numbers.largest == np.abs(array).max()
    assert data.numbers.cells.shape == (array.shape if array.ndim == 2 else (len(array), 1))
    assert data.name == name and name in data.names


def test_rows_and_columns_are_units_or_tokens() -> None:
    made = driver()
    model, vocabulary = made.session.model, made.session.corpus.vocabulary

    def kinds(name: str) -> tuple[str, str]:
        rows, columns = axes(model.cell, name, model.parameters[name], vocabulary.label)
        return rows.kind, columns.kind

    assert kinds("U_i") == ("unit", "token")
    assert kinds("W_i") == ("unit", "unit")
    assert kinds("V") == ("token", "unit")
    assert kinds("b_i") == ("unit", "")
    assert kinds("b_y") == ("token", "")
    _, columns = axes(model.cell, "U_i", model.parameters["U_i"], vocabulary.label)
    assert columns.name(vocabulary.index("dog")) == "“dog”"


def test_an_entry_is_explained_with_its_value_and_its_gradient_so_far() -> None:
    made = driver()
    token = made.session.corpus.vocabulary.index("the")
    assert "not begun" in shown(made, "U_f").explain(2, token)
    walk = made.derived.walk(made.session)
    made.do(do.GoTo(walk.script.backward_start + 60))
    said = shown(made, "U_f").explain(2, token).splitlines()
    assert said[0].startswith("U_f[3, “the”] = ")
    assert float(said[0].split(" = ")[1].replace("−", "-")) == pytest.approx(
        made.session.model.parameters["U_f"][2, token], rel=1e-5
    )
    assert "to unit 3" in said[1]
    gradient = made.derived.progress(made.session).parameter_gradients["U_f"][2, token]
    assert "so far" in said[2]
    assert float(said[2].split(" = ")[1].replace("−", "-")) == pytest.approx(gradient, rel=1e-3)
    made.do(do.GoToEnd())
    assert "so far" not in shown(made, "U_f").explain(2, token)


def test_a_grouped_cell_says_so() -> None:
    data = shown(driver(), "U_f", room=(2, 3))
    assert data.numbers is not None and not data.numbers.blocks.whole
    assert "a cell:" in data.subtitle
    i, j = int(data.numbers.blocks.row[0, 0]), int(data.numbers.blocks.column[0, 0])
    assert "furthest from 0" in data.explain(i, j)


def test_the_size_of_a_change_is_relative_to_what_was_there() -> None:
    assert relative_size(np.array([0.3, 0.4]), np.array([0.0, 5.0])) == pytest.approx(0.1)
    assert relative_size(np.zeros(2), np.zeros(2)) == 0.0
    assert relative_size(np.ones(2), np.zeros(2)) == math.inf


def test_the_last_update_is_measured_from_the_weights_before_it() -> None:
    made = driver()
    first = dict(made.session.model.parameters)
    made.do(made.trained(1, running=False))
    now = made.session.model.parameters
    found = last_changes(made.session.training.history, 1, now)
    for name, value in now.items():
        before = np.linalg.norm(first[name])
        if before:
            assert found[name] == pytest.approx(np.linalg.norm(value - first[name]) / before, rel=1e-12)
    assert last_changes(made.session.training.history, 0, first) == {}
    data = shown(made, "W_f", changes=found)
    assert data.change == found["W_f"]
    assert data.change_name.endswith("update 1")


def test_at_the_walks_end_the_change_is_that_of_this_sentence() -> None:
    made = driver()
    assert shown(made, "W_f").change is None
    made.do(do.GoToEnd())
    update = made.derived.walk(made.session).update
    assert update is not None
    old, new = made.session.model.parameters["W_f"], update.parameters["W_f"]
    data = shown(made, "W_f", changes={"W_f": 77.0})
    assert data.change == pytest.approx(np.linalg.norm(new - old) / np.linalg.norm(old), rel=1e-9)
    assert "this sentence" in data.change_name


def test_a_gates_parameter_shows_how_much_of_the_gate_is_saturated() -> None:
    made = driver("vanilla")
    assert shown(made, "W").saturated == ""
    made.do(do.GoToEnd())
    data = shown(made, "W")
    share = 100 * (np.abs(made.derived.trace(made.session).hidden) > 0.95).mean()
    assert row(data, "h saturated") == f"{share:.0f} %"
    assert shown(made, "V").gate == ""


def test_what_is_clamped_or_not_finite_is_not_counted_as_saturated_or_not() -> None:
    made = driver("lstm")
    made.do(do.GoToEnd())
    walk = made.derived.walk(made.session)
    gate = gate_table(made.derived, walk.trace).gate_of("W_f")
    assert gate is not None
    steps, units = gate.values.shape
    progress = walk.progress(len(walk))
    values, flags = gate.values.copy(), np.zeros_like(gate.flags)
    flags[:, 0] = 1.0
    held = replace(gate, held=units - 2, flags=flags)
    share, counted = saturation_of(held, progress)
    assert share == "50 %"
    assert counted.endswith(f"in {steps} of {2 * steps} values so far, {units - 2} units clamped")
    assert saturation_of(replace(gate, held=units), progress)[0] == "clamped"
    values[1, 1] = np.nan
    assert saturation_of(replace(gate, values=values), progress)[0] == "1 not finite"
    assert saturation_of(gate, walk.progress(0)) == ("", "")


def test_without_a_choice_the_recurrent_matrix_is_shown() -> None:
    made = driver("gru")
    assert chosen_parameter(made.session) == "W_r"
    made.do(do.Select(parameter="V"))
    assert chosen_parameter(made.session) == "V"


def test_before_its_numbers_are_there_a_parameter_says_that_they_are_computed() -> None:
    made = driver()
    data = parameters_data(made.session, made.derived, None, None, fresh=False)
    assert "computing" in data.subtitle
    assert data.rows == ()
