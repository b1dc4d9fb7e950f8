"""The truncation as a drawing: runs back through time with scissors to drag, the weight copies, and what crosses."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QKeyEvent, QMouseEvent, QPainter, QRegion
from PySide6.QtWidgets import QWidget

from ..model.plurals import count
from ..model.truncation_data import BETWEEN, CALLED, MEANINGS, WHERE, TruncationData, dragged, lane_rows
from ..theme.theme import Theme, current
from ..widgets.canvas import Canvas
from ..widgets.paint import arrow_head, elided, hatch, pen, scissors, text_width
from ..widgets.word_row import WordRow, paint_word, word_row
from .truncation_between import paint_between

LEAST_PITCH = 6
"""Pixels at scale 1 from one run to the next at the least: of more runs some are left out."""
NEAR = 11
"""Pixels around scissors in which they can be taken hold of."""


class TruncationCanvas(Canvas):
    """Paints a :class:`TruncationData`."""

    policy_wanted = Signal(object)
    between_wanted = Signal(str)
    nudged = Signal(int)
    """By how many steps the runs are to go further back."""
    pointed = Signal(int)
    """The time step under the mouse; −1: none."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Truncation", parent)
        self._data: TruncationData | None = None
        self._held: int | None = None
        self._before: TruncationData | None = None
        self._over = -1

    def show_data(self, data: TruncationData) -> None:
        """Show ``data``."""
        last, drawn = self._data, self._drawn()
        self._data = data
        if self._held is not None and self._before is not None and data.words != self._before.words:
            self._held = self._before = None
        self.setAccessibleName(f"{CALLED[data.kind]}: {data.sentence}. Between sequences: {MEANINGS[data.between]}")
        if last is None or not last.same_runs(data) or drawn != self._drawn():
            self.update()
        elif last.current != data.current:
            self._update_lanes({last.current, data.current})

    def _update_lanes(self, walking: set[int | None]) -> None:
        """Paint anew what has become brighter or fainter: where all were alike, or will be, all of them."""
        rows = self.lanes()
        spacing, area = self._spacing(rows), self.areas()[0]
        for n, y in rows:
            if None in walking or n in walking:
                high = max(spacing, float(current(self).px(20)))
                self.update(QRectF(area.left(), y - high / 2, area.width(), high).toAlignedRect().adjusted(0, -1, 0, 1))

    def sizeHint(self) -> QSize:
        return QSize(320, 200)

    def minimumSizeHint(self) -> QSize:
        return QSize(180, 90)

    # --- geometry ---

    def areas(self) -> tuple[QRectF, QRectF]:
        """The drawing of the runs, and that of what crosses between sequences (empty where there is no room)."""
        theme, whole = current(self), QRectF(self.rect())
        if whole.width() >= theme.px(430):
            wide = theme.px(150)
            return whole.adjusted(0, 0, -wide - 14, 0), QRectF(whole.right() - wide, whole.top(), wide, whole.height())
        high = theme.px(104 if whole.height() >= theme.px(360) else 58)  # with words, where there is room for them
        if whole.height() >= high + theme.px(110):
            return whole.adjusted(0, 0, 0, -high - 6), QRectF(whole.left(), whole.bottom() - high, whole.width(), high)
        return whole, QRectF()

    def _words(self) -> WordRow | None:
        """How the words that the copies read are written below them; None where they have no room."""
        data, area = self._data, self.areas()[0]
        if data is None or not data.length:
            return None
        theme, lying = current(self), current(self).px(15)
        # In a low panel the runs go before words that would stand upright.
        free = area.height() - theme.px(20) - theme.px(22) - len(lane_rows(data, data.length)) * theme.px(LEAST_PITCH)
        most = max(lying, min(0.36 * area.height(), free))
        return word_row(theme, data.words[: data.length], (area.width() - 8) / data.length, most, two_lines=True)

    def _foot(self) -> float:
        """The height below the copies."""
        row = self._words()
        return float(current(self).px(14)) if row is None else max(row.high, float(current(self).px(14)))

    def column(self, t: float) -> float:
        """The x of a time step's left edge; halves are its middle."""
        assert self._data is not None
        area = self.areas()[0].adjusted(4, 0, -4, 0)
        return area.left() + t / max(1, self._data.length) * area.width()

    def step_at(self, x: float) -> int:
        """The boundary nearest to ``x``: 0 before the first step."""
        assert self._data is not None
        area = self.areas()[0].adjusted(4, 0, -4, 0)
        return round((x - area.left()) / max(1.0, area.width()) * self._data.length)

    def lanes(self) -> list[tuple[int, float]]:
        """The lanes that are drawn, and the y of each."""
        assert self._data is not None
        theme, area = current(self), self.areas()[0]
        top, bottom = area.top() + theme.px(20), area.bottom() - theme.px(22) - self._foot()
        rows = lane_rows(self._data, max(1, int((bottom - top) // theme.px(LEAST_PITCH))))
        # Few runs stand together in the middle of a high panel.
        pitch = min((bottom - top) / max(1, len(rows)), theme.px(72))
        first = top + (bottom - top - pitch * len(rows)) / 2
        return [(int(n), first + (place + 0.5) * pitch) for place, n in enumerate(rows.tolist())]

    def scissors_at(self, x: float, y: float) -> int | None:
        """The lane whose scissors lie at a point."""
        if self._data is None:
            return None
        for n, row in self.lanes():
            low = self._scissors_x(self._data.lanes[n].low)
            if abs(x - low) <= NEAR and abs(y - row) <= NEAR and (self._data.lanes[n].low or self._whole):
                return n
        return None

    def _scissors_x(self, low: int) -> float:
        """Where the scissors of a run stand that reaches back to ``low``: those at the start lie within the drawing."""
        return self.column(low) if low else self.column(0) + self._scissors_size() / 2 - 2

    def _scissors_size(self) -> float:
        theme, rows = current(self), self.lanes()
        return min(theme.px(20), max(theme.px(12), 0.5 * self._spacing(rows))) if len(rows) > 1 else theme.px(18)

    def _drawn(self) -> list[int]:
        return [n for n, _ in self.lanes()] if self._data is not None else []

    @property
    def _whole(self) -> bool:
        """Whether nothing is cut, so that the scissors lie ready at the start."""
        return self._data is not None and (self._data.kind == "full" or bool(self._data.nothing_cut))

    # --- painting ---

    def paint(self, painter: QPainter, theme: Theme, region: QRegion) -> None:
        data = self._data
        if data is None or not data.length:
            return
        self._paint_values(painter, theme, data)
        self._paint_lanes(painter, theme, data, region)
        self._paint_reason(painter, theme)
        self._paint_copies(painter, theme, data, region)
        if region.intersects(self.areas()[1].toAlignedRect()):
            paint_between(painter, theme, self._boxes(), data.between)

    def _paint_values(self, painter: QPainter, theme: Theme, data: TruncationData) -> None:
        y = self.areas()[0].top() + theme.px(8)
        left, right = self.column(0), self.column(data.length)
        painter.setPen(pen(theme.colour("value"), 1.4))
        painter.drawLine(QPointF(left, y), QPointF(right - 6, y))
        arrow_head(painter, QPointF(right, y), 1.0, 0.0, theme.colour("value"), 6.0)
        painter.setFont(theme.font("tiny"))
        painter.setPen(theme.colour("muted"))
        drawn, runs = len(self.lanes()), len(data.lanes)
        forms = ["values: never cut"]
        if data.entering:
            forms[:0] = [f"values: never cut · ● {data.entering}", f"never cut · ● {data.entering}"]
        if drawn < runs:
            forms[:0] = [
                f"values: never cut · below: {drawn} of {count(runs, 'run')} back",
                f"never cut · {drawn} of {count(runs, 'run')}",
            ]
        elif any(lane.again for lane in data.lanes):
            forms[:0] = [
                f"values: never cut · ● {data.entering} · ○ a loss that is counted once more",
                f"values: never cut · ● {data.entering} · ○ once more",
                f"never cut · ● {data.entering} · ○ once more",
                "never cut · ○ counted once more",
            ]
        tiny = theme.font("tiny")
        words = next((form for form in forms if text_width(form, tiny) <= right - left - 16), forms[-1])
        wide = text_width(words, tiny) + 8
        painter.fillRect(QRectF(left, y - 7, wide, 14), theme.colour("panel"))
        painter.drawText(QRectF(left, y - 8, wide, 16), Qt.AlignmentFlag.AlignVCenter, words)

    def _spacing(self, rows: list[tuple[int, float]]) -> float:
        """From one run that is drawn to the next."""
        return rows[1][1] - rows[0][1] if len(rows) > 1 else float(current(self).px(18))

    def _paint_lanes(self, painter: QPainter, theme: Theme, data: TruncationData, region: QRegion) -> None:
        rows = self.lanes()
        spacing = self._spacing(rows)
        thick = max(1.5, min(4.0, spacing * 0.3))
        lines = hatch(theme.colour("cut", 0.4), 6, self.devicePixelRatioF())
        band = min(theme.px(16), 0.72 * spacing)
        asked, reach = region.boundingRect(), max(spacing, float(theme.px(20)))
        for n, y in rows:
            if y + reach < asked.top() or y - reach > asked.bottom():
                continue
            lane, lit = data.lanes[n], data.current in (None, n)
            if lane.low:
                # What this run never reaches, hatched as on the stage.
                left = self.column(0)
                painter.fillRect(QRectF(left, y - band / 2, self.column(lane.low) - left, band), lines)
            colour = theme.colour("gradient", 1.0 if lit else 0.45)
            ready = self._whole and not lane.low and spacing >= theme.px(12)  # scissors that cut nothing yet
            right = self.column(lane.high + 0.5)
            left = self.column(lane.low) + (9 if lane.low else self._scissors_size() if ready else 3)
            painter.setPen(pen(colour, thick))
            painter.drawLine(QPointF(right, y), QPointF(left + 5, y))
            arrow_head(painter, QPointF(left, y), -1.0, 0.0, colour, min(7.0, thick * 2.6))
            loss = theme.colour("loss", 1.0 if lit else 0.45)
            for t in lane.losses:
                # An open dot is a loss that an earlier run has counted already.
                again, radius = t in lane.again, max(thick * 0.9, 1.8)
                painter.setPen(pen(loss, 1.4) if again else Qt.PenStyle.NoPen)
                painter.setBrush(theme.colour("panel") if again else loss)
                painter.drawEllipse(QPointF(self.column(t + 0.5), y), radius, radius)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            if lane.low or self._whole:
                cut = theme.colour("cut", 1.0 if lane.low else 0.5)
                if spacing >= theme.px(12):
                    scissors(painter, QPointF(self._scissors_x(lane.low), y), self._scissors_size(), cut)
                else:
                    painter.setPen(pen(cut, 1.4))
                    at = self.column(lane.low)
                    painter.drawLine(QPointF(at, y - spacing * 0.4), QPointF(at, y + spacing * 0.4))

    def reason(self) -> tuple[str, QRectF]:
        """What is said below the one run of a policy that cuts nothing, and where; "" where there is no room."""
        data, rows = self._data, self.lanes() if self._data is not None and self._data.length else []
        if data is None or not data.nothing_cut or len(rows) != 1:
            return "", QRectF()
        theme = current(self)
        area, font = self.areas()[0].adjusted(4, 0, -4, 0), theme.font("small")
        high, top = QFontMetricsF(font).height() + 2, rows[0][1] + theme.px(12)
        words = next((form for form in data.nothing_cut if text_width(form, font) <= area.width()), "")
        if top + high > area.bottom() - theme.px(19) - self._foot():
            return "", QRectF()
        return words, QRectF(area.left(), top, area.width(), high)

    def _paint_reason(self, painter: QPainter, theme: Theme) -> None:
        words, room = self.reason()
        painter.setFont(theme.font("small"))
        painter.setPen(theme.colour("text"))
        painter.drawText(room, Qt.AlignmentFlag.AlignCenter, words)

    def _paint_copies(self, painter: QPainter, theme: Theme, data: TruncationData, region: QRegion) -> None:
        """The weight copies, how often each is counted, and the words that they read."""
        area = self.areas()[0]
        y, high = area.bottom() - theme.px(17) - self._foot(), theme.px(14)
        if region.boundingRect().bottom() < y:
            return
        font = theme.font("tiny", fixed=True)
        painter.setFont(font)
        lines = hatch(theme.colour("cut", 0.55), 6, self.devicePixelRatioF())
        most = max(1, int(data.counts.max(initial=1)))
        wide = self.column(1) - self.column(0)
        for t in range(data.length):
            cell = QRectF(self.column(t) + 0.5, y, max(1.0, wide - 1), high)
            count = int(data.counts[t])
            painter.fillRect(cell, theme.colour("gradient", 0.15 + 0.6 * count / most) if count else lines)
            if wide >= QFontMetricsF(font).horizontalAdvance("00") + 2:
                painter.setPen(theme.colour("text"))
                painter.drawText(cell, Qt.AlignmentFlag.AlignCenter, str(count))
        painter.setPen(theme.colour("muted"))
        row = self._words()
        if row is not None:
            for t in range(data.length):
                column = QRectF(self.column(t), y + high + 1, wide, row.high)
                paint_word(painter, row, column, data.words[t], t)
        else:
            small = theme.font("tiny")
            painter.setFont(small)
            below = QRectF(self.column(0), y + high + 1, area.width(), theme.px(14))
            below.setRight(self.column(data.length))
            forms = (
                f"how often each of {data.length} weight copies is counted",
                f"how often each of {data.length} is counted",
                "how often each is counted",
            )
            said = next((form for form in forms if text_width(form, small) <= below.width()), forms[-1])
            painter.drawText(below, 0, elided(said, small, below.width()))

    def _boxes(self) -> list[tuple[str, QRectF]]:
        area = self.areas()[1]
        if area.isEmpty():
            return []
        if area.height() > area.width():
            high = area.height() / 3
            tall = min(high - 6, current(self).px(118))
            boxes = [QRectF(area.left(), area.top() + n * (tall + 6), area.width(), tall) for n in range(3)]
        else:
            wide = area.width() / 3
            boxes = [QRectF(area.left() + n * wide, area.top(), wide - 8, area.height()) for n in range(3)]
        return list(zip(BETWEEN, boxes, strict=True))

    # --- the mouse ---

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self._data is not None:
            self._held = self.scissors_at(event.position().x(), event.position().y())
            self._before = self._data if self._held is not None else None
            for name, box in self._boxes():
                if box.contains(event.position()):
                    self.between_wanted.emit(name)
        super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        x, y = event.position().x(), event.position().y()
        if self._held is not None and self._before is not None:
            self.setToolTip(dragged(self._before, self._held, self.step_at(x)).describe())
        over = self._held is not None or self.scissors_at(x, y) is not None
        boxed = any(box.contains(event.position()) for _, box in self._boxes())
        shape = Qt.CursorShape.SizeHorCursor if over else Qt.CursorShape.PointingHandCursor
        self.setCursor(shape if over or boxed else Qt.CursorShape.ArrowCursor)
        self._point(self._step_under(x, y))
        super().mouseMoveEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        self._point(-1)
        super().leaveEvent(event)

    def _step_under(self, x: float, y: float) -> int:
        """The time step of a column of the drawing; −1 outside."""
        if self._data is None or not self.areas()[0].contains(x, y):
            return -1
        wide = self.column(1) - self.column(0)
        t = int((x - self.column(0)) // wide) if wide > 0 else -1
        return t if 0 <= t < self._data.length else -1

    def _point(self, t: int) -> None:
        if t != self._over:
            self._over = t
            self.pointed.emit(t)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        held, before, self._held, self._before = self._held, self._before, None, None
        if held is not None and before is not None:
            self.policy_wanted.emit(dragged(before, held, self.step_at(event.position().x())))
        super().mouseReleaseEvent(event)

    def lane_at(self, y: float) -> int | None:
        """The lane nearest to a height, None above and below them."""
        rows = self.lanes() if self._data is not None and self._data.length else []
        if not rows or not rows[0][1] - NEAR <= y <= rows[-1][1] + NEAR:
            return None
        return min(rows, key=lambda row: abs(row[1] - y))[0]

    def tip(self, x: float, y: float) -> str:
        """What is said of a point: of a run back, of a weight copy, or of what crosses."""
        data = self._data
        if data is None or self._held is not None:
            return ""
        for name, box in self._boxes():
            if box.contains(x, y):
                return f"{name}: {MEANINGS[name]}\n{WHERE}"
        if not self.areas()[0].contains(x, y):
            return ""
        lane, t = self.lane_at(y), self._step_under(x, y)
        if lane is not None:
            return data.explain(lane)
        return data.explain_copy(t) if t >= 0 else ""

    # --- the keys ---

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """← and → move the cut, ↑ and ↓ choose what crosses between sequences."""
        data, key = self._data, Qt.Key(event.key())
        if data is None or not data.length or key not in self.KEYS:
            super().keyPressEvent(event)
        elif key in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            self.nudged.emit(1 if key == Qt.Key.Key_Left else -1)
        else:
            at = BETWEEN.index(data.between) + (1 if key == Qt.Key.Key_Down else -1)
            self.between_wanted.emit(BETWEEN[min(max(at, 0), len(BETWEEN) - 1)])
