"""A text to sentences: paragraphs, hard-wrapped lines, abbreviations.

Sentences are found by patterns, not by a trained model: an end mark followed by space ends a sentence unless
the word before it is an abbreviation, an initial or a list number, or the next word goes on in lower case.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice, pairwise

from rnncore.errors import TextError

UNITS = ("sentence", "line", "stream")

_ALWAYS_GO_ON = """
    mr mrs ms mx dr prof rev fr sr jr st messrs mme mlle hon gen col maj capt cpt lt sgt cmdr adm gov sen rep
    pres supt insp dept univ assn bros inc ltd co corp llc cf viz ca approx resp incl excl figs eqs eq sect
    chap vs e.g i.e vols eds pp pg refs ave blvd mt
"""
# These are words as well, or often stand last: they hold a sentence open only before a number ("No. 5").
_GO_ON_BEFORE_NUMBER = """
    no nos art min max par vol fig sec ch ex app ed ref al est ft rd sun mon tue tues wed thu thur thurs fri
    sat jan feb mar apr jun jul aug sep sept oct nov dec
"""
# After "U.S." a capital proves nothing; these words do, because they have one only where a sentence begins.
_OPEN_A_SENTENCE = """
    a an and as at but by for he her his how however if in it its many most my no not now of on one our she so
    some that the their then there these they this those to we what when where while who why with yet you your
"""
_ABBREVIATIONS = frozenset(_ALWAYS_GO_ON.split())
_BEFORE_NUMBER = frozenset(_GO_ON_BEFORE_NUMBER.split())
_OPENING_WORDS = frozenset(_OPEN_A_SENTENCE.split())
# A run of marks is looked at once, from its first one on: a row of dots takes no longer than its length.
_END_MARK = re.compile(r"(?<![.!?…])[.!?…]+[\"'”’»)\]]*(?=\s)|[。！？｡]+[」』”’）】]*")
_LAST_WORD = re.compile(r"([^\s(\[\"'“‘«]*)$")
_OPENING = re.compile(r"\s*[\"'“‘«(\[¿¡–—-]{0,3}([^\W_]*)")
_ACRONYM = re.compile(r"(?:[^\W\d_]\.)+[^\W\d_]$")
_WORD_WINDOW = 40
_LONGEST_LINE = 100_000
_WRAP_SAMPLE = 2000
_NARROWEST_WRAP = 40
_WIDEST_WRAP = 140


def wrap_width(text: str) -> int | None:
    """Return the width to which the lines of ``text`` were wrapped, or None if each line stands for itself.

    Two signs, either of which is enough. In text that was filled to a width, the first word of a line would
    not have fitted on the line before; that is rare in a list, a poem or one sentence a line. And in text
    with capitals, a line that ends without an end mark before a line in lower case was broken for its length.
    """
    lines = [line.strip() for line in islice(_lines(text), _WRAP_SAMPLE)]
    lengths = sorted(len(line) for line in lines if line)
    pairs = [(line, after) for line, after in pairwise(lines) if line and after]
    if not pairs:
        return None
    width = lengths[min(len(lengths) - 1, int(0.98 * len(lengths)))]
    if not _NARROWEST_WRAP <= width <= _WIDEST_WRAP:
        return None
    full = sum(1 for line, after in pairs if len(line) + 1 + len(after.split(None, 1)[0]) > width)
    if full >= 0.6 * len(pairs):
        return width
    broken = sum(1 for line, after in pairs if (line[-1].isalnum() or line[-1] in ",;") and after[0].islower())
    cased = any(line.lower() != line for line in lines)
    return width if cased and broken >= 0.35 * len(pairs) else None


def paragraphs(text: str, *, wrapped: bool) -> Iterator[str]:
    """Yield the paragraphs of a normalised text: blocks between empty lines if wrapped, else its lines."""
    block: list[str] = []
    size = 0
    for line in _lines(text):
        if line.strip():
            block.append(line)
            size += len(line)
            if wrapped and size < _LONGEST_LINE:
                continue
        if block:
            yield "\n".join(block)
            block, size = [], 0
    if block:
        yield "\n".join(block)


def sentences(text: str, unit: str = "sentence", *, wrapped: bool | None = None) -> Iterator[str]:
    """Yield the sentences of a normalised text one after the other, empty ones left out.

    ``unit="sentence"`` splits paragraphs into sentences; ``"line"`` takes each line as it stands;
    ``"stream"`` yields the lines with their line breaks, to be joined into one continuous text. ``wrapped``
    says whether line breaks inside a paragraph are mere spaces; None finds out.

    Raises TextError for an unknown unit.
    """
    if unit not in UNITS:
        raise TextError(f"Unknown unit {unit!r:.40}. Choose one of {', '.join(UNITS)}.")
    if unit == "stream":
        yield from (line + "\n" for line in _lines(text, len(text)))
    elif unit == "line":
        yield from (" ".join(line.split()) for line in _lines(text) if line.strip())
    else:
        filled = wrap_width(text) is not None if wrapped is None else wrapped
        for paragraph in paragraphs(text, wrapped=filled):
            yield from split_sentences(paragraph)


def _lines(text: str, longest: int = _LONGEST_LINE) -> Iterator[str]:
    """Yield lines without holding them all, since what follows may stop early.

    A line that is longer than ``longest`` comes in pieces, cut at a space: what reads it holds the interpreter for as
    long as it is, and a window that reads it beside its work must not stand still.
    """
    start = 0
    while start < len(text):
        end = text.find("\n", start)
        end = len(text) if end < 0 else end
        while end - start > longest:
            cut = text.rfind(" ", start, start + longest) + 1 or start + longest
            yield text[start:cut]
            start = cut
        yield text[start:end]
        start = end + 1


def split_sentences(paragraph: str) -> Iterator[str]:
    """Yield the sentences of one paragraph, each with single spaces and no space around it.

    Abbreviations ("Dr. Ada"), initials ("E. T. A. Hoffmann"), decimals, list numbers ("1. First") and end
    marks before a lower-case word ('"Why?" he said') end no sentence. A paragraph that has no capital at all
    ends its sentences before lower-case words too.
    """
    paragraph = " ".join(paragraph.split())
    cased = paragraph.lower() != paragraph
    start = 0
    for mark in _END_MARK.finditer(paragraph):
        if mark.end() < len(paragraph) and _ends_sentence(paragraph, start, mark, cased):
            yield paragraph[start : mark.end()]
            start = mark.end() + (paragraph[mark.end()] == " ")
    if start < len(paragraph):
        yield paragraph[start:]


def _ends_sentence(text: str, start: int, mark: re.Match[str], cased: bool) -> bool:
    if mark.group()[0] in "。！？｡":
        return True
    following = _OPENING.match(text, mark.end())
    first, next_word = (following.group(1)[:1], following.group(1)) if following else ("", "")
    if cased and first.islower():
        return False
    if mark.group() != ".":
        return True
    found = _LAST_WORD.search(text, max(start, mark.start() - _WORD_WINDOW), mark.start())
    word = found.group(1) if found else ""
    if word.isdigit():
        return mark.start() - len(word) > start  # "1. First things": a list number opens the sentence
    if len(word) == 1 and word.isalpha() and word not in "Ii":
        return not (word.isupper() or not cased)
    if word.lower() in _BEFORE_NUMBER:
        return not first.isdigit()
    if word.lower() in _ABBREVIATIONS:
        return False
    if _ACRONYM.match(word):
        return not word.isupper() or next_word.lower() in _OPENING_WORDS
    return True
