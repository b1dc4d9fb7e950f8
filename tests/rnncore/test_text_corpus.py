from __future__ import annotations

import dataclasses
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnncore import building
from rnncore.corpus import Corpus
from rnncore.errors import TextError
from rnncore.tokenise import Tokeniser, tokenise
from rnncore.trace import IGNORE
from rnncore.vocabulary import END, START, UNKNOWN, Vocabulary

STORY = "The cat sat. The dog ran! Did the cat see the dog? Yes."
WORDS = st.lists(st.sampled_from(("the", "cat", "dog", "sat", ".", ",", "don't", "猫", "é")), min_size=1, max_size=30)


def labels(corpus: Corpus, index: int) -> list[str]:
    return [corpus.vocabulary.token(token) for token in corpus.sentences[index]]


def test_a_sentence_runs_from_start_token_to_end_token() -> None:
    corpus = Corpus.from_text(STORY)
    assert corpus.texts == ("The cat sat.", "The dog ran!", "Did the cat see the dog?", "Yes.")
    assert labels(corpus, 0) == [START, "the", "cat", "sat", ".", END]
    assert corpus.vocabulary.counts[:3] == (4, 4, 0)
    assert corpus.vocabulary.counts[corpus.vocabulary.index("the")] == 4


def test_inputs_and_targets_are_the_sentence_shifted_by_one() -> None:
    corpus = Corpus.from_text(STORY)
    assert len(corpus.examples) == 4
    for ids, example in zip(corpus.sentences, corpus, strict=True):
        assert example.inputs.tolist() == ids[:-1].tolist()
        assert example.targets.tolist() == ids[1:].tolist()
    assert [example.inputs[1] for example in corpus.examples[1:3]] == [ids[1] for ids in corpus.sentences[1:3]]
    assert corpus.target_count == sum(len(ids) - 1 for ids in corpus.sentences)
    assert corpus.longest == 8
    assert corpus.predicts_next_token
    assert repr(corpus) == "Corpus('text', level='word', 4 sentences, vocabulary of 14)"


def test_nothing_of_a_corpus_can_be_changed() -> None:
    corpus = Corpus.from_text(STORY)
    example, encoded = corpus.examples[0], corpus.encode("the cat")
    for array in (corpus.sentences[0], example.inputs, example.targets, encoded.ids, encoded.unknown):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0
    with pytest.raises(dataclasses.FrozenInstanceError):
        corpus.name = "other"  # type: ignore[misc]


@settings(deadline=None)
@given(WORDS)
def test_decoding_a_sentence_and_encoding_it_again_gives_the_same_ids(words: list[str]) -> None:
    corpus = Corpus.from_text(" ".join(words), unit="line")
    for ids in corpus.sentences:
        encoded = corpus.encode(corpus.decode(ids))
        assert encoded.ids.tolist() == ids.tolist()
        assert not encoded.unknown.any()


@settings(deadline=None)
@given(st.text(max_size=60).filter(lambda text: text.strip()))
def test_the_same_holds_of_characters_of_any_text(text: str) -> None:
    corpus = Corpus.from_text(text, "char", unit="line", max_length=100)
    for ids in corpus.sentences:
        assert corpus.encode(corpus.decode(ids)).ids.tolist() == ids.tolist()


def test_a_typed_sentence_shows_its_unknown_words_as_typed() -> None:
    corpus = Corpus.from_text(STORY)
    encoded = corpus.encode("The zebra sat.")
    assert encoded.words == (START, "the", "zebra", "sat", ".", END)
    assert encoded.unknown.tolist() == [False, False, True, False, False, False]
    assert encoded.ids[2] == corpus.vocabulary.unknown
    assert corpus.decode(encoded.ids) == "the <unk> sat."


def test_a_typed_frame_is_not_doubled() -> None:
    corpus = Corpus.from_text(STORY)
    assert corpus.encode("<s> the cat </s>").words == (START, "the", "cat", END)


