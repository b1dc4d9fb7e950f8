"""A banner: one sentence across the window that can be dismissed."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QRectF, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QWidget

from ..theme.theme import current
from ..theme.tokens import RADIUS, SPACE
from .chip import Chip
from .paint import rounded

TOKENS = {"info": "value", "warning": "gradient", "error": "cut"}


class Banner(QWidget):
    """Shows a message; hidden when there is none."""

    dismissed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._token = "value"
        self.label = QLabel()
        self.label.setWordWrap(True)
        self.label.setTextFormat(Qt.TextFormat.PlainText)
        self.label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.button = Chip("Dismiss")
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
        self.label.setText(text)
        self.setAccessibleName(text)
        self.setVisible(bool(text))
        self.update()

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
        painter.fillRect(QRectF(1, 4, 4, area.height() - 8), theme.colour(self._token))
