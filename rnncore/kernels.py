"""Fast gradients for training: the graph's numbers, computed with few and large numpy calls.

The graph (:mod:`rnncore.trace`, :mod:`rnncore.bptt`) explains, this trains, and the two agree to rounding: tests
compare them for every cell, policy and shape, and the program compares them while it runs. A plain loop over time
loses its time in calls (a microsecond each, whatever they do) and in memory. Here is what is done about it, and why
none of it changes the answer. Let T be the steps, B the sequences side by side, H the units, V the words.

1. *A column instead of a product.* ``U @ x`` with a one-hot ``x`` is a column of U: copying it is the product.
2. *All steps at once.* What depends on no previous state (``U x_t + b``, the logits, their softmax) is computed for all
   t in one call, and only the rest in turn. The gradient of a shared weight is a sum over time of outer products,
   ``dW = Σ_t δ_t ⊗ h_{t−1}``, which is one matrix product ``δᵀ h`` of (T·B) rows.
3. *Stacked gates.* ``W_i h, W_f h, …`` share h, so that they are one product with the matrices above each other; the
   way back, ``Σ W_iᵀ δ_i``, is one product with the same stack.
4. *One squashing call.* σ(a) = ½ + ½ tanh(a/2) is an identity. Rows of sigmoids in the stack are halved beforehand:
   in binary arithmetic ½ only lowers an exponent, so ``(W/2) h`` *is* half of ``W h``, to the last bit.
5. *The Jacobian inside a step is diagonal.* Between new states and the operands of products all is element-wise; so
   ``∂L/∂δ = K ∘ ∂L/∂state`` with a number K for each unit that depends on the forward values alone. All K are computed
   for all t at once (:mod:`rnncore.kernel_coefficients`), and the loop back through time is left with a few
   multiplications and one product a step.
6. *A window's losses walk together.* Every loss goes back the same k steps, but starts elsewhere. At lag ℓ row τ is
   the gradient of the one loss τ + ℓ; one vectorised step takes all of them to lag ℓ + 1. That is k + 1 large steps
   instead of T short walks. A step is linear in the gradient, so that the sums over losses may be taken first.
7. *A shift that is shared.* log Σ exp(z) − z_target does not change when a number is taken from all z. One number for
   all rows, the largest logit, serves unless a row lies so far below it that digits would go; then each has its own.
8. *Columns of dU.* Only tokens that were read have a gradient. Equal tokens are brought together by a stable sort and
   each group is summed once; with few words a product with one-hot rows adds up the same terms, in a batch the same
   product that finds dW: ``[δᵀ h, δᵀ x] = δᵀ [h, x]``. :mod:`rnncore.sparse` says what may be done to columns alone.
9. *Programs in fixed memory.* All calls of a pass, outputs included, are bound to buffers once for each length
   (:mod:`rnncore.kernel_buffers`). Running them allocates nothing. A kernel keeps nothing from one run to the next that
   changes a result: each run overwrites what it reads, and the same arguments give bitwise the same answer.
10. *Memory in the order in which it is worked on.* In a batch each gate of a step is contiguous for element-wise work,
    and its gradients are copied side by side where a product wants rows (:class:`~rnncore.kernel_backward.Backward`).

Where it is: :mod:`rnncore.kernel_plan` finds 3 to 5 in any cell's equations; :mod:`rnncore.kernel_forward` the values;
:mod:`rnncore.kernel_output` the output layer; :mod:`rnncore.kernel_backward` the way back;
:mod:`rnncore.kernel_weights` the products of 2; :mod:`rnncore.kernel` puts them together. Only sums taken in another
order make a kernel's answer differ from the graph's, by some 1e-16 of its size.

Buffers belong to one thread; :func:`kernel_for` gives every thread kernels of its own.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping

import numpy as np

from rnncore.cells import Cell
from rnncore.flat import LARGEST
from rnncore.kernel import Kernel
from rnncore.kernel_plan import Plan
from rnncore.model import Model
from rnncore.ops import Array
from rnncore.truncation import Truncation

SMALLEST_CAPACITY = 16
KERNELS_KEPT = 6
_plans: dict[str, Plan] = {}
_here = threading.local()
_TOKENS = np.dtype(np.int64)


def plan_of(cell: Cell) -> Plan:
    """Return the analysis of a cell, made once for each text."""
    found = _plans.get(cell.text)
    if found is None:
        found = _plans[cell.text] = Plan(cell)
    return found


def kernel_for(
    model: Model, inputs: Array, targets: Array, start: Mapping[str, Array] | None, truncation: Truncation
) -> Kernel | None:
    """Return a kernel of this thread for some data, or None where only the graph will do.

    ``inputs`` and ``targets`` are (T,) or (B, T). No kernel takes what is not tokens, what does not fit (the graph says
    what is wrong with it), or lanes of unequal length under a policy that counts from a sequence's end.
    """
    if inputs.dtype != _TOKENS or targets.dtype != _TOKENS or inputs.shape != targets.shape or not inputs.size:
        return None
    vocabulary, lanes = model.vocabulary_size, inputs.shape[:-1]
    if np.maximum.reduce(targets, None) >= vocabulary:
        return None
    # Seen as unsigned, negative numbers are very large: one comparison finds those as well.
    if np.maximum.reduce(inputs.view(np.uint64), None) >= vocabulary:
        padding = inputs < 0
        if truncation.depends_on_length or not _only_at_the_end(padding) or inputs.min() < -1:
            return None
        if np.maximum.reduce(inputs, None) >= vocabulary:
            return None
    dtype = model.dtype
    for array in model.parameters.values():
        if array.dtype is not dtype and array.dtype != dtype:
            return None
    shape = (*lanes, model.hidden_size)
    if start is not None and any(s not in start or start[s].shape != shape for s in model.cell.states):
        return None
    kernels: OrderedDict[object, Kernel] | None = getattr(_here, "kernels", None)
    if kernels is None:
        kernels = _here.kernels = OrderedDict()
    key = (model.cell.text, vocabulary, model.hidden_size, dtype.char, lanes, LARGEST)
    found, length = kernels.get(key), inputs.shape[-1]
    if found is None or found.capacity < length:
        capacity = SMALLEST_CAPACITY if found is None else found.capacity
        while capacity < length:
            capacity *= 2
        small = model.parameter_count <= LARGEST
        found = kernels[key] = Kernel(model, plan_of(model.cell), lanes, capacity, in_one_vector=small)
        if len(kernels) > KERNELS_KEPT:
            kernels.popitem(last=False)
    kernels.move_to_end(key)
    return found


def _only_at_the_end(padding: Array) -> bool:
    """Whether lanes (B, T) are padded, if at all, at their end; a single sequence (T,) must not be."""
    return padding.ndim == 2 and not np.any(padding[:, :-1] & ~padding[:, 1:])
