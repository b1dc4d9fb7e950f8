from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QHelpEvent, QImage, QPainter
from PySide6.QtWidgets import QApplication, QToolTip

from explorer.model import action as do
from explorer.model.session import Changes
from explorer.store import Store
from explorer.theme import palette
from explorer.theme.theme import current, theme_named
from explorer.views import parameters, parameters_canvas
from explorer.views.parameters import ParametersView
from explorer.views.parameters_spectrum import caption, spectrum_range
from explorer.widgets import cell_numbers, scale_key

from .stores import on_screen, settle, small_store


@pytest.fixture
def store(lstm_store: Store) -> Store:
    return lstm_store


def view(qtbot, store: Store, size: tuple[int, int] = (620, 320)) -> ParametersView:
    return on_screen(qtbot, ParametersView(store), store, size)


@pytest.mark.parametrize("size", [(230, 180), (260, 420), (420, 260), (900, 500)])
@pytest.mark.parametrize("theme", ["dark", "light", "high-contrast"])
def test_every_parameter_paints_at_every_size(qtbot, qapp, store: Store, size, theme: str) -> None:
    palette.apply(qapp, theme_named(theme))
    made = view(qtbot, store, size)
    assert made.size().toTuple() == size
    for name in ("U_i", "W_f", "b_o", "V", "b_y"):
        store.dispatch(do.Select(parameter=name))
        settle(store, made)
        assert made.choices.current == name
        for area in made.canvas.areas():
            assert area.isEmpty() or made.canvas.rect().toRectF().adjusted(-1, -1, 1, 1).contains(area)


def test_choosing_a_parameter_chooses_it_everywhere(qtbot, store: Store) -> None:
    made = view(qtbot, store)
    next(a for a in made.choices.menu_chip.menu().actions() if a.text() == "U_g").trigger()
    assert store.session.selection.parameter == "U_g"
    assert made.canvas.data.name == "U_g"


@pytest.mark.parametrize("name", ["U_f", "W_f", "V", "b_f"])
def test_a_cells_colour_is_its_weight(qtbot, store: Store, name: str) -> None:
    store.dispatch(do.Select(parameter=name))
    made = view(qtbot, store, (900, 500))
    canvas, data = made.canvas, made.canvas.data
    picture = canvas.grab().toImage()
    i, j = 3, 0 if name == "b_f" else 2
    value = data.numbers.table[i, j]
    middle = canvas.entry_rect(i, j).center()
    corner = QPoint(int(middle.x()), int(canvas.entry_rect(i, j).top()) + 3)  # beside a number that may be printed
    red, green, blue, _ = theme_named("dark").map.rgba(value, data.numbers.scale).tolist()
    assert picture.pixelColor(corner).getRgb()[:3] == (red, green, blue)
    assert canvas.entry_at(middle.x(), middle.y()) == (i, j)


def test_pointing_at_an_entry_points_at_its_unit_everywhere(qtbot, store: Store) -> None:
    store.dispatch(do.Select(parameter="U_f"))
    made = view(qtbot, store)
    qtbot.mouseMove(made.canvas, made.canvas.entry_rect(2, 4).center().toPoint())
    assert (store.session.hover.unit, store.session.hover.parameter) == (2, "U_f")
    store.dispatch(do.Select(parameter="V"))
    settle(store, made)
    qtbot.mouseMove(made.canvas, made.canvas.entry_rect(4, 3).center().toPoint())
    assert store.session.hover.unit == 3
    qtbot.mouseMove(made.canvas, QPoint(made.canvas.width() - 2, 2))
    assert store.session.hover.unit is None


def test_a_token_that_is_pointed_at_is_found_in_the_matrix(qtbot, store: Store) -> None:
    store.dispatch(do.Select(parameter="U_f"))
    made = view(qtbot, store)
    before = made.canvas.grab().toImage()
    store.dispatch(do.Hover(t=2))
    assert made.canvas._marks.token == int(store.session.sentence.example.inputs[2])
    assert made.canvas._marks.target == int(store.session.sentence.example.targets[2])
    assert made.canvas.grab().toImage() != before


