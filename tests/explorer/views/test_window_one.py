"""One step, one unit, one word: nothing on screen calls one thing by a plural."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QLabel, QWidget

from explorer.model import action as do
from explorer.model.truncation_data import truncation_data
from explorer.panels import PANELS
from explorer.widgets.elided import ElidedLabel
from rnncore.truncation import Chunks, Full, Stride, Tail, Window

ONE = re.compile(
    r"(?<![\d.,^−-])\b1 (?!loss\b)(?:[a-z]+ )?(?:steps|words|pairs|votes|units|tokens|losses|rows|columns|sentences"
    r"|copies|updates|operations|runs|weights|cells|gates|lanes)\b|(?:all|these) 1\b"
)


def said(window):
    """Every sentence that is printed or spoken."""
    for widget in window.findChildren(QWidget):
        yield from (widget.accessibleName(), widget.accessibleDescription(), widget.toolTip(), widget.statusTip())
        if isinstance(widget, (QLabel, QAbstractButton, ElidedLabel)):
            yield widget.text()
            yield from getattr(widget, "_forms", ())


def test_the_pattern_finds_what_it_is_to_find():
    for wrong in ("1 steps", "g / 1 words", "Σ of 1 votes", "0 of 1 pairs", "all 1 pairs kept", "these 1 steps"):
        assert ONE.search(wrong)
    for right in ("1 step", "11 steps", "t = 1 loss", "0.1 units", "H 1, 16 units", "1 of 16 tokens"):
        assert not ONE.search(right), right


@pytest.mark.parametrize("policy", [Full(), Window(1), Chunks(1), Stride(1, 1), Tail(1)])
def test_of_one_step_nothing_speaks_in_the_plural(window, policy):
    store = window.store
    settings = replace(store.session.settings, truncation=policy, hidden_size=1)
    store.dispatch(do.ChangeSettings(settings))
    store.wait()
    store.dispatch(do.TypeSentence("<s> the"))
    store.wait()
    assert store.session.sentence.length == 1
    found = set()
    for move in (do.GoTo(0), do.Move("pass"), do.GoToEnd()):
        store.dispatch(move)
        for info in PANELS:
            window.board.show_panel(info.id)
            QTest.qWait(5)
        store.wait()
        found |= {text for text in said(window) if ONE.search(text)}
    found |= {text for text in truncation_data(store.session).sentences if ONE.search(text)}
    assert not found
