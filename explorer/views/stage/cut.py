"""Paints the cut: its dashed lines, the scissors on them, and what they do in words."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter

from ...model.stage_handles import CUTTING, Handle
from ...model.stage_layout import Detail
from ...widgets.paint import pen, scissors
from .brush import Brush
from .caption import paint_caption, paint_pair, paint_uncut
from .edges import SMALL, small_scissors
from .scissors import badge_centre, badge_radius, badges, borders_of, crowded, in_sight, speaks_of


def paint_cut(brush: Brush, held: Handle | None, hovered: Handle | None) -> None:
    """The dashed line at every boundary that is cut, and the scissors on it; ``held`` is what is being dragged."""
    data, lay = brush.data, brush.layout
    strong = data.cut_in_force or held is not None
    borders = borders_of(brush, held)
    hand = held.boundary if held is not None and held.name in CUTTING else None
    shown = [t for t in borders if data.cut.boundaries[t] or t == hand]
    share = 0.5 if crowded(brush, borders) else 1.0
    near = badge_radius(brush, lay.length) + 2.0
    for t in borders:
        if lay.gutter <= lay.left(t) <= lay.gutter + lay.room + 1 and brush.sees(lay.left(t) - 4, lay.left(t) + 4):
            _line(brush, t, strong and t in shown, share if t in shown else 0.8 * share)
    for t in sorted(badges(brush, held)):
        x = badge_centre(brush, t).x()
        if in_sight(brush, t) and brush.sees(x - near, x + near):
            over = any(h is not None and h.name in CUTTING and h.boundary == t for h in (held, hovered))
            _badge(brush, t, 1.0 if over or (strong and (t in shown or not shown)) else 0.6, over)
    _some(brush, {h.boundary for h in data.cut.scissors})
    if held is not None:
        paint_caption(brush, held.boundary, held)
        return
    spoken = speaks_of(data)
    taken = paint_pair(brush, spoken)
    if spoken is not None:
        paint_caption(brush, spoken, None, taken)
    elif taken is None:
        paint_uncut(brush)


def _some(brush: Brush, standing: set[int]) -> None:
    """Small scissors where some losses will be stopped; where they have been, they are painted with the ribbon."""
    data, lay = brush.data, brush.layout
    if lay.detail < Detail.TARGET:
        return
    for t, _ in data.cut.snips:
        x = lay.left(t)
        pending = t not in standing and not data.snipped[t]
        if pending and lay.gutter <= x <= lay.gutter + lay.room and brush.sees(x - SMALL - 3, x + SMALL + 3):
            small_scissors(brush, t, 0.55)


def _line(brush: Brush, boundary: int, strong: bool, alpha: float) -> None:
    x = badge_centre(brush, boundary).x()
    rows = brush.layout.rows["all"]
    origin = QPointF(brush.snap(x), float(rows.top))
    off, colour = x - origin.x(), brush.colour("cut", alpha if strong else 0.45 * alpha)
    width, dashes = 2.0 if strong and alpha == 1.0 else 1.0, [3.0, 2.0] if strong else [6.0, 4.0]

    def draw(painter: QPainter) -> None:
        line = pen(colour, width)
        line.setDashPattern(dashes)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setPen(line)
        painter.drawLine(QPointF(off, -4.0), QPointF(off, rows.height + 4.0))

    key = ("cut", colour.rgba(), width, strong, off, rows.height)
    brush.stamp(origin, QRectF(-2.0, -4.0, 5.0, rows.height + 8.0), key, draw)


def _badge(brush: Brush, boundary: int, alpha: float, hovered: bool) -> None:
    centre, radius = badge_centre(brush, boundary), badge_radius(brush, boundary)
    panel, cut, edge = brush.colour("panel"), brush.colour("cut", alpha), 2.0 if hovered else 1.25
    # The shape is drawn around a device pixel: what the centre lies off it is part of the shape.
    origin = QPointF(brush.snap(centre.x()), brush.snap(centre.y()))
    off = centre - origin

    def draw(painter: QPainter) -> None:
        painter.setBrush(panel)
        painter.setPen(pen(cut, edge))
        painter.drawEllipse(off, radius, radius)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.translate(off)
        painter.rotate(-90)
        scissors(painter, QPointF(0, 0), 1.15 * radius, cut)

    around = radius + 3.0
    key = ("badge", off.x(), off.y(), radius, panel.rgba(), cut.rgba(), edge)
    brush.stamp(origin, QRectF(-around, -around, 2 * around, 2 * around), key, draw)
