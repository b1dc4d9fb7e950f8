"""The vocabulary: which tokens a network knows, under which ids, and how often each was seen."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import field
from typing import Any

from rnncore.errors import TextError
from rnncore.frozen import dataclass

START = "<s>"
END = "</s>"
UNKNOWN = "<unk>"
SPECIALS = (START, END, UNKNOWN)

_VISIBLE = {" ": "␣", "\n": "↵", "\t": "⇥", "\u00a0": "⍽", "\u3000": "␣"}


def visible(token: str) -> str:
    """Return a token as it is shown: a space as ␣, a line break as ↵, a control character by code."""
    if token in _VISIBLE:
        return _VISIBLE[token]
    if len(token) == 1 and unicodedata.category(token) in ("Cc", "Cf", "Zs", "Cn", "Co", "Cs"):
        return f"U+{ord(token):04X}"
    return token


@dataclass(frozen=True)
class Vocabulary:
    """An immutable list of tokens; a token's id is its place in the list.

    Ids 0, 1 and 2 are always the start token ``<s>``, the end token ``</s>`` and the unknown token ``<unk>``.

    Attributes
    ----------
    tokens : tuple of str
        All tokens, the three special ones first.
    counts : tuple of int
        How often each token occurs in the corpus it was made from; for ``<unk>``, how many words it stands
        for.
    """

    tokens: tuple[str, ...]
    counts: tuple[int, ...]
    _ids: Mapping[str, int] = field(init=False, repr=False, compare=False)

    def __repr__(self) -> str:
        some = ", ".join(repr(token) for token in self.tokens[:8])
        return f"Vocabulary({self.size} tokens: {some}{', …' if self.size > 8 else ''})"

    def __post_init__(self) -> None:
        if self.tokens[:3] != SPECIALS:
            raise TextError(f"A vocabulary begins with the tokens {', '.join(SPECIALS)}; this one does not.")
        if len(self.counts) != len(self.tokens):
            raise TextError(
                f"A vocabulary needs one count a token; this one has {len(self.tokens)} tokens "
                f"and {len(self.counts)} counts."
            )
        if not all(isinstance(token, str) for token in self.tokens):
            strange = next(token for token in self.tokens if not isinstance(token, str))
            raise TextError(f"The token {strange!r:.40} of the vocabulary is no text. Give every token as a str.")
        ids = {token: place for place, token in enumerate(self.tokens)}
        if len(ids) != len(self.tokens):
            twice = next(token for place, token in enumerate(self.tokens) if ids[token] != place)
            raise TextError(f"The token {twice!r:.40} stands twice in the vocabulary. Every token needs its own id.")
        if "" in ids:
            raise TextError(f"Token {ids['']} of the vocabulary is empty. Every token needs at least one character.")
        object.__setattr__(self, "_ids", ids)

    @classmethod
    def from_counts(
        cls, counts: Mapping[str, int], *, maximum_size: int | None = None, sentences: int = 0
    ) -> Vocabulary:
        """Return the vocabulary of the most frequent tokens; equal counts are in the order of the alphabet.

        ``maximum_size`` caps the whole vocabulary, the three special tokens included; what does not fit is
        counted under ``<unk>``. With fewer tokens than the cap, ``size`` is what there is, not the cap.
        ``sentences`` is the count that start and end tokens get. A key ``<unk>`` adds to the unknown words.

        Raises TextError when ``maximum_size`` leaves no room for a single token.
        """
        if maximum_size is not None:
            check_size(maximum_size)
        ordered = sorted(
            ((token, count) for token, count in counts.items() if token not in SPECIALS),
            key=lambda pair: (-pair[1], pair[0]),
        )
        kept = ordered if maximum_size is None else ordered[: maximum_size - len(SPECIALS)]
        unknown = counts.get(UNKNOWN, 0) + sum(count for _, count in ordered[len(kept) :])
        return cls(
            SPECIALS + tuple(token for token, _ in kept),
            (sentences, sentences, unknown, *(count for _, count in kept)),
        )

    @classmethod
    def from_tokens(cls, tokens: Iterable[str]) -> Vocabulary:
        """Return a vocabulary of these tokens in this order, all counts zero."""
        listed = (*SPECIALS, *tokens)
        return cls(listed, (0,) * len(listed))

    @property
    def size(self) -> int:
        """The true number of tokens, special ones included: the V of the network."""
        return len(self.tokens)

    @property
    def start(self) -> int:
        """Id of ``<s>``."""
        return 0

    @property
    def end(self) -> int:
        """Id of ``</s>``."""
        return 1

    @property
    def unknown(self) -> int:
        """Id of ``<unk>``."""
        return 2

    def __len__(self) -> int:
        return len(self.tokens)

    def __contains__(self, token: object) -> bool:
        return token in self._ids

    def index(self, token: str) -> int:
        """Return the id of ``token``, or that of ``<unk>`` if the vocabulary lacks it."""
        return self._ids.get(token, self.unknown)

    def token(self, index: int) -> str:
        """Return the token with this id. Raises TextError if there is none."""
        if not 0 <= index < len(self.tokens):
            raise TextError(f"There is no token {index}: this vocabulary has the ids 0 to {self.size - 1}.")
        return self.tokens[index]

    def label(self, index: int) -> str:
        """Return the token as it is shown: a space as ␣, a line break as ↵, a control character by code."""
        return visible(self.token(index))

    def to_json(self) -> dict[str, Any]:
        """Return plain data for JSON, so that the vocabulary can travel with a model."""
        return {"tokens": list(self.tokens), "counts": list(self.counts)}

    @classmethod
    def from_json(cls, plain: Any) -> Vocabulary:
        """Return the vocabulary that :meth:`to_json` wrote. Raises TextError if the data are damaged."""
        tokens = plain.get("tokens") if isinstance(plain, Mapping) else None
        counts = plain.get("counts") if isinstance(plain, Mapping) else None
        if not isinstance(tokens, list) or not all(isinstance(token, str) for token in tokens):
            raise TextError("The vocabulary is damaged: 'tokens' must be a list of texts.")
        if not isinstance(counts, list) or not all(type(count) is int and count >= 0 for count in counts):
            raise TextError("The vocabulary is damaged: 'counts' must be a list of whole numbers, none below zero.")
        return cls(tuple(tokens), tuple(counts))


def check_size(maximum_size: int) -> None:
    """Raise TextError unless a vocabulary of this size has room for the special tokens and one more."""
    if type(maximum_size) is not int or maximum_size <= len(SPECIALS):
        raise TextError(
            f"A vocabulary of size {maximum_size!r:.20} has no room for words. Give a whole number of "
            f"at least {len(SPECIALS) + 1}: {', '.join(SPECIALS)} are part of it."
        )
