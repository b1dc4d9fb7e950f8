"""Paints the strips of the stage: states and gates, a cell a unit, each with its gradient beside it."""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QColor, QFontMetricsF, QImage

from ...model.names import BEFORE
from ...model.stage_layout import Detail, Row, Span
from ...model.stage_words import printable
from ...theme.colourmap import AsinhScale
from ...theme.theme import Theme
from ...theme.tokens import RADIUS, luminance
from ...widgets.paint import elided, hatch, rounded, text_width
from .brush import CENTRE, Brush, slot_edge
from .pixels import Measures, StripImage, StripImages, strip_image

#: Cells as wide as this have room for a number.
LEGIBLE = 28


def paint_strips(brush: Brush, columns: range, *, states: bool = True, gates: bool = True) -> None:
    """The strips of ``columns``: of the states, of the gates or of both."""
    lay, data = brush.layout, brush.data
    state, gate = lay.cell_heights
    first = len(data.states)
    if states:
        for i, span in enumerate(lay.state_spans):
            _strip(brush, i, span, lay.rows["state"], state, columns)
    if gates:
        for i, span in enumerate(lay.gate_spans):
            _strip(brush, first + i, span, lay.rows["gates"], gate, columns)


def _strip(brush: Brush, which: int, span: Span, row: Row, pitch: int, columns: range) -> None:
    """One strip in every column: the slot, the value cells, the gradient cells beside them."""
    lay, data = brush.layout, brush.data
    strip = data.strips[which]
    margin = 1 if lay.detail >= Detail.TARGET else 0
    value = CellRow(brush, which, False, row, pitch, span.width, margin)
    credit = CellRow(brush, which, True, row, pitch, span.gradient_width, margin)
    edge = slot_edge(brush)
    printed = pitch >= 15 and span.width >= LEGIBLE
    for t in columns:
        x = lay.left(t)
        if not strip.known[t]:
            slot = QRectF(x + span.x - margin, row.top - margin, span.width + 2 * margin, row.height + 2 * margin)
            rounded(brush.painter, slot, RADIUS.bar if margin else 0, None, edge)
            continue
        value.draw(t, x + span.x)
        if printed and brush.whole(x + span.x, x + span.x + span.width):
            area = QRectF(x + span.x, row.top, span.width, row.height)
            _print_cells(brush, strip.track.cells[t], area, pitch, data.scene.scale_of(strip.track))
        if strip.gradient_known[t]:
            credit.draw(t, x + span.gradient_x)
            right = x + span.right
            if printed and span.gradient_width >= LEGIBLE and brush.whole(x + span.gradient_x, right):
                area = QRectF(x + span.gradient_x, row.top, span.gradient_width, row.height)
                _print_cells(brush, strip.gradient_cells[t], area, pitch, data.gradient_scale)


def paint_initial(brush: Brush) -> None:
    """The states before the first step, named below; with their gradient once it is known."""
    lay, data, theme = brush.layout, brush.data, brush.theme
    row, pitch = lay.rows["state"], lay.cell_heights[0]
    room = pitch_of([span.x + span.width / 2 for span in lay.lead_spans]) - 3.0
    names = [strip.track.label.removesuffix(BEFORE) for strip in data.initial]
    large, small = theme.font("small", fixed=True), theme.font("tiny", fixed=True)
    # Where names would run into one another the index stands once, behind the last of them.
    tight = max((text_width(name, large) for name in names), default=0.0) + text_width("−1", small) > room
    for strip, span in zip(data.initial, lay.lead_spans, strict=False):
        x = lay.lead_left + span.x
        sides = [(strip.track.cells, data.scene.scale_of(strip.track), x, span.width)]
        if strip.gradient_known[0]:
            sides.append(
                (strip.gradient_cells, data.gradient_scale, lay.lead_left + span.gradient_x, span.gradient_width)
            )
        for cells, scale, left, width in sides:
            measures = (width, row.height, pitch, brush.ratio, 1)
            # Zeros, and whatever they were changed to, stay the same for the whole sentence.
            image = _first_image(cells.tobytes(), cells.shape[1], theme, scale, measures)
            brush.painter.drawImage(QPointF(left - 1, row.top - 1), image)
            area = QRectF(left, row.top, width, row.height)
            _not_finite(brush, cells[0], area, pitch)
            if pitch >= 15 and width >= LEGIBLE and brush.whole(left, left + width):
                _print_cells(brush, cells[0], area, pitch, scale)
        name, last = strip.track.label.removesuffix(BEFORE), strip is data.initial[-1]
        _name_initial(brush, name, "" if tight and not last else "−1", x + span.width / 2, row.bottom + 1, room)


def paint_alone(brush: Brush) -> None:
    """Below the initial state: what training brings into it, for on the stage a sentence stands alone."""
    lay, theme = brush.layout, brush.theme
    if brush.data.between == "reset" or not lay.lead:
        return
    font, line = theme.font("tiny"), theme.px(13)
    top = lay.rows["gates"].top + 2
    left = max(lay.gutter, lay.lead_left)
    for text in (brush.data.between, "in training", "only"):
        area = QRectF(left, top, lay.left(0) - left, line)
        if text_width(text, font) > area.width() or area.bottom() > lay.rows["names"].top:
            return
        brush.text(area, CENTRE, text, font, brush.colour("muted"), whole=True)
        top += line


