"""The names of the rows beside a stage: none lies on another, however low the stage is."""

from __future__ import annotations

import itertools

import pytest
from PySide6.QtCore import QRectF
from PySide6.QtGui import QFontMetricsF

from explorer.model.stage_layout import Detail
from explorer.views.stage.brush import Brush
from explorer.widgets.paint import elided, text_width
from rnncore.truncation import Stride, Window
from tests.explorer.model.stages import scene_of, small_walk, stage_at


def labels(canvas, monkeypatch) -> list[tuple[str, QRectF]]:
    """What is written left of the columns, with what of it is ink and a pixel more on each side."""
    found = []
    original = Brush.text

    def text(brush, rect, place, text, font, *rest, **more):
        wide, tall = text_width(text, font), QFontMetricsF(font).capHeight() + 2.0
        left = rect.x() + place * (rect.width() - wide)
        if left < brush.layout.gutter - 8 and text:
            found.append((text, QRectF(left, rect.center().y() - tall / 2, wide, tall)))
            assert more.get("whole") or elided(text, font, rect.width()) == text
        original(brush, rect, place, text, font, *rest, **more)

    with monkeypatch.context() as patch:
        patch.setattr(Brush, "text", text)
        canvas._all_dirty()
        canvas.grab()
    return found


@pytest.mark.parametrize("height", [200, 240, 300, 360, 440])
@pytest.mark.parametrize(("cell", "hidden"), [("lstm", 16), ("lstm", 256), ("gru", 40), ("vanilla", 256), ("lstm", 3)])
@pytest.mark.parametrize("policy", [Window(4), Stride(1, 20)], ids=str)
def test_no_name_of_a_row_lies_on_another_at_two_hundred_steps(canvas, monkeypatch, policy, cell, hidden, height):
    canvas.resize(1000, height)
    w = small_walk(cell, hidden=hidden, steps=200, policy=policy)
    canvas.show_data(stage_at(w, w.script.backward_start + 40))
    canvas.show_data(stage_at(w, w.script.backward_start + 40, scene_of(w, canvas.most_cells(*_strips(canvas)))))
    assert canvas.stage_layout.detail == Detail.HEAT
    found = labels(canvas, monkeypatch)
    words = " ".join(text for text, _ in found)
    assert "∂L" in words
    if (group := canvas.data.scene.group) > 1:
        assert any(said in words for said in (f"max of {group}", f"max {group}", f"largest of {group}"))
    for (a, first), (b, second) in itertools.combinations(found, 2):
        assert not first.intersects(second), (a, b)
    assert all(area.right() <= canvas.stage_layout.gutter + 1 for _, area in found)
    assert all(area.top() >= 0 and area.bottom() <= height for _, area in found)


def _strips(canvas) -> tuple[int, int, int, int]:
    scene = canvas.data.scene
    return scene.length, len(scene.states), len(scene.gates), scene.hidden
