"""The order of the micro-steps of one sequence: what is done, in which time column, for which loss.

The list may have a million entries (T = 200, full, by loss), so that it is kept as *visits* - a time column in the
forward pass, a (loss, weight copy) pair or a weight copy in the backward pass - each with one of a few templates. Any
index is found by bisection.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Hashable
from dataclasses import field
from functools import cached_property
from typing import Any

import numpy as np

from rnncore.cells import LEAVES, Cell, Node
from rnncore.errors import RnnError
from rnncore.frozen import dataclass
from rnncore.ops import Array

ORDERS = ("by loss", "sweep")
"""``"by loss"``: each loss walks back by itself, the last one first, as in the tutorial. ``"sweep"``: one run backward
with all losses' gradients accumulated on the way, as programs do it."""

GRANULARITIES = ("operation", "step", "loss", "pass")


@dataclass(frozen=True)
class MicroStep:
    """One micro-step.

    Attributes
    ----------
    phase : "forward", "backward" or "update"
    kind : str
        forward: read, operation, logits, softmax, loss. backward: d_logits, accumulate, stream_loss, stream_future,
        sum, d_operation, carry, cut. update: scale, clip, optimiser, update.
    t : int or None
        Time column (the weight copy τ in the backward pass); None in the update.
    loss : int or None
        The loss that walks back, by loss; None in a sweep and outside the backward pass.
    node : int or None
        Node of the operation graph.
    parameter : str or None
        Parameter whose gradient grows in an ``accumulate``.
    title : str
        What it does, in symbols.
    """

    index: int
    phase: str
    kind: str
    t: int | None
    loss: int | None
    node: int | None
    parameter: str | None
    title: str


@dataclass(frozen=True)
class Action:
    """One entry of a template: what kind of micro-step, on which node, for which parameter (and use of it)."""

    kind: str
    node: int | None = None
    parameter: str | None = None
    use: int | None = None


@dataclass(frozen=True)
class Template:
    """The actions of one kind of visit, and after which of them each gradient is complete."""

    actions: tuple[Action, ...]
    known_after: tuple[int, ...] = field(default=(), repr=False)
    """For each node: number of actions after which the gradient of its output is complete."""

    @cached_property
    def uses(self) -> dict[int | str, int]:
        """Use index (or "V", "b_y") -> number of actions after which it has been added."""
        found: dict[int | str, int] = {}
        for place, action in enumerate(self.actions):
            if action.kind == "accumulate":
                key = action.use if action.use is not None else str(action.parameter)
                found[key] = place + 1
        return found

    def after(self, kind: str) -> int | None:
        """Return the number of actions after which the first one of a kind is done; None when there is none."""
        return self._firsts.get(kind)

    @cached_property
    def _firsts(self) -> dict[str, int]:
        found: dict[str, int] = {}
        for place, action in enumerate(self.actions):
            found.setdefault(action.kind, place + 1)
        return found


def forward_template(cell: Cell, has_loss: bool) -> Template:
    """Return one time step of the forward pass."""
    actions = [Action("read")]
    actions += [Action("operation", i) for i in cell.operations]
    actions += [Action("logits"), Action("softmax")]
    if has_loss:
        actions.append(Action("loss"))
    return Template(tuple(actions))


def backward_template(
    cell: Cell, bias: bool, *, from_loss: bool, from_future: bool, cut: bool, carry: bool
) -> Template:
    """Return the backward pass through one time step.

    ``from_loss`` and ``from_future`` say which streams enter h_t; ``cut`` and ``carry`` what becomes of the gradient
    that leaves it (in a sweep both: some losses' part may be cut while the rest goes on).
    """
    actions: list[Action] = []
    if from_loss:
        actions += [Action("d_logits"), Action("accumulate", None, "V")]
        actions += [Action("accumulate", None, "b_y")] if bias else []
        actions.append(Action("stream_loss"))
    if from_future:
        actions.append(Action("stream_future"))
    if from_loss and from_future:
        actions.append(Action("sum"))
    entered = len(actions)
    within: list[Action] = []
    leaving: list[Action] = []  # what hands its gradient to the states before alone comes last: it leaves the step
    for index in cell.backward_operations:
        node = cell.nodes[index]
        kinds = {cell.nodes[source].op for source in node.inputs}
        if node.op != "matmul" or "input" not in kinds:
            (leaving if "state" in kinds and kinds <= LEAVES else within).append(Action("d_operation", index))
    actions += within
    at = {index: place for place, index in enumerate(cell.backward_operations)}
    uses = sorted(enumerate(cell.uses), key=lambda use: at[use[1].node])
    actions += [Action("accumulate", use.node, use.parameter, place) for place, use in uses]
    actions += leaving
    actions += [Action("cut")] if cut else []
    actions += [Action("carry")] if carry else []
    known = [entered] * len(cell.nodes)
    for place, action in enumerate(actions):
        if action.node is None:
            continue
        sources = cell.nodes[action.node].inputs
        if action.kind == "d_operation":
            for source in sources:
                known[source] = max(known[source], place + 1)
    return Template(tuple(actions), tuple(known))


