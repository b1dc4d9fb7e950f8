from __future__ import annotations

from unittest.mock import patch

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QHelpEvent, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QToolTip

from explorer.actions import BY_ID
from explorer.model import action as do
from explorer.model.stage_hit import target_of
from explorer.store import Store
from explorer.theme.theme import current
from explorer.views.edit import EditDialog
from explorer.views.inspector import InspectorView
from explorer.views.stage import StageView
from explorer.views.topbar.bar import TopBar, sentence_name
from explorer.widgets.value_editor import ValueEditor
from rnncore.clamps import Clamp
from tests.explorer.model.runs import small_run


@pytest.fixture
def store(qtbot):
    made = Store(small_run(cell="lstm"))
    made.dispatch(do.GoToEnd())
    yield made
    made.close()


def dialog_of(store, qtbot, **options):
    dialog = EditDialog(store, **options)
    qtbot.addWidget(dialog)
    dialog.show()
    return dialog


def titles_of(dialog):
    return [dialog.list.item(row).text().split("  ")[0] for row in range(dialog.list.count())]


def editor() -> ValueEditor | None:
    return next((w for w in QApplication.topLevelWidgets() if isinstance(w, ValueEditor) and w.isVisible()), None)


# --- by the keyboard ---


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("W_f[4, 3] = 0.5", lambda s: s.model.parameters["W_f"][3, 2] == 0.5),
        ("h0[2]=-1", lambda s: s.sentence.initial_state["h"][1] == -1),
        ("token 2 = cats", lambda s: s.sentence.words[2] == "cats"),
        ("f = 1", lambda s: s.settings.clamps == (Clamp("f", 1.0),)),
        ("learning rate = 0.02", lambda s: s.training.state.learning_rate == 0.02),
    ],
)
def test_a_value_is_typed_with_its_name(store, qtbot, text, found):
    dialog = dialog_of(store, qtbot)
    QTest.keyClicks(dialog.line, text)
    assert dialog.note.text().startswith("Enter: ")
    QTest.keyClick(dialog.line, Qt.Key.Key_Return)
    assert found(store.session) and not dialog.isVisible()


def test_a_mistake_is_said_as_one_types_and_enter_does_nothing(store, qtbot):
    dialog = dialog_of(store, qtbot)
    session = store.session
    for text, words in (
        ("Q = 1", "nothing here is called"),
        ("f = ajar", "not a number here"),
        ("W_f = 1", "which entry"),
    ):
        dialog.line.clear()
        QTest.keyClicks(dialog.line, text)
        assert words in dialog.note.text()
        QTest.keyClick(dialog.line, Qt.Key.Key_Return)
        assert dialog.isVisible() and store.session is session


def test_arrows_choose_from_the_list_and_enter_opens_the_editor(store, qtbot):
    dialog = dialog_of(store, qtbot, clamps=True)
    assert titles_of(dialog) == [f"Clamp {name}" for name in "ifgohc"]
    QTest.keyClick(dialog.line, Qt.Key.Key_Down)
    QTest.keyClick(dialog.line, Qt.Key.Key_Return)
    opened = editor()
    assert opened is not None and opened.field.target.name == "f"
    opened.close()


def test_typing_narrows_the_list(store, qtbot):
    dialog = dialog_of(store, qtbot)
    QTest.keyClicks(dialog.line, "token")
    assert titles_of(dialog) == [f"Token at step {n}" for n in range(len(store.session.sentence.words))]


def test_the_commands_are_in_the_table_and_reset_only_where_something_is_edited(store):
    reset = BY_ID["reset-edits"]
    assert not reset.when(store.session)
    store.dispatch(do.ClampGate("f", 1.0))
    assert reset.when(store.session)
    store.dispatch(reset.action)
    assert not reset.when(store.session) and store.session.settings.clamps == ()
    assert BY_ID["edit-value"].keys == ("F2",) and BY_ID["clamp"].title == "Clamp a gate…"


# --- on the stage ---


@pytest.fixture
def stage(store, qtbot):
    view = StageView(store)
    qtbot.addWidget(view)
    view.resize(1500, 640)
    view.show()
    QApplication.processEvents()
    return view


def double(stage, x, y):
    QTest.mouseDClick(stage.canvas, Qt.MouseButton.LeftButton, pos=QPointF(x, y).toPoint())
    found = editor()
    target = None if found is None else found.field.target
    if found is not None:
        found.close()
    return target


def test_double_clicks_open_the_editor_of_what_is_there(store, stage):
    lay = stage.canvas.stage_layout
    left, span = lay.left(2), lay.gate_spans[1]
    token = double(stage, left + lay.inner / 2, lay.rows["input"].middle)
    assert (token.kind, token.position) == ("token", 2)
    target = double(stage, left + lay.inner / 2, lay.rows["loss"].middle)
    assert (target.kind, target.position) == ("token", 3)
    row = lay.rows["gates"]
    gate = double(stage, left + span.x + 2, row.top + 2.5 * lay.cell_heights[1])
    assert (gate.kind, gate.name, gate.unit, gate.t) == ("clamp", stage.data.gates[1].track.label, 2, 2)
    state = double(stage, left + lay.state_spans[-1].x + 2, lay.rows["state"].top + 0.5 * lay.cell_heights[0])
    assert (state.kind, state.name, state.unit) == ("clamp", "h", 0)
    start = double(stage, lay.left(0) + 2, lay.value_lane)
    assert (start.kind, start.name, start.unit) == ("initial", "h", 0)


