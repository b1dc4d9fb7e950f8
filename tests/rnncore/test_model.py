from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

from rnncore import INITS, LIBRARY, Cell, Init, Model, RnnError, forward
from tests.rnncore.cases import CELLS


def test_the_tutorials_initialisation_is_uniform_within_one_over_root_fan_in():
    model = Model.create("vanilla", 400, 100, seed=3)
    for name, fan_in in (("U", 400), ("W", 100), ("V", 100)):
        values = model.parameters[name]
        limit = 1 / np.sqrt(fan_in)
        assert np.abs(values).max() <= limit
        assert np.abs(values).max() > 0.99 * limit
        assert abs(values.std() - limit / np.sqrt(3)) < 0.01 * limit
    assert set(model.parameters) == {"U", "W", "V"}


def test_shapes_and_order_of_the_parameters_are_those_of_the_field():
    model = Model.create("lstm", 7, 4)
    assert list(model.parameters)[-2:] == ["V", "b_y"]
    assert model.parameters["U_f"].shape == (4, 7)
    assert model.parameters["W_f"].shape == (4, 4)
    assert model.parameters["b_f"].shape == (4,)
    assert model.parameters["V"].shape == (7, 4)
    assert model.parameters["b_y"].shape == (7,)
    assert model.parameter_count == sum(p.size for p in model.parameters.values())


def test_a_bias_more_leaves_every_other_parameter_as_it_was():
    plain, biased = Model.create("vanilla", 5, 4, seed=9), Model.create("vanilla", 5, 4, seed=9, bias=True)
    assert set(biased.parameters) - set(plain.parameters) == {"b", "b_y"}
    for name, value in plain.parameters.items():
        np.testing.assert_array_equal(value, biased.parameters[name])


def test_the_same_seed_gives_the_same_model_and_another_seed_another():
    a, b, c = (Model.create("gru", 5, 4, seed=s) for s in (1, 1, 2))
    assert all(np.array_equal(a.parameters[n], b.parameters[n]) for n in a.parameters)
    assert not np.array_equal(a.parameters["W_r"], c.parameters["W_r"])


def test_an_orthogonal_matrix_is_any_of_them_with_equal_chance():
    """What a factorisation gives turns to one side alone until its signs are set (Mezzadri 2007)."""
    corners = [Model.create("vanilla", 5, 4, seed=s, init="orthogonal").parameters["W"][0, 0] for s in range(40)]
    assert 10 <= sum(corner > 0 for corner in corners) <= 30


def test_orthogonal_and_identity_recurrent_matrices_are_so_times_the_gain():
    model = Model.create("vanilla", 5, 6, init=Init(recurrent="orthogonal", gain=1.1))
    w = model.parameters["W"]
    np.testing.assert_allclose(w @ w.T, 1.21 * np.eye(6), atol=1e-12)
    np.testing.assert_array_equal(Model.create("irnn", 5, 6).parameters["W"], np.eye(6))


def test_glorots_limit_takes_both_fans():
    w = Model.create("vanilla", 300, 100, init="glorot").parameters["U"]
    limit = np.sqrt(6 / 400)
    assert 0.98 * limit < np.abs(w).max() <= limit


@pytest.mark.parametrize(("cell", "bias"), [("lstm", "b_f"), ("gru", "b_z"), ("lstm-coupled", "b_f")])
def test_the_forget_bias_goes_to_the_gate_that_keeps_the_state(cell, bias):
    model = Model.create(cell, 5, 4, init=Init(forget_bias=1.5))
    np.testing.assert_array_equal(model.parameters[bias], 1.5)
    others = [n for n in model.parameters if n.startswith("b") and n != bias]
    assert others and all(not model.parameters[n].any() for n in others)


def test_parameters_are_read_only_and_replaced_only_by_what_fits():
    model = Model.create("vanilla", 5, 4)
    with pytest.raises(ValueError, match="read-only"):
        model.parameters["W"][0, 0] = 1.0
    mine = np.ones((4, 4))
    changed = model.with_parameters({"W": mine})
    mine[0, 0] = 7.0
    assert changed.parameters["W"][0, 0] == 1.0 and model.parameters["W"][0, 0] != 1.0
    with pytest.raises(RnnError, match="no parameter 'Q'"):
        model.with_parameters({"Q": mine})
    with pytest.raises(RnnError, match=r"shape \(4, 4\)"):
        model.with_parameters({"W": np.ones(3)})


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("vanilla", 0, 4), "vocabulary"),
        (("vanilla", 5, 0), "hidden size"),
        (("vanilla", 100_000, 100_000), "parameters"),
        (("none", 5, 4), "no cell called"),
    ],
)
def test_what_makes_no_model_is_refused(arguments, says):
    with pytest.raises(RnnError, match=says):
        Model.create(*arguments)


def test_unknown_initialisations_and_precisions_are_refused():
    with pytest.raises(RnnError, match="tutorial"):
        Model.create("vanilla", 5, 4, init="he")
    with pytest.raises(RnnError, match="float32"):
        Model.create("vanilla", 5, 4, dtype=np.int64)
    with pytest.raises(RnnError, match="orthogonal"):
        Init(recurrent="random")


