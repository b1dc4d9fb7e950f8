"""A dialog that looks like the panels: a heading, what it is about, and a row of buttons."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QShowEvent
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from ..theme.theme import current
from ..theme.tokens import SPACE
from .chip import Chip
from .paint import pop_up


class PanelDialog(QDialog):
    """``width`` and ``height`` are in pixels at scale 1; it never grows beyond its window."""

    def __init__(self, title: str, width: int, height: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.setAccessibleName(title)
        self.setWindowFlag(Qt.WindowType.FramelessWindowHint)
        heading = QLabel(title)
        heading.setFont(current().font("title", bold=True))
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(SPACE.large, SPACE.large, SPACE.large, SPACE.medium)
        self.column.setSpacing(SPACE.small)
        self.column.addWidget(heading)
        self.resize(current().px(width), current().px(height))

    def add_buttons(self, *buttons: Chip) -> None:
        """Append a row of buttons at the right, the main one last."""
        row = QHBoxLayout()
        row.addStretch(1)
        for button in buttons:
            button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            row.addWidget(button)
        self.column.addLayout(row)

    def close_button(self) -> Chip:
        """Return a button that closes the dialog."""
        button = Chip("Close", filled=True)
        button.clicked.connect(self.reject)
        return button

    def showEvent(self, event: QShowEvent) -> None:
        """Stand in the upper middle of the window, within it where it is large enough."""
        parent = self.parentWidget()
        if parent is not None:
            room = parent.frameGeometry()
            self.resize(self.size().boundedTo(QSize(max(320, room.width() - 40), max(240, room.height() - 40))))
            left = room.left() + (room.width() - self.width()) // 2
            self.move(left, room.top() + (room.height() - self.height()) // 4)
        super().showEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        pop_up(QPainter(self), self.rect(), current())
