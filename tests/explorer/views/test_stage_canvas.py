"""The painted surface: what is seen, what is repainted, what the pointer and the keys do."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QObject, QPoint, QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QFocusEvent, QImage, QPainter, QWheelEvent
from PySide6.QtWidgets import QApplication

from explorer.model.stage_build import build_stage
from explorer.model.stage_handles import moved, stands
from explorer.model.stage_hit import Hit, tip
from explorer.model.stage_layout import Detail
from explorer.model.stage_records import GATES, STATE, Marks
from explorer.theme.palette import apply
from explorer.theme.theme import current, theme_named
from explorer.theme.tokens import THEMES
from explorer.views.stage.brush import _STAMPS, Brush
from explorer.views.stage.canvas import StageCanvas
from explorer.views.stage.caption import _placed
from explorer.views.stage.highlight import current_rects
from explorer.views.stage.hint import hint_rect
from explorer.views.stage.scissors import badge_centre, badge_radius
from explorer.widgets.paint import text_width
from rnncore.cells import Cell
from rnncore.library import LIBRARY
from rnncore.truncation import Chunks, Full, Stride, Tail, Window
from tests.explorer.model.stages import before_visit, scene_of, small_walk, stage_at

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def canvas(qtbot):
    made = StageCanvas()
    qtbot.addWidget(made)
    made.resize(1000, 515)
    made.show()
    return made


def pixels(canvas: StageCanvas) -> np.ndarray:
    image = canvas.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    return np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), -1, 4)[:, :, :3].copy()


def colour(image: np.ndarray, x: float, y: float) -> tuple[int, int, int]:
    b, g, r = image[int(y), int(x)]
    return int(r), int(g), int(b)


def shades(image: np.ndarray) -> int:
    """How many different colours there are."""
    return len(np.unique(image.astype(np.int64) @ [1, 256, 65536]))


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


def test_one_step_paints_only_the_columns_that_changed(canvas, monkeypatch):
    import explorer.views.stage.layers as module

    w = small_walk("lstm", steps=8)
    scene = scene_of(w)
    data = stage_at(w, 0, scene)
    canvas.show_data(data)
    canvas.grab()
    painted: list[tuple[int, frozenset[int]]] = []
    original = module.paint_run
    monkeypatch.setattr(module, "paint_run", lambda b, c, p: (painted.extend((t, p) for t in c), original(b, c, p)))
    partly = 0
    for position in range(1, 40):
        painted.clear()
        data = build_stage(scene, w, position, previous=data)
        canvas.show_data(data)
        canvas.grab()
        t = data.current_t
        assert {at for at, _ in painted} <= {t - 1, t, t + 1}, position
        partly += bool(painted) and all(parts in (frozenset({STATE}), frozenset({GATES})) for _, parts in painted)
    assert partly >= 15, "most steps change the states alone or the gates alone"


@pytest.mark.parametrize("cell", ["lstm", "vanilla"])
@pytest.mark.parametrize("size", [(1000, 515), (420, 400), (330, 300), (230, 260)])
def test_what_was_painted_step_by_step_is_what_is_painted_at_once(canvas, cell, size):
    w = small_walk(cell, hidden=6, steps=9, policy=Window(3))
    canvas.resize(*size)
    scene, data = scene_of(w), None
    for position in [*range(0, 30), *range(w.script.backward_start - 2, len(w) + 1, 7), len(w) - 1, len(w)]:
        data = build_stage(scene, w, position, update=3, previous=data)
        canvas.show_data(data)
        canvas.grab()
        if position % 5 == 0 or position >= len(w) - 7:
            by_and_by = pixels(canvas)
            canvas._all_dirty()
            assert (by_and_by == pixels(canvas)).all(), position


@pytest.mark.parametrize("steps", [4, 8, 14, 30, 120])
@pytest.mark.parametrize("policy", [Window(2), Tail(3)])
def test_from_one_loss_s_walk_to_the_next_nothing_old_is_left_standing(canvas, qtbot, steps, policy):
    w = small_walk("gru", hidden=4, steps=steps, policy=policy)
    scene, at_once = scene_of(w), StageCanvas()
    qtbot.addWidget(at_once)
    at_once.resize(canvas.size())
    data = None
    for position in range(w.script.backward_start - 3, len(w) + 1, 17)[:12]:
        data = build_stage(scene, w, position, update=3, previous=data)
        canvas.show_data(data)
        at_once.show_data(build_stage(scene_of(w), w, position, update=3))
        assert np.abs(pixels(canvas).astype(int) - pixels(at_once)).max() <= 2, position


@pytest.mark.parametrize("cell", ["lstm", "gru", "vanilla"])
@pytest.mark.parametrize("steps", [3, 8, 14, 30, 45, 120])
def test_a_stage_reached_step_by_step_looks_exactly_like_one_painted_at_once(canvas, qtbot, cell, steps):
    w = small_walk(cell, hidden=4, steps=steps, order="sweep", policy=Chunks(5))
    scene = scene_of(w)
    start = max(0, before_visit(w, steps // 2) - 12)
    data = stage_at(w, start, scene)
    canvas.show_data(data)
    canvas.grab()
    for position in range(start, min(start + 40, len(w) + 1), 3):
        data = build_stage(scene, w, position, update=3, previous=data)
        canvas.show_data(data)
        canvas.grab()
    at_once = StageCanvas()
    qtbot.addWidget(at_once)
    at_once.resize(canvas.size())
    at_once.show_data(build_stage(scene, w, position, update=3))
    # Smooth edges may round by one where a clip cuts them.
    assert np.abs(pixels(canvas).astype(int) - pixels(at_once)).max() <= 2


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
    dropped, units = [], []
    canvas.cut_dropped.connect(dropped.append)
    canvas.unit_stepped.connect(units.append)
    qtbot.keyClick(canvas, key, Qt.KeyboardModifier.AltModifier | Qt.KeyboardModifier.ShiftModifier)
    assert dropped == ([] if made is None else [made]) and units == []


@pytest.mark.parametrize("policy", [Chunks(3), Stride(3, 5), Tail(4)], ids=str)
def test_the_losses_that_enter_the_run_have_a_dot_on_it(canvas, policy):
    w = small_walk("vanilla", policy=policy, masked=6)
    canvas.show_data(stage_at(w, before_visit(w, 7, 7)))
    seen, lay = pixels(canvas), canvas.stage_layout
    run = canvas.data.cut.run
    for t in range(8):
        middle = (lay.left(t) + lay.right(t)) // 2
        dotted = colour(seen, middle, lay.run_lane) == current().tokens.rgb("loss")
        assert dotted == (t in run.losses and t != 6), t
        lined = np.abs(np.array(colour(seen, lay.left(t) + 16, lay.run_lane)) - current().tokens.rgb("gradient")).max()
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


def wheel(canvas: StageCanvas, x: float, turned: int, modifiers: Qt.KeyboardModifier) -> None:
    at = QPointF(x, 100)
    event = QWheelEvent(
        at, canvas.mapToGlobal(at), QPoint(), QPoint(0, turned), Qt.MouseButton.NoButton, modifiers,
        Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(canvas, event)


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
    dropped = []
    canvas.cut_dropped.connect(dropped.append)
    qtbot.keyClicks(canvas, typed)
    assert dropped == ([] if made is None else [made])


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


@pytest.mark.parametrize("size", [(1000, 515), (956, 530), (1370, 820), (780, 420), (1000, 300)])
@pytest.mark.parametrize("cell", ["vanilla", "lstm"])
def test_the_hint_of_an_empty_stage_covers_no_strip_and_no_word(canvas, cell: str, size: tuple[int, int]):
    canvas.resize(*size)
    data = stage_at(small_walk(cell, hidden=16), 0)
    canvas.show_data(data)
    canvas.grab()
    lay = canvas.stage_layout
    area = hint_rect(Brush(QPainter(), data, lay, current(), 1.0))
    assert canvas.hint_fits == (area is not None)
    assert canvas.hint_fits or size[1] < 450
    if area is None:
        return
    assert area.height() >= 12
    for name in ("loss", "output", "state", "gates", "input", "time"):
        row = lay.rows[name]
        assert area.bottom() <= row.top or area.top() >= row.bottom, name
    assert lay.gutter <= area.left()
    assert area.right() <= lay.width


def test_a_narrow_column_shows_the_likeliest_word_and_the_target(canvas, monkeypatch):
    written = []
    monkeypatch.setattr(
        "explorer.views.stage.head._word",
        lambda brush, area, t, which, is_target, known: written.append((t, which, is_target, area)),
    )
    canvas.resize(740, 515)
    data = stage_at(small_walk("lstm"), 200)
    canvas.show_data(data)
    canvas.grab()
    assert canvas.stage_layout.detail == Detail.TARGET
    row = canvas.stage_layout.rows["output"]
    for t in range(8):
        mine = [(which, is_target) for at, which, is_target, _ in written if at == t]
        assert len(mine) == 2
        assert mine[0][0] == 0, "what the network predicts"
        assert data.scene.masked[t] or any(is_target for _, is_target in mine)
    assert all(row.top <= a.top() and a.bottom() <= row.bottom and a.height() >= 13 for *_, a in written)


@pytest.mark.parametrize(("height", "said"), [(900, "a cell: largest of 4 units"), (330, " of 4")])
def test_what_a_cell_of_many_units_shows_is_said_whole_or_briefly(canvas, monkeypatch, height: int, said: str):
    written = []
    original = Brush.text
    monkeypatch.setattr(
        Brush, "text", lambda self, rect, place, text, *rest, **more: (written.append(text), original(
            self, rect, place, text, *rest, **more))
    )  # fmt: skip
    canvas.resize(1000, height)
    w = small_walk("vanilla", hidden=256)
    canvas.show_data(stage_at(w, w.script.backward_start, scene_of(w, 64)))
    canvas.grab()
    words = " ".join(written)
    assert said in words and ("a cell" in words) == (height == 900)


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


@pytest.mark.parametrize("size", [(1000, 515), (1000, 330), (780, 420), (700, 515), (1500, 800)])
def test_no_word_of_the_output_touches_its_number(canvas, monkeypatch, size):
    canvas.resize(*size)
    written = []
    monkeypatch.setattr(
        Brush, "text", lambda brush, rect, place, text, font, *_, **__: written.append((rect, text, font))
    )
    w = small_walk("vanilla", steps=8)
    data = stage_at(w, len(w))
    scene = replace(data.scene, words=tuple(("chases" * 3,) * len(words) for words in data.scene.words))
    _STAMPS.clear()
    canvas.show_data(replace(data, scene=scene))
    canvas.grab()
    found = 0
    for (number, text, font), (word, name, _) in itertools.pairwise(written):
        if name == "chases" * 3 and (text.isdigit() or text == "<1"):  # where there is little room it has none
            assert word.right() <= number.right() - text_width(text, font) - 3
            found += 1
    # A word that is cut in any case leaves no number in columns that are narrow.
    assert found or canvas.stage_layout.detail < Detail.FULL


@pytest.mark.parametrize("width", [780, 860, 927])
def test_a_word_that_fits_is_never_cut_for_its_number(canvas, monkeypatch, width):
    canvas.resize(width, 515)
    written = []
    monkeypatch.setattr(
        Brush, "text", lambda brush, rect, place, text, font, *_, **__: written.append((rect, text, font))
    )
    w = small_walk("vanilla", steps=9)
    data = stage_at(w, len(w))
    scene = replace(data.scene, words=tuple(("chases",) * len(words) for words in data.scene.words))
    _STAMPS.clear()
    canvas.show_data(replace(data, scene=scene))
    canvas.grab()
    room = canvas.stage_layout.column_width - 2 * canvas.stage_layout.word_side
    words = [(rect, font) for rect, text, font in written if text == "chases"]
    assert words and all(
        text_width("chases", font) <= rect.width() for rect, font in words if text_width("chases", font) + 8 <= room
    )


def written_on(canvas: StageCanvas, monkeypatch) -> list[tuple[str, float, float]]:
    """What the stage writes anew: each text with where it begins and ends."""
    found = []
    original = Brush.text

    def text(brush, rect, place, text, font, *rest, **more):
        wide = text_width(text, font)
        left = rect.x() + place * (rect.width() - wide)
        found.append((text, left, left + wide))
        original(brush, rect, place, text, font, *rest, **more)

    with monkeypatch.context() as patch:
        patch.setattr(Brush, "text", text)
        canvas._all_dirty()
        canvas.grab()
    return found


OWN = """keep = sigmoid(K @ x + R @ h_prev + bk)
remember = tanh(U @ x + W @ (keep * h_prev))
slow = 0.9 * slow_prev + 0.1 * remember
h = tanh(slow) * keep + relu(remember)"""


@pytest.mark.parametrize("width", [700, 927, 1370])
def test_long_names_of_ones_own_gates_and_states_do_not_run_into_one_another(canvas, monkeypatch, width):
    canvas.resize(width, 515)
    w = small_walk(Cell.from_equations("own", OWN), steps=9)
    canvas.show_data(stage_at(w, len(w)))
    names = written_on(canvas, monkeypatch)
    assert {"keep", "remember"} <= {text for text, left, _ in names if left < canvas.stage_layout.gutter}
    for first, *others in (("keep", "rem"), ("sl", "h")):
        row = [n for n in names if n[1] >= canvas.stage_layout.gutter and n[0].startswith((first, *others))]
        row.sort(key=lambda n: n[1])
        assert all(before[2] <= after[1] for before, after in itertools.pairwise(row)), row


def test_a_heat_map_of_many_units_says_what_a_cell_shows(canvas, monkeypatch):
    canvas.resize(1000, 515)
    w = small_walk("lstm", hidden=256, steps=150)
    scene = scene_of(w, 40)
    canvas.show_data(stage_at(w, 10, scene))
    assert canvas.stage_layout.detail == Detail.HEAT
    names = [text for text, _, _ in written_on(canvas, monkeypatch)]
    assert sum(text.endswith(f"of {scene.group}") for text in names) == 6
    canvas.show_data(stage_at(small_walk("lstm", steps=150), 10))
    assert not any(text.startswith(("largest of", "max of")) for text, _, _ in written_on(canvas, monkeypatch))


def test_the_first_time_label_is_seen_whole(canvas, monkeypatch):
    canvas.show_data(stage_at(small_walk("vanilla", steps=200), 10))
    left = min(left for text, left, _ in written_on(canvas, monkeypatch) if text == "0")
    assert left >= canvas.stage_layout.gutter


def test_the_words_beside_the_scissors_cover_neither_states_nor_gates_and_point_to_what_is_cut(canvas, monkeypatch):
    for steps, height in ((8, 515), (8, 213), (20, 213), (150, 260)):
        canvas.resize(1000, height)
        w = small_walk("lstm", hidden=16, steps=steps, policy=Window(2))
        canvas.show_data(stage_at(w, before_visit(w, steps - 2, steps - 1)))
        areas: list[QRectF] = []
        with monkeypatch.context() as patch:
            patch.setattr(
                "explorer.views.stage.caption.rounded", lambda _, area, *rest, areas=areas: areas.append(area)
            )
            canvas.grab()
        (area,) = areas
        rows = canvas.stage_layout.rows
        assert rows["state"].bottom <= area.top() and area.bottom() <= rows["gates"].top
    canvas.resize(1000, 515)
    for loss, arrow in ((3, True), (7, False)):
        w = small_walk("vanilla", policy=Window(2))
        canvas.show_data(stage_at(w, before_visit(w, loss, loss) + 1))
        (said,) = (text for text, _, _ in written_on(canvas, monkeypatch) if "values still flow" in text)
        assert said.startswith("← ") == arrow


def test_a_loss_that_two_runs_take_back_is_said_to_count_twice_where_it_does(canvas, monkeypatch):
    policy = Stride(2, 4, "all")
    w = small_walk("vanilla", policy=policy, masked=None)
    for loss, tau in ((3, 0), (5, 3)):
        canvas.show_data(stage_at(w, before_visit(w, tau, loss)))
        texts = [(text, left) for text, left, _ in written_on(canvas, monkeypatch) if "×2" in text]
        lay = canvas.stage_layout
        twice = [t for t in range(tau + 1, loss + 1) if policy.table(8)[loss, t] == 2]
        assert twice and [lay.column_at(left) for _, left in texts] == twice
        assert "count it 2 times (stride 2 back 4, all losses)" in tip(canvas.data, Hit(twice[0], "streams"))
    canvas.show_data(stage_at(w, len(w)))
    assert not any("×2" in text for text, _, _ in written_on(canvas, monkeypatch))


class Painted(QObject):
    """All that a canvas has painted anew since :attr:`whole` was last made empty."""

    def __init__(self, canvas: StageCanvas) -> None:
        super().__init__(canvas)
        self.whole = QRect()
        canvas.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Paint:
            self.whole = self.whole.united(event.rect())
        return False


@pytest.mark.parametrize(
    ("order", "policy"), [("by loss", Window(2)), ("sweep", Window(2)), ("sweep", Chunks(3)), ("by loss", Chunks(1))]
)
def test_when_the_words_beside_the_scissors_change_or_move_old_and_new_are_painted_anew(
    canvas, qtbot, monkeypatch, order, policy
):
    watch = Painted(canvas)
    w = small_walk("vanilla", policy=policy, order=order, masked=None)
    scene = scene_of(w)
    canvas.show_data(stage_at(w, 0, scene))
    canvas.repaint()
    before, changes = None, 0
    for position in range(1, len(w), 3):
        watch.whole = QRect()
        canvas.show_data(stage_at(w, position, scene))
        QApplication.processEvents()
        found: list[tuple[str, float]] = []
        whole = watch.whole
        with monkeypatch.context() as patch:
            patch.setattr(
                "explorer.views.stage.caption._placed",
                lambda brush, x, text, font, found=found, placed=_placed: (
                    found.append((text, placed(brush, x, text, font)[1])), placed(brush, x, text, font)
                )[1],
            )  # fmt: skip
            canvas.grab()
        if before is not None and found != before:
            changes += 1
            for text, left in (*before, *found):
                assert whole.left() <= left and left + 9 * len(text) * 0.5 <= whole.right(), (position, text)
        before = found
    assert changes > 2


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


def test_data_shown_at_once_when_a_longer_sentence_is_laid_out_is_painted(canvas):
    short, long = small_walk(steps=5), small_walk(steps=12)
    canvas.show_data(stage_at(short, 3))
    pixels(canvas)
    scene, again = scene_of(long), []

    def read_anew():
        if not again:
            again.append(1)
            canvas.show_data(stage_at(long, 40, scene))

    canvas.scrolled.connect(read_anew)
    canvas.show_data(stage_at(long, 30, scene))
    canvas.show_data(stage_at(long, 40, scene))
    seen = pixels(canvas)
    fresh = StageCanvas()
    fresh.resize(canvas.size())
    fresh.show_data(stage_at(long, 40, scene))
    assert again and np.array_equal(seen, pixels(fresh))
