"""Names in other text: with a lowered index, and only what is one."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QImage, QPainter

from explorer.theme import palette
from explorer.theme.theme import theme_named
from explorer.widgets.chip import Chip
from explorer.widgets.elided import ElidedLabel
from explorer.widgets.names import NameRow
from explorer.widgets.paint import text_width
from explorer.widgets.typeset import draw_named, has_names, named


@pytest.fixture(autouse=True)
def styled(qapp):
    palette.apply(qapp, theme_named("dark"))


@pytest.mark.parametrize(
    ("text", "lowered"),
    [
        ("dW_f accumulates", ["f"]),
        ("Now: gradients of U_i x, W_i h₆", ["i", "i"]),
        ("∂L/∂(W_n h₆), ∂L/∂b_hn", ["n", "hn"]),
        ("‖ΔdW_i‖ 0.3", ["i"]),
        ("ρ(W_n), b_y.", ["n", "y"]),
        ("h_prev", ["prev"]),
        ("dW", []),
        ("bptt_truncate, my_file.txt, a_b.txt", []),
        ("“a_x” is a word, x_12 is none", []),
    ],
)
def test_only_names_have_their_index_lowered_and_all_letters_stay(text: str, lowered: list[str]) -> None:
    font = theme_named("dark").font("label")
    found = named(text, font)
    assert [piece for _, piece, low in found.pieces if low] == lowered
    assert "".join(("_" if low else "") + piece for _, piece, low in found.pieces) == text
    assert has_names(text) == bool(lowered)
    assert found.width <= text_width(text, font) + 0.01 and found.small.pixelSize() >= 8


def inked(text: str) -> list[int]:
    """How many pixels of each row of a picture of ``text`` are painted."""
    picture = QImage(60, 30, QImage.Format.Format_RGB32)
    picture.fill(QColor("black"))
    with QPainter(picture) as painter:
        painter.setPen(QColor("white"))
        draw_named(painter, QRectF(0, 0, 60, 30), text, theme_named("dark").font("title"))
    return [sum(picture.pixelColor(x, y).lightness() > 60 for x in range(60)) for y in range(30)]


def test_an_index_stands_lower_than_its_letter() -> None:
    plain, indexed = inked("W"), inked("W_n")
    last = max(y for y, count in enumerate(plain) if count)
    assert max(y for y, count in enumerate(indexed) if count) > last
    assert sum(indexed) > sum(plain)


def test_titles_rows_and_chips_set_a_name_alike(qtbot, monkeypatch) -> None:
    drawn: list[str] = []

    def note(painter, area, text, font, align=0.0) -> None:
        drawn.append(text)

    for module in ("chip", "elided", "names"):
        monkeypatch.setattr(f"explorer.widgets.{module}.draw_named", note)
    chip, label, row = Chip("dW_f"), ElidedLabel("dW_f accumulates"), NameRow("Gradient")
    row.set_names([("W_f", "dW_f")], "W_f")
    for widget in (chip, label, row):
        qtbot.addWidget(widget)
        widget.resize(200, 30)
        widget.grab()
    assert drawn == ["dW_f", "dW_f accumulates", "dW_f"]
    assert chip.accessibleName() == "dW_f"
