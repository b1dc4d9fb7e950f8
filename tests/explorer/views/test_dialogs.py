from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QWidget

from explorer.actions import COMMANDS, STAGE_KEYS, choices
from explorer.model import action as do
from explorer.model.keys import key_text
from explorer.model.settings import CorpusChoice
from explorer.store import Store
from explorer.views.dialogs import CommandDialog, ReportDialog, SentenceDialog, TextDialog
from explorer.views.keys_sheet import PANEL, KeysDialog
from explorer.widgets.chip import Chip
from tests.explorer.model.runs import small_run


@pytest.fixture
def store(qtbot):
    made = Store(small_run())
    yield made
    made.close()


@pytest.fixture
def sentences(store, qtbot):
    dialog = SentenceDialog(store)
    qtbot.addWidget(dialog)
    dialog.show()
    return dialog


def lines(dialog):
    return [dialog.list.item(row).text() for row in range(dialog.list.count())]


def test_all_sentences_are_listed_and_the_present_one_is_marked(store, sentences):
    assert len(lines(sentences)) == 6
    assert sentences.list.currentItem().data(Qt.ItemDataRole.UserRole) == store.session.sentence.index


def test_typing_narrows_the_list_and_the_arrow_leads_to_the_matches(store, sentences):
    QTest.keyClicks(sentences.line, "sleeps")
    assert len(lines(sentences)) == 3 and "2 of 6" in sentences.note.text()
    QTest.keyClick(sentences.line, Qt.Key.Key_Down)
    QTest.keyClick(sentences.line, Qt.Key.Key_Return)
    assert store.session.sentence.index == 1 and not sentences.isVisible()


@pytest.mark.parametrize("typed", ["sleeps", ".", "dogs chase"])
def test_enter_opens_what_is_typed_although_sentences_contain_it(store, sentences, typed):
    QTest.keyClicks(sentences.line, typed)
    assert len(lines(sentences)) > 1
    QTest.keyClick(sentences.line, Qt.Key.Key_Return)
    assert store.session.sentence.index is None
    assert store.session.sentence.words[1:-1] == tuple(typed.split())


def test_enter_opens_the_sentence_of_the_corpus_that_is_typed_in_full(store, sentences):
    QTest.keyClicks(sentences.line, store.session.corpus.texts[3])
    QTest.keyClick(sentences.line, Qt.Key.Key_Return)
    assert store.session.sentence.index == 3


@pytest.mark.parametrize("typed", ["", " "])
def test_enter_without_a_word_opens_nothing_and_says_why(store, sentences, typed):
    before = store.session.sentence
    QTest.keyClicks(sentences.line, typed)
    QTest.keyClick(sentences.line, Qt.Key.Key_Return)
    assert store.session.sentence is before and sentences.isVisible()
    assert "Nothing is typed" in sentences.note.text()
    QTest.keyClick(sentences.line, Qt.Key.Key_Down)
    chosen = sentences.list.currentItem().data(Qt.ItemDataRole.UserRole)
    QTest.keyClick(sentences.line, Qt.Key.Key_Return)
    assert store.session.sentence.index == chosen and not sentences.isVisible()


@pytest.mark.parametrize(("typed", "words"), [("<s>", ("<s>", "</s>")), ("<s> the", ("<s>", "the"))])
def test_a_single_step_is_reached_from_the_dialog(store, sentences, typed, words):
    QTest.keyClicks(sentences.line, typed)
    assert "T = 1" in lines(sentences)[0]
    QTest.keyClick(sentences.line, Qt.Key.Key_Return)
    assert store.session.sentence.words == words and store.session.sentence.length == 1
    store.dispatch(do.GoToEnd())
    assert store.derived.progress(store.session).losses_known == 1


def test_what_holds_no_word_says_so_and_opens_nothing(store, sentences):
    before = store.session.sentence
    QTest.keyClicks(sentences.line, "</s>")
    QTest.keyClick(sentences.line, Qt.Key.Key_Return)
    assert store.session.sentence is before and "nothing to read" in sentences.note.text()


def test_arrows_in_the_line_walk_through_the_list(store, sentences):
    QTest.keyClicks(sentences.line, "dogs")
    QTest.keyClick(sentences.line, Qt.Key.Key_Down)
    chosen = sentences.list.currentItem().data(Qt.ItemDataRole.UserRole)
    assert chosen is not None
    QTest.keyClick(sentences.line, Qt.Key.Key_Down)
    QTest.keyClick(sentences.line, Qt.Key.Key_Up)
    QTest.keyClick(sentences.line, Qt.Key.Key_PageDown)
    QTest.keyClick(sentences.line, Qt.Key.Key_PageUp)
    QTest.keyClick(sentences.line, Qt.Key.Key_Down)
    assert sentences.list.currentItem().data(Qt.ItemDataRole.UserRole) == chosen


def test_a_sentence_of_ones_own_is_stepped_through_with_unknown_words_named(store, sentences):
    QTest.keyClicks(sentences.line, "the penguin sleeps")
    assert len(lines(sentences)) == 1 and "penguin" in sentences.note.text()
    QTest.keyClick(sentences.line, Qt.Key.Key_Return)
    assert store.session.sentence.words[1:4] == ("the", "penguin", "sleeps")


