"""Paints what runs between columns: values to the right, gradients to the left, the loss coming down, the +."""

from __future__ import annotations

import math

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPainterPath, QPen

from ...model.stage_records import LIT, STATE
from ...widgets.paint import arrow, arrow_head, crisp, hatch, pen, scissors
from .brush import Brush
from .bundle import has_lanes, paint_bundle, paint_stopped, snip_lane
from .ribbons import FAINTEST, THINNEST, eighths, ribbon_width, share_of

#: Radius of the scissors that stop some of the losses only.
SMALL = 7.0


def paint_edges(brush: Brush, boundaries: range) -> None:
    """Value arrows and ribbons at ``boundaries``: boundary t lies between columns t−1 and t."""
    lay = brush.layout
    if lay.in_lane:
        _lanes(brush, boundaries)
        return
    for t in boundaries:
        if t < lay.length:
            _value_arrow(brush, t)
            _ribbon(brush, t)


def paint_streams(brush: Brush, columns: range, *, joined: bool = True) -> None:
    """In each column the loss's stream down into h_t and, with ``joined``, the + where the two streams meet."""
    if brush.layout.in_lane or not brush.layout.state_spans:
        return
    for t in columns:
        _loss_stream(brush, t)
        if joined:
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
    if t:
        start = lay.left(t - 1) + lay.state_spans[-1].right
    else:
        start = lay.lead_left + lay.lead_spans[-1].right if lay.lead else lay.left(0) - 2
    return float(start), float(lay.left(t) + lay.state_spans[0].x)


def _value_arrow(brush: Brush, t: int) -> None:
    if not brush.data.flowed[t]:
        return
    start, end = _ends(brush, t)
    y = crisp(brush.layout.value_lane, brush.ratio)
    colour = brush.colour("value", 0.9)
    head = 5.5
    origin = QPointF(brush.snap(start), brush.snap(y))
    first, last = QPointF(start + 3, y) - origin, QPointF(end - 3, y) - origin
    brush.stamp(
        origin,
        QRectF(0.0, -head, math.ceil(end - start) + 1.0, 2 * head + 1.0),
        ("value", first.x(), last.x(), last.y(), colour.rgba(), head),
        lambda painter: arrow(painter, first, last, colour, 1.0, head),
    )


def _ribbon(brush: Brush, t: int) -> None:
    known, norm = bool(brush.data.credit.known[t]), float(brush.data.credit.norms[t])
    if not known and not (brush.data.cut_in_force and brush.data.snipped[t]):
        return
    start, end = _ends(brush, t)
    y = crisp(brush.layout.credit_lane, brush.ratio)
    if t:
        start = plus_centre(brush, t - 1).x() + _radius(brush)
    painter = brush.painter
    end -= 3.0
    if t and known and norm != 0.0 and has_lanes(brush.data, brush.layout):
        paint_bundle(brush, t, start, end, _radius(brush))
        if brush.data.snipped[t]:
            paint_stopped(brush, t, start, end)
            small_scissors(brush, t)
        return
    if not known:
        # The gradient leaves h_t and stops at the cut.
        stop = min(end - 3.0, brush.layout.left(t) + 3.0)
        painter.setPen(pen(brush.colour("gradient", 0.8), 1.5, Qt.PenStyle.DotLine))
        painter.drawLine(QPointF(end, y), QPointF(stop, y))
        return
    wide = eighths(ribbon_width(brush, norm))
    colour = brush.colour("gradient")
    if norm == 0.0 or wide < THINNEST + FAINTEST:
        painter.setPen(pen(colour, 1.0, Qt.PenStyle.DashLine))
        painter.drawLine(QPointF(end, y), QPointF(start + 2, y))
        return
    head = min(max(6.0, 0.95 * wide + 3.0), max(3.0, 0.6 * (end - start)))
    ink = colour if math.isfinite(norm) else brush.colour("nan")
    origin = QPointF(brush.snap(start), brush.snap(y))
    off = QPointF(start, y) - origin
    body = QRectF(off.x() + head, off.y() - wide / 2, end - start - head, wide)

    def draw(painter: QPainter) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(ink)
        round_end = min(wide / 2, 3.0)
        painter.drawRoundedRect(body, round_end, round_end)
        arrow_head(painter, off + QPointF(1.0, 0.0), -1.0, 0.0, ink, head)

    around = math.ceil(max(wide / 2, 0.55 * head)) + 1.0
    key = ("ribbon", ink.rgba(), off.x(), off.y(), wide, end - start)
    brush.stamp(origin, QRectF(0.0, -around, math.ceil(end - start) + 2.0, 2 * around + 1.0), key, draw)
    if not math.isfinite(norm):
        painter.fillRect(body.translated(origin), hatch(brush.colour("background", 0.7), 4, brush.ratio))
    if brush.data.snipped[t]:
        small_scissors(brush, t)


