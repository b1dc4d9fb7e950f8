"""The whole program by keys alone, from the first open to the end: real key events, sent to whatever has the focus."""

from __future__ import annotations

import time

import numpy as np
import pytest
from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtGui import QImage, QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QMenu

from explorer import app
from explorer.model import action as do
from explorer.panels import PANELS
from explorer.views.experiments import ExperimentsView
from explorer.widgets.chip import Chip


@pytest.fixture
def program(qtbot, qapp):
    made = app.Program(restore=False, theme="dark")
    made.window.resize(1366, 768)
    made.window.show()
    qtbot.waitExposed(made.window)
    made.window.activateWindow()
    settle()
    yield made
    window = made.window
    window.close()
    made.close()
    window.deleteLater()
    vars(made).clear()
    vars(window).clear()


def settle(seconds=0.03):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        QCoreApplication.processEvents()
        time.sleep(0.002)


def until(found, seconds=20.0):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found():
            return
        settle(0.01)
    raise AssertionError("it never came to that")


def focus():
    """What has the keyboard: it is always something that can be seen."""
    widget = QApplication.activePopupWidget() or QApplication.focusWidget()
    assert widget is not None and widget.isVisible()
    return widget


def press(keys):
    pressed = QKeySequence(keys)[0]
    QTest.keyClick(focus(), pressed.key(), pressed.keyboardModifiers())
    settle()


def write(text):
    QTest.keyClicks(focus(), text)
    settle()


def turn_to(widget, way="Tab", most=80):
    for _ in range(most):
        if QApplication.focusWidget() is widget:
            return
        press(way)
    raise AssertionError(f"{way} does not lead to {widget.accessibleName()}")


def test_everything_can_be_done_without_a_mouse(program, tmp_path, monkeypatch):
    window, store = program.window, program.store
    session = lambda: store.session  # noqa: E731
    assert window.stage.isAncestorOf(focus())

    # A cell: by the chip in the bar, and by the list of commands.
    turn_to(window.bar.cell, "Shift+Tab")
    press("Return")
    assert isinstance(focus(), QMenu)
    for _ in range(20):
        press("Down")
        if focus().activeAction() is not None and "GRU" in focus().activeAction().text():
            break
    press("Return")
    until(lambda: session().settings.cell.startswith("gru") and not session().busy)
    press("Ctrl+Shift+P")
    write("cell: lstm")
    press("Return")
    until(lambda: session().settings.cell == "lstm" and not session().busy)
    press("Esc")
    turn_to(window.stage.canvas)

    # Walk, and choose a unit, a gate and a step on the stage.
    for keys in ("Right", "Shift+Right", "Ctrl+Right", "Shift+Right"):
        before = session().position
        press(keys)
        assert session().position > before
    press("Down")
    press("Alt+Down")
    press(",")
    press(",")
    chosen = session().selection
    assert chosen.unit == 1 and chosen.t == session().sentence.length - 3
    press("Alt+Down")
    press("Alt+Down")
    gate = store.derived.walk(session()).trace.cell.nodes[session().selection.node]
    assert gate.name in ("i", "f")
    press("N")
    inspector = window.board.docks["inspector"].panel
    assert session().tab == inspector.tab() == "numbers" and inspector.numbers.isVisible()

    # Every panel, the whole screen, and back.
    for info in PANELS:
        dock = window.board.docks[info.id]
        press(info.keys[0])
        assert dock.holds(focus()) and dock.framed and not dock.visibleRegion().isEmpty()
        press("F11")
        assert dock.alone is not None and dock.holds(focus())
        press("Esc")
        assert dock.alone is None and dock.holds(focus())
        press(info.keys[0])
        assert window.stage.isAncestorOf(focus())
    press("F11")
    assert window.isFullScreen()
    press("F11")
    assert not window.isFullScreen()

    # A weight by hand, and taken back.
    before = np.array(session().model.parameters["W_f"])
    press("F2")
    write("W_f[1, 1] = 0.5")
    press("Return")
    until(lambda: session().model.parameters["W_f"][0, 0] == 0.5)
    press("Ctrl+Z")
    until(lambda: np.array_equal(session().model.parameters["W_f"], before))
    assert window.stage.isAncestorOf(focus())

    # Train, and compare.
    press("T")
    until(lambda: session().training.shown > 3)
    press("T")
    until(lambda: not session().training.running)
    press("Ctrl+B")
    assert window.comparison is not None and window.comparison.isVisible()
    press("Ctrl+B")
    assert window.comparison is None

    # An experiment, and onto the stage with it.
    press("Ctrl+Shift+P")
    write("vanishing")
    press("Return")
    panel = window.board.docks["experiments"].panel
    assert isinstance(panel, ExperimentsView) and panel.experiment.id == "E2"
    until(lambda: panel.outcome is not None)
    turn_to(panel.stage)
    run = session().run
    press("Return")
    until(lambda: session().run is not run)

    # Files, and the end.
    text = tmp_path / "verse.txt"
    text.write_text("the owl sang .\nthe cat ran .\nthe owl ran .\nthe cat sang .\n", "utf-8")
    # The dialogs of files are the system's, with keys of their own.
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(text), ""))
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "kept.bptt"), ""))
    press("Ctrl+O")
    until(lambda: "owl" in session().corpus.vocabulary.tokens)
    press("Ctrl+S")
    until(lambda: (tmp_path / "kept.bptt").exists())
    store.wait()
    press("Ctrl+Q")
    assert not window.isVisible()


def pixels(widget):
    image = widget.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    return np.frombuffer(image.constBits(), np.uint32).reshape(image.height(), image.width()).copy()


@pytest.mark.parametrize("theme", ["dark", "light", "high-contrast"])
def test_whatever_tab_leads_to_shows_that_it_has_the_keyboard(program, theme):
    window = program.window
    program.store.dispatch(do.SetTheme(theme))
    seen = []
    for info in PANELS:
        for way in ("Tab", "Shift+Tab"):  # to what lies below in the panel, and to its header
            window.board.show_panel(info.id)
            settle()
            for _ in range(60):
                press(way)
                if QApplication.focusWidget() in seen:
                    break
                seen.append(QApplication.focusWidget())
                dock = window.board.panel_in_focus()
                assert dock is None or dock.in_sight, dock.title
    assert len(seen) > 40 and any(isinstance(widget, Chip) for widget in seen)
    unseen = []
    for widget in seen:
        if not widget.isVisible() or widget.visibleRegion().isEmpty():
            continue
        window.setFocus()
        without = pixels(window)
        widget.setFocus(Qt.FocusReason.TabFocusReason)
        if np.array_equal(pixels(window), without):
            unseen.append(widget)
    assert not unseen, [f"{type(widget).__name__} {widget.accessibleName()!r}" for widget in unseen]
