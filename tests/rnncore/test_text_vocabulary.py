from __future__ import annotations

import json
from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnncore.errors import TextError
from rnncore.vocabulary import END, SPECIALS, START, UNKNOWN, Vocabulary

COUNTS = st.dictionaries(st.text(min_size=1, max_size=4), st.integers(1, 50), max_size=30).map(
    lambda counts: {token: count for token, count in counts.items() if token not in SPECIALS}
)


@settings(deadline=None)
@given(COUNTS)
def test_tokens_are_ordered_by_frequency_and_ties_by_alphabet(counts: dict[str, int]) -> None:
    vocabulary = Vocabulary.from_counts(counts)
    words = list(zip(vocabulary.tokens[3:], vocabulary.counts[3:], strict=True))
    for (first, many), (second, few) in pairwise(words):
        assert many > few or (many == few and first < second)
    assert dict(words) == counts


@settings(deadline=None)
@given(COUNTS, st.integers(4, 40))
def test_the_size_is_what_there_is_and_never_above_the_cap(counts: dict[str, int], cap: int) -> None:
    vocabulary = Vocabulary.from_counts(counts, maximum_size=cap)
    assert vocabulary.size == len(vocabulary.tokens) == min(cap, len(counts) + 3)


@settings(deadline=None)
@given(COUNTS, st.integers(4, 40))
def test_a_cap_moves_counts_to_the_unknown_token_and_loses_none(counts: dict[str, int], cap: int) -> None:
    vocabulary = Vocabulary.from_counts(counts, maximum_size=cap, sentences=7)
    assert vocabulary.counts[:2] == (7, 7)
    assert sum(vocabulary.counts[2:]) == sum(counts.values())
    kept = vocabulary.counts[3:]
    dropped = [count for token, count in counts.items() if token not in vocabulary]
    assert not dropped or not kept or min(kept) >= max(dropped)


@settings(deadline=None)
@given(COUNTS)
def test_index_and_token_are_inverse(counts: dict[str, int]) -> None:
    vocabulary = Vocabulary.from_counts(counts)
    for index in range(vocabulary.size):
        assert vocabulary.index(vocabulary.token(index)) == index
    assert all(token in vocabulary for token in counts)


@settings(deadline=None)
@given(COUNTS)
def test_it_survives_json(counts: dict[str, int]) -> None:
    vocabulary = Vocabulary.from_counts(counts, sentences=3)
    again = Vocabulary.from_json(json.loads(json.dumps(vocabulary.to_json())))
    assert again == vocabulary
    assert hash(again) == hash(vocabulary)


def test_special_tokens_have_fixed_ids_and_readable_names() -> None:
    vocabulary = Vocabulary.from_tokens(["cat"])
    assert [vocabulary.start, vocabulary.end, vocabulary.unknown] == [0, 1, 2]
    assert vocabulary.tokens == (START, END, UNKNOWN, "cat") == ("<s>", "</s>", "<unk>", "cat")
    assert len(vocabulary) == 4


def test_a_word_it_lacks_has_the_id_of_the_unknown_token() -> None:
    vocabulary = Vocabulary.from_tokens(["cat"])
    assert vocabulary.index("dog") == vocabulary.unknown
    assert "dog" not in vocabulary


def test_unknown_words_already_in_the_text_are_counted_as_unknown() -> None:
    vocabulary = Vocabulary.from_counts(Counter({UNKNOWN: 5, "a": 4, "b": 1}), maximum_size=4)
    assert vocabulary.tokens == (*SPECIALS, "a")
    assert vocabulary.counts == (0, 0, 6, 4)


@pytest.mark.parametrize("index", [-1, 4, 100])
def test_an_id_outside_the_vocabulary_is_refused(index: int) -> None:
    with pytest.raises(TextError, match=r"ids 0 to 3"):
        Vocabulary.from_tokens(["cat"]).token(index)


@pytest.mark.parametrize("size", [3, 0, -1, True, 2.5, "9"])
def test_a_size_without_room_for_a_word_is_refused(size: object) -> None:
    with pytest.raises(TextError, match="at least 4"):
        Vocabulary.from_counts({"a": 1}, maximum_size=size)  # type: ignore[arg-type]


def test_tokens_that_cannot_be_seen_get_a_visible_label() -> None:
    vocabulary = Vocabulary.from_tokens([" ", "\n", "\t", "\u00a0", "\x07", "\u200d", "é"])
    assert [vocabulary.label(index) for index in range(3, 10)] == [
        "␣",
        "↵",
        "⇥",
        "⍽",
        "U+0007",
        "U+200D",
        "é",
    ]
    assert vocabulary.label(0) == "<s>"


@pytest.mark.parametrize(
    ("plain", "match"),
    [
        (None, "tokens"),
        ([], "tokens"),
        ({"tokens": "abc", "counts": []}, "tokens"),
        ({"tokens": [1], "counts": [1]}, "tokens"),
        ({"tokens": list(SPECIALS)}, "counts"),
        ({"tokens": list(SPECIALS), "counts": [0, 0, -1]}, "counts"),
        ({"tokens": list(SPECIALS), "counts": [0, 0, True]}, "counts"),
        ({"tokens": list(SPECIALS), "counts": [0, 0]}, "one count a token"),
        ({"tokens": ["a", "b", "c"], "counts": [0, 0, 0]}, "begins with"),
        ({"tokens": [*SPECIALS, "a", "a"], "counts": [0] * 5}, "'a' stands twice"),
        ({"tokens": [*SPECIALS, ""], "counts": [0] * 4}, "Token 3 .* empty"),
    ],
)
def test_damaged_json_is_refused_by_name(plain: object, match: str) -> None:
    with pytest.raises(TextError, match=match):
        Vocabulary.from_json(plain)


def test_a_token_that_is_no_text_is_refused() -> None:
    with pytest.raises(TextError, match="token 3 of the vocabulary is no text"):
        Vocabulary.from_tokens(["a", 3])  # type: ignore[list-item]
