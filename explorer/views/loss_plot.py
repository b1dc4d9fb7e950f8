"""The loss curve under the hand: the wheel zooms in time, dragging moves, a double click shows all; or by keys."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from PySide6.QtCore import QEvent, QPointF, Qt, Signal
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent, QKeyEvent, QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QWidget

from ..model.loss_data import LossFrame
from ..model.loss_lines import Line
from ..widgets.canvas import ENTER
from .loss_picture import LossPicture
from .loss_strokes import nearest_line

NOTCH = 0.75
"""What a notch of the wheel leaves of the range."""
FAR = 10
"""Points that Shift and an arrow go at once."""
REACH = 7.0
"""Pixels within which a click is one on a line."""


class LossPlot(LossPicture):
    """A loss curve to point at; a click, or Enter, emits ``update_chosen`` with the update it lies nearest to.

    On a line that was left it emits ``line_chosen`` with its place among the run's other lines, and the update.
    """

    KEYS: ClassVar[frozenset[Qt.Key]] = frozenset(
        {
            Qt.Key.Key_Left,
            Qt.Key.Key_Right,
            Qt.Key.Key_Up,
            Qt.Key.Key_Down,
            Qt.Key.Key_Home,
            Qt.Key.Key_End,
            Qt.Key.Key_Plus,
            Qt.Key.Key_Minus,
            Qt.Key.Key_0,
            *ENTER,
        }
    )
    SHIFTED = True
    update_chosen = Signal(int)
    line_chosen = Signal(int, int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._pressed: QPointF | None = None
        self._dragged: tuple[QPointF, tuple[float, float]] | None = None

    # --- keys ---

    def keyPressEvent(self, event: QKeyEvent) -> None:
        frame, key = self._frame, Qt.Key(event.key())
        if frame is None or frame.empty or key not in self.KEYS:
            super().keyPressEvent(event)
            return
        first, last = self.range
        if key in ENTER:
            self._choose(self._hover, self._line)
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Minus):
            middle = float(self._hover if self._hover is not None else (first + last) / 2)
            wide = (last - first) * (NOTCH if key == Qt.Key.Key_Plus else 1 / NOTCH)
            self.zoom(middle - wide / 2, middle + wide / 2)
        elif key == Qt.Key.Key_0:
            self.show_all()
        elif key in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            lines: list[Line | None] = [None, *frame.others]
            place = lines.index(self._line) if self._line in lines else 0
            line = lines[(place + (1 if key == Qt.Key.Key_Down else -1)) % len(lines)]
            self._say(frame, frame.current if line is None else int(line.points[0, -1]), line)
        else:
            self._say(frame, self._stepped(frame, key, event), None)

    def _stepped(self, frame: LossFrame, key: Qt.Key, event: QKeyEvent) -> int:
        drawn = np.concatenate([[0.0], frame.raw[0]])
        place = int(np.argmin(np.abs(drawn - (frame.current if self._hover is None else self._hover))))
        far = FAR if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1
        steps = {Qt.Key.Key_Left: -far, Qt.Key.Key_Right: far, Qt.Key.Key_Home: -len(drawn), Qt.Key.Key_End: len(drawn)}
        return int(drawn[min(max(place + steps[key], 0), len(drawn) - 1)])

    def _say(self, frame: LossFrame, update: int, line: Line | None) -> None:
        """Point at an update by a key: it is brought into view, and a screen reader says what it reads."""
        self._point_at(update, line)
        first, last = self.range
        if not first <= update <= last:
            self.zoom(update - (last - first) / 2, update + (last - first) / 2)
        QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self, self._reading(frame)))

    def _choose(self, update: int | None, line: Line | None) -> None:
        if update is not None and line is not None and line.place is not None:
            self.line_chosen.emit(line.place, update)
        elif update is not None:
            self.update_chosen.emit(update)

    # --- the mouse ---

    def _line_at(self, place: QPointF) -> Line | None:
        if self._frame is None or not self._frame.others:
            return None
        return nearest_line(self._frame, self.view(), place, REACH)

    def _line_update(self, place: QPointF, line: Line | None) -> int | None:
        """The update at a place of the plot: one of the line on show, or of another one."""
        if line is None:
            return self._update_at(place)
        shown = self.view()
        update = shown.first + (place.x() - shown.area.left()) / shown.area.width() * (shown.last - shown.first)
        return int(min(max(round(update), line.first), line.points[0, -1]))

    def _update_at(self, place: QPointF) -> int | None:
        shown = self.view()
        if self._frame is None or self._frame.empty or not shown.area.contains(place):
            return None
        part = (place.x() - shown.area.left()) / shown.area.width()
        return self._frame.nearest(shown.first + part * (shown.last - shown.first))

    def tip(self, x: float, y: float) -> str:
        """How the numbers at a place are worked out: the numbers themselves stand in the picture."""
        place, frame = QPointF(x, y), self._frame
        update = self._line_update(place, self._line_at(place))
        return "" if frame is None or update is None else "\n".join(frame.formulas(update))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._pressed = event.position()
        self._dragged = (event.position(), self.range)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() and self._dragged is not None:
            start, (first, last) = self._dragged
            if self._zoom is not None:
                moved = (start.x() - event.position().x()) / self.view().area.width() * (last - first)
                self.zoom(first + moved, last + moved)
            return
        line = self._line_at(event.position())
        hover = self._line_update(event.position(), line)
        self.setCursor(Qt.CursorShape.PointingHandCursor if hover is not None else Qt.CursorShape.ArrowCursor)
        self._point_at(hover, line)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        pressed, self._pressed, self._dragged = self._pressed, None, None
        if event.button() != Qt.MouseButton.LeftButton or pressed is None:
            return
        if (event.position() - pressed).manhattanLength() < 5:
            line = self._line_at(event.position())
            self._choose(self._line_update(event.position(), line), line)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.show_all()

    def wheelEvent(self, event: QWheelEvent) -> None:
        shown, turned = self.view(), event.angleDelta().y() / 120
        if self._frame is None or self._frame.empty or not turned:
            event.ignore()
            return
        part = min(max((event.position().x() - shown.area.left()) / shown.area.width(), 0.0), 1.0)
        wide = (shown.last - shown.first) * NOTCH**turned
        first = shown.first + part * (shown.last - shown.first - wide)
        self.zoom(first, first + wide)

    def leaveEvent(self, event: QEvent) -> None:
        self._point_at(None)
        super().leaveEvent(event)
