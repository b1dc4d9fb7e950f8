"""Records that the stage is painted from, and which columns differ between two of them; without Qt."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..theme.colourmap import AsinhScale
from .stage_cut import Cut
from .stage_scene import Scene, Track

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, eq=False, slots=True)
class Strip:
    """A track as far as it is known: ``known`` (T,) its values, ``gradient_known`` (T,) its gradients.

    ``gradients`` is (T, H), ``gradient_cells`` (T, n) what is painted of it.
    """

    track: Track
    known: Bools
    gradients: Floats
    gradient_cells: Floats
    gradient_known: Bools


@dataclass(frozen=True, slots=True)
class Marks:
    """What is pointed at and what is selected: a time step, a unit, a node of the cell; None is nothing."""

    hover_t: int | None = None
    hover_unit: int | None = None
    hover_node: int | None = None
    selected_t: int | None = None
    selected_unit: int | None = None
    selected_node: int | None = None


@dataclass(frozen=True, eq=False, slots=True)
class StageData:
    """The stage at one position of the walk over T steps.

    ``flowed`` (T,) says whether the state has arrived at step t from the one before; ``credit`` (T,) is the
    norm of the gradient that went from step t to t−1, NaN where none went yet; ``from_loss``, ``from_future``
    and ``summed`` (T,) are the norms of the two streams into h_t and of their sum, NaN where unknown.
    ``snipped`` (T,) says where some or all of it has been cut. ``current_nodes`` are the tracks that the
    micro-step just done has touched, ``focus`` the token of its accent: value, gradient or weight. ``cut`` is
    in force while its loss walks, before that a preview. ``source`` is where the gradients come from, so that
    the next position can share what is derived from them.
    """

    scene: Scene
    phase: str
    focus: str
    current_t: int | None
    current_nodes: frozenset[int]
    current_kind: str
    walking: int | None
    read: Bools
    output_known: Bools
    loss_known: Bools
    states: tuple[Strip, ...]
    gates: tuple[Strip, ...]
    flowed: Bools
    credit: Floats
    snipped: Bools
    from_loss: Floats
    from_future: Floats
    summed: Floats
    cut: Cut
    cut_in_force: bool
    gradient_scale: AsinhScale
    ribbon_scale: AsinhScale
    subtitle: str
    hint: str
    marks: Marks
    source: object = None

    @property
    def strips(self) -> tuple[Strip, ...]:
        """States and gates, as they stand from top to bottom."""
        return self.states + self.gates

    @property
    def not_finite(self) -> bool:
        """Whether a number that is shown is NaN or infinite."""
        for s in self.strips:
            if not np.isfinite(s.track.cells[s.known]).all():
                return True
            if not np.isfinite(s.gradient_cells[s.gradient_known]).all():
                return True
        return bool(np.isinf(self.credit).any() or not np.isfinite(self.scene.losses[self.loss_known]).all())


def changed_columns(old: StageData, new: StageData) -> Bools:
    """(T,) bool: the columns whose picture differs. A change of a boundary counts for both its neighbours.

    All of them when the scene, a scale or the cut is another: then everything is painted anew.
    """
    steps = new.scene.length
    if (
        old.scene is not new.scene
        or old.gradient_scale != new.gradient_scale
        or old.ribbon_scale != new.ribbon_scale
        or old.cut_in_force != new.cut_in_force
        or old.cut != new.cut
    ):
        return np.ones(steps, dtype=bool)
    changed = np.zeros(steps, dtype=bool)
    for a, b in ((old.read, new.read), (old.output_known, new.output_known), (old.loss_known, new.loss_known)):
        changed |= a != b
    for was, now in zip(old.strips, new.strips, strict=True):
        changed |= was.known != now.known
        changed |= was.gradient_known != now.gradient_known
        if was.gradient_cells is not now.gradient_cells:
            same = (was.gradient_cells == now.gradient_cells) | (
                np.isnan(was.gradient_cells) & np.isnan(now.gradient_cells)
            )
            changed |= ~same.all(axis=1) & now.gradient_known
    for a, b in ((old.from_loss, new.from_loss), (old.from_future, new.from_future), (old.summed, new.summed)):
        changed |= _differ(a, b)
    edges = (old.flowed != new.flowed) | _differ(old.credit, new.credit) | (old.snipped != new.snipped)
    changed |= edges
    changed[:-1] |= edges[1:]
    for a, b in ((old.current_t, new.current_t), (old.walking, new.walking)):
        if a != b:
            changed[[t for t in (a, b) if t is not None]] = True
    if (old.current_nodes, old.current_kind, old.focus) != (new.current_nodes, new.current_kind, new.focus):
        changed[[t for t in (old.current_t, new.current_t) if t is not None]] = True
    return changed


def _differ(a: Floats, b: Floats) -> Bools:
    return ~((a == b) | (np.isnan(a) & np.isnan(b)))

