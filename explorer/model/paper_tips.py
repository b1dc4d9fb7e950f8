"""What an entry of pencil and paper says when it is pointed at: what it is, how it is worked out, and from what."""

from __future__ import annotations

from .names import initial_name
from .paper_data import NOTHING, Line, Paper
from .paper_worked import worked

GIVEN = ("x", "target y")
"""Rows of the sentence itself."""


def told(found: Paper, sheet: int, block: int, line: int, column: int) -> str:
    """An entry's name and column, how it is worked out, and the entries of its column that this reads.

    A blank entry keeps its number: it is told what to work it out from.
    """
    page = found.sheets[sheet]
    table = page.blocks[block]
    this = table.lines[line]
    where = f"{this.label}, {table.heads[column]}" if table.heads[column] else this.label
    text = this.cells[column].text
    if text == NOTHING and page.title == "Backward":
        return f"{where}: no gradient comes here"
    said = [f"{where} = {text}" if text else f"{where}: to be worked out"]
    if page.title == "Forward" and this.name.endswith(" before") and column == 0:
        said.append(f"given: {initial_name(this.name.removesuffix(' before'))}, the state before the first step")
    elif page.title == "Forward" and this.name in GIVEN:
        said.append("given")
    same = (other.label for other in table.lines if other.name == this.name)
    how = next((page.hows[label] for label in same if page.hows.get(label)), "")
    if how:
        said.append(f"{this.name} = {how}")
    if numbers := worked(found, page, table, this, column):
        said.append(f"= {numbers}")
    if how:
        said += [f"{other.label} = {other.cells[column].text}" for other in _read(table.lines, this, how, column)]
    return "\n".join(said)


def _read(lines: tuple[Line, ...], this: Line, how: str, column: int) -> list[Line]:
    """The lines of the same unit whose names stand in ``how``, as words of their own."""
    words = how.replace("(", " ( ").replace(")", " ) ").split()
    found = []
    for other in lines:
        name = other.name.removesuffix(" before") + "_prev" * other.name.endswith(" before")
        parts = name.replace("(", " ( ").replace(")", " ) ").split()
        inside = any(words[n : n + len(parts)] == parts for n in range(len(words)))
        if other.name != this.name and other.part == this.part and inside and other.cells[column].text:
            found.append(other)
    return found
