"""Pencil and paper laid out for a panel of any breadth: where each heading, label and number of the tables stands.

The places depend on no entry that the walk has still to fill in, so that nothing moves while one steps.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import groupby, takewhile
from math import ceil
from typing import NamedTuple

from rnncore.frozen import dataclass

from .paper_data import Block, Line, Paper, Sheet

Measure = Callable[[str, str], float]
"""Width in pixels of a text in a style: "text", "bold" or "fixed"."""
PAIRS = frozenset({("Forward", "Backward"), ("Gradients", "After the update")})
"""Sheets that stand beside one another where there is room."""
FEW = 4
"""With fewer steps beside one another than this, names give up their column for a line of their own."""
BRIEF = 3
"""A name of so few letters needs no line of its own."""


class Ref(NamedTuple):
    """An entry of a paper."""

    sheet: int
    block: int
    line: int
    column: int


@dataclass(frozen=True)
class Item:
    """A text at a place. ``kind``: "title", "note", "head", "name" (across the table), "label", "how" or "entry"."""

    x: float
    y: float
    width: float
    height: float
    kind: str
    text: str = ""
    ref: Ref | None = None


@dataclass(frozen=True)
class Placed:
    """All items from the top down, and the room that they take."""

    items: tuple[Item, ...]
    width: float
    height: float

    @property
    def stacked(self) -> bool:
        """Whether names stand in lines of their own."""
        return any(item.kind == "name" for item in self.items)


def place(whole: Paper, room: float, measure: Measure, line: float, pad: float) -> Placed:
    """Lay out ``whole``, a paper that is filled in, in ``room`` pixels of breadth; ``line`` is the height of a row."""
    return _Placer(whole, room, measure, line, pad).placed()


class _Placer:
    def __init__(self, whole: Paper, room: float, measure: Measure, line: float, pad: float) -> None:
        self.whole, self.room, self.measure, self.line, self.pad = whole, room, measure, line, pad
        self.gap = 2 * pad + 4
        self.items: list[Item] = []
        self.broadest = 0.0
        self.stacked = False
        passes = [s for s in whole.sheets if s.title in ("Forward", "Backward")]
        self.stacked = any(self._fitting(s, s.blocks[0], room) < min(FEW, len(s.blocks[0].heads)) for s in passes)

    def placed(self) -> Placed:
        y, n, sheets = 0.0, 0, self.whole.sheets
        while n < len(sheets):
            group = [n]
            if n + 1 < len(sheets) and (sheets[n].title, sheets[n + 1].title) in PAIRS and not self.stacked:
                wide = [self._least(sheets[i]) for i in (n, n + 1)]
                if sum(wide) + 3 * self.gap <= self.room:
                    group = [n, n + 1]
            x, low = 0.0, y
            for i in group:
                # The first of two takes what it needs, the second has the rest.
                room = self._least(sheets[i]) if len(group) > 1 and i == n else self.room - x
                low = max(low, self._sheet(i, x, y, room))
                x += room + 3 * self.gap
            y, n = low + self.line / 2, n + len(group)
        items = tuple(sorted(self.items, key=lambda item: item.y))
        return Placed(items, self.broadest, y)

    # --- widths ---

    def _label_width(self, sheet: Sheet, block: Block) -> float:
        if self.stacked:
            names = {line.name for line in block.lines}
            labels = [line.part if line.part or len(line.name) > BRIEF else line.name for line in block.lines]
            labels += list(names) if self._cornered(block) else []
            return max(self.measure(text, "bold") for text in labels) + 2 * self.pad
        return max(self._said(sheet, line) for line in block.lines) + 2 * self.pad

    def _said(self, sheet: Sheet, line: Line) -> float:
        how = sheet.hows.get(line.label, "")
        return self.measure(line.label, "text") + (self.measure(f" = {how}", "text") if how else 0.0)

    def _column_width(self, block: Block) -> float:
        entries = max((self.measure(c.text, "fixed") for line in block.lines for c in line.cells), default=0.0)
        return max(entries, *(self.measure(head, "bold") for head in block.heads)) + 2 * self.pad

    def _width(self, sheet: Sheet, block: Block) -> float:
        return self._label_width(sheet, block) + len(block.heads) * self._column_width(block)

    def _fitting(self, sheet: Sheet, block: Block, room: float) -> int:
        """How many columns of a table have room."""
        return int((room - self._label_width(sheet, block)) // self._column_width(block))

    def _least(self, sheet: Sheet) -> float:
        """The breadth at which no table of a sheet is cut."""
        return max(self._width(sheet, block) for block in sheet.blocks)

    def _cornered(self, block: Block) -> bool:
        """Whether a table is one matrix, whose name has its place in the corner."""
        return bool(block.lines[0].part) and len({line.name for line in block.lines}) == 1

    # --- items ---

    def _put(self, x: float, y: float, width: float, kind: str, text: str = "", ref: Ref | None = None) -> None:
        self.items.append(Item(x, y, width, self.line, kind, text, ref))
        self.broadest = max(self.broadest, x + width)

    def _sheet(self, n: int, x: float, y: float, room: float) -> float:
        """A heading and its tables, which flow like words; return where the next sheet may begin."""
        sheet = self.whole.sheets[n]
        title = self.measure(sheet.title, "bold")
        self._put(x, y, title, "title", sheet.title)
        after, first = title + self.gap, True
        for words in self._wrapped(sheet.note, room, after):
            self._put(x + (after if first else 0.0), y, room - (after if first else 0.0), "note", words)
            y, first = y + self.line, False
        at, low = x, y
        for b, block in enumerate(sheet.blocks):
            width = self._width(sheet, block)
            kin = self._kin(sheet, b)
            if at > x and (at + width > x + room or at + kin > x + room >= x + kin):
                at, y = x, low + self.gap
            if width <= room:
                low = max(low, self._table(n, b, at, y, 0, len(block.heads)))
                at += width + self.gap
                continue
            fitting = max(1, self._fitting(sheet, block, room))
            size = ceil(len(block.heads) / ceil(len(block.heads) / fitting))
            for start in range(0, len(block.heads), size):
                low = self._table(n, b, x, y, start, min(start + size, len(block.heads)))
                y = low + self.gap
            at = x
        return low

    def _kin(self, sheet: Sheet, first: int) -> float:
        """The breadth of the tables from one on that belong together: those of a gate, or of the output layer."""
        kin = _family(sheet.blocks[first])
        if first and _family(sheet.blocks[first - 1]) == kin:
            return 0.0  # they have begun already
        members = list(takewhile(lambda block: _family(block) == kin, sheet.blocks[first:]))
        return sum(self._width(sheet, block) for block in members) + (len(members) - 1) * self.gap

    def _wrapped(self, text: str, room: float, first: float) -> list[str]:
        """Lines of a note, the first of which has less room; at least one."""
        lines, left = [""], room - first
        for word in text.split(" "):
            longer = f"{lines[-1]} {word}".strip()
            if lines[-1] and self.measure(longer, "text") > left:
                lines.append(word)
                left = room
            else:
                lines[-1] = longer
        return lines

    def _table(self, n: int, b: int, x: float, y: float, start: int, end: int) -> float:
        """The columns from ``start`` to ``end`` of one table; return its lower edge."""
        sheet, block = self.whole.sheets[n], self.whole.sheets[n].blocks[b]
        label, column, line = self._label_width(sheet, block), self._column_width(block), self.line
        across = label + (end - start) * column
        cornered = self.stacked and self._cornered(block)
        self._put(x, y, label, "corner", block.lines[0].name if cornered else "")
        for i in range(start, end):
            self._put(x + label + (i - start) * column, y, column, "head", block.heads[i])
        y += line
        index = 0
        for name, group in groupby(block.lines, key=lambda row: row.name):
            rows: Sequence[Line] = list(group)
            how = sheet.hows.get(rows[0].label, "")
            apart = self.stacked and not cornered and (len(name) > BRIEF or bool(how) or bool(rows[0].part))
            if apart:
                self._put(x, y, across, "name", name)
                before = self.measure(name, "text") + 2 * self.pad
                for part, words in enumerate(self._wrapped(f"= {how}", self.room - x, before) if how else ()):
                    y, before = (y + line, 0.0) if part else (y, before)
                    text = f" {words}" if before else words
                    if words:  # what has no room beside the name goes on below it
                        self._put(x + max(0.0, before - 2 * self.pad), y, across - before, "how", text)
                y += line
            for row in rows:
                said = row.part if apart or cornered else row.label
                self._put(x, y, label, "label", said)
                if not self.stacked and (how := sheet.hows.get(row.label, "")):
                    before = self.measure(said, "text")
                    self._put(x + before, y, label - before, "how", f" = {how}")
                for i in range(start, end):
                    self._put(x + label + (i - start) * column, y, column, "entry", "", Ref(n, b, index, i))
                y, index = y + line, index + 1
        return y


def _family(block: Block) -> str:
    """What a parameter's table belongs to: its gate, by the end of its name, or the output layer."""
    name = block.lines[0].name.removeprefix("new ").removesuffix("ᵀ")
    return "y" if name in ("V", "dV") else name.partition("_")[2]


def changed(before: Paper, after: Paper) -> frozenset[Ref]:
    """Return which entries of ``after`` say something else than in ``before``; none where the tables are others."""
    pairs = list(enumerate(zip(before.sheets, after.sheets, strict=False)))
    pairs = [(s, (old, new)) for s, (old, new) in pairs if old is not new]  # most are the very same as before
    if len(before.sheets) != len(after.sheets) or any(old.frame != new.frame for _, (old, new) in pairs):
        return frozenset()
    return frozenset(
        Ref(s, b, n, i)
        for s, (old, new) in pairs
        for b, (was, now) in enumerate(zip(old.blocks, new.blocks, strict=True))
        for n, (past, line) in enumerate(zip(was.lines, now.lines, strict=True))
        if past.cells != line.cells
        for i, (one, other) in enumerate(zip(past.cells, line.cells, strict=True))
        if one.text != other.text
    )


def frame(found: Paper) -> tuple[tuple[object, ...], ...]:
    """All that two papers have in common which differ in their entries alone."""
    return tuple(sheet.frame for sheet in found.sheets)
