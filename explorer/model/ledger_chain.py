"""How one entry of the gradient ledger comes about: the chain of factors from loss t back to the weight copy at τ.

For loss t, let s be all states together and G_k = ‖∂L_t/∂s_k‖. The norm of the entry is a product:

    G_t · (G_{t−1}/G_t) · … · (G_τ/G_{τ+1}) · (‖δ_τ‖/G_τ) · ‖operand_τ‖

where δ_τ is the gradient at the product that reads the parameter and the operand what it is multiplied with (h_{τ−1},
a token, or nothing for a bias). The ratios per step are what vanishes or explodes (Pascanu, Mikolov and Bengio 2013,
"On the difficulty of training recurrent neural networks", equation 5). A parameter that is read more than once in a
step has one entry of several such products, and the chain ends in their sum.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from rnncore.bptt import StepGradients, lane_gradients
from rnncore.cells import Use
from rnncore.frozen import dataclass
from rnncore.ledger import Ledger
from rnncore.norms import norm
from rnncore.walk import Walk

from .derived import Derived
from .equations import value_symbol
from .formula import number, percent, plain, symbol
from .session import Session

Array = np.ndarray[Any, Any]
SHOWN = 6
"""Steps of a chain that are printed one by one; of a longer one those in the middle are one product."""


@dataclass(frozen=True, slots=True)
class Factor:
    """One factor: ``what`` it is, its ``value``, and ``span``, how many steps of time it stands for (0: none).

    ``words`` say what happens there; "" where ``what`` says it already.
    """

    what: str
    value: float
    span: int = 0
    words: str = ""

    @property
    def said(self) -> str:
        """What it is, in words."""
        if self.span:
            return f"{'one step' if self.span == 1 else f'{self.span} steps'} back, {self.what}"
        return f"{self.words}, {self.what}" if self.words else self.what


@dataclass(frozen=True, slots=True)
class Chain:
    """The factors of the entry (loss t, copy τ) of ``parameter``; their product is ``norm``, the entry's norm.

    ``signed`` is its part along the whole gradient, once; ``count`` how often it is counted; ``total`` is ‖G‖.
    """

    parameter: str
    t: int
    tau: int
    factors: tuple[Factor, ...]
    norm: float
    signed: float
    count: int
    total: float

    @property
    def through_time(self) -> float:
        """The product of the factors that stand for steps of time: 1 where loss and copy are of one step."""
        return float(np.prod([f.value for f in self.factors if f.span])) if self.tau < self.t else 1.0

    @property
    def head(self) -> str:
        return f"loss {self.t} → copy τ = {self.tau} of {self.parameter}"

    def rows(self, most: int = 1000) -> tuple[tuple[str, str], ...]:
        """(what in words, number) of each line in at most ``most`` lines: factors, their product, the signed share."""
        factors = shortened(self.factors, max(1, most - 2 - sum(not f.span for f in self.factors)))
        rows = [(f.said, ("× " if n else "") + number(f.value, 3)) for n, f in enumerate(factors)]
        rows.append(("= norm of the entry", number(self.norm, 3)))
        return (*rows, ("signed share", self._share()))

    def pieces(self, most: int = 1000) -> tuple[str, ...]:
        """The chain to be set in lines that break between these: each factor in few words, then their product."""
        said: list[str] = []
        back = "back "
        for factor in shortened(self.factors, most):
            value = f"×{number(factor.value, 3)}" if said else number(factor.value, 3)
            if factor.span:
                said.append(f"{back}{factor.what.replace(' → ', '→')} {value},")
                back = ""
            else:
                said.append(f"{factor.what} {value},")
        said[-1] = said[-1].rstrip(",")
        return (*said, f"= norm {number(self.norm, 3)}")

    @property
    def share(self) -> tuple[str, str]:
        """The signed share, and how much that is of ‖G‖; or that it is cut off, and what its norm would be."""
        if not self.count:
            return "cut off: not counted", f"its norm: {number(self.norm, 3)}"
        counted = self.signed * self.count
        of = percent(counted / self.total, f"‖d{self.parameter}‖") if self.total else ""
        times = f" (× {self.count})" if self.count > 1 else ""
        return f"{'+' if counted > 0 else ''}{number(counted, 3)}{times}", of

    def _share(self) -> str:
        if not self.count:
            return "cut off: not counted"
        counted = f" · {percent(self.signed * self.count / self.total)}" if self.total else ""
        return self.share[0] + counted

    @property
    def text(self) -> str:
        """The chain in lines, for a tool tip or a screen reader."""
        return "\n".join([self.head, *(f"{what}  {value}" for what, value in self.rows(2 * SHOWN))])


@np.errstate(all="ignore")
def shortened(factors: tuple[Factor, ...], most: int) -> tuple[Factor, ...]:
    """The factors with at most ``most`` lines for steps of time: those in the middle become their product."""
    steps = [n for n, f in enumerate(factors) if f.span]
    if len(steps) <= most:
        return factors
    ahead = max(0, most // 2)
    behind = max(0, most - 1 - ahead)
    first, last = steps[ahead], steps[len(steps) - 1 - behind]
    middle = factors[first : last + 1]
    begin, end = middle[0].what.split(" → ")[0], middle[-1].what.split(" → ")[-1]
    product = Factor(f"{begin} → {end}", float(np.prod([f.value for f in middle])), sum(f.span for f in middle))
    return (*factors[:first], product, *factors[last + 1 :])


@np.errstate(all="ignore")
def chain(walk: Walk, ledger: Ledger, t: int, tau: int, lane: StepGradients | None = None) -> Chain:
    """The chain of loss ``t`` to the weight copy at step ``tau`` ≤ t, whether the truncation keeps the pair or not.

    ``lane`` are the gradients of loss t by itself at all steps 0…t, where they are known already (see :func:`lane_of`).
    Raises ValueError for a pair above the diagonal.
    """
    if not 0 <= tau <= t < walk.trace.length:
        raise ValueError(f"loss {t} asks nothing of copy {tau}: a pair has 0 ≤ τ ≤ t < {walk.trace.length}")
    found = lane if lane is not None else lane_of(walk, t)
    name = ledger.parameter
    factors: list[Factor] = []
    if name in ("V", "b_y"):
        z = f"∂L{_low(t)}/∂z{_low(t)}"
        if tau == t:
            factors.append(Factor(f"‖{z}‖", norm(found.d_logits[t]), words="what the loss asks of the logits"))
            if name == "V":
                factors.append(Factor(f"‖h{_low(t)}‖", norm(walk.trace.hidden[t]), words="what the copy reads"))
        else:
            factors.append(Factor(f"{name} of step {tau} serves loss {tau} alone:", 0.0))
    else:
        norms = state_norms(found, t)
        factors.append(Factor(f"‖∂L{_low(t)}/∂h{_low(t)}‖", float(norms[t]), words="the loss at its own step"))
        factors += [Factor(f"{s} → {s - 1}", _ratio(norms[s - 1], norms[s]), 1) for s in range(t, tau, -1)]
        uses = [u for u in walk.model.cell.uses if u.parameter == name]
        factors += _end(walk, found, uses, tau, float(norms[tau]), float(ledger.norms[t, tau]))
    return Chain(
        name,
        t,
        tau,
        tuple(factors),
        float(ledger.norms[t, tau]),
        float(ledger.signed[t, tau]),
        int(ledger.kept[t, tau]),
        float(ledger.total),
    )


def _end(walk: Walk, lane: StepGradients, uses: list[Use], tau: int, arrived: float, entry: float) -> list[Factor]:
    """From the states at τ into the parameter."""
    if len(uses) != 1:
        return [Factor(f"into {len(uses)} uses of it, summed", _ratio(entry, arrived))]
    use, cell = uses[0], walk.model.cell
    values = lane.nodes[use.delta]
    delta = 0.0 if values is None else norm(values[tau])
    reader = cell.nodes[cell.consumers[use.delta][0]] if cell.consumers[use.delta] else cell.nodes[use.delta]
    gate = reader.name or cell.nodes[use.node].name or ""
    into = f"into {plain(symbol(gate, str(tau)).runs)}" if gate else "into its product"
    factors = [Factor(into, _ratio(delta, arrived), words="through the activation" if gate else "")]
    if use.operand is not None:
        this = cell.nodes[use.operand]
        if this.op == "input" and walk.trace.inputs.dtype.kind in "iu":
            factors.append(Factor("‖one-hot token‖", 1.0, words="what the copy reads"))
        else:
            name = plain(value_symbol(cell, this.index, tau).runs)
            factors.append(Factor(f"‖{name}‖", _operand(walk, this.index, tau), words="what the copy reads"))
    return factors


def _operand(walk: Walk, node: int, tau: int) -> float:
    if walk.model.cell.nodes[node].op == "input":
        return norm(walk.trace.inputs[tau])
    return norm(walk.trace.value(node)[tau])


def lane_of(walk: Walk, t: int) -> StepGradients:
    """The gradients of loss ``t`` by itself, counted once, at all steps 0…t: no truncation cuts them."""
    with np.errstate(all="ignore"):
        return lane_gradients(walk.trace, walk.targets, t, 0)


@np.errstate(all="ignore")
def state_norms(lane: StepGradients, t: int) -> Array:
    """‖∂L_t/∂s_k‖, all states of step k together (T,): at t what comes from the loss, before it what comes back."""
    norms = lane.future_norms.copy()
    norms[t] = norm(lane.from_loss[t])
    return norms


def chain_of(session: Session, derived: Derived, ledger: Ledger, t: int, tau: int) -> Chain:
    """The chain of a pair of the session's walk; what is asked for again is kept."""
    walk = derived.walk(session)
    kept = derived.chains(session)
    key = (ledger.parameter, t, tau)
    if key not in kept:
        while len(kept) > 400:
            kept.pop(next(iter(kept)))
        lane = kept.get(("lane", t))
        if lane is None and tau < int(walk.reach[t]):  # the walk's own lane is cut before it comes to τ
            lane = kept[("lane", t)] = lane_of(walk, t)
        kept[key] = chain(walk, ledger, t, tau, lane or walk.lane(t))
    found: Chain = kept[key]
    return found


def _ratio(after: float, before: float) -> float:
    """after / before; nothing of nothing is 0."""
    return 0.0 if after == 0 else float(np.float64(after) / before)


def _low(t: int) -> str:
    return str(t).translate(str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉"))
