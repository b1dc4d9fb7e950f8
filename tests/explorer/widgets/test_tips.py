"""Tool tips show what was written, the words of the vocabulary that look like marks as well."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QEvent, QPoint
from PySide6.QtGui import QHelpEvent, QTextDocument
from PySide6.QtWidgets import QToolTip

from explorer.views.stage.canvas import StageCanvas
from explorer.widgets.tips import plain
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
