from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

from explorer.model import action as do
from explorer.theme import palette
from explorer.theme.theme import theme_named
from explorer.views.ledger import LedgerView

from .test_inspector import Stub, on_screen


@pytest.fixture(autouse=True)
def styled(qapp):
    palette.apply(qapp, theme_named("dark"))


def view(qtbot) -> tuple[Stub, LedgerView]:
    store = Stub()
    made = LedgerView(store)
    qtbot.addWidget(made)
    made.resize(380, 330)
    made.show()
    QApplication.processEvents()
    return store, made


def test_it_paints_at_every_stage_of_the_walk_and_in_every_mode(qtbot) -> None:
    store, made = view(qtbot)
    for _ in range(3):
        made.mode.click()
        for position in (0, 40, 200, 10_000):
            store.dispatch(do.GoTo(position))
            assert not made.grab().isNull()


def test_a_click_selects_the_weight_copy(qtbot) -> None:
    store, made = view(qtbot)
    qtbot.mouseClick(made.canvas, Qt.MouseButton.LeftButton, pos=made.canvas.centre_of(2, 1).toPoint())
    assert (store.session.selection.loss, store.session.selection.t) == (2, 1)
    assert made.canvas._data.selected == (2, 1)
    store.dispatch(do.Select(t=3))
    assert made.canvas._data.selected is None


def test_the_mouse_over_a_pair_points_at_it_everywhere(qtbot) -> None:
    store, made = view(qtbot)
    qtbot.mouseMove(made.canvas, pos=made.canvas.centre_of(3, 1).toPoint())
    assert (store.session.hover.loss, store.session.hover.t) == (3, 1)
    qtbot.mouseMove(made.canvas, pos=made.canvas.centre_of(0, 2).toPoint())
    assert store.session.hover.t is None


def test_the_arrow_keys_go_from_pair_to_pair_and_stay_in_the_triangle(qtbot) -> None:
    store, made = view(qtbot)
    store.dispatch(do.GoTo(10_000))
    store.dispatch(do.Select(t=1, loss=2))
    for key in (Qt.Key.Key_Down, Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Right):
        qtbot.keyClick(made.canvas, key)
    assert (store.session.selection.loss, store.session.selection.t) == (3, 3)
    qtbot.keyClick(made.canvas, Qt.Key.Key_Up)
    assert (store.session.selection.loss, store.session.selection.t) == (2, 2)


@pytest.mark.parametrize("size", [(540, 324), (370, 640), (318, 250)])
def test_a_pairs_chain_is_printed_beside_the_triangle_below_it_or_in_a_tool_tip(qtbot, size) -> None:
    store, made = view(qtbot)
    made.resize(*size)
    store.dispatch(do.GoTo(10_000))
    store.dispatch(do.Select(t=1, loss=3))
    qtbot.wait(5)
    canvas = made.canvas
    data = canvas._data
    rows = data.chain(3, 1).rows()
    reading = canvas.grid(data).reading
    if size[0] < 330:
        assert reading is None
        centre = canvas.centre_of(3, 1)
        assert all(what in canvas.tip(centre.x(), centre.y()) for what, _ in rows)
        return
    assert reading is not None
    assert canvas._told(data)[1:] == rows
    assert canvas.rect().toRectF().contains(reading)
    last = canvas.grid(data).cell(data.length - 1, data.length - 1)
    assert reading.left() >= last.right() or reading.top() >= last.bottom() + canvas.grid(data).bars


@pytest.mark.parametrize("size", [(318, 324), (447, 268), (540, 324), (370, 640)])
@pytest.mark.parametrize("mode", [0, 1, 2])
def test_what_the_picture_is_is_never_cut_off(qtbot, size, mode: int) -> None:
    _, made = view(qtbot)
    made.resize(*size)
    for _ in range(mode):
        made.mode.click()
    qtbot.wait(5)
    for label in (made.caption, made.subtitle_label, made.title_label):
        assert "…" not in label.shown()


