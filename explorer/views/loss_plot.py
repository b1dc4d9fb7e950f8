"""The loss curve, painted by hand: wheel to zoom in time, drag to move, double-click for all of it.

What rests from frame to frame (axes, numbers, marks) is a picture that is kept; how far the axis of updates reaches
goes in strides, so that it rests while the curve grows, and then its new end alone is painted.
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import (
    QAccessible,
    QAccessibleAnnouncementEvent,
    QFontMetricsF,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPixmap,
    QPolygonF,
    QRegion,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QWidget

from ..model.loss_axes import stride_above
from ..model.loss_data import LossFrame
from ..model.loss_lines import Line
from ..theme.theme import Theme, current
from ..widgets.canvas import ENTER, Canvas
from ..widgets.paint import pen, text_width
from .loss_axes import View, level_text, paint_axes
from .loss_legend import EMPTY
from .loss_names import marks, paint_names
from .loss_strokes import APART, DOTS, nearest_line, paint_curves, points, strokes

Array = np.ndarray[Any, Any]
NOTCH = 0.75
"""What a notch of the wheel leaves of the range."""
FAR = 10
"""Points that Shift and an arrow go at once."""
REACH = 7.0
"""Pixels within which a click is one on a line."""


class LossPlot(Canvas):
    """Shows a :class:`LossFrame`; a click, or Enter, emits ``update_chosen`` with the update it lies nearest to.

    On a line that was left it emits ``line_chosen`` with its place among the run's other lines, and the update.
    """

    KEYS: ClassVar[frozenset[Qt.Key]] = frozenset(
        {
            Qt.Key.Key_Left,
            Qt.Key.Key_Right,
            Qt.Key.Key_Up,
            Qt.Key.Key_Down,
            Qt.Key.Key_Home,
            Qt.Key.Key_End,
            Qt.Key.Key_Plus,
            Qt.Key.Key_Minus,
            Qt.Key.Key_0,
            *ENTER,
        }
    )
    update_chosen = Signal(int)
    line_chosen = Signal(int, int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Loss curve", parent)
        self._frame: LossFrame | None = None
        self._hover: int | None = None
        self._line: Line | None = None
        self._log = False
        self._zoom: tuple[float, float] | None = None
        self._pressed: QPointF | None = None
        self._dragged: tuple[QPointF, tuple[float, float]] | None = None
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
        resting = before is not None and not before.empty and _rest(before) == _rest(frame)
        # A name moves as the curve grows below it.
        if before is None or not resting or self._hover is not None or marks(frame):
            self.update()
            return
        changed = []
        for old, new in zip(_growing(before), _growing(frame), strict=True):
            same, longer = _same(old, new), new if new.shape[1] >= old.shape[1] else old
            if same < longer.shape[1]:
                changed.append(longer[0, max(0, same - 1)])
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
            x = self.x_of(frame.current)
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
        return f"{name} · update {self._hover} · mean {mean:.4g} · a click turns to it"

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

    # --- keys ---

    def keyPressEvent(self, event: QKeyEvent) -> None:
        frame, key = self._frame, Qt.Key(event.key())
        if frame is None or frame.empty or key not in self.KEYS:
            super().keyPressEvent(event)
            return
        first, last = self.range
        if key in ENTER:
            self._choose(self._hover, self._line)
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Minus):
            middle = float(self._hover if self._hover is not None else (first + last) / 2)
            wide = (last - first) * (NOTCH if key == Qt.Key.Key_Plus else 1 / NOTCH)
            self.zoom(middle - wide / 2, middle + wide / 2)
        elif key == Qt.Key.Key_0:
            self.show_all()
        elif key in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            lines: list[Line | None] = [None, *frame.others]
            place = lines.index(self._line) if self._line in lines else 0
            line = lines[(place + (1 if key == Qt.Key.Key_Down else -1)) % len(lines)]
            self._say(frame, frame.current if line is None else int(line.points[0, -1]), line)
        else:
            self._say(frame, self._stepped(frame, key, event), None)

    def _stepped(self, frame: LossFrame, key: Qt.Key, event: QKeyEvent) -> int:
        drawn = np.concatenate([[0.0], frame.raw[0]])
        place = int(np.argmin(np.abs(drawn - (frame.current if self._hover is None else self._hover))))
        far = FAR if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1
        steps = {Qt.Key.Key_Left: -far, Qt.Key.Key_Right: far, Qt.Key.Key_Home: -len(drawn), Qt.Key.Key_End: len(drawn)}
        return int(drawn[min(max(place + steps[key], 0), len(drawn) - 1)])

    def _say(self, frame: LossFrame, update: int, line: Line | None) -> None:
        """Point at an update by a key: it is brought into view, and a screen reader says what it reads."""
        self._point_at(update, line)
        first, last = self.range
        if not first <= update <= last:
            self.zoom(update - (last - first) / 2, update + (last - first) / 2)
        QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self, self._reading(frame)))

    def _choose(self, update: int | None, line: Line | None) -> None:
        if update is not None and line is not None and line.place is not None:
            self.line_chosen.emit(line.place, update)
        elif update is not None:
            self.update_chosen.emit(update)

    # --- the mouse ---

    def _line_at(self, place: QPointF) -> Line | None:
        if self._frame is None or not self._frame.others:
            return None
        return nearest_line(self._frame, self.view(), place, REACH)

    def _line_update(self, place: QPointF, line: Line | None) -> int | None:
        """The update at a place of the plot: one of the line on show, or of another one."""
        if line is None:
            return self._update_at(place)
        shown = self.view()
        update = shown.first + (place.x() - shown.area.left()) / shown.area.width() * (shown.last - shown.first)
        return int(min(max(round(update), line.first), line.points[0, -1]))

    def _update_at(self, place: QPointF) -> int | None:
        shown = self.view()
        if self._frame is None or self._frame.empty or not shown.area.contains(place):
            return None
        part = (place.x() - shown.area.left()) / shown.area.width()
        return self._frame.nearest(shown.first + part * (shown.last - shown.first))

    def _point_at(self, update: int | None, line: Line | None = None) -> None:
        if update != self._hover or line is not self._line:
            self._hover, self._line = update, line
            self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._pressed = event.position()
        self._dragged = (event.position(), self.range)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() and self._dragged is not None:
            start, (first, last) = self._dragged
            if self._zoom is not None:
                moved = (start.x() - event.position().x()) / self.view().area.width() * (last - first)
                self.zoom(first + moved, last + moved)
            return
        line = self._line_at(event.position())
        hover = self._line_update(event.position(), line)
        self.setCursor(Qt.CursorShape.PointingHandCursor if hover is not None else Qt.CursorShape.ArrowCursor)
        self._point_at(hover, line)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        pressed, self._pressed, self._dragged = self._pressed, None, None
        if event.button() != Qt.MouseButton.LeftButton or pressed is None:
            return
        if (event.position() - pressed).manhattanLength() < 5:
            line = self._line_at(event.position())
            self._choose(self._line_update(event.position(), line), line)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.show_all()

    def wheelEvent(self, event: QWheelEvent) -> None:
        shown, turned = self.view(), event.angleDelta().y() / 120
        if self._frame is None or self._frame.empty or not turned:
            event.ignore()
            return
        part = min(max((event.position().x() - shown.area.left()) / shown.area.width(), 0.0), 1.0)
        wide = (shown.last - shown.first) * NOTCH**turned
        first = shown.first + part * (shown.last - shown.first - wide)
        self.zoom(first, first + wide)

    def leaveEvent(self, event: QEvent) -> None:
        self._point_at(None)
        super().leaveEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.update()


def _rest(frame: LossFrame) -> tuple[object, ...]:
    """What all of the picture depends on."""
    dots = frame.valid.shape[1] <= DOTS
    signs = (len(frame.annealed), len(frame.off_scale), len(frame.not_finite))
    scale = (stride_above(frame.x_end), frame.y_end, frame.y_low, frame.chance, frame.beside is None)
    return (*scale, frame.current, frame.legend, frame.evaluated, dots, *signs, frame.branches, *map(id, frame.others))


def _growing(frame: LossFrame) -> tuple[Array, ...]:
    """The curves that grow while one trains."""
    beside = np.empty((2, 0)) if frame.beside is None else frame.beside.points
    return frame.raw, frame.smooth, frame.valid, beside


def _same(old: Array, new: Array) -> int:
    """How many columns at the beginning of two curves are equal."""
    n = min(old.shape[1], new.shape[1])
    equal = ((old[:, :n] == new[:, :n]) | (np.isnan(old[:, :n]) & np.isnan(new[:, :n]))).all(axis=0)
    return n if equal.all() else int(np.argmin(equal))


def _triangle(x: float, y: float) -> QPolygonF:
    return QPolygonF([QPointF(x, y - 4), QPointF(x - 4, y + 4), QPointF(x + 4, y + 4)])
