"""How two sessions on the same sentence differ: losses, states and gradients, each number computed from both."""

from __future__ import annotations

import numpy as np

from rnncore.frozen import dataclass
from rnncore.ops import Array
from rnncore.truncation import Full

from .derived import Derived
from .formula import number
from .session import Session
from .settings import Settings


@dataclass(frozen=True, eq=False)
class Comparison:
    """A and B on one sentence.

    ``losses`` (2, T) natural logs and ``norms`` (2,) of the whole gradient; ``cosine`` and ``ratio`` compare the
    gradients of B and A where both have the same parameters (else None); ``states`` is the largest |h_A − h_B| (None
    for different sizes). ``known`` says how many leading losses the walk of both has computed.
    """

    losses: Array
    known: int
    norms: tuple[float, float]
    cosine: float | None
    ratio: float | None
    states: float | None
    words: str

    @property
    def totals(self) -> tuple[float, float]:
        """Both sums of the losses that are known."""
        return float(self.losses[0, : self.known].sum()), float(self.losses[1, : self.known].sum())


def compare(a: Session, derived_a: Derived, b: Session, derived_b: Derived) -> Comparison | None:
    """Compare two sessions; None where their sentences have different lengths."""
    if a.sentence.length != b.sentence.length:
        return None
    walks = derived_a.walk(a), derived_b.walk(b)
    losses = np.stack([w.trace.losses(w.targets) for w in walks])
    known = min(derived_a.progress(a).losses_known, derived_b.progress(b).losses_known)
    both = walks[0].gradients, walks[1].gradients
    norms = float(both[0].norm()), float(both[1].norm())
    cosine = ratio = None
    if [(n, both[0][n].shape) for n in both[0]] == [(n, both[1][n].shape) for n in both[1]]:
        with np.errstate(all="ignore"):
            flat = [np.concatenate([g[n].ravel() for n in g]) for g in both]
            cosine = float(flat[0] @ flat[1] / (np.linalg.norm(flat[0]) * np.linalg.norm(flat[1])))
            ratio = float(np.divide(norms[1], norms[0]))
    states = None
    if a.model.hidden_size == b.model.hidden_size:
        with np.errstate(all="ignore"):
            states = float(np.abs(walks[0].trace.hidden - walks[1].trace.hidden).max(initial=0.0))
    made = Comparison(losses, known, norms, cosine, ratio, states, "")
    return Comparison(losses, known, norms, cosine, ratio, states, _words(made))


def _words(found: Comparison) -> str:
    parts = []
    if found.known:
        one, two = found.totals
        parts.append(f"loss A {number(one, 4)}  B {number(two, 4)}  (B − A = {number(two - one, 3)})")
    parts.append(f"‖G‖ A {number(found.norms[0], 4)}  B {number(found.norms[1], 4)}")
    if found.cosine is not None and found.ratio is not None:
        parts.append(f"cos(G_A, G_B) = {number(found.cosine, 4)}, length ratio {number(found.ratio, 3)}")
    if found.states is not None:
        parts.append(f"largest |h_A − h_B| = {number(found.states, 3)}")
    return "   ·   ".join(parts)


def difference(a: Settings, b: Settings) -> str:
    """Return in words what B has that A has not: "LSTM", "full BPTT, seed 3"; "the same settings" for nothing."""
    parts = []
    if (a.cell, a.equations) != (b.cell, b.equations):
        parts.append(b.cell_title)
    if a.hidden_size != b.hidden_size:
        parts.append(f"H {b.hidden_size}")
    if a.truncation != b.truncation:
        parts.append("full BPTT" if b.truncation == Full() else b.truncation.describe())
    if a.optimiser != b.optimiser:
        parts.append(f"{type(b.optimiser).__name__} {b.optimiser.learning_rate:g}")
    if a.seed != b.seed:
        parts.append(f"seed {b.seed}")
    if a.init != b.init:
        parts.append("other start weights")
    return ", ".join(parts) or "the same settings"

