"""A dock for one panel: its header is the title bar, its content is made when it is first seen."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QKeyEvent, QKeySequence, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QApplication, QDockWidget, QSizePolicy, QVBoxLayout, QWidget
from shiboken6 import isValid

from ..theme.theme import current
from ..theme.tokens import RADIUS
from .card import Card
from .chip import Chip
from .enlarge import enlarge, factor_for
from .paint import rounded

LEAST = QSize(200, 150)
"""Least size of a dock at scale 1."""


class PanelDock(QDockWidget):
    """Holds the card that ``make`` returns; ``menu_wanted`` is asked for what can be done with it."""

    menu_wanted = Signal(str)
    made = Signal(str)
    """Both say the name."""

    def __init__(self, name: str, title: str, short: str, make: Callable[[], Card], parent: QWidget) -> None:
        super().__init__(short, parent)
        self.setObjectName(name)
        self.setAccessibleName(title)
        self.title = title
        self.panel: Card | None = None
        self.alone: AloneWindow | None = None
        self._make = make
        self._before: QWidget | None = None
        self.framed = False
        self._empty = QWidget()
        self.setTitleBarWidget(self._empty)
        self.setWidget(_Body())
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.customContextMenuRequested.connect(self.ask_for_menu)
        self.visibilityChanged.connect(self._seen)
        self.topLevelChanged.connect(self._floated)

    def ensure(self) -> Card:
        """Return the panel, made now if it has not been yet."""
        if self.panel is None:
            self.panel = panel = self._make()
            self.menu_chip = Chip("⋯")
            self.menu_chip.setAccessibleName(f"{self.title}: panel menu")
            self.menu_chip.setToolTip("Float, move, hide or fill the screen (drag the title to move)")
            self.menu_chip.clicked.connect(self.ask_for_menu)
            panel.add_corner(self.menu_chip)
            self.take_back(panel.give_header())
            self.made.emit(self.objectName())
        return self.panel

    def take_back(self, header: QWidget) -> None:
        """Put header and panel into the dock."""
        assert self.panel is not None
        self.setTitleBarWidget(header)
        header.show()
        body = self.widget()
        assert isinstance(body, _Body)
        body.column.addWidget(self.panel)
        self.panel.show()

    def ask_for_menu(self) -> None:
        """Ask for the panel's menu."""
        self.menu_wanted.emit(self.objectName())

    def holds(self, widget: QWidget | None) -> bool:
        """Whether a widget is part of the panel, wherever that is shown."""
        return widget is not None and (
            self.isAncestorOf(widget) or (self.alone is not None and self.alone.isAncestorOf(widget))
        )

    def set_framed(self, framed: bool) -> None:
        """Paint the frame as that of the panel that has the keyboard, or not."""
        self.framed = framed
        self.update()

    def _floated(self) -> None:
        self._fit_type()
        self.update()

    def _fit_type(self) -> None:
        """Larger type in a large panel that floats by itself; among its neighbours it has theirs."""
        if self.panel is not None and self.alone is None:
            factor = factor_for(self.size()) if self.isFloating() else 1.0
            enlarge(factor, self.panel.header_bar, self.panel)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_type()

    def _seen(self, visible: bool) -> None:
        if visible and self.panel is None:
            # While docks are laid out each is visible for a moment, also those that end up behind another.
            QTimer.singleShot(0, self, self._make_if_in_sight)

    def _make_if_in_sight(self) -> None:
        if self.isVisible() and not self.visibleRegion().isEmpty():
            self.ensure()

    # --- the whole screen ---

    def fill_screen(self) -> None:
        """Show the panel by itself on the whole screen, or bring it back."""
        if self.alone is not None:
            self.alone.close()
            return
        panel, header = self.ensure(), self.titleBarWidget()
        self._before = QApplication.focusWidget()
        self.setTitleBarWidget(self._empty)
        self.alone = AloneWindow(header, panel, self)
        self.alone.closed.connect(self._returned)
        self.alone.showFullScreen()
        inside = self._before is not None and self.alone.isAncestorOf(self._before)
        (self._before if inside and self._before is not None else panel).setFocus()

    def _returned(self) -> None:
        window, self.alone = self.alone, None
        if window is not None:
            self.take_back(window.header)
            window.deleteLater()
            self._fit_type()
            self.activateWindow()
            before, self._before = self._before, None
            if before is not None and isValid(before) and before.isVisible():
                before.setFocus()
            elif self.panel is not None:
                self.panel.setFocus()

    # --- painting ---

    def changeEvent(self, event: QEvent) -> None:
        if event.type() in (QEvent.Type.StyleChange, QEvent.Type.PaletteChange):
            self.update()
        super().changeEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        self._seen(True)
        theme = current()
        painter = QPainter(self)
        if self.isFloating():
            painter.fillRect(self.rect(), theme.colour("background"))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        edge = theme.colour("value" if self.framed else "line")
        rounded(painter, QRectF(self.rect()), RADIUS.card, theme.colour("panel"), edge)


class _Body(QWidget):
    """What a dock holds before its panel is made, and around it afterwards."""

    def __init__(self) -> None:
        super().__init__()
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(0, 0, 0, 0)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def minimumSizeHint(self) -> QSize:
        theme = current()
        # Not what the panel at hand would like: turning to another tab must not push the neighbours about.
        return QSize(theme.px(LEAST.width()), theme.px(LEAST.height()))


class AloneWindow(QWidget):
    """One panel on the whole screen; its keys are the main window's."""

    closed = Signal()

    def __init__(self, header: QWidget, panel: Card, dock: PanelDock) -> None:
        super().__init__(dock.window(), Qt.WindowType.Window)
        self.header, self._panel = header, panel
        self.setWindowTitle(f"{dock.title} — BPTT Explorer")
        column = QVBoxLayout(self)
        margin = current().px(12)
        column.setContentsMargins(margin, margin, margin, margin)
        column.setSpacing(0)
        column.addWidget(header)
        column.addWidget(panel, 1)
        header.show()
        panel.show()
        self.addActions([a for a in dock.window().actions() if QKeySequence("Esc") not in a.shortcuts()])

    def paintEvent(self, event: QPaintEvent) -> None:
        QPainter(self).fillRect(self.rect(), current().colour("panel"))

    def fit_type(self) -> None:
        """Give the panel type for the size of this window."""
        enlarge(factor_for(self.size()), self.header, self._panel)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.fit_type()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange and self.isVisible():
            self.fit_type()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.close()
        else:
            super().keyPressEvent(event)

    def closeEvent(self, event: QCloseEvent) -> None:
        super().closeEvent(event)
        self.closed.emit()
