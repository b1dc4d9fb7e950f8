from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnncore.bptt import backward
from rnncore.cells import Cell
from rnncore.clamps import Clamp, can_be_clamped, clamped, merged, without
from rnncore.corpus import Corpus
from rnncore.errors import CellError, RnnError
from rnncore.files import load, save
from rnncore.gradcheck import check_gradients
from rnncore.history import History
from rnncore.kernels import kernel_for
from rnncore.ledger import ledgers
from rnncore.library import LIBRARY
from rnncore.model import Model
from rnncore.optim import SGD
from rnncore.script import right_hand_side
from rnncore.trace import forward
from rnncore.training import Trainer
from rnncore.truncation import Chunks, Full, Window
from rnncore.walk import walk
from tests.rnncore.cases import CELLS, lively, sequence

CASES = [(key, name, unit) for key, cell in CELLS.items() for name in can_be_clamped(cell) for unit in (None, 1)]


def held(key: str, *clamps: Clamp, hidden: int = 3) -> Model:
    model = lively(CELLS[key], hidden=hidden)
    return model.with_cell(clamped(model.cell, clamps))


@pytest.mark.parametrize(("key", "name", "unit"), CASES)
def test_a_clamped_value_is_what_it_is_clamped_to_and_its_gradient_is_verified(key, name, unit):
    model = held(key, Clamp(name, 0.75, unit))
    inputs, targets = sequence()
    trace = forward(model, inputs)
    units = slice(None) if unit is None else unit
    assert np.all(trace[name][:, units] == 0.75)
    for policy in (Full(), Window(2), Chunks(3)):
        report = check_gradients(model, inputs, targets, policy, samples=6)
        assert report.max_relative_error < 1e-9, str(report)


@pytest.mark.parametrize(("key", "name", "unit"), CASES)
def test_the_kernel_trains_a_clamped_cell_as_the_graph_explains_it(key, name, unit):
    model = held(key, Clamp(name, 0.75, unit))
    batch = tuple(np.stack(pair) for pair in zip(sequence(), sequence(seed=5), strict=True))
    for inputs, targets in (sequence(length=14), batch):
        trace = forward(model, inputs)
        expected = backward(model, trace, targets, Window(2))
        kernel = kernel_for(model, inputs, targets, None, Window(2))
        assert kernel is not None
        found, loss = kernel.gradients(model.parameters, inputs.T, targets.T, None, Window(2))
        assert loss == pytest.approx(trace.losses(targets).sum(), rel=1e-12)
        for parameter, gradient in expected.items():
            np.testing.assert_allclose(found[parameter], gradient, rtol=1e-10, atol=1e-13)


def test_no_gradient_passes_through_a_gate_that_is_held():
    model = held("lstm", Clamp("f", 1.0))
    inputs, targets = sequence()
    found = backward(model, forward(model, inputs), targets)
    open_model = lively("lstm")
    free = backward(open_model, forward(open_model, inputs), targets)
    for parameter in ("U_f", "W_f", "b_f"):
        assert not found[parameter].any() and free[parameter].any()
    assert found["W_i"].any()


def test_of_one_unit_that_is_held_only_its_own_rows_learn_nothing():
    model = held("lstm", Clamp("f", 0.0, 1))
    inputs, targets = sequence()
    gradient = backward(model, forward(model, inputs), targets)["W_f"]
    assert not gradient[1].any() and gradient[0].any() and gradient[2].any()


def test_the_ledger_and_the_walk_add_up_to_the_clamped_gradient():
    model = held("gru", Clamp("z", 0.5), Clamp("r", 1.0, 0))
    inputs, targets = sequence(length=8)
    trace = forward(model, inputs)
    for one in ledgers(model, trace, targets, Window(3)).values():
        assert (one.kept * one.signed).sum() == pytest.approx(one.total, rel=1e-12, abs=1e-15)
    made = walk(model, trace, targets, Window(3))
    last = made.script.update_start - 1
    partial = made.progress(last).parameter_gradients
    for name, gradient in backward(model, trace, targets, Window(3)).items():
        if name == made[last].parameter:
            continue  # its last addition is the one micro-step still to come
        np.testing.assert_allclose(partial[name], gradient, rtol=1e-11, atol=1e-14)
    assert any(made[i].title == "z = clamp(σ(a_z), 0.5)" for i in range(made.script.backward_start))


def test_a_clamp_hides_what_is_not_finite():
    model = held("lstm", Clamp("f", 0.0))
    model = model.with_parameters({"W_f": np.full((3, 3), np.nan)})
    trace = forward(model, sequence()[0])
    assert np.isnan(trace["a_f"][1:]).all() and not trace["f"].any() and np.isfinite(trace.hidden).all()


