"""Tool tips as they are written: ``<s>`` is a word of the vocabulary, and would strike through all that follows it."""

from __future__ import annotations

import re
from html import escape

from PySide6.QtGui import Qt

LONGEST = 88
"""Letters of a line above which it is broken."""
BREAK = re.compile(r" (?=[=·×+] )")
"""Where a formula may be broken: before a sign, never inside ``∂L/∂f``."""


def plain(text: str) -> str:
    """``text`` so that a tool tip shows it letter by letter, whatever looks like a mark-up in it.

    Qt breaks the lines of what it takes for mark-up wherever it likes, inside of fractions as well: here they are
    broken where a formula may be, and nowhere else.
    """
    if not Qt.mightBeRichText(text):
        return text
    lines = [escape(piece) for line in text.split("\n") for piece in folded(line)]
    return f'<p style="white-space:pre">{"<br>".join(lines)}</p>'


def folded(line: str, longest: int = LONGEST) -> list[str]:
    """Break a line that is too long before one of its signs, or else between two words; what follows is set in."""
    found = []
    while len(line) > longest:
        places = [m.start() for m in BREAK.finditer(line, 1, longest + 1)] or [
            m.start() for m in re.finditer(r"(?<=\S) ", line[: longest + 1])
        ]
        if not places:
            break
        found.append(line[: places[-1]])
        line = "    " + line[places[-1] + 1 :]
    return [*found, line]
