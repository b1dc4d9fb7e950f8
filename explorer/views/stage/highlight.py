"""Frames what the micro-step just done has touched."""

from __future__ import annotations

from PySide6.QtCore import QRectF

from ...model.stage_layout import Detail, Row, StageLayout
from ...model.stage_records import StageData
from ...theme.tokens import RADIUS
from ...widgets.paint import rounded
from .brush import Brush


def outline_current(brush: Brush) -> None:
    """A frame around what the micro-step just done has touched."""
    data, lay = brush.data, brush.layout
    t = data.current_t
    if t is None or t not in lay.visible:
        return
    width = 2.0 if lay.detail >= Detail.BARS else 1.0
    for area in current_rects(data, lay, t):
        rounded(brush.painter, area, RADIUS.bar + 1, None, brush.colour(data.focus), width)


def current_rects(data: StageData, lay: StageLayout, t: int) -> list[QRectF]:
    """Where the micro-step just done is seen in column ``t``; empty when it has no place of its own."""
    rows, kind = lay.rows, data.current_kind
    x, width = lay.left(t), lay.right(t) - lay.left(t)

    def whole(row: Row, pad: float) -> list[QRectF]:
        inset = max(0.0, lay.side - 6.0)
        return [QRectF(x + inset, row.top - pad, width - 2 * inset, row.height + 2 * pad)]

    if kind == "read":
        return whole(rows["input"], 2)
    if kind in ("logits", "softmax", "d_logits"):
        if lay.detail < Detail.TARGET:
            return whole(rows["output"], 4)
        # The words are wider than the strips, and the target's mark stands to the left of its bar.
        inset = max(0.0, lay.word_side - 6.0)
        row = rows["output"]
        return [QRectF(x + inset, row.top - 4, width - 2 * inset, row.height + 8)]
    if kind == "loss":
        return whole(rows["loss"], 2)
    if lay.detail == Detail.HEAT:
        return []
    found = []
    for strips, spans, row in (
        (data.states, lay.state_spans, rows["state"]),
        (data.gates, lay.gate_spans, rows["gates"]),
    ):
        for strip, span in zip(strips, spans, strict=True):
            if strip.track.node in data.current_nodes:
                right = span.right if data.phase == "backward" else span.x + span.width
                pad = 4 if lay.detail >= Detail.TARGET else 1
                found.append(QRectF(x + span.x - pad, row.top - pad, right - span.x + 2 * pad, row.height + 2 * pad))
    return found