@dataclass(frozen=True)
class Script:
    """The visits of one sequence's passes and where each begins.

    Attributes
    ----------
    forward_starts : (T + 1,)
        Position before each time step of the forward pass; the last is where the backward pass begins.
    visit_loss, visit_tau, visit_template, visit_starts
        One entry a visit of the backward pass (``visit_starts`` one more: where the update begins). ``visit_loss`` is
        −1 in a sweep.
    update : tuple of Action
        What follows the backward pass.
    """

    forward_templates: tuple[Template, ...]
    forward_starts: Array
    visit_loss: Array
    visit_tau: Array
    visit_template: Array
    visit_starts: Array
    templates: tuple[Template, ...]
    update: tuple[Action, ...]

    def __len__(self) -> int:
        return int(self.visit_starts[-1]) + len(self.update)

    @property
    def backward_start(self) -> int:
        return int(self.forward_starts[-1])

    @property
    def update_start(self) -> int:
        return int(self.visit_starts[-1])

    def offsets(
        self, what: Hashable, offset_of: Callable[[Template], int | None]
    ) -> tuple[tuple[int | None, ...], Array]:
        """Return ``offset_of`` every template of a visit, and where that is not None (n,) bool; kept under ``what``."""
        found = self._offsets.get(what)
        if found is None:
            values = tuple(offset_of(template) for template in self.templates)
            found = self._offsets[what] = values, np.array([v is not None for v in values], bool)
        return found

    @cached_property
    def _offsets(self) -> dict[Hashable, tuple[tuple[int | None, ...], Array]]:
        return {}

    def locate(self, index: int) -> tuple[str, int, int]:
        """Return (phase, which time step or visit, which of its actions) of the micro-step at ``index``."""
        if not 0 <= index < len(self):
            raise IndexError(f"micro-step {index} of {len(self)}")
        if index < self.backward_start:
            t = bisect_right(self._forward, index) - 1
            return "forward", t, index - self._forward[t]
        if index < self.update_start:
            v = int(np.searchsorted(self.visit_starts, index, side="right")) - 1
            return "backward", v, index - int(self.visit_starts[v])
        return "update", 0, index - self.update_start

    @cached_property
    def _forward(self) -> list[int]:
        return [int(i) for i in self.forward_starts]

    @cached_property
    def boundaries(self) -> dict[str, Array]:
        """Granularity -> sorted positions at which it rests."""
        ends = [0, self.backward_start, self.update_start, len(self)]
        losses = (
            self.visit_starts[:-1][np.r_[True, self.visit_loss[1:] != self.visit_loss[:-1]]]
            if len(self.visit_loss)
            else np.zeros(0, np.int64)
        )
        return {
            "step": np.unique(np.r_[self.forward_starts, self.visit_starts, ends]),
            "loss": np.unique(np.r_[losses, ends]),
            "pass": np.unique(ends),
        }

    def next_boundary(self, position: int, granularity: str, direction: int = 1) -> int:
        """Return the next resting position of a granularity, forward (+1) or back (−1); the ends hold."""
        if granularity not in GRANULARITIES:
            raise RnnError(f"granularity must be one of {', '.join(GRANULARITIES)}, not {granularity!r}")
        position = min(max(position, 0), len(self))
        if granularity == "operation":
            return min(max(position + (1 if direction > 0 else -1), 0), len(self))
        rests = self.boundaries[granularity]
        if direction > 0:
            place = int(np.searchsorted(rests, position, side="right"))
        else:
            place = int(np.searchsorted(rests, position, side="left")) - 1
        return int(rests[min(max(place, 0), len(rests) - 1)])


