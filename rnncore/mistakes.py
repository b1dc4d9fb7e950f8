"""What is likely to be meant by a text that makes no cell: the notations of books and of other languages, misspellings.

Each answer is (problem, remedy, column); a column counts letters from 1.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from itertools import pairwise

Answer = tuple[str, str, int]
SIGNS = str.maketrans({"⊙": "*", "∘": "*", "∗": "*", "−": "-", "–": "-", "＝": "=", "\N{NO-BREAK SPACE}": " "})
"""Signs that can mean but one thing, each of one letter, so that no column moves."""
PRODUCT = "Write @ between a matrix and a vector, as in W @ h_prev, and * for a product unit by unit."
PREVIOUS = "Write h_prev for the state of the step before, h for this step's, and x for the word that is read."
OTHER_NAMES = {"logistic": "sigmoid", "expit": "sigmoid", "sig": "sigmoid", "hardtanh": "tanh", "th": "tanh"}
SUBSCRIPTS = r"[₀-₎ₐ-ₜⱼ]"
_PATTERNS = (
    (r"\\", "a backslash is not in the language", "Write names as they are: tanh(…), not \\tanh."),
    (r"[·×⋅•]", "this product sign could mean two things", PRODUCT),
    (SUBSCRIPTS, "letters below the line cannot be read", PREVIOUS),
    (r"[{}]", "braces are not in the language", PREVIOUS),
    (r"[A-Za-z]['’′]", "a prime is not in the language", PREVIOUS),
    (r"[“”‘’\"]", "quotation marks are not in the language", "Write names without them."),
    (r"//", "comments do not begin with //", "Begin a comment with #."),
    (r"^\s*%", "comments do not begin with %", "Begin a comment with #."),
    (r":=|←|≔", "an equation is written with =", "Write name = expression."),
    (r"@@", "one @ is enough", "Write U @ x."),
    (r"^\s*[^\W\d]\w*\(.*?\)\s*=", "a name has no brackets behind it", PREVIOUS),
    (r"[²³]", "a power is not in the language", "Write the product out, for instance h * h."),
)
_WORD = r"[^\W\d]\w*"


def in_names_elsewhere(line: str) -> bool:
    """Whether a line has, outside a comment, what Python takes for part of a name: letters below it, a raised dot."""
    return re.search(f"{SUBSCRIPTS}|·", line.split("#", 1)[0]) is not None


def of_notation(line: str, functions: Iterable[str]) -> Answer | None:
    """Say what in one line that is not Python is a notation from elsewhere; None when nothing is known of it."""
    code = line.split("#", 1)[0]
    for pattern, problem, remedy in _PATTERNS:
        if found := re.search(pattern, code):
            return problem, remedy, found.start() + 1
    if line[:1] in (" ", "\t") and code.strip():
        return "this line begins with a space or a tab", "Begin every equation at the left edge.", 1
    return _side_by_side(code, frozenset(functions)) or _brackets(code) or _alone(code)


def _side_by_side(code: str, functions: frozenset[str]) -> Answer | None:
    tokens = [(m[0], m.start()) for m in re.finditer(rf"{_WORD}|\d+\.?\d*(?:[eE][+-]?\d+)?|\S", code)]
    for (left, _), (right, at) in pairwise(tokens):
        ends = left == ")" or re.fullmatch(r"\w[\w.]*", left)
        begins = right == "(" or re.fullmatch(r"\w[\w.]*", right)
        if not ends or not begins or (right == "(" and left not in (")",) and not left[0].isdigit()):
            continue
        if left in functions:
            return f"{left} wants brackets", f"Write {left}(…).", at + 1
        if left == ")" or right == "(":
            example = "Write a * between them"
        elif left[:1].isupper():
            example = f"Write {left} @ {right}"
        elif left[0].isdigit():
            example = f"Write {left} * {right}"
        else:
            example = "Write + between them, or * for a product unit by unit"
        return f"there is no sign between {left!r} and {right!r}", f"{example}.", at + 1
    return None


def _brackets(code: str) -> Answer | None:
    open_: list[int] = []
    for at, letter in enumerate(code):
        if letter == "(":
            open_.append(at)
        elif letter == ")":
            if not open_:
                return "this bracket closes nothing", "Take it away, or write a ( before it.", at + 1
            open_.pop()
    if open_:
        return "this bracket is never closed", "Write a ) where it ends.", open_[-1] + 1
    return None


def _alone(code: str) -> Answer | None:
    """A sign with nothing to one side of it."""
    if found := re.search(r"([-+*@=])\s*(?=\)|,|$)", code):
        return (
            f"nothing stands after the {found[1]}",
            "Write what belongs there, or take the sign away.",
            found.start() + 1,
        )
    if found := re.search(r"(?<=[-+*@=(])\s*([*@])|^\s*(=)", code):
        sign = found[1] or found[2]
        remedy = "Give what it computes a name" if sign == "=" else "Write what belongs there, or take the sign away"
        return f"nothing stands before the {sign}", f"{remedy}.", code.index(sign, found.start()) + 1
    return None


def nearest(name: str, known: Iterable[str], cutoff: float = 0.6) -> str | None:
    """Return which of the ``known`` names is likely to be meant, or None."""
    names = list(known)
    folded = {other.casefold(): other for other in names}
    if name.casefold() in folded:
        return folded[name.casefold()]
    from difflib import get_close_matches  # wanted only once something is misspelt

    found = get_close_matches(name, names, 1, cutoff)
    return found[0] if found else None


def function_meant(name: str, known: Iterable[str]) -> str | None:
    """Return the function that a wrong name is likely to mean: "sigmoid" for "torch.sigmoid", "Sigmoid" or "sigm"."""
    last = name.rsplit(".", 1)[-1].casefold()
    return OTHER_NAMES.get(last) or nearest(last, [k for k in known if len(k) > 1], 0.7)


def state_meant(name: str, states: Collection[str]) -> str | None:
    """Return "h_prev" for "hprev", "h_prve", "h_old", "h_last", "prev_h", "h_t1" and the like; None for other names.

    A name that is only a little like one, such as a weight's, is left alone.
    """
    for state in sorted(states, key=len, reverse=True):
        body = re.escape(state)
        after = r"_?(?:prev(?:ious)?|old|last|before|tm1|t_?1|t_?minus_?1|minus_?1|t|1)"
        if re.fullmatch(rf"{body}{after}|(?:prev(?:ious)?|old|last)_?{body}", name, re.IGNORECASE):
            return f"{state}_prev"
    return nearest(name, [f"{state}_prev" for state in states], 0.8)
