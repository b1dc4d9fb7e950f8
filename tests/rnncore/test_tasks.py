from __future__ import annotations

import itertools
import math
import random
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnncore import agreement as english
from rnncore import tasks
from rnncore.bundled import load
from rnncore.corpus import Corpus
from rnncore.errors import TextError
from rnncore.grammars import Grammar, a_n_b_n, brackets, embedded_reber, reber
from rnncore.trace import IGNORE

# Recognisers, written from the definitions and not from the generators.

FROM_FOUR = "(?:XT*VP)*(?:S|XT*VV)"
INNER = f"B(?:TS*X{FROM_FOUR}|PT*V(?:V|P{FROM_FOUR}))E"
REBER = re.compile(INNER)
EMBEDDED = re.compile(f"B(?:T{INNER}T|P{INNER}P)E")


def is_balanced(tokens: Sequence[str], deepest: int) -> bool:
    """Cancel innermost pairs until nothing is left; the number of rounds bounds the depth from above."""
    text, depth = "".join(tokens), 0
    for token in tokens:
        depth += 1 if token in "([{<" else -1
        if not 0 <= depth <= deepest:
            return False
    while (shorter := re.sub(r"\(\)|\[\]|\{\}|<>", "", text)) != text:
        text = shorter
    return text == "" and len(tokens) > 0


def is_a_n_b_n(text: str) -> bool:
    half = len(text) // 2
    return half > 0 and text == "a" * half + "b" * half


class Parser:
    """A recursive-descent recogniser of the agreement language."""

    def __init__(self, words: Sequence[str]) -> None:
        self.words = [*words, ""]
        self.place = 0

    def accepts(self) -> bool:
        try:
            self.verb_phrase(self.noun_phrase())
            self.expect(".")
            return self.place == len(self.words) - 1
        except SyntaxError:
            return False

    @property
    def word(self) -> str:
        return self.words[self.place]

    def expect(self, *choices: str) -> str:
        if self.word not in choices:
            raise SyntaxError
        self.place += 1
        return self.words[self.place - 1]

    def noun_phrase(self) -> str:
        if self.word in ("mary", "john"):
            self.place += 1
            return "one"
        self.expect("the")
        noun = self.expect("cat", "dog", "boy", "girl", "cats", "dogs", "boys", "girls")
        number = "many" if noun.endswith("s") else "one"
        if self.word == "that":
            self.place += 1
            if self.word in ("the", "mary", "john"):
                self.verb(self.noun_phrase(), "chase", "feed", "see")
            else:
                self.verb_phrase(number)
        return number

    def verb(self, number: str, *stems: str) -> str:
        return self.expect(*(stem + "s" if number == "one" else stem for stem in stems)).removesuffix("s")

    def verb_phrase(self, number: str) -> None:
        verb = self.verb(number, "sleep", "run", "chase", "feed", "see")
        if verb == "run" and self.word == "home":
            self.place += 1
        if verb in ("chase", "feed") or (verb == "see" and self.word in ("the", "mary", "john")):
            self.noun_phrase()


def ideal_loss(corpus: Corpus) -> float:
    """Mean loss of a predictor that knows how often each target followed each prefix of this very corpus."""
    counts: dict[tuple[int, ...], Counter[int]] = defaultdict(Counter)
    for example in corpus:
        for step, target in enumerate(example.targets.tolist()):
            if target != IGNORE:
                counts[tuple(example.inputs[: step + 1].tolist())][target] += 1
    total = sum(sum(seen.values()) for seen in counts.values())
    return sum(-n * math.log(n / sum(seen.values())) for seen in counts.values() for n in seen.values()) / total


# Grammars.


@pytest.mark.parametrize(
    ("grammar", "alphabet", "accepts", "longest"),
    [
        (reber(6), "BTPSXVE", lambda string: bool(REBER.fullmatch("".join(string))), 6),
        (brackets(("()", "[]"), 3, 8), "()[]", lambda string: is_balanced(string, 3), 8),
        (brackets(("()",), 2, 10), "()", lambda string: is_balanced(string, 2), 10),
        (a_n_b_n(4), "ab", lambda string: is_a_n_b_n("".join(string)), 8),
    ],
    ids=["reber", "brackets", "shallow brackets", "anbn"],
)  # fmt: skip
def test_a_grammar_writes_exactly_the_strings_of_its_language(
    grammar: Grammar, alphabet: str, accepts: Callable[[tuple[str, ...]], bool], longest: int
) -> None:
    total, entropy, steps = 0.0, 0.0, 0.0
    for length in range(longest + 1):
        for string in itertools.product(alphabet, repeat=length):
            chance = grammar.probability(string)
            assert (chance > 0) == accepts(string), string
            if chance:
                total += chance
                entropy -= chance * math.log(chance)
                steps += chance * (length + 1)
    assert total == pytest.approx(1.0, abs=1e-12)
    assert grammar.entropy == pytest.approx(entropy, abs=1e-12)
    assert grammar.mean_steps == pytest.approx(steps, abs=1e-12)


