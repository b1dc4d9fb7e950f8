"""A banner: one sentence across the window that can be dismissed."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPoint, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import (
    QCursor,
    QFont,
    QFontMetricsF,
    QHideEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QShowEvent,
    QTextLayout,
)
from PySide6.QtWidgets import QApplication, QHBoxLayout, QLabel, QSizePolicy, QWidget

from ..theme.theme import current
from ..theme.tokens import RADIUS, SPACE
from .chip import Chip
from .paint import rounded

TOKENS = {"info": "value", "warning": "gradient", "error": "cut"}
CALM = 12.0
"""Seconds after which a note goes away by itself; a warning and an error stay until dismissed or replaced."""
REST = 2.0
"""Seconds for which the pointer must have been at rest then."""
STRIPE = 5
"""Width in pixels of the colour at the left edge, which says how grave it is."""
LINES = 2
"""A longer message is shortened; the tooltip has all of it."""


def shortened(text: str, font: QFont, width: float) -> str:
    """Return ``text``, cut with an ellipsis where it needs more lines of ``width`` pixels than a banner has."""
    layout = QTextLayout(" ".join(text.split()), font)
    layout.beginLayout()
    starts: list[int] = []
    while len(starts) <= LINES:
        line = layout.createLine()
        if not line.isValid():
            break
        line.setLineWidth(width)
        starts.append(line.textStart())
    layout.endLayout()
    if len(starts) <= LINES:
        return text
    whole, last = layout.text(), starts[LINES - 1]
    # A little less than the line, so that the label does not break it once more.
    tail = QFontMetricsF(font).elidedText(whole[last:], Qt.TextElideMode.ElideRight, 0.96 * width)
    return whole[:last] + tail


class Banner(QWidget):
    """Shows a message in at most two lines; hidden when there is none. A note ("info") dismisses itself."""

    dismissed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._token = "value"
        self._text = ""
        self._passing = False
        self.timer = QTimer(self)
        self.timer.setSingleShot(True)
        self.timer.setInterval(round(1000 * CALM))
        self.timer.timeout.connect(self._time_is_up)
        self.resting = QTimer(self)
        self.resting.setSingleShot(True)
        self.resting.setInterval(round(1000 * REST))
        self.resting.timeout.connect(self._time_is_up)
        self._hand = QPoint()
        self.label = QLabel()
        self.label.setWordWrap(True)
        self.label.setTextFormat(Qt.TextFormat.PlainText)
        self.label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.button = Chip("Dismiss", label="Esc")
        self.button.setToolTip("Take the message away")
        self.button.clicked.connect(self.dismissed)
        row = QHBoxLayout(self)
        row.setContentsMargins(SPACE.large, SPACE.small, SPACE.small, SPACE.small)
        row.addWidget(self.label, 1)
        row.addWidget(self.button, 0, Qt.AlignmentFlag.AlignTop)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Maximum)
        self.setVisible(False)

    def show_message(self, text: str, level: str) -> None:
        """Show ``text``; an empty one hides the banner."""
        self._token = TOKENS.get(level, "value")
        self._text = text
        self._passing = bool(text) and level == "info"
        self._fit(self._outer_width())
        self.setAccessibleName(text)
        self.setVisible(bool(text))
        self._begin()
        self.update()

    def _begin(self) -> None:
        self.timer.stop()
        self.resting.stop()
        if self._passing and self.isVisible():
            self._hand = QCursor.pos()
            self.timer.start()

    def _time_is_up(self) -> None:
        """Go, unless it is being read, or a hand is at work: what lies below the banner moves up when it goes."""
        before, self._hand = self._hand, QCursor.pos()
        if self.underMouse():
            self.timer.start()
        elif self._hand != before or QApplication.mouseButtons() != Qt.MouseButton.NoButton:
            self.resting.start()
        else:
            self.dismissed.emit()

    def _outer_width(self) -> int:
        parent = self.parentWidget()
        return self.width() if self.isVisible() or parent is None else parent.width()

    def _fit(self, width: int) -> None:
        """Shorten the text to what the lines hold at this width of the banner."""
        margins = self.contentsMargins()
        row = self.layout()
        if row is not None:
            margins = row.contentsMargins()
        room = width - margins.left() - margins.right() - self.button.sizeHint().width() - 2 * SPACE.small
        shown = shortened(self._text, self.label.font(), max(80, room))
        if shown != self.label.text():
            self.label.setText(shown)
        self.setToolTip(self._text if shown != self._text else "")

    def heightForWidth(self, width: int) -> int:
        self._fit(width)
        return super().heightForWidth(width)

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._fit(event.size().width())
        super().resizeEvent(event)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._begin()

    def hideEvent(self, event: QHideEvent) -> None:
        self.timer.stop()
        self.resting.stop()
        super().hideEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        if event.type() in (QEvent.Type.StyleChange, QEvent.Type.PaletteChange):
            self.update()
        super().changeEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area = QRectF(self.rect())
        rounded(painter, area, RADIUS.card, theme.colour("panel"), theme.colour(self._token))
        painter.setClipRect(QRectF(0, 0, STRIPE, area.height()))  # within the rounded corners
        rounded(painter, area, RADIUS.card, theme.colour(self._token), theme.colour(self._token))
