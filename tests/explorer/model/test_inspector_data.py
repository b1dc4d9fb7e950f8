from __future__ import annotations

import csv
import io
from dataclasses import replace

import numpy as np
import pytest

from explorer.model.formula import number
from explorer.model.now_data import now
from explorer.model.saturation import HIGH, LOW
from rnncore.trace import forward
from rnncore.truncation import Tail, Window
from rnncore.walk import walk

from .steps import CELLS, IDS, after, data, make_walk, words


def test_titles_count_units_from_one_and_steps_from_zero() -> None:
    found = data(make_walk(), 0, t=3, unit=1)
    assert found.title == "Inside step t = 3"
    assert found.subtitles[0] == "LSTM · input “sees” · unit 2 of 5"


def test_nothing_is_marked_before_it_is_computed() -> None:
    made = make_walk()
    found = data(made, 0)
    for node in made.model.cell.operations:
        mark = found.mark(node)
        assert (mark.value, mark.gradient) == ("", "")
        assert not found.known(node)


def test_marks_fill_one_operation_at_a_time() -> None:
    made = make_walk()
    node = made.model.cell.node("f").index
    position = after(made, "operation", 3, node)
    assert data(made, position - 1).mark(node).value == ""
    assert float(data(made, position).mark(node).value) == pytest.approx(made.trace["f"][3, 1], abs=5e-4)
    assert data(made, position).current == node
    assert data(made, position, t=2).current is None


@pytest.mark.parametrize("cell", sorted(CELLS))
def test_every_lit_edge_exists_in_the_graph(cell: str) -> None:
    made = make_walk(cell)
    inputs = {(i, n.index) for n in made.model.cell.nodes for i in n.inputs}
    ends = {(i, -1) for i in made.model.cell.outputs.values()}
    for position in range(len(made) + 1):
        step = made.progress(position).step
        found = data(made, position, t=step.t if step is not None and step.t is not None else 0)
        assert found.lit <= inputs | ends
        found = data(made, position, t=0)
        assert found.explanation(made.model.cell.outputs["h"])


def test_streams_say_why_a_number_is_missing() -> None:
    made = make_walk()
    begin = made.script.backward_start
    rows = data(made, begin).streams.rows
    assert [r[3] for r in rows] == ["not begun: still going forward"] * 2
    rows = data(made, after(made, "stream_future", 3, loss=5)).streams.rows
    assert rows[0][2:] == ("0", "loss 5 alone is walking")
    assert rows[1][3].startswith("norm ")
    rows = data(made, after(made, "stream_loss", 5, loss=5), t=5).streams.rows
    assert rows[1][3] == "there is no later step"


def test_a_stream_of_an_lstm_says_which_norm_is_that_of_h_and_which_the_ribbon_s() -> None:
    made = make_walk("lstm")
    found = data(made, after(made, "stream_future", 4, loss=5), t=4)
    parts = {s: found.progress.state_gradient(s)["future"][4] for s in ("h", "c")}
    h, both = np.linalg.norm(parts["h"]), np.hypot(*(np.linalg.norm(v) for v in parts.values()))
    assert found.streams.rows[1][3] == f"norm {number(float(h))} of h, with c {number(float(both))}"
    assert data(make_walk("vanilla"), len(make_walk("vanilla")), t=4).streams.rows[1][3].count(" ") == 1


def test_the_tip_of_the_streams_has_the_formulas_of_their_numbers() -> None:
    for cell in ("vanilla", "lstm", "odd"):
        made = make_walk(cell, order="sweep")
        told = data(made, len(made), t=3, unit=1).streams_told().split("\n")
        assert told[0] == "Two streams meet at h[t = 3]" and sum("√Σ over units" in line for line in told) == 2
        assert any(line.strip().startswith("unit 2: Vᵀ ∂L/∂z₃ = ") for line in told)
        assert any(line.strip().startswith("unit 2: ∂L/∂h₃ = ") for line in told)
    assert "√" not in data(made, 0).streams_told()


