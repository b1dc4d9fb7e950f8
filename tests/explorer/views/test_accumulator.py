from __future__ import annotations

import threading
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QToolTip

from explorer.model import action as do
from explorer.model.formula import number
from explorer.model.session import Changes
from explorer.theme import palette
from explorer.theme.theme import current, theme_named
from explorer.views import accumulator, accumulator_map
from explorer.views.accumulator import AccumulatorView
from explorer.views.accumulator_map import tiles
from explorer.widgets.paint import text_width

from .later import backward, settle


@pytest.fixture
def shown(show_panel):
    return lambda size=(320, 340), **changes: show_panel(AccumulatorView, size, **changes)


@pytest.mark.parametrize("size", [(230, 180), (320, 340), (900, 500)])
@pytest.mark.parametrize("theme", ["dark", "light", "high-contrast"])
def test_it_paints_every_parameter_at_every_size_and_stage(shown, qapp, size, theme: str) -> None:
    palette.apply(qapp, theme_named(theme))
    store, view = shown(size, cell="lstm")
    for name in store.session.model.parameters:
        store.dispatch(do.Select(parameter=name))
        for share in (-1.0, 0.3, 1.0):
            backward(store, share)
            assert not view.grab().isNull()
    assert view.width() == size[0]


def test_the_last_vote_is_named_and_its_length_printed(shown) -> None:
    store, view = shown(cell="lstm")
    assert view.vote.texts() == ("no vote yet", "‖ΔdW_i‖ –")
    backward(store, 0.5)
    vote = view.map.data.vote
    name, length = view.vote.texts()
    assert name == f"{vote.label} →"
    assert length.startswith("‖ΔdW_i‖ ") and length != "‖ΔdW_i‖ –"
    assert f"{view.map.data.done} of {len(view.map.data.votes)}" in view.subtitle_label.text()


def test_a_name_in_the_row_or_the_menu_chooses_the_parameter_everywhere(qtbot, shown) -> None:
    store, view = shown(cell="lstm", size=(400, 340))
    qtbot.mouseClick(view.names, Qt.MouseButton.LeftButton, pos=view.names.areas()["W_o"].center().toPoint())
    assert store.session.selection.parameter == "W_o" and view.parameter.value() == "dW_o"
    actions = {a.data(): a for a in view.parameter.menu().actions()}
    actions["V"].trigger()
    assert store.session.selection.parameter == "V" and view.map.data.parameter == "V"
    store.dispatch(do.Select(parameter="U_g"))
    assert view.map.data.parameter == "U_g"


def test_a_cell_tells_its_value_and_the_votes_that_made_it(qtbot, shown) -> None:
    store, view = shown()
    store.dispatch(do.GoToEnd())
    qtbot.mouseMove(view.map, view.map.area_of(2, 3).center().toPoint())
    settle(store)
    lines = view.map.accessibleDescription()
    assert lines.startswith("dW [3, 4] = ") and lines.count("loss ") == 3
    assert store.session.hover.unit == 2 and store.session.hover.parameter == "W"
    QToolTip.hideText()


def test_a_click_selects_the_unit_of_the_cell(qtbot, shown) -> None:
    store, view = shown()
    store.dispatch(do.GoToEnd())
    qtbot.mouseClick(view.map, Qt.MouseButton.LeftButton, pos=view.map.area_of(4, 1).center().toPoint())
    assert store.session.selection.unit == 4
    settle(store)
    QToolTip.hideText()


def test_of_the_output_layer_the_unit_is_the_column(qtbot, shown) -> None:
    store, view = shown()
    store.dispatch(do.Select(parameter="V"))
    store.dispatch(do.GoToEnd())
    qtbot.mouseClick(view.map, Qt.MouseButton.LeftButton, pos=view.map.area_of(1, 5).center().toPoint())
    assert store.session.selection.unit == 5
    settle(store)
    QToolTip.hideText()


def test_the_arrow_keys_walk_over_the_cells(qtbot, shown) -> None:
    store, view = shown()
    store.dispatch(do.GoToEnd())
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Down):
        qtbot.keyClick(view.map, key)
    assert view.map.cell == (1, 1)
    qtbot.keyClick(view.map, Qt.Key.Key_Return)
    assert store.session.selection.unit == 1
    settle(store)
    QToolTip.hideText()


def test_a_gradient_that_is_no_number_is_painted(shown) -> None:
    store, view = shown()
    model = store.session.model
    broken = model.with_parameters({n: np.full_like(v, np.nan) for n, v in model.parameters.items()})
    store._put(replace(store.session, model=broken), Changes.MODEL)
    store.dispatch(do.GoToEnd())
    assert not view.grab().isNull()
    assert np.isnan(view.map.data.norm)


