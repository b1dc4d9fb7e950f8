from __future__ import annotations

import re

import numpy as np
import pytest

from explorer.model.formula import number
from explorer.model.gates_data import (
    OTHER,
    OUTPUT,
    QUANTITIES,
    GatesData,
    gate_nodes,
    gates_data,
    gates_now,
    gates_of,
    owners,
    shares_of,
)
from explorer.model.saturation import HIGH, LOW
from rnncore.cells import Cell
from rnncore.clamps import Clamp, clamped
from rnncore.library import LIBRARY
from rnncore.model import Model
from rnncore.trace import forward
from rnncore.walk import Walk, walk

from .runs import Driver, small_run
from .steps import CELLS, WORDS, after, make_walk


def made(walk: Walk, position: int | None = None) -> GatesData:
    progress = walk.progress(len(walk) if position is None else position)
    shares = shares_of(walk.model.cell, progress.parameter_gradients)
    return gates_data(gates_of(walk.trace), progress, WORDS[:-1], shares)


@pytest.mark.parametrize(
    ("cell", "names"),
    [("lstm", "ifog"), ("gru", "rzn"), ("vanilla", "h"), ("mgu", "fg"), ("lstm-coupled", "fog")],
)
def test_the_gates_are_the_cells_own_activations_sigmoids_first(cell: str, names: str) -> None:
    assert "".join(n.name or "?" for n in gate_nodes(LIBRARY[cell])) == names


def test_of_a_cell_whose_activation_has_no_name_that_one_is_shown() -> None:
    (node,) = gate_nodes(LIBRARY["leaky"])
    assert (node.op, node.name) == ("tanh", None)
    data = made(make_walk("leaky"))
    assert data.gates[0].name.startswith("tanh(")
    assert "tanh(" in data.explain(0, 2, 1)


@pytest.mark.parametrize("cell", sorted(CELLS))
def test_the_slope_is_the_derivative_of_the_activation(cell: str) -> None:
    functions = {"sigmoid": lambda a: 1 / (1 + np.exp(-a)), "tanh": np.tanh, "relu": lambda a: np.maximum(a, 0)}
    this = make_walk(cell)
    for gate in gates_of(this.trace):
        a, f, e = this.trace.value(gate.argument), functions[gate.op], 1e-6
        held = ~np.isclose(gate.values, f(a))
        assert held.any() == (this.model.cell.nodes[gate.node].op == "clamp")
        slopes = np.where(held, 0.0, (f(a + e) - f(a - e)) / (2 * e))
        assert gate.slopes == pytest.approx(slopes, abs=1e-8)


def test_the_flags_say_which_flat_end_a_unit_is_at() -> None:
    for gate in gates_of(make_walk("lstm").trace):
        for value, flag in zip(gate.values.ravel(), gate.flags.ravel(), strict=True):
            low = LOW if gate.op == "sigmoid" else -HIGH
            assert flag == (1 if value > HIGH else -1 if value < low else 0)


def test_the_rest_of_the_program_has_the_same_thresholds() -> None:
    assert (LOW, HIGH) == (0.05, 0.95)


def test_nothing_is_known_before_the_walk_has_been_there() -> None:
    data = made(make_walk("lstm"), 0)
    for gate in range(4):
        for quantity in QUANTITIES:
            assert not data.table(gate, quantity)[1].any()
    assert data.saturation_text(0) == "–"
    assert not data.added
    assert data.shares is not None and data.shares.norm == 0
    assert all(share == 0 for _, share in data.shares.parts)
    assert "not computed yet" in data.explain(0, 0, 0)


def test_values_appear_gate_by_gate_and_gradients_loss_by_loss() -> None:
    this = make_walk("lstm")
    f = this.model.cell.node("f").index
    data = made(this, after(this, "operation", 2, f))
    names = data.names
    assert data.known[names.index("f")] == 3
    assert data.known[names.index("o")] == 2
    data = made(this, after(this, "carry", 4, loss=5))
    values, known = data.table(names.index("f"), "gradient")
    assert np.flatnonzero(known).tolist() == [4, 5]
    assert data.loss == 5
    assert values[4] == pytest.approx(this.lane(5).nodes[f][4])
    assert "loss 5 alone" in data.subtitle


def test_in_a_sweep_and_after_the_pass_the_gradient_is_that_of_all_losses() -> None:
    this = make_walk("gru", order="sweep")
    data = made(this, after(this, "carry", 3))
    z = data.names.index("z")
    values, known = data.table(z, "gradient")
    assert known.tolist() == [False, False, False, True, True, True]
    assert values[4] == pytest.approx(this.sweep.nodes[data.gates[z].node][4])
    assert "all losses" in data.subtitle
    assert made(make_walk("gru")).loss is None


