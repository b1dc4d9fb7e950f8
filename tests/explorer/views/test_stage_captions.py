"""What the stage says in sentences: beside the scissors, of what is counted, and of what is not seen here."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QRectF
from PySide6.QtGui import QFontMetricsF

from explorer.model.stage_build import build_stage
from explorer.model.stage_hit import Hit, tip
from explorer.theme.palette import apply
from explorer.theme.theme import current, enlarged
from explorer.widgets.paint import text_width
from rnncore.truncation import Full, Stride, Window
from tests.explorer.model.stages import before_visit, scene_of, small_walk, stage_at
from tests.explorer.views.canvases import written_on


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