def test_a_step_without_a_vote_makes_nothing_anew(shown) -> None:
    store, view = shown(cell="lstm")
    store.dispatch(do.FollowVotes(False))
    backward(store, 0.5)
    before = view.map.data
    votes = before.votes
    here = store.session.position
    assert votes.done(here + 1) == votes.done(here)
    store.dispatch(do.Move())
    assert view.map.data is before
    # Whoever follows sees another picture by the additions, and by them alone.
    store.dispatch(do.FollowVotes(True))
    for _ in range(40):
        before = view.map.data
        store.dispatch(do.Move())
        adds = store.derived.progress(store.session).step.kind == "accumulate"
        assert (view.map.data is not before) == adds


def test_it_follows_the_walk_until_a_parameter_is_chosen_and_says_which(qtbot, shown) -> None:
    store, view = shown((400, 340), cell="lstm")
    assert store.session.votes_follow and view.mode.value() == "follow"
    backward(store, 0.3)
    seen = set()
    for _ in range(60):
        store.dispatch(do.Move())
        step = store.derived.progress(store.session).step
        if step.kind == "accumulate":
            seen.add(step.parameter)
            assert view.map.data.parameter == view.names.current == step.parameter
            assert view.parameter.value() == f"d{step.parameter}" and store.session.selection.parameter is None
    assert len(seen) > 6
    # By hand: here, in any other panel, or by a click on an entry.
    store.dispatch(do.Select(parameter="W_f"))
    assert view.mode.value() == "chosen" and not store.session.votes_follow
    for _ in range(30):
        store.dispatch(do.Move())
        assert view.map.data.parameter == "W_f"
    qtbot.keyClick(view.mode, Qt.Key.Key_Return)
    assert view.mode.value() == "follow" and store.session.votes_follow
    qtbot.mouseClick(view.names, Qt.MouseButton.LeftButton, pos=view.names.areas()["W_f"].center().toPoint())
    assert view.mode.value() == "chosen"  # although it was the chosen one before
    store.dispatch(do.FollowVotes())
    qtbot.mouseClick(view.map, Qt.MouseButton.LeftButton, pos=view.map.area_of(2, 1).center().toPoint())
    assert view.mode.value() == "chosen" and store.session.selection.unit == 2
    settle(store)
    QToolTip.hideText()


def test_of_a_large_walk_it_follows_too(shown, monkeypatch) -> None:
    monkeypatch.setattr(accumulator, "is_large", lambda walk: True)
    store, view = shown((400, 340), cell="gru")
    backward(store, 0.4)
    seen = set()
    for _ in range(40):
        store.dispatch(do.Move())
        settle(store)
        step = store.derived.progress(store.session).step
        if step.kind == "accumulate":
            seen.add(step.parameter)
            assert view.map.data.parameter == step.parameter
    assert len(seen) > 4
    store.dispatch(do.Select(parameter="U_r"))
    settle(store)
    store.dispatch(do.Move("step"))
    settle(store)
    assert view.map.data.parameter == "U_r" and view.mode.value() == "chosen"


def test_another_parameter_lays_nothing_out_anew(qtbot, shown) -> None:
    store, view = shown((400, 340), cell="lstm")
    backward(store, 0.2)
    settle(store)
    wide = [(chip.width(), chip.sizeHint()) for chip in (view.parameter, view.mode)]
    places = [chip.x() for chip in (view.parameter, view.mode)]
    for name in ("V", "b_i", "U_o", "W_f"):
        store.dispatch(do.Select(parameter=name))
        settle(store)
        assert [(chip.width(), chip.sizeHint()) for chip in (view.parameter, view.mode)] == wide
        assert [chip.x() for chip in (view.parameter, view.mode)] == places
    assert all(chip.width() >= chip.width_saying(chip.value()) for chip in (view.parameter, view.mode))


@pytest.mark.parametrize("ratio", [1.0, 2.0])
def test_tiles_fill_the_image_to_its_edges_with_gaps_only_between_them(ratio: float) -> None:
    rgba = np.zeros((3, 4, 4), np.uint8)
    rgba[..., 0] = np.arange(12).reshape(3, 4) * 20
    image = tiles(rgba, round(101 * ratio), round(70 * ratio), (1, 2, 3), ratio)
    assert (image.width(), image.height()) == (round(101 * ratio), round(70 * ratio))
    right, foot = image.width() - 1, image.height() - 1
    corners = [image.pixelColor(x, y).red() for x, y in ((0, 0), (right, 0), (0, foot), (right, foot))]
    assert corners == [0, 60, 160, 220]
    row = [image.pixelColor(x, foot).getRgb()[:3] for x in range(image.width())]
    assert row.count((1, 2, 3)) == 3 * 2 * ratio