@pytest.mark.parametrize("text", ["", "   ", "<s></s>"])
def test_a_typed_sentence_needs_a_word(text: str) -> None:
    with pytest.raises(TextError, match="Type at least one word"):
        Corpus.from_text(STORY).encode(text)


def test_the_vocabulary_has_its_true_size_below_the_cap_and_the_cap_above_it() -> None:
    small = Corpus.from_text("one two three", vocabulary_size=8000)
    assert small.vocabulary.size == 6
    assert small.notes == ()
    capped = Corpus.from_text("a a a a b b b c c d", vocabulary_size=5)
    assert capped.vocabulary.tokens == (START, END, UNKNOWN, "a", "b")
    assert capped.vocabulary.counts == (1, 1, 3, 4, 3)
    assert capped.notes == (
        "The text has 4 different words; the 2 most frequent are kept, and 30.0 % of the text reads as <unk>.",
    )


def test_without_a_size_the_tutorials_8000_is_the_cap() -> None:
    text = "\n".join(f"word{number}" for number in range(9000))
    assert Corpus.from_text(text).vocabulary.size == 8000


def test_a_given_vocabulary_is_used_as_it_is() -> None:
    vocabulary = Vocabulary.from_tokens(["the", "cat"])
    corpus = Corpus.from_text("the dog saw the cat", vocabulary=vocabulary)
    assert corpus.vocabulary is vocabulary
    assert corpus.sentences[0].tolist() == [0, 3, 2, 2, 3, 4, 1]
    assert corpus.notes == ("2 words of the text are not in the given vocabulary and read as <unk>.",)


def test_capitals_can_be_kept() -> None:
    assert "The" in Corpus.from_text(STORY, lower=False).vocabulary
    assert "T" in Corpus.from_text(STORY, "char").vocabulary
    assert "T" not in Corpus.from_text(STORY, "char", lower=True).vocabulary


@settings(deadline=None)
@given(st.integers(1, 60), st.integers(1, 20), st.sampled_from(["line", "stream"]))
def test_pieces_of_a_long_sentence_hold_every_token_as_a_target_once(count: int, longest: int, unit: str) -> None:
    words = [f"w{number}" for number in range(count)]
    corpus = Corpus.from_text(" ".join(words), unit=unit, max_length=longest)
    assert all(len(example.inputs) <= longest for example in corpus)
    targets = [corpus.vocabulary.token(token) for example in corpus for token in example.targets.tolist()]
    assert targets == [*words, END]
    assert corpus.sentences[0][0] == corpus.vocabulary.start
    for before, after in pairwise(corpus.sentences):
        assert before[-1] == after[0]
    lengths = {len(ids) for ids in corpus.sentences[:-1]}
    assert len(lengths) <= 1
    assert corpus.vocabulary.counts[3:] == (1,) * count
    assert bool(corpus.notes) == (len(corpus.sentences) > 1)


def test_cut_sentences_are_noted_and_shown_in_pieces() -> None:
    corpus = Corpus.from_text("a b c d e f g. Short one.", max_length=5)
    assert corpus.texts == ("a b c d e", "f g.", "Short one.")
    assert corpus.notes == ("1 sentence is longer than 5 steps and cut into consecutive pieces, 2 in all.",)


def test_a_stream_of_characters_keeps_spaces_and_line_breaks() -> None:
    corpus = Corpus.from_text("ab  c\n\nde\n", "char", unit="stream", max_length=4)
    assert "".join(corpus.texts) == "ab  c\n\nde"
    assert len(corpus.sentences) == 3
    assert corpus.notes == ("The text is one stream, cut into 3 consecutive pieces of at most 4 steps.",)


def test_a_cap_on_sentences_is_kept_and_noted() -> None:
    corpus = Corpus.from_text("One here. Two here. Three here. Four here.", max_sentences=2)
    assert corpus.texts == ("One here.", "Two here.")
    assert "three" not in corpus.vocabulary
    assert len(corpus.notes) == 1
    assert corpus.notes[0].startswith("Only the first 2 sentences (6 words) were kept; about ")


