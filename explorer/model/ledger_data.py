"""The gradient ledger as it is shown: one parameter's gradient, itemised by (loss t, weight copy τ), as far as the walk
has added it up."""

from __future__ import annotations

from dataclasses import field
from typing import Any

import numpy as np

from rnncore.frozen import dataclass
from rnncore.ledger import Ledger
from rnncore.progress import Progress

from .derived import Derived
from .formula import number
from .session import Session

Array = np.ndarray[Any, Any]
MODES = ("signed", "norm", "log")
DECADES = 6
"""How many powers of ten the log mode shows below its greatest entry."""


@dataclass(frozen=True, eq=False)
class LedgerData:
    """One parameter's ledger at a position of the walk. All tables are (T, T) [t, τ].

    ``entries`` what is drawn, in units of the mode: signed share of ‖G‖ (times how often it is counted), norm, or
    powers of ten below the greatest norm as 0…1; ``added`` the pairs added so far; ``cut`` those that truncation
    leaves out; ``walking`` (t, τ) that the walk is at. ``votes`` (T,) is what each weight copy has contributed so far;
    their sum is ``so_far``, in the end exactly ``total`` = ‖G‖.
    """

    parameter: str
    parameters: tuple[str, ...]
    mode: str
    words: tuple[str, ...]
    entries: Array = field(repr=False)
    added: Array = field(repr=False)
    cut: Array = field(repr=False)
    votes: Array = field(repr=False)
    so_far: float = 0.0
    total: float = 0.0
    walking: tuple[int, int] | None = None
    ledger: Ledger | None = field(default=None, repr=False)

    @property
    def length(self) -> int:
        return len(self.votes)

    @property
    def subtitle(self) -> str:
        """What the picture is, with its scale."""
        what = {
            "signed": "loss t asks weight copy τ to move",
            "norm": f"norms of the shares of d{self.parameter}",
            "log": f"the same norms, {DECADES} powers of ten",
        }
        return what[self.mode]

    def reading(self, t: int, tau: int) -> tuple[str, ...]:
        """Lines about one pair."""
        assert self.ledger is not None
        head = f"loss {t} → τ {tau}"
        if tau > t:
            return (head, "the future asks nothing of the past")
        signed, norm = float(self.ledger.signed[t, tau]), float(self.ledger.norms[t, tau])
        count = int(self.ledger.kept[t, tau])
        if count == 0:
            return head, "cut off: not counted", f"its norm would be {number(norm, 3)}"
        if not self.added[t, tau]:
            return head, "not added yet"
        times = f" (counted {count} times)" if count > 1 else ""
        share = f"{number(100 * signed * count / self.total, 2)} % of ‖d{self.parameter}‖" if self.total else ""
        sign = "+" if signed > 0 else ""
        return head, f"{sign}{number(signed * count, 3)}{times}", share


@np.errstate(all="ignore")
def ledger_data(
    ledger: Ledger, progress: Progress, words: tuple[str, ...], names: tuple[str, ...], mode: str
) -> LedgerData:
    """What is shown of ``ledger`` at ``progress``; ``words`` (T,) name the losses by what they should predict."""
    steps = len(ledger.kept)
    done = np.asarray(progress.done)
    causal = np.tri(steps, dtype=bool)
    counted = causal & (progress.walk.targets >= 0)[:, None]
    signed = ledger.signed * done
    step = progress.step
    walking = None
    if step is not None and step.phase == "backward" and step.loss is not None and step.t is not None:
        walking = (step.loss, step.t)
    entries = signed
    if mode == "norm":
        entries = np.where(done > 0, ledger.norms, 0.0)
    elif mode == "log":
        top = np.nanmax(np.where(np.isfinite(ledger.norms), ledger.norms, 0.0), initial=0.0)
        below = np.log10(ledger.norms / top) if top > 0 else np.full_like(ledger.norms, -np.inf)
        entries = np.where(done > 0, np.clip(1 + below / DECADES, 0.0, 1.0), 0.0)
    return LedgerData(
        ledger.parameter,
        names,
        mode,
        words,
        entries,
        done > 0,
        counted & (ledger.kept == 0),
        signed.sum(axis=0),
        float(signed.sum()),
        ledger.total,
        walking,
        ledger,
    )


def default_parameter(session: Session) -> str:
    """The selected parameter, or else the first matrix that a state is multiplied by."""
    chosen = session.selection.parameter
    if chosen in session.model.parameters:
        return str(chosen)
    hidden = (p.name for p in session.model.cell.parameters if (p.kind, p.of) == ("matrix", "hidden"))
    return next(hidden, next(iter(session.model.parameters)))


def ledger_of(session: Session, derived: Derived, mode: str) -> LedgerData:
    """The ledger of the session's selected parameter."""
    ledgers = derived.ledgers(session)
    words = session.sentence.words[1:]
    return ledger_data(ledgers[default_parameter(session)], derived.progress(session), words, tuple(ledgers), mode)
