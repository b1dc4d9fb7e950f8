from __future__ import annotations

import re
import textwrap
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnncore.errors import TextError
from rnncore.segment import _END_MARK, sentences, split_sentences, wrap_width


@pytest.mark.parametrize(
    "marked",
    [
        "One came.|Two went!|Did three?|Four.",
        "Dr. Ada met Mr. Bell.|They spoke.",
        "E. T. A. Hoffmann wrote it.|I read it.",
        "So did I.|Then we left.",
        'She asked "Why?" and left.|He stayed.',
        '"Why?" he asked.|Nobody knew.',
        '"Stop!"|"Never!"',
        "It cost 3.50 in all.|He paid.",
        "1. First things first.|2. Then the rest.",
        "He was born in 1990.|She was not.",
        "See no. 5 and fig. 3 there.|We said no.|They agreed.",
        "Bring salt, oil, etc. for the cook.|Bring bread, etc.|Then eat.",
        "It is free, e.g. Linux, i.e. yours.|Take it.",
        "He lives in the U.S. Army base.|She left the U.S.|The end.",
        "We came at 5 p.m.|They left.",
        "Well... maybe.|Wait...|What?",
        "(He laughed.)|She did not.",
        "no capitals here.|none at all.|mr. smith too.",
        "猫が好き。|犬も好き！|本当？",
        "Él vino.|¿Por qué?|—No sé.",
        "no end mark at all",
        "Acme Inc. of Ohio sold it.|Fine.",
    ],
)
def test_sentences_end_where_a_reader_ends_them(marked: str) -> None:
    gap = "" if "。" in marked else " "
    assert list(split_sentences(marked.replace("|", gap))) == marked.split("|")


@settings(deadline=None)
@given(st.text(st.sampled_from("aB1 .!?…\"')。\nIU-"), max_size=80))
def test_splitting_loses_no_character_and_makes_no_empty_sentence(text: str) -> None:
    found = list(split_sentences(text))
    assert "".join("".join(found).split()) == "".join(text.split())
    assert all(sentence and sentence == sentence.strip() for sentence in found)


WRAPPED = textwrap.fill(
    "The keeper climbed the tower every evening, and she knew each of its ninety steps. The wind sang. "
    "Below her the sea went on with its long slow work, as it had done before there was a tower at all. " * 3,
    60,
)


def test_wrapped_lines_are_joined_before_sentences_are_sought() -> None:
    assert wrap_width(WRAPPED) is not None
    found = list(sentences(WRAPPED))
    assert len(found) == 9
    assert all(sentence.endswith(".") and "\n" not in sentence for sentence in found)


def test_an_empty_line_ends_a_sentence_even_without_an_end_mark() -> None:
    found = list(sentences("A TITLE\n\n" + WRAPPED))
    assert found[0] == "A TITLE"
    assert len(found) == 10


@pytest.mark.parametrize(
    "text",
    [
        "anna\nmichael\njessica\nbob\nchristopher\nsue",
        "The cat runs home .\nThe dogs that the cat sees sleep .\nJohn sees Mary .",
        "over the hill the moon came up\nand down the hill we ran\nwith our old red kite and a paper cup",
        "one line only",
        "",
        "x" * 5000 + "\n" + "y" * 5000,
    ],
)
def test_lists_poems_and_long_lines_are_not_taken_for_wrapped_text(text: str) -> None:
    assert wrap_width(text) is None
    assert list(sentences(text)) == [line for line in text.split("\n") if line]


def test_lines_are_kept_whole_when_asked() -> None:
    assert list(sentences("One. Two.\n\n  Three.  ", "line")) == ["One. Two.", "Three."]


def test_a_stream_keeps_its_line_breaks() -> None:
    assert "".join(sentences("One. Two.\n\nThree", "stream")) == "One. Two.\n\nThree\n"


def test_an_unknown_unit_is_refused() -> None:
    with pytest.raises(TextError, match="sentence, line, stream"):
        list(sentences("a", "verse"))


def test_ragged_lines_are_known_as_wrapped_by_their_small_letters() -> None:
    ragged = (
        "  The keeper of the lamp climbed the long stair\n"
        "of the tower every evening,\n"
        "and she counted the steps as she went, one after another,\n"
        "until she came to the top.  Then she lit\n"
        "the lamp.\n\n"
        "  In the morning she put\n"
        "it out again and wrote down what she had seen in the book.\n"
    )
    assert [len(sentence.split()) for sentence in sentences(ragged)] == [31, 5, 18]


def test_a_line_without_an_end_comes_in_pieces_that_lose_nothing():
    text = "word " * 70_000 + "end"
    found = list(sentences(text, "line"))
    assert len(found) > 2 and max(map(len, found)) <= 100_000
    assert " ".join(found) == text
    unbroken = list(sentences("x" * 250_000))
    assert [len(piece) for piece in unbroken] == [100_000, 100_000, 50_000]


def test_a_wrapped_paragraph_without_an_end_comes_in_pieces_too():
    text = "\n".join(["a line that was wrapped at sixty characters and goes on and"] * 5000)
    found = list(sentences(text, wrapped=True))
    assert len(found) >= 2 and " ".join(found) == text.replace("\n", " ")


@given(st.text(".!?…)\"' a\n", max_size=40))
def test_a_run_of_end_marks_is_found_where_a_pattern_tried_at_every_character_finds_it(text: str) -> None:
    tried_everywhere = re.finditer(r"[.!?…]+[\"'”’»)\]]*(?=\s)", text)

    assert [mark.span() for mark in _END_MARK.finditer(text)] == [mark.span() for mark in tried_everywhere]


@pytest.mark.parametrize("text", ["." * 60_000, "?!" * 30_000 + "x", "." + ")" * 60_000, ".)" * 30_000])
def test_a_row_of_end_marks_takes_no_longer_than_its_length(text: str) -> None:
    started = time.process_time()

    assert " ".join(sentences(text)) == text
    assert time.process_time() - started < 5.0
