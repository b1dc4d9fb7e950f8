from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QRectF, Qt
from PySide6.QtGui import QHelpEvent
from PySide6.QtWidgets import QApplication, QToolTip

from explorer.model import action as do
from explorer.model.formula import plain, symbol
from explorer.model.graph_weights import weights
from explorer.store import Store
from explorer.theme import palette
from explorer.theme.theme import theme_named
from explorer.views.inspector.view import InspectorView
from explorer.widgets.graph_names import name_area

from ..model.steps import CELLS, after, data, make_walk
from .test_inspector import panel

SIZES = [(372, 645), (528, 980)]
LARGE = {"vanilla": 2, "vanilla-bias": 3, "irnn": 3, "leaky": 3, "lstm": 12, "mgu": 6, "gru": 10}
"""Cells all of whose weights have room on a large screen."""


@pytest.fixture(autouse=True)
def styled(qapp):
    palette.apply(qapp, theme_named("dark"))


def showing(qtbot, cell: str, size: tuple[int, int] = (528, 980), position: int | None = None) -> InspectorView:
    shown = panel(qtbot, size)
    made = make_walk(cell)
    shown.set_data(data(made, after(made, "carry", 3) if position is None else position))
    QApplication.processEvents()
    return shown


def spot(shown: InspectorView, parameter: str) -> QPoint:
    rect = next(r for w, r in shown.graph.fitted.names.items() if w.parameter == parameter)
    return QRectF(*rect).center().toPoint()


def test_on_a_small_screen_most_weights_of_a_gru_have_their_names_and_no_number_is_left_out(qtbot) -> None:
    shown = showing(qtbot, "gru", (372, 645))
    assert len(shown.graph.fitted.names) >= 6 and shown.graph.fitted.folded == 0


@pytest.mark.parametrize("cell", sorted(CELLS))
@pytest.mark.parametrize("size", SIZES)
def test_the_names_of_weights_cover_nothing_and_are_nearest_to_what_they_name(qtbot, cell, size) -> None:
    shown = showing(qtbot, cell, size)  # who holds the graph alone lets its panel go
    graph = shown.graph
    curves = [np.array(e.samples(24)) for e in graph.fitted.drawing.edges]
    numbers = [room for room, lines in graph.shown.texts.values() if lines]
    rooms = [QRectF(*r) for r in graph.fitted.names.values()]
    assert rooms or not weights(CELLS[cell], graph.fitted.drawing)
    for weight, room in zip(graph.fitted.names, rooms, strict=True):
        assert QRectF(0, 0, graph.width(), graph.height()).contains(room)
        assert not any(room.intersects(QRectF(*b.rect)) for b in graph.fitted.drawing.boxes)
        assert not any(room.intersects(other) for other in numbers)
        assert not any(room.intersects(other) for other in rooms if other is not room)
        assert not any(room.contains(*point) for curve in curves for point in curve)
        if weight.edge >= 0:
            away = [min(_distance(room, x, y) for x, y in curve) for curve in curves]
            assert away[weight.edge] <= min(away) + 1e-6, weight.parameter


@pytest.mark.parametrize("cell", sorted(LARGE))
def test_on_a_large_screen_every_weight_of_a_usual_cell_is_named(qtbot, cell: str) -> None:
    shown = showing(qtbot, cell)
    graph = shown.graph
    wanted = {p.name for p in CELLS[cell].parameters}
    assert {w.parameter for w in graph.fitted.names} == wanted and len(wanted) == LARGE[cell]


@pytest.mark.parametrize("size", SIZES)
def test_a_vanilla_network_names_its_weights_on_any_screen(qtbot, size: tuple[int, int]) -> None:
    assert {w.parameter for w in showing(qtbot, "vanilla-bias", size).graph.fitted.names} == {"U", "W", "b"}


def test_pointing_at_a_name_and_clicking_it_chooses_the_parameter_everywhere(qtbot) -> None:
    shown = showing(qtbot, "lstm")
    store, graph = shown._store, shown.graph
    qtbot.mouseMove(graph, QPoint(3, 3))
    qtbot.mouseMove(graph, spot(shown, "W_f"))
    assert store.session.hover.parameter == "W_f"
    assert "hover" in graph.shown.names
    qtbot.mouseClick(graph, Qt.MouseButton.LeftButton, pos=spot(shown, "W_f"))
    assert store.session.selection.parameter == "W_f"
    qtbot.mouseMove(graph, QPoint(3, 3))
    assert store.session.hover.parameter is None
    shown.set_data(data(make_walk("lstm"), 40))
    look = dict(zip((w.parameter for w in graph.fitted.names), graph.shown.names, strict=True))
    assert look.pop("W_f") == "chosen" and set(look.values()) == {""}


