"""What the inspector shows of one time step and one unit: marks on the graph, streams, saturation, the table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field, replace
from functools import cached_property, lru_cache
from typing import Any

import numpy as np

from rnncore.cells import Cell, Use
from rnncore.frozen import dataclass
from rnncore.norms import norm
from rnncore.progress import Progress
from rnncore.truncation import Truncation
from rnncore.walk import Walk

from .derived import Derived
from .equations import equation_nodes, forward_formula
from .flow_words import product_lines, stream_lines
from .formula import Formula, exact, figures, number, plain
from .gradients import gradient_formula
from .graph_weights import told, vectors_of
from .names import at_step
from .now_backward import weight_share
from .now_data import now
from .now_parts import Now, Words, headed
from .numbers_table import Table
from .saturation import Saturation, saturations
from .session import Session
from .step_code import Code, numpy_code, torch_code
from .step_numbers import StepNumbers
from .step_update import UpdateRule, update_rule
from .walking import step_spoken_of

Array = np.ndarray[Any, Any]
VALUE_DIGITS, GRADIENT_DIGITS = 3, 2
"""Significant digits on the graph: of each kind the same everywhere."""
DIFFERENTIAL = "∂\u2009"
"""What stands before a gradient on the graph: the sign and a thin space."""
KEPT = 2000
"""Formulas that are kept of one walk, before all are forgotten."""


@dataclass(frozen=True, slots=True)
class Mark:
    """What the graph writes beside a node: this unit's value and gradient, "" while they are not computed."""

    value: str
    gradient: str


@dataclass(frozen=True, slots=True)
class Streams:
    """The two streams that meet at a state: this unit's number and the norm of each, or why there is none."""

    title: str
    rows: tuple[tuple[str, str, str, str], ...]
    """(name, token of its colour, number, remark)"""