def test_an_lstm_whose_forget_gate_is_open_is_the_one_of_1997():
    """Hochreiter & Schmidhuber 1997: no forget gate; the cell state only adds up."""
    plain = Cell.from_equations("1997", LIBRARY["lstm"].text.replace("f * c_prev", "c_prev"))
    model = lively("lstm")
    model = model.with_cell(clamped(model.cell, [Clamp("f", 1.0)]))
    shared = {n: model.parameters[n] for n in (*(p.name for p in plain.parameters), "V", "b_y")}
    without_gate = Model.create(plain, 5, 3).with_parameters(shared)
    inputs, targets = sequence()
    for one in (model, without_gate):
        assert one.cell.states == ("h", "c")
    a, b = (backward(m, forward(m, inputs), targets) for m in (model, without_gate))
    for name in shared:
        np.testing.assert_allclose(a[name], b[name], rtol=1e-12)


@given(st.sampled_from(sorted(CELLS)), st.data())
def test_a_clamp_changes_one_right_hand_side_and_no_parameter(key, data):
    cell = CELLS[key]
    name = data.draw(st.sampled_from(can_be_clamped(cell)))
    value = data.draw(st.floats(-1e6, 1e6))
    unit = data.draw(st.none() | st.integers(0, 9))
    new = clamped(cell, [Clamp(name, value, unit)])
    assert new.parameters == cell.parameters and new.states == cell.states and new.assigned == cell.assigned
    assert new.gates == cell.gates and new.has_bias == Cell.from_equations(new.name, new.text).has_bias
    lines = list(zip(cell.equations, new.equations, strict=True))
    assert [a[0] for a, b in lines if a != b] == [name]
    trace = forward(Model.create(new, 3, 10), [0, 1])
    assert np.all(trace[name][:, slice(None) if unit is None else unit] == value)


def test_comments_line_ends_and_letters_of_any_kind_stay_as_they_are_written():
    text = "# größe\r\nα = sigmoid(U @ x  +  W @ h_prev)  # Öffnung\r\nh = (α *\r\n     tanh(P @ x))\r\n"
    cell = clamped(Cell.from_equations("own", text), [Clamp("α", 1), Clamp("h", 0.5, 1), Clamp("h", -2.5, 0)])
    assert "# Öffnung" in cell.text and "# größe" in cell.text
    assert "α = clamp(sigmoid(U @ x  +  W @ h_prev), 1)  # Öffnung" in cell.text
    trace = forward(Model.create(cell, 3, 4), [0, 1, 2])
    assert np.all(trace["α"] == 1) and np.all(trace["h"][:, :2] == [-2.5, 0.5])


@pytest.mark.parametrize(
    ("text", "column", "remedy"),
    [
        ("h = clamp(tanh(U @ x))", 5, "clamp(…, 1)"),
        ("h = clamp(tanh(U @ x), b)", 24, "number"),
        ("h = clamp(tanh(U @ x), 1, 0.5)", 27, "whole number"),
        ("h = clamp(tanh(U @ x), 1, -1)", 27, "whole number"),
        ("h = clamp(tanh(U @ x), 1, 0)", 27, "1 is the first unit"),
        ("h = clamp(x, 1)", 11, "U @ x"),
        ("h = clamp(2, 1) * tanh(U @ x)", 5, "number itself"),
        ("clamp = tanh(U @ x)\nh = clamp", 1, "another name"),
        ("h = tanh(U @ x) * clamp", 19, "another name"),
    ],
)
def test_a_clamp_that_makes_no_sense_is_refused_with_its_place_and_a_remedy(text, column, remedy):
    with pytest.raises(CellError) as error:
        Cell.from_equations("own", text)
    assert (error.value.line, error.value.column) == (1, column) and remedy in str(error.value)


def test_equations_count_units_from_one_as_all_that_is_shown_does():
    cell = Cell.from_equations("own", "h = clamp(tanh(U @ x + W @ h_prev), 0.5, 3)")
    trace = forward(Model.create(cell, 3, 4), [0, 1, 2])
    assert (trace["h"] == 0.5).any(axis=0).tolist() == [False, False, True, False]
    held = clamped(Cell.from_equations("own", "h = tanh(U @ x + W @ h_prev)"), [Clamp("h", 0.5, 2)])
    assert held.text.strip() == cell.text.strip() and cell.units_named == 3
    assert right_hand_side(cell, cell.node("h")).endswith(", 0.5, 3)")


