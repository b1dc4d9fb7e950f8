"""A file is written whole or not at all, and nothing is written that could not be read again."""

from __future__ import annotations

import os

import numpy as np
import pytest

from rnncore.annealing import Halve
from rnncore.errors import FileError
from rnncore.files import load, save
from rnncore.model import Model
from rnncore.optim import Adam, ClipByNorm
from rnncore.training import Trainer
from tests.rnncore.runs import same
from tests.rnncore.session_files import corpus, recorded


def test_a_failed_save_leaves_the_older_file_whole_and_nothing_beside_it(tmp_path, monkeypatch):
    path = tmp_path / "run.bptt"
    save(path, history=recorded(2))
    before = path.read_bytes()
    with pytest.raises(FileError, match=r"session\.window"):
        save(path, history=recorded(3), session={"window": object()})

    def full(*arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(FileError, match="No space left"):
        save(path, history=recorded(3))
    assert path.read_bytes() == before and os.listdir(tmp_path) == ["run.bptt"]


def test_an_interrupted_save_leaves_nothing_beside_the_older_file(tmp_path, monkeypatch):
    def interrupted(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        save(tmp_path / "run.bptt", model=Model.create("vanilla", 4, 3))
    assert os.listdir(tmp_path) == []


def test_saving_keeps_the_rights_of_the_file_and_follows_a_link(tmp_path):
    real, link = tmp_path / "real.bptt", tmp_path / "link.bptt"
    save(real, model=Model.create("vanilla", 4, 3))
    real.chmod(0o640)
    link.symlink_to(real)
    save(link, model=Model.create("vanilla", 5, 3))
    assert link.is_symlink() and real.stat().st_mode & 0o777 == 0o640
    assert load(real).model.vocabulary_size == 5


def test_what_cannot_be_saved_is_refused_by_name(tmp_path):
    path = tmp_path / "x.bptt"
    model = Model.create("vanilla", 4, 3)
    deep: list[object] = []
    for _ in range(200):
        deep = [deep]
    for session, words in (
        ({"a": [1, {2: 3}]}, r"a\[1\]"),
        ({"a": {1, 2}}, "set"),
        ({"a": deep}, "deep"),
        ({"a": 2**70}, "too large"),
        ({"~float": "nan"}, "~"),
    ):
        with pytest.raises(FileError, match=words):
            save(path, model=model, session=session)
    with pytest.raises(FileError, match="nothing to save"):
        save(path)
    with pytest.raises(FileError, match="only a Corpus"):
        save(path, trainer=Trainer(Model.create("vanilla", 50, 3), list(corpus().examples)))
    with pytest.raises(FileError, match="cannot be written"):
        save(tmp_path / "missing" / "x.bptt", model=model)
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("letter", ["a", "π", "語", "🙂"])
def test_a_name_as_long_as_the_system_allows_can_be_saved_to(tmp_path, letter):
    path = tmp_path / (letter * (250 // len(letter.encode())) + ".bptt")
    try:
        path.touch()
    except OSError:
        pytest.skip("this file system has shorter names")
    save(path, model=Model.create("vanilla", 5, 3))
    assert load(path).model.hidden_size == 3


# --- what could be saved, and not be read again --------------------------------------------------------------


def test_a_model_and_a_corpus_that_do_not_fit_are_not_saved_together(tmp_path):
    path, text = tmp_path / "run.bptt", corpus()
    larger = Model.create("vanilla", text.vocabulary.size + 3, 4)
    for given in ({"model": larger, "corpus": text}, {"trainer": Trainer(larger, text)}):
        with pytest.raises(FileError, match=r"vocabulary of \d+, the model one of \d+"):
            save(path, **given)
    assert not path.exists()


def test_a_label_as_long_as_a_book_is_saved_in_part(tmp_path):
    history = recorded(3)
    history.label = "w" * 20_000
    save(tmp_path / "run.bptt", history=history)
    assert load(tmp_path / "run.bptt").lines[0].label == "w" * 10_000


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"model": "lstm"}, "as model"),
        ({"trainer": "lstm"}, "as trainer"),
        ({"history": []}, "no history"),
        ({"session": [1]}, "session is a list"),
        ({}, "nothing to save"),
    ],
)
def test_what_is_no_model_trainer_history_or_session_is_refused_in_words(tmp_path, given, says):
    with pytest.raises(FileError, match=says):
        save(tmp_path / "run.bptt", **given)


@pytest.mark.parametrize("path", ["\0", "a\0b.bptt", "", None, 3])
def test_what_is_no_name_of_a_file_is_refused_in_words(path):
    with pytest.raises(FileError, match="no name of a file"):
        save(path, model=Model.create("vanilla", 5, 3))
    with pytest.raises(FileError, match="no name of a file"):
        load(path)


def test_a_run_with_numbers_of_numpys_goes_on_bitwise_from_its_file(tmp_path):
    settings = {
        "optimiser": Adam(np.float32(0.03), beta1=np.float32(0.8)),
        "clip": ClipByNorm(np.float32(0.1)),
        "annealing": Halve(np.float32(0.7)),
        "validation": np.float32(0.2),
    }
    history = recorded(7, **settings)
    save(tmp_path / "run.bptt", history=history)
    back = load(tmp_path / "run.bptt").history()
    assert back.trainer.settings == history.trainer.settings
    assert type(history.trainer.settings.clip.limit) is float
    assert [back.step() for _ in range(9)] == [history.step() for _ in range(9)]
    assert same(back.head, history.head)


def test_counts_of_numpys_are_saved_as_plain_ones(tmp_path):
    trainer = Trainer(Model.create("vanilla", corpus().vocabulary.size, 4), corpus(), batch_size=np.int64(2))
    save(tmp_path / "run.bptt", trainer=trainer)
    assert load(tmp_path / "run.bptt").lines[0].settings == trainer.settings
    assert type(trainer.settings.batch_size) is int
