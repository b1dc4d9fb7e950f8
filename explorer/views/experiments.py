"""The experiments panel: choose one, see its numbers measured now beside the band expected of them, and a picture."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFont, QFontMetricsF, QPainter, QPaintEvent, QPolygonF, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from rnncore.errors import RnnError

from ..model import action as do
from ..model.experiments import EXPERIMENTS, Curve, Experiment, Outcome
from ..model.session import Changes
from ..theme.theme import Theme, current
from ..theme.tokens import SPACE
from ..widgets.chip import Chip
from ..widgets.choices import Choices
from ..widgets.elided import ElidedLabel
from ..widgets.paint import elided, image_of, pen
from ..widgets.panel import Panel

if TYPE_CHECKING:
    from ..store import Store

KIND = "experiment"
BESIDE = 460
"""From this width on, at scale 1, the picture stands beside the rows; in a narrower panel below them."""
DECADES = 8
"""A logarithmic axis shows at most so many powers of ten below its top."""


class ExperimentsView(Panel):
    """Runs the chosen experiment off the interface thread and shows its :class:`Outcome`."""

    CARES = Changes.NONE
    AWAITS = frozenset({KIND})

    def __init__(self, store: Store, parent: QWidget | None = None) -> None:
        super().__init__(store, "Experiments", " ", inline=True, parent=parent)
        self._experiment = EXPERIMENTS[0]
        self.choices = Choices([e.id for e in EXPERIMENTS], most=len(EXPERIMENTS))
        self.question = ElidedLabel("", role="label", bold=True)
        self.setup = ElidedLabel("", role="label", token="muted")
        self.canvas = OutcomeCanvas()
        self.stage = Chip("Onto the stage", accent="value")
        self.stage.setToolTip("Open the window’s network on what this experiment is about (Ctrl+Z takes it back)")
        self.choices.chosen.connect(self._choose)
        self.stage.clicked.connect(self._bring)
        row = QHBoxLayout()
        row.setSpacing(SPACE.small)
        row.addWidget(self.choices)
        row.addStretch(1)
        row.addWidget(self.stage)
        self.body.addLayout(row)
        self.add(self.question)
        self.add(self.setup)
        self.add(self.canvas, 1)
        self.body.setSpacing(SPACE.hair)
        self.refresh()

    @property
    def experiment(self) -> Experiment:
        """The one on show."""
        return self._experiment

    def show_experiment(self, name: str) -> None:
        """Show the experiment of that id."""
        self.choices.set_current(name)
        self._choose(name)

    def _choose(self, name: str) -> None:
        self._experiment = next(e for e in EXPERIMENTS if e.id == name)
        self.read()

    def _bring(self) -> None:
        if self._experiment.settings is not None:
            self._store.dispatch(do.ChangeSettings(self._experiment.settings, whole=True))

    def read(self) -> None:
        experiment = self._experiment
        found, fresh = self._store.later(KIND, (experiment,), experiment.run)
        outcome: Any = found if fresh else None
        self.set_subtitle(f"{experiment.title}{f' ({experiment.source})' if experiment.source else ''}")
        self.question.set_text(experiment.question)
        for label, text in ((self.setup, experiment.setup), (self.subtitle_label, experiment.title)):
            label.setToolTip(text)
        self.setup.set_text(experiment.setup)
        self.stage.setEnabled(experiment.settings is not None)
        if isinstance(outcome, RnnError):
            self.canvas.show_outcome(None, str(outcome))
        else:
            self.canvas.show_outcome(outcome, "measuring …")

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        room = self.width() - 2 * SPACE.large - self.stage.sizeHint().width() - SPACE.small
        self.choices.fit(room)


class OutcomeCanvas(QWidget):
    """Paints an :class:`Outcome`: rows with ticks, what is to be learnt, and the picture."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._outcome: Outcome | None = None
        self._instead = ""
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def show_outcome(self, outcome: Outcome | None, instead: str = "") -> None:
        """Show ``outcome``, or the words ``instead`` while there is none."""
        if (outcome, instead) != (self._outcome, self._instead):
            self._outcome, self._instead = outcome, instead
            said = instead if outcome is None else "; ".join(f"{r.label} {r.text}" for r in outcome.rows)
            self.setAccessibleName(said)
            self.setToolTip("" if outcome is None else _tip(outcome))
            self.update()

    def sizeHint(self) -> QSize:
        return QSize(320, 180)

    def minimumSizeHint(self) -> QSize:
        return QSize(180, 90)

    def changeEvent(self, event: QEvent) -> None:
        if event.type() in (QEvent.Type.StyleChange, QEvent.Type.PaletteChange):
            self.update()
        super().changeEvent(event)

    # --- painting ---

    def paintEvent(self, event: QPaintEvent) -> None:
        theme, painter = current(), QPainter(self)
        area = QRectF(self.rect())
        if self._outcome is None:
            painter.setFont(theme.font("label"))
            painter.setPen(theme.colour("muted"))
            painter.drawText(area, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, self._instead)
            return
        outcome = self._outcome
        pictured = bool(outcome.curves) or outcome.heat is not None
        line = QFontMetricsF(theme.font("small")).height() + 3
        words = QRectF(area)
        if pictured and area.width() >= theme.px(BESIDE):
            words.setWidth(area.width() * 0.56)
            self._paint_picture(painter, theme, area.adjusted(words.width() + theme.px(12), 0, 0, 0), outcome)
        elif pictured and area.height() - line * (len(outcome.rows) + 2) >= theme.px(80):
            words.setHeight(line * (len(outcome.rows) + 2.4))
            self._paint_picture(painter, theme, area.adjusted(0, words.height(), 0, 0), outcome)
        self._paint_rows(painter, theme, words, outcome, line)

    def _paint_rows(self, painter: QPainter, theme: Theme, area: QRectF, outcome: Outcome, line: float) -> None:
        small, fixed = theme.font("small"), theme.font("small", fixed=True)
        line = min(line, area.height() / (len(outcome.rows) + 1.6)) if outcome.rows else line
        tick = theme.px(14)
        value = QFontMetricsF(fixed).horizontalAdvance("−0.000·10⁻⁰⁰")
        band = QFontMetricsF(small).horizontalAdvance("0.000000 … 0.00000")
        if area.width() < tick + value + band + theme.px(110):
            band = 0.0
        label = area.width() - tick - value - band - 8
        for place, row in enumerate(outcome.rows):
            y = area.top() + place * line
            painter.setFont(small)
            painter.setPen(theme.colour("good" if row.ok else "cut"))
            painter.drawText(QRectF(area.left(), y, tick, line), Qt.AlignmentFlag.AlignVCenter, "✓" if row.ok else "✗")
            painter.setPen(theme.colour("muted"))
            room = QRectF(area.left() + tick, y, label, line)
            painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, elided(row.label, small, label))
            painter.setFont(fixed)
            painter.setPen(theme.colour("text"))
            at = QRectF(room.right(), y, value, line)
            painter.drawText(at, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, row.text)
            if band:
                painter.setFont(small)
                painter.setPen(theme.colour("muted"))
                painter.drawText(QRectF(at.right() + 8, y, band, line), Qt.AlignmentFlag.AlignVCenter, row.expected)
        painter.setFont(small)
        painter.setPen(theme.colour("text"))
        rest = QRectF(area.left(), area.top() + len(outcome.rows) * line + 4, area.width(), area.height())
        painter.drawText(rest, Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextWordWrap, outcome.said)

    def _paint_picture(self, painter: QPainter, theme: Theme, area: QRectF, outcome: Outcome) -> None:
        font = theme.font("tiny")
        metrics = QFontMetricsF(font)
        painter.setFont(font)
        names = max((metrics.horizontalAdvance(c.label) + theme.px(22) for c in outcome.curves[1:]), default=0.0)
        names = names if area.width() - names > theme.px(100) else 0.0
        inner = area.adjusted(theme.px(34), metrics.height() + 8, -names - 4, -metrics.height() - 4)
        if inner.width() < 40 or inner.height() < 30:
            return
        painter.setPen(theme.colour("muted"))
        painter.drawText(QRectF(area.left(), area.top(), area.width(), metrics.height()), 0, outcome.y_title)
        below = QRectF(inner.left(), inner.bottom() + 2, inner.width(), metrics.height())
        painter.drawText(below, Qt.AlignmentFlag.AlignRight, outcome.x_title)
        if outcome.heat is not None:
            self._paint_heat(painter, theme, inner, outcome)
        else:
            self._paint_curves(painter, theme, inner, outcome, font)

    def _paint_heat(self, painter: QPainter, theme: Theme, inner: QRectF, outcome: Outcome) -> None:
        heat = outcome.heat
        assert heat is not None
        logs = np.log10(np.maximum(heat, 1e-300))
        low, high = float(np.median(logs)), float(np.quantile(logs, 0.9995))
        share = np.clip((logs - low) / max(high - low, 1e-9), 0.0, 1.0) ** 1.5
        ground, top = (np.array(theme.tokens.rgb(t), float) for t in ("raised", "gradient"))
        pixels = ground + (top - ground) * share[..., None]
        rgba = np.concatenate([pixels, np.full((*heat.shape, 1), 255.0)], axis=-1).astype(np.uint8)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawImage(inner, image_of(rgba[::-1]))
        painter.setPen(theme.colour("text"))
        for column, row, words in outcome.marks:
            x = inner.left() + (column + 0.5) / heat.shape[1] * inner.width()
            y = inner.bottom() - (row + 0.5) / heat.shape[0] * inner.height()
            painter.drawEllipse(QPointF(x, y), 4, 4)
            painter.drawText(QPointF(x + 7, y + 4), words)

    def _paint_curves(self, painter: QPainter, theme: Theme, inner: QRectF, outcome: Outcome, font: QFont) -> None:
        metrics = QFontMetricsF(font)
        every = np.concatenate([np.asarray(c.y, float) for c in outcome.curves])
        every = every[np.isfinite(every) & ((every > 0) | (not outcome.log))]
        if not every.size:
            return
        if outcome.log:
            top = float(np.ceil(np.log10(every.max()) - 1e-9))
            bottom = max(float(np.floor(np.log10(every.min()))), top - DECADES)
        else:
            top, bottom = float(every.max()) * 1.15, min(0.0, float(every.min()))
        span = (top - bottom) or 1.0
        ticks = np.arange(bottom, top + 1, max(1, round(span / 4))) if outcome.log else np.linspace(bottom, top, 4)
        for tick in ticks.tolist():
            y = inner.bottom() - (tick - bottom) / span * inner.height()
            painter.setPen(pen(theme.colour("line"), 1.0))
            painter.drawLine(QPointF(inner.left(), y), QPointF(inner.right(), y))
            painter.setPen(theme.colour("muted"))
            words = _power(int(tick)) if outcome.log else f"{tick:.2g}"
            room = QRectF(inner.left() - theme.px(34), y - metrics.height() / 2, theme.px(30), metrics.height())
            painter.drawText(room, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, words)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setClipRect(inner.adjusted(-3, -3, 3, 3))
        x_low = min(float(c.x.min()) for c in outcome.curves)
        x_span = (max(float(c.x.max()) for c in outcome.curves) - x_low) or 1.0
        for curve in outcome.curves:
            self._paint_curve(painter, theme, inner, curve, outcome.log, (x_low, x_span, bottom, span))
        painter.setClipping(False)
        self._paint_names(painter, theme, inner, outcome, metrics)

    def _paint_curve(
        self,
        painter: QPainter,
        theme: Theme,
        inner: QRectF,
        curve: Curve,
        log: bool,
        axes: tuple[float, float, float, float],
    ) -> None:
        x_low, x_span, bottom, span = axes
        with np.errstate(all="ignore"):
            y = np.log10(curve.y) if log else np.asarray(curve.y, float)
        y = np.clip(np.nan_to_num(y, nan=bottom, neginf=bottom, posinf=bottom + span), bottom, bottom + 2 * span)
        xs = inner.left() + (curve.x - x_low) / x_span * inner.width()
        ys = inner.bottom() - (y - bottom) / span * inner.height()
        line = pen(theme.colour(curve.token), 1.6)
        if curve.dashed:
            line.setStyle(Qt.PenStyle.DashLine)
        painter.setPen(line)
        points = [QPointF(a, b) for a, b in zip(xs.tolist(), ys.tolist(), strict=True)]
        painter.drawPolyline(QPolygonF(points))
        if len(points) <= 12:
            painter.setBrush(theme.colour(curve.token))
            for point in points:
                painter.drawEllipse(point, 2.4, 2.4)
            painter.setBrush(Qt.BrushStyle.NoBrush)

    def _paint_names(
        self, painter: QPainter, theme: Theme, inner: QRectF, outcome: Outcome, metrics: QFontMetricsF
    ) -> None:
        """The curves' names beside the picture, each with a piece of its line."""
        free = self.width() - inner.right()
        if len(outcome.curves) < 2 or free < theme.px(60):
            return
        high = min(metrics.height() + 2, inner.height() / len(outcome.curves))
        for place, curve in enumerate(outcome.curves):
            y = inner.top() + (place + 0.5) * high
            line = pen(theme.colour(curve.token), 1.6)
            if curve.dashed:
                line.setStyle(Qt.PenStyle.DashLine)
            painter.setPen(line)
            painter.drawLine(QPointF(inner.right() + 6, y), QPointF(inner.right() + theme.px(18), y))
            painter.setPen(theme.colour("muted"))
            room = QRectF(inner.right() + theme.px(22), y - high / 2, free, high)
            painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, curve.label)


def _power(exponent: int) -> str:
    digits = str(exponent).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
    return f"10{digits}" if exponent else "1"


def _tip(outcome: Outcome) -> str:
    lines = [f"{r.label}: {r.text}{f'   expected {r.expected}' if r.expected else ''}" for r in outcome.rows]
    return "\n".join([*lines, outcome.said])
