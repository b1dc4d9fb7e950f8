"""The truncation panel: every run of the gradient back through time, drawn; scissors to drag; carry, detach, reset."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QMouseEvent, QPainter, QRegion, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QMenu, QSizePolicy, QWidget

from rnncore.truncation import Full, Truncation

from ..model import action as do
from ..model.session import Changes
from ..model.truncation_data import (
    BETWEEN,
    CALLED,
    KINDS,
    LOSSES,
    MEANINGS,
    TruncationData,
    crossing,
    dragged,
    lane_rows,
    numbers_of,
    of_kind,
    truncation_data,
    with_number,
)
from ..theme.theme import Theme, current
from ..theme.tokens import SPACE
from ..widgets.chip import Chip
from ..widgets.choices import Choices
from ..widgets.paint import arrow_head, elided, hatch, pen, scissors
from ..widgets.panel import Panel
from ..widgets.surface import Surface

if TYPE_CHECKING:
    from ..store import Store

NAMES = {"k": "k", "n": "n", "k1": "k₁", "k2": "k₂", "losses": "losses"}
NEAR = 11
"""Pixels around scissors in which they can be taken hold of."""


class TruncationView(Panel):
    """Shows and changes the truncation of a store's session."""

    CARES = Changes.WALK | Changes.POSITION

    def __init__(self, store: Store, parent: QWidget | None = None) -> None:
        super().__init__(store, "Truncation", " ", inline=True, parent=parent)
        self.kinds = Choices(KINDS, accent="cut")
        self.kinds.chosen.connect(self._kind)
        self.canvas = TruncationCanvas()
        self.canvas.policy_wanted.connect(self._change)
        self.canvas.between_wanted.connect(self._between)
        self._row = QHBoxLayout()
        self._row.setSpacing(SPACE.tight)
        self._row.addWidget(self.kinds)
        self._numbers: dict[str, Chip] = {}
        for name, shown in NAMES.items():
            chip = Chip("", label=shown, accent="cut")
            chip.setAccessibleName(f"Truncation: {shown}")
            menu = QMenu(chip)
            menu.aboutToShow.connect(partial(self._fill, menu, name))
            chip.set_menu(menu)
            self._numbers[name] = chip
            self._row.addWidget(chip)
        self._row.addStretch(1)
        self.body.addLayout(self._row)
        self.add(self.canvas, 1)
        self._data: TruncationData | None = None
        self._key: tuple[object, ...] = ()

    def read(self) -> None:
        session = self._store.session
        step = self._store.derived.progress(session).step
        loss = step.loss if step is not None and step.phase == "backward" else None
        key = (session.settings.truncation, session.settings.between, session.sentence, loss)
        if len(self._key) == len(key) and all(a is b or a == b for a, b in zip(key, self._key, strict=True)):
            return
        self._key = key
        self._data = data = truncation_data(session, loss)
        self.kinds.set_current(data.kind)
        numbers = numbers_of(data.policy)
        for name, chip in self._numbers.items():
            chip.setVisible(name in numbers)
            if name in numbers:
                chip.set_value(str(numbers[name]))
        self.set_subtitle(data.sentence)
        self.subtitle_label.setToolTip(f"{CALLED[data.kind]}\n{data.sentence}")
        self.canvas.show_data(data)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.kinds.fit(self.width() - current().px(190))

    def _fill(self, menu: QMenu, name: str) -> None:
        menu.clear()
        if self._data is None:
            return
        policy, length = self._data.policy, self._data.length
        values: list[int | str] = list(LOSSES)
        if name != "losses":
            least = 0 if name == "k" else 1
            values = [v for v in (*range(10), 12, 16, 20, 25, 32, 50, 100) if least <= v <= max(length, 10)]
        for value in values:
            menu.addAction(str(value), partial(self._change, with_number(policy, name, value)))

    def _kind(self, kind: str) -> None:
        if self._data is not None:
            self._change(of_kind(kind, self._data.policy, self._data.length))

    def _change(self, policy: Truncation) -> None:
        settings = self._store.session.settings
        if policy != settings.truncation:
            self._store.dispatch(do.ChangeSettings(replace(settings, truncation=policy)))

    def _between(self, between: str) -> None:
        settings = self._store.session.settings
        if between != settings.between:
            self._store.dispatch(do.ChangeSettings(replace(settings, between=between)))


