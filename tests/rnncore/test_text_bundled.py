from __future__ import annotations

from pathlib import Path

import pytest

from rnncore import bundled, text
from rnncore.bundled import BUNDLED, corpora_folder, load
from rnncore.errors import FileError, TextError


@pytest.mark.parametrize("id", list(BUNDLED))
def test_every_bundled_corpus_loads_and_says_what_it_is(id: str) -> None:
    bundle, corpus = BUNDLED[id], load(id)
    assert bundle.id == id
    assert (corpus.name, corpus.description, corpus.level) == (bundle.title, bundle.description, bundle.level)
    assert bundle.description.endswith((".", "?"))
    assert "\n" not in bundle.description
    assert len(corpus.sentences) >= 100
    assert corpus.longest <= 35
    assert corpus.recipe == {"id": id, "options": {}}
    assert sum(corpus.vocabulary.counts) == sum(map(len, corpus.sentences))
    assert (corpus.best_loss is None) == (bundle.kind == "text")


@pytest.mark.parametrize("id", list(BUNDLED))
def test_every_option_that_is_offered_is_taken_at_its_default(id: str) -> None:
    assert load(id, **BUNDLED[id].options).texts == load(id).texts


def test_the_prose_is_a_short_text_of_whole_sentences() -> None:
    prose = load("prose")
    assert 800 <= sum(len(sentence.split()) for sentence in prose.texts) <= 1500
    assert prose.notes == ()
    assert prose.vocabulary.size < 400


def test_names_are_distinct_and_written_in_letters() -> None:
    names = load("names")
    assert len(set(names.texts)) == len(names.texts) >= 300
    assert set(names.vocabulary.tokens[3:]) == set("abcdefghijklmnopqrstuvwxyz")


def test_options_reach_the_corpus_and_its_recipe() -> None:
    corpus = load("echo", lag=2, sentences=7)
    assert len(corpus.sentences) == 7
    assert corpus.recipe == {"id": "echo", "options": {"lag": 2, "sentences": 7}}
    assert load("prose", vocabulary_size=50).vocabulary.size == 50
    assert "A" in load("names", lower=False).vocabulary


def test_an_unknown_corpus_is_refused_with_those_there_are() -> None:
    with pytest.raises(TextError, match=r"no bundled corpus 'poems'.*agreement, prose, names, echo"):
        load("poems")


@pytest.mark.parametrize("id", ["echo", "prose"])
def test_an_unknown_option_is_refused_with_those_there_are(id: str) -> None:
    with pytest.raises(TextError, match=r"no option 'speed'; it has .*sentences"):
        load(id, speed=3)


@pytest.mark.parametrize("parts", [("assets", "corpora"), ("explorer", "assets", "corpora")])
def test_texts_are_found_in_a_checkout_and_in_an_installed_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, parts: tuple[str, ...]
) -> None:
    folder = tmp_path.joinpath(*parts)
    folder.mkdir(parents=True)
    (folder / "prose.txt").write_text("One short text.", encoding="utf-8")
    monkeypatch.setattr(bundled, "__file__", str(tmp_path / "rnncore" / "bundled.py"))
    assert corpora_folder() == folder
    assert load("prose").texts == ("One short text.",)


def test_without_texts_the_error_names_the_folder_and_the_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bundled, "__file__", str(tmp_path / "rnncore" / "bundled.py"))
    with pytest.raises(FileError, match=r"not installed: there is no assets folder in .* Install bptt-explorer"):
        load("prose")
    assert load("echo").sentences


def test_the_public_face_has_every_name_it_lists() -> None:
    assert all(hasattr(text, name) for name in text.__all__)


def test_a_task_is_made_once_and_options_of_another_type_are_still_checked():
    first, second = load("echo", lag=2), load("echo", lag=2)
    assert first.sentences is second.sentences
    assert load("echo", lag=1).sentences is not first.sentences
    load("echo", lag=1)
    for wrong in (True, 1.0, [1]):
        with pytest.raises(TextError, match="lag is"):
            load("echo", lag=wrong)
