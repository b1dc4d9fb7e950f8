"""The truncation as a drawing: every run of the gradient back through time, and what crosses between sequences."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from rnncore.frozen import dataclass
from rnncore.ops import Array
from rnncore.truncation import POLICIES, Chunks, Full, Stride, Tail, Truncation, Window

from .plurals import count
from .session import Session
from .stage_handles import equals_full

KINDS = ("full", "window", "chunks", "stride", "tail")
LOSSES = ("new", "all", "last")
BETWEEN = ("carried", "detached", "reset")
MEANINGS = {
    "carried": "state and gradient cross",
    "detached": "only the state crosses",
    "reset": "nothing crosses",
}
WHERE = "in training and when the loss is evaluated; a sentence on the stage always starts from its own initial state"
"""Where what passes between sequences has an effect."""
CALLED = {
    "full": "the definition: every loss reaches every earlier copy",
    "window": "every loss goes k steps back: the tutorial’s bptt_truncate",
    "chunks": "state carried, gradient detached every n steps: min-char-rnn, PyTorch’s detach",
    "stride": "every k₁ steps a gradient goes k₂ back: Williams & Peng 1990",
    "tail": "only the last k steps take part: Theano’s truncate_gradient",
}


@dataclass(frozen=True)
class Lane:
    """One run back through time: from step ``high`` down to ``low``, with ``losses`` injected on the way.

    Those of ``again`` an earlier run has injected too: where runs overlap, losses are counted more than once.
    """

    low: int
    high: int
    losses: tuple[int, ...]
    again: tuple[int, ...] = ()


@dataclass(frozen=True, eq=False)
class TruncationData:
    """What the drawing shows: ``counts`` (T,) says how often each weight copy is counted, over all losses."""

    policy: Truncation
    kind: str
    words: tuple[str, ...]
    lanes: tuple[Lane, ...]
    counts: Array
    kept: int
    pairs: int
    twice: int
    between: str
    current: int | None
    """Number of the lane that walks, None when none does."""

    @property
    def length(self) -> int:
        return len(self.counts)

    def same_runs(self, other: TruncationData) -> bool:
        """Whether ``other`` differs in nothing but the run that walks."""
        return (self.policy, self.words, self.lanes, self.between) == (
            other.policy,
            other.words,
            other.lanes,
            other.between,
        ) and bool(np.array_equal(self.counts, other.counts))

    @property
    def sentence(self) -> str:
        """What is kept, in words."""
        if equals_full(self.policy, self.length):
            these = "this one step" if self.length == 1 else f"these {self.length} steps"
            every = "the one pair" if self.pairs == 1 else f"all {self.pairs} pairs"
            return f"{every} (loss t, copy τ) kept: the same as full for {these}"
        twice = f", {self.twice} of them more than once" if self.twice else ""
        return f"{self.kept} of {count(self.pairs, 'pair')} (loss t, copy τ) kept{twice}"

    @property
    def sentences(self) -> tuple[str, ...]:
        """:attr:`sentence`, from its fullest form to its shortest."""
        if equals_full(self.policy, self.length):
            every = "the one pair" if self.pairs == 1 else f"all {self.pairs} pairs"
            return self.sentence, f"{every} kept: as full", "the same as full", "as full"
        short = f"{self.kept} of {count(self.pairs, 'pair')}"
        second = f"{short}, {self.twice} more than once" if self.twice else f"{short} kept"
        return self.sentence, second, short, f"{self.kept} / {self.pairs}"

    @property
    def entering(self) -> str:
        """Which losses enter the runs of a stride; nothing of another policy, where that goes without saying."""
        return f"losses: {self.policy.losses}" if isinstance(self.policy, Stride) else ""

    @property
    def nothing_cut(self) -> tuple[str, ...]:
        """That another policy than full cuts nothing here, from the fullest form to the shortest; empty otherwise."""
        if not equals_full(self.policy, self.length):
            return ()
        name, value = ("k", "n")[self.kind == "chunks"], self.length
        number = numbers_of(self.policy).get(name)
        least = value - 1 if self.kind == "window" else value
        if number is None:
            short = "nothing is cut"
        else:
            short = f"{name} = {number} ≥ {'T − 1' if self.kind == 'window' else 'T'} = {least}: nothing is cut"
        same = f"{short}; equals full BPTT"
        if self.length == 1:
            return same, short, "nothing is cut"
        return f"{same}. Drag the scissors, or press →, to cut.", same, short, "nothing is cut"

    def explain(self, lane: int) -> str:
        """What one run back through time does."""
        run = self.lanes[lane]
        many = ", ".join(map(str, run.losses))
        losses = f"loss {many}" if len(run.losses) == 1 else f"losses {many}" if run.losses else "no loss"
        steps = run.high - run.low
        back = f"{losses}: back from step {run.high} to copy {run.low}, {steps} step{'' if steps == 1 else 's'} of time"
        cut = f"\ncut off: copies 0…{run.low - 1}" if run.low > 1 else "\ncut off: copy 0" if run.low else ""
        once_more = f"\nonce more, after an earlier run: {', '.join(map(str, run.again))}" if run.again else ""
        return back + (cut or "\nnothing is cut off") + once_more

    def explain_copy(self, t: int) -> str:
        """How often the weight copy of step ``t`` is counted, and by which losses it could be."""
        later = self.length - t
        return (
            f"copy τ = {t}, which reads “{self.words[t]}”: counted {int(self.counts[t])} times\n"
            f"{later} loss{'' if later == 1 else 'es'} from step {t} on could reach it"
        )


def truncation_data(session: Session, walking_loss: int | None = None) -> TruncationData:
    """Return the drawing for a session; ``walking_loss`` is the loss that walks back now, None for none."""
    policy, length = session.settings.truncation, session.sentence.length
    table = policy.table(length)
    lanes, before = [], set[int]()
    for s in policy.sweeps(length):
        lanes.append(Lane(s.low, s.high, s.losses, tuple(t for t in s.losses if t in before)))
        before.update(s.losses)
    current = None
    if walking_loss is not None:
        own = [n for n, lane in enumerate(lanes) if walking_loss in lane.losses]
        current = own[-1] if own else None
    return TruncationData(
        policy,
        kind_of(policy),
        session.sentence.words[:length],
        tuple(lanes),
        table.sum(axis=0),
        int((table > 0).sum()),
        length * (length + 1) // 2,
        int((table > 1).sum()),
        session.settings.between,
        current,
    )


def kind_of(policy: Truncation) -> str:
    """Return the key of a policy in :data:`KINDS`."""
    return next(name for name, kind in POLICIES.items() if type(policy) is kind)


def of_kind(kind: str, old: Truncation, length: int) -> Truncation:
    """Return a policy of another kind with the old one's number, as far as it has one."""
    number = _number(old)
    if kind == "full":
        return Full()
    if kind == "window":
        return Window(number)
    if kind == "chunks":
        return Chunks(max(number, 1))
    if kind == "stride":
        return Stride(max(number, 1), max(2 * number, 1))
    return Tail(max(number, 1))


