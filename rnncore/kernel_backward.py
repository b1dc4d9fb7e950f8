"""The backward pass of a kernel: coefficients at once, a short loop over time, gradients of the weights at once.

Let s be a seed (see :mod:`rnncore.kernel_plan`) and q one of its slots. Everything between them is element-wise, so
``∂L/∂q = K ∘ ∂L/∂s`` with a coefficient K for each unit that depends on the forward values only. K comes from reverse
mode as usual, but run once over whole (T, [B,] H) arrays, with a gradient of 1 at the seed.

The loop backward through time, for each time step and each seed: add up what arrives at the seed, multiply it by the
coefficients of its slots, and send the slots of a stack through one product with the stacked matrix.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from rnncore.kernel_buffers import Buffers, Call, Where, joined, zero_where_not_positive
from rnncore.kernel_forward import Forward
from rnncore.kernel_plan import Plan, SlotKey, runs
from rnncore.ops import Array
from rnncore.truncation import Sweep


@dataclass(frozen=True)
class Partial:
    """A factor that is being built up on the way from a seed: ± an array, or ±1 where ``array`` is None."""

    array: Array | None
    negative: bool


class Backward:
    """Programs for the gradient with respect to every slot.

    Attributes
    ----------
    slots : (T, [B,] N, H)
        Gradient with respect to each slot at each time step, in the order of ``plan.slots``. After the last program the
        slot of a halved block, too, holds the gradient with respect to the whole value.
    from_loss : (T, [B,] H)
        Gradient that each step's own loss sends into h; written by the output layer.
    """

    def __init__(self, plan: Plan, buffers: Buffers, forward: Forward) -> None:
        self.plan, self.buffers, self.forward = plan, buffers, forward
        self.slots = buffers.steps("slots", len(plan.slots))
        self.from_loss = buffers.steps("from loss")
        self._index: dict[SlotKey, int] = {key: i for i, key in enumerate(plan.slots)}
        self._coefficients = {s: buffers.blocks(("K", s), len(plan.slots_of[s])) for s in plan.seeds}
        self._totals = {s: buffers.steps(("total", s)) for s in plan.seeds}
        self._leaves = {s: leaf for s, leaf in plan.cell.state_leaves.items() if leaf in plan.needed}
        self._stack_on = {stack.operand: number for number, stack in enumerate(plan.stacks)}
        self.halved = [False] * len(plan.slots)
        for stack in plan.stacks:
            for block, halved in zip(stack.blocks, stack.halved, strict=True):
                self.halved[self._index["block", block]] = halved

    def slot(self, key: SlotKey, where: Where) -> Array:
        """Return the gradient with respect to a slot at some time steps."""
        return self.slots[where][..., self._index[key], :]

    def blocks(self, number: int, where: Where) -> Array:
        """Return the gradients with respect to a stack's blocks, side by side (…, n·H)."""
        stack = self.plan.stacks[number]
        start = self._index["block", stack.blocks[0]]
        return joined(self.slots[where][..., start : start + len(stack.blocks), :])

    # --- coefficients -----------------------------------------------------------------------------------------------

    def coefficients(self, length: int) -> list[Call]:
        """Return the program that computes all coefficients from the forward values."""
        calls = list[Call]()
        slopes = dict(self._slopes(calls, slice(0, length)))
        for seed in self.plan.seeds:
            self._coefficients_of(calls, seed, slice(0, length), slopes)
            own = [self.halved[self._index[key]] for key in self.plan.slots_of[seed]]
            for start, stop in runs(own):
                # A halved block b = a/2 has ∂L/∂b = 2 ∂L/∂a.
                part = self.buffers.together(self._coefficients[seed][:length][..., start:stop, :])
                calls.append((np.multiply, (part, self.buffers.two, part)))
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
            return self._coefficients[seed][where][..., own[key], :]

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
                self._settle(calls, here, self._coefficients[seed][where][..., own[key], :])
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

    # --- through time -----------------------------------------------------------------------------------------------

    def sweep(self, sweep: Sweep, totals: bool) -> list[Call]:
        """Return the program of one run backward over the steps ``high`` … ``low``.

        ``totals`` says that the seeds' gradients are to be added up over several runs, instead of leaving the slots'.
        """
        calls, injected = list[Call](), set(sweep.losses)
        for t in range(sweep.high, sweep.low - 1, -1):
            self._step(calls, t, t + 1 if t < sweep.high else None, t if t > sweep.low else None, t in injected, totals)
        return calls

    def lags(self, length: int, k: int) -> list[Call]:
        """Return the program of the window: all losses walk back together, one step at a time, k times.

        At lag ℓ row τ is the gradient of the one loss τ + ℓ; a row that comes back through step τ is row τ − 1 of the
        next lag. Leaves the totals.
        """
        calls = list[Call]()
        for lag in range(min(k, length - 1) + 1):
            count = length - lag
            came = slice(1, count + 1) if lag else None
            goes = slice(1, count) if lag < min(k, length - 1) else None
            self._step(calls, slice(0, count), came, goes, lag == 0, True)
        return calls

    def _step(
        self, calls: list[Call], here: Where, came: Where | None, goes: Where | None, injected: bool, totals: bool
    ) -> None:
        """One step back at the time step(s) ``here``.

        ``came`` is where the gradient from the step after was put (None: there is none), and ``goes`` the part of
        ``here`` whose gradient is to flow on to the step before (None: cut).
        """
        plan, b = self.plan, self.buffers
        written = set[SlotKey]()
        for seed in plan.seeds:
            parts = []
            for state, index in plan.cell.outputs.items():
                if index == seed and state == "h" and injected:
                    parts.append(self.from_loss[here])
                if index == seed and came is not None and state in self._leaves:
                    parts += self._carry(state, came)
            if ("seed", seed) in written:
                parts.append(self.slot(("seed", seed), here))
            if seed in self._stack_on:
                number = self._stack_on[seed]
                self._blank(calls, [("block", block) for block in plan.stacks[number].blocks], written, here)
                parts.append(b.steps(("through", number))[here])
                self._dot(calls, self.blocks(number, here), self.forward.weights[number], parts[-1])
            if not parts:
                continue
            gradient = parts[0]
            if len(parts) > 1:
                gradient = b.steps(("gradient", seed))[here]
                calls.append((np.add, (parts[0], parts[1], gradient)))
                calls += [(np.add, (gradient, part, gradient)) for part in parts[2:]]
            if totals:
                calls.append((np.add, (self._totals[seed][here], gradient, self._totals[seed][here])))
            self._spread(calls, seed, gradient, here, written)
        self._blank(calls, plan.slots, written, here)
        if goes is not None:
            self._send(calls, here, goes)

    def _carry(self, state: str, came: Where) -> list[Array]:
        """Return what has flowed back into a state; it was put there by :meth:`_send`."""
        key, product = ("previous", self._leaves[state]), self._leaves[state] in self._stack_on
        if isinstance(came, int) and not product:
            return [self.slot(key, came)] if key in self._index else []
        return [self.buffers.steps(("carry", state))[came]]

    def _send(self, calls: list[Call], here: Where, goes: Where) -> None:
        for state, leaf in self._leaves.items():
            key: SlotKey = ("previous", leaf)
            out = self.buffers.steps(("carry", state))[goes]
            if leaf in self._stack_on:
                number = self._stack_on[leaf]
                self._dot(calls, self.blocks(number, goes), self.forward.weights[number], out)
                if key in self._index:
                    calls.append((np.add, (out, self.slot(key, goes), out)))
            elif key in self._index and not isinstance(goes, int):
                # The slots of the next lag will stand where these do.
                calls.append((np.copyto, (out, self.slot(key, goes))))

    def _dot(self, calls: list[Call], left: Array, right: Array, out: Array) -> None:
        if left.ndim == 3:
            left, out = left.reshape(-1, left.shape[-1]), out.reshape(-1, out.shape[-1])
        calls.append((np.dot, (left, right, out)))

    def _spread(self, calls: list[Call], seed: int, gradient: Array, here: Where, written: set[SlotKey]) -> None:
        """Multiply a seed's gradient by the coefficients of its slots."""
        own, places = self.plan.slots_of[seed], [self._index[key] for key in self.plan.slots_of[seed]]
        coefficients = self._coefficients[seed][here]
        first = 0
        while first < len(own):
            last, again = first + 1, own[first] in written
            while last < len(own) and places[last] == places[last - 1] + 1 and (own[last] in written) == again:
                last += 1
            factor = coefficients[..., first:last, :]
            out = self.slots[here][..., places[first] : places[first] + last - first, :]
            into = self.buffers.steps(("again", last - first), last - first)[here] if again else out
            # Stretching one vector over several is slower than a few calls on plain vectors.
            if last - first == 1 or (gradient.ndim == 1 and last - first < 4):
                for place in range(last - first):
                    calls.append((np.multiply, (factor[..., place, :], gradient, into[..., place, :])))
            else:
                calls.append((np.multiply, (factor, gradient[..., None, :], into)))
            if again:
                calls.append((np.add, (out, into, out)))
            first = last
        written.update(own)

    def _blank(self, calls: list[Call], keys: Sequence[SlotKey], written: set[SlotKey], here: Where) -> None:
        """Put zeros into slots that no seed has reached at this step."""
        for key in keys:
            if key not in written:
                calls.append((np.copyto, (self.slot(key, here), self.buffers.zero)))
                written.add(key)

    # --- whole policies ---------------------------------------------------------------------------------------------

    def through_time(self, length: int, sweeps: Sequence[Sweep], window: int | None) -> list[Call]:
        """Return the program that fills ``slots``: over the policy's runs, or else over a window of ``window``."""
        calls, whole = list[Call](), slice(0, length)
        visits = np.zeros(length, np.int64)
        for sweep in sweeps:
            visits[sweep.low : sweep.high + 1] += 1
        totals = window is not None or bool((visits > 1).any())
        if totals:
            calls += [(np.copyto, (total[whole], self.buffers.zero)) for total in self._totals.values()]
        elif (visits == 0).any():
            calls.append((np.copyto, (self.slots[whole], self.buffers.zero)))
        if window is not None:
            calls += self.lags(length, window)
        else:
            for sweep in sweeps:
                calls += self.sweep(sweep, totals)
        if totals:
            # Everything inside a step is linear in the seeds' gradients, so their sums give the slots' sums.
            written = set[SlotKey]()
            for seed in self.plan.seeds:
                self._spread(calls, seed, self._totals[seed][whole], whole, written)
        for start, stop in runs(self.halved):
            part = joined(self.slots[whole][..., start:stop, :])
            calls.append((np.multiply, (part, self.buffers.half, part)))
        return calls
