"""Paints what runs between columns: values to the right, gradients to the left, the loss coming down, the +."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainterPath, QPen

from ...model.stage_layout import Detail
from ...widgets.paint import arrow, arrow_head, crisp, hatch, pen
from .brush import Brush

#: Ribbons are this wide, in pixels, at the least and the most that their scale knows.
THINNEST, WIDEST = 1.0, 12.0


def ribbon_width(brush: Brush, norm: float) -> float:
    """Width in pixels of a ribbon that carries a gradient of this norm; the widest when it is not finite."""
    if not np.isfinite(norm):
        return WIDEST
    return THINNEST + (WIDEST - THINNEST) * float(brush.data.ribbon_scale.position(norm))


def paint_edges(brush: Brush, boundaries: range) -> None:
    """Value arrows and ribbons at ``boundaries``: boundary t lies between columns t−1 and t."""
    lay = brush.layout
    if lay.detail <= Detail.STRIPS:
        _lanes(brush, boundaries)
        return
    for t in boundaries:
        if t < lay.length:
            _value_arrow(brush, t)
            _ribbon(brush, t)


def paint_streams(brush: Brush, columns: range) -> None:
    """In each column the loss's stream down into h_t and the + where the two streams meet."""
    if brush.layout.detail < Detail.TARGET or not brush.layout.state_spans:
        return
    for t in columns:
        _loss_stream(brush, t)
        _plus(brush, t)


def plus_centre(brush: Brush, t: int) -> QPointF:
    """Where the + of column ``t`` stands: right of h, in the lane of the ribbons."""
    lay = brush.layout
    return QPointF(
        lay.left(t) + lay.state_spans[-1].right + _radius(brush) + (7.0 if lay.column_width > 116 else 4.0),
        crisp(lay.credit_lane, brush.ratio),
    )


def _radius(brush: Brush) -> float:
    return 6.0 * brush.theme.scale if brush.layout.column_width > 116 * brush.theme.scale else 4.5


def _ends(brush: Brush, t: int) -> tuple[float, float]:
    """From where the state strips of column t−1 end to where those of column t begin."""
    lay = brush.layout
    start = lay.left(t - 1) + lay.state_spans[-1].right if t else lay.gutter - 2
    return float(start), float(lay.left(t) + lay.state_spans[0].x)


def _value_arrow(brush: Brush, t: int) -> None:
    if not brush.data.flowed[t]:
        return
    start, end = _ends(brush, t)
    y = crisp(brush.layout.value_lane, brush.ratio)
    colour = brush.colour("value", 0.9)
    head = 5.5 if brush.layout.detail >= Detail.TARGET else 4.0
    arrow(brush.painter, QPointF(start + 3, y), QPointF(end - 3, y), colour, 1.0, head)


def _ribbon(brush: Brush, t: int) -> None:
    known, norm = bool(brush.data.credit.known[t]), float(brush.data.credit.norms[t])
    if not known and not (brush.data.cut_in_force and brush.data.snipped[t]):
        return
    start, end = _ends(brush, t)
    y = crisp(brush.layout.credit_lane, brush.ratio)
    if t and brush.layout.detail >= Detail.TARGET:
        start = plus_centre(brush, t - 1).x() + _radius(brush)
    painter = brush.painter
    end -= 3.0
    if not known:
        # The gradient leaves h_t and stops at the cut.
        stop = min(end - 3.0, brush.layout.left(t) + 3.0)
        painter.setPen(pen(brush.colour("gradient", 0.8), 1.5, Qt.PenStyle.DotLine))
        painter.drawLine(QPointF(end, y), QPointF(stop, y))
        return
    wide = ribbon_width(brush, norm)
    colour = brush.colour("gradient")
    if norm == 0.0 or wide < THINNEST + 0.15:
        painter.setPen(pen(colour, 1.0, Qt.PenStyle.DashLine))
        painter.drawLine(QPointF(end, y), QPointF(start + 2, y))
        return
    head = min(max(6.0, 0.95 * wide + 3.0), max(3.0, 0.6 * (end - start)))
    body = QRectF(start + 1 + head - 1, y - wide / 2, end - start - head, wide)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour if np.isfinite(norm) else brush.colour("nan"))
    round_end = min(wide / 2, 3.0)
    painter.drawRoundedRect(body, round_end, round_end)
    arrow_head(painter, QPointF(start + 1, y), -1.0, 0.0, colour, head)
    if not np.isfinite(norm):
        painter.fillRect(body, hatch(brush.colour("background", 0.7), 4, brush.ratio))
    if brush.data.snipped[t]:
        _notch(brush, (start + end) / 2 + head / 2, y, wide)


def _notch(brush: Brush, x: float, y: float, wide: float) -> None:
    """A red stroke across a ribbon of which only some losses' part goes on."""
    painter = brush.painter
    tall = wide / 2 + 4
    painter.setPen(pen(brush.colour("panel"), 4.0))
    painter.drawLine(QPointF(x - 2, y + tall), QPointF(x + 2, y - tall))
    painter.setPen(pen(brush.colour("cut"), 2.0))
    painter.drawLine(QPointF(x - 2, y + tall), QPointF(x + 2, y - tall))


