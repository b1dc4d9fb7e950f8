"""What of a truncation can be dragged on the stage: where it stands, which number it sets, and what it says."""

from __future__ import annotations

from dataclasses import replace

from rnncore.frozen import dataclass
from rnncore.truncation import Chunks, Full, Stride, Sweep, Tail, Truncation, Window

#: Names of handles that stand where the gradient is cut; the others stand where a run begins.
CUTTING = frozenset({"k", "n", "k2"})


@dataclass(frozen=True, slots=True)
class Handle:
    """Something to drag: it stands at ``boundary`` (t lies between steps t−1 and t) and sets the number ``name``.

    ``origin`` is what the number counts from: of k the loss, of k2 the step where its run begins, of a tail's k the
    length; of n and k1 how many chunks, or how many runs' beginnings, lie up to there.
    """

    boundary: int
    name: str
    origin: int


def handles_of(
    policy: Truncation, length: int, loss: int | None, run: Sweep | None, last: int | None = None
) -> tuple[Handle, ...]:
    """All handles of ``policy`` over ``length`` steps, the scissors of ``loss`` (or of its ``run``) first.

    Also from no truncation at all: scissors that wait at the beginning make a window. Of all losses together each has
    a window of its own: the one that can be dragged is that of the ``last`` loss, by default of step T − 1.
    """
    if isinstance(policy, Full | Window):
        if loss is None:
            loss = length - 1 if last is None else last
        return (Handle(max(0, loss - policy.k) if isinstance(policy, Window) else 0, "k", loss),)
    if isinstance(policy, Tail):
        return (Handle(max(0, length - policy.k), "k", length),)
    if isinstance(policy, Chunks):
        borders = [Handle(j * policy.n, "n", j) for j in range(1, -(-length // policy.n))]
        own = [h for h in borders if run is not None and h.boundary == run.low]
        return (*own, *(h for h in borders if h not in own)) or (Handle(length, "n", 1),)
    if isinstance(policy, Stride):
        begins = [Handle(j * policy.k1, "k1", j) for j in range(1, -(-length // policy.k1))]
        found = [] if run is None else [Handle(run.low, "k2", run.high)]
        return (*found, *(begins or [Handle(length, "k1", 1)]))
    return ()


def moved(policy: Truncation, handle: Handle, boundary: int, length: int) -> Truncation:
    """The policy whose ``handle`` stands at ``boundary``, or as near to it as it can; put back it changes nothing."""
    boundary = min(max(boundary, 0), length)
    if boundary == handle.boundary:
        return policy
    if handle.name == "k1":
        assert isinstance(policy, Stride)
        return replace(policy, k1=max(1, round(boundary / handle.origin)))
    if handle.name == "k2":
        assert isinstance(policy, Stride)
        return replace(policy, k2=max(1, handle.origin - boundary + 1))
    if handle.name == "n":
        return Chunks(max(1, round(boundary / handle.origin)))
    if isinstance(policy, Tail):
        return Tail(max(1, handle.origin - boundary))
    return Window(max(0, handle.origin - min(boundary, handle.origin)))


def nudged(policy: Truncation, handle: Handle, direction: int, length: int) -> Truncation:
    """The policy with the number of ``handle`` one more or less, so that it stands further left (−1) or right (+1)."""
    if handle.name in ("n", "k1"):
        # The first of several: the others stand at its multiples.
        first = Handle(handle.boundary // handle.origin, handle.name, 1)
        return moved(policy, first, max(1, first.boundary + direction), length)
    if not 0 <= handle.boundary + direction <= length:
        return policy
    return moved(policy, handle, handle.boundary + direction, length)


def stands(policy: Truncation, handle: Handle) -> Handle:
    """The handle where its number has brought it: a border of chunks can only stand at a multiple of its place."""
    if isinstance(policy, Chunks):
        return replace(handle, boundary=handle.origin * policy.n)
    if isinstance(policy, Stride) and handle.name == "k1":
        return replace(handle, boundary=handle.origin * policy.k1)
    if isinstance(policy, Stride):
        return replace(handle, boundary=max(0, handle.origin - policy.k2 + 1))
    return replace(handle, boundary=max(0, handle.origin - policy.k)) if isinstance(policy, Window | Tail) else handle


def said_of(policy: Truncation, handle: Handle, length: int, loss: int | None) -> str:
    """What a handle that is held makes of the policy, in a line."""
    if isinstance(policy, Window):
        loss = handle.origin
        back = f"window k = {policy.k}: loss {loss} reaches back to t = {max(0, loss - policy.k)}"
        return f"{back}, the same as full here" if equals_full(policy, length) else back
    if isinstance(policy, Chunks):
        return f"chunks of n = {policy.n}: values flow over every border, credit over none"
    if isinstance(policy, Tail):
        return f"tail k = {policy.k}: only t = {max(0, length - policy.k)} to {length - 1} take part"
    if isinstance(policy, Stride) and handle.name == "k1":
        return f"stride k₁ = {policy.k1}: a gradient starts back after every {_th(policy.k1)} step"
    if isinstance(policy, Stride):
        low = max(0, handle.origin - policy.k2 + 1)
        return f"stride k₂ = {policy.k2}: the gradient of t = {handle.origin} goes back to t = {low}"
    return policy.describe()


def equals_full(policy: Truncation, length: int) -> bool:
    """Whether ``policy`` is another one than full, and yet leaves nothing out of a sequence of ``length`` steps."""
    if isinstance(policy, Window):
        return policy.k >= length - 1
    if isinstance(policy, Chunks):
        return policy.n >= length
    if isinstance(policy, Tail):
        return policy.k >= length
    return isinstance(policy, Stride) and min(policy.k1, policy.k2) >= length and policy.losses != "last"


def past_the_start(policy: Truncation, length: int) -> str:
    """That a truncation cuts nothing of a sequence of ``length`` steps, and why; nothing where it does or is none."""
    if not equals_full(policy, length):
        return ""
    why = policy.describe()
    if isinstance(policy, Window):
        why = f"k = {policy.k} reaches {'to' if policy.k == length - 1 else 'past'} the start"
    elif isinstance(policy, Chunks):
        why = f"one chunk of n = {policy.n} holds it all"
    elif isinstance(policy, Tail):
        why = f"the tail of k = {policy.k} holds it all"
    elif isinstance(policy, Stride):
        why = f"k₁ = {policy.k1} and k₂ = {policy.k2} span it all"
    return f"{why}: nothing is cut in this sentence"


def _th(number: int) -> str:
    if number % 100 in (11, 12, 13):
        return f"{number}th"
    return f"{number}{ {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th') }"
