"""What a drawn graph shows at a moment: the look of each edge, box, number and name, and what of it has changed."""

from __future__ import annotations

from PySide6.QtCore import QRect, QRectF
from PySide6.QtGui import QRegion

from rnncore.frozen import dataclass

from ...model.graph_routes import Box, Edge, Rect
from ...model.inspector_data import InspectorData, Mark
from ...widgets.graph_names import name_area
from .graph_fit import BARE, FOLDED, FORMS, MARK, Fonts, Layout, advance, spare

STRIPS = 6
"""Pieces of an edge whose surroundings are painted again when its colour changes: fewer pixels than of the whole."""

Lines = tuple[tuple[str, str], ...]
Stroke = tuple[str, float]
"""Colour token and width of an edge."""
Look = tuple[bool, str, str]
"""Whether a box's value is known, the colour token of its ring or "", the index below its name."""


@dataclass(frozen=True, slots=True)
class Shown:
    """How each edge, each box, each number and each weight's name looks."""

    strokes: tuple[Stroke, ...]
    looks: tuple[Look, ...]
    texts: dict[str, tuple[QRectF, Lines]]
    names: tuple[str, ...]


class Marks:
    """Reads how a laid-out graph looks, and keeps the place of numbers that stay."""

    def __init__(self, layout: Layout, fonts: Fonts, scale: float) -> None:
        self._layout, self._fonts = layout, fonts
        self._texts: dict[str, tuple[Lines, QRectF, Lines]] = {}
        self.areas = [_areas(edge, 4.0 * scale) for edge in layout.drawing.edges]
        """What is painted anew with each edge."""
        self.around = [QRectF(*box.rect).adjusted(-2, -2, 2, 2).toAlignedRect() for box in layout.drawing.boxes]
        """What is painted anew with each box."""

    def show(self, data: InspectorData, hovered_box: str | None, chosen: str | None, hovered: str | None) -> Shown:
        """How everything looks; ``chosen`` and ``hovered`` are weights."""
        drawing = self._layout.drawing

        def named(weight: str, node: int) -> str:
            return "lit" if data.growing == (weight, node) else {hovered: "hover", chosen: "chosen"}.get(weight, "")

        return Shown(
            tuple(_stroke(data, edge) for edge in drawing.edges),
            tuple(_look(data, box, box.key == hovered_box) for box in drawing.boxes),
            self._place_texts(data),
            tuple(named(weight.parameter, weight.node) for weight in self._layout.names),
        )

    def changed(self, before: Shown | None, after: Shown, everything: QRect) -> QRegion:
        """What must be painted again."""
        if before is None or before.texts.keys() != after.texts.keys():
            return QRegion(everything)
        region = QRegion()
        for n, (old, new) in enumerate(zip(before.strokes, after.strokes, strict=True)):
            if old != new:
                region += self.areas[n]
        for around, old_look, new_look in zip(self.around, before.looks, after.looks, strict=True):
            if old_look != new_look:
                region += around
        for key, (room, lines) in after.texts.items():
            old_room, old_lines = before.texts[key]
            if lines != old_lines:
                region += whole(room.united(old_room) if old_lines else room)
        for rect, old_name, new_name in zip(self._layout.names.values(), before.names, after.names, strict=True):
            if old_name != new_name:
                region += name_area(rect)
        return region

    def _place_texts(self, data: InspectorData) -> dict[str, tuple[QRectF, Lines]]:
        """The numbers to write beside each box, each with its colour, and the room that they take."""
        found: dict[str, tuple[QRectF, Lines]] = {}
        for key, (rect, form) in self._layout.labels.items():
            box = self._layout.drawing.box(key)
            lines = _lines(data.mark(box.node))
            if not lines:
                found[key] = (QRectF(), ())
                continue
            lines = ((MARK, "muted"),) if form == FOLDED else lines[-FORMS[form] :]
            kept = self._texts.get(key)
            if kept is None or kept[0] != lines:
                fitting = self._fitting(data, box, rect, form, lines)
                kept = self._texts[key] = (lines, *self._text_beside(box, rect, form, fitting))
            found[key] = kept[1:]
        return found

    def _fitting(self, data: InspectorData, box: Box, rect: Rect, form: int, lines: Lines) -> Lines:
        """The lines in which numbers of a power such as e−12, too long for their room, have fewer signs."""
        metrics, room = self._fonts[form][1], rect[2] + spare(self._fonts[form][1])
        for rough in (False, True):
            if form == FOLDED or all(advance(text, metrics) <= room for text, _ in lines):
                return lines
            shorter = _lines(data.mark(box.node, tight=True, rough=rough))[-FORMS[form] :]
            pairs = zip(lines, shorter, strict=True)
            lines = tuple(old if advance(old[0], metrics) <= room else new for old, new in pairs)
        return ((MARK, "muted"),) if form == BARE and advance(lines[0][0], metrics) > room else lines

    def _text_beside(self, box: Box, rect: Rect, form: int, lines: Lines) -> tuple[QRectF, Lines]:
        if form == FOLDED:
            return QRectF(*rect), lines
        metrics = self._fonts[form][1]
        height = metrics.height() * 0.94
        wide = max(advance(t, metrics) for t, _ in lines)
        # A label left of its box ends at the box, one above it stands on it.
        over = max(0.0, wide - rect[2])
        x = rect[0] + rect[2] - wide + over / 2 if rect[0] + rect[2] / 2 < box.x - box.width / 2 else rect[0] - over / 2
        above = rect[1] + rect[3] / 2 < box.y
        y = rect[1] + rect[3] - height * len(lines) if above else rect[1]
        return QRectF(x - 1, y, wide + max(0.0, 2.0 - over), height * len(lines)), lines


def _lines(mark: Mark) -> Lines:
    """The numbers that there are, each with its colour."""
    return tuple((t, token) for t, token in ((mark.value, "value"), (mark.gradient, "gradient")) if t)


def _stroke(data: InspectorData, edge: Edge) -> Stroke:
    if (edge.node, edge.consumer) in data.lit:
        return data.role, 4.0
    # No gradient comes to the input itself, but one to the weight that multiplies it, on this edge.
    reads = data.cell.nodes[edge.node].op == "input" and edge.consumer >= 0
    if data.gradient_known(edge.consumer if reads else edge.node):
        return "gradient", 1.0
    return ("value" if data.known(edge.node) else "line"), 1.0


def _look(data: InspectorData, box: Box, hovered: bool) -> Look:
    current_one = (box.kind == "operation" and box.node == data.current) or box.key in data.lit_boxes
    ring = data.role if current_one else "text" if hovered else ""
    below = "" if box.kind == "operation" else str(data.t - 1 if box.kind == "previous" else data.t)
    return data.known(box.node), ring, below.replace("-", "−")


def _areas(edge: Edge, margin: float) -> QRegion:
    """Rectangles that cover an edge with its width."""
    points = edge.samples(STRIPS * 2)
    step = max(1, -(-(len(points) - 1) // STRIPS))
    found = QRegion()
    for n in range(0, len(points) - 1, step):
        part = points[n : n + step + 1]
        left, top = min(x for x, _ in part), min(y for _, y in part)
        right, bottom = max(x for x, _ in part), max(y for _, y in part)
        area = QRectF(left, top, right - left, bottom - top).adjusted(-margin, -margin, margin, margin)
        found += area.toAlignedRect()
    return found


def whole(room: QRectF) -> QRect:
    """All the pixels that some numbers touch."""
    return room.adjusted(-1, -1, 1, 1).toAlignedRect()
