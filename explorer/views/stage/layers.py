"""What the stage keeps painted: its columns and row labels in a pixmap, of which only what changed is painted anew."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, QSize
from PySide6.QtGui import QPainter, QPixmap

from ...model.stage_layout import Detail, Row, StageLayout
from ...model.stage_records import FOOT, GATES, HEAD, PARTS, STATE, StageData
from ...theme.theme import Theme
from .brush import Brush, on_pixels
from .columns import paint_ground, paint_inputs, paint_times
from .edges import paint_edges, paint_streams
from .ends import MOST_AT_ONCE, Ends, keeps
from .gutter import paint_gutter
from .head import paint_head
from .heat import paint_heat
from .pixels import StripImages
from .strips import gate_names, paint_alone, paint_initial, paint_strips


class Layers:
    """The pixmap of a stage, and which parts of which columns in it are out of date."""

    def __init__(self) -> None:
        self.pixmap = QPixmap()
        self._images = StripImages()
        self._dirty = np.zeros((0, PARTS), dtype=bool)
        self._gutter = True
        self._ends = Ends()

    def spoil(self, length: int) -> None:
        """Nothing of it holds any more; there are ``length`` columns."""
        self._dirty = np.ones((length, PARTS), dtype=bool)
        self._gutter = True
        self._ends.forget()

    def spoil_columns(self) -> None:
        """All columns are to be painted anew, not the row labels."""
        self._dirty[:] = True
        self._ends.forget()

    def spoil_parts(self, parts: NDArray[np.bool_]) -> None:
        """These ``parts`` (T, PARTS) are to be painted anew."""
        self._dirty |= parts

    def spoil_gutter(self) -> None:
        """The row labels are to be painted anew."""
        self._gutter = True

    def refresh(self, data: StageData, lay: StageLayout, theme: Theme, ratio: float) -> None:
        """Bring the pixmap up to date: the row labels and every part of a column that is seen and out of date."""
        size = QSize(round(lay.width * ratio), round(lay.height * ratio))
        if self.pixmap.size() != size or self.pixmap.devicePixelRatioF() != ratio:
            self.pixmap = QPixmap(size)
            self.pixmap.setDevicePixelRatio(ratio)
            self._ends.forget()
            self.pixmap.fill(theme.colour("panel"))  # at a broken ratio an edge covers only a part of its pixels
            self._dirty[:] = True
            self._gutter = True
        if not self._gutter and not self._dirty.any():
            return
        painter = QPainter(self.pixmap)
        try:
            self._paint(Brush(painter, data, lay, theme, ratio, self._images))
        finally:
            painter.end()
        self._dirty[:] = False

    def _paint(self, brush: Brush) -> None:
        painter, lay = brush.painter, brush.layout
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self._gutter:
            begin = max(lay.gutter, lay.lead_left)
            end = min(lay.right(lay.length - 1), lay.gutter + lay.room)
            painter.fillRect(QRectF(0, 0, begin, lay.height), brush.theme.colour("panel"))
            painter.fillRect(QRectF(end, 0, lay.width - end, lay.height), brush.theme.colour("panel"))
            paint_gutter(brush)
            self._gutter = False
        if keeps(lay) and self._dirty.any(axis=1).sum() <= MOST_AT_ONCE:
            self._few(brush)
        else:
            self._many(brush)

    def _few(self, brush: Brush) -> None:
        """A step changes a few columns: above and below the strips many of them look as they have looked before."""
        lay, dirty = brush.layout, self._dirty
        for part in (HEAD, FOOT):
            for t in lay.visible:
                if dirty[t, part]:
                    area = _area(lay, range(t, t + 1), lay.parts[part], brush.ratio)
                    if not self._ends.restore(brush, t, part, area):
                        _paint_part(brush, range(t, t + 1), lay.parts[part], frozenset({part}))
                        self._ends.keep(self.pixmap, brush, t, part, area)
        both = dirty[:, STATE] & dirty[:, GATES]
        above, below = lay.parts[STATE], lay.parts[GATES]
        for columns in runs(both, lay.visible):
            row = Row(above.top, below.bottom - above.top)
            _paint_part(brush, columns, row, frozenset({STATE, GATES}))
        for part in (STATE, GATES):
            for columns in runs(dirty[:, part] & ~both, lay.visible):
                _paint_part(brush, columns, lay.parts[part], frozenset({part}))

    def _many(self, brush: Brush) -> None:
        lay = brush.layout
        whole = np.asarray(self._dirty.all(axis=1))
        for columns in runs(whole, lay.visible):
            _paint_part(brush, columns, Row(0, lay.height), frozenset(range(PARTS)))
        for part, row in enumerate(lay.parts):
            for columns in runs(self._dirty[:, part] & ~whole, lay.visible):
                _paint_part(brush, columns, row, frozenset({part}))


def _paint_part(brush: Brush, columns: range, row: Row, parts: frozenset[int]) -> None:
    """Paint ``parts`` of ``columns``, which lie in ``row``, from the ground up."""
    painter = brush.painter
    area = _area(brush.layout, columns, row, brush.ratio)
    painter.setClipRect(area)
    painter.fillRect(area, brush.theme.colour("panel"))
    paint_run(brush, columns, parts)
    painter.setClipping(False)


def _area(lay: StageLayout, columns: range, row: Row, ratio: float) -> QRectF:
    left = max(lay.left(columns.start) if columns.start else lay.lead_left, lay.gutter)
    right = min(lay.right(columns.stop - 1), lay.gutter + lay.room)
    return on_pixels(QRectF(left, row.top, right - left, row.height), ratio)


def paint_run(brush: Brush, columns: range, parts: frozenset[int]) -> None:
    """Paint ``parts`` of ``columns``; the initial state goes with the states of the first column."""
    paint_ground(brush, columns)
    if HEAD in parts:
        paint_head(brush, columns)
    if FOOT in parts:
        paint_inputs(brush, columns)
    strips = paint_heat if brush.layout.detail == Detail.HEAT else paint_strips
    strips(brush, columns, states=STATE in parts, gates=GATES in parts)
    if STATE in parts and columns.start == 0:
        paint_initial(brush)
    if GATES in parts:
        gate_names(brush, columns)
        if columns.start == 0:
            paint_alone(brush)
    if FOOT in parts:
        paint_times(brush, columns)
    if STATE in parts:
        # Arrows cross the border between two columns: the neighbours' share is clipped away.
        paint_edges(brush, range(columns.start, columns.stop + 1))
    if STATE in parts or HEAD in parts:
        paint_streams(brush, range(max(0, columns.start - 1), columns.stop), joined=STATE in parts)


def runs(dirty: NDArray[np.bool_], visible: range) -> list[range]:
    """The columns of ``dirty`` (T,) that are seen, neighbours together."""
    found: list[range] = []
    for t in visible:
        if not dirty[t]:
            continue
        if found and found[-1].stop == t:
            found[-1] = range(found[-1].start, t + 1)
        else:
            found.append(range(t, t + 1))
    return found
