"""The whole window off screen: opening, saving and dropping files, and what is said of them."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl, qVersion
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QFileDialog

from explorer.model import action as do
from explorer.views.paper import PaperView
from explorer.widgets.drop_sign import DropSign

from .windows import Ctrl, Key, press, until

WHERE_DRAGGED = QPointF if tuple(map(int, qVersion().split(".")[:2])) >= (6, 12) else QPoint
"""What the event of a drag takes: Qt 6.12 warns of whole pixels, and older ones know nothing else."""


def test_a_file_to_save_to_is_proposed_by_the_name_of_the_corpus_where_one_can_write(window, tmp_path, monkeypatch):
    path = tmp_path / "verse.txt"
    path.write_text("the owl sang .\nthe cat ran .\n" * 5, "utf-8")
    window.store.dispatch(do.OpenPath(str(path)))
    window.store.wait()
    assert window.proposal() == str(Path.home() / "verse.bptt")
    kept = str(tmp_path / "kept" / "a.bptt")
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (kept, ""))
    window.save_as()
    window.store.wait()
    assert Path(window.proposal()).parent == tmp_path / "kept"
    window.board.show_panel("paper")
    until(window, lambda: window.findChild(PaperView) is not None)
    assert window.findChild(PaperView).proposal() == str(tmp_path / "kept" / "sheet.pdf")
    window.board.docks["paper"].setFloating(True)
    assert window.findChild(PaperView).proposal() == str(tmp_path / "kept" / "sheet.pdf")


def test_every_file_is_offered_to_be_opened(window, monkeypatch):
    asked = []
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *given: asked.append(given) or ("", ""))
    window.open_file()
    assert asked[0][3].split(";;")[0] == "All files (*)"


def test_a_note_on_the_encoding_says_where_one_names_it(window, tmp_path):
    path = tmp_path / "old.txt"
    path.write_bytes("le café était fermé .\nle thé était chaud .\n".encode("latin-1") * 5)
    window.store.dispatch(do.OpenPath(str(path)))
    window.store.wait()
    assert "name the encoding (Corpus ▸ How the text is read…)." in window.store.session.message.text


def test_a_dropped_file_is_opened(window, tmp_path):
    path = tmp_path / "verse.txt"
    path.write_text("the owl sang .\nthe cat ran .\nthe owl ran .\nthe cat sang .\n", "utf-8")
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    where = QPointF(300.0, 300.0)
    event = QDropEvent(where, Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
    window.dropEvent(event)
    window.store.wait()
    assert "owl" in window.store.session.corpus.vocabulary.tokens
    assert "verse" in window.windowTitle()


def test_a_file_held_over_the_window_is_announced_until_it_leaves_or_drops(window, tmp_path):
    data = QMimeData()
    nothing = Qt.KeyboardModifier.NoModifier

    def enter(*names):
        data.setUrls([QUrl.fromLocalFile(str(tmp_path / name)) for name in names])
        where = WHERE_DRAGGED(300, 300)
        event = QDragEnterEvent(where, Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, nothing)
        event.ignore()
        QApplication.sendEvent(window, event)
        return event.isAccepted()

    def signs():
        return [sign.text for sign in window.findChildren(DropSign) if sign.isVisible()]

    assert enter("kept.bptt") and "go on with the session kept.bptt" in signs()[0]
    window.resize(1200, 700)
    assert window.findChildren(DropSign)[0].geometry() == window.rect()
    QApplication.sendEvent(window, QDragLeaveEvent())
    assert signs() == []
    (tmp_path / "verse.txt").write_text("the owl sang .\nthe cat ran .\nthe owl ran .\n", "utf-8")
    assert enter("verse.txt", "other.txt")
    assert "learn the text verse.txt" in signs()[0] and "Only this one of 2 files" in signs()[0]
    drop = QDropEvent(QPointF(9, 9), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, nothing)
    QApplication.sendEvent(window, drop)
    assert signs() == []
    window.store.wait()
    assert "owl" in window.store.session.corpus.vocabulary.tokens
    data.clear()
    data.setText("no file")
    event = QDragEnterEvent(WHERE_DRAGGED(9, 9), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, nothing)
    event.ignore()
    QApplication.sendEvent(window, event)
    assert not event.isAccepted() and signs() == []


def test_a_bad_file_shows_a_banner_that_can_be_dismissed(window, tmp_path):
    (tmp_path / "bad.bptt").write_bytes(b"no session")
    run = window.store.session.run
    window.store.dispatch(do.OpenPath(str(tmp_path / "bad.bptt")))
    window.store.wait()
    assert window.banner.isVisible() and "bad.bptt" in window.banner.label.text()
    assert window.store.session.run is run
    window.banner.button.click()
    assert not window.banner.isVisible() and window.store.session.message is None


def test_the_open_and_save_dialogs_lead_to_the_file_chosen(window, tmp_path, monkeypatch):
    path = str(tmp_path / "kept.bptt")
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (path, ""))
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (path, ""))
    press(window, Key.Key_S, Ctrl)
    window.store.wait()
    assert window.store.session.path == path
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: pytest.fail("asked again"))
    press(window, Key.Key_S, Ctrl)
    window.store.wait()
    window.store.dispatch(do.ShowSentence(3))
    press(window, Key.Key_O, Ctrl)
    window.store.wait()
    assert window.store.session.path == path
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: ("", ""))
    before = window.store.session
    window.open_file()
    assert window.store.session is before


def test_the_banner_of_a_long_opening_cancels_it(window, tmp_path):
    text = tmp_path / "long.txt"
    text.write_text("the cat sees a dog and the dog sees a bird .\n" * 60_000, "utf-8")
    store, run = window.store, window.store.session.run
    store.dispatch(do.OpenPath(str(text)))
    until(window, lambda: "% read" in window.banner.label.text())
    assert window.banner.isVisible() and window.banner.button.value() == "Cancel"
    window.banner.button.click()
    until(window, lambda: not store.busy)
    assert store.session.run is run and "cancelled" in window.banner.label.text()
    assert window.banner.button.value() == "Dismiss"
