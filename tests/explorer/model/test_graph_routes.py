from __future__ import annotations

from itertools import combinations, pairwise

import pytest

from explorer.model.graph_curves import spread
from explorer.model.graph_labels import place_labels
from explorer.model.graph_routes import Drawing, draw

from .steps import CELLS

SIZES = [(330.0, 260.0), (470.0, 440.0), (900.0, 700.0)]


def _overlap(a: tuple[float, ...], b: tuple[float, ...], slack: float = 0.0) -> bool:
    return (
        a[0] + slack < b[0] + b[2]
        and b[0] + slack < a[0] + a[2]
        and a[1] + slack < b[1] + b[3]
        and b[1] + slack < a[1] + a[3]
    )


@pytest.mark.parametrize("cell", sorted(CELLS))
@pytest.mark.parametrize("size", SIZES)
def test_boxes_never_overlap_and_never_leave_the_drawing(cell: str, size: tuple[float, float]) -> None:
    drawing = draw(CELLS[cell], *size)
    assert drawing.width >= size[0]
    assert drawing.height >= size[1]
    for box in drawing.boxes:
        left, top, wide, high = box.rect
        assert left >= 0 and top >= 0
        assert left + wide <= drawing.width + 0.01
        assert top + high <= drawing.height + 0.01
    for a, b in combinations(drawing.boxes, 2):
        assert not _overlap(a.rect, b.rect, 0.5), (cell, a.text, b.text)


@pytest.mark.parametrize("cell", sorted(CELLS))
def test_every_edge_begins_and_ends_at_its_boxes(cell: str) -> None:
    drawing = draw(CELLS[cell], 470, 440)
    for edge in drawing.edges:
        for key, point in ((edge.source, edge.path[0]), (edge.target, edge.path[-1])):
            left, top, wide, high = drawing.box(key).rect
            assert left - 1 <= point[0] <= left + wide + 1
            assert top - 1 <= point[1] <= top + high + 1
        assert len(edge.path) % 3 == 1


def test_previous_states_stand_left_next_ones_right_and_the_input_lowest() -> None:
    drawing: Drawing = draw(CELLS["lstm"], 470, 440)
    inner = [b for b in drawing.boxes if b.kind == "operation"]
    for box in drawing.boxes:
        if box.kind in ("previous", "input"):
            assert box.x < min(b.x for b in inner)
        if box.kind == "next":
            assert box.x > max(b.x for b in inner)
    lowest = max(drawing.boxes, key=lambda b: b.y)
    assert lowest.kind == "input"


def test_a_rail_is_one_straight_line() -> None:
    drawing = draw(CELLS["lstm"], 470, 440)
    on_rail = [e for e in drawing.edges if e.target == "next:c"]
    assert len({round(p[1], 6) for e in on_rail for p in e.path}) == 1


def _apart(a: tuple[float, ...], b: tuple[float, ...]) -> float:
    across = max(0.0, b[0] - a[0] - a[2], a[0] - b[0] - b[2])
    down = max(0.0, b[1] - a[1] - a[3], a[1] - b[1] - b[3])
    return (across**2 + down**2) ** 0.5


@pytest.mark.parametrize("cell", sorted(CELLS))
@pytest.mark.parametrize("size", [(340.0, 260.0), (528.0, 520.0)])
def test_a_label_is_nearer_to_its_own_box_than_to_any_other_or_to_its_edges(
    cell: str, size: tuple[float, float]
) -> None:
    em = 0.85 if size[0] < 400 else 1.0
    drawing = draw(CELLS[cell], *size, em=em)
    wanted = {b.key: (60 * em, 28 * em) for b in drawing.boxes if b.kind in ("operation", "previous")}
    placed = place_labels(drawing, wanted)
    for key, rect in placed.items():
        assert 0 <= rect[0] <= drawing.width - rect[2]
        assert 0 <= rect[1] <= drawing.height - rect[3]
        own = _apart(rect, drawing.box(key).rect)
        for box in drawing.boxes:
            assert box.key == key or _apart(rect, box.rect) > own
            if rect[1] > drawing.box(key).y and box.key != key:
                assert _apart(rect, box.rect) > own + 5, "between two boxes it would be the lower one's"
        for edge in drawing.edges:
            away = min(_apart(rect, (x, y, 0.0, 0.0)) for x, y in edge.samples(24))
            assert away > (0.0 if key in (edge.source, edge.target) else own), (cell, drawing.box(key).text)
    for a, b in combinations(placed.values(), 2):
        assert not _overlap(a, b)


@pytest.mark.parametrize("cell", ["vanilla", "lstm", "gru", "lstm-coupled", "mgu"])
def test_most_boxes_of_the_usual_cells_have_room_for_their_label_on_a_small_screen(cell: str) -> None:
    drawing = draw(CELLS[cell], 340, 260, em=0.85)
    wanted = {b.key: (51.0, 24.0) for b in drawing.boxes if b.kind == "operation"}
    assert len(place_labels(drawing, wanted)) >= 0.65 * len(wanted)


def test_spread_keeps_the_order_the_gaps_and_the_bounds() -> None:
    places = spread([5.0, 0.0, 0.0], [2.0, 2.0], (0.0, 100.0))
    assert places[0] >= 0
    assert all(b - a >= 2.0 - 1e-9 for a, b in pairwise(places))
    assert spread([3.0, 9.0], [1.0]) == [3.0, 9.0]


def test_a_box_is_found_under_the_pointer() -> None:
    drawing = draw(CELLS["vanilla"], 400, 300)
    box = drawing.boxes[0]
    assert drawing.at(box.x, box.y) is box
    assert drawing.at(-50, -50) is None


@pytest.mark.parametrize("cell", sorted(CELLS))
@pytest.mark.parametrize("em", [0.56, 0.7, 1.0])
def test_a_graph_that_fits_goes_on_fitting_in_more_room(cell: str, em: float) -> None:
    network = CELLS[cell]
    least = draw(network, 0.0, 0.0, lambda s: 7.5 * em * len(s), em).width
    for more in range(0, 120, 3):
        drawn = draw(network, least + more, 300.0, lambda s: 7.5 * em * len(s), em)
        assert drawn.width <= least + more + em + 1e-6  # within a pixel