@pytest.mark.parametrize("key", CELLS)
@pytest.mark.parametrize("init", INITS)
def test_every_cell_can_start_every_way_in_both_precisions(key, init):
    for dtype in (np.float32, np.float64):
        model = Model.create(CELLS[key], 5, 3, init=init, dtype=dtype)
        assert all(np.isfinite(p).all() and p.dtype == dtype for p in model.parameters.values())


def test_a_multiplied_vector_does_not_start_at_zero():
    cell = Cell.from_equations("c", "h = tanh(p * h_prev + U @ x + b)")
    model = Model.create(cell, 5, 4)
    assert model.parameters["p"].any() and not model.parameters["b"].any()


@pytest.mark.parametrize("size", [2.0, 2.7, "5", None, True, float("nan"), float("inf")])
def test_a_size_that_is_no_whole_number_is_refused(size):
    with pytest.raises(RnnError, match="vocabulary must be a whole number"):
        Model.create("vanilla", size, 4)
    with pytest.raises(RnnError, match="hidden size must be a whole number"):
        Model.create("vanilla", 5, size)


@pytest.mark.parametrize(
    "options",
    [
        {"seed": None},
        {"seed": "a"},
        {"seed": 1.5},
        {"dtype": "abc"},
        {"dtype": 3},
        {"dtype": ">f8"},
        {"init": 3},
        {"init": []},
        {"init": "zeros"},
    ],
)
def test_an_option_of_the_wrong_kind_is_refused_in_words(options):
    with pytest.raises(RnnError, match=r"seed|precision|initialisation"):
        Model.create("vanilla", 5, 4, **options)


def test_a_cell_of_the_wrong_kind_and_numbers_that_are_none_are_refused_in_words():
    for cell in (None, 3, [], {}, LIBRARY):
        with pytest.raises(RnnError, match="no cell called"):
            Model.create(cell, 5, 4)
    for options in ({"gain": "x"}, {"gain": None}, {"forget_bias": 1j}, {"gain": float("nan")}):
        with pytest.raises(RnnError, match="finite numbers"):
            Init(**options)


def test_numpys_whole_numbers_are_sizes_too():
    model = Model.create("vanilla", np.int64(5), np.int32(4), seed=np.int64(3))
    assert (type(model.vocabulary_size), type(model.hidden_size), type(model.seed)) == (int, int, int)
    np.testing.assert_array_equal(model.parameters["W"], Model.create("vanilla", 5, 4, seed=3).parameters["W"])


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("value", [np.eye(4, dtype=int), np.eye(4, dtype=np.float32), np.eye(4), np.eye(4).tolist()])
def test_a_replaced_parameter_takes_the_models_precision(value, dtype):
    changed = Model.create("vanilla", 5, 4, dtype=dtype).with_parameters({"U": np.ones((4, 5)), "W": value})
    assert changed.dtype == dtype and {p.dtype for p in changed.parameters.values()} == {np.dtype(dtype)}
    assert forward(changed, [0, 1]).hidden.dtype == dtype
    np.testing.assert_array_equal(changed.parameters["W"], np.eye(4))


def test_a_parameter_beyond_single_precision_becomes_infinite_without_a_warning():
    changed = Model.create("vanilla", 5, 4, dtype=np.float32).with_parameters({"W": np.full((4, 4), 1e300)})
    assert np.isinf(changed.parameters["W"]).all()


@pytest.mark.parametrize("value", [[["a"] * 4] * 4, np.eye(4) * 1j, None, [[1, 2], [3]], np.full((4, 4), None)])
def test_what_are_no_real_numbers_is_refused_as_a_parameter(value):
    with pytest.raises(RnnError, match=r"^W "):
        Model.create("vanilla", 5, 4).with_parameters({"W": value})


@pytest.mark.parametrize("given", [None, [1], "W"])
def test_parameters_without_names_are_refused(given):
    with pytest.raises(RnnError, match="by name"):
        Model.create("vanilla", 5, 4).with_parameters(given)


def test_a_read_only_view_of_an_array_that_can_be_written_to_is_copied():
    mine = np.ones((4, 4))
    view = mine.view()
    view.flags.writeable = False
    changed = Model.create("vanilla", 5, 4).with_parameters({"W": view})
    mine[:] = 7.0
    np.testing.assert_array_equal(changed.parameters["W"], 1.0)


def test_another_precision_is_one_of_the_two():
    model = Model.create("lstm", 5, 4)
    assert model.astype("float32").dtype == np.float32
    for dtype in (int, np.float16, "abc", complex):
        with pytest.raises(RnnError, match="float64 or float32"):
            model.astype(dtype)


@pytest.mark.parametrize("again", [lambda m: pickle.loads(pickle.dumps(m)), copy.deepcopy, copy.copy])
def test_a_copied_model_computes_the_same_and_is_as_read_only(again):
    model = Model.create("gru", 5, 4, seed=7, init="orthogonal", dtype=np.float32)
    other = again(model)
    assert (other.cell.text, other.seed, other.init, other.dtype) == (model.cell.text, 7, model.init, np.float32)
    assert list(other.parameters) == list(model.parameters)
    assert not any(p.flags.writeable for p in other.parameters.values())
    with pytest.raises(TypeError):
        other.parameters["V"] = np.zeros((5, 4))
    np.testing.assert_array_equal(forward(other, [0, 1, 2]).logits, forward(model, [0, 1, 2]).logits)