def test_a_double_click_or_return_asks_to_edit_the_entry(qtbot, store: Store) -> None:
    store.dispatch(do.Select(parameter="W_f"))
    made = view(qtbot, store)
    at = made.canvas.entry_rect(1, 3).center().toPoint()
    with qtbot.waitSignal(made.edit_requested) as seen:
        qtbot.mouseDClick(made.canvas, Qt.MouseButton.LeftButton, pos=at)
    assert seen.args == ["W_f", 1, 3]
    qtbot.mouseClick(made.canvas, Qt.MouseButton.LeftButton, pos=at)
    qtbot.keyClick(made.canvas, Qt.Key.Key_Down)
    qtbot.keyClick(made.canvas, Qt.Key.Key_Left)
    assert store.session.selection.unit == 2
    with qtbot.waitSignal(made.edit_requested) as seen:
        qtbot.keyClick(made.canvas, Qt.Key.Key_Return)
    assert seen.args == ["W_f", 2, 2]
    store.dispatch(do.Select(parameter="b_f"))
    with qtbot.waitSignal(made.edit_requested) as seen:
        at = made.canvas.entry_rect(3, 0).center().toPoint()
        qtbot.mouseDClick(made.canvas, Qt.MouseButton.LeftButton, pos=at)
    assert seen.args == ["b_f", 3, None]
    QToolTip.hideText()


def test_a_tool_tip_names_the_entry_and_its_gradient(qtbot, store: Store) -> None:
    store.dispatch(do.Select(parameter="W_f"))
    made = view(qtbot, store)
    at = made.canvas.entry_rect(1, 3).center().toPoint()
    QApplication.sendEvent(made.canvas, QHelpEvent(QHelpEvent.Type.ToolTip, at, made.canvas.mapToGlobal(at)))
    assert "W<sub>f</sub>[2, 4] = " in QToolTip.text()
    QToolTip.hideText()


def test_a_large_matrix_is_analysed_off_the_interface_thread(qtbot) -> None:
    with small_store(cell="gru", hidden_size=70) as store:
        made = ParametersView(store)
        qtbot.addWidget(made)
        made.resize(420, 300)
        made.show()
        assert made.canvas.data.spectrum is None
        assert "computing" in made.canvas.data.subtitle
        settle(store, made)
        data = made.canvas.data
        singular = np.linalg.svd(store.session.model.parameters["W_r"], compute_uv=False)
        assert data.spectrum.singular == pytest.approx(singular)
        assert "computing" not in data.subtitle


def test_another_parameters_spectrum_is_never_shown_for_this_one(qtbot) -> None:
    with small_store(cell="gru", hidden_size=40) as store:
        made = view(qtbot, store)
        store.dispatch(do.Select(parameter="W_z"))
        assert made.canvas.data.spectrum is None
        settle(store, made)
        assert made.canvas.data.spectrum.name == "W_z"


def test_after_an_update_its_size_is_shown(qtbot, store: Store) -> None:
    made = view(qtbot, store)
    assert made.canvas.data.change is None
    before = store.session.model.parameters["W_i"]
    store.dispatch(do.Advance(1))
    settle(store, made)
    now = store.session.model.parameters["W_i"]
    assert made.canvas.data.name == "W_i"
    assert made.canvas.data.change == pytest.approx(np.linalg.norm(now - before) / np.linalg.norm(before))


def test_weights_that_are_not_finite_are_shown_as_such(qtbot, store: Store) -> None:
    made = view(qtbot, store)
    session = store.session
    broken = np.array(session.model.parameters["W_i"])
    broken[0, 0], broken[1, 1] = np.nan, np.inf
    store._put(replace(session, model=session.model.with_parameters({"W_i": broken})), Changes.MODEL)
    settle(store, made)
    assert ("not finite", "1 NaN, 1 ∞", "cut") in made.canvas.data.rows
    assert "finite" in made.canvas.data.spectrum.why


