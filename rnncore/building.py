"""Sentences to ids: counts, vocabulary, caps, and a note on everything that was cut."""

from __future__ import annotations

import os
from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

from rnncore import readers
from rnncore.errors import TextError
from rnncore.frozen import dataclass
from rnncore.segment import UNITS, sentences, wrap_width
from rnncore.tokenise import LONGEST_WORD, Tokeniser, normalise
from rnncore.vocabulary import END, SPECIALS, START, UNKNOWN, Vocabulary, check_size
from rnncore.watching import tell

MAXIMUM_SENTENCES = 100_000
MAXIMUM_TOKENS = 1_000_000
MAXIMUM_VOCABULARY = 8000
MAXIMUM_LENGTH = {"word": 50, "char": 100, "symbol": 100}

PART = 2**14
"""Tokens that are looked up at once: a window that reads a text beside its work gets its turn in between."""

Ids = NDArray[np.int64]


@dataclass(frozen=True)
class Options:
    """How sentences become ids; the meanings are those of ``Corpus.from_text``."""

    tokeniser: Tokeniser
    unit: str = "sentence"
    vocabulary_size: int | None = None
    vocabulary: Vocabulary | None = None
    max_length: int | None = None
    max_sentences: int = MAXIMUM_SENTENCES

    def __post_init__(self) -> None:
        if self.unit not in UNITS:
            raise TextError(f"Unknown unit {self.unit!r:.40}. Choose one of {', '.join(UNITS)}.")
        if self.vocabulary is not None and not isinstance(self.vocabulary, Vocabulary):
            raise TextError(f"{self.vocabulary!r:.40} is no Vocabulary. Give that of a corpus, or leave it out.")
        if self.vocabulary_size is not None:
            check_size(self.vocabulary_size)
        for name, value in (("max_length", self.length), ("max_sentences", self.max_sentences)):
            if type(value) is not int or value < 1:
                raise TextError(f"{name} is {value!r:.40}. Give a whole number of at least 1.")

    @property
    def length(self) -> int:
        """Longest sentence in time steps T."""
        return MAXIMUM_LENGTH[self.tokeniser.level] if self.max_length is None else self.max_length


@dataclass(frozen=True)
class Layout:
    """How a file is read; the meanings are those of ``Corpus.from_file``."""

    encoding: str | None = None
    column: int | str | None = None
    delimiter: str | None = None
    header: bool | None = None
    max_bytes: int = readers.MAXIMUM_BYTES


@dataclass(frozen=True, eq=False)
class Built:
    """What a corpus is made of."""

    vocabulary: Vocabulary
    sentences: tuple[Ids, ...]
    texts: tuple[str, ...]
    notes: tuple[str, ...]
    encoding: str | None = None


