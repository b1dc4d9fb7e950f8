"""The stage under the pointer and the keys: what they say, and how the cut is dragged."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QApplication

from explorer.model.stage_handles import moved, stands
from explorer.model.stage_hit import Hit
from explorer.theme.theme import current
from explorer.views.stage.brush import Brush
from explorer.views.stage.grip import nudge
from explorer.views.stage.scissors import badge_centre
from rnncore.truncation import Chunks, Full, Stride, Tail, Window
from tests.explorer.model.stages import before_visit, small_walk, stage_at
from tests.explorer.views.canvases import LEFT, pixels


def test_pointing_and_clicking_say_what_lies_there(canvas, qtbot):
    w = small_walk("lstm")
    canvas.show_data(stage_at(w, w.script.update_start + 1))
    lay = canvas.stage_layout
    hovered, clicked = [], []
    canvas.hovered.connect(hovered.append)
    canvas.clicked.connect(clicked.append)
    at = QPoint(lay.left(3) + lay.state_spans[1].x + 2, lay.rows["state"].top + 1)
    qtbot.mouseMove(canvas, at)
    QApplication.processEvents()
    qtbot.mouseClick(canvas, LEFT, pos=at)
    assert clicked == [Hit(3, "cell", 1, 0)]
    qtbot.mouseClick(canvas, LEFT, pos=QPoint(4, 4))
    assert clicked[-1] is None


def test_dragging_the_scissors_drops_them_at_a_boundary(canvas, qtbot):
    w = small_walk("lstm", policy=Window(4), steps=8)
    canvas.show_data(stage_at(w, before_visit(w, 6, 7)))
    lay = canvas.stage_layout
    dropped, clicked = [], []
    canvas.cut_dropped.connect(dropped.append)
    canvas.clicked.connect(clicked.append)
    start = QPoint(lay.left(3), round(lay.credit_lane))
    qtbot.mousePress(canvas, LEFT, pos=start)
    qtbot.mouseMove(canvas, QPoint(lay.left(5) + 8, start.y()))
    qtbot.mouseRelease(canvas, LEFT, pos=QPoint(lay.left(5) + 8, start.y()))
    assert dropped == [Window(2)]
    assert clicked == []


def test_scissors_put_back_or_let_go_with_escape_change_nothing(canvas, qtbot):
    w = small_walk("lstm", policy=Window(4))
    canvas.show_data(stage_at(w, 0))
    lay = canvas.stage_layout
    dropped = []
    canvas.cut_dropped.connect(dropped.append)
    start = QPoint(lay.left(3), round(lay.credit_lane))
    qtbot.mouseClick(canvas, LEFT, pos=start)
    qtbot.mousePress(canvas, LEFT, pos=start)
    qtbot.mouseMove(canvas, QPoint(lay.left(6), start.y()))
    qtbot.keyClick(canvas, Qt.Key.Key_Escape)
    qtbot.mouseRelease(canvas, LEFT, pos=QPoint(lay.left(6), start.y()))
    assert dropped == []


def test_while_the_scissors_are_held_the_hatch_follows_and_escape_takes_it_back(canvas, qtbot):
    w = small_walk("lstm", policy=Window(4))
    canvas.show_data(stage_at(w, before_visit(w, 6, 7)))
    plain = pixels(canvas)
    lay, y = canvas.stage_layout, round(canvas.stage_layout.credit_lane)
    gap = slice(lay.rows["gates"].bottom + 1, lay.rows["input"].top - 1)
    qtbot.mousePress(canvas, LEFT, pos=QPoint(lay.left(3), y))
    qtbot.mouseMove(canvas, QPoint(lay.left(6), y))
    held = pixels(canvas).astype(int)
    for t in (3, 4, 5):
        box = held[gap, lay.left(t) + 3 : lay.right(t) - 14]
        assert (box[:, :, 2] - box[:, :, 1]).max() > 40, t
    qtbot.keyClick(canvas, Qt.Key.Key_Escape)
    qtbot.mouseMove(canvas, QPoint(2, 2))
    np.testing.assert_array_equal(pixels(canvas), plain)


@pytest.mark.parametrize(
    ("policy", "name", "to", "made"),
    [
        (Chunks(3), "n", 2, Chunks(1)),
        (Chunks(20), "n", 4, Chunks(4)),
        (Stride(3, 3), "k2", 4, Stride(3, 4)),
        (Stride(3, 3), "k1", 4, Stride(4, 3)),
        (Stride(20, 3), "k1", 2, Stride(2, 3)),
        (Tail(4), "k", 6, Tail(2)),
    ],
    ids=str,
)
def test_every_policy_is_dragged_on_the_stage(canvas, qtbot, policy, name, to, made):
    w = small_walk("vanilla", policy=policy)
    canvas.show_data(stage_at(w, before_visit(w, 7, 7)))
    lay = canvas.stage_layout
    handle = next(h for h in canvas.data.cut.handles if h.name == name)
    dropped = []
    canvas.cut_dropped.connect(dropped.append)
    y = round(lay.run_lane if name == "k1" else lay.credit_lane)
    x = min(lay.left(handle.boundary), lay.gutter + lay.room - 4)
    qtbot.mousePress(canvas, LEFT, pos=QPoint(x, y))
    qtbot.mouseMove(canvas, QPoint(lay.left(to), y))
    assert canvas.data.cut.policy == made, "seen before it is done"
    canvas.grab()
    qtbot.mouseRelease(canvas, LEFT, pos=QPoint(lay.left(to), y))
    assert dropped == [made]


@pytest.mark.parametrize("steps", [2, 16, 40, 200])
@pytest.mark.parametrize("policy", [Window(2), Chunks(1), Chunks(4), Stride(3, 5, "all"), Tail(3)], ids=str)
def test_the_scissors_can_be_taken_hold_of_at_every_width_of_a_column(canvas, qtbot, policy, steps):
    w = small_walk("vanilla", policy=policy, steps=steps)
    canvas.show_data(stage_at(w, w.script.backward_start + 1))
    lay, handle = canvas.stage_layout, canvas.data.cut.handles[0]
    brush = Brush(QPainter(), canvas.data, lay, current(), 1.0)
    dropped = []
    canvas.cut_dropped.connect(dropped.append)
    start = badge_centre(brush, handle.boundary).toPoint()
    to = max(0, handle.boundary - 2) if handle.boundary > steps // 2 else min(steps, handle.boundary + 2)
    qtbot.mousePress(canvas, LEFT, pos=start)
    qtbot.mouseMove(canvas, QPoint(lay.left(to), start.y()))
    qtbot.mouseRelease(canvas, LEFT, pos=QPoint(lay.left(to), start.y()))
    wanted = moved(policy, handle, to, steps)
    assert dropped == ([] if stands(wanted, handle) == handle else [wanted])


def nudges(canvas):
    """The policies that the canvas's keys ask for, as they come."""
    asked = []

    def hear(scissors, direction):
        policy = nudge(canvas.data, canvas.data.cut.policy, scissors, direction)
        asked.extend([] if policy is None else [policy])

    canvas.cut_nudged.connect(hear)
    return asked