def test_a_tiny_network_prints_its_weights(qtbot) -> None:
    with small_store(cell="vanilla", hidden_size=2) as store:
        made = view(qtbot, store, (460, 220))
        store.dispatch(do.Select(parameter="W"))
        settle(store, made)
        assert made.canvas.entry_rect(0, 0).width() >= 40


def test_the_log_axis_holds_all_singular_values_down_to_twelve_powers_below_the_largest() -> None:
    assert spectrum_range(np.array([0.97, 0.02])) == (-2, 0)
    assert spectrum_range(np.array([10.0, 10.0])) == (0, 1)
    assert spectrum_range(np.array([5.0, 1e-30, 0.0])) == (-11, 1)


def test_what_the_axis_leaves_out_is_said() -> None:
    values = np.array([1.0, 0.5, 1e-15, 0.0])
    assert caption(values, -12, 1) == "4 singular values σ, log axis, 2 below it"
    assert caption(values[:2], -1, 3) == "2 singular values σ, log axis, one in 3"


def test_a_weight_is_edited_in_place_on_a_branch_that_can_be_undone(qtbot, store: Store) -> None:
    store.dispatch(do.Select(parameter="W_f"))
    made = view(qtbot, store)
    before = float(store.session.model.parameters["W_f"][1, 3])
    qtbot.mouseDClick(made.canvas, Qt.MouseButton.LeftButton, pos=made.canvas.entry_rect(1, 3).center().toPoint())
    assert made.editor.isVisible()
    assert float(made.editor.text()) == before
    made.editor.setText("−0,75")
    qtbot.keyClick(made.editor, Qt.Key.Key_Return)
    settle(store, made)
    assert not made.editor.isVisible()
    assert store.session.model.parameters["W_f"][1, 3] == -0.75
    assert made.canvas.data.numbers.table[1, 3] == -0.75
    store.undo()
    settle(store, made)
    assert store.session.model.parameters["W_f"][1, 3] == before


@pytest.mark.parametrize("text", ["nan", "inf", "-inf", "1e400"])
def test_what_is_not_finite_is_taken_and_shown_for_what_it_is(qtbot, store: Store, text: str) -> None:
    store.dispatch(do.Select(parameter="W_f"))
    made = view(qtbot, store)
    qtbot.mouseDClick(made.canvas, Qt.MouseButton.LeftButton, pos=made.canvas.entry_rect(1, 3).center().toPoint())
    made.editor.setText(text)
    qtbot.keyClick(made.editor, Qt.Key.Key_Return)
    settle(store, made)
    assert not made.editor.isVisible()
    assert np.array_equal(store.session.model.parameters["W_f"][1, 3], float(text), equal_nan=True)
    assert np.array_equal(made.canvas.data.numbers.table[1, 3], float(text), equal_nan=True)


def test_what_is_no_number_is_refused_and_escape_changes_nothing(qtbot, store: Store) -> None:
    store.dispatch(do.Select(parameter="b_f"))
    made = view(qtbot, store)
    model = store.session.model
    qtbot.mouseDClick(made.canvas, Qt.MouseButton.LeftButton, pos=made.canvas.entry_rect(2, 0).center().toPoint())
    made.editor.setText("much")
    qtbot.keyClick(made.editor, Qt.Key.Key_Return)
    assert made.editor.isVisible()
    assert store.session.model is model
    qtbot.keyClick(made.editor, Qt.Key.Key_Escape)
    assert not made.editor.isVisible()
    assert store.session.model is model
    QToolTip.hideText()


def test_another_parameter_closes_the_editor(qtbot, store: Store) -> None:
    store.dispatch(do.Select(parameter="W_f"))
    made = view(qtbot, store)
    made.canvas.edit_asked.emit(0, 0)
    assert made.editor.isVisible()
    store.dispatch(do.Select(parameter="V"))
    assert not made.editor.isVisible()


