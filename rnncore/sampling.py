"""Reading a trained model: what comes next, and text written by it.

Tokens that may not be drawn are masked and the rest is normalised anew, so that every draw takes one number
from the generator and nothing is ever tried again.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from typing import Any

import numpy as np

from rnncore.errors import RnnError
from rnncore.frozen import dataclass
from rnncore.model import Model
from rnncore.ops import Array
from rnncore.trace import forward
from rnncore.vocabulary import Vocabulary

MAXIMUM_LENGTH = 100_000


@dataclass(frozen=True, eq=False)
class Prediction:
    """The likeliest next tokens, most likely first.

    ``probabilities`` (k,) belong to ``ids`` and ``tokens``; ``distribution`` (V,) holds all of them, and
    ``entropy`` is its entropy in nats (0: certain, ln V: no idea).
    """

    ids: tuple[int, ...]
    tokens: tuple[str, ...]
    probabilities: Array = field(repr=False)
    distribution: Array = field(repr=False)
    entropy: float


@dataclass(frozen=True, eq=False)
class Generated:
    """A text written by a model.

    ``ids`` and ``tokens`` are what was drawn, prompt and end token left out; ``probabilities`` (n,) is what
    each had when it was drawn; ``ended`` says that the model ended the text by itself before the length cap.
    The text to read is ``corpus.decode([*prompt, *ids])``.
    """

    prompt: tuple[int, ...]
    ids: tuple[int, ...]
    tokens: tuple[str, ...]
    probabilities: Array = field(repr=False)
    ended: bool


def distribution(logits: Any, temperature: float = 1.0, excluded: Sequence[int] = ()) -> Array:
    """Return the probabilities (…, V) of tokens at ``temperature``, those of ``excluded`` ids being 0.

    p ∝ exp(z / T): T = 1 is the model's own distribution, T → ∞ makes all alike, and T = 0, the limit, puts
    all weight on the largest logit (the lowest id where several are equal).

    Raises RnnError for a temperature that is negative or no number, when every token is excluded, or when the
    logits are not finite.
    """
    real = isinstance(temperature, (int, float, np.integer, np.floating)) and not isinstance(temperature, bool)
    if not real or not temperature >= 0.0:
        raise RnnError(f"The temperature is {temperature!r:.40}. Give a number of at least 0.")
    z = np.array(logits, dtype=np.float64)
    if not np.isfinite(z).all():
        raise RnnError(
            "The model's output is not a finite number, so there is nothing to draw from. Undo the edit that made a "
            "weight or a state so; where training did, go back to an earlier update, and train with a smaller "
            "learning rate or with clipping."
        )
    z[..., list(excluded)] = -math.inf
    top = z.max(axis=-1, keepdims=True)
    if np.isneginf(top).any():
        raise RnnError("Every token of the vocabulary is excluded. Allow at least one.")
    if temperature == 0.0:
        chosen = np.zeros_like(z)
        np.put_along_axis(chosen, z.argmax(axis=-1, keepdims=True), 1.0, axis=-1)
        return chosen
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        z -= top
        p = np.exp(np.where(np.isneginf(z), z, z / temperature))
        p /= p.sum(axis=-1, keepdims=True)
    return p


def draw(probabilities: Array, generator: np.random.Generator) -> int:
    """Return one id drawn from ``probabilities`` (V,): exactly one number is taken from the generator."""
    edges = np.cumsum(probabilities)
    index = int(np.searchsorted(edges, generator.random() * edges[-1], side="right"))
    # Rounding may put the number on the last edge itself; the id below it is the last one with any weight.
    return min(index, int(np.searchsorted(edges, edges[-1], side="left")))


def top(probabilities: Array, k: int) -> Array:
    """Return the ids (k,) of the largest ``probabilities`` (V,), largest first, lowest id first among
    equals.
    """
    k = max(0, min(int(k), probabilities.size))
    return np.argsort(-probabilities, kind="stable")[:k]


def predict(
    model: Model,
    vocabulary: Vocabulary,
    prompt: Any = (),
    *,
    top_k: int = 10,
    temperature: float = 1.0,
    initial_state: Mapping[str, Array] | None = None,
) -> Prediction:
    """Return what the model expects after ``prompt`` (ids or tokens; the start token where it is empty).

    Nothing is excluded: this is what the model believes. Raises RnnError as :func:`distribution` does, and
    when the model and the vocabulary differ in size.
    """
    if not isinstance(top_k, int | np.integer) or isinstance(top_k, bool) or top_k < 0:
        raise RnnError(f"top_k is {top_k!r:.40}. Give a whole number from 0 on.")
    ids = prompt_ids(model, vocabulary, prompt)
    logits = forward(model, np.asarray(ids), initial_state).logits[-1]
    p = distribution(logits, temperature)
    p.setflags(write=False)
    best = top(p, top_k)
    return Prediction(
        tuple(best.tolist()),
        tuple(vocabulary.token(index) for index in best.tolist()),
        p[best],
        p,
        float(-(p[p > 0.0] * np.log(p[p > 0.0])).sum()) + 0.0,
    )


def generate(
    model: Model,
    vocabulary: Vocabulary,
    prompt: Any = (),
    length: int = 50,
    temperature: float = 1.0,
    rng: np.random.Generator | int | None = None,
    *,
    initial_state: Mapping[str, Array] | None = None,
) -> Generated:
    """Write at most ``length`` tokens after ``prompt`` (ids or tokens; a start token is put before it if it
    lacks one).

    The start token and ``<unk>`` are never drawn; the end token ends the text. With ``temperature`` 0 the
    likeliest token is taken each time. ``rng`` is a generator or a seed: the same one gives the same text.

    Raises RnnError when the length, the temperature, the prompt or the seed cannot be used, when the model and the
    vocabulary differ in size, or when the model's output is not finite.
    """
    if not isinstance(length, int) or isinstance(length, bool) or not 0 <= length <= MAXIMUM_LENGTH:
        raise RnnError(f"The length is {length!r:.40}. Give a whole number from 0 to {MAXIMUM_LENGTH}.")
    generator = _generator(rng)
    given = prompt_ids(model, vocabulary, prompt)
    excluded = (vocabulary.start, vocabulary.unknown)
    ids: list[int] = []
    chances: list[float] = []
    ended = False
    feed, state = given, initial_state
    while len(ids) < length and not ended:
        trace = forward(model, np.asarray(feed), state)
        state = trace.final_state
        p = distribution(trace.logits[-1], temperature, excluded)
        drawn = draw(p, generator)
        if drawn == vocabulary.end:
            ended = True
        else:
            ids.append(drawn)
            chances.append(float(p[drawn]))
        feed = [drawn]
    probabilities = np.array(chances)
    probabilities.setflags(write=False)
    tokens = tuple(vocabulary.token(index) for index in ids)
    return Generated(tuple(given), tuple(ids), tokens, probabilities, ended)


def _generator(rng: Any) -> np.random.Generator:
    if isinstance(rng, np.random.Generator):
        return rng
    if rng is not None and (not isinstance(rng, int | np.integer) or isinstance(rng, bool) or rng < 0):
        raise RnnError(f"The generator is {rng!r:.40}. Give np.random.default_rng(seed), or a seed from 0 on.")
    return np.random.default_rng(rng)


def prompt_ids(model: Model, vocabulary: Vocabulary, prompt: Any) -> list[int]:
    """Return a prompt of ids or tokens as ids that begin with the start token and do not end with the end
    token.
    """
    if not isinstance(model, Model) or not isinstance(vocabulary, Vocabulary):
        raise RnnError(f"Give a model and its vocabulary, corpus.vocabulary, not {model!r:.60} and {vocabulary!r:.60}.")
    if vocabulary.size != model.vocabulary_size:
        raise RnnError(
            f"The vocabulary has {vocabulary.size} tokens, but the model was made for "
            f"{model.vocabulary_size}. Use the vocabulary that the model was trained with."
        )
    if isinstance(prompt, str):
        raise RnnError(
            f"The prompt {prompt!r:.40} is a plain text. Give its tokens or ids, such as corpus.encode(text).ids."
        )
    ids: list[int] = []
    for item in prompt if isinstance(prompt, Iterable) else (prompt,):
        if not isinstance(item, str | int | np.integer) or isinstance(item, bool):
            raise RnnError(f"The prompt holds {item!r:.40}. Give tokens or ids, such as corpus.encode(text).ids.")
        ids.append(vocabulary.index(item) if isinstance(item, str) else int(item))
    for index in ids:
        vocabulary.token(index)
    if ids and ids[-1] == vocabulary.end:
        ids.pop()
    return ids if ids and ids[0] == vocabulary.start else [vocabulary.start, *ids]
