"""What the network expects at the chosen step, how well it did in the sentence so far, and how it would go on."""

from __future__ import annotations

import math
from dataclasses import field, replace
from functools import cached_property
from typing import Any

import numpy as np

from rnncore.corpus import Corpus
from rnncore.frozen import dataclass
from rnncore.model import Model
from rnncore.sampling import generate
from rnncore.trace import Trace, forward

from .derived import Derived
from .formula import number
from .session import Session
from .walking import step_spoken_of

Array = np.ndarray[Any, Any]
LENGTHS = (10, 20, 40, 80)
"""How many tokens a continuation may have at most."""
HERE, START = "from here", "from <s>"


@dataclass(frozen=True, slots=True)
class Bar:
    """One token of the distribution: ``rank`` from 1, the likeliest."""

    token: int
    label: str
    probability: float
    rank: int
    target: bool


@dataclass(frozen=True, eq=False)
class PredictionsData:
    """The distribution after step ``t``, and the probability of every target of the sentence.

    ``order`` are the token ids by rank, None while the softmax of the step is not computed; ``known`` (T,) says at
    which steps it is. ``target`` is the token id that comes, −1 where the step has no loss. Entropy is in nats.
    """

    t: int
    length: int
    size: int
    word: str
    probabilities: Array | None = field(repr=False)
    order: Array | None = field(repr=False)
    labels: Any = field(repr=False)
    target: int
    words: tuple[str, ...]
    target_probabilities: Array = field(repr=False)
    known: Array = field(repr=False)
    masked: Array = field(repr=False)
    mean_loss: float | None
    counted: int
    scene: Trace = field(repr=False)
    """The forward pass that all this is of: the same one, the same numbers."""
    targets: Array = field(repr=False)
    """(T,) The token ids that come, −1 where a step has no loss."""

    @cached_property
    def finite(self) -> bool:
        """Whether the distribution is one: every probability a number."""
        return self.probabilities is not None and bool(np.isfinite(self.probabilities).all())

    @cached_property
    def entropy(self) -> float | None:
        """−Σ p ln p in nats; NaN when the distribution is none, None while it is not computed."""
        if self.probabilities is None:
            return None
        p = self.probabilities[self.probabilities > 0] if self.finite else np.array([np.nan])
        return abs(float(-(p * np.log(p)).sum()))

    @np.errstate(all="ignore")
    def worked(self, t: int, token: int) -> str:
        """The softmax of one token at step ``t`` with its numbers; "" where they are too large to be written so."""
        z = np.asarray(self.scene.logits[t], dtype=np.float64)
        total = float(np.exp(z).sum())
        if not 0.0 < total < math.inf:
            return ""
        power = number(float(z[token]))
        return f"p = e^z / Σ e^z = e^{f'({power})' if power.startswith('−') else power} / {number(total)}"

    def rank(self, token: int) -> int:
        """Place of a token in the order, from 1."""
        assert self.order is not None
        return int(np.flatnonzero(self.order == token)[0]) + 1

    def bars(self, most: int) -> tuple[Bar, ...]:
        """The ``most`` likeliest tokens; the target stands last when it is none of them.

        Where no probability is a number none is the likeliest: then there is the target alone.
        """
        if self.order is None or self.probabilities is None or most < 1:
            return ()
        if not np.isfinite(self.probabilities).any():
            t = self.target
            return (Bar(t, self.labels(t), float(self.probabilities[t]), 1, True),) if t >= 0 else ()
        chosen = [int(i) for i in self.order[:most]]
        if self.target >= 0 and self.target not in chosen:
            chosen[-1] = self.target
        ranks = {token: place + 1 for place, token in enumerate(chosen)}
        if chosen and chosen[-1] == self.target:
            ranks[self.target] = self.rank(self.target)
        return tuple(Bar(i, self.labels(i), float(self.probabilities[i]), ranks[i], i == self.target) for i in chosen)

    @property
    def subtitle(self) -> str:
        """After which token, of how many."""
        if self.probabilities is None:
            return f"t = {self.t}, after “{self.word}”: not computed yet"
        return f"t = {self.t}, after “{self.word}”, {self.size} tokens"

    @property
    def subtitles(self) -> tuple[str, ...]:
        """:attr:`subtitle`, from its fullest form to the shortest."""
        short = f"t = {self.t}, after “{self.word}”"
        return self.subtitle, short, f"t = {self.t}", ""

    @cached_property
    def rows(self) -> tuple[tuple[str, str, str], ...]:
        """The numbers beside the bars: (name, number, colour token)."""
        found: list[tuple[str, str, str]] = []
        entropy = self.entropy
        if entropy is not None and self.probabilities is not None:
            if self.target >= 0:
                p = float(self.probabilities[self.target])
                said = "NaN" if math.isnan(p) else f"rank {self.rank(self.target)} of {self.size}"
                found.append(("target", said, "loss"))
                found.append(("its probability", number(p, 3), "loss"))
            found.append(("entropy, nats", f"{number(entropy, 3)} of {number(math.log(self.size), 3)}", "text"))
            with np.errstate(over="ignore"):
                found.append(("perplexity e^entropy", number(float(np.exp(entropy)), 3), "text"))
        if self.mean_loss is not None:
            with np.errstate(over="ignore"):
                perplexity = float(np.exp(self.mean_loss))
            words = "1 token" if self.counted == 1 else f"{self.counted} tokens"
            found.append((f"perplexity so far, {words}", number(perplexity, 3), "text"))
        return tuple(found)

    @property
    def briefs(self) -> tuple[str, ...]:
        """The most important of the numbers in one line, from the fullest form to the shortest."""
        found = []
        if self.probabilities is not None and self.target >= 0 and self.finite:
            p = number(float(self.probabilities[self.target]), 3)
            found += [f"target rank {self.rank(self.target)} of {self.size}", f"p = {p}"]
        if self.mean_loss is not None:
            with np.errstate(over="ignore"):
                found.append(f"perplexity {number(float(np.exp(self.mean_loss)), 3)}")
        return " · ".join(found), " · ".join(found[-2:]), found[-1] if found else ""


