"""The window in which a panel fills the screen."""

from __future__ import annotations

from typing import ClassVar

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QCloseEvent, QEnterEvent, QKeyEvent, QKeySequence, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget

from ..theme.theme import ENLARGED, current
from .canvas import first_with_arrows
from .card import Card
from .enlarge import enlarge, enlarge_tips, factor_for
from .tab_order import keeps


class AloneWindow(QWidget):
    """One panel on the whole screen; its keys are the main window's."""

    closed = Signal()
    fitted = Signal()
    """It has another size, and its type was chosen for that."""
    CLICKS_CHOOSE: ClassVar[bool] = True
    """A click gives the arrow keys to what was clicked: beside it is nothing that they could be meant for."""

    def __init__(self, header: QWidget, panel: Card, title: str, main: QWidget) -> None:
        super().__init__(main, Qt.WindowType.Window)
        self.header, self._panel = header, panel
        self.setWindowTitle(f"{title} — BPTT Explorer")
        column = QVBoxLayout(self)
        margin = current().px(12)
        column.setContentsMargins(margin, margin, margin, margin)
        column.setSpacing(0)
        column.addWidget(header)
        column.addWidget(panel, 1)
        header.show()
        panel.show()
        self._main = main
        self.addActions([a for a in main.actions() if QKeySequence("Esc") not in a.shortcuts()])

    def focusNextPrevChild(self, next: bool) -> bool:
        if keeps(self._panel):
            return True
        first = first_with_arrows(self._panel)
        if first is not None and first is not self._panel:  # as its heading says
            if next and self._panel.hasFocus():
                first.setFocus(Qt.FocusReason.TabFocusReason)
                return True
            if not next and first.hasFocus():
                self._panel.setFocus(Qt.FocusReason.BacktabFocusReason)
                return True
        return super().focusNextPrevChild(next)

    def paintEvent(self, event: QPaintEvent) -> None:
        QPainter(self).fillRect(self.rect(), current().colour("panel"))

    def fit_type(self) -> None:
        """Give the panel type for the size of this window."""
        factor = factor_for(self.size())
        vars(self)[ENLARGED] = factor  # of the menu of all commands, which opens here as well
        enlarge(factor, self.header, self._panel)
        enlarge_tips(factor)
        self.fitted.emit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.fit_type()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange and self.isVisible():
            self.fit_type()

    def enterEvent(self, event: QEnterEvent) -> None:
        enlarge_tips(factor_for(self.size()))
        super().enterEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        if QApplication.activePopupWidget() is None:  # a menu of this panel, whose lines have tool tips
            enlarge_tips(1.0)
        super().leaveEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.close()
        else:
            super().keyPressEvent(event)
            QApplication.sendEvent(self._main, event)

    def closeEvent(self, event: QCloseEvent) -> None:
        super().closeEvent(event)
        enlarge_tips(1.0)
        self.closed.emit()