@pytest.mark.parametrize("unit", ["line", "stream"])
def test_a_cap_on_sentences_holds_for_pieces(unit: str) -> None:
    corpus = Corpus.from_text(" ".join("abcdefghijklmnop"), unit=unit, max_length=3, max_sentences=2)
    assert corpus.texts == ("a b c", "d e f") if unit == "line" else len(corpus.sentences) == 2
    assert corpus.notes[0].startswith("Only the first 2 pieces")


@pytest.mark.parametrize("unit", ["sentence", "line", "stream"])
@pytest.mark.parametrize("text", ["one two three four. " * 10_000, "word " * 40_000, "One two.\nthree\n" * 10_000])
def test_a_large_text_is_read_no_further_than_its_cap_on_tokens(
    monkeypatch: pytest.MonkeyPatch, text: str, unit: str
) -> None:
    monkeypatch.setattr(building, "MAXIMUM_TOKENS", 1000)
    corpus = Corpus.from_text(text, unit=unit)
    assert corpus.target_count - len([ids for ids in corpus.sentences if ids[-1] == 1]) == 1000
    assert any(note.startswith("Only the first") and "(1,000 words)" in note for note in corpus.notes)
    assert any("% of the text was left out" in note or "the rest of the text" in note for note in corpus.notes)


def test_sentences_after_the_cap_are_never_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []
    original = Tokeniser.tokenise

    def watching(self: Any, text: str, limit: int | None = None) -> list[str]:
        seen.append(text)
        return original(self, text, limit)

    monkeypatch.setattr(Tokeniser, "tokenise", watching)
    Corpus.from_text("A line.\n" * 50_000, max_sentences=10)
    assert len(seen) == 10


def test_all_caps_of_a_file_are_noted_together(tmp_path: Path) -> None:
    path = tmp_path / "large.txt"
    path.write_text("The cat sat there. " * 2000, encoding="utf-8")
    corpus = Corpus.from_file(path, max_bytes=10_000, max_sentences=100, max_length=3, vocabulary_size=4)
    assert corpus.encoding == "utf-8"
    assert [note.split()[0] for note in corpus.notes] == ["The", "Only", "50", "The"]
    assert corpus.notes[0] == "The file holds 38,000 bytes: only the first 10,000 (26 %) were read."


def test_a_text_without_a_word_is_refused_by_its_name() -> None:
    with pytest.raises(TextError, match="poem: there is no word in it"):
        Corpus.from_text(" \n ", name="poem")


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"level": "letters"}, "Choose one of word, char, symbol"),
        ({"unit": "verse"}, "Choose one of sentence, line, stream"),
        ({"max_length": 0}, "max_length is 0"),
        ({"max_sentences": True}, "max_sentences is True"),
        ({"vocabulary_size": 3}, "at least 4"),
        ({"lower": "no"}, "True or False"),
    ],
)
def test_wrong_options_are_refused(options: dict[str, Any], match: str) -> None:
    with pytest.raises(TextError, match=match):
        Corpus.from_text("words", **options)


@settings(deadline=None)
@given(st.integers(1, 30), st.floats(0, 0.99), st.integers(0, 5))
def test_a_split_deals_out_every_sentence_once_and_in_order(count: int, fraction: float, seed: int) -> None:
    corpus = Corpus.from_text("\n".join(f"line {number}" for number in range(count)), unit="line")
    training, validation = corpus.split(fraction, seed)
    both = set(training.texts) | set(validation.texts)
    assert both == set(corpus.texts)
    assert len(training.texts) + len(validation.texts) == count
    for part in (training, validation):
        assert list(part.texts) == [text for text in corpus.texts if text in set(part.texts)]
        assert part.vocabulary is corpus.vocabulary
    assert len(training.sentences) >= 1
    assert bool(validation.sentences) == (fraction > 0 and count > 1)


