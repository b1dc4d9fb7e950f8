"""The gates over time: value, local slope, gradient and saturation of each, and each gate's share of the gradient."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import field
from typing import Any

import numpy as np

from rnncore.cells import Cell, Node
from rnncore.frozen import dataclass
from rnncore.ops import ACTIVATIONS, ELEMENTWISE
from rnncore.progress import Progress
from rnncore.script import label
from rnncore.trace import Trace

from ..theme.colourmap import AsinhScale, gradient_scale, value_scale
from .derived import Derived
from .equations import FUNCTIONS, value_symbol
from .formula import number, plain
from .gradients import gradient_symbol
from .saturation import HIGH, LOW, held_units
from .session import Session
from .stage_words import never_reached

Array = np.ndarray[Any, Any]
QUANTITIES = ("value", "slope", "gradient", "saturated")
OUTPUT, OTHER = "output layer", "other"
STEEPEST: Mapping[str, float] = {"sigmoid": 0.25, "tanh": 1.0, "relu": 1.0}
"""The greatest local slope of each activation: what the slope's colours are full at."""
LARGE = 50_000
"""With more parameters than this the shares are summed up off the interface thread."""
LEAST = 1e-290
"""Sums of squares below this are taken again of scaled numbers."""


@dataclass(frozen=True, eq=False, slots=True)
class Gate:
    """One gate of a sentence of T steps and H units, whether or not the walk has come there; all tables (T, H).

    ``slopes`` is the derivative of the activation at each point, ``flags`` −1 at the flat lower end, +1 at the upper
    one, 0 between. ``argument`` is the node it is the activation of. ``held`` units are clamped.
    """

    name: str
    node: int
    op: str
    argument: int
    values: Array = field(repr=False)
    slopes: Array = field(repr=False)
    flags: Array = field(repr=False)
    held: int = 0

    @property
    def rule(self) -> str:
        """When a unit counts as saturated."""
        return {"sigmoid": f"σ < {LOW:g} or > {HIGH:g}", "tanh": f"|tanh| > {HIGH:g}", "relu": "relu = 0"}[self.op]


@dataclass(frozen=True, slots=True)
class Shares:
    """Who has how much of ‖G‖² so far: (name, share) of the gates, of what serves none or several, of the output layer.

    They sum to 1; all 0 while nothing is added, NaN once a gradient is not finite. ``norm`` is ‖G‖.
    """

    parts: tuple[tuple[str, float], ...]
    norm: float

    def of(self, name: str) -> float:
        """The share of one part; 0 when there is none so called."""
        return dict(self.parts).get(name, 0.0)

    def rest(self, gates: tuple[str, ...]) -> tuple[tuple[str, float], ...]:
        """The parts that are no gate."""
        return tuple((n, s) for n, s in self.parts if n not in gates)


