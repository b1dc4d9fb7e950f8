"""What is painted anew when something changes: as little as can be, and nothing old is left standing."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QObject, QRect
from PySide6.QtWidgets import QApplication

from explorer.model.stage_build import build_stage
from explorer.model.stage_records import GATES, STATE, Marks
from explorer.views.stage.canvas import StageCanvas
from explorer.views.stage.caption import _placed
from rnncore.truncation import Chunks, Tail, Window
from tests.explorer.model.stages import before_visit, scene_of, small_walk, stage_at
from tests.explorer.views.canvases import pixels


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
                lambda brush, x, text, font, until, found=found, placed=_placed: (
                    found.append((text, placed(brush, x, text, font, until)[1])), placed(brush, x, text, font, until)
                )[1],
            )  # fmt: skip
            canvas.grab()
        if before is not None and found != before:
            changes += 1
            for text, left in (*before, *found):
                assert whole.left() <= left and left + 9 * len(text) * 0.5 <= whole.right(), (position, text)
        before = found
    assert changes > (1 if isinstance(policy, Chunks) and order == "sweep" else 2)


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


@pytest.mark.parametrize("t", [0, 2, 6])
def test_another_step_selected_leaves_nothing_of_the_cut_that_was_in_force_before(canvas, t):
    w = small_walk("vanilla", steps=8, policy=Chunks(3), masked=None)
    scene, position = scene_of(w), len(w)
    data = stage_at(w, position, scene)
    canvas.show_data(data)
    canvas.grab()
    for chosen in (t, None, t):
        data = build_stage(scene, w, position, update=3, marks=Marks(selected_t=chosen), previous=data)
        canvas.show_data(data)
        by_and_by = pixels(canvas)
        canvas._all_dirty()
        assert (by_and_by == pixels(canvas)).all(), chosen
