"""Tool tips as they are written: ``<s>`` is a word of the vocabulary, and would strike through all that follows it."""

from __future__ import annotations

import re
from html import escape

from PySide6.QtGui import Qt

LONGEST = 88
"""Letters of a line above which it is broken."""
BREAK = re.compile(r" (?=[=·×+] )")
"""Where a formula may be broken: before a sign, never inside ``∂L/∂f``."""

INDEX = re.compile(r"(?<![\w“])((?:Δ?d|Δ|∂)?[A-Za-zρ])_((?:[A-Za-z]{1,3}|prev)(?:,\d+)?)(?!\w|\.\w)")
"""A name with an index that no letter of the font is lowered for: ``dW_f``, ``a_f,5``."""


def plain(text: str) -> str:
    """``text`` so that a tool tip shows it letter by letter, whatever looks like a mark-up in it.

    Only the index of a name, as in ``a_f,5``, is lowered. Qt breaks the lines of what it takes for mark-up wherever it
    likes, inside of fractions as well: here they are broken where a formula may be, and nowhere else.
    """
    named = "_" in text and INDEX.search(text) is not None
    if not named and not Qt.mightBeRichText(text):
        return text
    lines = [escape(piece) for line in text.split("\n") for piece in folded(line)]
    if named:
        lines = [INDEX.sub(r"\1<sub>\2</sub>", line) for line in lines]
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
