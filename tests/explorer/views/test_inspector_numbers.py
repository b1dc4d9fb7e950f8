"""The inspector's table of numbers: keys, large models, numbers that are none; and its tabs with such numbers."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication

from explorer.model import action as do
from explorer.model.inspector_data import InspectorData
from explorer.model.now_parts import Words
from explorer.theme import palette
from explorer.theme.theme import current, theme_named
from explorer.views.inspector import numbers
from explorer.views.inspector.tabs import TABS
from explorer.views.inspector.view import InspectorView
from explorer.widgets.paint import text_width
from rnncore.model import Model
from rnncore.optim import SGD
from rnncore.trace import forward
from rnncore.truncation import Window
from rnncore.walk import Walk, walk

from ..model.steps import CELLS, IDS, after, data, make_walk
from .test_inspector import Stub, panel

Key = Qt.Key


@pytest.fixture(autouse=True)
def styled(qapp):
    palette.apply(qapp, theme_named("dark"))


def test_the_arrows_choose_a_unit_in_the_table_and_enter_edits_the_number(qtbot) -> None:
    store = Stub()
    view = InspectorView(store)
    qtbot.addWidget(view)
    view.resize(400, 700)
    view.show()
    store.dispatch(do.SetTab("numbers"))
    store.dispatch(do.Select(unit=0))
    wanted: list[tuple[str, int]] = []
    view.numbers.edit_wanted.disconnect()
    view.numbers.edit_wanted.connect(lambda column, unit, at: wanted.append((column, unit)))
    table = view.numbers.view
    table.setFocus()
    table.setCurrentIndex(view.numbers.model.index(0, 0))
    for unit in (1, 2, 3):
        qtbot.keyClick(table, Key.Key_Down)
        assert store.session.selection.unit == unit and f"unit {unit + 1}" in view.subtitle_label.text()
    qtbot.keyClick(table, Key.Key_Up)
    assert store.session.selection.unit == 2
    qtbot.keyClick(table, Key.Key_Return)
    qtbot.keyClick(table, Key.Key_F2)
    assert wanted == [("h_prev", 2)] * 2
    # The unit that is chosen elsewhere is where the arrows go on.
    store.dispatch(do.StepUnit(3))
    assert store.session.selection.unit == 5 and table.currentIndex().row() == 5
    qtbot.keyClick(table, Key.Key_Down)
    assert store.session.selection.unit == 6


@pytest.mark.parametrize("tab", TABS)
def test_the_next_and_the_unit_before_are_chosen_in_every_tab_and_end_at_the_ends(qtbot, tab: str) -> None:
    store = Stub()
    view = InspectorView(store)
    qtbot.addWidget(view)
    view.show()
    store.dispatch(do.SetTab(tab.lower()))
    store.dispatch(do.StepUnit(-1))
    assert store.session.selection.unit == 0
    for wanted in (1, 2):
        store.dispatch(do.StepUnit(1))
        assert store.session.selection.unit == wanted
        assert f"unit {wanted + 1}" in view.subtitle_label.text()
    last = store.session.model.hidden_size - 1
    store.dispatch(do.StepUnit(10_000))
    assert store.session.selection.unit == last


def long_walk(length: int = 200, hidden: int = 256) -> Walk:
    rng = np.random.default_rng(1)
    model = Model.create(CELLS["lstm"], 30, hidden, seed=2)
    inputs, targets = rng.integers(0, 30, length), rng.integers(0, 30, length)
    return walk(model, forward(model, inputs), targets, Window(2), "by loss", optimiser=SGD(0.1))


def test_of_a_large_model_only_rows_in_view_are_painted_and_the_chosen_one_is_among_them(qtbot, monkeypatch) -> None:
    made = long_walk()
    told = Words(("w",) * 200, ("w",) * 200)

    def at(t: int, unit: int) -> InspectorData:
        return InspectorData(made, made.progress(len(made)), t, unit, told, "LSTM")

    painted: list[int] = []
    original = numbers._Cells.paint
    monkeypatch.setattr(numbers._Cells, "paint", lambda *a: (painted.append(1), original(*a))[1])
    page = numbers.NumbersPage()
    qtbot.addWidget(page)
    page.resize(500, 400)
    page.set_data(at(3, 0))
    page.show()
    QApplication.processEvents()
    assert page.view.verticalScrollBar().maximum() > 200 and page.view.horizontalScrollBar().maximum() > 0
    painted.clear()
    page.set_data(at(150, 200))
    QApplication.processEvents()
    assert 0 < len(painted) < 600
    rows = page.view.visualRect(page.model.index(200, 0))
    assert page.view.viewport().rect().intersects(rows)
    spent = []
    for t in range(100, 130):
        before = time.thread_time()
        page.set_data(at(t, 200))
        QApplication.processEvents()
        spent.append(time.thread_time() - before)
    assert min(spent) < 0.02
    page.view.setFocus()
    qtbot.keyClick(page.view, Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    lines = QGuiApplication.clipboard().text().splitlines()
    assert len(lines) == 257 and lines[201].startswith("201,")
    wanted = repr(float(made.trace.previous("h")[129, 200]))
    assert lines[201].split(",")[1] == wanted


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("cell", ["vanilla", "lstm", "gru", "lstm-peephole", "odd"])
def test_weights_that_are_not_finite_are_shown_for_what_they_are_in_every_tab(qtbot, cell: str, bad: float) -> None:
    made = make_walk(cell)
    weights = {name: np.array(value) for name, value in made.model.parameters.items()}
    first = next(name for name, value in weights.items() if value.ndim == 2 and value.shape == (5, 5))
    weights[first][1, 2] = bad
    model = made.model.with_parameters(weights)
    with np.errstate(all="ignore"):
        spoilt = walk(model, forward(model, IDS[:-1]), made.targets, Window(2), optimiser=SGD(0.1))
    shown = panel(qtbot, (372, 640))
    for position in (spoilt.script.backward_start, after(spoilt, "carry", 3), len(spoilt)):
        found = data(spoilt, position)
        for tab in TABS:
            shown.show_tab(tab)
            shown.set_data(found)
            assert not shown.grab().isNull()
        told = " ".join(f.text for f in found.equations)
        assert "NaN" in told or "∞" in told
        marks = [found.mark(node).value for node in spoilt.model.cell.operations]
        assert any("NaN" in mark or "∞" in mark for mark in marks)
        assert "nan" in found.table.csv().lower() or "inf" in found.table.csv().lower()
    box = next(b for b in shown.graph.fitted.drawing.boxes if b.kind == "operation")
    assert shown.graph._say(shown.graph._over(box.x, box.y))


@pytest.mark.parametrize("width", [250, 330, 372, 420, 480, 700])
def test_at_every_width_columns_are_whole_and_scrolled_one_by_one(qtbot, width: int) -> None:
    store = Stub()
    view = InspectorView(store)
    qtbot.addWidget(view)
    view.resize(width, 700)
    view.show()
    store.dispatch(do.SetTab("numbers"))
    for full in (False, True, False):
        view.numbers.full.setChecked(full)
        QApplication.processEvents()
        table, room = view.numbers.view, view.numbers.view.viewport().width()
        wide = table.columnWidth(0)
        least = text_width("−0.000123456", current().font("small", fixed=True, bold=True)) + numbers.RIGHT
        assert wide >= least
        assert room < wide or room % wide < max(6, room // wide) or table.model().columnCount() * wide <= room
        table.horizontalScrollBar().setValue(1)
        assert table.columnViewportPosition(1) == 0 or table.columnViewportPosition(0) == 0
        table.horizontalScrollBar().setValue(0)


def test_a_number_without_room_loses_digits_and_keeps_its_power(qtbot) -> None:
    model = numbers.NumbersModel()
    found = data(make_walk("lstm"), 40)
    column = np.full(found.table.units, -1.234567891e-120)
    model.set_table(replace(found.table, columns=(column, *found.table.columns[1:])), 0)
    font = current().font("small", fixed=True)
    for room in range(40, 140, 5):
        said = model.shorter(0, 0, font, room)
        assert text_width(said, font) <= room or said == "…"
        assert said == "…" or said.endswith("·10⁻¹²⁰")
    assert model.shorter(0, 0, font, 200) == "−1.2346·10⁻¹²⁰"


def in_sight(page: numbers.NumbersPage, name: str) -> bool:
    """Whether the whole column called ``name`` is in sight."""
    table = page.model.table
    assert table is not None
    area = page.view.visualRect(page.model.index(0, table.names.index(name)))
    return area.left() >= 0 and area.right() <= page.view.viewport().width()


def test_the_table_shows_the_column_of_each_operation_and_lets_the_user_scroll_within_one(qtbot) -> None:
    made = make_walk("lstm")
    page = numbers.NumbersPage()
    qtbot.addWidget(page)
    page.resize(330, 400)
    page.show()
    bar = page.view.horizontalScrollBar()
    for position in range(len(made) + 1):
        found = data(made, position)
        before, column = bar.value(), found.current_column
        seen = column is not None and in_sight(page, found.table.names[column]) if position else False
        page.set_data(found)
        if column is None or seen:
            assert bar.value() == before
        if column is not None:
            assert in_sight(page, found.table.names[column])
    position = after(made, "operation", 3, made.model.cell.node("h").index)
    page.set_data(data(made, position))
    assert bar.value() > 0 and in_sight(page, "h")
    bar.setValue(0)  # as a user's own hand would
    for unit in (2, 3):
        page.set_data(data(made, position, unit=unit))
        page.resize(330 + unit, 400)
        QApplication.processEvents()
        assert bar.value() == 0
    assert bar.maximum() > 0
    page.set_data(data(made, position - 1))
    assert bar.value() > 0 and in_sight(page, "h")  # tanh(c) is a part of h


def test_what_is_not_computed_yet_has_a_quiet_sign_that_says_so_and_stays_empty_in_a_copy(qtbot) -> None:
    made = make_walk("lstm")
    model = numbers.NumbersModel()
    found = data(made, after(made, "operation", 3, made.model.cell.node("i").index))
    model.set_table(found.table, 1)
    known, unknown = (found.table.names.index(name) for name in ("i", "∂L/∂c"))
    assert model.cell(0, unknown) == ("·", "muted", False) and model.cell(1, unknown)[2]
    assert "not computed yet" in model.data(model.index(0, unknown), Qt.ItemDataRole.ToolTipRole)
    assert model.data(model.index(0, unknown), Qt.ItemDataRole.AccessibleTextRole) == "not computed yet"
    assert "not" not in model.data(model.index(0, known), Qt.ItemDataRole.AccessibleTextRole)
    row = found.table.csv().splitlines()[1].split(",")
    assert row[1 + unknown] == "" and row[1 + known] == repr(float(found.table.columns[known][0]))
    assert "·" not in found.table.csv()
