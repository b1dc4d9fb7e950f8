from __future__ import annotations

import math
import re

import numpy as np
import pytest

from explorer.model import action as do
from explorer.model.edit_targets import (
    Target,
    action_of,
    clamp_examples,
    column_target,
    examples,
    field_of,
    read_number,
    read_target,
    suggestions,
)
from explorer.model.edits import edits
from explorer.model.formula import number
from rnncore.errors import RnnError
from rnncore.library import LIBRARY
from tests.explorer.model.runs import Driver, small_run


@pytest.fixture
def driver():
    return Driver(small_run(cell="lstm"))


@pytest.mark.parametrize(
    ("text", "value"),
    [("0.25", 0.25), (" −1e-3 ", -1e-3), ("inf", math.inf), ("−∞", -math.inf), ("3", 3.0), (".5", 0.5)],
)
def test_numbers_are_read_as_they_are_printed(text, value):
    assert read_number(text) == value


def test_nan_is_a_number_that_can_be_typed():
    assert math.isnan(read_number("NaN"))


@pytest.mark.parametrize(
    ("text", "remedy"), [("", "such as 0.25"), ("abc", "such as 0.25"), ("1_000", "such as"), ("0,5", "after a point")]
)
def test_what_is_no_number_is_refused_with_the_remedy(text, remedy):
    with pytest.raises(RnnError, match="not a number here") as error:
        read_number(text)
    assert remedy in str(error.value)


@pytest.mark.parametrize(
    ("text", "target", "value", "action"),
    [
        ("W_f[4, 3]", Target("weight", "W_f", 3, 2), "0.5", do.EditWeight("W_f", 3, 2, 0.5)),
        ("b_i[5]", Target("weight", "b_i", 4), "-inf", do.EditWeight("b_i", 4, None, -math.inf)),
        ("h0[2]", Target("initial", "h", 1), "−1", do.EditInitialState("h", 1, -1.0)),
        ("h-1[2]", Target("initial", "h", 1), "1", do.EditInitialState("h", 1, 1.0)),
        ("c₋₁[3]", Target("initial", "c", 2), "1", do.EditInitialState("c", 2, 1.0)),
        ("h−1", Target("initial", "h", 0), "1", do.EditInitialState("h", 0, 1.0)),
        ("c₀", Target("initial", "c", 0), "2", do.EditInitialState("c", 0, 2.0)),
        ("token 2", Target("token", position=2), "cat", do.EditToken(2, "cat")),
        ("Word[0]", Target("token", position=0), "the", do.EditToken(0, "the")),
        ("f", Target("clamp", "f"), "1", do.ClampGate("f", 1.0)),
        ("o[4]", Target("clamp", "o", 3), "free", do.ClampGate("o", None, 3)),
        (" h [ 1 ] ", Target("clamp", "h", 0), "0", do.ClampGate("h", 0.0, 0)),
        ("Learning rate", Target("rate"), "1e-3", do.EditLearningRate(1e-3)),
    ],
)
def test_what_is_typed_names_a_target_and_its_value_an_action(driver, text, target, value, action):
    assert read_target(driver.session, text) == target
    assert action_of(target, value) == action
    field = field_of(driver.session, driver.derived, target)
    driver.do(action_of(field.target, value))
    again = field_of(driver.session, driver.derived, target)
    assert again.title == field.title
    if value != "free":
        assert again.now != field.now


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("W_f", r"Write W_f\[row, column\]"),
        ("W_f[1]", r"\[row, column\]"),
        ("b_f[1, 2]", r"Write b_f\[row\]"),
        ("q", "nothing here is called “q”"),
        ("", "Examples: U_i"),
        ("f[1, 2]", "nothing here is called"),
        ("h[", "There are U_i"),
        ("f[0]", "count from 1"),
        ("W_f[1, 0]", "count from 1"),
        ("h0[00]", "count from 1"),
    ],
)
def test_what_names_nothing_is_refused_with_what_there_is(driver, text, words):
    with pytest.raises(RnnError, match=words):
        read_target(driver.session, text)


@pytest.mark.parametrize(
    "target",
    [
        Target("weight", "Q", 0, 0),
        Target("weight", "W_f", 5, 0),
        Target("weight", "W_f", 0, 99),
        Target("initial", "q", 0),
        Target("initial", "h", 5),
        Target("token", position=99),
        Target("clamp", "a_f"),
        Target("clamp", "f", 5),
    ],
)
def test_a_target_that_there_is_not_is_refused(driver, target):
    with pytest.raises(RnnError):
        field_of(driver.session, driver.derived, target)


def test_a_field_says_what_a_thing_is_now_exactly(driver):
    session, derived = driver.session, driver.derived
    value = float(session.model.parameters["W_f"][3, 2])
    assert field_of(session, derived, Target("weight", "W_f", 3, 2)).value == repr(value)
    gate = float(derived.trace(session)["f"][2, 1])
    assert field_of(session, derived, Target("clamp", "f", 1, t=2)).now == f"free, {gate!r} at t = 2".replace("-", "−")
    token = field_of(session, derived, Target("token", position=1))
    assert token.now == f"“{session.sentence.words[1]}”, read at t = 1, predicted at t = 0"
    assert "cats" in token.words and "<unk>" in token.words


