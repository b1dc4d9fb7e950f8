"""Pencil and paper: the walk of a network of one to three units as tables of decimals, to check by hand.

What the walk has not reached is left blank, so that a printed sheet can be filled in by a class.
"""

from __future__ import annotations

from html import escape

import numpy as np

from rnncore.annealing import Constant
from rnncore.frozen import dataclass
from rnncore.model import Init, Model
from rnncore.ops import Array
from rnncore.optim import SGD
from rnncore.progress import Progress

from .derived import Derived
from .session import Session
from .settings import CorpusChoice, Settings

MOST_UNITS, MOST_STEPS, MOST_WORDS = 3, 12, 12
"""Larger networks, sentences and vocabularies make no sheet that one works through by hand."""
DECIMALS = (3, 4, 6, 17)
"""Numbers of decimals that are offered; 17 stands for every digit that tells a float64 apart."""
EXACT = 17

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
class Sheet:
    """One table: a heading, column heads, and rows of (label, cells)."""

    title: str
    note: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, tuple[Cell, ...]], ...]

    @property
    def blanks(self) -> int:
        """How many entries are still empty."""
        return sum(not cell.text for _, cells in self.rows for cell in cells)


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
    build = _Builder(session, progress, decimals)
    sheets = (build.weights(), build.forward(), build.backward(), build.gradients(), build.update())
    return Paper(tuple(s for s in sheets if s is not None))


def refusal(session: Session) -> str:
    """Return why a session is too large to be worked by hand, "" when it is not."""
    units, steps, words = session.model.hidden_size, session.sentence.length, session.model.vocabulary_size
    if units > MOST_UNITS:
        return f"Work by hand wants 1 to {MOST_UNITS} units; this network has {units}."
    if steps > MOST_STEPS:
        return f"Work by hand wants at most {MOST_STEPS} steps; this sentence has {steps}."
    if words > MOST_WORDS:
        return f"Work by hand wants at most {MOST_WORDS} words; this vocabulary has {words}."
    return "" if steps else "There is no sentence."


