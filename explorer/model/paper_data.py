"""Pencil and paper: the walk of a network of one to three units as tables of decimals, to check by hand.

What the walk has not reached is left blank, so that a printed sheet can be filled in by a class.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from functools import cached_property

import numpy as np

from rnncore.annealing import Constant
from rnncore.frozen import dataclass
from rnncore.model import Init, Model
from rnncore.ops import Array
from rnncore.optim import SGD
from rnncore.progress import Progress

from .derived import Derived
from .names import initial_name
from .paper_limits import refusal
from .session import Session
from .settings import CorpusChoice, Settings
from .step_update import update_rule

DECIMALS = (3, 4, 6, 17)
"""Numbers of decimals that are offered; 17 stands for every digit that tells a float64 apart."""
EXACT = 17
WIDEST = 6
"""Columns of the widest U that stands as it is written."""
NOTHING = "–"
"""What stands where no gradient comes to."""

SHEET = Settings(
    corpus=CorpusChoice("text", "a b a\nb a b\na a b\nb b a\n", (("unit", "line"),)),
    hidden_size=2,
    init=Init(decimals=1),
    optimiser=SGD(0.1),
    annealing=Constant(),
    validation=0.0,
    shuffle=False,
)
"""Two words, two units, weights of one decimal: small enough for the blackboard."""


@dataclass(frozen=True)
class Cell:
    """One entry: its text, "" when the walk has not come there; ``role`` a colour token."""

    text: str
    role: str = ""


@dataclass(frozen=True)
class Line:
    """One row: ``label`` says all, "h[1] before"; ``name`` what it is of, "h before", and ``part`` which of it, "1".

    Lines of one name stand below one another; the only one of a name has no part.
    """

    label: str
    name: str
    part: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Block:
    """One table: column heads, and lines."""

    heads: tuple[str, ...]
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Sheet:
    """A heading and tables beside one another; ``hows`` says how what a label names is worked out."""

    title: str
    note: str
    blocks: tuple[Block, ...]
    hows: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def rows(self) -> tuple[tuple[str, tuple[Cell, ...]], ...]:
        """(label, cells) of all tables' lines."""
        return tuple((line.label, line.cells) for block in self.blocks for line in block.lines)

    @cached_property
    def blanks(self) -> int:
        """How many entries are still empty."""
        return sum(not cell.text for _, cells in self.rows for cell in cells)

    @cached_property
    def frame(self) -> tuple[object, ...]:
        """All that two sheets have in common which differ in their entries and notes alone."""
        return (self.title, *((block.heads, tuple(line.label for line in block.lines)) for block in self.blocks))


@dataclass(frozen=True)
class Paper:
    """All tables of one sentence; ``refused`` says why there are none."""

    sheets: tuple[Sheet, ...] = ()
    refused: str = ""


def decimal(value: float, decimals: int) -> str:
    """Return a number to so many decimals, trailing zeros kept; every digit for :data:`EXACT`; NaN and ∞ as such."""
    if not np.isfinite(value):
        return {"nan": "NaN", "inf": "∞", "-inf": "−∞"}[str(float(value))]
    text = repr(float(value)) if decimals >= EXACT else f"{value:.{decimals}f}"
    if float(text) == 0.0 and "e" not in text:
        text = text.lstrip("-")
    return text.replace("-", "−")


def paper(session: Session, derived: Derived, decimals: int = 4, *, everything: bool = False) -> Paper:
    """Return the worked tables of the session's sentence as far as the walk has come, or all of them filled in."""
    refused = refusal(session)
    if refused:
        return Paper(refused=refused)
    walk = derived.walk(session)
    progress = walk.progress(len(walk)) if everything else derived.progress(session)
    sheets = _Builder(session, progress, decimals).sheets(derived.sheets(session))
    return Paper(tuple(s for s in sheets if s is not None))


