"""Which pairs (loss t, weight copy τ) survive truncation, and how often each is counted.

A policy is a table ``m[t, τ]``; everything else follows from it: the truncated gradient is ``Σ m[t, τ] g(t, τ)`` with
``g(t, τ)`` the gradient of loss t with respect to the weights *as used at time step τ*. Loss t enters the output
layer's gradient exactly ``m[t, t]`` times.

====================  ==========================================  ===================================================
policy                pairs kept                                  who calls it that
====================  ==========================================  ===================================================
``Full()``            all τ ≤ t                                   the definition (Rumelhart, Hinton & Williams 1986)
``Window(k)``         0 ≤ t − τ ≤ k                               the tutorial's ``bptt_truncate``
``Chunks(n)``         ⌊t/n⌋ = ⌊τ/n⌋                               min-char-rnn; PyTorch's ``detach``
``Stride(k1, k2)``    every k1 steps go back k2                   BPTT(h; h′) of Williams & Peng 1990
``Tail(k)``           τ ≥ T − k                                   Theano's ``truncate_gradient``
====================  ==========================================  ===================================================
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from rnncore.errors import RnnError
from rnncore.frozen import dataclass
from rnncore.ops import Array

LARGEST = 2**31
"""What every count of steps is cut to: no sequence is so long, and numpy can still reckon with it."""


CHOICES = "Full(), Window(k), Chunks(n), Stride(k1, k2) or Tail(k)"
"""What there is to choose from, for a message."""


@dataclass(frozen=True)
class Sweep:
    """One run backward through time: over τ from ``high`` down to ``low``, with ``losses`` injected on the way."""

    low: int
    high: int
    losses: tuple[int, ...]


@dataclass(frozen=True)
class Truncation:
    """Base of the policies: which pairs (loss t, weight copy τ) are counted, and how often.

    All counts are whole numbers of time steps. A number that makes no policy raises RnnError when the policy is made.
    The truncated gradient is ``Σ m[t, τ] g(t, τ)`` with ``m`` the policy's :meth:`table`.
    """

    def table(self, length: int) -> Array:
        """Return ``m`` (T, T), int: how often the pair (loss t, weight copy τ) is counted; 0 above the diagonal."""
        raise NotImplementedError

    def sweeps(self, length: int) -> tuple[Sweep, ...]:
        """Return the table as runs backward through time; each counts its pairs (t in losses, low ≤ τ ≤ t) once."""
        raise NotImplementedError

    def describe(self) -> str:
        """Return a short name, as on screen."""
        raise NotImplementedError

    @property
    def depends_on_length(self) -> bool:
        """Whether the pairs kept change when steps without a loss are appended (padding)."""
        return False

    def _require(self, **values: int) -> None:
        for name, value in values.items():
            smallest = 0 if name == "k" else 1
            if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < smallest:
                raise RnnError(
                    f"{type(self).__name__}: {name} must be a whole number of at least {smallest}, not {value!r:.40}"
                )
            object.__setattr__(self, name, min(int(value), LARGEST))


@dataclass(frozen=True)
class Full(Truncation):
    """Backpropagation through time without truncation: every pair with τ ≤ t, once.

    The definition of the gradient (Rumelhart, Hinton & Williams 1986; Werbos 1990). Costs T steps back for T steps
    forward.
    """

    def table(self, length: int) -> Array:
        return np.tri(length, dtype=np.int64)

    def sweeps(self, length: int) -> tuple[Sweep, ...]:
        return (Sweep(0, length - 1, tuple(range(length))),) if length else ()

    def describe(self) -> str:
        return "full"


@dataclass(frozen=True)
class Window(Truncation):
    """Each loss walks back ``k`` *extra* steps, so that k + 1 weight copies are reached: pairs with 0 ≤ t − τ ≤ k.

    The tutorial's ``bptt_truncate``, 4 by default. ``Window(T − 1)`` is ``Full()`` for a sequence of T steps; ``k`` may
    be 0. Raises RnnError when ``k`` is negative or no whole number.
    """

    k: int = 4

    def __post_init__(self) -> None:
        self._require(k=self.k)

    def table(self, length: int) -> Array:
        lag = np.arange(length)[:, None] - np.arange(length)[None, :]
        return ((lag >= 0) & (lag <= self.k)).astype(np.int64)

    def sweeps(self, length: int) -> tuple[Sweep, ...]:
        if self.k >= length - 1:
            return Full().sweeps(length)
        return tuple(Sweep(max(t - self.k, 0), t, (t,)) for t in range(length))

    def describe(self) -> str:
        return f"window k = {self.k}"


@dataclass(frozen=True)
class Chunks(Truncation):
    """The sequence is cut into chunks of ``n`` steps: the state is carried across, the gradient is not.

    Pairs with ⌊t/n⌋ = ⌊τ/n⌋. What min-char-rnn does, and PyTorch code that calls ``detach`` between chunks. The last
    chunk may be shorter. Raises RnnError when ``n`` is no whole number of at least 1.
    """

    n: int = 5

    def __post_init__(self) -> None:
        self._require(n=self.n)

    def table(self, length: int) -> Array:
        chunk = np.arange(length) // self.n
        return (np.tri(length, dtype=bool) & (chunk[:, None] == chunk[None, :])).astype(np.int64)

    def sweeps(self, length: int) -> tuple[Sweep, ...]:
        starts = range(0, length, self.n)
        return tuple(Sweep(s, min(s + self.n, length) - 1, tuple(range(s, min(s + self.n, length)))) for s in starts)

    def describe(self) -> str:
        return f"chunks of {self.n}"


@dataclass(frozen=True)
class Stride(Truncation):
    """Every ``k1`` steps, and at the end, a gradient goes back over ``k2`` steps (Williams & Peng 1990).

    The gradient is taken at steps e = k1 − 1, 2 k1 − 1, … and T − 1, over the window e − k2 < τ ≤ e. ``losses`` says
    which are injected at e: ``"new"`` those since the last e, ``"all"`` those in the window, ``"last"`` only that of e.
    Each injected loss t counts once for every τ ≤ t in the window, so that ``"all"`` with k2 > k1 counts pairs
    several times, and a *new* loss that lies before the window (k2 < k1) counts nowhere. Raises RnnError when ``k1`` or
    ``k2`` is no whole number of at least 1, or ``losses`` none of the three.
    """

    k1: int = 4
    k2: int = 8
    losses: str = "new"

    def __post_init__(self) -> None:
        self._require(k1=self.k1, k2=self.k2)
        if self.losses not in ("new", "all", "last"):
            raise RnnError(f'Stride: losses must be "new", "all" or "last", not {self.losses!r}')

    @property
    def depends_on_length(self) -> bool:
        return True

    def ends(self, length: int) -> list[int]:
        """Return the steps e at which a gradient is taken."""
        ends = list(range(self.k1 - 1, length, self.k1))
        if length and (not ends or ends[-1] != length - 1):
            ends.append(length - 1)
        return ends

    def table(self, length: int) -> Array:
        m: Array = np.zeros((length, length), np.int64)
        t, tau = np.indices((length, length))
        last = -1
        for e in self.ends(length):
            window = (tau > e - self.k2) & (tau <= e) & (tau <= t) & (t <= e)
            if self.losses == "new":
                window &= t > last
            elif self.losses == "last":
                window &= t == e
            m += window
            last = e
        return m

    def sweeps(self, length: int) -> tuple[Sweep, ...]:
        found = []
        last = -1
        for e in self.ends(length):
            low = max(e - self.k2 + 1, 0)
            first = {"new": max(last + 1, low), "all": low, "last": e}[self.losses]
            found.append(Sweep(low, e, tuple(range(first, e + 1))))
            last = e
        return tuple(found)

    def describe(self) -> str:
        return f"stride {self.k1} back {self.k2}, {self.losses} losses"


@dataclass(frozen=True)
class Tail(Truncation):
    """Only the last ``k`` steps take part: pairs with t ≥ τ ≥ T − k, and dV from those losses only.

    Theano's ``scan(…, truncate_gradient=k)``. ``k = 0`` leaves a gradient of zero. Raises RnnError when ``k`` is
    negative or no whole number.
    """

    k: int = 4

    def __post_init__(self) -> None:
        self._require(k=self.k)

    @property
    def depends_on_length(self) -> bool:
        return True

    def table(self, length: int) -> Array:
        return (np.tri(length, dtype=bool) & (np.arange(length) >= length - self.k)[None, :]).astype(np.int64)

    def sweeps(self, length: int) -> tuple[Sweep, ...]:
        low = max(length - self.k, 0)
        return (Sweep(low, length - 1, tuple(range(low, length))),) if low < length else ()

    def describe(self) -> str:
        return f"tail of {self.k}"


POLICIES: dict[str, type[Truncation]] = {
    "full": Full,
    "window": Window,
    "chunks": Chunks,
    "stride": Stride,
    "tail": Tail,
}


def check_truncation(policy: Any) -> Truncation:
    """Return the policy, ``Full()`` for None; raises RnnError for what is none."""
    if policy is None:
        return Full()
    if not isinstance(policy, Truncation):
        raise RnnError(f"{policy!r:.40} is no truncation; give {CHOICES}")
    return policy


def to_json(policy: Truncation) -> dict[str, Any]:
    """Return the policy as a flat record; :func:`from_json` reads it back."""
    name = next(n for n, c in POLICIES.items() if type(policy) is c)
    return {"policy": name, **asdict(policy)}


def from_json(record: Any) -> Truncation:
    """Read what :func:`to_json` wrote; raises RnnError that says what does not fit."""
    name = record.get("policy") if isinstance(record, dict) else None
    if not isinstance(name, str) or name not in POLICIES:
        raise RnnError(f"a truncation needs a policy, one of {', '.join(POLICIES)}")
    rest = {k: v for k, v in record.items() if k != "policy"}
    try:
        return POLICIES[name](**rest)
    except TypeError as error:
        raise RnnError(f"this truncation cannot be read: {error}") from None


# --- sequences that follow one another --------------------------------------------------------------------------


BETWEEN = ("carried", "detached", "reset")
"""What happens to the state where one sequence ends and the next begins, in words.

