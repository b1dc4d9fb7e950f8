"""What was changed by hand: the sentence's tokens and initial state, clamped gates, weights; and how to say so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from rnncore.clamps import Clamp
from rnncore.corpus import Corpus
from rnncore.errors import RnnError
from rnncore.frozen import dataclass
from rnncore.history import History
from rnncore.model import Model, numbers
from rnncore.ops import Array

from .branch_labels import number
from .names import initial_name
from .runs import Run, WeightEdit
from .session import Sentence, Session

MOST_NAMED = 2
"""Edits of one kind that are named one by one; more are counted."""


# --- the sentence -----------------------------------------------------------------------------------------------


def with_token(corpus: Corpus, sentence: Sentence, position: int, word: str) -> Sentence:
    """Return the sentence with another word at ``position`` (0 … T); the same one when it stands there already.

    A word that the vocabulary lacks is read as the unknown one and marked. Raises RnnError for a place that the
    sentence does not have, and for anything but one word.
    """
    if not 0 <= position < len(sentence.ids):
        raise RnnError(f"the sentence has no place {position}; it has 0 to {len(sentence.ids) - 1}")
    token = _token(corpus, word)
    index = corpus.vocabulary.index(token)
    unknown = index == corpus.vocabulary.unknown
    label = token if unknown else corpus.vocabulary.label(index)
    if index == sentence.ids[position] and label == sentence.words[position]:
        return sentence
    ids, marks, words = sentence.ids.copy(), sentence.unknown.copy(), list(sentence.words)
    ids[position], marks[position], words[position] = index, unknown, label
    for array in (ids, marks):
        array.flags.writeable = False
    original = sentence.original or sentence
    if np.array_equal(ids, original.ids) and tuple(words) == original.words:
        return _without(sentence, "tokens")
    text = corpus.tokeniser.join([w for w in words if w not in ("<s>", "</s>")])
    return replace(
        sentence, example=corpus.example(ids), ids=ids, words=tuple(words), unknown=marks, text=text, original=original
    )


def _token(corpus: Corpus, word: str) -> str:
    """The one token that was typed: a word, a character, or a special token or a label as it is shown."""
    vocabulary = corpus.vocabulary
    stripped = word.strip() or word
    if stripped in vocabulary:
        return stripped
    for token in vocabulary.tokens:  # as it is shown: ␣ for a space
        if len(token) == 1 and vocabulary.label(vocabulary.index(token)) == stripped:
            return token
    found = corpus.tokeniser.tokenise(stripped)
    if len(found) != 1:
        kind = "character" if corpus.level == "char" else "word"
        said = "nothing" if not found else f"{len(found)} {kind}s"
        raise RnnError(f"a place of the sentence holds one {kind}: “{stripped[:40]}” is {said}")
    return found[0]


def with_initial_unit(model: Model, sentence: Sentence, state: str, unit: int, value: float) -> Sentence:
    """Return the sentence with one unit of a state before the first step set; NaN and infinities are allowed."""
    if state not in model.cell.states:
        raise RnnError(f"the cell has no state {state!r:.40}; it has {', '.join(model.cell.states)}")
    if not 0 <= unit < model.hidden_size:
        raise RnnError(f"there is no unit {unit + 1}; there are {model.hidden_size}, counted from 1")
    old = sentence.initial_state.get(state)
    values = np.zeros(model.hidden_size) if old is None else old.astype(np.float64)
    values[unit] = value
    return with_initial_state(model, sentence, state, values)


def with_initial_state(model: Model, sentence: Sentence, state: str, values: Array) -> Sentence:
    """Return the sentence with a whole initial state (H,); the same sentence where it does not fit the model."""
    values = numbers(values, "the initial state", model.dtype).copy()  # 1e300 is infinite in single precision
    if state not in model.cell.states or values.shape != (model.hidden_size,):
        return sentence
    values.flags.writeable = False
    old = sentence.initial_state.get(state, np.zeros_like(values))
    if np.array_equal(old, values, equal_nan=True):
        return sentence
    states = {**sentence.initial_state, state: values}
    states = {s: v for s, v in states.items() if v.any() or not np.isfinite(v).all()}
    if not states:
        return _without(sentence, "initial")
    return replace(sentence, initial_state=states, original=sentence.original or sentence)


def without_tokens(sentence: Sentence) -> Sentence:
    """Return the sentence with the words that it had at first."""
    return _without(sentence, "tokens") if edited_tokens(sentence) else sentence


def without_initial_state(sentence: Sentence) -> Sentence:
    """Return the sentence that starts from zeros."""
    return _without(sentence, "initial") if sentence.initial_state else sentence


def _without(sentence: Sentence, what: str) -> Sentence:
    """Take back one kind of edit; where none is left, the sentence itself as it was at first."""
    original = sentence.original
    assert original is not None
    if what == "tokens" and sentence.initial_state:
        return replace(original, initial_state=sentence.initial_state, original=original)
    if what == "tokens":
        return original
    return replace(sentence, initial_state={}) if edited_tokens(sentence) else original


def fitted(sentence: Sentence, model: Model) -> Sentence:
    """Return the sentence without an initial state that another model does not have."""
    fits = all(s in model.cell.states and v.shape == (model.hidden_size,) for s, v in sentence.initial_state.items())
    return sentence if fits else without_initial_state(sentence)


def edited_tokens(sentence: Sentence) -> tuple[int, ...]:
    """Return the places (0 … T) whose word is another than at first."""
    original = sentence.original
    if original is None or original.ids is sentence.ids:
        return ()
    return tuple(i for i, (a, b) in enumerate(zip(sentence.words, original.words, strict=True)) if a != b)


# --- what is shown of it ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Edits:
    """What was changed by hand, to be marked where it is shown.

    ``initial`` holds (state, unit) pairs, ``tokens`` places of the sentence from 0 to T, ``weights`` those set by hand
    up to the update on show. ``words`` says it all in one line, "" when nothing was edited; ``details`` one line each.
    """

    initial: frozenset[tuple[str, int]] = frozenset()
    tokens: tuple[int, ...] = ()
    clamps: tuple[Clamp, ...] = ()
    weights: tuple[WeightEdit, ...] = ()
    words: str = ""
    details: tuple[str, ...] = ()

    @property
    def brief(self) -> str:
        """What there is room for in a narrow panel: one edit by name, several by number."""
        return self.words if len(self.details) < 2 else f"{len(self.details)} edits"

    def __bool__(self) -> bool:
        return bool(self.details)

    def clamp_of(self, name: str, unit: int | None = None) -> Clamp | None:
        """Return the clamp that holds a value, or one unit of it; None when it is free."""
        held = [c for c in self.clamps if c.name == name and (c.unit is None or unit is None or c.unit == unit)]
        return held[-1] if held else None


NOTHING = Edits()


def edits(session: Session) -> Edits:
    """Return what of the present session was changed by hand."""
    sentence, clamps = session.sentence, session.settings.clamps
    weights = tuple(w for w in session.run.weights if w.update <= session.training.shown)
    if sentence.original is None and not clamps and not weights:
        return NOTHING
    initial = frozenset(
        (s, int(u)) for s, values in sentence.initial_state.items() for u in np.flatnonzero(values != 0.0)
    )
    tokens = edited_tokens(sentence)
    states = [s for s in session.model.cell.states if s in sentence.initial_state]
    starts = ", ".join(initial_name(s) for s in states)
    words = [f"initial state{'s' if len(states) > 1 else ''} {starts} edited"] if states else []
    details = [
        f"{initial_name(s)}[{u + 1}] = {number(sentence.initial_state[s][u])}"
        for s in states
        for n, u in sorted(initial)
        if n == s
    ]
    before = (sentence.original or sentence).words
    changed = [f"“{before[i]}” → “{sentence.words[i]}”" for i in tokens]
    details += [f"t = {i}: {text}" for i, text in zip(tokens, changed, strict=True)]
    words += changed if len(changed) <= MOST_NAMED else [f"{len(changed)} tokens edited"]
    held = [clamp.describe for clamp in clamps]
    details += held
    words += held if len(held) <= MOST_NAMED else [f"{len(held)} clamps"]
    details += [f"{w.place} = {number(w.value)} from update {w.update:,} on" for w in weights]
    few = len(weights) <= MOST_NAMED
    words += [f"{w.place} edited" for w in weights] if few else [f"{len(weights)} weights edited"]
    return Edits(initial, tokens, clamps, weights, " · ".join(words), tuple(details))


# --- files ------------------------------------------------------------------------------------------------------


def to_plain(session: Session) -> dict[str, Any]:
    """Return the edits as plain data for a session file; clamps and weights themselves are elsewhere in it."""
    sentence = session.sentence
    return {
        "tokens": [[i, sentence.words[i]] for i in edited_tokens(sentence)],
        "initial_state": {s: [float(x) for x in v] for s, v in sentence.initial_state.items()},
        "weights": weights_to_plain(session.run),
    }


def weights_to_plain(run: Run) -> list[list[Any]]:
    """Return the weights of a run that were set by hand as plain data for a session file."""
    return [[w.update, w.parameter, w.row, w.column, w.value, w.home] for w in run.weights]


def tokens_from_plain(plain: Any) -> tuple[tuple[int, str], ...]:
    """Return the edited tokens of a session file; raises RnnError when they are none."""
    listed = [] if plain is None else plain
    if not isinstance(listed, list) or not all(_is(one, int, str) for one in listed):
        raise RnnError("the edited tokens in this session file cannot be read")
    return tuple((position, word) for position, word in listed)


def initial_from_plain(plain: Any) -> tuple[tuple[str, Array], ...]:
    """Return the edited initial state of a session file; raises RnnError when it is none."""
    states = {} if plain is None else plain
    fits = isinstance(states, Mapping) and all(
        isinstance(v, list) and all(type(x) in (float, int) for x in v) for v in states.values()
    )
    if not fits:
        raise RnnError("the initial state in this session file cannot be read")
    return tuple((name, np.array(values, np.float64)) for name, values in states.items())


def weights_from_plain(plain: Any, history: History) -> tuple[WeightEdit, ...]:
    """Return the weights of a session file that were set by hand; raises RnnError when they are none."""
    listed = [] if plain is None else plain
    fits = isinstance(listed, list) and all(
        (_is(one, int, str, int, int, float, int) or _is(one, int, str, int, type(None), float, int))
        and 0 <= one[5] < len(history.lineage)
        and history.lineage[one[5]].first <= one[0] <= history.lineage[one[5]].last
        for one in listed
    )
    if not fits:
        raise RnnError("the edited weights in this session file cannot be read")
    return tuple(WeightEdit(*one) for one in listed)


def _is(plain: Any, *kinds: type) -> bool:
    return (
        isinstance(plain, list)
        and len(plain) == len(kinds)
        and all(type(value) is kind for value, kind in zip(plain, kinds, strict=True))
    )
