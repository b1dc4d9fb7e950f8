"""The gradient ledger as it is shown: one parameter's gradient, itemised by (loss t, weight copy τ), as far as the walk
has added it up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field, replace
from typing import Any

import numpy as np

from rnncore.frozen import dataclass
from rnncore.ledger import Ledger
from rnncore.progress import Progress
from rnncore.walk import Walk

from .derived import MANY, Derived
from .formula import number, percent
from .ledger_chain import Chain, chain_of
from .session import Session

Array = np.ndarray[Any, Any]
MODES = ("signed", "norm", "log")
DECADES = 6
"""How many powers of ten the log mode shows below its greatest entry."""
LARGE = 400_000
"""Numbers δ (T² pairs, H units, each parameter) above which the ledgers take longer than a frame leaves."""


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
    place: tuple[int, int] | None = None
    """The pair that a part of the picture should show: the one the walk is at, or as a sweep, that of its step."""
    ledger: Ledger | None = field(default=None, repr=False)
    selected: tuple[int, int] | None = None
    chain: Callable[[int, int], Chain | None] | None = field(default=None, repr=False)
    """The chain of factors of a pair (t, τ); None while it is computed."""

    @property
    def length(self) -> int:
        return len(self.votes)

    @property
    def subtitles(self) -> tuple[str, ...]:
        """What the picture is, with its scale, from the fullest form to the shortest."""
        of = f"d{self.parameter}"
        return {
            "signed": (
                f"what loss t asks weight copy τ to move: signed shares of ‖{of}‖",
                f"signed shares of ‖{of}‖ by loss and copy",
                f"shares of ‖{of}‖",
                "",
            ),
            "norm": (
                f"norms of what loss t asks weight copy τ to move, in {of}",
                f"norms of the shares of {of}",
                "norms",
                "",
            ),
            "log": (
                f"norms of the shares of {of}, {DECADES} powers of ten below the greatest",
                f"norms, {DECADES} powers of ten",
                "log norms",
                "",
            ),
        }[self.mode]

    @property
    def help(self) -> str:
        """What the picture is, at length."""
        return "\n".join(
            (
                self.subtitles[0],
                "a row is a loss, a column a copy of the weight; hatched: what the truncation cuts off",
                "below: each copy’s votes, the sum over all losses of the signed shares, in every mode; their sum is "
                "the norm of the gradient",
                "the wheel, or + and − with the panel’s keys, shows fewer losses or more; 0 shows them all",
                "a part goes along with the walk until it is dragged, or moved by the wheel with Shift",
            )
        )

    @property
    def numbers(self) -> Array:
        """(T, T) what is printed into the cells of the pairs added: of the log mode too the norms themselves."""
        assert self.ledger is not None
        return np.where(self.added, self.ledger.norms, 0.0) if self.mode == "log" else self.entries

    @property
    def greatest(self) -> float:
        """The greatest finite norm of all pairs: the upper end of the log mode's colours; 0 where there is none."""
        assert self.ledger is not None
        return _greatest(self.ledger.norms)

    @property
    def begun(self) -> Array:
        """(T,) whether anything has been added to what a weight copy contributes."""
        return np.asarray(self.added.any(axis=0))

    @property
    def votes_name(self) -> str:
        """What the row below the cells is: of the norms above it, it is not the sum."""
        return "votes" if self.mode == "signed" else "votes, signed"

    @property
    def reach(self) -> Array:
        """(T, T) what :attr:`entries` come to in the end: it sets the scale, so that no colour changes as one steps."""
        assert self.ledger is not None
        if self.mode == "log":
            return np.ones((1, 1))
        kept = self.ledger.kept
        return np.where(kept > 0, self.ledger.norms if self.mode == "norm" else self.ledger.signed * kept, 0.0)

    @property
    def most_votes(self) -> float:
        """The greatest size of a column's sum, now or in the end: what the bars are scaled by."""
        assert self.ledger is not None
        sizes = np.abs(np.concatenate([self.votes, self.ledger.votes]))
        return float(sizes[np.isfinite(sizes)].max(initial=0.0)) or 1.0

    def vote(self, tau: int) -> str:
        """What a weight copy's bar says."""
        votes = number(float(self.votes[tau]), 4)
        said = f"this copy’s votes, of all losses: copy τ = {tau} contributes {votes} to ‖d{self.parameter}‖"
        return said if self.mode == "signed" else f"{said}\n{self.unlike}"

    @property
    def unlike(self) -> str:
        """Why the votes are not the sums of the norms above them; "" of signed shares, whose sums they are."""
        if self.mode == "signed":
            return ""
        return f"the votes stay signed: they add up to ‖d{self.parameter}‖, norms do not"

    @property
    def complete(self) -> bool:
        """Whether all pairs that are counted have been added: then the votes come to ‖G‖."""
        return self.ledger is not None and bool(self.added[self.ledger.kept > 0].all())

    @property
    def sums(self) -> tuple[str, ...]:
        """What the votes come to, now and in the end, from the fullest form to the shortest."""
        so_far, total = number(self.so_far, 4), number(self.total, 4)
        of, votes = f"‖d{self.parameter}‖", "Σ votes" if self.mode == "signed" else "Σ signed votes"
        if self.complete:
            return f"{votes} = {so_far} = {of}", f"Σ = {so_far} = {of}", f"Σ = {so_far}"
        end = f"{of} = {total}"
        return f"{votes} so far = {so_far} of {end}", f"Σ = {so_far} of {end}", f"Σ = {so_far}"

    def is_known(self, t: int, tau: int) -> bool:
        """Whether something can be said of a pair: it is added, or cut off."""
        return tau <= t and (bool(self.added[t, tau]) or bool(self.cut[t, tau]))

    def lines(self, t: int, tau: int, most: int) -> tuple[tuple[str, str], ...]:
        """(what, number) in at most ``most`` lines about a pair: its chain of factors once it is reached."""
        told = self.reading(t, tau)
        found = self.chain_of(t, tau) if most >= 4 else None
        if found is None:
            return tuple((line, "") for line in told[:most])
        return ((told[0], ""), *found.rows(most - 1))

    def chain_of(self, t: int, tau: int) -> Chain | None:
        """The chain of factors of a pair; None where nothing is known of it yet."""
        return self.chain(t, tau) if self.chain is not None and self.is_known(t, tau) else None

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
        share = percent(signed * count / self.total, f"‖d{self.parameter}‖") if self.total else ""
        sign = "+" if signed > 0 else ""
        return head, f"{sign}{number(signed * count, 3)}{times}", share