def _tip(shown: InspectorView, at: QPoint) -> str:
    QApplication.sendEvent(shown.graph, QHelpEvent(QEvent.Type.ToolTip, at, shown.graph.mapToGlobal(at)))
    said = QToolTip.text()
    QToolTip.hideText()
    return said


def test_a_name_tells_the_shape_and_how_the_gradient_grows(qtbot) -> None:
    shown = showing(qtbot, "vanilla-bias")
    assert "W: H × H (5 × 5), ∂L/∂W += δ ⊗ h₂" in _tip(shown, spot(shown, "W"))
    assert "U: H × V (5 × 8), ∂L/∂U += δ ⊗ x₃" in _tip(shown, spot(shown, "U"))
    assert "b: H (5), ∂L/∂b += δ" in _tip(shown, spot(shown, "b"))


@pytest.mark.parametrize("cell", ["lstm-peephole", "gru", "gru-2014"])
def test_a_weight_without_room_for_its_name_is_told_by_its_edge_or_box(qtbot, cell: str) -> None:
    shown = showing(qtbot, cell, (372, 645))
    graph = shown.graph
    for weight in weights(CELLS[cell], graph.fitted.drawing):
        if weight.edge >= 0:
            said = graph._say(graph._over(*_point_alone(graph.fitted.drawing, weight.edge)))
        else:
            box = graph.fitted.drawing.box(weight.box)
            said = _tip(shown, QPoint(round(box.x), round(box.y)))
        said = said.replace("<sub>", "_").replace("</sub>", "")  # in a tool tip its index is lowered
        assert f"{plain(symbol(weight.parameter).runs)}: H" in said


def _point_alone(drawing, edge: int) -> tuple[float, float]:
    """The point of an edge that is furthest from all boxes and other edges."""
    others = [p for n, e in enumerate(drawing.edges) if n != edge for p in e.samples(24)]
    free = [p for p in drawing.edges[edge].samples(24) if drawing.at(*p) is None]
    return max(free, key=lambda p: min(np.hypot(p[0] - x, p[1] - y) for x, y in others))


@pytest.mark.parametrize("cell", ["vanilla-bias", "lstm"])
def test_a_name_is_lit_while_its_gradient_grows_and_a_bias_lights_no_edge(qtbot, cell: str) -> None:
    shown = panel(qtbot)
    made = make_walk(cell)
    inner = {p.name: p.kind for p in made.model.cell.parameters}
    seen = set()
    for index in range(len(made)):
        step = made[index]
        if step.kind != "accumulate" or step.t != 3 or step.parameter not in inner or step.parameter in seen:
            continue
        seen.add(step.parameter)
        shown.set_data(data(made, index + 1))
        names, looks = shown.graph.fitted.names, shown.graph.shown.names
        lit = [w.parameter for w, look in zip(names, looks, strict=True) if look == "lit"]
        assert lit == [step.parameter]
        thick = [s for s in shown.graph.shown.strokes if s[1] > 1]
        assert len(thick) == (1 if inner[step.parameter] == "matrix" else 0)
    assert seen == set(inner)


def test_a_step_asks_only_for_names_that_look_otherwise(qtbot) -> None:
    shown = panel(qtbot)
    made = make_walk("vanilla-bias")
    at = after(made, "accumulate", 3, made.model.cell.uses[0].node)
    shown.set_data(data(made, at))
    graph, before = shown.graph, shown.graph.shown
    shown.set_data(data(made, at + 1))
    region = graph._marks.changed(before, graph.shown, graph.rect())
    still = {w.parameter for w, r in graph.fitted.names.items() if not region.contains(name_area(r).center())}
    assert still and "b" not in still


def _distance(room: QRectF, x: float, y: float) -> float:
    across = max(0.0, room.left() - x, x - room.right())
    down = max(0.0, room.top() - y, y - room.bottom())
    return float(np.hypot(across, down))


def test_a_weight_is_pointed_at_while_the_graph_behind_another_tab_is_still_of_another_cell(qtbot) -> None:
    store = Store()
    view = InspectorView(store)
    qtbot.addWidget(view)
    view.resize(440, 700)
    view.show()
    store.dispatch(do.ChangeSettings(replace(store.session.settings, cell="lstm")))
    store.wait()
    assert view.graph.shown is not None
    store.dispatch(do.SetTab("numbers"))
    store.dispatch(do.ChangeSettings(replace(store.session.settings, cell="vanilla")))
    store.wait()
    for parameter in ("W", "U", None):
        store.dispatch(do.Hover(parameter=parameter))
        store.dispatch(do.Select(parameter=parameter))
    store.dispatch(do.SetTab("graph"))
    drawn = {weight.parameter for weight in view.graph.fitted.names}
    assert drawn == {"U", "W"}
    store.close()
