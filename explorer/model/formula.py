"""Formulas as runs of styled text, without Qt: numbers, symbols with subscripts, sums and products.

A view paints the runs (italic letters, lowered subscripts); :func:`plain` gives the same formula as one line of
text for tool tips, screen readers and tests.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import lru_cache

from rnncore.frozen import dataclass

SUM, PRODUCT, PREFIX, ATOM = 1, 2, 3, 4


@dataclass(frozen=True, slots=True)
class Run:
    """A piece of text in one style.

    ``style`` is "plain", "italic" (a variable), "number" (fixed width), "bold" (a fixed-width result) or "words" (the
    interface's own font); ``role`` a colour token or "" for the surroundings' own; ``script`` −1 for a subscript, +1
    for a superscript.
    """

    text: str
    style: str = "plain"
    role: str = ""
    script: int = 0


Runs = tuple[Run, ...]


@dataclass(frozen=True, slots=True)
class Formula:
    """``left = lines[0] = lines[1] = …``: symbols, then numbers, then the result.

    ``value`` is the number that the last line states, at full precision; None when it is not computed yet.
    ``details`` are lines in small type that open a number up (a matrix product's terms).
    """

    left: Runs
    lines: tuple[Runs, ...]
    value: float | None = None
    details: tuple[Runs, ...] = ()

    @property
    def text(self) -> str:
        """The whole formula in one line."""
        return " = ".join([plain(self.left), *(plain(line) for line in self.lines)])


@dataclass(frozen=True, slots=True)
class Term:
    """An expression with the precedence of its outermost operator."""

    runs: Runs
    rank: int = ATOM


_SUBSCRIPTS = str.maketrans("0123456789+-−=()aehijklmnoprstuvx", "₀₁₂₃₄₅₆₇₈₉₊₋₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ")
_SUPERSCRIPTS = str.maketrans("0123456789+-−T", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻ᵀ")


def plain(runs: Iterable[Run]) -> str:
    """The formula as one line of text, with Unicode's subscripts where it has them and ``_`` where not."""
    parts = []
    for run in runs:
        if run.script < 0:
            parts.append(_lowered(run.text))
        elif run.script > 0:
            parts.append(run.text.translate(_SUPERSCRIPTS))
        else:
            parts.append(run.text)
    return "".join(parts)


@lru_cache(maxsize=1024)
def _lowered(text: str) -> str:
    lowered = text.translate(_SUBSCRIPTS)
    return lowered if all(c not in text or not c.isalnum() for c in lowered) else f"_{text}"


def number(value: float, digits: int = 4) -> str:
    """``value`` to ``digits`` significant digits with a true minus sign; NaN and ±∞ as what they are."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    if value == 0:
        return "0"
    text = f"{abs(value):.{digits - 1}e}"
    mantissa, exponent = text.split("e")
    power = int(exponent)
    if -4 <= power < 6:
        text = f"{float(text) if power < digits else abs(value):.{max(0, digits - 1 - power)}f}"
    else:
        text = f"{mantissa}·10{str(power).translate(_SUPERSCRIPTS)}"
    return f"−{text}" if value < 0 else text


def compact(value: float, signed: bool = False) -> str:
    """At most eight characters, for the graph: 0.402, +.0164, −3.1e−7."""
    if math.isnan(value):
        return "NaN"
    sign = "−" if value < 0 else ("+" if signed else "")
    size = abs(value)
    if math.isinf(size):
        return f"{sign}∞"
    if size == 0:
        return "0"
    if size < 5e-5 or size >= 99999.5:
        mantissa, exponent = f"{size:.1e}".split("e")
        return f"{sign}{mantissa}e{int(exponent)}".replace("e-", "e−")
    if signed and size < 0.99995:
        return f"{sign}{size:.4f}".replace("0.", ".", 1)
    text = f"{size:.3f}" if size < 100 else f"{size:.5g}"
    if float(text) == 0 or size < 0.01:
        text = f"{size:.4f}"
    return f"{sign}{text}"


def figures(value: float, digits: int, *, signed: bool = False, tight: bool = False) -> str:
    """``value`` to so many significant digits whatever its size: 0.402, 5.31e−4, 0.

    ``signed`` always has a sign, and no 0 before the point: +.016, −1.2, +5.3e−4. ``tight`` has no such 0 in front of
    thousandths, .00531, and a digit less before a power: 5.3e−4 takes the room of .00053.
    """
    if math.isnan(value):
        return "NaN"
    sign = "−" if value < 0 else "+" if signed else ""
    size = abs(value)
    if math.isinf(size):
        return f"{sign}∞"
    if size == 0:
        return "0"
    mantissa, exponent = f"{size:.{digits - 1}e}".split("e")
    power = int(exponent)
    if -3 <= power < 4:  # so many places after the point that all take about the same room
        text = f"{float(f'{mantissa}e{exponent}') if power < digits else size:.{max(0, digits - 1 - power)}f}"
        return sign + (text[1:] if (signed or (tight and power == -3)) and text.startswith("0.") else text)
    if tight and digits > 1:
        mantissa, exponent = f"{size:.{digits - 2}e}".split("e")
        power = int(exponent)
    return f"{sign}{mantissa}e{power}".replace("e-", "e−")


def chance(probability: float) -> str:
    """A probability in at most seven characters: 0.402, and below a thousandth two digits, 1.5e−4."""
    if 0 < probability < 1e-3:
        mantissa, exponent = f"{probability:.1e}".split("e")
        return f"{mantissa}e−{-int(exponent)}"
    return compact(probability)


def percent(share: float, of: str = "") -> str:
    """A share to two digits, 5.5 % of ‖dW‖; of what is no number that there is none."""
    if not math.isfinite(share):
        return f"no share of {of}: {number(share)}" if of else f"no share: {number(share)}"
    return f"{number(100 * share, 2)} %" + (f" of {of}" if of else "")


def exact(value: float) -> str:
    """The shortest text from which the very same float64 can be read back."""
    return repr(float(value))


def symbol(name: str, subscript: str = "", role: str = "") -> Term:
    """A variable: ``W_f`` becomes W with subscript f, and a time joins it (``a_f`` at 5: a with subscript f,5)."""
    letter, _, index = name.partition("_")
    below = ",".join(part for part in (index, subscript) if part)
    runs = (Run(letter, "italic", role),)
    return Term((*runs, Run(below, "plain", role, -1)) if below else runs)


def numeral(value: float, digits: int = 4, role: str = "") -> Term:
    """A number as a term; a negative one is bracketed inside a product."""
    return Term((Run(number(value, digits), "number", role),), PREFIX if value < 0 else ATOM)


def text(words: str, role: str = "") -> Runs:
    """Upright words."""
    return (Run(words, "plain", role),)


def bracket(term: Term, rank: int) -> Runs:
    """``term`` in brackets when its operator binds less than ``rank`` asks."""
    return term.runs if term.rank >= rank else (Run("("), *term.runs, Run(")"))


def plus(terms: Sequence[Term]) -> Term:
    """``a + b − c``: a term that begins with a minus sign is subtracted."""
    if len(terms) == 1:
        return terms[0]
    runs: list[Run] = list(terms[0].runs)
    for term in terms[1:]:
        head = term.runs[0]
        if term.rank in (PREFIX, PRODUCT) and head.text.startswith("−"):
            rest = (replace(head, text=head.text[1:]),) if len(head.text) > 1 else ()
            runs += [Run(" − "), *rest, *term.runs[1:]]
        else:
            runs += [Run(" + "), *bracket(term, SUM)]
    return Term(tuple(runs), SUM)


def minus(left: Term, right: Term) -> Term:
    """``a − b``."""
    return Term((*left.runs, Run(" − "), *bracket(right, PRODUCT)), SUM)


def times(factors: Sequence[Term], sign: str = "⊙") -> Term:
    """``a ⊙ b``, with brackets where they are needed."""
    if len(factors) == 1:
        return factors[0]
    runs: list[Run] = list(bracket(factors[0], PRODUCT if factors[0].rank != PREFIX else PREFIX))
    for factor in factors[1:]:
        runs += [Run(f" {sign} "), *bracket(factor, ATOM)]
    return Term(tuple(runs), PRODUCT)


def negative(term: Term) -> Term:
    """``−a``."""
    return Term((Run("−"), *bracket(term, ATOM)), PREFIX)


def apply(function: str, argument: Term) -> Term:
    """``f(a)``."""
    return Term((Run(function), Run("("), *argument.runs, Run(")")))


def result(value: float, digits: int = 4) -> Runs:
    """The number that a formula comes to."""
    return (Run(number(value, digits), "bold"),)


def recolour(runs: Runs, role: str, style: str | None = None) -> Runs:
    """The runs in another colour (where they had none of their own) and style."""
    return tuple(Run(r.text, style or r.style, r.role or role, r.script) for r in runs)


def shortened(runs: Runs, terms: int) -> Runs:
    """A sum with its first ``terms`` summands and how many more there are; words for a single one save no room."""
    depth, ends = 0, []
    for n, run in enumerate(runs):
        if depth == 0 and run.text in (" + ", " − "):
            ends.append(n)
        if "(" in run.text or ")" in run.text:
            depth += run.text.count("(") - run.text.count(")")
    if len(ends) <= terms:
        return runs
    end, rest = ends[terms - 1], len(ends) + 1 - terms
    style = runs[end].style
    return (*runs[:end], Run(f" + {rest} more terms", style, "muted"))