def _number(policy: Truncation) -> int:
    for name in ("k", "n", "k1"):
        if hasattr(policy, name):
            return int(getattr(policy, name))
    return 4


def numbers_of(policy: Truncation) -> dict[str, int | str]:
    """Return what can be set of a policy: name -> value."""
    return {name: getattr(policy, name) for name in ("k", "n", "k1", "k2", "losses") if hasattr(policy, name)}


def with_number(policy: Truncation, name: str, value: int | str) -> Truncation:
    """Return the policy with one of :func:`numbers_of` changed; a number below the least becomes the least."""
    if isinstance(value, int):
        value = max(value, 0 if name == "k" else 1)
    return replace(policy, **{name: value})


def dragged(data: TruncationData, lane: int, boundary: int) -> Truncation:
    """Return the policy whose lane ``lane`` is cut at ``boundary`` (the run goes back to step ``boundary``)."""
    run, policy = data.lanes[lane], data.policy
    boundary = min(max(boundary, 0), run.high)
    if isinstance(policy, Window):
        return Window(run.high - boundary)
    if isinstance(policy, Full):
        return Window(run.high - boundary) if boundary else policy
    if isinstance(policy, Chunks) and len(data.lanes) == 1:  # one chunk that holds it all is cut in two
        return Chunks(boundary) if boundary else policy
    if isinstance(policy, Chunks):
        return Chunks(max(1, boundary // lane if lane else policy.n))
    if isinstance(policy, Stride):
        return replace(policy, k2=max(1, run.high - boundary + 1))
    if isinstance(policy, Tail):
        return Tail(max(1, data.length - boundary))
    return policy


def nudged(data: TruncationData, by: int) -> Truncation:
    """Return the policy whose runs go ``by`` steps further back (or less far); never beyond the sentence."""
    policy, most = data.policy, data.length
    if isinstance(policy, Full):
        return policy if by > 0 else Window(max(most - 2, 0))
    if by > 0 and equals_full(policy, most):
        return policy
    name = "k2" if isinstance(policy, Stride) else "n" if isinstance(policy, Chunks) else "k"
    now = int(numbers_of(policy)[name])
    if equals_full(policy, most):  # a number beyond the sentence counts from the sentence's length on
        now = min(now, most - 1 if isinstance(policy, Window) else most)
    return with_number(policy, name, min(now + by, max(most, now)))


def crossing(between: str) -> tuple[bool, bool]:
    """Return whether (the state, the gradient) crosses from one sequence into the next."""
    return between in ("carried", "detached"), between == "carried"


def lane_rows(data: TruncationData, most: int) -> Array:
    """Return which lanes are drawn (N,) when there is room for ``most``: all, or evenly chosen ones with the last.

    The one that walks is always among them: it stands in place of the nearest.
    """
    count = len(data.lanes)
    if count <= most:
        return np.arange(count)
    rows = np.unique(np.linspace(0, count - 1, max(most, 1)).round().astype(int))
    if data.current is not None:
        rows[np.abs(rows - data.current).argmin()] = data.current
    return rows
