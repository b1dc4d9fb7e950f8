"""The Alt key pressed and released by itself, as menus are opened with on most systems."""

from __future__ import annotations

import sys

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication

_OTHER = frozenset(
    {
        QEvent.Type.MouseButtonPress,
        QEvent.Type.Wheel,
        QEvent.Type.WindowDeactivate,
        QEvent.Type.ApplicationDeactivate,
        QEvent.Type.FocusOut,
    }
)


class AltKey(QObject):
    """Emits ``tapped``. It watches the application only while Alt is held; never on a Mac, where Alt writes."""

    tapped = Signal()

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.works = sys.platform != "darwin"
        self._watching = False

    def pressed(self, event: QKeyEvent) -> None:
        """To be told every key that a window gets."""
        alone = event.modifiers() in (Qt.KeyboardModifier.AltModifier, Qt.KeyboardModifier.NoModifier)
        application = QApplication.instance()
        if self.works and event.key() == Qt.Key.Key_Alt and alone and not self._watching and application is not None:
            self._watching = True
            application.installEventFilter(self)

    def _stop(self) -> None:
        self._watching = False
        application = QApplication.instance()
        if application is not None:
            application.removeEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        kind = event.type()
        if kind in _OTHER:
            self._stop()
        elif isinstance(event, QKeyEvent):
            if event.key() != Qt.Key.Key_Alt:
                self._stop()
            elif kind == QEvent.Type.KeyRelease and not event.isAutoRepeat():
                self._stop()
                QTimer.singleShot(0, self, self.tapped.emit)
        return False
