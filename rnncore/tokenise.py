"""A sentence to tokens, and tokens back to a sentence that reads well.

The word pattern reads each character a bounded number of times, so that a large or strange text costs no more
than its length.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import groupby

from rnncore.errors import TextError
from rnncore.frozen import dataclass
from rnncore.vocabulary import END, SPECIALS, START, UNKNOWN

LEVELS = ("word", "char", "symbol")

LONGEST_WORD = 100
"""Characters of a word or symbol; what is longer becomes several."""
_LINE_BREAKS = ("\r\n", "\r", "\x0b", "\x0c", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029")
_PIECE = 2**16


def normalise(text: str) -> str:
    """Return ``text`` in Unicode form NFC with every kind of line break as ``\\n`` and no byte order mark."""
    if text.isascii() and text.isprintable():
        return text
    text = text.removeprefix("\ufeff")
    for kind in _LINE_BREAKS:
        text = text.replace(kind, "\n")
    if text.isascii() or unicodedata.is_normalized("NFC", text):
        return text
    return "".join(unicodedata.normalize("NFC", piece) for piece in _pieces(text))


def _pieces(text: str) -> Iterator[str]:
    """Yield a text in pieces that end with white space.

    No letter or token reaches over it; and what works through a piece at a time does not hold the interpreter for long.
    """
    start = 0
    while len(text) - start > _PIECE:
        found = _SPACE.search(text, start + _PIECE)
        if found is None:
            break
        yield text[start : found.end()]
        start = found.end()
    yield text[start:]


_SPACE = re.compile(r"\s")

# Character classes of the word pattern. Python's \w leaves out the marks that many scripts write above or
# after a letter; han, kana and their like are written without spaces and become one token a character.
_UNSPACED = "\u3005-\u3007\u3041-\u309f\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff"
_UNSPACED += "\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff"
_UNSPACED_PAIR = re.compile(f"[{_UNSPACED}]{{2}}")
_RUN = re.compile(r"([.\-=*_~#!?])\1{3,}")


def _pattern_of(letter: str, marks: str) -> re.Pattern[str]:
    """Return the pattern of a word; it has no group, so that ``findall`` yields words."""
    word = f"[{letter}]+(?:[{marks}]+[{letter}]*)*" if marks else f"[{letter}]+"
    return re.compile(
        "|".join(
            (
                re.escape(UNKNOWN),
                r"\d+(?:[.,]\d+)+",
                r"(?:[^\W\d_]\.){2,}",
                f"{word}(?:['’‑-]{word})*",
                r"\.{2,}|-{2,}|={2,}|\*{2,}|_{2,}|~{2,}|#{2,}|!{2,}|\?{2,}",
                f"\\S[{marks}]*" if marks else r"\S",
            )
        )
    )


_ASCII_WORD = _pattern_of("A-Za-z0-9", "")


@cache
def _any_word() -> re.Pattern[str]:
    """Return the pattern for every script; made when first needed, since that takes a tenth of a second."""
    codes = [code for code in range(0x300, 0x10000) if unicodedata.category(chr(code))[0] == "M"]
    marks = "\u200c\u200d\ufe0f"
    for _, group in groupby(enumerate(codes), key=lambda pair: pair[1] - pair[0]):
        run = [code for _, code in group]
        marks += f"{chr(run[0])}-{chr(run[-1])}"
    return _pattern_of(f"^\\W_{_UNSPACED}", marks)


def _split_words(text: str) -> list[str]:
    text = _RUN.sub(r"\1\1\1", text)  # rulers and cries of any length count as one token
    if text.isascii():
        return _ASCII_WORD.findall(text)
    words = _any_word().findall(text)
    if "’" in text or "‑" in text:
        return [word.replace("’", "'").replace("‑", "-") if len(word) > 1 else word for word in words]
    return words


_CLOSERS = frozenset(".,;:!?%)]}”»…。、，！？」』）")
_OPENERS = frozenset("([{“«¿¡")
_CLOSING = frozenset(')]}”»%"')


def _join_words(words: Sequence[str]) -> str:
    parts: list[str] = []
    quoted = False
    glue = True  # no space before the next word
    for place, word in enumerate(words):
        previous = words[place - 1] if place else ""
        plain = previous[-1:].isalnum()
        glue_next = word in _OPENERS or (word == '"' and not quoted)
        if word == '"':
            attach = quoted and (plain or previous in _CLOSERS)
            quoted = not quoted
        elif word == "...":
            attach = plain
        else:
            attach = word in _CLOSERS and (plain or (previous in _CLOSING and not glue))
        unspaced = word >= "\u3005" and bool(_UNSPACED_PAIR.fullmatch(previous[-1:] + word[:1]))
        if parts and not attach and not unspaced and not (glue and word[:1].isalnum()):
            parts.append(" ")
        parts.append(word)
        glue = glue_next
    return "".join(parts)


@dataclass(frozen=True)
class Tokeniser:
    """How a sentence becomes tokens. Frozen, so that what was learnt can be read in the same way later.

    Attributes
    ----------
    level : str
        ``"word"``: words, numbers and punctuation marks ("don't" is one word, a Chinese character is one
        word); ``"char"``: every character; ``"symbol"``: whatever stands between spaces, as the synthetic
        tasks need it.
    lower : bool
        Whether capitals are made small first.
    """

    level: str = "word"
    lower: bool = True

    def __post_init__(self) -> None:
        if self.level not in LEVELS:
            raise TextError(f"Unknown level {self.level!r:.40}. Choose one of {', '.join(LEVELS)}.")
        if not isinstance(self.lower, bool):
            raise TextError(f"lower is {self.lower!r:.40}. Give True or False.")

    def tokenise(self, text: str, limit: int | None = None) -> list[str]:
        """Return the first ``limit`` tokens (None: all) of one sentence, without start and end token."""
        text = normalise(text)
        if self.level == "char":
            return list((normalise(text.lower()) if self.lower else text)[:limit])
        found: list[str] = []
        for piece in _pieces(text):
            part = normalise(piece.lower()) if self.lower else piece
            if self.level == "symbol":
                found += [word for word in part.split() if word not in (START, END)]
            else:
                found += _split_words(part)
            if limit is not None and len(found) >= limit:
                break
        if len(text) > LONGEST_WORD and any(len(word) > LONGEST_WORD for word in found):
            found = [part for word in found for part in _cut(word)]
        return found[:limit]

    def join(self, tokens: Sequence[str]) -> str:
        """Return tokens, start and end token left out, as readable text that tokenises to the same tokens."""
        words = [token for token in tokens if token not in SPECIALS or token == UNKNOWN]
        if self.level == "char":
            return "".join(words)
        return " ".join(words) if self.level == "symbol" else _join_words(words)


def _cut(word: str) -> list[str]:
    return [word[start : start + LONGEST_WORD] for start in range(0, len(word), LONGEST_WORD)]


WORDS = Tokeniser()


def tokenise(text: str, level: str = "word", *, lower: bool | None = None) -> list[str]:
    """Return the tokens of one sentence. Words are lower-cased unless ``lower`` is False; characters are not.

    Raises TextError for an unknown level.
    """
    return Tokeniser(level, level == "word" if lower is None else lower).tokenise(text)
