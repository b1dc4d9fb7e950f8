"""Paired timing: the candidates take turns, in short blocks, and are compared within a turn.

Times are the processor's, of all threads of this process together: what else runs on the machine counts against nobody,
and a peer that worked in several threads would not gain by it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import median

BLOCK_SECONDS = 0.02


@dataclass(frozen=True)
class Timing:
    """``seconds`` is the median of all repetitions; ``turns`` the median within each turn."""

    seconds: float
    turns: tuple[float, ...]

    def times_faster_than(self, other: Timing) -> float:
        """Return how many times faster this is: the median over turns of the other's time over this one's."""
        return median(theirs / ours for ours, theirs in zip(self.turns, other.turns, strict=True))


def duration(seconds: float) -> str:
    """Return a duration with a unit that suits it."""
    if seconds < 1e-3:
        return f"{seconds * 1e6:.0f} µs"
    return f"{seconds * 1e3:.1f} ms" if seconds < 1 else f"{seconds:.2f} s"


def paired(candidates: Mapping[str, Callable[[], object]], turns: int) -> dict[str, Timing]:
    """Time the candidates in turns. Each block begins with a call that is not counted: it warms the caches."""
    blocks = {}
    for name, call in candidates.items():
        for _ in range(3):
            call()
        once = min(_timed(call) for _ in range(3))
        blocks[name] = max(1, min(50, int(BLOCK_SECONDS / max(once, 1e-7))))
    found: dict[str, list[list[float]]] = {name: [] for name in candidates}
    for _ in range(turns):
        for name, call in candidates.items():
            call()
            found[name].append([_timed(call) for _ in range(blocks[name])])
    return {
        name: Timing(median(t for block in lists for t in block), tuple(median(block) for block in lists))
        for name, lists in found.items()
    }


def spread(call: Callable[[], object], times: int) -> tuple[float, float]:
    """Return (median, 95th percentile) of single calls, each of which does something else."""
    call()
    found = sorted(_timed(call) for _ in range(times))
    return median(found), found[min(len(found) - 1, int(0.95 * len(found)))]


def _timed(call: Callable[[], object]) -> float:
    start = time.process_time()
    call()
    return time.process_time() - start
