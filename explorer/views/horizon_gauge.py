"""The bias gauge: two arrows, the full gradient and the truncated one, and the two numbers that compare them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QMouseEvent, QPainter, QRegion
from PySide6.QtWidgets import QSizePolicy, QWidget

from ..model.bias_data import Bias
from ..model.formula import number
from ..theme.theme import Theme, current
from ..widgets.paint import arrow, elided, pen, text_width
from ..widgets.surface import Surface
from ..widgets.typeset import draw_named

BEYOND, MOST = 1.25, 4.0
"""A bar has room for so much at the least, and at the most: 1 is never its end, or more than 1 would look like it."""
NOTE = 16
"""Height of the line of a note, in pixels at scale 1."""


class BiasGaugeBar(Surface):
    """Shows a :class:`Bias`, None while it is computed, and names what it is of; ``asked`` on a click."""

    asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._bias: Bias | None = None
        self._of = self._short = ""
        self._said = ("", "")
        self._note = ""
        self._roomy = True
        self._fresh = True
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Bias gauge")
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def set_bias(self, bias: Bias | None, name: str, fresh: bool = True, note: str = "") -> None:
        """Show ``bias`` of the gradient called ``name``, "" for that of all parameters; faint when not ``fresh``.

        A ``note`` says what else than cuts in time makes the two gradients differ.
        """
        of = f"of {name}" if name else "all parameters"
        if (bias, of, fresh, note) == (self._bias, self._of, self._fresh, self._note):
            return
        if note != self._note:
            self._note = note
            self.updateGeometry()
        self._bias, self._of, self._short, self._fresh = bias, of, name or "all", fresh
        said = "computing" if bias is None else f"cosine {bias.cosine_text}, length ratio {bias.ratio_text}"
        self.setAccessibleName(f"Bias of the truncated gradient, {of}: {said}" + (f"; {note}" if note else ""))
        if bias is not None:
            more = f"{note}: the numbers say that as well, not cuts in time alone\n" if note else ""
            self.setToolTip(
                f"{of}: the gradient under this truncation against the one without\n"
                f"cos(truncated, full) = {bias.cosine_text}\n"
                f"‖truncated‖ / ‖full‖ = {number(bias.truncated)} / {number(bias.full)} = {bias.ratio_text}\n"
                f"{more}The mark across both bars is 1\n"
                "A click: of which parameter"
            )
        self.update()

    @property
    def bias(self) -> Bias | None:
        """What is shown."""
        return self._bias

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self.rect().contains(event.position().toPoint()):
            self.asked.emit()

    def set_roomy(self, roomy: bool) -> None:
        """Say whether there is room for a line with the note."""
        if roomy != self._roomy:
            self._roomy = roomy
            self.updateGeometry()

    @property
    def note(self) -> str:
        """What is written below the numbers."""
        return self._note if self._roomy else ""

    @property
    def _high(self) -> int:
        return current(self).px(40 + (NOTE if self.note else 0))

    def sizeHint(self) -> QSize:
        return QSize(200, self._high)

    def minimumSizeHint(self) -> QSize:
        return QSize(120, self._high)

    def paint(self, painter: QPainter, theme: Theme, region: QRegion) -> None:
        bias = self._bias
        dial = theme.px(64) if self.width() >= theme.px(210) else 0
        if dial:
            self._paint_arrows(painter, theme, QRectF(0, 0, dial, self.height()), bias)
        left = dial + (theme.px(10) if dial else 0)
        noted = theme.px(NOTE) if self.note else 0
        row = (self.height() - noted) / 2
        texts = ("", "") if bias is None else (bias.cosine_text, bias.ratio_text)
        room = self.width() - left - theme.px(14)
        used = text_width(texts[0] or "…", theme.font("title", bold=True, fixed=True))
        labels = self._labels(lambda text: text_width(text, theme.font("label")) + used <= room)
        self._said = labels
        values = (math.nan, math.nan) if bias is None else (bias.cosine, bias.ratio)
        rooms = [QRectF(left, n * row, self.width() - left, row) for n in range(2)]
        for room_of, label, text in zip(rooms, labels, texts, strict=True):
            self._paint_row(painter, theme, room_of, label, text)
        for bar, value in zip(self.bars(theme, rooms, labels, texts), values, strict=True):
            _paint_bar(painter, theme, bar, value, self.reach)
        if noted:
            font = theme.font("small")
            painter.setFont(font)
            painter.setPen(theme.colour("muted"))
            below = QRectF(left, 2 * row, self.width() - left, noted)
            painter.drawText(below, Qt.AlignmentFlag.AlignVCenter, elided(self.note, font, below.width()))

    def _labels(self, fits: Callable[[str], bool]) -> tuple[str, str]:
        """What stands before the two numbers: they are never printed without the name of what they are of."""
        cosine, of = "cos(truncated, full)", self._short
        forms = ((f"{cosine}, {of}", f"length ratio, {of}"), (cosine, f"length ratio, {of}"))
        return next((pair for pair in forms if all(map(fits, pair))), (f"cos, {of}", f"length, {of}"))

    @property
    def labels(self) -> tuple[str, str]:
        """What stands before the cosine and before the ratio now."""
        return self._said

    @property
    def reach(self) -> float:
        """What the whole length of both bars stands for."""
        ratio = math.nan if self._bias is None else self._bias.ratio
        return min(max(BEYOND, ratio), MOST) if math.isfinite(ratio) else BEYOND

    def bars(
        self, theme: Theme, rooms: Sequence[QRectF], labels: Sequence[str], texts: Sequence[str]
    ) -> tuple[QRectF, ...]:
        """Where both bars lie: they begin and end below one another, or they could not be compared."""
        number, words = theme.font("title", bold=True, fixed=True), theme.font("label")
        before = max(QFontMetricsF(words).horizontalAdvance(label) for label in labels) + 10
        behind = max(QFontMetricsF(number).horizontalAdvance(text or "…") for text in texts) + 14
        return tuple(
            QRectF(room.left() + before, room.center().y() - 2, room.width() - before - behind, 4) for room in rooms
        )

    def _paint_row(self, painter: QPainter, theme: Theme, room: QRectF, label: str, text: str) -> None:
        number, words = theme.font("title", bold=True, fixed=True), theme.font("label")
        wide = QFontMetricsF(number).horizontalAdvance(text or "…") + 4
        painter.setFont(number)
        painter.setPen(theme.colour("text", 1.0 if self._fresh else 0.6))
        painter.drawText(room, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, text or "…")
        painter.setPen(theme.colour("muted"))
        draw_named(painter, room, elided(label, words, room.width() - wide - 6), words)

    def _paint_arrows(self, painter: QPainter, theme: Theme, room: QRectF, bias: Bias | None) -> None:
        """The full gradient lies flat; the truncated one leans away by their angle, as long as the ratio says."""
        ratio = math.nan if bias is None else bias.ratio
        obtuse = bias is not None and bias.cosine < 0
        start = QPointF(room.center().x() if obtuse else room.left() + 3, room.bottom() - 5)
        most = room.right() - start.x() - 4
        largest = max(1.0, ratio) if math.isfinite(ratio) else 1.0
        radius = min(most, room.height() - 10 if obtuse else most)
        painter.setPen(pen(theme.colour("line")))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.save()
        painter.setClipRect(room)
        painter.drawEllipse(start, radius / largest, radius / largest)
        arrow(painter, start, QPointF(start.x() + radius / largest, start.y()), theme.colour("muted"), 1.6, 6.0)
        if bias is not None and math.isfinite(bias.cosine) and math.isfinite(ratio):
            angle, length = math.acos(bias.cosine), radius * ratio / largest
            tip = QPointF(start.x() + length * math.cos(angle), start.y() - length * math.sin(angle))
            arrow(painter, start, tip, theme.colour("gradient"), 2.0, 7.0)
        painter.restore()


def _paint_bar(painter: QPainter, theme: Theme, bar: QRectF, value: float, reach: float) -> None:
    """A bar as long as ``value`` of what the whole of it stands for, with a mark at 1."""
    if bar.width() < 24 or math.isnan(value):
        return
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(theme.colour("line"))
    painter.drawRoundedRect(bar, 2, 2)
    filled = QRectF(bar)
    filled.setWidth(bar.width() * min(abs(value) / reach, 1.0))
    painter.setBrush(theme.colour("gradient" if value >= 0 else "cut"))
    painter.drawRoundedRect(filled, 2, 2)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    one = QRectF(round(bar.left() + bar.width() / reach) - 0.75, bar.top() - 3, 1.5, bar.height() + 6)
    painter.fillRect(one, theme.colour("text"))