@pytest.mark.parametrize("cell", sorted(CELLS))
def test_a_heading_has_a_capital_for_a_word_and_never_for_a_symbol(cell: str) -> None:
    made = make_walk(cell)
    found = data(made, len(made))
    heads, shapes = [], set()
    for node in made.model.cell.nodes:
        if node.op != "constant":
            head, _, shape = found.explanation(node.index).split("\n")[0].partition(": ")
            heads.append(head)
            shapes.add((node.op == "input", node.op == "parameter", shape))
    hidden, size = made.model.hidden_size, made.model.vocabulary_size
    assert shapes <= {(True, False, f"V ({size})"), (False, False, f"H ({hidden})"), (False, True, "")}
    words = {"Input", "Hidden", "Cell", "Previous", "Forget", "Output", "Update", "Reset", "Candidate", "Gate"}
    for node, head in zip((n for n in made.model.cell.nodes if n.op != "constant"), heads, strict=True):
        if head.split()[0] not in words | {"Pre-activation", "State"}:
            assert head[:1] == (node.name or node.text)[:1] or not head[:1].isalpha() or head[0] in "UWVAσt", head
    if cell == "lstm":
        assert "i ⊙ g" in heads and "Input gate i" in heads and "Cell state c" in heads


def test_a_step_without_a_target_has_no_stream_from_its_loss() -> None:
    targets = np.array([3, 1, 4, -1, 5, 6])
    made = make_walk(targets=targets, order="sweep")
    rows = data(made, after(made, "carry", 3), t=3).streams.rows
    assert rows[0][2:] == ("0", "this step has no loss")


def test_saturation_counts_units_beyond_the_stated_thresholds() -> None:
    made = make_walk(hidden=12)
    found = data(made, made.script.backward_start)
    for bar in found.saturation:
        values = made.trace[bar.name][3]
        hit = (values < LOW) | (values > HIGH) if made.model.cell.node(bar.name).op == "sigmoid" else abs(values) > HIGH
        assert (bar.count, bar.units) == (int(hit.sum()), 12)
        assert bar.share == bar.count / 12
    assert {b.name for b in found.saturation} == {"i", "f", "g", "o"}
    assert all(b.share is None for b in data(made, 0).saturation)
    assert "0.05" in found.saturation_rule


@pytest.mark.parametrize("lost", [1, 5])
def test_units_that_are_not_finite_are_neither_saturated_nor_free(lost: int) -> None:
    made = make_walk()
    weights = {k: np.array(v) for k, v in made.model.parameters.items()}
    weights["b_f"][:lost] = np.nan
    model = made.model.with_parameters(weights)
    with np.errstate(all="ignore"):
        spoilt = walk(model, forward(model, IDS[:-1]), made.targets, made.truncation)
        bars = {b.name: b for b in data(spoilt, spoilt.script.backward_start, t=0).saturation}
    values = spoilt.trace["f"][0]
    assert (bars["f"].lost, bars["f"].units, bars["f"].warns) == (lost, 5, True)
    assert bars["f"].count == np.count_nonzero((values < LOW) | (values > HIGH))
    assert bars["i"].lost == 0


def test_a_cell_without_named_gates_still_has_a_bar() -> None:
    made = make_walk("leaky")
    assert [b.rule for b in data(made, len(made)).saturation] == ["|tanh| above 0.95"]


def test_the_table_copies_every_number_exactly() -> None:
    made = make_walk()
    table = data(made, len(made)).table
    read = list(csv.reader(io.StringIO(table.csv())))
    assert read[0] == ["unit", *table.headings]
    assert read[0][:3] == ["unit", "h₂", "∂L/∂h₂"]
    assert len(read) == 6
    column = read[0].index("f")
    assert [float(r[column]) for r in read[1:]] == list(made.trace["f"][3])
    column = read[0].index("∂L/∂f")
    gradient, _ = made.progress(len(made)).gradient(made.model.cell.node("f").index)
    assert [float(r[column]) for r in read[1:]] == list(gradient[3])


def test_a_selection_of_the_table_copies_only_that() -> None:
    table = data(make_walk(), len(make_walk())).table
    lines = table.csv([0, 2], [1]).splitlines()
    assert [line.split(",")[0] for line in lines] == ["unit", "1", "3"]
    assert all(line.count(",") == 1 for line in lines)


