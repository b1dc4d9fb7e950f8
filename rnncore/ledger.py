"""The gradient, itemised: how much of it each loss asked of each weight copy.

``g(t, τ)`` is the gradient of loss t with respect to a shared parameter *as used at time step τ*. For a matrix that is
used once a step it is rank one, ``δ(t, τ) ⊗ operand(τ)``, so that its norm needs no matrix: ``‖δ‖·‖operand‖``. The
signed entry ``⟨g(t, τ), G⟩ / ‖G‖`` is the part of g(t, τ) along the truncated gradient G; over the pairs that the
policy keeps, each as often as it is counted, the entries sum to exactly ‖G‖.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field
from functools import cached_property
from typing import Any

import numpy as np

from rnncore.backstep import LONG, lanes, serves
from rnncore.bptt import Gradients, backward, check_model, lanes_by_lag, output_gradients
from rnncore.cells import Use
from rnncore.errors import RnnError
from rnncore.frozen import dataclass
from rnncore.ledger_scaled import ScaledEntries, least
from rnncore.model import Model
from rnncore.norms import lengths, norm
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
        return np.array([lengths(np.diagonal(self.norms, -lag)) for lag in range(steps)])


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
        uses = {n: [u for u in trace.cell.uses if u.parameter == n] for n in names}
        asked = np.asarray(d_hidden.any(axis=-1))
        sums = {n: _Sums(trace, uses[n], gradients[n], asked) for n in names}
        wanted_nodes = sorted({trace.cell.twins[u.delta] for one in sums.values() for u in one.uses})
        for first, deltas in _deltas_by_lag(trace, d_hidden, wanted_nodes):
            norms: dict[tuple[int, int], Array] = {}
            nonzero: dict[int, Array] = {}
            for one in sums.values():
                one.add(first, deltas, norms, nonzero)
        for name in ("V", "b_y"):
            if name in sums:
                sums[name].output_layer(d_logits)
        return {n: sums[n].ledger(n, kept) for n in names}


LARGE = 1e10
"""From this squared norm of an operand on a pair's δ is looked at by itself."""

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

    def __init__(self, trace: Trace, uses: list[Use], gradient: Array, asked: Array) -> None:
        self.trace = trace
        self.uses = uses
        self.gradient = gradient
        self.asked = asked  # (T,) bool: whether a loss asks anything of its state
        steps = trace.length
        self.products = np.zeros((steps, steps))
        self.squares = np.zeros((steps, steps))
        self.total = norm(gradient)
        self.operands = [self._operand(u) for u in uses]
        self.scaled = ScaledEntries(self.operands, gradient)
        self.mended_norms: list[tuple[Array, Array, Array]] = []
        self.mended_shares: list[tuple[Array, Array, Array]] = []
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

    def add(
        self,
        first: int,
        deltas: Mapping[int, Array],
        norms: dict[tuple[int, int], Array],
        nonzero: dict[int, Array],
    ) -> None:
        """Add the pairs of the lags from ``first`` on.

        For the other parameters ``norms`` keeps ⟨δ, δ′⟩, and ``nonzero`` where a δ is not 0 throughout.
        """
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
                    read = np.einsum("tk,tk->t", operand, beside)
                    if read.max() > LARGE:  # it would hide that so small an inner product has lost digits
                        inner = np.where((inner != 0) & (np.abs(inner) < least(inner)), np.nan, inner)
                    inner = inner * read
                square = square + (inner if i == j else 2 * inner)
        if self.uses:
            lag, tau = np.indices(product.shape)
            within = lag + tau + first < self.trace.length
            pairs = (lag + tau + first)[within], tau[within]
            products, squares = product[within], square[within]
            self.products[pairs], self.squares[pairs] = products, squares
            if not self._all_sound(products, squares):
                self._look_again(deltas, pairs, within, products, squares, nonzero)

    def _all_sound(self, products: Array, squares: Array) -> bool:
        """Whether no sum has to be looked at by itself: the usual case, told at little cost."""
        if not self.total > 0:
            return False
        low = least(squares)
        smallest = max(low, (low / self.total) * (low / self.total))
        return bool(squares.min() > smallest and squares.sum() < np.inf and products.dot(products) < np.inf)

    def _look_again(
        self,
        deltas: Mapping[int, Array],
        pairs: tuple[Array, Array],
        within: Array,
        products: Array,
        squares: Array,
        nonzero: dict[int, Array],
    ) -> None:
        """Work those in doubt of a block's ``pairs`` out anew; those of no gradient at all are rightly 0."""
        size, share = self._in_doubt(products, squares)
        nothing = (products == 0) & (squares == 0) & np.logical_not(self._read[pairs[1]])
        doubtful = (size | share) & self.asked[pairs[0]] & np.logical_not(nothing)
        if not doubtful.any():
            return
        nodes = [self.trace.cell.twins[use.delta] for use in self.uses]
        for node in nodes:
            if node not in nonzero:
                nonzero[node] = np.asarray(deltas[node].any(axis=-1))
        doubtful &= np.asarray([nonzero[node][within] for node in nodes]).any(axis=0)
        places = tuple(at[doubtful] for at in np.nonzero(within))
        found = [deltas[node][places] for node in nodes]
        self._mend(pairs[0][doubtful], pairs[1][doubtful], found, size[doubtful], share[doubtful])

    @cached_property
    def _read(self) -> Array:
        """(T,) bool: whether a weight copy reads anything but zeros, such as the state before the first step."""
        reads = [np.asarray(o.any(axis=-1)) for o in self.operands if o is not None]
        whole = len(reads) < len(self.operands)
        return np.full(len(self.asked), True) if whole else np.asarray(np.any(reads, axis=0))

    def _in_doubt(self, product: Array, square: Array) -> tuple[Array, Array]:
        """Where a norm, and where a share in ‖G‖, has overflowed or is so small that it may have lost digits."""
        low = least(square)
        size = np.logical_not((square > low) & (square < np.inf))
        if not 0 < self.total < np.inf:
            return size, np.zeros_like(size)
        smallest = low / self.total
        share: Array = np.logical_not(np.isfinite(product) & (square > smallest * smallest))
        return size, share

    def _mend(self, losses: Array, taus: Array, deltas: list[Array], size: Array, share: Array) -> None:
        """Work the norms (where ``size``) and shares of some pairs out anew, if their δ (n, H) are finite."""
        finite: Array = np.logical_and.reduce([np.isfinite(delta).all(axis=-1) for delta in deltas])
        if finite.any():
            shares, norms = self.scaled.entries([delta[finite] for delta in deltas], taus[finite])
            losses, taus, size, share = (values[finite] for values in (losses, taus, size, share))
            self.mended_norms.append((losses[size], taus[size], norms[size]))
            self.mended_shares.append((losses[share], taus[share], shares[share]))

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
        if not len(square) or self._all_sound(product, square):
            return
        size, share = self._in_doubt(product, square)
        steps = np.flatnonzero((size | share) & d_logits.any(axis=-1))
        self.scaled = ScaledEntries([hidden if self.gradient.ndim == 2 else None], self.gradient)
        self._mend(steps, steps, [d_logits[steps]], size[steps], share[steps])

    def ledger(self, name: str, kept: Array) -> Ledger:
        total = self.total
        signed = self.products / total if total > 0 or total != total else np.zeros_like(self.products)
        norms = np.sqrt(np.maximum(self.squares, 0.0))
        for table, mended in ((norms, self.mended_norms), (signed, self.mended_shares)):
            for losses, taus, values in mended:
                table[losses, taus] = values
        for array in (signed, norms, kept):
            array.flags.writeable = False
        return Ledger(name, signed, norms, kept, total)
