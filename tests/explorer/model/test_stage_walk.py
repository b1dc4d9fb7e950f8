"""What the stage says at every position of a walk, against the walk itself: whose cut it is, and why it is silent."""

from __future__ import annotations

import numpy as np
import pytest

from explorer.model import stage_build
from explorer.model.stage_build import build_stage
from explorer.model.stage_hit import Hit, tip
from explorer.model.stage_records import Marks, changed_columns
from rnncore.truncation import Chunks, Full, Stride, Tail, Window
from tests.explorer.model.stages import before_visit, scene_of, small_walk, stage_at

POLICIES = [
    Full(),
    Window(0),
    Window(2),
    Window(20),
    Chunks(3),
    Stride(2, 4, "all"),
    Stride(4, 2, "new"),
    Stride(3, 3, "last"),
    Tail(3),
]
ORDERS = ["by loss", "sweep"]
LENGTH = 8


@pytest.mark.parametrize("policy", POLICIES, ids=str)
@pytest.mark.parametrize("order", ORDERS)
def test_header_cut_and_hatching_are_of_the_same_loss_and_nothing_that_flows_is_hatched(policy, order):
    w = small_walk("vanilla", hidden=3, policy=policy, order=order)
    scene, data = scene_of(w), None
    for position in range(w.script.backward_start + 1, len(w) + 1):
        data = build_stage(scene, w, position, update=3, previous=data)
        step = data.progress.step
        if step.phase == "backward":
            assert data.cut.loss == step.loss == data.walking, position
            assert ("all losses" if step.loss is None else f"loss {step.loss} ") in data.subtitle
            assert not data.hatched[step.t], "the column in work"
        else:
            assert data.cut.loss is None and data.walking is None, "all losses together"
        assert data.cut_in_force
        flows = data.credit.known & (data.credit.norms != 0)
        assert not (data.hatched & data.summed.known & (data.summed.norms != 0)).any(), position
        assert not (data.hatched[:-1] & flows[1:]).any(), position
        some = np.isin(np.arange(LENGTH), [boundary for boundary, _ in data.cut.snips])
        assert not (data.snipped & ~(some | data.cut.boundaries[:LENGTH])).any(), "cut where it says so"


@pytest.mark.parametrize("policy", [Window(2), Chunks(3), Stride(2, 4, "all")], ids=str)
@pytest.mark.parametrize("order", ORDERS)
def test_a_pair_of_the_ledger_that_is_selected_shows_the_cut_of_its_loss_not_of_its_copy(policy, order):
    w = small_walk("vanilla", policy=policy, order=order)
    for position in (5, len(w)):
        data = stage_at(w, position, marks=Marks(selected_t=3, selected_loss=6, path=(6, 3)))
        assert data.cut.loss == 6
        assert data.cut.boundaries[: LENGTH - 1].nonzero()[0].tolist() == [int(policy.table(LENGTH)[6].argmax())]
        flows = data.credit.known & (data.credit.norms != 0)
        assert not (data.hatched[:-1] & flows[1:]).any(), "what flows of other losses is not hatched"
    walking = stage_at(w, w.script.backward_start + 1, marks=Marks(selected_t=3, selected_loss=6))
    assert walking.cut.loss == walking.progress.step.loss, "while one walks it is that one's"


def test_a_selection_that_moves_the_hatching_repaints_what_it_leaves():
    w = small_walk("vanilla", policy=Window(2))
    scene = scene_of(w)
    before = stage_at(w, 5, scene)
    after = build_stage(scene, w, 5, update=3, marks=Marks(selected_t=3), previous=before)
    changed = changed_columns(before, after)
    assert np.array_equal(changed, before.hatched != after.hatched) and changed.any()


def ever(w, position: int) -> np.ndarray:
    """(T,) bool: where the lane that is on show at ``position`` has come to, once it is at its end."""
    step = w.progress(position).step
    ends = [p for p in range(position, w.script.update_start + 1) if w[p - 1].loss == step.loss]
    return w.progress(ends[-1]).state_gradient("h")["sum_known"]


@pytest.mark.parametrize("policy", POLICIES, ids=str)
@pytest.mark.parametrize("order", ORDERS)
def test_not_yet_is_said_only_of_what_the_walk_still_comes_to(policy, order):
    w = small_walk("vanilla", hidden=3, policy=policy, order=order)
    scene = scene_of(w)
    start, end = w.script.backward_start, w.script.update_start
    for position in range(start + 1, end + 1, 5):
        data, comes = stage_at(w, position, scene), ever(w, position)
        for t in range(LENGTH):
            words = tip(data, Hit(t, "streams"))
            total = words.split("sum ∂L/∂h: ")[1]
            assert ("yet" in total) == (comes[t] and not data.summed.known[t]), (position, t, words)
            if not comes[t]:
                loss = data.walking
                assert ("no loss reaches" if loss is None else f"loss {loss} ") in total
            cell = tip(data, Hit(t, "cell", 0, 0, True)).splitlines()[-1]
            if not data.states[0].gradient_known[t]:
                assert cell.endswith("not computed yet") == comes[t], (position, t, cell)