def test_tiles_too_small_for_gaps_have_none() -> None:
    rgba = np.full((30, 30, 4), 200, np.uint8)
    image = tiles(rgba, 60, 60, (1, 2, 3))
    assert {image.pixelColor(x, y).red() for x in range(60) for y in range(60)} == {200}


@pytest.mark.parametrize("width", [230, 280, 300, 320, 340, 500])
def test_the_last_votes_name_and_the_title_are_whole_in_a_narrow_panel(shown, width: int) -> None:
    store, view = shown((width, 200), cell="lstm")
    backward(store, 0.5)
    settle(store)
    assert "…" not in view.title_label.shown()
    name, _ = view.vote.texts()
    assert text_width(name, current().font("body", bold=True)) <= view.vote.width()
    assert view.accessibleName() == view.map.data.title
    assert view.title_label.text() == "Accumulator"


@pytest.mark.parametrize("width", [230, 280, 500])
def test_the_chip_says_which_parameter_is_shown_however_narrow_the_panel(shown, width: int) -> None:
    store, view = shown((width, 200), cell="lstm")
    store.dispatch(do.Select(parameter="W_f"))
    assert view.parameter.value() == "dW_f" and "dW_f" in view.parameter.accessibleName()
    assert view.parameter.geometry().right() < view.width()


@pytest.mark.parametrize(("size", "printed"), [((1500, 900), 256), ((420, 300), 0)])
def test_large_cells_have_their_numbers_in_them(shown, monkeypatch, size, printed: int) -> None:
    store, view = shown(size, cell="lstm", hidden_size=16)
    store.dispatch(do.Select(parameter="W_f"))
    backward(store, 1.0)
    settle(store)
    cells: list[float] = []
    monkeypatch.setattr(
        accumulator_map, "print_numbers", lambda painter, font, found, ink: cells.extend(value for _, _, value in found)
    )
    view.map.grab()
    assert cells == (view.map.data.cells.ravel().tolist() if printed else [])
    assert len(cells) == printed


def test_large_cells_are_painted_in_the_colours_of_small_ones(shown) -> None:
    store, view = shown((1500, 900), cell="lstm", hidden_size=16)
    store.dispatch(do.Select(parameter="W_f"))
    backward(store, 1.0)
    settle(store)
    picture, data = view.map.grab().toImage(), view.map.data
    rgba = current(view.map).map.rgba(data.cells, accumulator_map.gradient_scale(data.largest, accumulator_map.DECADES))
    for row, column in ((0, 0), (7, 3), (15, 15)):
        corner = view.map.area_of(row, column).topLeft().toPoint()
        colour = picture.pixelColor(corner.x() + 4, corner.y() + 4).getRgb()[:3]
        assert colour == tuple(rgba[row, column, :3].tolist())


def test_the_sums_of_a_large_walk_are_computed_off_the_interface_thread_and_the_picture_stays_meanwhile(
    shown, monkeypatch
) -> None:
    monkeypatch.setattr(accumulator, "is_large", lambda walk: True)
    by: list[str] = []
    compute = accumulator.accumulator_data

    def noted(*args):
        by.append(threading.current_thread().name)
        return compute(*args)

    monkeypatch.setattr(accumulator, "accumulator_data", noted)
    store, view = shown(cell="lstm")
    backward(store, 0.5)
    settle(store)
    before, said = view.map.data, view.subtitle_label.text()
    store.dispatch(do.Move("step"))
    assert view.map.data is before and view.subtitle_label.text() == said, "no flicker"
    settle(store)
    after = view.map.data
    walk = store.derived.walk(store.session)
    assert after.votes.walk is walk and after.done == after.votes.done(store.session.position) != before.done
    np.testing.assert_allclose(after.values, after.votes.shown(after.votes.partial_sum(after.done)))
    assert by and set(by) == {"aside"}


