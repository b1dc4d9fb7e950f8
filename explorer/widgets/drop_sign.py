"""What lies over a window while a file is held over it: a frame, and a sentence that says what a drop does."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QRectF, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from ..theme.theme import current
from ..theme.tokens import RADIUS, SPACE
from .paint import pen, rounded


class DropSign(QWidget):
    """Covers ``over`` and lets every event through: the drop is the window's."""

    def __init__(self, text: str, over: QWidget) -> None:
        super().__init__(over)
        self.text = text
        self.setAccessibleName(text)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        over.installEventFilter(self)
        self._cover(over)
        self.raise_()
        self.show()

    def _cover(self, over: QWidget) -> None:
        self.setGeometry(over.rect())

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize and isinstance(watched, QWidget):
            self._cover(watched)
        return super().eventFilter(watched, event)

    def paintEvent(self, event: QPaintEvent) -> None:
        theme, painter = current(self), QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), theme.colour("background", 0.55))
        inset, thick = SPACE.tight, 2.0
        frame = QRectF(self.rect()).adjusted(inset, inset, -inset, -inset)
        painter.setPen(pen(theme.colour("value"), thick))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(frame, RADIUS.card, RADIUS.card)
        font = theme.font("title", bold=True)
        painter.setFont(font)
        pad = theme.px(SPACE.large)
        widest = max(1, self.width() - 4 * pad)
        words = QFontMetrics(font).boundingRect(0, 0, widest, self.height(), Qt.TextFlag.TextWordWrap.value, self.text)
        box = QRectF(0, 0, min(widest, words.width() + 1) + 2 * pad, words.height() + 2 * pad + 1)
        box.moveCenter(frame.center())
        rounded(painter, box, RADIUS.card, theme.colour("panel"), theme.colour("value"))
        painter.setPen(theme.colour("text"))
        flags = Qt.AlignmentFlag.AlignCenter.value | Qt.TextFlag.TextWordWrap.value
        painter.drawText(box.adjusted(pad, pad / 2, -pad, -pad / 2), flags, self.text)