def small_scissors(brush: Brush, boundary: int, alpha: float = 1.0) -> None:
    """Scissors on a ribbon that stop some losses and let others through; ``alpha`` is less before that has happened."""
    badge(brush, QPointF(brush.layout.left(boundary), snip_lane(brush.data, brush.layout, boundary)), alpha)


def badge(brush: Brush, at: QPointF, alpha: float = 1.0) -> None:
    """Small scissors in a ring."""
    centre = QPointF(crisp(at.x(), brush.ratio), crisp(at.y(), brush.ratio))
    radius = SMALL * brush.theme.scale
    panel, cut = brush.colour("panel"), brush.colour("cut", alpha)
    origin = QPointF(brush.snap(centre.x()), brush.snap(centre.y()))
    off = centre - origin

    def draw(painter: QPainter) -> None:
        painter.setBrush(panel)
        painter.setPen(pen(cut, 1.0))
        painter.drawEllipse(off, radius, radius)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.translate(off)
        painter.rotate(-90)
        scissors(painter, QPointF(0, 0), 1.15 * radius, cut)

    around = math.ceil(radius) + 2.0
    key = ("snip", panel.rgba(), cut.rgba(), radius, off.x(), off.y())
    brush.stamp(origin, QRectF(-around, -around, 2 * around, 2 * around), key, draw)


def _loss_stream(brush: Brush, t: int) -> None:
    """A pink curve from the loss, past the output, into the + of h_t."""
    data, lay = brush.data, brush.layout
    norm = float(data.from_loss.norms[t])
    if not data.from_loss.known[t]:
        return
    wide = eighths(1.0 + 2.2 * share_of(data.ribbon_scale, norm)) if math.isfinite(norm) else 4.0
    colour = brush.colour("loss" if math.isfinite(norm) else "nan", 1.0 if data.walking == t else 0.75)
    origin = QPointF(brush.snap(lay.left(t)), 0.0)
    plus = plus_centre(brush, t) - origin
    tip = QPointF(plus.x(), plus.y() - _radius(brush) - 1.0)
    span = lay.right(t) - origin.x()
    edge = span - wide / 2 - 1.0
    head = 6.0 + 0.8 * wide
    start = QPointF(
        (span + min(48 * brush.theme.scale, 0.5 * lay.column_width)) / 2 + 4,
        lay.rows["bar"].bottom - 4.0,
    )
    # Both bends are flatter where a low stage leaves little height, or the curve would swing over words and numbers.
    base = tip.y() - head
    drop = max(0.0, base - start.y())
    turn, bend = start.y() + min(26.0, 0.3 * drop), min(1.0, 0.4 * drop / 34.0)

    def draw(painter: QPainter) -> None:
        path = QPainterPath(start)
        path.cubicTo(QPointF(edge - 6, start.y()), QPointF(edge, start.y() + 4), QPointF(edge, turn))
        path.lineTo(edge, base - 34.0 * bend)
        path.cubicTo(QPointF(edge, base - 14.0 * bend), QPointF(tip.x(), base - 18.0 * bend), QPointF(tip.x(), base))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(colour, wide, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin))
        painter.drawPath(path)
        arrow_head(painter, tip, 0.0, 1.0, colour, head)

    left, top = brush.snap(min(start.x(), tip.x() - head) - 4.0), brush.snap(start.y() - 6.0)
    reach = QRectF(left, top, math.ceil(span + 4.0 - left), math.ceil(tip.y() + 3.0 - top))
    key = ("stream", wide, colour.rgba(), start.x(), start.y(), edge, turn, tip.x(), tip.y())
    brush.stamp(origin, reach, key, draw)