@pytest.mark.parametrize("cell", sorted(CELLS))
@pytest.mark.parametrize("share", [0.55, 1.0])
def test_the_shares_sum_to_one_and_are_those_of_the_parameters(cell: str, share: float) -> None:
    this = make_walk(cell)
    progress = this.progress(int(share * len(this)))
    found = shares_of(this.model.cell, progress.parameter_gradients)
    assert sum(s for _, s in found.parts) == pytest.approx(1.0, rel=1e-12)
    total = sum(float((g**2).sum()) for g in progress.parameter_gradients.values())
    assert found.norm == pytest.approx(np.sqrt(total), rel=1e-12)
    output = sum(
        float((progress.parameter_gradients[n] ** 2).sum()) for n in ("V", "b_y") if n in this.model.parameters
    )
    assert found.of(OUTPUT) == pytest.approx(output / total, rel=1e-12)
    assert found.parts[-1][0] == OUTPUT


def test_each_gate_owns_its_own_parameters() -> None:
    assert owners(LIBRARY["lstm-peephole"])["p_o"] == "o"
    found = owners(LIBRARY["gru"])
    assert {p: g for p, g in found.items() if g == "n"} == dict.fromkeys(("U_n", "W_n", "b_n", "b_hn"), "n")
    this = make_walk("gru")
    squares = {p: float((g**2).sum()) for p, g in this.gradients.items()}
    shares = shares_of(this.model.cell, this.gradients)
    for gate in "rzn":
        own = sum(squares[p] for p, g in found.items() if g == gate)
        assert shares.of(gate) == pytest.approx(own / sum(squares.values()), rel=1e-12)


def test_a_parameter_of_two_gates_or_of_none_is_named_so() -> None:
    cell = Cell.from_equations("mixed", "i = sigmoid(U @ x + p)\nf = sigmoid(W @ h_prev + p)\nh = q * i + f * h_prev")
    assert owners(cell) == {"U": "i", "p": "i + f", "W": "f", "q": OTHER}


def test_a_cell_without_an_activation_says_so() -> None:
    cell = Cell.from_equations("linear", "h = U @ x + W @ h_prev")
    model = Model.create(cell, 8, 3, seed=1)
    trace = forward(model, [0, 3, 1])
    this = walk(model, trace, [3, 1, 4])
    data = made(this)
    assert data.gates == ()
    assert "no activation" in data.subtitle
    assert data.shares is not None and sum(s for _, s in data.shares.parts) == pytest.approx(1.0)


def test_the_saturated_share_counts_what_has_been_computed() -> None:
    this = make_walk("vanilla")
    data = made(this, this.script.forward_starts[3])
    values = this.trace.hidden[:3]
    count = int((np.abs(values) > HIGH).sum())
    assert data.saturated(0) == (count, values.size)
    assert data.saturation_text(0) == f"{100 * count / values.size:.0f} %"


def test_the_formula_of_a_cell_holds_with_its_own_numbers() -> None:
    data = made(make_walk("lstm"))
    f = data.names.index("f")
    said = data.explain(f, 3, 1)
    line = next(li for li in said.splitlines() if li.startswith("∂L/∂a"))
    found = re.search(r"= (−?[\d.]+) × ([\d.]+) = (−?[\d.]+)$", line)
    assert found is not None, line
    gradient, slope, product = (float(x.replace("−", "-")) for x in found.groups())
    assert gradient * slope == pytest.approx(product, rel=2e-3)
    a = data.gates[f].argument
    assert product == pytest.approx(make_walk("lstm").sweep.nodes[a][3, 1], rel=2e-3)
    assert "[2]" in line


def test_a_clamped_gate_says_that_it_is_and_what_it_would_be() -> None:
    data = made(make_walk("held"))
    (gate,) = [k for k, g in enumerate(data.gates) if data.cell.nodes[g.node].op == "clamp" and not g.slopes.any()][:1]
    said = data.explain(gate, 2, 1)
    assert "clamped" in said and "would be" in said
    assert "slope = 0" in said


