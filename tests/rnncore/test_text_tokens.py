from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from rnncore.errors import TextError
from rnncore.tokenise import Tokeniser, _any_word, normalise, tokenise

PROSE = st.text(
    st.sampled_from("abcXYZ019éßñİ .,;:!?'’\"()[]-–—…%&_*#@/\\中文かなपी한ا\u0301\u200d\t\n你。！「」<>"),
    max_size=60,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The cat sat.", "the cat sat ."),
        ("Don't stop!", "don't stop !"),
        ("Don’t stop", "don't stop"),
        ("a well-known mother-in-law", "a well-known mother-in-law"),
        ("the dogs' bone", "the dogs ' bone"),
        ('"Why?" he asked.', '" why ? " he asked .'),
        ("3.5 kg, 10,000 men", "3.5 kg , 10,000 men"),
        ("covid19 and 3rd", "covid19 and 3rd"),
        ("the U.S. and e.g. this", "the u.s. and e.g. this"),
        ("Wait.... What?!", "wait ... what ? !"),
        ("------------", "---"),
        ("a -- b", "a -- b"),
        ("Æble på café", "æble på café"),
        ("naïve façade", "naïve façade"),
        ("猫が好き。", "猫 が 好 き 。"),
        ("हिन्दी में", "हिन्दी में"),
        ("한국어 문장", "한국어 문장"),
        ("snake_case", "snake _ case"),
        ("I ♥ you", "i ♥ you"),
        ("f(x)=y", "f ( x ) = y"),
        ("an <unk> word", "an <unk> word"),
        ("", ""),
        ("  \n ", ""),
    ],
)
def test_words_and_marks_become_tokens(text: str, expected: str) -> None:
    assert tokenise(text) == expected.split()


def test_capitals_stay_when_asked() -> None:
    assert tokenise("The Cat", lower=False) == ["The", "Cat"]
    assert tokenise("Ab", "char") == ["A", "b"]
    assert tokenise("Ab", "char", lower=True) == ["a", "b"]


def test_composed_and_decomposed_accents_are_the_same_word() -> None:
    assert tokenise("cafe\u0301") == tokenise("café") == ["café"]
    assert tokenise("e\u0301", "char") == ["é"]


def test_symbols_are_whatever_stands_between_spaces() -> None:
    assert tokenise("<s> ( [ ] ) ?! </s>", "symbol") == ["(", "[", "]", ")", "?!"]


@pytest.mark.parametrize("ending", ["\r\n", "\r", "\x0b", "\x0c", "\x85", "\u2028", "\u2029"])
def test_every_kind_of_line_break_becomes_one(ending: str) -> None:
    assert normalise(f"\ufeffa{ending}b") == "a\nb"


@settings(deadline=None)
@given(PROSE)
@example('" ( a " )')
@example("u.s. . ...")
@example("( 5 % ) !")
def test_joined_words_read_back_as_the_same_words(text: str) -> None:
    tokeniser = Tokeniser("word")
    words = tokeniser.tokenise(text)
    assert tokeniser.tokenise(tokeniser.join(words)) == words


@settings(deadline=None)
@given(st.text(max_size=60))
def test_joined_words_of_any_text_read_back_as_the_same_words(text: str) -> None:
    tokeniser = Tokeniser("word", lower=False)
    words = tokeniser.tokenise(text)
    assert tokeniser.tokenise(tokeniser.join(words)) == words


@settings(deadline=None)
@given(PROSE)
def test_no_visible_character_is_lost_but_long_runs(text: str) -> None:
    def bare(value: str) -> str:
        return "".join(character for character in value if not character.isspace())

    expected = bare(normalise(text)).replace("’", "'")
    found = "".join(tokenise(text, lower=False)).replace("’", "'")
    if not any(mark * 4 in text for mark in ".-=*_~#!?"):
        assert found == expected


@settings(deadline=None)
@given(st.text(st.characters(max_codepoint=127), max_size=60))
def test_the_quick_pattern_for_ascii_agrees_with_the_one_for_every_script(text: str) -> None:
    if any(mark * 4 in text for mark in ".-=*_~#!?"):
        return
    assert tokenise(text, lower=False) == _any_word().findall(normalise(text))


@settings(deadline=None)
@given(st.text(max_size=40))
def test_characters_join_to_the_normalised_text(text: str) -> None:
    tokeniser = Tokeniser("char", lower=False)
    assert tokeniser.join(tokeniser.tokenise(text)) == normalise(text)
    assert unicodedata.is_normalized("NFC", tokeniser.join(tokeniser.tokenise(text)))


def test_joining_writes_readable_english_and_leaves_the_frame_out() -> None:
    tokeniser = Tokeniser("word")
    text = 'he said, "come in (all of you)!" and 50% came...'
    assert tokeniser.join(["<s>", *tokeniser.tokenise(text), "</s>"]) == text
    assert tokeniser.join(["the", "<unk>", "cat"]) == "the <unk> cat"
    assert tokeniser.join(tokeniser.tokenise("猫が好き。")) == "猫が好き。"


def test_a_limit_keeps_the_first_tokens() -> None:
    for level in ("word", "char", "symbol"):
        tokeniser = Tokeniser(level)
        assert tokeniser.tokenise("a b c d", 2) == tokeniser.tokenise("a b c d")[:2]


def test_wrong_settings_are_refused() -> None:
    with pytest.raises(TextError, match="word, char, symbol"):
        Tokeniser("letters")
    with pytest.raises(TextError, match="True or False"):
        Tokeniser("word", lower="yes")  # type: ignore[arg-type]


@pytest.mark.parametrize("level", ["word", "symbol"])
@given(text=st.text("aB Σς.e\u0301'’-\n\u2028日本 ", max_size=60))
def test_a_text_in_pieces_reads_as_it_does_in_one(level, text):
    tokeniser = Tokeniser(level)
    whole = tokeniser.tokenise(text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("rnncore.tokenise._PIECE", 3)
        assert tokeniser.tokenise(text) == whole
        assert tokeniser.tokenise(text, 2) == whole[:2]


def test_a_word_of_any_length_becomes_words_that_can_be_shown():
    assert [len(word) for word in tokenise("x" * 250 + " end")] == [100, 100, 50, 3]
    assert tokenise("x" * 250, "char") == ["x"] * 250


@pytest.mark.parametrize("mark", ["\r\n", "\r", "\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\u2029"])
def test_every_kind_of_line_break_is_one(mark):
    assert normalise(f"\ufeffone{mark}two{mark}{mark}e\u0301") == "one\ntwo\n\né"
