"""What crosses from one sequence into the next: three things that are often called the same, side by side."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter

from ..model.truncation_data import MEANINGS, crossing
from ..theme.theme import Theme
from ..widgets.paint import arrow_head, pen


def paint_between(painter: QPainter, theme: Theme, boxes: Sequence[tuple[str, QRectF]], between: str) -> None:
    """Draw each of ``boxes``; the one in force is framed."""
    bold = theme.font("small", bold=True)
    line = QFontMetricsF(bold).height()
    for name, box in boxes:
        chosen = name == between
        painter.setPen(pen(theme.colour("value" if chosen else "line"), 1.2))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), 5, 5)
        painter.setFont(bold)
        painter.setPen(theme.colour("text" if chosen else "muted"))
        painter.drawText(box.adjusted(8, 3, -4, 0), Qt.AlignmentFlag.AlignTop, name)
        inner = box.adjusted(10, line + 3, -10, -4)
        said = theme.font("small")
        words = QFontMetricsF(said).boundingRect(inner, int(Qt.TextFlag.TextWordWrap), MEANINGS[name]).height()
        with_words = inner.height() >= words + theme.px(30)
        room = inner.adjusted(0, 0, 0, -words if with_words else 0)
        _paint_arrows(painter, theme, name, room, min(theme.px(22), room.height() / 3))
        if with_words:
            painter.setFont(said)
            painter.setPen(theme.colour("muted"))
            below = QRectF(inner.left(), room.bottom(), inner.width(), words)
            painter.drawText(below, Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextWordWrap, MEANINGS[name])


def _paint_arrows(painter: QPainter, theme: Theme, name: str, room: QRectF, apart: float) -> None:
    """The state goes right, the gradient left, over the line between two sequences, or as far as that."""
    middle, top = room.center().x(), room.top() + apart
    painter.setPen(pen(theme.colour("line"), 1.0, Qt.PenStyle.DashLine))
    painter.drawLine(QPointF(middle, room.top()), QPointF(middle, top + 2 * apart - 2))
    state, gradient = crossing(name)
    for place, (crosses, token, way) in enumerate(((state, "value", 1.0), (gradient, "gradient", -1.0))):
        y = top + place * apart
        start, end = (room.left(), room.right()) if way > 0 else (room.right(), room.left())
        if not crosses:
            end = middle - way * 7
        painter.setPen(pen(theme.colour(token), 1.8))
        painter.drawLine(QPointF(start, y), QPointF(end - way * 5, y))
        arrow_head(painter, QPointF(end, y), way, 0.0, theme.colour(token), 5.0)
        if not crosses:
            painter.setPen(pen(theme.colour("cut"), 1.6))
            painter.drawLine(QPointF(middle - 3, y - 4), QPointF(middle + 3, y + 4))
            painter.drawLine(QPointF(middle - 3, y + 4), QPointF(middle + 3, y - 4))
