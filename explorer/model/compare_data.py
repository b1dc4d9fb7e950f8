"""How two sessions on the same sentence differ: losses, states and gradients, each number computed from both."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field, replace
from typing import Any

import numpy as np

from rnncore.frozen import dataclass
from rnncore.norms import lengths
from rnncore.ops import Array
from rnncore.walk import Walk

from .derived import Derived
from .formula import number
from .ledger_data import is_large
from .session import Session

GRADIENTS = "gradients compared"
"""The kind under which the gradients of two large walks are compared."""
Later = Callable[[str, tuple[Any, ...], Callable[[], Any]], tuple[Any, bool]]
"""As :meth:`explorer.store.Store.later`."""


@dataclass(frozen=True)
class GradientRow:
    """The gradient of one parameter, or of all together, in A and B.

    ``cosine`` of the angle between both and ``ratio`` ‖B‖ / ‖A‖; NaN where they are not defined (a gradient that is
    zero or not finite). ``norms`` are both lengths.
    """

    name: str
    cosine: float
    ratio: float
    norms: tuple[float, float]

    @property
    def brief(self) -> str:
        """``W 0.988 × 0.96``: the cosine and the ratio of the lengths."""
        if self.norms == (0.0, 0.0):
            return f"{self.name} both 0"
        return f"{self.name} {_cosine(self.cosine)} ×{number(self.ratio, 3)}"

    @property
    def words(self) -> str:
        """The row in one line, with both lengths."""
        if self.norms == (0.0, 0.0):
            return f"{self.name}: the gradient is zero in A and in B"
        ones, twos = (number(n, 4) for n in self.norms)
        cosine, ratio = _cosine(self.cosine), number(self.ratio, 4)
        return f"{self.name}: cosine {cosine}, length ratio {ratio} (‖∂L‖ A {ones}, B {twos})"


@dataclass(frozen=True, eq=False)
class GradientsCompared:
    """Of two walks' gradients what :class:`Comparison` says of them."""

    whole: GradientRow | None
    rows: tuple[GradientRow, ...]
    norms: tuple[float, float]
    alone: tuple[str, ...]


NOTHING = GradientsCompared(None, (), (np.nan, np.nan), ())
"""While there is none."""


@dataclass(frozen=True, eq=False)
class Comparison:
    """A and B on one sentence of T steps.

    ``losses`` (2, T) natural logs, of which the walks of both have computed the first ``known``; ``states`` (T,) is
    ‖h_B − h_A‖ after each step, computed for the first ``states_known``, None for different sizes. ``gradients`` of the
    whole backward pass are compared parameter by parameter where both have it in the same shape, ``whole`` all those
    together; ``alone`` names the parameters that have no counterpart. ``steps`` is False, and nothing is compared step
    by step, where both cut the sentence into different numbers of steps. ``alike``: all losses, states and gradients
    are equal, for the reason ``why_alike``, "" where it is not known.
    """

    losses: Array = field(repr=False)
    known: int
    states: Array | None = field(repr=False)
    states_known: int
    whole: GradientRow | None
    gradients: tuple[GradientRow, ...]
    norms: tuple[float, float]
    alone: tuple[str, ...]
    steps: bool = True
    pending: bool = False
    alike: bool = False
    why_alike: str = ""

    @property
    def totals(self) -> tuple[float, float]:
        """Both sums of the losses that are known."""
        return float(self.losses[0, : self.known].sum()), float(self.losses[1, : self.known].sum())

    @property
    def loss_differences(self) -> Array:
        """(known,) losses of B less those of A."""
        with np.errstate(invalid="ignore"):
            found: Array = self.losses[1, : self.known] - self.losses[0, : self.known]
        return found

    @property
    def state_differences(self) -> Array | None:
        """(states_known,) of :attr:`states`."""
        return None if self.states is None else self.states[: self.states_known]

    @property
    def forms(self) -> tuple[str, ...]:
        """The sums in words, from the fullest form to the shortest."""
        if not self.steps:
            return ("A and B cut this sentence into different numbers of steps: nothing is compared step by step",)
        if not self.known:
            return ("no loss is computed yet", "no loss yet")
        one, two = self.totals
        gap = number(two - one, 3)
        gap = gap if gap.startswith(("−", "-")) else f"+{gap}"
        of = "" if self.known == self.losses.shape[1] else f" of {self.known} {'step' if self.known == 1 else 'steps'}"
        if self.alike:  # sums that are equal and cosines of 1 leave open whether that is by chance, or rounded
            same, why = "A and B are the same here", self.why_alike or "every loss, state and gradient is equal"
            return f"{same}: {why}  ·  loss{of} {number(one, 4)}", f"{same}: {why}", f"The same here: {why}", same
        full = f"loss{of}: A {number(one, 4)}, B {number(two, 4)}, B − A {gap}"
        return full, f"loss A {number(one, 4)}  B {number(two, 4)}  ({gap})", f"B − A {gap}"

    @property
    def gradient_words(self) -> tuple[str, ...]:
        """Everything there is to say of the gradients, line by line."""
        head = "Gradients of the whole backward pass, B against A"
        if self.pending:
            return (f"{head}: computing…",)
        lines = [head, *(row.words for row in self.gradients)]
        if self.whole is not None:
            lines.insert(1, self.whole.words)
        if self.alone:
            lines.append(f"in one of the two alone, or in another shape: {', '.join(self.alone)}")
            ones, twos = (number(n, 4) for n in self.norms)
            lines.append(f"‖∂L‖ of all parameters: A {ones}, B {twos}")
        return tuple(lines)

    def step_words(self, t: int) -> tuple[str, ...]:
        """What is known of step t in words."""
        lines = [f"t = {t}"]
        if t < self.known:
            one, two = (float(v) for v in self.losses[:, t])
            lines.append(f"loss A {number(one, 5)}, B {number(two, 5)}, B − A {number(two - one, 4)}")
        if self.states is None:
            lines.append("h has another size in B")
        elif t < self.states_known:
            lines.append(f"‖h_B − h_A‖ = {number(float(self.states[t]), 5)}")
        return tuple(lines)


