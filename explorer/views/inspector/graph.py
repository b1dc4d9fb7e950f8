"""The cell's operation graph at one step, with this unit's value and gradient on every box."""

from __future__ import annotations

from collections import OrderedDict
from functools import lru_cache
from math import inf

from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetricsF,
    QHelpEvent,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPen,
    QPixmap,
    QRegion,
)
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from rnncore.frozen import dataclass

from ...model.graph_labels import place_in_forms, place_labels
from ...model.graph_routes import Box, Drawing, Edge, Rect, draw
from ...model.graph_weights import Weight, matrix_of, place_weights, vectors_of, weights
from ...model.inspector_data import InspectorData
from ...theme.theme import Theme, current
from ...theme.tokens import mix
from ...widgets.paint import pen, rounded, text_width
from ...widgets.surface import Surface
from .graph_names import NamePictures, name_area, name_room

_LARGE = (1.6, 1.5, 1.4, 1.3, 1.2, 1.1)
"""Scales that a graph takes where there is room for it with every number in its usual form."""
_SCALES = (1.0, 0.92, 0.85, 0.78, 0.7, 0.62, 0.56)
LEAST_TYPE = 9
"""Pixels: no number of the graph is written smaller."""
EASY = 0.85
USUAL_LABEL = "∂ −.0164"
SHORT_LABEL = "∂−.0164"
ONE_NUMBER = "−.0164"
FORMS = (2, 2, 1, 1)
"""Lines of a label in its four forms: as usual, in small type, one number in small type, and a mark for numbers that
are told when the box is pointed at."""
FOLDED = 3
MARK = "…"
STRIPS = 6
"""Pieces of an edge whose surroundings are painted again when its colour changes: fewer pixels than of the whole."""

FOR_NAME = 0.5
"""So much of a number is worth the name of a weight, which its edge's tool tip tells as well."""
FOR_SIZE = 8.0
"""So many boxes' numbers are worth a whole unit of scale."""
PICTURES = 300
"""Pictures of boxes that are kept."""
LAYOUTS = 24
"""Layouts that are kept, of cells and sizes that were seen before."""

Lines = tuple[tuple[str, str], ...]
Labels = dict[str, tuple[Rect, int]]
Names = dict[Weight, Rect]
Layout = tuple[Drawing, float, Labels, Names]
_layouts: OrderedDict[tuple[object, ...], Layout] = OrderedDict()


@dataclass(frozen=True, slots=True)
class _Shown:
    """How each edge (token, width), each box, each number and each weight's name looks."""

    strokes: tuple[tuple[str, float], ...]
    looks: tuple[tuple[bool, str, str], ...]
    texts: dict[str, tuple[QRectF, Lines]]
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Under:
    """What lies under the pointer: a box, the node to explain, and the weights with the operation that they enter."""

    box: str | None = None
    node: int | None = None
    weights: tuple[str, ...] = ()
    at: int = -1


