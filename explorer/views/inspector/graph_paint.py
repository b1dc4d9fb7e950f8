"""Paints a laid-out graph: its edges, its boxes from pictures, its numbers and its names."""

from __future__ import annotations

from functools import lru_cache

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPainterPath, QPen, QPixmap, QRegion

from ...model.graph_routes import Box, Edge
from ...model.inspector_data import DIFFERENTIAL
from ...theme.theme import Theme
from ...theme.tokens import mix
from ...widgets.graph_names import NamePictures, name_area
from ...widgets.paint import pen, pictured, rounded, text_width
from ...widgets.typeset import draw_named, has_names
from .graph_fit import FOLDED, Fonts, Layout, box_font, lead, sized
from .graph_marks import Look, Marks, Shown, Stroke, whole

PICTURES = 300
"""Pictures of boxes that are kept."""


class GraphPainter:
    """Paints one layout in one theme."""

    def __init__(self, layout: Layout, fonts: Fonts, marks: Marks) -> None:
        self._layout, self._fonts, self._marks = layout, fonts, marks
        self._paths = [_path(edge) for edge in layout.drawing.edges]
        self._pictures: dict[tuple[object, ...], QPixmap] = {}
        self._names = NamePictures()

    def paint(self, painter: QPainter, theme: Theme, shown: Shown, region: QRegion, ratio: float) -> None:
        """Paint what of the graph lies in ``region``, on a screen of ``ratio`` points a pixel."""
        layout = self._layout
        self._paint_edges(painter, theme, shown, region)
        labels = [
            (room, lines, layout.labels[key][1])
            for key, (room, lines) in shown.texts.items()
            if lines and region.intersects(whole(room))
        ]
        ground = theme.colour("panel", 0.8)
        for room, _, _ in labels:
            painter.fillRect(room, ground)
        for box, around, look in zip(layout.drawing.boxes, self._marks.around, shown.looks, strict=True):
            if region.intersects(around):
                self._draw_box(painter, theme, box, around, look, ratio)
        for (weight, rect), name_look in zip(layout.names.items(), shown.names, strict=True):
            if region.intersects(name_area(rect)):
                self._names.draw(painter, theme, rect, weight.parameter, name_look, layout.em, ratio)
        for room, lines, form in labels:
            font, metrics = self._fonts[form]
            painter.setFont(font)
            for n, (text, token) in enumerate(lines, 1):
                painter.setPen(theme.colour(token))
                drop = 1.0 if form == FOLDED else metrics.descent()
                base = room.top() + n * room.height() / len(lines) - drop
                x = room.left() + 1
                if text.startswith(DIFFERENTIAL):
                    painter.drawText(QPointF(x, base), DIFFERENTIAL[0])
                    x, text = x + lead(metrics), text[len(DIFFERENTIAL) :]
                painter.drawText(QPointF(x, base), text)

    def _paint_edges(self, painter: QPainter, theme: Theme, shown: Shown, region: QRegion) -> None:
        """One path for each colour; the edges in use now last and thick."""
        strokes: dict[Stroke, QPainterPath] = {}
        for stroke, path, areas in zip(shown.strokes, self._paths, self._marks.areas, strict=True):
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

    def _draw_box(self, painter: QPainter, theme: Theme, box: Box, around: QRect, look: Look, ratio: float) -> None:
        """A box from its picture: at every time step all of them are painted, and most look as they did before."""
        if ratio != round(ratio):
            # Between the screen's points a picture would be blurred.
            self._paint_box(painter, theme, box, look)
            return
        key = (box.key, look, ratio)
        picture = self._pictures.get(key)
        if picture is None:
            picture = pictured(around, ratio, lambda own: self._paint_box(own, theme, box, look))
            if len(self._pictures) >= PICTURES:
                self._pictures.clear()
            self._pictures[key] = picture
        painter.drawPixmap(around.topLeft(), picture)

    def _paint_box(self, painter: QPainter, theme: Theme, box: Box, look: Look) -> None:
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
        _subscripted(painter, theme, area, box.text, below, self._layout.em)


@lru_cache(maxsize=8)
def _faint(raised: str, panel: str) -> QColor:
    return QColor(mix(raised, panel, 0.4))


def _path(edge: Edge) -> QPainterPath:
    path = QPainterPath(QPointF(*edge.path[0]))
    for n in range(1, len(edge.path), 3):
        path.cubicTo(*(QPointF(*p) for p in edge.path[n : n + 3]))
    return path


@lru_cache(maxsize=16)
def _rise(font: QFont) -> float:
    """How far below its middle a line of text has its baseline."""
    metrics = QFontMetricsF(font)
    return (metrics.ascent() - metrics.descent()) / 2


def _subscripted(painter: QPainter, theme: Theme, area: QRectF, name: str, below: str, em: float) -> None:
    """A name in the middle of ``area`` with a lowered index after it."""
    large = box_font(theme, em)
    if not below and has_names(name):  # that of a weight which has no edge of its own: U_o ·
        draw_named(painter, area, name, large, 0.5)
        return
    small = sized(theme.font("tiny", bold=True), max(1.0, em))
    width = text_width(name, large)
    tail = text_width(below, small) if below else 0.0
    x = area.center().x() - (width + tail) / 2
    base = area.center().y() + _rise(large)
    painter.setFont(large)
    painter.drawText(QPointF(x, base), name)
    if below:
        painter.setFont(small)
        painter.drawText(QPointF(x + width + 0.5, base + 3.0 * max(1.0, em) * theme.scale), below)