@pytest.mark.parametrize(
    ("policy", "key", "made"),
    [
        (Window(3), Qt.Key.Key_Left, Window(4)),
        (Chunks(3), Qt.Key.Key_Right, Chunks(4)),
        (Stride(3, 3), Qt.Key.Key_Left, Stride(3, 4)),
        (Stride(3, 3), Qt.Key.Key_Up, Stride(4, 3)),
        (Stride(3, 3), Qt.Key.Key_Down, Stride(2, 3)),
        (Tail(4), Qt.Key.Key_Right, Tail(3)),
        (Tail(4), Qt.Key.Key_Up, None),
        (Full(), Qt.Key.Key_Left, None),
    ],
    ids=str,
)
def test_alt_shift_and_the_arrows_move_the_cut(canvas, qtbot, policy, key, made):
    canvas.show_data(stage_at(small_walk("vanilla", policy=policy), 20))
    dropped, units = nudges(canvas), []
    canvas.unit_stepped.connect(units.append)
    qtbot.keyClick(canvas, key, Qt.KeyboardModifier.AltModifier | Qt.KeyboardModifier.ShiftModifier)
    assert dropped == ([] if made is None else [made]) and units == []


@pytest.mark.parametrize(
    ("policy", "typed", "made"),
    [
        (Window(3), "[", Window(4)),
        (Window(3), "]", Window(2)),
        (Full(), "]", Window(6)),
        (Stride(3, 3), "[", Stride(3, 4)),
        (Stride(3, 3), "}", Stride(4, 3)),
        (Stride(3, 3), "{", Stride(2, 3)),
        (Tail(4), "}", None),
    ],
    ids=str,
)
def test_brackets_move_the_cut_where_a_window_manager_takes_the_arrows(canvas, qtbot, policy, typed, made):
    canvas.show_data(stage_at(small_walk("vanilla", policy=policy), 20))
    dropped = nudges(canvas)
    qtbot.keyClicks(canvas, typed)
    assert dropped == ([] if made is None else [made])


@pytest.mark.parametrize("part", ["surface.paint_cut", "layers.paint_gutter"])
def test_an_error_while_the_stage_is_painted_is_told_and_the_next_picture_is_whole(canvas, monkeypatch, part):
    canvas.show_data(stage_at(small_walk("vanilla"), 30))
    whole = pixels(canvas)
    with monkeypatch.context() as patch:
        patch.setattr(f"explorer.views.stage.{part}", lambda *_: 1 / 0)
        canvas._all_dirty()
        with pytest.raises(ZeroDivisionError):
            canvas.repaint()
    canvas._all_dirty()
    np.testing.assert_array_equal(pixels(canvas), whole)
