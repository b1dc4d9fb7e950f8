"""What becomes of a gradient in one update: the votes' sum, its scale, the clip, the optimiser, the step, the weight.

One weight is followed from level to level, each number made of the one above; beside it how large the same level is for
every parameter.
"""

from __future__ import annotations

from dataclasses import field

import numpy as np

from rnncore.frozen import dataclass
from rnncore.norms import norm
from rnncore.ops import Array
from rnncore.optim import ClipByNorm, ClipByValue
from rnncore.walk import Update, Walk

from . import plurals
from .anatomy_rules import Line, chosen, factor, optimiser_lines
from .derived import Derived
from .formula import number
from .ledger_data import default_parameter
from .names import gradient_name
from .session import Session
from .votes import Votes, votes_of

STAGES = ("raw", "clipped", "delta", "relative")
"""Columns of the table of sizes."""


@dataclass(frozen=True)
class Level:
    """One level of the chain, for one weight.

    ``lines`` say how ``value`` came about (the last one ends in it); ``norm`` is the length of the whole parameter's
    array at this level. Not ``done``: the walk has not come there, and both are None, or what is there so far.
    """

    title: str
    symbol: str
    lines: tuple[Line, ...]
    value: float | None
    norm: float | None
    done: bool
    token: str = "gradient"

    @property
    def text(self) -> str:
        """The level in one line."""
        said = "not done yet" if self.value is None else f"{self.symbol} = {number(self.value)}"
        return ": ".join(part for part in (self.title, *(line.text for line in self.lines[:1]), said) if part)


@dataclass(frozen=True)
class Size:
    """How large one parameter's array is at every stage (‖·‖); None where the walk has not come yet.

    ``relative`` is ‖ΔW‖ / ‖W‖ with the weights before the update.
    """

    parameter: str
    raw: float | None = None
    clipped: float | None = None
    delta: float | None = None
    relative: float | None = None


@dataclass(frozen=True, eq=False)
class AnatomyData:
    """The update's anatomy at a position of the walk; ``index`` is the weight followed, ``row`` × ``column``."""

    votes: Votes = field(repr=False)
    index: tuple[int, ...]
    name: str
    levels: tuple[Level, ...]
    sizes: tuple[Size, ...]
    key: tuple[object, ...] = field(default=(), repr=False)

    @property
    def walk(self) -> Walk:
        return self.votes.walk

    @property
    def parameter(self) -> str:
        return self.votes.parameter

    @property
    def subtitle(self) -> str:
        """Which weight is followed, and how far the update is."""
        done = sum(level.done for level in self.levels)
        return f"{self.name}: {done} of {len(self.levels)} levels done"

    def largest(self, stage: str) -> float:
        """The largest finite size of a stage: the length that its longest bar stands for."""
        found = [getattr(size, stage) for size in self.sizes]
        return max((v for v in found if v is not None and np.isfinite(v)), default=0.0)


def weight_index(walk: Walk, parameter: str, unit: int, other: int | None = None) -> tuple[int, ...]:
    """The weight that is followed: of the selected hidden unit, and of ``other`` (a column; of the output layer a row).

    Without ``other`` the one with the largest gradient.
    """
    gradient = walk.gradients[parameter]
    if gradient.ndim == 1:
        pick = unit if parameter != "b_y" else _largest(gradient) if other is None else other
        return (min(max(pick, 0), len(gradient) - 1),)
    if parameter == "V":
        column = min(unit, gradient.shape[1] - 1)
        return _largest(gradient[:, column]) if other is None else min(max(other, 0), len(gradient) - 1), column
    row = min(unit, len(gradient) - 1)
    return row, _largest(gradient[row]) if other is None else min(max(other, 0), gradient.shape[1] - 1)


def _largest(values: Array) -> int:
    """Which one is furthest from zero; NaN before all."""
    return int(np.argmax(np.where(np.isnan(values), np.inf, np.abs(values))))