class _Builder:
    def __init__(self, session: Session, progress: Progress, decimals: int) -> None:
        self.session, self.progress, self.decimals = session, progress, decimals
        self.walk = progress.walk
        self.model: Model = self.walk.model
        self.steps = self.walk.trace.length
        self.words = tuple(session.corpus.vocabulary.label(n) for n in range(self.model.vocabulary_size))
        self.heads = tuple(f"t = {t}" for t in range(self.steps))

    def _cells(self, values: Array, known: Array, role: str) -> tuple[Cell, ...]:
        """One row over time: (T,) numbers, blank where not known."""
        pairs = zip(np.asarray(values, float).tolist(), np.asarray(known).tolist(), strict=True)
        return tuple(Cell(decimal(v, self.decimals) if k else "", role) for v, k in pairs)

    def _unit(self, name: str, unit: int) -> str:
        return name if self.model.hidden_size == 1 else f"{name}[{unit + 1}]"

    def _until(self, count: int) -> Array:
        return np.arange(self.steps) < count

    # --- tables ---

    def weights(self) -> Sheet:
        """Every weight; a matrix row by row."""
        rows = []
        widest = max(v.shape[-1] if v.ndim == 2 else 1 for v in self.model.parameters.values())
        for name, value in self.model.parameters.items():
            table = value if value.ndim == 2 else value[:, None]
            for i, row in enumerate(table.tolist()):
                cells = [Cell(decimal(v, self.decimals), "weight") for v in row]
                cells += [Cell("·")] * (widest - len(cells))
                rows.append((f"{name}[{i + 1}]", tuple(cells)))
        words = ", ".join(f"{n + 1} = {w}" for n, w in enumerate(self.words))
        note = f"columns of U and rows of V: {words}"
        return Sheet("Weights", note, tuple(map(str, range(1, widest + 1))), tuple(rows))

    def forward(self) -> Sheet:
        """Every value of the forward pass."""
        cell, trace, progress = self.model.cell, self.walk.trace, self.progress
        read = self._until(progress.inputs_known)
        tokens = np.asarray(trace.inputs).tolist()
        rows = [("x", tuple(Cell(self.words[x] if k else "", "") for x, k in zip(tokens, read.tolist(), strict=True)))]
        for state in cell.states:
            before = trace.previous(state)
            for unit in range(self.model.hidden_size):
                rows.append((f"{self._unit(state, unit)} before", self._cells(before[:, unit], read, "value")))
        for node in cell.operations:
            known = self._until(progress.forward_known(node))
            values = np.broadcast_to(trace.value(node), (self.steps, self.model.hidden_size))
            label = cell.nodes[node].name or f"({cell.nodes[node].text})"
            for unit in range(self.model.hidden_size):
                rows.append((self._unit(label, unit), self._cells(values[:, unit], known, "value")))
        for name, table, count in (
            ("z", trace.logits, progress.logits_known),
            ("ŷ", trace.probabilities, progress.softmax_known),
        ):
            for word, column in zip(self.words, table.T, strict=True):
                rows.append((f"{name}[{word}]", self._cells(column, self._until(count), "value")))
        targets = self.walk.targets
        known = self._until(progress.losses_known)
        names = [self.words[y] if y >= 0 else "–" for y in targets.tolist()]
        rows.append(("target y", tuple(Cell(name) for name in names)))
        rows.append(("L = −ln ŷ[y]", self._cells(trace.losses(targets), known, "loss")))
        return Sheet("Forward", "one column a time step", self.heads, tuple(rows))

    def backward(self) -> Sheet:
        """The two streams into each state, their sum, and every operation's gradient, from the last to the first."""
        cell, progress = self.model.cell, self.progress
        rows: list[tuple[str, tuple[Cell, ...]]] = []
        units = range(self.model.hidden_size)
        for state in cell.states:
            found = progress.state_gradient(state)
            for key, words, role in (
                ("loss", "from this loss", "loss"),
                ("future", "from the future", "gradient"),
                ("sum", "their sum", "gradient"),
            ):
                if key == "loss" and state != "h":
                    continue
                for unit in units:
                    label = self._unit(f"∂L/∂{state}", unit)
                    cells = self._cells(found[key][:, unit], found[f"{key}_known"], role)
                    none = found["sum_known"] & ~found[f"{key}_known"]  # the last step has no future
                    cells = tuple(Cell("–") if n else c for c, n in zip(cells, none.tolist(), strict=True))
                    rows.append((f"{label}, {words}", cells))
        for node in reversed(cell.operations):
            if cell.nodes[node].name in cell.states:
                continue
            values, known = progress.gradient(node)
            label = cell.nodes[node].name or cell.nodes[node].text
            for unit in units:
                rows.append((self._unit(f"∂L/∂({label})", unit), self._cells(values[:, unit], known, "gradient")))
        loss = progress.loss
        note = "all losses together" if loss is None else f"loss {loss} alone, as it walks back"
        return Sheet("Backward", note, self.heads, tuple(rows))

    def gradients(self) -> Sheet:
        """The sums of the votes so far."""
        progress = self.progress
        begun = progress.phase != "forward"
        rows = []
        widest = max(v.shape[-1] if v.ndim == 2 else 1 for v in self.model.parameters.values())
        for name in self.model.parameters:
            value = progress.parameter_gradient(name)
            table = value if value.ndim == 2 else value[:, None]
            for i, row in enumerate(table.tolist()):
                cells = [Cell(decimal(v, self.decimals) if begun else "", "gradient") for v in row]
                cells += [Cell("·")] * (widest - len(cells))
                rows.append((f"d{name}[{i + 1}]", tuple(cells)))
        note = "the sum over time, as far as it has come" if not progress.complete else "the sum over time"
        return Sheet("Gradients", note, tuple(map(str, range(1, widest + 1))), tuple(rows))

    def update(self) -> Sheet | None:
        """The weights after this sentence's own update; blank until it is made."""
        walk = self.walk
        if walk.update is None:
            return None
        made = walk.update.parameters
        done = self.progress.position >= len(walk) > 0
        widest = max(v.shape[-1] if v.ndim == 2 else 1 for v in self.model.parameters.values())
        rows = []
        for name, value in made.items():
            table = value if value.ndim == 2 else value[:, None]
            for i, row in enumerate(table.tolist()):
                cells = [Cell(decimal(v, self.decimals) if done else "", "weight") for v in row]
                cells += [Cell("·")] * (widest - len(cells))
                rows.append((f"new {name}[{i + 1}]", tuple(cells)))
        note = "this sentence’s own update, by the optimiser and clip in force"
        return Sheet("After the update", note, tuple(map(str, range(1, widest + 1))), tuple(rows))


def html(found: Paper, colours: dict[str, str], *, title: str = "") -> str:
    """Return the tables as HTML: ``colours`` maps "text", "muted", "line" and each role to a colour."""
    if found.refused:
        return f"<p style='color:{colours['muted']}'>{escape(found.refused)}</p>"
    parts = [f"<h3 style='color:{colours['text']}'>{escape(title)}</h3>"] if title else []
    for sheet in found.sheets:
        parts.append(
            f"<p style='margin-bottom:2px'><b style='color:{colours['text']}'>{escape(sheet.title)}</b> "
            f"<span style='color:{colours['muted']}'>&nbsp;{escape(sheet.note)}</span></p>"
        )
        head = "".join(f"<th style='color:{colours['muted']}'>{escape(h)}</th>" for h in ("", *sheet.heads))
        rows = []
        for label, cells in sheet.rows:
            entries = "".join(
                f"<td align='right' style='color:{colours.get(c.role, colours['text'])}'><tt>"
                f"{escape(c.text) or '&nbsp;' * 8}</tt></td>"
                for c in cells
            )
            rows.append(f"<tr><td style='color:{colours['muted']}'>{escape(label)}</td>{entries}</tr>")
        style = f"border-collapse:collapse; border-color:{colours['line']}"
        table = f"<table border='1' cellspacing='0' cellpadding='3' style='{style}'>"
        parts.append(f"{table}<tr>{head}</tr>{''.join(rows)}</table>")
    return "".join(parts)
