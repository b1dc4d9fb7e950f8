"""The gradient, itemised: how much of it each loss asked of each weight copy.

``g(t, τ)`` is the gradient of loss t with respect to a shared parameter *as used at time step τ*. For a matrix that is
used once a step it is rank one, ``δ(t, τ) ⊗ operand(τ)``, so that its norm needs no matrix: ``‖δ‖·‖operand‖``. The
signed entry ``⟨g(t, τ), G⟩ / ‖G‖`` is the part of g(t, τ) along the truncated gradient G; over the pairs that the
policy keeps, each as often as it is counted, the entries sum to exactly ‖G‖.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field
from typing import Any

import numpy as np

from rnncore.backstep import LONG, lanes, serves
from rnncore.bptt import Gradients, backward, check_model, lanes_by_lag, output_gradients
from rnncore.cells import Use
from rnncore.errors import RnnError
from rnncore.frozen import dataclass
from rnncore.model import Model
from rnncore.ops import Array
from rnncore.trace import Trace, check_targets
from rnncore.truncation import Truncation, check_truncation, stream_table


@dataclass(frozen=True, eq=False)
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


def ledger(model: Model, trace: Trace, targets: Any, parameter: str, truncation: Truncation | None = None) -> Ledger:
    """Return one parameter's gradient, itemised by (loss t, weight copy τ); see :class:`Ledger`.

    Parameters are as for :func:`rnncore.bptt.backward`, of one sequence of T steps; ``parameter`` is a name of the
    model's. Norms are in nats per unit of the parameter.

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
    """Return the ledgers of every parameter (or those in ``only``), all from one pass over the lags.

    ``gradients``, if the caller has them already, are those of :func:`rnncore.bptt.backward` under the same truncation.
    Raises RnnError as :func:`ledger` does. Time and memory grow with T² H; δ is held in blocks of
    :data:`BLOCK_BYTES`.
    """
    check_model(model, trace)
    if trace.batched:
        raise RnnError("a ledger itemises one sequence; run forward on one row of the batch")
    names = tuple(model.parameters) if only is None else only
    for name in names:
        if not isinstance(name, str) or name not in model.parameters:
            raise RnnError(f"the model has no parameter {name!r:.60}; it has {', '.join(model.parameters)}")
    truncation = check_truncation(truncation)
    wanted = check_targets(trace, targets)
    steps = trace.length
    kept = stream_table(truncation, steps, trace.boundaries, trace.between)
    if gradients is None:
        gradients = backward(model, trace, targets, truncation)
    with np.errstate(all="ignore"):
        d_logits, d_hidden = output_gradients(trace, wanted)
        sums = {n: _Sums(trace, [u for u in trace.cell.uses if u.parameter == n], gradients[n]) for n in names}
        wanted_nodes = sorted({trace.cell.twins[u.delta] for one in sums.values() for u in one.uses})
        for first, deltas in _deltas_by_lag(trace, d_hidden, wanted_nodes):
            norms: dict[tuple[int, int], Array] = {}
            for one in sums.values():
                one.add(first, deltas, norms)
        for name in ("V", "b_y"):
            if name in sums:
                sums[name].output_layer(d_logits)
        return {n: sums[n].ledger(n, kept, gradients[n]) for n in names}


BLOCK_BYTES = 32 * 2**20
"""How much of the δ of all pairs is held at once."""


def _deltas_by_lag(trace: Trace, d_hidden: Array, nodes: list[int]) -> Iterator[tuple[int, dict[int, Array]]]:
    """Yield blocks of lags: (first lag, node -> δ (lags, T, H)), where row [ℓ, τ] belongs to the pair (τ + ℓ, τ).

    Rows beyond the sentence's end are zero. A block is one large array instead of many small ones, because a parameter
    is then itemised by a single product over all pairs.
    """
    steps, hidden = d_hidden.shape
    if not nodes or not steps:
        return
    size = max(1, min(steps, BLOCK_BYTES // max(1, len(nodes) * steps * hidden * d_hidden.itemsize)))
    block: dict[int, Array] = {}
    for lag, found in enumerate(_one_by_one(trace, d_hidden, nodes)):
        if lag % size == 0:
            block = {n: np.zeros((min(size, steps - lag), steps, hidden), d_hidden.dtype) for n in nodes}
        for node, held in block.items():
            if found[node] is not None:
                held[lag % size, : steps - lag] = found[node]
        if lag % size == size - 1 or lag == steps - 1:
            yield lag - lag % size, block


def _one_by_one(trace: Trace, d_hidden: Array, nodes: list[int]) -> Iterator[Mapping[int, Array | None]]:
    """Yield, lag by lag, the gradient (T − lag, H) of each loss with respect to each node."""
    if len(d_hidden) >= LONG and serves(trace.cell):
        for found, rows in lanes(trace, d_hidden, nodes):
            yield {node: found[:, rows[node]] for node in nodes}
    else:
        for one in lanes_by_lag(trace, d_hidden):
            yield {node: one.nodes[node] for node in nodes}


class _Sums:
    """Collects ⟨g, G⟩ and ‖g‖² of one parameter, block of lags by block of lags."""

    def __init__(self, trace: Trace, uses: list[Use], gradient: Array) -> None:
        self.trace = trace
        self.uses = uses
        self.gradient = gradient
        steps = trace.length
        self.products = np.zeros((steps, steps))
        self.squares = np.zeros((steps, steps))
        self.operands = [self._operand(u) for u in uses]
        # ⟨δ ⊗ o, G⟩ = ⟨δ, G o⟩: what δ is compared with at each weight copy.
        self.along = [gradient if o is None else o @ gradient.T for o in self.operands]

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

    def add(self, first: int, deltas: Mapping[int, Array], norms: dict[tuple[int, int], Array]) -> None:
        """Add the pairs of the lags from ``first`` on; ``norms`` keeps ⟨δ, δ′⟩ for the other parameters."""
        product: Any = 0.0
        square: Any = 0.0
        twins = self.trace.cell.twins
        for i, (use, operand, along) in enumerate(zip(self.uses, self.operands, self.along, strict=True)):
            delta = deltas[twins[use.delta]]
            product = product + (delta @ along if operand is None else np.einsum("lth,th->lt", delta, along))
            for j, (other, beside) in enumerate(zip(self.uses[: i + 1], self.operands[: i + 1], strict=True)):
                # ⟨a ⊗ b, c ⊗ d⟩ = ⟨a, c⟩⟨b, d⟩; a parameter that is used twice a step has rank two.
                inner = norms[pair] if (pair := (twins[use.delta], twins[other.delta])) in norms else None
                if inner is None:
                    inner = norms[pair] = np.einsum("lth,lth->lt", delta, deltas[pair[1]])
                if operand is not None and beside is not None:
                    inner = inner * np.einsum("tk,tk->t", operand, beside)
                square = square + (inner if i == j else 2 * inner)
        if self.uses:
            lag, tau = np.indices(product.shape)
            within = lag + tau + first < self.trace.length
            pairs = (lag + tau + first)[within], tau[within]
            self.products[pairs] = product[within]
            self.squares[pairs] = square[within]

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
