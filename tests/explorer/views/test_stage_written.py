"""The words and numbers on the stage: whole, in their room, and true."""

from __future__ import annotations

import itertools
import re
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtGui import QPainter

from explorer.model.stage_layout import Detail
from explorer.theme.theme import current
from explorer.views.stage.brush import _STAMPS, Brush
from explorer.views.stage.canvas import StageCanvas
from explorer.views.stage.hint import hint_rect
from explorer.widgets.paint import elided, text_width
from rnncore.cells import Cell
from tests.explorer.model.stages import scene_of, small_walk, stage_at
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
def test_a_word_is_cut_before_its_number_goes_and_only_where_no_type_has_room_for_both(canvas, monkeypatch, width):
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
    words = 0
    for (number, said, its_font), (rect, text, font) in itertools.pairwise(written):
        if text != "chases":
            continue
        words += 1
        if not (said.isdigit() or said == "<1"):
            assert width < 860  # there is no room for three letters beside a number
            continue
        tiny = current().font("tiny", bold=font.bold())
        if text_width("chases", font) > rect.width():
            room = number.width() - text_width(said, its_font)
            assert text_width("chases", tiny) + 3 > room - 6
            assert len(elided("chases", font, rect.width()).rstrip("…")) >= 3
    assert words > 10


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


LONG = ("<s>", "the", "licensee", "who", "addressed", "a", "small", "animal", "near", "</s>")


def read_aloud(canvas: StageCanvas, monkeypatch) -> list[tuple[str, str]]:
    """What is read and how it is written, at the foot of each column."""
    found = []

    def cut(word, font, room, original=elided):
        found.append((word, original(word, font, room)))
        return found[-1][1]

    with monkeypatch.context() as patch:
        patch.setattr("explorer.views.stage.columns.elided", cut)
        patch.setattr(
            Brush,
            "text",
            lambda brush, rect, place, text, font, *_, **__: found.append((text, elided(text, font, rect.width()))),
        )
        canvas._all_dirty()
        canvas.grab()
    return found


@pytest.mark.parametrize(("steps", "size"), [(24, (900, 400)), (18, (860, 460)), (10, (900, 420)), (10, (760, 420))])
def test_every_word_that_is_read_is_written_whole_lying_or_upright(canvas, monkeypatch, steps, size):
    canvas.resize(*size)
    data = stage_at(small_walk("vanilla", hidden=16, steps=steps), 60)
    tokens = tuple(LONG[t % len(LONG)] for t in range(steps))
    canvas.show_data(replace(data, scene=replace(data.scene, tokens=tokens, words=((),) * steps)))
    found = read_aloud(canvas, monkeypatch)
    for word in tokens:
        assert (word, word) in found
    assert not [shown for word, shown in found if word in tokens and shown != word]


@pytest.mark.parametrize(("steps", "width"), [(50, 940), (80, 1390), (40, 1390), (30, 1000), (9, 1390)])
def test_letters_are_not_turned_where_they_fit(canvas, monkeypatch, steps, width):
    canvas.resize(width, 560)
    data = stage_at(small_walk("vanilla", hidden=1, steps=steps), 0)
    tokens = ("<s>", *("GNU␣GENERAL␣PUBLIC␣" * 5)[: steps - 1])
    canvas.show_data(replace(data, scene=replace(data.scene, tokens=tokens, words=((),) * steps)))
    lying = []
    with monkeypatch.context() as patch:
        patch.setattr(Brush, "text", lambda brush, rect, place, text, *_, **__: lying.append(text))
        canvas._all_dirty()
        canvas.grab()
    assert [text for text in lying if text in set(tokens[1:])] == list(tokens[1:])
    lay = canvas.stage_layout
    assert not lay.words_upright and lay.rows["input"].height >= 14


@pytest.mark.parametrize("steps", [200, 40, 24, 12])
@pytest.mark.parametrize("hidden", [2, 16])
def test_a_number_is_never_written_in_part_at_the_edges_of_a_stage_that_is_scrolled(canvas, monkeypatch, steps, hidden):
    w = small_walk("vanilla", hidden=hidden, steps=steps)
    canvas.show_data(stage_at(w, len(w)))
    canvas.set_zoom(4.0)
    shares = []
    original = Brush.stamp

    def stamp(brush, at, reach, key, draw):
        if key[0] == "word" and key[4]:
            shares.append((key[4], at.x(), at.x() + key[8]))
        elif key[0] != "word":
            original(brush, at, reach, key, draw)

    monkeypatch.setattr(Brush, "stamp", stamp)
    seen = set()
    for offset in np.linspace(0, canvas.stage_layout.furthest, 23):
        canvas.scroll_to(float(offset) + 0.4)
        lay = canvas.stage_layout
        begin, end = lay.gutter - 0.5, lay.gutter + lay.room + 1.5
        shares.clear()
        numbers = [one for one in written_on(canvas, monkeypatch) if re.fullmatch(r"(t = )?[+−]?\d[\d.]*", one[0])]
        for text, left, right in (*numbers, *shares):
            assert begin <= left and right <= end, (text, left, right)
            seen.add(text)
    assert len(seen) > 10


