"""A parameter as a heat map, its spectrum and the numbers that tell its health."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import field
from typing import Any

import numpy as np

from rnncore.cells import Cell
from rnncore.frozen import dataclass
from rnncore.history import History
from rnncore.norms import norm
from rnncore.progress import Progress

from ..theme.colourmap import AsinhScale, gradient_scale
from .blocks import Blocks, blocks
from .derived import Derived
from .formula import number
from .gates_data import Gate, gate_table
from .ledger_data import default_parameter
from .session import Session

Array = np.ndarray[Any, Any]
LARGE = 32
"""A matrix with more rows or columns than this is analysed off the interface thread."""
_LOW = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
MOST_SIDE, MOST_NUMBERS = 512, 4_000_000
"""Beyond these a spectrum takes seconds, in which nothing else could be prepared: it is left out, and said to be."""


@dataclass(frozen=True, eq=False, slots=True)
class Spectrum:
    """Singular values (min(n, m),), largest first; ``radius`` max |eigenvalue| of a square matrix, else None.

    ``name`` is the parameter's, ``why`` says why there is no spectrum.
    """

    name: str
    singular: Array = field(repr=False)
    radius: float | None = None
    why: str = ""

    @property
    def condition(self) -> float | None:
        """σ₁ / σₙ: ∞ of a singular matrix; None without a spectrum, or of all zeros."""
        if not len(self.singular) or self.singular[0] == 0:
            return None
        return float(self.singular[0] / self.singular[-1]) if self.singular[-1] > 0 else math.inf


@dataclass(frozen=True, eq=False, slots=True)
class Numbers:
    """What is computed of one array at one size of its picture.

    ``table`` (n, m) is the array as a matrix (a vector is one column); ``blocks`` how its picture is aggregated.
    ``norm`` is the Euclidean one of all entries, ``largest`` the greatest |w|; both leave out what is not finite,
    which ``nans`` and ``infinities`` count.
    """

    name: str
    array: Array = field(repr=False)
    table: Array = field(repr=False)
    blocks: Blocks = field(repr=False)
    cells: Array = field(repr=False)
    scale: AsinhScale
    norm: float
    largest: float
    nans: int
    infinities: int


@dataclass(frozen=True, eq=False, slots=True)
class Axis:
    """What the rows or the columns of a parameter are: ``kind`` "unit", "token" or "" (the one column of a vector)."""

    kind: str
    size: int
    token: Callable[[int], str] | None = field(default=None, repr=False)

    def name(self, index: int) -> str:
        """One of them, as it is printed: a token in quotes, a unit by its number from 1."""
        if self.kind == "token" and self.token is not None:
            return f"“{self.token(index)}”"
        return str(index + 1)

    @property
    def plural(self) -> str:
        return f"{self.kind}s" if self.kind else "columns"

    @property
    def counted(self) -> str:
        """How many of what there are."""
        return f"1 {self.kind or 'column'}" if self.size == 1 else f"{self.size} {self.plural}"


@dataclass(frozen=True, eq=False, slots=True)
class ParametersData:
    """One parameter on show; ``numbers`` and ``spectrum`` are None until they are there, ``fresh`` tells whether they
    are of the weights on show. ``rows`` is the list beside the picture: (name, number, colour token). ``saturated``
    says how much of its ``gate`` is, and ``counted`` how that is found."""

    name: str
    names: tuple[str, ...]
    array: Array = field(repr=False)
    row_axis: Axis
    column_axis: Axis
    numbers: Numbers | None
    spectrum: Spectrum | None
    fresh: bool
    gate: str
    saturated: str
    counted: str
    progress: Progress = field(repr=False)
    change: float | None
    change_name: str

    @property
    def is_matrix(self) -> bool:
        return self.array.ndim == 2

    @property
    def subtitle(self) -> str:
        """Shape, scale and aggregation."""
        rows, columns = self.row_axis, self.column_axis
        shape = f"{rows.counted} × {columns.counted}" if self.is_matrix else rows.counted
        if self.numbers is None:
            return f"{shape}, computing…"
        parts = [shape, f"±{number(self.numbers.scale.limit, 1)} asinh"]
        grouped = self.numbers.blocks.says(rows.plural, columns.plural)
        return ", ".join([*parts, *([grouped] if grouped else []), *([] if self.fresh else ["computing…"])])

    @property
    def subtitles(self) -> tuple[str, ...]:
        """:attr:`subtitle`, from its fullest form to the shortest."""
        rows, columns = self.row_axis.size, self.column_axis.size
        shape = f"{rows} × {columns}" if self.is_matrix else f"{rows}"
        if self.numbers is None:
            return self.subtitle, f"{shape}, computing…", "computing…", ""
        limit = number(self.numbers.scale.limit, 1)
        grouped = "" if self.numbers.blocks.whole else ", grouped"
        return self.subtitle, f"{shape}, ±{limit} asinh{grouped}", f"{shape}, ±{limit}{grouped}", shape, ""

    @property
    def rows(self) -> tuple[tuple[str, str, str], ...]:
        found: list[tuple[str, str, str]] = []
        if self.numbers is not None:
            n = self.numbers
            if n.nans or n.infinities:
                found.append(("not finite", f"{n.nans} NaN, {n.infinities} ∞", "cut"))
            part = " (finite ones)" if n.nans or n.infinities else ""
            found += [(f"‖{self.name}‖{part}", number(n.norm), "text"), ("largest |w|", number(n.largest), "text")]
        s = self.spectrum
        if s is not None and s.radius is not None:
            found.append((f"spectral radius ρ({self.name})", number(s.radius), "text"))
        if s is not None and len(s.singular):
            found.append(("largest σ", number(float(s.singular[0])), "text"))
            if s.condition is not None:
                found.append(("condition σ₁/σₙ", number(s.condition, 3), "text"))
        if self.change is not None:
            found.append((self.change_name, number(self.change, 3), "weight"))
        if self.saturated:
            found.append((f"{self.gate} saturated", self.saturated, "text"))
        return tuple(found)

    @property
    def formulas(self) -> str:
        """The same as lines, each with what it is."""
        s, name = self.spectrum, self.name
        spread = ""
        if s is not None and len(s.singular):
            spread = f"{number(float(s.singular[0]), 4)} / {number(float(s.singular[-1]), 3)}"
        meanings = {
            f"‖{name}‖": "√ Σ w²",
            f"spectral radius ρ({name})": "max |eigenvalue|",
            "largest σ": f"max ‖{name} v‖ / ‖v‖",
            "condition σ₁/σₙ": spread,
            f"{self.gate} saturated": self.counted,
        }
        lines = []
        for what, value, _ in self.rows:
            meaning = meanings.get(what.removesuffix(" (finite ones)"), "")
            lines.append(f"{what}: {value}" + (f"  ({meaning})" if meaning else ""))
        return "\n".join(lines)

    def sigma(self, k: int) -> str:
        """One singular value, counted from 0: its number, what it is, and how far it is from the largest."""
        assert self.spectrum is not None
        values, n = self.spectrum.singular, str(k + 1).translate(_LOW)
        value, first = float(values[k]), float(values[0])
        lines = [
            f"σ{n}({self.name}) = {number(value, 6)}",
            f"{self.name} v{n} = σ{n} u{n}: number {k + 1} of {len(values)}, the largest first",
        ]
        if k:
            ratio = number(first / value, 3) if value else "∞"
            lines.append(f"σ₁ / σ{n} = {number(first, 4)} / {number(value, 4)} = {ratio}")
        return "\n".join(lines)

    @property
    def brief(self) -> tuple[str, str]:
        """The same in two short lines: of its entries, and of its spectrum."""
        n, s = self.numbers, self.spectrum
        first, second = [], []
        if n is not None:
            first += [f"{n.nans} NaN, {n.infinities} ∞"] if n.nans or n.infinities else []
            first += [f"‖{self.name}‖ {number(n.norm, 3)}", f"max |w| {number(n.largest, 3)}"]
        if s is not None:
            second += [f"ρ {number(s.radius, 3)}"] if s.radius is not None else []
            second += [f"σ₁ {number(float(s.singular[0]), 3)}"] if s.radius is None and len(s.singular) else []
            second += [f"σ₁/σₙ {number(s.condition, 2)}"] if s.condition is not None else []
        if not second and self.change is not None:
            second.append(f"{self.change_name} {number(self.change, 2)}")
        return " · ".join(first), " · ".join(second)

    def explain(self, i: int, j: int) -> str:
        """One entry: its name, value, and its gradient so far; of a grouped cell, what it stands for."""
        value = float(self.array[i, j] if self.is_matrix else self.array[i])
        rows, columns = self.row_axis, self.column_axis
        place = f"{rows.name(i)}, {columns.name(j)}" if self.is_matrix else rows.name(i)
        lines = [f"{self.name}[{place}] = {number(value, 6)}"]
        if self.is_matrix:
            lines.append(f"from {columns.kind} {columns.name(j)} to {rows.kind} {rows.name(i)}")
        gradient = self.progress.parameter_gradients[self.name]
        g = float(gradient[i, j] if self.is_matrix else gradient[i])
        if self.progress.complete:
            lines.append(f"∂L/∂{self.name}[{place}] = {number(g)}")
        elif self.progress.step_gradients is None:
            lines.append("its gradient is not begun yet")
        else:
            lines.append(f"∂L/∂{self.name}[{place}] so far = {number(g)}")
        if self.numbers is not None and not self.numbers.blocks.whole:
            b = self.numbers.blocks
            lines.append(f"the furthest from 0 of {b.rows} × {b.columns} {rows.plural} × {columns.plural}")
        return "\n".join(lines)


@np.errstate(all="ignore")
def numbers_of(name: str, array: Array, most_rows: int, most_columns: int) -> Numbers:
    """Measure ``array`` and lay out its picture in at most so many rows and columns of cells."""
    table = array if array.ndim == 2 else array[:, None]
    table = np.asarray(table, dtype=np.float64)
    laid = blocks(table, most_rows, most_columns)
    finite = np.isfinite(table)
    nans = int(np.count_nonzero(np.isnan(table)))
    good = table if finite.all() else np.where(finite, table, 0.0)
    largest = float(np.abs(good).max(initial=0.0))
    scale = gradient_scale(largest, 2.0)
    return Numbers(
        name, array, table, laid, laid.pick(table), scale, norm(good), largest, nans, int((~finite).sum()) - nans
    )


@np.errstate(all="ignore")
def spectrum_of(name: str, array: Array) -> Spectrum:
    """Singular values of a matrix, and its spectral radius when it is square."""
    nothing = np.zeros(0)
    if array.ndim != 2:
        return Spectrum(name, nothing, None, "a vector has no spectrum")
    if min(array.shape) > MOST_SIDE or array.size > MOST_NUMBERS:
        return Spectrum(name, nothing, None, f"{array.shape[0]} × {array.shape[1]} is too large for a spectrum here")
    if not np.isfinite(array).all():
        return Spectrum(name, nothing, None, "no spectrum: not all weights are finite")
    matrix = np.asarray(array, dtype=np.float64)
    try:
        singular = np.linalg.svd(matrix, compute_uv=False)
        radius = float(np.abs(np.linalg.eigvals(matrix)).max()) if matrix.shape[0] == matrix.shape[1] else None
    except np.linalg.LinAlgError:
        return Spectrum(name, nothing, None, "no spectrum: its computation did not converge")
    return Spectrum(name, singular, radius)


@np.errstate(all="ignore")
def relative_size(change: Array, before: Array) -> float:
    """‖change‖ / ‖before‖; of nothing before, ∞, or 0 when nothing changed."""
    step, size = norm(change), norm(before)
    if size == 0:
        return 0.0 if step == 0 else math.inf
    return step / size


@np.errstate(all="ignore")
def last_changes(history: History, update: int, now: Mapping[str, Array]) -> dict[str, float]:
    """‖ΔW‖/‖W‖ of every parameter from update − 1 to ``update``; empty when there is none before it."""
    if update < 1 or update < history.lineage[0].first + 1:
        return {}
    before = history.seek(update - 1, patient=True)
    assert before is not None  # nothing stops it
    return {n: relative_size(value - before.parameters[n], before.parameters[n]) for n, value in now.items()}


def axes(cell: Cell, name: str, array: Array, token: Callable[[int], str]) -> tuple[Axis, Axis]:
    """(rows, columns) of a parameter."""
    of_tokens = name in ("V", "b_y")
    rows = Axis("token" if of_tokens else "unit", array.shape[0], token if of_tokens else None)
    if array.ndim == 1:
        return rows, Axis("", 1)
    spec = next((p for p in cell.parameters if p.name == name), None)
    reads_tokens = spec is not None and spec.of == "x"
    return rows, Axis("token" if reads_tokens else "unit", array.shape[1], token if reads_tokens else None)


def chosen_parameter(session: Session) -> str:
    """The selected parameter, or else the first that a state is multiplied by."""
    return default_parameter(session)


def saturation_of(gate: Gate | None, progress: Progress) -> tuple[str, str]:
    """How much of a gate is saturated in what the walk has computed of it, and how that is counted; "" while there is
    nothing. What is clamped is neither saturated nor not."""
    known = 0 if gate is None else progress.forward_known(gate.node)
    if gate is None or not known:
        return "", ""
    values, units = gate.values[:known], gate.values.shape[1]
    bad, of = int(np.count_nonzero(~np.isfinite(values))), known * (units - gate.held)
    if bad:
        return f"{bad} not finite", f"{bad} of {values.size} values of {gate.name} are NaN or ∞"
    if not of:
        return "clamped", f"all units of {gate.name} are clamped"
    count, held = int(np.count_nonzero(gate.flags[:known])), f", {gate.held} units clamped" if gate.held else ""
    return f"{100 * count / of:.0f} %", f"{gate.rule} in {count} of {of} values so far{held}"


def updates(progress: Progress) -> bool:
    """Whether the walk has come to what the optimiser makes of the gradient."""
    return progress.step is not None and progress.step.kind in ("optimiser", "update")


def parameters_data(
    session: Session,
    derived: Derived,
    numbers: Numbers | None,
    spectrum: Spectrum | None,
    *,
    fresh: bool = True,
    changes: Mapping[str, float] | None = None,
    waits: bool = False,
) -> ParametersData:
    """The selected parameter of a session; what is costly comes in from outside, None where it is not there yet.

    ``waits``: the walk's own update is still being computed, and is not to be asked for.
    """
    name = chosen_parameter(session)
    model, progress = session.model, derived.progress(session)
    array = model.parameters[name]
    rows, columns = axes(model.cell, name, array, session.corpus.vocabulary.label)
    gate = gate_table(derived, progress.walk.trace).gate_of(name)
    change, said = None, ""
    update = progress.walk.update if updates(progress) and not waits else None
    if update is not None:
        change, said = relative_size(update.deltas[name], array), "‖ΔW‖/‖W‖ of this sentence"
    elif changes and name in changes and not waits:
        shown = session.training.shown
        change, said = changes[name], f"‖ΔW‖/‖W‖, update {shown:,}"
    return ParametersData(
        name,
        tuple(model.parameters),
        array,
        rows,
        columns,
        numbers,
        spectrum,
        fresh,
        "" if gate is None else gate.name,
        *saturation_of(gate, progress),
        progress,
        change,
        said,
    )
