"""Paints the lanes of a sweep between two columns: one a loss, the nearest on top, and what of them is cut here."""

from __future__ import annotations

import math

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter

from rnncore.frozen import dataclass

from ...model.stage_lanes import MOST_LANES, Lane
from ...model.stage_layout import StageLayout
from ...model.stage_records import StageData
from ...widgets.paint import arrow_head, crisp, hatch, pen, text_width
from .brush import LEFT, Brush
from .ribbons import eighths, ribbon_width

#: Between two lanes, and the least that a lane takes, in pixels; what is cut at a boundary has a place of its own.
_GAP, _LEAST, _CUT = 2.0, 3.0, 12.0
#: In columns narrower than this, at scale 1, so few lanes are told apart: more would run into one.
_NARROW, _FEW = 100, 4
#: How much of the colour of a lane of several losses is left.
_PALE = 0.45
#: Beside lower states than this lanes and scissors would lie on one another: there is one ribbon for all.
_LOWEST = 64


@dataclass(frozen=True, slots=True)
class Bundle:
    """The lanes over a boundary: each with the height of its middle and its width; ``top`` and ``bottom`` of all."""

    lanes: tuple[tuple[Lane, float, float], ...]
    top: float
    bottom: float


def has_lanes(data: StageData, lay: StageLayout) -> bool:
    """Whether the lanes of single losses are told apart: where all are on show, and there is room for some of them."""
    roomy = not lay.in_lane and bool(lay.state_spans) and lay.rows["state"].height >= _LOWEST
    return data.all_losses and data.lanes is not None and roomy


def flows_past(data: StageData, boundary: int) -> bool:
    """Whether, of all losses that are on show together, some go over a boundary."""
    inside = data.all_losses and data.lanes is not None and 0 < boundary < data.scene.length
    return inside and data.lanes is not None and bool(data.lanes.crossing(boundary))


def snip_lane(data: StageData, lay: StageLayout, boundary: int) -> float:
    """Height at which scissors stand at a boundary: on what they cut, never on what flows past them."""
    if flows_past(data, boundary) and has_lanes(data, lay):
        return lay.rows["state"].bottom - 5.0
    return lay.credit_lane


def bundle_of(brush: Brush, boundary: int) -> Bundle:
    """As many lanes as there is height for, nearest first; the losses that are left are one lane together."""
    data, lay = brush.data, brush.layout
    assert data.lanes is not None
    stopped = bool(data.lanes.stopped(boundary))
    top, bottom = lay.value_lane + 7.0, lay.rows["state"].bottom + 1.0 - _CUT * stopped
    for most in range(_FEW if lay.column_width < _NARROW * lay.scale else MOST_LANES, 0, -1):
        lanes = data.lanes.at(boundary, most)
        wide = [eighths(ribbon_width(brush, lane.norm)) for lane in lanes]
        places = [max(w, _LEAST) for w in wide]
        high = sum(places) + _GAP * (len(places) - 1)
        if high <= bottom - top or most == 1:
            break
    y = max(min(lay.credit_lane - high / 2, bottom - high), top)
    found, begin = [], y
    for lane, w, place in zip(lanes, wide, places, strict=True):
        found.append((lane, begin + place / 2, w))
        begin += place + _GAP
    return Bundle(tuple(found), y, y + high)


def pools(brush: Brush) -> bool:
    """Whether of the boundaries in sight some have a lane of several losses."""
    data, seen = brush.data, brush.layout.visible
    if not has_lanes(data, brush.layout):
        return False
    inner = range(max(1, seen.start), min(seen.stop + 1, data.scene.length))
    return any(len(lane.losses) > 1 for t in inner if flows_past(data, t) for lane, _, _ in bundle_of(brush, t).lanes)