@pytest.mark.parametrize("steps", [9, 13, 18])
@pytest.mark.parametrize("cell", ["lstm", "gru", Cell.from_equations("own", OWN)], ids=["lstm", "gru", "own"])
def test_the_names_of_the_initial_states_do_not_run_into_one_another(canvas, monkeypatch, cell, steps):
    canvas.resize(1300, 515)
    w = small_walk(cell, steps=steps)
    canvas.show_data(stage_at(w, 30))
    lay = canvas.stage_layout
    assert lay.lead
    names = [n for n in written_on(canvas, monkeypatch) if lay.lead_left <= n[1] and n[2] <= lay.left(0) + 14 and n[0]]
    names = sorted((n for n in names if n[0] in ("−1", "c", "h", "slow") or "…" in n[0]), key=lambda n: n[1])
    assert names[-1][0] == "−1"
    assert all(before[2] <= after[1] + 0.5 for before, after in itertools.pairwise(names)), names


def test_a_word_of_the_output_is_written_smaller_before_it_is_cut(canvas, monkeypatch):
    canvas.resize(1300, 560)
    w = small_walk("lstm", steps=18)
    data = stage_at(w, len(w))
    scene = replace(data.scene, words=tuple(("<unk>",) * len(words) for words in data.scene.words))
    written = []
    monkeypatch.setattr(
        Brush,
        "text",
        lambda brush, rect, place, text, font, *_, **__: written.append((text, text_width(text, font), rect)),
    )
    _STAMPS.clear()
    canvas.show_data(replace(data, scene=scene))
    canvas.grab()
    assert canvas.stage_layout.detail == Detail.TARGET
    words = [(wide, rect) for text, wide, rect in written if text == "<unk>"]
    assert words and all(wide <= rect.width() for wide, rect in words)


@pytest.mark.parametrize("wide", range(700, 1300, 7))
def test_a_word_has_the_same_type_in_every_column(canvas, monkeypatch, wide: int):
    w = small_walk("vanilla", steps=9)
    scene = scene_of(w)
    words = tuple(("chases", "mary", "sleeps")[: len(row)] for row in scene.words)
    same = replace(scene, words=words, shares=np.full_like(scene.shares, 0.04))
    found: dict[str, set[tuple[int, bool]]] = {}
    usual = Brush.text

    def noted(self, area, side, text, font, *more, **options):
        if text in ("chases", "sleeps"):
            found.setdefault(text, set()).add((font.pixelSize(), font.bold()))
        usual(self, area, side, text, font, *more, **options)

    monkeypatch.setattr(Brush, "text", noted)
    _STAMPS.clear()
    canvas.resize(wide, 500)
    canvas.show_data(replace(stage_at(w, len(w), scene), scene=same))
    canvas.grab()
    assert all(
        len({size for size, bold in sizes if bold == thick}) <= 1 for sizes in found.values() for thick in (0, 1)
    )


@pytest.mark.parametrize("wide", range(700, 1300, 31))
def test_words_that_are_cut_are_all_in_the_smallest_type(canvas, monkeypatch, wide: int):
    w = small_walk("vanilla", steps=9)
    scene = scene_of(w)
    words = tuple(("accepting", "additional", "conditions", "warranties")[: len(row)] for row in scene.words)
    same = replace(scene, words=words, shares=np.full_like(scene.shares, 0.04))
    cut: set[int] = set()
    usual = Brush.text

    def noted(self, area, side, text, font, *more, **options):
        if len(text) > 8 and text_width(text, font) > area.width() + 0.5:
            cut.add(font.pixelSize())
        usual(self, area, side, text, font, *more, **options)

    monkeypatch.setattr(Brush, "text", noted)
    _STAMPS.clear()
    canvas.resize(wide, 500)
    canvas.show_data(replace(stage_at(w, len(w), scene), scene=same))
    canvas.grab()
    assert cut <= {current().font("tiny").pixelSize()}
