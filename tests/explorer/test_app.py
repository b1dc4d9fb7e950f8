"""The program as a whole, off screen: what is kept from one start to the next, and what happens when things fail."""

from __future__ import annotations

import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QCoreApplication, QSize, Qt, QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog

from explorer import app
from explorer.actions import BY_ID
from explorer.model import action as do
from explorer.model.settings import CorpusChoice
from explorer.services import collector
from explorer.services.preferences import Preferences, folder, last_session_path
from explorer.theme.theme import current
from rnncore.training import Trainer


@pytest.fixture
def start(qtbot, qapp):
    """Start programs one after the other; the last one is closed at the end."""
    started = []

    def make(path=None, **options):
        if started:
            finish(started[-1])
        program = app.Program(path, **options)
        qtbot.addWidget(program.window)
        started.append(program)
        program.store.wait()
        return program

    yield make
    for program in started:
        finish(program)


def finish(program):
    if "window" in vars(program):
        program.window.close()
        program.close()
        program.window.deleteLater()
        vars(program.window).clear()
        program.window.comparison = None  # it is closed once more by the tests' own clearing up
        vars(program).clear()


def test_the_first_start_lays_out_one_sentence_of_the_agreement_corpus(start):
    session = start().store.session
    assert session.settings.corpus.source == "agreement" and session.settings.cell == "vanilla"
    assert session.position == 0 and session.training.last == 0 and session.message is None


def test_the_next_start_goes_on_where_this_one_ended(start):
    first = start()
    first.store.dispatch(do.Advance(12))
    first.store.wait()
    first.store.dispatch(do.ShowSentence(5))
    first.store.dispatch(do.GoTo(17))
    first.store.dispatch(do.SetTheme("light"))
    first.store.dispatch(do.SetTab("numbers"))
    weights = np.array(first.store.session.model.parameters["W"])
    second = start()
    session = second.store.session
    assert (session.training.shown, session.sentence.index, session.position) == (12, 5, 17)
    assert (session.theme, session.tab, current().tokens.name) == ("light", "numbers", "light")
    np.testing.assert_array_equal(session.model.parameters["W"], weights)
    assert session.path is None, "saving must ask for a name"
    assert not second.store.can_undo


@pytest.mark.parametrize(
    ("size", "scale"),
    [((1280, 720), 1), ((1366, 768), 1), ((1920, 1080), 1), ((2560, 1440), 1.3), ((3840, 2160), 2), ((7680, 4320), 2)],
)
def test_the_type_grows_with_the_screen_within_reason(size, scale):
    assert app.suggested_scale(QSize(*size)) == scale


def test_the_next_start_compares_what_this_one_compared(start):
    first = start()
    first.store.dispatch(do.Advance(6))
    first.store.wait()
    first.window.run(BY_ID["compare"])
    first.window.comparison.companion.differ(seed=2)
    second = start()
    comparison = second.window.comparison
    assert comparison is not None and comparison.differs.value() == "full BPTT, seed 2"
    b = comparison.companion.b
    for _ in range(1000):
        QCoreApplication.processEvents()
        if b.session.training.shown == 6:
            break
        time.sleep(0.005)
    assert b.session.training.shown == 6 == second.store.session.training.shown
    second.window.run(BY_ID["compare"])
    assert start().window.comparison is None


def test_a_size_of_type_is_kept_only_if_it_was_chosen(start):
    start()
    assert start().preferences.scale == 0.0
    program = start()
    program.window._scale(1.5)
    again = start()
    assert again.preferences.scale == pytest.approx(1.5) and current().scale == pytest.approx(1.5)
    again.window._scale(1 / 1.5)
    assert start().preferences.scale == 0.0


def test_a_fresh_start_neither_reads_nor_keeps_anything(start):
    first = start()
    first.store.dispatch(do.Advance(3))
    first.store.wait()
    assert start(restore=False).store.session.training.last == 0
    again = start()
    assert again.store.session.training.last == 3


def test_a_file_named_at_the_start_is_opened_instead_of_the_last_session(start, tmp_path):
    first = start()
    first.store.dispatch(do.Advance(3))
    first.store.wait()
    text = tmp_path / "verse.txt"
    text.write_text("the owl sang .\nthe cat ran .\nthe owl ran .\nthe cat sang .\n", "utf-8")
    session = start(str(text)).store.session
    assert "owl" in session.corpus.vocabulary.tokens and session.training.last == 0


def test_a_damaged_last_session_is_told_and_put_aside(start):
    folder().mkdir(parents=True, exist_ok=True)
    last_session_path().write_bytes(b"PK\x03\x04 torn")
    program = start()
    assert "last session" in program.store.session.message.text
    aside = last_session_path().with_name("last-session-unreadable.bptt")
    assert aside.read_bytes() == b"PK\x03\x04 torn" and str(aside) in program.store.session.message.text
    assert start().store.session.message is None