def weight_name(walk: Walk, parameter: str, index: tuple[int, ...], tokens: tuple[str, ...]) -> str:
    """What to call it: W_f [3, 5] counted from 1, with a word where an axis is the vocabulary."""
    of_x = any(p.name == parameter and p.of == "x" and p.kind == "matrix" for p in walk.model.cell.parameters)
    parts = [str(i + 1) for i in index]
    place = len(index) - 1 if of_x else 0 if parameter in ("V", "b_y") else -1
    if place >= 0 and index[place] < len(tokens):
        parts[place] = f"“{tokens[index[place]]}”"
    return f"{parameter} [{', '.join(parts)}]"


@np.errstate(all="ignore")
def anatomy_data(
    votes: Votes, position: int, index: tuple[int, ...], name: str, sizes: tuple[Size, ...] | None = None
) -> AnatomyData:
    """The chain for one weight at a position; ``sizes``, when they are known, are those of :func:`sizes_at`."""
    walk, parameter = votes.walk, votes.parameter
    done = votes.done(position)
    kinds = [action.kind for action in walk.script.update]
    passed = kinds[: max(0, position - walk.script.update_start)]
    complete = position >= walk.script.update_start
    count, every = len(votes) if complete else done, plurals.count(len(votes), "vote")
    summed = f"Σ of {every}" if complete else f"Σ of {done} of {every} so far"
    raw = votes.entry(count, index)
    levels = [
        Level("ledger", "g", (Line("", summed, raw),), raw if done or complete else None, votes.norm(count), complete)
    ]
    update = walk.update if passed else None
    if "scale" in kinds:
        levels.append(_scale(walk, parameter, index, update if "scale" in passed else None))
    if "clip" in kinds:
        levels.append(_clip(walk, parameter, index, update if "clip" in passed else None))
    if "optimiser" in kinds:
        levels.append(_optimiser(walk, parameter, index, update if "optimiser" in passed else None))
    if "update" in kinds:
        levels.append(_weights(walk, parameter, index, update if "update" in passed else None))
    key = (id(walk), parameter, index, done if not complete else -1, len(passed))
    found = sizes if sizes is not None else sizes_at(walk, position)
    return AnatomyData(votes, index, name, tuple(levels), found, key)


def _scale(walk: Walk, parameter: str, index: tuple[int, ...], update: Update | None) -> Level:
    words = round(1.0 / walk.scale) if walk.scale else 0
    title, rule = "mean", f"g / {plurals.count(words, 'word')}"
    if update is None:
        return Level(title, "g", (Line("", rule),), None, None, False)
    before, after = float(update.raw[parameter][index]), float(update.scaled[parameter][index])
    line = Line("", f"{factor(before)} / {plurals.count(words, 'word')}", after)
    return Level(title, "g", (line,), after, norm(update.scaled[parameter]), True)


def _clip(walk: Walk, parameter: str, index: tuple[int, ...], update: Update | None) -> Level:
    clip = walk.clip
    by_norm = isinstance(clip, ClipByNorm)
    limit = clip.limit if isinstance(clip, ClipByNorm | ClipByValue) else np.inf
    rule = f"g × min(1, {chosen(limit)} / ‖G‖)" if by_norm else f"g within ±{chosen(limit)}"
    if update is None or update.clip_report is None:
        return Level("clip", "g", (Line("", rule),), None, None, False)
    report = update.clip_report
    before, after = float(update.scaled[parameter][index]), float(update.clipped[parameter][index])
    if report.scale == 1.0 and report.fraction == 0.0:
        said = f"‖G‖ = {number(report.norm, 3)} ≤ {chosen(limit)}: as it is"
    elif by_norm:
        said = f"{factor(before)} × {chosen(limit)} / {number(report.norm, 3)}"
    else:
        said = f"{number(before, 3)} within ±{chosen(limit)}"
    return Level("clip", "g", (Line("", said, after),), after, norm(update.clipped[parameter]), True)


