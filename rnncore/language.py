"""The reader of the little language of cells; see :mod:`rnncore.cells` for the language itself.

:mod:`rnncore.syntax` makes equations of a text, :mod:`rnncore.expressions` nodes of their right-hand sides, and this
module a cell of both.
"""

from __future__ import annotations

import ast
from dataclasses import replace
from types import MappingProxyType

from rnncore.cells import Cell, ParameterSpec
from rnncore.errors import CellError
from rnncore.expressions import Expressions
from rnncore.mistakes import SIGNS
from rnncore.ops import ACTIVATIONS
from rnncore.syntax import CLAMP, FUNCTIONS, equation_of, failure, parse

__all__ = ["CLAMP", "FUNCTIONS", "read_cell"]


def read_cell(name: str, text: str) -> Cell:
    """Read equations into a cell; raises CellError with line, column and remedy."""
    if not isinstance(name, str):
        raise CellError(f"a cell is called by a text, not by {name!r:.40}", remedy="Give it a name in quotation marks.")
    if isinstance(text, str):
        text = text.translate(SIGNS)
    tree = parse(text)
    try:
        return _read(name, text, tree)
    except CellError as error:
        # The tree counts columns in bytes, a reader in letters.
        lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        before = lines[error.line - 1].encode()[: error.column - 1] if error.line <= len(lines) else b""
        column = len(before.decode(errors="ignore")) + 1
        raise CellError(error.problem, line=error.line, column=column, remedy=error.remedy) from None


def _read(name: str, text: str, tree: ast.Module) -> Cell:
    """The cell that the tree's equations make."""
    equations = [equation_of(statement) for statement in tree.body]
    found = Expressions(frozenset(target.id for target, _ in equations), text)
    if "h" not in found.targets:
        instead = f", or call {equations[-1][0].id} h" if equations else ""
        raise CellError(
            "no equation computes h, which the output layer reads",
            line=tree.body[-1].lineno if tree.body else 1,
            remedy=f"Add an equation h = …{instead}.",
        )
    try:
        for target, value in equations:
            _add(found, target, value)
    except RecursionError:
        raise CellError("the brackets are nested too deeply", remedy="Give parts of it names of their own.") from None
    return _finished(found, name, text)


def _add(found: Expressions, target: ast.Name, value: ast.expr) -> None:
    """Read one equation."""
    if target.id in found.assigned:
        raise failure(target, f"{target.id!r} is computed twice", "Give the second one another name.")
    if target.id in found.kinds:
        raise failure(
            target,
            f"{target.id!r} is used above before this line computes it",
            f"Move this line up, or use {target.id}_prev for the previous step's value.",
        )
    first, found.current = len(found.nodes), target.id
    index = found.read(value)
    node = found.nodes[index]
    if node.is_leaf and node.op != "constant":
        raise failure(
            target, f"{target.id!r} only repeats {node.text!r}", "Let it compute something, or use the name itself."
        )
    if index < first or (node.name is not None and node.op != "constant"):
        raise failure(target, f"{target.id!r} only repeats {node.name or node.text!r}", "Use that name directly.")
    if node.op == "constant" and node.name is not None:
        node = found.node("constant", (), value, constant=node.constant)
        index = node.index
    # A named constant is a node of its own: the same number elsewhere must not be called by its name.
    found.leaves = {key: i for key, i in found.leaves.items() if i != index}
    found.nodes[index] = replace(node, name=target.id)
    found.assigned[target.id] = index


def _finished(found: Expressions, name: str, text: str) -> Cell:
    """The cell, once all equations are read."""
    for target, index in found.assigned.items():
        leaf = found.leaves.get(("state", f"{target}_prev"))
        node = found.nodes[index]
        if node.constant is not None and (target == "h" or leaf is not None):
            raise CellError(
                f"{target!r} is a constant and cannot be a state",
                line=node.line,
                column=node.column,
                remedy="Compute it from x or from a previous state.",
            )
    names = [n for n in found.assigned if ("state", f"{n}_prev") in found.leaves or n == "h"]
    states = ("h", *(n for n in names if n != "h"))
    _name_pre_activations(found)
    order = [n.parameter for n in found.nodes if n.parameter]
    parameters = tuple(ParameterSpec(n, *found.kinds[n]) for n in dict.fromkeys(order))
    outputs = MappingProxyType({s: found.assigned[s] for s in states})
    return Cell(name, text, tuple(found.nodes), states, parameters, outputs)


def _name_pre_activations(found: Expressions) -> None:
    """Name the argument of each activation "a" (the only one) or "a_<the equation's name>"."""
    by_line = {index: name for name, index in found.assigned.items()}
    owners = sorted(by_line)
    taken = set(found.assigned) | set(found.kinds)
    activated = []
    for node in found.nodes:
        if node.op in ACTIVATIONS:
            argument = found.nodes[node.inputs[0]]
            if not argument.is_leaf and argument.name is None:
                owner = next(by_line[i] for i in owners if i >= node.index)
                activated.append((argument, owner))
    for place, (argument, owner) in enumerate(activated):
        name = "a" if len(activated) == 1 else f"a_{owner}"
        if any(o == owner for _, o in activated[:place]):
            name += str(sum(o == owner for _, o in activated[: place + 1]))
        if name not in taken:
            taken.add(name)
            found.nodes[argument.index] = replace(argument, name=name)