def test_a_large_walk_that_takes_its_time_says_that_it_is_computed(shown, monkeypatch, qtbot) -> None:
    store, view = shown(cell="lstm")
    backward(store, 0.5)
    monkeypatch.setattr(accumulator, "is_large", lambda walk: True)
    monkeypatch.setattr(accumulator, "PATIENCE", 1)
    go, compute = threading.Event(), accumulator.accumulator_data

    def waits(*args):
        go.wait(10)
        return compute(*args)

    monkeypatch.setattr(accumulator, "accumulator_data", waits)
    store.dispatch(do.Move("step"))
    qtbot.waitUntil(lambda: view.subtitle_label.text() == "computing…", timeout=5000)
    go.set()
    settle(store)
    assert view.subtitle_label.text() in (view.map.data.subtitle, view.map.data.short)
    assert view.map.data.done == view.map.data.votes.done(store.session.position)


def test_a_large_walk_that_was_never_shown_is_named_and_said_to_be_computed(shown, monkeypatch, qtbot) -> None:
    store, _ = shown(cell="lstm")
    go, compute = threading.Event(), accumulator.accumulator_data
    monkeypatch.setattr(accumulator, "is_large", lambda walk: True)
    monkeypatch.setattr(accumulator, "accumulator_data", lambda *args: go.wait(10) and compute(*args))
    view = AccumulatorView(store)
    qtbot.addWidget(view)
    view.resize(320, 340)
    view.show()
    qtbot.waitUntil(lambda: view.subtitle_label.text() == "computing…", timeout=5000)
    assert view.parameter.value() == "dW_i"
    picture = view.map.grab().toImage()
    half, wide = view.map.height() // 2, view.map.width()
    middle = {picture.pixelColor(x, half + y).name() for x in range(wide) for y in (-2, 0, 2)}
    go.set()
    settle(store)
    assert len(middle) > 1
    assert view.map.data is not None


@pytest.mark.parametrize("name", ["W_i", "U_f", "b_o", "V"])
def test_what_has_been_said_of_a_cell_is_said_again_when_the_mouse_rests(shown, name: str) -> None:
    store, view = shown(cell="lstm", size=(520, 420))
    store.dispatch(do.Select(parameter=name))
    backward(store, 0.5)
    view.map.point_at(0, 0)
    settle(store)
    at = view.map.area_of(0, 0).center()
    said = view.map.tip(at.x(), at.y())
    assert said.startswith(view.map.data.name(0, 0)) and "…" not in said
    elsewhere = view.map.area_of(1, 0).center()
    assert view.map.tip(elsewhere.x(), elsewhere.y()) == ""


def test_the_edges_and_the_last_votes_length_say_what_they_are(shown) -> None:
    store, view = shown(cell="lstm", size=(520, 420))
    backward(store, 0.5)
    data = view.map.data
    left, above = view.map.area_of(1, 0), view.map.area_of(0, 2)
    delta = view.map.tip(left.left() - 4, left.center().y())
    assert delta.startswith(data.vote.label.split(" ⊗ ")[0]) and f"[2] = {number(float(data.vote.delta[1]))}" in delta
    operand = view.map.tip(above.center().x(), above.top() - 4)
    assert f"[3] = {number(float(data.vote.operand[2]))}" in operand
    sizes = [float(np.linalg.norm(v)) for v in (data.vote.delta, data.vote.operand)]
    assert view.vote.toolTip().endswith(
        f"{number(sizes[0], 4)} × {number(sizes[1], 4)} = {number(sizes[0] * sizes[1], 4)}"
    )


@pytest.mark.parametrize("size", [(240, 150), (300, 200), (900, 500)])
@pytest.mark.parametrize("name", ["W_i", "U_i", "V", "b_i"])
def test_a_line_below_the_cells_says_what_rows_columns_and_colours_are(shown, monkeypatch, size, name: str) -> None:
    store, view = shown(size, cell="lstm")
    store.dispatch(do.Select(parameter=name))
    backward(store, 1.0)
    settle(store)
    said = []
    monkeypatch.setattr(
        accumulator_map,
        "paint_key",
        lambda painter, theme, area, words, scale, ratio: said.append((area, words, scale)),
    )
    view.map.grab()
    data, grid = view.map.data, view.map.grid(view.map.data)
    assert len(said) == bool(grid.key) == (view.map.height() >= current().px(accumulator_map.KEY_FROM))
    kinds = {"W_i": ("units", "units"), "U_i": ("units", "tokens"), "V": ("tokens", "units"), "b_i": ("units", "")}
    for area, words, scale in said:
        assert area.top() >= grid.top + grid.high * len(data.cells) + grid.foot - 1e-6
        assert area.bottom() <= view.map.height() and words == accumulator_map.axis_words(*kinds[name])
        assert scale.limit >= data.largest
