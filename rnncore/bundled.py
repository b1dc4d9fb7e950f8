"""The corpora that come with the program, by name: texts of its own and synthetic tasks."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from rnncore import tasks
from rnncore.corpus import Corpus
from rnncore.errors import FileError, TextError
from rnncore.frozen import dataclass

_TEXT_OPTIONS = ("vocabulary_size", "lower", "unit", "max_length", "max_sentences")


@dataclass(frozen=True)
class Bundle:
    """One bundled corpus.

    Attributes
    ----------
    id : str
        What :func:`load` takes.
    title, description : str
        For a menu: a few words, and one line.
    level : str
        ``"word"``, ``"char"`` or ``"symbol"``.
    kind : str
        ``"text"`` or ``"task"``.
    options : mapping
        What may be given to :func:`load`, with the defaults.
    """

    id: str
    title: str
    description: str
    level: str
    kind: str
    options: Mapping[str, Any]
    _make: Callable[..., Corpus]


def load(id: str, **options: Any) -> Corpus:
    """Return a bundled corpus, made with these options; the same options give the same corpus.

    Raises TextError for an unknown id or option, or an option's wrong value, and FileError when a text that
    should be there is not.
    """
    bundle = BUNDLED.get(id)
    if bundle is None:
        raise TextError(f"There is no bundled corpus {id!r:.40}. Choose one of {', '.join(BUNDLED)}.")
    unknown = sorted(set(options) - set(bundle.options))
    if unknown:
        raise TextError(
            f"The corpus {id!r} has no option {unknown[0]!r:.40}; it has {', '.join(sorted(bundle.options))}."
        )
    key = tuple((name, type(value), value) for name, value in sorted(options.items()))
    corpus = _made(id, key) if _hashable(key) and bundle.kind == "task" else bundle._make(**options)
    recipe = {"id": id, "options": dict(options)}
    return replace(corpus, name=bundle.title, description=bundle.description, recipe=recipe)


@lru_cache(maxsize=4)
def _made(id: str, options: tuple[tuple[str, type, Any], ...]) -> Corpus:
    """Make a task's corpus, or return the one made before: a start that brings a session back wants it twice."""
    return BUNDLED[id]._make(**{name: value for name, _, value in options})


def _hashable(key: object) -> bool:
    try:
        hash(key)
    except TypeError:
        return False
    return True


def corpora_folder() -> Path:
    """Return the folder of the bundled texts: beside the packages, or inside ``explorer`` where it is
    installed.

    Raises FileError when there is neither.
    """
    parent = Path(__file__).resolve().parent.parent
    for folder in (parent / "assets" / "corpora", parent / "explorer" / "assets" / "corpora"):
        if folder.is_dir():
            return folder
    raise FileError(
        f"The bundled texts are not installed: there is no assets folder in {parent}. "
        "Install bptt-explorer again, or open a text of your own with Corpus.from_file."
    )


def _text_file(name: str, level: str, options: Mapping[str, Any]) -> Corpus:
    return Corpus.from_file(corpora_folder() / name, level, encoding="utf-8", **options)


def _prose(**options: Any) -> Corpus:
    return _text_file("prose.txt", "word", options)


def _names(**options: Any) -> Corpus:
    return _text_file("names.txt", "char", {"lower": True, "unit": "line"} | options)


def _task(id: str, title: str, description: str, make: Callable[..., Corpus], level: str = "symbol") -> Bundle:
    defaults = {name: option.default for name, option in inspect.signature(make).parameters.items()}
    return Bundle(id, title, description, level, "task", MappingProxyType(defaults), make)


def _text(id: str, title: str, description: str, level: str, make: Callable[..., Corpus], **given: Any) -> Bundle:
    signature = inspect.signature(Corpus.from_file).parameters
    defaults = {name: signature[name].default for name in _TEXT_OPTIONS} | given
    return Bundle(id, title, description, level, "text", MappingProxyType(defaults), make)


_LISTED = (
    _task(
        "agreement",
        "Agreement",
        "Small English whose verbs agree with their subjects across relative clauses (Elman 1990).",
        tasks.agreement_task,
        level="word",
    ),
    _text("prose", "Prose", "A short story of a lighthouse and its keeper, word by word.", "word", _prose),
    _text(
        "names",
        "First names",
        "Common first names, letter by letter.",
        "char",
        _names,
        lower=True,
        unit="line",
    ),
    _task("echo", "Echo", "Say the letter that was read a few steps ago.", tasks.echo),
    _task(
        "cue",
        "Cue recall",
        "Keep a colour in mind over random turns, and name it when asked.",
        tasks.cue_recall,
    ),
    _task("copy", "Copy", "Read a row of letters, then say it again.", tasks.copy),
    _task("anbn", "aⁿbⁿ", "As many b as there were a: the network must count.", tasks.anbn),
    _task(
        "brackets",
        "Brackets",
        "Close every bracket in the right order: the network needs a stack.",
        tasks.brackets_task,
    ),
    _task("reber", "Reber grammar", "Strings of a small automaton with loops.", tasks.reber_task),
    _task(
        "embedded-reber",
        "Embedded Reber grammar",
        "A Reber string between two letters that must match: a classic test of long memory.",
        tasks.embedded_reber_task,
    ),
    _task(
        "temporal-xor",
        "Temporal XOR",
        "Every third bit is the exclusive or of the two before it.",
        tasks.temporal_xor,
    ),
    _task("parity", "Parity", "After each bit: even or odd number of ones so far?", tasks.parity),
)

BUNDLED: Mapping[str, Bundle] = MappingProxyType({bundle.id: bundle for bundle in _LISTED})
