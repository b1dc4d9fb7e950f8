"""What made a branch, in words: the label that its curve bears."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable
from dataclasses import fields
from typing import TYPE_CHECKING

from rnncore.annealing import Constant
from rnncore.cells import Cell
from rnncore.clamps import Clamp
from rnncore.history import History
from rnncore.optim import ClipByNorm, ClipByValue, Optimiser
from rnncore.training_settings import TrainingSettings
from rnncore.truncation import Full

from .plurals import count

if TYPE_CHECKING:
    from .runs import WeightEdit

BETWEEN = " · "
MOST = 4
"""Changes that are named; of more, the rest is counted."""


def branch_label(
    history: History, clamps: Iterable[Clamp], weights: Iterable[WeightEdit], learning_rate: float | None = None
) -> str:
    """Return what a branch differs in from the line that it left: ``W[2, 1] = 0.5 · window k = 8``.

    ``clamps`` are those in force on the branch, ``weights`` those that were set by hand for it, ``learning_rate`` the
    one that was. "" for a line that left none, and for a branch that is the same in everything.
    """
    parent = history.parent
    if parent is None:
        return ""
    old, new = parent.trainer, history.trainer
    parts = [f"{edit.place} = {number(edit.value)}" for edit in weights]
    parts += _clamp_parts(old.model.cell, new.model.cell, tuple(clamps))
    parts += _setting_parts(old.settings, new.settings)
    rate = None if learning_rate is None else f"learning rate {number(learning_rate)}"
    if rate is not None and rate not in parts:
        parts.append(rate)
    if len(parts) > MOST:
        parts = [*parts[: MOST - 1], f"{len(parts) - MOST + 1} more changes"]
    return BETWEEN.join(parts)


def _clamp_parts(old: Cell, new: Cell, clamps: tuple[Clamp, ...]) -> list[str]:
    """What is held otherwise, by what the equations say: those of a clamped value are wrapped in ``clamp(…)``."""
    if old.text == new.text:
        return []
    before, after = _equations(old.text), _equations(new.text)
    parts = []
    for name, equation in after.items():
        if before.get(name) != equation:
            held = [clamp.describe for clamp in clamps if clamp.name == name]
            parts += held or [f"{name} free"]
    return parts


def _equations(text: str) -> dict[str, str]:
    found = {}
    for statement in ast.parse(text).body:
        if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
            found[statement.targets[0].id] = ast.unparse(statement.value)
    return found


def _setting_parts(old: TrainingSettings, new: TrainingSettings) -> list[str]:
    changed = [f.name for f in fields(TrainingSettings) if getattr(old, f.name) != getattr(new, f.name)]
    parts: list[str] = []
    for name in changed:
        parts += _WORDS[name](new) if name != "optimiser" else _optimiser_parts(old.optimiser, new.optimiser)
    return parts


def _optimiser_parts(old: Optimiser, new: Optimiser) -> list[str]:
    named = type(old) is not type(new)
    parts = [type(new).__name__] if named else []
    for item in fields(new):
        value = getattr(new, item.name)
        if (named and item.name == "learning_rate") or (not named and getattr(old, item.name) != value):
            said = number(value) if isinstance(value, float) else str(value)
            parts.append(f"{item.name.replace('_', ' ')} {said}")
    return parts


def _clip(settings: TrainingSettings) -> str:
    clip = settings.clip
    if isinstance(clip, ClipByNorm):
        return f"clip by norm {number(clip.limit)}"
    return f"clip by value {number(clip.limit)}" if isinstance(clip, ClipByValue) else "no clipping"


def _annealing(settings: TrainingSettings) -> str:
    rule = settings.annealing
    return "constant rate" if type(rule) is Constant else f"annealing: {type(rule).__name__.lower()}"


_WORDS: dict[str, Callable[[TrainingSettings], list[str]]] = {
    "truncation": lambda s: [s.truncation.describe() + (" BPTT" if s.truncation == Full() else "")],
    "clip": lambda s: [_clip(s)],
    "batch_size": lambda s: [f"batch of {s.batch_size}"],
    "seed": lambda s: [f"seed {s.seed}"],
    "shuffle": lambda s: ["shuffled" if s.shuffle else "in the order of the text"],
    "between": lambda s: [f"between sequences: {s.between}"],
    "loss": lambda s: [f"loss: {s.loss}"],
    "validation": lambda s: [f"{number(100 * s.validation)} % held out"],
    "annealing": lambda s: [_annealing(s)],
    "update_per": lambda s: [f"an update per {s.update_per}"],
    "evaluate_every": lambda s: [f"evaluated every {s.evaluate_every} {s.evaluate_unit}s"],
    "evaluate_unit": lambda s: [f"evaluated every {s.evaluate_every} {s.evaluate_unit}s"],
    "evaluation_limit": lambda s: [
        "evaluated on " + (count(s.evaluation_limit, "sentence") if s.evaluation_limit else "all sentences")
    ],
}


def number(value: float) -> str:
    """A number as it is written on screen."""
    return f"{float(value):.6g}".replace("-", "−").replace("inf", "∞").replace("nan", "NaN")