def test_the_session_is_kept_while_the_program_runs(start):
    program = start()
    program.store.dispatch(do.Advance(4))
    program.store.wait()
    program.autosave()
    program.store.wait()
    assert program.store.session.message is None and program.store.session.path is None
    written = last_session_path().stat().st_mtime_ns
    program.autosave()
    program.store.wait()
    assert last_session_path().stat().st_mtime_ns == written, "nothing had changed"
    from explorer.services.sessions import open_session

    assert open_session(last_session_path()).run.history.last == 4
    assert program._autosave.isActive() and program._autosave.interval() < 60_000


def test_the_choices_outlive_a_program_that_was_killed(start):
    program = start()
    program.store.dispatch(do.SetTheme("light"))
    program.store.dispatch(do.SetTab("code"))
    program.autosave()
    program.store.wait()
    kept = Preferences.load()  # as a start after a kill would find them
    assert (kept.theme, kept.tab) == ("light", "code")
    path = last_session_path().with_name("preferences.json")
    written = path.stat().st_mtime_ns
    program.autosave()
    assert path.stat().st_mtime_ns == written, "nothing had changed"


def test_what_is_learnt_after_an_autosave_is_kept_by_the_next_one_and_at_the_end(start):
    program = start()
    for updates in (3, 4):
        program.store.dispatch(do.Advance(updates))
        program.store.wait()
        program.autosave()
        program.store.wait()
    saved = last_session_path().stat().st_mtime_ns
    program.autosave()
    program.store.wait()
    assert last_session_path().stat().st_mtime_ns == saved, "nothing had changed"
    program.store.dispatch(do.Advance(5))
    program.store.wait()
    assert start().store.session.training.last == 12


def test_the_threads_end_even_when_keeping_the_session_fails_in_an_unforeseen_way(start, monkeypatch):
    def fail(program):
        raise ZeroDivisionError

    program = start()
    with monkeypatch.context() as patch:
        patch.setattr(app.Program, "autosave", fail)
        with pytest.raises(ZeroDivisionError):
            program.close()
    assert not program.store._worker._thread.is_alive()


def test_a_folder_that_cannot_be_written_to_is_told_and_stops_nothing(start, monkeypatch, tmp_path):
    program = start()
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("BPTT_EXPLORER_HOME", str(tmp_path / "file" / "below"))
    program.store.dispatch(do.Advance(1))
    program.store.wait()
    program.autosave()
    program.store.wait()
    assert "could not be kept" in program.store.session.message.text
    assert program.store.session.training.last == 1


def test_an_exception_in_a_slot_is_shown_and_the_program_goes_on(start, capsys):
    program = start()
    before = app.report_exceptions(program.store)
    try:
        sys.excepthook(*caught(ZeroDivisionError("one over nothing")))
        message = program.store.session.message
        assert message.level == "error" and "one over nothing" in message.text and "test_app.py" in message.text
        assert "ZeroDivisionError" in capsys.readouterr().err
        program.store.dispatch(do.Move())
        assert program.store.session.position == 1
    finally:
        sys.excepthook = before


def caught(error):
    try:
        raise error
    except type(error) as raised:
        return type(raised), raised, raised.__traceback__


def test_closing_while_training_keeps_what_was_learnt(start):
    program = start()
    program.store.dispatch(do.Train(True))
    for _ in range(500):
        QTest.qWait(10)
        if program.store.session.training.shown > 10:
            break
    store = program.store
    program.window.close()
    learnt = store.session.training.last
    assert learnt > 10 and not store.session.training.running
    assert start().store.session.training.last == learnt


def test_run_returns_when_the_window_is_closed(qapp, qtbot):
    hook = sys.excepthook

    def close():
        for window in qapp.topLevelWidgets():
            if type(window).__name__ == "MainWindow" and window.isVisible():
                window.close()
                window.deleteLater()
                QTimer.singleShot(0, vars(window).clear)

    QTimer.singleShot(300, close)
    assert app.run() == 0
    assert sys.excepthook is hook
    assert Path(folder(), "preferences.json").exists() and last_session_path().exists()
    assert Preferences.load().geometry


