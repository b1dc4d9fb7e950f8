"""What a fast kernel may do with a cell: an analysis of its operation graph that knows no sizes.

The graph of :mod:`rnncore.graph` explains; it evaluates one operation after the other, one time step after the other.
A kernel computes the same numbers with fewer and larger calls. This module finds, in any cell's equations, what makes
that possible. Nothing is approximated; every item is an identity of algebra.

*At once or in turn.* What depends on no previous state (``U @ x``, biases) is computed for all time steps at once.
Only the rest, ``turn``, runs step by step.

*Stacks.* Products that share their operand, ``W_i @ h_prev``, ``W_f @ h_prev``, …, are one product with the matrices
stacked above each other. Each product owns a *block* of the stack's result. Where a product's only reader is a sum, the
block holds the whole sum: it starts as the sum of the terms that are known at once (the *drive*), and the product is
added to it.

*Halved blocks.* σ(a) = ½ + ½ tanh(a/2). So a stack computes a/2 for its sigmoids, by halving rows of the stacked matrix
and the drive, which in binary arithmetic is exact; then one call of tanh serves every gate.

*Seeds, slots, coefficients.* Inside a step all that is not a matrix product is element-wise, so its Jacobian is
diagonal: one coefficient for each unit. *Seeds* are the nodes at which a gradient arrives from elsewhere: the new
states and the operands of products. A seed's gradient flows down element-wise until it meets the next place that
matters, a *slot*: a block, a previous state, another seed, or a term known at once. The coefficient of a (seed, slot)
pair depends on the forward values alone, so all of them are computed for all time steps at once; the loop backward
through time only multiplies by them.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from rnncore.cells import Cell
from rnncore.frozen import dataclass

SQUASHING = ("sigmoid", "tanh")
SlotKey = tuple[str, int]
"""("block", node) · ("drive", node) · ("once", node) · ("seed", node) · ("previous", node of the state's leaf)."""


@dataclass(frozen=True)
class Stack:
    """Products that share an operand.

    ``members[j]`` is the product (a node), ``blocks[j]`` the node whose value block j holds (the product or the sum
    that absorbs it), ``halved[j]`` says that it holds half of that value, and ``gates[j]`` is the squashing function
    that is computed together with its neighbours, if there is one.
    """

    operand: int
    members: tuple[int, ...]
    blocks: tuple[int, ...]
    halved: tuple[bool, ...]
    gates: tuple[int | None, ...]


def runs(flags: list[bool] | tuple[bool, ...]) -> Iterator[tuple[int, int]]:
    """Yield (start, stop) of the stretches of neighbours that are true."""
    start = None
    for index, flag in enumerate((*flags, False)):
        if flag and start is None:
            start = index
        elif not flag and start is not None:
            yield start, index
            start = None


class Plan:
    """The analysis of one cell; see the module. Attributes speak of nodes by their index in ``cell.nodes``."""

    def __init__(self, cell: Cell) -> None:
        self.cell = cell
        nodes = cell.nodes
        self.outputs = tuple(dict.fromkeys(cell.outputs.values()))
        needed = set(self.outputs)
        for index in cell.backward_operations:
            needed.add(index)
            needed.update(nodes[index].inputs)
        self.needed = needed
        self.readers = [[c for c in found if c in needed] for found in cell.consumers]
        """For each node the operations that read it and that some state depends on."""
        self.in_turn = cell.recurrent & needed
        self.level: dict[int, int] = {}
        """How many operations that run in turn lie on the longest way to a node."""
        for index in cell.operations:
            if index in self.in_turn:
                self.level[index] = 1 + max(self.level.get(i, 0) for i in nodes[index].inputs)
        self.learns = self._reach({n.index for n in nodes if n.parameter is not None})
        """Nodes that depend on a parameter: those whose gradient is wanted."""
        self.sequential = self._reach({n.index for n in nodes if n.op == "input"}) | self.in_turn
        """Nodes that differ from step to step; the others are the same vector or number at all of them."""
        products = [i for i in cell.operations if i in self.in_turn and nodes[i].op == "matmul"]
        self._products: dict[int, list[int]] = {}
        for product in products:
            self._products.setdefault(nodes[product].inputs[1], []).append(product)
        operands = [operand for operand in self._products if not nodes[operand].is_leaf]
        self.seeds = tuple(sorted({*self.outputs, *operands}, reverse=True))
        """In the order of the backward pass: a seed's gradient is complete when its turn comes."""
        self.block_of: dict[int, tuple[int, int]] = {}
        """Node -> (stack, block)."""
        self.stacks = tuple(self._stacks())

    def _reach(self, start: set[int]) -> set[int]:
        found = set(start)
        for node in self.cell.nodes:
            if any(i in found for i in node.inputs):
                found.add(node.index)
        return found

    @cached_property
    def once(self) -> tuple[int, ...]:
        """Operations that are computed for all time steps at once, in order."""
        return tuple(i for i in self.cell.operations if i in self.needed and i not in self.in_turn)

    @cached_property
    def turn(self) -> tuple[int, ...]:
        """Operations that are computed step by step, in an order in which gates of one level stand together."""
        return tuple(sorted(self.level, key=lambda i: (self.level[i], i)))

    def is_one_hot(self, index: int) -> bool:
        """Whether a node is the product of a matrix with the input."""
        node = self.cell.nodes[index]
        return node.op == "matmul" and self.cell.nodes[node.inputs[1]].op == "input"

    # --- stacks -----------------------------------------------------------------------------------------------------

    def _stacks(self) -> Iterator[Stack]:
        nodes, taken = self.cell.nodes, set[int]()
        rank = {node: order for order, seed in enumerate(self.seeds) for node in self._below(seed)}
        for number, (operand, products) in enumerate(self._products.items()):
            found = []
            for product in products:
                block, readers = product, self.readers[product]
                if len(readers) == 1 and product not in self.outputs and readers[0] not in taken:
                    total = nodes[readers[0]]
                    if total.op == "add" and total.inputs.count(product) == 1:
                        block = total.index
                        taken.add(block)
                gate, halved = self._gate(block)
                kind = {"sigmoid": 0, "tanh": 1}[nodes[gate].op] if gate is not None else 2
                level = self.level[gate] if gate is not None else len(nodes)
                # Gates that are ready together stand together, sigmoids first; then those of one seed together.
                found.append(((level, kind, rank.get(block, 0), block), product, block, halved, gate))
            found.sort(key=lambda entry: entry[0])
            for place, entry in enumerate(found):
                self.block_of[entry[2]] = (number, place)
            yield Stack(operand, *(tuple(column) for column in list(zip(*found, strict=True))[1:]))

    def _gate(self, block: int) -> tuple[int | None, bool]:
        """Return the squashing function that reads a block, and whether the block may hold half of its argument."""
        readers = self.readers[block]
        alone = len(readers) == 1 and block not in self.outputs
        for reader in readers:
            op = self.cell.nodes[reader].op
            # A state has a place of its own to be written to, so its function is called by itself.
            if reader not in self.outputs and (op == "tanh" or (op == "sigmoid" and alone)):
                return reader, op == "sigmoid"
        return None, alone and self.cell.nodes[readers[0]].op == "sigmoid"

    # --- seeds and slots --------------------------------------------------------------------------------------------

    def slot(self, index: int, seed: int) -> SlotKey | None:
        """Return the slot in which a gradient that flows down from ``seed`` is wanted at a node, or None."""
        node = self.cell.nodes[index]
        if node.op == "state":
            return "previous", index
        if index not in self.in_turn:
            return ("once", index) if index in self.learns else None
        if index != seed and index in self.seeds:
            return "seed", index
        if index in self.block_of:
            return "block", index
        if node.op == "add" and any(i in self.learns and i not in self.in_turn for i in node.inputs):
            return "drive", index
        return None

    def flows_to(self, index: int, seed: int) -> list[int]:
        """Return the inputs into which a gradient flows on from a node by element-wise operations, in order."""
        node = self.cell.nodes[index]
        if node.is_leaf or index not in self.in_turn or (index != seed and index in self.seeds) or node.op == "matmul":
            return []
        absorbed = None
        if index in self.block_of:
            stack, place = self.block_of[index]
            absorbed = self.stacks[stack].members[place] if len(self.stacks) > stack else None
        if node.op == "add":
            return [i for i in node.inputs if i in self.in_turn and i != absorbed]
        return [i for i in node.inputs if i in self.in_turn or i in self.learns]

    def _below(self, seed: int) -> list[int]:
        """Return the nodes that a gradient reaches from a seed before it meets another seed or a product."""
        found, stack = set[int](), [seed]
        while stack:
            index = stack.pop()
            if index not in found:
                found.add(index)
                stack.extend(self.flows_to(index, seed))
        return sorted(found, reverse=True)

    @cached_property
    def below(self) -> dict[int, list[int]]:
        """Seed -> the nodes of its element-wise part, itself first, in the order of the backward pass."""
        return {seed: self._below(seed) for seed in self.seeds}

    @cached_property
    def slots_of(self) -> dict[int, list[SlotKey]]:
        """Seed -> its slots, as :attr:`slots` orders them."""
        found = {}
        for seed in self.seeds:
            own = {self.slot(index, seed) for index in self.below[seed]}
            found[seed] = [key for key in self.slots if key in own]
        return found

    @cached_property
    def slots(self) -> tuple[SlotKey, ...]:
        """All slots: the blocks of a stack next to each other, and else those of one seed next to each other."""
        first: dict[SlotKey, int] = {}
        for seed in self.seeds:
            for index in self.below[seed]:
                key = self.slot(index, seed)
                if key is not None:
                    first.setdefault(key, seed)
        segments = [[("block", block) for block in stack.blocks] for stack in self.stacks]
        segments += [[key] for key in first if key[0] != "block"]
        ordered: list[SlotKey] = []
        last = self.seeds[0]
        while segments:
            # Next is what begins with the seed that the last one ended with; stacks of several seeds come late.
            segments.sort(key=lambda s: (first[s[0]] != last, first[s[-1]] != last))
            ordered += segments.pop(0)
            last = first[ordered[-1]]
        return tuple(ordered)
