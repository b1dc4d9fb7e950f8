from __future__ import annotations

from itertools import pairwise

import pytest

from explorer.model.graph_layout import arrange
from rnncore.cells import Cell

from .steps import CELLS


@pytest.mark.parametrize("cell", sorted(CELLS))
def test_every_operation_is_a_box_or_the_edge_that_carries_it(cell: str) -> None:
    plan = arrange(CELLS[cell])
    boxes = [i for row in plan.rows for i in row if i >= 0]
    assert len(boxes) == len(set(boxes))
    carried = {link.node for link in plan.links}
    for i in CELLS[cell].operations:
        assert (i in boxes) or (i in carried and CELLS[cell].nodes[i].op == "matmul")


@pytest.mark.parametrize("cell", sorted(CELLS))
def test_edges_run_upwards_or_to_the_right_unless_they_hang_below_the_rail(cell: str) -> None:
    plan = arrange(CELLS[cell])
    place = {i: (r, n) for r, row in enumerate(plan.rows, 1) for n, i in enumerate(row)}
    rail_row = max((place[p[0]][0] for p in plan.rails.values()), default=None)
    for link in plan.links:
        if link.source in place and place[link.source][0] == place[link.target][0]:
            assert place[link.source][1] < place[link.target][1]
        elif link.source in place and rail_row is None:
            assert place[link.source][0] < place[link.target][0]


def test_the_lstms_cell_state_and_the_grus_hidden_state_have_a_rail() -> None:
    for cell, state in (("lstm", "c"), ("lstm-peephole", "c"), ("gru", "h"), ("leaky", "h"), ("mgu", "h")):
        plan = arrange(CELLS[cell])
        assert list(plan.rails) == [state]
        ops = [CELLS[cell].nodes[i].op for i in plan.rails[state]]
        assert ops == ["mul", "add"]
        assert len({plan.row_of(i) for i in plan.rails[state]}) == 1
    assert not arrange(CELLS["vanilla"]).rails


def test_the_lstm_stands_as_in_a_textbook() -> None:
    plan = arrange(CELLS["lstm"])
    shown = [[plan.labels[i] for i in row if i >= 0] for row in plan.rows]
    assert shown == [
        ["+", "+", "+", "+"],
        ["σ f", "σ i", "tanh g", "σ o"],
        ["×", "tanh", "×"],
        ["×", "+"],
    ]


def test_constants_and_weight_vectors_are_written_into_the_box() -> None:
    assert "1 −" in arrange(CELLS["gru"]).labels.values()
    assert "p_f ×" in arrange(CELLS["lstm-peephole"]).labels.values()


def test_the_same_equations_always_give_the_same_arrangement() -> None:
    text = CELLS["gru"].text
    one, two = (arrange(Cell.from_equations(n, text)) for n in ("a", "b"))
    assert one.rows == two.rows


def test_a_long_chain_of_equations_is_laid_out_without_growing_pains() -> None:
    lines = ["v0 = tanh(U @ x + W @ h_prev)"]
    lines += [f"v{i} = sigmoid(A{i} @ v{i - 1} + B{i} @ h_prev) * v{max(0, i - 3)}" for i in range(1, 30)]
    cell = Cell.from_equations("deep", "\n".join([*lines, "h = 0.5 * h_prev + v29"]))
    plan = arrange(cell)
    for link, points in plan.chains.items():
        rows = [plan.row_of(link.source), *(plan.row_of(p) for p in points), plan.row_of(link.target)]
        assert all(abs(a - b) == 1 for a, b in pairwise(rows))
