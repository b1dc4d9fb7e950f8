"""The operation graph of a cell without numbers: what equations make, as one types them."""

from __future__ import annotations

from typing import Protocol

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFont, QFontMetricsF, QPainter, QPainterPath, QRegion
from PySide6.QtWidgets import QSizePolicy, QWidget

from rnncore.cells import Cell

from ..model.graph_routes import Box, Drawing, Rect, draw
from ..model.graph_weights import place_weights, weights
from ..model.plurals import count as plural
from ..theme.theme import Theme
from .paint import pen, rounded
from .surface import Surface

SCALES = (1.0, 0.92, 0.85, 0.78, 0.7)
LARGEST = 60
"""Operations of the largest cell that is drawn: more cannot be told apart here."""
BELOW = {"input": "t", "previous": "t−1", "next": "t"}


Names = tuple[tuple[str, Rect], ...]
"""Which weights are named, and where."""


class NameSetter(Protocol):
    """How the names of weights are set: the room that one takes, and its painting at a place of that size."""

    def room(self, name: str, theme: Theme, em: float) -> tuple[float, float]: ...

    def paint(self, painter: QPainter, theme: Theme, rect: Rect, name: str, em: float) -> None: ...


class CellGraph(Surface):
    """Paints a cell's graph in the room there is; ``stale`` greys it while the text makes no cell.

    The weights' names stand on it as ``setter`` sets them, where there is room in which none can be mistaken.
    """

    def __init__(self, setter: NameSetter | None = None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._setter = setter
        self._cell: Cell | None = None
        self._stale = False
        self._drawn: tuple[tuple[object, ...], Drawing, float, Names] | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("Graph of the cell")

    @property
    def cell(self) -> Cell | None:
        """The cell that is drawn."""
        return self._cell

    @property
    def stale(self) -> bool:
        """Whether the text has become another one, which makes no cell."""
        return self._stale

    def show_cell(self, cell: Cell | None) -> None:
        """Draw ``cell``; None leaves the one before, greyed."""
        if cell is not None:
            self._cell = cell
            names = ", ".join((*cell.states, *cell.gates))
            self.setAccessibleName(f"Graph of the cell: {plural(len(cell.operations), 'operation')}, {names}")
        self._stale = cell is None
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(420, 260)

    def minimumSizeHint(self) -> QSize:
        return QSize(160, 110)

    def drawing(self, theme: Theme) -> tuple[Drawing, float] | None:
        """The graph in the largest type in which it fits, with the scale of that."""
        cell = self._cell
        if cell is None or len(cell.operations) > LARGEST:
            return None
        key = (cell.text, self.width(), self.height(), theme.scale)
        if self._drawn is None or self._drawn[0] != key:
            width, height = float(self.width()), float(self.height())
            for em in SCALES:
                metrics = QFontMetricsF(_font(theme, em))
                found = draw(cell, width, height, metrics.horizontalAdvance, em * theme.scale)
                if found.width <= width + 0.5 and found.height <= height + 0.5:
                    break
            self._drawn = (key, found, em, self._named(cell, found, theme, em))
        return self._drawn[1], self._drawn[2]

    @property
    def names(self) -> Names:
        """The weights that are named in what was drawn last, and where."""
        return () if self._drawn is None else self._drawn[3]

    def _named(self, cell: Cell, drawing: Drawing, theme: Theme, em: float) -> Names:
        if self._setter is None:
            return ()
        named = dict(enumerate(weights(cell, drawing)))
        sizes = {each.parameter: self._setter.room(each.parameter, theme, em) for each in named.values()}
        return tuple((named[n].parameter, rect) for n, rect in place_weights(drawing, named, sizes).items())

    # --- painting ---

    def paint(self, painter: QPainter, theme: Theme, region: QRegion) -> None:
        drawn = self.drawing(theme)
        if drawn is None:
            painter.setFont(theme.font("small"))
            painter.setPen(theme.colour("muted"))
            count = 0 if self._cell is None else len(self._cell.operations)
            words = (
                f"{plural(count, 'operation')}: too many to draw here" if count else "the graph of the cell comes here"
            )
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, words)
            return
        drawing, em = drawn
        shrink = min(1.0, self.width() / drawing.width, self.height() / drawing.height)
        painter.scale(shrink, shrink)
        painter.setOpacity(0.35 if self._stale else 1.0)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(pen(theme.colour("value", 0.85), 1.2 * theme.scale))
        for edge in drawing.edges:
            path = QPainterPath(QPointF(*edge.path[0]))
            for n in range(1, len(edge.path), 3):
                path.cubicTo(*(QPointF(*p) for p in edge.path[n : n + 3]))
            painter.drawPath(path)
        for box in drawing.boxes:
            self._paint_box(painter, theme, box, em)
        if self._setter is not None:
            for name, rect in self.names:
                self._setter.paint(painter, theme, rect, name, em)

    def _paint_box(self, painter: QPainter, theme: Theme, box: Box, em: float) -> None:
        area = QRectF(*box.rect)
        rounded(painter, area, area.height() / 2, theme.colour("raised"), theme.colour("line"))
        large, small, below = _font(theme, em), theme.font("tiny", bold=True), BELOW.get(box.kind, "")
        wide = QFontMetricsF(large).horizontalAdvance(box.text)
        tail = QFontMetricsF(small).horizontalAdvance(below) if below else 0.0
        metrics = QFontMetricsF(large)
        base = area.center().y() + (metrics.ascent() - metrics.descent()) / 2
        x = area.center().x() - (wide + tail) / 2
        painter.setPen(theme.colour("text"))
        painter.setFont(large)
        painter.drawText(QPointF(x, base), box.text)
        if below:
            painter.setFont(small)
            painter.drawText(QPointF(x + wide + 0.5, base + 3.0 * theme.scale), below)


def _font(theme: Theme, em: float) -> QFont:
    return theme.font("body" if em == 1.0 else "label" if em >= 0.85 else "small", bold=True)
