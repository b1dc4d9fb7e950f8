"""A cell *is* its equations: text -> operation graph.

The language is a small corner of Python's expression syntax, read with :mod:`ast` and a white list; nothing is ever
evaluated as code::

    i = sigmoid(U_i @ x + W_i @ h_prev + b_i)
    c = f * c_prev + i * g

``x`` is the (one-hot) input and ``<state>_prev`` the previous value of a state. A name that is never assigned is a
parameter: a matrix if it stands to the left of ``@``, otherwise a vector with one entry a unit. The operators are
``@`` (matrix times vector), ``+ - *`` (element-wise) and ``sigmoid``, ``tanh``, ``relu``. ``h`` must be assigned: the
output layer ``logits = V @ h + b_y`` reads it. ``clamp(f, 1)`` holds all units of a value at a number, ``clamp(f, 1,
3)`` unit 3 alone, counted from 1; no gradient passes through what is held.

From this one text derive the operation graph, the values, the gradients, the list of steps, the picture and the
printed formula.
"""

from __future__ import annotations

import ast
import contextlib
from collections.abc import Mapping
from dataclasses import field
from functools import cached_property
from types import MappingProxyType

from rnncore.biases import add_biases, drop_biases
from rnncore.errors import CellError
from rnncore.frozen import dataclass

LEAVES = frozenset({"input", "state", "parameter", "constant"})
LARGEST = 1e30
"""What every constant lies below."""


@dataclass(frozen=True)
class Node:
    """One node of the operation graph; ``inputs`` are indices of earlier nodes."""

    index: int
    op: str
    inputs: tuple[int, ...]
    name: str | None
    text: str
    line: int
    column: int
    constant: float | None = None
    parameter: str | None = None
    state: str | None = None

    @property
    def is_leaf(self) -> bool:
        return self.op in LEAVES


@dataclass(frozen=True)
class ParameterSpec:
    """A parameter of a cell: ``kind`` "matrix" (H×V if ``of`` is "x", H×H if "hidden") or "vector" (H)."""

    name: str
    kind: str
    of: str

    def shape(self, hidden_size: int, vocabulary_size: int) -> tuple[int, ...]:
        """Return the shape for H = ``hidden_size`` and V = ``vocabulary_size``."""
        if self.kind == "vector":
            return (hidden_size,)
        return (hidden_size, vocabulary_size if self.of == "x" else hidden_size)


@dataclass(frozen=True)
class Use:
    """One place where a parameter's gradient grows.

    ``delta`` is the node whose output gradient δ it takes. For a matrix that is the product's, and ``G += δ ⊗
    value(operand)``; for a vector the parameter's own, which its consumers have summed, and ``G += δ``. ``node`` is the
    operation of the backward pass after which δ is complete.
    """

    parameter: str
    node: int
    delta: int
    operand: int | None


