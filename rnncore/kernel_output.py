"""The output layer of a kernel: logits, softmax, losses and their gradients for all time steps at once."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from rnncore.kernel_buffers import Buffers, aligned
from rnncore.ops import Array

NUMBERS_AT_ONCE = 2**22
"""How many logits are held at a time; more are done in parts."""
LEAST_SUM = 1e-6
"""Below which Σ exp(z − the largest logit of all rows) a row is shifted by its own largest logit instead."""


class Output:
    """``z = V h + b_y``, cross entropy, and back, for N = T·B rows at once.

    Attributes
    ----------
    d_bias : (V,)
        Gradient of ``b_y`` that :meth:`run` leaves behind (None: there is no such parameter).
    """

    def __init__(self, buffers: Buffers, vocabulary_size: int, bias: bool) -> None:
        count = buffers.capacity * int(np.prod(buffers.lanes, dtype=int))
        dtype = buffers.dtype
        self.starts = np.arange(count) * vocabulary_size
        """Where each row begins, if N rows of V numbers follow one another."""
        self.part = max(1, min(count, NUMBERS_AT_ONCE // vocabulary_size))
        self._logits = aligned((self.part, vocabulary_size), dtype)
        self._flat = self._logits.reshape(-1)
        self._peak, self._sum = aligned((self.part, 1), dtype), aligned((self.part, 1), dtype)
        self._known: dict[int, tuple[Array, Array, Array, Array, Array]] = {}
        self._one = buffers.one
        self._ones, self._words = aligned((self.part,), dtype), aligned((vocabulary_size,), dtype)
        self._ones.fill(1.0)
        self._words.fill(1.0)
        self._shape = (vocabulary_size, buffers.hidden_size)
        self._d_matrix: Array | None = None
        self.d_bias: Array | None = aligned((vocabulary_size,), dtype) if bias else None

    @property
    def d_matrix(self) -> Array:
        """Gradient of the output matrix (V, H)."""
        if self._d_matrix is None:
            self._d_matrix = np.empty(self._shape, self._logits.dtype)
        return self._d_matrix

    def run(
        self, parameters: Mapping[str, Array], hidden: Array, targets: Array, counted: Array | None, d_hidden: Array
    ) -> float:
        """Return the sum of the losses in nats; fill ``d_hidden`` (N, H), ``d_matrix`` and ``d_bias``.

        ``hidden`` (N, H); ``targets`` (N,) int, negative where there is no loss. ``counted`` (N, 1) says how often the
        policy counts each loss in the gradients of the output layer (None: once); ``d_hidden`` counts each once.
        """
        total, matrix = 0.0, parameters["V"]
        for start in range(0, len(hidden), self.part):
            stop = min(start + self.part, len(hidden))
            h, wanted = hidden[start:stop], targets[start:stop]
            z, total_exp, at, losses, some_silent = self._losses(parameters, h, wanted)
            total += float(np.add.reduce(losses, dtype=np.float64))
            # ∂L/∂z = p − onehot(target).
            np.divide(z, total_exp, z)
            probabilities = self._flat.take(at)
            probabilities -= self._one
            self._flat[at] = probabilities
            if some_silent:
                z[wanted < 0] = 0.0
            np.dot(z, matrix, d_hidden[start:stop])
            if counted is not None:
                np.multiply(z, counted[start:stop], z)
            self._add(z, h, first=start == 0)
        return total

    def loss(self, parameters: Mapping[str, Array], hidden: Array, targets: Array) -> float:
        """Return the sum of the losses alone; arguments are as for :meth:`run`."""
        total = 0.0
        for start in range(0, len(hidden), self.part):
            part = slice(start, start + self.part)
            losses = self._losses(parameters, hidden[part], targets[part])[3]
            total += float(np.add.reduce(losses, dtype=np.float64))
        return total

    def _losses(
        self, parameters: Mapping[str, Array], hidden: Array, targets: Array
    ) -> tuple[Array, Array, Array, Array, bool]:
        """Return (exp(z − peak) (N, V), its sums (N, 1), places of the targets, losses (N,), whether some carry none).

        All but the last two lie in buffers.
        """
        z, peak, total_exp, column, starts = self._views(len(hidden))
        np.dot(hidden, parameters["V"].T, z)
        if "b_y" in parameters:
            np.add(z, parameters["b_y"], z)
        some_silent = bool(np.minimum.reduce(targets) < 0)
        at = starts + (np.maximum(targets, 0) if some_silent else targets)
        ones = self._words
        # log Σ exp(z) − z[target] is the same for z shifted by any number; the largest logit of all lets nothing
        # overflow, and to find it takes one run over memory instead of one a row.
        np.subtract(z, np.maximum.reduce(z, None), z)
        chosen = self._flat.take(at)
        np.exp(z, z)
        np.dot(z, ones, column)
        if not np.minimum.reduce(column) > LEAST_SUM:
            # A row that lies far below another has lost digits, or there are NaNs: each row by its own largest.
            np.dot(hidden, parameters["V"].T, z)
            if "b_y" in parameters:
                np.add(z, parameters["b_y"], z)
            np.maximum.reduce(z, 1, out=peak, keepdims=True)
            np.subtract(z, peak, z)
            chosen = self._flat.take(at)
            np.exp(z, z)
            np.dot(z, ones, column)
        losses = np.log(column)
        losses -= chosen
        if some_silent:
            losses[targets < 0] = 0.0
        return z, total_exp, at, losses, some_silent

    def _views(self, count: int) -> tuple[Array, Array, Array, Array, Array]:
        """Return (logits, their peaks, sums, the sums as a vector, where rows begin) for so many rows."""
        found = self._known.get(count)
        if found is None:
            total = self._sum[:count]
            found = (self._logits[:count], self._peak[:count], total, total[:, 0], self.starts[:count])
            self._known[count] = found
        return found

    def take_d_matrix(self) -> Array:
        """Return ``d_matrix`` for good; the next run writes to a new one."""
        taken, self._d_matrix = self.d_matrix, None
        return taken

    def _add(self, d_logits: Array, hidden: Array, first: bool) -> None:
        ones = self._ones[: len(hidden)]
        if first:
            np.dot(d_logits.T, hidden, self.d_matrix)
            if self.d_bias is not None:
                np.dot(ones, d_logits, self.d_bias)
            return
        total = self.d_matrix
        total += np.dot(d_logits.T, hidden)
        if self.d_bias is not None:
            self.d_bias += np.dot(ones, d_logits)