@dataclass(frozen=True, eq=False, slots=True)
class GatesData:
    """The gates at a position of the walk.

    ``known`` (one number a gate) is how many leading steps have the value; ``gradients`` and ``gradient_known`` are
    (T, H) and (T,) for each gate; ``loss`` is the one that walks alone, None for all together. ``shares`` is None
    while it is being summed up.
    """

    cell: Cell
    length: int
    hidden: int
    words: tuple[str, ...]
    gates: tuple[Gate, ...]
    known: tuple[int, ...]
    gradients: tuple[Array, ...] = field(repr=False)
    gradient_known: tuple[Array, ...] = field(repr=False)
    progress: Progress = field(repr=False)
    loss: int | None
    begun: bool
    scale: AsinhScale
    value_scale: AsinhScale
    shares: Shares | None
    added: bool = True
    """Whether the walk has added anything to a gradient: before that there are no shares, and no ‖G‖, not even 0."""

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(g.name for g in self.gates)

    @property
    def scaled(self) -> bool:
        """Whether there is a gradient for the scale to be of: one that is finite and not 0."""
        if self.scale.limit != 1.0:  # what a scale of nothing has
            return True
        known = zip(self.gradients, self.gradient_known, strict=True)
        return any(bool((np.isfinite(g[at]) & (g[at] != 0)).any()) for g, at in known)

    @property
    def subtitle(self) -> str:
        """Whose gradient, and its scale."""
        if not self.gates:
            return "this cell has no activation"
        if not self.begun:
            return "gradient: none yet"
        who = "all losses" if self.loss is None else f"loss {self.loss} alone"
        if not self.scaled:
            return f"gradient of {who}: {self._unscaled}"
        return f"gradient of {who}, full colour at ±{number(self.scale.limit, 1)}, asinh"

    @property
    def subtitles(self) -> tuple[str, ...]:
        """:attr:`subtitle`, from its fullest form to the shortest."""
        if not self.gates:
            return self.subtitle, ""
        if self.ungated:
            said = f"no gates in this cell: its {self.gates[0].op} instead"
            return f"{said}; {self.subtitle}", said, "no gates: its " + self.gates[0].op, "no gates", ""
        if not self.begun:
            return self.subtitle, ""
        who = "all losses" if self.loss is None else f"loss {self.loss}"
        if not self.scaled:
            return self.subtitle, f"gradient of {who}: {self._unscaled}", self._unscaled, who, ""
        limit = number(self.scale.limit, 1)
        return self.subtitle, f"gradient of {who}, ±{limit} asinh", f"of {who}, ±{limit}", f"±{limit} asinh", who, ""

    @property
    def _unscaled(self) -> str:
        known = zip(self.gradients, self.gradient_known, strict=True)
        return "0 everywhere" if all(bool(np.isfinite(g[at]).all()) for g, at in known) else "not finite (NaN or ∞)"

    def full_at(self, quantity: str) -> tuple[str, ...]:
        """At which number the colours of a quantity are full, from the fullest form to the shortest; () for flags,
        and for gradients of which none is finite.

        A slope is shown as a share of the steepest that its activation can have, which is another for σ and for tanh.
        """
        if quantity == "saturated" or not self.gates or (quantity == "gradient" and not self.scaled):
            return ()
        if quantity != "slope":
            scale = self.scale if quantity == "gradient" else self.value_scale
            said = f"±{number(scale.limit, 1)}"
        else:
            ops = dict.fromkeys(g.op for g in self.gates)
            said = ", ".join(f"{FUNCTIONS[op]}′ {STEEPEST[op]:g}" for op in ops)
        return f"full at {said}", said

    @property
    def ungated(self) -> bool:
        """Whether the cell has activations, but none that only lets through what another value is."""
        return bool(self.gates) and all(self.cell.nodes[g.node].name in (None, *self.cell.states) for g in self.gates)

    def saturation_forms(self, gate: int) -> tuple[str, ...]:
        """How much of a gate is saturated, or that it is not finite, from the fullest form to the shortest."""
        text, bad = self.saturation_text(gate), self.not_finite(gate)
        if bad:
            return text, f"{bad} not finite", "not finite", "NaN"
        held = self.gates[gate].held
        if held >= self.hidden:
            return text, "held"
        return (
            (f"saturated {text}, {held} clamped", f"{text}, {held} held", text) if held else (f"saturated {text}", text)
        )

    def table(self, gate: int, quantity: str) -> tuple[Array, Array]:
        """(what is painted (T, H), at which steps it is known (T,) bool) of one gate; slopes as shares of the
        steepest."""
        this, known = self.gates[gate], self.steps_known(gate, quantity)
        if quantity == "gradient":
            return self.gradients[gate], known
        if quantity == "slope":
            return this.slopes / STEEPEST[this.op], known
        return this.values if quantity == "value" else this.flags, known

    def steps_known(self, gate: int, quantity: str) -> Array:
        """At which steps (T,) bool one quantity of a gate is known."""
        if quantity == "gradient":
            return self.gradient_known[gate]
        return np.arange(self.length) < self.known[gate]

    def saturated(self, gate: int) -> tuple[int, int]:
        """(how many of the gate's computed numbers are saturated, how many there are that are not clamped)."""
        known, gates = self.known[gate], self.gates[gate]
        return int(np.count_nonzero(gates.flags[:known])), known * (self.hidden - gates.held)

    def not_finite(self, gate: int) -> int:
        """How many of the gate's computed values are NaN or infinite."""
        return int(np.count_nonzero(~np.isfinite(self.gates[gate].values[: self.known[gate]])))

    def saturation_text(self, gate: int) -> str:
        """The saturated share of what is not clamped, in per cent."""
        count, of = self.saturated(gate)
        bad = self.not_finite(gate)
        if bad:
            return f"{bad} not finite (NaN or ∞)"
        if self.gates[gate].held >= self.hidden:
            return "clamped"
        return f"{100 * count / of:.0f} %" if of else "–"

    def explain(self, gate: int, t: int, unit: int) -> str:
        """The formulas of one cell with its numbers, as lines."""
        this = self.gates[gate]
        cell, at = self.cell, f"[{unit + 1}]"
        head = f"t = {t} “{self.words[t]}”, unit {unit + 1}"
        if t >= self.known[gate]:
            return f"{head}\n{this.name} is not computed yet"
        named = cell.nodes[this.node].name
        own = plain(value_symbol(cell, this.node, t).runs) if named else label(cell.nodes[this.node])
        inner = cell.nodes[this.argument]
        before = plain(value_symbol(cell, this.argument, t).runs) if inner.name or inner.is_leaf else label(inner)
        before_it = self.progress.walk.trace.value(this.argument)
        a, y, slope = float(before_it[t, unit]), float(this.values[t, unit]), float(this.slopes[t, unit])
        function = FUNCTIONS[this.op]
        symbols, numbers = _slope(this.op, own, y, a)
        free = float(ELEMENTWISE[this.op].value(a))
        if cell.nodes[this.node].op == "clamp" and free != y and not math.isnan(free):
            lines = [head, f"{own}{at} = {number(y)}: clamped; {function}({before}) would be {number(free)}"]
            lines.append("slope = 0: what is clamped lets no gradient through")
        else:
            lines = [head, f"{own}{at} = {function}({before}) = {function}({number(a)}) = {number(y)}"]
            lines.append(f"slope = {symbols} = {numbers}{number(slope)}")
        gradient = float(self.gradients[gate][t, unit])
        top = plain(gradient_symbol(cell, this.node, t, self.loss).runs) if named else f"∂L/∂({own})"
        below = plain(gradient_symbol(cell, this.argument, t, self.loss).runs)
        below = below if inner.name or inner.is_leaf else f"∂L/∂({before})"
        if not self.gradient_known[gate][t]:
            why = never_reached(self.progress, t)
            lines.append(f"{top}{at}: {why or 'not computed yet'}")
        else:
            lines.append(f"{top}{at} = {number(gradient)}")
            values, known = self.progress.gradient(this.argument)
            if known[t]:
                sole = len(cell.consumers[this.argument]) == 1
                product = f"{number(gradient)} × {number(slope)}"
                what = f"{below}{at} = {top} · {symbols}"
                total = number(float(values[t, unit]))
                lines.append(f"{what} = {product} = {total}" if sole else f"{what} + … = {product} + … = {total}")
        flag = int(this.flags[t, unit])
        if flag:
            lines.append(f"saturated at its {'upper' if flag > 0 else 'lower'} end ({this.rule})")
        return "\n".join(lines)


