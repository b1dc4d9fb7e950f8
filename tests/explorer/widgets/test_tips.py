"""Tool tips show what was written, the words of the vocabulary that look like marks as well."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QEvent, QPoint
from PySide6.QtGui import QFont, QHelpEvent, QTextDocument
from PySide6.QtWidgets import QToolTip

from explorer.views.stage.canvas import StageCanvas
from explorer.widgets.tips import folded, plain
from tests.explorer.model.stages import WORDS, small_walk, stage_at


def shown(text: str) -> str:
    """What a label makes of a text."""
    document = QTextDocument()
    document.setHtml(text)
    return document.toPlainText().replace("\xa0", " ")


@pytest.mark.parametrize("text", ["reads “<s>”, and\nmore", "<b>", "a < b and b > c  twice"])
def test_what_looks_like_a_mark_is_shown_letter_by_letter(text):
    made = plain(text)
    assert made == text or shown(made) == text


def test_the_tip_of_a_sentence_s_first_word_names_it(qtbot):
    canvas = StageCanvas()
    qtbot.addWidget(canvas)
    canvas.resize(1000, 515)
    canvas.show()
    w = small_walk("vanilla", masked=None)
    canvas.show_data(stage_at(w, len(w)))
    lay = canvas.stage_layout
    (t,) = [t for t in range(8) if WORDS[int(w.targets[t])] == "<s>"][:1]
    at = QPoint((lay.left(t) + lay.right(t)) // 2, round(lay.rows["input"].middle))
    canvas.event(QHelpEvent(QEvent.Type.ToolTip, at, canvas.mapToGlobal(at)))
    assert "target “<s>”" in shown(QToolTip.text())
    QToolTip.hideText()


FORMULA = "∂L₀/∂a_f,0[4] = ∂L₀/∂f₀ · f₀(1 − f₀) = 0.003402 × 0.2482 = 0.0008442"


@pytest.mark.parametrize("size", [6, 9, 14, 22])
@pytest.mark.parametrize("times", [1, 2, 3])
def test_a_formula_is_broken_before_a_sign_and_never_inside_a_fraction(qapp, size, times):
    text = f"t = 0 “<s>”, unit 4\n{' = '.join([FORMULA] * times)}"
    font = QFont()
    font.setPointSize(size)
    document = QTextDocument()  # a tool tip has one for what it takes for mark-up
    document.setDefaultFont(font)
    document.setHtml(plain(text))
    document.setTextWidth(200)
    document.size()  # lays it out
    block, lines = document.begin(), []
    while block.isValid():
        lay = block.layout()
        for n in range(lay.lineCount()):
            line = lay.lineAt(n)
            lines.append(block.text()[line.textStart() : line.textStart() + line.textLength()])
        block = block.next()
    lines = [part.strip("\u2028") for line in lines for part in line.split("\u2028") if part.strip("\u2028")]
    assert lines[0] == "t = 0 “<s>”, unit 4" and len(lines) == 1 + len(folded(text.split("\n")[1]))
    for line in lines[2:]:
        assert line.strip()[0] in "=·×+"
    written = text.split("\n")[1].replace("a_f", "af")  # with a lowered f
    assert "".join("".join(lines[1:]).split()) == "".join(written.split())


def test_a_line_is_broken_only_where_it_is_too_long():
    assert folded(FORMULA) == [FORMULA]
    assert all(len(line) <= 40 for line in folded(FORMULA, 40))
    assert folded("x" * 100) == ["x" * 100]
    prose = " ".join(["word"] * 40)
    assert len(folded(prose)) > 1 and " ".join(" ".join(folded(prose)).split()) == prose


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("f₅ = σ(a_f,5) = 0.4", '<p style="white-space:pre">f₅ = σ(a<sub>f,5</sub>) = 0.4</p>'),
        ("∂L/∂a_f,12 < 1", '<p style="white-space:pre">∂L/∂a<sub>f,12</sub> &lt; 1</p>'),
        ("W_n h₋₁ + b_hn", '<p style="white-space:pre">W<sub>n</sub> h₋₁ + b<sub>hn</sub></p>'),
        ("the word “a_b”, and h_prev", '<p style="white-space:pre">the word “a_b”, and h<sub>prev</sub></p>'),
        ("file my_text.txt, d_model, x_1", "file my_text.txt, d_model, x_1"),
    ],
)
def test_the_index_of_a_name_is_lowered(text, said):
    assert plain(text) == said
