"""What a clamp looks like wherever a cell is shown: formulas, code, graph, gates and the steps in words."""

from __future__ import annotations

import numpy as np
import pytest

from explorer.model.equations import cell_formulas
from explorer.model.gates_data import gates_of, owners
from explorer.model.graph_layout import arrange
from explorer.model.now_parts import what_it_is
from explorer.model.saturation import saturations
from explorer.model.stage_scene import gate_nodes
from explorer.model.step_code import numpy_code
from explorer.model.step_numbers import StepNumbers
from rnncore.bptt import backward
from rnncore.clamps import Clamp, can_be_clamped, clamped
from rnncore.library import LIBRARY
from rnncore.model import Model
from rnncore.trace import forward
from rnncore.truncation import Chunks, Full, Window

INPUTS, TARGETS = np.array([0, 3, 1, 4, 2, 0, 1]), np.array([3, 1, -1, 2, 0, 1, 5])


def held(key: str, *clamps: Clamp) -> Model:
    cell = clamped(LIBRARY[key], clamps)
    return Model.create(LIBRARY[key], 6, 4, seed=1).with_cell(cell)


def numbers(model: Model, unit: int = 0) -> StepNumbers:
    return StepNumbers(forward(model, INPUTS), 2, unit)


@pytest.mark.parametrize("key", sorted(LIBRARY))
@pytest.mark.parametrize("policy", [Full(), Window(2), Chunks(3)])
@pytest.mark.parametrize("order", ["by loss", "sweep"])
def test_the_printed_program_computes_the_clamped_gradient(key, policy, order):
    names = can_be_clamped(LIBRARY[key])
    model = held(key, Clamp(names[0], 0.5, 2), Clamp(names[-1], -0.25, 1))
    expected = backward(model, forward(model, INPUTS), TARGETS, policy)
    space = {**model.parameters, "x": INPUTS, "y": TARGETS}
    space |= {f"{state}_start": np.zeros(4) for state in model.cell.states}
    exec(numpy_code(model.cell, policy, "b_y" in model.parameters, order).text, space)
    for name, gradient in expected.items():
        np.testing.assert_allclose(space[f"d{name}"], gradient, rtol=1e-11, atol=1e-13)


def test_a_formula_says_what_is_clamped_and_to_what():
    model = held("lstm", Clamp("f", 1.0), Clamp("o", 0.25, 3))
    texts = [f.text for f in cell_formulas(numbers(model))]
    assert "clamp(σ(" in texts[1] and ", 1)" in texts[1] and texts[1].endswith("= 1.000")
    assert ", 0.25, unit 4)" in texts[3] and not texts[3].endswith("= 0.2500")
    assert [f.text for f in cell_formulas(numbers(model, unit=3))][3].endswith("= 0.2500")


def test_the_graph_has_a_box_for_a_clamp_and_keeps_its_rail():
    model = held("lstm", Clamp("f", 1.0), Clamp("c", -2.0, 3))
    arrangement = arrange(model.cell)
    assert {"f ≔ 1", "c[4] ≔ −2"} <= set(arrangement.labels.values())
    assert arrangement.rails["c"][-1] == model.cell.outputs["c"]


def test_clamped_gates_keep_their_place_and_their_name():
    model = held("lstm", Clamp("f", 1.0), Clamp("g", 0.0, 1))
    assert [name for name, _ in gate_nodes(model.cell)] == ["i", "f", "o", "g"]
    assert what_it_is(model.cell, model.cell.node("f")) == "forget gate f, clamped"
    assert what_it_is(model.cell, model.cell.node("g")) == "candidate g, clamped"
    assert owners(model.cell)["W_f"] == "f"


def test_saturation_and_slopes_are_those_of_what_the_cell_goes_on_with():
    model = held("lstm", Clamp("f", 1.0), Clamp("g", 0.0, 1))
    found = {s.name: s for s in saturations(numbers(model))}
    assert (found["f"].count, found["f"].held, found["f"].free) == (0, 4, 0)
    assert (found["g"].held, found["i"].held) == (1, 0)
    gates = {g.name: g for g in gates_of(forward(model, INPUTS))}
    assert np.all(gates["f"].values == 1) and not gates["f"].slopes.any()
    assert not gates["g"].slopes[:, 1].any() and gates["g"].slopes[:, 0].all()


def test_a_vanilla_unit_that_is_held_has_a_name_too():
    model = held("vanilla", Clamp("h", 0.0, 2))
    assert [s.name for s in saturations(numbers(model))] == ["h"]
    assert [g.name for g in gates_of(forward(model, INPUTS))] == ["h"]