def settle(seconds=0.05):
    """Let the window do what it has put off; not by QTest.qWait, which would delete the windows before."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        QCoreApplication.processEvents()
        time.sleep(0.002)


@pytest.mark.parametrize("size", [(1366, 768), (1920, 1080)])
def test_the_panels_are_at_the_next_start_as_they_were_in_wide_and_in_narrow_windows(start, size):
    first = start().window
    first.resize(*size)
    first.show()
    settle()
    board = first.board
    for name in ("loss", "gates", "predictions"):
        board.show_panel(name)
    board.docks["horizon"].setFloating(True)
    board.docks["paper"].hide()
    settle()
    seen = board.visible_panels()
    assert "predictions" in seen and "horizon" in seen and "paper" not in seen
    second = start().window
    second.resize(*size)  # a screen that is smaller cuts the size that was kept
    second.show()
    settle()
    assert second.board.visible_panels() == seen
    assert second.board.docks["horizon"].isFloating() and second.board.docks["paper"].isHidden()
    second.board.reset()
    settle()


def test_each_layout_comes_back_with_its_own_tab_in_front(start):
    first = start().window
    first.show()
    for width, height, name in ((1366, 768, "loss"), (1920, 1080, "gates")):
        first.resize(width, height)
        settle()
        first.board.show_panel(name)
        settle()
    second = start().window
    for width, height, name in ((1366, 768, "loss"), (1920, 1080, "gates"), (1366, 768, "loss")):
        second.resize(width, height)
        second.show()
        settle()
        assert name in second.board.visible_panels()


def test_a_layout_saved_by_name_is_there_at_the_next_start(start):
    first = start()
    first.window.resize(1900, 1000)
    first.window.show()
    settle()
    first.window.board.hide_panel(first.window.board.docks["truncation"])
    first.window.save_layout("lecture")
    first.window.reset_layout()
    finish(first)
    again = start()
    again.window.resize(1900, 1000)
    again.window.show()
    settle()
    assert not again.window.board.docks["truncation"].isHidden()
    again.window.apply_layout("lecture")
    assert again.window.board.docks["truncation"].isHidden()
    again.window.remove_layout("lecture")
    finish(again)
    assert start().window.saved_layouts == {}


def test_the_folder_and_the_pace_of_playing_are_kept(start, tmp_path, monkeypatch):
    first = start()
    first.store.dispatch(do.SetPlayback("step", 9.0))
    text = tmp_path / "some verse.txt"
    text.write_text("the owl sang .\nthe cat ran .\n", "utf-8")
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(text), ""))
    first.window.open_file()
    first.store.wait()
    first.store.dispatch(do.ChangeSettings(replace(first.store.session.settings, corpus=CorpusChoice())))
    first.store.wait()
    second = start()
    playback = second.store.session.playback
    assert (playback.granularity, playback.speed) == ("step", 9.0) and not second.store.can_undo
    asked = []
    monkeypatch.setattr(
        QFileDialog, "getOpenFileName", lambda parent, title, folder, kinds: asked.append(folder) or ("", "")
    )
    second.window.open_file()
    assert asked == [str(tmp_path)]


def test_a_thread_that_computes_gives_way_at_once_as_long_as_the_program_runs(start):
    usual = sys.getswitchinterval()
    program = start()
    stop = []

    def compute():
        while not stop:
            pass

    thread = threading.Thread(target=compute)
    thread.start()
    try:
        took = []
        for _ in range(5):
            began = time.perf_counter()
            for _ in range(40):
                time.sleep(0)  # asks for the interpreter anew, as painting does
            took.append(time.perf_counter() - began)
    finally:
        stop.append(1)
        thread.join()
    assert min(took) < 40 * 0.7 * usual
    program.close()
    assert sys.getswitchinterval() == usual


@pytest.mark.parametrize("what", ["replaying", "training on", "preparing", "computing", "checking"])
def test_the_window_closes_within_a_second_whatever_is_under_way(start, monkeypatch, what):
    program = start()
    store, gate = program.store, threading.Event()
    if what == "replaying":
        store.dispatch(do.Advance(200))
        store.wait()
        history = store.session.run.history
        history._frames._updates = history._frames._updates[:1]
        step = Trainer._step
        monkeypatch.setattr(Trainer, "_step", lambda self, stop: time.sleep(0.02) or step(self, stop))
        store.dispatch(do.GoToUpdate(199))
    elif what == "training on":
        store.dispatch(do.Advance(10_000_000))
    elif what == "preparing":
        monkeypatch.setattr("explorer.services.wishes.change_run", lambda *a: gate.wait(20) and 1 / 0)
        store.dispatch(do.ChangeSettings(replace(store.session.settings, cell="gru")))
    elif what == "computing":
        store.later("number", (store,), lambda: gate.wait(20))
    else:
        monkeypatch.setattr("explorer.store.verify", lambda *a: gate.wait(20))
        store.verify_now()
    QTest.qWait(150)
    began = time.perf_counter()
    program.window.close()
    program.close()
    took = time.perf_counter() - began
    left = [thread for thread in threading.enumerate() if thread.name in ("background", "aside", "check")]
    gate.set()
    for thread in left:
        thread.join(5)
    if left:
        collector.closed()  # as long as a thread went on nothing was to be collected on it
    assert took < 1.0
    assert last_session_path().exists()


def test_the_theme_of_the_desktop_is_followed_until_another_is_chosen(start, monkeypatch):
    wanted = ["light"]
    monkeypatch.setattr("explorer.app.desktop_theme", lambda: wanted[0])
    monkeypatch.setattr("explorer.theme.desktop.desktop_theme", lambda: wanted[0])
    program = start(restore=False, theme="system")
    assert (program.store.session.theme, current().tokens.name) == ("light", "light")
    changed = QGuiApplication.styleHints().colorSchemeChanged
    for wanted[0] in ("dark", "light"):
        changed.emit(Qt.ColorScheme.Unknown)
        assert (program.store.session.theme, current().tokens.name) == (wanted[0], wanted[0])
    program.store.dispatch(do.SetTheme("high-contrast"))
    wanted[0] = "dark"
    changed.emit(Qt.ColorScheme.Dark)
    assert program.store.session.theme == "high-contrast"
