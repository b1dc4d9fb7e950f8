"""Which boxes a cell's operation graph is drawn with, in which row each stands and in which order.

A layered layout in the manner of Sugiyama, Tagawa and Toda (1981): longest-path rows from the bottom up, then
barycentres and swaps against crossings. Two things are added for recurrent cells. The *rail*: the element-wise
path on which a state travels from one step to the next (the LSTM's cell state, the GRU's h) becomes one
straight line. And what is computed *after* the rail hangs down at its right, so that the rail stays on top.

A product of a weight matrix with a vector is not a box but the edge that carries it, and weights and constants
are no boxes either: they stand in the formulas. :mod:`explorer.model.graph_routes` turns rows into pixels.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from functools import lru_cache
from itertools import pairwise

from rnncore.cells import Cell, Node
from rnncore.frozen import dataclass

_LEAVES = ("parameter", "constant")
_SYMBOLS = {"add": "+", "sub": "−", "mul": "×", "neg": "−", "sigmoid": "σ", "tanh": "tanh", "relu": "relu"}
_CARRYING = ("add", "sub", "mul", "neg", "clamp")


@dataclass(frozen=True, slots=True)
class Link:
    """An edge of the drawing from box ``source`` to box ``target``; ``node`` is the value that it carries.

    For a folded matrix product that is the product, otherwise the value of ``source`` itself.
    """

    source: int
    target: int
    node: int


@dataclass(frozen=True, slots=True)
class Arrangement:
    """The boxes of a cell in rows.

    ``rows[r]`` lists what stands in row r + 1 from left to right: a node index of the cell, or a negative number
    for a point that a long edge passes through (``chains`` says which). Row 0 (not listed) is the input's.
    ``links`` are the edges between operations and from the leaves; ``rails`` the state of each rail and its
    boxes in order; ``labels`` what is written in a box.
    """

    rows: tuple[tuple[int, ...], ...]
    links: tuple[Link, ...]
    chains: dict[Link, tuple[int, ...]]
    rails: dict[str, tuple[int, ...]]
    labels: dict[int, str]

    def row_of(self, box: int) -> int:
        """Row of a box or passing point, 1 at the bottom; 0 for a leaf."""
        return next((r for r, row in enumerate(self.rows, 1) if box in row), 0)


def arrange(cell: Cell) -> Arrangement:
    """Rows, order and labels for any ``cell``; the same equations always give the same arrangement."""
    return arranged(cell.text)


@lru_cache(maxsize=64)
def arranged(text: str) -> Arrangement:
    """The same for the ``text`` of a cell."""
    cell = Cell.from_equations("cell", text)
    links = _links(cell)
    boxes = [i for i in cell.operations if i not in _folded(cell)]
    rails = _rails(cell, links)
    row, after = _rows(cell, boxes, links, rails)
    chains: dict[Link, tuple[int, ...]] = {}
    passing = -1
    for link in links:
        low, high = row.get(link.source, 0), row[link.target]
        if cell.nodes[link.source].op == "state":
            continue
        between = range(low + 1, high) if high > low else range(low - 1, high, -1)
        points = []
        for r in between:
            row[passing] = r
            points.append(passing)
            passing -= 1
        if points:
            chains[link] = tuple(points)
    order = _order(row, links, chains, rails, after)
    labels = {i: _label(cell, cell.nodes[i]) for i in boxes}
    return Arrangement(order, links, chains, rails, labels)


def _folded(cell: Cell) -> frozenset[int]:
    """Matrix products that are drawn as an edge: of a box, used once, by another operation, and without a name."""
    uses: dict[int, int] = {}
    for node in cell.nodes:
        for i in node.inputs:
            uses[i] = uses.get(i, 0) + 1
    outputs = set(cell.outputs.values())
    folded: set[int] = set()
    for node in cell.nodes:
        if node.op != "matmul" or node.name is not None or node.index in outputs or uses.get(node.index) != 1:
            continue
        # A product with a weight vector has no box at its beginning: it is one itself.
        if node.inputs[1] not in folded and cell.nodes[node.inputs[1]].op not in _LEAVES:
            folded.add(node.index)
    return frozenset(folded)


def _links(cell: Cell) -> tuple[Link, ...]:
    folded = _folded(cell)
    links: dict[Link, None] = {}
    for i in cell.operations:
        if i in folded:
            continue
        for j in cell.nodes[i].inputs:
            if cell.nodes[j].op not in _LEAVES:
                links[Link(cell.nodes[j].inputs[1] if j in folded else j, i, j)] = None
    return tuple(links)


def _label(cell: Cell, node: Node) -> str:
    """What stands in the box: the operation's sign, with a constant or a weight vector that it applies, and a name."""
    symbol = _SYMBOLS.get(node.op, node.op)
    inputs = [cell.nodes[i] for i in node.inputs]
    if node.op == "matmul":
        return f"{inputs[0].parameter or ''} · {inputs[1].parameter or ''}".rstrip()
    if node.op == "clamp":
        where = "" if len(inputs) < 3 else f"[{(inputs[2].constant or 0) + 1:g}]"
        return f"{node.name or ''}{where} ≔ {inputs[1].constant:g}".strip().replace("-", "−")
    if node.op in ("sub", "mul") and len(inputs) == 2:
        for n, other in enumerate(inputs):
            text = f"{other.constant:g}" if other.constant is not None else other.parameter
            if other.op in _LEAVES and text:
                return f"{text} {symbol}" if n == 0 else f"{symbol} {text}"
    named = node.name in cell.gates and node.op in ("sigmoid", "tanh", "relu")
    return f"{symbol} {node.name}" if named else symbol


