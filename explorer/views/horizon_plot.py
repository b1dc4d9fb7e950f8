"""The horizon's picture: surviving gradient by lag on a logarithmic axis, painted by hand."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFontMetricsF,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPixmap,
    QPolygonF,
    QRegion,
    QWheelEvent,
)
from PySide6.QtWidgets import QToolTip, QWidget

from ..model.horizon_data import UNDERFLOW, HorizonData, Line, rising_names
from ..theme.theme import Theme, current
from ..widgets.canvas import ENTER, Canvas
from ..widgets.paint import arrow_head, pen, text_width
from .horizon_axes import AWAY, dashes, paint_axes, paint_hatch
from .horizon_labels import Label, Placed, key_of, paint_name, place
from .horizon_odd import is_odd, odd_places, paint_odd

FAR = 400.0
"""Powers of ten up to which a line is drawn true to its slope beyond the axis: Qt's coordinates have an end."""
NEARER, FURTHER = 0.7, 1 / 0.7
"""By how much one turn of the wheel, or one key, changes the number of lags in sight."""
FEWEST = 4
"""So many lags at least are in sight."""
ZOOMS = {Qt.Key.Key_Plus: NEARER, Qt.Key.Key_Equal: NEARER, Qt.Key.Key_Minus: FURTHER}
DASHES = {"gradient": [2.0, 2.0], "muted": [4.0, 3.0], "value": [1.0, 2.5], "weight": [7.0, 3.0, 1.5, 3.0]}
"""A reference line's dashes by its colour: told apart without colour as well."""


