"""What the stage says in sentences: beside the scissors, of what is counted, and of what is not seen here."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import combinations
from types import SimpleNamespace

import pytest
from PySide6.QtCore import QRectF
from PySide6.QtGui import QFontMetricsF

from explorer.model.stage_build import build_stage
from explorer.model.stage_cut import stopped_before
from explorer.model.stage_hit import Hit, tip
from explorer.model.stage_records import Marks
from explorer.theme.palette import apply
from explorer.theme.theme import current, enlarged
from explorer.views.stage.marks import descent, stop_of
from explorer.widgets.paint import text_width
from rnncore.truncation import Chunks, Full, Stride, Tail, Window
from tests.explorer.model.stages import before_visit, scene_of, small_walk, stage_at
from tests.explorer.views.canvases import pixels, written_on


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


@pytest.mark.parametrize("scale", [1.0, 1.6, 2.2])
@pytest.mark.parametrize("size", [(1248, 330), (860, 400), (1248, 460)])
def test_the_words_of_the_scissors_are_whole_at_every_size_of_type(canvas, qapp, monkeypatch, scale, size):
    before = current()
    try:
        apply(qapp, enlarged(before, scale))
        canvas.resize(*size)
        w = small_walk("vanilla", policy=Window(2), steps=9)
        canvas.show_data(stage_at(w, before_visit(w, 6, 8) + 1))
        areas = []
        monkeypatch.setattr("explorer.views.stage.caption.rounded", lambda _, area, *rest: areas.append(area))
        written = written_on(canvas, monkeypatch)
        (area,) = areas
        ((text, left, right),) = [w for w in written if "credit" in w[0]]
        lay = canvas.stage_layout
        assert lay.gutter <= left and right <= lay.gutter + lay.room + 1
        role = "tiny" if text_width(text, current().font("tiny", bold=True)) + 1 >= right - left else "small"
        assert QFontMetricsF(current().font(role, bold=True)).height() <= area.height() + 3, "not cut below"
        assert "…" not in text
    finally:
        apply(qapp, before)


def test_a_window_that_reaches_past_the_sentence_says_that_nothing_is_cut(canvas, monkeypatch):
    for order, position in (("by loss", 30), ("by loss", 120), ("sweep", 100)):
        w = small_walk("vanilla", policy=Window(50), order=order)
        canvas.show_data(stage_at(w, position))
        texts = [text for text, _, _ in written_on(canvas, monkeypatch)]
        assert "k = 50 reaches past the start: nothing is cut in this sentence" in texts
    canvas.show_data(stage_at(small_walk("vanilla", policy=Full()), 30))
    assert not any("nothing is cut" in text for text, _, _ in written_on(canvas, monkeypatch))


def test_beside_the_initial_state_stands_what_only_training_brings_into_it(canvas, monkeypatch):
    canvas.resize(1300, 560)
    w = small_walk("lstm")
    scene = scene_of(w)
    for between in ("reset", "detached", "carried"):
        canvas.show_data(build_stage(scene, w, 20, between=between))
        texts = [text for text, left, _ in written_on(canvas, monkeypatch) if left < canvas.stage_layout.left(0)]
        assert (between in texts and "in training" in texts) == (between != "reset")


def test_of_what_a_sweep_has_not_come_to_it_is_said_that_it_will_be_cut(canvas, monkeypatch):
    w = small_walk("vanilla", policy=Window(2), order="sweep", masked=None)
    scene = scene_of(w)
    for position, said in ((before_visit(w, 6), "will be"), (before_visit(w, 4), "is")):
        data = stage_at(w, position, scene)
        canvas.show_data(data)
        (words,) = (text for text, _, _ in written_on(canvas, monkeypatch) if "cut here" in text)
        assert f"credit {said} cut here" in words or f"{said} cut here, that of others" in words, words
        assert data.snipped.any() == (said == "is")


def lit(canvas, w, monkeypatch, path, at) -> list[tuple[str, float, float]]:
    stop = stopped_before(w.table, *path)
    marks = Marks(selected_t=path[1], selected_loss=path[0], path=path, path_cut=stop)
    canvas.show_data(stage_at(w, at, marks=marks))
    return [found for found in written_on(canvas, monkeypatch) if re.search(r"loss(es)? \d", found[0])]


def test_beside_a_chosen_pair_of_another_loss_it_is_said_whose_cut_is_whose(canvas, monkeypatch):
    w = small_walk("vanilla", policy=Window(3))
    at = before_visit(w, 6, 7) + 1
    said = lit(canvas, w, monkeypatch, (6, 1), at)
    words = {text.removesuffix(" (drag the scissors)").removeprefix("← "): (a, b) for text, a, b in said}
    mine, walking = words["credit of loss 6 is cut here"], words["credit of loss 7 is cut here"]
    lay = canvas.stage_layout
    assert mine[1] <= lay.left(3), "left of where loss 6 is cut"
    assert walking[0] >= mine[1] or mine[0] >= walking[1]
    assert lit(canvas, w, monkeypatch, (6, 5), at)[0][0].startswith("credit of loss 7 is cut here"), "a kept pair"
    assert not lit(canvas, w, monkeypatch, (7, 1), at), "of the walking loss nothing needs to be said"


def test_the_words_of_a_chosen_pair_never_lie_on_the_names_of_the_initial_states(canvas, monkeypatch):
    canvas.resize(830, 560)
    w = small_walk("lstm", policy=Window(3))
    for loss in (4, 5, 6):
        found = lit(canvas, w, monkeypatch, (loss, 0), before_visit(w, 6, 7) + 1)
        lay = canvas.stage_layout
        assert lay.lead and any(f"credit of loss {loss} is cut" in text for text, *_ in found)
        assert all(left >= lay.left(0) and right <= lay.width for _, left, right in found)
        for (_, a, b), (_, c, d) in combinations(found, 2):
            assert b <= c or d <= a


def test_two_losses_that_are_cut_at_one_place_are_named_together(canvas, monkeypatch):
    w = small_walk("vanilla", policy=Chunks(4))
    (said,) = lit(canvas, w, monkeypatch, (5, 1), before_visit(w, 6, 7) + 1)
    assert said[0].startswith("credit of losses 5 and 7 is cut here")


def test_of_a_loss_that_never_sets_out_it_is_said_that_it_takes_no_part(canvas, monkeypatch):
    w = small_walk("vanilla", policy=Tail(3))
    texts = [text for text, *_ in lit(canvas, w, monkeypatch, (3, 1), before_visit(w, 6, 7) + 1)]
    assert any(text.startswith("loss 3 takes no part") for text in texts)


@pytest.mark.parametrize("policy", [Window(3), Chunks(4), Tail(3), Stride(2, 3, "last")], ids=str)
def test_the_way_of_a_pair_is_dashed_only_beyond_its_own_cut(canvas, policy):
    w = small_walk("vanilla", policy=policy)
    lay_out = stage_at(w, len(w))
    canvas.show_data(lay_out)
    lay = canvas.stage_layout
    for path in ((5, 0), (3, 0), (6, 2)):
        stop = stopped_before(w.table, *path)
        canvas.show_data(replace(lay_out, marks=Marks()))
        plain = pixels(canvas)
        canvas.show_data(replace(lay_out, marks=Marks(path=path, path_cut=stop)))
        seen = pixels(canvas)
        row = seen[round(lay.credit_lane)].astype(int)
        changed = (seen != plain).any(axis=2)[round(lay.credit_lane)]
        begin, end = ((lay.left(t) + lay.right(t)) // 2 for t in path)
        reach = lay.left(stop) if stop is not None and stop <= path[0] else begin if stop else end
        # Amber is greener than it is blue, the red of a cut is not.
        flows = [x for x in range(reach + 12, begin - 2) if changed[x]]
        assert all(row[x][1] > row[x][0] for x in flows)
        missing = [x for x in range(end + 10, reach - 12) if stop is not None and changed[x]]
        # Ends of dashes cover a part of a pixel, through which others shine.
        assert sum(row[x][1] > row[x][0] + 12 for x in missing) <= 0.15 * len(missing)
        assert (len(missing) > 10) == (stop is not None and reach - end > 30)
        assert flows or missing


def test_words_right_of_the_scissors_of_a_chosen_pair_point_back_at_them(canvas, monkeypatch):
    canvas.resize(430, 300)
    w = small_walk("gru", policy=Window(4))
    found = lit(canvas, w, monkeypatch, (6, 0), before_visit(w, 6, 7) + 1)
    text, left, _ = next(one for one in found if "loss 6" in one[0])
    assert text == "← credit of loss 6 is cut here" and left > canvas.stage_layout.left(2)


@pytest.mark.parametrize("size", [(900, 500), (1300, 560), (1700, 620)])
@pytest.mark.parametrize("policy", [Window(4), Window(2), Stride(2, 4, "new"), Chunks(3)], ids=str)
def test_words_right_of_their_scissors_point_back_and_end_before_other_scissors(canvas, monkeypatch, policy, size):
    canvas.resize(*size)
    w = small_walk("vanilla", policy=policy, order="sweep", steps=9)
    scene, lay = scene_of(w), None
    pointed = 0
    for t in range(9):
        data = stage_at(w, before_visit(w, t), scene)
        canvas.show_data(data)
        lay = canvas.stage_layout
        for text, left, right in written_on(canvas, monkeypatch):
            if "cut here" not in text:
                continue
            cuts = [lay.left(b) for b in range(1, 9) if data.cut.stopped_at(b)]
            if text.startswith("← "):
                pointed += 1
                mine = max(x for x in cuts if x <= left)
                others = [x for x in cuts if x > mine]
                assert not others or right <= min(others) or "others" not in text, text
            else:
                assert any(0 <= x - right <= 40 for x in cuts), text
    assert pointed or policy not in (Window(4),)


@pytest.mark.parametrize("size", [(900, 420), (1340, 560), (640, 420), (480, 400)])
def test_the_way_of_a_pair_goes_down_beside_the_words_of_its_column(canvas, size):
    canvas.resize(*size)
    w = small_walk("vanilla", policy=Full())
    canvas.show_data(stage_at(w, 1))
    canvas.grab()
    lay = canvas.stage_layout
    brush = SimpleNamespace(layout=lay)
    for loss in lay.visible:
        x = descent(brush, loss)
        words = lay.right(loss) - lay.word_side
        assert words < x < lay.right(loss) or lay.word_side <= 2
        below = stop_of(brush, loss, loss + 1)
        assert below.x() == x
        assert not (lay.left(loss) + lay.word_side <= below.x() <= words) or lay.word_side <= 2
