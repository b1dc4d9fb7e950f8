from __future__ import annotations

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnncore import LIBRARY, Cell, CellError, Model, check_gradients
from rnncore.library import TITLES, find_cell


def test_every_cell_of_the_library_has_a_title_and_reads_h_first():
    assert set(LIBRARY) == set(TITLES)
    assert len(LIBRARY) == 10
    assert all(cell.states[0] == "h" for cell in LIBRARY.values())


def test_the_lstm_has_the_gates_states_and_parameters_of_the_field():
    cell = LIBRARY["lstm"]
    assert cell.states == ("h", "c")
    assert cell.gates == ("i", "f", "g", "o")
    assert [p.name for p in cell.parameters[:3]] == ["U_i", "W_i", "b_i"]
    kinds = [(p.kind, p.of) for p in cell.parameters[:3]]
    assert kinds == [("matrix", "x"), ("matrix", "hidden"), ("vector", "hidden")]
    assert cell.keep_gates == ("f",)
    assert cell.node("a_f").text == "U_f @ x + W_f @ h_prev + b_f"


def test_the_only_pre_activation_is_called_a():
    assert LIBRARY["vanilla"].node("a").text == "U @ x + W @ h_prev"


def test_a_chain_of_plus_is_one_sum_and_brackets_to_the_right_stay():
    cell = Cell.from_equations("c", "h = U @ x + W @ h_prev + (b + W @ h_prev)")
    top = cell.nodes[cell.outputs["h"]]
    assert top.op == "add" and len(top.inputs) == 3


def test_a_node_is_found_by_any_spelling_of_its_expression():
    cell = LIBRARY["vanilla"]
    assert cell.node("W@h_prev").index == cell.node("W @ h_prev").index
    with pytest.raises(KeyError, match="it has a, h"):
        cell.node("nothing")


def test_constants_are_folded_and_a_named_one_keeps_its_name_to_itself():
    cell = Cell.from_equations("c", "rate = 0.5\nh = (1 - rate) * h_prev + 0.5 * tanh(U @ x)")
    named = [n for n in cell.nodes if n.name == "rate"]
    assert len(named) == 1 and named[0].constant == 0.5
    half = [n for n in cell.nodes if n.constant == 0.5 and n.name is None]
    assert {n.text for n in half} == {"1 - rate", "0.5"}


@pytest.mark.parametrize("text", ["h = h_prev + b", "h = b + 0.5", "h = tanh(b + 0.5)", "h = W @ (b + 0.5)"])
def test_a_cell_that_is_none_without_its_biases_has_some_and_makes_a_model(text):
    cell = Cell.from_equations("mine", text)
    model = Model.create(cell, 4, 3)
    assert cell.has_bias and "b_y" in model.parameters
    assert check_gradients(model, [0, 1, 2], [1, 2, 3], samples=None).ok
    with pytest.raises(CellError):
        Model.create(cell, 4, 3, bias=False)


@pytest.mark.parametrize("key", [k for k in LIBRARY if LIBRARY[k].has_bias])
def test_biases_can_be_taken_out_and_put_back(key):
    cell = LIBRARY[key]
    bare = cell.without_biases()
    assert not bare.has_bias
    again = bare.with_biases()
    assert again.has_bias
    assert len(again.parameters) >= len(bare.parameters) + 1
    assert cell.with_biases().parameters == cell.parameters
    assert bare.without_biases().parameters == bare.parameters


def test_the_vanilla_cell_gains_the_bias_of_its_sibling():
    assert LIBRARY["vanilla"].with_biases().parameters == LIBRARY["vanilla-bias"].parameters


def test_a_peephole_is_a_weight_and_not_a_bias():
    bare = LIBRARY["lstm-peephole"].without_biases()
    assert {"p_i", "p_f", "p_o"} <= {p.name for p in bare.parameters}


def test_a_cell_survives_pickling():
    cell = LIBRARY["gru"]
    again = pickle.loads(pickle.dumps(cell))
    assert again == cell


