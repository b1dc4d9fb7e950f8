from __future__ import annotations

import numpy as np
import pytest

from explorer.model.sentences import corpus_sentence, first_sentence, search, typed_sentence
from explorer.model.settings import MAX_TRACED_STEPS
from rnncore.corpus import Corpus
from rnncore.errors import RnnError
from rnncore.trace import IGNORE

from .runs import small_run


@pytest.fixture(scope="module")
def corpus():
    return small_run().corpus


def test_a_sentence_reads_its_words_and_asks_for_the_next_ones(corpus):
    sentence = corpus_sentence(corpus, 1)
    assert sentence.words == ("<s>", "the", "dog", "sleeps", ".", "</s>")
    np.testing.assert_array_equal(sentence.example.inputs, sentence.ids[:-1])
    np.testing.assert_array_equal(sentence.example.targets, sentence.ids[1:])
    assert sentence.length == 5 and sentence.index == 1


@pytest.mark.parametrize("index", [-1, 6])
def test_a_sentence_that_is_not_there_is_refused(corpus, index):
    with pytest.raises(RnnError, match="has 6"):
        corpus_sentence(corpus, index)


def test_the_first_one_shown_is_near_nine_words(corpus):
    lengths = [len(s) - 1 for s in corpus.sentences]
    assert abs(lengths[first_sentence(corpus)] - 9) == min(abs(n - 9) for n in lengths)


def test_a_long_sentence_is_cut_and_says_by_how_much(corpus):
    typed = typed_sentence(corpus, "cat " * (MAX_TRACED_STEPS + 30))
    assert typed.length == MAX_TRACED_STEPS and len(typed.words) == MAX_TRACED_STEPS + 1
    assert typed.steps_left_out == 31
    assert len(typed.unknown) == len(typed.ids) == MAX_TRACED_STEPS + 1


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("<s>", ("<s>", "</s>")),
        (" <s> </s> ", ("<s>", "</s>")),
        ("<s> the", ("<s>", "the")),
        ("<s> the dog", ("<s>", "the", "dog")),
        ("<s> the </s>", ("<s>", "the", "</s>")),
        ("the", ("<s>", "the", "</s>")),
    ],
)
def test_what_begins_with_the_start_ends_as_typed(corpus, text, words):
    sentence = typed_sentence(corpus, text)
    assert sentence.words == words and len(sentence.unknown) == len(words)
    np.testing.assert_array_equal(sentence.example.targets, sentence.ids[1:])


def test_a_task_keeps_its_mask_on_a_typed_sentence():
    from rnncore.bundled import load

    corpus = load("cue")
    shown = corpus_sentence(corpus, 0)
    typed = typed_sentence(corpus, corpus.texts[0])
    np.testing.assert_array_equal(typed.ids, shown.ids)
    np.testing.assert_array_equal(typed.example.targets, shown.example.targets)
    assert (typed.example.targets == IGNORE).any()


def test_search_finds_whatever_the_case_and_stops_at_its_limit(corpus):
    assert search(corpus, "SLEEPS") == [1, 4]
    assert search(corpus, "  ") == list(range(6))
    assert search(corpus, "the", most=2) == [0, 1]
    assert search(corpus, "penguin") == []


def test_letters_are_read_as_letters():
    corpus = Corpus.from_text("anna\nnina\n", level="char", unit="line")
    sentence = typed_sentence(corpus, "naz")
    assert sentence.words[1:4] == ("n", "a", "z") and sentence.unknown.tolist()[1:4] == [False, False, True]


def test_a_typed_text_shows_its_spaces_as_the_corpus_does():
    corpus = Corpus.from_text("ab cd\nab ab", level="char")
    typed = typed_sentence(corpus, "ab cd")
    assert typed.words == ("<s>", "a", "b", "␣", "c", "d", "</s>")
    assert typed.words == tuple(corpus.vocabulary.label(int(i)) for i in typed.ids)
    lacking = typed_sentence(corpus, "a\u00a0z")
    assert "⍽" in lacking.words and lacking.unknown.any()
