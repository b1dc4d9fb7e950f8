from __future__ import annotations

import math

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QWidget

from explorer.model import action as do
from explorer.model.edit_targets import Target
from explorer.store import Store
from explorer.widgets.editing import edit, open_editor
from rnncore.clamps import Clamp
from rnncore.errors import RnnError
from tests.explorer.model.runs import small_run


@pytest.fixture
def store(qtbot):
    made = Store(small_run(cell="lstm"))
    yield made
    made.close()


@pytest.fixture
def window(qtbot):
    made = QWidget()
    qtbot.addWidget(made)
    made.resize(800, 600)
    made.show()
    return made


def opened(store, window, target):
    return open_editor(store, target, QPoint(100, 100), window)


def typed(editor, text):
    editor.line.selectAll()
    QTest.keyClicks(editor.line, text)
    QTest.keyClick(editor.line, Qt.Key.Key_Return)


def test_enter_sets_the_value_and_closes(store, window):
    editor = opened(store, window, Target("weight", "W_f", 3, 2))
    value = float(store.session.model.parameters["W_f"][3, 2])
    assert editor.line.text() == repr(value) and editor.title.text() == "W_f[4, 3]"
    assert repr(value).replace("-", "−") in editor.now.text()
    typed(editor, "0.375")
    assert store.session.model.parameters["W_f"][3, 2] == 0.375 and not editor.isVisible()


def test_escape_closes_and_changes_nothing(store, window):
    session = store.session
    editor = opened(store, window, Target("initial", "h", 1))
    QTest.keyClicks(editor.line, "9")
    QTest.keyClick(editor.line, Qt.Key.Key_Escape)
    assert store.session is session and not editor.isVisible()


def test_what_is_no_number_is_said_with_the_remedy_and_stays_open(store, window):
    session = store.session
    editor = opened(store, window, Target("weight", "b_f", 0))
    typed(editor, "a lot")
    assert editor.isVisible() and "not a number here: “a lot”" in editor.error and store.session is session
    QTest.keyClicks(editor.line, "1")
    assert editor.error == ""
    typed(editor, "nan")
    assert math.isnan(store.session.model.parameters["b_f"][0])


def test_a_gate_is_opened_in_one_unit_or_in_all(store, window):
    editor = opened(store, window, Target("clamp", "f", 2, t=1))
    assert [c.value() for c in editor.scopes] == ["unit 3", "all units"] and editor.scopes[0].isChecked()
    editor.quick[1].click()
    assert store.session.settings.clamps == (Clamp("f", 1.0, 2),)
    editor = opened(store, window, Target("clamp", "f", 2, t=1))
    editor.scopes[1].click()
    assert editor.scopes[1].isChecked() and not editor.scopes[0].isChecked()
    assert editor.title.text() == "Hold all of f at a value at every step"
    typed(editor, "0.25")
    assert store.session.settings.clamps == (Clamp("f", 0.25),)
    editor = opened(store, window, Target("clamp", "f"))
    editor.quick[2].click()
    assert store.session.settings.clamps == ()


@pytest.mark.parametrize(
    ("name", "words"),
    [("f", ["shut, 0", "open, 1", "free"]), ("h", ["0", "free"]), ("c", ["0", "free"]), ("g", ["0", "free"])],
)
def test_a_clamp_says_what_it_does_in_words_that_fit(store, window, name, words):
    for _ in range(2):  # free, and clamped
        editor = opened(store, window, Target("clamp", name, 2, t=1))
        assert editor.title.text() == f"Hold {name}[3] at a value at every step"
        assert [c.value() for c in editor.quick] == words
        assert "at every step" in editor.accessibleName()
        typed(editor, "0.25")
        assert store.session.settings.clamps == (Clamp(name, 0.25, 2),)


def test_a_refused_clamp_speaks_of_no_gate(store, window):
    editor = opened(store, window, Target("clamp", "h", 2, t=1))
    typed(editor, "much")
    assert "“free”" in editor.error and "open" not in editor.error and "shut" not in editor.error


def test_the_other_states_start_is_one_click_away(store, window):
    editor = opened(store, window, Target("initial", "h", 3))
    editor.scopes[1].click()
    typed(editor, "-2")
    assert store.session.sentence.initial_state["c"].tolist() == [0, 0, 0, -2, 0]


