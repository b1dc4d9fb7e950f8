from __future__ import annotations

import itertools

import numpy as np
import pytest

from explorer.model.stage_build import build_stage
from explorer.model.stage_records import Marks, StageData, changed_columns
from rnncore.library import LIBRARY
from rnncore.truncation import Chunks, Full, Stride, Tail, Window
from tests.explorer.model.stages import before_visit, scene_of, small_walk, stage_at


def test_at_the_start_the_stage_is_empty_and_hints_at_the_first_key():
    data = stage_at(small_walk(), 0)
    assert not data.read.any()
    assert not data.output_known.any()
    assert not data.loss_known.any()
    assert not data.flowed.any()
    assert not any(s.known.any() or s.gradient_known.any() for s in data.strips)
    assert data.current_t is None
    assert "→" in data.hint
    assert data.subtitle == "update 3 · nothing computed yet"


def test_each_step_forward_fills_one_slot_and_none_empties():
    w = small_walk("gru", steps=3)
    scene = scene_of(w)
    filled = -1
    for position in range(w.script.backward_start + 1):
        data = stage_at(w, position, scene)
        count = sum(int(s.known.sum()) for s in data.strips)
        count += int(data.read.sum() + data.output_known.sum() + data.loss_known.sum())
        assert filled <= count <= filled + 2 or position == 0
        filled = count
    assert all(s.known.all() for s in data.strips)
    assert data.output_known.all()


def test_the_value_arrow_comes_only_once_the_state_before_is_computed():
    w = small_walk("lstm")
    h = w.model.cell.outputs["h"]
    for position in range(1, w.script.backward_start):
        data = stage_at(w, position)
        known = w.progress(position).forward_known(h)
        np.testing.assert_array_equal(np.flatnonzero(data.flowed), range(min(known + 1, 8)))


def test_by_loss_the_streams_come_one_after_another_and_the_cut_is_in_force():
    w = small_walk("lstm", policy=Window(2))
    data = stage_at(w, before_visit(w, 5, 7))
    assert data.walking == 7
    assert data.cut_in_force
    assert np.flatnonzero(data.cut.boundaries).tolist() == [5]
    assert np.flatnonzero(data.from_loss.known).tolist() == [7]
    assert np.flatnonzero(data.from_future.known).tolist() == [6]
    assert np.flatnonzero(data.credit.known).tolist() == [6, 7]
    lane = w.lane(7)
    np.testing.assert_allclose(data.credit.norms[7], np.sqrt(sum((v[6] ** 2).sum() for v in lane.from_future.values())))


def test_no_ribbon_ever_crosses_the_cut_of_the_walking_loss():
    for policy in (Window(2), Chunks(3), Stride(3, 4, "all"), Tail(3)):
        w = small_walk("gru", policy=policy)
        for position in range(w.script.backward_start + 1, w.script.update_start):
            data = stage_at(w, position)
            crossed = np.flatnonzero(data.credit.known)
            assert not data.cut.boundaries[crossed].any()
            reached = np.flatnonzero(data.states[-1].gradient_known)
            assert not data.cut.dropped[reached].any()


def test_in_a_sweep_every_loss_has_its_stream():
    w = small_walk("vanilla", policy=Full(), order="sweep", masked=1)
    data = stage_at(w, w.script.update_start)
    assert np.flatnonzero(data.from_loss.known).tolist() == [0, 2, 3, 4, 5, 6, 7]
    assert data.walking is None
    assert data.cut_in_force and data.cut.loss is None


def test_before_the_backward_pass_the_last_or_the_selected_loss_previews_its_cut():
    w = small_walk("lstm", policy=Window(2))
    assert stage_at(w, 4).cut.loss == 7
    chosen = stage_at(w, 4, marks=Marks(selected_t=5)).cut
    assert chosen.loss == 5
    assert np.flatnonzero(chosen.boundaries).tolist() == [3]
    assert stage_at(w, 4, marks=Marks(selected_t=1)).cut.loss == 7, "step 1 carries no loss"
    assert not stage_at(w, 4).cut_in_force


