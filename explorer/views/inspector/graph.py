"""The cell's operation graph at one step, with this unit's value and gradient on every box."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import QHelpEvent, QMouseEvent, QPainter, QRegion
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from rnncore.frozen import dataclass

from ...model.graph_weights import matrix_of, vectors_of
from ...model.inspector_data import InspectorData
from ...theme.theme import Theme, current
from ...widgets.graph_names import name_area
from ...widgets.surface import Surface
from ...widgets.tips import plain
from .graph_fit import Layout, extents, fit, label_fonts
from .graph_marks import Marks, Shown
from .graph_paint import GraphPainter

REACH = 5.0
"""Pixels from an edge within which it is pointed at."""


@dataclass(frozen=True, slots=True)
class _Under:
    """What lies under the pointer: a box, the node to explain, and the weights with the operation that they enter."""

    box: str | None = None
    node: int | None = None
    weights: tuple[str, ...] = ()
    at: int = -1


class GraphCanvas(Surface):
    """Paints the graph; hovering tells the formula of a box, a number or an edge with numbers, and what a weight is."""

    parameter_pointed = Signal(str)
    """The weight under the pointer; "" when there is none."""
    parameter_chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._data: InspectorData | None = None
        self.fitted: Layout | None = None
        """Where everything stands; None before there is data."""
        self._marks: Marks | None = None
        self._painter: GraphPainter | None = None
        self.shown: Shown | None = None
        """How everything looks that stands on the screen."""
        self._chosen: str | None = None
        self._hovered: str | None = None
        self._pointed = ""
        self._laid_out_for: tuple[object, ...] = ()
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
        """Ask for a painting of what looks otherwise than before; out of sight it may still be of another cell."""
        if self._data is not None and self._marks is not None and self._laid_out_for[:1] == (self._data.cell.text,):
            before, self.shown = self.shown, self._marks.show(self._data, self._hover, self._chosen, self._hovered)
            self.update(self._marks.changed(before, self.shown, self.rect()))

    def sizeHint(self) -> QSize:
        return QSize(440, 440)

    def minimumSizeHint(self) -> QSize:
        return QSize(200, 160) if self._data is None else extents(self._data.cell, current(self))[0]

    def easy_height(self) -> int:
        """The height from which the graph is drawn in letters that are read with ease."""
        if self._data is None:
            return self.minimumSizeHint().height()
        return extents(self._data.cell, current(self))[1].height()

    def resizeEvent(self, event: object) -> None:
        self._lay_out()
        self._refresh()

    def restyle(self) -> None:
        self._laid_out_for = ()  # other colours, and perhaps another size of type
        self._lay_out()
        self._refresh()
        super().restyle()

    def _lay_out(self) -> None:
        data, theme = self._data, current(self)
        if data is None:
            return
        key = (data.cell.text, self.width(), self.height(), theme)
        if key == self._laid_out_for:
            return
        fresh = not self._laid_out_for or self._laid_out_for[0] != data.cell.text
        self._laid_out_for = key
        layout = self.fitted = fit(data.cell, self.size(), theme)
        fonts = label_fonts(theme, layout.em, layout.mixed)
        self._marks = Marks(layout, fonts, theme.scale)
        self._painter, self.shown = GraphPainter(layout, fonts, self._marks), None
        if fresh:
            self.updateGeometry()

    def paint(self, painter: QPainter, theme: Theme, region: QRegion) -> None:
        if self._painter is not None and self.shown is not None:
            self._painter.paint(painter, theme, self.shown, region, self.devicePixelRatioF())

    def lit_areas(self) -> tuple[QRect, QRect]:
        """Where the walk is at, null for nowhere: its boxes with the edges that are lit, and the boxes alone."""
        data, boxes, both = self._data, QRect(), QRect()
        if data is not None and self.fitted is not None and self._marks is not None:
            drawing = self.fitted.drawing
            for box, around in zip(drawing.boxes, self._marks.around, strict=True):
                if (box.kind == "operation" and box.node == data.current) or box.key in data.lit_boxes:
                    boxes = boxes.united(around)
            both = boxes
            for edge, area in zip(drawing.edges, self._marks.areas, strict=True):
                if (edge.node, edge.consumer) in data.lit:
                    both = both.united(area.boundingRect())
        return both & self.rect(), boxes & self.rect()

    # --- hovering ---

    def _over(self, x: float, y: float) -> _Under:
        """What lies under a point."""
        data, layout = self._data, self.fitted
        if data is None or layout is None:
            return _Under()
        drawing = layout.drawing
        box = drawing.at(x, y)
        if box is not None:
            vectors = vectors_of(data.cell, box.node) if box.kind == "operation" else ()
            return _Under(box.key, box.node, vectors, box.node)
        for weight, rect in layout.names.items():
            if name_area(rect).contains(round(x), round(y)):
                return _Under(None, None, (weight.parameter,), weight.node)
        written = [] if self.shown is None else self.shown.texts.items()
        number = next((key for key, (room, lines) in written if lines and room.contains(x, y)), None)
        if number is not None:
            return _Under(number, drawing.box(number).node)
        # Two that come up side by side are both within reach: the nearer one is meant.
        away = [min(max(abs(px - x), abs(py - y)) for px, py in edge.samples(24)) for edge in drawing.edges]
        nearest = min(range(len(away)), key=lambda n: away[n], default=-1)
        if nearest < 0 or away[nearest] >= REACH:
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
            if self.shown is not None:
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
            QToolTip.showText(event.globalPos() + QPoint(8, 8), plain(said), self)
            return True
        return super().event(event)
