"""The hand-painted loss curve."""

from __future__ import annotations

from typing import Any

import numpy as np
from PySide6.QtCore import QEvent, QLineF, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from ..model.loss_data import LossFrame, ticks
from ..theme.theme import Theme, current
from ..widgets.paint import crisp, pen

Array = np.ndarray[Any, Any]
EMPTY = "Nothing is trained yet. T trains, PgDn does one update."


class LossPlot(QWidget):
    """Paints a :class:`LossFrame`; a click emits ``update_chosen`` with the update it lies nearest to."""

    update_chosen = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._frame: LossFrame | None = None
        self._hover: int | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.setAccessibleName("Loss curve")

    def set_frame(self, frame: LossFrame) -> None:
        """Show ``frame``."""
        self._frame = frame
        self.setAccessibleName(f"Loss curve. {EMPTY if frame.empty else frame.footer}")
        self.update()

    @property
    def frame(self) -> LossFrame | None:
        return self._frame

    def sizeHint(self) -> QSize:
        return QSize(300, 190)

    def minimumSizeHint(self) -> QSize:
        return QSize(140, 70)

    def changeEvent(self, event: QEvent) -> None:
        if event.type() in (QEvent.Type.StyleChange, QEvent.Type.PaletteChange):
            self.update()
        super().changeEvent(event)

    # --- coordinates ---

    def _area(self) -> QRectF:
        theme = current()
        metrics = QFontMetricsF(theme.font("small"))
        left = metrics.horizontalAdvance("0.00") + theme.px(10)
        bottom = metrics.height() + theme.px(4)
        return QRectF(
            left,
            theme.px(10),
            max(10.0, self.width() - left - theme.px(8)),
            max(10.0, self.height() - bottom - theme.px(10)),
        )

    def x_of(self, update: Any) -> Any:
        """Where an update (or an array of them) lies."""
        area = self._area()
        end = self._frame.x_end if self._frame else 1.0
        return area.left() + area.width() * update / end

    def _y(self, loss: Any) -> Any:
        area = self._area()
        end = self._frame.y_end if self._frame else 1.0
        return area.bottom() - area.height() * loss / end

    # --- painting ---

    def paintEvent(self, event: QPaintEvent) -> None:
        theme, painter, frame = current(), QPainter(self), self._frame
        area = self._area()
        if frame is None or frame.empty:
            self._paint_empty(painter, theme)
            return
        self._paint_axes(painter, theme, frame, area)
        painter.save()
        painter.setClipRect(area.adjusted(-1, -8, 2, 1))
        self._paint_annealing(painter, theme, frame, area)
        self._paint_raw(painter, theme, frame, area)
        self._paint_smooth(painter, theme, frame, area)
        self._paint_valid(painter, theme, frame)
        painter.restore()
        self._paint_legend(painter, theme, frame, area)
        self._paint_marks(painter, theme, frame, area)
        self._paint_current(painter, theme, frame, area)
        self._paint_hover(painter, theme, frame, area)

    def _paint_empty(self, painter: QPainter, theme: Theme) -> None:
        painter.setPen(theme.colour("muted"))
        painter.setFont(theme.font("label"))
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, EMPTY)

    def _paint_axes(self, painter: QPainter, theme: Theme, frame: LossFrame, area: QRectF) -> None:
        font = theme.font("small")
        metrics = QFontMetricsF(font)
        painter.setFont(font)
        most = max(1, int(area.height() / theme.px(34)))
        for value in ticks(frame.y_end, most):
            y = crisp(self._y(value))
            painter.setPen(pen(theme.colour("line")))
            painter.drawLine(QLineF(area.left(), y, area.right(), y))
            painter.setPen(theme.colour("muted"))
            room = QRectF(0, y - metrics.height() / 2, area.left() - theme.px(6), metrics.height())
            painter.drawText(room, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, f"{value:.3g}")
        most = max(1, int(area.width() / theme.px(90)))
        shown = [v for v in ticks(frame.x_end, most) if v == int(v)]
        for value in shown:
            text = _updates(value)
            wide = metrics.horizontalAdvance(text)
            x = min(max(0.0, self.x_of(value) - wide / 2), self.width() - wide)
            painter.drawText(QPointF(x, area.bottom() + theme.px(3) + metrics.ascent()), text)
        end = self.x_of(shown[-1]) + metrics.horizontalAdvance(_updates(shown[-1])) if shown else area.left()
        unit = "update"
        if end + theme.px(10) < area.right() - metrics.horizontalAdvance(unit):
            base = area.bottom() + theme.px(3) + metrics.ascent()
            painter.drawText(QPointF(area.right() - metrics.horizontalAdvance(unit), base), unit)
        if 0 < frame.chance <= frame.y_end:
            y = crisp(self._y(frame.chance))
            dots = pen(theme.colour("muted"), 1.0, Qt.PenStyle.DotLine)
            painter.setPen(dots)
            painter.drawLine(QLineF(area.left(), y, area.right(), y))
            painter.setPen(theme.colour("muted"))
            text = "ln V"
            above = y - area.top() > metrics.height()
            base = y - 3 if above else y + metrics.ascent() + 1
            painter.drawText(QPointF(area.right() - metrics.horizontalAdvance(text), base), text)

    def _paint_annealing(self, painter: QPainter, theme: Theme, frame: LossFrame, area: QRectF) -> None:
        painter.setPen(pen(theme.colour("weight", 0.8), 1.0, Qt.PenStyle.DashLine))
        for update in frame.annealed[-400:]:
            x = crisp(self.x_of(float(update)))
            painter.drawLine(QLineF(x, area.top(), x, area.bottom()))

    def _paint_raw(self, painter: QPainter, theme: Theme, frame: LossFrame, area: QRectF) -> None:
        """One thin vertical stroke a pixel column from the least to the greatest loss, joined to the next."""
        xs = self.x_of(frame.raw[0])
        with np.errstate(invalid="ignore"):
            low = np.clip(self._y(frame.raw[1]), area.top() - 4, None)
            high = np.clip(self._y(frame.raw[2]), area.top() - 4, None)
        painter.setPen(pen(theme.colour("loss", 0.42), 1.0))
        if len(xs) > 1 and np.median(np.diff(xs)) > 1.5:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            for part in _parts(xs, high):
                painter.drawPolyline(QPolygonF(part))
            if len(xs) < 60:
                _dots(painter, xs, high, theme, "loss", 1.6)
            return
        column = np.floor(xs).astype(np.int64)
        starts = np.flatnonzero(np.r_[True, np.diff(column) != 0])
        top = np.fmin.reduceat(high, starts)
        bottom = np.fmax.reduceat(low, starts)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        lines = [
            QLineF(x, a, x, max(b, a + 1.0))
            for x, a, b in zip((column[starts] + 0.5).tolist(), top.tolist(), bottom.tolist(), strict=True)
            if a == a and b == b
        ]
        painter.drawLines(lines)
        if len(xs) == 1:
            _dots(painter, xs, high, theme, "loss", 2.5)

    def _paint_smooth(self, painter: QPainter, theme: Theme, frame: LossFrame, area: QRectF) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        xs, ys = self.x_of(frame.smooth[0]), self._y(frame.smooth[1])
        if len(xs) > 2 * area.width():
            xs, ys = xs[::2], ys[::2]
        painter.setPen(
            QPen(theme.colour("loss"), 2.4, Qt.PenStyle.SolidLine, Qt.PenCapStyle.FlatCap, Qt.PenJoinStyle.BevelJoin)
        )
        for part in _parts(xs, ys):
            # Short stretches: a long wide polyline is costly to stroke as one path.
            for n in range(0, max(1, len(part) - 1), 64):
                painter.drawPolyline(QPolygonF(part[n : n + 65]))

    def _paint_valid(self, painter: QPainter, theme: Theme, frame: LossFrame) -> None:
        if not frame.valid.shape[1]:
            return
        xs, ys = self.x_of(frame.valid[0]), self._y(frame.valid[1])
        keep = slice(None) if len(xs) <= 600 else slice(None, None, -(-len(xs) // 600))
        painter.setPen(pen(theme.colour("value"), 1.2))
        for part in _parts(xs[keep], ys[keep]):
            painter.drawPolyline(QPolygonF(part))
        if len(xs[keep]) <= 80:
            _dots(painter, xs[keep], ys[keep], theme, "value", 2.6)

    def _paint_legend(self, painter: QPainter, theme: Theme, frame: LossFrame, area: QRectF) -> None:
        """What the thick line is a mean of, and what the other marks are, at the upper right."""
        rows = [("line", "loss", frame.legend)]
        if frame.valid.shape[1]:
            rows.append(("dot", "value", "held-out text" if frame.evaluated == "valid" else frame.evaluated))
        if len(frame.annealed):
            rows.append(("dash", "weight", "learning rate lowered"))
        if len(frame.not_finite):
            rows.append(("mark", "cut", "not finite"))
        if len(frame.off_scale):
            rows.append(("open", "cut", "above the scale"))
        font = theme.font("small")
        metrics = QFontMetricsF(font)
        height = metrics.height()
        wide = max(metrics.horizontalAdvance(t) for _, _, t in rows) + theme.px(20)
        most = int((area.height() - theme.px(30)) / height)
        high = height * min(len(rows), max(1, most))
        room = self._free_corner(frame, area, wide + 4, high)
        painter.fillRect(room, theme.colour("panel", 0.72))
        left, top = room.left() + 4, room.top()
        painter.setFont(font)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for n, (kind, token, text) in enumerate(rows[: max(1, most)]):
            middle = top + height * (n + 0.5)
            self._paint_sample(painter, theme, kind, token, QPointF(left + theme.px(7), middle))
            painter.setPen(theme.colour("muted"))
            painter.drawText(QPointF(left + theme.px(18), middle + (metrics.ascent() - metrics.descent()) / 2), text)

    def _free_corner(self, frame: LossFrame, area: QRectF, wide: float, high: float) -> QRectF:
        """The corner where the fewest points of the curve lie."""
        pad = current().px(4)
        xs, ys = self.x_of(frame.smooth[0]), self._y(frame.smooth[1])
        chance = self._y(frame.chance)

        def hidden(box: QRectF) -> int:
            inside = (xs > box.left()) & (xs < box.right()) & (ys > box.top() - 4) & (ys < box.bottom() + 4)
            return int(np.count_nonzero(inside)) + (box.top() - 12 < chance < box.bottom())

        right, bottom = area.right() - wide, area.bottom() - high - pad
        corners = [(right, area.top() + pad), (right, chance + pad), (right, bottom), (area.left() + pad, bottom)]
        boxes = [QRectF(x, y, wide, high) for x, y in corners if y + high <= area.bottom()]
        return min(boxes or [QRectF(right, area.top() + pad, wide, high)], key=hidden)

    def _paint_sample(self, painter: QPainter, theme: Theme, kind: str, token: str, at: QPointF) -> None:
        colour = theme.colour(token)
        if kind in ("line", "dash"):
            style = Qt.PenStyle.SolidLine if kind == "line" else Qt.PenStyle.DashLine
            painter.setPen(pen(colour, 2.4 if kind == "line" else 1.0, style))
            turn = QPointF(0, 5) if kind == "dash" else QPointF(7, 0)
            painter.drawLine(at - turn, at + turn)
            return
        painter.setPen(pen(colour))
        painter.setBrush(Qt.BrushStyle.NoBrush if kind == "open" else colour)
        if kind == "dot":
            painter.drawEllipse(at, 2.6, 2.6)
        else:
            painter.drawPolygon(QPolygonF([at + QPointF(0, -3), at + QPointF(-4, 3), at + QPointF(4, 3)]))
        painter.setBrush(Qt.BrushStyle.NoBrush)

    def _paint_marks(self, painter: QPainter, theme: Theme, frame: LossFrame, area: QRectF) -> None:
        """Losses that cannot be drawn: triangles at the upper edge, filled where the loss is not finite."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for updates, filled in ((frame.off_scale, False), (frame.not_finite, True)):
            for x in np.unique(np.floor(self.x_of(updates))).tolist():
                tip = QPointF(x + 0.5, area.top() - 7)
                shape = QPolygonF([tip, QPointF(x - 3.5, area.top() - 1), QPointF(x + 4.5, area.top() - 1)])
                painter.setPen(pen(theme.colour("cut"), 1.0))
                painter.setBrush(theme.colour("cut") if filled else Qt.BrushStyle.NoBrush)
                painter.drawPolygon(shape)
        painter.setBrush(Qt.BrushStyle.NoBrush)

    def _paint_current(self, painter: QPainter, theme: Theme, frame: LossFrame, area: QRectF) -> None:
        x = crisp(self.x_of(frame.current))
        painter.setPen(pen(theme.colour("text"), 1.4))
        painter.drawLine(QLineF(x, area.top(), x, area.bottom()))

    def _paint_hover(self, painter: QPainter, theme: Theme, frame: LossFrame, area: QRectF) -> None:
        if self._hover is None:
            return
        x = crisp(self.x_of(self._hover))
        painter.setPen(pen(theme.colour("muted"), 1.0, Qt.PenStyle.DashLine))
        painter.drawLine(QLineF(x, area.top(), x, area.bottom()))
        font = theme.font("small")
        metrics = QFontMetricsF(font)
        lines = _fold(frame.reading(self._hover), metrics, area.width() - 12)
        wide = max(metrics.horizontalAdvance(t) for t in lines) + 12
        box = QRectF(
            min(max(area.left(), x - wide / 2), area.right() - wide),
            area.top() + 2,
            wide,
            metrics.height() * len(lines) + 6,
        )
        painter.setPen(pen(theme.colour("line")))
        painter.setBrush(theme.colour("raised"))
        painter.drawRoundedRect(box, 4, 4)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setFont(font)
        painter.setPen(theme.colour("text"))
        for n, line in enumerate(lines):
            painter.drawText(QPointF(box.left() + 6, box.top() + 3 + metrics.ascent() + n * metrics.height()), line)

    # --- the mouse and the keyboard ---

    def _update_at(self, x: float) -> int | None:
        if self._frame is None:
            return None
        area = self._area()
        return self._frame.nearest(self._frame.x_end * (x - area.left()) / area.width())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        inside = self._area().adjusted(-6, -10, 6, 10).contains(event.position())
        hover = self._update_at(event.position().x()) if inside else None
        self.setCursor(Qt.CursorShape.PointingHandCursor if hover is not None else Qt.CursorShape.ArrowCursor)
        if hover != self._hover:
            self._hover = hover
            self.update()
        super().mouseMoveEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self._area().adjusted(-6, -10, 6, 10).contains(
            event.position()
        ):
            chosen = self._update_at(event.position().x())
            if chosen is not None:
                self.update_chosen.emit(chosen)
        super().mouseReleaseEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        self._hover = None
        self.update()
        super().leaveEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        event.ignore()


def _parts(xs: Array, ys: Array) -> list[list[QPointF]]:
    """The stretches of a curve between points that are not finite."""
    good = np.isfinite(ys)
    edges = np.flatnonzero(np.diff(np.r_[False, good, False].astype(np.int8)))
    return [
        [QPointF(x, y) for x, y in zip(xs[a:b].tolist(), ys[a:b].tolist(), strict=True)]
        for a, b in zip(edges[::2], edges[1::2], strict=True)
    ]


def _dots(painter: QPainter, xs: Array, ys: Array, theme: Theme, token: str, radius: float) -> None:
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.save()
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(theme.colour(token))
    for x, y in zip(xs.tolist(), ys.tolist(), strict=True):
        if y == y:
            painter.drawEllipse(QPointF(x, y), radius, radius)
    painter.restore()


def _updates(value: float) -> str:
    for limit, sign in ((1e6, "M"), (1e3, "k")):
        if value >= limit * 10 or (value >= limit and value % limit == 0):
            return f"{value / limit:g}{sign}"
    return f"{value:g}"


def _fold(text: str, metrics: QFontMetricsF, width: float) -> list[str]:
    """``text`` broken at its middle dots into lines within ``width``."""
    lines: list[str] = []
    for piece in text.split(" · "):
        joined = f"{lines[-1]} · {piece}" if lines else piece
        if lines and metrics.horizontalAdvance(joined) <= width:
            lines[-1] = joined
        else:
            lines.append(piece)
    return lines