@pytest.mark.parametrize("size", [(380, 330), (540, 324), (180, 160)])
def test_what_is_painted_piece_by_piece_is_what_is_painted_at_once(qtbot, size) -> None:
    store, made = view(qtbot)
    made.resize(*size)
    length = len(store.derived.walk(store.session))
    for n, position in enumerate([0, *range(length // 3, length + 1, 23), length, 50]):
        store.dispatch(do.GoTo(position))
        if n % 4 == 2:
            store.dispatch(do.Select(t=1, loss=2))
        if n % 7 == 6:
            made.mode.click()
        piecewise = on_screen(made)
        made.canvas.restyle()
        assert piecewise == on_screen(made), position


def test_a_parameter_chosen_in_the_menu_is_chosen_everywhere(qtbot) -> None:
    store, made = view(qtbot)
    actions = {a.text(): a for a in made.parameter.menu().actions()}
    actions["U_g"].trigger()
    assert store.session.selection.parameter == "U_g"
    assert made.parameter.value() == "U_g"


def test_outside_the_triangle_there_is_nothing_to_choose(qtbot) -> None:
    _, made = view(qtbot)
    centre = made.canvas.centre_of(0, 2)
    assert made.canvas.pair_at(centre.x(), centre.y()) is None


@pytest.mark.parametrize("size", [(380, 200), (370, 640), (330, 640), (600, 240), (250, 250)])
def test_the_sum_is_always_within_the_picture(qtbot, size) -> None:
    store, made = view(qtbot)
    made.resize(*size)
    store.dispatch(do.GoTo(10_000))
    qtbot.wait(10)
    canvas = made.canvas
    area = canvas.sum_area(canvas._data)
    assert canvas.rect().toRectF().adjusted(-1, -1, 1, 1).contains(area)
    grid = canvas.grid(canvas._data)
    assert area.left() >= grid.left + grid.wide * canvas._data.length or area.top() >= grid.top + grid.high


def test_a_high_panel_is_used_to_its_foot(qtbot) -> None:
    _, made = view(qtbot)
    made.resize(370, 640)
    qtbot.wait(10)
    canvas = made.canvas
    grid = canvas.grid(canvas._data)
    used = grid.top + grid.high * canvas._data.length + grid.bars + grid.below
    assert used <= canvas.height()
    assert grid.high > grid.wide or used > 0.9 * canvas.height()


@pytest.mark.parametrize("size", [(345, 250), (330, 240)])
def test_a_docked_panel_prints_the_whole_chain_beside_the_diagonal(qtbot, size) -> None:
    store, made = view(qtbot)
    made.resize(*size)
    store.dispatch(do.GoTo(10_000))
    store.dispatch(do.Select(t=1, loss=3))
    qtbot.wait(5)
    canvas, data = made.canvas, made.canvas._data
    lines = canvas.compact(data)
    said = " ".join(text for _, text in lines[1:])
    assert said == " ".join(data.chain(3, 1).pieces())
    grid = canvas.grid(data)
    for room, _ in lines:
        assert canvas.rect().toRectF().contains(room)
        row = min(int((room.bottom() - grid.top) / grid.high), data.length - 1)
        assert room.left() >= grid.cell(row, row).right()


def test_a_large_panel_has_large_square_cells_and_names_the_columns(qtbot) -> None:
    _, made = view(qtbot)
    made.resize(1900, 1000)
    qtbot.wait(5)
    canvas = made.canvas
    grid = canvas.grid(canvas._data)
    assert grid.high * canvas._data.length > 0.8 * canvas.height()
    assert abs(grid.wide - grid.high) < 1e-9
    assert grid.names > 0
    assert grid.reading is None or grid.reading.width() <= 500


def test_pairs_that_are_cut_are_told_from_others_however_small_their_cells(qtbot) -> None:
    store, made = view(qtbot)
    store.dispatch(do.GoTo(10_000))
    data = made.canvas._data
    cut = np.zeros_like(data.cut)
    cut[3, 1] = True
    made.resize(180, 160)
    made.grab()
    made.canvas.set_data(replace(data, cut=cut, added=data.added & ~cut))
    assert made.canvas.grid(data).wide < 5
    image = made.canvas.grab().toImage()
    colour = image.pixelColor(made.canvas.centre_of(3, 1).toPoint())
    assert colour.red() > colour.blue() + 10
