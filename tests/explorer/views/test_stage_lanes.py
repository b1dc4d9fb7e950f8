"""The lanes of a sweep and the runs of a stride on the stage: told apart, and cut where they are cut."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtGui import QPainter

from explorer.model.stage_records import Marks
from explorer.theme.theme import current
from explorer.views.stage.brush import Brush
from explorer.views.stage.bundle import bundle_of, snip_lane
from explorer.views.stage.canvas import StageCanvas
from explorer.views.stage.ribbons import ribbon_width
from explorer.views.stage.runs import places_of
from explorer.views.stage.scissors import badge_centre, badge_radius
from rnncore.truncation import Full, Stride, Window
from tests.explorer.model.stages import before_visit, scene_of, small_walk, stage_at
from tests.explorer.views.canvases import pixels, written_on


def brush_of(canvas: StageCanvas) -> Brush:
    return Brush(QPainter(), canvas.data, canvas.stage_layout, current(), 1.0)


def stripes(column: np.ndarray, token: str) -> list[tuple[int, int]]:
    """(first, last) row of each stretch of a column of pixels that is of one colour."""
    rows = np.abs(column[:, ::-1].astype(int) - current().tokens.rgb(token)).sum(axis=1) < 60
    edges = np.flatnonzero(np.diff(np.r_[False, rows, False].astype(int)))
    return [(int(a), int(b) - 1) for a, b in edges.reshape(-1, 2)]


@pytest.mark.parametrize("policy", [Full(), Window(3), Stride(2, 4, "all")], ids=str)
@pytest.mark.parametrize("size", [(1300, 560), (1000, 515)])
def test_in_a_sweep_every_loss_has_a_lane_of_its_own_as_wide_as_its_norm(canvas, policy, size):
    canvas.resize(*size)
    w = small_walk("vanilla", policy=policy, order="sweep", masked=None)
    canvas.show_data(stage_at(w, before_visit(w, 2)))
    seen, lay, brush = pixels(canvas), canvas.stage_layout, brush_of(canvas)
    counts = []
    for t in range(3, 8):
        bundle = bundle_of(brush, t)
        told = [loss for lane, _, _ in bundle.lanes for loss in lane.losses]
        assert told == [loss for loss in range(t, 8) if policy.table(8)[loss, t - 1]]
        counts.append(len(bundle.lanes))
        for lane, _, wide in bundle.lanes:
            assert wide == pytest.approx(ribbon_width(brush, lane.norm), abs=0.07)
        assert bundle.top > lay.value_lane + 5 and bundle.bottom <= lay.rows["state"].bottom + 2
        # Just left of the states, where the lanes begin.
        x = lay.left(t) + lay.state_spans[0].x - 7
        found = stripes(seen[int(bundle.top) - 2 : int(bundle.bottom) + 3, x], "gradient")
        thick = [wide for _, _, wide in bundle.lanes if wide >= 2.0]
        assert len(thick) <= len(found) <= len(bundle.lanes), t
    assert max(counts) >= 3


def test_by_loss_there_is_the_lane_of_one_loss_and_after_it_those_of_all(canvas):
    w = small_walk("vanilla", policy=Full(), masked=None)
    scene = scene_of(w)
    canvas.show_data(stage_at(w, before_visit(w, 2, 7), scene))
    lay = canvas.stage_layout
    x = lay.left(4) + lay.state_spans[0].x - 7
    rows = slice(int(lay.value_lane) + 5, lay.rows["state"].bottom)
    assert len(stripes(pixels(canvas)[rows, x], "gradient")) == 1
    canvas.show_data(stage_at(w, len(w), scene))
    assert len(stripes(pixels(canvas)[rows, x], "gradient")) >= 3


def test_lanes_that_have_no_room_are_one_lane_that_says_how_many_they_are(canvas, monkeypatch):
    canvas.resize(1300, 515)
    w = small_walk("vanilla", steps=14, policy=Full(), order="sweep", masked=None)
    canvas.show_data(stage_at(w, len(w)))
    lanes = bundle_of(brush_of(canvas), 1).lanes
    together = lanes[-1][0]
    assert len(lanes) > 2 and len(together.losses) > 2
    texts = [text for text, left, _ in written_on(canvas, monkeypatch) if canvas.stage_layout.column_at(left) == 0]
    assert any(text.replace(" ", "") == f"Σ{len(together.losses)}" for text in texts)


def test_in_narrow_columns_few_lanes_are_told_apart_and_the_pale_one_of_the_rest_is_named(canvas, monkeypatch):
    w = small_walk("vanilla", steps=120, hidden=12, policy=Full(), order="sweep", masked=None)
    canvas.show_data(stage_at(w, len(w)))
    counts = []
    for wide in (70.0, 140.0):
        canvas.set_zoom(wide / canvas.stage_layout.fitted)
        canvas.scroll_to(0.0)
        lanes = bundle_of(brush_of(canvas), 3).lanes
        counts.append(len(lanes))
        assert [loss for lane, _, _ in lanes for loss in lane.losses] == list(range(3, 120))
        assert "pale: rest" in [text for text, *_ in written_on(canvas, monkeypatch)]
        lay, seen = canvas.stage_layout, pixels(canvas).astype(int)
        x = lay.left(3) + lay.state_spans[0].x - 7
        near, rest = (seen[int(y), x, 2] - seen[int(y), x, 0] for _, y, _ in (lanes[0], lanes[-1]))
        assert near > 1.5 * rest > 0, "amber, and a paler one"
    assert counts[0] <= 4 < counts[1]
    few = small_walk("vanilla", steps=120, hidden=12, policy=Window(2), order="sweep", masked=None)
    canvas.show_data(stage_at(few, len(few)))
    assert "pale: rest" not in [text for text, *_ in written_on(canvas, monkeypatch)]


def test_what_of_a_sweep_is_cut_is_hatched_at_once_in_a_place_where_nothing_flows(canvas):
    canvas.resize(1300, 560)
    w = small_walk("vanilla", policy=Window(2), order="sweep", masked=None)
    canvas.show_data(stage_at(w, before_visit(w, 2)))
    seen, lay, data = pixels(canvas).astype(int), canvas.stage_layout, canvas.data
    for t in range(3, 6):
        y, bundle = round(snip_lane(data, lay, t)), bundle_of(brush_of(canvas), t)
        assert bundle.bottom < y - 3, "below all lanes that flow"
        box = seen[y - 3 : y + 4, lay.left(t) - 18 : lay.left(t) - 12]
        assert (box[:, :, 2] - box[:, :, 1]).max() > 60, t
        assert badge_centre(brush_of(canvas), t).y() == pytest.approx(y, abs=1.0)
    before = seen[round(snip_lane(data, lay, 2)) - 1, lay.left(2) - 18 : lay.left(2) - 12]
    assert (before[:, 2] - before[:, 1]).max() < 30, "not before it is cut"


def test_losses_that_are_stopped_are_hatched_beside_their_stream_and_not_across_it(canvas):
    canvas.resize(1300, 560)
    w = small_walk("vanilla", policy=Window(2), order="sweep", masked=None)
    data = stage_at(w, before_visit(w, 2) + 1)
    assert data.stopped[6] and data.from_loss.known[6]
    canvas.show_data(replace(data, stopped=np.zeros(8, dtype=bool)))
    plain = pixels(canvas)
    canvas.show_data(data)
    seen, lay = pixels(canvas), canvas.stage_layout
    other = (seen != plain).any(axis=2)[:, lay.left(6) : lay.right(6)]
    bar = (lay.column_width + min(48, lay.column_width / 2)) / 2
    assert other[:, : int(bar)].any() and not other[:, int(bar) + 1 :].any()


@pytest.mark.parametrize("order", ["by loss", "sweep"])
@pytest.mark.parametrize("policy", [Stride(2, 4), Stride(1, 3, "all"), Stride(3, 8, "last")], ids=str)
def test_runs_that_overlap_lie_below_one_another(canvas, order, policy):
    w = small_walk("vanilla", policy=policy, order=order, masked=None)
    canvas.show_data(stage_at(w, w.script.backward_start + 4))
    lay, places = canvas.stage_layout, places_of(brush_of(canvas))
    assert len(places) >= 3 and len({y for _, y in places}) > 1
    for i, (run, y) in enumerate(places):
        assert lay.rows["bar"].bottom <= y <= lay.rows["output"].top
        for other, beside in places[:i]:
            assert run.high < other.low or other.high < run.low or abs(y - beside) >= 3


def test_on_a_low_stage_there_is_one_ribbon_for_all_with_small_scissors_on_it(canvas):
    canvas.resize(930, 200)
    w = small_walk("vanilla", policy=Window(2), order="sweep", masked=None)
    data = stage_at(w, before_visit(w, 2))
    canvas.show_data(data)
    seen, lay = pixels(canvas).astype(int), canvas.stage_layout
    assert snip_lane(data, lay, 4) == lay.credit_lane
    for t in (3, 4):
        box = seen[round(lay.credit_lane) - 5 : round(lay.credit_lane) + 6, lay.left(t) - 7 : lay.left(t) + 8]
        assert (box[:, :, 2] - box[:, :, 1] > 120).sum() > 8, t


def test_the_scissors_of_a_selected_loss_stand_below_what_of_others_flows_past_them(canvas, monkeypatch):
    w = small_walk("vanilla", policy=Window(2), masked=None)
    canvas.show_data(stage_at(w, len(w), marks=Marks(selected_t=6, selected_loss=7, path=(7, 6))))
    assert badge_centre(brush_of(canvas), 5).y() > bundle_of(brush_of(canvas), 5).bottom + 3
    texts = [text for text, _, _ in written_on(canvas, monkeypatch)]
    assert "credit of loss 7 is cut here, that of others flows on (drag the scissors)" in texts
    assert not canvas.data.hatched.any()


@pytest.mark.parametrize("policy", [Window(6), Stride(4, 8)], ids=str)
@pytest.mark.parametrize("wide", [900, 1100, 1400])
def test_how_many_losses_share_a_lane_is_not_written_below_scissors(canvas, monkeypatch, policy, wide):
    w = small_walk("vanilla", steps=9, hidden=16, policy=policy, order="sweep", masked=None)
    canvas.resize(wide, 520)
    canvas.show_data(stage_at(w, len(w)))
    lay, lanes = canvas.stage_layout, canvas.data.lanes
    brush = brush_of(canvas)
    cut = [t for t in range(1, 9) if lanes.stopped(t)]
    counts = [(left, right) for text, left, right in written_on(canvas, monkeypatch) if text.startswith("Σ")]
    assert cut
    for left, right in counts:
        for t in cut:
            centre, radius = badge_centre(brush, t), badge_radius(brush, t)
            assert right <= centre.x() - radius or left >= centre.x() + radius, (t, lay.left(t))