def test_a_double_click_leaves_the_selection_of_its_first_click(store, stage):
    lay = stage.canvas.stage_layout
    double(stage, lay.left(3) + lay.inner / 2, lay.rows["input"].middle)
    assert store.session.selection.t in (None, 3)


def test_edits_are_named_in_the_subtitle_and_dotted(store, stage):
    def dotted():
        image = stage.canvas.grab().toImage().convertToFormat(QImage.Format.Format_ARGB32)
        pixels = np.frombuffer(image.constBits(), np.uint32)
        return np.count_nonzero(pixels == current().colour("weight").rgb())

    assert "edited" not in stage.data.subtitle and not stage.data.edited
    before = dotted()
    for action in (do.ClampGate("f", 1.0), do.EditInitialState("h", 0, 1.0), do.EditToken(1, "cats")):
        store.dispatch(action)
        now = dotted()
        assert now > before
        before = now
    for words in ("initial state h₋₁ edited", "f clamped to 1", "→ “cats”"):
        assert words in stage.data.subtitle
    assert "3 edits" in stage.data.brief
    assert "f clamped to 1" in stage.canvas.accessibleName()


def test_every_panel_lives_with_numbers_that_are_none(store, stage, qtbot):
    inspector = InspectorView(store)
    qtbot.addWidget(inspector)
    inspector.resize(500, 800)
    inspector.show()
    for action in (
        do.EditWeight("W_f", 0, 0, float("nan")),
        do.EditWeight("U_i", 1, 1, float("inf")),
        do.EditInitialState("c", 2, float("-inf")),
        do.ClampGate("o", 0.0),
    ):
        store.dispatch(action)
        for place in (0, 30, 200, 10_000):
            store.dispatch(do.GoTo(place))
            for tab in ("graph", "equations", "code", "numbers"):
                store.dispatch(do.SetTab(tab))
                stage.grab()
                inspector.grab()
    store.dispatch(do.ResetEdits())
    assert not stage.data.edited


def test_the_table_of_numbers_opens_the_editor_of_a_gate_and_of_nothing_that_follows(store, qtbot):
    inspector = InspectorView(store)
    qtbot.addWidget(inspector)
    inspector.resize(900, 800)
    inspector.show()
    store.dispatch(do.SetTab("numbers"))
    store.dispatch(do.Select(t=2))
    QApplication.processEvents()
    table = inspector.numbers.model.table
    view = inspector.numbers.view
    view.doubleClicked.emit(inspector.numbers.model.index(1, table.names.index("∂L/∂f")))
    assert editor() is None
    view.doubleClicked.emit(inspector.numbers.model.index(1, table.names.index("f")))
    found = editor()
    assert found.field.target.name == "f" and found.field.target.unit == 1 and found.field.target.t == 2
    found.close()


def test_the_cell_menu_leads_to_a_cell_of_ones_own(store, qtbot):
    bar = TopBar(store)
    qtbot.addWidget(bar)
    menu = bar.cell.menu()
    menu.aboutToShow.emit()
    (entry,) = [a for a in menu.actions() if a.text() == "Your own…"]
    with qtbot.waitSignal(bar.own_cell_wanted, timeout=1000):
        entry.trigger()


def test_the_sentence_chip_says_that_it_was_edited(store, qtbot):
    before = sentence_name(store.session)
    store.dispatch(do.EditToken(1, "cats"))
    assert sentence_name(store.session) == f"{before}, edited"
    store.dispatch(do.TypeSentence("the cat runs"))
    assert sentence_name(store.session) == "typed"


def test_a_tool_tip_says_that_a_double_click_changes_what_can_be_changed(store, stage):
    lay = stage.canvas.stage_layout

    def tip_at(x, y):
        place = QPointF(x, y).toPoint()
        with patch.object(QToolTip, "showText") as shown:
            QApplication.sendEvent(stage.canvas, QHelpEvent(QEvent.Type.ToolTip, place, place))
        return shown.call_args.args[1].removesuffix("</p>")  # around formulas with lowered indices

    words = store.session.sentence.words
    said = {row: tip_at(lay.left(1) + lay.inner / 2, lay.rows[row].middle) for row in ("input", "output", "loss")}
    read = f"Double-click to change the word that is read here, “{words[1]}”, which is also the target at t = 0"
    target = f"Double-click to change the target, “{words[2]}”, which is also read at t = 2"
    assert said["input"].endswith(read)
    assert said["output"].endswith(target) and said["loss"].endswith(target)
    span, row = lay.lead_spans[-1], lay.rows["state"]
    start = tip_at(lay.lead_left + span.x + 2, row.top + 1.5 * lay.cell_heights[0])
    assert start.endswith("Double-click to change h₋₁[2], what the sentence starts from")
    assert "Double-click" not in tip_at(lay.left(1) + 2, lay.value_lane)


def test_the_tool_tip_of_a_state_says_that_it_is_held_at_every_step(store, stage):
    lay = stage.canvas.stage_layout
    row, span = lay.rows["state"], lay.state_spans[-1]
    place = QPointF(lay.left(1) + span.x + 3, row.top + 3).toPoint()
    with patch.object(QToolTip, "showText") as shown:
        QApplication.sendEvent(stage.canvas, QHelpEvent(QEvent.Type.ToolTip, place, place))
    words = shown.call_args.args[1]
    target = target_of(stage.canvas._data, stage.canvas._hit(QPointF(place)), None)
    assert target.name == "h"
    assert words.endswith(f"Double-click to hold h[{target.unit + 1}] at a value at every step")
    assert "change it" not in words
