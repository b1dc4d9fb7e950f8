"""Zoom and scroll: what stays in sight."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt

from explorer.model.stage_records import Marks
from tests.explorer.model.stages import before_visit, scene_of, small_walk, stage_at
from tests.explorer.views.canvases import wheel


def test_control_and_wheel_zoom_about_the_pointer_and_the_wheel_scrolls(canvas):
    w = small_walk("gru", steps=60)
    canvas.show_data(stage_at(w, 0))
    narrow = canvas.stage_layout.column_width
    x = canvas.stage_layout.left(40) + narrow / 2
    for _ in range(8):
        wheel(canvas, x, 120, Qt.KeyboardModifier.ControlModifier)
    assert canvas.stage_layout.column_width > 3 * narrow
    assert canvas.stage_layout.column_at(x) == 40
    before = canvas.stage_layout.shift
    wheel(canvas, x, -120, Qt.KeyboardModifier.NoModifier)
    assert canvas.stage_layout.shift > before
    canvas.set_zoom(1.0)
    assert canvas.stage_layout.column_width == narrow


def test_zoomed_in_the_current_column_stays_in_view(canvas):
    w = small_walk("gru", steps=60, order="sweep")
    scene = scene_of(w)
    canvas.show_data(stage_at(w, 0, scene))
    canvas.set_zoom(6.0)
    for t in (0, 30, 59, 12):
        canvas.show_data(stage_at(w, before_visit(w, t) + 1, scene))
        lay = canvas.stage_layout
        assert lay.left(t) >= lay.gutter - 1
        assert lay.right(t) <= lay.gutter + lay.room + 1


def test_a_step_that_is_chosen_out_of_sight_comes_into_view_and_one_in_sight_stays_where_it_is(canvas):
    w = small_walk("vanilla", steps=60)
    canvas.show_data(stage_at(w, 0))
    canvas.set_zoom(6.0)
    canvas.scroll_to(0.0)
    lay = canvas.stage_layout
    edge = lay.visible.stop - 2
    canvas.show_data(stage_at(w, 0, canvas.data.scene, Marks(selected_t=edge)))
    assert canvas.stage_layout.shift == 0.0
    canvas.show_data(stage_at(w, 0, canvas.data.scene, Marks(selected_t=50)))
    lay = canvas.stage_layout
    assert lay.gutter <= lay.left(50) and lay.right(50) <= lay.gutter + lay.room


def test_keys_zoom_and_walk_through_the_units(canvas, qtbot):
    canvas.show_data(stage_at(small_walk("gru", steps=60), 0))
    steps = []
    canvas.unit_stepped.connect(steps.append)
    qtbot.keyClick(canvas, Qt.Key.Key_Down)
    qtbot.keyClick(canvas, Qt.Key.Key_Up)
    assert steps == [1, -1]
    # With Ctrl the window takes them for the size of the type.
    qtbot.keyClick(canvas, Qt.Key.Key_Plus)
    wide = canvas.zoom
    qtbot.keyClick(canvas, Qt.Key.Key_Plus)
    qtbot.keyClick(canvas, Qt.Key.Key_Minus)
    assert canvas.zoom == pytest.approx(wide) and wide > 1.0
    qtbot.keyClick(canvas, Qt.Key.Key_0)
    assert canvas.zoom == 1.0


def test_another_sentence_is_shown_from_its_beginning_however_far_the_one_before_was_zoomed(canvas):
    long = small_walk("vanilla", steps=120)
    canvas.show_data(stage_at(long, len(long)))
    canvas.set_zoom(6.0)
    canvas.scroll_to(2000.0)
    assert canvas.zoom > 2 and canvas.stage_layout.shift > 500
    short = small_walk("vanilla", steps=5)
    canvas.show_data(stage_at(short, 0))
    lay = canvas.stage_layout
    assert canvas.zoom == 1.0 and lay.furthest == 0.0 and lay.lead > 0
    assert lay.lead_left >= lay.gutter and lay.right(4) <= canvas.width()


def test_one_word_that_is_changed_moves_nothing(canvas):
    w = small_walk("vanilla", steps=60)
    data = stage_at(w, len(w))
    canvas.show_data(data)
    canvas.set_zoom(5.0)
    zoom, shift = canvas.zoom, canvas.stage_layout.shift
    tokens = ("other" + data.scene.tokens[0], *data.scene.tokens[1:])
    canvas.show_data(replace(data, scene=replace(data.scene, tokens=tokens)))
    assert (canvas.zoom, canvas.stage_layout.shift) == (zoom, shift)


@pytest.mark.parametrize("chosen", [0, 12, 100, 199, None])
def test_the_keys_zoom_about_the_selected_step_or_the_one_in_work(canvas, qtbot, chosen):
    w = small_walk("vanilla", steps=200)
    data = stage_at(w, before_visit(w, 150, 150) + 1, marks=Marks(selected_t=chosen))
    canvas.show_data(data)
    step = 150 if chosen is None else chosen
    assert canvas.data.current_t == 150
    for _ in range(12):
        before = canvas.stage_layout
        qtbot.keyClick(canvas, Qt.Key.Key_Plus)
        lay = canvas.stage_layout
        if 0.0 < before.shift < before.furthest and 0.0 < lay.shift < lay.furthest and 50 < step < 180:
            assert abs(lay.left(step) + lay.right(step) - before.left(step) - before.right(step)) <= 4, "stays put"
        assert lay.gutter <= lay.left(step) and lay.right(step) <= lay.gutter + lay.room + 1
    assert canvas.zoom > 5
    canvas.scroll_to(lay.furthest if step < 100 else 0.0)  # out of sight
    qtbot.keyClick(canvas, Qt.Key.Key_Plus)
    lay = canvas.stage_layout
    assert lay.gutter <= lay.left(step) and lay.right(step) <= lay.gutter + lay.room + 1
