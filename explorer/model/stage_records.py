"""Records that the stage is painted from, and which columns differ between two of them; without Qt."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from rnncore.frozen import dataclass
from rnncore.progress import Progress

from ..theme.colourmap import AsinhScale
from .edits import NOTHING, Edits
from .stage_cut import Cut
from .stage_lanes import Lanes
from .stage_scene import Scene, Track

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, eq=False, slots=True)
class Strip:
    """A track as far as it is known: ``known`` (T,) its values, ``gradient_known`` (T,) its gradients.

    ``gradients`` is (T, H), ``gradient_cells`` (T, n) what is painted of it; ``gradient_finite`` whether none of that
    is NaN or infinite, known or not.
    """

    track: Track
    known: Bools
    gradients: Floats
    gradient_cells: Floats
    gradient_known: Bools
    gradient_finite: bool


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
    """What is pointed at and what is selected: a time step, a unit, a node of the cell; None is nothing.

    ``path`` is (loss t, weight copy τ) of the pair that is pointed at, else of the selected one: its way lights up;
    ``path_cut`` is the boundary at which the truncation cuts it, t + 1 where loss t is not asked at all; None where it
    counts the pair. ``selected_loss`` is the loss of the selected pair.
    """

    hover_t: int | None = None
    hover_unit: int | None = None
    hover_node: int | None = None
    selected_t: int | None = None
    selected_unit: int | None = None
    selected_node: int | None = None
    path: tuple[int, int] | None = None
    path_cut: int | None = None
    selected_loss: int | None = None


@dataclass(frozen=True, eq=False, slots=True)
class StageData:
    """The stage at one position of the walk over T steps.

    ``flowed`` (T,) says whether the state has arrived at step t from the one before; ``credit`` is what went
    from step t to t−1; ``from_loss``, ``from_future`` and ``summed`` are the two streams into h_t and their sum.
    ``snipped`` (T,) says where some or all of it has been cut. ``current_nodes`` are the tracks that the
    micro-step just done has touched, ``focus`` the token of its accent: value, gradient or weight. ``cut`` is
    in force while its loss walks, before that a preview; ``hatched`` (T,) are the steps that get nothing
    of the gradients on show; ``stopped`` (T,) marks, while all losses walk together, those
    of which nothing reaches the present step. ``source`` is where the gradients come from, so that
    the next position can share what is derived from them. ``brief`` is the subtitle for a narrow stage. ``edited`` is
    what was changed by hand, ``progress`` the position itself: tool tips read their formulas from it. ``initial`` are
    the states before the first step, a row (1, H) each; ``between`` says what comes into them from the sequence before.
    ``lanes`` says what of it each loss takes over a boundary, where it is that of all losses together.
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
    initial: tuple[Strip, ...]
    flowed: Bools
    credit: Flow
    snipped: Bools
    from_loss: Flow
    from_future: Flow
    summed: Flow
    cut: Cut
    cut_in_force: bool
    hatched: Bools
    stopped: Bools
    gradient_scale: AsinhScale
    ribbon_scale: AsinhScale
    subtitle: str
    brief: str
    hint: str
    marks: Marks
    source: object = None
    edited: Edits = NOTHING
    progress: Progress | None = None
    between: str = "reset"
    lanes: Lanes | None = None

    @property
    def all_losses(self) -> bool:
        """Whether the gradients on show are those of all losses together."""
        return self.walking is None and self.source is not None

    @property
    def strips(self) -> tuple[Strip, ...]:
        """States and gates, as they stand from top to bottom."""
        return self.states + self.gates

    @property
    def not_finite(self) -> bool:
        """Whether a number that is shown is NaN or infinite."""
        for s in self.strips + self.initial:
            if not s.track.finite and not np.isfinite(s.track.cells[s.known]).all():
                return True
            if not s.gradient_finite and not np.isfinite(s.gradient_cells[s.gradient_known]).all():
                return True
        losses = self.scene.losses[self.loss_known]
        return not (self.credit.finite and self.from_loss.finite and np.isfinite(losses).all())

    @property
    def odd(self) -> tuple[str, ...]:
        """Which numbers that are not finite are shown: of ``nan``, ``plus_inf`` and ``minus_inf``, in this order."""
        if not self.not_finite:
            return ()
        shown = [self.scene.losses[self.loss_known]]
        shown += [flow.norms[flow.known] for flow in (self.credit, self.from_loss)]
        for s in self.strips + self.initial:
            shown += [s.track.cells[s.known], s.gradient_cells[s.gradient_known]]
        return tuple(kind for kind, holds in _ODD.items() if any(bool(holds(a).any()) for a in shown))


