"""The handles of a cut on a long or scrolled stage: which are drawn, which can be taken hold of, and what is held."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QHelpEvent, QPainter
from PySide6.QtWidgets import QApplication

from explorer.model.stage_handles import CUTTING
from explorer.model.stage_hit import Hit
from explorer.model.stage_records import Marks
from explorer.theme.theme import current
from explorer.views.stage.brush import Brush
from explorer.views.stage.runs import KNOB, begins_in_sight, knob_centre, knobs, places_of
from explorer.views.stage.scissors import badge_centre, handle_at
from explorer.views.stage.strides import stride_words
from rnncore.truncation import Chunks, Full, Stride, Tail, Window
from tests.explorer.model.stages import before_visit, scene_of, small_walk, stage_at
from tests.explorer.views.canvases import LEFT, pixels, written_on

SHORT_AND_LONG = (
    Full(), Window(0), Window(20), Chunks(1), Chunks(3), Chunks(20), Stride(2, 3), Stride(20, 30), Tail(1), Tail(20)
)  # fmt: skip


def brush_of(canvas) -> Brush:
    return Brush(QPainter(), canvas.data, canvas.stage_layout, current(), 1.0)


@pytest.mark.parametrize("k1", [1, 2, 3, 7])
def test_of_two_hundred_steps_only_the_handles_that_have_room_are_drawn_and_every_one_can_be_taken(canvas, k1: int):
    w = small_walk("vanilla", policy=Stride(k1, 9), steps=200)
    canvas.show_data(stage_at(w, before_visit(w, 100, 101)))
    brush = brush_of(canvas)
    drawn, every = knobs(brush), begins_in_sight(brush)
    assert len(every) == -(-200 // k1) - 1
    centres = sorted(knob_centre(brush, h).x() for h in drawn)
    assert len(centres) > 5 and min(b - a for a, b in pairwise(centres)) > 4 * KNOB
    own = canvas.data.cut.run.high + 1
    assert own in {h.boundary for h in drawn}, "where the run on show begins"
    for handle in every:
        at = knob_centre(brush, handle)
        found = handle_at(brush, at)
        near = [h for h in drawn if abs(knob_centre(brush, h).x() - at.x()) <= KNOB]
        assert found == handle or found in near
        assert found in knobs(brush, None, found), "what is pointed at is drawn"


def test_a_handle_that_is_held_is_drawn_wherever_it_goes(canvas, qtbot):
    w = small_walk("vanilla", policy=Stride(3, 9), steps=200)
    canvas.show_data(stage_at(w, before_visit(w, 100, 101)))
    lay, brush = canvas.stage_layout, brush_of(canvas)
    start = knob_centre(brush, knobs(brush)[3]).toPoint()
    qtbot.mousePress(canvas, LEFT, pos=start)
    held = canvas._held
    for to in (held.boundary + 1, 150, 40):
        qtbot.mouseMove(canvas, QPoint(lay.left(to), start.y()))
        assert canvas._held in knobs(brush_of(canvas), canvas._held)


@pytest.mark.parametrize("policy", [Stride(3, 9), Stride(1, 20, "all"), Stride(2, 60)], ids=str)
def test_nothing_of_runs_is_painted_beside_the_columns_however_far_they_are_scrolled(canvas, monkeypatch, policy):
    w = small_walk("vanilla", policy=policy, steps=120)
    canvas.show_data(stage_at(w, before_visit(w, 100, 101) + 3))
    canvas.set_zoom(6.0)
    for shift in (0.35, 0.5, 0.9):
        canvas.scroll_to(shift * canvas.stage_layout.furthest)
        lay = canvas.stage_layout
        seen = pixels(canvas)
        with monkeypatch.context() as patch:
            patch.setattr("explorer.views.stage.surface.paint_runs", lambda *_: None)
            canvas.update()
            without = pixels(canvas)
        changed = np.flatnonzero((seen != without).any(axis=(0, 2)))
        assert changed.size and changed.min() >= lay.gutter - KNOB - 2, "a handle on the edge may reach over it"
        assert changed.max() <= lay.gutter + lay.room + KNOB + 2
        handles = begins_in_sight(brush_of(canvas))
        assert all(lay.gutter <= lay.left(h.boundary) <= lay.gutter + lay.room + 1 for h in handles)


def test_scissors_that_are_scrolled_out_of_sight_cannot_be_taken_and_are_said_to_be_there(canvas, monkeypatch):
    w = small_walk("vanilla", policy=Window(4), steps=120)
    canvas.show_data(stage_at(w, before_visit(w, 100, 101)))
    canvas.set_zoom(6.0)
    for shift, arrow in ((0.0, "→"), (canvas.stage_layout.furthest, "←")):
        canvas.scroll_to(shift)
        brush = brush_of(canvas)
        assert not brush.whole(*[canvas.stage_layout.left(97)] * 2)
        assert handle_at(brush, badge_centre(brush, 97)) is None
        said = [text for text, *_ in written_on(canvas, monkeypatch) if "t = 97" in text and "credit" in text]
        assert said == [f"credit is cut at t = 97 {arrow}" if arrow == "→" else f"{arrow} credit is cut at t = 97"]


def test_runs_that_have_no_track_are_counted_beside_those_that_have_one(canvas, monkeypatch):
    w = small_walk("vanilla", policy=Stride(1, 20), steps=60)
    for size in ((1000, 515), (1000, 300), (700, 240)):
        canvas.resize(*size)
        canvas.show_data(stage_at(w, before_visit(w, 40, 40)))
        drawn = len(places_of(brush_of(canvas)))
        assert 0 < drawn < 60
        said = [text for text, *_ in written_on(canvas, monkeypatch) if text.endswith("runs")]
        assert said in ([f"{drawn} of 60 runs"], [f"{drawn}/60 runs"])
    few = small_walk("vanilla", policy=Stride(3, 3), steps=60)
    canvas.show_data(stage_at(few, before_visit(few, 40, 41)))
    assert [text for text, *_ in written_on(canvas, monkeypatch) if text.endswith("runs")] == ["runs"]


@pytest.mark.parametrize("losses", ["new", "all", "last"])
@pytest.mark.parametrize("width", [920, 1390])
def test_the_numbers_of_a_stride_stand_where_they_are_drawn_and_in_the_row_s_label(canvas, monkeypatch, width, losses):
    canvas.resize(width, 560)
    w = small_walk("vanilla", policy=Stride(3, 5, losses), steps=9, order="sweep", masked=None)
    canvas.show_data(stage_at(w, before_visit(w, 4)))
    brush = brush_of(canvas)
    lay, words = canvas.stage_layout, stride_words(brush)
    assert [text.replace(" ", "") for text, _ in words] == ["k₁=3", "k₂=5"]
    (_, one), (_, two) = words
    knob = knob_centre(brush, min(knobs(brush), key=lambda h: h.boundary))
    assert abs(one.left() - knob.x()) < 3 * KNOB and one.top() < knob.y() < one.bottom()
    run, y = next((run, y) for run, y in places_of(brush) if lay.left(run.low) <= two.left() <= lay.left(run.low + 1))
    assert run.high - run.low + 1 == 5 and two.top() < y < two.bottom()
    for _, area in words:  # no dot of a loss is covered
        assert not any(area.left() <= (lay.left(t) + lay.right(t)) / 2 <= area.right() for t in range(9))
    said = [text for text, *_ in written_on(canvas, monkeypatch)]
    assert {"runs", "k₁ 3, k₂ 5", words[0][0], words[1][0]} <= set(said)


@pytest.mark.parametrize("policy", [Window(3), Chunks(3), Tail(4), Full(), Stride(20, 3), Stride(3, 200)], ids=str)
def test_no_number_of_a_stride_is_said_where_none_is_drawn(canvas, policy):
    w = small_walk("vanilla", policy=policy, steps=9, order="sweep")
    canvas.show_data(stage_at(w, len(w)))
    words = [text[:2] for text, _ in stride_words(brush_of(canvas))]
    assert words == {Stride(20, 3): ["k₂"], Stride(3, 200): ["k₁"]}.get(policy, [])


def test_while_the_scissors_are_dragged_the_column_under_the_pointer_is_the_one_pointed_at(canvas, qtbot):
    w = small_walk("vanilla", policy=Window(4), steps=8)
    canvas.show_data(stage_at(w, before_visit(w, 6, 7)))
    lay = canvas.stage_layout
    hovered = []
    canvas.hovered.connect(hovered.append)
    start = QPoint(lay.left(3), round(lay.credit_lane))
    qtbot.mousePress(canvas, LEFT, pos=start)
    for t in (4, 5, 6):
        qtbot.mouseMove(canvas, QPoint((lay.left(t) + lay.right(t)) // 2, start.y()))
        assert hovered[-1] == Hit(t)
    qtbot.mouseMove(canvas, QPoint(4, start.y()))
    assert hovered[-1] is None


def test_what_is_shown_while_scissors_are_held_lies_below_them_and_leaves_them_where_they_are(canvas, qtbot):
    w = small_walk("vanilla", policy=Window(4), steps=8)
    scene = scene_of(w)
    start = before_visit(w, 6, 7)
    canvas.show_data(stage_at(w, start, scene))
    lay, y = canvas.stage_layout, round(canvas.stage_layout.credit_lane)
    dropped = []
    canvas.cut_dropped.connect(dropped.append)
    qtbot.mousePress(canvas, LEFT, pos=QPoint(lay.left(3), y))
    qtbot.mouseMove(canvas, QPoint(lay.left(5), y))
    # A hover, and then a step while it plays.
    canvas.show_data(replace(stage_at(w, start, scene), marks=Marks(hover_t=5)))
    assert canvas.data.marks.hover_t == 5 and canvas.data.cut.policy == Window(2)
    canvas.show_data(stage_at(w, start + 3, scene))
    assert canvas.data.progress.position == start + 3 and canvas.data.cut.policy == Window(2)
    assert canvas.data.cut_in_force and canvas.data.hatched.tolist() == [t < 5 for t in range(8)]
    qtbot.mouseRelease(canvas, LEFT, pos=QPoint(lay.left(5), y))
    assert dropped == [Window(2)]


def test_scissors_in_hand_are_let_go_where_another_loss_begins_to_walk(canvas, qtbot):
    w = small_walk("vanilla", policy=Window(4), steps=8)
    scene = scene_of(w)
    canvas.show_data(stage_at(w, before_visit(w, 6, 7), scene))
    lay, y = canvas.stage_layout, round(canvas.stage_layout.credit_lane)
    dropped = []
    canvas.cut_dropped.connect(dropped.append)
    qtbot.mousePress(canvas, LEFT, pos=QPoint(lay.left(3), y))
    qtbot.mouseMove(canvas, QPoint(lay.left(5), y))
    canvas.show_data(stage_at(w, before_visit(w, 6, 6) + 1, scene))
    assert canvas.data.cut.policy == Window(4) and canvas.data.cut.loss == 6
    qtbot.mouseRelease(canvas, LEFT, pos=QPoint(lay.left(5), y))
    assert dropped == []


@pytest.mark.parametrize("policy", [Window(4), Tail(10), Stride(10, 4)], ids=str)
def test_scissors_dragged_past_the_edge_of_a_zoomed_stage_take_it_along(canvas, qtbot, policy):
    w = small_walk("vanilla", policy=policy, steps=120)
    canvas.show_data(stage_at(w, before_visit(w, 118, 119)))
    canvas.set_zoom(8.0)
    canvas.scroll_to(canvas.stage_layout.furthest)
    scissors = canvas.data.cut.scissors[0]
    start, dropped = badge_centre(brush_of(canvas), scissors.boundary).toPoint(), []
    canvas.cut_dropped.connect(dropped.append)
    qtbot.mousePress(canvas, LEFT, pos=start)
    qtbot.mouseMove(canvas, QPoint(canvas.stage_layout.gutter - 60, start.y()))
    qtbot.waitUntil(lambda: canvas._held.boundary < 90, timeout=20000)
    lay = canvas.stage_layout
    assert lay.shift < lay.furthest - 5 * lay.column_width
    assert lay.gutter - lay.column_width <= lay.left(canvas._held.boundary) <= lay.gutter + lay.column_width
    inside = QPoint(lay.gutter + lay.room // 2, start.y())
    qtbot.mouseMove(canvas, inside)
    rest = canvas.stage_layout.shift
    assert not canvas._scrolling.isActive() and canvas.data.cut.policy != policy
    to = canvas._held.boundary
    qtbot.mouseRelease(canvas, LEFT, pos=inside)
    assert len(dropped) == 1 and canvas.stage_layout.shift == rest
    assert canvas.data.cut.scissors[0].boundary == to and canvas.stage_layout.boundary_near(inside.x()) == to


def test_a_stage_that_does_not_scroll_stays_where_it_is_when_scissors_are_dragged_off_it(canvas, qtbot):
    w = small_walk("vanilla", policy=Window(4), steps=8)
    canvas.show_data(stage_at(w, before_visit(w, 6, 7)))
    start = badge_centre(brush_of(canvas), 3).toPoint()
    qtbot.mousePress(canvas, LEFT, pos=start)
    qtbot.mouseMove(canvas, QPoint(-30, start.y()))
    assert not canvas._scrolling.isActive() and canvas.data.cut.policy == Window(7)
    qtbot.mouseMove(canvas, QPoint(canvas.width() + 30, start.y()))
    assert canvas.data.cut.policy == Window(0)
    qtbot.keyClick(canvas, Qt.Key.Key_Escape)
    assert canvas.data.cut.policy == Window(4)


def tip_at(canvas, at: QPointF, monkeypatch) -> str:
    """What is said where the pointer rests at a point."""
    said = []
    with monkeypatch.context() as patch:
        patch.setattr("explorer.views.stage.canvas.QToolTip.showText", lambda _where, text, *_: said.append(text))
        point = at.toPoint()
        QApplication.sendEvent(canvas, QHelpEvent(QEvent.Type.ToolTip, point, canvas.mapToGlobal(point)))
    return said[0] if said else ""


@pytest.mark.parametrize("policy", [Stride(3, 5, "all"), Stride(2, 4), Chunks(3), Tail(4)], ids=str)
def test_each_run_that_is_drawn_says_where_it_goes_and_which_losses_enter_it(canvas, monkeypatch, policy):
    w = small_walk("vanilla", policy=policy, steps=9)
    canvas.show_data(stage_at(w, len(w)))
    lay, brush = canvas.stage_layout, brush_of(canvas)
    places = places_of(brush)
    assert places
    for run, y in places:
        middle = (lay.left(run.low) + lay.right(run.low)) / 2
        text = tip_at(canvas, QPointF(middle, y), monkeypatch)
        assert f"from t = {run.high} to t = {run.low}:" in text and policy.describe() in text
        assert ("it is cut" in text) == (run.low > 0)
        entering = [t for t in run.losses if t != 1]
        assert all(str(t) in text for t in (entering[0], entering[-1])) if entering else "no loss" in text
        again = any(t in other.losses for other in policy.sweeps(9) if other != run for t in entering)
        assert ("as well" in text) == again
    beside = tip_at(canvas, QPointF(lay.left(4) + 9, lay.rows["state"].top - 4), monkeypatch)
    assert "A run" not in beside


@pytest.mark.parametrize("order", ["by loss", "sweep"])
@pytest.mark.parametrize("steps", [1, 2, 7, 9])
@pytest.mark.parametrize("policy", SHORT_AND_LONG, ids=str)
def test_every_handle_can_be_held_anywhere_and_put_back(canvas, qtbot, policy, steps: int, order: str):
    w = small_walk("vanilla", steps=steps, policy=policy, order=order, masked=None)
    scene = scene_of(w)
    dropped = []
    canvas.cut_dropped.connect(dropped.append)
    for position in (0, len(w) // 2, len(w)):
        before = stage_at(w, position, scene)
        for handle in before.cut.handles:
            canvas.show_data(before)
            brush, lay = brush_of(canvas), canvas.stage_layout
            cutting = handle.name in CUTTING
            start = badge_centre(brush, handle.boundary) if cutting else knob_centre(brush, handle)
            assert handle_at(brush, start) == handle
            qtbot.mousePress(canvas, LEFT, pos=start.toPoint())
            for to in (*range(steps + 1), handle.boundary):
                qtbot.mouseMove(canvas, QPoint(lay.left(to) + 1, start.toPoint().y()))
                assert 0 <= canvas._held.boundary <= steps
                assert canvas.data.cut.policy == canvas._grip.policy
                canvas.grab()
            assert canvas._held == handle and canvas.data.cut == before.cut
            qtbot.mouseRelease(canvas, LEFT, pos=start.toPoint())
    assert dropped == []
