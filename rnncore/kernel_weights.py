"""From the gradients of a kernel's slots to those of the parameters: one product a stack over all time steps."""

from __future__ import annotations

from typing import Any

import numpy as np

from rnncore.frozen import dataclass
from rnncore.kernel_backward import Backward
from rnncore.kernel_buffers import Buffers, Call, clamp, rows, zero_where_not_positive
from rnncore.kernel_forward import Forward
from rnncore.kernel_plan import Plan, runs
from rnncore.ops import Array


@dataclass(frozen=True)
class Columns:
    """Gradients of matrices of the input that are found together: ``delta`` (T·B, n·H) and the n matrices' names.

    ``stack`` is the number of the stack of which these are all the blocks (None: there is no such).
    """

    delta: Array
    names: tuple[str, ...]
    stack: int | None = None


class Weights:
    """The program for one length: from ``backward.slots`` to ``found``.

    Attributes
    ----------
    program : list
    found : mapping
        Parameter -> the arrays, rewritten at each run, whose sum is its gradient; without the matrices of the input.
    columns : list of Columns
        For these: what remains to be added up by token.
    """

    def __init__(self, plan: Plan, buffers: Buffers, forward: Forward, backward: Backward, length: int) -> None:
        self.plan, self.buffers, self.forward, self.backward = plan, buffers, forward, backward
        self.program: list[Call] = []
        self.found: dict[str, list[Array]] = {}
        self.columns: list[Columns] = []
        self.products: dict[int, tuple[int, Array, Array]] = {}
        """Stack -> (place in the program of its product, the operand's rows (T·B, H), the result)."""
        self._where = slice(0, length)
        self._ones = buffers.named("ones", (buffers.capacity * int(np.prod(buffers.lanes, dtype=int)),))
        self._ones.fill(1.0)
        self._arrived: dict[int, list[tuple[Array, bool]]] = {}
        """Node -> gradients that reach it, and whether each is still (T, [B,] H) or summed over time to (H,)."""
        self._from_slot: dict[int, list[int]] = {}
        """Node -> the slots that these are."""
        self._places: dict[int, int] = {}
        """Entry of ``columns`` -> the one slot that it is."""
        self._stacks()
        self._drives()
        self._once()
        self._side_by_side()

    def _stacks(self) -> None:
        """``dW = Σ δ ⊗ operand`` for all matrices of a stack in one product."""
        plan, b, nodes = self.plan, self.buffers, self.plan.cell.nodes
        size = b.hidden_size
        for number, stack in enumerate(plan.stacks):
            delta = self._delta(number)
            operand = rows(self.forward.values[stack.operand].at(self._where))
            out = b.named(("dW", number), self.forward.weights[number].shape)
            self.products[number] = len(self.program), operand, out
            self.program.append((np.dot, (delta.T, operand, out)))
            for place, member in enumerate(stack.members):
                name = nodes[nodes[member].inputs[0]].parameter or ""
                self.found.setdefault(name, []).append(out[place * size : (place + 1) * size])

    def _delta(self, number: int) -> Array:
        """Return the gradients with respect to a stack's blocks (T·B, n·H)."""
        return rows(self.backward.blocks(number, self._where))

    def _drives(self) -> None:
        """Hand each slot's gradient to the terms known at once that it stands for."""
        plan, b, nodes = self.plan, self.buffers, self.plan.cell.nodes
        size = b.hidden_size
        summed = b.named("summed", (len(plan.slots), size))
        wanted = set[int]()
        for place, (kind, index) in enumerate(plan.slots):
            if kind == "once":
                terms = [index]
            elif kind in ("block", "drive") and nodes[index].op == "add":
                terms = [i for i in nodes[index].inputs if i in plan.learns and i not in plan.in_turn]
            else:
                continue
            for term in terms:
                if term in plan.sequential:
                    self._arrived.setdefault(term, []).append((self.backward.rows_of(place)[self._where], True))
                    self._from_slot.setdefault(term, []).append(place)
                else:
                    wanted.add(place)
                    self._arrived.setdefault(term, []).append((summed[place], False))
        # One product with a row of ones sums the slots of a stack over time and batch.
        for number, stack in enumerate(plan.stacks):
            start = plan.slots.index(("block", stack.blocks[0]))
            own = set(range(start, start + len(stack.blocks)))
            if wanted & own:
                delta = self._delta(number)
                out = summed[start : start + len(own)].reshape(-1)
                self.program.append((np.dot, (self._ones[: len(delta)], delta, out)))
                wanted -= own
        for place in sorted(wanted):
            flat = rows(self.backward.rows_of(place)[self._where])
            self.program.append((np.dot, (self._ones[: len(flat)], flat, summed[place])))

    def _once(self) -> None:
        """Reverse mode over what was computed for all steps at once; mostly there is nothing but leaves."""
        plan, nodes = self.plan, self.plan.cell.nodes
        for node in reversed(nodes):
            if node.index in plan.in_turn or node.index not in plan.learns or node.index not in self._arrived:
                continue
            gradient = self._total(node.index)
            if node.parameter is not None:
                self.found.setdefault(node.parameter, []).append(gradient)
            elif plan.is_one_hot(node.index):
                name = nodes[node.inputs[0]].parameter or ""
                if len(self._arrived[node.index]) == len(self._from_slot.get(node.index, ())) == 1:
                    self._places[len(self.columns)] = self._from_slot[node.index][0]
                self.columns.append(Columns(rows(gradient), (name,)))
            elif node.op == "matmul":
                self._product(node.index, gradient)
            else:
                self._elementwise(node.index, gradient)

    def _total(self, index: int) -> Array:
        """Return the sum of what has arrived at a node, in the node's own shape."""
        parts = []
        for place, (array, over_time) in enumerate(self._arrived[index]):
            if over_time and index not in self.plan.sequential:
                out = self.buffers.vector(("over time", index, place))
                flat = rows(array)
                self.program.append((np.dot, (self._ones[: len(flat)], flat, out)))
                array = out
            parts.append(array)
        if len(parts) == 1:
            return parts[0]
        out = self._scratch("arrived", index)
        self.program.append((np.add, (parts[0], parts[1], out)))
        self.program += [(np.add, (out, part, out)) for part in parts[2:]]
        return out

    def _scratch(self, name: Any, index: int) -> Array:
        if index in self.plan.sequential:
            return self.buffers.steps((name, index))[self._where]
        return self.buffers.vector((name, index))

    def _product(self, index: int, gradient: Array) -> None:
        node, size = self.plan.cell.nodes[index], self.buffers.hidden_size
        value = self.forward.values[node.inputs[1]]
        operand = value.at(self._where)
        out = self.buffers.named(("d matrix", index), (size, size))
        if value.sequential:
            self.program.append((np.dot, (rows(gradient).T, rows(operand), out)))
        else:
            self.program.append((np.multiply, (gradient[:, None], operand, out)))
        self.found.setdefault(self.plan.cell.nodes[node.inputs[0]].parameter or "", []).append(out)
        if node.inputs[1] in self.plan.learns:
            back = self._scratch(("back", index), node.inputs[1])
            flat = (rows(gradient), rows(back)) if value.sequential else (gradient, back)
            self.program.append((np.dot, (flat[0], self.forward.matrices[index], flat[1])))
            self._arrived.setdefault(node.inputs[1], []).append((back, value.sequential))

    def _elementwise(self, index: int, gradient: Array) -> None:
        node, b = self.plan.cell.nodes[index], self.buffers
        over_time = index in self.plan.sequential
        for position, source in enumerate(node.inputs):
            if source not in self.plan.learns:
                continue
            if node.op == "add" or (node.op == "sub" and position == 0):
                part = gradient
            else:
                part = self._scratch((position, index), index)
                y = self.forward.values[index].at(self._where)
                if node.op in ("sub", "neg"):
                    self.program.append((np.negative, (gradient, part)))
                elif node.op == "mul":
                    other = self.forward.values[node.inputs[1 - position]].at(self._where)
                    self.program.append((np.multiply, (gradient, other, part)))
                elif node.op == "sigmoid":
                    self.program += [(np.subtract, (b.one, y, part)), (np.multiply, (part, y, part))]
                    self.program.append((np.multiply, (part, gradient, part)))
                elif node.op == "clamp":
                    self.program.append((clamp, (gradient, self.forward.held(index), b.zero, part)))
                elif node.op == "tanh":
                    self.program += [(np.multiply, (y, y, part)), (np.subtract, (b.one, part, part))]
                    self.program.append((np.multiply, (part, gradient, part)))
                else:
                    self.program += [(np.copyto, (part, gradient)), (zero_where_not_positive, (y, part, b.zero))]
            self._arrived.setdefault(source, []).append((part, over_time))

    def _side_by_side(self) -> None:
        """Take matrices of the input together whose gradients stand side by side in the slots."""
        plan, size = self.plan, self.buffers.hidden_size
        names = {place: self.columns[number].names[0] for number, place in self._places.items()}
        merged = [c for number, c in enumerate(self.columns) if number not in self._places]
        left = set(names)
        for number, stack in enumerate(plan.stacks):
            first = plan.slots.index(("block", stack.blocks[0]))
            own = range(first, first + len(stack.blocks))
            delta = self._delta(number)
            for start, stop in runs([place in names for place in own]):
                together = tuple(names[first + place] for place in range(start, stop))
                stack_of = number if stop - start == len(own) else None
                merged.append(Columns(delta[:, start * size : stop * size], together, stack_of))
                left -= set(own[start:stop])
        for place in sorted(left):
            merged.append(Columns(rows(self.backward.rows_of(place)[self._where]), (names[place],)))
        self.columns = merged
