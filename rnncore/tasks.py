"""Synthetic tasks: each a corpus whose memory demand is known, with masks and the best loss that can be had.

A task's *rule* turns the ids of a sentence into targets, IGNORE where a step carries no loss. It works for
typed and edited sentences as well as for those that were drawn. Everything is drawn by ``seed`` with Python's
own generator, which gives the same numbers in every version.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterable, Sequence
from functools import partial

import numpy as np

from rnncore.agreement import VOCABULARY, agreement
from rnncore.corpus import Corpus, Ids
from rnncore.errors import TextError
from rnncore.grammars import Grammar, a_n_b_n, brackets, embedded_reber, reber
from rnncore.tokenise import Tokeniser
from rnncore.trace import IGNORE
from rnncore.vocabulary import END, SPECIALS, START, Vocabulary

LETTERS = "abcdefgh"
COLOURS = ("red", "green", "blue", "gold")
TURNS = ("left", "right", "up", "down")
BRACKETS = ("()", "[]", "{}", "<>")
RECALL = "?"
COPY = "|"
SYMBOLS = Tokeniser("symbol", lower=False)
LONGEST = 1000
MAXIMUM_DRAWN = 10_000

Rule = Callable[[Ids], Ids]


def agreement_task(*, sentences: int = 500, longest: int = 11, relative: float = 0.65, seed: int = 0) -> Corpus:
    """Small English with agreement across relative clauses; every word is a target.

    ``longest`` is in words, the full stop included; ``relative`` is the probability that a noun gets a
    clause.
    """
    _check("longest", longest, 3, 20)
    _check_probability("relative", relative)
    return _from_grammar(
        "agreement", agreement(longest, relative), VOCABULARY, sentences, seed, Tokeniser("word", lower=True)
    )


def echo(*, lag: int = 3, length: int = 12, symbols: int = 4, sentences: int = 200, seed: int = 0) -> Corpus:
    """Say the symbol that was read ``lag`` steps ago; steps with nothing to repeat carry no loss."""
    letters = _letters(symbols)
    _check("length", length, 2, LONGEST)
    _check("lag", lag, 1, length - 1)
    drawn = _draw(sentences, seed, lambda random_: [_pick(random_, letters) for _ in range(length)])
    return _corpus("echo", letters, drawn, 0.0, partial(echo_targets, lag=lag))


def echo_targets(ids: Ids, lag: int) -> Ids:
    """Targets of :func:`echo`: at the step that reads symbol t, symbol t − lag."""
    targets = np.full(len(ids) - 1, IGNORE, dtype=np.int64)
    targets[1 + lag :] = ids[1 : max(1, len(ids) - 1 - lag)]
    return targets


def cue_recall(
    *,
    delay: int = 8,
    cues: int = 2,
    distractors: int = 2,
    sentences: int = 200,
    seed: int = 0,
    count: str = "answers",
) -> Corpus:
    """A colour, ``delay`` random turns, then "?": name the colour. ``count="all"``: all tokens count."""
    _check("delay", delay, 0, LONGEST)
    _check("cues", cues, 2, len(COLOURS))
    _check("distractors", distractors, 1, len(TURNS))

    def sentence(random_: random.Random) -> list[str]:
        cue = _pick(random_, COLOURS[:cues])
        return [cue, *(_pick(random_, TURNS[:distractors]) for _ in range(delay)), RECALL, cue]

    tokens = (*COLOURS[:cues], *TURNS[:distractors], RECALL)
    entropy = math.log(cues) + delay * math.log(distractors)
    rule = partial(after_mark, mark=len(SPECIALS) + tokens.index(RECALL))
    drawn = _draw(sentences, seed, sentence)
    return _counted("cue", tokens, drawn, count, rule, entropy / (delay + 4))


def copy(*, length: int = 5, symbols: int = 4, sentences: int = 200, seed: int = 0, count: str = "answers") -> Corpus:
    """``length`` random letters, then "|": say them again. With ``count="all"`` every token is a target."""
    letters = _letters(symbols)
    _check("length", length, 1, LONGEST)

    def sentence(random_: random.Random) -> list[str]:
        said = [_pick(random_, letters) for _ in range(length)]
        return [*said, COPY, *said]

    rule = partial(after_mark, mark=len(SPECIALS) + symbols)
    best = length * math.log(symbols) / (2 * length + 2)
    return _counted("copy", (*letters, COPY), _draw(sentences, seed, sentence), count, rule, best)


def after_mark(ids: Ids, mark: int) -> Ids:
    """Targets after the first token ``mark`` of a sentence, its end token included; none without it."""
    targets = np.full(len(ids) - 1, IGNORE, dtype=np.int64)
    places = np.flatnonzero(ids[:-1] == mark)
    if places.size:
        targets[places[0] :] = ids[places[0] + 1 :]
    return targets


def anbn(*, largest: int = 6, sentences: int = 200, seed: int = 0, count: str = "answers") -> Corpus:
    """n times a, then n times b: after the first b, count down to the end.

    Only what is certain is a target: all that follows the first b. With ``count="all"`` every token is.
    """
    _check("largest", largest, 1, 100)
    grammar = a_n_b_n(largest)
    drawn = _draw(sentences, seed, grammar.sample)
    rule = partial(after_mark, mark=len(SPECIALS) + 1)
    return _counted("anbn", ("a", "b"), drawn, count, rule, grammar.best_loss)


def brackets_task(
    *, kinds: int = 2, deepest: int = 3, longest: int = 12, sentences: int = 300, seed: int = 0
) -> Corpus:
    """Balanced brackets (a Dyck language); every token is a target. ``longest`` is in brackets."""
    _check("kinds", kinds, 1, len(BRACKETS))
    _check("deepest", deepest, 1, 5)
    _check("longest", longest, 2, 100)
    pairs = BRACKETS[:kinds]
    tokens = tuple(bracket for pair in pairs for bracket in pair)
    return _from_grammar("brackets", brackets(pairs, deepest, longest), tokens, sentences, seed)


def reber_task(*, longest: int = 14, sentences: int = 300, seed: int = 0) -> Corpus:
    """Strings of Reber's grammar; every token is a target. ``longest`` is in letters."""
    _check("longest", longest, 5, 200)
    return _from_grammar("reber", reber(longest), tuple("BTPSXVE"), sentences, seed)