@pytest.mark.parametrize("policy", POLICIES, ids=str)
@pytest.mark.parametrize("order", ORDERS)
def test_of_a_gradient_that_never_crosses_a_boundary_no_tip_says_that_it_is_still_to_come(policy, order):
    w = small_walk("vanilla", hidden=3, policy=policy, order=order)
    scene = scene_of(w)
    for position in range(w.script.backward_start + 1, w.script.update_start + 1, 7):
        data = stage_at(w, position, scene)
        loss = data.walking
        rows = w.table[[loss]] if loss is not None else w.table[~scene.masked]
        for t in range(1, LENGTH):
            crosses = bool((rows[:, t - 1] > 0)[[int(r) >= t for r in ([loss] if loss is not None else
                np.flatnonzero(~scene.masked))]].any())  # fmt: skip
            words = tip(data, Hit(t, "edge"))
            waits = "flowed back to" in words and words.splitlines()[1].endswith("yet")
            assert waits == (crosses and not data.credit.known[t]), (position, t, words)


def test_a_stream_that_cannot_be_says_why():
    w = small_walk("vanilla", policy=Window(2))
    data = stage_at(w, w.find("cut", loss=6) + 1)
    assert "from this step's loss: none, loss 6 alone walks" in tip(data, Hit(5, "streams"))
    assert "from the future: none, loss 6 begins here" in tip(data, Hit(6, "streams"))
    assert "loss 6 does not reach t = 2 (window k = 2)" in tip(data, Hit(2, "streams"))
    assert "loss 6 lies before t = 7" in tip(data, Hit(7, "streams"))
    sweep = small_walk("vanilla", policy=Chunks(4), order="sweep")
    words = tip(stage_at(sweep, sweep.script.update_start), Hit(3, "streams"))
    assert "from the future: none, all credit is cut between t = 3 and 4" in words


def test_the_lanes_of_a_sweep_are_told_apart_in_words_with_their_own_norms():
    w = small_walk("lstm", steps=12, policy=Full(), order="sweep", masked=None)
    words = tip(stage_at(w, len(w)), Hit(2, "edge"))
    assert "the norm of the sum of all losses" in words
    assert "lane of loss 2: " in words and "lane of losses 9–11: " in words and words.count("    lane of") == 8
    assert words.startswith("Value: c and h of t = 1 have arrived at t = 2")
    assert "lane of loss 2: ‖∂L₂/∂(c₁, h₁)‖ = " in words and "lane of losses 9–11: ‖·‖ = " in words
    by_loss = small_walk("lstm", policy=Full())
    assert "lane of" not in tip(stage_at(by_loss, by_loss.find("carry", loss=7) + 1), Hit(7, "edge"))


@pytest.mark.parametrize("between", ["detached", "carried"])
def test_the_initial_state_says_that_on_the_stage_nothing_is_carried_into_it(between):
    w = small_walk("lstm")
    data = build_stage(scene_of(w), w, 3, between=between)
    for place in (Hit(0, "edge"), Hit(0, "initial", 0, 0)):
        words = tip(data, place)
        assert f"In training the state of the sentence before comes in here ({between})" in words
        assert "On the stage a sentence stands alone: it starts from zeros" in words


def test_the_cut_is_worked_out_once_for_all_steps_of_one_loss(monkeypatch):
    w = small_walk("vanilla", policy=Stride(2, 5))
    scene = scene_of(w)
    start = before_visit(w, 7, 7) + 1
    data = build_stage(scene, w, start)
    made: list[int] = []
    original = stage_build.cut_of
    monkeypatch.setattr(stage_build, "cut_of", lambda *a: made.append(1) or original(*a))
    for position in range(start, start + 12):
        following = build_stage(scene, w, position, previous=data)
        assert following.cut is data.cut
        assert following.cut == build_stage(scene, w, position).cut
    assert len(made) == 12, "only for the stages that had none before them"
    other = build_stage(scene, w, before_visit(w, 5, 5) + 1, previous=data)
    assert other.cut.loss == 5 and other.cut == build_stage(scene, w, before_visit(w, 5, 5) + 1).cut
