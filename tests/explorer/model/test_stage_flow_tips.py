from __future__ import annotations

import re

import numpy as np
import pytest

from explorer.model.flow_words import added, squares
from explorer.model.formula import number as rounded
from explorer.model.stage_hit import Hit, tip
from explorer.model.stage_records import Marks
from explorer.model.stage_words import number
from rnncore.cells import Cell
from rnncore.library import LIBRARY
from rnncore.truncation import Full, Stride, Window
from tests.explorer.model.stages import small_walk, stage_at


def lines(data, t, row="edge"):
    return [line.strip() for line in tip(data, Hit(t, row)).split("\n")]


def last_number(line):
    return float(line.rsplit(" = ", 1)[1].replace("−", "-"))


def test_a_ribbon_of_two_states_says_its_norm_and_that_of_each_of_them():
    w = small_walk("lstm", policy=Full())
    data = stage_at(w, w.find("carry", loss=7) + 1)
    streams = {s: data.progress.state_gradient(s)["future"][6] for s in "ch"}
    c, h = (float(np.linalg.norm(streams[s])) for s in "ch")
    both = float(np.hypot(c, h))
    said = lines(data, 7)
    share = f"of it c {rounded(c, 3)} and h {rounded(h, 3)}, has flowed back to t = 6"
    assert said[1] == f"Gradient: ‖∂L₇/∂(c₆, h₆)‖ = {number(both)}, {share}"
    assert said[2] == f"= √(‖∂L₇/∂c₆‖² + ‖∂L₇/∂h₆‖²) = √({rounded(c)}² + {rounded(h)}²)"
    assert [last_number(line) for line in said[3:5]] == pytest.approx([c, h], rel=1e-3)
    # The + says that its own number is that of h alone, and how that becomes the ribbon's.
    plus = tip(stage_at(w, w.find("carry", loss=7) + 2), Hit(6, "streams"))
    assert f"from the future: ‖·‖ = {number(h)}\n" in plus
    assert f"with c as well ‖∂L₇/∂(c₆, h₆)‖ = {number(both)}: so wide is the ribbon" in plus


def test_a_ribbon_says_the_product_that_it_comes_from_with_the_selected_unit_s_numbers():
    w = small_walk("vanilla", policy=Full())
    data = stage_at(w, w.find("carry", loss=7) + 1, marks=Marks(selected_unit=3))
    vector = data.progress.state_gradient("h")["future"][6]
    delta = data.progress.gradient_values(w.model.cell.node("a").index)[7]
    assert np.allclose(w.model.parameters["W"].T @ delta, vector)
    said = lines(data, 7)
    assert said[2].startswith("‖∂L₇/∂h₆‖ = √Σ over units = √(")
    assert last_number(said[2]) == pytest.approx(np.linalg.norm(vector), rel=1e-3)
    assert said[3] == f"unit 4: ∂L₇/∂h₆ = Wᵀ ∂L₇/∂a₇ = {rounded(vector[3])}"
    assert said[4].startswith("Wᵀ ∂L₇/∂a₇ = ") and last_number(said[4]) == pytest.approx(vector[3], rel=1e-3)


def test_where_some_losses_are_cut_a_ribbon_is_the_sum_of_those_that_go_on():
    w = small_walk("lstm", policy=Window(2), order="sweep", masked=None)
    data = stage_at(w, len(w))
    crossing = [float(w.lane(loss).from_future["h"][4][0]) for loss in (5, 6)]
    total = float(data.progress.state_gradient("h")["future"][4][0])
    assert sum(crossing) == pytest.approx(total)
    said = f"unit 1: ∂L/∂h₄ = ∂L₅/∂h₄ + ∂L₆/∂h₄ = {added(crossing)} = {rounded(total)}"
    assert said in lines(data, 5)


def test_the_streams_that_meet_are_products_and_a_sum_with_numbers():
    w = small_walk("gru", policy=Full(), order="sweep", masked=None)
    data = stage_at(w, len(w))
    parts = data.progress.state_gradient("h")
    own, future = float(parts["loss"][4][0]), float(parts["future"][4][0])
    said = lines(data, 4, "streams")
    product = next(line for line in said if line.startswith("unit 1: Vᵀ ∂L/∂z₄ = "))
    assert last_number(product) == pytest.approx(own, rel=1e-3)
    assert said[-1] == f"unit 1: ∂L/∂h₄ = {added([own, future])} = {rounded(own + future)}"


def test_the_squares_of_a_norm_add_up_to_it_whatever_its_length():
    assert squares(np.array([0.3, -0.4])) == "√((−0.4000)² + 0.3000²)"
    assert squares(np.array([2.0])) == "√(2.000²)"
    many = squares(np.array([1.0, -3.0, 2.0, 0.1, 0.2, -0.2]))
    assert many == "√((−3.000)² + 2.000² + 1.000² + 0.09000 (3 more))"
    assert "NaN" in squares(np.array([1.0, np.nan]))


ALONE = Cell.from_equations("alone", "q = tanh(U @ x + W @ q_prev)\nh = tanh(q)")


@pytest.mark.parametrize("cell", [*LIBRARY, ALONE], ids=str)
@pytest.mark.parametrize("order", ["by loss", "sweep"])
def test_every_boundary_and_every_plus_of_every_cell_can_be_asked(cell, order):
    w = small_walk(cell, hidden=3, steps=5, policy=Stride(2, 3, "all"), order=order)
    for position in range(w.script.backward_start, len(w) + 1, 5):
        data = stage_at(w, position)
        for t in range(5):
            for row in ("edge", "streams"):
                words = tip(data, Hit(t, row))
                assert "nan" not in words.lower() and not re.search(r"\bstate‖", words)


def test_numbers_that_are_not_finite_are_said_as_they_are():
    w = small_walk("lstm", poison=True, order="sweep")
    data = stage_at(w, len(w))
    assert "NaN" in tip(data, Hit(5, "edge")) and "NaN" in tip(data, Hit(4, "streams"))


@pytest.mark.parametrize(("size", "said"), [(1e200, "(3.000·10¹⁹⁹)² (9 more)"), (1e-200, "(3.000·10⁻²⁰¹)² (9 more)")])
def test_of_squares_that_no_float_holds_the_root_is_written(size, said):
    vector = np.array([1.0, 1.0, 1.0, *[0.1] * 9]) * size
    assert said in squares(vector) and "∞" not in squares(vector)