def test_words_of_the_vocabulary_complete_a_token(store, window):
    editor = opened(store, window, Target("token", position=1))
    assert editor.line.completer() is not None
    typed(editor, "dogs")
    assert store.session.sentence.words[1] == "dogs"


@pytest.mark.parametrize(("downs", "word"), [(0, "dogs"), (1, "dogs")])
def test_enter_applies_a_word_while_others_are_offered_and_takes_the_one_that_is_chosen(store, window, downs, word):
    editor = opened(store, window, Target("token", position=1))
    QTest.keyClicks(editor.line, "dogs" if not downs else "dog")
    offered = editor.line.completer().popup()
    offered.show()
    for _ in range(downs):
        names = [offered.model().index(n, 0).data() for n in range(offered.model().rowCount())]
        offered.setCurrentIndex(offered.model().index(names.index("dogs"), 0))
    QTest.keyClick(offered, Qt.Key.Key_Return)
    assert store.session.sentence.words[1] == word
    assert not editor.isVisible() and not offered.isVisible()


def test_the_sentence_s_first_word_is_shown_and_strikes_nothing_through(store, window):
    editor = opened(store, window, Target("token", position=0))
    assert "<s>" in editor.now.text()
    assert all(label.textFormat() == Qt.TextFormat.PlainText for label in editor.findChildren(QLabel))


def test_what_the_session_refuses_is_said_in_the_editor_and_not_in_the_banner(store, window):
    editor = opened(store, window, Target("token", position=1))
    typed(editor, "two words")
    assert "holds one word" in editor.error and store.session.message is None
    editor.close()
    store.dispatch(do.ClampGate("f", 1.0))
    with pytest.raises(RnnError, match="in all units"):
        edit(store, Target("clamp", "f", 1), "free")


def test_there_is_no_editor_of_what_is_not_there(store, window):
    assert opened(store, window, Target("clamp", "a_f")) is None
    assert "to clamp; it has i, f, g" in store.session.message.text


def test_the_editor_stays_on_the_screen(store, window):
    corner = window.screen().availableGeometry().bottomRight()
    editor = open_editor(store, Target("weight", "V", 0, 0), corner, window)
    assert window.screen().availableGeometry().contains(editor.geometry())
    editor.close()


def test_a_reader_of_the_screen_hears_what_is_edited(store, window):
    editor = opened(store, window, Target("initial", "h", 3))
    assert editor.line.accessibleName() == "h₋₁[4], now before the first step, 0.0"
    editor.close()
    assert np.all(store.derived.trace(store.session).initial_state["h"] == 0)


def test_the_editor_is_opaque_up_to_its_corners(store, window):
    editor = opened(store, window, Target("weight", "W_f", 3, 2))
    assert not editor.testAttribute(Qt.WidgetAttribute.WA_TranslucentBackground)  # black where nothing composes
    picture = editor.grab().toImage()
    corners = {picture.pixelColor(x, y).rgba() for x in (0, picture.width() - 1) for y in (0, picture.height() - 1)}
    assert corners == {picture.pixelColor(picture.width() // 2, 0).rgba()}
    editor.close()


def test_a_learning_rate_below_zero_is_marked_while_it_is_typed_with_the_remedy(store, window):
    session = store.session
    editor = opened(store, window, Target("rate"))
    editor.line.selectAll()
    QTest.keyClicks(editor.line, "-")
    assert editor.error == "" and not editor.line.property("wrong")  # it may become a number yet
    QTest.keyClicks(editor.line, "1")
    assert "is below 0" in editor.error and "above 0" in editor.error and editor.line.property("wrong")
    assert editor.line.accessibleDescription() == editor.error
    QTest.keyClick(editor.line, Qt.Key.Key_Return)
    assert editor.isVisible() and store.session is session
    editor.line.selectAll()
    QTest.keyClicks(editor.line, "1e-2")
    assert editor.error == "" and not editor.line.property("wrong")
    QTest.keyClick(editor.line, Qt.Key.Key_Return)
    assert store.session.training.state.learning_rate == 0.01


def test_words_are_marked_only_once_they_can_no_longer_become_a_value(store, window):
    editor = opened(store, window, Target("weight", "b_f", 0))
    for text, wrong in (("n", False), ("na", False), ("nan", False), ("1e", False), ("1e-", False), ("nay", True)):
        editor.line.clear()
        QTest.keyClicks(editor.line, text)
        assert bool(editor.error) == wrong, text
