from __future__ import annotations

import numpy as np
import pytest

from explorer.model import action as do
from explorer.model.accumulator_data import accumulator_data, accumulator_of, furthest
from explorer.model.votes import row_deltas, votes_of
from rnncore.truncation import Full

from .runs import Driver
from .steps import WORDS, after, make_walk

TOKENS = tuple(f"w{n}" for n in range(8))


def made(name: str, position: int, cell: str = "lstm", **changes):
    walk = make_walk(cell, truncation=Full(), **changes)
    return walk, accumulator_data(votes_of(walk, name), position, WORDS[:-1], TOKENS)


def test_the_picture_is_the_partial_sum_and_says_how_many_votes_it_holds() -> None:
    walk = make_walk("lstm", truncation=Full())
    position = after(walk, "carry", 4, loss=5)
    _, data = made("W_f", position)
    assert data.cells == pytest.approx(walk.progress(position).parameter_gradients["W_f"])
    assert data.title == "dW_f accumulates"
    assert data.subtitle == "rank-1 votes summed so far: 2 of 21"
    assert data.vote is not None and data.vote.label == "δ(5,4) ⊗ h₃"
    assert data.delta is not None and data.operand is not None
    assert data.operand == pytest.approx(walk.trace["h"][3])


def test_before_the_backward_pass_nothing_has_voted() -> None:
    _, data = made("W_f", 10)
    assert data.vote is None and data.done == 0 and not data.cells.any()
    assert data.reading(1, 1, None) == ("dW_f [2, 2] = 0",)


def test_of_the_input_matrix_only_the_tokens_that_were_read_have_columns() -> None:
    walk, data = made("U_f", 10_000)
    columns = data.votes.columns
    assert columns is not None
    assert columns.tolist() == list(dict.fromkeys(walk.trace.inputs.tolist()))
    others = np.setdiff1d(np.arange(8), columns)
    assert not walk.gradients["U_f"][:, others].any()
    assert data.values == pytest.approx(walk.gradients["U_f"][:, columns])
    assert data.name(0, 2) == f"dU_f [1, “{WORDS[2]}”]"
    assert data.operand is not None and data.operand.sum() == 1.0
    assert "the other 2 are 0" in data.help


def test_a_vector_has_one_column_and_the_output_layer_a_row_for_each_token() -> None:
    _, bias = made("b_f", 10_000)
    assert bias.cells.shape == (5, 1) and bias.operand is None
    walk, out = made("V", 10_000)
    assert out.cells.shape == (8, 5)
    assert out.cells == pytest.approx(walk.gradients["V"])
    assert out.name(3, 1) == "dV [“w3”, 2]"


def test_a_reading_tells_the_three_votes_that_made_the_most_of_an_entry() -> None:
    _, data = made("W_f", 10_000)
    deltas = row_deltas(data.votes, 2)
    lines = data.reading(2, 1, deltas)
    shares = deltas.shares(data.done, 1)
    order = np.argsort(np.abs(shares), axis=None)[::-1][:3]
    assert len(lines) == 4
    for line, flat in zip(lines[1:], order, strict=True):
        t, tau = divmod(int(flat), 6)
        assert line.startswith(f"loss {t} → τ {tau}: ")
    assert f"({100 * shares.flat[order[0]] / data.values[2, 1]:.0f} %)".replace("-", "−") in lines[1]


def test_a_reading_without_its_votes_says_that_they_are_on_their_way() -> None:
    _, data = made("W_f", 10_000)
    assert data.reading(2, 1, None)[-1] == "…"
    assert data.reading(2, 1, row_deltas(data.votes, 3))[-1] == "…"


def test_more_than_sixty_four_rows_are_grouped_and_it_says_so() -> None:
    walk, data = made("W", 10_000, "vanilla", hidden=100)
    assert data.cells.shape == (50, 50) and (data.row_group, data.column_group) == (2, 2)
    assert "a cell: the largest of 2 × 2" in data.subtitle
    row, column = data.entry(7, 9)
    assert data.cells[7, 9] == walk.gradients["W"][row, column]
    assert abs(data.cells[7, 9]) == np.abs(walk.gradients["W"][14:16, 18:20]).max()


def test_of_a_group_the_entry_furthest_from_zero_is_shown_and_nan_before_all() -> None:
    values = np.array([[1.0, -3.0, 2.0], [0.5, 2.0, np.nan], [4.0, 0.0, -5.0]])
    grouped = furthest(values, 2, 2)
    assert grouped[0, 0] == -3.0 and np.isnan(grouped[0, 1]) and grouped[1].tolist() == [4.0, -5.0]


def test_the_colours_reach_to_the_finished_gradient_so_that_they_need_not_change_on_the_way() -> None:
    walk = make_walk("lstm", truncation=Full())
    early = made("W_f", after(walk, "carry", 4, loss=5))[1]
    assert early.largest >= np.abs(walk.gradients["W_f"]).max()


def test_nothing_is_made_anew_while_no_vote_is_added() -> None:
    driver = Driver()
    first = accumulator_of(driver.session, driver.derived)
    driver.do(do.Move())
    assert accumulator_of(driver.session, driver.derived, first) is first
    driver.do(do.GoToEnd())
    last = accumulator_of(driver.session, driver.derived, first)
    assert last.done == len(last.votes) > 0
    driver.do(do.Select(parameter="U"))
    assert accumulator_of(driver.session, driver.derived, last).parameter == "U"


def test_the_column_that_unknown_words_share_is_called_unknown() -> None:
    driver = Driver()
    driver.do(do.TypeSentence("34 zebra the dog"), do.Select(parameter="U"), do.GoToEnd())
    data = accumulator_of(driver.session, driver.derived)
    assert "<unk>" in data.column_labels
    assert not {"34", "zebra"} & set(data.column_labels)