@pytest.mark.parametrize(
    ("make", "accepts"),
    [
        (reber, lambda tokens: REBER.fullmatch("".join(tokens))),
        (embedded_reber, lambda tokens: EMBEDDED.fullmatch("".join(tokens))),
        (lambda longest: brackets(("()", "[]", "{}"), 4, longest), lambda tokens: is_balanced(tokens, 4)),
        (english.agreement, lambda tokens: Parser(tokens).accepts()),
    ],
    ids=["reber", "embedded reber", "brackets", "agreement"],
)
@settings(deadline=None)
@given(longest=st.integers(9, 20), seed=st.integers(0, 1000))
def test_every_string_that_is_drawn_is_legal_and_short_enough(
    make: Callable[[int], Grammar], accepts: Callable[[list[str]], Any], longest: int, seed: int
) -> None:
    grammar, generator = make(longest), random.Random(seed)
    for _ in range(10):
        tokens = grammar.sample(generator)
        assert len(tokens) <= longest
        assert accepts(tokens), tokens
        assert grammar.probability(tokens) > 0


@pytest.mark.parametrize("make", [reber, embedded_reber, lambda longest: brackets(("()", "[]"), 3, longest)])
def test_strings_come_as_often_as_their_probability_says(make: Callable[[int], Grammar]) -> None:
    grammar, generator, draws = make(10), random.Random(1), 4000
    seen = Counter(tuple(grammar.sample(generator)) for _ in range(draws))
    for string, count in seen.most_common(5):
        chance = grammar.probability(string)
        assert abs(count - draws * chance) < 4 * math.sqrt(draws * chance * (1 - chance))


ENGLISH = english.agreement(11)


@settings(deadline=None)
@given(st.integers(0, 2000), st.integers(0, 30), st.sampled_from([*english.VOCABULARY, ""]))
def test_a_changed_sentence_is_possible_only_if_it_is_still_grammatical(seed: int, place: int, word: str) -> None:
    words = ENGLISH.sample(random.Random(seed))
    place %= len(words)
    changed = [*words[:place], *([word] if word else []), *words[place + 1 :]]
    assert (ENGLISH.probability(changed) > 0) == (Parser(changed).accepts() and len(changed) <= 11)


@pytest.mark.parametrize(
    ("sentence", "legal"),
    [
        ("the dogs that the cat sees run home .", True),
        ("the dogs that the cat sees runs home .", False),
        ("the dog that the cats see runs home .", True),
        ("the dog that chases the cats sleeps .", True),
        ("the dog that chases the cats sleep .", False),
        ("the dog that the cats chase mary sleeps .", False),
        ("the cat chases .", False),
        ("the cat sees .", True),
        ("the cat sleeps mary .", False),
        ("the dog that the cat that mary feeds sees runs .", True),
        ("mary that john sees runs .", False),
        ("the cat sleeps", False),
    ],
)
def test_agreement_crosses_clauses_and_verbs_keep_their_objects(sentence: str, legal: bool) -> None:
    assert (ENGLISH.probability(sentence.split()) > 0) is legal


def test_a_grammar_with_no_string_so_short_is_refused() -> None:
    with pytest.raises(TextError, match=r"at most 4 tokens\. Allow longer ones"):
        reber(4)


# Corpora.


@pytest.mark.parametrize(
    "corpus",
    [
        tasks.agreement_task(sentences=8000, longest=5),
        tasks.echo(lag=2, length=4, symbols=2),
        tasks.cue_recall(delay=2, sentences=4000),
        tasks.cue_recall(delay=2, cues=3, distractors=2, sentences=4000, count="all"),
        tasks.copy(length=2, symbols=3, sentences=400),
        tasks.copy(length=2, symbols=3, sentences=4000, count="all"),
        tasks.anbn(largest=5),
        tasks.anbn(largest=5, sentences=4000, count="all"),
        tasks.brackets_task(longest=8, sentences=8000),
        tasks.reber_task(longest=8, sentences=8000),
        tasks.embedded_reber_task(longest=11, sentences=8000),
        tasks.temporal_xor(triples=2, sentences=8000),
        tasks.temporal_xor(triples=2, count="answers"),
        tasks.parity(length=5),
        tasks.parity(length=5, count="answers"),
    ],
    ids=lambda corpus: corpus.name,
)
def test_the_best_loss_is_what_a_predictor_reaches_that_has_seen_it_all(corpus: Corpus) -> None:
    assert corpus.best_loss is not None
    assert ideal_loss(corpus) == pytest.approx(corpus.best_loss, rel=0.03, abs=1e-12)


