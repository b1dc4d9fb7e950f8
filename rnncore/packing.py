"""A corpus as plain data and arrays, so that a session file can carry it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnncore.bundled import load
from rnncore.corpus import Corpus
from rnncore.errors import TextError
from rnncore.tasks import MAXIMUM_DRAWN
from rnncore.tokenise import Tokeniser
from rnncore.vocabulary import Vocabulary

_TEXTS = ("name", "description")


def pack(corpus: Corpus) -> tuple[dict[str, Any], dict[str, NDArray[np.int64]]]:
    """Return ``(plain data for JSON, {"ids": (N,), "lengths": (S,)})``: S sentences of N tokens in all.

    The targets of a task are not stored: they come back with its rule, from its recipe.
    """
    plain = {
        "name": corpus.name,
        "description": corpus.description,
        "level": corpus.tokeniser.level,
        "lower": corpus.tokeniser.lower,
        "vocabulary": corpus.vocabulary.to_json(),
        "texts": list(corpus.texts),
        "notes": list(corpus.notes),
        "encoding": corpus.encoding,
        "best_loss": corpus.best_loss,
        "recipe": None if corpus.recipe is None else dict(corpus.recipe),
    }
    empty = np.zeros(0, dtype=np.int64)
    return plain, {
        "ids": np.concatenate([empty, *corpus.sentences]),
        "lengths": np.array([len(ids) for ids in corpus.sentences], dtype=np.int64),
    }


def unpack(plain: Any, arrays: Mapping[str, NDArray[Any]]) -> Corpus:
    """Return the corpus that :func:`pack` took apart. Raises TextError if anything in it is damaged."""
    if not isinstance(plain, Mapping):
        raise _damaged("it is no record")
    vocabulary = Vocabulary.from_json(plain.get("vocabulary"))
    for key in _TEXTS:
        if not isinstance(plain.get(key), str):
            raise _damaged(f"{key!r} must be a text")
    for key in ("texts", "notes"):
        if not isinstance(plain.get(key), list) or not all(isinstance(item, str) for item in plain[key]):
            raise _damaged(f"{key!r} must be a list of texts")
    encoding, best, recipe = plain.get("encoding"), plain.get("best_loss"), plain.get("recipe")
    if not isinstance(encoding, (str, type(None))):
        raise _damaged("'encoding' must be a text or nothing")
    if best is not None and (isinstance(best, bool) or not isinstance(best, (int, float)) or not 0 <= best < 1e6):
        raise _damaged("'best_loss' must be a number that is not below zero, or nothing")
    level, lower = plain.get("level"), plain.get("lower")
    if not isinstance(level, str) or not isinstance(lower, bool):
        raise _damaged("'level' must be a text and 'lower' true or false")
    return Corpus(
        plain["name"],
        vocabulary,
        _sentences(arrays, vocabulary.size, len(plain["texts"])),
        tuple(plain["texts"]),
        Tokeniser(level, lower),
        plain["description"],
        tuple(plain["notes"]),
        encoding,
        best,
        None if recipe is None else _made_by(recipe, vocabulary).rule,
        recipe,
    )


def _made_by(recipe: Any, vocabulary: Vocabulary) -> Corpus:
    keyed = isinstance(recipe, Mapping) and set(recipe) == {"id", "options"} and isinstance(recipe["id"], str)
    if not keyed or not isinstance(recipe["options"], Mapping):
        raise _damaged("'recipe' must have an id and options")
    options = dict(recipe["options"])
    if "sentences" in options:
        # The rule and the words do not depend on how many are drawn, and to draw them all may take long.
        sentences = options["sentences"]
        if type(sentences) is not int or not 1 <= sentences <= MAXIMUM_DRAWN:
            raise _damaged(f"'recipe' asks for {sentences!r:.40} sentences")
        options["sentences"] = 1
    corpus = load(recipe["id"], **options)
    if corpus.rule is not None and corpus.vocabulary.tokens != vocabulary.tokens:
        raise _damaged("its recipe makes another vocabulary")
    return corpus


def _sentences(arrays: Mapping[str, NDArray[Any]], size: int, expected: int) -> tuple[NDArray[np.int64], ...]:
    for key in ("ids", "lengths"):
        array = arrays.get(key)
        if not isinstance(array, np.ndarray) or array.ndim != 1 or array.dtype.kind not in "iu":
            raise _damaged(f"{key!r} must be an array of whole numbers")
    ids, lengths = arrays["ids"].astype(np.int64), arrays["lengths"].astype(np.int64)
    if len(lengths) != expected:
        raise _damaged(f"it has {len(lengths)} sentences and {expected} texts")
    if np.any(lengths < 2) or np.any(lengths > len(ids)) or int(lengths.sum()) != len(ids):
        raise _damaged("the lengths of its sentences do not add up")
    if ids.size and not 0 <= int(ids.min()) <= int(ids.max()) < size:
        raise _damaged(f"it uses a token that its vocabulary of {size} lacks")
    ids.setflags(write=False)
    ends = np.cumsum(lengths).tolist()
    return tuple(ids[end - length : end] for end, length in zip(ends, lengths.tolist(), strict=True))


def _damaged(reason: str) -> TextError:
    return TextError(f"The corpus in this file is damaged: {reason}. Open the original text again.")