def _name_initial(brush: Brush, state: str, index: str, middle: float, top: float, room: float) -> None:
    """h₋₁ with an ``index`` that can be read: the sign's own is a few pixels high."""
    theme, ink = brush.theme, brush.colour("muted")
    large, small = theme.font("small", fixed=True), theme.font("tiny", fixed=True)
    more = text_width(index, small)
    state = elided(state, large, room)
    wide = text_width(state, large)
    # Where only the name has room below its strip the index reaches past it.
    left = middle - (wide if wide + more > room else wide + more) / 2
    if not brush.whole(left, left + wide + more):
        return
    brush.text(QRectF(left, top, wide, theme.px(14)), CENTRE, state, large, ink, whole=True)
    brush.text(QRectF(left + wide, top + theme.px(3), more, theme.px(14)), CENTRE, index, small, ink, whole=True)


@lru_cache(maxsize=64)
def _first_image(cells: bytes, count: int, theme: Theme, scale: AsinhScale, measures: Measures) -> QImage:
    image = strip_image(np.frombuffer(cells).reshape(1, count), theme, scale, *measures)
    image.setDevicePixelRatio(measures[3])
    return image


class CellRow:
    """The same strip in all columns that are seen: coloured at once when the first is drawn, then copied."""

    def __init__(self, brush: Brush, which: int, gradient: bool, row: Row, pitch: int, width: int, margin: int) -> None:
        self._brush, self._row, self._pitch, self._width, self._margin = brush, row, pitch, width, margin
        self._which, self._gradient = which, gradient
        self._made: StripImage | None = None

    def draw(self, t: int, x: int) -> None:
        """Draw the cells of column ``t`` with their left edge at ``x``."""
        brush, row, margin = self._brush, self._row, self._margin
        made = self._made
        if made is None:
            self._made = made = self._image()
        source = QRectF((t - made.first) * made.wide, 0, made.wide, made.image.height())
        brush.painter.drawImage(QPointF(x - margin, row.top - margin), made.image, source)
        if made.odd is not None and made.odd[t - made.first]:
            area = QRectF(x, row.top, self._width, row.height)
            _not_finite(brush, self._cells()[self._which][t], area, self._pitch)

    def _cells(self) -> list[NDArray[np.float64]]:
        strips = self._brush.data.strips
        return [s.gradient_cells for s in strips] if self._gradient else [s.track.cells for s in strips]

    def _image(self) -> StripImage:
        brush = self._brush
        images = StripImages() if brush.images is None else brush.images
        data = brush.data
        track = data.strips[self._which].track
        scale = data.gradient_scale if self._gradient else data.scene.scale_of(track)
        kind = "gradient" if self._gradient else "far" if data.scene.is_far(track) else "value"
        measures = (self._width, self._row.height, self._pitch, brush.ratio, self._margin)
        visible = brush.layout.visible
        cells, which = self._cells(), self._which
        if not self._gradient and data.scene.far is not None:  # those of the same scale alone
            same = [i for i, s in enumerate(data.strips) if data.scene.is_far(s.track) == (kind == "far")]
            cells, which = [cells[i] for i in same], same.index(which)
        return images.image(kind, which, cells, visible, brush.theme, scale, measures)


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
    for i, value in enumerate(cells):
        fitting = (t for t in printable(float(value)) if metrics.horizontalAdvance(t) <= area.width() - 5)
        text = next(fitting, "")
        ground = "#{:02X}{:02X}{:02X}".format(*(int(c) for c in rgba[i, :3]))
        ink = QColor("#000000" if luminance(ground) > 0.18 else "#FFFFFF")
        cell = QRectF(area.left(), area.top() + i * pitch, area.width(), pitch - 1)
        brush.text(cell, CENTRE, text, font, ink, whole=True)


def gate_names(brush: Brush, columns: range) -> None:
    """The gates' names below their strips, each as long as it can be without touching the next one's."""
    lay, row = brush.layout, brush.layout.rows["names"]
    if not row.height:
        return
    font = brush.theme.font("tiny", fixed=True)
    reach = 0
    middles = [span.x + span.width / 2 for span in lay.gate_spans]
    room = pitch_of([*middles, *(m + lay.column_width for m in middles[:1])]) - 3.0
    for strip, middle in zip(brush.data.gates, middles, strict=True):
        over = min(room, text_width(strip.track.label, font)) / 2 + 1
        if over > min(middle, lay.column_width - middle):
            reach = 1
    for t in range(max(0, columns.start - reach), min(lay.length, columns.stop + reach)):
        for strip, middle in zip(brush.data.gates, middles, strict=True):
            here = brush.data.current_t == t and strip.track.node in brush.data.current_nodes
            ink = brush.colour(brush.data.focus if here else "muted")
            name = elided(strip.track.label, font, room)
            area = QRectF(lay.left(t) + middle - room / 2, row.top + 1, room, row.height + 1)
            brush.text(area, CENTRE, name, font, ink, whole=True)


def pitch_of(middles: list[float]) -> float:
    """The least distance between neighbours; of a single one any."""
    return min((b - a for a, b in pairwise(middles)), default=400.0)