def _rails(cell: Cell, links: tuple[Link, ...]) -> dict[str, tuple[int, ...]]:
    """The shortest element-wise path of each state from its previous value to its next, where there is one."""
    onward: dict[int, list[int]] = {}
    for link in links:
        if link.node == link.source and cell.nodes[link.target].op in _CARRYING:
            onward.setdefault(link.source, []).append(link.target)
    rails: dict[str, tuple[int, ...]] = {}
    taken: set[int] = set()
    for leaf in (n for n in cell.nodes if n.op == "state" and n.state is not None):
        end = cell.outputs[leaf.state or ""]
        parent: dict[int, int] = {leaf.index: -1}
        queue = deque([leaf.index])
        while queue:
            i = queue.popleft()
            for j in onward.get(i, ()):
                if j not in parent:
                    parent[j] = i
                    queue.append(j)
        if end == leaf.index or end not in parent:
            continue
        path = [end]
        while parent[path[-1]] != leaf.index:
            path.append(parent[path[-1]])
        if not taken & set(path):
            rails[leaf.state or ""] = tuple(reversed(path))
            taken |= set(path)
    # A rail that needs another rail's result, or that is left and met again, cannot be one straight line.
    after = _descendants(links, taken)
    before = _descendants([Link(k.target, k.source, k.node) for k in links], taken)
    if (after & before) - taken or any(after & set(path) - {*path[1:]} for path in rails.values()):
        return {}
    return rails


def _descendants(links: Iterable[Link], roots: set[int]) -> set[int]:
    onward: dict[int, list[int]] = {}
    for link in links:
        onward.setdefault(link.source, []).append(link.target)
    found: set[int] = set()
    stack = list(roots)
    while stack:
        for j in onward.get(stack.pop(), ()):
            if j not in found:
                found.add(j)
                stack.append(j)
    return found


def _rows(
    cell: Cell, boxes: list[int], links: tuple[Link, ...], rails: dict[str, tuple[int, ...]]
) -> tuple[dict[int, int], set[int]]:
    sources: dict[int, list[int]] = {i: [] for i in boxes}
    for link in links:
        sources[link.target].append(link.source)
    on_rail = {i for path in rails.values() for i in path}
    after = _descendants(links, on_rail) - on_rail
    row: dict[int, int] = {}
    for i in boxes:
        if i not in on_rail and i not in after:
            row[i] = 1 + max((row.get(j, 0) for j in sources[i]), default=0)
    top = 1 + max(row.values(), default=0)
    for r, path in enumerate(rails.values()):
        row.update(dict.fromkeys(path, top + r))
    for i in boxes:
        if i in after:
            hanging = min(row[j] - 1 for j in sources[i] if j in on_rail or j in after)
            feeding = max((row.get(j, 0) for j in sources[i] if j not in on_rail and j not in after), default=0)
            row[i] = max(1, min(max(hanging, feeding + 1), top - 1))
    return row, after


