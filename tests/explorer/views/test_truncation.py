"""The truncation panel by mouse and chips."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from explorer.model import action as do
from explorer.store import Store
from explorer.theme import palette
from explorer.theme.theme import theme_named
from explorer.views.truncation import TruncationView
from rnncore.truncation import Chunks, Full, Stride, Tail, Window
from tests.explorer.model.runs import small_run


@pytest.fixture
def store(qapp):
    palette.apply(qapp, theme_named("dark"))
    made = Store(small_run())
    yield made
    made.close()


@pytest.fixture
def view(store, qtbot):
    made = TruncationView(store)
    qtbot.addWidget(made)
    made.resize(700, 320)
    made.show()
    return made


def set_policy(store, policy):
    store.dispatch(do.ChangeSettings(replace(store.session.settings, truncation=policy)))
    store.wait()


@pytest.mark.parametrize("size", [(700, 320), (340, 260), (220, 150), (900, 500)])
def test_every_policy_is_drawn_at_every_size(store, view, size):
    view.resize(*size)
    for policy in (Full(), Window(0), Window(3), Chunks(2), Stride(2, 5, "all"), Stride(3, 1), Tail(3), Window(99)):
        set_policy(store, policy)
        assert not view.grab().isNull()
        assert str(view._data.kept) in view.subtitle_label.toolTip()


def test_dragging_the_scissors_changes_the_window(store, view):
    set_policy(store, Window(1))
    canvas, last = view.canvas, store.session.sentence.length - 1
    lane, y = canvas.lanes()[-1]
    assert lane == last
    start = QPoint(round(canvas.column(last - 1)), round(y))
    assert canvas.scissors_at(start.x(), start.y()) == last
    QTest.mousePress(canvas, Qt.MouseButton.LeftButton, pos=start)
    QTest.mouseMove(canvas, QPoint(round(canvas.column(last - 3)), round(y)))
    QTest.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=QPoint(round(canvas.column(last - 3)), round(y)))
    store.wait()
    assert store.session.settings.truncation == Window(3)


def test_a_click_chooses_what_crosses_between_sequences(store, view):
    for name, box in view.canvas._boxes():
        QTest.mouseClick(view.canvas, Qt.MouseButton.LeftButton, pos=box.center().toPoint())
        store.wait()
        assert store.session.settings.between == name
        view.grab()


def test_kinds_and_numbers_are_chosen_by_chips_and_undone(store, view):
    before = store.session.settings.truncation
    view._kind("chunks")
    store.wait()
    assert isinstance(store.session.settings.truncation, Chunks)
    menu = view._numbers["n"].menu()
    view._fill(menu, "n")
    next(a for a in menu.actions() if a.text() == "2").trigger()
    store.wait()
    assert store.session.settings.truncation == Chunks(2)
    store.undo()
    store.undo()
    assert store.session.settings.truncation == before


def test_the_walking_loss_lights_its_lane(store, view):
    set_policy(store, Window(2))
    store.dispatch(do.Move("pass"))
    store.dispatch(do.Move("operation"))
    assert view._data.current == store.session.sentence.length - 1