def test_the_current_equation_and_gradient_are_those_of_the_last_micro_step() -> None:
    made = make_walk()
    cell = made.model.cell
    found = data(made, after(made, "operation", 3, cell.node("a_f").index))
    assert found.current_equation is not None
    assert found.equations[found.current_equation].text.startswith("f₃")
    (product,) = cell.consumers[cell.node("f").index]
    found = data(made, after(made, "d_operation", 3, product, loss=5))
    assert found.current_gradient is not None
    assert "f₃ = " in found.gradient_equations[found.current_gradient].text


@pytest.mark.parametrize("factor", [np.nan, np.inf, 1e200])
def test_numbers_beyond_all_bounds_are_told_and_break_nothing(factor: float) -> None:
    made = make_walk()
    weights = {k: np.full_like(v, factor) for k, v in made.model.parameters.items()}
    model = made.model.with_parameters(weights)
    wild = walk(model, forward(model, made.trace.inputs), made.targets, Window(2))
    for position in range(0, len(wild) + 1, 5):
        found = data(wild, position)
        assert found.now.title
        assert found.equations and found.streams.rows and found.saturation
        assert found.explanation(made.model.cell.outputs["h"])
    if not np.isfinite(factor):
        assert "nan" in data(wild, len(wild)).table.csv()


def test_a_step_that_no_loss_reaches_says_so_once_the_backward_pass_has_begun() -> None:
    made = make_walk("lstm", truncation=Tail(2), order="sweep")
    for position in (made.script.backward_start + 1, len(made)):
        rows = data(made, position, t=0).streams.rows
        assert [(value, remark) for _, _, value, remark in rows] == [("0", "no gradient reaches this step")] * 2
    assert all(remark.startswith("norm") for *_, remark in data(made, len(made), t=4).streams.rows)


def test_while_one_loss_walks_the_steps_beyond_its_window_say_that_it_does_not_reach_them() -> None:
    made = make_walk("lstm", truncation=Window(2))
    position = after(made, "stream_loss", 3)
    assert made[position - 1].loss == 3
    assert {r[3] for r in data(made, position, t=0).streams.rows} == {"loss 3 does not reach this step"}
    assert {r[3] for r in data(made, position, t=5).streams.rows} == {"loss 3 came before this step"}


@pytest.mark.parametrize("cell", ["lstm", "gru-2014", "odd"])
@pytest.mark.parametrize("order", ["by loss", "sweep"])
def test_a_formula_that_was_kept_is_what_would_be_written_now(cell: str, order: str) -> None:
    made = make_walk(cell, order=order)
    kept: dict = {}
    for position in range(0, len(made) + 1, 4):
        step = made.progress(position).step
        fresh = data(made, position, t=step.t if step is not None and step.t is not None else 0)
        sparing = replace(fresh, kept=kept)
        assert sparing.equations == fresh.equations
        assert sparing.gradient_equations == fresh.gradient_equations
        assert sparing.now == now(made, made.progress(position), 1, words(made))
    assert len(kept) > 20


@pytest.mark.parametrize("order", ["by loss", "sweep"])
def test_the_gradients_known_at_a_step_are_those_of_each_node_by_itself(order: str) -> None:
    made = make_walk("lstm", order=order)
    for position in range(0, len(made) + 1, 11):
        progress = made.progress(position)
        for t in range(made.trace.length):
            alone = {n.index for n in made.model.cell.nodes if progress.gradient(n.index)[1][t]}
            assert progress.nodes_known(t) == alone


def test_the_state_before_is_called_by_its_own_step_over_its_column_and_copied_by_its_lasting_name() -> None:
    made = make_walk()
    table = data(made, len(made), t=3).table
    assert table.headings[:4] == ("h₂", "∂L/∂h₂", "c₂", "∂L/∂c₂")
    assert table.names[:2] == ("h_prev", "∂L/∂h_prev")
    # At the first step it is the initial state, whose name says so.
    assert data(made, len(made), t=0).table.headings[:2] == ("h₋₁", "∂L/∂h₋₁")


def test_no_title_of_a_later_step_speaks_of_the_initial_state() -> None:
    for name in ("gru", "lstm", "odd"):
        made = make_walk(name, order="sweep")
        titles = [(data(made, p).now.title, made[p - 1].t) for p in range(1, len(made))]
        assert not [title for title, t in titles if t and "₋₁" in title], name
        assert any("h₂" in title for title, t in titles if t == 3), name