def test_the_title_is_whole_in_the_smallest_panel(qtbot, store: Store) -> None:
    made = view(qtbot, store, (230, 180))
    assert made.size().toTuple() == (230, 180)
    assert made.title_label.width() >= made.title_label.sizeHint().width() - 2


@pytest.mark.parametrize("size", [(310, 245), (345, 255)])
def test_a_docked_panel_shows_the_singular_values_and_no_number_is_cut(qtbot, store: Store, size) -> None:
    made = view(qtbot, store, size)
    areas, data = made.canvas.areas(), made.canvas.data
    assert data is not None
    assert not areas.spectrum.isEmpty()
    assert areas.heat.bottom() <= areas.spectrum.top()
    assert areas.spectrum.bottom() <= areas.rows.top()
    metrics = QFontMetricsF(current().font("small"))
    assert data.brief[1].startswith("ρ ")
    assert all(metrics.horizontalAdvance(line) <= areas.rows.width() for line in data.brief)
    assert not made.grab().isNull()


def test_a_row_that_comes_later_leaves_nothing_of_what_it_moved(qtbot, store: Store) -> None:
    made = view(qtbot, store, (900, 500))
    settle(store, made)
    data = made.canvas.data
    made.canvas.set_data(replace(data, change=None, change_name=""))
    fewer = len(made.canvas.data.rows)
    made.canvas.grab()
    made.canvas.set_data(replace(data, change=0.5, change_name="‖ΔW‖/‖W‖"))
    assert len(made.canvas.data.rows) > fewer
    piecewise = made.canvas.grab().toImage()
    made.canvas.forget()
    assert made.canvas.grab().toImage() == piecewise


def test_one_unit_is_not_counted_as_many(qtbot) -> None:
    with small_store(cell="vanilla", hidden_size=1) as store:
        made = view(qtbot, store, (900, 300))
        store.dispatch(do.Select(parameter="W"))
        settle(store, made)
        assert made.canvas.data.subtitle.startswith("1 unit × 1 unit,")
        assert caption(np.array([1.0]), -1, 1).startswith("1 singular value σ")
        assert made.canvas.entry_rect(0, 0).width() >= 100


def test_a_high_panel_has_its_parts_below_one_another_and_square_cells(qtbot, store: Store) -> None:
    made = view(qtbot, store, (404, 676))
    areas = made.canvas.areas()
    assert areas.heat.width() == made.canvas.width()
    assert areas.heat.bottom() <= areas.spectrum.top() <= areas.rows.top()
    cell = made.canvas.entry_rect(0, 0)
    assert 0.5 < cell.width() / cell.height() < 2


def test_the_update_of_a_large_model_is_computed_off_the_interface_thread(qtbot, store: Store, monkeypatch) -> None:
    monkeypatch.setattr(parameters, "MANY", 10)
    made = view(qtbot, store)
    store.dispatch(do.GoTo(10**9))
    walk = store.derived.walk(store.session)
    assert "update" not in vars(walk) or made.canvas.data.change is None
    settle(store, made)
    delta, weights = walk.update.deltas[made.canvas.data.name], made.canvas.data.array
    assert made.canvas.data.change == pytest.approx(np.linalg.norm(delta) / np.linalg.norm(weights))


@pytest.mark.parametrize(("size", "printed"), [((1500, 900), 256), ((420, 260), 0)])
def test_weights_are_printed_into_their_cells_where_those_are_large_enough(qtbot, monkeypatch, size, printed) -> None:
    words = []
    fitting = cell_numbers.fitting
    monkeypatch.setattr(cell_numbers, "fitting", lambda *given: words.append(given) or fitting(*given))
    with small_store(hidden_size=16) as store:
        store.dispatch(do.Select(parameter="W"))
        made = view(qtbot, store, size)
        settle(store, made)
        words.clear()
        made.canvas.resize(made.canvas.width() - 1, made.canvas.height())
        made.canvas.grab()
        assert len(words) == printed
        made.close()


