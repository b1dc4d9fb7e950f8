"""Keeps how the upper and the lower ends of columns looked: as the walk comes and goes they look so again and again.

A column's loss, output and input change only with the tint of the step in work and with the loss that walks.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable

from PySide6.QtCore import QRectF
from PySide6.QtGui import QPixmap

from ...model.stage_layout import Detail, StageLayout
from ...model.stage_records import FOOT, StageData
from .brush import Brush

#: With more columns to paint anew than a step usually changes nothing is kept of them; of the others so many pictures.
MOST_AT_ONCE, MOST_KEPT = 8, 96


def keeps(lay: StageLayout) -> bool:
    """Whether ends are worth keeping: of columns that are wide enough for words."""
    return lay.detail >= Detail.TARGET


class Ends:
    """Pictures of the ends of columns, for as long as sentence, geometry and theme stay the same."""

    def __init__(self) -> None:
        self._kept: OrderedDict[Hashable, QPixmap] = OrderedDict()

    def forget(self) -> None:
        """None of them holds any more."""
        self._kept.clear()

    def restore(self, brush: Brush, t: int, part: int, area: QRectF) -> bool:
        """Copy the end of column ``t`` as it looked when all that it shows was the same; False when it never was."""
        key = _key(brush.data, t, part)
        found = self._kept.get(key)
        if found is None:
            return False
        self._kept.move_to_end(key)
        brush.painter.drawPixmap(area.topLeft(), found)
        return True

    def keep(self, pixmap: QPixmap, brush: Brush, t: int, part: int, area: QRectF) -> None:
        """Remember ``area`` of the stage's ``pixmap``, which has just been painted."""
        ratio = brush.ratio
        source = QRectF(area.x() * ratio, area.y() * ratio, area.width() * ratio, area.height() * ratio)
        self._kept[_key(brush.data, t, part)] = pixmap.copy(source.toRect())
        if len(self._kept) > MOST_KEPT:
            self._kept.popitem(last=False)


def _key(data: StageData, t: int, part: int) -> Hashable:
    """All that an end shows, beside the sentence."""
    ground = (
        data.focus if data.current_t == t else None,
        bool(data.hatched[t]) and data.cut_in_force,
        bool(data.hatched[t]),
        bool(data.stopped[t]),
    )
    if part == FOOT:
        return part, t, ground, bool(data.read[t])
    streams = tuple(  # that of the column before may reach over the border
        (float(data.from_loss.norms[s]), data.walking == s) if data.from_loss.known[s] else None
        for s in range(max(0, t - 1), t + 1)
    )
    known = bool(data.loss_known[t]), bool(data.output_known[t]), data.walking == t
    return part, t, ground, known, streams, data.ribbon_scale
