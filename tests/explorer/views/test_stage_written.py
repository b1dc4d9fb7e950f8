"""The words and numbers on the stage: whole, in their room, and true."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest
from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainter

from explorer.model.stage_hit import Hit, tip
from explorer.model.stage_layout import Detail
from explorer.theme.theme import current
from explorer.views.stage.brush import _STAMPS, Brush
from explorer.views.stage.hint import hint_rect
from explorer.widgets.paint import text_width
from rnncore.cells import Cell
from rnncore.truncation import Stride, Window
from tests.explorer.model.stages import before_visit, scene_of, small_walk, stage_at
from tests.explorer.views.canvases import written_on


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
