"""A slim slider: a track, its filled part and a knob; dragged, clicked, wheeled or moved by keys."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QWheelEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from ..theme.theme import current
from .paint import groove, pen

_STEPS = {Qt.Key.Key_Up: 1, Qt.Key.Key_Down: -1, Qt.Key.Key_Plus: 1, Qt.Key.Key_Minus: -1}
_ALONG = {Qt.Key.Key_Right: 1, Qt.Key.Key_Left: -1}
_ENDS = (Qt.Key.Key_Home, Qt.Key.Key_End)


class Track(QWidget):
    """Shows a value from 0 to ``maximum`` and says which whole number the user wants. It stands on a card.

    A turn of the wheel towards the user goes on in time, as a page does; of an ``amount`` it makes less. While that
    has the focus it keeps all keys that move a slider for itself; those along a slider of the walk are the walk's.
    """

    wanted = Signal(int)

    def __init__(self, name: str, parent: QWidget | None = None, *, amount: bool = False) -> None:
        super().__init__(parent)
        self._towards = -1 if amount else 1
        self.KEYS = frozenset({*_STEPS, *_ALONG, *_ENDS}) if amount else frozenset[Qt.Key]()
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)  # what lies below is not painted with every step
        self._value, self._maximum, self._token = 0.0, 1, "value"
        self._asked: int | None = None
        self._spoken = ""
        self.setAccessibleName(name)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def set_state(self, value: float, maximum: int, token: str, spoken: str) -> None:
        """Show ``value`` of ``maximum`` in the colour of ``token``; ``spoken`` is for a screen reader."""
        state = (value, max(maximum, 1), token)
        if state != (self._value, self._maximum, self._token):
            self._value, self._maximum, self._token = state
            self.update()
        if spoken != self._spoken:
            self._spoken = spoken
            self.setAccessibleDescription(spoken)

    def value(self) -> float:
        """The value shown."""
        return self._value

    def maximum(self) -> int:
        """The greatest value."""
        return self._maximum

    def sizeHint(self) -> QSize:
        return QSize(240, current(self).px(18))

    def minimumSizeHint(self) -> QSize:
        return QSize(60, current(self).px(15))

    def _ask(self, value: int) -> None:
        value = min(max(value, 0), self._maximum)
        if value != self._asked:
            self._asked = value
            self.wanted.emit(value)

    def _at(self, x: float) -> int:
        room = max(1.0, self.width() - 2.0 * self._radius())
        return round((x - self._radius()) / room * self._maximum)

    def _radius(self) -> float:
        return float(current(self).px(5))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._asked = None
            self._ask(self._at(event.position().x()))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._ask(self._at(event.position().x()))

    def wheelEvent(self, event: QWheelEvent) -> None:
        delta = event.angleDelta().y() or event.angleDelta().x()
        if delta:
            self._asked = None
            self._ask(int(self._value) + (self._towards if delta < 0 else -self._towards))
        event.accept()

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and self._keeps(event):
            event.accept()  # else the window would take the key for a step of the walk
            return True
        return super().event(event)

    def _keeps(self, event: QKeyEvent) -> bool:
        shift, pad = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.KeypadModifier
        others = event.modifiers() & ~(pad | shift if event.key() == Qt.Key.Key_Plus else pad)
        return event.key() in self.KEYS and not others

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, steps = Qt.Key(event.key()), _STEPS
        if self._keeps(event):
            steps = _STEPS | _ALONG
        if key in _ENDS and self._keeps(event):
            wanted = 0 if key == Qt.Key.Key_Home else self._maximum
        elif key in steps:
            wanted = int(self._value) + steps[key]
        else:
            super().keyPressEvent(event)
            return
        self._asked = None
        self._ask(wanted)

    def changeEvent(self, event: QEvent) -> None:
        if event.type() in (QEvent.Type.StyleChange, QEvent.Type.PaletteChange):
            self.updateGeometry()
            self.update()
        super().changeEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = current(self)
        painter = QPainter(self)
        painter.fillRect(event.rect(), theme.colour("panel"))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        radius, middle = self._radius(), self.height() / 2.0
        thick = float(theme.px(6))
        room = self.width() - 2.0 * radius
        share = min(max(self._value / self._maximum, 0.0), 1.0)
        knob = radius + room * share
        groove(painter, theme, QRectF(0, middle - thick / 2, self.width(), thick))
        painter.setPen(Qt.PenStyle.NoPen)
        if share > 0:
            painter.setBrush(theme.colour(self._token))
            painter.drawRoundedRect(QRectF(0, middle - thick / 2, knob, thick), thick / 2, thick / 2)
        painter.setBrush(theme.colour("text"))
        if self.hasFocus():
            painter.setPen(pen(theme.colour("value"), 2.0))
        painter.drawEllipse(QRectF(knob - radius, middle - radius, 2 * radius, 2 * radius))