class GraphCanvas(Surface):
    """Paints the graph; hovering over a box or an edge tells its formula with numbers, over a weight what it is."""

    parameter_pointed = Signal(str)
    """The weight under the pointer; "" when there is none."""
    parameter_chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._data: InspectorData | None = None
        self._drawing: Drawing | None = None
        self._labels: Labels = {}
        self._names: Names = {}
        self._name_pictures = NamePictures()
        self._chosen: str | None = None
        self._hovered: str | None = None
        self._pointed = ""
        self._paths: list[QPainterPath] = []
        self._areas: list[QRegion] = []
        self._around: list[QRect] = []
        self._fonts: tuple[tuple[QFont, QFontMetricsF], ...] = ()
        self._pictures: dict[tuple[object, ...], QPixmap] = {}
        self._shown: _Shown | None = None
        self._texts: dict[str, tuple[Lines, QRectF, Lines]] = {}
        self._em = 1.0
        self._laid_out_for: tuple[object, ...] = ()
        self._smallest: tuple[object, QSize, QSize] = (None, QSize(), QSize())
        self._hover: str | None = None
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("Operation graph")

    def expect(self, data: InspectorData) -> None:
        """Be as large as the graph of ``data`` asks, which is to be shown next."""
        self._data = data

    def set_data(self, data: InspectorData | None) -> None:
        """Show ``data``; the layout is kept while the cell and the size stay."""
        self._data = data
        if data is not None:
            self.setAccessibleName(f"Operation graph of {data.cell_title} at step {data.t}")
        self._lay_out()
        self._refresh()

    def _refresh(self) -> None:
        """Ask for a painting of what looks otherwise than before."""
        if self._data is not None:
            before, self._shown = self._shown, self._show(self._data)
            self.update(self._changed_since(before, self._shown))

    def sizeHint(self) -> QSize:
        return QSize(440, 440)

    def minimumSizeHint(self) -> QSize:
        if self._data is None:
            return QSize(200, 160)
        return self._sizes()[0]

    def easy_height(self) -> int:
        """The height from which the graph is drawn in letters that are read with ease."""
        return self.minimumSizeHint().height() if self._data is None else self._sizes()[1].height()

    def _sizes(self) -> tuple[QSize, QSize]:
        """The graph's extent at the smallest scale, and at the smallest that is read with ease."""
        assert self._data is not None
        key = (self._data.cell.text, current(self).scale)
        if self._smallest[0] != key:
            least, easy = (self._draw(self._data, 0.0, 0.0, em) for em in (_SCALES[-1], EASY))
            self._smallest = (key, _whole_size(least), _whole_size(easy))
        return self._smallest[1:]

    def resizeEvent(self, event: object) -> None:
        self._lay_out()
        self._refresh()

    def restyle(self) -> None:
        self._name_pictures.clear()
        self._shown, self._texts, self._pictures = None, {}, {}  # other colours, and perhaps another size of type
        self._lay_out()
        self._refresh()
        super().restyle()

    # --- layout ---

    def _draw(self, data: InspectorData, width: float, height: float, em: float) -> Drawing:
        theme = current(self)
        metrics = QFontMetricsF(_box_font(theme, em))
        return draw(data.cell, width, height, metrics.horizontalAdvance, em * theme.scale)

    def _lay_out(self) -> None:
        data, theme = self._data, current(self)
        if data is None:
            return
        key = (data.cell.text, self.width(), self.height(), theme.scale, theme.font("body").family())
        if key == self._laid_out_for:
            return
        fresh = not self._laid_out_for or self._laid_out_for[0] != data.cell.text
        self._laid_out_for = key
        found = _layouts.get(key)
        if found is None:
            found = _layouts[key] = self._fitted(data, theme)
            while len(_layouts) > LAYOUTS:
                _layouts.popitem(last=False)
        self._drawing, self._em, self._labels, self._names = found
        self._name_pictures.clear()
        self._fonts = self._label_fonts(theme)
        self._paths = [_path(edge) for edge in self._drawing.edges]
        self._areas = [_areas(edge, 4.0 * theme.scale) for edge in self._drawing.edges]
        self._around = [_around(box) for box in self._drawing.boxes]
        self._shown, self._texts, self._pictures = None, {}, {}
        if fresh:
            self.updateGeometry()

    def _fitted(self, data: InspectorData, theme: Theme) -> Layout:
        """The graph and its labels at the largest scale that has room, or a smaller one with more of its numbers."""
        width, height = float(self.width()), float(self.height())
        best: Layout | None = None
        least = inf
        scales = (*_LARGE, *_SCALES)
        for em, smaller in zip(scales, (*scales[1:], 0.0), strict=True):
            self._drawing, self._em = self._draw(data, width, height, em), em
            fits = self._drawing.width <= width + 0.5 and self._drawing.height <= height + 0.5
            if not fits and em != _SCALES[-1]:
                continue
            labels = self._place_labels(theme)
            if labels is None:
                continue
            layout = (self._drawing, em, labels, self._name_weights(data, theme, labels))
            unnamed = self._unnamed(data, layout)
            if unnamed and em >= 1.0:
                layout = self._name_more(data, theme, layout)
                unnamed = self._unnamed(data, layout)
            if best is not None and em < EASY:
                unnamed = max(unnamed, self._unnamed(data, best))  # no name is worth letters that are hard to read
            missing = _folded(layout[2]) + FOR_NAME * unnamed
            cost = missing + FOR_SIZE * (1.0 - em)
            if best is None or cost < least:
                best, least = layout, cost
            if missing <= FOR_SIZE * (em - smaller) or (smaller < EASY and not _folded(layout[2])):
                break  # whatever a smaller one shows is not worth it
        assert best is not None
        return self._name_more(data, theme, best) if best[1] < 1.0 else best

    def _unnamed(self, data: InspectorData, layout: Layout) -> int:
        return len(weights(data.cell, layout[0])) - len(layout[3])

    def _label_fonts(self, theme: Theme) -> tuple[tuple[QFont, QFontMetricsF], ...]:
        fonts = [self._label_font(theme, form) for form in range(len(FORMS))]
        return tuple((font, QFontMetricsF(font)) for font in fonts)

    def _name_weights(self, data: InspectorData, theme: Theme, labels: Labels) -> Names:
        """The weights' names in the room that the numbers leave."""
        assert self._drawing is not None
        named, sizes = self._to_name(data, theme)
        found = place_weights(self._drawing, named, sizes, [rect for rect, _ in labels.values()])
        return {named[n]: rect for n, rect in sorted(found.items())}

    def _name_more(self, data: InspectorData, theme: Theme, layout: Layout) -> Layout:
        """The same, in which weights without a place choose before the numbers, where these have others as good."""
        drawing, em, labels, names = layout
        self._drawing, self._em = drawing, em
        named, sizes = self._to_name(data, theme)
        left = {n: w for n, w in named.items() if w not in names}
        first = place_weights(drawing, left, sizes) if left else {}
        others = self._place_labels(theme, tuple(first.values())) if first else None
        if others is None or _cramped(others) > _cramped(labels):
            return layout
        rest = {n: w for n, w in named.items() if n not in first}
        taken = [*first.values(), *(rect for rect, _ in others.values())]
        found = first | place_weights(drawing, rest, sizes, taken)
        if len(found) <= len(names):
            return layout
        return drawing, em, others, {named[n]: rect for n, rect in sorted(found.items())}

    def _to_name(self, data: InspectorData, theme: Theme) -> tuple[dict[int, Weight], dict[str, tuple[float, float]]]:
        """The weights to name, and the room that each parameter's name takes."""
        assert self._drawing is not None
        named = dict(enumerate(weights(data.cell, self._drawing)))
        return named, {w.parameter: name_room(w.parameter, theme, self._em) for w in named.values()}

    def _place_labels(self, theme: Theme, taken: tuple[Rect, ...] = ()) -> Labels | None:
        """Where the numbers of the graph as it is drawn stand, and in which form; None where it is too large."""
        assert self._drawing is not None
        self._fonts = self._label_fonts(theme)
        forms = []
        for form, lines in enumerate(FORMS):
            metrics = self._fonts[form][1]
            sample = (USUAL_LABEL, SHORT_LABEL, ONE_NUMBER, MARK)[form]
            high = metrics.xHeight() if form == FOLDED else lines * metrics.height() * 0.94
            forms.append((metrics.horizontalAdvance(sample), high))
        keys = [b.key for b in self._drawing.boxes if b.kind in ("operation", "previous")]
        if self._em <= 1.0:
            return place_in_forms(self._drawing, keys, forms, taken)
        found = place_labels(self._drawing, dict.fromkeys(keys, forms[0]), taken)
        return {key: (rect, 0) for key, rect in found.items()} if len(found) == len(keys) else None

    def _label_font(self, theme: Theme, form: int = 0) -> QFont:
        if self._em > 1.0:
            return _sized(theme.font("small", fixed=True), self._em)
        usual = theme.font("small" if self._em == 1.0 else "tiny", fixed=True)
        if form == 0:
            return usual
        font = QFont(usual)
        font.setPixelSize(max(LEAST_TYPE, theme.font("tiny", fixed=True).pixelSize() - 1))
        return font

    # --- what is painted ---

    def _changed_since(self, before: _Shown | None, after: _Shown) -> QRegion:
        """What must be painted again."""
        if before is None or before.texts.keys() != after.texts.keys():
            return QRegion(self.rect())
        assert self._drawing is not None
        region = QRegion()
        for n, (old, new) in enumerate(zip(before.strokes, after.strokes, strict=True)):
            if old != new:
                region += self._areas[n]
        for around, old_look, new_look in zip(self._around, before.looks, after.looks, strict=True):
            if old_look != new_look:
                region += around
        for key, (room, lines) in after.texts.items():
            old_room, old_lines = before.texts[key]
            if lines != old_lines:
                region += _whole(room.united(old_room) if old_lines else room)
        for rect, old_name, new_name in zip(self._names.values(), before.names, after.names, strict=True):
            if old_name != new_name:
                region += name_area(rect)
        return region

    def _show(self, data: InspectorData) -> _Shown:
        """How every edge, box and number looks."""
        drawing = self._drawing
        assert drawing is not None
        return _Shown(
            tuple(_stroke(data, edge) for edge in drawing.edges),
            tuple(self._look(data, box) for box in drawing.boxes),
            self._place_texts(data),
            tuple(self._name_look(data, weight) for weight in self._names),
        )

    def _name_look(self, data: InspectorData, weight: Weight) -> str:
        if data.growing == (weight.parameter, weight.node):
            return "lit"
        return {self._hovered: "hover", self._chosen: "chosen"}.get(weight.parameter, "")

    def _look(self, data: InspectorData, box: Box) -> tuple[bool, str, str]:
        """(whether its value is known, the colour token of its ring or "", the index below its name)."""
        current_one = (box.kind == "operation" and box.node == data.current) or box.key in data.lit_boxes
        ring = data.role if current_one else "text" if box.key == self._hover else ""
        below = "" if box.kind == "operation" else str(data.t - 1 if box.kind == "previous" else data.t)
        return data.known(box.node), ring, below.replace("-", "−")

    def _place_texts(self, data: InspectorData) -> dict[str, tuple[QRectF, Lines]]:
        """The numbers to write beside each box, each with its colour, and the room that they take."""
        assert self._drawing is not None
        found: dict[str, tuple[QRectF, Lines]] = {}
        for key, (rect, form) in self._labels.items():
            box = self._drawing.box(key)
            mark = data.mark(box.node)
            lines = tuple((t, token) for t, token in ((mark.value, "value"), (mark.gradient, "gradient")) if t)
            if not lines:
                found[key] = (QRectF(), ())
                continue
            lines = ((MARK, "muted"),) if form == FOLDED else lines[-FORMS[form] :]
            kept = self._texts.get(key)
            if kept is None or kept[0] != lines:
                kept = self._texts[key] = (lines, *self._text_beside(box, rect, form, lines))
            found[key] = kept[1:]
        return found

    def _text_beside(self, box: Box, rect: Rect, form: int, lines: Lines) -> tuple[QRectF, Lines]:
        metrics = self._fonts[form][1]
        if form == FOLDED:
            return QRectF(*rect), lines
        height = metrics.height() * 0.94
        if form == FOLDED - 1:
            # Its colour tells what a number is that stands alone; one that is too long for its room is folded.
            lines = tuple((t.removeprefix("∂ "), c) for t, c in lines)
            if metrics.horizontalAdvance(lines[0][0]) > rect[2] + 0.5:
                lines = ((MARK, "muted"),)
        # The longest numbers, such as ∂ −1.2e-5, fit their room without the space.
        wide = max(metrics.horizontalAdvance(t) for t, _ in lines)
        if wide > rect[2]:
            lines = tuple((t if metrics.horizontalAdvance(t) <= rect[2] else t.replace("∂ ", "∂"), c) for t, c in lines)
            wide = max(metrics.horizontalAdvance(t) for t, _ in lines)
        # A label left of its box ends at the box, one above it stands on it.
        x = rect[0] + rect[2] - wide if rect[0] + rect[2] / 2 < box.x - box.width / 2 else rect[0]
        above = rect[1] + rect[3] / 2 < box.y
        y = rect[1] + rect[3] - height * len(lines) if above else rect[1]
        return QRectF(x - 1, y, wide + 2, height * len(lines)), lines

    # --- painting ---

    def paint(self, painter: QPainter, theme: Theme, region: QRegion) -> None:
        data, drawing, shown = self._data, self._drawing, self._shown
        if data is None or drawing is None or shown is None:
            return
        self._paint_edges(painter, theme, shown, region)
        labels = [
            (room, lines, self._labels[key][1])
            for key, (room, lines) in shown.texts.items()
            if lines and region.intersects(_whole(room))
        ]
        ground = theme.colour("panel", 0.8)
        for room, _, _ in labels:
            painter.fillRect(room, ground)
        for box, around, look in zip(drawing.boxes, self._around, shown.looks, strict=True):
            if region.intersects(around):
                self._draw_box(painter, theme, box, around, look)
        ratio = self.devicePixelRatioF()
        for (weight, rect), name_look in zip(self._names.items(), shown.names, strict=True):
            if region.intersects(name_area(rect)):
                self._name_pictures.draw(painter, theme, rect, weight.parameter, name_look, self._em, ratio)
        for room, lines, form in labels:
            font, metrics = self._fonts[form]
            painter.setFont(font)
            for n, (text, token) in enumerate(lines, 1):
                painter.setPen(theme.colour(token))
                drop = 1.0 if form == FOLDED else metrics.descent()
                base = room.top() + n * room.height() / len(lines) - drop
                painter.drawText(QPointF(room.left() + 1, base), text)

    def _paint_edges(self, painter: QPainter, theme: Theme, shown: _Shown, region: QRegion) -> None:
        """One path for each colour; the edges in use now last and thick."""
        strokes: dict[tuple[str, float], QPainterPath] = {}
        for stroke, path, areas in zip(shown.strokes, self._paths, self._areas, strict=True):
            if region.intersects(areas):
                strokes.setdefault(stroke, QPainterPath()).addPath(path)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        order = ("line", "value", "gradient", "weight")
        for (token, width), path in sorted(strokes.items(), key=lambda item: (item[0][1], order.index(item[0][0]))):
            colour = theme.colour(token, 0.85 if width == 1.0 and token != "line" else 1.0)
            # A line of width 1 takes the painter's short way; anything wider is stroked as an area.
            wide = width * theme.scale if width > 1.0 else 1.0
            painter.setPen(QPen(colour, wide, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
            painter.drawPath(path)

    def _draw_box(self, painter: QPainter, theme: Theme, box: Box, around: QRect, look: tuple[bool, str, str]) -> None:
        """A box from its picture: at every time step all of them are painted, and most look as they did before."""
        ratio = self.devicePixelRatioF()
        if ratio != round(ratio):
            # Between the screen's points a picture would be blurred.
            self._paint_box(painter, theme, box, look)
            return
        key = (box.key, look, ratio)
        picture = self._pictures.get(key)
        if picture is None:
            picture = QPixmap(around.size() * int(ratio))
            picture.setDevicePixelRatio(ratio)
            picture.fill(Qt.GlobalColor.transparent)
            own = QPainter(picture)
            own.setRenderHint(QPainter.RenderHint.Antialiasing)
            own.translate(-around.topLeft())
            self._paint_box(own, theme, box, look)
            own.end()
            if len(self._pictures) >= PICTURES:
                self._pictures.clear()
            self._pictures[key] = picture
        painter.drawPixmap(around.topLeft(), picture)

    def _paint_box(self, painter: QPainter, theme: Theme, box: Box, look: tuple[bool, str, str]) -> None:
        known, ring, below = look
        area = QRectF(*box.rect)
        radius = area.height() / 2
        fill = theme.colour("raised") if known else _faint(theme.tokens.raised, theme.tokens.panel)
        rounded(painter, area, radius, fill, theme.colour("line"))
        if ring:
            painter.setPen(pen(theme.colour(ring), 1.2 if ring == "text" else 2.2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(area.adjusted(1, 1, -1, -1), radius - 1, radius - 1)
        painter.setPen(theme.colour("text" if known else "muted"))
        _subscripted(painter, theme, area, box.text, below, self._em)

    # --- hovering ---

    def _over(self, x: float, y: float) -> _Under:
        """What lies under a point."""
        data, drawing = self._data, self._drawing
        if data is None or drawing is None:
            return _Under()
        box = drawing.at(x, y)
        if box is not None:
            vectors = vectors_of(data.cell, box.node) if box.kind == "operation" else ()
            return _Under(box.key, box.node, vectors, box.node)
        for weight, rect in self._names.items():
            if name_area(rect).contains(round(x), round(y)):
                return _Under(None, None, (weight.parameter,), weight.node)
        # Two that come up side by side are both within reach: the nearer one is meant.
        away = [min(max(abs(px - x), abs(py - y)) for px, py in edge.samples(24)) for edge in drawing.edges]
        nearest = min(range(len(away)), key=lambda n: away[n], default=-1)
        if nearest < 0 or away[nearest] >= 5:
            return _Under()
        edge = drawing.edges[nearest]
        matrix = matrix_of(data.cell, edge)
        return _Under(None, edge.node, (matrix,) if matrix else (), edge.node)

    def _say(self, under: _Under) -> str:
        """The formula of a box or an edge, and what the weights there are."""
        data = self._data
        if data is None:
            return ""
        said = [] if under.node is None else [data.explanation(under.node)]
        return "\n".join([*said, *(data.weight_explanation(name, under.at) for name in under.weights)])

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        under = self._over(event.position().x(), event.position().y())
        self._point_at(under.box)
        self._point_at_weight(under.weights[0] if under.weights else "")
        super().mouseMoveEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        under = self._over(event.position().x(), event.position().y())
        if event.button() == Qt.MouseButton.LeftButton and under.weights:
            self.parameter_chosen.emit(under.weights[0])
        super().mousePressEvent(event)

    def mark_weights(self, chosen: str | None, hovered: str | None) -> None:
        """Set off the weight that is chosen, and that which is pointed at, here or elsewhere."""
        if (chosen, hovered) != (self._chosen, self._hovered):
            self._chosen, self._hovered = chosen, hovered
            if self._shown is not None:
                self._refresh()

    def _point_at_weight(self, name: str) -> None:
        if name != self._pointed:
            self._pointed = name
            self.setCursor(Qt.CursorShape.PointingHandCursor if name else Qt.CursorShape.ArrowCursor)
            self.parameter_pointed.emit(name)

    def leaveEvent(self, event: QEvent) -> None:
        self._point_at(None)
        self._point_at_weight("")
        super().leaveEvent(event)

    def _point_at(self, key: str | None) -> None:
        if key != self._hover:
            self._hover = key
            self._refresh()

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            said = self._say(self._over(event.pos().x(), event.pos().y()))
            QToolTip.showText(event.globalPos() + QPoint(8, 8), said, self)
            return True
        return super().event(event)


def _folded(labels: Labels) -> int:
    return sum(form == FOLDED for _, form in labels.values())


def _cramped(labels: Labels) -> tuple[int, int]:
    """How many numbers are folded, and how far all of them are from their usual form."""
    return _folded(labels), sum(form for _, form in labels.values())


def _stroke(data: InspectorData, edge: Edge) -> tuple[str, float]:
    """Colour token and width of an edge."""
    if (edge.node, edge.consumer) in data.lit:
        return data.role, 4.0
    if data.gradient_known(edge.node):
        return "gradient", 1.0
    return ("value" if data.known(edge.node) else "line"), 1.0


@lru_cache(maxsize=8)
def _faint(raised: str, panel: str) -> QColor:
    return QColor(mix(raised, panel, 0.4))


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


def _around(box: Box) -> QRect:
    return QRectF(*box.rect).adjusted(-2, -2, 2, 2).toAlignedRect()


def _whole(room: QRectF) -> QRect:
    return room.adjusted(-1, -1, 1, 1).toAlignedRect()


def _whole_size(drawn: Drawing) -> QSize:
    return QSize(int(drawn.width) + 1, int(drawn.height) + 1)


def _path(edge: Edge) -> QPainterPath:
    path = QPainterPath(QPointF(*edge.path[0]))
    for n in range(1, len(edge.path), 3):
        path.cubicTo(*(QPointF(*p) for p in edge.path[n : n + 3]))
    return path


def _box_font(theme: Theme, em: float) -> QFont:
    if em > 1.0:
        return _sized(theme.font("body", bold=True), em)
    return theme.font("body" if em == 1.0 else "label" if em >= 0.85 else "small", bold=True)


def _sized(font: QFont, em: float) -> QFont:
    larger = QFont(font)
    larger.setPixelSize(round(font.pixelSize() * em))
    return larger


@lru_cache(maxsize=16)
def _rise(font: QFont) -> float:
    """How far below its middle a line of text has its baseline."""
    metrics = QFontMetricsF(font)
    return (metrics.ascent() - metrics.descent()) / 2


def _subscripted(painter: QPainter, theme: Theme, area: QRectF, name: str, below: str, em: float) -> None:
    """A name in the middle of ``area`` with a lowered index after it."""
    large = _box_font(theme, em)
    small = _sized(theme.font("tiny", bold=True), max(1.0, em))
    width = text_width(name, large)
    tail = text_width(below, small) if below else 0.0
    x = area.center().x() - (width + tail) / 2
    base = area.center().y() + _rise(large)
    painter.setFont(large)
    painter.drawText(QPointF(x, base), name)
    if below:
        painter.setFont(small)
        painter.drawText(QPointF(x + width + 0.5, base + 3.0 * max(1.0, em) * theme.scale), below)
