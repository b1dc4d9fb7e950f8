"""Paints the strips of the stage: states and gates, a cell a unit, each with its gradient beside it."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QImage

from ...model.stage_layout import Detail, Row, Span
from ...model.stage_records import Strip
from ...model.stage_words import printable
from ...theme.colourmap import AsinhScale
from ...theme.tokens import RADIUS, luminance
from ...widgets.paint import hatch, rounded
from .brush import CENTRE, Brush, slot_edge
from .pixels import strip_image


def paint_strips(brush: Brush, columns: range) -> None:
    """All strips of ``columns``."""
    lay = brush.layout
    state, gate = lay.cell_heights
    for strips, spans, row, pitch in (
        (brush.data.states, lay.state_spans, lay.rows["state"], state),
        (brush.data.gates, lay.gate_spans, lay.rows["gates"], gate),
    ):
        for strip, span in zip(strips, spans, strict=True):
            _strip(brush, strip, span, row, pitch, columns)


def _strip(brush: Brush, strip: Strip, span: Span, row: Row, pitch: int, columns: range) -> None:
    """One strip in every column: the slot, the value cells, the gradient cells beside them."""
    lay, data = brush.layout, brush.data
    margin = 1 if lay.detail >= Detail.TARGET else 0
    value = CellRow(brush, strip.track.cells, data.scene.value_scale, row, pitch, columns, span.width, margin)
    credit = CellRow(brush, strip.gradient_cells, data.gradient_scale, row, pitch, columns, span.gradient_width, margin)
    edge = slot_edge(brush)
    for t in columns:
        x = lay.left(t)
        if not strip.known[t]:
            slot = QRectF(x + span.x - margin, row.top - margin, span.width + 2 * margin, row.height + 2 * margin)
            rounded(brush.painter, slot, RADIUS.bar if margin else 0, None, edge)
            continue
        value.draw(t, x + span.x)
        printed = pitch >= 15 and span.width >= 30
        if printed:
            area = QRectF(x + span.x, row.top, span.width, row.height)
            _print_cells(brush, strip.track.cells[t], area, pitch, data.scene.value_scale)
        if strip.gradient_known[t]:
            credit.draw(t, x + span.gradient_x)
            if printed and span.gradient_width >= 30:
                area = QRectF(x + span.gradient_x, row.top, span.gradient_width, row.height)
                _print_cells(brush, strip.gradient_cells[t], area, pitch, data.gradient_scale)


class CellRow:
    """The same strip in neighbouring columns: coloured at once when the first is drawn, then copied."""

    def __init__(
        self,
        brush: Brush,
        cells: np.ndarray,
        scale: AsinhScale,
        row: Row,
        pitch: int,
        columns: range,
        width: int,
        margin: int,
    ) -> None:
        self._brush, self._cells, self._scale, self._row = brush, cells, scale, row
        self._pitch, self._columns, self._width, self._margin = pitch, columns, width, margin
        self._image: QImage | None = None

    def draw(self, t: int, x: int) -> None:
        """Draw the cells of column ``t`` with their left edge at ``x``."""
        brush, columns, row, margin = self._brush, self._columns, self._row, self._margin
        if self._image is None:
            self._image = strip_image(
                self._cells[columns.start : columns.stop],
                brush.theme,
                self._scale,
                self._width,
                row.height,
                self._pitch,
                brush.ratio,
                margin,
            )
            self._image.setDevicePixelRatio(brush.ratio)
        wide = self._image.width() // len(columns)
        source = QRectF((t - columns.start) * wide, 0, wide, self._image.height())
        brush.painter.drawImage(QPointF(x - margin, row.top - margin), self._image, source)
        _not_finite(brush, self._cells[t], QRectF(x, row.top, self._width, row.height), self._pitch)


def _not_finite(brush: Brush, cells: np.ndarray, area: QRectF, pitch: int) -> None:
    """Hatch over cells that are NaN or infinite, so that they stand out without colour too."""
    bad = np.flatnonzero(~np.isfinite(cells))
    if pitch < 5 or bad.size == 0:
        return
    pattern = hatch(brush.colour("background", 0.75), 4, brush.ratio)
    for i in bad:
        brush.painter.fillRect(QRectF(area.left(), area.top() + int(i) * pitch, area.width(), pitch - 1), pattern)


def _print_cells(brush: Brush, cells: np.ndarray, area: QRectF, pitch: int, scale: AsinhScale) -> None:
    """The numbers themselves, as long as the cells are wide enough to hold them."""
    font = brush.theme.font("tiny", fixed=True)
    rgba = brush.theme.map.rgba(cells, scale)
    metrics = QFontMetricsF(font)
    brush.painter.setFont(font)
    for i, value in enumerate(cells):
        fitting = (t for t in printable(float(value)) if metrics.horizontalAdvance(t) <= area.width() - 3)
        text = next(fitting, "")
        ground = "#{:02X}{:02X}{:02X}".format(*(int(c) for c in rgba[i, :3]))
        brush.painter.setPen(QColor("#000000" if luminance(ground) > 0.18 else "#FFFFFF"))
        brush.painter.drawText(QRectF(area.left(), area.top() + i * pitch, area.width(), pitch - 1), CENTRE, text)


def gate_names(brush: Brush, columns: range) -> None:
    """The gates' names below their strips."""
    lay, row = brush.layout, brush.layout.rows["names"]
    if not row.height:
        return
    font = brush.theme.font("tiny", fixed=True)
    brush.painter.setFont(font)
    for t in range(max(0, columns.start - 1), min(lay.length, columns.stop + 1)):
        for strip, span in zip(brush.data.gates, lay.gate_spans, strict=True):
            here = brush.data.current_t == t and strip.track.node in brush.data.current_nodes
            brush.painter.setPen(brush.colour(brush.data.focus if here else "muted"))
            area = QRectF(lay.left(t) + span.x - 8, row.top + 1, span.width + 16, row.height + 1)
            brush.painter.drawText(area, CENTRE | Qt.TextFlag.TextDontClip, strip.track.label)
