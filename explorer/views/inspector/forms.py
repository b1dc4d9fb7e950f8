"""A formula set in one of six forms, from the roomiest to a single line.

Small panels have no room for a line each of symbols, numbers and result; what does not fit is first laid tighter and
only then shortened, and whatever is left out is told by the tool tip.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from math import inf

from ...model.formula import Formula, Run, Runs, number, plain, recolour, shortened
from ...theme.theme import Theme
from ...widgets.typeset import DETAILS, NUMBERS, SYMBOLS, Block, Placed, SetFormula, baseline, is_wider, line

USUAL, JOINED, FLOWING, SHORT, BRIEF, LINE = range(6)
"""A line each for symbols, numbers and result; those side by side where they fit; one paragraph in smaller type; that
with long sums cut short and without details; two lines; one line."""
FLOW, LEAST = 13.0, 12.0
TERMS = 2
"""Summands of a long sum that the short form writes out."""
MOST_TERMS = 5
"""So many of them it writes out where they take no line more: of an LSTM, or a GRU, all."""
_EQUALS = Run(" =\xa0", "plain", "muted")


def set_formula(
    f: Formula, column: float, width: float, theme: Theme, role: str, details: bool = True, form: int = USUAL
) -> SetFormula:
    """Set ``f`` within ``width``; ``column`` is where the usual forms begin their right-hand sides."""
    if form in (USUAL, JOINED):
        return _in_lines(f, column, width, theme, role, details, form == JOINED)
    if form == FLOWING:
        return _flowing(f, f.lines, width, FLOW, theme, role, details)
    if form == SHORT:
        return _short(f, width, theme, role)
    lines = 2 if form == BRIEF else 1
    highest = (lines + 0.5) * baseline(LEAST, theme)[1]
    tries = (
        _flowing(f, some, width, LEAST, theme, role, False)
        for some in _ever_shorter(f)
        if not is_wider(chain(f.left, *some), lines * width, LEAST, theme)
    )
    fitting = next((done for done in tries if done.height <= highest), None)
    return fitting or _flowing(f, f.lines[-1:], width, LEAST, theme, role)


def _short(f: Formula, width: float, theme: Theme, role: str) -> SetFormula:
    """With long sums cut short, and with as many of their terms as go into the lines that this takes anyway."""
    lines = tuple(shortened(runs, TERMS) for runs in f.lines)
    best = _flowing(f, lines, width, LEAST, theme, role)
    for terms in range(TERMS + 1, MOST_TERMS + 1):
        longer = tuple(shortened(runs, terms) for runs in f.lines)
        if longer == lines:
            break  # nothing was left out
        found = _flowing(f, longer, width, LEAST, theme, role)
        if found.height > best.height:
            break
        best, lines = found, longer
    return best


def _ever_shorter(f: Formula) -> Iterator[tuple[Runs, ...]]:
    for terms in (TERMS, 1):
        lines = tuple(shortened(runs, terms) for runs in f.lines)
        yield lines
        yield (lines[0], *lines[-1:]) if len(lines) > 1 else lines


def _in_lines(
    f: Formula, column: float, width: float, theme: Theme, role: str, details: bool, joined: bool
) -> SetFormula:
    """The left-hand side, and the lines of the right-hand side below one another or, ``joined``, side by side."""
    head = line(f.left, width, SYMBOLS, theme, role)
    placed: list[Placed] = [(0.0, 0.0, head)]
    gap, indent = 10.0 * theme.scale, 18.0 * theme.scale
    long = head.width > column
    left = indent if joined and long else column + gap
    # Joined lines go on behind a long left-hand side; else it gets a line of its own.
    x, y, high = (head.width + gap, 0.0, head.height) if joined and long else (left, head.height if long else 0.0, 0.0)
    if head.height > 1.5 * baseline(SYMBOLS, theme)[1]:
        x = inf
    result: tuple[float, float, float, float] | None = None
    # Type of two sizes stands on one line: on that of what begins it.
    foot = baseline(SYMBOLS, theme)[0] if joined or not long else None
    row = 1
    for n, runs in enumerate(f.lines):
        size, sign = _size_and_sign(runs, n)
        text: Runs = (*sign, *runs)
        block = line(text, inf, size, theme, "text") if joined else None
        if block is None or x + block.width > width:
            foot, row = (None, len(placed)) if high else (foot, row)
            y, high, x = y + high, 0.0, left
            block = line(text, width - left, size, theme, "text", indent=indent)
        ascent, usual = baseline(size, theme)
        foot = ascent if foot is None else foot
        drop = max(0.0, foot - ascent)
        if ascent > foot:  # smaller type has begun the line
            lower = ascent - foot
            placed[row:] = [(left_, top + lower, one) for left_, top, one in placed[row:]]
            foot, high = ascent, high + lower
        if n == len(f.lines) - 1 and f.value is not None:
            result = (x, y + drop, block.width, block.height)
        placed.append((x, y + drop, block))
        high = max(high, block.height + drop)
        x = x + block.width + gap if joined and block.height <= 1.5 * usual else inf
    y = max(y + high, head.height)
    return _with_details(f, placed, y, width, theme, details, result)


def _size_and_sign(runs: Runs, n: int) -> tuple[float, Runs]:
    """The size of a line of a right-hand side, and the sign before it."""
    symbols = any(r.style in ("plain", "italic") and r.role != "muted" for r in runs) and runs[0].style != "bold"
    equals: Runs = (Run("= ", "plain" if symbols else "number", "muted" if n else ""),)
    grows = bool(runs) and runs[0].text.startswith("+=")
    return SYMBOLS if symbols else NUMBERS, () if grows else equals


def _paragraph(f: Formula, lines: tuple[Runs, ...], role: str) -> Runs:
    runs: list[Run] = list(recolour(f.left, role))
    for one in lines:
        runs += [Run(" "), *one] if one and one[0].text.startswith("+=") else [_EQUALS, *one]
    return tuple(runs)


def _flowing(
    f: Formula, lines: tuple[Runs, ...], width: float, size: float, theme: Theme, role: str, details: bool = False
) -> SetFormula:
    block = line(_paragraph(f, lines, role), width, size, theme, "text", indent=14.0 * theme.scale)
    result: tuple[float, float, float, float] | None = None
    if f.value is not None and block.pieces:
        ascent, high = baseline(size, theme)
        last = block.pieces[-1]
        result = (last.x, last.y - ascent, max(20.0, block.ends - last.x), high)
    return _with_details(f, [(0.0, 0.0, block)], block.height, width, theme, details, result)


def _with_details(
    f: Formula,
    placed: list[Placed],
    y: float,
    width: float,
    theme: Theme,
    details: bool,
    result: tuple[float, float, float, float] | None,
) -> SetFormula:
    inset = 14.0 * theme.scale
    for runs in f.details if details else ():
        block: Block = line(runs, width - inset, DETAILS, theme, "muted", indent=20.0 * theme.scale)
        placed.append((inset, y + 1.0, block))
        y += block.height + 1.0
    return SetFormula(tuple(placed), y, result)


def told(f: Formula, form: int) -> str:
    """What a tool tip says of a formula: its exact result, and before that what its form left out."""
    exact = "" if f.value is None else f"{number(f.value)} is exactly {f.value!r}"
    if form < SHORT:
        return exact
    return "\n".join(part for part in (f.text, *(plain(d) for d in f.details), exact) if part)
