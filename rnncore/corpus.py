"""A corpus: sentences as token ids, with the vocabulary and the tokeniser that made them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any, NamedTuple, overload

import numpy as np
from numpy.typing import NDArray

from rnncore import building
from rnncore.building import MAXIMUM_SENTENCES
from rnncore.errors import TextError
from rnncore.frozen import dataclass
from rnncore.readers import MAXIMUM_BYTES
from rnncore.tokenise import WORDS, Tokeniser
from rnncore.trace import IGNORE
from rnncore.vocabulary import END, SPECIALS, START, UNKNOWN, Vocabulary

Ids = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Example:
    """What a network is shown and what it should say.

    Attributes
    ----------
    inputs : (T,) int64
        Token ids, read-only.
    targets : (T,) int64
        Token ids, or IGNORE (-1) at a step that carries no loss; read-only.
    """

    inputs: Ids
    targets: Ids


@dataclass(frozen=True, eq=False)
class Encoded:
    """A typed sentence in the words of a vocabulary.

    Attributes
    ----------
    ids : (T + 1,) int64
        Start token, the words, end token; read-only.
    words : tuple of str
        The same T + 1 tokens as they were typed, so that an unknown word can still be shown.
    unknown : (T + 1,) bool
        True where the vocabulary lacks the word and ``<unk>`` stands for it; read-only.
    """

    ids: Ids
    words: tuple[str, ...]
    unknown: NDArray[np.bool_]


class Split(NamedTuple):
    """Two corpora that share a vocabulary and no sentence."""

    training: Corpus
    validation: Corpus


class Examples(Sequence[Example]):
    """The examples of a corpus, made when they are asked for."""

    def __init__(self, corpus: Corpus) -> None:
        self._corpus = corpus

    def __len__(self) -> int:
        return len(self._corpus.sentences)

    @overload
    def __getitem__(self, index: int) -> Example: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Example]: ...
    def __getitem__(self, index: int | slice) -> Example | Sequence[Example]:
        if isinstance(index, slice):
            return [self._corpus.example(ids) for ids in self._corpus.sentences[index]]
        return self._corpus.example(self._corpus.sentences[index])


@dataclass(frozen=True, eq=False, repr=False)
class Corpus:
    """Sentences as ids. Equality is identity: a corpus is never changed, only replaced.

    Attributes
    ----------
    name : str
        What to call it: a file's name, a bundled corpus's title.
    vocabulary : Vocabulary
    sentences : tuple of (T + 1,) int64 arrays
        Each from start token to end token, read-only. Of a sentence longer than the cap on length, the first
        piece has the start token, the last one the end token, and each piece begins with the token that the
        one before ended on: every token is a target exactly once, and no end is invented.
    texts : tuple of str
        The same sentences as they are read.
    tokeniser : Tokeniser
        How typed text becomes tokens.
    description : str
        One sentence on what the corpus is.
    notes : tuple of str
        What was decided or left out when it was read, in whole sentences.
    encoding : str or None
        The encoding of the file it came from.
    best_loss : float or None
        The lowest mean loss per counted target, in nats, that any predictor can expect; None where nobody
        knows it.
    rule : callable or None
        Given the ids of a sentence (T + 1,), the targets (T,) with IGNORE; None: the next token, every time.
    recipe : mapping or None
        ``{"id", "options"}`` with which a bundled corpus is made again.
    """

    name: str
    vocabulary: Vocabulary
    sentences: tuple[Ids, ...]
    texts: tuple[str, ...]
    tokeniser: Tokeniser = WORDS
    description: str = ""
    notes: tuple[str, ...] = ()
    encoding: str | None = None
    best_loss: float | None = None
    rule: Callable[[Ids], Ids] | None = None
    recipe: Mapping[str, Any] | None = None

    def __post_init__(self) -> None:
        if len(self.texts) != len(self.sentences):
            raise TextError(
                f"{self.name}: {len(self.sentences)} sentences with {len(self.texts)} texts. Give one text a sentence."
            )
        if any(ids.flags.writeable for ids in self.sentences):
            object.__setattr__(self, "sentences", tuple(_locked(np.array(ids)) for ids in self.sentences))

    @classmethod
    def from_text(
        cls,
        text: str,
        level: str = "word",
        *,
        name: str = "text",
        vocabulary_size: int | None = None,
        vocabulary: Vocabulary | None = None,
        lower: bool | None = None,
        unit: str = "sentence",
        max_length: int | None = None,
        max_sentences: int = MAXIMUM_SENTENCES,
    ) -> Corpus:
        """Make a corpus of a text.

        Parameters
        ----------
        level : "word" or "char" ("symbol": whatever stands between spaces)
        vocabulary_size : int or None
            Largest size of the vocabulary, ``<s>``, ``</s>`` and ``<unk>`` included; None for 8000. Only the
            most frequent tokens are kept.
        vocabulary : Vocabulary or None
            A vocabulary to use as it is, such as that of a trained model.
        lower : bool or None
            Whether capitals become small; None: for words yes, for characters no.
        unit : "sentence", "line" or "stream"
            What makes one sentence; ``"stream"``: the whole text is one, cut into consecutive pieces.
        max_length : int or None
            Longest sentence in time steps T; None for 50 words or 100 characters. Longer ones are cut into
            consecutive pieces.
        max_sentences : int
            How many sentences (or pieces) at most are kept.

        Raises TextError when the text holds no token, is none, or an option cannot be used.
        """
        if not isinstance(text, str):
            raise TextError(f"{name}: {type(text).__name__} is no text. Give a str; Corpus.from_file reads files.")
        options = building.Options(
            building.tokeniser(level, lower), unit, vocabulary_size, vocabulary, max_length, max_sentences
        )
        return cls._of(name, building.from_text(text, options, name), options.tokeniser)

    @classmethod
    def from_file(
        cls,
        path: str | os.PathLike[str],
        level: str = "word",
        *,
        name: str | None = None,
        encoding: str | None = None,
        column: int | str | None = None,
        delimiter: str | None = None,
        header: bool | None = None,
        vocabulary_size: int | None = None,
        vocabulary: Vocabulary | None = None,
        lower: bool | None = None,
        unit: str = "sentence",
        max_length: int | None = None,
        max_sentences: int = MAXIMUM_SENTENCES,
        max_bytes: int = MAXIMUM_BYTES,
    ) -> Corpus:
        """Make a corpus of a text file, or of one column of a table.

        A file is read as a table if its name ends in .csv, .tsv or .tab, or if ``column``, ``delimiter`` or
        ``header`` is given. ``column`` is a name or a number from 0; None takes the column with the most
        text. Without ``encoding`` it is found (byte order mark, UTF-8, UTF-16, one byte a letter). At
        most ``max_bytes`` bytes are read. The other options are those of :meth:`from_text`. ``notes`` says
        what was found, decided and left out.

        Raises FileError (file, place, remedy) when the file cannot be read, is no text or lacks the column,
        and TextError when it holds no token or an option cannot be used.
        """
        options = building.Options(
            building.tokeniser(level, lower), unit, vocabulary_size, vocabulary, max_length, max_sentences
        )
        layout = building.Layout(encoding, column, delimiter, header, max_bytes)
        built = building.from_file(path, options, layout)
        return cls._of(name or os.path.basename(os.fspath(path)), built, options.tokeniser)

    @classmethod
    def _of(cls, name: str, built: building.Built, tokeniser: Tokeniser) -> Corpus:
        return cls(
            name,
            built.vocabulary,
            built.sentences,
            built.texts,
            tokeniser,
            notes=built.notes,
            encoding=built.encoding,
        )

    @property
    def level(self) -> str:
        """``"word"``, ``"char"`` or ``"symbol"`` (tokens between spaces, as in the synthetic tasks)."""
        return self.tokeniser.level

    @property
    def examples(self) -> Examples:
        """One Example a sentence, of T inputs and T targets."""
        return Examples(self)

    @cached_property
    def target_count(self) -> int:
        """How many targets carry loss, over all sentences."""
        if self.rule is None:
            return sum(len(ids) - 1 for ids in self.sentences)
        return sum(int(np.count_nonzero(self.targets_of(ids) != IGNORE)) for ids in self.sentences)

    @cached_property
    def longest(self) -> int:
        """T of the longest sentence, 0 without sentences."""
        return max((len(ids) - 1 for ids in self.sentences), default=0)

    @cached_property
    def predicts_next_token(self) -> bool:
        """Whether every counted target is the next token, so that the network can be asked to write on."""
        if self.rule is None:
            return True
        return all(
            bool(np.all((targets == IGNORE) | (targets == ids[1:])))
            for ids, targets in ((ids, self.targets_of(ids)) for ids in self.sentences)
        )

    @cached_property
    def _single_characters(self) -> bool:
        return all(len(token) == 1 for token in self.vocabulary.tokens[len(SPECIALS) :])

    def targets_of(self, ids: Ids) -> Ids:
        """Return the targets (T,) of a sentence (T + 1,), IGNORE where a step carries no loss; read-only."""
        if self.rule is None:
            return _locked(ids[1:])
        return _locked(self.rule(ids))

    def example(self, ids: Ids) -> Example:
        """Return inputs and targets of a sentence of ids (T + 1,), one of this corpus or a typed one."""
        return Example(_locked(ids[:-1]), self.targets_of(ids))

    def encode(self, text: str) -> Encoded:
        """Return a typed sentence between start and end token; words that the vocabulary lacks are marked.

        Symbols of a single character each may be typed without spaces. A start or end token that was typed as
        well is not doubled. Raises TextError when there is no word in it.
        """
        if not isinstance(text, str):
            raise TextError(f"{text!r:.40} is no text. Give the sentence as a str.")
        bare = text.strip() if self.level != "char" else text
        words = self.tokeniser.tokenise(bare.removeprefix(START).removesuffix(END))
        if self.level == "symbol" and self._single_characters:
            words = [character for word in words for character in (word if word != UNKNOWN else [word])]
        if not words:
            raise TextError(f"There is nothing to read in {text!r:.40}. Type at least one word or character.")
        framed = (START, *words, END)
        ids = np.array([self.vocabulary.index(word) for word in framed], dtype=np.int64)
        return Encoded(_locked(ids), framed, _locked(ids == self.vocabulary.unknown))

    def decode(self, ids: Iterable[int]) -> str:
        """Return ids as readable text, start and end tokens left out.

        Raises TextError for an id that the vocabulary lacks.
        """
        return self.tokeniser.join([self.vocabulary.token(int(index)) for index in ids])

    def select(self, indices: Iterable[int]) -> Corpus:
        """Return the corpus of these sentences only, with the same vocabulary."""
        chosen = list(indices)
        return replace(
            self,
            sentences=tuple(self.sentences[index] for index in chosen),
            texts=tuple(self.texts[index] for index in chosen),
        )

    def split(self, validation_fraction: float, seed: int = 0) -> Split:
        """Return ``(training, validation)``: sentences dealt out by ``seed``, each part in the original
        order.

        A fraction above 0 puts at least one sentence into each part if there are two. With the fraction 0, or
        a single sentence, the validation corpus has no sentence.

        Raises TextError unless the fraction is at least 0 and below 1.
        """
        if not isinstance(validation_fraction, (int, float)) or not 0 <= validation_fraction < 1:
            raise TextError(f"The validation part is {validation_fraction!r:.20}. Give at least 0 and less than 1.")
        total = len(self.sentences)
        size = min(total - 1, max(1, round(validation_fraction * total))) if validation_fraction and total else 0
        held_out = set(np.random.default_rng(seed).permutation(total)[:size].tolist())
        return Split(
            self.select(index for index in range(total) if index not in held_out),
            self.select(index for index in range(total) if index in held_out),
        )

    def __iter__(self) -> Iterator[Example]:
        return iter(self.examples)

    def __repr__(self) -> str:
        return (
            f"Corpus({self.name!r}, level={self.level!r}, {len(self.sentences)} sentences, "
            f"vocabulary of {self.vocabulary.size})"
        )


def _locked(array: NDArray[Any]) -> NDArray[Any]:
    array.setflags(write=False)
    return array
