"""The loss curve, painted by hand: wheel to zoom in time, drag to move, double-click for all of it.

What rests from frame to frame (axes, numbers, marks) is a picture that is kept; how far the axis of updates reaches
goes in strides, so that it rests while the curve grows, and then its new end alone is painted. The curve is drawn with
at most one stroke per pixel.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from PySide6.QtCore import QEvent, QLineF, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import (
    QFontMetricsF,
    QMouseEvent,
    QPainter,
    QPen,
    QPixmap,
    QPolygonF,
    QRegion,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from ..model.loss_data import LossFrame, stride_above, ticks
from ..theme.theme import Theme, current
from ..widgets.paint import pen
from ..widgets.surface import Surface
from .loss_legend import EMPTY

Array = np.ndarray[Any, Any]
NOTCH = 0.75
"""What a notch of the wheel leaves of the range."""
APART = 3
"""Pixels between two points of a smoothed curve."""
DOTS = 80
"""Up to so many evaluations each has a dot."""


class View(NamedTuple):
    """The plot's area in pixels and what it shows: updates from ``first`` to ``last``, losses from 0 to ``top``."""

    area: QRectF
    first: float
    last: float
    top: float

    def x(self, updates: Array) -> Array:
        """Updates to pixels."""
        found: Array = self.area.left() + (updates - self.first) * (self.area.width() / (self.last - self.first))
        return found

    def y(self, losses: Array) -> Array:
        """Losses to pixels."""
        found: Array = self.area.bottom() - losses * (self.area.height() / self.top)
        return found