def test_a_title_counts_from_one_as_everything_shown_and_reads_back_as_its_target(driver):
    session, derived = driver.session, driver.derived
    for target, title in (
        (Target("weight", "W_f", 0, 2), "W_f[1, 3]"),
        (Target("weight", "b_f", 4), "b_f[5]"),
        (Target("initial", "c", 3), "c₋₁[4]"),
        (Target("clamp", "h", 1), "Clamp h[2]"),
    ):
        assert field_of(session, derived, target).title == title
        assert read_target(session, title.removeprefix("Clamp ")) == target
    driver.do(do.EditInitialState("h", 3, 0.5))
    driver.do(do.ClampGate("f", 0.5, 3))
    driver.do(do.EditWeight("W_f", 3, 0, 0.5))
    said = edits(driver.session).details
    assert [words[: words.index("]") + 1] for words in said] == ["h₋₁[4]", "f[4]", "W_f[4, 1]"]
    with pytest.raises(RnnError, match=r"W_f has no entry \[6, 1\]; it is 5 × 5, counted from 1"):
        field_of(driver.session, derived, Target("weight", "W_f", 5, 0))


def test_the_scopes_of_a_field_stand_for_themselves(driver):
    gate = field_of(driver.session, driver.derived, Target("clamp", "f", 1))
    assert [label for label, _ in gate.scopes] == ["unit 2", "all units"]
    assert [t.unit for _, t in gate.scopes] == [1, None] and gate.scopes[0][1] == gate.target
    start = field_of(driver.session, driver.derived, Target("initial", "h", 2))
    assert [(label, t.name) for label, t in start.scopes] == [("h₋₁", "h"), ("c₋₁", "c")]


def test_everything_that_is_suggested_can_be_edited(driver):
    driver.do(do.Select(unit=3, parameter="W_f"))
    found = suggestions(driver.session)
    assert found[0] == Target("weight", "W_f", 3)
    for target in found:
        assert field_of(driver.session, driver.derived, target).title
    assert {t.kind for t in found} == {"weight", "initial", "token", "clamp", "rate"}


def test_the_selected_unit_of_a_gate_is_suggested_first(driver):
    node = driver.session.model.cell.node("o").index
    driver.do(do.Select(t=1, unit=3, node=node))
    assert suggestions(driver.session)[:3] == (
        Target("clamp", "o", 3, t=1),
        Target("clamp", "o"),
        Target("clamp", "i"),
    )


def test_columns_of_the_table_that_only_follow_from_others_have_no_target(driver):
    session = driver.session
    assert column_target(session, "f", 2, 4) == Target("clamp", "f", 2, t=4)
    assert column_target(session, "c_prev", 2, 0) == Target("initial", "c", 2, t=0)
    for column, t in (("a_f", 0), ("∂L/∂f", 0), ("h_prev", 3)):
        assert column_target(session, column, 0, t) is None


def test_a_word_left_empty_is_refused():
    with pytest.raises(RnnError, match="no word here"):
        action_of(Target("token", position=1), "  ")
    with pytest.raises(RnnError, match="or “free”"):
        action_of(Target("clamp", "f"), "ajar")


def test_an_empty_field_is_called_empty():
    with pytest.raises(RnnError, match=r"the field is empty\. Type a number"):
        read_number("  ")


@pytest.mark.parametrize("text", ["nan", "inf", "-inf", "1e300", "1e30"])
def test_what_no_gate_can_be_held_at_is_refused_as_it_is_typed(text):
    with pytest.raises(RnnError, match="1e30"):
        action_of(Target("clamp", "f"), text)


@pytest.mark.parametrize("cell", LIBRARY)
def test_what_is_given_as_an_example_is_there_in_this_network(cell):
    session = Driver(small_run(cell=cell)).session
    for line in (*examples(session).split(",  "), *clamp_examples(session).split(",  ")):
        name, value = line.split(" = ")
        assert action_of(read_target(session, name), value) is not None


def test_a_list_of_what_can_be_edited_has_the_numbers_of_the_other_panels_and_times_for_tokens(driver):
    session, derived = driver.session, driver.derived
    row = session.model.parameters["W_f"][3]
    column = int(np.argmin(row))
    value = float(row[column])
    field = field_of(session, derived, Target("weight", "W_f", 3, column))
    assert value < 0 and field.value == repr(value)
    assert number(value) in field.brief and repr(value).replace("-", "−") in field.now
    for target in suggestions(session):
        found = field_of(session, derived, target)
        listed = found.brief or found.now
        assert "-" not in listed and not any(len(part) > 12 for part in re.findall(r"[\d.]+", listed))
        if target.kind == "token":
            assert found.title == f"Token at step {target.position}"
        assert read_target(session, found.title.removeprefix("Clamp ")).kind == target.kind