carried   the value flows on, and so does the gradient
detached  the value flows on, the gradient does not
reset     neither does: the next sequence starts from the initial state
"""


def stream_table(policy: Truncation, length: int, boundaries: Sequence[int] = (), between: str = "carried") -> Array:
    """Return the policy's table (T, T) for a stream of sequences that start at 0 and at each of ``boundaries``.

    Carried: the policy sees one long sequence. Detached or reset: it is applied to each sequence by itself.
    """
    if between not in BETWEEN:
        raise RnnError(f"between must be one of {', '.join(BETWEEN)}, not {between!r}")
    if between == "carried" or not len(boundaries):
        return policy.table(length)
    m = np.zeros((length, length), np.int64)
    for low, high in segments(length, boundaries):
        m[low:high, low:high] = policy.table(high - low)
    return m


def stream_sweeps(
    policy: Truncation, length: int, boundaries: Sequence[int] = (), between: str = "carried"
) -> tuple[Sweep, ...]:
    """Return the runs backward of :func:`stream_table`."""
    if between == "carried" or not len(boundaries):
        return policy.sweeps(length)
    return tuple(
        Sweep(s.low + low, s.high + low, tuple(t + low for t in s.losses))
        for low, high in segments(length, boundaries)
        for s in policy.sweeps(high - low)
    )


def segments(length: int, boundaries: Sequence[int]) -> list[tuple[int, int]]:
    """Return (start, end) of each sequence of a stream."""
    starts = sorted({0, *(int(b) for b in boundaries if 0 < b < length)})
    return list(zip(starts, [*starts[1:], length], strict=True))
