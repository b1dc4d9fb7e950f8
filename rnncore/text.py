"""Text: the public face of vocabulary, tokens, sentences, files and corpora."""

from __future__ import annotations

from rnncore.bundled import BUNDLED, Bundle, corpora_folder, load
from rnncore.corpus import Corpus, Encoded, Example, Split
from rnncore.readers import Source, read_text
from rnncore.segment import sentences
from rnncore.tokenise import LEVELS, Tokeniser, tokenise
from rnncore.vocabulary import END, START, UNKNOWN, Vocabulary

__all__ = [
    "BUNDLED",
    "END",
    "LEVELS",
    "START",
    "UNKNOWN",
    "Bundle",
    "Corpus",
    "Encoded",
    "Example",
    "Source",
    "Split",
    "Tokeniser",
    "Vocabulary",
    "corpora_folder",
    "load",
    "read_text",
    "sentences",
    "tokenise",
]