def test_agreement_has_the_sizes_of_the_tutorials_first_picture() -> None:
    corpus = load("agreement")
    assert corpus.vocabulary.size == 27
    assert corpus.longest == 12
    assert len(corpus.sentences) == 500
    lengths = [len(ids) - 2 for ids in corpus.sentences]
    assert sum(1 for length in lengths if 4 <= length <= 12) > 0.8 * len(lengths)
    assert sum("that" in text for text in corpus.texts) > 150
    assert all(count > 0 for count in corpus.vocabulary.counts[3:])


def test_agreement_can_be_typed_as_it_is_written() -> None:
    corpus = load("agreement")
    assert not corpus.encode("The dogs that the cat sees run home.").unknown.any()


def test_single_symbols_may_be_typed_without_spaces() -> None:
    corpus = load("reber")
    assert corpus.encode("BTXSE").ids.tolist() == corpus.encode("B T X S E").ids.tolist()
    assert corpus.encode("BTQE").unknown.tolist() == [False, False, False, True, False, False]
    assert load("cue").encode("red left ? red").words == ("<s>", "red", "left", "?", "red", "</s>")


@settings(deadline=None)
@given(st.integers(1, 6), st.integers(1, 6), st.integers(2, 8), st.integers(0, 99))
def test_echo_asks_for_the_symbol_that_was_read_lag_steps_ago(lag: int, more: int, symbols: int, seed: int) -> None:
    corpus = tasks.echo(lag=lag, length=lag + more, symbols=symbols, sentences=3, seed=seed)
    for example in corpus:
        for step, target in enumerate(example.targets):
            assert target == (example.inputs[step - lag] if step - lag >= 1 else IGNORE)
        assert np.count_nonzero(example.targets != IGNORE) == more
    assert not corpus.predicts_next_token or len(set(corpus.texts[0].split())) == 1


@settings(deadline=None)
@given(st.integers(0, 9), st.integers(2, 4), st.integers(1, 4), st.integers(0, 99))
def test_cue_recall_asks_only_for_the_cue_and_the_end(delay: int, cues: int, distractors: int, seed: int) -> None:
    corpus = tasks.cue_recall(delay=delay, cues=cues, distractors=distractors, sentences=3, seed=seed)
    for text, example in zip(corpus.texts, corpus, strict=True):
        words = text.split()
        assert words[0] == words[-1] and words[-2] == "?" and len(words) == delay + 3
        asked = [corpus.vocabulary.token(target) for target in example.targets if target != IGNORE]
        assert asked == [words[0], "</s>"]
    assert corpus.predicts_next_token


@settings(deadline=None)
@given(st.integers(1, 8), st.integers(2, 8), st.integers(0, 99))
def test_copy_asks_for_the_second_saying_only(length: int, symbols: int, seed: int) -> None:
    corpus = tasks.copy(length=length, symbols=symbols, sentences=3, seed=seed)
    for text, example in zip(corpus.texts, corpus, strict=True):
        first, second = text.split(" | ")
        assert first == second and len(first.split()) == length
        asked = [corpus.vocabulary.token(target) for target in example.targets if target != IGNORE]
        assert asked == [*second.split(), "</s>"]


@settings(deadline=None)
@given(st.integers(1, 9), st.integers(0, 99))
def test_anbn_asks_only_for_what_follows_the_first_b(largest: int, seed: int) -> None:
    corpus = tasks.anbn(largest=largest, sentences=3, seed=seed)
    for text, example in zip(corpus.texts, corpus, strict=True):
        n = text.count("a")
        assert text.split() == ["a"] * n + ["b"] * n and 1 <= n <= largest
        asked = [corpus.vocabulary.token(target) for target in example.targets if target != IGNORE]
        assert asked == ["b"] * (n - 1) + ["</s>"]


@settings(deadline=None)
@given(st.integers(1, 9), st.integers(0, 99), st.sampled_from(["answers", "all"]))
def test_every_third_bit_is_the_exclusive_or_of_two(triples: int, seed: int, count: str) -> None:
    corpus = tasks.temporal_xor(triples=triples, sentences=3, seed=seed, count=count)
    for text, example in zip(corpus.texts, corpus, strict=True):
        bits = [int(bit) for bit in text.split()]
        assert all(bits[i + 2] == bits[i] ^ bits[i + 1] for i in range(0, 3 * triples, 3))
        counted = np.flatnonzero(example.targets != IGNORE).tolist()
        assert counted == list(range(2, 3 * triples, 3) if count == "answers" else range(3 * triples))
    assert corpus.predicts_next_token


