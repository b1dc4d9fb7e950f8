"""The picture of an experiment's outcome, drawn by pyqtgraph: wheel to zoom, drag to move, right-click for more."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, QRectF, Qt
from PySide6.QtWidgets import QWidget

from ..model.experiments.records import Outcome
from ..theme.theme import current

DECADES = 8
"""A logarithmic axis begins at most so many powers of ten below its top; one can zoom further down."""


class OutcomePlot(pg.PlotWidget):  # type: ignore[misc]  # pyqtgraph has no types
    """Shows the curves or the heat map of an :class:`Outcome`."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._outcome: Outcome | None = None
        self.setMinimumSize(120, 90)
        self.setFrameShape(self.Shape.NoFrame)
        self.hideButtons()
        self.legend: Any = None
        self._style()

    def show_outcome(self, outcome: Outcome) -> None:
        """Show ``outcome``; the same one again changes nothing."""
        if outcome is not self._outcome:
            self._outcome = outcome
            self._draw()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange and hasattr(self, "legend"):
            self._style()
            if self._outcome is not None:
                self._draw()

    def _style(self) -> None:
        """pyqtgraph keeps the colours that a plot was made with: they are set again with each theme."""
        theme = current()
        self.setBackground(theme.colour("panel"))
        for name in ("left", "bottom"):
            axis = self.getAxis(name)
            axis.setPen(pg.mkPen(theme.colour("line")))
            axis.setTextPen(pg.mkPen(theme.colour("muted")))
            axis.setTickFont(theme.font("tiny"))
            axis.enableAutoSIPrefix(False)

    def _draw(self) -> None:
        outcome, theme = self._outcome, current()
        assert outcome is not None
        item = self.getPlotItem()
        item.clear()
        if self.legend is not None:
            self.legend.scene().removeItem(self.legend)
            item.legend = self.legend = None
        colour, size = theme.colour("muted").name(), f"{theme.font('tiny').pixelSize()}px"
        for side, title in (("left", outcome.y_title), ("bottom", outcome.x_title)):
            item.setLabel(side, title, color=colour, **{"font-size": size})
        item.setLogMode(x=False, y=outcome.log)
        item.showGrid(x=False, y=outcome.heat is None, alpha=0.25)
        whole = all(len(c.x) <= 12 and (c.x == np.round(c.x)).all() for c in outcome.curves)
        ticks = [(float(x), f"{x:g}") for x in outcome.curves[0].x] if outcome.curves and whole else None
        self.getAxis("bottom").setTicks(None if ticks is None else [ticks])
        self.setAccessibleName(f"{outcome.y_title} over {outcome.x_title}")
        if outcome.heat is not None:
            self._draw_heat(item, outcome)
        else:
            self._draw_curves(item, outcome)

    def _draw_curves(self, item: Any, outcome: Outcome) -> None:
        theme = current()
        if len(outcome.curves) > 1:
            size = f"{theme.font('tiny').pixelSize()}px"
            columns = 2 if len(outcome.curves) > 4 else 1
            self.legend = item.addLegend(offset=(8, -8), verSpacing=-6, colCount=columns, labelTextSize=size)
            self.legend.setLabelTextColor(theme.colour("muted"))
        for curve in outcome.curves:
            known = np.isfinite(curve.y) & ((curve.y > 0) | (not outcome.log))
            style = Qt.PenStyle.DashLine if curve.dashed else Qt.PenStyle.SolidLine
            few = len(curve.x) <= 12
            item.plot(
                curve.x[known],
                curve.y[known],
                name=curve.label,
                pen=pg.mkPen(theme.colour(curve.token), width=1.6, style=style),
                symbol="o" if few else None,
                symbolSize=5,
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

    def _draw_heat(self, item: Any, outcome: Outcome) -> None:
        theme, heat = current(), outcome.heat
        assert heat is not None
        logs = np.log10(np.maximum(heat, 1e-300))
        low, high = float(np.median(logs)), float(np.quantile(logs, 0.9995))
        share = np.clip((logs - low) / max(high - low, 1e-9), 0.0, 1.0)[..., None] ** 1.5
        ground, top = (np.array(theme.tokens.rgb(t), float) for t in ("raised", "gradient"))
        pixels = (ground + (top - ground) * share).astype(np.uint8)
        image = pg.ImageItem(pixels, axisOrder="row-major", levels=(0, 255))
        image.setRect(QRectF(*outcome.extent))
        item.addItem(image)
        for x, y, words in outcome.marks:
            mark = pg.ScatterPlotItem([x], [y], size=9, brush=None, pen=pg.mkPen(theme.colour("text")))
            label = pg.TextItem(words, color=theme.colour("text"), anchor=(-0.1, 0.5))
            label.setPos(x, y)
            item.addItem(mark)
            item.addItem(label)
        item.enableAutoRange()