@dataclass(frozen=True)
class Cell:
    """A recurrent cell: its equations' text and the operation graph read from it.

    Build one with :meth:`from_equations`, or take one from :data:`rnncore.library.LIBRARY`.

    Attributes
    ----------
    name, text : str
        What the user calls it, and the equations, one a line.
    nodes : tuple of Node
        Topological order, as written.
    states : tuple of str
        Names carried from step to step; ``h`` first.
    parameters : tuple of ParameterSpec
        Matrices and vectors in order of first use.
    outputs : mapping
        State name -> index of the node that computes it.
    """

    name: str
    text: str
    nodes: tuple[Node, ...] = field(repr=False)
    states: tuple[str, ...]
    parameters: tuple[ParameterSpec, ...] = field(repr=False)
    outputs: Mapping[str, int] = field(repr=False, hash=False)

    @staticmethod
    def from_equations(name: str, text: str) -> Cell:
        """Read equations; raises :class:`CellError` with line, column and remedy."""
        from rnncore.language import read_cell

        return read_cell(name, text)

    def __reduce__(self) -> tuple[object, ...]:
        return Cell.from_equations, (self.name, self.text)

    @cached_property
    def operations(self) -> tuple[int, ...]:
        """Indices of the nodes that compute something, in order."""
        return tuple(node.index for node in self.nodes if not node.is_leaf)

    @cached_property
    def gates(self) -> tuple[str, ...]:
        """Assigned names that are neither states nor constants, in order: ``i f g o`` for the LSTM."""
        return tuple(
            node.name
            for node in self.nodes
            if not node.is_leaf and node.name in self.assigned and node.name not in self.states
        )

    @cached_property
    def assigned(self) -> tuple[str, ...]:
        """Names on the left of the equations, in order."""
        tree = ast.parse(self.text)
        return tuple(s.targets[0].id for s in tree.body if isinstance(s, ast.Assign))  # type: ignore[attr-defined]

    @cached_property
    def equations(self) -> tuple[tuple[str, str, int], ...]:
        """(name, right-hand side, line) of each equation, in order."""
        tree = ast.parse(self.text)
        return tuple(
            (s.targets[0].id, ast.unparse(s.value), s.lineno)  # type: ignore[attr-defined]
            for s in tree.body
            if isinstance(s, ast.Assign)
        )

    @cached_property
    def _by_name(self) -> dict[str, int]:
        table: dict[str, int] = {}
        for node in self.nodes:
            table.setdefault(node.text, node.index)
        for node in self.nodes:
            if node.name:
                table[node.name] = node.index
        return table

    def node(self, name: str) -> Node:
        """Return the node of an assigned name, a pre-activation ("a_f") or a sub-expression's text.

        Raises KeyError with the names that exist.
        """
        index = self._by_name.get(name)
        if index is None and isinstance(name, str):
            with contextlib.suppress(SyntaxError, ValueError, RecursionError, MemoryError):
                index = self._by_name.get(ast.unparse(ast.parse(name, mode="eval")))
        if index is None:
            known = ", ".join(n.name for n in self.nodes if n.name and not n.is_leaf)
            raise KeyError(f"the cell {self.name!r} has no {name!r:.60}; it has {known}")
        return self.nodes[index]

    @cached_property
    def consumers(self) -> tuple[tuple[int, ...], ...]:
        """For each node the operations that read it (an operation that reads it twice is named once)."""
        found: list[list[int]] = [[] for _ in self.nodes]
        for node in self.nodes:
            for source in dict.fromkeys(node.inputs):
                found[source].append(node.index)
        return tuple(tuple(f) for f in found)

    @cached_property
    def twins(self) -> tuple[int, ...]:
        """For each node the one whose gradient its own equals: the sum that alone reads it, or itself.

        A sum hands its gradient on unchanged, so that ``U @ x``, ``W @ h_prev``, ``b`` and their sum share one δ.
        """
        found = list(range(len(self.nodes)))
        for index in reversed(range(len(self.nodes))):
            readers = self.consumers[index]
            if len(readers) != 1 or index in self.outputs.values():
                continue
            reader = self.nodes[readers[0]]
            if reader.op == "add" and reader.inputs.count(index) == 1:
                found[index] = found[reader.index]
        return tuple(found)

    @cached_property
    def backward_operations(self) -> tuple[int, ...]:
        """The operations that any state depends on, last first: the order of the backward pass."""
        wanted: set[int] = set()
        stack = list(self.outputs.values())
        while stack:
            index = stack.pop()
            if index not in wanted:
                wanted.add(index)
                stack.extend(self.nodes[index].inputs)
        return tuple(i for i in reversed(self.operations) if i in wanted)

    @cached_property
    def recurrent(self) -> frozenset[int]:
        """Nodes that depend on a previous state; all others can be computed for every time step at once."""
        found: set[int] = set()
        for node in self.nodes:
            if node.op == "state" or any(i in found for i in node.inputs):
                found.add(node.index)
        return frozenset(found)

    def beneath(self, node: Node) -> Node:
        """Return what a node computes before it is clamped: itself where it is not."""
        while node.op == "clamp":
            node = self.nodes[node.inputs[0]]
        return node

    def above(self, node: Node) -> Node:
        """Return the clamp that holds a node's value and bears its name: itself where it is not clamped."""
        while len(self.consumers[node.index]) == 1 and self.nodes[self.consumers[node.index][0]].op == "clamp":
            node = self.nodes[self.consumers[node.index][0]]
        return node

    @cached_property
    def units_named(self) -> int:
        """How many units the equations speak of: one more than the highest that is clamped by itself, else 1."""
        clamps = [n for n in self.nodes if n.op == "clamp" and len(n.inputs) == 3]
        return 1 + max((int(self.nodes[n.inputs[2]].constant or 0) for n in clamps), default=0)

    @cached_property
    def state_leaves(self) -> Mapping[str, int]:
        """State name -> the node that reads its previous value (absent when no equation reads it)."""
        return MappingProxyType({n.state: n.index for n in self.nodes if n.op == "state" and n.state})

    @cached_property
    def uses(self) -> tuple[Use, ...]:
        """Every place where a parameter enters, in the order in which the backward pass meets them."""
        found: list[Use] = []
        backward = self.backward_operations
        for index in backward:
            node = self.nodes[index]
            if node.op == "matmul":
                matrix, operand = node.inputs
                found.append(Use(self.nodes[matrix].parameter or "", index, index, operand))
            for source in dict.fromkeys(node.inputs):
                leaf = self.nodes[source]
                is_matrix = node.op == "matmul" and source == node.inputs[0]
                if leaf.parameter is None or is_matrix:
                    continue
                if index == [i for i in backward if source in self.nodes[i].inputs][-1]:
                    found.append(Use(leaf.parameter, index, source, None))
        return tuple(found)

    @cached_property
    def has_bias(self) -> bool:
        """Whether some vector parameter is added to a pre-activation."""
        if not self._vectors:
            return False
        try:
            return self.without_biases().parameters != self.parameters
        except CellError:
            return True  # an equation such as h = h_prev + b is none any more without it

    @cached_property
    def _vectors(self) -> frozenset[str]:
        return frozenset(p.name for p in self.parameters if p.kind == "vector")

    @cached_property
    def keep_gates(self) -> tuple[str, ...]:
        """Gates that multiply a state's own previous value in the sum that makes its new one (an LSTM's ``f``)."""
        found = []
        for state, index in self.outputs.items():
            top = self.nodes[index]
            terms = top.inputs if top.op == "add" else (index,)
            for term in terms:
                node = self.nodes[term]
                if node.op != "mul":
                    continue
                for gate, other in (node.inputs, node.inputs[::-1]):
                    if self.nodes[other].state == state and self.beneath(self.nodes[gate]).op == "sigmoid":
                        found.append(self.nodes[gate].name)
        return tuple(dict.fromkeys(name for name in found if name))

    def with_biases(self) -> Cell:
        """Return the cell with a bias in every pre-activation that has a matrix product and no bias yet."""
        return Cell.from_equations(self.name, add_biases(self.text, self._vectors, set(self._by_name)))

    def without_biases(self) -> Cell:
        """Return the cell with every added vector parameter taken out of its sum.

        Raises CellError where too little of an equation is left, as of ``h = h_prev + b``.
        """
        return Cell.from_equations(self.name, drop_biases(self.text, self._vectors))
