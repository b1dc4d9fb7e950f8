"""What the stage shows: each thing in its colour, in its place, in every theme and at every size."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QFocusEvent, QPainter
from PySide6.QtWidgets import QApplication

from explorer.model.stage_build import build_stage
from explorer.model.stage_layout import Detail
from explorer.model.stage_records import Marks
from explorer.theme.palette import apply
from explorer.theme.theme import current, theme_named
from explorer.theme.tokens import THEMES
from explorer.views.stage.brush import Brush
from explorer.views.stage.edges import plus_centre
from explorer.views.stage.highlight import current_rects
from explorer.views.stage.runs import places_of
from explorer.views.stage.scissors import badge_centre, badge_radius
from rnncore.library import LIBRARY
from rnncore.truncation import Chunks, Full, Stride, Tail, Window
from tests.explorer.model.stages import before_visit, scene_of, small_walk, stage_at
from tests.explorer.views.canvases import colour, pixels, shades


def test_cells_are_painted_in_the_map_s_colour_of_their_number(canvas):
    w = small_walk("lstm", hidden=5)
    data = stage_at(w, w.script.update_start + 1)
    canvas.show_data(data)
    seen, lay = pixels(canvas), canvas.stage_layout
    theme = current()
    for i, span in enumerate(lay.state_spans):
        strip = data.states[i]
        for t in range(8):
            for cell in range(5):
                y = lay.rows["state"].top + (cell + 0.5) * lay.cell_heights[0]
                value = colour(seen, lay.left(t) + span.x + span.width // 2, y)
                wanted = theme.map.rgba(strip.track.cells[t, cell], data.scene.value_scale)[:3]
                if abs(y - lay.value_lane) > 3 and abs(y - lay.credit_lane) > 3:
                    assert value == tuple(wanted)
                gradient = colour(seen, lay.left(t) + span.gradient_x + span.gradient_width // 2, y)
                wanted = theme.map.rgba(strip.gradient_cells[t, cell], data.gradient_scale)[:3]
                assert gradient == tuple(wanted)


def test_an_empty_stage_shows_no_number_but_every_token(canvas):
    w = small_walk("lstm", policy=Full())
    canvas.show_data(stage_at(w, 0))
    seen, lay = pixels(canvas), canvas.stage_layout
    middle = int(lay.rows["state"].top + 2)
    row = seen[middle, lay.gutter + 2 : lay.right(7)].astype(int)
    assert np.ptp(row, axis=1).max() < 40, "nothing as vivid as a value"
    pill = lay.rows["input"]
    for t in range(8):
        box = seen[pill.top : pill.bottom, lay.left(t) : lay.right(t)].astype(int)
        assert (box.max(axis=(0, 1)) - box.min(axis=(0, 1))).max() > 60, "a token is written"


def test_values_flow_over_the_cut_and_credit_does_not(canvas):
    w = small_walk("lstm", policy=Window(2))
    canvas.show_data(stage_at(w, w.find("cut", loss=7) + 1))
    seen, lay = pixels(canvas), canvas.stage_layout
    value, credit = current().tokens.rgb("value"), current().tokens.rgb("gradient")

    def near(x0: float, x1: float, y: float, wanted: tuple[int, int, int]) -> bool:
        strip = seen[int(y) - 2 : int(y) + 3, int(x0) : int(x1), ::-1].astype(int)
        return bool((np.abs(strip - wanted).sum(axis=2) < 90).any())

    for t in range(1, 8):
        left, right = lay.left(t - 1) + lay.state_spans[-1].right + 3, lay.left(t) + lay.state_spans[0].x - 3
        assert near(left, right, lay.value_lane, value), f"value into {t}"
        # Between the + of the step before and the boundary, where only a ribbon that has crossed can be.
        crossed = near(lay.left(t) - 5, lay.left(t) - 1, lay.credit_lane, credit)
        assert crossed == (t in (6, 7)), f"credit out of {t}"


def test_what_is_cut_is_hatched_in_red(canvas):
    w = small_walk("lstm", policy=Window(2))
    canvas.show_data(stage_at(w, before_visit(w, 6, 7)))
    seen, lay = pixels(canvas).astype(int), canvas.stage_layout
    gap = slice(lay.rows["gates"].bottom + 1, lay.rows["input"].top - 1)
    for t in range(8):
        box = seen[gap, lay.left(t) + 3 : lay.right(t) - 14]
        red = (box[:, :, 2] - box[:, :, 1]).max() > 40
        assert red == (t < 5), t


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("cell", LIBRARY)
def test_every_cell_is_painted_in_every_theme(canvas, qapp, theme, cell):
    before = current()
    try:
        apply(qapp, theme_named(theme))
        w = small_walk(cell, hidden=3, steps=5)
        canvas.show_data(stage_at(w, before_visit(w, 3, 4) + 5))
        seen = pixels(canvas)
        assert colour(seen, 998, 3) == current().tokens.rgb("panel")
        assert shades(seen) > 30
    finally:
        apply(qapp, before)


@pytest.mark.parametrize("policy", [Full(), Window(0), Chunks(2), Stride(2, 3, "all"), Tail(2), Tail(5)])
@pytest.mark.parametrize("order", ["by loss", "sweep"])
def test_every_policy_is_painted_at_every_position(canvas, policy, order):
    w = small_walk("vanilla", hidden=2, steps=5, policy=policy, order=order)
    scene, data = scene_of(w), None
    for position in range(len(w) + 1):
        data = build_stage(scene, w, position, previous=data)
        canvas.show_data(data)
        canvas.grab()


@pytest.mark.parametrize(("hidden", "steps"), [(1, 1), (1, 200), (256, 1), (256, 9), (64, 200)])
def test_the_smallest_and_the_largest_stage_are_painted(canvas, hidden, steps):
    w = small_walk("gru", hidden=hidden, steps=steps, masked=None, order="sweep")
    cells = canvas.most_cells(steps, 1, 3, hidden)
    canvas.show_data(stage_at(w, w.script.update_start + 1, scene_of(w, cells)))
    assert shades(pixels(canvas)) > 30
    lay = canvas.stage_layout
    assert lay.cells == min(hidden, lay.cells)
    if lay.detail > Detail.HEAT and lay.cells > 1:
        assert min(lay.cell_heights) >= 2


def test_nan_is_painted_in_a_colour_of_its_own(canvas):
    w = small_walk("vanilla", poison=True)
    canvas.show_data(stage_at(w, w.script.update_start + 1))
    wanted = np.array(current().tokens.rgb("nan"))
    match = (np.abs(pixels(canvas)[:, :, ::-1].astype(int) - wanted).sum(axis=2) < 6).sum()
    assert match > 500


@pytest.mark.parametrize("order", ["by loss", "sweep"])
def test_a_ribbon_of_nan_is_so_to_the_tip_of_its_head(canvas, order):
    w = small_walk("vanilla", poison=True, order=order)
    canvas.show_data(stage_at(w, w.script.update_start + 1))
    seen, lay = pixels(canvas)[:, :, ::-1].astype(int), canvas.stage_layout
    brush = Brush(QPainter(), canvas.data, lay, current(), 1.0)
    wanted, heads = np.array(current().tokens.rgb("nan")), 0
    for t in range(2, lay.length):
        begin = round(plus_centre(brush, t - 1).x()) + 8
        around = seen[round(lay.credit_lane) - 14 : round(lay.credit_lane) + 14, begin : begin + 6]
        heads += bool((np.abs(around - wanted).sum(axis=2) < 30).sum() > 6)
    assert heads == lay.length - 2


@pytest.mark.parametrize("policy", [Chunks(3), Stride(3, 5), Tail(4)], ids=str)
def test_the_losses_that_enter_the_run_have_a_dot_on_it(canvas, policy):
    w = small_walk("vanilla", policy=policy, masked=6)
    canvas.show_data(stage_at(w, before_visit(w, 7, 7)))
    seen, lay = pixels(canvas), canvas.stage_layout
    run = canvas.data.cut.run
    y = dict(places_of(Brush(QPainter(), canvas.data, lay, current(), 1.0)))[run]
    for t in range(8):
        middle = (lay.left(t) + lay.right(t)) // 2
        dotted = colour(seen, middle, y) == current().tokens.rgb("loss")
        assert dotted == (t in run.losses and t != 6), t
        lined = np.abs(np.array(colour(seen, lay.right(t) - 16, y)) - current().tokens.rgb("gradient")).max()
        assert (lined < 60) == (run.low <= t <= run.high), t


def test_the_initial_state_is_painted_before_the_first_column_with_its_gradient(canvas):
    w = small_walk("lstm", policy=Full())
    scene = scene_of(w)
    canvas.resize(1300, 515)
    canvas.show_data(stage_at(w, 0, scene))
    lay, theme = canvas.stage_layout, current()

    def cell(side: str, i: int, unit: int) -> tuple[int, int, int]:
        span = lay.lead_spans[i]
        x = lay.lead_left + (
            span.x + span.width // 2 if side == "value" else span.gradient_x + span.gradient_width // 2
        )
        return colour(pixels(canvas), x, lay.rows["state"].top + (unit + 0.5) * lay.cell_heights[0])

    assert cell("value", 0, 2) == tuple(theme.map.rgba(0.0, scene.value_scale)[:3])
    assert cell("gradient", 1, 2) == theme.tokens.rgb("panel")
    at_once = None
    for position in range(before_visit(w, 1, 7), before_visit(w, 0, 7) + 40):
        canvas.show_data(build_stage(scene, w, position, previous=canvas.data))
        canvas.grab()
        if canvas.data.initial[1].gradient_known[0]:
            at_once = canvas.data
            break
    assert at_once is not None
    for i, strip in enumerate(at_once.initial):
        wanted = tuple(theme.map.rgba(strip.gradient_cells[0, 2], at_once.gradient_scale)[:3])
        assert not strip.gradient_known[0] or cell("gradient", i, 2) == wanted


def test_focus_that_came_by_the_keyboard_can_be_seen(canvas):
    canvas.show_data(stage_at(small_walk(), 0))
    plain = pixels(canvas)
    QApplication.sendEvent(canvas, QFocusEvent(QEvent.Type.FocusIn, Qt.FocusReason.TabFocusReason))
    focused = pixels(canvas)
    assert (focused[0, :] != plain[0, :]).any(axis=1).all()
    assert (focused[:, -1] != plain[:, -1]).any(axis=1).all()
    QApplication.sendEvent(canvas, QFocusEvent(QEvent.Type.FocusOut, Qt.FocusReason.TabFocusReason))
    np.testing.assert_array_equal(pixels(canvas), plain)
    QApplication.sendEvent(canvas, QFocusEvent(QEvent.Type.FocusIn, Qt.FocusReason.MouseFocusReason))
    np.testing.assert_array_equal(pixels(canvas), plain)


def test_hover_frames_the_column_and_goes_without_trace(canvas):
    w = small_walk("lstm")
    scene = scene_of(w)
    canvas.show_data(stage_at(w, 60, scene))
    plain = pixels(canvas)
    canvas.show_data(stage_at(w, 60, scene, Marks(hover_t=3, hover_unit=2)))
    lay = canvas.stage_layout
    changed = np.flatnonzero((pixels(canvas) != plain).any(axis=(0, 2)))
    assert changed.min() >= lay.left(3) - 2
    assert changed.max() <= lay.right(3) + 2
    canvas.show_data(stage_at(w, 60, scene))
    np.testing.assert_array_equal(pixels(canvas), plain)


@pytest.mark.parametrize("width", [1000, 780])
@pytest.mark.parametrize("kind", ["softmax", "d_logits"])
def test_the_outline_of_the_output_encloses_its_rows(canvas, width: int, kind: str):
    canvas.resize(width, 515)
    w = small_walk("lstm")
    position = w.find(kind) + 1
    data = stage_at(w, position)
    canvas.show_data(data)
    canvas.grab()
    lay, t = canvas.stage_layout, data.current_t
    assert lay.detail >= Detail.TARGET
    (area,) = current_rects(data, lay, t)
    assert area.left() < lay.left(t) + lay.word_side - 3, "the target's mark stands left of its bar"
    assert area.right() > lay.right(t) - lay.word_side
    assert area.top() < lay.rows["output"].top
    assert area.bottom() > lay.rows["output"].bottom
    assert lay.left(t) <= area.left() and area.right() <= lay.right(t)


def test_scissors_that_cut_nothing_yet_are_seen_whole_beside_the_initial_state(canvas):
    for width in (700, 1000, 1370):
        canvas.resize(width, 515)
        canvas.show_data(stage_at(small_walk("lstm", policy=Full()), 20))
        canvas.grab()
        lay = canvas.stage_layout
        brush = Brush(QPainter(), canvas.data, lay, current(), 1.0)
        centre, radius = badge_centre(brush, 0), badge_radius(brush, 0)
        first = lay.lead_left + lay.lead_spans[0].x if lay.lead else lay.left(0) + lay.state_spans[0].x
        assert centre.x() + radius <= first
        seen = pixels(canvas)
        left = [colour(seen, centre.x() - radius + d, centre.y()) for d in (-1, 0, 1)]
        assert any(abs(r - g) > 40 for r, g, _ in left), "its rim is not cut off"


@pytest.mark.parametrize("height", [515, 260, 205])
def test_the_loss_comes_down_without_crossing_a_word_or_its_number(canvas, height):
    canvas.resize(1000, height)
    w = small_walk("lstm", hidden=16, policy=Full(), masked=None)
    scene = scene_of(w)
    after = stage_at(w, len(w), scene)
    without = replace(after, from_loss=replace(after.from_loss, known=np.zeros(8, dtype=bool)))
    canvas.show_data(without)
    plain = pixels(canvas)
    canvas.show_data(after)
    seen, lay = pixels(canvas), canvas.stage_layout
    for t in range(7):
        right = lay.right(t) - lay.word_side - 1
        words = slice(lay.rows["output"].top, lay.rows["output"].bottom), slice(lay.left(t) + 3, right)
        assert (seen[words] == plain[words]).all(), t
        beside = slice(lay.rows["output"].top, lay.rows["output"].bottom), slice(right, lay.right(t))
        assert (seen[beside] != plain[beside]).any(axis=(1, 2)).all(), t


def test_in_columns_without_room_for_ribbons_they_run_in_a_lane_with_a_plus_at_every_step(canvas):
    canvas.resize(1000, 515)
    w = small_walk("vanilla", steps=20, order="sweep", policy=Full(), masked=None)
    canvas.show_data(stage_at(w, before_visit(w, 5)))
    lay, tokens = canvas.stage_layout, current().tokens
    assert lay.detail == Detail.BARS
    seen = pixels(canvas)
    for t in range(7, 20):
        middle = round((lay.left(t) + lay.right(t)) / 2)
        assert colour(seen, middle, lay.credit_lane) == pytest.approx(tokens.rgb("text"), abs=60), t
        assert colour(seen, lay.left(t), lay.credit_lane) == tokens.rgb("gradient"), t
        pink = seen[round(lay.credit_lane) - 8 : round(lay.credit_lane) - 4, middle - 1 : middle + 2].reshape(-1, 3)
        assert (np.abs(pink[:, ::-1].astype(int) - tokens.rgb("loss")).max(axis=1) < 60).any(), t


def test_the_legend_names_only_the_odd_numbers_that_are_seen(canvas):
    w = small_walk("vanilla", poison=True)
    assert stage_at(w, len(w)).odd == ("nan",) and stage_at(small_walk("vanilla"), 30).odd == ()