class _Builder:
    def __init__(self, session: Session, progress: Progress, decimals: int) -> None:
        self.session, self.progress, self.decimals = session, progress, decimals
        self.walk = progress.walk
        self.model: Model = self.walk.model
        self.steps = self.walk.trace.length
        self.words = tuple(session.corpus.vocabulary.label(n) for n in range(self.model.vocabulary_size))
        self.heads = tuple(f"t = {t}" for t in range(self.steps))
        # A GRU has a gate z; two rows of one name would be two answers to one question.
        self.logits = "z" if all(node.name != "z" for node in self.model.cell.nodes) else "logits z"

    def sheets(self, kept: dict[tuple[str, int], tuple[object, Sheet | None]]) -> list[Sheet | None]:
        """All tables; of what is ``kept`` of this walk those in which no entry has become another."""
        progress, cell = self.progress, self.model.cell
        counts = (progress.inputs_known, progress.logits_known, progress.softmax_known, progress.losses_known)
        going: object = progress.position
        going = "blank" if progress.phase == "forward" else "summed" if progress.summed else going
        found = []
        for name, state, make in (
            ("weights", None, self.weights),
            ("forward", (counts, tuple(map(progress.forward_known, cell.operations))), self.forward),
            ("backward", going, self.backward),
            ("gradients", going, self.gradients),
            ("update", self._updated, self.update),
        ):
            key = (name, self.decimals)
            if key not in kept or kept[key][0] != state:
                kept[key] = state, make()
            found.append(kept[key][1])
        return found

    @property
    def _updated(self) -> bool:
        return self.progress.position >= len(self.walk) > 0

    def _cells(self, values: Array, known: Array, role: str) -> tuple[Cell, ...]:
        """One row over time: (T,) numbers, blank where not known."""
        pairs = zip(np.asarray(values, float).tolist(), np.asarray(known).tolist(), strict=True)
        return tuple(Cell(decimal(v, self.decimals) if k else "", role) for v, k in pairs)

    def _flowed(self, values: Array, known: Array, role: str, none: Array | bool = False) -> tuple[Cell, ...]:
        """One row of gradients: "–" where ``none`` comes, and in the end where none has come (all of it was cut)."""
        missing = none | (self.progress.summed & ~known)
        cells = self._cells(values, known, role)
        return tuple(Cell(NOTHING) if m else c for c, m in zip(cells, missing.tolist(), strict=True))

    def _unit(self, name: str, unit: int) -> str:
        return name if self.model.hidden_size == 1 else f"{name}[{unit + 1}]"

    def _line(self, name: str, unit: int, after: str, cells: tuple[Cell, ...]) -> Line:
        """One unit's line; ``after`` is said after its name."""
        part = "" if self.model.hidden_size == 1 else str(unit + 1)
        return Line(f"{self._unit(name, unit)}{after}", f"{name}{after}", part, cells)

    def _until(self, count: int) -> Array:
        return np.arange(self.steps) < count

    # --- tables ---

    def _matrices(self, values: Mapping[str, Array], before: str, known: bool, role: str) -> tuple[Block, ...]:
        """One small table for every parameter, named with ``before`` in front; a long U word by word."""
        blocks = []
        units = tuple(map(str, range(1, self.model.hidden_size + 1)))
        shapes = {spec.name: spec for spec in self.model.cell.parameters}
        for name, value in values.items():
            table = value if value.ndim == 2 else value[:, None]
            reads_word = name in shapes and shapes[name].kind == "matrix" and shapes[name].of == "x"
            heads, labels = units[: table.shape[1]], tuple(map(str, range(1, len(table) + 1)))
            if value.ndim == 1:
                heads = ("",)
            elif reads_word:
                heads = self.words
            if name in ("V", "b_y"):
                labels = self.words
            shown = f"{before}{name}"
            if reads_word and len(self.words) > WIDEST:
                table, heads, labels, shown = table.T, units, self.words, f"{before}{name}ᵀ"
            lines = tuple(
                Line(
                    f"{before}{name}[·, {label}]" if shown.endswith("ᵀ") else f"{shown}[{label}]",
                    shown,
                    label,
                    tuple(Cell(decimal(v, self.decimals) if known else "", role) for v in row),
                )
                for label, row in zip(labels, table.tolist(), strict=True)
            )
            blocks.append(Block(heads, lines))
        return tuple(blocks)

    def weights(self) -> Sheet:
        """Every weight; a matrix row by row."""
        note = "a column of U for every word that is read, a row of V for every word that is expected"
        return Sheet("Weights", note, self._matrices(self.model.parameters, "", True, "weight"))

    def forward(self) -> Sheet:
        """Every value of the forward pass."""
        cell, trace, progress = self.model.cell, self.walk.trace, self.progress
        # The words, and the state that the first step finds, are given: all the rest is worked out from them.
        read = self._until(max(1, progress.inputs_known))
        spoken = tuple(Cell(self.words[x]) for x in np.asarray(trace.inputs).tolist())
        rows = [Line("x", "x", "", spoken)]
        for state in cell.states:
            before = trace.previous(state)
            for unit in range(self.model.hidden_size):
                rows.append(self._line(state, unit, " before", self._cells(before[:, unit], read, "value")))
        for node in cell.operations:
            known = self._until(progress.forward_known(node))
            values = np.broadcast_to(trace.value(node), (self.steps, self.model.hidden_size))
            label = cell.nodes[node].name or f"({cell.nodes[node].text})"
            for unit in range(self.model.hidden_size):
                rows.append(self._line(label, unit, "", self._cells(values[:, unit], known, "value")))
        for name, table, count in (
            (self.logits, trace.logits, progress.logits_known),
            ("ŷ", trace.probabilities, progress.softmax_known),
        ):
            for word, column in zip(self.words, table.T, strict=True):
                cells = self._cells(column, self._until(count), "value")
                rows.append(Line(f"{name}[{word}]", name, word, cells))
        targets = self.walk.targets
        known = self._until(progress.losses_known)
        names = [self.words[y] if y >= 0 else "–" for y in targets.tolist()]
        rows.append(Line("target y", "target y", "", tuple(Cell(name) for name in names)))
        rows.append(Line("L = −ln ŷ[y]", "L = −ln ŷ[y]", "", self._cells(trace.losses(targets), known, "loss")))
        hows = {self._unit(self._label(n), 0): self._how(n) for n in cell.operations}
        hows |= {f"{self._unit(state, 0)} before": f"{state}_prev" for state in cell.states}
        hows[f"{self.logits}[{self.words[0]}]"] = "V h + b_y" if "b_y" in self.model.parameters else "V h"
        hows[f"ŷ[{self.words[0]}]"] = "eᶻ / Σ eᶻ"
        starts = " and ".join(map(initial_name, cell.states))
        note = f"one column a time step; given are x, y and {starts}, the state before t = 0"
        return Sheet("Forward", note, (Block(self.heads, tuple(rows)),), hows)

    def _label(self, node: int) -> str:
        """What a value is called: its name, or its expression in brackets."""
        found = self.model.cell.nodes[node]
        return found.name or (f"({found.text})" if found.inputs else found.text)

    def _how(self, node: int) -> str:
        """A named value in terms of the rows above it, "" for what is its own name."""
        found = self.model.cell.nodes[node]
        if found.name is None:
            return ""
        parts = [self._label(n) for n in found.inputs]
        signs = {"add": " + ", "sub": " − ", "mul": " · ", "matmul": " @ "}
        if found.op in signs:
            return signs[found.op].join(parts)
        return f"−{parts[0]}" if found.op == "neg" else f"{found.op}({', '.join(parts)})"

    def _how_back(self, node: int) -> str:
        """A value's gradient in terms of that of what is made of it."""
        cell = self.model.cell
        uses = [n for n in cell.operations if node in cell.nodes[n].inputs]
        if len(uses) != 1 or cell.nodes[uses[0]].inputs.count(node) != 1:
            return "the sum over its uses" if uses else ""
        made, label = cell.nodes[uses[0]], self._label(uses[0])
        above = f"∂L/∂{label}"
        if made.op == "mul":
            return f"{above} · {' · '.join(self._label(n) for n in made.inputs if n != node)}"
        if made.op == "matmul":
            return f"{self._label(made.inputs[0])}ᵀ {above}"
        if made.op == "sub" and made.inputs[1] == node:
            return f"−{above}"
        slopes = {"tanh": f" · (1 − {label}²)", "sigmoid": f" · {label} (1 − {label})", "relu": f" where {label} > 0"}
        return f"−{above}" if made.op == "neg" else above + slopes.get(made.op, "")

    def backward(self) -> Sheet:
        """The two streams into each state, their sum, and every operation's gradient, from the last to the first."""
        cell, progress = self.model.cell, self.progress
        rows: list[Line] = []
        hows = {f"{self._unit('∂L/∂h', 0)}, from this loss": "Vᵀ (ŷ − y)"}
        units = range(self.model.hidden_size)
        for state in cell.states:
            found = progress.state_gradient(state)
            for key, words, role in (
                ("loss", "from this loss", "loss"),
                ("future", "from the future", "gradient"),
                ("sum", "their sum", "gradient"),
            ):
                if key != "future" and state != "h":
                    continue  # there is but one stream
                for unit in units:
                    known = found[f"{key}_known"]
                    none = found["sum_known"] & ~known  # the last step has no future
                    cells = self._flowed(found[key][:, unit], known, role, none)
                    rows.append(self._line(f"∂L/∂{state}", unit, f", {words}", cells))
        for node in reversed(cell.operations):
            name = cell.nodes[node].name
            if name in cell.states and not cell.consumers[node]:
                continue  # all that it gets are the streams
            values, known = progress.gradient(node)
            label = name or cell.nodes[node].text
            streams = "" if name not in cell.states else "their sum + " if name == "h" else "from the future + "
            hows[self._unit(f"∂L/∂({label})", 0)] = streams + self._how_back(node)
            for unit in units:
                cells = self._flowed(values[:, unit], known, "gradient")
                rows.append(self._line(f"∂L/∂({label})", unit, "", cells))
        loss = None if progress.summed else progress.loss  # in the update all that walked have been added up
        note = "all losses together" if loss is None else f"loss {loss} alone, as it walks back"
        return Sheet("Backward", note, (Block(self.heads, tuple(rows)),), hows)

    def gradients(self) -> Sheet:
        """The sums of the votes so far."""
        progress, cell = self.progress, self.model.cell
        values = {name: progress.parameter_gradient(name) for name in self.model.parameters}
        so_far = "" if progress.complete else ", as far as it has come"
        votes = []
        for made in (cell.nodes[n] for n in cell.operations):
            for place, read in enumerate(made.inputs):
                name = cell.nodes[read].parameter
                if name is None:
                    continue
                if made.op in ("matmul", "mul"):
                    sign, other = "⊗" if made.op == "matmul" else "·", self._label(made.inputs[1 - place])
                    votes.append(f"d{name} += ∂L/∂({made.text}) {sign} {other}")
                elif made.op == "add":
                    votes.append(f"d{name} += ∂L/∂{self._label(made.index)}")
        output = ["dV += (ŷ − y) ⊗ h", *(["db_y += ŷ − y"] if "b_y" in values else [])]
        note = f"the sum over time{so_far}: {'; '.join([*votes, *output])}"
        return Sheet("Gradients", note, self._matrices(values, "d", progress.phase != "forward", "gradient"))

    def update(self) -> Sheet | None:
        """The weights after this sentence's own update; blank until it is made."""
        walk = self.walk
        if walk.update is None:
            return None
        note = "this sentence’s own update, by the optimiser and clip in force"
        words = round(1.0 / walk.scale) if walk.scale else 0
        if words > 1:
            note += f"; the loss is the mean of {words} words, so that they are given d / {words}"
        rule = update_rule(walk)
        if rule is not None and type(rule.optimiser) is SGD and rule.clip is None:
            mean = f" / {words}" if words > 1 else ""
            note += f": new w = w − {rule.learning_rate!r} · d{mean}"
        blocks = self._matrices(walk.update.parameters, "new ", self._updated, "weight")
        return Sheet("After the update", note, blocks)