@np.errstate(all="ignore")
def ledger_data(
    ledger: Ledger, progress: Progress, words: tuple[str, ...], names: tuple[str, ...], mode: str
) -> LedgerData:
    """What is shown of ``ledger`` at ``progress``; ``words`` (T,) name the losses by what they should predict."""
    steps = len(ledger.kept)
    done = np.asarray(progress.added(ledger.parameter))
    causal = np.tri(steps, dtype=bool)
    counted = causal & (progress.walk.targets >= 0)[:, None]
    # What is not added yet is nothing, even where it will be no number: NaN × 0 would be one.
    signed = np.where(done > 0, ledger.signed * done, 0.0)
    entries = signed
    if mode == "norm":
        entries = np.where(done > 0, ledger.norms, 0.0)
    elif mode == "log":
        top = _greatest(ledger.norms)
        below = np.log10(ledger.norms / top) if top > 0 else np.full_like(ledger.norms, -np.inf)
        # What is not finite has no place on the scale: it stays what it is, and has a colour of its own.
        shown = np.where(np.isfinite(ledger.norms), np.clip(1 + below / DECADES, 0.0, 1.0), ledger.norms)
        entries = np.where(done > 0, shown, 0.0)
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
        _walking(progress),
        _place(progress),
        ledger,
    )


def _greatest(norms: Array) -> float:
    return float(np.max(norms, where=np.isfinite(norms), initial=0.0))


def default_parameter(session: Session) -> str:
    """The selected parameter, or else the first matrix that a state is multiplied by."""
    chosen = session.selection.parameter
    if chosen in session.model.parameters:
        return str(chosen)
    hidden = (p.name for p in session.model.cell.parameters if (p.kind, p.of) == ("matrix", "hidden"))
    return next(hidden, next(iter(session.model.parameters)))


def is_large(walk: Walk) -> bool:
    """Whether a walk's ledgers, or the gradient that they itemise, take so long that nobody may wait for them."""
    model = walk.model
    pairs = walk.trace.length**2 * model.hidden_size * len(model.parameters)
    return pairs > LARGE or model.parameter_count > MANY


def _walking(progress: Progress) -> tuple[int, int] | None:
    """The pair (t, τ) that the walk is at."""
    step = progress.step
    if step is not None and step.phase == "backward" and step.loss is not None and step.t is not None:
        return step.loss, step.t
    return None


def _place(progress: Progress) -> tuple[int, int] | None:
    """Where the walk is: its pair, or where all losses walk together the step's own."""
    step = progress.step
    if step is None or step.phase != "backward" or step.t is None:
        return None
    return (step.t if step.loss is None else step.loss), step.t


def ledger_state(session: Session, derived: Derived, mode: str) -> tuple[object, ...]:
    """What a walk's ledger depends on as it is shown: the same again means that nothing of it is another."""
    progress, name = derived.progress(session), default_parameter(session)
    added = np.asarray(progress.added(name)) > 0
    return name, mode, _pair(session), _place(progress), _walking(progress), added.tobytes(), session.sentence.words


def _pair(session: Session) -> tuple[int, int] | None:
    """The selected pair (t, τ), if one is."""
    place = session.selection
    return None if place.t is None or place.loss is None or place.loss < place.t else (place.loss, place.t)


def ledger_of(session: Session, derived: Derived, mode: str) -> LedgerData:
    """The ledger of the session's selected parameter."""
    ledgers = derived.ledgers(session)
    words = session.sentence.words[1:]
    book = ledgers[default_parameter(session)]
    data = ledger_data(book, derived.progress(session), words, tuple(ledgers), mode)
    return replace(data, selected=_pair(session), chain=lambda t, tau: chain_of(session, derived, book, t, tau))