@dataclass(frozen=True, eq=False, slots=True)
class Request:
    """What a continuation is asked of. ``prompt`` are ids that begin with the start token."""

    model: Model = field(repr=False)
    prompt: tuple[int, ...]
    length: int
    temperature: float
    seed: int

    def same(self, other: Request | None) -> bool:
        """Whether the other asks for the very same text."""
        return (
            other is not None
            and self.model is other.model
            and (self.prompt, self.length, self.temperature, self.seed)
            == (other.prompt, other.length, other.temperature, other.seed)
        )


@dataclass(frozen=True, eq=False, slots=True)
class Continuation:
    """A text that the network wrote.

    ``drawn`` (n,) is the probability each token had when it was drawn (at the temperature, without ``<s>`` and
    ``<unk>``), ``own`` (n,) what the network itself gave it. ``text`` is the whole as it is copied.
    """

    request: Request = field(repr=False)
    update: int
    prompt: tuple[str, ...]
    tokens: tuple[str, ...]
    drawn: Array = field(repr=False)
    own: Array = field(repr=False)
    ended: bool
    text: str
    anew: bool = False
    """Whether it begins with the start token because the network ends the text at once where it was to go on."""

    @property
    def chances(self) -> Array:
        """(n,) The probability shown with each token: with which it was drawn; its own where none is drawn."""
        return self.own if self.request.temperature == 0 else self.drawn

    def explain(self, index: int) -> str:
        """One token, in words."""
        t, own, drawn = self.request.temperature, *(number(float(p[index]), 3) for p in (self.own, self.drawn))
        lines = [f"“{self.tokens[index]}”", f"probability {own}{'' if t == 1 else ' at temperature 1'}"]
        if t == 0:
            lines.append("the likeliest one (temperature 0)")
        elif t != 1:
            lines.append(f"drawn with {drawn} at temperature {t:g}")
        elif drawn != own:
            lines.append(f"drawn with {drawn}: a text has no <s> and no <unk>")
        return "\n".join(lines)


def continuation(request: Request, corpus: Corpus, update: int) -> Continuation:
    """Write the text that is asked for; raises RnnError when the weights are not finite."""
    vocabulary = corpus.vocabulary
    made = generate(request.model, vocabulary, request.prompt, request.length, request.temperature, request.seed)
    own = np.zeros(0)
    if made.ids:
        fed = np.array([*made.prompt, *made.ids[:-1]])
        probabilities = forward(request.model, fed).probabilities[len(made.prompt) - 1 :]
        own = probabilities[np.arange(len(made.ids)), np.array(made.ids)]
    return Continuation(
        request,
        update,
        tuple(vocabulary.label(i) for i in made.prompt),
        tuple(vocabulary.label(i) for i in made.ids),
        made.probabilities,
        own,
        made.ended,
        corpus.decode([*made.prompt, *made.ids]),
    )


def written(request: Request, corpus: Corpus, update: int) -> Continuation:
    """The text that is asked for; where the network ends it at once, one from the start token, which says more."""
    made = continuation(request, corpus, update)
    if made.tokens or not made.ended or len(request.prompt) < 2:
        return made
    first = Request(request.model, request.prompt[:1], request.length, request.temperature, request.seed)
    other = continuation(first, corpus, update)
    return replace(other, anew=True) if other.tokens else made


def request_of(
    session: Session, derived: Derived, source: str, length: int, temperature: float, seed: int
) -> Request | None:
    """What to continue: the sentence up to the chosen step once its softmax is computed, or the start token alone."""
    ids: tuple[int, ...] = (session.corpus.vocabulary.start,)
    if source == HERE:
        t = step_spoken_of(session, derived.progress(session))
        if not t < derived.progress(session).softmax_known:
            return None
        ids = tuple(int(i) for i in session.sentence.example.inputs[: t + 1])
    return Request(session.model, ids, length, temperature, seed)


@np.errstate(all="ignore")
def predictions_data(session: Session, derived: Derived) -> PredictionsData:
    """What the network expects at the chosen step of a session."""
    progress, trace = derived.progress(session), derived.trace(session)
    t, length = step_spoken_of(session, progress), trace.length
    targets = np.asarray(session.sentence.example.targets)
    masked, known = targets < 0, np.arange(length) < progress.softmax_known
    probabilities = order = None
    if length and known[t]:
        probabilities = np.asarray(trace.probabilities[t], dtype=np.float64)
        # What is not a number is no likelier than anything: it stands last.
        order = np.argsort(-np.where(np.isnan(probabilities), -1.0, probabilities), kind="stable")
    share = np.full(length, np.nan)
    rows = np.flatnonzero(~masked & known)
    share[rows] = trace.probabilities[rows, targets[rows]]
    # In the update the walk is in no time step: the perplexity is that of the whole sentence.
    in_none = session.selection.t is None and progress.step is not None and progress.step.phase == "update"
    so_far = rows[((rows <= t) | in_none) & (rows < progress.losses_known)]
    losses = progress.walk.losses[so_far]
    words = session.sentence.words
    return PredictionsData(
        t,
        length,
        int(session.model.vocabulary_size),
        words[t] if length else "",
        probabilities,
        order,
        session.corpus.vocabulary.label,
        int(targets[t]) if length else -1,
        words[1:],
        share,
        known,
        masked,
        float(losses.mean()) if len(losses) else None,
        len(so_far),
        trace,
        targets,
    )