def test_gradients_are_those_of_the_walk_and_appear_only_once_known():
    w = small_walk("lstm")
    position = before_visit(w, 6, 7) + 9
    data, progress = stage_at(w, position), w.progress(position)
    for strip in data.strips:
        values, known = progress.gradient(strip.track.node)
        np.testing.assert_array_equal(strip.gradient_known, known)
        np.testing.assert_array_equal(strip.gradients, values)


@pytest.mark.parametrize("cell", LIBRARY)
@pytest.mark.parametrize("order", ["by loss", "sweep"])
def test_every_position_of_every_cell_has_a_stage(cell, order):
    w = small_walk(cell, hidden=3, steps=3, order=order)
    scene = scene_of(w)
    for position in range(len(w) + 1):
        data = stage_at(w, position, scene)
        assert data.subtitle
        assert data.current_t is None or 0 <= data.current_t < 3


def test_sharing_with_the_position_before_changes_nothing():
    w = small_walk("lstm", hidden=4, steps=4)
    scene = scene_of(w)
    previous: StageData | None = None
    for position in [*range(len(w) + 1), 5, 0, len(w)]:
        shared = build_stage(scene, w, position, previous=previous)
        fresh = build_stage(scene, w, position)
        assert not changed_columns(shared, fresh).any()
        assert shared.subtitle == fresh.subtitle
        assert shared.gradient_scale == fresh.gradient_scale
        previous = shared


def test_one_operation_changes_few_columns():
    w = small_walk("lstm", steps=8)
    scene = scene_of(w)
    start = next(p for p in range(before_visit(w, 6, 7), len(w)) if w[p].kind == "d_operation")
    old = build_stage(scene, w, start)
    new = build_stage(scene, w, start + 1, previous=old)
    changed = np.flatnonzero(changed_columns(old, new))
    assert changed.size
    assert set(changed.tolist()) <= {5, 6, 7}


def test_every_difference_between_two_positions_is_reported():
    """The columns not reported look the same: all that is painted of them is equal."""
    w = small_walk("gru", hidden=3, steps=4, policy=Window(1))
    scene = scene_of(w)
    stages = [build_stage(scene, w, p) for p in range(len(w) + 1)]
    for old, new in itertools.pairwise(stages):
        same = ~changed_columns(old, new)
        np.testing.assert_array_equal(old.loss_known[same], new.loss_known[same])
        np.testing.assert_array_equal(old.flowed[same], new.flowed[same])
        np.testing.assert_array_equal(old.credit.known[same], new.credit.known[same])
        for a, b in zip(old.strips, new.strips, strict=True):
            np.testing.assert_array_equal(a.known[same], b.known[same])
            np.testing.assert_array_equal(a.gradient_known[same], b.gradient_known[same])
            shown = same & b.gradient_known
            np.testing.assert_array_equal(a.gradient_cells[shown], b.gradient_cells[shown])


def test_a_flow_of_nan_is_told_apart_from_one_that_has_not_come():
    w = small_walk("vanilla", poison=True, policy=Full())
    before = stage_at(w, w.script.backward_start)
    after = stage_at(w, w.script.update_start + 1)
    assert not before.credit.known.any()
    assert after.credit.known[1:].all()
    assert np.isnan(after.credit.norms[1:]).all()
    assert after.not_finite
    assert changed_columns(before, after)[1:].all()
    assert not stage_at(small_walk("vanilla"), 30).not_finite


def test_the_frame_is_around_the_gate_that_the_operation_belongs_to():
    w = small_walk("lstm")
    names = {t.node: t.label for t in scene_of(w).gates + scene_of(w).states}
    seen = []
    for position in range(1, int(w.script.forward_starts[1]) + 1):
        data = stage_at(w, position)
        if data.current_kind == "operation":
            assert data.current_nodes, w[position - 1].title
            seen.append("".join(names[n] for n in data.current_nodes))
    assert list(dict.fromkeys(seen)) == ["i", "f", "g", "o", "c", "h"]


