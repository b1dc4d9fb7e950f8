"""The lanes of a sweep: what each single loss takes from a step to the one before it, and the later ones together.

The numbers are those of each loss's own walk back, as often as the truncation counts it; together they are the sweep's.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from rnncore.bptt import lanes_by_lag, output_gradients
from rnncore.frozen import dataclass
from rnncore.norms import lengths
from rnncore.walk import Walk

#: So many losses, the nearest to a step, are told apart at the most; the later ones are one lane together.
MOST_LANES = 8


@dataclass(frozen=True, slots=True)
class Lane:
    """What ``losses`` take over a boundary: one of them, or several, of which ``norm`` is the norm of the sum.

    ``times`` is how often a single loss is counted.
    """

    losses: tuple[int, ...]
    norm: float
    times: int = 1


@dataclass(frozen=True, eq=False)
class Lanes:
    """The lanes of a walk over T steps. Boundary t lies between the steps t−1 and t, 0 < t < T; made when asked for."""

    walk: Walk

    def at(self, boundary: int, most: int = MOST_LANES) -> tuple[Lane, ...]:
        """The lanes over a boundary, the nearest loss first; of more than ``most`` the last one is of several."""
        single, later = self._norms
        crossing = self.crossing(boundary)
        table = self.walk.table
        near = [t for t in crossing if t - boundary < len(single)][:most]
        if len(crossing) > most:
            near = near[: max(0, most - 1)]
        found = [Lane((t,), float(single[t - boundary, boundary]), int(table[t, boundary - 1])) for t in near]
        rest = crossing[len(near) :]
        if rest:
            norm = float(later[near[-1] - boundary + 1 if near else 0, boundary])
            found.append(Lane(rest, norm, int(table[rest[0], boundary - 1]) if len(rest) == 1 else 1))
        return tuple(found)

    def crossing(self, boundary: int) -> tuple[int, ...]:
        """The losses whose gradient goes over a boundary."""
        return self._from(boundary, self.walk.table[boundary:, boundary - 1] > 0)

    def stopped(self, boundary: int) -> tuple[int, ...]:
        """The losses that reach a boundary and do not go over it, wholly or, of several runs of it, in one."""
        table = self.walk.table
        return self._from(boundary, table[boundary:, boundary] > table[boundary:, boundary - 1])

    def _from(self, boundary: int, which: NDArray[np.bool_]) -> tuple[int, ...]:
        asked = self.walk.targets[boundary:] >= 0
        return tuple(boundary + int(t) for t in np.flatnonzero(which & asked))

    @cached_property
    @np.errstate(all="ignore")
    def _norms(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Norms of single losses (n, T), in row j of what loss t + j takes from t to t − 1; and (n + 1, T) of the sum
        of all losses from t + j on."""
        walk, steps = self.walk, self.walk.trace.length
        future = walk.sweep.from_future
        left = {state: np.array(values, dtype=np.float64) for state, values in future.items()}
        count = max(0, min(MOST_LANES, steps - 1))
        single, later = np.zeros((count, steps)), np.zeros((count + 1, steps))
        later[0, 1:] = _norm(left, steps - 1)
        counted = walk.table * (walk.targets >= 0)[:, None]
        for lanes in lanes_by_lag(walk.trace, output_gradients(walk.trace, walk.targets)[1], count):
            lag = lanes.lag
            if lag == 0:
                continue
            # Loss τ + lag has come to step τ: over boundary τ + 1, of which it is loss number lag − 1.
            times = np.diagonal(counted, -lag)[:, None]
            part = {s: np.where(times > 0, times * v, 0.0) for s, v in lanes.states.items()}
            single[lag - 1, 1 : steps - lag + 1] = _norm(part, steps - lag)
            for state, values in part.items():
                left[state][: steps - lag] -= values
            later[lag, 1:] = _norm(left, steps - 1)
        return single, later


def _norm(states: dict[str, NDArray[np.float64]], rows: int) -> NDArray[np.float64]:
    """(rows,): of all states together."""
    return lengths(*(values[:rows] for values in states.values()))
