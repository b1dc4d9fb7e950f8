"""How a stage's width is shared: columns, the initial state before them, zoom, scrolling and the level of detail.

All lengths are logical pixels. Details fold away in one fixed order as columns get narrower:
``FULL`` (top three words) → ``TARGET`` (the likeliest and the target) → ``BARS`` (no words) → ``STRIPS``
(no arrows) → ``HEAT`` (one heat map a strip over all time).
"""

from __future__ import annotations

from enum import IntEnum
from functools import cached_property

from rnncore.frozen import dataclass

#: Many columns get no wider than the first on a stage of common height; narrower than the second they scroll.
WIDEST, NARROWEST = 152.0, 3.0
#: A stage so many times as high as a column is wide looks well filled.
TALL = 0.28
#: By how much the columns of short sentences are wider: a single one by this share, two by half of it.
SHORT = 1.2
#: What the initial state takes of the width of a column, and the scissors that wait before it, in pixels at scale 1:
#: so many, or fewer where they reach a little into the margin of the row labels.
LEAD, WAIT = 0.62, (26, 12)


class Detail(IntEnum):
    """How much of a column is drawn; more is greater."""

    HEAT = 0
    STRIPS = 1
    BARS = 2
    TARGET = 3
    FULL = 4


@dataclass(frozen=True)
class Columns:
    """The horizontal geometry for one size; a new one is made when any of its fields changes.

    ``longest`` is the width in pixels of the longest word that is read, in the smallest type; of a text that is read
    letter by letter that of the broadest letter.
    """

    width: int
    height: int
    length: int
    cells: int
    states: int
    gates: int
    zoom: float = 1.0
    offset: float = 0.0
    scale: float = 1.0
    longest: float = 0.0

    @cached_property
    def gutter(self) -> int:
        """Width of the row labels on the left."""
        return round(76 * self.scale)

    @cached_property
    def room(self) -> int:
        """Width that the columns have between the gutter and the right margin."""
        return max(20, self.width - self.gutter - round(10 * self.scale))

    @cached_property
    def widest(self) -> float:
        """Columns never get wider than this: on a high stage they may be wider, and where there are few of them."""
        return max(WIDEST * self.scale, TALL * self.height) * (1.0 + SHORT / max(1, self.length))

    @cached_property
    def fitted(self) -> float:
        """Column width at which all columns are seen, and before them the initial state if it has a place."""
        alone = min(self.widest, self.room / max(1, self.length))
        # It must not cost the columns any detail.
        return next((w for w in map(self._led, (*self._waits, 0)) if self._costs_nothing(w)), alone)

    def _led(self, apart: int) -> float:
        """Column width with the initial state before the columns, and ``apart`` pixels more before that."""
        return min(self.widest, (self.room - apart) / (max(1, self.length) + LEAD))

    def _costs_nothing(self, width: float) -> bool:
        alone = min(self.widest, self.room / max(1, self.length))
        return self._detail_of(width) == self._detail_of(alone) >= Detail.TARGET

    @property
    def _waits(self) -> tuple[int, ...]:
        return tuple(round(pixels * self.scale) for pixels in WAIT)

    @cached_property
    def wait(self) -> int:
        """Room for scissors before the initial state, part of its width; 0 where that would cost the columns detail."""
        return next((w for w in self._waits if self.zoom > 1.0 or self._costs_nothing(self._led(w))), 0)

    @cached_property
    def column_width(self) -> float:
        """Column width at this zoom."""
        return max(NARROWEST, min(self.fitted * max(1.0, self.zoom), max(self.fitted, self.widest)))

    @cached_property
    def lead(self) -> int:
        """Width of the initial state, which stands before the first column; 0 where it is folded away."""
        width = int(LEAD * self.column_width) + self.wait
        fits = self.zoom > 1.0 or width + self.column_width * self.length <= self.room + 1e-6
        return width if fits and self.detail >= Detail.TARGET else 0

    @cached_property
    def content_width(self) -> float:
        """Width of all columns together with the initial state; beyond :attr:`room` the stage scrolls."""
        return self.lead + self.column_width * self.length

    @cached_property
    def margin(self) -> float:
        """What is free on each side of columns that do not fill the room."""
        return max(0.0, (self.room - self.content_width) / 2.0)

    @cached_property
    def origin(self) -> float:
        """Where the first column begins."""
        return self.gutter + self.margin + self.lead - self.shift

    @cached_property
    def furthest(self) -> float:
        """The largest offset that shows something."""
        return max(0.0, self.content_width - self.room)

    @cached_property
    def shift(self) -> float:
        """The offset, kept within what there is to scroll."""
        return min(max(0.0, self.offset), self.furthest)

    @cached_property
    def detail(self) -> Detail:
        """How much fits a column of this width and this many gates."""
        return self._detail_of(self.column_width)

    def _detail_of(self, width: float) -> Detail:
        w = width / self.scale
        if w < max(14, 4 * self.gates + 4, 4 * self.states + 4):
            return Detail.HEAT
        if w < 34:
            return Detail.STRIPS
        if w < 60:
            return Detail.BARS
        return Detail.TARGET if w < 84 else Detail.FULL

    def left(self, t: int) -> int:
        """Left edge of column ``t``; ``left(length)`` is where the last one ends."""
        return self._lefts[t]

    def right(self, t: int) -> int:
        """Right edge of column ``t``."""
        return self._lefts[t + 1]

    @cached_property
    def _lefts(self) -> list[int]:
        return [round(self.origin + t * self.column_width) for t in range(self.length + 1)]

    def column_at(self, x: float) -> int | None:
        """The column at ``x``, or None beside the columns."""
        if x < self.gutter or x > self.gutter + self.room:
            return None
        t = int((x - self.origin) // self.column_width)
        return t if 0 <= t < self.length else None

    def boundary_near(self, x: float) -> int:
        """The boundary nearest to ``x``: ``t`` is the one between columns ``t − 1`` and ``t``."""
        return min(max(0, round((x - self.origin) / self.column_width)), self.length)

    @cached_property
    def visible(self) -> range:
        """The columns that are at least partly seen."""
        first = int((self.gutter - self.origin) // self.column_width)
        last = int((self.gutter + self.room - self.origin) // self.column_width) + 1
        return range(max(0, first), min(self.length, last))

    def offset_showing(self, t: int) -> float:
        """The offset nearest to this one with column ``t`` and a neighbour on each side in full view."""
        w = self.column_width
        lowest, highest = self.lead + (t + 2) * w - self.room, self.lead + (t - 1) * w
        if lowest > highest:
            return min(max(0.0, self.lead + t * w + w / 2 - self.room / 2), self.furthest)
        return min(max(0.0, min(max(self.shift, lowest), highest)), self.furthest)

    @property
    def lead_left(self) -> int:
        """Where the initial state begins; it ends where the first column begins."""
        return self.left(0) - self.lead
