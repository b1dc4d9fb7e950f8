"""Where the gradient is cut on the stage: read off a truncation's table of pairs, so every policy draws right.

What can be dragged of it, and the policy that letting go makes, is in :mod:`stage_handles`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from rnncore.frozen import dataclass
from rnncore.truncation import Full, Sweep, Truncation, Window

from .stage_handles import CUTTING, Handle, handles_of, moved, said_of


@dataclass(frozen=True, eq=False, slots=True)
class Cut:
    """What a truncation keeps of one loss's gradient, or of all of them together.

    ``boundaries`` (T+1,) marks where the ribbon is snipped: boundary t lies between steps t−1 and t.
    ``dropped`` (T,) marks the steps whose weight copies hear nothing though the loss lies at or after them.
    ``loss`` is the loss it speaks of, None for all together. ``runs`` are the runs back through time that are drawn
    with the losses that enter them, ``run`` the one that brings this loss's gradient furthest back, if there is one.
    ``handles`` can be dragged, the scissors of this loss first. ``snips`` are, of all losses together, the boundaries
    that stop some of them, each with those losses, and let others through. ``asked`` (T,) are the steps with a loss.
    """

    loss: int | None
    boundaries: NDArray[np.bool_]
    dropped: NDArray[np.bool_]
    policy: Truncation
    runs: tuple[Sweep, ...] = ()
    run: Sweep | None = None
    handles: tuple[Handle, ...] = ()
    snips: tuple[tuple[int, tuple[int, ...]], ...] = ()
    asked: NDArray[np.bool_] | None = None

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Cut):
            return NotImplemented
        return (
            (self.loss, self.policy, self.handles, self.snips) == (other.loss, other.policy, other.handles, other.snips)
            and np.array_equal(self.boundaries, other.boundaries)
            and np.array_equal(self.dropped, other.dropped)
        )

    __hash__ = None  # type: ignore[assignment]

    @property
    def any(self) -> bool:
        """Whether anything is dropped at all."""
        return bool(self.dropped.any() or self.boundaries.any() or self.snips)

    def stopped_at(self, boundary: int) -> tuple[int, ...]:
        """The losses that are stopped at ``boundary`` while others pass it."""
        return next((losses for t, losses in self.snips if t == boundary), ())

    @property
    def scissors(self) -> tuple[Handle, ...]:
        """The handles that stand where a gradient is cut: all but those that say where one begins."""
        return tuple(h for h in self.handles if h.name in CUTTING)

    @property
    def borders(self) -> tuple[int, ...]:
        """All boundaries that have something to show: where this loss's gradient is cut, and where others' may be."""
        last = len(self.dropped)
        others = {h.boundary for h in self.scissors if 0 < h.boundary < last}
        return tuple(sorted(others | {int(t) for t in self.boundaries.nonzero()[0]}))


def cut_of(
    policy: Truncation, pairs: NDArray[np.integer], loss: int | None, asked: NDArray[np.bool_] | None = None
) -> Cut:
    """The cut of ``policy`` for one ``loss`` (0…T−1), or for all of them (None).

    ``pairs`` (T, T) is its table of how often (loss t, weight copy τ) counts: all that is cut follows from it; the
    policy itself says what can be dragged, and which losses share a run. ``asked`` (T,) marks the steps that carry a
    loss, by default all.
    """
    length = len(pairs)
    boundaries = np.zeros(length + 1, dtype=bool)
    if length == 0:
        return Cut(loss, boundaries, np.zeros(0, dtype=bool), policy)
    runs, run = _runs(policy, length, loss)
    asked = np.ones(length, dtype=bool) if asked is None or not asked.any() else asked
    handles = handles_of(policy, length, loss, run, int(asked.nonzero()[0][-1]))
    table = pairs > 0
    steps = np.arange(length)
    if loss is None:
        dropped = np.logical_not(np.asarray(table.any(axis=0)))
        # Boundary t is crossed when some loss at or after t reaches a copy before t. Where nothing comes as far as
        # step t there is nothing to be cut.
        lowest = np.where(table.any(axis=1), table.argmax(axis=1), length)
        furthest = np.minimum.accumulate(lowest[::-1])[::-1]
        boundaries[1:length] = (furthest[1:] >= steps[1:]) & ~dropped[1:]
        snips: dict[int, list[int]] = {}
        for t in asked.nonzero()[0]:
            if 0 < lowest[t] < length and not boundaries[lowest[t]]:
                snips.setdefault(int(lowest[t]), []).append(int(t))
        some = tuple((b, tuple(losses)) for b, losses in sorted(snips.items()))
        return Cut(None, boundaries, dropped, policy, runs, run, handles, some, asked)
    kept = table[loss]
    dropped = ~kept & (steps <= loss)
    boundaries[1:length] = kept[1:] & ~kept[:-1] & (steps[1:] <= loss)
    if not kept[loss]:
        boundaries[loss + 1] = True
    return Cut(loss, boundaries, dropped, policy, runs, run, handles, asked=asked)


def stopped_before(pairs: NDArray[np.integer], loss: int, tau: int) -> int | None:
    """The boundary that stops ``loss`` on its way to weight copy ``tau``, loss + 1 where it never sets out.

    None where ``pairs`` (T, T), the truncation's table, counts the pair.
    """
    missed = np.flatnonzero(pairs[loss, tau : loss + 1] == 0)
    return None if missed.size == 0 or pairs[loss, tau] else tau + int(missed[-1]) + 1


def _runs(policy: Truncation, length: int, loss: int | None) -> tuple[tuple[Sweep, ...], Sweep | None]:
    """The runs that are drawn, and the one that speaks for ``loss``; with a window each loss has its own, undrawn."""
    if isinstance(policy, Full | Window):
        return (), None
    runs = policy.sweeps(length)
    own = [r for r in runs if loss is not None and loss in r.losses]
    after = [r for r in runs if loss is not None and r.high >= loss]
    run = own[0] if own else after[0] if after else runs[-1] if runs else None
    return runs, run


def tracks_of(runs: Sequence[Sweep], most: int, first: Sweep | None = None) -> tuple[tuple[int, Sweep], ...]:
    """Runs with the track that each has to itself where it lies, of at most ``most``: overlapping ones lie on several.

    ``first`` is given a track before all others; the runs that are left without one are left out, the earliest first.
    """
    taken: list[list[Sweep]] = []
    found = []
    for run in sorted(runs, key=lambda r: (r != first, -r.high)):
        free = (i for i, track in enumerate(taken) if all(r.high < run.low or run.high < r.low for r in track))
        place = next(free, len(taken))
        if place >= most:
            continue
        if place == len(taken):
            taken.append([])
        taken[place].append(run)
        found.append((place, run))
    return tuple(found)


def dragged(cut: Cut, boundary: int, handle: Handle | None = None) -> Cut:
    """The cut as it will be when ``handle``, by default the scissors, is let go at ``boundary``."""
    policy = policy_at(cut, boundary, handle)
    return cut if policy is None else cut_of(policy, policy.table(len(cut.dropped)), cut.loss, cut.asked)


def policy_at(cut: Cut, boundary: int, handle: Handle | None = None) -> Truncation | None:
    """The policy that puts ``handle``, by default the scissors, at ``boundary``; None when there is none to drag."""
    if handle is None:
        handle = next(iter(cut.scissors), None)
    return None if handle is None else moved(cut.policy, handle, boundary, len(cut.dropped))


def handle_tip(cut: Cut, handle: Handle) -> str:
    """What a handle sets, where it stands now, and how it is moved."""
    now = said_of(cut.policy, handle, len(cut.dropped), cut.loss)
    if isinstance(cut.policy, Window) and cut.loss is None and cut.snips:
        now += "\nEvery loss has a window of its own: the small scissors are those of the others"
    if handle.name not in CUTTING:
        return f"{now}\nDrag it, or press {{ }} with the stage in focus"
    lines = [now, "Values still flow, credit does not"] if cut.any else [now]
    return "\n".join([*lines, "Drag the scissors, or press [ ] with the stage in focus"])