class _Collected:
    """Sentences as provisional ids, in one flat array, and what happened on the way.

    Ids are given in the order of appearance and exchanged for those of the vocabulary at the end; that way a
    large text costs one number a token.
    """

    def __init__(self, options: Options) -> None:
        self.options = options
        self.ids: defaultdict[str, int] = defaultdict()
        self.ids.default_factory = self.ids.__len__
        self.start, self.end = self.ids[START], self.ids[END]
        self.flat = array("q")
        self.lengths: list[int] = []
        self.texts: list[str] = []
        self.shared: list[int] = []
        self.tokens = 0
        self.long = 0
        self.full = False

    @property
    def room(self) -> int:
        """How many more tokens there may be."""
        return MAXIMUM_TOKENS - self.tokens

    def add(self, text: str | None, tokens: Sequence[str]) -> None:
        """Add one sentence, cut to pieces if it is too long; ``text`` is how it is read, if it is whole."""
        self.tokens += len(tokens)
        framed = array("q", [self.start])
        for part in range(0, len(tokens), PART):
            framed.extend(map(self.ids.__getitem__, tokens[part : part + PART]))
        framed.append(self.end)
        steps = len(framed) - 1
        join = self.options.tokeniser.join
        if steps <= self.options.length:
            self._add_piece(framed, join(tokens) if text is None else text)
            return
        self.long += 1
        count = -(-steps // self.options.length)
        size = -(-steps // count)  # pieces of equal length rather than a short last one
        for start in range(0, steps, size):
            if len(self.lengths) >= self.options.max_sentences:
                self.full = True
                return
            if start:
                self.shared.append(framed[start])
            # The token that a piece shares with the one before is shown once, where it is a target.
            self._add_piece(framed[start : start + size + 1], join(tokens[start : start + size]))

    def _add_piece(self, ids: array[int], text: str) -> None:
        self.flat.extend(ids)
        self.lengths.append(len(ids))
        self.texts.append(text)

    def counts(self) -> dict[str, int]:
        """Return how often each token occurs, what two pieces share counted once."""
        size = len(self.ids)
        found = np.bincount(np.frombuffer(self.flat, dtype=np.int64), minlength=size)
        found -= np.bincount(np.array(self.shared, dtype=np.int64), minlength=size)
        return dict(zip(self.ids, found.tolist(), strict=True))

    def arrays(self, vocabulary: Vocabulary) -> tuple[Ids, ...]:
        """Return the ids of every piece: read-only views of a single array."""
        exchange = np.array([vocabulary.index(token) for token in self.ids], dtype=np.int64)
        flat = exchange[np.frombuffer(self.flat, dtype=np.int64)]
        flat.setflags(write=False)
        ends = accumulate(self.lengths)
        return tuple(flat[end - length : end] for end, length in zip(ends, self.lengths, strict=True))


def tokeniser(level: str, lower: bool | None) -> Tokeniser:
    """Return the tokeniser of a level; capitals become small for words only, unless told."""
    return Tokeniser(level, level == "word" if lower is None else lower)


def from_text(text: str, options: Options, where: str) -> Built:
    """Build from a text. ``where`` names the text in errors."""
    text = normalise(text)
    notes: list[str] = []
    return _build(_Progress(sentences_of(text, options, notes), len(text)), options, where, notes)


def from_file(path: str | os.PathLike[str], options: Options, layout: Layout) -> Built:
    """Build from a text file or from a column of a table."""
    from rnncore.tables import SUFFIXES

    source = readers.read_text(path, encoding=layout.encoding, maximum_bytes=layout.max_bytes)
    notes = list(source.notes)
    told = (layout.column, layout.delimiter, layout.header)
    if source.path.suffix.lower() in SUFFIXES or any(option is not None for option in told):
        found = _cells(source, options, layout, notes)
    else:
        found = sentences_of(normalise(source.text), options, notes)
    built = _build(_Progress(found, len(source.text)), options, str(source.path), notes)
    return Built(built.vocabulary, built.sentences, built.texts, built.notes, source.encoding)


def sentences_of(text: str, options: Options, notes: list[str]) -> Iterator[str]:
    """Return the sentences of a normalised text, with a note if line breaks are read as spaces."""
    width = wrap_width(text) if options.unit == "sentence" else None
    if width is not None:
        notes.append(
            f"The lines are wrapped at {width} characters: line breaks inside a paragraph were read as spaces."
        )
    return sentences(text, options.unit, wrapped=width is not None)


def _cells(source: readers.Source, options: Options, layout: Layout, notes: list[str]) -> Iterator[str]:
    from rnncore import tables

    table = tables.open_table(
        source.path, source.text, column=layout.column, delimiter=layout.delimiter, header=layout.header
    )
    notes.append(table.describe())

    def walk() -> Iterator[str]:
        empty, first_empty, tall = 0, 0, 0
        for line, cell in tables.cells(table, source.text, cut=source.cut):
            if not cell:
                empty += 1
                first_empty = first_empty or line
            elif not tall and tables.is_tall(cell):
                tall = line
            yield from sentences(cell, options.unit, wrapped=False)
        if empty:
            rows = "1 row has" if empty == 1 else f"{empty:,} rows have"
            notes.append(f"{rows} nothing in column {table.column_name} (the first is line {first_empty:,}).")
        if tall:
            notes.append(
                f"The cell that begins in line {tall:,} spans very many lines: a quotation mark may be unclosed there."
            )

    return walk()


LOOK = 256
"""Sentences after which an onlooker is told again how far the reading has come."""


class _Progress:
    """Sentences, with a count of the characters that were used up."""

    def __init__(self, found: Iterable[str], total: int) -> None:
        self.found = found
        self.total = total
        self.used = 0

    def __iter__(self) -> Iterator[str]:
        for number, sentence in enumerate(self.found):
            self.used += len(sentence) + 1
            if number % LOOK == 0:
                tell(self.used / max(1, self.total))
            yield sentence


def _build(found: _Progress, options: Options, where: str, notes: list[str]) -> Built:
    collected = _join_stream(found, options) if options.unit == "stream" else _collect(found, options)
    if not collected.lengths:
        raise TextError(f"{where}: there is no word in it. Give a text with at least one word or character.")
    notes += _length_notes(collected, found)
    if options.tokeniser.level != "char" and any(len(token) == LONGEST_WORD for token in collected.ids):
        notes.append(f"A word of more than {LONGEST_WORD} characters is read as several words.")
    if options.vocabulary is None:
        vocabulary = _vocabulary(collected, notes)
    else:
        vocabulary = options.vocabulary
        unknown = sum(count for token, count in collected.counts().items() if token not in vocabulary)
        if unknown:
            words = _units(options)
            notes.append(f"{unknown:,} {words} of the text are not in the given vocabulary and read as {UNKNOWN}.")
    return Built(vocabulary, collected.arrays(vocabulary), tuple(collected.texts), tuple(notes))


def _collect(found: _Progress, options: Options) -> _Collected:
    result = _Collected(options)
    for sentence in found:
        if result.full or len(result.lengths) >= options.max_sentences or result.room <= 0:
            result.full = True
            break
        tokens = options.tokeniser.tokenise(sentence, result.room + 1)
        if len(tokens) > result.room:
            result.full = True
            tokens = tokens[: result.room]
        if tokens:
            result.add(None if result.full else sentence, tokens)
    return result


def _join_stream(found: _Progress, options: Options) -> _Collected:
    """Join lines to one sequence, no further than the caps let it count."""
    result = _Collected(options)
    enough = min(MAXIMUM_TOKENS, options.max_sentences * options.length - 1)
    tokens: list[str] = []
    for line in found:
        if len(tokens) >= enough:
            result.full = True
            break
        tokens.extend(options.tokeniser.tokenise(line, enough + 1 - len(tokens)))
    if len(tokens) > enough:
        result.full = True
        del tokens[enough:]
    while tokens and tokens[-1].isspace():
        tokens.pop()
    if tokens:
        result.add(None, tokens)
    return result


def _length_notes(collected: _Collected, found: _Progress) -> Iterator[str]:
    options, pieces = collected.options, len(collected.lengths)
    if collected.full:
        left = 100 * (1 - found.used / found.total)
        rest = f"about {left:.0f} % of the text" if left >= 1 else "the rest of the text"
        kept = f"{pieces:,} sentences" if options.unit != "stream" and not collected.long else f"{pieces:,} pieces"
        yield (f"Only the first {kept} ({collected.tokens:,} {_units(options)}) were kept; {rest} was left out.")
    if options.unit == "stream" and pieces > 1:
        yield (f"The text is one stream, cut into {pieces:,} consecutive pieces of at most {options.length} steps.")
    elif collected.long:
        verb = "sentence is" if collected.long == 1 else "sentences are"
        yield (
            f"{collected.long:,} {verb} longer than {options.length} steps and cut into consecutive pieces, "
            f"{len(collected.shared) + collected.long:,} in all."
        )


def _units(options: Options) -> str:
    return {"char": "characters", "symbol": "symbols"}.get(options.tokeniser.level, "words")


def _vocabulary(collected: _Collected, notes: list[str]) -> Vocabulary:
    counts = collected.counts()
    sentences_seen = counts.pop(START)
    counts.pop(END)
    options = collected.options
    limit = MAXIMUM_VOCABULARY if options.vocabulary_size is None else options.vocabulary_size
    vocabulary = Vocabulary.from_counts(counts, maximum_size=limit, sentences=sentences_seen)
    different = len(counts) - (UNKNOWN in counts)
    kept = vocabulary.size - len(SPECIALS)
    if kept < different:
        share = 100 * vocabulary.counts[vocabulary.unknown] / sum(counts.values())
        notes.append(
            f"The text has {different:,} different {_units(options)}; the {kept:,} most frequent are kept, "
            f"and {share:.1f} % of the text reads as {UNKNOWN}."
        )
    return vocabulary
