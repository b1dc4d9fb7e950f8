"""The forward pass of a kernel: programs that fill the buffers with every value that the backward pass needs."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

import numpy as np

from rnncore.kernel_buffers import Buffers, Call, Value, Where, clamp, joined, relu, rows
from rnncore.kernel_plan import Plan, Stack, runs
from rnncore.ops import Array

_BINARY = {"add": np.add, "sub": np.subtract, "mul": np.multiply}


class Forward:
    """Values of one cell's nodes in fixed buffers, and the programs that compute them.

    Attributes
    ----------
    values : mapping
        Node -> :class:`~rnncore.kernel_buffers.Value`. Where a block is halved, so is its value here.
    states : mapping
        State name -> (T + 1, [B,] H): before the first step, after the first, …
    weights : mapping
        Stack number -> (n·H, H), the matrices above each other, for the backward pass.
    factors : mapping
        Stack number -> what the forward pass multiplies by: those of halved blocks times ½; for a batch turned,
        (H, n·H), which is a third faster to multiply by.
    """

    def __init__(self, plan: Plan, buffers: Buffers) -> None:
        self.plan, self.buffers = plan, buffers
        cell = plan.cell
        self.states = {s: buffers.steps(("state", s), extra=1) for s in cell.states}
        self.values: dict[int, Value] = {}
        self.weights: list[Array] = []
        self.matrices: dict[int, Array] = {}
        """Copies of the matrices of products that are computed at once from something else than the input."""
        vectors = [n for n in cell.nodes if n.parameter is not None and self._is_vector(n.index)]
        self.vector_names = tuple(n.parameter or "" for n in vectors)
        size = buffers.hidden_size
        self.vectors = buffers.named("vectors", (len(vectors), size))
        for place, node in enumerate(vectors):
            self.values[node.index] = Value(self.vectors[place], False)
        for node in cell.nodes:
            if node.op == "constant":
                self.values[node.index] = Value(buffers.number(node.constant or 0.0), False)
            elif node.op == "state" and node.state is not None:
                self.values[node.index] = Value(self.states[node.state][:-1], True)
        self._drives = [buffers.steps(("drive", k), len(s.members)) for k, s in enumerate(plan.stacks)]
        for number, stack in enumerate(plan.stacks):
            self.weights.append(buffers.named(("weights", number), (len(stack.members) * size, size)))
        self.factors = [self._factor(number) for number in range(len(plan.stacks))]
        self._scales = [self._scale(number) for number in range(len(plan.stacks))]
        self._gates: dict[int, tuple[int, int, int]] = {}
        self._place_gates()
        self._place_values()

    def _factor(self, number: int) -> Array:
        weights, lanes = self.weights[number], self.buffers.lanes
        if not lanes and not any(self.plan.stacks[number].halved):
            return weights
        return self.buffers.named(("factor", number), weights.shape[::-1] if lanes else weights.shape)

    def _scale(self, number: int) -> Array:
        """Return ½ for the rows (columns, where turned) of halved blocks, and 1."""
        scales = [0.5 if halved else 1.0 for halved in self.plan.stacks[number].halved]
        found: Array = np.repeat(scales, self.buffers.hidden_size).astype(self.buffers.dtype)
        return found if self.buffers.lanes else found[:, None]

    def _is_vector(self, index: int) -> bool:
        nodes, readers = self.plan.cell.nodes, self.plan.readers[index]
        is_matrix = any(nodes[c].op == "matmul" and nodes[c].inputs[0] == index for c in readers)
        return index in self.plan.needed and not is_matrix

    def _place_gates(self) -> None:
        for number, stack in enumerate(self.plan.stacks):
            levels = [self.plan.level[g] if g is not None else 0 for g in stack.gates]
            for level in sorted(set(levels) - {0}):
                for start, stop in runs([found == level for found in levels]):
                    block = self.buffers.blocks(("gates", number, start), stop - start)
                    for place in range(start, stop):
                        gate = stack.gates[place]
                        assert gate is not None
                        self._gates[gate] = (number, start, stop)
                        self.values[gate] = Value(block[..., place - start, :], True)

    def _place_values(self) -> None:
        plan, buffers = self.plan, self.buffers
        for index, (number, place) in plan.block_of.items():
            self.values[index] = Value(self._drives[number][..., place, :], True)
        self._own: dict[int, str] = {}
        for state, index in plan.cell.outputs.items():
            if index in plan.in_turn and index in plan.level and index not in self.values and index not in self._own:
                self._own[index] = state
                self.values[index] = Value(self.states[state][1:], True)
        for index in (*plan.once, *plan.turn):
            if index not in self.values and not (index in plan.in_turn and plan.cell.nodes[index].op == "matmul"):
                sequential = index in plan.sequential
                array = buffers.steps(("value", index)) if sequential else buffers.vector(("value", index))
                self.values[index] = Value(array, sequential)
        for index in plan.once:
            node = plan.cell.nodes[index]
            if node.op == "matmul" and not plan.is_one_hot(index):
                size = buffers.hidden_size
                self.matrices[index] = buffers.named(("matrix", index), (size, size))

    def _known(self, index: int) -> list[int]:
        """Return the terms of a sum that are known at once."""
        return [i for i in self.plan.cell.nodes[index].inputs if i not in self.plan.in_turn]

    @cached_property
    def _sums(self) -> dict[int, Value]:
        """Sums outside the stacks with several terms that are known at once -> the sum of these."""
        plan, found = self.plan, dict[int, Value]()
        for index in plan.turn:
            known = self._known(index)
            if plan.cell.nodes[index].op == "add" and index not in plan.block_of and len(known) > 1:
                sequential = any(i in plan.sequential for i in known)
                name = ("sum", index)
                array = self.buffers.steps(name) if sequential else self.buffers.vector(name)
                found[index] = Value(array, sequential)
        return found

    # --- parameters -------------------------------------------------------------------------------------------------

    @cached_property
    def tabled(self) -> dict[int, tuple[tuple[int, int | None], ...]]:
        """Stacks whose drives are looked up in a table: number -> (one-hot product, added vector) of each block.

        Such a drive is a column of U plus a bias. Where the vocabulary has fewer tokens than the batch it is
        less work to form it for every token of the vocabulary, all blocks side by side, and then to copy rows.
        """
        found = {}
        for number, stack in enumerate(self.plan.stacks):
            terms = [self._known(b) if self.plan.cell.nodes[b].op == "add" else [] for b in stack.blocks]
            pairs = []
            for block, known in zip(stack.blocks, terms, strict=True):
                products = [i for i in known if self.plan.is_one_hot(i) and self.plan.readers[i] == [block]]
                others = [i for i in known if i not in products]
                # Leaves are known before any program runs.
                simple = len(others) < 2 and all(self.plan.cell.nodes[i].is_leaf for i in others)
                if len(products) == 1 and simple:
                    pairs.append((products[0], others[0] if others else None))
            if len(pairs) == len(stack.blocks):
                found[number] = tuple(pairs)
        return found

    def look_up(self, number: int, parameters: Mapping[str, Array], tokens: Array) -> None:
        """Fill the drives of a stack in :attr:`tabled` for these tokens (N,)."""
        b, stack, nodes = self.buffers, self.plan.stacks[number], self.plan.cell.nodes
        pairs, size = self.tabled[number], b.hidden_size
        matrices = [parameters[nodes[nodes[product].inputs[0]].parameter or ""] for product, _ in pairs]
        table = b.named(("table", number), (matrices[0].shape[1], len(pairs) * size))
        for place, (matrix, (_, vector)) in enumerate(zip(matrices, pairs, strict=True)):
            part = table[:, place * size : (place + 1) * size]
            if vector is None:
                np.copyto(part, matrix.T)
            else:
                np.add(matrix.T, self.values[vector].array, part)
        for start, stop in runs(stack.halved):
            part = table[:, start * size : stop * size]
            np.multiply(part, b.half, part)
        out = rows(joined(self._drives[number]))[: len(tokens)]
        table.take(tokens, 0, out, "clip")

    def load(self, parameters: Mapping[str, Array]) -> None:
        """Copy the small parameters to their places; the matrices of the input stay where they are."""
        nodes = self.plan.cell.nodes
        if self.vector_names:
            np.concatenate([parameters[name] for name in self.vector_names], out=self.vectors.reshape(-1))
        for stack, weights, factor, scale in zip(
            self.plan.stacks, self.weights, self.factors, self._scales, strict=True
        ):
            matrices = [parameters[nodes[nodes[m].inputs[0]].parameter or ""] for m in stack.members]
            np.concatenate(matrices, out=weights)
            if factor is not weights:
                np.multiply(weights.T if self.buffers.lanes else weights, scale, factor)
        for index, matrix in self.matrices.items():
            np.copyto(matrix, parameters[nodes[nodes[index].inputs[0]].parameter or ""])

    def groups(self, number: int) -> list[tuple[int, int, Array]]:
        """Return (start, stop, outputs (T, [B,] stop − start, H)) of each group of a stack's gates."""
        found = sorted({group for group in self._gates.values() if group[0] == number})
        return [(a, z, self.buffers.blocks(("gates", number, a), z - a)) for _, a, z in found]

    # --- programs ---------------------------------------------------------------------------------------------------

    def once(self, length: int, tabled: bool) -> list[Call]:
        """Return the program for what depends on no previous state; products with one-hot inputs are there already.

        ``tabled`` says that so are the drives of the stacks in :attr:`tabled`.
        """
        plan, b = self.plan, self.buffers
        nodes, calls = plan.cell.nodes, list[Call]()
        where = slice(0, length)
        for index in plan.once:
            node, out = nodes[index], self.values[index].at(where)
            if plan.is_one_hot(index):
                continue
            if node.op == "matmul":
                value = self.values[node.inputs[1]]
                if value.sequential:
                    calls.append((np.dot, (rows(value.at(where)), self.matrices[index].T, rows(out))))
                else:
                    calls.append((np.dot, (self.matrices[index], value.array, out)))
            elif node.op == "add":
                self._sum(calls, [self.values[i].at(where) for i in node.inputs], out)
            else:
                self._elementwise(calls, index, out, where)
        for number, stack in enumerate(plan.stacks):
            if tabled and number in self.tabled:
                continue
            for place, block in enumerate(stack.blocks):
                out = self._drives[number][where][..., place, :]
                terms = self._known(block) if nodes[block].op == "add" else []
                if terms or self._driven(stack):
                    self._sum(calls, [self.values[i].at(where) for i in terms], out)
            for start, stop in runs(stack.halved):
                if self._driven(stack):
                    half = joined(self._drives[number][where][..., start:stop, :])
                    calls.append((np.multiply, (half, b.half, half)))
        for index, total in self._sums.items():
            self._sum(calls, [self.values[i].at(where) for i in self._known(index)], total.at(where))
        for state, index in plan.cell.outputs.items():
            if index not in plan.in_turn:
                calls.append((np.copyto, (self.states[state][1 : length + 1], self.values[index].at(where))))
        return calls

    def _driven(self, stack: Stack) -> bool:
        """Whether some block of a stack has terms that are known at once."""
        nodes, in_turn = self.plan.cell.nodes, self.plan.in_turn
        return any(nodes[b].op == "add" and any(i not in in_turn for i in nodes[b].inputs) for b in stack.blocks)

    def turn(self, t: int) -> list[Call]:
        """Return the program for one time step."""
        plan = self.plan
        nodes, calls, done = plan.cell.nodes, list[Call](), set[tuple[int, ...]]()
        for index in plan.turn:
            node = nodes[index]
            if node.op == "matmul":
                number = next(k for k, s in enumerate(plan.stacks) if index in s.members)
                if (number,) not in done:
                    done.add((number,))
                    self._product(calls, number, t)
            elif index in self._gates:
                if self._gates[index] not in done:
                    done.add(self._gates[index])
                    self._group(calls, self._gates[index], t)
            elif node.op == "add":
                self._add(calls, index, t)
            else:
                self._elementwise(calls, index, self.values[index].at(t), t)
        for state, index in plan.cell.outputs.items():
            if index in plan.in_turn and self._own.get(index) != state:
                calls.append((np.copyto, (self.states[state][t + 1], self.values[index].at(t))))
        return calls

    def _product(self, calls: list[Call], number: int, t: int) -> None:
        stack, factor = self.plan.stacks[number], self.factors[number]
        operand, into = self.values[stack.operand].at(t), joined(self._drives[number][t])
        driven = self._driven(stack)
        out = self.buffers.named(("product", number), into.shape) if driven else into
        factors = (operand, factor) if self.buffers.lanes else (factor, operand)
        calls.append((np.dot, (*factors, out)))
        if driven:
            calls.append((np.add, (into, out, into)))

    def _group(self, calls: list[Call], group: tuple[int, int, int], t: int) -> None:
        """All gates of a stack that are ready together: one tanh; the sigmoids among them are ½ + ½ tanh(a/2)."""
        number, start, stop = group
        b, half, stack = self.buffers, self.buffers.half, self.plan.stacks[number]
        block = b.blocks(("gates", number, start), stop - start)[t]
        calls.append((np.tanh, (b.together(self._drives[number][t][..., start:stop, :]), b.together(block))))
        for first, last in runs(stack.halved[start:stop]):
            part = b.together(block[..., first:last, :])
            calls += [(np.multiply, (part, half, part)), (np.add, (part, half, part))]

    def _add(self, calls: list[Call], index: int, t: int) -> None:
        plan, b = self.plan, self.buffers
        inputs, out = plan.cell.nodes[index].inputs, self.values[index].at(t)
        if index not in plan.block_of:
            known = [self._sums[index]] if index in self._sums else [self.values[i] for i in self._known(index)]
            terms = [*known, *(self.values[i] for i in inputs if i in plan.in_turn)]
            self._sum(calls, [term.at(t) for term in terms], out)
            return
        number, place = plan.block_of[index]
        stack = plan.stacks[number]
        for term in inputs:
            if term in plan.in_turn and term != stack.members[place]:
                value = self.values[term].at(t)
                if stack.halved[place]:
                    halved = b.named("halved term", value.shape)
                    calls.append((np.multiply, (value, b.half, halved)))
                    value = halved
                calls.append((np.add, (out, value, out)))

    def held(self, index: int) -> Array:
        """Return which units (H,) bool a clamp holds."""
        nodes = self.plan.cell.nodes
        held = self.buffers.named(("held", index), (self.buffers.hidden_size,), bool)
        unit = nodes[nodes[index].inputs[2]].constant if len(nodes[index].inputs) == 3 else None
        held[... if unit is None else int(unit)] = True
        return held

    def _sum(self, calls: list[Call], terms: list[Array], out: Array) -> None:
        if len(terms) < 2:
            calls.append((np.copyto, (out, terms[0] if terms else self.buffers.zero)))
            return
        calls.append((np.add, (terms[0], terms[1], out)))
        calls += [(np.add, (out, term, out)) for term in terms[2:]]

    def _elementwise(self, calls: list[Call], index: int, out: Array, where: Where) -> None:
        node, b = self.plan.cell.nodes[index], self.buffers
        inputs = [self.values[i].at(where) for i in node.inputs]
        if node.op in _BINARY:
            calls.append((_BINARY[node.op], (*inputs, out)))
        elif node.op == "neg":
            calls.append((np.negative, (inputs[0], out)))
        elif node.op == "relu":
            calls.append((relu, (inputs[0], b.zero, out)))
        elif node.op == "tanh":
            calls.append((np.tanh, (inputs[0], out)))
        elif node.op == "clamp":
            calls.append((clamp, (inputs[0], self.held(index), inputs[1], out)))
        else:
            argument = inputs[0]
            number, place = self.plan.block_of.get(node.inputs[0], (0, -1))
            if place < 0 or not self.plan.stacks[number].halved[place]:
                calls.append((np.multiply, (argument, b.half, out)))
                argument = out
            calls.append((np.tanh, (argument, out)))
            calls += [(np.multiply, (out, b.half, out)), (np.add, (out, b.half, out))]
