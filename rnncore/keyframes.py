"""Keyframes: the states of a run that are kept, dense in the near past and sparse in the far one.

A keyframe stands at every ``spacing``-th update of the newest :data:`NEAR` ones. Of what is older than that only every
second is kept, of what is older than twice that only every fourth, and so on: each doubling of the age costs as many
keyframes as the one before, so that an hour of training takes hardly more memory than its first minute. But no more of
them go than :data:`FAR` keyframes in even steps over the whole run make needless: no update is further from one than
that.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence

import numpy as np

from rnncore.errors import RnnError
from rnncore.ops import Array
from rnncore.training_state import TrainingState

SPACING = 32
NEAR = 10_000
"""Updates behind the newest one that can be returned to without a longer replay than over one spacing."""
FAR = 512
"""Keyframes in even steps over the whole run that may stay, however old they are."""
REPLAY_SECONDS = 0.05
"""How long a replay from one keyframe to the next may take; near ones move closer together where it takes longer, and
apart where it takes less than an eighth of it."""
SETTLED = 4096
"""Updates after which keyframes may move apart: before, they take next to no memory."""


class Keyframes:
    """The states kept of one run, of which ``first`` is the oldest and always there.

    Parameters
    ----------
    first : TrainingState
    spacing : int
        Updates between near keyframes, at first.
    memory : int
        Bytes for all of them. When they are used up, every second one goes and the spacing doubles, and from then on it
        is not halved again.
    """

    def __init__(self, first: TrainingState, spacing: int, memory: int) -> None:
        self.spacing = spacing
        self.memory = memory
        self._first = first.update
        self._updates: list[int] = [first.update]
        self._states: dict[int, TrainingState] = {first.update: first}
        self._seconds = REPLAY_SECONDS / SPACING / 4
        self._full = False
        self._thin_at = 64

    @staticmethod
    def restored(states: Sequence[TrainingState], spacing: int, memory: int) -> Keyframes:
        """Return keyframes with these states, oldest first. Raises RnnError when there are none, or out of order."""
        updates = [state.update for state in states]
        if not updates or updates != sorted(set(updates)):
            raise RnnError("The history's keyframes are missing or out of order.")
        made = Keyframes(states[0], spacing, memory)
        made._updates = updates
        made._states = dict(zip(updates, states, strict=True))
        return made

    def __len__(self) -> int:
        return len(self._updates)

    @property
    def states(self) -> tuple[TrainingState, ...]:
        """All of them, oldest first."""
        return tuple(self._states[update] for update in self._updates)

    @property
    def newest(self) -> int:
        """The update of the newest one."""
        return self._updates[-1]

    @property
    def memory_used(self) -> int:
        """Bytes of their arrays."""
        return sum(state_bytes(state) for state in self._states.values())

    def before(self, update: int) -> TrainingState:
        """Return the last one at or before an update."""
        return self._states[self._updates[bisect_right(self._updates, update) - 1]]

    def is_due(self, update: int) -> bool:
        """Whether one is kept at this update."""
        return (update - self._first) % self.spacing == 0

    def keep(self, state: TrainingState) -> None:
        """Keep a state, the newest so far; others go where they have become too many."""
        self._states[state.update] = state
        self._updates.append(state.update)
        if len(self._updates) >= self._thin_at:
            self._thin(self._step)
            self._thin_at = max(64, len(self._updates) + len(self._updates) // 16)
        allowed = max(2, self.memory // max(1, state_bytes(state)))
        while len(self._updates) > allowed:
            self._full = True
            self.spacing *= 2
            self._thin(lambda age: self.spacing)
            if len(self._updates) <= 1:
                break

    def _step(self, age: int) -> int:
        """Updates between keyframes that are so old."""
        evenly = ((self._updates[-1] - self._first) // (FAR * self.spacing)).bit_length()
        return self.spacing << min((age // NEAR).bit_length(), evenly)

    def _thin(self, step: Callable[[int], int]) -> None:
        newest = self._updates[-1]
        self._updates = [u for u in self._updates if (u - self._first) % step(newest - u) == 0]
        self._states = {update: self._states[update] for update in self._updates}

    def time(self, seconds: float, updates: int = 1) -> None:
        """Hear how long the newest updates took, and move keyframes together where that is long, apart where short."""
        if updates == 1:
            # Steps of 5 % settle at the median: what evaluations take, which no replay repeats, moves it little.
            self._seconds *= 1.05 if seconds > self._seconds else 0.95
        else:
            self._seconds += (seconds / updates - self._seconds) * min(0.2, updates / 1000)
        replay = self.spacing * self._seconds
        if replay > REPLAY_SECONDS and self.spacing % 2 == 0 and not self._full:
            self.spacing //= 2
        elif 8 * replay < REPLAY_SECONDS and self._updates[-1] - self._first >= max(SETTLED, 64 * self.spacing):
            self.spacing *= 2


def state_bytes(state: TrainingState) -> int:
    """Return the bytes of a state's arrays."""
    arrays: list[Array] = [*state.parameters.values(), *(state.carried or {}).values()]
    arrays += [array for slots in state.optimiser.values() for array in slots.values()]
    return int(np.sum([array.nbytes for array in arrays]))
