from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QTextCharFormat, QTextCursor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel

from explorer.model import action as do
from explorer.model.cell_preview import NAMES, OPERATIONS
from explorer.store import Store
from explorer.theme import palette
from explorer.theme.theme import current, theme_named
from explorer.views.cell_editor import CellEditor
from rnncore.library import LIBRARY
from tests.explorer.model.runs import small_run

OWN = "k = sigmoid(A @ x + B @ h_prev + d)\nh = k * h_prev + (1 - k) * tanh(C @ x)  # mine"


@pytest.fixture
def store(qtbot):
    made = Store(small_run(cell="gru"))
    yield made
    made.close()


@pytest.fixture
def editor(store, qtbot):
    made = CellEditor(store)
    qtbot.addWidget(made)
    made.show()
    return made


def shown(editor):
    grid = editor.summary
    return {grid.itemAtPosition(r, 0).widget().text(): grid.itemAtPosition(r, 1).widget().text() for r in range(4)}


def test_it_begins_with_the_present_cell_and_shows_what_it_is(editor):
    assert editor.text == LIBRARY["gru"].text and editor.apply.isEnabled() and editor.name.text() == "my gru"
    assert shown(editor)["Gates, values"] == "r, z, n" and "W_n\N{NO-BREAK SPACE}5×5" in shown(editor)["Weights"]