class HorizonPlot(Canvas):
    """Paints a :class:`HorizonData`; ``pointed(lag)`` (−1: none) by the mouse, ``chosen(lag)`` on a click."""

    KEYS = frozenset({Qt.Key.Key_Left, Qt.Key.Key_Right, *ZOOMS, Qt.Key.Key_0})

    pointed = Signal(int)
    chosen = Signal(int)
    zoomed = Signal()
    """Other lags are shown than before."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Horizon", parent)
        self._data: HorizonData | None = None
        self._whole: HorizonData | None = None
        self._count = 0
        self._lag = -1
        self._area: tuple[tuple[int, int, Theme], QRectF] | None = None
        self._still: QPixmap | None = None
        self._still_key: tuple[object, ...] = ()

    @property
    def data(self) -> HorizonData | None:
        """What is shown: the nearest lags of :attr:`whole`, or all of it."""
        return self._data

    @property
    def whole(self) -> HorizonData | None:
        """What was to be shown, with every lag."""
        return self._whole

    def set_data(self, data: HorizonData | None) -> None:
        """Show ``data``; None while it is computed for the first time."""
        if data is not None and data is self._whole:
            return
        self._whole = data
        if data is not None and self._count:
            data = data.nearest(self._count)
        old, self._data = self._data, data
        same = old is not None and data is not None and old.key == data.key
        if same and old is not None and data is not None and (old.reached, old.walking) == (data.reached, data.walking):
            return
        if data is not None:
            last = data.reading(len(data.values) - 1)[0] if len(data.values) else "no loss"
            self.setAccessibleName(f"Horizon, {data.who}: {last}")
            if self._lag >= len(data.values):
                self._lag = -1
        self.update()

    def show_lags(self, count: int) -> None:
        """Show the nearest ``count`` lags; 0, or more than there are, for all."""
        whole = self._whole
        if whole is None:
            return
        count = 0 if count <= 0 or count >= whole.length else max(count, min(FEWEST, whole.length))
        if count != self._count:
            self._count = count
            self._whole = None
            self.set_data(whole)
            self.zoomed.emit()

    def _zoom(self, factor: float) -> None:
        if self._whole is not None:
            count = self._count or self._whole.length
            self.show_lags(max(FEWEST, min(round(count * factor), count - 1) if factor < 1 else round(count * factor)))

    def sizeHint(self) -> QSize:
        return QSize(240, 170)

    def minimumSizeHint(self) -> QSize:
        return QSize(120, 60)

    def restyle(self) -> None:
        self._still = None
        super().restyle()

    # --- geometry ---

    def plot_area(self) -> QRectF:
        """Within the labels of both axes."""
        theme = current(self)
        key = self.width(), self.height(), theme
        if self._area is None or self._area[0] != key:
            self._area = key, self._measured(theme)
        return self._area[1]

    def _measured(self, theme: Theme) -> QRectF:
        left = QFontMetricsF(theme.font("small")).horizontalAdvance("10⁻³⁰⁸") + theme.px(AWAY)
        return QRectF(left, theme.px(7), self.width() - left - theme.px(8), self.height() - theme.px(7) - self._foot())

    def _foot(self) -> float:
        return QFontMetricsF(current(self).font("small")).height() + 2 if self.height() >= current(self).px(84) else 3.0

    def x_of(self, lag: float) -> float:
        """Where a lag lies."""
        area = self.plot_area()
        data = self._data
        last = max(1, data.length - 1) if data is not None else 1
        return area.left() + area.width() * lag / last

    @np.errstate(all="ignore")
    def ys(self, values: Any) -> Any:
        """Where shares (L,) lie; 0 at the foot, infinite at the top, NaN nowhere; beyond the axis what is beyond it."""
        data, area = self._data, self.plot_area()
        assert data is not None
        power = np.log10(np.where(values < UNDERFLOW, 0.0, values))
        share = (data.top - np.clip(power, -FAR, FAR)) / (data.top - data.bottom)
        found = np.where(np.isinf(values), area.top(), area.top() + area.height() * share)
        return np.where(values < UNDERFLOW, area.bottom(), found)

    def points(self) -> list[QPointF]:
        """The middles of the curve's points; of what is no number at the top."""
        assert self._data is not None
        ys = self.ys(self._data.values)
        ys = np.where(np.isnan(ys), self.plot_area().top(), ys)
        first, step = self.x_of(0), self.x_of(1) - self.x_of(0)
        return [QPointF(first + step * lag, y) for lag, y in enumerate(ys.tolist())]

    def lag_at(self, x: float) -> int:
        """The lag nearest to a place; −1 where the loss has none."""
        lag = self._nearest(x)
        return lag if self._data is not None and lag < len(self._data.values) else -1

    def _nearest(self, x: float) -> int:
        """The lag of the axis nearest to a place, whether the loss has it or not; −1 beside the axis."""
        data, area = self._data, self.plot_area()
        if data is None or not len(data.values) or not area.left() - 8 <= x <= area.right() + 8:
            return -1
        return max(0, round((x - area.left()) / max(area.width(), 1.0) * max(1, data.length - 1)))

    # --- painting ---

    def paint(self, painter: QPainter, theme: Theme, region: QRegion) -> None:
        data = self._data
        if data is None or not len(data.values):
            painter.setFont(theme.font("label"))
            painter.setPen(theme.colour("muted"))
            words = "computing …" if data is None else "no step of this sentence has a loss"
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, words)
            return
        ratio = self.devicePixelRatioF()
        key = (*data.key, self.width(), self.height(), ratio, id(theme))
        if self._still is None or key != self._still_key:
            self._still, self._still_key = self._painted(data, theme, ratio), key
        painter.drawPixmap(0, 0, self._still)
        self._paint_points(painter, theme, data)

    def _painted(self, data: HorizonData, theme: Theme, ratio: float) -> QPixmap:
        """All that does not change while the walk goes on."""
        still = QPixmap(round(self.width() * ratio), round(self.height() * ratio))
        still.setDevicePixelRatio(ratio)
        still.fill(Qt.GlobalColor.transparent)
        painter = QPainter(still)
        area = self.plot_area()
        paint_hatch(painter, theme, data, area, self.x_of, ratio)
        paint_axes(painter, theme, data, area, self.x_of, ratio, lags=self._foot() >= 8)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_lines(painter, theme, data)
        self._paint_curve(painter, theme, data)
        self._paint_labels(painter, theme, data)
        painter.end()
        return still

    def _segments(self, values: Any) -> list[QPolygonF]:
        """The runs of a curve between what is no number."""
        runs: list[QPolygonF] = []
        now = QPolygonF()
        first, step = self.x_of(0), self.x_of(1) - self.x_of(0)
        for lag, y in enumerate(self.ys(values).tolist()):
            if math.isnan(y):
                runs, now = [*runs, now], QPolygonF()
                continue
            now.append(QPointF(first + step * lag, y))
        return [run for run in [*runs, now] if run.size() > 1]

    def _paint_lines(self, painter: QPainter, theme: Theme, data: HorizonData) -> None:
        painter.save()
        painter.setClipRect(self.plot_area().adjusted(-4, -1, 4, 0))
        for line in data.lines:
            colour = theme.colour(line.token, 0.6 if line.token == "gradient" else 1.0)
            painter.setPen(dashes(colour, DASHES[line.token], theme.scale))
            for run in self._segments(line.values):
                painter.drawPolyline(run)
        painter.restore()
        for line in data.lines:
            if (out := self.way_out(line)) is not None:
                at, along = out
                arrow_head(painter, at, along.x(), along.y(), theme.colour(line.token), 6.0 * max(1.0, theme.scale))

    def way_out(self, line: Line) -> tuple[QPointF, QPointF] | None:
        """Where a line leaves the picture at the top, and in which direction; None where it stays within."""
        ys, top = self.ys(line.values), self.plot_area().top()
        above = np.flatnonzero(ys < top - 0.5)
        if not len(above) or above[0] == 0 or not ys[above[0] - 1] >= top:
            return None
        lag, before = int(above[0]), float(ys[above[0] - 1])
        wide, rise = self.x_of(1) - self.x_of(0), before - float(ys[lag])
        length = math.hypot(wide, rise)
        at = QPointF(self.x_of(lag - 1) + wide * (before - top) / rise, top)
        return at, QPointF(wide / length, -rise / length)

    def placed(self, data: HorizonData) -> list[Placed]:
        """The curves' names and where they stand."""
        high = QFontMetricsF(current(self).font("small")).height()
        area = self.plot_area()
        labels = [Label(line.names, data.lines.index(line) + 1, line.token) for line in self.named(data)]
        labels += [Label(rising_names(line), data.lines.index(line) + 1, line.token) for line in self.rising(data)]
        if area.height() > 4 * high:
            labels.insert(0, Label((data.who,), 0, "gradient"))
        cut = math.nan if data.first_cut is None else self.x_of(data.first_cut - 0.5)
        font = current(self).font("small")
        odd = list(self.odd_places(current(self), data).values())
        dot = self._radius(current(self), data) + 4.0  # with the ring around the lag in work
        return place(labels, self._sampled(data), area, lambda text: text_width(text, font), high, cut, odd, dot)

    def _paint_labels(self, painter: QPainter, theme: Theme, data: HorizonData) -> None:
        """Name the curves where there is room beside them; a name far from its line has a piece of it before."""
        painter.setFont(theme.font("small"))
        for one in self.placed(data):
            if one.key:
                dashed = dashes(theme.colour(one.token), DASHES[one.token], theme.scale)
                painter.setPen(dashed if one.curve else pen(theme.colour(one.token), self._stroke(theme)))
                painter.drawLine(*key_of(one))
            paint_name(painter, theme, one)

    def named(self, data: HorizonData) -> list[Line]:
        """The references that run within the axis after lag 0: what is not drawn is not named."""
        area = self.plot_area()
        found = []
        for line in data.lines:
            ys = self.ys(line.values)[1:]
            if ((ys >= area.top()) & (ys < area.bottom())).any():
                found.append(line)
        return found

    def rising(self, data: HorizonData) -> list[Line]:
        """The references that leave the axis above at once: of ρ > 1 nothing is to be seen but its name."""
        area = self.plot_area()
        found = []
        for line in data.lines:
            ys = self.ys(line.values)[1:]
            if len(ys) and (ys < area.top()).all():
                found.append(line)
        return found

    def _sampled(self, data: HorizonData) -> Any:
        """Where every curve runs, one row a curve, one column a pixel of the plot's width; NaN where it does not."""
        area = self.plot_area()
        lags = np.arange(max(2, int(area.width()))) * (max(1, data.length - 1) / max(1.0, area.width()))
        rows = [self.ys(values) for values in (data.values, *(line.values for line in data.lines))]
        return np.array([np.interp(lags, np.arange(len(ys)), ys, right=np.nan) for ys in rows])

    def _paint_curve(self, painter: QPainter, theme: Theme, data: HorizonData) -> None:
        """The curve itself: whole where it is counted, dashed and muted where it is cut."""
        cut = data.first_cut
        until = len(data.values) if cut is None else cut
        counted = self._segments(data.values[: max(until, 1)])
        wide = self._stroke(theme)
        # With an edge in the panel's colour it stands before a reference that runs along it.
        for stroke in (pen(theme.colour("panel"), wide + 3.0), pen(theme.colour("gradient"), wide)):
            painter.setPen(stroke)
            for run in counted:
                painter.drawPolyline(run)
        if cut is not None:
            painter.setPen(dashes(theme.colour("gradient", 0.7), [3.0, 3.0], theme.scale))
            rest = data.values.copy()
            rest[: max(until - 1, 0)] = np.nan
            for run in self._segments(rest):
                painter.drawPolyline(run)

    def _stroke(self, theme: Theme) -> float:
        """How thick the curve is: on a whole screen it is read from afar, as its words are."""
        return 1.8 * max(1.0, theme.scale)

    def _paint_points(self, painter: QPainter, theme: Theme, data: HorizonData) -> None:
        """Filled where the walk has been, open where it will be, muted where it never comes."""
        full, faint, paper = theme.colour("gradient"), theme.colour("gradient", 0.55), theme.colour("panel")
        radius = self._radius(theme, data)
        points = self.points()
        ring = data.reached - 1 if data.walking and 0 < data.reached <= len(data.values) else -1
        odd = self.odd_places(theme, data, ring)
        for lag, value in enumerate(data.values.tolist()):
            at, counted = points[lag], data.kept[lag] > 0
            if lag in odd:
                paint_odd(painter, theme, odd[lag], value)
            elif not radius or is_odd(value):
                continue
            elif counted and lag < data.reached:
                self._dot(painter, at, radius, full, full)
            else:
                self._dot(painter, at, radius * 0.85, paper, full if counted else faint)
        if ring >= 0:
            self._mark_at(painter, theme, points[ring], radius + 3.0, odd.get(ring))
        if 0 <= self._lag < len(data.values):
            at = points[self._lag]
            painter.setPen(pen(theme.colour("text", 0.5)))
            area = self.plot_area()
            painter.drawLine(QPointF(at.x(), area.top()), QPointF(at.x(), area.bottom()))
            self._mark_at(painter, theme, at, max(radius, 2.0) + 1.5, odd.get(self._lag))

    def _mark_at(self, painter: QPainter, theme: Theme, at: QPointF, radius: float, word: QRectF | None) -> None:
        """Mark a point; where a word stands in its place, a frame around that."""
        if word is None:
            self._dot(painter, at, radius, None, theme.colour("text"))
            return
        painter.setPen(pen(theme.colour("text"), 1.3))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(word, word.height() / 2, word.height() / 2)

    def _radius(self, theme: Theme, data: HorizonData) -> float:
        """How large a point is; 0 where they lie too close for any."""
        wide = self.plot_area().width() / max(1, data.length - 1)
        return 3.2 * min(max(1.0, theme.scale), wide / 9) if wide > 9 else 2.0 if wide > 4 else 0.0

    def odd_places(self, theme: Theme, data: HorizonData, ring: int = -1) -> dict[int, QRectF]:
        """Where the names of what has no place on the axis stand, by lag: that of the lag ``ring`` in any case."""
        values, left = data.values.tolist(), self.plot_area().left() + 1
        return odd_places(theme, values, self.points(), left, self.width() - 1.0, ring)

    def _dot(self, painter: QPainter, at: QPointF, radius: float, fill: QColor | None, edge: QColor) -> None:
        painter.setPen(pen(edge, 1.3))
        painter.setBrush(Qt.BrushStyle.NoBrush if fill is None else fill)
        painter.drawEllipse(at, radius, radius)
        painter.setBrush(Qt.BrushStyle.NoBrush)

    # --- pointing ---

    def mark(self, lag: int) -> None:
        """Mark a lag that something else points at; −1 for none."""
        if lag != self._lag:
            self._lag = lag
            self.update()

    def point_at(self, lag: int) -> None:
        """Mark a lag, and say so; −1 for none."""
        if lag != self._lag:
            self.mark(lag)
            self.pointed.emit(lag)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        lag = self.lag_at(event.position().x())
        self.setCursor(Qt.CursorShape.PointingHandCursor if lag >= 0 else Qt.CursorShape.ArrowCursor)
        self.point_at(lag)
        said = self.tip(event.position().x(), event.position().y())
        if said:
            QToolTip.showText(event.globalPosition().toPoint(), said, self)
        else:
            QToolTip.hideText()

    def tip(self, x: float, y: float) -> str:
        """What is drawn over the lag at a place, and what each line is."""
        data, lag = self._data, self._nearest(x)
        if data is None or lag < 0:
            return ""
        return "\n".join([*data.reading(lag), *(f"{line.label}: {line.meaning}" for line in data.lines)])

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        lag = self.lag_at(event.position().x())
        if lag >= 0 and event.button() == Qt.MouseButton.LeftButton:
            self.chosen.emit(lag)

    def wheelEvent(self, event: QWheelEvent) -> None:
        if event.angleDelta().y():
            self._zoom(NEARER if event.angleDelta().y() > 0 else FURTHER)
            event.accept()

    def leaveEvent(self, event: QEvent) -> None:
        self.point_at(-1)
        super().leaveEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        data = self._data
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()))
        if data is None or not len(data.values):
            super().keyPressEvent(event)
        elif step is not None:
            self.point_at(min(max(self._lag + step, 0), len(data.values) - 1))
            self.setAccessibleDescription(", ".join(data.reading(self._lag)))
        elif Qt.Key(event.key()) in ZOOMS:
            self._zoom(ZOOMS[Qt.Key(event.key())])
        elif event.key() == Qt.Key.Key_0:
            self.show_lags(0)
        elif event.key() in ENTER and self._lag >= 0:
            self.chosen.emit(self._lag)
        else:
            super().keyPressEvent(event)
