"""The stage under the pointer and the keys: says what they do, and lets the cut be dragged."""

from __future__ import annotations

from PySide6.QtCore import QBasicTimer, QEvent, QPoint, QPointF, Qt, QTimer, QTimerEvent, Signal
from PySide6.QtGui import QHelpEvent, QHideEvent, QKeyEvent, QMouseEvent, QPainter, QWheelEvent
from PySide6.QtWidgets import QToolTip, QWidget

from ...model.stage_cut import handle_tip
from ...model.stage_handles import Handle
from ...model.stage_hit import Hit, hit, offer, target_of, tip
from ...model.stage_records import StageData
from ...model.stage_words import run_tip
from ...theme.theme import current
from ...widgets.tips import plain
from .brush import Brush
from .grip import Grip
from .runs import run_at
from .scissors import handle_at
from .surface import StageSurface

_ZOOM_STEP = 1.2
#: What is dragged past the edge of a stage that scrolls takes it along: every so many milliseconds by this share of how
#: far past it is.
_SCROLL_EVERY, _SCROLL_SHARE = 30, 0.8
_PLACES = {
    (Qt.Key.Key_Comma, Qt.KeyboardModifier.NoModifier): (-1, 0),
    (Qt.Key.Key_Period, Qt.KeyboardModifier.NoModifier): (1, 0),
    (Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier): (0, -1),
    (Qt.Key.Key_Down, Qt.KeyboardModifier.AltModifier): (0, 1),
}
"""Keys that move the selection: to the step before or after, and to the state or gate above or below."""
#: The arrow keys move the cut with these held down: left and right its scissors, up and down where runs begin.
_MOVING = Qt.KeyboardModifier.AltModifier | Qt.KeyboardModifier.ShiftModifier
#: Without any key held down, for window managers take those: the same by what is typed, wherever the keys lie.
_TYPED = {"[": (True, -1), "]": (True, 1), "{": (False, -1), "}": (False, 1)}
_DIRECTIONS = {
    Qt.Key.Key_Left: (True, -1),
    Qt.Key.Key_Right: (True, 1),
    Qt.Key.Key_Down: (False, -1),
    Qt.Key.Key_Up: (False, 1),
}