def _optimiser(walk: Walk, parameter: str, index: tuple[int, ...], update: Update | None) -> Level:
    assert walk.optimiser is not None
    rate = walk.optimiser.learning_rate if walk.learning_rate is None else walk.learning_rate
    gradient = delta = None
    state = {}
    if update is not None:
        gradient, delta = float(update.clipped[parameter][index]), float(update.deltas[parameter][index])
        held = walk.optimiser_state or walk.optimiser.init(walk.model.parameters)
        state = {slot: float(v[index] if np.ndim(v) else v) for slot, v in held[parameter].items()}
    title, lines = optimiser_lines(walk.optimiser, rate, gradient, state)
    size = None if update is None else norm(update.deltas[parameter])
    return Level(title, "Δ", lines, delta, size, update is not None, "weight")


def _weights(walk: Walk, parameter: str, index: tuple[int, ...], update: Update | None) -> Level:
    before = float(walk.model.parameters[parameter][index])
    if update is None:
        line = Line("w", f"{number(before)} + Δ")
        return Level("weight", "w", (line,), None, None, False, "weight")
    delta, after = float(update.deltas[parameter][index]), float(update.parameters[parameter][index])
    sign = "−" if delta < 0 else "+"
    line = Line("", f"{number(before, 6)} {sign} {number(abs(delta))}", after)
    return Level("weight", "w", (line,), after, norm(update.parameters[parameter]), True, "weight")


@np.errstate(all="ignore")
def sizes_at(walk: Walk, position: int) -> tuple[Size, ...]:
    """Every parameter's size at every stage that the walk has come to."""
    kinds = [action.kind for action in walk.script.update]
    passed = kinds[: max(0, position - walk.script.update_start)]
    complete = position >= walk.script.update_start
    update = walk.update if passed else None
    clipped_at = "clip" if "clip" in kinds else "scale" if "scale" in kinds else "optimiser"
    found = []
    for name, weights in walk.model.parameters.items():
        raw = clipped = delta = relative = None
        if complete:
            raw = norm(walk.gradients[name])
        if update is not None:
            clipped = norm(update.clipped[name]) if clipped_at in passed else None
            if "optimiser" in passed:
                delta, size = norm(update.deltas[name]), norm(weights)
                relative = delta / size if size else (0.0 if delta == 0 else np.inf)
        found.append(Size(name, raw, clipped, delta, relative))
    return tuple(found)


def anatomy_of(
    session: Session, derived: Derived, other: int | None = None, old: AnatomyData | None = None
) -> AnatomyData:
    """The anatomy of the session's selected parameter; ``old`` itself when nothing in it has changed."""
    walk, parameter = derived.walk(session), default_parameter(session)
    position = min(session.position, len(walk))
    same_walk = old is not None and old.walk is walk
    votes = old.votes if old is not None and same_walk and old.parameter == parameter else votes_of(walk, parameter)
    unit = session.selection.unit or 0
    index = weight_index(walk, parameter, unit, other)
    passed = max(0, position - walk.script.update_start)
    complete = position >= walk.script.update_start
    key = (id(walk), parameter, index, -1 if complete else votes.done(position), passed)
    if old is not None and same_walk and old.key == key:
        return old
    # The sizes are of all parameters: they change only when the walk comes to the next stage.
    same_stage = old is not None and same_walk and (old.key[3] == -1) == complete and old.key[4] == passed
    sizes = old.sizes if old is not None and same_stage else None
    name = weight_name(walk, parameter, index, session.corpus.vocabulary.tokens)
    return anatomy_data(votes, position, index, name, sizes)


def size_title(stage: str) -> str:
    """The heading of a column of sizes."""
    return {"raw": "‖g‖", "clipped": "‖clipped‖", "delta": "‖ΔW‖", "relative": "‖ΔW‖ / ‖W‖"}[stage]


def size_help(stage: str, parameter: str, value: float | None) -> str:
    """What a bar says."""
    what = {
        "raw": f"‖{gradient_name(parameter)}‖, the gradient of the sum of all losses",
        "clipped": f"‖{gradient_name(parameter)}‖ after mean and clip",
        "delta": f"‖Δ{parameter}‖, what the optimiser adds",
        "relative": f"‖Δ{parameter}‖ / ‖{parameter}‖: 0.001 is usual, 0.1 is much",
    }[stage]
    return f"{what}: {'not done yet' if value is None else number(value)}"