class LossPlot(Surface):
    """Shows a :class:`LossFrame`; a click emits ``update_chosen`` with the update it lies nearest to."""

    update_chosen = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._frame: LossFrame | None = None
        self._hover: int | None = None
        self._zoom: tuple[float, float] | None = None
        self._pressed: QPointF | None = None
        self._dragged: tuple[QPointF, tuple[float, float]] | None = None
        self._axes: QPixmap | None = None
        self._axes_for: tuple[object, ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMouseTracking(True)
        self.setAccessibleName("Loss curve")
        self.setMinimumSize(140, 60)

    # --- what is shown ---

    @property
    def frame(self) -> LossFrame | None:
        """What is shown."""
        return self._frame

    def set_frame(self, frame: LossFrame) -> None:
        """Show ``frame``; of a curve that has only grown its end is painted."""
        before, self._frame = self._frame, frame
        self.setAccessibleName(f"Loss curve. {EMPTY if frame.empty else frame.footer}")
        resting = before is not None and not before.empty and _rest(before) == _rest(frame)
        if before is None or not resting or self._hover is not None:
            self.update()
            return
        changed = []
        for old, new in ((before.raw, frame.raw), (before.smooth, frame.smooth), (before.valid, frame.valid)):
            same, longer = _same(old, new), new if new.shape[1] >= old.shape[1] else old
            if same < longer.shape[1]:
                changed.append(longer[0, max(0, same - 1)])
        if changed:
            left = int(self.x_of(min(changed))) - 4 * APART
            self.update(left, 0, self.width() - left, self.height())

    def view(self) -> View:
        """Where the curve is drawn, and which part of it."""
        theme, frame = current(), self._frame
        metrics = QFontMetricsF(theme.font("small"))
        left = metrics.horizontalAdvance("00.0") + theme.px(8)
        foot = metrics.height() + theme.px(6)
        area = QRectF(left, theme.px(7), max(1.0, self.width() - left - theme.px(18)), 1.0)
        area.setHeight(max(1.0, self.height() - area.top() - foot))
        end = 10.0 if frame is None else stride_above(frame.x_end)
        first, last = self._zoom or (0.0, end)
        return View(area, first, max(last, first + 1e-9), frame.y_end if frame is not None else 1.0)

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

    def strokes(self, left: float = -np.inf, right: float = np.inf) -> Array:
        """The losses as strokes (n, 4) x₁ y₁ x₂ y₂ in pixels, at most two for each column of pixels.

        Those between ``left`` and ``right`` alone, and somewhat more.
        """
        assert self._frame is not None
        shown, (update, low, high) = self.view(), self._frame.raw
        seen = _seen(shown, update, left, right)
        x, low, high = shown.x(update[seen]), shown.y(low[seen]), shown.y(high[seen])
        single = np.array_equal(low, high, equal_nan=True)
        column = np.floor(x).astype(np.int64)
        per_update = shown.area.width() / (shown.last - shown.first)
        starts = np.flatnonzero(np.diff(column, prepend=column[:1] - 1)) if len(x) else np.empty(0, np.int64)
        if single and per_update > 0.7:
            lines = np.stack([x[:-1], high[:-1], x[1:], high[1:]], axis=1) if len(x) > 1 else np.empty((0, 4))
            return lines[np.isfinite(lines).all(axis=1)]
        # A point stands for several updates: a stroke from their least to their greatest loss.
        with np.errstate(invalid="ignore"):
            top, foot = np.fmin.reduceat(high, starts), np.fmax.reduceat(low, starts)
        x = np.floor(x[starts]) + 0.5
        lines = np.stack([x, np.minimum(top, foot - 1), x, foot], axis=1)
        return lines[np.isfinite(lines).all(axis=1)]

    def points(self, curve: Array, left: float = -np.inf, right: float = np.inf) -> list[Array]:
        """A curve (2, n) as pieces without gaps, (m, 2) in pixels, one point for each :data:`APART` pixels."""
        shown = self.view()
        update, loss = curve[0], curve[1]
        seen = _seen(shown, update, left, right)
        x, y = shown.x(update[seen]), shown.y(loss[seen])
        if len(x) > 2:
            column = np.floor(x / APART).astype(np.int64)
            kept = np.diff(column, prepend=column[:1] - 1) > 0
            kept[-1] = True
            kept |= ~np.isfinite(y)
            x, y = x[kept], y[kept]
        finite = np.isfinite(y)
        cuts = np.flatnonzero(~finite)
        pieces = np.split(np.stack([x, y], axis=1), cuts) if len(x) else []
        whole = [p[np.isfinite(p[:, 1])] for p in pieces]
        return [p for p in whole if len(p)]

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
        self._paint_curves(painter, theme, frame, clip.left(), clip.right())
        painter.restore()
        self._paint_marks(painter, theme, frame, shown)
        self._paint_reading(painter, theme, frame, shown)

    def _paint_curves(self, painter: QPainter, theme: Theme, frame: LossFrame, left: float, right: float) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setPen(pen(theme.colour("loss", 0.42)))
        painter.drawLines([QLineF(*row) for row in self.strokes(left, right).tolist()])
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        pieces: list[Array] = []
        for curve, token, width in ((frame.smooth, "loss", 2.4), (frame.valid, "value", 1.4)):
            painter.setPen(QPen(theme.colour(token), width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
            pieces = self.points(curve, left, right)
            for piece in pieces:
                # As lines of their own: the outline of one long wide curve takes many times as long.
                ends = np.hstack([piece[:-1], piece[1:]]) if len(piece) > 1 else np.hstack([piece, piece])
                painter.drawLines([QLineF(*row) for row in ends.tolist()])
        if frame.valid.shape[1] <= DOTS:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.colour("value"))
            for x, y in (p for piece in pieces for p in piece.tolist()):
                painter.drawEllipse(QPointF(x, y), 2.5, 2.5)
            painter.setBrush(Qt.BrushStyle.NoBrush)

    def _paint_marks(self, painter: QPainter, theme: Theme, frame: LossFrame, shown: View) -> None:
        """Where a loss does not lie within the axes, and whose weights are on show."""
        for updates, filled in ((frame.off_scale, False), (frame.not_finite, True)):
            painter.setPen(pen(theme.colour("cut")))
            painter.setBrush(theme.colour("cut") if filled else Qt.BrushStyle.NoBrush)
            for x in _columns(shown, updates, 6):
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
        lines = frame.reading(self._hover).split(" · ")
        wide = max(metrics.horizontalAdvance(s) for s in lines) + 12
        left = min(max(x - wide / 2, area.left()), max(area.right() - wide, area.left()))
        room = QRectF(left, area.top(), wide, metrics.height() * len(lines) + 8)
        painter.setPen(theme.colour("line"))
        painter.setBrush(theme.colour("raised"))
        painter.drawRect(room)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setFont(font)
        painter.setPen(theme.colour("text"))
        painter.drawText(room, Qt.AlignmentFlag.AlignCenter, "\n".join(lines))

    # --- the axes ---

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
        self._paint_axes(painter, theme, frame, shown)
        painter.end()

    def _paint_axes(self, painter: QPainter, theme: Theme, frame: LossFrame, shown: View) -> None:
        area, font = shown.area, theme.font("small")
        metrics = QFontMetricsF(font)
        painter.setFont(font)
        high, gap = metrics.height(), theme.px(4)
        for value in self._levels(shown):
            y = round(float(shown.y(np.array(value)))) + 0.5
            painter.setPen(theme.colour("muted", 0.18))
            painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))
            painter.setPen(theme.colour("muted"))
            room = QRectF(0, y - high / 2, area.left() - gap, high)
            painter.drawText(room, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, f"{value:.3g}")
        painter.setPen(theme.colour("line"))
        painter.drawLine(area.topLeft(), area.bottomLeft())
        painter.drawLine(area.bottomLeft(), area.bottomRight())
        painter.setPen(theme.colour("muted"))
        for value in self._updates(shown):
            x = self.x_of(value)
            room = QRectF(x - 60, area.bottom() + gap, 120, high)
            painter.drawText(room, Qt.AlignmentFlag.AlignCenter, _short(value))
        painter.setPen(pen(theme.colour("weight", 0.8), 1.0, Qt.PenStyle.DashLine))
        for x in _columns(shown, frame.annealed, 2):
            painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()))
        if 0 < frame.chance <= shown.top:
            y = float(shown.y(np.array(frame.chance)))
            painter.setPen(pen(theme.colour("muted"), 1.0, Qt.PenStyle.DotLine))
            painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))
            painter.setPen(theme.colour("muted"))
            # Below its line where the top would cut it off.
            above = y - area.top() >= high
            room = QRectF(area.left(), y - high - 1 if above else y + 1, area.width() - 3, high)
            painter.drawText(room, Qt.AlignmentFlag.AlignRight, "ln V")

    def _levels(self, shown: View) -> list[float]:
        """The numbers of the upright axis: one about every 34 pixels, and three at least where they find room."""
        theme = current()
        most = max(1, int(shown.area.height() / theme.px(34)))
        found = ticks(shown.top, most)
        while len(found) < 3 and self.height() >= theme.px(60) and most < 8:
            most += 1
            found = ticks(shown.top, most)
        return found

    def _updates(self, shown: View) -> list[float]:
        """The numbers of the axis of updates."""
        step = ticks(shown.last - shown.first, max(1, int(shown.area.width() / current().px(90))))
        gap = max(1.0, step[1] if len(step) > 1 else 1.0)
        first = float(np.ceil(shown.first / gap)) * gap
        found: list[float] = np.arange(first, shown.last + gap / 1e6, gap).tolist()
        return found

    # --- the mouse ---

    def _update_at(self, place: QPointF) -> int | None:
        shown = self.view()
        if self._frame is None or self._frame.empty or not shown.area.contains(place):
            return None
        part = (place.x() - shown.area.left()) / shown.area.width()
        return self._frame.nearest(shown.first + part * (shown.last - shown.first))

    def _point_at(self, update: int | None) -> None:
        if update != self._hover:
            self._hover = update
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
        hover = self._update_at(event.position())
        self.setCursor(Qt.CursorShape.PointingHandCursor if hover is not None else Qt.CursorShape.ArrowCursor)
        self._point_at(hover)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        pressed, self._pressed, self._dragged = self._pressed, None, None
        if event.button() != Qt.MouseButton.LeftButton or pressed is None:
            return
        if (event.position() - pressed).manhattanLength() < 5:
            chosen = self._update_at(event.position())
            if chosen is not None:
                self.update_chosen.emit(chosen)

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