def paint_bundle(brush: Brush, boundary: int, start: float, end: float, radius: float) -> None:
    """The lanes over a boundary, from the states at ``end`` into the + whose ring ends at ``start``."""
    data, lay = brush.data, brush.layout
    assert data.lanes is not None
    bundle = bundle_of(brush, boundary)
    colour, odd, y = brush.colour("gradient"), brush.colour("nan"), crisp(lay.credit_lane, brush.ratio)
    origin = QPointF(brush.snap(start), brush.snap(bundle.top))
    off = QPointF(start, 0.0) - QPointF(origin.x(), 0.0)
    many = len(bundle.lanes) > 1
    reach = end - start
    pale = brush.colour("gradient", _PALE)
    lines = tuple(
        (middle - origin.y(), wide, odd if not math.isfinite(lane.norm) else pale if len(lane.losses) > 1 else colour)
        for lane, middle, wide in bundle.lanes
    )
    ring = y - origin.y()

    def draw(painter: QPainter) -> None:
        begin = off.x() + (2.0 if many else 0.0)
        painter.setPen(Qt.PenStyle.NoPen)
        for middle, wide, ink in lines:
            head = min(max(4.0, 0.8 * wide + 2.5), 0.5 * reach)
            painter.setBrush(ink)
            painter.setPen(Qt.PenStyle.NoPen)
            body = QRectF(begin + head - 1.0, middle - wide / 2, reach - head - 1.0, wide)
            painter.drawRoundedRect(body, min(wide / 2, 3.0), min(wide / 2, 3.0))
            arrow_head(painter, QPointF(begin + 1.0, middle), -1.0, 0.0, odd if ink == odd else colour, head)
        if many:  # what gathers them into the +
            painter.setPen(pen(colour, 1.5))
            first, last = min(lines[0][0], ring), max(lines[-1][0], ring)
            painter.drawLine(QPointF(off.x() + 1.0, first), QPointF(off.x() + 1.0, last))

    over = max(8.0, radius)
    inks = tuple((middle, wide, ink.rgba()) for middle, wide, ink in lines)
    key = ("bundle", colour.rgba(), off.x(), reach, inks, ring if many else 0.0)
    top = min(0.0, ring) - over
    tall = max(bundle.bottom - origin.y(), ring) + over - top
    brush.stamp(origin, QRectF(-1.0, math.floor(top), math.ceil(reach) + 3.0, math.ceil(tall)), key, draw)
    for lane, middle, wide in bundle.lanes:
        if not math.isfinite(lane.norm):
            body = QRectF(start, middle - wide / 2, reach, wide)
            brush.painter.fillRect(body, hatch(brush.colour("background", 0.7), 4, brush.ratio))
    _say_how_many(brush, bundle, boundary, start, end)


def _say_how_many(brush: Brush, bundle: Bundle, boundary: int, start: float, end: float) -> None:
    """``Σ 4`` under the lane of several losses, where there is room for it."""
    lane, middle, wide = bundle.lanes[-1]
    if len(lane.losses) < 2:
        return
    font = brush.theme.font("tiny", fixed=True)
    top, height = middle + wide / 2, brush.theme.px(11)
    if brush.data.lanes is not None and brush.data.lanes.stopped(boundary):  # beside the scissors, which lie on top
        start = max(start, float(brush.layout.left(boundary) + brush.theme.px(11)) - 1.0)
    for text, before in ((f"Σ {len(lane.losses)}", 6.0), (f"Σ{len(lane.losses)}", 1.0)):
        room = QRectF(start + before, top, end - start - before, height)
        if text_width(text, font) <= room.width():
            brush.text(room, LEFT, text, font, brush.colour("muted"), whole=True)
            return


def paint_stopped(brush: Brush, boundary: int, start: float, end: float) -> None:
    """What is cut at a boundary while others go on: it leaves h_t, and beyond the scissors its place is hatched."""
    data, lay, painter = brush.data, brush.layout, brush.painter
    y = crisp(snip_lane(data, lay, boundary), brush.ratio)
    x = float(lay.left(boundary))
    painter.setPen(pen(brush.colour("gradient", 0.8), 1.5, Qt.PenStyle.DotLine))
    painter.drawLine(QPointF(end, y), QPointF(x, y))
    if x - start > 2.0:
        area = QRectF(start, y - 4.0, x - start, 8.0)
        painter.fillRect(area, hatch(brush.colour("cut", 0.85), 4, brush.ratio))
