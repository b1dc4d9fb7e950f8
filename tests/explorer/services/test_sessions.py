"""Session files and opened texts, without a window."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from explorer.model import action as do
from explorer.model.runs import change_run
from explorer.model.settings import CorpusChoice
from explorer.services import sessions
from rnncore.cells import Cell
from rnncore.corpus import Corpus
from rnncore.errors import FileError, RnnError
from rnncore.files import save
from rnncore.history import History
from rnncore.model import Model
from rnncore.optim import Adam
from rnncore.training import Trainer
from rnncore.truncation import Full, Window
from tests.explorer.model.runs import SMALL, Driver, small_run


def trained_driver(updates=5):
    driver = Driver(small_run(cell="lstm", optimiser=Adam(0.01)))
    driver.do(driver.trained(updates, running=False), do.ShowSentence(2), do.GoTo(7))
    return driver


def reopened(path):
    driver = Driver()
    driver.do(sessions.open_session(path))
    return driver


def test_a_saved_session_comes_back_as_it_was(tmp_path):
    driver = trained_driver()
    saved = sessions.save_session(str(tmp_path / "one"), driver.session)
    assert saved.path.endswith("one.bptt")
    before, after = driver.session, reopened(tmp_path / "one.bptt").session
    assert after.settings == before.settings
    assert after.sentence.words == before.sentence.words and after.sentence.index == 2
    assert after.position == 7
    assert (after.training.shown, after.training.last) == (5, 5)
    np.testing.assert_array_equal(after.training.curve, before.training.curve)
    for name, weights in before.model.parameters.items():
        np.testing.assert_array_equal(after.model.parameters[name], weights)


def test_a_session_keeps_its_precision(tmp_path):
    driver = Driver(small_run(precision="float32"))
    driver.do(driver.trained(3))
    sessions.save_session(str(tmp_path / "single.bptt"), driver.session)
    after = reopened(tmp_path / "single.bptt").session
    assert after.settings.precision == "float32" and after.model.dtype == np.float32


def test_a_reopened_session_trains_on_as_if_it_had_never_been_closed(tmp_path):
    driver = trained_driver()
    sessions.save_session(str(tmp_path / "one.bptt"), driver.session)
    other = reopened(tmp_path / "one.bptt")
    for each in (driver, other):
        each.do(each.trained(4))
    for name, weights in driver.session.model.parameters.items():
        np.testing.assert_array_equal(other.session.model.parameters[name], weights)


def test_an_update_in_the_past_stays_on_show(tmp_path):
    driver = trained_driver()
    snapshot = driver.trained(1, running=False)
    driver.do(replace(snapshot, state=driver.session.run.history.seek(2)))
    sessions.save_session(str(tmp_path / "one.bptt"), driver.session)
    after = reopened(tmp_path / "one.bptt").session
    assert (after.training.shown, after.training.last) == (2, 6)
    np.testing.assert_array_equal(after.model.parameters["V"], driver.session.model.parameters["V"])


def test_a_branch_is_saved_with_the_line_it_left(tmp_path):
    driver = trained_driver()
    run = change_run(driver.session.run, replace(driver.session.settings, truncation=Full()), 3)
    driver.do(do.Prepared(run, 3))
    driver.do(driver.trained(2))
    sessions.save_session(str(tmp_path / "one.bptt"), driver.session)
    after = reopened(tmp_path / "one.bptt").session
    assert after.run.history.parent is not None and after.run.history.parent.last == 5
    assert after.settings.truncation == Full() and after.training.last == 5


def test_a_typed_sentence_with_unknown_words_comes_back(tmp_path):
    driver = trained_driver()
    driver.do(do.TypeSentence("the penguin runs"))
    sessions.save_session(str(tmp_path / "one.bptt"), driver.session)
    after = reopened(tmp_path / "one.bptt").session
    assert after.sentence.words == driver.session.sentence.words
    assert after.sentence.unknown.tolist() == driver.session.sentence.unknown.tolist()


def test_a_file_written_from_python_opens_in_the_window(tmp_path):
    corpus = Corpus.from_text("a b c .\nb c a .\nc a b .\n", name="letters")
    cell = Cell.from_equations("mine", "h = tanh(U @ x + 0.5 * (W @ h_prev))")
    model = Model.create(cell, corpus.vocabulary.size, 4, seed=3)
    history = History(Trainer(model, corpus, Adam(0.02), Window(2), seed=3))
    history.run(6)
    path = tmp_path / "python.bptt"
    save(path, history=history)
    session = reopened(path).session
    assert session.settings.equations == cell.text and session.settings.hidden_size == 4
    assert session.settings.optimiser == Adam(0.02) and session.settings.truncation == Window(2)
    assert session.training.last == 6
    np.testing.assert_array_equal(session.model.parameters["W"], history.trainer.state.parameters["W"])


def test_a_model_alone_is_refused_with_a_remedy(tmp_path):
    path = tmp_path / "model.bptt"
    save(path, model=Model.create("vanilla", 5, 3))
    with pytest.raises(FileError, match="history"):
        sessions.open_session(path)


@pytest.mark.parametrize(
    "own",
    [
        {"shown": "yesterday", "position": "end", "sentence": [1], "text": 5},
        {"shown": 10**9, "position": -4, "sentence": 10**6},
        {"shown": -1, "position": 10**9, "sentence": -3},
        {"shown": True, "text": ""},
    ],
)
def test_a_forged_place_opens_at_a_place_that_exists(tmp_path, own):
    path = tmp_path / "forged.bptt"
    save(path, history=small_run().history, session=own)
    driver = reopened(path)
    assert 0 <= driver.session.position <= driver.end and driver.session.training.shown == 0
    assert driver.session.sentence.length > 0


@pytest.mark.parametrize(
    "settings",
    [
        {"cell": 3},
        {"cell": "vanilla", "spin": 1},
        "none",
        {"hidden_size": "many"},
        {"hidden_size": 5, "cell": "lstm"},
        {"hidden_size": 6},
        {"hidden_size": 5, "seed": -1},
    ],
)
def test_forged_settings_are_refused_in_words(tmp_path, settings):
    path = tmp_path / "forged.bptt"
    save(path, history=small_run().history, session={"settings": settings})
    with pytest.raises(RnnError, match="settings"):
        sessions.open_session(path)


def test_a_text_is_opened_with_the_settings_that_are_in_force(tmp_path):
    path = tmp_path / "verse.txt"
    path.write_text("the owl and the cat .\nthe owl sang .\nthe cat ran .\nthe owl ran .\n", "utf-8")
    prepared = sessions.open_path(str(path), replace(SMALL, cell="gru", seed=7))
    assert prepared.run.settings.cell == "gru" and prepared.run.settings.seed == 7
    assert prepared.run.settings.corpus == CorpusChoice("file", str(path))
    assert "owl" in prepared.run.corpus.vocabulary.tokens


def test_how_a_file_is_read_stays_for_the_next_file(tmp_path):
    path = tmp_path / "b.txt"
    path.write_text("anna\nnina\nina\nnan\n", "utf-8")
    corpus = CorpusChoice("file", "a.csv", (("column", "name"), ("level", "char")))
    prepared = sessions.open_path(str(path), replace(SMALL, corpus=corpus))
    assert prepared.run.settings.corpus.options == (("level", "char"),)
    assert prepared.run.corpus.level == "char"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("none.txt", None),
        ("empty.txt", b""),
        ("noise.txt", bytes(range(256)) * 40),
        ("torn.bptt", b"PK\x03\x04 and no more"),
        ("text.bptt", b"this is no session"),
    ],
)
def test_a_bad_file_is_refused_and_named(tmp_path, name, content):
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(RnnError, match=name):
        sessions.open_path(str(path), SMALL)


def test_a_folder_that_cannot_be_written_to_is_named(tmp_path):
    with pytest.raises(FileError, match=r"one\.bptt"):
        sessions.save_session(str(tmp_path / "nowhere" / "one.bptt"), trained_driver(1).session)