def embedded_reber_task(*, longest: int = 16, sentences: int = 300, seed: int = 0) -> Corpus:
    """Strings of the embedded Reber grammar: the last letter but one repeats the second."""
    _check("longest", longest, 9, 200)
    return _from_grammar("embedded-reber", embedded_reber(longest), tuple("BTPSXVE"), sentences, seed)


def temporal_xor(*, triples: int = 4, sentences: int = 200, seed: int = 0, count: str = "all") -> Corpus:
    """Bits of which every third is the exclusive or of the two before it (Elman 1990).

    Every bit is a target, though two of three are chance; with ``count="answers"`` only every third one is.
    The end token never is: it follows from the length alone.
    """
    _check("triples", triples, 1, LONGEST)
    _check_count(count)

    def sentence(random_: random.Random) -> list[str]:
        bits: list[int] = []
        for _ in range(triples):
            first, second = int(random_.random() >= 0.5), int(random_.random() >= 0.5)
            bits += [first, second, first ^ second]
        return [str(bit) for bit in bits]

    answers = count == "answers"
    best = 0.0 if answers else 2 / 3 * math.log(2)
    rule = partial(xor_targets, answers=answers)
    return _corpus("temporal-xor", ("0", "1"), _draw(sentences, seed, sentence), best, rule)


def xor_targets(ids: Ids, answers: bool) -> Ids:
    """Targets of :func:`temporal_xor`: the next bit, or only every third one."""
    targets = ids[1:].copy()
    targets[-1] = IGNORE
    if answers:
        targets[np.arange(len(targets)) % 3 != 2] = IGNORE
    return targets


