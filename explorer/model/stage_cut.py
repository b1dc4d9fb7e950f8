"""Where the gradient is cut on the stage: read off a truncation's table of pairs, so every policy draws right."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rnncore.frozen import dataclass
from rnncore.truncation import Full, Truncation, Window


@dataclass(frozen=True, eq=False, slots=True)
class Cut:
    """What a truncation keeps of one loss's gradient, or of all of them together.

    ``boundaries`` (T+1,) marks where the ribbon is snipped: boundary t lies between steps t−1 and t.
    ``dropped`` (T,) marks the steps whose weight copies hear nothing though the loss lies at or after them.
    ``loss`` is the loss it speaks of, None for all together. ``handle`` is the boundary at which the scissors
    stand, None when there is none to drag; ``window`` the number of extra steps they allow there.
    """

    loss: int | None
    boundaries: NDArray[np.bool_]
    dropped: NDArray[np.bool_]
    handle: int | None
    window: int | None

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Cut):
            return NotImplemented
        return (
            (self.loss, self.handle, self.window) == (other.loss, other.handle, other.window)
            and np.array_equal(self.boundaries, other.boundaries)
            and np.array_equal(self.dropped, other.dropped)
        )

    __hash__ = None  # type: ignore[assignment]

    @property
    def any(self) -> bool:
        """Whether anything is dropped at all."""
        return bool(self.dropped.any() or self.boundaries.any())


def cut_of(policy: Truncation, pairs: NDArray[np.integer], loss: int | None) -> Cut:
    """The cut of ``policy`` for one ``loss`` (0…T−1), or for all of them (None).

    ``pairs`` (T, T) is its table of how often (loss t, weight copy τ) counts: all that is drawn follows from it;
    the policy itself only says whether its cut can be dragged.
    """
    length = len(pairs)
    boundaries = np.zeros(length + 1, dtype=bool)
    if length == 0:
        return Cut(loss, boundaries, np.zeros(0, dtype=bool), None, None)
    table = pairs > 0
    steps = np.arange(length)
    if loss is None:
        dropped = np.logical_not(np.asarray(table.any(axis=0)))
        # Boundary t is crossed when some loss at or after t reaches a copy before t.
        lowest = np.where(table.any(axis=1), table.argmax(axis=1), length)
        furthest = np.minimum.accumulate(lowest[::-1])[::-1]
        boundaries[1:length] = furthest[1:] >= steps[1:]
        return Cut(None, boundaries, dropped, None, None)
    kept = table[loss]
    dropped = ~kept & (steps <= loss)
    boundaries[1:length] = kept[1:] & ~kept[:-1] & (steps[1:] <= loss)
    if not kept[loss]:
        boundaries[loss + 1] = True
    handle, window = _handle(policy, loss)
    return Cut(loss, boundaries, dropped, handle, window)


def _handle(policy: Truncation, loss: int) -> tuple[int | None, int | None]:
    """Scissors can be dragged where a boundary means a window: also from no truncation at all."""
    if isinstance(policy, Window):
        return max(0, loss - policy.k), policy.k
    if isinstance(policy, Full):
        return 0, None
    return None, None


def dragged(cut: Cut, boundary: int) -> Cut:
    """The cut as it will be when the scissors are let go at ``boundary``; the same one when they cannot be dragged."""
    k = window_at(cut, boundary)
    if k is None:
        return cut
    policy = Window(k)
    return cut_of(policy, policy.table(len(cut.dropped)), cut.loss)


def window_at(cut: Cut, boundary: int) -> int | None:
    """The k of ``Window(k)`` that puts the cut of this loss at ``boundary``; None when it cannot be dragged."""
    if cut.loss is None or cut.handle is None:
        return None
    return max(0, cut.loss - min(max(0, boundary), cut.loss))