@settings(deadline=None)
@given(st.integers(1, 12), st.integers(0, 99), st.booleans())
def test_parity_is_that_of_the_ones_so_far(length: int, seed: int, last_only: bool) -> None:
    corpus = tasks.parity(length=length, sentences=3, seed=seed, count="answers" if last_only else "all")
    for text, example in zip(corpus.texts, corpus, strict=True):
        bits = text.split()
        for step, target in enumerate(example.targets.tolist()):
            if step == 0 or (last_only and step < length):
                assert target == IGNORE
            else:
                assert corpus.vocabulary.token(target) == ("even", "odd")[bits[:step].count("1") % 2]
    assert not corpus.predicts_next_token


@pytest.mark.parametrize(
    ("id", "typed", "expected"),
    [
        ("cue", "red left right ? red", ["_", "_", "_", "_", "red", "</s>"]),
        ("cue", "red left right", ["_", "_", "_", "_"]),
        ("copy", "a | a", ["_", "_", "a", "</s>"]),
        ("anbn", "a b b", ["_", "_", "b", "</s>"]),
        ("echo", "a b c d", ["_", "_", "_", "_", "a"]),
        ("echo", "a", ["_", "_"]),
        ("parity", "1 even 1", ["_", "odd", "_", "even"]),
        ("temporal-xor", "1 0 1", ["1", "0", "1", "_"]),
    ],
)
def test_typed_sentences_get_the_targets_of_the_task(id: str, typed: str, expected: list[str]) -> None:
    corpus = load(id)
    example = corpus.example(corpus.encode(typed).ids)
    assert [corpus.vocabulary.token(index) if index != IGNORE else "_" for index in example.targets] == expected
    assert not example.targets.flags.writeable


MAKERS = [
    tasks.agreement_task, tasks.echo, tasks.cue_recall, tasks.copy, tasks.anbn, tasks.brackets_task,
    tasks.reber_task, tasks.embedded_reber_task, tasks.temporal_xor, tasks.parity,
]  # fmt: skip


@pytest.mark.parametrize("make", MAKERS)
def test_a_seed_decides_all(make: Callable[..., Corpus]) -> None:
    corpus = make(seed=3, sentences=30)
    assert make(seed=3, sentences=30).texts == corpus.texts
    assert make(seed=4, sentences=30).texts != corpus.texts
    assert make(seed=3, sentences=60).texts[:30] == corpus.texts


@pytest.mark.parametrize("make", MAKERS)
@pytest.mark.parametrize(
    ("option", "value"),
    [("sentences", 0), ("sentences", 10**9), ("sentences", "many"), ("seed", -1), ("seed", True)],
)
def test_impossible_numbers_are_refused_by_name(make: Callable[..., Corpus], option: str, value: Any) -> None:
    with pytest.raises(TextError, match=f"{option} is .*Give a whole number"):
        make(**{option: value})


@pytest.mark.parametrize(
    ("make", "options"),
    [
        (tasks.agreement_task, {"longest": 2}),
        (tasks.agreement_task, {"longest": 10**6}),
        (tasks.echo, {"lag": 12}),
        (tasks.echo, {"lag": 0}),
        (tasks.echo, {"symbols": 1}),
        (tasks.echo, {"symbols": 9}),
        (tasks.cue_recall, {"delay": -1}),
        (tasks.cue_recall, {"cues": 5}),
        (tasks.cue_recall, {"distractors": 0}),
        (tasks.copy, {"length": 0}),
        (tasks.anbn, {"largest": 0}),
        (tasks.brackets_task, {"kinds": 5}),
        (tasks.brackets_task, {"deepest": 0}),
        (tasks.brackets_task, {"longest": 1}),
        (tasks.reber_task, {"longest": 4}),
        (tasks.embedded_reber_task, {"longest": 8}),
        (tasks.temporal_xor, {"triples": 0}),
        (tasks.parity, {"length": 1.5}),
    ],
)
def test_settings_out_of_range_are_refused_by_name(make: Callable[..., Corpus], options: dict[str, Any]) -> None:
    name, value = next(iter(options.items()))
    with pytest.raises(TextError, match=rf"{name} is {value}\. Give a whole number"):
        make(**options)


@pytest.mark.parametrize("make", [tasks.cue_recall, tasks.copy, tasks.anbn, tasks.temporal_xor, tasks.parity])
def test_what_counts_is_answers_or_all(make: Callable[..., Corpus]) -> None:
    with pytest.raises(TextError, match='Give "answers" or "all"'):
        make(count="some")


@pytest.mark.parametrize("value", [-0.1, 1.1, True, "often", float("nan")])
def test_the_chance_of_a_clause_is_a_probability(value: Any) -> None:
    with pytest.raises(TextError, match="Give a probability from 0 to 1"):
        tasks.agreement_task(relative=value)


def test_without_clauses_no_sentence_has_one() -> None:
    corpus = tasks.agreement_task(relative=0.0)
    assert not any("that" in text for text in corpus.texts)