def test_what_is_clamped_is_neither_saturated_nor_free_of_it() -> None:
    cell = clamped(LIBRARY["lstm"], [Clamp("f", 1.0), Clamp("g", 0.0, 1)])
    model = Model.create(LIBRARY["lstm"], 8, 4, seed=1).with_cell(cell)
    this = make_walk("lstm")
    data = made(walk(model, forward(model, this.trace.inputs), this.targets))
    f, g = data.names.index("f"), data.names.index("g")
    assert data.saturation_text(f) == "clamped" and "held" in data.saturation_forms(f)
    assert data.saturated(f) == (0, 0) and data.saturated(g)[1] == 3 * data.length
    assert "1 clamped" in data.saturation_forms(g)[0]


def test_a_row_says_at_which_number_its_colours_are_full() -> None:
    data = made(make_walk("lstm"))
    assert data.full_at("slope") == ("full at σ′ 0.25, tanh′ 1", "σ′ 0.25, tanh′ 1")
    assert data.full_at("gradient")[1] == f"±{number(data.scale.limit, 1)}" and not data.full_at("saturated")
    painted = [data.table(k, "slope")[0].max() for k in range(4)]
    assert np.allclose(painted, [g.slopes.max() / (0.25 if g.op == "sigmoid" else 1.0) for g in data.gates])


def test_gradients_of_which_none_is_finite_have_no_number_at_which_colours_are_full() -> None:
    this = make_walk("lstm")
    broken = this.model.with_parameters({**this.model.parameters, "V": this.model.parameters["V"] * np.nan})
    data = made(walk(broken, forward(broken, this.trace.inputs), this.targets))
    assert data.begun and not data.scaled and data.full_at("gradient") == ()
    assert "±" not in " ".join(data.subtitles) and "not finite" in data.subtitle
    still = this.model.with_parameters({**this.model.parameters, "V": this.model.parameters["V"] * 0.0})
    data = made(walk(still, forward(still, this.trace.inputs), this.targets))
    assert data.begun and "0 everywhere" in data.subtitle and data.full_at("gradient") == ()
    assert made(this).scaled and made(this).full_at("gradient")


def test_numbers_that_are_not_finite_are_counted_and_leave_the_scale_usable() -> None:
    this = make_walk("lstm")
    broken = {n: p * (np.nan if n == "U_f" else 1.0) for n, p in this.model.parameters.items()}
    model = this.model.with_parameters(broken)
    bad = walk(model, forward(model, this.trace.inputs), this.targets)
    data = made(bad)
    f = data.names.index("f")
    assert data.not_finite(f) == data.length * data.hidden
    assert "NaN" in data.saturation_text(f)
    assert np.isfinite(data.scale.limit)
    assert data.shares is not None and np.isnan(data.shares.of("f"))


def test_a_session_gives_the_gates_of_its_own_position() -> None:
    driver = Driver(small_run(cell="gru"))
    data = gates_now(driver.session, driver.derived, None)
    assert data.names == ("r", "z", "n")
    assert data.words == driver.session.sentence.words[:-1]
    assert data.known == (0, 0, 0)
    assert gates_now(driver.session, driver.derived, None).gates is data.gates


def test_a_relu_larger_than_one_widens_the_scale_of_values() -> None:
    assert made(make_walk("lstm")).value_scale.limit == 1.0
    data = made(make_walk("irnn"))
    assert data.value_scale.limit >= max(1.0, float(data.gates[0].values.max()))


@pytest.mark.parametrize("order", ["by loss", "sweep"])
def test_there_is_a_share_from_the_first_addition_on(order: str) -> None:
    this = make_walk("lstm", order=order)
    first = this.find("accumulate")
    assert first is not None and first > this.script.backward_start
    for position in (0, this.script.backward_start, first):
        data = made(this, position)
        assert not data.added and data.shares is not None and data.shares.norm == 0
    for position in (first + 1, len(this)):
        data = made(this, position)
        assert data.added and data.shares is not None and data.shares.norm > 0


def test_a_gradient_of_nothing_is_nought_in_the_end() -> None:
    this = make_walk("lstm")
    nothing = walk(this.model, this.trace, np.full(this.trace.length, -1))
    assert not made(nothing, 0).added and made(nothing, len(nothing)).added


def test_a_gradient_that_never_comes_is_not_said_to_be_on_its_way() -> None:
    this = make_walk("lstm")
    data = made(this, after(this, "carry", 2, loss=3))
    f = data.names.index("f")
    assert "loss 3 lies before t = 5 and gives it no credit" in data.explain(f, 5, 0)
    assert "not computed yet" not in data.explain(f, 5, 0)
    assert "not computed yet" in data.explain(f, 1, 0), "loss 3 is still to come there"
