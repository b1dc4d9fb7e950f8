"""The outside of the little language of cells: its words, a text as equations, and what each of them computes."""

from __future__ import annotations

import ast
import keyword
import re
import warnings
from collections.abc import Mapping
from types import MappingProxyType

from rnncore.errors import CellError
from rnncore.mistakes import in_names_elsewhere, of_notation

FUNCTIONS: Mapping[str, str] = MappingProxyType({"sigmoid": "sigmoid", "σ": "sigmoid", "tanh": "tanh", "relu": "relu"})
CLAMP = "clamp"
RESERVED = frozenset({"x", "V", "b_y", "y", "logits", "probabilities", "loss"})
MAX_TEXT = 20_000


def parse(text: str) -> ast.Module:
    """Return equations as Python's syntax tree, of which only a little is allowed; raises CellError."""
    if not isinstance(text, str) or not text.strip():
        raise CellError("there are no equations", remedy="Write at least h = tanh(U @ x + W @ h_prev).")
    if len(text) > MAX_TEXT:
        raise CellError(
            f"the equations are {len(text):,} characters long",
            remedy=f"Keep them under {MAX_TEXT:,}.",
        )
    for number, line in enumerate(text.split("\n"), 1):
        if in_names_elsewhere(line):  # Python would read them as letters on the line
            _explain(text, number)
    try:
        return _read(text)
    except SyntaxError as error:
        _explain(text, error.lineno or 1)
        _refuse_keywords(text, error.lineno or 1)
        raise CellError(
            f"this is not an equation ({error.msg})",
            line=error.lineno or 1,
            column=max(error.offset or 1, 1),
            remedy="Write name = expression, for instance h = tanh(U @ x + W @ h_prev).",
        ) from None
    except (ValueError, RecursionError, MemoryError):
        raise CellError("the text cannot be read", remedy="Remove null characters and very deep brackets.") from None


def _read(text: str) -> ast.Module:
    """Python's syntax tree, without a word on the terminal of what it only warns of: what is wrong is told below."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SyntaxWarning)
        return ast.parse(text)


def _refuse_keywords(text: str, number: int) -> None:
    """Raise if a name in the line where reading failed is one of Python's own words, such as lambda."""
    lines = text.split("\n")
    line = lines[number - 1].partition("#")[0] if number <= len(lines) else ""
    for found in re.finditer(r"[^\W\d]\w*", line):
        if keyword.iskeyword(word := found.group()):
            raise CellError(
                f"{word!r} cannot stand in an equation: it is a word of Python's own",
                line=number,
                column=found.start() + 1,
                remedy=f"Choose another name, such as {word}_.",
            )


def _explain(text: str, at: int) -> None:
    """Raise what is known of a notation in the line where reading failed, or else in any other."""
    lines = text.split("\n")
    for number in dict.fromkeys([min(at, len(lines)), *range(1, len(lines) + 1)]):
        answer = of_notation(lines[number - 1], [*FUNCTIONS, CLAMP])
        if answer is not None:
            problem, remedy, column = answer
            raise CellError(problem, line=number, column=column, remedy=remedy) from None
        if number == at:
            try:
                _read(lines[number - 1])
            except SyntaxError:
                return  # it is this line, and nothing more is known of it


def equation_of(statement: ast.stmt) -> tuple[ast.Name, ast.expr]:
    """Return the name that a statement assigns and what it assigns; raises CellError where it is no equation."""
    place = {"line": statement.lineno, "column": statement.col_offset + 1}
    if not isinstance(statement, ast.Assign):
        raise CellError("this line is not an equation", **place, remedy=_remedy_of(statement))
    if len(statement.targets) != 1 or not isinstance(statement.targets[0], ast.Name):
        raise CellError("the left-hand side must be one name", **place, remedy="Write one equation a name.")
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
    return target, statement.value


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


def failure(where: ast.AST, problem: str, remedy: str) -> CellError:
    """Return the error of a place in the text."""
    return CellError(
        problem, line=getattr(where, "lineno", 1), column=getattr(where, "col_offset", 0) + 1, remedy=remedy
    )
