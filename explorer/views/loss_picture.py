"""The picture of the loss curve, painted by hand, and which part of time it shows.

What rests from frame to frame (axes, numbers, marks) is a picture that is kept; how far the axis of updates reaches
goes in strides, so that it rests while the curve grows, and then its new end alone is painted.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import (
    QFontMetricsF,
    QPainter,
    QPixmap,
    QPolygonF,
    QRegion,
    QResizeEvent,
)
from PySide6.QtWidgets import QWidget

from ..model.loss_axes import stride_above
from ..model.loss_data import LossFrame
from ..model.loss_lines import Line
from ..model.loss_words import plain
from ..theme.theme import Theme, current
from ..widgets.canvas import Canvas
from ..widgets.paint import pen, text_width
from .loss_axes import View, chance_name, level_text, paint_axes
from .loss_growth import first_changes, same_rest
from .loss_legend import EMPTY
from .loss_names import marks, paint_names
from .loss_strokes import APART, paint_curves, points, strokes

Array = np.ndarray[Any, Any]


class LossPicture(Canvas):
    """Shows a :class:`LossFrame`, with a reading at the update that is pointed at."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Loss curve", parent)
        self._frame: LossFrame | None = None
        self._hover: int | None = None
        self._line: Line | None = None
        self._log = False
        self._zoom: tuple[float, float] | None = None
        self._axes: QPixmap | None = None
        self._axes_for: tuple[object, ...] = ()
        self.setMinimumSize(140, 60)

    # --- what is shown ---

    @property
    def frame(self) -> LossFrame | None:
        """What is shown."""
        return self._frame

    @property
    def logarithmic(self) -> bool:
        """Whether equal distances on the axis of losses are equal ratios."""
        return self._log

    def set_logarithmic(self, on: bool) -> None:
        """Show losses on a logarithmic axis, or on one that begins at 0."""
        if on != self._log:
            self._log = on
            self.update()

    def set_frame(self, frame: LossFrame) -> None:
        """Show ``frame``; of a curve that has only grown its end is painted."""
        before, self._frame = self._frame, frame
        self.setAccessibleName(f"Loss curve. {EMPTY if frame.empty else frame.footer}")
        if self._line is not None:
            self._line = next((line for line in frame.others if line.name == self._line.name), None)
        resting = before is not None and not before.empty and same_rest(before, frame)
        # A name moves as the curve grows below it.
        if before is None or not resting or self._hover is not None or marks(frame):
            self.update()
            return
        changed = first_changes(before, frame)
        if changed:
            left = int(self.x_of(min(changed))) - 4 * APART
            self.update(left, 0, self.width() - left, self.height())

    def view(self) -> View:
        """Where the curve is drawn, and which part of it."""
        theme, frame = current(self), self._frame
        font = theme.font("small")
        foot = QFontMetricsF(font).height() + theme.px(6)
        area = QRectF(0, theme.px(7), self.width(), 1.0)
        area.setHeight(max(1.0, self.height() - area.top() - foot))
        shown = View(area, 0.0, 10.0, 1.0)
        if frame is not None:
            first, last = self._zoom or (0.0, stride_above(frame.x_end))
            shown = View(area, first, max(last, first + 1e-9), frame.y_end, frame.y_low if self._log else 0.0)
        wide = max(text_width(text, font) for text in ("00.0", *map(level_text, shown.levels)))
        area.setLeft(wide + theme.px(8))
        area.setWidth(max(1.0, self.width() - area.left() - theme.px(18)))
        return shown

    @property
    def range(self) -> tuple[float, float]:
        """The first and the last update that the axis shows."""
        shown = self.view()
        return shown.first, shown.last

    def x_of(self, update: float) -> float:
        """Return where an update lies, in the widget's pixels."""
        return float(self.view().x(np.array(float(update))))

    def zoom(self, first: float, last: float) -> None:
        """Show the updates from ``first`` to ``last``, as far as there are any."""
        if self._frame is None or self._frame.empty:
            return
        end = stride_above(self._frame.x_end)
        wide = min(max(last - first, min(4.0, end)), end)
        first = min(max(first, 0.0), end - wide)
        self._zoom = None if wide >= end else (first, first + wide)
        self.update()

    def show_all(self) -> None:
        """Show the whole curve again, and keep showing the whole of it."""
        self._zoom = None
        self.update()

    # --- the curve in pixels ---

    def strokes(self) -> Array:
        """The losses as strokes (n, 4) in pixels, at most two for each column of pixels."""
        assert self._frame is not None
        return strokes(self.view(), self._frame.raw)

    def points(self, curve: Array) -> list[Array]:
        """A curve (2, n) as pieces without gaps, (m, 2) in pixels."""
        return points(self.view(), curve)

    # --- painting ---

    def paint(self, painter: QPainter, theme: Theme, region: QRegion) -> None:
        frame = self._frame
        if frame is None or frame.empty:
            painter.setFont(theme.font("small"))
            painter.setPen(theme.colour("muted"))
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(self.rect(), flags, EMPTY)
            return
        shown = self.view()
        self._renew_axes(theme, frame, shown)
        assert self._axes is not None
        painter.drawPixmap(0, 0, self._axes)
        painter.save()
        painter.setClipRect(shown.area.adjusted(0, -1, 1, 1))
        clip = region.boundingRect()
        paint_curves(painter, theme, frame, shown, clip.left(), clip.right() + 1)
        painter.restore()
        self._paint_marks(painter, theme, frame, shown)
        paint_names(painter, theme, frame, shown)
        self._paint_reading(painter, theme, frame, shown)

    def _paint_marks(self, painter: QPainter, theme: Theme, frame: LossFrame, shown: View) -> None:
        """Where a loss does not lie within the axes, and whose weights are on show."""
        for updates, filled in ((frame.off_scale, False), (frame.not_finite, True)):
            painter.setPen(pen(theme.colour("cut")))
            painter.setBrush(theme.colour("cut") if filled else Qt.BrushStyle.NoBrush)
            for x in shown.columns(updates, 6):
                painter.drawPolygon(_triangle(x, shown.area.top() + 4))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(pen(theme.colour("text"), 1.4))
        if shown.first <= frame.current <= shown.last:
            x, name = self.x_of(frame.current), chance_name(frame, shown, theme)
            if name.left() - 3 <= x <= name.right() + 3:
                painter.drawLine(QPointF(x, shown.area.top()), QPointF(x, name.top()))
                painter.drawLine(QPointF(x, name.bottom()), QPointF(x, shown.area.bottom()))
            else:
                painter.drawLine(QPointF(x, shown.area.top()), QPointF(x, shown.area.bottom()))

    def _paint_reading(self, painter: QPainter, theme: Theme, frame: LossFrame, shown: View) -> None:
        if self._hover is None or not shown.first <= self._hover <= shown.last:
            return
        x, area = self.x_of(self._hover), shown.area
        painter.setPen(pen(theme.colour("muted"), 1.0, Qt.PenStyle.DashLine))
        painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()))
        font = theme.font("small")
        metrics = QFontMetricsF(font)
        lines = self._reading(frame).split(" · ")
        wide = min(max(metrics.horizontalAdvance(s) for s in lines) + 12, float(self.width()))
        # Beside the line that it speaks of, so that the curve there stays in sight.
        left = x + 6 if x + 6 + wide <= area.right() else x - 6 - wide
        left = min(max(left, 0.0), self.width() - wide)
        room = QRectF(left, area.top(), wide, metrics.height() * len(lines) + 8)
        painter.setPen(theme.colour("line"))
        painter.setBrush(theme.colour("raised"))
        painter.drawRect(room)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setFont(font)
        painter.setPen(theme.colour("text"))
        painter.drawText(room, Qt.AlignmentFlag.AlignCenter, "\n".join(lines))

    def _reading(self, frame: LossFrame) -> str:
        """What is said of the update, or of the line that was left, that is pointed at."""
        assert self._hover is not None
        if self._line is None:
            return frame.reading(self._hover)
        name, mean = self._line.name, self._line.at(self._hover)
        return f"{name} · update {self._hover:,} · mean {plain(mean)} · a click turns to it"

    def _renew_axes(self, theme: Theme, frame: LossFrame, shown: View) -> None:
        """Paint the axes and the resting marks again when what they show has changed."""
        ratio = self.devicePixelRatioF()
        key = (shown, id(theme), ratio, frame.chance, len(frame.annealed), self.width(), self.height())
        if key == self._axes_for and self._axes is not None:
            return
        self._axes_for = key
        self._axes = QPixmap(round(self.width() * ratio), round(self.height() * ratio))
        self._axes.setDevicePixelRatio(ratio)
        self._axes.fill(theme.colour("panel"))
        painter = QPainter(self._axes)
        paint_axes(painter, theme, frame, shown)
        painter.end()

    def _point_at(self, update: int | None, line: Line | None = None) -> None:
        if update != self._hover or line is not self._line:
            self._hover, self._line = update, line
            self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.update()


def _triangle(x: float, y: float) -> QPolygonF:
    return QPolygonF([QPointF(x, y - 4), QPointF(x - 4, y + 4), QPointF(x + 4, y + 4)])
