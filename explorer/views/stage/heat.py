"""Paints the narrowest detail: each strip as a heat map over all time, its gradient below it."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QRectF

from ...model.stage_layout import Band, Row
from ...model.stage_records import Strip
from ...theme.colourmap import AsinhScale
from .brush import Brush, slot_edge
from .pixels import heat_image


def paint_heat(brush: Brush, columns: range, *, states: bool = True, gates: bool = True) -> None:
    """The heat maps of ``columns``, of states, gates or both; what is not known yet is left as an empty slot."""
    lay, data = brush.layout, brush.data
    for wanted, strips, bands in ((states, data.states, lay.state_bands), (gates, data.gates, lay.gate_bands)):
        if wanted:
            for strip, band in zip(strips, bands, strict=True):
                _band(brush, strip, band, columns)


def _band(brush: Brush, strip: Strip, band: Band, columns: range) -> None:
    data = brush.data
    _map(brush, strip.track.cells, strip.known, band.value, data.scene.scale_of(strip.track), columns, True)
    _map(brush, strip.gradient_cells, strip.gradient_known, band.gradient, data.gradient_scale, columns, False)


def _map(
    brush: Brush,
    cells: np.ndarray,
    known: np.ndarray,
    row: Row,
    scale: AsinhScale,
    columns: range,
    slot: bool,
) -> None:
    lay, painter = brush.layout, brush.painter
    part = slice(columns.start, columns.stop)
    edges = np.array([lay.left(t) for t in range(columns.start, columns.stop + 1)], dtype=np.intp)
    area = QRectF(edges[0], row.top, edges[-1] - edges[0], row.height)
    if slot and not known[part].all():
        line = slot_edge(brush)
        painter.fillRect(QRectF(area.left(), row.top, area.width(), 1), line)
        painter.fillRect(QRectF(area.left(), row.bottom - 1, area.width(), 1), line)
    if not known[part].any():
        return
    image = heat_image(cells[part], known[part], edges - edges[0], brush.theme, scale, row.height, brush.ratio)
    image.setDevicePixelRatio(brush.ratio)
    painter.drawImage(area.topLeft(), image)