@dataclass(frozen=True, eq=False)
class InspectorData:
    """Everything about step ``t`` and ``unit`` (0-based) at one position of the walk."""

    walk: Walk
    progress: Progress
    t: int
    unit: int
    words: Words
    cell_title: str
    kept: dict[tuple[Any, ...], Any] = field(default_factory=dict, repr=False)
    """What was read of this walk and written out already: a formula that is asked for again is the very same object."""
    numbers: StepNumbers = field(init=False)

    def __post_init__(self) -> None:
        step = self.progress.step
        loss = step.loss if step is not None and not self.progress.summed else None
        word = self.words.inputs[self.t]
        numbers = StepNumbers(self.walk.trace, self.t, self.unit, self.progress, word, loss, self.kept)
        object.__setattr__(self, "numbers", numbers)

    @property
    def cell(self) -> Cell:
        return self.walk.model.cell

    @property
    def title(self) -> str:
        return f"Inside step t = {self.t}"

    @property
    def subtitles(self) -> tuple[str, ...]:
        """The same line, from its fullest to its shortest form."""
        word, unit = self.words.inputs[self.t], f"unit {self.unit + 1} of {self.walk.model.hidden_size}"
        return f"{self.cell_title} · input “{word}” · {unit}", f"“{word}” · {unit}", f"unit {self.unit + 1}", ""

    # --- the graph ---

    @property
    def current(self) -> int | None:
        """The node that the last micro-step worked on, when it was in this time step."""
        step = self.progress.step
        return step.node if step is not None and step.t == self.t else None

    @property
    def role(self) -> str:
        """The colour token of the current operation: value, gradient, or weight while a parameter's gradient grows."""
        step = self.progress.step
        if step is None or step.phase == "forward":
            return "value"
        return "weight" if step.kind == "accumulate" else "gradient"

    @property
    def growing(self) -> tuple[str, int] | None:
        """The parameter whose gradient grows by the last micro-step, and the operation that it enters, in this step."""
        step = self.progress.step
        if step is None or step.kind != "accumulate" or step.t != self.t or step.node is None:
            return None
        return step.parameter or "", step.node

    @cached_property
    def lit(self) -> frozenset[tuple[int, int]]:
        """The edges in use now, as (node whose value they carry, consumer or −1 for a next state)."""
        step, cell = self.progress.step, self.cell
        if step is None or step.t != self.t:
            return frozenset()
        if step.node is not None:
            node = cell.nodes[step.node]
            if step.kind == "accumulate" and step.parameter in vectors_of(cell, node.index):
                return frozenset()  # a bias comes by no edge: its name alone is lit
            onward = cell.consumers[node.index]
            if node.op == "matmul" and len(onward) == 1:
                return frozenset({(node.index, onward[0])})
            return frozenset((i, node.index) for i in node.inputs)
        kinds = ("logits", "softmax", "loss", "stream_loss", "d_logits", "sum")
        ends: dict[str, tuple[str, ...]] = dict.fromkeys(kinds, ("h",))
        ends["stream_future"] = cell.states
        if step.kind in ends:
            return frozenset((cell.outputs[s], -1) for s in ends[step.kind])
        if step.kind in ("carry", "cut"):
            return frozenset((i, c) for i in cell.state_leaves.values() for c in cell.consumers[i])
        return frozenset()

    @cached_property
    def lit_boxes(self) -> frozenset[str]:
        """The leaves in use now, by the key of :mod:`graph_routes`."""
        step, cell = self.progress.step, self.cell
        if step is None or step.t != self.t:
            return frozenset()
        if step.kind == "read":
            return frozenset(f"leaf:{n.index}" for n in cell.nodes if n.op == "input")
        if step.kind in ("carry", "cut"):
            return frozenset(f"leaf:{i}" for i in cell.state_leaves.values())
        states = {"stream_future": cell.states}.get(step.kind, ("h",))
        kinds = ("logits", "softmax", "loss", "stream_loss", "stream_future", "sum", "d_logits")
        return frozenset(f"next:{s}" for s in states) if step.kind in kinds else frozenset()

    def mark(self, node: int, *, tight: bool = False, rough: bool = False) -> Mark:
        """The numbers beside a node; ``tight`` for little room, ``rough`` with a single digit for still less."""
        value, gradient = self.numbers.value(node), self.numbers.gradient(node)
        digits = (1, 1) if rough else (VALUE_DIGITS, GRADIENT_DIGITS)
        return Mark(
            "" if value is None else figures(value, digits[0], tight=tight),
            "" if gradient is None else f"{DIFFERENTIAL}{figures(gradient, digits[1], signed=True, tight=tight)}",
        )

    def known(self, node: int) -> bool:
        """Whether a node's value is computed at this step."""
        if self.cell.nodes[node].op == "input":
            return self.progress.inputs_known > self.t
        return self.numbers.value(node) is not None

    def gradient_known(self, node: int) -> bool:
        """Whether a node's gradient is computed at this step."""
        return self.cell.nodes[node].op != "input" and node in self.numbers.gradients_known

    def explain(self, node: int) -> tuple[Formula, ...]:
        """A node's formula with numbers, and that of its gradient once it is known."""
        this = self.cell.nodes[node]
        found: list[Formula] = []
        if not this.is_leaf:
            found.append(forward_formula(self.numbers, node))
        if self.gradient_known(node):
            found.append(gradient_formula(self.numbers, node))
        return tuple(found)

    def explanation(self, node: int) -> str:
        """The same as lines of plain text, for a tool tip."""
        this = self.cell.nodes[node]
        model = self.walk.model
        if this.op == "input":
            return f"Input: V ({model.vocabulary_size:,})\n“{self.words.inputs[self.t]}”, one-hot"
        shape = "" if this.op in ("constant", "parameter") else f": H ({model.hidden_size:,})"
        lines = [at_step(headed(self.cell, this), self.t) + shape]
        if this.is_leaf:
            value = self.numbers.value(node)
            lines.append("not computed yet" if value is None else f"{number(value)} (unit {self.unit + 1})")
        for formula in self.explain(node):
            parts = formula.text.split(" = ")
            lines.append(" = ".join(parts[:2]))
            lines += [f"    = {p}" for p in parts[2:]]
            lines += [f"    {plain(d)}" for d in formula.details]
            if formula.value is not None:
                lines.append(f"    exactly {exact(formula.value)}")
        return "\n".join(lines)

    def weight_explanation(self, parameter: str, node: int) -> str:
        """A weight's shape and how its gradient grows, where it enters the operation ``node``."""
        model = self.walk.model
        return told(self.cell, parameter, node, self.t, model.hidden_size, model.vocabulary_size)

    # --- the equations and what happens now ---

    @cached_property
    def equations(self) -> tuple[Formula, ...]:
        """The cell's equations with numbers."""
        n = self.numbers

        def of(node: int) -> Formula:
            # Once it is computed, everything that it is computed from is known as well: nothing more will change.
            key = ("value", node, n.t, n.unit, n.vector(node) is not None)
            return self._once(key, lambda: forward_formula(n, node, inner=False))

        return tuple(of(node) for node in equation_nodes(self.cell))

    def _once(self, key: tuple[Any, ...], write: Callable[[], Formula]) -> Formula:
        found: Formula | None = self.kept.get(key)
        if found is None:
            if len(self.kept) >= KEPT:
                self.kept.clear()
            found = self.kept[key] = write()
        return found

    @cached_property
    def gradient_equations(self) -> tuple[Formula, ...]:
        """The gradient of every named value and previous state that is known at this step, last first."""
        n = self.numbers

        def of(node: int) -> Formula:
            # A gradient that is known is complete; whose it is are the loss and whether all losses are summed.
            key = ("gradient", node, n.t, n.unit, n.loss, self.progress.loss, self.progress.summed)
            return self._once(key, lambda: gradient_formula(n, node))

        return tuple(of(i) for i in self._gradient_nodes)

    @cached_property
    def _gradient_nodes(self) -> tuple[int, ...]:
        order = [i for i in self.cell.backward_operations if self.cell.nodes[i].name]
        order += list(self.cell.state_leaves.values())
        return tuple(i for i in order if self.gradient_known(i))

    @cached_property
    def weight_equations(self) -> tuple[Formula, ...]:
        """What this step adds to the gradient of each weight, as far as it has been added, in the program's order."""
        n, loss = self.numbers, self.numbers.loss

        def of(name: str, use: Use | None) -> Formula:
            key = ("share", name, use, n.t, n.unit, loss, self.progress.loss, self.progress.summed)
            return self._once(
                key, lambda: weight_share(self.walk, self.progress, n, self.words, name, use, loss).formula
            )

        return tuple(of(name, use) for name, use in self._added)

    @cached_property
    def _added(self) -> tuple[tuple[str, Use | None], ...]:
        if self.progress.step_gradients is None:
            return ()
        outer = [(name, None) for name in ("V", "b_y") if name in self.walk.model.parameters]
        every: list[tuple[int | str, str, Use | None]] = [(name, name, None) for name, _ in outer]
        every += [(place, use.parameter, use) for place, use in enumerate(self.cell.uses)]
        return tuple((name, use) for key, name, use in every if self.progress.share_added(key)[self.t])

    @property
    def current_weight(self) -> int | None:
        """Which of :attr:`weight_equations` the last micro-step added."""
        step = self.progress.step
        if step is None or step.t != self.t or step.kind != "accumulate":
            return None
        places = (
            k
            for k, (name, use) in enumerate(self._added)
            if name == step.parameter and (use is None or use.node == step.node)
        )
        return next(places, None)

    @property
    def current_equation(self) -> int | None:
        """Which of :attr:`equations` the last micro-step worked on, in the forward pass."""
        step = self.progress.step
        if step is None or step.t != self.t or step.kind != "operation" or step.node is None:
            return None
        ends = [self.cell.node(n).index for n in self.cell.assigned if self.cell.node(n).constant is None]
        return next((k for k, end in enumerate(ends) if step.node <= end), None)

    @property
    def current_gradient(self) -> int | None:
        """Which of :attr:`gradient_equations` the last micro-step completed; else the one that it goes on from."""
        step = self.progress.step
        if step is None or step.t != self.t or step.phase != "backward" or step.node is None:
            return None
        if step.kind == "accumulate":
            return None  # it stands among the weights'
        known = {node: k for k, node in enumerate(self._gradient_nodes)}
        made = self.cell.nodes[step.node].inputs if step.kind == "d_operation" else ()
        node: int | None = next((i for i in known if i in made), step.node)
        while node is not None and node not in known:
            # A sum, a product or a weight's share: it stands in the equation of what it is a part of.
            node = next((n.index for n in self.cell.nodes if node in n.inputs), None)
        return None if node is None else known[node]

    @cached_property
    def now(self) -> Now:
        """The last micro-step, wherever it was."""
        return now(self.walk, self.progress, self.unit, self.words, self.numbers)

    @property
    def here(self) -> bool:
        """Whether the last micro-step was in this time step."""
        step = self.progress.step
        return step is None or step.t is None or step.t == self.t

    @cached_property
    @np.errstate(all="ignore")
    def streams(self) -> Streams:
        """The stream from this step's loss and the one from the future into h at this step."""
        title = f"Two streams meet at h_{self.t}"
        parts = self.progress.state_gradient("h")
        rows: list[tuple[str, str, str, str]] = []
        last = self.t == self.walk.trace.length - 1
        step = self.progress.step
        begun = step is not None and self.progress.step_gradients is not None
        reached = begun and bool(parts["sum_known"][self.t])
        loss = self.numbers.loss
        for key, name, role in (("loss", "from this step’s loss", "loss"), ("future", "from the future", "gradient")):
            if begun and parts[f"{key}_known"][self.t]:
                vector = parts[key][self.t]
                value, remark = number(float(vector[self.unit])), f"norm {number(norm(vector))}"
                remark += self._with_others if key == "future" else ""
            elif begun and not self._reached:
                value, remark = "0", self._why_unreached
            elif not begun:
                value, remark = "–", "not begun: still going forward"
            elif key == "loss" and int(self.walk.targets[self.t]) < 0:
                value, remark = "0", "this step has no loss"
            elif key == "loss" and loss is not None and loss != self.t:
                value, remark = "0", f"loss {loss} alone is walking"
            elif key == "future" and last:
                value, remark = "0", "there is no later step"
            elif key == "future" and loss == self.t:
                value, remark = "0", f"loss {loss} begins here"
            elif reached:
                value, remark = "0", "none arrives here" if key == "future" else "this loss is not counted"
            else:
                value, remark = "–", "not computed yet"
            rows.append((name, role, value, remark))
        return Streams(title, tuple(rows))

    @property
    def _with_others(self) -> str:
        """Of several states: that the norm is that of h, and what it is with the others, as a ribbon has it."""
        others = [state for state in self.cell.state_leaves if state != "h"]
        found = self.progress.step_gradients
        if not others or found is None:
            return ""
        return f" of h, with {', '.join(others)} {number(float(found.future_norms[self.t]))}"

    def streams_told(self) -> str:
        """The same streams with the formulas of their numbers: written when the tool tip asks for it."""
        lines = [self.streams.title.replace("_", "[t = ") + "]"]
        parts, last = self.progress.state_gradient("h"), self.walk.trace.length - 1
        begun = self.progress.step_gradients is not None
        for key, (name, _, value, remark) in zip(("loss", "future"), self.streams.rows, strict=True):
            lines.append(f"{name}: {value}, {remark}")
            if begun and parts[f"{key}_known"][self.t]:
                lines += [f"    {line}" for line in stream_lines(self.numbers, key)]
                if key == "future" and self.t < last and "h" in self.cell.state_leaves:
                    later = replace(self.numbers, t=self.t + 1, word=self.words.inputs[self.t + 1])
                    lines += [f"    {line}" for line in product_lines(later, ["h"])]
        return "\n".join(lines)

    @property
    def _reached(self) -> bool:
        """Whether any gradient comes to this step at all: that of the walking loss, or of any when all are walked."""
        table, loss = self.walk.table, self.numbers.loss
        counted = table[:, self.t] if loss is None else table[loss, self.t]
        asked = self.walk.targets >= 0
        return bool(np.any((counted > 0) & (asked if loss is None else asked[loss])))

    @property
    def _why_unreached(self) -> str:
        loss = self.numbers.loss
        if loss is None:
            return "no gradient reaches this step"
        return f"loss {loss} came before this step" if self.t > loss else f"loss {loss} does not reach this step"

    @cached_property
    def saturation(self) -> tuple[Saturation, ...]:
        """One bar for each activation of the cell."""
        return saturations(self.numbers)

    @property
    def saturation_rule(self) -> str:
        """The thresholds, in words."""
        return " · ".join(dict.fromkeys(s.rule for s in self.saturation))

    # --- the program ---

    @property
    def numpy_code(self) -> Code:
        """Both passes as a numpy program."""
        walk = self.walk
        bias = "b_y" in walk.model.parameters
        return _code(self.cell.text, walk.truncation, bias, walk.order, update_rule(walk))

    @property
    def torch_code(self) -> Code:
        """Their PyTorch equivalent."""
        walk = self.walk
        return _code(self.cell.text, walk.truncation, "b_y" in walk.model.parameters, "", update_rule(walk))

    # --- the table ---

    @property
    def current_column(self) -> int | None:
        """Which column of :attr:`table` the last micro-step worked on: its own, or that of the equation it is in."""
        step = self.progress.step
        if step is None or step.t != self.t:
            return None
        named = [name for name in self.table.names if not name.startswith("∂")]
        if step.phase == "forward":
            equation = self.current_equation
            if step.kind != "operation" or step.node is None or equation is None:
                return None
            assigned = [n for n in self.cell.assigned if self.cell.node(n).constant is None]
            # On the way to what is assigned the pre-activations have columns of their own.
            end = self.cell.node(assigned[equation]).index
            own = (n for n in range(step.node, end + 1) if self.cell.nodes[n].name in named)
            return 2 * named.index(next((self.cell.nodes[n].name or "" for n in own), assigned[equation]))
        if step.kind in ("d_logits", "stream_loss", "stream_future", "sum"):
            return 2 * named.index("h") + 1
        if step.kind in ("carry", "cut"):
            return 1  # of the state before, which stands first
        place = self.current_gradient
        if place is None:
            return None
        node = self._gradient_nodes[place]
        states = {leaf: f"{state}_prev" for state, leaf in self.cell.state_leaves.items()}
        return 2 * named.index(states.get(node) or self.cell.nodes[node].name or "") + 1

    @cached_property
    def table(self) -> Table:
        """Every named value and gradient of every unit at this step."""
        cell = self.cell
        names: list[str] = []
        roles: list[str] = []
        columns: list[Array | None] = []
        leaves = [(f"{s}_prev", i) for s, i in cell.state_leaves.items()]
        named = [(n.name or "", n.index) for n in cell.nodes if n.name and not n.is_leaf]
        # Gradients have their columns from the start, so that no column moves while one steps.
        for name, node in [*leaves, *named]:
            names += [name, f"∂L/∂{name}"]
            roles += ["value", "gradient"]
            columns += [self.numbers.vector(node), self.numbers.gradient_vector(node)]
        return Table(tuple(names), tuple(roles), tuple(columns), self.walk.model.hidden_size, self.t)


def inspector_data(session: Session, derived: Derived) -> InspectorData:
    """What the inspector shows of a session: the selected time step, or else the one that the walk is in."""
    walk, progress = derived.walk(session), derived.progress(session)
    example, words = session.sentence.example, session.sentence.words
    targets = tuple(w if y >= 0 else "" for w, y in zip(words[1:], example.targets, strict=True))
    unit = min(session.selection.unit or 0, session.model.hidden_size - 1)
    t = step_spoken_of(session, progress)
    kept = derived.formulas(session)
    columns = tuple(map(session.corpus.vocabulary.label, session.sentence.ids[: len(words) - 1]))
    told = Words(words[:-1], targets, columns)
    return InspectorData(walk, progress, t, unit, told, session.settings.cell_title, kept)


@lru_cache(maxsize=16)
def _code(equations: str, truncation: Truncation, bias: bool, order: str, rule: UpdateRule | None) -> Code:
    cell = Cell.from_equations("cell", equations)
    return numpy_code(cell, truncation, bias, order, rule) if order else torch_code(cell, truncation, bias, rule)
