"""While the scissors are held every panel shows what letting them go would make, and the run is untouched."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QApplication

from explorer.model import action as do
from explorer.theme.theme import current
from explorer.views.ledger_canvas import LedgerCanvas
from explorer.views.stage.brush import Brush
from explorer.views.stage.scissors import badge_centre
from explorer.views.topbar import TopBar
from explorer.views.window import MainWindow
from rnncore.truncation import Window

from . import later
from .canvases import LEFT


@pytest.fixture
def walked(window: MainWindow) -> MainWindow:
    """The window far into the gradient's way back, with the ledger in sight."""
    window.board.show_panel("ledger")
    window.store.dispatch(do.GoToEnd())
    later.settle(window.store)
    return window


def scissors(window: MainWindow) -> QPoint:
    canvas = window.stage.canvas
    brush = Brush(QPainter(), canvas.data, canvas.stage_layout, current(), 1.0)
    return badge_centre(brush, canvas.data.cut.scissors[0].boundary).toPoint()


def hold(window: MainWindow, qtbot: Any, away: int) -> QPoint:
    """Take the scissors up and bring them so many columns away."""
    canvas, start = window.stage.canvas, scissors(window)
    there = start + QPoint(round(away * canvas.stage_layout.column_width), 0)
    qtbot.mousePress(canvas, LEFT, pos=start)
    qtbot.mouseMove(canvas, there)
    later.settle(window.store)
    QApplication.processEvents()
    return there


def kept(window: MainWindow) -> int:
    """The pairs that the ledger's table counts."""
    ledger = window.findChild(LedgerCanvas).data.ledger
    assert ledger is not None
    return int((ledger.kept > 0).sum())


def test_ledger_and_chip_follow_what_is_held_and_undo_knows_nothing_of_it(walked: MainWindow, qtbot):
    store = walked.store
    run, wide, undoable = store.session.run, kept(walked), store.can_undo
    there = hold(walked, qtbot, 2)
    assert store.session.settings.truncation == Window(2)
    assert kept(walked) < wide
    assert walked.findChild(TopBar).truncation.value() == "window k = 2"
    assert store.session.run is run and store.can_undo == undoable
    qtbot.mouseRelease(walked.stage.canvas, LEFT, pos=there)
    later.settle(store)
    assert store.session.run is not run and store.session.run.settings.truncation == Window(2)
    assert store.session.trial is None
    store.undo()
    assert store.session.settings.truncation == Window(4) and store.session.run is run


def test_escape_puts_the_scissors_and_every_panel_back(walked: MainWindow, qtbot):
    store = walked.store
    before, wide = store.session, kept(walked)
    hold(walked, qtbot, 2)
    qtbot.keyClick(walked.stage.canvas, Qt.Key.Key_Escape)
    later.settle(store)
    assert store.session.settings is before.settings and store.session.position == before.position
    assert kept(walked) == wide and not walked.stage.canvas.holding


def test_a_button_that_was_released_elsewhere_lets_the_scissors_go(walked: MainWindow, qtbot):
    hold(walked, qtbot, 2)
    walked.stage.canvas.hide()
    assert not walked.stage.canvas.holding and walked.store.session.trial is None
    walked.stage.canvas.show()


def test_scissors_brought_back_to_where_they_were_taken_change_nothing(walked: MainWindow, qtbot):
    store, start = walked.store, scissors(walked)
    run = store.session.run
    hold(walked, qtbot, 2)
    qtbot.mouseMove(walked.stage.canvas, start)
    assert store.session.trial is None
    qtbot.mouseRelease(walked.stage.canvas, LEFT, pos=start)
    later.settle(store)
    assert store.session.run is run


def test_an_undo_while_they_are_held_goes_back_from_what_was_chosen(walked: MainWindow, qtbot):
    store = walked.store
    store.dispatch(do.TypeSentence("a b c d a b c"))
    later.settle(store)
    store.dispatch(do.GoToEnd())
    typed = store.session
    hold(walked, qtbot, 1)
    assert store.session.trial is not None
    store.undo()
    assert store.session.trial is None and store.session.settings.truncation == Window(4)
    store.redo()
    assert store.session.trial is None and store.session.sentence is typed.sentence


def test_a_cut_that_is_taken_back_before_its_run_is_there_is_not_tried_any_more(walked: MainWindow, qtbot):
    store = walked.store
    own = store.session.settings
    there = hold(walked, qtbot, 2)
    qtbot.mouseRelease(walked.stage.canvas, LEFT, pos=there)
    assert store.session.trial is not None and store.wished.truncation == Window(2)
    store.dispatch(do.ChangeSettings(own))  # what is on show is chosen again
    later.settle(store)
    assert store.session.trial is None and store.session.settings is own


def test_while_it_trains_the_scissors_stay_in_hand(walked: MainWindow, qtbot):
    store = walked.store
    hold(walked, qtbot, 2)
    model = store.session.model
    store.dispatch(do.Advance(3))
    later.settle(store)
    QApplication.processEvents()
    assert store.session.model is not model and walked.stage.canvas.holding
    assert store.session.settings.truncation == Window(2)


def test_an_edit_while_they_are_held_goes_on_from_what_was_chosen_and_they_are_tried_anew(walked: MainWindow, qtbot):
    store = walked.store
    hold(walked, qtbot, 2)
    store.dispatch(do.EditWeight("W", 0, 0, 0.25))
    assert store.session.run.settings.truncation == Window(4)
    later.settle(store)
    QApplication.processEvents()
    assert store.session.settings.truncation == Window(2) and store.session.model.parameters["W"][0, 0] == 0.25


def test_another_sentence_takes_the_scissors_out_of_the_hand(walked: MainWindow, qtbot):
    store = walked.store
    hold(walked, qtbot, 2)
    store.dispatch(do.TypeSentence("a b c d"))
    later.settle(store)
    QApplication.processEvents()
    assert not walked.stage.canvas.holding and store.session.trial is None
