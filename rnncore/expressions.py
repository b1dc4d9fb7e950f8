"""The inside of the little language of cells: an expression's syntax becomes nodes of the graph of operations.

What is not on the white list is refused, with what is likely to have been meant.
"""

from __future__ import annotations

import ast
from collections.abc import Callable

from rnncore.biases import sum_terms
from rnncore.cells import LARGEST, Node
from rnncore.errors import CellError
from rnncore.mistakes import function_meant, nearest, state_meant
from rnncore.syntax import CLAMP, FUNCTIONS, RESERVED, failure

MAX_NODES = 400


class Expressions:
    """The nodes of a cell, as its expressions are read one after another.

    Attributes
    ----------
    targets : frozenset of str
        All names that the equations compute, in whatever order; made from them and the equations' ``text``.
    current : str
        The name that is being computed.
    nodes : list of Node
        In topological order.
    leaves : dict
        (op, key) -> the one node that stands for an input, a previous state, a parameter or a number.
    assigned : dict
        Name -> node, of the equations read so far.
    kinds : dict
        Parameter -> what it is ("matrix" or "vector") and of what ("x" or "hidden").
    """

    def __init__(self, targets: frozenset[str], text: str = "") -> None:
        self.targets = targets
        # The tree counts lines and columns in these.
        self._lines = text.replace("\r\n", "\n").replace("\r", "\n").encode().split(b"\n")
        self.current = ""
        self.nodes: list[Node] = []
        self.leaves: dict[tuple[str, str], int] = {}
        self.assigned: dict[str, int] = {}
        self.kinds: dict[str, tuple[str, str]] = {}

    def node(self, op: str, inputs: tuple[int, ...], where: ast.AST, **extra: object) -> Node:
        """Return a new node that stands for ``where`` in the text."""
        if len(self.nodes) >= MAX_NODES:
            raise failure(where, "the cell has too many operations", f"Keep it under {MAX_NODES}.")
        node = Node(
            len(self.nodes),
            op,
            inputs,
            None,
            ast.unparse(where),
            getattr(where, "lineno", 1),
            getattr(where, "col_offset", 0) + 1,
            **extra,  # type: ignore[arg-type]
        )
        self.nodes.append(node)
        return node

    def _leaf(self, op: str, key: str, where: ast.AST, **extra: object) -> int:
        if (op, key) not in self.leaves:
            self.leaves[op, key] = self.node(op, (), where, **extra).index
        return self.leaves[op, key]

    def _operation(self, op: str, inputs: tuple[int, ...], where: ast.AST) -> int:
        values = [self.nodes[i].constant for i in inputs]
        if all(v is not None for v in values):
            folded = float(_FOLD[op](*values))
            self._bound(folded, where)
            return self.node("constant", (), where, constant=folded).index
        return self.node(op, inputs, where).index

    def read(self, e: ast.expr) -> int:
        """Return the node that computes an expression, added to those there are; raises CellError."""
        if isinstance(e, ast.BinOp):
            return self._binary(e)
        if isinstance(e, ast.Name):
            return self._name(e)
        if isinstance(e, ast.Constant):
            if e.value is ...:
                raise failure(e, "something is missing here", "Write for instance tanh(U @ x + W @ h_prev).")
            if isinstance(e.value, bool) or not isinstance(e.value, int | float):
                raise failure(e, f"{e.value!r} is not a number", "Write a number such as 0.5.")
            self._bound(e.value, e)
            return self._leaf("constant", repr(float(e.value)), e, constant=float(e.value))
        if isinstance(e, ast.UnaryOp):
            if isinstance(e.op, ast.UAdd):
                return self.read(e.operand)
            if not isinstance(e.op, ast.USub):
                raise failure(e, "this operator is not in the language", "Use + - * @ only.")
            return self._operation("neg", (self._vector(e.operand),), e)
        if isinstance(e, ast.Call):
            return self._call(e)
        if isinstance(e, ast.Subscript):
            name = ast.unparse(e.value)
            before = "-" in ast.unparse(e.slice)
            remedy = f"Write {name}_prev for the step before's value." if before else f"Write {name}."
            raise failure(e, "an index is not in the language", remedy)
        if isinstance(e, ast.Starred):
            raise failure(e, "nothing stands before the *", "Write what belongs there, or take the sign away.")
        if isinstance(e, ast.Tuple):
            raise failure(e, "a comma has no meaning here", "Write 0.5 with a point, and one value at a time.")
        what = _NAMES.get(type(e).__name__, "this")
        raise failure(
            e, f"{what} is not in the language", "Use names, numbers, + - * @, sigmoid, tanh, relu and clamp."
        )

    def _bound(self, value: float, where: ast.AST) -> None:
        """Refuse a constant, written or worked out, that is no finite number of a sensible size."""
        if not abs(value) < LARGEST:
            raise failure(where, "this number is too large", f"Keep constants below {LARGEST:g}.")

    def _call(self, e: ast.Call) -> int:
        if isinstance(e.func, ast.Name) and e.func.id == CLAMP:
            return self._clamp(e)
        if not isinstance(e.func, ast.Name) or e.func.id not in FUNCTIONS:
            raise self._no_function(e)
        if len(e.args) != 1 or e.keywords or isinstance(e.args[0], ast.Starred):
            raise failure(e, f"{e.func.id} takes exactly one value", f"Write {e.func.id}(…).")
        argument = self._vector(e.args[0])
        if self.nodes[argument].constant is not None:
            raise failure(e, f"{e.func.id} of a constant is a constant", "Write the number itself.")
        return self._operation(FUNCTIONS[e.func.id], (argument,), e)

    def _no_function(self, e: ast.Call) -> CellError:
        called = ast.unparse(e.func)
        if called == "x":
            return failure(e, "'x' is not a function here", "Write U @ x.")
        if called in self.targets:
            remedy = f"Write {called}_prev for the previous step's value."
            return failure(e, f"{called!r} is not a function here", remedy)
        if isinstance(e.func, ast.BinOp):
            return failure(e, f"{called!r} is not a function here", "Write a * between two brackets.")
        meant = function_meant(called, [*FUNCTIONS, CLAMP])
        every = "Use sigmoid, tanh, relu or clamp."
        return failure(e, f"{called!r} is not a function here", f"Did you mean {meant}? {every}" if meant else every)

    def _clamp(self, e: ast.Call) -> int:
        if not 2 <= len(e.args) <= 3 or e.keywords or any(isinstance(a, ast.Starred) for a in e.args):
            raise failure(
                e,
                "clamp takes a value, a number and perhaps a unit",
                "Write clamp(…, 1), or clamp(…, 1, 3) for unit 3 alone.",
            )
        operand = self._vector(e.args[0])
        if self.nodes[operand].constant is not None:
            raise failure(e, "clamp of a constant is a constant", "Write the number itself.")
        numbers = [self.read(a) for a in e.args[1:]]
        for place, index in zip(e.args[1:], numbers, strict=True):
            if self.nodes[index].constant is None:
                raise failure(place, "a value is clamped to a number", "Write a number such as 0, 1 or 0.5.")
        if len(numbers) == 2:
            unit = self.nodes[numbers[1]].constant
            if unit is None or unit < 1 or unit != int(unit):
                raise failure(e.args[2], "units count from 1 on", "Write a whole number: 1 is the first unit.")
            # Counted from 1 where people write and read it, and from 0 as every index of the arrays.
            numbers[1] = self._leaf("constant", f"unit {unit:g}", e.args[2], constant=unit - 1.0)
        return self._operation("clamp", (operand, *numbers), e)

    def _binary(self, e: ast.BinOp) -> int:
        if isinstance(e.op, ast.MatMult):
            return self._product(e)
        if isinstance(e.op, ast.Add):
            return self._operation("add", tuple(self._vector(t) for t in sum_terms(e)), e)
        if isinstance(e.op, ast.Sub | ast.Mult):
            op = "sub" if isinstance(e.op, ast.Sub) else "mul"
            return self._operation(op, (self._vector(e.left), self._vector(e.right)), e)
        remedy = {
            "Div": "Multiply by a constant instead, for instance 0.5 * ….",
            "FloorDiv": "A comment begins with #.",
            "Pow": "Write the product out, for instance h * h.",
            "BitXor": "Write the product out, for instance h * h.",
        }.get(type(e.op).__name__, "Use + - * @ only.")
        what = _OPERATORS.get(type(e.op).__name__, "this operator")
        raise failure(self._operator(e), f"{what} is not in the language", remedy)

    def _operator(self, e: ast.BinOp) -> ast.AST:
        """Where the sign between two operands stands: after what closes the left one, and comments."""
        number, at = e.left.end_lineno or e.lineno, e.left.end_col_offset or 0
        while number <= min(e.right.lineno, len(self._lines)):
            line = self._lines[number - 1]
            while at < len(line) and line[at : at + 1] in b" \t)\\\f":
                at += 1
            if at < len(line) and line[at : at + 1] != b"#":
                return ast.Pass(lineno=number, col_offset=at)
            number, at = number + 1, 0
        return e

    def _vector(self, e: ast.expr) -> int:
        """An operand of an element-wise operation: anything but the raw input and a matrix."""
        if isinstance(e, ast.Name):
            if e.id == "x":
                raise failure(
                    e,
                    "x has one entry a word of the vocabulary, not one a unit",
                    "Multiply it by a matrix first: U @ x.",
                )
            if self._is_parameter(e.id):
                self._declare(e, "vector", "hidden")
        return self.read(e)

    def _product(self, e: ast.BinOp) -> int:
        left = e.left
        if not isinstance(left, ast.Name) or not self._is_parameter(left.id):
            if isinstance(left, ast.Name) and left.id in ("V", "b_y"):
                raise failure(
                    left, f"{left.id!r} belongs to the output layer", "Call this matrix something else, such as U."
                )
            if isinstance(e.right, ast.Name) and isinstance(left, ast.Name) and self._is_parameter(e.right.id):
                raise failure(
                    left,
                    f"{left.id!r} is not a matrix",
                    f"The matrix stands to the left: write {e.right.id} @ {left.id}.",
                )
            if isinstance(left, ast.Attribute):
                remedy = "Give it a name of its own: it is learnt."
                raise failure(left, f"{ast.unparse(left)!r} is not a matrix", remedy)
            raise failure(
                left,
                f"{ast.unparse(left)!r} is not a matrix",
                "To the left of @ stands a parameter: a name that no equation assigns, such as W in W @ h_prev.",
            )
        if isinstance(e.right, ast.Name) and e.right.id == "x":
            self._declare(left, "matrix", "x")
            operand = self._leaf("input", "x", e.right)
        else:
            if isinstance(e.right, ast.Name) and self._is_parameter(e.right.id):
                self._declare(e.right, "vector", "hidden")
            operand = self.read(e.right)
            if self.nodes[operand].constant is not None:
                raise failure(e.right, "a matrix multiplies a vector, not a number", "Write W @ h_prev, or use *.")
            self._declare(left, "matrix", "hidden")
        matrix = self._leaf("parameter", left.id, left, parameter=left.id)
        return self._operation("matmul", (matrix, operand), e)

    def _is_parameter(self, name: str) -> bool:
        return (
            name not in self.targets
            and name not in RESERVED
            and name not in FUNCTIONS
            and name != CLAMP
            and not name.endswith("_prev")
        )

    def _misspelt(self, e: ast.Name) -> None:
        """Refuse a name that no equation computes and that is so like a state's or the input's that it means that."""
        name = e.id
        meant = state_meant(name, self.targets)
        if meant is None and name in ("X", "x_t", "xt", "x_in"):
            meant = "x"
        if meant is not None and name not in self.targets:
            raise failure(e, f"no equation computes {name!r}", f"Did you mean {meant}?")

    def _declare(self, where: ast.Name, kind: str, of: str) -> None:
        if kind == "vector":
            self._misspelt(where)
        known = self.kinds.setdefault(where.id, (kind, of))
        if known != (kind, of):
            said = {
                ("matrix", "x"): "a matrix that multiplies x",
                ("matrix", "hidden"): "a matrix that multiplies a state",
                ("vector", "hidden"): "a vector",
            }
            raise failure(
                where,
                f"{where.id!r} is {said[known]} elsewhere and {said[kind, of]} here",
                "Use two names.",
            )

    def _name(self, e: ast.Name) -> int:
        name = e.id
        if name == "x":
            raise failure(e, "x can only be multiplied by a matrix", "Write U @ x.")
        if name in self.assigned:
            return self.assigned[name]
        if name.endswith("_prev"):
            base = name.removesuffix("_prev")
            if not base:
                raise failure(e, "'_prev' is the previous value of nothing", "Write a state before it: h_prev.")
            if base not in self.targets:
                states = [f"{t}_prev" for t in sorted(self.targets)]
                meant = nearest(name, states, 0.75) or ("h_prev" if len(states) == 1 else None)
                remedy = (
                    f"Did you mean {meant}? Add an equation for {base}." if meant else f"Add an equation for {base}."
                )
                if base == "x":
                    remedy = "x is this step's word alone: let a state of your own keep it."
                raise failure(e, f"no equation computes {base!r}, so it has no previous value", remedy)
            return self._leaf("state", name, e, state=base)
        if name in self.targets and name == self.current:
            remedy = f"Write {name}_prev for the previous step's value."
            raise failure(e, f"{name!r} is used before it is computed", remedy)
        if name in self.targets:
            raise failure(
                e,
                f"{name!r} is used before it is computed",
                f"Move its equation above this line, or use {name}_prev for the previous step's value.",
            )
        if name in FUNCTIONS or name in RESERVED or name == CLAMP:
            if name in ("V", "b_y"):
                raise failure(e, f"{name!r} belongs to the output layer", "Call this vector something else, such as b.")
            raise failure(e, f"{name!r} cannot be used as a value", "Choose another name.")
        self._declare(e, "vector", "hidden")
        return self._leaf("parameter", name, e, parameter=name)


_FOLD: dict[str, Callable[..., float]] = {
    "add": lambda *v: sum(v[1:], v[0]),
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "neg": lambda a: -a,
}
_OPERATORS = {
    "Div": "division (/)",
    "FloorDiv": "division (//)",
    "Mod": "a remainder (%)",
    "Pow": "a power (**)",
    "BitXor": "a power (^)",
}
_NAMES = {
    "Attribute": "a dotted name",
    "Subscript": "an index",
    "Lambda": "a lambda",
    "IfExp": "if … else",
    "Compare": "a comparison",
    "BoolOp": "and / or",
    "List": "a list",
    "Tuple": "a tuple",
    "Dict": "a dict",
    "Set": "a set",
    "JoinedStr": "a string",
    "ListComp": "a comprehension",
    "GeneratorExp": "a comprehension",
    "NamedExpr": "a walrus assignment",
    "Await": "await",
    "Yield": "yield",
}