def _plus(brush: Brush, t: int) -> None:
    data = brush.data
    from_loss, from_future = bool(data.from_loss.known[t]), bool(data.from_future.known[t])
    if not (from_loss or from_future):
        return
    painter = brush.painter
    centre, radius = plus_centre(brush, t), _radius(brush)
    left = brush.layout.left(t) + brush.layout.state_spans[-1].right + 2.0
    if data.summed.known[t]:
        painter.setPen(pen(brush.colour("gradient"), 2.0))
        painter.drawLine(QPointF(left, centre.y()), QPointF(centre.x() - radius, centre.y()))
    _sign(brush, t, centre, radius)


def _sign(brush: Brush, t: int, centre: QPointF, radius: float) -> None:
    """A + in a ring, which is lit while the walk adds there."""
    data = brush.data
    from_future = bool(data.from_future.known[t])
    lit = data.current_t == t and data.current_kind in LIT
    panel, text, ring = (brush.colour(c) for c in ("panel", "text", "gradient" if from_future or lit else "loss"))
    origin = QPointF(brush.snap(centre.x()), brush.snap(centre.y()))
    middle, edge, arm = centre - origin, 2.0 if lit else 1.25, radius * 0.5

    def draw(painter: QPainter) -> None:
        painter.setBrush(panel)
        painter.setPen(pen(ring, edge))
        painter.drawEllipse(middle, radius, radius)
        painter.setPen(pen(text, 1.25))
        painter.drawLine(QPointF(middle.x() - arm, middle.y()), QPointF(middle.x() + arm, middle.y()))
        painter.drawLine(QPointF(middle.x(), middle.y() - arm), QPointF(middle.x(), middle.y() + arm))

    around = math.ceil(radius) + 3.0
    key = ("plus", panel.rgba(), text.rgba(), ring.rgba(), edge, radius, middle.x(), middle.y())
    brush.stamp(origin, QRectF(-around, -around, 2 * around, 2 * around), key, draw)


def _lanes(brush: Brush, boundaries: range) -> None:
    """Narrow columns: the value line and the ribbon run in a lane of their own below the states."""
    data, lay, painter = brush.data, brush.layout, brush.painter
    value_y, credit_y = crisp(lay.value_lane, brush.ratio), crisp(lay.credit_lane, brush.ratio)
    half = lay.column_width / 2
    ticks = []
    with brush.collecting():
        for t in boundaries:
            if t >= lay.length:
                continue
            middle = round((lay.left(t) + lay.right(t)) / 2)
            before = round((lay.left(t - 1) + lay.right(t - 1)) / 2) if t else lay.left(0) - 2
            if data.flowed[t]:
                brush.fill(QRectF(before, value_y - 0.5, middle - before, 1), brush.colour("value", 0.8))
            norm = float(data.credit.norms[t])
            if not data.credit.known[t]:
                continue
            wide = _in_lane(brush, t)
            colour = brush.colour("gradient" if np.isfinite(norm) else "nan", 0.4 if norm == 0.0 else 1.0)
            brush.fill(QRectF(before, round(credit_y - wide / 2), middle - before, wide), colour)
            if data.snipped[t]:
                ticks.append((lay.left(t), credit_y + wide / 2 + 1.0))
        for x, top in ticks:  # below the ribbon, of which the others' part flows on
            tall = min(5.0, lay.parts[STATE].bottom - top - 1.0)
            brush.fill(QRectF(x - 1.0, top, 2.0 if half > 6 else 1.0, tall), brush.colour("cut"))
    radius = 4.0 * brush.theme.scale if lay.sums_seen else 0.0
    for t in boundaries:
        if t >= lay.length:
            continue
        centre = QPointF((lay.left(t) + lay.right(t)) / 2, credit_y)
        if data.from_loss.known[t]:
            # On the ribbon, not in it.
            edge = max(
                (_in_lane(brush, b) / 2 for b in (t, t + 1) if b < lay.length and data.credit.known[b]), default=0
            )
            tip = centre - QPointF(0.0, radius + 1.0 if radius else max(1.0, edge))
            arrow_head(painter, tip, 0.0, 1.0, brush.colour("loss"), min(6.0, 2 + half) if half > 6 else half)
        if radius and (data.from_loss.known[t] or data.from_future.known[t]):
            _sign(brush, t, centre, radius)


def _in_lane(brush: Brush, boundary: int) -> int:
    """Width in whole pixels of the ribbon over a boundary, where it runs in the lane below the states."""
    norm = float(brush.data.credit.norms[boundary])
    return max(1, round(min(ribbon_width(brush, norm), brush.layout.rows["lane"].height - 6.0)))
