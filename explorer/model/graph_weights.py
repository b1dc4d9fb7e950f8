"""Which weights a drawn graph names, where their names stand, and what is told of them.

A matrix is named beside the edge along which it multiplies, near the operation that it enters, and a bias beside the
operation that adds it. A vector that a box applies already says in its text ("p_i ×") is not named again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import pairwise

import numpy as np

from rnncore.cells import Cell, Use
from rnncore.frozen import dataclass
from rnncore.script import pretty

from .equations import value_symbol
from .formula import plain, symbol
from .graph_room import Curves, Floats, Places, as_places, choose, curves, from_points, from_rects
from .graph_routes import Drawing, Edge, Rect
from .names import at_step

#: Between a name and its own edge or box; every other edge must be further away by the margin.
_GAPS = (4.0, 3.0, 6.0, 9.0, 14.0)
_MARGIN = 1.5
#: From boxes, and from numbers and other names.
_FREE = 2.0
#: Pixels along an edge within which its weight is named, counted from the operation that it enters.
_NEAR, _FAR, _PACE = 4.0, 110.0, 4.0
_TRIED = 8
#: Edges from the same box run together up to where they are as far apart as this.
_TOGETHER = 3.5


@dataclass(frozen=True, slots=True)
class Weight:
    """A parameter at the place where it enters: the number of an edge of the drawing (−1: none) and the box."""

    parameter: str
    edge: int
    box: str
    node: int
    """The operation after which its gradient grows."""


def weights(cell: Cell, drawing: Drawing) -> tuple[Weight, ...]:
    """Every weight that has a name of its own in the drawing of ``cell``, matrices first."""
    found = []
    for n, edge in enumerate(drawing.edges):
        matrix = matrix_of(cell, edge)
        if matrix:
            found.append(Weight(matrix, n, edge.target, edge.node))
    for box in drawing.boxes:
        if box.kind == "operation" and not (cell.nodes[box.node].op in ("sub", "mul") and " " in box.text):
            found += [Weight(name, -1, box.key, box.node) for name in vectors_of(cell, box.node)]
    return tuple(found)


def matrix_of(cell: Cell, edge: Edge) -> str:
    """The matrix by which an edge multiplies what it carries; "" where it carries a value as it is."""
    node = cell.nodes[edge.node]
    if node.op != "matmul" or edge.source in (str(edge.node), f"leaf:{edge.node}"):
        return ""
    return cell.nodes[node.inputs[0]].parameter or ""


def vectors_of(cell: Cell, node: int) -> tuple[str, ...]:
    """The bias and other weight vectors that an operation reads."""
    this = cell.nodes[node]
    if this.op == "matmul":
        return ()
    return tuple(dict.fromkeys(cell.nodes[i].parameter or "" for i in this.inputs if cell.nodes[i].parameter))


def place_weights(
    drawing: Drawing, named: Mapping[int, Weight], sizes: Mapping[str, tuple[float, float]], taken: Iterable[Rect] = ()
) -> dict[int, Rect]:
    """Where the names of ``named`` (number -> weight) stand; ``sizes`` of each parameter's name, width and height.

    A name is nearer to its own edge than to any other, and covers no box, edge, number or other name. One
    without such a place gets none: it is told when its edge or box is pointed at.
    """
    occupied, known = np.array(list(taken)).reshape(-1, 4), curves(drawing)
    free = {n: _places(drawing, known, weight, sizes[weight.parameter], occupied) for n, weight in named.items()}
    return choose(free, _TRIED, _FREE)


def _places(drawing: Drawing, known: Curves, weight: Weight, size: tuple[float, float], occupied: Places) -> Places:
    """Every place at which a name of ``size`` cannot be mistaken, the best first."""
    (rects,) = known.once((weight, size), lambda: (_unmistakable(drawing, known, weight, size),))
    return rects[from_rects(rects, occupied) >= _FREE]


def _unmistakable(drawing: Drawing, known: Curves, weight: Weight, size: tuple[float, float]) -> Places:
    """Those that neither boxes nor edges forbid."""
    boxes = np.array([b.rect for b in drawing.boxes])
    if weight.edge >= 0:
        own = _alone(drawing, known, weight.edge)
        rects = as_places(_beside(own, *size), size, drawing)
        rects = rects[from_rects(rects, boxes) >= _FREE]
        near = from_points(rects, own, 2 * max(_GAPS))
        good = near >= _FREE
    else:
        box = drawing.box(weight.box).rect
        rects = as_places(_around(box, *size), size, drawing)
        near = from_rects(rects, np.array([box]))
        others = boxes[[b.key != weight.box for b in drawing.boxes]]
        good = (near >= 1.0) & (from_rects(rects, others) >= near + _MARGIN)
    rects, near = rects[good], near[good]
    reach = float(near.max(initial=0.0)) + _MARGIN
    foreign = known.only([n != weight.edge for n in range(len(drawing.edges))])
    return rects[from_points(rects, foreign, reach) >= near + _MARGIN]


def _alone(drawing: Drawing, known: Curves, edge: int) -> Floats:
    """The end of an edge, from where no other of the same box runs along with it."""
    own, source = known.of[edge], drawing.edges[edge].source
    others = known.only([n != edge and e.source == source for n, e in enumerate(drawing.edges)])
    if not len(others):
        return own
    shared = from_points(np.hstack([own, np.zeros_like(own)]), others, _TOGETHER) < _TOGETHER
    return own[int(np.flatnonzero(shared)[-1]) + 1 :] if shared.any() else own


def _beside(curve: Floats, w: float, h: float) -> list[tuple[float, float]]:
    """Places along a curve, from its end backwards, at its sides before above and below it."""
    found: list[tuple[float, float]] = []
    points = curve[::-1]
    along, wanted = 0.0, _NEAR
    for (ax, ay), (bx, by) in pairwise(points):
        along += float(np.hypot(bx - ax, by - ay))
        if along < wanted:
            continue
        if along > _FAR:
            break
        wanted = along + _PACE
        for gap in _GAPS:
            found += [(bx - gap - w, by - h / 2), (bx + gap, by - h / 2), (bx - w / 2, by - gap - h)]
            found += [(bx + gap, by + gap), (bx - gap - w, by - gap - h), (bx - w / 2, by + gap)]
            found += [(bx + gap, by - gap - h), (bx - gap - w, by + gap)]
    return found


def _around(rect: Rect, w: float, h: float) -> list[tuple[float, float]]:
    """Places around a box, those at its sides first, where no edge comes up."""
    left, top, wide, high = rect
    found: list[tuple[float, float]] = []
    for gap in (2.0, 1.2, 4.0, 6.0):
        for lift in (0.5, 0.7, 0.3, 0.85, 0.15, 1.0, 0.0):
            y = top + lift * (high - h)
            found += [(left + wide + gap, y), (left - gap - w, y)]
        for slide in (1.0, 0.0, 0.8, 0.2, 1.3, -0.3, 0.5):
            x = left + slide * (wide - w)
            found += [(x, top - gap - h), (x, top + high + gap)]
    return found


def use_of(cell: Cell, parameter: str, node: int) -> Use | None:
    """The place of ``parameter`` that belongs to an operation."""
    uses = [u for u in cell.uses if u.parameter == parameter]
    return next((u for u in uses if u.node == node), uses[0] if uses else None)


def told(cell: Cell, parameter: str, node: int, t: int, hidden: int, vocabulary: int) -> str:
    """A weight in words: its shape, and how its gradient grows at step ``t`` (the sum over t of δ ⊗ operand)."""
    spec = next(p for p in cell.parameters if p.name == parameter)
    name = plain(symbol(parameter).runs)
    if spec.kind == "matrix":
        shape = "H × V" if spec.of == "x" else "H × H"
        size = f"{hidden} × {vocabulary if spec.of == 'x' else hidden}"
    else:
        shape, size = "H", str(hidden)
    use = use_of(cell, parameter, node)
    if use is None:
        return f"{name}: {shape} ({size})"
    grows = f"∂L/∂{name} += δ"
    if use.operand is None:
        at = use.node if cell.nodes[use.node].op == "add" else use.delta
    else:
        grows += f" ⊗ {_called(cell, use.operand, t)}"
        onward = cell.consumers[use.delta]
        # A sum hands its gradient on to every term as it is, and has more often a name.
        at = onward[0] if len(onward) == 1 and cell.nodes[onward[0]].op == "add" else use.delta
    return f"{name}: {shape} ({size}), {grows}\n    with δ = ∂L/∂{_called(cell, at, t)}"


def _called(cell: Cell, node: int, t: int) -> str:
    """A value at step ``t`` by its name, or as a bracketed expression."""
    this = cell.nodes[node]
    if this.is_leaf or this.name:
        return plain(value_symbol(cell, node, t).runs)
    return f"({at_step(pretty(this.text), t)})"
