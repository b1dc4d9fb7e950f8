"""A row of names of which one is chosen: by a click, or by the arrow keys; what does not fit is left out at the end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from ..theme.theme import current
from .canvas import hear_click
from .paint import pen
from .typeset import draw_named, named


class NameRow(QWidget):
    """Shows labels; ``chosen(key)`` when one is clicked, ``pointed(key)`` ("" for none) when the mouse is over one."""

    KEYS: ClassVar[frozenset[Qt.Key]] = frozenset({Qt.Key.Key_Left, Qt.Key.Key_Right})

    chosen = Signal(str)
    pointed = Signal(str)

    def __init__(self, name: str, token: str = "gradient", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._names: tuple[tuple[str, str], ...] = ()
        self._current = ""
        self._token = token
        self._over = ""
        self._title = name
        self.setAccessibleName(name)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def set_names(self, names: Sequence[tuple[str, str]], current_key: str) -> None:
        """Show (key, label) pairs with one of them chosen; nothing is repainted when they are shown already."""
        state = tuple(names), current_key
        if state != (self._names, self._current):
            self._names, self._current = state
            label = dict(self._names).get(current_key, "none of these")
            self.setAccessibleName(f"{self._title}: {label}")
            self.update()

    @property
    def current(self) -> str:
        """The key of the chosen one."""
        return self._current

    def keys(self) -> tuple[str, ...]:
        """The keys in the row."""
        return tuple(key for key, _ in self._names)

    def areas(self) -> dict[str, QRectF]:
        """Where each name that fits is printed; the chosen one always is."""
        theme = current(self)
        gap, found, x = float(theme.px(9)), {}, 0.0
        widths = {key: named(label, theme.font("label")).width + 4 for key, label in self._names}
        reserve = widths.get(self._current, 0.0)
        for key, _ in self._names:
            # Room is kept for the chosen one until it has been placed.
            waits = self._current in widths and self._current not in found and key != self._current
            kept = reserve + gap if waits else 0.0
            if x + widths[key] + kept <= self.width() or key == self._current:
                found[key] = QRectF(x, 0, widths[key], self.height())
                x += widths[key] + gap
        return found

    def name_at(self, x: float, y: float) -> str:
        """The key of the name at a point, "" for none."""
        return next((key for key, area in self.areas().items() if area.contains(QPointF(x, y))), "")

    def sizeHint(self) -> QSize:
        return QSize(160, current(self).px(20))

    def minimumSizeHint(self) -> QSize:
        return QSize(60, current(self).px(20))

    def event(self, event: QEvent) -> bool:
        hear_click(self, event)
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and event.key() in self.KEYS:
            event.accept()  # else the window would take the key for a step of the walk
            return True
        return super().event(event)

    def changeEvent(self, event: QEvent) -> None:
        if event.type() in (QEvent.Type.StyleChange, QEvent.Type.PaletteChange):
            self.updateGeometry()
            self.update()
        super().changeEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = current(self)
        painter = QPainter(self)
        labels = dict(self._names)
        for key, area in self.areas().items():
            strong = key == self._current
            painter.setPen(theme.colour(self._token if strong else "text" if key == self._over else "muted"))
            draw_named(painter, area, labels[key], theme.font("label", bold=strong))
            if key == self._over or (strong and self.hasFocus()):
                painter.setPen(pen(theme.colour(self._token if strong else "muted")))
                y = area.bottom() - 1.5
                painter.drawLine(QPointF(area.left(), y), QPointF(area.right() - 4, y))

    def _point(self, key: str) -> None:
        if key != self._over:
            self._over = key
            self.setCursor(Qt.CursorShape.PointingHandCursor if key else Qt.CursorShape.ArrowCursor)
            self.update()
            self.pointed.emit(key)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._point(self.name_at(event.position().x(), event.position().y()))

    def leaveEvent(self, event: QEvent) -> None:
        self._point("")
        super().leaveEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        key = self.name_at(event.position().x(), event.position().y())
        if key and event.button() == Qt.MouseButton.LeftButton:
            self.chosen.emit(key)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()))
        keys = self.keys()
        if step is None or not keys:
            super().keyPressEvent(event)
            return
        at = keys.index(self._current) + step if self._current in keys else 0
        if 0 <= at < len(keys):
            self.chosen.emit(keys[at])
