"""The base of hand-painted widgets in which something can be pointed at and chosen, by the mouse and by keys."""

from __future__ import annotations

from typing import Any, ClassVar

from PySide6.QtCore import QEvent, QPoint, QPointF, Qt, Signal
from PySide6.QtGui import QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPixmap, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from ..theme.theme import Theme, current
from .focus_ring import MOVED, FocusRing
from .picture import Picture
from .surface import Surface
from .tab_order import in_order
from .tips import plain

ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
ARROWS = {
    Qt.Key.Key_Left: (0, -1),
    Qt.Key.Key_Right: (0, 1),
    Qt.Key.Key_Up: (-1, 0),
    Qt.Key.Key_Down: (1, 0),
}
"""The arrow keys as steps (down, right)."""


def arrows_of(widget: QWidget | None) -> str:
    """The arrow keys that a widget keeps for itself while it has the focus, as they are printed; "" for none."""
    kept = getattr(widget, "KEYS", ())
    return " ".join(sign for key, sign in zip(ARROWS, "←→↑↓", strict=True) if key in kept)


def first_with_arrows(part: QWidget) -> QWidget | None:
    """The first thing in a part of the window that the arrow keys choose something in; None where there is none."""
    return next((widget for widget in in_order([part]) if arrows_of(widget)), None)


def hear_click(widget: QWidget, event: QEvent) -> None:
    """Give the arrow keys to what was clicked, where its window says so: in a panel on the whole screen."""
    if event.type() == QEvent.Type.MouseButtonPress and getattr(widget.window(), "CLICKS_CHOOSE", False):
        widget.setFocus(Qt.FocusReason.MouseFocusReason)


class Canvas(Surface):
    """Shows the tool tip that :meth:`tip` says, and keeps ``KEYS`` for itself while it has the focus.

    The focus comes by Tab, or by the key of its panel: after a click the arrow keys still belong to the walk, but for a
    panel that fills the screen, where nothing else could be meant.
    """

    KEYS: ClassVar[frozenset[Qt.Key]] = frozenset(ARROWS)
    SHIFTED: ClassVar[bool] = False
    """Whether it keeps them with Shift as well; with Ctrl or Alt they are always the window's."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName(name)
        self._ring: FocusRing | None = None

    def tip(self, x: float, y: float) -> str:
        """What a tool tip says of a point; "" for nothing."""
        return ""

    def event(self, event: QEvent) -> bool:
        if event.type() in MOVED:
            done = super().event(event)
            self._show_focus()
            return done
        hear_click(self, event)
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            QToolTip.showText(event.globalPos() + QPoint(8, 8), plain(self.tip(event.pos().x(), event.pos().y())), self)
            return True
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and self._keeps(event):
            event.accept()  # else the window would take the key for a step of the walk
            return True
        return super().event(event)

    def _keeps(self, event: QKeyEvent) -> bool:
        shift, pad = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.KeypadModifier
        others = event.modifiers() & ~(pad | shift if self.SHIFTED or event.key() == Qt.Key.Key_Plus else pad)
        return event.key() in self.KEYS and not others

    def _show_focus(self) -> None:
        """Lay a line around the whole of it while the keys are its."""
        parent = self.parentWidget()
        if parent is None or (self._ring is None and not self.hasFocus()):
            return
        if self._ring is None or self._ring.parentWidget() is not parent:
            if self._ring is not None:
                self._ring.deleteLater()
            self._ring = FocusRing(self, parent)
        self._ring.follow()


class PictureCanvas(Canvas):
    """A canvas whose parts are kept in a picture, and what is pointed at framed above it.

    A subclass says what lies at a point (:meth:`thing_at`), paints the parts that have become others
    (:meth:`renew`) and the frames (:meth:`paint_marks`), and hears of clicks (:meth:`pick`).
    """

    pointed = Signal(object)
    """What is under the mouse; None: nothing."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(name, parent)
        self._picture = Picture()
        self._renewed: QPixmap | None = None
        self._over: Any = None

    def thing_at(self, x: float, y: float) -> Any:
        """What can be chosen at a point; None for nothing."""
        return None

    def pick(self, thing: Any) -> None:
        """Choose what was clicked."""

    def renew(self, painter: QPainter, theme: Theme) -> None:
        """Paint into the picture what is not what it was."""

    def paint_marks(self, painter: QPainter, theme: Theme) -> None:
        """Frame what is pointed at and what is chosen."""

    def forget(self) -> None:
        """Paint everything anew."""
        self._picture.forget()
        self.update()

    def show_changes(self) -> None:
        """Paint into the picture what has become another thing, and onto the screen only if there was something."""
        if not self.isVisible():
            self.update()
            return
        before = self._picture.changes
        self._renewed = self._renew()
        if self._picture.changes != before:
            self.update()

    def _renew(self) -> QPixmap:
        painter = self._picture.painter(self)
        self.renew(painter, current(self))
        painter.end()
        return self._picture.pixmap(self)

    def restyle(self) -> None:
        self.forget()
        super().restyle()

    def resizeEvent(self, event: QResizeEvent) -> None:
        self.forget()
        super().resizeEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        # On another screen, or of another size, the picture is a new and empty one.
        shown = self._picture.pixmap(self) if self._renewed is not None else None
        if shown is None or shown is not self._renewed:
            shown = self._renew()
        self._renewed = None
        painter = QPainter(self)
        painter.drawPixmap(QPointF(0, 0), shown)
        self.paint_marks(painter, current(self))
        painter.end()

    # --- the mouse ---

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self.point_at(self.thing_at(event.position().x(), event.position().y()))
        super().mouseMoveEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        self.point_at(None)
        super().leaveEvent(event)

    def point_at(self, thing: Any) -> None:
        """Say what is pointed at, when it is something else than before."""
        if thing != self._over:
            self._over = thing
            self.setCursor(Qt.CursorShape.ArrowCursor if thing is None else Qt.CursorShape.PointingHandCursor)
            self.pointed.emit(thing)
            self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        thing = self.thing_at(event.position().x(), event.position().y())
        if thing is not None and event.button() == Qt.MouseButton.LeftButton:
            self.pick(thing)
        super().mouseReleaseEvent(event)