def _seen(shown: View, updates: Array, left: float, right: float) -> slice:
    """Which of some ascending updates lie within the view and between two pixels, and a few more on either side."""
    per_pixel = (shown.last - shown.first) / shown.area.width()
    first = max(shown.first, shown.first + (left - shown.area.left() - 4 * APART) * per_pixel)
    last = min(shown.last, shown.first + (right - shown.area.left() + 4 * APART) * per_pixel)
    low, high = np.searchsorted(updates, [first, last])
    return slice(max(0, int(low) - 1), int(high) + 2)


def _rest(frame: LossFrame) -> tuple[object, ...]:
    """What all of the picture depends on."""
    dots = frame.valid.shape[1] <= DOTS
    marks = (len(frame.annealed), len(frame.off_scale), len(frame.not_finite))
    scale = (stride_above(frame.x_end), frame.y_end, frame.chance)
    return (*scale, frame.current, frame.legend, frame.evaluated, dots, *marks)


def _same(old: Array, new: Array) -> int:
    """How many columns at the beginning of two curves are equal."""
    n = min(old.shape[1], new.shape[1])
    equal = ((old[:, :n] == new[:, :n]) | (np.isnan(old[:, :n]) & np.isnan(new[:, :n]))).all(axis=0)
    return n if equal.all() else int(np.argmin(equal))


def _columns(shown: View, updates: Array, apart: int) -> list[float]:
    """Where some updates lie that are within the view, no two so near that they would cover each other."""
    x = shown.x(updates[(updates >= shown.first) & (updates <= shown.last)])
    found: list[float] = (np.unique(np.floor(x / apart)) * apart + apart / 2).tolist()
    return found if apart > 2 else np.unique(np.round(x)).tolist()


def _triangle(x: float, y: float) -> QPolygonF:
    return QPolygonF([QPointF(x, y - 4), QPointF(x - 4, y + 4), QPointF(x + 4, y + 4)])


def _short(value: float) -> str:
    for limit, sign in ((1e6, "M"), (1e3, "k")):
        if value >= limit * 10 or (value >= limit and value % limit == 0):
            return f"{value / limit:g}{sign}"
    return f"{value:g}"
