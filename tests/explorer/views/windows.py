"""What the tests of the whole window share: pressing keys, waiting, and finding its panels."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

Key, Shift, Ctrl = Qt.Key, Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier
Alt = Qt.KeyboardModifier.AltModifier


def press(window, key, modifiers=Qt.KeyboardModifier.NoModifier):
    QTest.keyClick(QApplication.activePopupWidget() or QApplication.focusWidget() or window, key, modifiers)


def until(window, found, seconds=10.0):
    for _ in range(int(seconds * 100)):
        if found():
            return
        QTest.qWait(10)
    raise AssertionError("it never came to that")


def place_of(widget: QWidget, window: QWidget) -> QRect:
    return QRect(widget.mapTo(window, QPoint(0, 0)), widget.size())


def dock(window, name):
    return window.board.docks[name]


def panel(window, name):
    return dock(window, name).ensure()


def in_front(widget):
    """Whether a widget can be seen: one behind another tab is laid out as well, but has no visible region."""
    return widget.isVisible() and not widget.visibleRegion().isEmpty()