def test_only_gates_and_states_that_the_cell_has_can_be_clamped_to_finite_numbers():
    with pytest.raises(RnnError, match="no gate or state 'f'; it has h"):
        clamped(LIBRARY["vanilla"], [Clamp("f", 1.0)])
    with pytest.raises(RnnError, match="no gate or state 'leak'"):
        clamped(LIBRARY["leaky"], [Clamp("leak", 1.0)])
    for value in (float("nan"), float("inf"), 1e300, True, "1"):
        with pytest.raises(RnnError, match="finite number"):
            Clamp("f", value)
    with pytest.raises(RnnError, match="whole number from 0"):
        Clamp("f", 1.0, -1)
    with pytest.raises(RnnError, match="clamps unit 4, but there are only 3"):
        held("lstm", Clamp("f", 1.0, 3))


def test_clamps_of_one_name_replace_each_other_and_go_away_again():
    one, all_units, other = Clamp("f", 1.0, 2), Clamp("f", 0.0), Clamp("i", 0.0)
    assert merged((one, other), all_units) == (other, all_units)
    assert merged((all_units, other), one) == (all_units, other, one)
    assert merged((one,), Clamp("f", 0.5, 2)) == (Clamp("f", 0.5, 2),)
    assert without((one, all_units, other), "f") == (other,)
    assert without((one, all_units, other), "f", 2) == (all_units, other)
    assert Clamp("f", -0.5, 2).describe == "f[3] clamped to −0.5"
    assert Clamp.from_plain(one.to_plain()) == one
    for bad in (None, {}, {"name": "f", "value": float("nan"), "unit": None}, {"name": 1, "value": 0, "unit": None}):
        with pytest.raises(RnnError):
            Clamp.from_plain(bad)


def animals() -> Corpus:
    return Corpus.from_text("the cat sat on the mat. a dog lay on the rug. the bird sang. " * 3, name="animals")


def test_training_goes_on_from_a_clamp_as_a_branch_and_leaves_the_run_whole():
    corpus = animals()
    model = Model.create("lstm", corpus.vocabulary.size, 4, seed=2)
    history = History(Trainer(model, corpus, SGD(0.5)), spacing=4)
    history.run(9)
    before = {u: history.seek(u).parameters for u in range(10)}
    cell = clamped(history.trainer.model.cell, [Clamp("f", 1.0)])
    branch = history.branch(5, cell=cell)
    branch.run(4)
    assert branch.seek(5).parameters == before[5]
    for update in range(10):
        for name, value in history.seek(update).parameters.items():
            assert np.array_equal(value, before[update][name])
    # What is held is not learnt; the rest is.
    assert np.array_equal(branch.head.parameters["W_f"], before[5]["W_f"])
    assert not np.array_equal(branch.head.parameters["W_i"], before[5]["W_i"])


def test_a_session_file_keeps_each_line_with_its_own_clamps(tmp_path):
    corpus = animals()
    history = History(Trainer(Model.create("gru", corpus.vocabulary.size, 4, seed=2), corpus), spacing=4)
    history.run(9)
    branch = history.branch(6, cell=clamped(history.trainer.model.cell, [Clamp("z", 0.5, 2)]))
    branch.run(5)
    save(tmp_path / "a.bptt", history=branch)
    loaded = load(tmp_path / "a.bptt").history()
    assert loaded.trainer.model.cell.text == branch.trainer.model.cell.text
    assert loaded.parent.trainer.model.cell.text == history.trainer.model.cell.text
    for one, other in ((loaded, branch), (loaded.parent, history)):
        one.run(3)
        other.run(3)
        for name, value in other.head.parameters.items():
            assert np.array_equal(one.head.parameters[name], value)


def test_a_branch_that_was_never_trained_is_no_past_of_its_own():
    corpus = animals()
    history = History(Trainer(Model.create("gru", corpus.vocabulary.size, 4), corpus))
    history.run(3)
    first = history.branch(3, parameters={"V": np.zeros_like(history.head.parameters["V"])})
    second = first.branch(3, learning_rate=0.5)
    assert second.parent is history and not second.head.parameters["V"].any()
    second.run(1)
    assert second.branch(4).parent is second


def test_a_state_that_is_at_hand_is_not_sought_again():
    corpus = animals()
    history = History(Trainer(Model.create("vanilla", corpus.vocabulary.size, 4), corpus))
    history.run(7)
    state = history.seek(5)
    history.seek = None
    branch = history.branch(5, state=state, learning_rate=0.25)
    assert branch.first == 5 and branch.trainer.state.learning_rate == 0.25
    assert branch.trainer.model.parameters["V"] is state.parameters["V"]