class TruncationCanvas(Surface):
    """Paints a :class:`TruncationData`."""

    policy_wanted = Signal(object)
    between_wanted = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._data: TruncationData | None = None
        self._held: int | None = None
        self._before: TruncationData | None = None
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def show_data(self, data: TruncationData) -> None:
        """Show ``data``."""
        self._data = data
        if self._held is not None and self._before is not None and data.words != self._before.words:
            self._held = self._before = None
        self.setAccessibleName(f"{CALLED[data.kind]}: {data.sentence}. Between sequences: {MEANINGS[data.between]}")
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(320, 200)

    def minimumSizeHint(self) -> QSize:
        return QSize(180, 90)

    # --- geometry ---

    def areas(self) -> tuple[QRectF, QRectF]:
        """The drawing of the runs, and that of what crosses between sequences (empty where there is no room)."""
        theme, whole = current(), QRectF(self.rect())
        if whole.width() >= theme.px(430):
            wide = theme.px(150)
            return whole.adjusted(0, 0, -wide - 14, 0), QRectF(whole.right() - wide, whole.top(), wide, whole.height())
        high = theme.px(58)
        if whole.height() >= high + theme.px(110):
            return whole.adjusted(0, 0, 0, -high - 6), QRectF(whole.left(), whole.bottom() - high, whole.width(), high)
        return whole, QRectF()

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
        theme, area = current(), self.areas()[0]
        top, bottom = area.top() + theme.px(20), area.bottom() - theme.px(34)
        rows = lane_rows(self._data, max(1, int((bottom - top) // theme.px(7))))
        high = (bottom - top) / max(1, len(rows))
        return [(int(n), top + (place + 0.5) * min(high, theme.px(30))) for place, n in enumerate(rows.tolist())]

    def scissors_at(self, x: float, y: float) -> int | None:
        """The lane whose scissors lie at a point."""
        if self._data is None:
            return None
        for n, row in self.lanes():
            low = self.column(self._data.lanes[n].low)
            if abs(x - low) <= NEAR and abs(y - row) <= NEAR and (self._data.lanes[n].low or self._data.kind == "full"):
                return n
        return None

    # --- painting ---

    def paint(self, painter: QPainter, theme: Theme, region: QRegion) -> None:
        data = self._data
        if data is None or not data.length:
            return
        self._paint_values(painter, theme, data)
        self._paint_lanes(painter, theme, data)
        self._paint_copies(painter, theme, data)
        self._paint_between(painter, theme, data)

    def _paint_values(self, painter: QPainter, theme: Theme, data: TruncationData) -> None:
        y = self.areas()[0].top() + theme.px(8)
        left, right = self.column(0), self.column(data.length)
        painter.setPen(pen(theme.colour("value"), 1.4))
        painter.drawLine(QPointF(left, y), QPointF(right - 6, y))
        arrow_head(painter, QPointF(right, y), 1.0, 0.0, theme.colour("value"), 6.0)
        painter.setFont(theme.font("tiny"))
        painter.setPen(theme.colour("muted"))
        words = "values: never cut"
        wide = QFontMetricsF(theme.font("tiny")).horizontalAdvance(words) + 8
        painter.fillRect(QRectF(left, y - 7, wide, 14), theme.colour("panel"))
        painter.drawText(QRectF(left, y - 8, wide, 16), Qt.AlignmentFlag.AlignVCenter, words)

    def _paint_lanes(self, painter: QPainter, theme: Theme, data: TruncationData) -> None:
        rows = self.lanes()
        spacing = rows[1][1] - rows[0][1] if len(rows) > 1 else theme.px(18)
        thick = max(1.5, min(4.0, spacing * 0.3))
        for n, y in rows:
            lane, lit = data.lanes[n], data.current in (None, n)
            colour = theme.colour("gradient", 1.0 if lit else 0.45)
            right, left = self.column(lane.high + 0.5), self.column(lane.low) + (9 if lane.low else 3)
            painter.setPen(pen(colour, thick))
            painter.drawLine(QPointF(right, y), QPointF(left + 5, y))
            arrow_head(painter, QPointF(left, y), -1.0, 0.0, colour, min(7.0, thick * 2.6))
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.colour("loss", 1.0 if lit else 0.45))
            for t in lane.losses:
                painter.drawEllipse(QPointF(self.column(t + 0.5), y), thick * 0.9, thick * 0.9)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            if lane.low or isinstance(data.policy, Full):
                cut = theme.colour("cut", 1.0 if lane.low else 0.5)
                if spacing >= theme.px(12):
                    scissors(painter, QPointF(self.column(lane.low), y), theme.px(12), cut)
                else:
                    painter.setPen(pen(cut, 1.4))
                    at = self.column(lane.low)
                    painter.drawLine(QPointF(at, y - spacing * 0.4), QPointF(at, y + spacing * 0.4))

    def _paint_copies(self, painter: QPainter, theme: Theme, data: TruncationData) -> None:
        """The weight copies, how often each is counted, and the words that they read."""
        area = self.areas()[0]
        y, high = area.bottom() - theme.px(31), theme.px(14)
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
        small = theme.font("tiny")
        painter.setFont(small)
        painter.setPen(theme.colour("muted"))
        for t in range(data.length):
            if wide >= theme.px(26):
                room = QRectF(self.column(t), y + high + 1, wide, theme.px(14))
                painter.drawText(room, Qt.AlignmentFlag.AlignCenter, elided(data.words[t], small, wide - 2))
        if wide < theme.px(26):
            below = QRectF(self.column(0), y + high + 1, area.width(), theme.px(14))
            painter.drawText(below, 0, f"how often each of {data.length} weight copies is counted")

    def _boxes(self) -> list[tuple[str, QRectF]]:
        area = self.areas()[1]
        if area.isEmpty():
            return []
        if area.height() > area.width():
            high = area.height() / 3
            boxes = [QRectF(area.left(), area.top() + n * high, area.width(), high - 6) for n in range(3)]
        else:
            wide = area.width() / 3
            boxes = [QRectF(area.left() + n * wide, area.top(), wide - 8, area.height()) for n in range(3)]
        return list(zip(BETWEEN, boxes, strict=True))

    def _paint_between(self, painter: QPainter, theme: Theme, data: TruncationData) -> None:
        """Between two sequences, three things that are called the same: side by side, the one in force framed."""
        small, tiny = theme.font("small", bold=True), theme.font("tiny")
        line = QFontMetricsF(small).height()
        for name, box in self._boxes():
            chosen = name == data.between
            painter.setPen(pen(theme.colour("value" if chosen else "line"), 1.2))
            painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), 5, 5)
            painter.setFont(small)
            painter.setPen(theme.colour("text" if chosen else "muted"))
            painter.drawText(box.adjusted(8, 3, -4, 0), Qt.AlignmentFlag.AlignTop, name)
            inner = box.adjusted(10, line + 3, -10, -4)
            state, gradient = crossing(name)
            middle, y = inner.center().x(), inner.top() + min(12.0, inner.height() / 3)
            painter.setPen(pen(theme.colour("line"), 1.0, Qt.PenStyle.DashLine))
            painter.drawLine(QPointF(middle, inner.top()), QPointF(middle, inner.bottom()))
            for place, (crosses, token, way) in enumerate(((state, "value", 1.0), (gradient, "gradient", -1.0))):
                at = y + place * min(12.0, inner.height() / 3)
                start, end = (inner.left(), inner.right()) if way > 0 else (inner.right(), inner.left())
                if not crosses:
                    end = middle - way * 7
                painter.setPen(pen(theme.colour(token), 1.8))
                painter.drawLine(QPointF(start, at), QPointF(end - way * 5, at))
                arrow_head(painter, QPointF(end, at), way, 0.0, theme.colour(token), 5.0)
                if not crosses:
                    painter.setPen(pen(theme.colour("cut"), 1.6))
                    painter.drawLine(QPointF(middle - 3, at - 4), QPointF(middle + 3, at + 4))
                    painter.drawLine(QPointF(middle - 3, at + 4), QPointF(middle + 3, at - 4))
            if inner.height() > 44:
                painter.setFont(tiny)
                painter.setPen(theme.colour("muted"))
                room = inner.adjusted(0, 30, 0, 0)
                painter.drawText(room, Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextWordWrap, MEANINGS[name])

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
        super().mouseMoveEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        held, before, self._held, self._before = self._held, self._before, None, None
        if held is not None and before is not None:
            self.policy_wanted.emit(dragged(before, held, self.step_at(event.position().x())))
        super().mouseReleaseEvent(event)
