"""Run an operation graph: values forward, vector-Jacobian products backward.

Both functions work on whole arrays with any leading axes, so that the same lines step one time step, sweep a batch,
or push every loss's gradient back by one step at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rnncore.cells import Cell
from rnncore.ops import ELEMENTWISE, Array, gather, matmul, matmul_vjp


def leaf_values(cell: Cell, parameters: Mapping[str, Array], inputs: Array, previous: Mapping[str, Array]) -> list[Any]:
    """Return one slot a node with the leaves filled in: parameters, constants, the input and previous states."""
    values: list[Any] = [None] * len(cell.nodes)
    for node in cell.nodes:
        if node.parameter is not None:
            values[node.index] = parameters[node.parameter]
        elif node.state is not None:
            values[node.index] = previous.get(node.state)
        elif node.op == "constant":
            values[node.index] = node.constant
        elif node.op == "input":
            values[node.index] = inputs
    return values


def evaluate(cell: Cell, values: list[Any], operations: Iterable[int] | None = None) -> list[Any]:
    """Compute the given operations (all by default) in order, in place, from the slots filled so far.

    ``values[i]`` of an operation has shape (…, H); the input is an int array of tokens (…) or vectors (…, V).
    """
    nodes = cell.nodes
    for index in cell.operations if operations is None else operations:
        node = nodes[index]
        if node.op == "matmul":
            matrix, operand = (values[i] for i in node.inputs)
            one_hot = nodes[node.inputs[1]].op == "input" and operand.dtype.kind in "iu"
            values[index] = gather(matrix, operand) if one_hot else matmul(matrix, operand)
        else:
            values[index] = ELEMENTWISE[node.op].value(*[values[i] for i in node.inputs])
    return values


def pullback(
    cell: Cell, values: Sequence[Any], state_gradients: Mapping[str, Array], *, through_products: bool = True
) -> list[Any]:
    """Return the gradient with respect to every node's output, given those with respect to the new states.

    ``state_gradients[s]`` is (…, H); a state that is missing has none. Without ``through_products`` the gradient stops
    at the matrix products: what is left is element-wise. The result has one slot a node: None where no gradient
    arrives (the input, the matrices, constants, nodes that nothing depends on). A vector parameter's slot is not yet
    summed over the leading axes. The slot of a ``<state>_prev`` leaf is what flows back to the step before.
    """
    nodes = cell.nodes
    gradients: list[Any] = [None] * len(nodes)
    for state, gradient in state_gradients.items():
        gradients[cell.outputs[state]] = gradient
    for index in cell.backward_operations:
        node = nodes[index]
        gradient = gradients[index]
        if gradient is None:
            continue
        if node.op == "matmul":
            matrix, operand = node.inputs
            if through_products and nodes[operand].op != "input":
                _accumulate(gradients, operand, matmul_vjp(gradient, values[matrix]))
            continue
        parts = ELEMENTWISE[node.op].vjp(gradient, values[index], *[values[i] for i in node.inputs])
        for source, part in zip(node.inputs, parts, strict=True):
            if nodes[source].op != "constant":
                _accumulate(gradients, source, part)
    return gradients


def _accumulate(gradients: list[Any], index: int, part: Any) -> None:
    known = gradients[index]
    gradients[index] = part if known is None else known + part
