"""Where the boxes of an operation graph stand in pixels, how its edges run, and where its numbers find room.

The input stands at the lower left, previous states at the left, next states at the right. Everything is given in
logical pixels of the asked size; when the graph needs more room than that, the drawing is larger and says so.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field
from functools import lru_cache

from rnncore.cells import Cell
from rnncore.frozen import dataclass

from .graph_columns import GAPS, widest
from .graph_curves import Point, line, mean, rounded, smooth, spread
from .graph_layout import Arrangement, Link, arrange

Rect = tuple[float, float, float, float]
ROOMY = 400.0
"""Pixels at scale 1: boxes at the edges of a graph that is broader than this have more room."""
LOWER = 0.45
"""Rows by which a lane below the lowest row lies lower than others where matrices stand on it: room for their names."""


@lru_cache(maxsize=8)
def _weights(steps: int) -> tuple[tuple[float, float, float, float], ...]:
    """How much of each of its four points a cubic Bézier piece has at ``steps`` places along it."""
    shares = [k / steps for k in range(steps)]
    return tuple(((1 - s) ** 3, 3 * s * (1 - s) ** 2, 3 * s * s * (1 - s), s**3) for s in shares)


@dataclass(frozen=True, slots=True)
class Box:
    """A rounded box with its centre at (``x``, ``y``).

    ``kind`` is "input", "previous", "next" or "operation"; ``node`` the node of the cell whose value it shows;
    ``text`` what stands in it (a state's name for the leaves, whose subscript the view adds).
    """

    key: str
    kind: str
    node: int
    text: str
    x: float
    y: float
    width: float
    height: float

    @property
    def rect(self) -> Rect:
        """(left, top, width, height)."""
        return self.x - self.width / 2, self.y - self.height / 2, self.width, self.height


@dataclass(frozen=True, slots=True)
class Edge:
    """A curve from box ``source`` to box ``target``: a start and then three points for each cubic Bézier piece.

    It carries the value of ``node`` to the operation ``consumer`` (−1 for the edge to a next state).
    """

    source: str
    target: str
    node: int
    consumer: int
    path: tuple[Point, ...]

    def samples(self, steps: int = 8) -> list[Point]:
        """Points along the curve, ``steps`` a piece and the end."""
        found: list[Point] = []
        weights = _weights(steps)
        for n in range(0, len(self.path) - 3, 3):
            (ax, ay), (bx, by), (cx, cy), (dx, dy) = self.path[n : n + 4]
            found += [(a * ax + b * bx + c * cx + d * dx, a * ay + b * by + c * cy + d * dy) for a, b, c, d in weights]
        found.append(self.path[-1])
        return found


@dataclass(frozen=True, slots=True)
class Drawing:
    """The boxes and edges of a graph within ``width`` × ``height`` logical pixels."""

    width: float
    height: float
    boxes: tuple[Box, ...]
    edges: tuple[Edge, ...]

    def box(self, key: str) -> Box:
        """The box called ``key``; KeyError when there is none."""
        for box in self.boxes:
            if box.key == key:
                return box
        raise KeyError(key)

    def at(self, x: float, y: float, margin: float = 2.0) -> Box | None:
        """The box at a point, or None."""
        for box in self.boxes:
            if abs(x - box.x) <= box.width / 2 + margin and abs(y - box.y) <= box.height / 2 + margin:
                return box
        return None


def draw(
    cell: Cell, width: float, height: float, measure: Callable[[str], float] = lambda s: 7.5 * len(s), em: float = 1.0
) -> Drawing:
    """Draw ``cell`` into ``width`` × ``height``; ``measure`` gives a text's width, ``em`` scales all other lengths."""
    roomy = width > ROOMY * em
    drawn = _Draughtsman(cell, arrange(cell), width, height, measure, em, roomy).draw()
    if roomy and drawn.width > width:  # what has room for more is not to lose what it had room for
        return _Draughtsman(cell, arrange(cell), width, height, measure, em).draw()
    return drawn


def least_size(cell: Cell, measure: Callable[[str], float], em: float) -> tuple[float, float]:
    """Less than this is never the width and the height of ``cell``'s drawing: to be asked before one is made."""
    return _Draughtsman(cell, arrange(cell), 0.0, 0.0, measure, em).least()


@dataclass
class _Draughtsman:
    cell: Cell
    plan: Arrangement
    width: float
    height: float
    measure: Callable[[str], float]
    em: float
    roomy: bool = False
    """Whether boxes at the edges are broader, and further from the others."""
    boxes: dict[str, Box] = field(default_factory=dict)
    x: dict[int, float] = field(default_factory=dict)
    y_of_row: dict[int, float] = field(default_factory=dict)
    widths: dict[int, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.size = 30.0 * self.em
        self.leaves = [n for n in self.cell.nodes if n.op in ("state", "input")]

    def least(self) -> tuple[float, float]:
        """The room of the widest row and the least of all rows."""
        chip, rows = self._widest_chip(), [[self._wide(i) for i in row] for row in self.plan.rows]
        row = max((sum(wide) + GAPS[-1] * self.em * (len(wide) - 1) for wide in rows if wide), default=0.0)
        self._place_rows()
        lowest = self.input_y if any(n.op == "input" for n in self.leaves) else self.y_of_row[1]
        return row + 2 * (chip + 14.0 * self.em), lowest + self.size / 2 + self.foot

    def draw(self) -> Drawing:
        em, plan = self.em, self.plan
        chip = self._widest_chip()
        self._place_rows()
        self._place_columns(chip)
        for r, row in enumerate(plan.rows, 1):
            for i in row:
                if i >= 0:
                    box = Box(
                        str(i), "operation", i, plan.labels[i], self.x[i], self.y_of_row[r], self._wide(i), self.size
                    )
                    self.boxes[box.key] = box
        self._place_leaves(chip)
        self._place_outputs(chip)
        edges = [self._edge(link) for link in plan.links] + [self._out(s) for s in self.cell.states]
        right = max(b.x + b.width / 2 for b in self.boxes.values()) + 2 * em
        bottom = max(b.y + b.height / 2 for b in self.boxes.values()) + self.foot
        return Drawing(max(self.width, right), max(self.height, bottom), tuple(self.boxes.values()), tuple(edges))

    # --- places ---

    def _widest_chip(self) -> float:
        return max([self._chip_width(n.state or n.text) for n in self.leaves] + [self._chip_width("h")])

    def _chip_width(self, name: str) -> float:
        widest = 46.0 if self.roomy else 40.0
        return max(widest * self.em, self.measure(f"{name}00") + 14.0 * self.em)

    def _wide(self, i: int) -> float:
        if i not in self.widths:
            text = self.plan.labels.get(i, "")
            wide = self.size if len(text) == 1 else max(self.size, self.measure(text) + 20.0 * self.em)
            self.widths[i] = wide if i >= 0 else 6.0 * self.em
        return self.widths[i]

    def _fan(self) -> list[str]:
        """The states whose previous value enters at the bottom, beside the input."""
        feeds: dict[str, set[int]] = {}
        for link in self.plan.links:
            state = self.cell.nodes[link.source].state
            if state:
                feeds.setdefault(state, set()).add(self.plan.row_of(link.target))
        return [s for s in feeds if s not in self.plan.rails and 1 in feeds[s]]

    def _low_lane(self, link: Link) -> bool:
        """Whether an edge brings a rail's previous state, through a matrix, to the lowest row."""
        state, carried = self.cell.nodes[link.source].state, self.cell.nodes[link.node]
        return state in self.plan.rails and carried.op == "matmul" and self.plan.row_of(link.target) == 1

    def _place_rows(self) -> None:
        em, count = self.em, max(1, len(self.plan.rows))
        self.head, self.foot = (54.0 if count <= 7 else 42.0) * em, 12.0 * em
        fan = len(self._fan())
        # The feet of the graph: room for the fan of curves, and for the previous states above the input.
        feet = 0.55 + 0.62 * max(fan, 1) + LOWER * any(map(self._low_lane, self.plan.links))
        room = self.height - self.head - self.foot - self.size / 2
        # In a low graph the rows stand far enough apart for numbers between them; a high one has room beside its boxes.
        least = 68.0 if count <= 4 else 56.0 if count == 5 else 46.0 if count <= 7 else max(33.0, 322.0 / count)
        self.pitch = min(92.0 * em, max(least * em, room / (count - 1 + feet)))
        spare = max(0.0, room - self.pitch * (count - 1 + feet)) / 2
        for r in range(1, count + 1):
            self.y_of_row[r] = self.head + spare + (count - r) * self.pitch
        self.input_y = self.y_of_row[1] + self.pitch * feet

    def _place_columns(self, chip: float) -> None:
        side = chip + (20.0 if self.roomy else 14.0) * self.em
        room = self.width - 2 * side - 4 * self.em
        boxes = tuple((i, self._wide(i)) for row in self.plan.rows for i in row)
        self.x, left, right = widest(self.cell.text, boxes, self.em, room)
        natural = right - left
        zone = min(max(room, natural), natural * 1.5 + 120.0 * self.em)
        self.left = max(0.0, (self.width - 2 * side - zone) / 2)
        stretch = min(1.4, zone / natural) if natural else 1.0
        middle = self.left + side + zone / 2
        for i in self.x:
            self.x[i] = middle + (self.x[i] - (left + right) / 2) * stretch
        self.right = self.left + zone + 2 * side

    def _place_leaves(self, chip: float) -> None:
        fan = self._fan()
        x = self.left + chip / 2
        heights: dict[int, float] = {}
        for leaf in self.leaves:
            if leaf.state in self.plan.rails:
                heights[leaf.index] = self.y_of_row[self.plan.row_of(self.plan.rails[leaf.state or ""][0])]
            elif leaf.state in fan:
                steps = (self.input_y - self.y_of_row[1] - 0.55 * self.pitch) / max(1, len(fan))
                heights[leaf.index] = self.input_y - steps * (len(fan) - fan.index(leaf.state or ""))
            elif leaf.op == "input":
                heights[leaf.index] = self.input_y
            else:
                rows = [self.plan.row_of(k.target) for k in self.plan.links if k.source == leaf.index]
                heights[leaf.index] = mean([self.y_of_row[r] for r in rows if r], self.y_of_row[1])
        order = sorted(heights, key=lambda i: heights[i])
        lowest = max(self.input_y, self.height - self.foot - self.size / 2)
        bounds = (self.size / 2, lowest)
        placed = spread([heights[i] for i in order], [self.size + 6 * self.em] * (len(order) - 1), bounds)
        for i, y in zip(order, placed, strict=True):
            node = self.cell.nodes[i]
            kind = "input" if node.op == "input" else "previous"
            self.boxes[f"leaf:{i}"] = Box(f"leaf:{i}", kind, i, node.state or node.text, x, y, chip, self.size)

    def _place_outputs(self, chip: float) -> None:
        ends = {s: self._key(self.cell.outputs[s]) for s in self.cell.states}
        order = sorted(ends, key=lambda s: (self.boxes[ends[s]].y, s))
        wish = [self._lane_above(ends[s]) if self._blocked(ends[s]) else self.boxes[ends[s]].y for s in order]
        placed = spread(wish, [self.size + 6 * self.em] * (len(order) - 1))
        for s, y in zip(order, placed, strict=True):
            key = f"next:{s}"
            self.boxes[key] = Box(key, "next", self.cell.outputs[s], s, self.right - chip / 2, y, chip, self.size)

    def _key(self, node: int) -> str:
        return f"leaf:{node}" if self.cell.nodes[node].is_leaf else str(node)

    def _blocked(self, key: str) -> bool:
        """Whether another operation stands to the right of this one in its row."""
        box = self.boxes[key]
        return any(b.kind == "operation" and b.y == box.y and b.x > box.x and b.key != key for b in self.boxes.values())

    def _lane_above(self, key: str) -> float:
        return self.boxes[key].y - 0.5 * self.pitch

    # --- edges ---

    def _edge(self, link: Link) -> Edge:
        source, target = self.boxes[self._key(link.source)], self.boxes[str(link.target)]
        through = [(self.x[i], self.y_of_row[self.plan.row_of(i)]) for i in self.plan.chains.get(link, ())]
        if source.kind == "operation":
            path = self._between(source, target, through)
        elif self._first_in_row(source, target):
            path = line((source.x + source.width / 2, source.y), (target.x - target.width / 2, target.y))
        elif source.y > target.y + 0.55 * self.size and (through or self.plan.row_of(link.target) == 1):
            path = self._tap(source, target, through)
        else:
            path = self._lane(source, target, self._low_lane(link))
        return Edge(source.key, target.key, link.node, link.target, tuple(path))

    def _first_in_row(self, source: Box, target: Box) -> bool:
        return abs(source.y - target.y) < 1 and not any(
            b.kind == "operation" and b.y == target.y and b.x < target.x for b in self.boxes.values()
        )

    def _between(self, source: Box, target: Box, through: list[Point]) -> list[Point]:
        if source.y == target.y:
            between = [
                b
                for b in self.boxes.values()
                if b.y == source.y and min(source.x, target.x) < b.x < max(source.x, target.x)
            ]
            if not between:
                return line((source.x + source.width / 2, source.y), (target.x - target.width / 2, target.y))
            lane = self._lane_above(source.key)
            top = source.y - self.size / 2
            return rounded([(source.x, top), (source.x, lane), (target.x, lane), (target.x, top)], 10.0 * self.em)
        up = -1.0 if target.y < source.y else 1.0
        start = (source.x, source.y + up * self.size / 2)
        end = (target.x, target.y - up * self.size / 2)
        return smooth([start, *through, end])

    def _tap(self, source: Box, target: Box, through: list[Point]) -> list[Point]:
        """A curve that leaves the leaf to the right and comes up into what it feeds."""
        shift = {"input": 4.0, "previous": -4.0}[source.kind] * self.em
        end = (target.x + shift, target.y + self.size / 2)
        x, y = through[0] if through else end
        start = (source.x + source.width / 2, source.y)
        drop = start[1] - y
        path = [start, (start[0] + 0.6 * (x - start[0]), start[1]), (x, y + 0.75 * drop), (x, y)]
        return path + smooth([*through, end])[1:] if through else path

    def _lane(self, source: Box, target: Box, low: bool) -> list[Point]:
        """Along the left margin and then below the row, for what a straight line would cross boxes to reach."""
        order = (
            [b.key for b in self.boxes.values() if b.kind == "previous"].index(source.key)
            if (source.kind == "previous")
            else 0
        )
        margin = source.x + source.width / 2 + (9.0 + 5.0 * order) * self.em
        below = 0.22 + LOWER * low
        lane = target.y + self.size / 2 + below * self.pitch + 4.0 * order * self.em
        start = (source.x + source.width / 2, source.y)
        end = (target.x - 5.0 * self.em, target.y + self.size / 2)
        return rounded([start, (margin, start[1]), (margin, lane), (end[0], lane), end], 9.0 * self.em)

    def _out(self, state: str) -> Edge:
        node = self.cell.outputs[state]
        source, target = self.boxes[self._key(node)], self.boxes[f"next:{state}"]
        end = (target.x - target.width / 2, target.y)
        if source.kind == "operation" and self._blocked(source.key):
            start = (source.x + 6.0 * self.em, source.y - self.size / 2)
            path = rounded([start, (start[0], target.y), end], 10.0 * self.em)
        else:
            start = (source.x + source.width / 2, source.y)
            bend = 0.5 * (end[0] - start[0])
            path = [start, (start[0] + bend, start[1]), (end[0] - bend, end[1]), end]
        return Edge(source.key, target.key, node, -1, tuple(path))
