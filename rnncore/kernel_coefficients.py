"""The coefficients of a kernel's backward pass: the diagonal Jacobians of a cell's element-wise parts.

Let s be a seed (see :mod:`rnncore.kernel_plan`) and q one of its slots. Everything between them is element-wise, so
``∂L/∂q = K ∘ ∂L/∂s`` with a coefficient K for each unit that depends on the forward values only. K comes from reverse
mode as usual, but run once over whole (T, [B,] H) arrays, with a gradient of 1 at the seed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from rnncore.frozen import dataclass
from rnncore.kernel_buffers import Buffers, Call, zero_where_not_positive
from rnncore.kernel_forward import Forward
from rnncore.kernel_plan import Plan, runs
from rnncore.ops import Array


@dataclass(frozen=True)
class Partial:
    """A factor that is being built up on the way from a seed: ± an array, or ±1 where ``array`` is None."""

    array: Array | None
    negative: bool


class Coefficients:
    """Buffers and program of the coefficients.

    ``of[seed]`` (T, [B,] n, H) holds those of the seed's n slots, in the order of ``plan.slots_of[seed]``.
    """

    def __init__(self, plan: Plan, buffers: Buffers, forward: Forward) -> None:
        self.plan, self.buffers, self.forward = plan, buffers, forward
        self.of = {s: buffers.blocks(("K", s), len(plan.slots_of[s])) for s in plan.seeds}

    def program(self, length: int) -> list[Call]:
        """Return the program that computes all coefficients from the forward values."""
        calls = list[Call]()
        slopes = dict(self._slopes(calls, slice(0, length)))
        for seed in self.plan.seeds:
            self._coefficients_of(calls, seed, slice(0, length), slopes)
        return calls

    def _slopes(self, calls: list[Call], where: slice) -> Iterator[tuple[int, Array]]:
        """Yield (node, derivative) of each squashing function that runs in turn, in terms of its output."""
        plan, b = self.plan, self.buffers
        nodes, done = plan.cell.nodes, set[int]()
        for number, stack in enumerate(plan.stacks):
            for start, stop, array in self.forward.groups(number):
                slope = b.blocks(("slope", number, start), stop - start)
                gates = [g for g in stack.gates[start:stop] if g is not None]
                sigmoids = [nodes[g].op == "sigmoid" for g in gates]
                for op, flags in (("sigmoid", sigmoids), ("tanh", [not s for s in sigmoids])):
                    for first, last in runs(flags):
                        part = slice(first, last)
                        y, out = (b.together(a[where][..., part, :]) for a in (array, slope))
                        self._slope(calls, op, y, out)
                for place, gate in enumerate(gates):
                    done.add(gate)
                    yield gate, slope[where][..., place, :]
        for index in plan.turn:
            if nodes[index].op in ("sigmoid", "tanh", "relu") and index not in done:
                out = b.steps(("slope", index))[where]
                self._slope(calls, nodes[index].op, self.forward.values[index].at(where), out)
                yield index, out
            elif nodes[index].op == "clamp":
                free = b.vector(("free", index))  # the same at every step: 0 where it is held
                np.copyto(free, ~self.forward.held(index))
                yield index, free

    def _slope(self, calls: list[Call], op: str, y: Array, out: Array) -> None:
        b = self.buffers
        if op == "sigmoid":  # y (1 − y)
            calls += [(np.subtract, (b.one, y, out)), (np.multiply, (out, y, out))]
        elif op == "tanh":  # 1 − y²
            calls += [(np.multiply, (y, y, out)), (np.subtract, (b.one, out, out))]
        else:  # 1 where y > 0
            calls.append((np.copyto, (out, b.one)))
            calls.append((zero_where_not_positive, (y, out, b.zero)))

    def _coefficients_of(self, calls: list[Call], seed: int, where: slice, slopes: Mapping[int, Array]) -> None:
        """Reverse mode over one seed's element-wise part, with a gradient of 1 at the seed."""
        plan, b = self.plan, self.buffers
        own = {key: i for i, key in enumerate(plan.slots_of[seed])}
        expected: dict[int, int] = {}
        for index in plan.below[seed]:
            for source in plan.flows_to(index, seed):
                expected[source] = expected.get(source, 0) + 1
        found: dict[int, Partial] = {seed: Partial(None, False)}

        def place(index: int) -> Array:
            """Where the gradient of a node is to be written: its slot, or scratch."""
            key = plan.slot(index, seed)
            if key is None:
                return b.steps(("partial", seed, index))[where]
            return self.of[seed][where][..., own[key], :]

        def times(factor: Partial, array: Array, target: int, flip: bool = False) -> None:
            negative = factor.negative != flip
            if factor.array is None:
                give(target, Partial(array, negative))
                return
            alone = expected[target] == 1
            out = place(target) if alone else b.steps(("part", seed, target, expected[target], len(calls)))[where]
            calls.append((np.multiply, (factor.array, array, out)))
            give(target, Partial(out, negative))

        def give(target: int, part: Partial) -> None:
            known = found.get(target)
            found[target] = part if known is None else self._sum(calls, known, part, place(target))

        for index in plan.below[seed]:
            if index not in found:
                continue
            here, node = found[index], plan.cell.nodes[index]
            key = plan.slot(index, seed)
            if key is not None:
                self._settle(calls, here, self.of[seed][where][..., own[key], :])
            sources = plan.flows_to(index, seed)
            if not sources:
                continue
            if node.op == "add":
                for source in sources:
                    give(source, here)
            elif node.op in ("sub", "neg"):
                for position, source in enumerate(node.inputs):
                    if source in sources:
                        minus = node.op == "neg" or position == 1
                        give(source, Partial(here.array, here.negative != minus))
            elif node.op == "mul":
                for source, other in (node.inputs, node.inputs[::-1]):
                    if source in sources:
                        times(here, self.forward.values[other].at(where), source)
            else:
                times(here, slopes[index], node.inputs[0])

    def _sum(self, calls: list[Call], left: Partial, right: Partial, out: Array) -> Partial:
        one = self.buffers.one
        a, b = (one if p.array is None else p.array for p in (left, right))
        if left.negative == right.negative:
            calls.append((np.add, (a, b, out)))
            return Partial(out, left.negative)
        calls.append((np.subtract, (b, a, out) if left.negative else (a, b, out)))
        return Partial(out, False)

    def _settle(self, calls: list[Call], partial: Partial, out: Array) -> None:
        """Write a finished factor to its slot, unless it stands there already."""
        array = self.buffers.one if partial.array is None else partial.array
        if partial.negative:
            calls.append((np.negative, (array, out)))
        elif array.ctypes.data != out.ctypes.data or array.strides != out.strides:
            calls.append((np.copyto, (out, array)))
