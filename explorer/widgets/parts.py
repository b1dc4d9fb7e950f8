"""A muted line of several parts that breaks between them, and changes without asking its panel for a new layout."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QRegion
from PySide6.QtWidgets import QSizePolicy, QWidget

from ..theme.theme import Theme, current
from .paint import elided
from .surface import Surface

GAP = 14
"""Pixels at scale 1 between two parts."""


class Parts(Surface):
    """Shows ``parts`` one beside the other, in as many lines as they need; it is as high as that."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._parts: tuple[str, ...] = ()
        self._most: int | None = None
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def set_parts(self, *parts: str, lines: int | None = None) -> None:
        """Show ``parts``; a layout is asked for only when they take another number of lines.

        Of more than ``lines`` lines the rest is left to the tool tip.
        """
        if parts == self._parts and lines == self._most:
            return
        before = len(self._lines(self.width()))
        self._parts, self._most = parts, lines
        self.setAccessibleName(", ".join(parts))
        self.setToolTip("   ".join(parts))
        if len(self._lines(self.width())) != before:
            self.updateGeometry()
        self.update()

    def text(self) -> str:
        """The parts in one line."""
        return "   ".join(self._parts)

    def _lines(self, width: float) -> list[list[tuple[float, str]]]:
        """The parts of each line with their left edges."""
        metrics, gap = QFontMetricsF(current(self).font("small")), current(self).px(GAP)
        lines: list[list[tuple[float, str]]] = []
        x = 0.0
        for part in self._parts:
            wide = metrics.horizontalAdvance(part)
            if not lines or x + wide > width:
                lines.append([])
                x = 0.0
            lines[-1].append((x, part))
            x += wide + gap
        return lines[: self._most]

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return int(max(1, len(self._lines(width))) * (QFontMetricsF(current(self).font("small")).height() + 1))

    def sizeHint(self) -> QSize:
        return QSize(200, self.heightForWidth(max(self.width(), 60)))

    def minimumSizeHint(self) -> QSize:
        return QSize(40, self.heightForWidth(max(self.width(), 60)))

    def paint(self, painter: QPainter, theme: Theme, region: QRegion) -> None:
        font = theme.font("small")
        painter.setFont(font)
        painter.setPen(theme.colour("muted"))
        lines = self._lines(self.width())
        high = QFontMetricsF(font).height() + 1
        y = max(0.0, (self.height() - high * len(lines)) / 2)
        for line in lines:
            for x, part in line:
                room = QRectF(x, y, self.width() - x, high)
                painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, elided(part, font, room.width()))
            y += high
