"""Pencil and paper as HTML: the tables of a :class:`~.paper_data.Paper` for print and for a browser."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from html import escape
from math import ceil

from .paper_data import Block, Paper

ROUNDED = "Every number is computed to 16 digits and rounded only here: work with two decimals more than you compare."
COLUMNS, BROAD = 12, 150
"""Columns and letters of the broadest table, which has more of them go on below it."""
ABREAST = 105
"""Letters of all tables that stand beside one another."""
BLANK = 8
"""Letters of the room for an entry to be filled in."""
BETWEEN = "<p style='margin-top:0px; margin-bottom:0px; font-size:6pt'>&nbsp;</p>"
"""What keeps one table apart from the next: the margin of a table, on the page after it, would repeat its head."""
TALL = 20
"""A table of more lines stands alone: it has to go on on the next page."""


def html(found: Paper, colours: Mapping[str, str], *, title: str = "") -> str:
    """Return the tables as HTML: ``colours`` maps "text", "muted", "line" and each role to a colour."""
    if found.refused:
        return f"<p style='color:{colours['muted']}'>{escape(found.refused)}</p>"
    parts = [f"<h3 style='color:{colours['text']}'>{escape(title)}</h3>"] if title else []
    # At the foot it could be all that there is on a last page.
    parts.append(f"<p style='color:{colours['muted']}'>{escape(ROUNDED)}</p>")
    for sheet in found.sheets:
        parts.append(
            f"<p style='margin-bottom:2px'><b style='color:{colours['text']}'>{escape(sheet.title)}</b> "
            f"<span style='color:{colours['muted']}'>&nbsp;{escape(sheet.note)}</span></p>"
        )
        for n, line in enumerate(_lines(sheet.blocks, sheet.hows)):
            if n:
                parts.append(BETWEEN)
            cells = "".join(f"<td style='padding-right:10px'>{_table(b, sheet.hows, colours)}</td>" for b in line)
            # A table that stands alone needs none around it: a page can then end within it.
            one = _table(line[0], sheet.hows, colours) if len(line) == 1 else ""
            parts.append(
                one or f"<table border='0' cellspacing='0' cellpadding='0'><tr valign='top'>{cells}</tr></table>"
            )
    return "".join(parts)


def page(found: Paper, colours: Mapping[str, str], title: str) -> str:
    """Return a whole page for a browser."""
    look = "body{font-family:sans-serif;font-size:14px;margin:2em} table{margin:0 0 1em} tt{font-size:13px}"
    head = f"<meta charset='utf-8'><title>{escape(title)}</title><style>{look}</style>"
    return f"<!DOCTYPE html>\n<html><head>{head}</head><body>{html(found, colours, title=title)}</body></html>\n"


def plain(found: Paper) -> str:
    """Return the tables as text, a tab between columns."""
    parts = []
    for sheet in found.sheets:
        parts.append(sheet.title)
        for block in sheet.blocks:
            parts.append("\t".join(("", *block.heads)))
            parts += ["\t".join((line.label, *(cell.text for cell in line.cells))) for line in block.lines]
        parts.append("")
    return "\n".join(parts)


def _lines(blocks: tuple[Block, ...], hows: Mapping[str, str]) -> Iterator[list[Block]]:
    """Tables that stand beside one another: as many as are narrow together, and can be kept on one page."""
    line: list[Block] = []
    for block in blocks:
        pieces = list(_pieces(block, hows))
        letters = sum(sum(_letters(b, hows)) for b in (*line, block))
        if line and (letters > ABREAST or max(len(b.lines) for b in (*line, block)) > TALL):
            yield line
            line = []
        yield from ([piece] for piece in pieces[:-1])
        line.append(pieces[-1])
    if line:
        yield line


def _letters(block: Block, hows: Mapping[str, str]) -> list[int]:
    """How broad the labels and each column of a table are, in letters."""
    labels = max(len(line.label) + len(hows.get(line.label, "")) for line in block.lines)
    columns = zip(*(line.cells for line in block.lines), strict=True)
    heads = zip(block.heads, columns, strict=True)
    return [labels + 1, *(max(len(head), *(len(c.text) or BLANK for c in cells)) + 1 for head, cells in heads)]


def _pieces(block: Block, hows: Mapping[str, str]) -> Iterator[Block]:
    """A table cut into even pieces that are not too broad."""
    labels, *columns = _letters(block, hows)
    most = max(1, min(COLUMNS, (BROAD - labels) // max(columns)))
    size = ceil(len(block.heads) / ceil(len(block.heads) / most))
    for first in range(0, len(block.heads), size):
        part = slice(first, first + size)
        yield Block(block.heads[part], tuple(replace(line, cells=line.cells[part]) for line in block.lines))


def _table(block: Block, hows: Mapping[str, str], colours: Mapping[str, str]) -> str:
    """One table. No-break spaces keep a label in one line: numbers are read across."""
    muted, line_of = colours["muted"], f"1px solid {colours['line']}"
    # Each cell has its own lower edge: of lines that cells share, a page that ends within a table loses one.
    edge = f"border-right:{line_of}; border-bottom:{line_of}"
    first = f"border-left:{line_of}; {edge}"
    head = "".join(
        f"<th style='color:{muted}; border-top:{line_of}; {first if n == 0 else edge}'>{_whole(h)}</th>"
        for n, h in enumerate(("", *block.heads))
    )
    rows = []
    for line in block.lines:
        entries = "".join(
            f"<td align='right' style='color:{colours.get(c.role, colours['text'])}; {edge}'><tt>"
            f"{escape(c.text) or '&nbsp;' * BLANK}</tt></td>"
            for c in line.cells
        )
        said = hows.get(line.label, "")
        how = f" <span style='color:{muted}'>{_whole('= ' + said)}</span>" if said else ""
        # The empty type of the numbers makes all cells of a row equally high: a page never ends within one.
        name = f"<span style='color:{colours['text']}'>{_whole(line.label)}</span>{how}<tt>&#8203;</tt>"
        rows.append(f"<tr><td style='{first}'>{name}</td>{entries}</tr>")
    style = "border-collapse:separate; border-spacing:0; border-style:none"
    # What is a head goes on at the top of the next page.
    head = f"<thead><tr>{head}</tr></thead>"
    return f"<table cellspacing='0' cellpadding='3' style='{style}'>{head}<tbody>{''.join(rows)}</tbody></table>"


def _whole(text: str) -> str:
    return escape(text).replace(" ", "&nbsp;")
