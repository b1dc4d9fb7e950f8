from __future__ import annotations

import pytest
from PySide6.QtCore import Qt

from explorer.model import action as do
from explorer.theme import palette
from explorer.theme.theme import theme_named
from explorer.views.ledger import LedgerView

from .test_inspector import Stub


@pytest.fixture(autouse=True)
def styled(qapp):
    palette.apply(qapp, theme_named("dark"))


def view(qtbot) -> tuple[Stub, LedgerView]:
    store = Stub()
    made = LedgerView(store)
    qtbot.addWidget(made)
    made.resize(380, 330)
    made.show()
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
    assert store.session.selection.t == 1


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