def _slope(op: str, own: str, y: float, a: float) -> tuple[str, str]:
    """The activation's derivative in symbols, and in numbers up to the last equals sign."""
    if op == "sigmoid":
        return f"{own}(1 − {own})", f"{number(y)} × {number(1.0 - y)} = "
    if op == "tanh":
        return f"(1 − {own}²)", f"1 − {number(abs(y))}² = "
    return "[a > 0]", f"[{number(a)} > 0] = "


def gate_nodes(cell: Cell) -> tuple[Node, ...]:
    """The activations with a name, σ first, as the stage orders them; all activations where none has a name."""
    nodes = [n for n in cell.nodes if n.op in ACTIVATIONS]
    named = [n for n in nodes if cell.above(n).name] or nodes
    return tuple(sorted(named, key=lambda n: n.op != "sigmoid"))


def name_of(cell: Cell, node: Node) -> str:
    """What to call a gate, whether it is clamped or not."""
    return cell.above(node).name or label(node)


def owners(cell: Cell) -> dict[str, str]:
    """Parameter name -> the gate it serves: the one whose argument it reaches without passing another gate.

    One that reaches several is of "i + f" (their names), one that reaches none "other".
    """
    gates = {n.index: name_of(cell, n) for n in gate_nodes(cell)}
    found: dict[str, list[str]] = {p.name: [] for p in cell.parameters}
    for index, name in gates.items():
        stack, seen = list(cell.nodes[index].inputs), set()
        while stack:
            i = stack.pop()
            if i in seen or i in gates:
                continue
            seen.add(i)
            parameter = cell.nodes[i].parameter
            if parameter is not None and name not in found[parameter]:
                found[parameter].append(name)
            stack.extend(cell.nodes[i].inputs)
    return {p: " + ".join(names) if names else OTHER for p, names in found.items()}


@np.errstate(all="ignore")
def shares_of(cell: Cell, gradients: Mapping[str, Array], owner: Mapping[str, str] | None = None) -> Shares:
    """‖dθ‖² / ‖G‖² of every gate's parameters together, and of the output layer's; ``owner`` is :func:`owners`'."""
    owner = owners(cell) if owner is None else owner
    unit, squares = 1.0, _squares(cell, gradients, owner)
    total = sum(squares.values())
    if total < LEAST or total == np.inf:  # squares have no room in a float: of what is scaled they have
        largest = max((float(np.abs(g).max(initial=0.0)) for g in gradients.values()), default=0.0)
        if 0.0 < largest < np.inf:
            unit, squares = largest, _squares(cell, gradients, owner, largest)
            total = sum(squares.values())
    # Nothing added yet: no share. Not finite: NaN shows that it is.
    parts = tuple((name, s / total if total > 0 or np.isnan(total) else 0.0) for name, s in squares.items())
    return Shares(parts, unit * float(np.sqrt(total)))


