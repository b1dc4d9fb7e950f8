"""Small networks, sentences and walks that the tests of the stage share."""

from __future__ import annotations

import numpy as np

from explorer.model.stage_build import build_stage
from explorer.model.stage_records import Marks, StageData
from explorer.model.stage_scene import Scene, make_scene
from rnncore.cells import Cell
from rnncore.model import Model
from rnncore.optim import SGD
from rnncore.trace import IGNORE, forward
from rnncore.truncation import Truncation, Window
from rnncore.walk import Walk, walk

WORDS = ("<s>", "the", "cat", "dogs", "chase", "runs", ".", "</s>")


def small_walk(
    cell: str | Cell = "lstm",
    hidden: int = 5,
    steps: int = 8,
    policy: Truncation | None = None,
    order: str = "by loss",
    masked: int | None = 1,
    poison: bool = False,
) -> Walk:
    """A walk over a sentence of ``steps`` random words, the target of step ``masked`` left out."""
    rng = np.random.default_rng(7)
    ids = rng.integers(0, len(WORDS), steps + 1)
    targets = ids[1:].copy()
    if masked is not None and masked < steps:
        targets[masked] = IGNORE
    model = Model.create(cell, len(WORDS), hidden, seed=1)
    scale = {n: np.array(p) * 2.0 for n, p in model.parameters.items()}
    if poison:
        name = next(n for n, p in scale.items() if p.ndim == 2 and p.shape[1] == len(WORDS))
        scale[name][1, :] = np.nan
    model = model.with_parameters(scale)
    trace = forward(model, ids[:-1])
    return walk(model, trace, targets, policy or Window(2), order, optimiser=SGD(0.1))


def scene_of(w: Walk, most_cells: int = 64) -> Scene:
    return make_scene(w.trace, w.targets, WORDS.__getitem__, most_cells)


def stage_at(w: Walk, position: int, scene: Scene | None = None, marks: Marks | None = None) -> StageData:
    return build_stage(scene or scene_of(w), w, position, update=3, marks=marks)


def before_visit(w: Walk, tau: int, loss: int = -1) -> int:
    """Position before the backward pass reaches step ``tau`` (for ``loss``, by loss)."""
    s = w.script
    return int(s.visit_starts[np.flatnonzero((s.visit_tau == tau) & (s.visit_loss == loss))[0]])