def write_script(
    cell: Cell,
    bias: bool,
    has_loss: Array,
    table: Array,
    order: str,
    update: tuple[str, ...],
) -> Script:
    """Lay out the passes. ``has_loss`` (T,) bool; ``table`` (T, T) the truncation's; ``update`` kinds at the end."""
    if order not in ORDERS:
        raise RnnError(f"order must be one of {', '.join(ORDERS)}, not {order!r}")
    steps = len(has_loss)
    forward = {flag: forward_template(cell, flag) for flag in (False, True)}
    forward_templates = tuple(forward[bool(flag)] for flag in has_loss)
    forward_starts = np.cumsum([0, *(len(t.actions) for t in forward_templates)])
    kept = (table > 0) & has_loss[:, None]
    below = np.zeros_like(kept)  # is the pair (t, τ − 1) kept as well?
    below[:, 1:] = kept[:, :-1]
    if order == "by loss":
        losses, taus = _pairs_by_loss(kept)
        from_loss = losses == taus
        from_future = ~from_loss
        carry = below[losses, taus] & (taus > 0)
        cut = ~carry & (taus > 0)
    else:
        active = np.asarray(kept.any(axis=0))
        taus = np.flatnonzero(active)[::-1]
        losses = np.full(len(taus), -1)
        on_time = np.diagonal(kept) if steps else np.zeros(0, bool)
        from_loss = on_time[taus]
        later = kept.sum(axis=0) - on_time
        from_future = later[taus] > 0
        goes_on = np.asarray((kept & below).any(axis=0))
        ends = np.asarray((kept & ~below).any(axis=0))
        carry = goes_on[taus] & (taus > 0)
        cut = ends[taus] & (taus > 0)
    flags = np.stack([from_loss, from_future, cut, carry], axis=1) if len(taus) else np.zeros((0, 4), bool)
    codes = flags @ np.array([1, 2, 4, 8])
    used, template_index = np.unique(codes, return_inverse=True)
    templates = tuple(
        backward_template(
            cell,
            bias,
            from_loss=bool(c & 1),
            from_future=bool(c & 2),
            cut=bool(c & 4),
            carry=bool(c & 8),
        )
        for c in used
    )
    sizes = np.array([len(t.actions) for t in templates], np.int64)
    starts = np.cumsum(np.r_[forward_starts[-1], sizes[template_index.reshape(-1)]])
    return Script(
        forward_templates,
        forward_starts,
        losses,
        taus,
        template_index.reshape(-1),
        starts,
        templates,
        tuple(Action(kind) for kind in update),
    )


def _pairs_by_loss(kept: Array) -> tuple[Array, Array]:
    """Return the kept pairs, the last loss first and, within a loss, from its own step back."""
    losses, taus = np.nonzero(kept[::-1, ::-1])
    steps = len(kept)
    return steps - 1 - losses, steps - 1 - taus


SYMBOLS = {"sigmoid": "σ", "tanh": "tanh", "relu": "relu", "add": " + ", "sub": " − ", "mul": " ⊙ ", "neg": "−"}


def label(node: Node) -> str:
    """Return what to call a node: its name, or its expression in print."""
    return node.name or pretty(node.text)


def pretty(text: str) -> str:
    """Return an expression as one prints it: σ for sigmoid, ⊙ for an element-wise product, no sign for ``@``."""
    text = text.replace("sigmoid", "σ").replace(" @ ", " ").replace(" * ", " ⊙ ").replace(" - ", " − ")
    return text.replace("_prev", "₋₁")


def right_hand_side(cell: Cell, node: Node) -> str:
    """Return one operation in terms of the names of what it reads: ``σ(a_f)``, ``f ⊙ c₋₁``."""
    parts: list[Any] = [label(cell.nodes[i]) for i in node.inputs]
    if node.op == "matmul":
        inner = cell.nodes[node.inputs[1]]
        bracket = not inner.is_leaf and inner.name is None
        return f"{parts[0]} ({parts[1]})" if bracket else f"{parts[0]} {parts[1]}"
    if node.op in ("sigmoid", "tanh", "relu"):
        return f"{SYMBOLS[node.op]}({parts[0]})"
    if node.op == "neg":
        return f"−{parts[0]}"
    if node.op == "clamp":
        inner = cell.nodes[node.inputs[0]]
        what = parts[0] if inner.is_leaf or inner.name else right_hand_side(cell, inner)
        return f"clamp({', '.join([what, *parts[1:]])})"
    if node.op in ("mul", "sub"):
        parts = [
            f"({p})" if cell.nodes[i].op in ("add", "sub") and cell.nodes[i].name is None else p
            for p, i in zip(parts, node.inputs, strict=True)
        ]
    return SYMBOLS[node.op].join(parts)