def test_blanks_alone_are_no_sentence(store, sentences):
    QTest.keyClicks(sentences.line, "   ")
    assert len(lines(sentences)) == 6
    assert sentences.note.text()


def test_following_is_a_tick(store, sentences):
    sentences.follow.setChecked(True)
    assert store.session.following
    sentences.follow.setChecked(False)
    assert not store.session.following


@pytest.fixture
def commands(store, qtbot):
    ran = []
    dialog = CommandDialog(ran.append, lambda c: c.when(store.session))
    qtbot.addWidget(dialog)
    dialog.show()
    dialog.ran = ran
    return dialog


def test_the_palette_lists_everything_with_its_keys(commands):
    listed = lines(commands)
    assert len(listed) == len(COMMANDS)
    for command, line in zip(COMMANDS, listed, strict=True):
        assert command.title in line
        assert all(key_text(key) in line for key in command.keys)


def test_the_palette_runs_what_is_chosen_after_it_has_closed(commands):
    QTest.keyClicks(commands.line, "next time")
    QTest.keyClick(commands.line, Qt.Key.Key_Return)
    assert [c.id for c in commands.ran] == ["next-step"] and not commands.isVisible()


def test_what_makes_no_sense_is_listed_dim_and_does_not_run(commands):
    QTest.keyClicks(commands.line, "previous operation")
    assert not commands.list.item(0).flags() & Qt.ItemFlag.ItemIsEnabled
    QTest.keyClick(commands.line, Qt.Key.Key_Return)
    assert commands.ran == [] and commands.isVisible()


def test_nothing_found_runs_nothing(commands):
    QTest.keyClicks(commands.line, "xyzzy")
    QTest.keyClick(commands.line, Qt.Key.Key_Return)
    assert commands.ran == [] and commands.isVisible()
    assert len(lines(commands)) == 1 and "Nothing found for “xyzzy”" in lines(commands)[0]


@pytest.mark.parametrize(
    ("typed", "changes"),
    [
        ("lstm", {"cell": "lstm", "equations": None}),
        ("cell: minimal", {"cell": "mgu", "equations": None}),
        ("first names", {"corpus": CorpusChoice("bundled", "names")}),
        ("hidden size 64", {"hidden_size": 64}),
        ("seed 3", {"seed": 3}),
    ],
)
def test_settings_are_reached_by_their_words(store, qtbot, typed, changes):
    settings, ran = store.session.settings, []
    dialog = CommandDialog(ran.append, lambda c: c.when(store.session), more=choices(settings))
    qtbot.addWidget(dialog)
    dialog.show()
    QTest.keyClicks(dialog.line, typed)
    QTest.keyClick(dialog.line, Qt.Key.Key_Return)
    assert [c.action for c in ran] == [do.ChangeSettings(replace(settings, **changes), settings)]


def test_unknown_words_are_named_once_and_eight_at_most(sentences):
    sentences.line.setText("xa xa xb xc xd xe xf xg xh xi xj")
    assert sentences.note.text().endswith("Not in the vocabulary: xa, xb, xc, xd, xe, xf, xg, xh, ….")
    sentences.line.setText("xa xa xb")
    assert sentences.note.text().endswith("Not in the vocabulary: xa, xb.")


def test_the_sheet_shows_every_key(qtbot):
    dialog = KeysDialog()
    qtbot.addWidget(dialog)
    shown = {label.text() for label in dialog.findChildren(QLabel)}
    for command in COMMANDS:
        if command.keys:
            assert command.title.removeprefix(PANEL) in shown
            assert "  ".join(key_text(key) for key in command.keys) in shown
    for title, keys, _ in STAGE_KEYS:
        assert title in shown and "  ".join(key_text(key) for key in keys) in shown


def test_a_report_can_be_read_and_copied_but_not_changed(qtbot):
    dialog = ReportDialog("Report", "one\ntwo")
    qtbot.addWidget(dialog)
    view = dialog.findChildren(type(TextDialog(dialog).edit))[0]
    assert view.toPlainText() == "one\ntwo" and view.isReadOnly()


def test_a_text_of_ones_own_is_given_back(qtbot):
    dialog = TextDialog()
    qtbot.addWidget(dialog)
    QTest.keyClicks(dialog.edit, "a b c .")
    assert dialog.edit.toPlainText() == "a b c ." and not dialog.characters.isChecked()


def test_dialogs_stay_within_their_window(qtbot, store):
    window = QWidget()
    qtbot.addWidget(window)
    window.resize(700, 420)
    window.show()
    every = (SentenceDialog(store, window), KeysDialog(window), TextDialog(window), ReportDialog("R", "x", window))
    for dialog in every:
        dialog.show()
        assert window.frameGeometry().contains(dialog.geometry()), type(dialog).__name__
        dialog.close()


def test_buttons_close_and_accept(qtbot):
    dialog, taken = TextDialog(), []
    qtbot.addWidget(dialog)
    dialog.accepted.connect(lambda: taken.append(True))
    cancel, learn = dialog.findChildren(Chip)
    dialog.show()
    cancel.click()
    assert not taken and not dialog.isVisible()
    dialog.show()
    QTest.keyClick(learn, Qt.Key.Key_Return)
    assert taken and not dialog.isVisible()
