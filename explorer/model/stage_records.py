"""Records that the stage is painted from, and which columns differ between two of them; without Qt."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rnncore.frozen import dataclass

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


@dataclass(frozen=True, eq=False, slots=True)
class Flow:
    """A gradient on its way at each step: ``norms`` (T,), and where it has been computed, ``known`` (T,)."""

    norms: Floats
    known: Bools

    def differs(self, other: Flow) -> Bools:
        """(T,) bool: the steps at which ``other`` is not the same."""
        same = (self.norms == other.norms) | (np.isnan(self.norms) & np.isnan(other.norms))
        return (self.known != other.known) | (self.known & ~same)

    @property
    def finite(self) -> bool:
        """Whether all that is known is a finite number."""
        return bool(np.isfinite(self.norms[self.known]).all())


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

    ``flowed`` (T,) says whether the state has arrived at step t from the one before; ``credit`` is what went
    from step t to t−1; ``from_loss``, ``from_future`` and ``summed`` are the two streams into h_t and their sum.
    ``snipped`` (T,) says where some or all of it has been cut. ``current_nodes`` are the tracks that the
    micro-step just done has touched, ``focus`` the token of its accent: value, gradient or weight. ``cut`` is
    in force while its loss walks, before that a preview. ``source`` is where the gradients come from, so that
    the next position can share what is derived from them. ``brief`` is the subtitle for a narrow stage.
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
    credit: Flow
    snipped: Bools
    from_loss: Flow
    from_future: Flow
    summed: Flow
    cut: Cut
    cut_in_force: bool
    gradient_scale: AsinhScale
    ribbon_scale: AsinhScale
    subtitle: str
    brief: str
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
        losses = self.scene.losses[self.loss_known]
        return not (self.credit.finite and self.from_loss.finite and np.isfinite(losses).all())


def changed_columns(old: StageData, new: StageData) -> Bools:
    """(T,) bool: the columns whose picture differs. A change of a boundary counts for both its neighbours.

    All of them when the scene is another: then everything is painted anew.
    """
    steps = new.scene.length
    if old.scene is not new.scene:
        return np.ones(steps, dtype=bool)
    changed = old.cut.dropped != new.cut.dropped
    if old.cut_in_force != new.cut_in_force:
        changed |= new.cut.dropped
    if old.gradient_scale != new.gradient_scale:
        for strip in new.strips:
            changed |= strip.gradient_known
    if old.ribbon_scale != new.ribbon_scale:
        changed |= new.from_loss.known | new.credit.known
        changed[:-1] |= new.credit.known[1:]
    for a, b in (
        (old.read, new.read),
        (old.output_known, new.output_known),
        (old.loss_known, new.loss_known),
    ):
        changed |= a != b
    for before, after in zip(old.strips, new.strips, strict=True):
        changed |= before.known != after.known
        changed |= before.gradient_known != after.gradient_known
        if before.gradient_cells is not after.gradient_cells:
            same = (before.gradient_cells == after.gradient_cells) | (
                np.isnan(before.gradient_cells) & np.isnan(after.gradient_cells)
            )
            changed |= ~same.all(axis=1) & after.gradient_known
    for was, now in (
        (old.from_loss, new.from_loss),
        (old.from_future, new.from_future),
        (old.summed, new.summed),
    ):
        changed |= was.differs(now)
    edges = (old.flowed != new.flowed) | old.credit.differs(new.credit) | (old.snipped != new.snipped)
    changed |= edges
    changed[:-1] |= edges[1:]
    for was_at, now_at in ((old.current_t, new.current_t), (old.walking, new.walking)):
        if was_at != now_at:
            changed[[t for t in (was_at, now_at) if t is not None]] = True
    if (old.current_nodes, old.current_kind, old.focus) != (new.current_nodes, new.current_kind, new.focus):
        changed[[t for t in (old.current_t, new.current_t) if t is not None]] = True
    return changed