_ODD: dict[str, Callable[[Floats], Bools]] = {"nan": np.isnan, "plus_inf": np.isposinf, "minus_inf": np.isneginf}
#: Kinds of micro-steps at which the + of a column is lit.
LIT = frozenset({"stream_loss", "stream_future", "sum"})
#: The parts of a column, from top to bottom: loss and output; states and what runs between columns; gates; input.
HEAD, STATE, GATES, FOOT = range(4)
PARTS = 4


def changed_columns(old: StageData, new: StageData) -> Bools:
    """(T,) bool: the columns whose picture differs. A change of a boundary counts for both its neighbours.

    All of them when the scene is another: then everything is painted anew.
    """
    return np.asarray(changed_parts(old, new).any(axis=1))


def changed_parts(old: StageData, new: StageData) -> Bools:
    """(T, :data:`PARTS`) bool: as :func:`changed_columns`, for each part of a column by itself."""
    steps = new.scene.length
    if old.scene is not new.scene:
        return np.ones((steps, PARTS), dtype=bool)
    changed = np.zeros((steps, PARTS), dtype=bool)
    head, state, gates, foot = changed.T
    if old.hatched is not new.hatched:
        changed |= (old.hatched != new.hatched)[:, None]
    if old.cut_in_force != new.cut_in_force:
        changed |= new.hatched[:, None]
        # What stops at a cut is dotted only while the cut is in force, on the side that is not hatched as well.
        state |= new.snipped
        state[:-1] |= new.snipped[1:]
    if old.ribbon_scale != new.ribbon_scale:
        head |= new.from_loss.known
        state |= new.from_loss.known | new.credit.known
        state[:-1] |= new.credit.known[1:]
    foot |= old.read != new.read
    head |= old.stopped != new.stopped
    head |= (old.output_known != new.output_known) | (old.loss_known != new.loss_known)
    rescaled = old.gradient_scale != new.gradient_scale
    for part, was, now in ((state, old.states, new.states), (gates, old.gates, new.gates)):
        for before, after in zip(was, now, strict=True):
            _strip_differs(before, after, rescaled, part)
    for before, after in zip(old.initial, new.initial, strict=True):
        _strip_differs(before, after, rescaled, state[:1])
    streams = old.from_loss.differs(new.from_loss)
    head |= streams
    state |= streams | old.from_future.differs(new.from_future) | old.summed.differs(new.summed)
    edges = (old.flowed != new.flowed) | old.credit.differs(new.credit) | (old.snipped != new.snipped)
    state |= edges
    state[:-1] |= edges[1:]
    if old.walking != new.walking:
        ends = [t for t in (old.walking, new.walking) if t is not None]
        head[ends] = state[ends] = True
    here = [t for t in (old.current_t, new.current_t) if t is not None]
    if (old.current_t, old.focus) != (new.current_t, new.focus):
        changed[here] = True
    if old.current_nodes != new.current_nodes:
        gates[here] = True
    if (old.current_kind in LIT) != (new.current_kind in LIT):
        state[here] = True
    return changed


def _strip_differs(before: Strip, after: Strip, rescaled: bool, part: Bools) -> None:
    """Add to ``part`` (T,) where two states of a strip are painted otherwise."""
    part |= (before.known != after.known) | (before.gradient_known != after.gradient_known)
    if rescaled:
        part |= after.gradient_known
    elif before.gradient_cells is not after.gradient_cells:
        was, now = before.gradient_cells, after.gradient_cells
        same = (was == now) | (np.isnan(was) & np.isnan(now))
        part |= ~same.all(axis=1) & after.gradient_known


def moved_highlight(old: StageData, new: StageData) -> list[int]:
    """The columns in which what is outlined as just done is not the same."""
    was = (old.current_t, old.current_kind, old.current_nodes, old.focus, old.phase)
    now = (new.current_t, new.current_kind, new.current_nodes, new.focus, new.phase)
    return [] if was == now else [t for t in {old.current_t, new.current_t} if t is not None]