def test_control_return_runs_it_and_it_trains_verifies_and_steps(store, editor):
    editor.edit.setPlainText(OWN)
    editor.name.setText("keeper")
    QTest.keyClick(editor.edit, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    store.wait()
    assert not editor.isVisible()
    session = store.session
    assert session.settings.equations == OWN and session.settings.cell_title == "keeper"
    assert session.model.cell.gates == ("k",)
    store.dispatch(do.GoToEnd())
    store.dispatch(do.Advance(3))
    store.wait()
    store.verify_now()
    store.wait()
    assert store.session.training.shown == 3 and store.session.verification.ok
    assert np.isfinite(store.derived.trace(store.session)["k"]).all()
    store.undo()
    assert store.session.settings.cell == "gru"


@pytest.mark.parametrize("where", ["name", "template", "edit", "apply", "cancel"])
def test_control_return_runs_it_from_anywhere(store, editor, where):
    editor.edit.setPlainText(OWN)
    editor.name.setText("keeper")
    QTest.keyClick(getattr(editor, where), Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    store.wait()
    assert not editor.isVisible() and store.session.settings.equations == OWN


@pytest.mark.parametrize("where", ["name", "template", "edit", "cancel"])
def test_control_return_refuses_a_bad_text_from_anywhere(store, editor, where):
    before = store.session.run, store.session.settings
    editor.edit.setPlainText("h = tanh(U @ x")
    QTest.keyClick(getattr(editor, where), Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert editor.isVisible() and "Line 1" in editor.message.text()
    assert (store.session.run, store.session.settings) == before


def test_tab_goes_from_the_equations_to_the_button_that_runs_them(editor, qtbot):
    editor.activateWindow()
    editor.edit.setPlainText(OWN)
    editor.edit.setFocus()
    for following in (editor.apply, editor.cancel):
        QTest.keyClick(editor.focusWidget(), Qt.Key.Key_Tab)
        assert editor.focusWidget() is following


@pytest.mark.parametrize("how", ["cancel", "escape", "close"])
def test_what_is_closed_unfinished_is_there_again(store, editor, qtbot, how):
    editor.edit.setPlainText("h = tanh(U @ x")
    editor.name.setText("half done")
    if how == "cancel":
        editor.cancel.click()
    elif how == "escape":
        QTest.keyClick(editor.edit, Qt.Key.Key_Escape)
    else:
        editor.close()
    assert not editor.isVisible() and store.session.settings.equations is None
    again = CellEditor(store)
    qtbot.addWidget(again)
    again.show()
    assert (again.name.text(), again.text) == ("half done", "h = tanh(U @ x")
    assert again.draft.isVisible() and not again.apply.isEnabled()
    again.edit.undo()
    assert again.text == LIBRARY["gru"].text
    again.name.setText("my gru")
    again.reject()  # as it was: there is nothing to keep
    third = CellEditor(store)
    qtbot.addWidget(third)
    assert third.draft.isHidden() and third.text == LIBRARY["gru"].text


def test_what_has_been_run_is_no_draft(store, editor, qtbot):
    editor.edit.setPlainText("half")
    editor.reject()
    again = CellEditor(store)
    qtbot.addWidget(again)
    again.edit.setPlainText(OWN)
    again.accept()
    store.wait()
    third = CellEditor(store)
    qtbot.addWidget(third)
    assert third.draft.isHidden() and third.text == OWN


@pytest.mark.parametrize("text", ["", "h = tanh(U @ x", "f = sigmoid(U @ x)", "import os\nh = tanh(U @ x)", "h = 1"])
def test_a_text_that_makes_no_cell_is_never_applied(store, editor, text):
    before = store.session.run, store.session.settings  # not the badge: it is verified meanwhile
    editor.edit.setPlainText(text)
    assert not editor.apply.isEnabled() and "Line 1" in editor.message.text()
    QTest.keyClick(editor.edit, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    editor.accept()
    store.wait()
    assert editor.isVisible() and (store.session.run, store.session.settings) == before


def test_a_mistake_is_underlined_where_it_is_while_one_types(editor):
    editor.edit.setPlainText("f = sigmoid(U @ x)\nh = f * foo(f)")
    (mark,) = editor.edit.extraSelections()
    assert mark.cursor.selectedText() == "foo" and mark.cursor.blockNumber() == 1
    assert mark.format.underlineStyle() == QTextCharFormat.UnderlineStyle.WaveUnderline
    assert "line 2, column 9" in editor.message.text().casefold() and "sigmoid, tanh" in editor.message.text()
    assert set(shown(editor).values()) == {"–"}
    editor.edit.setPlainText("f = sigmoid(U @ x)\nh = f * tanh(f)")
    assert not editor.edit.extraSelections() and "make a cell" in editor.message.text()


def test_a_mistake_below_blank_lines_is_underlined_on_its_own_line(editor):
    editor.edit.setPlainText("\n\nh = tanh(U @ x) / 2\n")
    (mark,) = editor.edit.extraSelections()
    assert mark.cursor.blockNumber() == 2 and "Line 3" in editor.message.text()


def test_a_mistake_is_underlined_behind_a_line_that_was_broken_with_shift(editor):
    editor.edit.setPlainText("h = tanh(U @ x)")
    editor.edit.moveCursor(QTextCursor.MoveOperation.End)
    QTest.keyClick(editor.edit, Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    QTest.keyClicks(editor.edit, "z = foo(x)")
    assert editor.edit.document().blockCount() == 1, "Shift and Return begin no paragraph"
    (mark,) = editor.edit.extraSelections()
    assert mark.cursor.selectedText() == "foo"


def test_a_template_replaces_the_text_and_can_be_taken_back(editor):
    editor.start_from("lstm")
    assert editor.text == LIBRARY["lstm"].text and editor.name.text() == "my lstm"
    editor.edit.undo()
    assert editor.text == LIBRARY["gru"].text


def test_a_built_in_name_with_other_equations_is_refused(editor):
    editor.name.setText("LSTM")
    assert not editor.apply.isEnabled() and "built-in" in editor.message.text()


def test_the_very_equations_and_name_of_a_built_in_cell_are_that_cell(store, editor):
    editor.start_from("mgu")
    editor.name.setText("mgu")
    editor.accept()
    store.wait()
    assert store.session.settings.cell == "mgu" and store.session.settings.equations is None


def test_words_are_coloured_by_what_they_are(editor):
    editor.edit.setPlainText("k = sigmoid(A @ x)\nh = k * h_prev")
    formats = {
        f.start: f.format.foreground().color().name() for f in editor.edit.document().firstBlock().layout().formats()
    }
    assert len(set(formats.values())) >= 4


def test_the_graph_follows_what_is_typed_and_is_greyed_while_it_makes_no_cell(editor, qtbot):
    editor.edit.setPlainText(LIBRARY["lstm"].text)
    qtbot.waitUntil(lambda: editor.graph.cell.text == LIBRARY["lstm"].text)
    drawing, _ = editor.graph.drawing(current())
    assert {"c", "h"} <= {box.text for box in drawing.boxes} and not editor.graph.stale
    editor.edit.insertPlainText("(")
    qtbot.waitUntil(lambda: editor.graph.stale)
    assert editor.graph.cell.text == LIBRARY["lstm"].text
    editor.grab()
    editor.edit.undo()
    qtbot.waitUntil(lambda: not editor.graph.stale)


@pytest.mark.parametrize("theme", ["dark", "light", "high-contrast"])
def test_every_built_in_cell_is_drawn_within_the_dialog(editor, qapp, theme):
    palette.apply(qapp, theme_named(theme))
    for cell in LIBRARY.values():
        editor.graph.show_cell(cell)
        drawing, _ = editor.graph.drawing(current())
        assert drawing.boxes and not editor.graph.grab().isNull()
    palette.apply(qapp, theme_named("dark"))


def test_a_cell_of_very_many_operations_is_not_drawn(editor, qtbot):
    editor.edit.setPlainText("h = tanh(" + " + ".join(f"U{n} @ x" for n in range(90)) + ")")
    qtbot.waitUntil(lambda: len(editor.graph.cell.operations) > 60)
    assert editor.graph.drawing(current()) is None and not editor.graph.grab().isNull()


def test_what_has_no_effect_is_said_and_yet_can_be_run(store, editor):
    editor.edit.setPlainText("h = tanh(U @ x + W @ h_prev)\nq = sigmoid(A @ x)")
    assert "never be learnt" in editor.message.text() and editor.apply.isEnabled()
    editor.apply.click()
    store.wait()
    assert store.session.model.cell.gates == ("q",)


def test_an_example_is_a_start_and_can_be_taken_back(store, editor):
    before = editor.text
    titles = [action.text() for action in editor.template.menu().actions()]
    assert titles.index("Examples") < titles.index("A counter")
    next(a for a in editor.template.menu().actions() if a.text() == "A counter").trigger()
    assert "c_prev" in editor.text and editor.name.text() == "a counter" and editor.apply.isEnabled()
    editor.edit.undo()
    assert editor.text == before


def test_a_new_user_finds_what_names_and_functions_there_are(editor):
    said = {label.text() for label in editor.findChildren(QLabel)}
    for form, meaning in (*NAMES, *OPERATIONS):
        assert form in said and meaning in said


def test_a_cell_of_ones_own_is_saved_and_opened_again(store, editor, tmp_path):
    editor.edit.setPlainText(OWN)
    editor.name.setText("keeper")
    editor.accept()
    store.wait()
    store.dispatch(do.Advance(2))
    store.wait()
    path, weights = tmp_path / "own.bptt", store.session.model.parameters
    store.dispatch(do.SavePath(str(path)))
    store.wait()
    other = Store(small_run())
    try:
        other.dispatch(do.OpenPath(str(path)))
        other.wait()
        assert other.session.settings.equations == OWN and other.session.settings.cell_title == "keeper"
        assert other.session.training.shown == 2
        assert all(np.array_equal(other.session.model.parameters[n], v) for n, v in weights.items())
    finally:
        other.close()


def test_a_misspelt_state_is_marked_and_the_right_name_offered(editor):
    editor.edit.setPlainText("f = sigmoid(A @ x)\nh = tanh(U @ x + W @ hprev)")
    (mark,) = editor.edit.extraSelections()
    assert mark.cursor.selectedText() == "hprev" and mark.cursor.blockNumber() == 1
    assert editor.message.text() == "Line 2, column 22: no equation computes 'hprev'. Did you mean h_prev?"
    assert not editor.apply.isEnabled()


def test_a_cell_in_the_signs_of_a_book_runs_and_is_there_again(store, editor, qtbot):
    editor.edit.setPlainText("k = σ(A @ x − d)\nh = k ⊙ h_prev + tanh(U @ x)")
    editor.name.setText("book")
    QTest.keyClick(editor.edit, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    store.wait()
    store.dispatch(do.Advance(1))
    store.wait()
    store.verify_now()
    store.wait()
    assert store.session.settings.cell_title == "book" and store.session.verification.ok


def test_equations_of_ones_own_are_not_called_by_the_cell_that_one_began_with(editor):
    editor.edit.setPlainText(OWN)
    assert editor.name.text() == "my cell"
    editor.edit.setPlainText(LIBRARY["gru"].text)
    assert editor.name.text() == "my gru"
    editor.name.selectAll()
    QTest.keyClicks(editor.name, "my lstm")  # typed, though it is a name that is given as well
    editor.edit.setPlainText(OWN)
    assert editor.name.text() == "my lstm"


def test_the_name_of_the_cell_that_runs_stays_while_its_equations_are_changed(store, editor, qtbot):
    settings = store.session.settings
    store.dispatch(do.ChangeSettings(replace(settings, cell="keeper", equations=OWN, bias=None)))
    store.wait()
    again = CellEditor(store)
    qtbot.addWidget(again)
    again.edit.setPlainText(OWN.replace("tanh", "sigmoid"))
    assert again.name.text() == "keeper"


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_the_graph_names_the_weights_where_they_enter(editor, qapp, theme):
    palette.apply(qapp, theme_named(theme))
    editor.edit.setPlainText("z = sigmoid(Wz @ h_prev + Uz @ x)\nh = (1 - z) * h_prev + z * tanh(W @ h_prev + U @ x)")
    editor._show_graph()
    editor.grab()
    assert {name for name, _ in editor.graph.names} == {"Wz", "Uz", "W", "U"}
    whole = QRectF(editor.graph.rect())
    places = [QRectF(*rect) for _, rect in editor.graph.names]
    assert all(whole.contains(place) for place in places)
    image, weight = editor.graph.grab().toImage(), current().colour("weight")
    for place in places:
        inside = [
            image.pixelColor(x, y)
            for x in range(int(place.left()), int(place.right()))
            for y in range(int(place.top()), int(place.bottom()))
        ]
        assert any(abs(colour.hue() - weight.hue()) < 15 for colour in inside)
