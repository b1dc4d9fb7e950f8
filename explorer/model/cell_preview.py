"""What becomes of the equations that are being typed: a cell to look at, or an error with its place and its remedy."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator

from rnncore.cells import Cell
from rnncore.errors import CellError
from rnncore.frozen import dataclass
from rnncore.language import CLAMP, FUNCTIONS
from rnncore.library import LIBRARY, TITLES
from rnncore.model import parameter_shapes

from .plurals import count

LONGEST_NAME = 40
OPERATIONS = (
    ("U @ x", "a matrix times the one-hot input"),
    ("W @ h_prev", "a matrix times a vector"),
    ("a + b,  a − b", "sum and difference"),
    ("a * b", "product, unit by unit"),
    ("sigmoid(a)  tanh(a)", "squashing functions"),
    ("relu(a)", "max(a, 0)"),
    ("clamp(f, 1)", "all units of f held at 1"),
    ("clamp(f, 1, 3)", "unit 3 of f held at 1; units count from 1"),
)
"""What the language has, with what it means."""
NAMES = (
    ("x", "the word that is read, one-hot"),
    ("h", "the state that the output layer reads: one equation must compute it"),
    ("h_prev, c_prev", "a state of the step before; any name that is read so is a state"),
    ("U, W, b, …", "whatever no equation computes is learnt: a matrix to the left of @, else a vector"),
    ("0.5, 1", "numbers stay as they are"),
)
"""What a name stands for."""
EXAMPLES = (
    ("A leaky memory", "# m forgets a tenth of itself at every step\nm = 0.9 * m_prev + U @ x\nh = tanh(W @ m)"),
    (
        "A gate that keeps",
        "# k near 1 keeps the old state, k near 0 writes a new one\n"
        "k = sigmoid(A @ x + B @ h_prev + d)\nh = k * h_prev + (1 - k) * tanh(C @ x)",
    ),
    ("A counter", "# c can count up and down, and is never squashed\nc = c_prev + tanh(U @ x)\nh = tanh(c)"),
    (
        "Two clocks",
        "# s is slow, h is fast and reads it\n"
        "s = 0.95 * s_prev + 0.05 * tanh(A @ x + B @ s_prev)\nh = tanh(U @ x + W @ h_prev + C @ s)",
    ),
    ("A residual step", "# each step adds a little to the state\nh = h_prev + 0.5 * tanh(U @ x + W @ h_prev + b)"),
    ("No squashing at all", "# every step multiplies the gradient by W: watch it explode\nh = U @ x + W @ h_prev"),
)
"""Small cells to start from: title and equations."""


@dataclass(frozen=True)
class Mistake:
    """What is wrong, at ``line`` and ``column`` (from 1) over ``length`` letters, and what to write instead."""

    line: int
    column: int
    length: int
    problem: str
    remedy: str

    @property
    def text(self) -> str:
        return f"Line {self.line}, column {self.column}: {self.problem}. {self.remedy}".rstrip()


@dataclass(frozen=True)
class Preview:
    """A text's cell for H units and V words, or what is wrong with it.

    ``parameters`` are (name, shape), the output layer's last; ``weights`` how many numbers they are.
    """

    cell: Cell | None
    mistake: Mistake | None
    parameters: tuple[tuple[str, tuple[int, ...]], ...] = ()
    weights: int = 0
    hints: tuple[str, ...] = ()
    """What is allowed and yet perhaps not meant."""

    @property
    def lines(self) -> tuple[tuple[str, str], ...]:
        """The cell in words: pairs of a heading and what there is of it."""
        cell = self.cell
        if cell is None:
            return tuple((heading, "–") for heading in ("States", "Gates, values", "Weights", "In numbers"))
        shapes = [f"{name}\N{NO-BREAK SPACE}{'×'.join(map(str, shape))}" for name, shape in self.parameters]
        return (
            ("States", ", ".join(cell.states)),
            ("Gates, values", ", ".join(cell.gates) or "none"),
            ("Weights", ", ".join(shapes)),
            ("In numbers", f"{count(self.weights, 'weight')}, {count(len(cell.operations), 'operation')} a time step"),
        )


def preview(text: str, hidden_size: int, vocabulary_size: int) -> Preview:
    """Return what a text of equations makes; never raises."""
    try:
        cell = Cell.from_equations("own", text)
        for node in cell.nodes:
            unit = cell.nodes[node.inputs[2]].constant if node.op == "clamp" and len(node.inputs) == 3 else None
            if unit is not None and unit >= hidden_size:
                raise CellError(
                    f"unit {unit + 1:g} is clamped, but there are only {hidden_size}",
                    line=node.line,
                    column=node.column,
                    remedy="Name a smaller one.",
                )
    except CellError as error:
        return Preview(None, _mistake(text, error))
    shapes = parameter_shapes(cell, vocabulary_size, hidden_size)
    return Preview(cell, None, tuple(shapes.items()), sum(math.prod(s) for s in shapes.values()), hints(cell))


def hints(cell: Cell) -> tuple[str, ...]:
    """Say what of a cell has no effect on h, now or later: what it needs is never learnt."""
    needed: set[int] = set()
    open_ = [cell.outputs["h"]]
    while open_:
        node = open_.pop()
        if node not in needed:
            needed.add(node)
            found = cell.nodes[node]
            open_ += found.inputs
            if found.op == "state" and found.state is not None:
                open_.append(cell.outputs[found.state])
    said = []
    ops = {cell.nodes[n].op for n in needed}
    if "state" not in ops:
        said.append("Nothing that h needs reads a state of the step before: the cell has no memory.")
    if "input" not in ops:
        said.append("Nothing that h needs reads x: the words make no difference.")
    for spec in cell.parameters:
        letter, read = spec.name[:1], spec.name[1:]
        if (
            spec.kind == "vector"
            and letter.isupper()
            and read in ("x", *cell.states, *(f"{s}_prev" for s in cell.states))
        ):
            said.append(f"{spec.name} is one vector of weights; the product is {letter} @ {read}.")
    for product in (n for n in cell.nodes if n.op == "matmul"):
        operand = cell.nodes[product.inputs[1]]
        if operand.op == "parameter":
            said.append(
                f"No equation gives {operand.text}: in {product.text} it is a vector of weights, alike at every step."
            )
    idle = [n.name for n in cell.nodes if n.name and n.index not in needed and n.name in (*cell.gates, *cell.states)]
    used = {cell.nodes[n].parameter for n in needed}
    unlearnt = [p.name for p in cell.parameters if p.name not in used]
    if idle:
        never = f", and {_list(unlearnt)} will never be learnt" if unlearnt else ""
        said.append(f"h does not need {_list(idle)}{never}.")
    return tuple(said)


def _list(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _mistake(text: str, error: CellError) -> Mistake:
    lines = text.split("\n")
    line = min(max(error.line, 1), len(lines))
    column = min(max(error.column, 1), len(lines[line - 1]) + 1)
    rest = lines[line - 1][column - 1 :]
    word = re.match(r"\w+|\S", rest)
    return Mistake(line, column, len(word[0]) if word else 0, error.problem, error.remedy)


def name_problem(name: str, text: str) -> str:
    """Return why a cell cannot be called so, "" when it can."""
    plain = name.strip()
    if not plain:
        return "Give the cell a name."
    if len(plain) > LONGEST_NAME:
        return f"Keep the name under {LONGEST_NAME} letters."
    known = {key.casefold(): key for key in LIBRARY} | {title.casefold(): key for key, title in TITLES.items()}
    key = known.get(plain.casefold())
    if key is not None and LIBRARY[key].text != text.strip():
        return f"“{plain}” is a built-in cell with other equations. Choose another name."
    return ""


def built_in(text: str) -> str | None:
    """Return the key of the built-in cell with these very equations, or None."""
    return next((key for key, cell in LIBRARY.items() if cell.text == text.strip()), None)


_WORDS = re.compile(r"#.*|\d+\.?\d*(?:e[+-]?\d+)?|\.\d+|[^\W\d]\w*|[-+*@=(),]", re.IGNORECASE)


def spans(text: str, states: frozenset[str]) -> Iterator[tuple[int, int, str]]:
    """Yield (start, length, kind) of what is coloured in one line of equations.

    Kinds: "comment", "number", "function", "input", "previous", "state", "value" (assigned here), "operator", "weight".
    ``states`` are the names that the whole text assigns.
    """
    for found in _WORDS.finditer(text):
        word = found[0]
        if word[0] == "#":
            kind = "comment"
        elif word[0].isdigit() or word[0] == ".":
            kind = "number"
        elif word in FUNCTIONS or word == CLAMP:
            kind = "function"
        elif word == "x":
            kind = "input"
        elif word.endswith("_prev"):
            kind = "previous"
        elif word in states:
            kind = "value"
        else:
            kind = "weight" if word[0].isalpha() or word[0] == "_" else "operator"
        yield found.start(), len(word), kind


def assigned(text: str) -> frozenset[str]:
    """Return the names to the left of an equals sign, also in a text that is not finished."""
    return frozenset(re.findall(r"^\s*([^\W\d]\w*)\s*=(?!=)", text, re.MULTILINE))
