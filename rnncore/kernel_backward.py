"""The loop of a kernel backward through time, for runs of a policy and for the window's lags.

At each time step, for each seed: add up what arrives there, multiply it by the coefficients of the seed's slots (see
:mod:`rnncore.kernel_coefficients`), and send the slots of a stack through one product with the stacked matrix.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rnncore.kernel_buffers import Buffers, Call, Where, joined
from rnncore.kernel_coefficients import Coefficients
from rnncore.kernel_forward import Forward
from rnncore.kernel_plan import Plan, SlotKey
from rnncore.ops import Array
from rnncore.truncation import Sweep


class Backward:
    """Programs for the gradient with respect to every slot.

    Attributes
    ----------
    slots : list of (T, [B,] H)
        Gradient with respect to each slot at each time step, in the order of ``plan.slots``. The slot of a halved
        block, too, holds the gradient with respect to the whole value, and is multiplied by the whole weights.
    deltas : list of (T, [B,] n, H)
        For each stack the slots of its blocks, side by side as its products need them. Without a batch these *are* the
        slots; in a batch, where element-wise work wants each slot for itself, they are copied here at every step.
    from_loss : (T, [B,] H)
        Gradient that each step's own loss sends into h; written by the output layer.
    """

    def __init__(self, plan: Plan, buffers: Buffers, forward: Forward) -> None:
        self.plan, self.buffers, self.forward = plan, buffers, forward
        self._index: dict[SlotKey, int] = {key: i for i, key in enumerate(plan.slots)}
        self._starts = [self._index["block", stack.blocks[0]] for stack in plan.stacks]
        self._place_slots()
        self.from_loss = buffers.steps("from loss")
        self._totals = {s: buffers.steps(("total", s)) for s in plan.seeds}
        self._leaves = {s: leaf for s, leaf in plan.cell.state_leaves.items() if leaf in plan.needed}
        self._stack_on = {stack.operand: number for number, stack in enumerate(plan.stacks)}
        self.coefficients = Coefficients(plan, buffers, forward)
        self._steps: dict[tuple[int, bool, bool, bool, bool], list[Call]] = {}

    def _place_slots(self) -> None:
        plan, b = self.plan, self.buffers
        sizes = [len(stack.blocks) for stack in plan.stacks]
        if not b.lanes:
            self._together = b.steps("slots", len(plan.slots))
            self.slots = [self._together[..., place, :] for place in range(len(plan.slots))]
            self.deltas = [
                self._together[..., start : start + n, :] for start, n in zip(self._starts, sizes, strict=True)
            ]
            return
        found: dict[int, Array] = {}
        self._apart = [b.blocks(("slots", number), n) for number, n in enumerate(sizes)]
        for start, n, blocks in zip(self._starts, sizes, self._apart, strict=True):
            found |= {start + place: blocks[..., place, :] for place in range(n)}
        self.slots = [found[place] if place in found else b.steps(("slot", place)) for place in range(len(plan.slots))]
        self.deltas = [b.steps(("delta", number), n) for number, n in enumerate(sizes)]

    def rows_of(self, place: int) -> Array:
        """Return a slot as (T, [B,] H) in memory where time and lanes can be taken as one axis."""
        for start, stack, deltas in zip(self._starts, self.plan.stacks, self.deltas, strict=True):
            if start <= place < start + len(stack.blocks):
                return deltas[..., place - start, :]
        return self.slots[place]

    def slot(self, key: SlotKey, where: Where) -> Array:
        """Return the gradient with respect to a slot at some time steps."""
        return self.slots[self._index[key]][where]

    def blocks(self, number: int, where: Where) -> Array:
        """Return the gradients with respect to a stack's blocks, side by side (…, n·H)."""
        return joined(self.deltas[number][where])

    def _join(self, calls: list[Call], number: int, where: Where) -> None:
        """Bring the slots of a stack's blocks side by side."""
        if self.buffers.lanes:
            together = self.buffers.together
            calls.append((np.copyto, (together(self.deltas[number][where]), together(self._apart[number][where]))))

    # --- through time -----------------------------------------------------------------------------------------------

    def sweep(self, sweep: Sweep, totals: bool) -> list[Call]:
        """Return the program of one run backward over the steps ``high`` … ``low``.

        ``totals`` says that the seeds' gradients are to be added up over several runs, instead of leaving the slots'.
        """
        calls, injected = list[Call](), set(sweep.losses)
        for t in range(sweep.high, sweep.low - 1, -1):
            calls += self._single_step(t, t < sweep.high, t > sweep.low, t in injected, totals)
        return calls

    def _single_step(self, t: int, came: bool, goes: bool, injected: bool, totals: bool) -> list[Call]:
        """Return one time step's part, which is the same for all lengths: it is made once."""
        key = (t, came, goes, injected, totals)
        found = self._steps.get(key)
        if found is None:
            found = self._steps[key] = []
            self._step(found, t, t + 1 if came else None, t if goes else None, injected, totals)
        return found

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
                self._join(calls, number, here)
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
        for number, stack in enumerate(plan.stacks):
            if stack.operand not in plan.seeds:
                self._join(calls, number, here)
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
        coefficients = self.coefficients.of[seed][here]
        first = 0
        while first < len(own):
            last, again = first + 1, own[first] in written
            while last < len(own) and places[last] == places[last - 1] + 1 and (own[last] in written) == again:
                last += 1
            factor = coefficients[..., first:last, :]
            into = self.buffers.steps(("again", last - first), last - first)[here] if again else None
            neighbours = self._neighbours(places[first], last - first)
            # Stretching one vector over several blocks is slower than a few calls on plain vectors.
            if neighbours is not None and into is None:
                out = self.buffers.together(neighbours[here])
                calls.append((np.multiply, (self.buffers.together(factor), gradient[..., None, :, :], out)))
            elif last - first == 1 or self.buffers.lanes or (gradient.ndim == 1 and last - first < 4):
                for place in range(last - first):
                    out = self.slots[places[first + place]][here]
                    part = out if into is None else into[..., place, :]
                    calls.append((np.multiply, (factor[..., place, :], gradient, part)))
                    if into is not None:
                        calls.append((np.add, (out, part, out)))
            else:
                out = self._together[here][..., places[first] : places[first] + last - first, :]
                part = out if into is None else into
                calls.append((np.multiply, (factor, gradient[..., None, :], part)))
                if into is not None:
                    calls.append((np.add, (out, part, out)))
            first = last
        written.update(own)

    def _neighbours(self, place: int, count: int) -> Array | None:
        """Return in a batch the slots (T, B, n, H) of several blocks of one stack, which lie together in memory."""
        if not self.buffers.lanes or count == 1:
            return None
        for start, blocks in zip(self._starts, self._apart, strict=True):
            if start <= place and place + count <= start + blocks.shape[-2]:
                found: Array = blocks[..., place - start : place - start + count, :]
                return found
        return None

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
            calls += [(np.copyto, (slot[whole], self.buffers.zero)) for slot in self.slots]
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
        if totals or (visits == 0).any():
            for number in range(len(self.deltas)):
                self._join(calls, number, whole)
        return calls
