"""The reader of the little language of cells; see :mod:`rnncore.cells` for the language itself."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType

from rnncore.biases import sum_terms
from rnncore.cells import LARGEST, Cell, Node, ParameterSpec
from rnncore.errors import CellError
from rnncore.mistakes import SIGNS, function_meant, has_subscript, nearest, of_notation, state_meant
from rnncore.ops import ACTIVATIONS

FUNCTIONS: Mapping[str, str] = MappingProxyType(
    {"sigmoid": "sigmoid", "σ": "sigmoid", "tanh": "tanh", "relu": "relu"}
)
CLAMP = "clamp"
RESERVED = frozenset({"x", "V", "b_y", "y", "logits", "probabilities", "loss"})
MAX_TEXT = 20_000
MAX_NODES = 400


def read_cell(name: str, text: str) -> Cell:
    """Read equations into a cell; raises CellError with line, column and remedy."""
    if not isinstance(name, str):
        raise CellError(f"a cell is called by a text, not by {name!r:.40}", remedy="Give it a name in quotation marks.")
    reader = _Reader(name, text)
    tree = reader.parse()
    try:
        return reader.read(tree)
    except CellError as error:
        # The tree counts columns in bytes, a reader in letters.
        lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        before = lines[error.line - 1].encode()[: error.column - 1] if error.line <= len(lines) else b""
        column = len(before.decode(errors="ignore")) + 1
        raise CellError(error.problem, line=error.line, column=column, remedy=error.remedy) from None


class _Reader:
    """Reads one text into a cell, refusing whatever is not on the white list."""

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self.text = text.translate(SIGNS) if isinstance(text, str) else text
        self.current = ""
        self.nodes: list[Node] = []
        self.leaves: dict[tuple[str, str], int] = {}
        self.assigned: dict[str, int] = {}
        self.kinds: dict[str, tuple[str, str]] = {}
        self.width: dict[int, str] = {}  # node -> "vector", "scalar" (a constant) or "free" (a bare parameter)

    # --- text to statements ---

    def parse(self) -> ast.Module:
        """The text as Python's syntax tree."""
        if not isinstance(self.text, str) or not self.text.strip():
            raise CellError(
                "there are no equations", remedy="Write at least h = tanh(U @ x + W @ h_prev)."
            )
        if len(self.text) > MAX_TEXT:
            raise CellError(
                f"the equations are {len(self.text):,} characters long",
                remedy=f"Keep them under {MAX_TEXT:,}.",
            )
        for number, line in enumerate(self.text.split("\n"), 1):
            if has_subscript(line):  # Python would read them as letters on the line
                self._explain(number)
        try:
            return ast.parse(self.text)
        except SyntaxError as error:
            self._explain(error.lineno or 1)
            raise CellError(
                f"this is not an equation ({error.msg})",
                line=error.lineno or 1,
                column=max(error.offset or 1, 1),
                remedy="Write name = expression, for instance h = tanh(U @ x + W @ h_prev).",
            ) from None
        except (ValueError, RecursionError, MemoryError):
            raise CellError(
                "the text cannot be read", remedy="Remove null characters and very deep brackets."
            ) from None

    def _explain(self, at: int) -> None:
        """Raise what is known of a notation in the line where reading failed, or else in any other."""
        lines = self.text.split("\n")
        for number in dict.fromkeys([min(at, len(lines)), *range(1, len(lines) + 1)]):
            answer = of_notation(lines[number - 1], [*FUNCTIONS, CLAMP])
            if answer is not None:
                problem, remedy, column = answer
                raise CellError(problem, line=number, column=column, remedy=remedy) from None
            if number == at:
                try:
                    ast.parse(lines[number - 1])
                except SyntaxError:
                    return  # it is this line, and nothing more is known of it

    def read(self, tree: ast.Module) -> Cell:
        """The cell that the tree's equations make."""
        statements = tree.body
        targets = [self._target(s) for s in statements]
        self.targets = frozenset(t.id for t in targets)
        if "h" not in self.targets:
            raise CellError(
                "no equation computes h, which the output layer reads",
                line=statements[-1].lineno if statements else 1,
                remedy=f"Add an equation h = …, or call {targets[-1].id} h." if targets else "Add an equation h = ….",
            )
        try:
            for statement, target in zip(statements, targets, strict=True):
                self._statement(statement, target)  # type: ignore[arg-type]
        except RecursionError:
            raise CellError(
                "the brackets are nested too deeply", remedy="Give parts of it names of their own."
            ) from None
        return self._cell()

    def _target(self, statement: ast.stmt) -> ast.Name:
        place = {"line": statement.lineno, "column": statement.col_offset + 1}
        if not isinstance(statement, ast.Assign):
            raise CellError("this line is not an equation", **place, remedy=_remedy_of(statement))
        if len(statement.targets) != 1 or not isinstance(statement.targets[0], ast.Name):
            raise CellError(
                "the left-hand side must be one name", **place, remedy="Write one equation a name."
            )
        target = statement.targets[0]
        if target.id in RESERVED or target.id in FUNCTIONS or target.id == CLAMP:
            raise CellError(
                f"{target.id!r} cannot be assigned: it has a fixed meaning",
                **place,
                remedy="Choose another name.",
            )
        if target.id.endswith("_prev"):
            base = target.id.removesuffix("_prev")
            raise CellError(
                f"{target.id!r} is the value of the previous step and cannot be assigned",
                **place,
                remedy=f"Assign {base} instead." if base else "Choose a name that does not end in _prev.",
            )
        return target

    def _statement(self, statement: ast.Assign, target: ast.Name) -> None:
        if target.id in self.assigned:
            raise CellError(
                f"{target.id!r} is computed twice",
                line=target.lineno,
                column=target.col_offset + 1,
                remedy="Give the second one another name.",
            )
        if target.id in self.kinds:
            raise CellError(
                f"{target.id!r} is used above before this line computes it",
                line=target.lineno,
                column=target.col_offset + 1,
                remedy=f"Move this line up, or use {target.id}_prev for the previous step's value.",
            )
        first, self.current = len(self.nodes), target.id
        index = self._expression(statement.value)
        node = self.nodes[index]
        if node.is_leaf and node.op != "constant":
            raise CellError(
                f"{target.id!r} only repeats {node.text!r}",
                line=target.lineno,
                column=target.col_offset + 1,
                remedy="Let it compute something, or use the name itself.",
            )
        if index < first or (node.name is not None and node.op != "constant"):
            raise CellError(
                f"{target.id!r} only repeats {node.name or node.text!r}",
                line=target.lineno,
                column=target.col_offset + 1,
                remedy="Use that name directly.",
            )
        if node.op == "constant" and node.name is not None:
            node = self._node("constant", (), statement.value, constant=node.constant)
            index = node.index
            self.width[index] = "scalar"
        # A named constant is a node of its own: the same number elsewhere must not be called by its name.
        self.leaves = {key: i for key, i in self.leaves.items() if i != index}
        self.nodes[index] = replace(node, name=target.id)
        self.assigned[target.id] = index

    # --- expressions to nodes ---

    def _fail(self, where: ast.AST, problem: str, remedy: str) -> CellError:
        return CellError(
            problem,
            line=getattr(where, "lineno", 1),
            column=getattr(where, "col_offset", 0) + 1,
            remedy=remedy,
        )

    def _node(self, op: str, inputs: tuple[int, ...], where: ast.AST, **extra: object) -> Node:
        if len(self.nodes) >= MAX_NODES:
            raise self._fail(where, "the cell has too many operations", f"Keep it under {MAX_NODES}.")
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
            self.leaves[op, key] = self._node(op, (), where, **extra).index
        return self.leaves[op, key]

    def _operation(self, op: str, inputs: tuple[int, ...], where: ast.AST) -> int:
        values = [self.nodes[i].constant for i in inputs]
        if all(v is not None for v in values):
            folded = float(_FOLD[op](*values))
            self._bound(folded, where)
            index = self._node("constant", (), where, constant=folded).index
            self.width[index] = "scalar"
            return index
        index = self._node(op, inputs, where).index
        self.width[index] = "vector"
        return index

    def _expression(self, e: ast.expr) -> int:
        if isinstance(e, ast.BinOp):
            return self._binary(e)
        if isinstance(e, ast.Name):
            return self._name(e)
        if isinstance(e, ast.Constant):
            if e.value is ...:
                raise self._fail(e, "something is missing here", "Write for instance tanh(U @ x + W @ h_prev).")
            if isinstance(e.value, bool) or not isinstance(e.value, int | float):
                raise self._fail(e, f"{e.value!r} is not a number", "Write a number such as 0.5.")
            self._bound(e.value, e)
            index = self._leaf("constant", repr(float(e.value)), e, constant=float(e.value))
            self.width[index] = "scalar"
            return index
        if isinstance(e, ast.UnaryOp):
            if isinstance(e.op, ast.UAdd):
                return self._expression(e.operand)
            if not isinstance(e.op, ast.USub):
                raise self._fail(e, "this operator is not in the language", "Use + - * @ only.")
            return self._operation("neg", (self._vector(e.operand),), e)
        if isinstance(e, ast.Call):
            return self._call(e)
        if isinstance(e, ast.Subscript):
            name = ast.unparse(e.value)
            before = "-" in ast.unparse(e.slice)
            remedy = f"Write {name}_prev for the step before's value." if before else f"Write {name}."
            raise self._fail(e, "an index is not in the language", remedy)
        if isinstance(e, ast.Tuple):
            raise self._fail(e, "a comma has no meaning here", "Write 0.5 with a point, and one value at a time.")
        what = _NAMES.get(type(e).__name__, "this")
        raise self._fail(
            e, f"{what} is not in the language", "Use names, numbers, + - * @, sigmoid, tanh, relu and clamp."
        )

    def _bound(self, value: float, where: ast.AST) -> None:
        """Refuse a constant, written or worked out, that is no finite number of a sensible size."""
        if not abs(value) < LARGEST:
            raise self._fail(where, "this number is too large", f"Keep constants below {LARGEST:g}.")

    def _call(self, e: ast.Call) -> int:
        if isinstance(e.func, ast.Name) and e.func.id == CLAMP:
            return self._clamp(e)
        if not isinstance(e.func, ast.Name) or e.func.id not in FUNCTIONS:
            raise self._no_function(e)
        if len(e.args) != 1 or e.keywords or isinstance(e.args[0], ast.Starred):
            raise self._fail(e, f"{e.func.id} takes exactly one value", f"Write {e.func.id}(…).")
        argument = self._vector(e.args[0])
        if self.nodes[argument].constant is not None:
            raise self._fail(
                e, f"{e.func.id} of a constant is a constant", "Write the number itself."
            )
        return self._operation(FUNCTIONS[e.func.id], (argument,), e)

    def _no_function(self, e: ast.Call) -> CellError:
        called = ast.unparse(e.func)
        if called == "x":
            return self._fail(e, "'x' is not a function here", "Write U @ x.")
        if called in self.targets:
            remedy = f"Write {called}_prev for the previous step's value."
            return self._fail(e, f"{called!r} is not a function here", remedy)
        if isinstance(e.func, ast.BinOp):
            return self._fail(e, f"{called!r} is not a function here", "Write a * between two brackets.")
        meant = function_meant(called, [*FUNCTIONS, CLAMP])
        every = "Use sigmoid, tanh, relu or clamp."
        return self._fail(e, f"{called!r} is not a function here", f"Did you mean {meant}? {every}" if meant else every)

    def _clamp(self, e: ast.Call) -> int:
        if not 2 <= len(e.args) <= 3 or e.keywords or any(isinstance(a, ast.Starred) for a in e.args):
            raise self._fail(
                e,
                "clamp takes a value, a number and perhaps a unit",
                "Write clamp(…, 1), or clamp(…, 1, 0) for unit 1.",
            )
        operand = self._vector(e.args[0])
        if self.nodes[operand].constant is not None:
            raise self._fail(e, "clamp of a constant is a constant", "Write the number itself.")
        numbers = [self._expression(a) for a in e.args[1:]]
        for place, index in zip(e.args[1:], numbers, strict=True):
            if self.nodes[index].constant is None:
                raise self._fail(place, "a value is clamped to a number", "Write a number such as 0, 1 or 0.5.")
        if len(numbers) == 2:
            unit = self.nodes[numbers[1]].constant
            if unit is None or unit < 0 or unit != int(unit):
                raise self._fail(e.args[2], "a unit is counted from 0 on", "Write a whole number: 0 is unit 1.")
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
        raise self._fail(e, f"{what} is not in the language", remedy)

    def _vector(self, e: ast.expr) -> int:
        """An operand of an element-wise operation: anything but the raw input and a matrix."""
        if isinstance(e, ast.Name):
            if e.id == "x":
                raise self._fail(
                    e,
                    "x has one entry a word of the vocabulary, not one a unit",
                    "Multiply it by a matrix first: U @ x.",
                )
            if self._is_parameter(e.id):
                self._declare(e, "vector", "hidden")
        return self._expression(e)

    def _product(self, e: ast.BinOp) -> int:
        left = e.left
        if not isinstance(left, ast.Name) or not self._is_parameter(left.id):
            if isinstance(left, ast.Name) and left.id in ("V", "b_y"):
                raise self._fail(
                    left, f"{left.id!r} belongs to the output layer", "Call this matrix something else, such as U."
                )
            if isinstance(e.right, ast.Name) and isinstance(left, ast.Name) and self._is_parameter(e.right.id):
                raise self._fail(
                    left,
                    f"{left.id!r} is not a matrix",
                    f"The matrix stands to the left: write {e.right.id} @ {left.id}.",
                )
            if isinstance(left, ast.Attribute):
                remedy = "Give it a name of its own: it is learnt."
                raise self._fail(left, f"{ast.unparse(left)!r} is not a matrix", remedy)
            raise self._fail(
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
            operand = self._expression(e.right)
            if self.nodes[operand].constant is not None:
                raise self._fail(
                    e.right, "a matrix multiplies a vector, not a number", "Write W @ h_prev, or use *."
                )
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
            raise self._fail(e, f"no equation computes {name!r}", f"Did you mean {meant}?")

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
            raise self._fail(
                where,
                f"{where.id!r} is {said[known]} elsewhere and {said[kind, of]} here",
                "Use two names.",
            )

    def _name(self, e: ast.Name) -> int:
        name = e.id
        if name == "x":
            raise self._fail(e, "x can only be multiplied by a matrix", "Write U @ x.")
        if name in self.assigned:
            return self.assigned[name]
        if name.endswith("_prev"):
            base = name.removesuffix("_prev")
            if not base:
                raise self._fail(e, "'_prev' is the previous value of nothing", "Write a state before it: h_prev.")
            if base not in self.targets:
                states = [f"{t}_prev" for t in sorted(self.targets)]
                meant = nearest(name, states, 0.75) or ("h_prev" if len(states) == 1 else None)
                remedy = f"Did you mean {meant}? Add {base} = …." if meant else f"Add {base} = …."
                if base == "x":
                    remedy = "x is this step's word alone: let a state of your own keep it."
                raise self._fail(e, f"no equation computes {base!r}, so it has no previous value", remedy)
            index = self._leaf("state", name, e, state=base)
            self.width[index] = "vector"
            return index
        if name in self.targets and name == self.current:
            remedy = f"Write {name}_prev for the previous step's value."
            raise self._fail(e, f"{name!r} is used before it is computed", remedy)
        if name in self.targets:
            raise self._fail(
                e,
                f"{name!r} is used before it is computed",
                f"Move its equation above this line, or use {name}_prev for the previous step's value.",
            )
        if name in FUNCTIONS or name in RESERVED or name == CLAMP:
            raise self._fail(e, f"{name!r} cannot be used as a value", "Choose another name.")
        self._declare(e, "vector", "hidden")
        return self._leaf("parameter", name, e, parameter=name)

    # --- the finished cell ---

    def _cell(self) -> Cell:
        for name, index in self.assigned.items():
            leaf = self.leaves.get(("state", f"{name}_prev"))
            node = self.nodes[index]
            if node.constant is not None and (name == "h" or leaf is not None):
                raise CellError(
                    f"{name!r} is a constant and cannot be a state",
                    line=node.line,
                    column=node.column,
                    remedy="Compute it from x or from a previous state.",
                )
        names = [n for n in self.assigned if ("state", f"{n}_prev") in self.leaves or n == "h"]
        states = ("h", *(n for n in names if n != "h"))
        self._name_pre_activations()
        order = [n.parameter for n in self.nodes if n.parameter]
        parameters = tuple(ParameterSpec(n, *self.kinds[n]) for n in dict.fromkeys(order))
        outputs = MappingProxyType({s: self.assigned[s] for s in states})
        return Cell(self.name, self.text, tuple(self.nodes), states, parameters, outputs)

    def _name_pre_activations(self) -> None:
        """Name the argument of each activation "a" (the only one) or "a_<the equation's name>"."""
        by_line = {index: name for name, index in self.assigned.items()}
        owners = sorted(by_line)
        taken = set(self.assigned) | set(self.kinds)
        found = []
        for node in self.nodes:
            if node.op in ACTIVATIONS:
                argument = self.nodes[node.inputs[0]]
                if not argument.is_leaf and argument.name is None:
                    owner = next(by_line[i] for i in owners if i >= node.index)
                    found.append((argument, owner))
        for place, (argument, owner) in enumerate(found):
            name = "a" if len(found) == 1 else f"a_{owner}"
            if any(o == owner for _, o in found[:place]):
                name += str(sum(o == owner for _, o in found[: place + 1]))
            if name not in taken:
                taken.add(name)
                self.nodes[argument.index] = replace(argument, name=name)


def _remedy_of(statement: ast.stmt) -> str:
    """What to write instead of a statement that is no equation."""
    if isinstance(statement, ast.AugAssign):
        return "Write it out: name = name_prev + …."
    if isinstance(statement, ast.AnnAssign):
        return "Write = for the colon: name = expression."
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Compare):
        return "Write name = expression, with one =."
    if isinstance(statement, ast.Expr):
        return "Write name = expression: give what it computes a name."
    return "Write name = expression, and nothing but equations."


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
    "Starred": "a star",
    "Await": "await",
    "Yield": "yield",
}
