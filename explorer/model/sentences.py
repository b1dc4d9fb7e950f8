"""Choosing the sentence that is stepped through."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from rnncore.corpus import Corpus, Example
from rnncore.errors import RnnError
from rnncore.vocabulary import END, START, visible

from .session import Sentence
from .settings import MAX_TRACED_STEPS


def corpus_sentence(corpus: Corpus, index: int) -> Sentence:
    """Return sentence ``index`` of the corpus, cut to what can be laid out; raises RnnError when there is none."""
    if not 0 <= index < len(corpus.sentences):
        raise RnnError(f"there is no sentence {index}; the corpus has {len(corpus.sentences)}")
    example = corpus.examples[index]
    ids = corpus.sentences[index]
    words = tuple(corpus.vocabulary.label(int(i)) for i in ids)
    return _cut(Sentence(example, ids, words, np.zeros(len(ids), bool), index, corpus.texts[index]))


def typed_sentence(corpus: Corpus, text: str) -> Sentence:
    """Return what the user typed, in the corpus's vocabulary; raises RnnError when nothing of it is left.

    What begins with ``<s>`` ends as typed: "<s> the" is a single step, of which the target is "the". "<s>" alone asks
    for the end.
    """
    typed = text.strip()
    if typed in (START, START + END, f"{START} {END}"):
        words = (START, END)
        ids = np.array([corpus.vocabulary.index(word) for word in words], dtype=np.int64)
        return Sentence(corpus.example(ids), ids, words, np.zeros(2, bool), None, text)
    encoded = corpus.encode(text)
    count = len(encoded.ids) - (typed.startswith(START) and not typed.endswith(END))
    ids, unknown = np.asarray(encoded.ids)[:count], np.asarray(encoded.unknown)[:count]
    shown = tuple(map(visible, encoded.words[:count]))
    return _cut(Sentence(corpus.example(ids), ids, shown, unknown, None, text))


def _cut(sentence: Sentence) -> Sentence:
    over = sentence.length - MAX_TRACED_STEPS
    if over <= 0:
        return sentence
    keep = MAX_TRACED_STEPS
    return Sentence(
        Example(sentence.example.inputs[:keep], sentence.example.targets[:keep]),
        sentence.ids[: keep + 1],
        sentence.words[: keep + 1],
        sentence.unknown[: keep + 1],
        sentence.index,
        sentence.text,
        over,
    )


def first_sentence(corpus: Corpus) -> int:
    """Return the sentence to begin with: of the first hundred the one nearest to nine words, which fits the stage."""
    lengths = [len(s) - 1 for s in corpus.sentences[:100]]
    return int(np.argmin([abs(n - 9) for n in lengths]))


def search(corpus: Corpus, wanted: str, most: int = 200) -> list[int]:
    """Return the first sentences that contain the text, whatever its case; all when it is blank."""
    wanted = wanted.strip().casefold()
    found = []
    for index, text in enumerate(corpus.texts):
        if wanted in text.casefold():
            found.append(index)
            if len(found) >= most:
                break
    return found


def unknown_words(words: Iterable[str], unknown: Iterable[object], most: int = 8) -> str:
    """Return the words marked unknown, each once, the first ``most`` of them; "" when all are known."""
    found = list(dict.fromkeys(word for word, lacks in zip(words, unknown, strict=True) if lacks))
    return ", ".join([*found[:most], *(["…"] if len(found) > most else [])])
