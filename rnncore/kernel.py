"""One kernel: everything that is bound to a cell, its sizes, a precision and a batch."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence

import numpy as np

from rnncore.flat import Flat, Layout
from rnncore.frozen import dataclass
from rnncore.kernel_backward import Backward
from rnncore.kernel_buffers import Buffers, Call, rows, run
from rnncore.kernel_forward import Forward
from rnncore.kernel_output import Output
from rnncore.kernel_plan import Plan
from rnncore.kernel_weights import Columns, Weights
from rnncore.model import Model
from rnncore.ops import Array
from rnncore.sparse import Gradient, SparseColumns
from rnncore.truncation import Truncation, Window

PROGRAMS_KEPT = 256
ONE_HOT_VOCABULARY = 100
"""Up to which vocabulary a product with one-hot rows beats sorting the tokens."""


@dataclass(frozen=True)
class Values:
    """The forward pass over one length."""

    program: list[Call]
    """To be run once the columns of the tokens are in their places."""
    hidden: Array
    gathered: list[tuple[int, str, Array]]
    """Products with one-hot inputs: the node, its matrix, and where the columns of the tokens go."""
    tabled: list[int]
    """Stacks whose drives are looked up."""


@dataclass(frozen=True)
class Programs:
    """The backward pass over one length under one policy."""

    after: list[Call]
    """To be run once the output layer has left its gradient in h."""
    from_loss: Array
    counted: Array | None
    weights: Weights
    columns: list[tuple[Columns, Array]]
    """Matrices of the input, and the places of their gradients."""
    one_hot: list[Array]
    """Where the program wants the tokens as one-hot rows (N, V)."""
    assembly: list[Call]
    parts: list[Array]
    """All gradients of a small model, in order, each as one axis."""


class Kernel:
    """Gradients of one cell for one shape of model and batch.

    Parameters
    ----------
    model : Model
        Its cell and its parameters' shapes and precision count; not their values.
    plan : Plan
        The analysis of its cell.
    lanes : tuple of int
        ``()`` for one sequence, ``(B,)`` for a batch.
    capacity : int
        The longest sequence, in steps.
    in_one_vector : bool
        Whether the gradients are to lie in one vector.
    """

    def __init__(self, model: Model, plan: Plan, lanes: tuple[int, ...], capacity: int, *, in_one_vector: bool) -> None:
        self.capacity, self.lanes = capacity, lanes
        self._plan = plan
        self._buffers = Buffers(capacity, lanes, model.hidden_size, model.dtype)
        self._forward = Forward(self._plan, self._buffers)
        self._backward = Backward(self._plan, self._buffers, self._forward)
        self._output = Output(self._buffers, model.vocabulary_size, "b_y" in model.parameters)
        self._layout = Layout(tuple(model.parameters), tuple(p.shape for p in model.parameters.values()))
        self._small = in_one_vector
        self._most = capacity * (lanes or (1,))[0]
        self._vocabulary_size = model.vocabulary_size
        self._gathered = [
            (i, model.cell.nodes[model.cell.nodes[i].inputs[0]].parameter or "", self._forward.values[i].array)
            for i in self._plan.once
            if self._plan.is_one_hot(i)
        ]
        self._in_tables = {product for pairs in self._forward.tabled.values() for product, _ in pairs}
        self._turns: list[list[Call]] = []
        self._values: OrderedDict[int, Values] = OrderedDict()
        self._programs: OrderedDict[tuple[int, Truncation], Programs] = OrderedDict()

    def gradients(
        self,
        parameters: Mapping[str, Array],
        inputs: Array,
        targets: Array,
        start: Mapping[str, Array] | None,
        truncation: Truncation,
        *,
        sparse: bool = False,
    ) -> tuple[Mapping[str, Gradient], float]:
        """Return the gradient of the sum of all losses, as the policy counts them, and that sum in nats.

        ``inputs`` and ``targets`` are time-first, (T,) or (T, B) int, negative where there is padding or no loss.
        ``start`` is the state before the first step, (H,) or (B, H) (None: zeros). The arrays returned are new; with
        ``sparse``, those of large matrices of the input are :class:`~rnncore.sparse.SparseColumns`. What numpy does
        about overflow is as the caller has set it.
        """
        programs = self._programs_for(len(inputs), truncation)
        hidden, tokens = self._run_forward(parameters, inputs, start)
        loss = self._output.run(parameters, hidden, targets.reshape(-1), programs.counted, programs.from_loss)
        for wanted in programs.one_hot:
            wanted.fill(0.0)
            wanted[np.arange(len(tokens)), tokens] = 1.0
        run(programs.after)
        if not programs.parts:
            return self._apart(parameters, programs, tokens, sparse), loss
        for columns, place in programs.columns:
            self._fill_columns(columns, tokens, place)
        run(programs.assembly)
        return Flat(np.concatenate(programs.parts), self._layout), loss

    def loss(
        self, parameters: Mapping[str, Array], inputs: Array, targets: Array, start: Mapping[str, Array] | None
    ) -> float:
        """Return the sum of all losses in nats, without a backward pass; arguments are as for :meth:`gradients`."""
        hidden, _ = self._run_forward(parameters, inputs, start)
        return self._output.loss(parameters, hidden, targets.reshape(-1))

    def _run_forward(
        self, parameters: Mapping[str, Array], inputs: Array, start: Mapping[str, Array] | None
    ) -> tuple[Array, Array]:
        """Fill the buffers with the values of every step; return the hidden states (N, H) and the tokens (N,)."""
        length = len(inputs)
        values = self._values.get(length)
        if values is None:
            values = self._values[length] = self._bind_values(length)
            if len(self._values) > PROGRAMS_KEPT:
                self._values.popitem(last=False)
        # What stands in for padding does not matter: nothing flows back from there.
        tokens = np.maximum(inputs, 0).reshape(-1) if self.lanes else inputs
        self._forward.load(parameters)
        for _, name, array in values.gathered:
            self._gather(parameters[name], tokens, rows(array[:length]))
        for number in values.tabled:
            self._forward.look_up(number, parameters, tokens)
        for name, state in self._forward.states.items():
            state[0] = 0.0 if start is None else start[name]
        run(values.program)
        return values.hidden, tokens

    def states_after(self, steps: Sequence[int]) -> dict[str, Array]:
        """Return the states after so many steps of each lane in the last run, (H,) or (B, H), read-only copies."""
        lanes = np.arange(len(steps))
        states = self._forward.states.items()
        found = {name: state[steps, lanes] if self.lanes else state[steps[0]].copy() for name, state in states}
        for array in found.values():
            array.flags.writeable = False
        return found

    def states_over(self, length: int) -> dict[str, Array]:
        """Return the states before the first step of the last run and after each, (T + 1, …, H), read-only copies."""
        found = {name: state[: length + 1].copy() for name, state in self._forward.states.items()}
        for array in found.values():
            array.flags.writeable = False
        return found

    # --- programs ---------------------------------------------------------------------------------------------------

    def _programs_for(self, length: int, truncation: Truncation) -> Programs:
        key = (length, truncation)
        found = self._programs.get(key)
        if found is None:
            found = self._programs[key] = self._bind(length, truncation)
            if len(self._programs) > PROGRAMS_KEPT:
                self._programs.popitem(last=False)
        return found

    def _bind_values(self, length: int) -> Values:
        forward = self._forward
        while len(self._turns) < length:
            self._turns.append(forward.turn(len(self._turns)))
        tabled = length * int(np.prod(self.lanes, dtype=int)) >= self._vocabulary_size
        program = forward.once(length, tabled)
        for turn in self._turns[:length]:
            program += turn
        return Values(
            program=program,
            hidden=rows(forward.states["h"][1 : length + 1]),
            tabled=list(forward.tabled) if tabled else [],
            gathered=[item for item in self._gathered if not (tabled and item[0] in self._in_tables)],
        )

    def _bind(self, length: int, truncation: Truncation) -> Programs:
        forward, backward = self._forward, self._backward
        lanes = int(np.prod(self.lanes, dtype=int))
        counted = None
        if isinstance(truncation, Window) and truncation.k < length - 1:
            through = backward.through_time(length, (), truncation.k)
        else:
            sweeps = truncation.sweeps(length)
            through = backward.through_time(length, sweeps, None)
            counts = np.zeros(length)
            for sweep in sweeps:
                counts[list(sweep.losses)] += 1
            if (counts != 1).any():
                counted = np.repeat(counts, lanes)[:, None].astype(self._buffers.dtype)
        weights = Weights(self._plan, self._buffers, forward, backward, length)
        assembly, parts = self._assembly(weights) if self._small else ([], [])
        columns = [(c, self._columns(number, c)) for number, c in enumerate(weights.columns)] if self._small else []
        one_hot = list[Array]()
        if self.lanes and self._vocabulary_size <= ONE_HOT_VOCABULARY:
            # From the last on: what is put in for one product moves those behind it.
            joint = [(c, place) for c, place in reversed(columns) if c.stack is not None]
            one_hot = [self._side_by_side(weights, c, place) for c, place in joint]
            columns = [(c, place) for c, place in columns if c.stack is None]
        return Programs(
            after=backward.coefficients.program(length) + through + weights.program,
            from_loss=rows(backward.from_loss[:length]),
            counted=counted,
            weights=weights,
            columns=columns,
            one_hot=one_hot,
            assembly=assembly,
            parts=parts,
        )

    # --- columns of the matrices of the input -----------------------------------------------------------------------

    def _gather(self, matrix: Array, tokens: Array, out: Array) -> None:
        """Write the column of ``matrix`` (H, V) that each token names into the rows of ``out`` (N, H)."""
        if matrix.flags.f_contiguous:
            matrix.T.take(tokens, 0, out, "clip")
            return
        size = self._buffers.hidden_size
        if 2 * len(tokens) >= matrix.shape[1]:
            turned = self._buffers.named("turned", matrix.shape[::-1])
            np.copyto(turned, matrix.T)
            turned.take(tokens, 0, out, "clip")
            return
        columns = self._buffers.named("columns", (self._most * size,))
        columns = columns[: size * len(tokens)].reshape(size, len(tokens))
        matrix.take(tokens, 1, columns, "clip")
        np.copyto(out, columns.T)

    def _by_token(self, columns: Columns, tokens: Array) -> tuple[Array, Array]:
        """Return the distinct ones of the tokens, rising, and for each the sum of its rows of ``columns.delta``.

        Equal tokens are brought together by sorting, in their order of time, and each group is added up in one call.
        """
        order = tokens.argsort(kind="stable")
        ordered = tokens[order]
        first = np.empty(len(ordered), bool)
        first[0] = True
        np.not_equal(ordered[1:], ordered[:-1], first[1:])
        starts = first.nonzero()[0]
        return ordered[starts], np.add.reduceat(columns.delta[order], starts, axis=0)

    def _scatter(self, columns: Columns, tokens: Array, out: list[Array]) -> None:
        """Write the sums by token (n·H) to the token's column of the n arrays ``out`` (H, V), which hold zeros."""
        distinct, sums = self._by_token(columns, tokens)
        size = self._buffers.hidden_size
        for place, array in enumerate(out):
            array.T[distinct] = sums[:, place * size : (place + 1) * size]

    def _columns(self, number: int, columns: Columns) -> Array:
        """Return the place (n, H, V) of the gradients of matrices of the input, for models of moderate size."""
        return self._buffers.named(
            ("dU", number), (len(columns.names), self._buffers.hidden_size, self._vocabulary_size)
        )

    def _side_by_side(self, weights: Weights, columns: Columns, joint: Array) -> Array:
        """Find dW and dU of a stack in one product, and return where it wants the one-hot rows.

        Their δ is the same: ``[δᵀ h, δᵀ x] = δᵀ [h, x]``, and one wide product takes less time than two.
        """
        assert columns.stack is not None
        place, operand, result = weights.products[columns.stack]
        size, name = self._buffers.hidden_size, columns.stack
        width = size + self._vocabulary_size
        beside = self._buffers.named(("beside", name), (self._most, width))[: len(operand)]
        both = self._buffers.named(("dW and dU", name), (len(result), width))
        weights.program[place : place + 1] = [
            (np.copyto, (beside[:, :size], operand)),
            (np.dot, (columns.delta.T, beside, both)),
            (np.copyto, (result, both[:, :size])),
            (np.copyto, (joint.reshape(len(result), -1), both[:, size:])),
        ]
        return beside[:, size:]

    def _fill_columns(self, columns: Columns, tokens: Array, joint: Array) -> None:
        count, size, vocabulary = joint.shape
        if vocabulary > ONE_HOT_VOCABULARY:
            joint.fill(0.0)
            self._scatter(columns, tokens, list(joint))
            return
        one_hot = self._buffers.named("one-hot", (self._most, vocabulary))
        one_hot[: len(tokens)].fill(0.0)
        one_hot.reshape(-1)[self._output.starts[: len(tokens)] + tokens] = 1.0
        np.dot(columns.delta.T, one_hot[: len(tokens)], joint.reshape(count * size, vocabulary))

    # --- results ----------------------------------------------------------------------------------------------------

    def _assembly(self, weights: Weights) -> tuple[list[Call], list[Array]]:
        """Return calls that add up parameters of several uses, and all gradients (…,) in order, for small models."""
        calls, found = list[Call](), {name: list(arrays) for name, arrays in weights.found.items()}
        found["V"] = [self._output.d_matrix]
        if self._output.d_bias is not None:
            found["b_y"] = [self._output.d_bias]
        for number, columns in enumerate(weights.columns):
            for name, array in zip(columns.names, self._columns(number, columns), strict=True):
                found.setdefault(name, []).append(array)
        parts = []
        for name, shape in zip(self._layout.names, self._layout.shapes, strict=True):
            arrays = found.get(name) or [self._buffers.named(("no gradient", name), shape)]
            total = arrays[0]
            if len(arrays) > 1:
                total = self._buffers.named(("uses", name), shape)
                calls.append((np.add, (arrays[0], arrays[1], total)))
                calls += [(np.add, (total, array, total)) for array in arrays[2:]]
            parts.append(total.reshape(-1))
        return calls, parts

    def _apart(
        self, parameters: Mapping[str, Array], programs: Programs, tokens: Array, sparse: bool
    ) -> Mapping[str, Gradient]:
        """Return the gradients of a large model, each an array of its own."""
        weights, size = programs.weights, self._buffers.hidden_size
        found: dict[str, Array] = {"V": self._output.take_d_matrix()}
        if self._output.d_bias is not None:
            found["b_y"] = self._output.d_bias.copy()
        for name, arrays in weights.found.items():
            found[name] = arrays[0].copy()
            for array in arrays[1:]:
                found[name] += array
        thin: dict[str, Gradient] = {}
        uses = [name for columns in weights.columns for name in columns.names]
        for columns in weights.columns:
            if sparse and all(name not in found and uses.count(name) == 1 for name in columns.names):
                distinct, sums = self._by_token(columns, tokens)
                for place, name in enumerate(columns.names):
                    shape, by_columns = parameters[name].shape, not parameters[name].flags.c_contiguous
                    values = np.ascontiguousarray(sums[:, place * size : (place + 1) * size])
                    thin[name] = SparseColumns((shape[0], shape[1]), distinct, values, by_columns)
                continue
            # In the memory order of the parameter itself, since the optimiser will walk over both.
            out = [np.zeros_like(parameters[name], self._buffers.dtype, order="K") for name in columns.names]
            self._scatter(columns, tokens, out)
            for name, array in zip(columns.names, out, strict=True):
                found[name] = found[name] + array if name in found else array
        for name, parameter in parameters.items():
            if name not in found and name not in thin:
                found[name] = np.zeros_like(parameter)
        for array in found.values():
            array.flags.writeable = False
        return {name: thin[name] if name in thin else found[name] for name in parameters}
