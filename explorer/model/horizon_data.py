"""The horizon: how much of a loss's gradient survives so many steps back, as shown at a position of the walk."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import field, replace
from typing import Any

import numpy as np

from rnncore.frozen import dataclass
from rnncore.progress import Progress

from .formula import number
from .horizons import Horizons, mean_by_lag
from .session import Session

Array = np.ndarray[Any, Any]
UNDERFLOW = 1e-300
"""Below this a gradient is called 0: float64 has only a few hundred of its values left there."""
DECADES = (1, 2, 3, 4, 5, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 308)
"""How many powers of ten the axis may show below (and above) 1: it grows by these steps only."""
USUAL = 4
"""An axis of more powers of ten than these says how far it goes."""
ABOVE = 12
"""One in so many powers of ten is kept above 1 for a reference that rises."""
FOLLOW, MEAN = "follow", "mean"


@dataclass(frozen=True, eq=False)
class Line:
    """A line to compare with: ``values`` by lag; ``meaning`` says what it is."""

    label: str
    values: Array = field(repr=False)
    token: str
    meaning: str
    shorter: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """What to call it, from the fullest form to the shortest."""
        return (self.label, *self.shorter)


@dataclass(frozen=True, eq=False)
class HorizonData:
    """What the panel shows. Arrays are by lag ℓ = 0, 1, …

    ``values`` the surviving share; ``counts`` the losses it is the mean of (1 for one loss); ``kept`` (0…1) the share
    of them that truncation counts at that lag; ``reached`` how many lags the walk has gone back, of those it will.
    ``loss`` is None for the mean. ``lines`` are references. The axis goes from 10^``bottom`` to 10^``top``.
    """

    state: str
    states: tuple[str, ...]
    length: int
    loss: int | None
    values: Array = field(repr=False)
    norms: Array = field(repr=False)
    counts: Array = field(repr=False)
    kept: Array = field(repr=False)
    lines: tuple[Line, ...]
    bottom: int
    top: int
    reached: int
    walking: bool
    radii: tuple[tuple[str, float], ...] = ()
    key: tuple[object, ...] = field(default=(), repr=False)
    """Equal keys: all but ``reached`` is the same."""
    every: int = 0
    """How many lags there are where only the nearest are shown; 0: all are."""

    def nearest(self, count: int) -> HorizonData:
        """The first ``count`` lags alone, on an axis of their own."""
        if count >= self.length:
            return self
        values = self.values[:count]
        lines = tuple(replace(line, values=line.values[:count]) for line in self.lines)
        bottom, top = axis(np.concatenate([values, *(line.values for line in lines if line.token == "gradient")]))
        top = _room_above(bottom, top, [line.values for line in lines])
        return replace(
            self,
            length=count,
            values=values,
            norms=self.norms[:count],
            counts=self.counts[:count],
            kept=self.kept[:count],
            lines=lines,
            bottom=bottom,
            top=top,
            key=(*self.key, count),
            every=self.length,
        )

    @property
    def who(self) -> str:
        """Whose gradient it is."""
        if self.loss is not None:
            return f"loss {self.loss}"
        most = int(self.counts.max(initial=0))
        return f"mean of {most} losses" if most != 1 else "the one loss"

    @property
    def subtitle(self) -> str:
        """What is shown, on which axis; an unusual axis says how far it goes."""
        s = self.state
        usual = self.bottom >= -USUAL and self.top == 0
        reach = "" if usual else f" 10{raised(self.top)} … 10{raised(self.bottom)}"
        lags = f", {self.length} of {self.every} lags" if self.every else ""
        return f"‖∂Lₜ/∂{s}ₜ₋ₗ‖ / ‖∂Lₜ/∂{s}ₜ‖ by lag ℓ — log axis{reach}{lags}"

    @property
    def subtitles(self) -> tuple[str, ...]:
        """:attr:`subtitle`, from its fullest form to its shortest."""
        s, whole = self.state, self.subtitle
        lags = whole[whole.index(" — log axis") + len(" — log axis") :]
        share = f"share of ‖∂Lₜ/∂{s}ₜ‖ left"
        return whole, f"{share} by lag ℓ — log axis{lags}", f"{share}, by lag, log axis", f"{share}, by lag", share

    @property
    def help(self) -> str:
        """What the picture is, at length."""
        lines = [
            f"‖∂Lₜ/∂{self.state}ₜ₋ₗ‖ / ‖∂Lₜ/∂{self.state}ₜ‖: how much of a loss’s gradient is left ℓ steps back",
            f"shown: {self.who}; the axis goes from 10{raised(self.top)} to 10{raised(self.bottom)}, in powers of ten",
            "the wheel, or + and − with the panel’s keys, shows fewer lags or more; 0 shows them all",
            "hatched: what the truncation cuts off; dashed there: what would have been left",
            *(f"{line.label}: {line.meaning}" for line in self.lines),
        ]
        return "\n".join(lines)

    @property
    def first_cut(self) -> int | None:
        """The first lag that no loss counts any more; None when nothing is cut."""
        cut = np.flatnonzero(self.kept <= 0)
        return int(cut[0]) if len(cut) else None

    @property
    def first_partly_cut(self) -> int | None:
        """The first lag that some losses do not count."""
        cut = np.flatnonzero(self.kept < 1)
        return int(cut[0]) if len(cut) else None

    def reading(self, lag: int) -> tuple[str, ...]:
        """Lines about one lag: the formula, its numbers, whether it is counted, and the references."""
        beside = [f"{line.label} = {survival(line.values, lag)}" for line in self.lines if 0 <= lag < len(line.values)]
        if not 0 <= lag < len(self.values):
            return (f"lag {lag}: {self.who} has no step so far back", *beside)
        s, said = self.state, survival(self.values, lag)
        if self.loss is not None:
            t = self.loss
            top, below = float(self.norms[lag]), float(self.norms[0])
            first = f"‖∂L{low(t)}/∂{s}{low(t - lag)}‖ / ‖∂L{low(t)}/∂{s}{low(t)}‖"
            lines = [f"{first} = {number(top, 3)} / {number(below, 3)} = {said}"]
            cut = "cut off: not counted in the gradient" if self.kept[lag] <= 0 else ""
            if not cut and lag >= self.reached:
                cut = "not walked yet"
        else:
            count = int(self.counts[lag])
            losses = "1 loss" if count == 1 else f"{count} losses"
            lines = [f"lag {lag}: mean of {losses} = {said}"]
            share = float(self.kept[lag])
            cut = "cut off for all of them" if share <= 0 else ""
            if 0 < share < 1:
                cut = f"counted for {round(share * count)} of them"
        lines += [cut] if cut else []
        return (*lines, *beside)


# --- what a position shows ------------------------------------------------------------------------------------------


def shown_loss(session: Session, progress: Progress, mode: str = FOLLOW) -> int | None:
    """The loss of the selected pair, whose path is lit, else that which walks, else the selected step's, else None.

    None is the mean of all.
    """
    if mode == MEAN:
        return None
    step, targets, paired = progress.step, progress.walk.targets, session.selection.loss
    if paired is not None and 0 <= paired < len(targets) and targets[paired] >= 0:
        return paired
    if step is not None and step.phase == "backward" and step.loss is not None:
        return step.loss
    t = session.selection.t
    return t if t is not None and 0 <= t < len(targets) and targets[t] >= 0 else None


@np.errstate(all="ignore")
def horizon_data(
    found: Horizons,
    progress: Progress,
    loss: int | None,
    state: str = "h",
    reference: Horizons | None = None,
    old: HorizonData | None = None,
) -> HorizonData:
    """What is shown of ``found`` at ``progress`` for one loss, or for the mean over all (None).

    ``old`` is what was shown before: of it all is kept that does not change as the walk goes on.
    """
    steps, walk = found.length, progress.walk
    state = state if state in found.norms else "h"
    key = (id(found), id(reference), id(walk), loss, state)
    reached, walking = _reached(progress, loss)
    if old is not None and old.key == key:
        reached = len(old.values) if reached is None else reached
        same = (old.reached, old.walking) == (reached, walking)
        return old if same else replace(old, reached=reached, walking=walking)
    counted = (walk.table > 0) & (walk.targets >= 0)[:, None]
    if loss is None:
        values, counts, norms = found.means[state], found.counts[state], np.full(steps, np.nan)
        rows = (walk.targets >= 0) & (np.diagonal(found.norms[state]) != 0)
        kept = np.nan_to_num(mean_by_lag(counted.astype(float), rows)[0])
        last = int(np.flatnonzero(counts)[-1]) + 1 if counts.any() else 0
        values, counts, kept, norms = values[:last], counts[:last], kept[:last], norms[:last]
    else:
        norms = found.norms[state][loss, loss::-1]
        values = norms / norms[0]
        counts = np.ones(loss + 1, np.int64)
        kept = counted[loss, loss::-1].astype(float)
    bottom, top = _axis_of(found, state, reference)
    if old is not None and (old.length, old.state) == (steps, state):
        # While it learns, what is shown must not jump to and fro between two axes.
        bottom = old.bottom if old.bottom <= bottom <= old.bottom + 1 else bottom
        top = old.top if top <= old.top <= top + 1 else top
    return HorizonData(
        state,
        tuple(found.norms),
        steps,
        loss,
        values,
        norms,
        counts,
        kept,
        _lines(found, loss, len(values), state, reference),
        bottom,
        top,
        len(values) if reached is None else reached,
        walking,
        found.radii,
        key,
    )


def _reached(progress: Progress, loss: int | None) -> tuple[int | None, bool]:
    """How many lags the walk has gone back with this loss (None: all are shown), and whether it walks at all."""
    step = progress.step
    if loss is None or step is None or step.phase != "backward" or step.loss != loss or step.t is None:
        return None, False
    return loss - step.t + 1, True


def _lines(found: Horizons, loss: int | None, count: int, state: str, reference: Horizons | None) -> tuple[Line, ...]:
    lines = []
    if loss is not None and found.counts[state][0] > 1:
        many = int(found.counts[state][0])
        values = found.means[state]
        meaning = "all losses of this sentence, each against its own lag 0"
        lines.append(
            Line("the one loss" if many == 1 else f"mean of {many} losses", values, "gradient", meaning, ("mean",))
        )
    if reference is not None and reference.length == found.length:
        values = reference.means["h"] if loss is None else _ratio(reference.norms["h"][loss, loss::-1])
        meaning = f"an untrained tanh RNN of the same size, drawn with seed {reference.trace.model.seed}"
        if reference.trace.cell.text == found.trace.cell.text:
            meaning += ": this network with the weights that it has before any update"
        shorter = ("untrained tanh RNN", "untrained")
        lines.append(Line("untrained tanh RNN, same seed", values[:count], "muted", meaning, shorter))
    if found.carry is not None:
        carry = found.carry
        values = carry.mean if loss is None else carry.table[loss, loss::-1]
        meaning = f"the direct way along {carry.state}: the product of {carry.gate} between, mean over units"
        lines.append(Line(f"∏ {carry.gate}", values[:count], "value", meaning))
    if found.radii:
        name, radius = found.radii[0]
        values = np.power(radius, np.arange(found.length, dtype=float))
        rest = "".join(f"; ρ({n}) = {number(r, 3)}" for n, r in found.radii[1:])
        meaning = f"what a linear network would keep in the long run: ρ({name}) = {number(radius, 3)}{rest}"
        lines.append(Line(f"ρ({name})ˡ", values, "weight", meaning))
    return tuple(lines)


@np.errstate(all="ignore")
def _ratio(norms: Array) -> Array:
    result: Array = norms / norms[0]
    return result


def _axis_of(found: Horizons, state: str, reference: Horizons | None) -> tuple[int, int]:
    """One axis for all losses of a sentence: it holds them all, and of references that fall below a decade more."""
    bottom, top = axis(found.shares(state))
    means = [] if reference is None else [reference.means["h"]]
    means += [] if found.carry is None else [found.carry.mean]
    if bottom >= -USUAL and any(axis(mean)[0] < bottom for mean in means):
        bottom -= 1
    grows = np.array([1.0, *(radius for _, radius in found.radii[:1])])
    return bottom, _room_above(bottom, top, [grows, *means])


def _room_above(bottom: int, top: int, references: Sequence[Array]) -> int:
    """The axis's upper end with room for references that rise above 1: a decade, of a long axis a twelfth."""
    rises = any(bool((values[~np.isnan(values)] > 1.0 + 1e-9).any()) for values in references)
    return max(top, -(bottom // ABOVE)) if rises else top


def axis(values: Array) -> tuple[int, int]:
    """The powers of ten (lowest, highest) between which ``values`` are shown: the nearest that hold all of them."""
    finite = values[np.isfinite(values) & (values >= UNDERFLOW)]
    low = math.log10(float(finite.min(initial=1.0)))
    high = math.log10(float(finite.max(initial=1.0)))
    bottom = next((d for d in DECADES if low >= -d - 1e-9), DECADES[-1])
    top = 0 if high <= 1e-9 else next((d for d in DECADES if high <= d), DECADES[-1])
    return -bottom, top


# --- words ----------------------------------------------------------------------------------------------------------

_RAISED = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")
_LOW = str.maketrans("0123456789-", "₀₁₂₃₄₅₆₇₈₉₋")


def raised(power: int) -> str:
    """A power as a superscript."""
    return str(power).translate(_RAISED)


def low(index: int) -> str:
    """An index as a subscript."""
    return str(index).translate(_LOW)


def rising_names(line: Line) -> tuple[str, ...]:
    """What to call a reference that leaves the axis above at lag 1, from the fullest form to the shortest."""
    first = f" ↑ {number(float(line.values[1]), 3)} at lag 1"
    return (f"{line.label}{first}", *(f"{name} ↑" for name in line.names))


def survival(values: Array, lag: int) -> str:
    """A surviving share in words; a 0 that comes of ever smaller numbers is an underflow, and says so."""
    value = float(values[lag])
    if abs(value) >= UNDERFLOW or math.isnan(value):
        return number(value, 3)
    before = values[:lag][values[:lag] > 0]
    vanishing = value != 0 or (len(before) and float(before[-1]) < 1e-100)
    return "0 (underflow)" if vanishing else "0"
