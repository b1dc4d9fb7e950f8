"""The gradient, itemised: how much of it each loss asked of each weight copy.

``g(t, τ)`` is the gradient of loss t with respect to a shared parameter *as used at time step τ*. For a matrix that is
used once a step it is rank one, ``δ(t, τ) ⊗ operand(τ)``, so that its norm needs no matrix: ``‖δ‖·‖operand‖``. The
signed entry ``⟨g(t, τ), G⟩ / ‖G‖`` is the part of g(t, τ) along the truncated gradient G; over the pairs that the
policy keeps, each as often as it is counted, the entries sum to exactly ‖G‖.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from rnncore.bptt import Gradients, at, backward, lanes_by_lag, output_gradients
from rnncore.cells import Use
from rnncore.errors import RnnError
from rnncore.graph import pullback
from rnncore.model import Model
from rnncore.ops import Array
from rnncore.trace import Trace, check_targets
from rnncore.truncation import Full, Truncation, stream_table


@dataclass(frozen=True)
class Ledger:
    """One parameter's gradient, itemised by (loss t, weight copy τ).

    Attributes
    ----------
    signed : (T, T) [t, τ]
        ``⟨g(t, τ), G⟩ / ‖G‖`` for every pair, kept or not; 0 above the diagonal. All zero when ‖G‖ is 0.
    norms : (T, T)
        ``‖g(t, τ)‖`` (Frobenius).
    kept : (T, T) int
        How often the truncation counts the pair.
    total : float
        ‖G‖, the norm of the truncated gradient; equals ``(kept * signed).sum()``.
    """

    parameter: str
    signed: Array = field(repr=False)
    norms: Array = field(repr=False)
    kept: Array = field(repr=False)
    total: float

    @property
    def votes(self) -> Array:
        """Column sums of the kept, signed entries (T,): what each weight copy τ contributes to ‖G‖."""
        total: Array = (self.kept * self.signed).sum(axis=0)
        return total

    def by_lag(self) -> Array:
        """Return the root of the summed squared norms by lag t − τ (T,), over all pairs."""
        steps = len(self.norms)
        return np.array([np.sqrt((np.diagonal(self.norms, -lag) ** 2).sum()) for lag in range(steps)])


def ledger(
    model: Model, trace: Trace, targets: Any, parameter: str, truncation: Truncation | None = None
) -> Ledger:
    """Return one parameter's gradient, itemised. See :class:`Ledger`.

    Raises RnnError for an unknown parameter, a batch, or targets that do not fit.
    """
    return ledgers(model, trace, targets, truncation, only=(parameter,))[parameter]


def ledgers(
    model: Model,
    trace: Trace,
    targets: Any,
    truncation: Truncation | None = None,
    *,
    only: tuple[str, ...] | None = None,
    gradients: Gradients | None = None,
) -> Mapping[str, Ledger]:
    """Return the ledgers of every parameter (or those in ``only``), all from one pass over the lags."""
    if trace.batched:
        raise RnnError("a ledger itemises one sequence; run forward on one row of the batch")
    names = tuple(model.parameters) if only is None else only
    for name in names:
        if name not in model.parameters:
            raise RnnError(f"the model has no parameter {name!r}; it has {', '.join(model.parameters)}")
    truncation = truncation or Full()
    wanted = check_targets(trace, targets)
    steps = trace.length
    kept = stream_table(truncation, steps, trace.boundaries, trace.between)
    if gradients is None:
        gradients = backward(model, trace, targets, truncation)
    with np.errstate(all="ignore"):
        d_logits, d_hidden = output_gradients(trace, wanted)
        uses = {n: [u for u in trace.cell.uses if u.parameter == n] for n in names}
        sums = {n: _Sums(trace, uses[n], gradients[n]) for n in names}
        if any(uses.values()):
            for lag, lanes in lanes_by_lag(trace, d_hidden):
                tape = at(trace.cell, trace.tape, slice(0, steps - lag))
                nodes = pullback(trace.cell, tape, lanes)
                for one in sums.values():
                    one.add(lag, nodes)
        for name in ("V", "b_y"):
            if name in sums:
                sums[name].output_layer(d_logits)
        return {n: sums[n].ledger(n, kept, gradients[n]) for n in names}


class _Sums:
    """Collects ⟨g, G⟩ and ‖g‖² of one parameter, lag by lag."""

    def __init__(self, trace: Trace, uses: list[Use], gradient: Array) -> None:
        self.trace = trace
        self.uses = uses
        self.gradient = gradient
        steps = trace.length
        self.products = np.zeros((steps, steps))
        self.squares = np.zeros((steps, steps))
        self.operands = [self._operand(u) for u in uses]

    def _operand(self, use: Use) -> Array | None:
        """The operand's values (T, K) over all steps; None for a vector parameter."""
        if use.operand is None:
            return None
        node = self.trace.cell.nodes[use.operand]
        if node.op == "input" and self.trace.inputs.dtype.kind in "iu":
            one_hot = np.zeros((self.trace.length, self.trace.model.vocabulary_size))
            one_hot[np.arange(self.trace.length), self.trace.inputs] = 1.0
            return one_hot
        if node.op == "input":
            return self.trace.inputs
        return np.broadcast_to(self.trace.tape[use.operand], (self.trace.length, self.trace.model.hidden_size))

    def add(self, lag: int, nodes: list[Any]) -> None:
        count = self.trace.length - lag
        tau = np.arange(count)
        parts: list[tuple[Array, Array | None]] = []
        product = np.zeros(count)
        for use, operand in zip(self.uses, self.operands, strict=True):
            delta = nodes[use.delta]
            if delta is None:
                continue
            operand = None if operand is None else operand[:count]
            if operand is None:
                product += delta @ self.gradient
                parts.append((delta, None))
            else:
                product += np.einsum("th,th->t", delta, operand @ self.gradient.T)
                parts.append((delta, operand))
        square = np.zeros(count)
        for i, (left, right) in enumerate(parts):
            for j, (other, beside) in enumerate(parts[: i + 1]):
                # ⟨a ⊗ b, c ⊗ d⟩ = ⟨a, c⟩⟨b, d⟩; a parameter that is used twice a step has rank two.
                inner = np.einsum("th,th->t", left, other)
                if right is not None and beside is not None:
                    inner = inner * np.einsum("tk,tk->t", right, beside)
                square += inner if i == j else 2 * inner
        self.products[tau + lag, tau] = product
        self.squares[tau + lag, tau] = square

    def output_layer(self, d_logits: Array) -> None:
        """Loss t reaches the output layer only in its own step: the diagonal."""
        hidden = self.trace.tape[self.trace.cell.outputs["h"]]
        square = np.einsum("tv,tv->t", d_logits, d_logits)
        if self.gradient.ndim == 2:
            product = np.einsum("tv,tv->t", d_logits, hidden @ self.gradient.T)
            square = square * np.einsum("th,th->t", hidden, hidden)
        else:
            product = d_logits @ self.gradient
        np.fill_diagonal(self.products, product)
        np.fill_diagonal(self.squares, square)

    def ledger(self, name: str, kept: Array, gradient: Array) -> Ledger:
        total = float(np.linalg.norm(gradient))
        signed = self.products / total if total > 0 or total != total else np.zeros_like(self.products)
        norms = np.sqrt(np.maximum(self.squares, 0.0))
        for array in (signed, norms, kept):
            array.flags.writeable = False
        return Ledger(name, signed, norms, kept, total)
