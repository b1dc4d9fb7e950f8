"""The picture of an experiment's outcome, drawn by pyqtgraph: wheel to zoom, drag to move, right-click for more."""

from __future__ import annotations

import math
import re
from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QPainter
from PySide6.QtWidgets import QWidget

from ..model.experiments.records import Curve, Outcome
from ..theme.theme import Theme, current
from .paint import pen, text_width
from .power_axis import PowerAxis

DECADES = 8
"""A logarithmic axis begins at most so many powers of ten below its top; one can zoom further down."""


class OutcomePlot(pg.PlotWidget):  # type: ignore[misc]  # pyqtgraph has no types
    """Shows the curves or the heat map of an :class:`Outcome`; ``pointed(x, y)`` on a click into the map.

    Each curve's name stands at its right end, so that no legend hides a curve and none is told by colour alone.
    """

    pointed = Signal(float, float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent, axisItems={"left": PowerAxis("left")})
        self._outcome: Outcome | None = None
        self._written: list[tuple[pg.TextItem, float, float, tuple[float, float]]] = []
        self.setMinimumSize(120, 90)
        self.setFrameShape(self.Shape.NoFrame)
        self.hideButtons()
        self._pressed: QPointF | None = None
        self._style()

    def show_outcome(self, outcome: Outcome) -> None:
        """Show ``outcome``; the same one again changes nothing."""
        if outcome is not self._outcome:
            self._outcome = outcome
            self._draw()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange and hasattr(self, "_outcome"):
            self._style()
            if self._outcome is not None:
                self._draw()

    @property
    def _theme(self) -> Theme:
        return current(self)

    @property
    def _factor(self) -> float:
        """How much larger lines and points are than in a panel of the usual size."""
        return self._theme.scale / current().scale

    def _style(self) -> None:
        """pyqtgraph keeps the colours that a plot was made with: they are set again with each theme."""
        theme = self._theme
        self.setBackground(theme.colour("panel"))
        for name in ("left", "bottom"):
            axis = self.getAxis(name)
            axis.setPen(pg.mkPen(theme.colour("line")))
            axis.setTextPen(pg.mkPen(theme.colour("muted")))
            axis.setTickFont(theme.font("tiny"))
            axis.enableAutoSIPrefix(False)

    def _draw(self) -> None:
        outcome, theme = self._outcome, self._theme
        assert outcome is not None
        item = self.getPlotItem()
        item.clear()
        self._written = []
        colour, size = theme.colour("muted").name(), f"{theme.font('tiny').pixelSize()}px"
        for side, title in (("left", outcome.y_title), ("bottom", outcome.x_title)):
            item.setLabel(side, title, color=colour, **{"font-size": size})
        item.setLogMode(x=False, y=outcome.log)
        item.showGrid(x=False, y=outcome.heat is None, alpha=0.25)
        self._number_steps()
        item.layout.setContentsMargins(0, theme.px(4), self._label_width(), 0)
        named = ", ".join(c.label for c in outcome.curves if c.label)
        upright = re.sub("<.*?>", "", outcome.y_title)
        self.setAccessibleName(f"{upright} over {outcome.x_title}{f': {named}' if named else ''}")
        if outcome.heat is not None:
            self._draw_heat(item, outcome)
        else:
            self._draw_curves(item, outcome)

    # --- curves ---

    def _draw_curves(self, item: Any, outcome: Outcome) -> None:
        theme = self._theme
        for row in outcome.rows:
            if row.at is not None and row.judged and row.token and row.low > 0 and math.isfinite(row.high):
                ends = np.array([row.low, row.high])
                band = pg.mkPen(theme.colour(row.token, 0.35), width=theme.px(7))
                band.setCapStyle(Qt.PenCapStyle.FlatCap)
                item.plot(np.full(2, row.at), ends, pen=band)
        for curve in outcome.curves:
            known = np.isfinite(curve.y) & ((curve.y > 0) | (not outcome.log))
            style = Qt.PenStyle.DashLine if curve.dashed else Qt.PenStyle.SolidLine
            few = len(curve.x) <= 13
            item.plot(
                curve.x[known],
                curve.y[known],
                pen=pg.mkPen(theme.colour(curve.token), width=1.6 * self._factor, style=style),
                symbol="o" if few else None,
                symbolSize=5 * self._factor,
                symbolBrush=theme.colour(curve.token),
                symbolPen=None,
                antialias=True,
            )
        every = np.concatenate([c.y[np.isfinite(c.y)] for c in outcome.curves])
        item.enableAutoRange()
        if outcome.log and (every > 0).any():
            logs = np.log10(every[every > 0])
            item.setYRange(max(logs.min(), logs.max() - DECADES), logs.max(), padding=0.06)
        elif every.size:
            item.setYRange(min(0.0, every.min()), every.max(), padding=0.1)

    def _label_width(self) -> float:
        """What the names at the curves' ends take; 0 in a plot too narrow for them: the rows have their colours."""
        outcome, theme = self._outcome, self._theme
        names = [c.label for c in outcome.curves if c.label] if outcome is not None else []
        if not names:
            return float(theme.px(10))
        wide = max(map(QFontMetricsF(theme.font("tiny")).horizontalAdvance, names)) + theme.px(16)
        return float(wide if wide < 0.45 * self.width() else theme.px(8))

    def resizeEvent(self, event: Any) -> None:
        super().resizeEvent(event)
        if hasattr(self, "_outcome"):
            self.getPlotItem().layout.setContentsMargins(0, self._theme.px(4), self._label_width(), 0)
            self._number_steps()
            self._keep_in()

    def drawForeground(self, painter: QPainter, rect: QRectF) -> None:
        """Write each curve's name beside its end, moved apart where they would meet."""
        outcome, theme = self._outcome, self._theme
        wide = self._label_width()
        if outcome is None or wide <= theme.px(10):
            return
        box = self.getPlotItem().vb
        area = box.mapRectToScene(box.boundingRect())
        metrics = QFontMetricsF(theme.font("tiny"))
        line = metrics.height()
        ends = sorted(
            ((self._end(curve, box, area), curve) for curve in outcome.curves if curve.label), key=lambda p: p[0]
        )
        places = apart([y for y, _ in ends], line, area.top(), area.bottom())
        painter.resetTransform()
        painter.setFont(theme.font("tiny"))
        x = area.right()
        for (y, curve), at in zip(ends, places, strict=True):
            colour = theme.colour(curve.token)
            painter.setPen(pen(colour, 1.0))
            painter.drawLine(QPointF(x + 1, y), QPointF(x + theme.px(9), at))
            painter.drawText(QRectF(x + theme.px(11), at - line / 2, wide, line), _MIDDLE, curve.label)

    @staticmethod
    def _end(curve: Curve, box: Any, area: QRectF) -> float:
        """Where the curve leaves on the right, in the scene, kept within the plot."""
        known = np.isfinite(curve.y) & (curve.y > 0)
        last = float(np.log10(curve.y[known][-1])) if known.any() else -math.inf
        top, bottom = box.viewRange()[1][1], box.viewRange()[1][0]
        share = (top - max(last, bottom - 1)) / max(top - bottom, 1e-12)
        return min(max(area.top() + share * area.height(), area.top()), area.bottom())

    # --- heat ---

    def _draw_heat(self, item: Any, outcome: Outcome) -> None:
        theme, heat = self._theme, outcome.heat
        assert heat is not None
        logs = np.log10(np.maximum(heat, 1e-300))
        low, high = float(np.median(logs)), float(np.quantile(logs, 0.9995))
        share = np.clip((logs - low) / max(high - low, 1e-9), 0.0, 1.0)[..., None] ** 1.5
        ground, top = (np.array(theme.tokens.rgb(t), float) for t in ("raised", "gradient"))
        pixels = (ground + (top - ground) * share).astype(np.uint8)
        image = pg.ImageItem(pixels, axisOrder="row-major", levels=(0, 255))
        image.setRect(QRectF(*outcome.extent))
        item.addItem(image)
        for x0, y0, x1, y1, token in outcome.steps:
            colour = theme.colour(token)
            item.plot([x0, x1], [y0, y1], pen=pg.mkPen(colour, width=2.4 * self._factor), antialias=True)
            item.addItem(pg.ScatterPlotItem([x1], [y1], size=6 * self._factor, brush=colour, pen=None))
        for x, y, words, token in outcome.marks:
            size = (13 if token == "muted" else 8) * self._factor
            item.addItem(pg.ScatterPlotItem([x], [y], size=size, brush=None, pen=pg.mkPen(theme.colour(token))))
            self._write(item, x, y, words, (1.1, -0.1) if token == "muted" else (-0.1, 1.1))
        left, bottom, wide, high_ = outcome.extent
        self._keep_in()
        item.setRange(xRange=(left, left + wide), yRange=(bottom, bottom + high_), padding=0.0)

    def _write(self, item: Any, x: float, y: float, words: str, anchor: tuple[float, float]) -> None:
        theme = self._theme
        label = pg.TextItem(words, color=theme.colour("text"), anchor=anchor, fill=theme.colour("panel", 0.6))
        label.setFont(theme.font("tiny"))
        label.setPos(x, y)
        item.addItem(label)
        share = 0.0 if self._outcome is None else (x - self._outcome.extent[0]) / self._outcome.extent[2]
        self._written.append((label, share, text_width(words, theme.font("tiny")), anchor))

    def _number_steps(self) -> None:
        """Of a few whole numbers below the curves as many are named as have room, from the first on."""
        curves = () if self._outcome is None else self._outcome.curves
        if not curves or any(len(c.x) > 13 or (c.x != np.round(c.x)).any() for c in curves):
            self.getAxis("bottom").setTicks(None)
            return
        steps = curves[0].x
        wide = max(text_width(f"{x:g}", self._theme.font("tiny")) for x in steps) + 6
        pitch = self.getPlotItem().vb.width() / max(1, len(steps))
        every = next((n for n in (1, 2, 3, 4, 6) if n * pitch >= wide), 12)
        self.getAxis("bottom").setTicks([[(float(x), f"{x:g}") for x in steps[::every]]])

    def _keep_in(self) -> None:
        """Let words that would begin left of the map stand to the right of their place."""
        wide = self.getPlotItem().vb.width()
        for label, share, needed, (x, y) in self._written:
            label.setAnchor((-0.1 if share * wide < 1.2 * needed + 8 else x, y))

    def mousePressEvent(self, event: Any) -> None:
        super().mousePressEvent(event)
        self._pressed = event.position() if event.button() == Qt.MouseButton.LeftButton else None

    def mouseReleaseEvent(self, event: Any) -> None:
        super().mouseReleaseEvent(event)
        outcome, pressed, self._pressed = self._outcome, self._pressed, None
        if outcome is None or outcome.heat is None or pressed is None:
            return
        if (event.position() - pressed).manhattanLength() > 4:
            return  # the map was dragged
        at = self.getPlotItem().vb.mapSceneToView(self.mapToScene(event.position().toPoint()))
        left, bottom, wide, high = outcome.extent
        if left <= at.x() <= left + wide and bottom <= at.y() <= bottom + high:
            self.pointed.emit(at.x(), at.y())


_MIDDLE = Qt.AlignmentFlag.AlignVCenter


def apart(places: list[float], least: float, top: float, bottom: float) -> list[float]:
    """Return places (in order) at least ``least`` from one another, as near as can be to where they were, within the
    bounds as far as they fit."""
    moved: list[float] = []
    for place in places:
        moved.append(max(place, moved[-1] + least) if moved else max(place, top))
    limit = bottom
    for n in range(len(moved) - 1, -1, -1):
        moved[n] = min(moved[n], limit)
        limit = moved[n] - least
    return moved