def test_while_the_last_loss_walks_back_its_gradients_are_not_called_those_of_all() -> None:
    made = make_walk()
    end = made.script.update_start
    last = made.progress(end).loss
    found = data(made, end, t=0)
    node = made.model.cell.outputs["h"]
    assert found.numbers.gradient(node) == made.lane(last).nodes[node][0, 1]
    assert last == 0 and "∂L₀/∂h₀" in found.explanation(node)
    assert "∂L/∂h₀" in data(made, end + 1, t=0).explanation(node)


@pytest.mark.parametrize("cell", ["vanilla", "gru", "lstm"])
def test_on_the_way_back_through_a_step_an_equation_of_a_gradient_is_always_the_current_one(cell: str) -> None:
    made = make_walk(cell)
    told = set()
    for position, step in enumerate(made, 1):
        if step.phase != "backward" or step.node is None or step.t is None or step.loss != len(made.targets) - 1:
            continue
        found = data(made, position, t=step.t)
        current = found.current_gradient
        if step.kind == "accumulate":
            assert current is None and found.current_weight is not None, step
        elif step.kind in ("d_operation", "carry"):
            assert current is not None, step
        if current is not None:
            told.add(found.gradient_equations[current].text.split(" = ")[0])
    assert len(told) >= 4


@pytest.mark.parametrize("order", ["by loss", "sweep"])
@pytest.mark.parametrize("cell", ["vanilla", "leaky", "gru", "lstm-peephole", "odd", "held"])
def test_the_current_column_is_among_those_that_the_operation_has_filled(cell: str, order: str) -> None:
    made = make_walk(cell, order=order)
    filled = 0
    before = data(made, 0).table
    for position in range(1, len(made) + 1):
        found = data(made, position)
        step, now_known = found.progress.step, found.table.columns
        pairs = enumerate(zip(before.columns, now_known, strict=True))
        fresh = [n for n, (old, new) in pairs if old is None and new is not None]
        if step is None or step.t != 3:
            assert found.current_column is None
        elif fresh:
            filled += 1
            assert found.current_column in fresh
        elif step.kind in ("read", "logits", "softmax", "loss"):
            assert found.current_column is None
        before = found.table
    assert filled >= 5


@pytest.mark.parametrize("order", ["by loss", "sweep"])
@pytest.mark.parametrize("cell", ["vanilla", "vanilla-bias", "lstm", "gru"])
def test_the_equations_tell_what_a_step_adds_to_each_weight_and_light_the_one_that_grows(cell: str, order: str) -> None:
    made = make_walk(cell, order=order)
    before: tuple[str, ...] = ()
    for index in range(made.script.backward_start, made.script.update_start):
        step = made[index]
        if step.kind != "accumulate":
            continue
        found = data(made, index + 1, t=step.t)
        shares = found.weight_equations
        assert found.current_weight is not None and found.current_gradient is None
        assert shares[found.current_weight] == found.now.formulas[0]
        if step.t == made.trace.length - 1 and step.loss in (None, made.trace.length - 1):
            assert len(shares) == len(before) + 1, "each as soon as it has been added"
            before = tuple(share.text for share in shares)
    end = data(made, len(made), t=2)
    parameters = [use.parameter for use in made.model.cell.uses]
    outer = [name for name in ("V", "b_y") if name in made.model.parameters]
    assert len(end.weight_equations) == len(parameters) + len(outer) and end.current_weight is None
    assert data(made, made.script.backward_start, t=2).weight_equations == ()


def test_a_share_of_a_weights_gradient_is_its_entry_of_the_outer_product() -> None:
    made = make_walk("lstm", order="sweep")
    found = data(made, len(made), t=3)
    sweep, unit = made.sweep, found.unit
    for use in made.model.cell.uses:
        share = next(f for f, (name, u) in zip(found.weight_equations, found._added, strict=True) if u == use)
        d = sweep.nodes[use.delta][3, unit]
        if use.operand is None or made.model.cell.nodes[use.operand].op == "input":
            assert share.value == d
        else:
            operand = made.trace.value(use.operand)[3]
            assert share.value == d * operand[np.argmax(np.abs(operand))]
