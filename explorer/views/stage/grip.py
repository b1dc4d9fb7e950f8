"""A handle of the cut in hand: what letting it go would make, seen before it is done."""

from __future__ import annotations

from dataclasses import replace

from rnncore.truncation import Truncation

from ...model.stage_cut import Cut, cut_of
from ...model.stage_handles import CUTTING, Handle, moved, nudged, stands
from ...model.stage_records import StageData


class Grip:
    """Holds ``handle`` of the cut of ``before``; :attr:`preview` is the stage as it would be.

    ``own`` is what is shown once it is put back.
    """

    def __init__(self, before: StageData, handle: Handle) -> None:
        self.before, self.preview, self.handle = before, before, handle
        self.policy: Truncation = before.cut.policy
        self._taken, self._was = handle, before.cut
        self.own = before
        self._tried: list[Truncation] = []

    @property
    def forgotten(self) -> bool:
        """Whether it was moved, and yet what is shown is the walk as it was."""
        return self.moved and self.before.cut.policy == self._was.policy

    @property
    def moved(self) -> bool:
        """Whether it was brought to another place than where it was taken up."""
        return self.handle.boundary != self._taken.boundary

    def pull(self, boundary: int) -> bool:
        """Bring the handle to ``boundary``, or as near to it as it can stand; True when it has moved."""
        was, length = self._was.policy, self.before.scene.length
        policy = moved(was, self._taken, boundary, length)
        handle = self._taken
        if policy != was:  # what waits at the end of a sentence that is too short stands nearer than its number says
            handle = stands(policy, handle)
            handle = replace(handle, boundary=min(handle.boundary, length))
        if handle == self.handle:
            return False
        self.handle, self.policy = handle, policy
        self._tried.append(policy)
        cut = cut_of(policy, policy.table(length), self._was.loss, self._was.asked)
        self.preview = self._over(cut) if self.moved else self.before
        return True

    def follow(self, data: StageData) -> bool:
        """Hold it over ``data``, which is shown from now on; False where the handle does not belong there any more.

        It does over the walk as it was, and over those that it would make, which are shown while it is held.
        """
        was, now = self._was, data.cut
        own = now.policy == was.policy
        same_words = data.scene.tokens == self.before.scene.tokens  # training goes on while it is held
        if not same_words or not (now.loss == was.loss if own else now.policy in self._tried):
            return False
        if own:
            self.own = data
        self.before = data
        self.preview = self._over(self.preview.cut) if self.moved else data
        return True

    def _over(self, cut: Cut) -> StageData:
        return replace(self.before, cut=cut, cut_in_force=True, hatched=cut.dropped)


def nudge(data: StageData, wished: Truncation, scissors: bool, direction: int) -> Truncation | None:
    """The truncation whose scissors, or whose runs' beginnings, stand one step further left (−1) or right (+1).

    It is counted from the one that is ``wished`` for: keys may come faster than a run is prepared. None where there are
    none, or where they cannot go further.
    """
    handles = [h for h in data.cut.handles if (h.name in CUTTING) == scissors]
    if not handles:
        return None
    if type(wished) is not type(data.cut.policy):
        return None
    policy = nudged(wished, stands(wished, handles[0]), direction, data.scene.length)
    return None if policy == wished else policy