def parity(*, length: int = 10, sentences: int = 200, seed: int = 0, count: str = "all") -> Corpus:
    """After each bit: even or odd number of ones so far? ``count="answers"``: only after the last bit."""
    _check("length", length, 1, LONGEST)
    _check_count(count)
    drawn = _draw(sentences, seed, lambda random_: [_pick(random_, ("0", "1")) for _ in range(length)])
    rule = partial(parity_targets, last_only=count == "answers")
    return _corpus("parity", ("0", "1", "even", "odd"), drawn, 0.0, rule)


def parity_targets(ids: Ids, last_only: bool) -> Ids:
    """Targets of :func:`parity`: even or odd at each step that reads a bit."""
    zero, one, even, odd = range(len(SPECIALS), len(SPECIALS) + 4)
    inputs = ids[:-1]
    is_bit = (inputs == zero) | (inputs == one)
    targets = np.where(is_bit, np.where(np.cumsum(inputs == one) % 2 == 1, odd, even), IGNORE).astype(np.int64)
    if last_only:
        targets[:-1] = IGNORE
    return targets


def _from_grammar(
    name: str,
    grammar: Grammar,
    tokens: Sequence[str],
    sentences: int,
    seed: int,
    tokeniser: Tokeniser = SYMBOLS,
) -> Corpus:
    drawn = _draw(sentences, seed, grammar.sample)
    return _corpus(name, tokens, drawn, grammar.best_loss, None, tokeniser)


def _counted(
    name: str, tokens: Sequence[str], drawn: list[list[str]], count: str, rule: Rule, best_of_all: float
) -> Corpus:
    """Make a corpus whose answers follow from what was read, so that they can be had without any loss."""
    _check_count(count)
    if count == "answers":
        return _corpus(name, tokens, drawn, 0.0, rule)
    return _corpus(name, tokens, drawn, best_of_all, None)


def _corpus(
    name: str,
    tokens: Sequence[str],
    drawn: Iterable[list[str]],
    best: float,
    rule: Rule | None,
    tokeniser: Tokeniser = SYMBOLS,
) -> Corpus:
    """Make a corpus with the vocabulary in the order of ``tokens``."""
    ids = {token: place for place, token in enumerate((*SPECIALS, *tokens))}
    arrays, texts, counts = [], [], [0] * len(ids)
    for sentence in drawn:
        framed = [ids[token] for token in (START, *sentence, END)]
        for index in framed:
            counts[index] += 1
        array = np.array(framed, dtype=np.int64)
        array.setflags(write=False)
        arrays.append(array)
        texts.append(tokeniser.join(sentence))
    vocabulary = Vocabulary(tuple(ids), tuple(counts))
    return Corpus(name, vocabulary, tuple(arrays), tuple(texts), tokeniser, best_loss=best, rule=rule)


def _draw(sentences: int, seed: int, sentence: Callable[[random.Random], list[str]]) -> list[list[str]]:
    _check("sentences", sentences, 1, MAXIMUM_DRAWN)
    _check("seed", seed, 0)
    generator = random.Random(seed)
    return [sentence(generator) for _ in range(sentences)]


def _pick(generator: random.Random, choices: Sequence[str]) -> str:
    return choices[int(generator.random() * len(choices))]


def _letters(symbols: int) -> tuple[str, ...]:
    _check("symbols", symbols, 2, len(LETTERS))
    return tuple(LETTERS[:symbols])


def _check(name: str, value: int, low: int, high: int | None = None) -> None:
    if type(value) is not int or value < low or (high is not None and value > high):
        bounds = f"of at least {low}" if high is None else f"from {low} to {high}"
        raise TextError(f"{name} is {value!r:.40}. Give a whole number {bounds}.")


def _check_count(count: str) -> None:
    if count not in ("answers", "all"):
        raise TextError(f'count is {count!r:.40}. Give "answers" or "all".')


def _check_probability(name: str, value: float) -> None:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= 1:
        raise TextError(f"{name} is {value!r:.40}. Give a probability from 0 to 1.")