def test_a_split_depends_on_its_seed_alone() -> None:
    corpus = Corpus.from_text("\n".join(f"line {number}" for number in range(40)), unit="line")
    assert corpus.split(0.25, 1).validation.texts == corpus.split(0.25, 1).validation.texts
    assert corpus.split(0.25, 1).validation.texts != corpus.split(0.25, 2).validation.texts
    assert len(corpus.split(0.25).validation.texts) == 10


@pytest.mark.parametrize("fraction", [1, -0.1, float("nan"), "half"])
def test_a_split_that_leaves_nothing_to_learn_is_refused(fraction: Any) -> None:
    with pytest.raises(TextError, match="less than 1"):
        Corpus.from_text(STORY).split(fraction)


def test_targets_follow_a_rule_where_there_is_one() -> None:
    corpus = Corpus.from_text("a b c", unit="line")
    masked = dataclasses.replace(corpus, rule=lambda ids: np.where(ids[1:] == 4, IGNORE, ids[1:]))
    assert masked.examples[0].targets.tolist() == [3, IGNORE, 5, 1]
    assert masked.target_count == 3
    assert masked.predicts_next_token
    backwards = dataclasses.replace(corpus, rule=lambda ids: ids[:-1].copy())
    assert not backwards.predicts_next_token


def test_texts_and_sentences_must_match() -> None:
    corpus = Corpus.from_text(STORY)
    with pytest.raises(TextError, match="4 sentences with 1 texts"):
        dataclasses.replace(corpus, texts=("one",))


def test_a_licence_of_wrapped_lines_is_cut_into_sentences_not_lines(tmp_path: Path) -> None:
    text = (
        "Everyone may copy this text, and may give away the copies, on the one\n"
        "condition that this notice stays in it. There is no warranty, as far\n"
        "as the law of the place allows it.\n\n"
        "  1. Whoever changes the text says so in it, and names the day of the\n"
        "change. All else stays as it was.\n"
    )
    path = tmp_path / "licence"
    path.write_text(text, encoding="utf-8")
    corpus = Corpus.from_file(path)
    assert [len(sentence.split()) for sentence in corpus.texts] == [21, 14, 16, 6]
    assert corpus.notes[0].startswith("The lines are wrapped at 69 characters")
    assert tokenise(corpus.texts[3]) == ["all", "else", "stays", "as", "it", "was", "."]


def test_a_word_that_is_too_long_is_said_to_be_split():
    corpus = Corpus.from_text("the " + "x" * 300 + " ran .\nthe cat ran .\n")
    assert "A word of more than 100 characters is read as several words." in corpus.notes
    assert max(map(len, corpus.vocabulary.tokens)) == 100
    assert not any("characters is read" in note for note in Corpus.from_text("x" * 300, level="char").notes)


@pytest.mark.parametrize("text", [None, 3, b"the cat", ["the", "cat"]])
def test_what_is_no_text_is_refused_in_words(text: Any) -> None:
    with pytest.raises(TextError, match="is no text"):
        Corpus.from_text(text)
    with pytest.raises(TextError, match="is no text"):
        Corpus.from_text("the cat sat.").encode(text)


def test_what_is_no_vocabulary_is_refused_in_words() -> None:
    with pytest.raises(TextError, match="is no Vocabulary"):
        Corpus.from_text("the cat sat.", vocabulary=["the", "cat"])  # type: ignore[arg-type]


def test_sentences_that_are_given_can_no_longer_be_changed() -> None:
    ids = np.array([0, 3, 4, 1])
    corpus = Corpus("mine", Vocabulary.from_tokens("ab"), (ids,), ("ab",))
    ids[1] = 4
    assert corpus.sentences[0].tolist() == [0, 3, 4, 1] and not corpus.sentences[0].flags.writeable