@pytest.mark.parametrize(
    ("text", "line", "column", "says"),
    [
        ("", 1, 1, "there are no equations"),
        ("h = tanh(", 1, 9, "never closed"),
        ("import os", 1, 1, "not an equation"),
        ("h = tanh(U @ x)\nh = tanh(U @ x)", 2, 1, "computed twice"),
        ("h, c = tanh(U @ x)", 1, 1, "one name"),
        ("h.a = tanh(U @ x)", 1, 1, "one name"),
        ("x = tanh(W @ h_prev)", 1, 1, "fixed meaning"),
        ("h_prev = tanh(U @ x)", 1, 1, "previous step"),
        ("g = tanh(U @ x)", 1, 1, "no equation computes h"),
        ("h = tanh(x)", 1, 10, "one entry a word"),
        ("h = x", 1, 5, "multiplied by a matrix"),
        ("h = g + U @ x\ng = tanh(U @ x)", 1, 5, "before it is computed"),
        ("h = tanh(c_prev)", 1, 10, "no previous value"),
        ("h = tanh(U @ x) / 2", 1, 17, "not in the language"),
        ("h = (U @ x) ** 2", 1, 13, "not in the language"),
        ("r = U @ x\nh = tanh(W @ h_prev) * r / 2", 2, 26, "not in the language"),
        ("h = σ(U @ x) ^ 2", 1, 14, "not in the language"),
        ("h = tanh(U @ x + (  # the word\n  W @ h_prev)  # and what was\n  % 3)", 3, 3, "not in the language"),
        ("h = exp(U @ x)", 1, 5, "not a function"),
        ("h = tanh(U @ x, 2)", 1, 5, "exactly one"),
        ("h = __import__('os').system('true')", 1, 5, "not a function"),
        ("h = [U @ x][0]", 1, 5, "an index"),
        ("h = (lambda: 1)()", 1, 5, "not a function"),
        ("h = 'a' * (U @ x)", 1, 5, "not a number"),
        ("h = True * (U @ x)", 1, 5, "not a number"),
        ("h = 1e999 * (U @ x)", 1, 5, "too large"),
        ("h = U @ x + U @ h_prev", 1, 13, "elsewhere"),
        ("h = tanh(W * h_prev + W @ h_prev)", 1, 23, "elsewhere"),
        ("h = 2 @ x", 1, 5, "not a matrix"),
        ("h = V @ x", 1, 5, "output layer"),
        ("h = W @ 2", 1, 9, "multiplies a vector"),
        ("h = 3", 1, 5, "constant"),
        ("h = b", 1, 1, "only repeats"),
        ("c = tanh(U @ x)\nh = c", 2, 1, "only repeats"),
        ("h = tanh(2 * 3)", 1, 5, "constant"),
    ],
)
def test_an_error_names_the_line_the_column_and_a_remedy(text, line, column, says):
    with pytest.raises(CellError, match=says) as caught:
        Cell.from_equations("mine", text)
    assert (caught.value.line, caught.value.column) == (line, column)
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("text", "column"),
    [("h = σ(U @ x − x)", 15), ("h = k ⊙ ⊙", 9), ("h = σ(U @ x) ⊙ σ(x)", 18), ("h = tanh(U @ x) − c_prev", 19)],
)
def test_a_sign_that_stands_for_another_moves_no_column(text, column):
    with pytest.raises(CellError) as caught:
        Cell.from_equations("mine", text)
    assert caught.value.column == column


@pytest.mark.parametrize(
    ("text", "remedy"),
    [
        ("h = b", "Let it compute something, or use the name itself."),
        ("c = tanh(U @ x)\nh = c", "Use that name directly."),
        ("g = tanh(U @ x)", "Add an equation h = …, or call g h."),
        ("# nothing", "Add an equation h = …."),
        ("h = tanh(h)", "Write h_prev for the previous step's value."),
    ],
)
def test_a_remedy_says_what_to_write(text, remedy):
    with pytest.raises(CellError) as caught:
        Cell.from_equations("mine", text)
    assert caught.value.remedy == remedy


@pytest.mark.parametrize("text", ["h = clamp(b * 2, 0, {})", "k = {}\nh = k * b", "h = b * ({}) - b"])
def test_a_constant_that_is_worked_out_must_be_as_small_as_one_that_is_written(text):
    product = " * ".join(["1e29"] * 12)
    with pytest.raises(CellError, match="too large"):
        Cell.from_equations("c", text.replace("{}", product))


def test_a_name_that_is_nothing_but_the_ending_of_a_previous_value_gets_a_remedy_that_can_be_followed():
    with pytest.raises(CellError, match="h_prev"):
        Cell.from_equations("c", "h = tanh(_prev)")
    with pytest.raises(CellError, match="does not end in _prev"):
        Cell.from_equations("c", "_prev = b * 2\nh = b * 2")


def test_an_error_keeps_its_place_on_the_way_to_another_process():
    with pytest.raises(CellError) as caught:
        Cell.from_equations("c", "c = c_prev + b\nh = tanh(c) / 2")
    again = pickle.loads(pickle.dumps(caught.value))
    assert type(again) is CellError and str(again) == str(caught.value)
    assert (again.line, again.column, again.remedy) == (2, 13, caught.value.remedy)


@pytest.mark.parametrize("name", ["-" * 9000 + "h", "h + " * 9000 + "h", "(" * 500, "\0", "h +", 3, None, "\ud800"])
def test_a_name_that_no_value_can_have_is_a_key_error_of_a_line(name):
    with pytest.raises(KeyError, match="has no") as caught:
        LIBRARY["vanilla"].node(name)
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize("text", ["h = " + "(" * 500 + "U @ x" + ")" * 500, "h = U @ x" + " + U @ x" * 5000, "h = \0"])
def test_hostile_sizes_and_null_characters_are_refused_as_cell_errors(text):
    with pytest.raises(CellError):
        Cell.from_equations("mine", text)


@given(st.text(alphabet="hxUWb_prev=+-*@()tanhsigmoid. 0123\n;#'[]:,", max_size=60))
def test_any_text_either_makes_a_cell_or_a_cell_error(text):
    try:
        cell = Cell.from_equations("fuzz", text)
    except CellError as error:
        assert error.line >= 1 and error.column >= 1
    else:
        assert "h" in cell.states


def test_an_unknown_cell_names_those_that_exist():
    with pytest.raises(CellError, match="vanilla"):
        find_cell("elman")


def test_a_cell_without_a_name_is_refused():
    with pytest.raises(CellError, match="called by a text"):
        Cell.from_equations(3, "h = tanh(U @ x)")


@pytest.mark.parametrize(
    ("text", "said", "line", "column"),
    [
        ("h = tanh(U @ x + b_y)", "'b_y' belongs to the output layer. Call this vector", 1, 18),
        ("k = tanh(U @ x)\nlambda = k\nh = tanh(lambda)", "'lambda' cannot stand in an equation", 2, 1),
        ("h = tanh(U @ class)", "'class' cannot stand in an equation", 1, 14),
    ],
)
def test_a_name_that_is_taken_is_said_to_be_with_its_place(text, said, line, column):
    with pytest.raises(CellError) as caught:
        Cell.from_equations("mine", text)
    assert said in str(caught.value)
    assert (caught.value.line, caught.value.column) == (line, column)
