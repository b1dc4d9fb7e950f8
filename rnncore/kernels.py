"""Fast gradients for training: the graph's numbers, computed with few and large numpy calls.

The graph (:mod:`rnncore.trace`, :mod:`rnncore.bptt`) explains, this trains, and the two agree to rounding: tests
compare them for every cell, policy and shape, and the program compares them while it runs. Where the speed comes from:

- what the equations allow, found once for each cell (:mod:`rnncore.kernel_plan`);
- programs of numpy calls bound to fixed buffers, made once for each length (:mod:`rnncore.kernel_buffers`);
- the values (:mod:`rnncore.kernel_forward`), the output layer for all steps at once (:mod:`rnncore.kernel_output`);
- the cell's diagonal Jacobians at once (:mod:`rnncore.kernel_coefficients`), then a short loop back through time
  (:mod:`rnncore.kernel_backward`);
- one product a stack of weights over all time steps (:mod:`rnncore.kernel_weights`).

A kernel keeps nothing from one call to the next that changes a result: the same arguments give bitwise the same answer.
Its buffers belong to one thread; :func:`kernel_for` gives every thread kernels of its own.
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