def test_backward_through_the_product_both_gates_receive_their_gradient():
    w = small_walk("lstm")
    names = {t.label: t.node for t in scene_of(w).gates}
    found = [
        stage_at(w, p + 1).current_nodes
        for p in range(w.script.backward_start, w.script.update_start)
        if w[p].kind == "d_operation" and w[p].title == "∂L/∂i, ∂L/∂g"
    ]
    assert found
    assert set(found) == {frozenset({names["i"], names["g"]})}


@pytest.mark.parametrize(
    ("position", "words"),
    [
        (1, "update 3 · forward pass · t = 0 · op 1 of"),
        (-1, "update 3 · weight update · op 2 of 2: W += ΔW"),
    ],
)
def test_the_subtitle_says_where_the_walk_stands(position, words):
    w = small_walk()
    assert words in stage_at(w, position % (len(w) + 1)).subtitle


def test_the_subtitle_names_the_walking_loss():
    w = small_walk("lstm")
    said = stage_at(w, before_visit(w, 6, 7) + 4).subtitle
    assert "backward pass · loss 7 walks back · now at t = 6 · op 4 of " in said
    sweep = small_walk("lstm", order="sweep")
    assert "all losses sweep back" in stage_at(sweep, sweep.script.backward_start + 1).subtitle


@pytest.mark.parametrize("cell", ["vanilla", "lstm", "gru", "lstm-peephole"])
@pytest.mark.parametrize("policy", [Full(), Window(2), Chunks(3), Tail(3)], ids=str)
def test_the_gradient_of_the_initial_state_is_that_of_the_whole_pass_once_it_is_done(cell, policy):
    w = small_walk(cell, policy=policy, order="sweep")
    total = stage_at(w, len(w))
    for strip, state in zip(total.initial, reversed(w.model.cell.states), strict=True):
        assert strip.track.label == f"{state}₋₁"
        np.testing.assert_array_equal(strip.track.values[0], w.trace.initial_state[state])
        np.testing.assert_allclose(strip.gradients[0], w.gradients.initial_state[state], atol=1e-15)


def test_credit_reaches_the_initial_state_only_from_losses_that_reach_the_first_step():
    w = small_walk("lstm", policy=Window(2))
    for loss, reached in ((7, False), (2, True)):
        visit = before_visit(w, max(0, loss - 2), loss)
        later = [stage_at(w, p) for p in range(visit, visit + 35) if w.progress(p).loss == loss]
        found = [d for d in later if d.credit.known[0]]
        assert bool(found) == reached
        for d in found:
            known = [s.gradients for s in d.initial if s.gradient_known[0]]
            assert d.credit.norms[0] == pytest.approx(np.sqrt(sum((g**2).sum() for g in known)))


def test_a_new_gradient_of_the_initial_state_repaints_the_first_column():
    w = small_walk("vanilla", policy=Full())
    scene, before, found = scene_of(w), None, []
    for position in range(before_visit(w, 0, 7), before_visit(w, 0, 7) + 12):
        data = build_stage(scene, w, position, previous=before)
        if before is not None and data.initial[0].gradient_known[0] != before.initial[0].gradient_known[0]:
            found.append(changed_columns(before, data)[0])
        before = data
    assert found and all(found), "it comes, and goes when the next loss begins"


@pytest.mark.parametrize("cell", ["vanilla", "lstm", "gru"])
def test_by_loss_every_lane_is_drawn_to_one_scale(cell):
    w = small_walk(cell, policy=Window(4), steps=8)
    scene = scene_of(w)
    asked = [int(t) for t in np.flatnonzero(w.targets >= 0)]
    lanes = [stage_at(w, before_visit(w, loss, loss) + 6, scene) for loss in asked]
    assert [lane.walking for lane in lanes] == asked and len(asked) > 3
    assert len({(lane.gradient_scale, lane.ribbon_scale) for lane in lanes}) == 1
