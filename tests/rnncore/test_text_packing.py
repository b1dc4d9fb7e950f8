from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from rnncore.bundled import BUNDLED, load
from rnncore.corpus import Corpus
from rnncore.errors import TextError
from rnncore.packing import pack, unpack

SMALL = {"sentences": 5}


def parts() -> tuple[dict[str, Any], dict[str, Any]]:
    plain, arrays = pack(Corpus.from_text("The cat sat. The dog ran off."))
    return plain, dict(arrays)


@pytest.mark.parametrize("id", list(BUNDLED))
def test_every_bundled_corpus_comes_back_with_its_targets(id: str) -> None:
    corpus = load(id, **(SMALL if BUNDLED[id].kind == "task" else {"max_sentences": 5}))
    plain, arrays = pack(corpus)
    again = unpack(json.loads(json.dumps(plain)), arrays)
    for attribute in (
        "name",
        "vocabulary",
        "texts",
        "tokeniser",
        "description",
        "notes",
        "encoding",
        "best_loss",
    ):
        assert getattr(again, attribute) == getattr(corpus, attribute)
    assert again.recipe == corpus.recipe
    for mine, other in zip(again, corpus, strict=True):
        assert mine.inputs.tolist() == other.inputs.tolist()
        assert mine.targets.tolist() == other.targets.tolist()


def test_a_corpus_without_sentences_can_be_carried() -> None:
    plain, arrays = pack(Corpus.from_text("One.").split(0.0).validation)
    assert unpack(plain, arrays).sentences == ()


def test_what_comes_back_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="read-only"):
        unpack(*parts()).sentences[0][0] = 5


@pytest.mark.parametrize(
    ("key", "value", "match"),
    [
        ("name", None, "'name' must be a text"),
        ("description", 3, "'description' must be a text"),
        ("texts", "abc", "'texts' must be a list of texts"),
        ("texts", ["one"], "2 sentences and 1 texts"),
        ("notes", [1], "'notes' must be a list of texts"),
        ("encoding", 8, "'encoding'"),
        ("best_loss", -1.0, "'best_loss'"),
        ("best_loss", float("nan"), "'best_loss'"),
        ("best_loss", True, "'best_loss'"),
        ("level", 1, "'level'"),
        ("level", "verse", "Unknown level"),
        ("lower", "yes", "'lower' true or false"),
        ("vocabulary", {}, "vocabulary is damaged"),
        ("recipe", "echo", "'recipe'"),
        ("recipe", {"id": "echo"}, "'recipe'"),
        ("recipe", {"id": "nothing", "options": {}}, "no bundled corpus"),
        ("recipe", {"id": "echo", "options": {"lag": -1}}, "lag is -1"),
        ("recipe", {"id": "echo", "options": {}}, "another vocabulary"),
    ],
)
def test_damaged_data_are_refused_by_name(key: str, value: Any, match: str) -> None:
    plain, arrays = parts()
    with pytest.raises(TextError, match=match):
        unpack(plain | {key: value}, arrays)


@pytest.mark.parametrize(
    ("arrays", "match"),
    [
        ({}, "'ids' must be an array"),
        ({"ids": [0, 1]}, "'ids' must be an array"),
        ({"ids": np.zeros((2, 2), dtype=np.int64)}, "'ids' must be an array"),
        ({"ids": np.zeros(4)}, "'ids' must be an array"),
        ({"lengths": np.zeros(2)}, "'lengths' must be an array"),
        ({"lengths": np.array([13])}, "1 sentences and 2 texts"),
        ({"lengths": np.array([1, 12])}, "do not add up"),
        ({"lengths": np.array([6, 6])}, "do not add up"),
        ({"lengths": np.array([2**62, 2**62])}, "do not add up"),
        ({"ids": np.full(13, 99)}, "its vocabulary of 10 lacks"),
        ({"ids": np.full(13, -1)}, "its vocabulary of 10 lacks"),
    ],
)
def test_damaged_arrays_are_refused(arrays: dict[str, Any], match: str) -> None:
    plain, whole = parts()
    if not arrays:
        whole = {}
    with pytest.raises(TextError, match=match):
        unpack(plain, whole | arrays)


def test_something_else_than_a_record_is_refused() -> None:
    with pytest.raises(TextError, match="no record"):
        unpack([], {})
