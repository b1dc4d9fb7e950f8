"""What the numpy program and the PyTorch one are both written with: names that collide with nothing, expressions."""

from __future__ import annotations

import keyword
from collections.abc import Iterable
from dataclasses import field

from rnncore.cells import Cell
from rnncore.frozen import dataclass
from rnncore.truncation import Truncation

from .step_listing import CodeLine, Mark

ADD, MUL, NEG, ATOM = 1, 2, 3, 4
"""How tightly a piece of text holds together; less than what stands around it asks for puts it in brackets."""
Text = tuple[str, int]
_TAKEN = {"np", "torch", "range", "reversed", "max", "len", "sum", "zip", "x", "y", "step", "cross_entropy"}
_TAKEN |= {"ends", "last", "first", "states", "sigmoid", "relu", "clamp", "low", "end", "optimiser", "unit", "to"}
_TAKEN |= {"velocity", "total", "square", "mean", "updates"}


@dataclass
class Writer:
    """A program that grows line by line.

    A parameter and a state are called what the cell calls them, with an underscore where the program itself needs
    that name.
    """

    cell: Cell
    truncation: Truncation
    bias: bool
    library: str
    """``"np"`` or ``"torch"``."""
    lines: list[CodeLine] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.roles: dict[str, str] = {}
        own = [p.name for p in self.cell.parameters] + ["V"] + (["b_y"] if self.bias else [])
        self.used = set(_TAKEN)
        self.parameters = {name: self.fresh(name, "weight") for name in own}
        assigned = [n for n in self.cell.assigned if self.cell.node(n).constant is None]
        self.names = {n: self.fresh(n, "value") for n in dict.fromkeys(assigned)}
        self.t, self.tau, self.length = (self.fresh(n) for n in ("t", "tau", "T"))
        self.loss = self.fresh("loss", "loss")
        self.states = [self.names[s] for s in self.cell.states]
        self.starts = [f"{name}_start" for name in self.states]
        self.roles |= dict.fromkeys([*self.starts, *(f"{name}_prev" for name in self.states)], "value")
        self.needs = {node.op for node in self.cell.nodes}

    def fresh(self, wanted: str, role: str = "") -> str:
        """``wanted``, or that with underscores when it is taken; taken from now on, and in the colour of ``role``."""
        name = wanted
        while name in self.used or keyword.iskeyword(name):
            name += "_"
        self.used.add(name)
        if role:
            self.roles[name] = role
        return name

    def put(self, text: str, depth: int = 0, marks: Iterable[Mark] = (), why: str = "") -> None:
        """Add a line."""
        code = "    " * depth + text
        self.lines.append(CodeLine(f"{code}  # {why}" if why else code, frozenset(marks)))

    def define_clamp(self, copy: str) -> None:
        """The function that holds a value, or one unit of it, where a clamp of the cell wants it."""
        if "clamp" in self.needs:
            self.put(f"def clamp(a, to, unit=...): a = a.{copy}(); a[unit] = to; return a")

    def equations(self, depth: int) -> None:
        """One line for each equation of the cell."""
        at = f"[{self.t}]" if self.library == "np" else ""
        for name, variable in self.names.items():
            index = self.cell.node(name).index
            marks: list[Mark] = [("operation", i, None) for i in self._inside(index)]
            self.put(f"{variable}{at} = {self.expression(index, self.t)[0]}", depth, marks)

    def logits(self) -> str:
        """The output layer at step t."""
        at = f"[{self.t}]" if self.library == "np" else ""
        bias = f" + {self.parameters['b_y']}" if self.bias else ""
        return f"{self.parameters['V']} @ {self.names['h']}{at}{bias}"

    # --- expressions ---

    def value(self, index: int, time: str) -> Text:
        """A value as it stands where it is used: its variable, or its expression."""
        node = self.cell.nodes[index]
        if node.name in self.names and not node.is_leaf:
            name = self.names[node.name]
            return (f"{name}[{time}]" if self.library == "np" else name), ATOM
        return self.expression(index, time)

    def expression(self, index: int, time: str) -> Text:
        """What computes a value."""
        node = self.cell.nodes[index]
        if node.state is not None:
            name = self.names[node.state]
            return (f"{name}[{time}-1]" if self.library == "np" else f"{name}_prev"), ATOM
        if node.parameter is not None:
            return self.parameters[node.parameter], ATOM
        if node.constant is not None:
            return f"{node.constant:.17g}", ATOM if node.constant >= 0 else NEG
        if node.op == "matmul":
            matrix, operand = node.inputs
            name = self.parameters[self.cell.nodes[matrix].parameter or ""]
            if self.cell.nodes[operand].op == "input":
                return f"{name}[:, x[{time}]]", ATOM
            return f"{name} @ {atom(self.value(operand, time))}", MUL
        inputs = [self.value(i, time) for i in node.inputs]
        if node.op == "add":
            return " + ".join([inputs[0][0], *(at_least(i, MUL) for i in inputs[1:])]), ADD
        if node.op == "sub":
            return f"{inputs[0][0]} - {at_least(inputs[1], MUL)}", ADD
        if node.op == "mul":
            return f"{at_least(inputs[0], MUL)} * {atom(inputs[1])}", MUL
        if node.op == "neg":
            return f"-{atom(inputs[0])}", NEG
        if node.op == "clamp":
            return f"clamp({', '.join(term for term, _ in inputs)})", ATOM
        own = self.library == "np" and node.op != "tanh"
        return f"{node.op if own else f'{self.library}.{node.op}'}({inputs[0][0]})", ATOM

    def _inside(self, index: int) -> set[int]:
        """The operations that the line of a named value carries out."""
        found: set[int] = set()
        stack = [index]
        while stack:
            i = stack.pop()
            node = self.cell.nodes[i]
            if node.is_leaf or (i != index and node.name in self.names):
                continue
            found.add(i)
            stack.extend(node.inputs)
        return found


def at_least(term: Text, rank: int) -> str:
    """``term``, in brackets when it holds together less than ``rank``."""
    return term[0] if term[1] >= rank else f"({term[0]})"


def atom(term: Text) -> str:
    """``term`` as one operand, whatever stands around it."""
    return at_least(term, ATOM)