def _loss_stream(brush: Brush, t: int) -> None:
    """A pink curve from the loss, past the output, into the + of h_t."""
    data, lay = brush.data, brush.layout
    norm = float(data.from_loss.norms[t])
    if not data.from_loss.known[t]:
        return
    painter = brush.painter
    wide = 1.0 + 2.2 * float(data.ribbon_scale.position(norm)) if np.isfinite(norm) else 4.0
    colour = brush.colour("loss" if np.isfinite(norm) else "nan", 1.0 if data.walking == t else 0.75)
    plus = plus_centre(brush, t)
    tip = QPointF(plus.x(), plus.y() - _radius(brush) - 1.0)
    edge = lay.right(t) - wide / 2 - 1.0
    head = 6.0 + 0.8 * wide
    top = lay.rows["bar"]
    start = QPointF(
        lay.left(t) + (lay.right(t) - lay.left(t) + min(48 * brush.theme.scale, 0.5 * lay.column_width)) / 2 + 4,
        top.bottom - 4.0,
    )
    turn = min(start.y() + 26.0, tip.y() - 60.0)
    path = QPainterPath(start)
    path.cubicTo(QPointF(edge - 6, start.y()), QPointF(edge, start.y() + 4), QPointF(edge, turn))
    path.lineTo(edge, tip.y() - head - 34.0)
    path.cubicTo(
        QPointF(edge, tip.y() - head - 14.0),
        QPointF(tip.x(), tip.y() - head - 18.0),
        QPointF(tip.x(), tip.y() - head),
    )
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(colour, wide, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin))
    painter.drawPath(path)
    arrow_head(painter, tip, 0.0, 1.0, colour, head)


def _plus(brush: Brush, t: int) -> None:
    data = brush.data
    from_loss, from_future = bool(data.from_loss.known[t]), bool(data.from_future.known[t])
    if not (from_loss or from_future):
        return
    painter = brush.painter
    centre, radius = plus_centre(brush, t), _radius(brush)
    summed = bool(data.summed.known[t])
    lit = data.current_t == t and data.current_kind in ("stream_loss", "stream_future", "sum")
    left = brush.layout.left(t) + brush.layout.state_spans[-1].right + 2.0
    if summed:
        painter.setPen(pen(brush.colour("gradient"), 2.0))
        painter.drawLine(QPointF(left, centre.y()), QPointF(centre.x() - radius, centre.y()))
    painter.setBrush(brush.colour("panel"))
    ring = brush.colour("gradient" if from_future or lit else "loss")
    painter.setPen(pen(ring, 2.0 if lit else 1.25))
    painter.drawEllipse(centre, radius, radius)
    arm = radius * 0.5
    painter.setPen(pen(brush.colour("text"), 1.25))
    painter.drawLine(QPointF(centre.x() - arm, centre.y()), QPointF(centre.x() + arm, centre.y()))
    painter.drawLine(QPointF(centre.x(), centre.y() - arm), QPointF(centre.x(), centre.y() + arm))
    painter.setBrush(Qt.BrushStyle.NoBrush)


def _lanes(brush: Brush, boundaries: range) -> None:
    """Narrow columns: the value line and the ribbon run in a lane of their own below the states."""
    data, lay, painter = brush.data, brush.layout, brush.painter
    value_y, credit_y = crisp(lay.value_lane, brush.ratio), crisp(lay.credit_lane, brush.ratio)
    half = lay.column_width / 2
    notches = []
    with brush.collecting():
        for t in boundaries:
            if t >= lay.length:
                continue
            middle = round((lay.left(t) + lay.right(t)) / 2)
            before = round((lay.left(t - 1) + lay.right(t - 1)) / 2) if t else lay.gutter - 2
            if data.flowed[t]:
                brush.fill(QRectF(before, value_y - 0.5, middle - before, 1), brush.colour("value", 0.8))
            norm = float(data.credit.norms[t])
            if not data.credit.known[t]:
                continue
            wide = max(1, round(min(ribbon_width(brush, norm), lay.rows["lane"].height - 6.0)))
            colour = brush.colour("gradient" if np.isfinite(norm) else "nan", 0.4 if norm == 0.0 else 1.0)
            brush.fill(QRectF(before, round(credit_y - wide / 2), middle - before, wide), colour)
            if data.snipped[t]:
                notches.append((lay.left(t), wide))
    for x, tall in notches:
        _notch(brush, x, credit_y, tall)
    for t in boundaries:
        if t < lay.length and data.from_loss.known[t]:
            tip = QPointF((lay.left(t) + lay.right(t)) / 2, credit_y - 1)
            arrow_head(painter, tip, 0.0, 1.0, brush.colour("loss"), min(6.0, 2 + half))
