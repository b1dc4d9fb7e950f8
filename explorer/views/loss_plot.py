"""The loss curve, drawn with pyqtgraph: wheel to zoom in time, drag to move, double-click for all of it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QFontMetricsF, QKeyEvent, QMouseEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QSizePolicy

from ..model.loss_data import LossFrame, ticks
from ..theme.theme import current
from .loss_legend import EMPTY, coloured

Array = np.ndarray[Any, Any]
MARKS = 400
"""Annealing marks, triangles and validation dots beyond so many are thinned: they would only cover each other."""


class _Axis(pg.AxisItem):  # type: ignore[misc]
    """An axis that prints its first and last number too; pyqtgraph drops what reaches over the end beside a grid."""

    OVER = 9.0

    def boundingRect(self) -> QRectF:
        over = self.OVER if self.orientation == "left" else 0.0
        return QRectF(super().boundingRect()).adjusted(0.0, -over, 0.0, over)


class LossPlot(pg.PlotWidget):  # type: ignore[misc]
    """Shows a :class:`LossFrame`; a click emits ``update_chosen`` with the update it lies nearest to."""

    update_chosen = Signal(int)

    def __init__(self, parent: Any = None) -> None:
        self._frame: LossFrame | None = None
        self._hover: int | None = None
        self._zoomed = False
        self._pressed: QPointF | None = None
        super().__init__(parent, axisItems={"left": _Axis("left")})
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.setMouseTracking(True)
        self.setAccessibleName("Loss curve")
        self.setMinimumSize(140, 60)
        self._make_items()
        self._restyle()

    def _make_items(self) -> None:
        plot = self.getPlotItem()
        plot.hideButtons()
        plot.setMenuEnabled(False)
        plot.setClipToView(False)
        self.view = plot.getViewBox()
        self.view.setMouseEnabled(x=True, y=False)
        self.view.setDefaultPadding(0.0)
        self.view.sigRangeChangedManually.connect(self._zoomed_by_hand)
        self.raw = pg.PlotCurveItem(connect="pairs", antialias=False)
        self.smooth = pg.PlotCurveItem(antialias=True)
        self.smooth.setSegmentedLineMode("on")
        self.valid = pg.PlotCurveItem(antialias=True)
        self.valid_dots = pg.ScatterPlotItem(size=5, pxMode=True)
        self.annealed = pg.PlotCurveItem(connect="pairs", antialias=False)
        self.chance = pg.InfiniteLine(angle=0)
        self.now = pg.InfiniteLine(angle=90)
        self.pointer = pg.InfiniteLine(angle=90)
        self.above = pg.ScatterPlotItem(size=8, symbol="t1", pxMode=True)
        self.broken = pg.ScatterPlotItem(size=8, symbol="t1", pxMode=True)
        self.chance_label = pg.TextItem(anchor=(1, 1))
        self.reading = pg.TextItem(anchor=(0.5, 0))
        self.empty = pg.TextItem(anchor=(0.5, 0.5))
        self._curves = (self.raw, self.annealed, self.smooth, self.valid, self.valid_dots, self.above, self.broken)
        self._lines = (self.chance, self.now, self.pointer)
        self._texts = (self.chance_label, self.reading, self.empty)
        for item in (*self._curves, *self._lines, *self._texts):
            plot.addItem(item, ignoreBounds=True)
        self.reading.setZValue(20)

    def _restyle(self) -> None:
        theme = current()
        self.setBackground(theme.colour("panel"))
        font = theme.font("small")
        for name in ("left", "bottom"):
            axis = self.getAxis(name)
            axis.setPen(pen(theme.colour("line")))
            axis.setTextPen(pen(theme.colour("muted")))
            axis.setTickFont(font)
            axis.setStyle(tickLength=0, tickTextOffset=theme.px(4), hideOverlappingLabels=False)
            axis.enableAutoSIPrefix(False)
        metrics = QFontMetricsF(font)
        self.getPlotItem().layout.setContentsMargins(0, theme.px(7), theme.px(18), 0)
        self.getAxis("left").setWidth(metrics.horizontalAdvance("00.0") + theme.px(8))
        self.getAxis("bottom").setHeight(metrics.height() + theme.px(6))
        self.raw.setPen(pen(theme.colour("loss", 0.42)))
        self.smooth.setPen(pen(theme.colour("loss"), 2.4))
        self.valid.setPen(pen(theme.colour("value"), 1.4))
        self.valid_dots.setBrush(theme.colour("value"))
        self.valid_dots.setPen(None)
        self.annealed.setPen(pen(theme.colour("weight", 0.8), 1.0, Qt.PenStyle.DashLine))
        self.chance.setPen(pen(theme.colour("muted"), 1.0, Qt.PenStyle.DotLine))
        self.now.setPen(pen(theme.colour("text"), 1.4))
        self.pointer.setPen(pen(theme.colour("muted"), 1.0, Qt.PenStyle.DashLine))
        self.above.setPen(pen(theme.colour("cut")))
        self.above.setBrush(None)
        self.broken.setPen(pen(theme.colour("cut")))
        self.broken.setBrush(theme.colour("cut"))
        for text in self._texts:
            text.setFont(font)
        self.reading.fill = pg.mkBrush(theme.colour("raised"))
        self.reading.border = pg.mkPen(theme.colour("line"))
        if self._frame is not None:
            self.set_frame(self._frame)

    # --- what is shown ---

    @property
    def frame(self) -> LossFrame | None:
        """What is shown."""
        return self._frame

    def set_frame(self, frame: LossFrame) -> None:
        """Show ``frame``."""
        self._frame = frame
        self.setAccessibleName(f"Loss curve. {EMPTY if frame.empty else frame.footer}")
        for item in (*self._curves, *self._lines, self.chance_label):
            item.setVisible(not frame.empty)
        for name in ("left", "bottom"):
            self.getAxis(name).setVisible(not frame.empty)
        self.empty.setVisible(frame.empty)
        self._point()
        if frame.empty:
            self._fit(frame)
            self.empty.setHtml(coloured(EMPTY, "muted"))
            self.empty.setPos(frame.x_end / 2, frame.y_end / 2)
            return
        self._fit(frame)
        self._set_curves(frame)
        self.chance.setValue(frame.chance)
        self.chance.setVisible(0 < frame.chance <= frame.y_end)
        self.now.setValue(frame.current)
        self._set_texts(frame)

    def _fit(self, frame: LossFrame) -> None:
        self.view.setLimits(xMin=0, xMax=frame.x_end, minXRange=min(4.0, frame.x_end))
        if not self._zoomed:
            self.view.setRange(xRange=(0, frame.x_end), yRange=(0, frame.y_end), padding=0, disableAutoRange=True)
        else:
            self.view.setYRange(0, frame.y_end, padding=0)
        self._set_ticks()

    def _set_ticks(self) -> None:
        if self._frame is None:
            return
        theme = current()
        (left, right), (_, top) = self.view.viewRange()
        wide = max(1, int(self.view.width() / theme.px(90)))
        self.getAxis("left").setTicks([[(v, f"{v:.3g}") for v in self._levels(top)]])
        step = ticks(right - left, wide)
        gap = max(1.0, step[1] if len(step) > 1 else 1.0)
        first = np.ceil(left / gap) * gap
        self.getAxis("bottom").setTicks([[(v, _updates(v)) for v in np.arange(first, right + gap / 1e6, gap).tolist()]])
        self.showGrid(x=False, y=True, alpha=0.18)

    def _levels(self, top: float) -> list[float]:
        """The numbers of the upright axis: one about every 34 pixels, and three at least where they find room."""
        theme = current()
        most = max(1, int(self.view.height() / theme.px(34)))
        found = ticks(top, most)
        while len(found) < 3 and self.height() >= theme.px(60) and most < 8:
            most += 1
            found = ticks(top, most)
        return found

    def _set_curves(self, frame: LossFrame) -> None:
        update, low, high = frame.raw
        pixel = frame.y_end / max(self.view.height(), 1.0)
        if np.array_equal(low, high, equal_nan=True):
            self.raw.setData(update, high, connect="finite")
        else:  # a point stands for several updates: a stroke from their least to their greatest loss
            top = np.maximum(high, low + pixel)
            self.raw.setData(np.repeat(update, 2), np.stack([low, top], axis=1).reshape(-1), connect="pairs")
        self.smooth.setData(frame.smooth[0], frame.smooth[1], connect="finite")
        self.valid.setData(frame.valid[0], frame.valid[1], connect="finite")
        few = frame.valid.shape[1] <= 80
        dots = frame.valid[:, np.isfinite(frame.valid[1])] if few else np.empty((2, 0))
        self.valid_dots.setData(dots[0], dots[1])
        marks = frame.annealed[-MARKS:]
        ends = np.tile([0.0, frame.y_end], len(marks))
        self.annealed.setData(np.repeat(marks, 2), ends, connect="pairs")
        for item, updates in ((self.above, frame.off_scale), (self.broken, frame.not_finite)):
            some = updates[:: max(1, -(-len(updates) // MARKS))]
            item.setData(some, np.full(len(some), frame.y_end - 4 * pixel))

    def _set_texts(self, frame: LossFrame) -> None:
        (_, right), _ = self.view.viewRange()
        self.chance_label.setHtml(coloured("ln V", "muted"))
        room = (frame.y_end - frame.chance) / max(frame.y_end, 1e-300) * self.view.height()
        above = room >= self.chance_label.boundingRect().height()
        self.chance_label.setAnchor((1, 1) if above else (1, 0))  # below its line where the top would cut it off
        self.chance_label.setPos(right, frame.chance)
        self.chance_label.setVisible(self.chance.isVisible())

    def x_of(self, update: float) -> float:
        """Return where an update lies, in the widget's pixels."""
        return float(self.mapFromScene(self.view.mapViewToScene(QPointF(float(update), 0.0))).x())

    # --- the mouse ---

    def _zoomed_by_hand(self) -> None:
        self._zoomed = True
        self._set_ticks()
        if self._frame is not None and not self._frame.empty:
            self._set_texts(self._frame)

    def show_all(self) -> None:
        """Show the whole curve again, and keep showing the whole of it."""
        self._zoomed = False
        if self._frame is not None:
            self.set_frame(self._frame)

    def _update_at(self, place: QPointF) -> int | None:
        if self._frame is None or self._frame.empty:
            return None
        scene = self.mapToScene(place.toPoint())
        if not self.view.sceneBoundingRect().contains(scene):
            return None
        return self._frame.nearest(self.view.mapSceneToView(scene).x())

    def _point(self) -> None:
        shown = self._hover is not None and self._frame is not None and not self._frame.empty
        self.pointer.setVisible(shown)
        self.reading.setVisible(shown)
        if not shown or self._frame is None or self._hover is None:
            return
        self.pointer.setValue(self._hover)
        lines = self._frame.reading(self._hover).split(" · ")
        self.reading.setHtml(coloured("<br>".join(lines), "text"))
        (left, right), (_, top) = self.view.viewRange()
        half = (right - left) * self.reading.boundingRect().width() / max(self.view.width(), 1.0) / 2
        x = min(max(self._hover, left + half), max(right - half, left + half))
        self.reading.setPos(x, top)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._pressed = event.position()
        super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        hover = self._update_at(event.position()) if not event.buttons() else None
        self.setCursor(Qt.CursorShape.PointingHandCursor if hover is not None else Qt.CursorShape.ArrowCursor)
        if hover != self._hover:
            self._hover = hover
            self._point()
        super().mouseMoveEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        pressed, self._pressed = self._pressed, None
        super().mouseReleaseEvent(event)
        if event.button() != Qt.MouseButton.LeftButton or pressed is None:
            return
        if (event.position() - pressed).manhattanLength() < 5:
            chosen = self._update_at(event.position())
            if chosen is not None:
                self.update_chosen.emit(chosen)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.show_all()

    def leaveEvent(self, event: QEvent) -> None:
        self._hover = None
        self._point()
        super().leaveEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        event.ignore()  # the walk's keys belong to the window

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if getattr(self, "_texts", None) and self._frame is not None:
            self.set_frame(self._frame)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange and getattr(self, "_texts", None):
            self._restyle()


def pen(colour: QColor, width: float = 1.0, style: Qt.PenStyle = Qt.PenStyle.SolidLine) -> QPen:
    """A cosmetic pen: its width is in pixels whatever the curve's own units; any other is stroked very slowly."""
    return pg.mkPen(colour, width=width, style=style, cosmetic=True)


def _updates(value: float) -> str:
    for limit, sign in ((1e6, "M"), (1e3, "k")):
        if value >= limit * 10 or (value >= limit and value % limit == 0):
            return f"{value / limit:g}{sign}"
    return f"{value:g}"