class Pair:
    """Compares two sessions; what follows from the two walks alone is computed once for each pair of walks."""

    def __init__(self) -> None:
        self._of: tuple[Walk, Walk] | None = None
        self._kept: Comparison | None = None

    def compare(
        self, a: Session, derived_a: Derived, b: Session, derived_b: Derived, later: Later | None = None
    ) -> Comparison:
        """Compare two sessions at their places in their walks.

        With ``later`` the gradients of large walks are compared beside the interface thread; meanwhile the comparison
        is ``pending``, and says of the gradients what was found of the walks before.
        """
        walks = derived_a.walk(a), derived_b.walk(b)
        kept = self._kept
        if kept is None or self._of is None or self._of[0] is not walks[0] or self._of[1] is not walks[1]:
            found, fresh = None, False
            if later is not None and any(is_large(walk) for walk in walks):
                found, fresh = later(GRADIENTS, walks, lambda: compare_gradients(*walks))
                gradients = found if isinstance(found, GradientsCompared) else NOTHING
            else:
                gradients, fresh = compare_gradients(*walks), True
            kept = _compare_walks(*walks, gradients)
            if fresh:
                self._kept, self._of = kept, walks
            else:
                kept = replace(kept, pending=True)
        if not kept.steps:
            return kept
        ones, twos = derived_a.progress(a), derived_b.progress(b)
        known = min(ones.losses_known, twos.losses_known)
        states = min(
            progress.forward_known(walk.trace.model.cell.outputs["h"])
            for progress, walk in ((ones, walks[0]), (twos, walks[1]))
        )
        return replace(kept, known=known, states_known=states)


def compare(a: Session, derived_a: Derived, b: Session, derived_b: Derived) -> Comparison:
    """Compare two sessions once."""
    return Pair().compare(a, derived_a, b, derived_b)


@np.errstate(all="ignore")
def _compare_walks(a: Walk, b: Walk, gradients: GradientsCompared) -> Comparison:
    steps = a.trace.length == b.trace.length
    losses = np.stack([w.losses for w in (a, b)]) if steps else np.empty((2, 0))
    states = None
    if steps and a.trace.model.hidden_size == b.trace.model.hidden_size:
        states = lengths(np.asarray(b.trace.hidden - a.trace.hidden, np.float64))
    found = gradients
    made = Comparison(losses, 0, states, 0, found.whole, found.rows, found.norms, found.alone, steps)
    return replace(made, alike=_alike(made))


def _alike(found: Comparison) -> bool:
    """Whether there is nothing, not even beyond what is printed, in which the two differ on this sentence."""
    if found.states is None or found.whole is None or found.alone:
        return False
    rows = all(
        row.norms == (0.0, 0.0) or (row.cosine > 1 - 1e-12 and abs(row.ratio - 1) < 1e-12) for row in found.gradients
    )
    return rows and bool((found.losses[0] == found.losses[1]).all()) and not found.states.any()


@np.errstate(all="ignore")
def compare_gradients(a: Walk, b: Walk) -> GradientsCompared:
    """Compare the gradients of the whole backward passes of two walks; nothing is kept, so any thread may."""
    ones, twos = a.gradients, b.gradients
    both = [name for name in ones if name in twos and ones[name].shape == twos[name].shape]
    rows = tuple(_row(name, ones[name].ravel(), twos[name].ravel()) for name in both)
    whole = None
    if both:
        flat = [np.concatenate([g[name].ravel() for name in both]) for g in (ones, twos)]
        alike = len(both) == len(list(ones)) == len(list(twos))
        whole = _row("all" if alike else "shared", *flat)
    alone = tuple(name for name in dict.fromkeys([*ones, *twos]) if name not in both)
    return GradientsCompared(whole, rows, (float(ones.norm()), float(twos.norm())), alone)


def _row(name: str, one: Array, two: Array) -> GradientRow:
    # Each is scaled first: the squares of what is very long or very short have no room in a float.
    sizes = [float(np.abs(v).max(initial=0.0)) or 1.0 for v in (one, two)]
    units = [v / size for v, size in zip((one, two), sizes, strict=True)]
    norms = [float(np.linalg.norm(v)) for v in units]
    lengths = norms[0] * sizes[0], norms[1] * sizes[1]
    cosine = float((units[0] / norms[0]) @ (units[1] / norms[1])) if all(norms) else np.nan
    return GradientRow(name, float(np.clip(cosine, -1, 1)), float(np.divide(lengths[1], lengths[0])), lengths)


def _cosine(value: float) -> str:
    """Three decimals, or as many as tell it from 1: 0.988, 0.99998; 1 for what differs by rounding alone."""
    if not np.isfinite(value):
        return "–"
    away = 1 - abs(value)
    decimals = 0 if away < 1e-12 else 3 if away > 5e-4 else int(np.ceil(-np.log10(away) - 1e-6))
    return f"{value:.{decimals}f}".replace("-", "−")