@pytest.mark.parametrize("size", [(340, 280), (404, 676), (900, 560)])
def test_the_one_weight_of_one_unit_is_large_and_in_the_middle(qtbot, size) -> None:
    with small_store(cell="vanilla", hidden_size=1) as store:
        made = view(qtbot, store, size)
        store.dispatch(do.Select(parameter="W"))
        settle(store, made)
        cells, heat = made.canvas.cells_area(), made.canvas.heat_room()
        assert abs(cells.center().x() - heat.center().x()) <= 1 and abs(cells.center().y() - heat.center().y()) <= 1
        assert cells.width() >= 0.4 * heat.width() or cells.height() >= 0.4 * heat.height()
        assert made.canvas.entry_at(cells.center().x(), cells.center().y()) == (0, 0)
        made.close()


def test_the_tokens_stand_beside_a_map_that_is_smaller_than_its_room(qtbot) -> None:
    with small_store(cell="vanilla", hidden_size=1) as store:
        made = view(qtbot, store, (900, 560))
        store.dispatch(do.Select(parameter="V"))
        settle(store, made)
        canvas = made.canvas
        cells, heat = canvas.cells_area(), canvas.areas().heat
        assert cells.left() > heat.left() + 60, "there is room to spare"
        picture = canvas.grab().toImage()
        ground = current(canvas).colour("panel")
        y = round(cells.top() + cells.height() / canvas.data.array.shape[0] / 2)
        places = [(x, y + dy) for x in range(round(cells.left()) - 1) for dy in (-3, 0, 3)]
        ink = [x for x, y in places if picture.pixelColor(x, y) != ground]
        assert ink and cells.left() - max(ink) < 12
        made.close()


def test_small_cells_have_lines_between_rows_and_columns_or_between_neither(qtbot) -> None:
    with small_store(cell="vanilla", hidden_size=64) as store:
        made = view(qtbot, store, (900, 200))
        store.dispatch(do.Select(parameter="W"))
        settle(store, made)
        canvas = made.canvas
        area = canvas.cells_area()
        high, wide = area.height() / 64, area.width() / 64
        assert min(high, wide) < 3.5 < max(high, wide)
        ground = current().colour("panel").rgb()
        image = canvas.grab().toImage()
        middle = area.center().toPoint()
        down = [image.pixel(round(area.left() + wide / 2), y) for y in range(int(area.top()), middle.y())]
        across = [image.pixel(x, round(area.top() + high / 2)) for x in range(int(area.left()), middle.x())]
        assert (ground in down) is (ground in across)


@pytest.mark.parametrize("size", [(240, 200), (345, 290), (900, 500)])
@pytest.mark.parametrize("name", ["W_i", "U_i", "V", "b_i"])
def test_a_line_below_the_cells_says_what_rows_columns_and_colours_are(
    show_panel, monkeypatch, size: tuple[int, int], name: str
) -> None:
    store, made = show_panel(ParametersView, size, cell="lstm")
    store.dispatch(do.Select(parameter=name))
    settle(store, made)
    heat = made.canvas.areas().heat
    said: list[tuple[QRectF, tuple[str, ...]]] = []
    monkeypatch.setattr(
        parameters_canvas, "paint_key", lambda painter, theme, area, words, scale, ratio: said.append((area, words))
    )
    picture = QImage(*size, QImage.Format.Format_RGB32)
    with QPainter(picture) as painter:
        made.canvas._paint_heat(painter, current(), made.canvas.data, heat)
    tall = heat.height() >= current().px(parameters_canvas.KEY_FROM)
    assert len(said) == tall and (tall or size != (900, 500))
    for area, words in said:
        assert heat.contains(area) and area.top() >= made.canvas.cells_area().bottom()
        kinds = {"W_i": ("units", "units"), "U_i": ("units", "tokens"), "V": ("tokens", "units"), "b_i": ("units", "")}
        assert words == scale_key.axis_words(*kinds[name])