# --- order within the rows --------------------------------------------------------------------------------------


def _order(
    row: dict[int, int],
    links: tuple[Link, ...],
    chains: dict[Link, tuple[int, ...]],
    rails: dict[str, tuple[int, ...]],
    after: set[int],
) -> tuple[tuple[int, ...], ...]:
    segments = [
        (a, b)
        for link in links
        for a, b in pairwise([link.source, *chains.get(link, ()), link.target])
        if a in row and b in row
    ]
    hint = _hints(row, segments, rails, after)
    height = max(row.values(), default=0)
    rows = [sorted((i for i in row if row[i] == r), key=lambda i: hint[i]) for r in range(1, height + 1)]
    fixed = {(a, b) for a, b in segments if row[a] == row[b]}
    _settle_flow(rows, fixed)
    if sum(map(len, rows)) <= 60:
        _swap(rows, row, segments, fixed)
    return tuple(tuple(r) for r in rows)


def _hints(
    row: dict[int, int], segments: list[tuple[int, int]], rails: dict[str, tuple[int, ...]], after: set[int]
) -> dict[int, float]:
    """A first guess of each box's place from left to right: the rail's order, and below it what it feeds."""
    hint: dict[int, float] = {}
    for path in rails.values():
        hint.update({i: float(n) for n, i in enumerate(path)})
    width = float(max((len(path) for path in rails.values()), default=0))
    for a, b in segments:
        if a in after or b in after:
            low = a if row[a] <= row[b] else b
            hint.setdefault(b if b in after else low, width + max(0.0, hint.get(a, 0.0) - width + 1.0))
    small = 1e-3
    for i in sorted((i for i in row if i not in hint), key=lambda i: (-row[i], i)):
        places = [hint[b] for a, b in segments if a == i and b in hint]
        places += [hint[a] for a, b in segments if b == i and a in hint]
        hint[i] = (sum(places) / len(places) if places else width / 2) + small * abs(i)
    return hint


def _settle_flow(rows: list[list[int]], fixed: set[tuple[int, int]]) -> None:
    """Within a row an edge runs to the right: move each target behind its sources."""
    for r in rows:
        for _ in r:
            for a, b in fixed:
                if a in r and r.index(a) > r.index(b):
                    r.remove(b)
                    r.insert(r.index(a) + 1, b)


def _swap(
    rows: list[list[int]], row: dict[int, int], segments: list[tuple[int, int]], fixed: set[tuple[int, int]]
) -> None:
    """Swap neighbours while it lowers crossings, then the total slant."""

    def cost() -> tuple[int, float]:
        place = {i: n - (len(r) - 1) / 2 for r in rows for n, i in enumerate(r)}
        crossings, slant = 0, 0.0
        for n, (a, b) in enumerate(segments):
            slant += abs(place[a] - place[b])
            for c, d in segments[n + 1 :]:
                if row[a] == row[c] and row[b] == row[d] and a != c and b != d:
                    crossings += (place[a] - place[c]) * (place[b] - place[d]) < 0
                elif row[a] == row[d] and row[b] == row[c] and a != d and b != c:
                    crossings += (place[a] - place[d]) * (place[b] - place[c]) < 0
        return crossings, round(slant, 9)

    best = cost()
    for _ in range(12):
        improved = False
        for r in rows:
            for n in range(len(r) - 1):
                if (r[n], r[n + 1]) in fixed:
                    continue
                r[n], r[n + 1] = r[n + 1], r[n]
                trial = cost()
                if trial < best:
                    best, improved = trial, True
                else:
                    r[n], r[n + 1] = r[n + 1], r[n]
        if not improved:
            return
