"""Any cell that the language allows can be drawn, explained, written as a program and told in numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings

from explorer.model.graph_columns import widest
from explorer.model.graph_labels import place_in_forms
from explorer.model.graph_layout import arrange
from explorer.model.graph_routes import draw, least_size
from explorer.model.graph_weights import matrix_of, place_weights, vectors_of, weights
from explorer.model.inspector_data import InspectorData
from explorer.model.now_parts import Words
from explorer.model.step_code import numpy_code
from rnncore.bptt import backward
from rnncore.cells import Cell
from rnncore.library import LIBRARY
from rnncore.model import Model
from rnncore.optim import SGD
from rnncore.trace import forward
from rnncore.truncation import Chunks, Full, Window
from rnncore.walk import Walk, walk

from .odd_cells import ODDEST, cells

IDS, TARGETS = np.array([0, 3, 1, 2]), np.array([3, 1, -1, 2])
WORDS = Words(("<s>", "the", "dog", "sees"), ("the", "dog", "", "."))


def walked(cell: Cell, order: str = "by loss") -> Walk:
    rng = np.random.default_rng(3)
    model = Model.create(cell, 5, 3, seed=1)
    model = model.with_parameters({k: 0.6 * rng.normal(size=v.shape) for k, v in model.parameters.items()})
    return walk(model, forward(model, IDS), TARGETS, Window(1), order, optimiser=SGD(0.1))


def check_drawing(cell: Cell) -> None:
    for size in ((340.0, 240.0), (700.0, 500.0)):
        drawing = draw(cell, *size)
        keys = {b.key for b in drawing.boxes}
        assert all(edge.source in keys and edge.target in keys for edge in drawing.edges)
        assert all(np.isfinite([*b.rect]).all() for b in drawing.boxes)
        assert all(np.isfinite(edge.path).all() for edge in drawing.edges)
        place_in_forms(drawing, [b.key for b in drawing.boxes if b.kind == "operation"], [(40.0, 20.0), (9.0, 4.0)])
        named = dict(enumerate(weights(cell, drawing)))
        place_weights(drawing, named, {w.parameter: (12.0, 9.0) for w in named.values()})
        # Every weight is told somewhere: by an edge, by a box, or in a box's text.
        told = {matrix_of(cell, e) for e in drawing.edges}
        for box in drawing.boxes:
            told |= {*vectors_of(cell, box.node), *(p.name for p in cell.parameters if p.name in box.text)}
        assert {p.name for p in cell.parameters} <= told


def check_told(made: Walk) -> None:
    """Everything that the inspector says, at some places of the walk."""
    for position in range(0, len(made) + 1, max(1, len(made) // 9)):
        progress = made.progress(position)
        for t, unit in ((0, 0), (2, 2)):
            data = InspectorData(made, progress, t, unit, WORDS, "odd")
            for node in made.model.cell.nodes:
                if node.op not in ("parameter", "constant"):
                    assert data.explanation(node.index)
                    assert (data.mark(node.index).value == "") == (node.op == "input" or not data.known(node.index))
            for use in made.model.cell.uses:
                assert "+= δ" in data.weight_explanation(use.parameter, use.node)
            assert all(f.text for f in (*data.equations, *data.gradient_equations, *data.now.formulas))
            assert data.now.title and data.streams.rows
            assert data.table.csv().count("\n") == 4
            assert all(0 <= s.count <= s.units for s in data.saturation)
            assert data.lit is not None and data.lit_boxes is not None
            step = progress.step
            if step is not None:
                assert data.numpy_code.current(step) and data.torch_code.current(step)


def check_program(made: Walk, order: str) -> None:
    """The program, run, has the very gradient."""
    cell, model = made.model.cell, made.model
    for policy in (Full(), Window(1), Chunks(2)):
        space: dict[str, Any] = {name: np.array(value) for name, value in model.parameters.items()}
        for state in cell.states:
            space |= {f"{state}{end}": np.zeros(3) for end in ("_start", "__start")}
        space |= {"x": IDS, "y": TARGETS}
        exec(numpy_code(cell, policy, "b_y" in model.parameters, order).text, space)
        wanted = backward(model, made.trace, TARGETS, policy)
        for name in model.parameters:
            np.testing.assert_allclose(space[f"d{name}"], wanted[name], rtol=1e-8, atol=1e-11, err_msg=name)


@pytest.mark.parametrize("kind", sorted(ODDEST))
def test_the_oddest_cells_are_drawn_told_and_written(kind: str) -> None:
    cell = Cell.from_equations("odd", ODDEST[kind])
    check_drawing(cell)
    for order in ("by loss", "sweep"):
        made = walked(cell, order)
        check_told(made)
        check_program(made, order)


@settings(max_examples=60)
@given(cells())
def test_any_cell_can_be_drawn(cell: Cell) -> None:
    check_drawing(cell)


@settings(max_examples=25)
@given(cells())
def test_any_cell_can_be_told_and_written(cell: Cell) -> None:
    made = walked(cell)
    check_told(made)
    check_program(made, "by loss")


def check_bounds(cell: Cell) -> None:
    for em in (0.56, 1.0, 1.6):
        wide, high = least_size(cell, lambda s: 7.0 * len(s), em)
        for size in ((0.0, 0.0), (372.0, 300.0)):
            drawing = draw(cell, *size, lambda s: 7.0 * len(s), em)
            assert wide <= max(drawing.width, size[0]) + 1e-9 and high <= max(drawing.height, size[1]) + 1e-9
            below = max(box.y + box.height / 2 for box in drawing.boxes)
            right = max(box.x + box.width / 2 for box in drawing.boxes)
            assert right <= drawing.width and below <= drawing.height
    boxes = tuple((i, 40.0) for row in arrange(cell).rows for i in row)
    ends = []
    for room in (0.0, 150.0, 300.0, 1000.0, 4000.0):
        columns, left, right = widest(cell.text, boxes, 1.0, room)
        assert left == min((columns[i] - 20.0 for i, _ in boxes), default=0.0)
        assert right - left <= room or not ends or right - left <= ends[-1]
        ends.append(right - left)
    assert ends == sorted(ends)


@pytest.mark.parametrize("kind", sorted(ODDEST))
def test_what_is_known_of_a_graphs_size_before_it_is_drawn_is_no_more_than_its_size(kind: str) -> None:
    check_bounds(Cell.from_equations("odd", ODDEST[kind]))


@pytest.mark.parametrize("name", sorted(LIBRARY))
def test_so_it_is_for_the_cells_that_come_with_the_program(name: str) -> None:
    check_bounds(LIBRARY[name])
