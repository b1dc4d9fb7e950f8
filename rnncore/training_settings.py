"""How to train: one frozen record of every choice that a run depends on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field, fields, replace
from typing import Any

from rnncore.annealing import Annealing, Constant, annealing_from_plain
from rnncore.errors import RnnError
from rnncore.frozen import dataclass
from rnncore.optim import Clip, Optimiser, clip_from_plain, optimiser_from_plain
from rnncore.records import make_plain, to_plain
from rnncore.truncation import BETWEEN, CHOICES, Chunks, Truncation, from_json, to_json


@dataclass(frozen=True)
class TrainingSettings:
    """How to train. All but ``optimiser`` and ``truncation`` have defaults.

    Attributes
    ----------
    clip : ClipByNorm, ClipByValue or None
        Acts on the gradient that the optimiser would get.
    batch_size : int
        Sequences (or lanes of chunks) per update.
    seed, shuffle
        The order of the sequences in epoch e is a pure function of (seed, e); without ``shuffle``, file
        order.
    between : "reset", "detached" or "carried"
        What a sequence starts from. *reset*: zeros. *detached*: the values of the previous sequence's final
        state, through which no gradient flows. *carried*: the update runs over the previous sequence, without
        its losses, and this one, starting from the state before the previous one; so the gradient flows back
        through one preceding sequence as far as the truncation allows. With ``update_per="chunk"``, *carried*
        reads the text as one unbroken stream whose chunks pay no heed to where a sequence ends. Each epoch
        starts from zeros.
    loss : "mean word" or "sum"
        What the gradient is of: the mean over the update's words, or the sum (over time and batch).
    validation : float
        Share of the sequences held out, chosen by ``seed``.
    annealing : Constant, Halve, StepDecay or Exponential
    update_per : "sequence" or "chunk"
        With ``Chunks(n)`` the weights can be updated after every chunk, the state's values carried on.
    evaluate_every, evaluate_unit : int, "epoch" or "update"
        Evaluations that are recorded and drive the annealing; each comes before the update at which it is
        due, the first before the very first one. 0 turns them off.
    evaluation_limit : int or None
        Evaluate on at most so many sequences, evenly spread over the split.
    """

    optimiser: Optimiser
    truncation: Truncation
    clip: Clip | None = None
    batch_size: int = 1
    seed: int = 0
    shuffle: bool = True
    between: str = "reset"
    loss: str = "mean word"
    validation: float = 0.0
    annealing: Annealing = field(default_factory=Constant)
    update_per: str = "sequence"
    evaluate_every: int = 1
    evaluate_unit: str = "epoch"
    evaluation_limit: int | None = None

    def __post_init__(self) -> None:
        make_plain(self)
        for name, value, choices in (
            ("between", self.between, BETWEEN),
            ("loss", self.loss, ("mean word", "sum")),
            ("update_per", self.update_per, ("sequence", "chunk")),
            ("evaluate_unit", self.evaluate_unit, ("epoch", "update")),
        ):
            if value not in choices:
                raise RnnError(f"Training: {name} is {value!r:.40}. Choose one of {', '.join(choices)}.")
        for name, number, low in (
            ("batch_size", self.batch_size, 1),
            ("seed", self.seed, 0),
            ("evaluate_every", self.evaluate_every, 0),
            ("evaluation_limit", self.evaluation_limit, 1),
        ):
            if name == "evaluation_limit" and number is None:
                continue
            if not isinstance(number, int) or isinstance(number, bool) or number < low:
                raise RnnError(f"Training: {name} is {number!r:.40}. Give a whole number of at least {low}.")
        if not isinstance(self.shuffle, bool):
            raise RnnError(f"Training: shuffle is {self.shuffle!r:.40}. Give True or False.")
        share = self.validation
        if not isinstance(share, (int, float)) or isinstance(share, bool) or not 0.0 <= share < 1.0:
            raise RnnError(f"Training: validation is {share!r:.40}. Give a share from 0 up to, not including, 1.")
        for name, part, kind, wanted in (
            ("optimiser", self.optimiser, Optimiser, "one such as Adam(0.003) or SGD(0.1)"),
            ("truncation", self.truncation, Truncation, CHOICES),
            ("annealing", self.annealing, Constant, "Constant(), Halve(), StepDecay() or Exponential()"),
            ("clip", self.clip, Clip | None, "ClipByNorm(limit), ClipByValue(limit) or None"),
        ):
            if not isinstance(part, kind):
                raise RnnError(f"Training: {part!r:.60} cannot serve as {name}. Give {wanted}.")
        if self.update_per == "chunk" and not isinstance(self.truncation, Chunks):
            raise RnnError(
                "Training: an update per chunk needs the truncation Chunks(n). Choose it, or update per sequence."
            )

    def with_changes(self, **changes: Any) -> TrainingSettings:
        """Return the settings with some fields changed; raises RnnError when there is no such field."""
        unknown = set(changes) - {item.name for item in fields(self)}
        if unknown:
            known = ", ".join(item.name for item in fields(self))
            raise RnnError(f"Training has no setting {min(unknown)!r:.40}. It has {known}.")
        return replace(self, **changes) if changes else self

    def to_plain(self) -> dict[str, Any]:
        """Return the settings as plain data for JSON."""
        plain = {item.name: getattr(self, item.name) for item in fields(self)}
        plain |= {name: to_plain(plain[name]) for name in ("optimiser", "annealing")}
        plain["clip"] = None if self.clip is None else to_plain(self.clip)
        plain["truncation"] = to_json(self.truncation)
        return plain

    @staticmethod
    def from_plain(plain: Any) -> TrainingSettings:
        """Return the settings that :meth:`to_plain` described; raises RnnError when they cannot be used."""
        if not isinstance(plain, Mapping) or not {"optimiser", "truncation"} <= set(plain):
            raise RnnError("The training settings lack an optimiser or a truncation.")
        known = {item.name for item in fields(TrainingSettings)}
        if not set(plain) <= known:
            raise RnnError(f"Training has no setting {min(map(str, set(plain) - known))!r:.40}.")
        values = dict(plain)
        values["optimiser"] = optimiser_from_plain(plain["optimiser"])
        values["truncation"] = from_json(plain["truncation"])
        if "clip" in plain:
            values["clip"] = clip_from_plain(plain["clip"])
        if "annealing" in plain:
            values["annealing"] = annealing_from_plain(plain["annealing"])
        return TrainingSettings(**values)