def _squares(
    cell: Cell, gradients: Mapping[str, Array], owner: Mapping[str, str], unit: float = 1.0
) -> dict[str, float]:
    """Gate → the sum of squares of its parameters' gradients, in ``unit``; the output layer last."""
    squares = {name_of(cell, n): 0.0 for n in gate_nodes(cell)}
    for name, gradient in gradients.items():
        part = owner.get(name, OUTPUT)
        g = np.asarray(gradient, dtype=np.float64).ravel()
        g = g if unit == 1.0 else g / unit
        squares[part] = squares.get(part, 0.0) + float(g @ g)
    squares[OUTPUT] = squares.pop(OUTPUT, 0.0)
    return squares


@np.errstate(all="ignore")
def gates_of(trace: Trace) -> tuple[Gate, ...]:
    """The gates of one sentence; depends on the forward pass alone."""
    return tuple(_gate(trace, node) for node in gate_nodes(trace.cell))


def _gate(trace: Trace, node: Node) -> Gate:
    values = np.asarray(trace.value(node.index), dtype=np.float64)
    argument = np.asarray(trace.value(node.inputs[0]), dtype=np.float64)
    if node.op == "sigmoid":
        slopes, low, high = values * (1.0 - values), values < LOW, values > HIGH
    elif node.op == "tanh":
        slopes, low, high = 1.0 - values * values, values < -HIGH, values > HIGH
    else:
        slopes, low = np.where(argument <= 0, 0.0, np.where(np.isnan(argument), np.nan, 1.0)), values == 0
        high = np.zeros_like(low)
    flags = high.astype(np.float64) - low
    held = trace.cell.above(node)
    if held is not node:  # no gradient comes through what is clamped
        used = np.asarray(trace.value(held.index), dtype=np.float64)
        free = (used == values) | (np.isnan(used) & np.isnan(values))
        clamped = held_units(trace.cell, node, values.shape[1])
        values, slopes = used, np.where(free, slopes, 0.0)
        flags = np.where(clamped, 0.0, flags)
    else:
        clamped = np.zeros(0, dtype=bool)
    count = int(np.count_nonzero(clamped))
    return Gate(name_of(trace.cell, node), held.index, node.op, node.inputs[0], values, slopes, flags, count)


@np.errstate(all="ignore")
def gates_data(gates: tuple[Gate, ...], progress: Progress, words: tuple[str, ...], shares: Shares | None) -> GatesData:
    """What is known of ``gates`` at ``progress``; ``words`` (T,) are the inputs."""
    walk = progress.walk
    trace = walk.trace
    found = [progress.gradient(g.node) for g in gates]
    shown = [values[known].ravel() for values, known in found]
    return GatesData(
        trace.cell,
        trace.length,
        int(trace.model.hidden_size),
        words,
        gates,
        tuple(progress.forward_known(g.node) for g in gates),
        tuple(values for values, _ in found),
        tuple(known for _, known in found),
        progress,
        None if progress.summed else progress.loss,
        bool(found) and any(bool(known.any()) for _, known in found),
        gradient_scale(np.concatenate(shown) if shown else 0.0),
        # σ and tanh stay within ±1; a relu may be any size.
        value_scale([g.values for g in gates if g.op == "relu"]),
        shares,
        _added(progress),
    )


def _added(progress: Progress) -> bool:
    """Whether anything has been added to a gradient; of a walk that adds nothing, whether its gradients are through."""
    walk = progress.walk
    first = walk.first_addition
    return progress.position > first if first is not None else progress.position == len(walk)


@dataclass(frozen=True, eq=False, slots=True)
class GateTable:
    """The gates of one sentence, and which of them each parameter serves."""

    gates: tuple[Gate, ...]
    owners: Mapping[str, str]

    def gate_of(self, parameter: str) -> Gate | None:
        """The one gate that a parameter serves; None when it serves none or several."""
        return next((g for g in self.gates if g.name == self.owners.get(parameter)), None)


def gate_table(derived: Derived, trace: Trace) -> GateTable:
    """The gates of a forward pass, made once for all panels."""
    if not derived.kept("gates", (trace,))[0]:
        derived.keep("gates", (trace,), GateTable(gates_of(trace), owners(trace.cell)))
    table: GateTable = derived.kept("gates", (trace,))[1]
    return table


def gates_now(session: Session, derived: Derived, shares: Shares | None) -> GatesData:
    """The gates of a session at its position."""
    progress = derived.progress(session)
    gates = gate_table(derived, progress.walk.trace).gates
    return gates_data(gates, progress, session.sentence.words[:-1], shares)