class StageCanvas(StageSurface):
    """A stage that says what the pointer and the keys do, and changes nothing but its own zoom and scroll."""

    hovered = Signal(object)
    """The :class:`Hit` under the pointer, or None."""
    clicked = Signal(object)
    """The :class:`Hit` that was clicked, or None beside the columns."""
    edit_wanted = Signal(object, QPoint)
    """The :class:`Hit` that was double-clicked, and where on the screen."""
    cut_tried = Signal(object, object)
    """The truncation that a handle of the cut would make where it is held, and the step pointed at; None: put back."""
    cut_dropped = Signal(object)
    """The truncation that a handle of the cut makes where it was let go."""
    cut_nudged = Signal(bool, int)
    """Whether the scissors are to move or the runs' beginnings, and in which direction."""
    unit_stepped = Signal(int)
    """−1 or +1: the unit above or below the selected one is wanted."""
    place_stepped = Signal(int, int)
    """By how many time steps, and by how many states or gates, the selection is to move."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMouseTracking(True)
        self._pressed: QPointF | None = None
        self._pan_from: float | None = None
        self._grip: Grip | None = None
        self._past = 0.0
        self._scrolling = QBasicTimer()
        # What is shown may not change anew while others are still being told of it.
        self._soon = QTimer(self, singleShot=True, interval=0)
        self._soon.timeout.connect(self._tell)

    @property
    def holding(self) -> bool:
        """Whether a handle of the cut is in hand."""
        return self._grip is not None

    def show_data(self, data: StageData) -> None:
        """Show ``data``, and over it what is in hand; that is let go where it belongs to another sentence or cut."""
        if self._grip is not None:
            if self._grip.follow(data):
                if self._grip.forgotten:
                    self._soon.start()
                data = self._grip.preview
            else:
                self._grip = self._held = None
                self._soon.start()
        self._show(data)

    def _tell(self) -> None:
        """Say anew what is tried: after something else has changed what is shown."""
        grip = self._grip
        self.cut_tried.emit(grip.policy if grip is not None and grip.moved else None, None)

    def _show(self, data: StageData) -> None:
        if self._over not in data.cut.handles:
            self._over = None
        super().show_data(data)

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            self._show_tip(event.globalPos(), event.pos())
            return True
        wanted = event.type() == QEvent.Type.ShortcutOverride and self.holding
        if wanted and isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape:
            event.accept()  # or the window's own Esc would come before this one's
            return True
        return super().event(event)

    def _show_tip(self, where: QPoint, at: QPoint) -> None:
        place, handle = self._hit(QPointF(at)), self._handle_at(QPointF(at))
        if handle is not None and self._data is not None:
            QToolTip.showText(where, plain(handle_tip(self._data.cut, handle)), self)
            return
        if place is None or self._data is None or self._layout is None:
            QToolTip.hideText()
            return
        run = run_at(Brush(QPainter(), self._data, self._layout, current(), self.devicePixelRatioF()), QPointF(at))
        if run is not None:
            QToolTip.showText(where, plain(run_tip(self._data, run)), self)
            return
        target = target_of(self._data, place, None)
        more = "" if target is None else f"\n{offer(self._data, place, target)}"
        QToolTip.showText(where, plain(tip(self._data, place) + more), self)

    def _hit(self, at: QPointF) -> Hit | None:
        if self._data is None or self._layout is None or self._data.scene.length == 0:
            return None
        return hit(self._data, self._layout, at.x(), at.y())

    def _handle_at(self, at: QPointF) -> Handle | None:
        if self._data is None or self._layout is None or self._data.scene.length == 0:
            return None
        return handle_at(Brush(QPainter(), self._data, self._layout, current(), self.devicePixelRatioF()), at)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton or self._layout is None or self._data is None:
            super().mousePressEvent(event)
            return
        self._pressed = event.position()
        handle = self._handle_at(event.position())
        if handle is not None:
            self._grip, self._held = Grip(self._data, handle), handle
            self.setCursor(Qt.CursorShape.SplitHCursor)
            self.update()
        else:
            self._pan_from = self._layout.shift

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        at = event.position()
        if self._layout is None or self._data is None:
            return
        if self._grip is not None:
            if event.buttons() & Qt.MouseButton.LeftButton:
                self._pull(at.x())
            else:
                self._let_go()  # it was released where nobody told us
            return
        if self._pressed is not None and self._pan_from is not None and self._layout.furthest > 0:
            away = at.x() - self._pressed.x()
            if abs(away) > 4:
                self.setCursor(Qt.CursorShape.ClosedHandCursor)
                self.scroll_to(self._pan_from - away)
            return
        over = self._handle_at(at)
        if over != self._over:
            self._over = over
            self.setCursor(Qt.CursorShape.ArrowCursor if over is None else Qt.CursorShape.SplitHCursor)
            self.update()
        self.hovered.emit(self._hit(at))

    def _pull(self, x: float) -> None:
        """Bring what is in hand to ``x``, or to the edge of what is seen, which moves on while it is held past it."""
        if self._grip is None or self._layout is None:
            return
        lay = self._layout
        inside = min(max(x, float(lay.gutter)), float(lay.gutter + lay.room))
        if self._grip.pull(lay.boundary_near(inside)):
            self._held = self._grip.handle
            self._show(self._grip.preview)
            self.update()
            self.cut_tried.emit(self._grip.policy, lay.column_at(x))
        self._past = x - inside
        if self._past == 0.0 or lay.furthest == 0.0:
            self._scrolling.stop()
        elif not self._scrolling.isActive():
            self._scrolling.start(_SCROLL_EVERY, self)
        # Pointed at is the column that the pointer is over, as ever, not the one in which the handle was taken.
        t = lay.column_at(x)
        self.hovered.emit(None if t is None else Hit(t))

    def timerEvent(self, event: QTimerEvent) -> None:
        if event.timerId() != self._scrolling.timerId():
            super().timerEvent(event)
        elif self._grip is None or self._layout is None:
            self._scrolling.stop()
        else:
            lay = self._layout
            self.scroll_to(min(max(lay.shift + _SCROLL_SHARE * self._past, 0.0), lay.furthest))
            self._pull(self._past + lay.gutter + (lay.room if self._past > 0 else 0))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton or self._pressed is None:
            super().mouseReleaseEvent(event)
            return
        moved = (event.position() - self._pressed).manhattanLength() > 4
        grip = self._grip
        if grip is not None and grip.moved:
            self._grip = None  # the preview stays until the walk with the new cut is there
            self._let_go()
            self._soon.stop()
            self.update()
            self.cut_dropped.emit(grip.policy)
            return
        self._let_go()
        if grip is None and not moved:
            self.clicked.emit(self._hit(event.position()))

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        place = self._hit(event.position())
        if event.button() != Qt.MouseButton.LeftButton or place is None or self._handle_at(event.position()):
            self.mousePressEvent(event)
            return
        self._pressed = self._pan_from = None  # what follows is no click
        self.edit_wanted.emit(place, event.globalPosition().toPoint())

    def _let_go(self) -> None:
        """End a drag or a pan; what was only a preview is taken back."""
        grip = self._grip
        self._grip = self._held = self._pressed = self._pan_from = None
        self._scrolling.stop()
        self.setCursor(Qt.CursorShape.ArrowCursor)
        if grip is not None:
            self.show_data(grip.own)
            self.update()
            self.cut_tried.emit(None, None)

    def hideEvent(self, event: QHideEvent) -> None:
        if self._grip is not None:
            self._let_go()  # nothing more is heard of the button
        super().hideEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        if self._over is not None:
            self._over = None
            self.update()
        self.hovered.emit(None)
        super().leaveEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self._layout is None:
            return
        turned = event.angleDelta().y() or event.angleDelta().x()
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.set_zoom(self._zoom * _ZOOM_STEP ** (turned / 120.0), event.position().x())
        elif self._layout.furthest > 0:
            fine = event.pixelDelta()
            away = (fine.x() or fine.y()) if not fine.isNull() else turned / 120.0 * 0.15 * self._layout.room
            self.scroll_to(self._layout.shift - away)
        else:
            event.ignore()
            return
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, control = event.key(), event.modifiers() & Qt.KeyboardModifier.ControlModifier
        away = _PLACES.get((Qt.Key(key), event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier))
        if away is not None:
            self.place_stepped.emit(*away)
        elif key in (Qt.Key.Key_Up, Qt.Key.Key_Down) and not control and event.modifiers() != _MOVING:
            self.unit_stepped.emit(1 if key == Qt.Key.Key_Down else -1)
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal):
            self.set_zoom(self._zoom * _ZOOM_STEP)
        elif key == Qt.Key.Key_Minus:
            self.set_zoom(self._zoom / _ZOOM_STEP)
        elif key == Qt.Key.Key_0:
            self.set_zoom(1.0)
        elif key == Qt.Key.Key_Escape and self._grip is not None:
            self._let_go()
        elif event.text() in _TYPED:
            self.cut_nudged.emit(*_TYPED[event.text()])
        elif event.modifiers() == _MOVING and key in _DIRECTIONS:
            self.cut_nudged.emit(*_DIRECTIONS[Qt.Key(key)])
        else:
            super().keyPressEvent(event)
