"""The anatomy's table of sizes: bars of every parameter at every stage of the update."""

from __future__ import annotations

from typing import ClassVar

from PySide6.QtCore import QEvent, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QKeyEvent, QMouseEvent, QPainter, QRegion
from PySide6.QtWidgets import QWidget

from ..model.anatomy_data import STAGES, AnatomyData, size_help, size_title
from ..model.formula import number
from ..theme.theme import Theme, current
from ..widgets.paint import elided
from ..widgets.typeset import draw_named
from .anatomy_chain import Painted

HIGHEST = 80
"""Pixels at scale 1 that a row takes at most, where there is much room."""


class SizesView(Painted):
    """A row a parameter, a column a stage; each column's bars are drawn to its own longest, on a linear scale."""

    chosen = Signal(str)
    pointed = Signal(str)
    HEAD: ClassVar[int] = 16
    KEYS = frozenset({Qt.Key.Key_Up, Qt.Key.Key_Down})

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Sizes of every parameter", parent)
        self._over = ""
        self._first = 0

    def set_data(self, data: AnatomyData) -> None:
        super().set_data(data)
        chosen = next((s for s in data.sizes if s.parameter == data.parameter), None)
        if chosen is not None:
            said = ", ".join(size_help(stage, data.parameter, getattr(chosen, stage)) for stage in STAGES)
            self.setAccessibleName(f"Sizes: {said}")

    def sizeHint(self) -> QSize:
        return QSize(280, 120)

    def minimumSizeHint(self) -> QSize:
        return QSize(80, 60)

    @staticmethod
    def wanted(theme: Theme, parameters: int) -> float:
        """The height in which so many parameters have a row each."""
        return theme.px(SizesView.HEAD) + parameters * QFontMetricsF(theme.font("small")).height()

    def _line(self) -> float:
        assert self._data is not None
        theme = current(self)
        least = QFontMetricsF(theme.font("small")).height()
        room = (self.height() - theme.px(self.HEAD)) / max(1, len(self._data.sizes))
        return min(max(room, least), float(theme.px(HIGHEST)))

    def shown(self) -> range:
        """Which parameters have a row: all, or as many as fit with the chosen one among them."""
        data = self._data
        if data is None:
            return range(0)
        fit = max(1, int((self.height() - current(self).px(self.HEAD)) / self._line() + 1e-6))
        names = [s.parameter for s in data.sizes]
        at = names.index(data.parameter) if data.parameter in names else 0
        first = min(max(0, at - fit + 1), max(0, len(names) - fit))
        return range(first, min(first + fit, len(names)))

    def parameter_at(self, y: float) -> str:
        """The parameter whose row is at a height, "" for none."""
        data, row = self._data, int((y - current(self).px(self.HEAD)) // self._line()) if self._data is not None else -1
        rows = self.shown()
        return data.sizes[rows[row]].parameter if data is not None and 0 <= row < len(rows) else ""

    def paint(self, painter: QPainter, theme: Theme, region: QRegion) -> None:
        data = self._data
        if data is None:
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        small, fixed = theme.font("small"), theme.font("tiny", fixed=True)
        metrics = QFontMetricsF(theme.font("small", bold=True))
        names = max(metrics.horizontalAdvance(s.parameter) for s in data.sizes) + theme.px(10)
        wide = (self.width() - names) / len(STAGES)
        numbers = QFontMetricsF(fixed).horizontalAdvance("0.00000") + 4
        with_numbers = wide >= numbers + theme.px(18)
        head, line = float(theme.px(self.HEAD)), self._line()
        painter.setPen(theme.colour("muted"))
        painter.setFont(small)
        middle = Qt.AlignmentFlag.AlignVCenter
        for n, stage in enumerate(STAGES):
            title = elided(size_title(stage), small, wide - 6)
            painter.drawText(QRectF(names + n * wide, 0, wide - 6, head), middle, title)
        tops = [data.largest(stage) for stage in STAGES]
        for row, place in enumerate(self.shown()):
            size = data.sizes[place]
            y = head + row * line
            mine = size.parameter == data.parameter
            painter.setFont(theme.font("small", bold=mine))
            painter.setPen(theme.colour("weight" if mine else "text" if size.parameter == self._over else "muted"))
            draw_named(painter, QRectF(0, y, names, line), size.parameter, painter.font())
            for n, stage in enumerate(STAGES):
                value = getattr(size, stage)
                room = QRectF(names + n * wide, y, wide - theme.px(12), line)
                thick = min(max(2.5, round(line / 7)), theme.px(7))
                bar = room.adjusted(0, line / 2 - thick, -(numbers if with_numbers else 0), -(line / 2 - thick))
                painter.fillRect(bar, theme.colour("line", 0.6))
                if value is None:
                    continue
                share = min(value / tops[n], 1.0) if tops[n] > 0 and value == value else 0.0
                token = "gradient" if stage in ("raw", "clipped") else "weight"
                painter.fillRect(QRectF(bar.left(), bar.top(), bar.width() * share, bar.height()), theme.colour(token))
                if with_numbers:
                    painter.setFont(fixed)
                    painter.setPen(theme.colour("text" if mine else "muted"))
                    painter.drawText(room, Qt.AlignmentFlag.AlignRight | middle, _short(value))

    def tip(self, x: float, y: float) -> str:
        name = self.parameter_at(y)
        data = self._data
        size = next((s for s in data.sizes if s.parameter == name), None) if data is not None else None
        if size is None:
            return "each column’s bars are drawn to its longest"
        return "\n".join(size_help(stage, name, getattr(size, stage)) for stage in STAGES)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._point(self.parameter_at(event.position().y()))

    def leaveEvent(self, event: QEvent) -> None:
        self._point("")
        super().leaveEvent(event)

    def _point(self, name: str) -> None:
        if name != self._over:
            self._over = name
            self.setCursor(Qt.CursorShape.PointingHandCursor if name else Qt.CursorShape.ArrowCursor)
            self.update()
            self.pointed.emit(name)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        name = self.parameter_at(event.position().y())
        if name and event.button() == Qt.MouseButton.LeftButton:
            self.chosen.emit(name)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        data = self._data
        step = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}.get(Qt.Key(event.key()))
        if data is None or step is None:
            super().keyPressEvent(event)
            return
        names = [s.parameter for s in data.sizes]
        at = names.index(data.parameter) + step if data.parameter in names else 0
        if 0 <= at < len(names):
            self.chosen.emit(names[at])


def _short(value: float) -> str:
    return number(value, 2 if value and (abs(value) < 1e-3 or abs(value) >= 1e4) else 3)
