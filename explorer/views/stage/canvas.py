"""The painted surface of the stage: keeps its columns in a pixmap and repaints only those that changed."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np
from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QFocusEvent,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPixmap,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from ...model.edit_targets import invitation
from ...model.stage_cut import dragged
from ...model.stage_hit import Hit, hit, target_of, tip
from ...model.stage_layout import Detail, Row, StageLayout
from ...model.stage_records import FOOT, GATES, HEAD, PARTS, STATE, StageData, changed_parts, moved_highlight
from ...model.stage_scene import MOST_UNITS
from ...theme.theme import current
from ...widgets.paint import frame
from .brush import Brush
from .columns import outline_current, paint_ground, paint_head, paint_inputs, paint_times
from .edges import paint_edges, paint_streams
from .edits import paint_edits
from .gutter import paint_gutter
from .heat import paint_heat
from .overlay import badge_centre, badge_radius, paint_cut, paint_hint, paint_marks, paint_path
from .pixels import StripImages
from .strips import gate_names, paint_strips

_ZOOM_STEP = 1.2


class StageCanvas(QWidget):
    """Paints :class:`StageData`; says what the pointer does, and changes nothing but its own zoom and scroll."""

    hovered = Signal(object)
    """The :class:`Hit` under the pointer, or None."""
    clicked = Signal(object)
    """The :class:`Hit` that was clicked, or None beside the columns."""
    edit_wanted = Signal(object, QPoint)
    """The :class:`Hit` that was double-clicked, and where on the screen."""
    cut_dropped = Signal(int)
    """The boundary at which the scissors were let go."""
    unit_stepped = Signal(int)
    """−1 or +1: the unit above or below the selected one is wanted."""
    scrolled = Signal()
    """Zoom, offset or size changed."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self._data: StageData | None = None
        self._layout: StageLayout | None = None
        self._pixmap = QPixmap()
        self._images = StripImages()
        self._dirty = np.zeros((0, PARTS), dtype=bool)
        self._gutter_dirty = True
        self._zoom, self._offset = 1.0, 0.0
        self._pressed: QPointF | None = None
        self._pan_from: float | None = None
        self._dragging: int | None = None
        self._before_drag: StageData | None = None
        self._over_badge = False
        self._show_focus = False

    # -- what is shown --------------------------------------------------------------------------

    @property
    def data(self) -> StageData | None:
        """What is shown, None before the first time."""
        return self._data

    @property
    def stage_layout(self) -> StageLayout | None:
        """The geometry in force."""
        return self._layout

    @property
    def zoom(self) -> float:
        """1 fits all columns; more is wider."""
        return self._zoom

    def most_cells(self, length: int, states: int, gates: int, hidden: int) -> int:
        """How many cells a strip may have here before they become thinner than two pixels."""
        size = (max(1, self.width()), max(1, self.height()), max(1, length))
        shape = (min(hidden, MOST_UNITS), states, gates)
        return _most_cells((*size, *shape, self._zoom, self._offset, current().scale))

    def show_data(self, data: StageData) -> None:
        """Show ``data``: only columns that differ from what is shown are painted anew."""
        if self._before_drag is not None and data.scene is not self._before_drag.scene:
            self._dragging = self._before_drag = None  # another sentence or other weights: nothing is held any more
        old, self._data = self._data, data
        moved = old is None or old.current_t != data.current_t
        relaid = self._lay_out(follow=moved)
        if old is None or relaid or old.scene.length != data.scene.length:
            self._all_dirty()
            return
        if _gutter_key(old) != _gutter_key(data):
            self._gutter_dirty = True
            self.update(0, 0, self._layout.gutter if self._layout else 0, self.height())
        if old.scene is not data.scene:
            self._dirty[:] = True
            self.update()
            return
        parts = changed_parts(old, data)
        self._dirty |= parts
        if old.cut != data.cut or old.cut_in_force != data.cut_in_force or old.hint != data.hint:
            self.update()
        elif old.marks != data.marks:
            self._update_marks(old, data)
        changed = np.asarray(parts.any(axis=1))
        changed[moved_highlight(old, data)] = True
        for columns in _runs(changed, range(len(changed))):
            self.update(self._column_region(columns.start).united(self._column_region(columns.stop - 1)))

    def set_zoom(self, zoom: float, about: float | None = None) -> None:
        """Zoom horizontally, 1 fits all; ``about`` is the x that stays where it is, by default the middle."""
        if self._layout is None:
            return
        lay = self._layout
        x = lay.gutter + lay.room / 2 if about is None else about
        place = (x - lay.gutter + lay.shift) / lay.column_width
        widest = max(1.0, 152.0 * lay.scale / lay.fitted)
        self._zoom = min(max(1.0, zoom), widest)
        wider = self._make_layout(self._data) if self._data is not None else None
        if wider is not None:
            self._offset = place * wider.column_width - (x - wider.gutter)
        self._lay_out()
        self._all_dirty()

    def scroll_to(self, offset: float) -> None:
        """Show the columns from ``offset`` pixels on."""
        if self._layout is not None and offset != self._layout.shift:
            self._offset = offset
            self._lay_out()
            self._all_dirty()

    # -- geometry -------------------------------------------------------------------------------

    def sizeHint(self) -> QSize:
        return QSize(960, 500)

    def minimumSizeHint(self) -> QSize:
        return QSize(280, 220)

    def _make_layout(self, data: StageData | None) -> StageLayout | None:
        if data is None:
            return None
        scene = data.scene
        return StageLayout(
            max(1, self.width()),
            max(1, self.height()),
            max(1, scene.length),
            scene.cells,
            len(scene.states),
            len(scene.gates),
            self._zoom,
            self._offset,
            current().scale,
        )

    def _lay_out(self, follow: bool = False) -> bool:
        """Make the geometry anew; True when it is another than before."""
        lay = self._make_layout(self._data)
        if lay is not None and follow and self._data is not None and self._data.current_t is not None:
            self._offset = lay.offset_showing(self._data.current_t)
            lay = self._make_layout(self._data)
        if lay is not None:
            self._offset = lay.shift
        if lay == self._layout:
            return False
        self._layout = lay
        self.scrolled.emit()
        return True

    def _all_dirty(self) -> None:
        length = self._data.scene.length if self._data is not None else 0
        self._dirty = np.ones((length, PARTS), dtype=bool)
        self._gutter_dirty = True
        self.update()

    def _column_region(self, t: int) -> QRect:
        assert self._layout is not None
        return QRect(self._layout.left(t) - 14, 0, self._layout.right(t) - self._layout.left(t) + 28, self.height())

    def _update_marks(self, old: StageData, new: StageData) -> None:
        for marks in (old.marks, new.marks):
            for t in (marks.hover_t, marks.selected_t):
                if t is not None and 0 <= t < new.scene.length:
                    self.update(self._column_region(t))
        paths = [marks.path for marks in (old.marks, new.marks)]
        if paths[0] != paths[1]:
            for path in paths:
                if path is not None and path[0] < new.scene.length:
                    self.update(self._column_region(path[1]).united(self._column_region(path[0])))

    # -- painting -------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        theme = current()
        if self._data is None or self._layout is None or self._data.scene.length == 0:
            painter.fillRect(self.rect(), theme.colour("panel"))
            return
        self._refresh()
        ratio = self.devicePixelRatioF()
        region = event.rect()
        source = QRectF(region.x() * ratio, region.y() * ratio, region.width() * ratio, region.height() * ratio)
        painter.drawPixmap(QRectF(region), self._pixmap, source)
        brush = Brush(painter, self._data, self._layout, theme, ratio, exposed=QRectF(region))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.save()
        lay = self._layout
        painter.setClipRect(QRectF(lay.gutter - 16, 0, lay.room + 32, lay.height), Qt.ClipOperation.IntersectClip)
        outline_current(brush)
        paint_marks(brush)
        paint_path(brush)
        paint_edits(brush)
        paint_cut(brush, self._dragging, self._over_badge)
        paint_hint(brush)
        painter.restore()
        if self._show_focus:
            frame(painter, QRectF(self.rect()), theme.colour("value", 0.8))

    def _refresh(self) -> None:
        """Bring the pixmap up to date: the gutter and every dirty column that is seen."""
        assert self._data is not None and self._layout is not None
        ratio, lay, theme = self.devicePixelRatioF(), self._layout, current()
        size = QSize(round(self.width() * ratio), round(self.height() * ratio))
        if self._pixmap.size() != size or self._pixmap.devicePixelRatioF() != ratio:
            self._pixmap = QPixmap(size)
            self._pixmap.setDevicePixelRatio(ratio)
            self._dirty[:] = True
            self._gutter_dirty = True
        if not self._gutter_dirty and not self._dirty.any():
            return
        painter = QPainter(self._pixmap)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        brush = Brush(painter, self._data, lay, theme, ratio, self._images)
        if self._gutter_dirty:
            painter.fillRect(QRectF(0, 0, lay.gutter, lay.height), theme.colour("panel"))
            end = min(lay.right(lay.length - 1), lay.gutter + lay.room)
            painter.fillRect(QRectF(end, 0, lay.width - end, lay.height), theme.colour("panel"))
            paint_gutter(brush)
            self._gutter_dirty = False
        whole = np.asarray(self._dirty.all(axis=1))
        for columns in _runs(whole, lay.visible):
            self._paint_part(brush, columns, Row(0, lay.height), frozenset(range(PARTS)))
        for part, row in enumerate(lay.parts):
            for columns in _runs(self._dirty[:, part] & ~whole, lay.visible):
                self._paint_part(brush, columns, row, frozenset({part}))
        painter.end()
        self._dirty[:] = False

    def _paint_part(self, brush: Brush, columns: range, row: Row, parts: frozenset[int]) -> None:
        """Paint ``parts`` of ``columns``, which lie in ``row``, from the ground up."""
        lay, painter = brush.layout, brush.painter
        left = max(lay.left(columns.start), lay.gutter)
        right = min(lay.right(columns.stop - 1), lay.gutter + lay.room)
        area = QRectF(left, row.top, right - left, row.height)
        painter.setClipRect(area)
        painter.fillRect(area, brush.theme.colour("panel"))
        _paint_run(brush, columns, parts)
        painter.setClipping(False)

    def changeEvent(self, event: QEvent) -> None:
        if event.type() in (QEvent.Type.StyleChange, QEvent.Type.PaletteChange, QEvent.Type.FontChange):
            self._lay_out()
            self._all_dirty()
        super().changeEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._lay_out(follow=True)
        self._all_dirty()
        self.scrolled.emit()

    # -- pointer and keys -----------------------------------------------------------------------

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            self._show_tip(event.globalPos(), event.pos())
            return True
        return super().event(event)

    def _show_tip(self, where: QPoint, at: QPoint) -> None:
        place = self._hit(QPointF(at))
        if place is None or self._data is None:
            QToolTip.hideText()
            return
        target = target_of(self._data, place, None)
        more = "" if target is None else f"\n{invitation(target)}"
        QToolTip.showText(where, tip(self._data, place) + more, self)

    def _hit(self, at: QPointF) -> Hit | None:
        if self._data is None or self._layout is None or self._data.scene.length == 0:
            return None
        return hit(self._data, self._layout, at.x(), at.y())

    def _on_badge(self, at: QPointF) -> bool:
        if self._data is None or self._layout is None or self._data.cut.handle is None:
            return False
        brush = Brush(QPainter(), self._data, self._layout, current(), self.devicePixelRatioF())
        away = at - badge_centre(brush, self._data.cut.handle)
        return away.x() ** 2 + away.y() ** 2 <= (badge_radius(brush) + 3.0) ** 2

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton or self._layout is None or self._data is None:
            super().mousePressEvent(event)
            return
        self._pressed = event.position()
        if self._on_badge(event.position()):
            self._dragging, self._before_drag = self._data.cut.handle, self._data
            self.setCursor(Qt.CursorShape.SplitHCursor)
            self.update()
        else:
            self._pan_from = self._layout.shift

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        at = event.position()
        if self._layout is None or self._data is None:
            return
        if self._dragging is not None:
            loss = self._data.cut.loss
            boundary = min(self._layout.boundary_near(at.x()), loss if loss is not None else 0)
            if boundary != self._dragging:
                self._dragging = boundary
                self.show_data(replace(self._data, cut=dragged(self._data.cut, boundary), cut_in_force=True))
            return
        if self._pressed is not None and self._pan_from is not None and self._layout.furthest > 0:
            away = at.x() - self._pressed.x()
            if abs(away) > 4:
                self.setCursor(Qt.CursorShape.ClosedHandCursor)
                self.scroll_to(self._pan_from - away)
            return
        over = self._on_badge(at)
        if over != self._over_badge:
            self._over_badge = over
            self.setCursor(Qt.CursorShape.SplitHCursor if over else Qt.CursorShape.ArrowCursor)
            self.update()
        self.hovered.emit(self._hit(at))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton or self._pressed is None:
            super().mouseReleaseEvent(event)
            return
        moved = (event.position() - self._pressed).manhattanLength() > 4
        dropped, before = self._dragging, self._before_drag
        cut = dropped is not None and before is not None and dropped != before.cut.handle
        if cut:
            self._before_drag = None  # the preview stays until the walk with the new cut is there
        self._let_go()
        if dropped is not None:
            if cut:
                self.cut_dropped.emit(dropped)
        elif not moved:
            self.clicked.emit(self._hit(event.position()))

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        place = self._hit(event.position())
        if event.button() != Qt.MouseButton.LeftButton or place is None or self._on_badge(event.position()):
            self.mousePressEvent(event)
            return
        self._pressed = self._pan_from = None  # what follows is no click
        self.edit_wanted.emit(place, event.globalPosition().toPoint())

    def _let_go(self) -> None:
        """End a drag or a pan; what was only a preview is taken back."""
        before = self._before_drag
        self._dragging = self._before_drag = self._pressed = self._pan_from = None
        self.setCursor(Qt.CursorShape.ArrowCursor)
        if before is not None:
            self.show_data(before)
            self.update()

    def leaveEvent(self, event: QEvent) -> None:
        self._over_badge = False
        self.hovered.emit(None)
        super().leaveEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        # Who came by the mouse knows where he is.
        self._show_focus = event.reason() in (
            Qt.FocusReason.TabFocusReason,
            Qt.FocusReason.BacktabFocusReason,
            Qt.FocusReason.ShortcutFocusReason,
        )
        self.update()
        super().focusInEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self._show_focus = False
        self.update()
        super().focusOutEvent(event)

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
        if key in (Qt.Key.Key_Up, Qt.Key.Key_Down) and not control:
            self.unit_stepped.emit(1 if key == Qt.Key.Key_Down else -1)
        elif control and key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal):
            self.set_zoom(self._zoom * _ZOOM_STEP)
        elif control and key == Qt.Key.Key_Minus:
            self.set_zoom(self._zoom / _ZOOM_STEP)
        elif control and key == Qt.Key.Key_0:
            self.set_zoom(1.0)
        elif key == Qt.Key.Key_Escape and self._dragging is not None:
            self._let_go()
        else:
            super().keyPressEvent(event)


@lru_cache(maxsize=64)
def _most_cells(fields: tuple[int, int, int, int, int, int, float, float, float]) -> int:
    return min(MOST_UNITS, StageLayout(*fields).most_cells)


def _paint_run(brush: Brush, columns: range, parts: frozenset[int]) -> None:
    paint_ground(brush, columns)
    if HEAD in parts:
        paint_head(brush, columns)
    if FOOT in parts:
        paint_inputs(brush, columns)
    strips = paint_heat if brush.layout.detail == Detail.HEAT else paint_strips
    strips(brush, columns, states=STATE in parts, gates=GATES in parts)
    if GATES in parts:
        gate_names(brush, columns)
    if FOOT in parts:
        paint_times(brush, columns)
    if STATE in parts:
        # Arrows cross the border between two columns: the neighbours' share is clipped away.
        paint_edges(brush, range(columns.start, columns.stop + 1))
    if STATE in parts or HEAD in parts:
        paint_streams(brush, range(max(0, columns.start - 1), columns.stop), joined=STATE in parts)


def _runs(dirty: np.ndarray, visible: range) -> list[range]:
    """Dirty columns that are seen, neighbours together."""
    runs: list[range] = []
    for t in visible:
        if not dirty[t]:
            continue
        if runs and runs[-1].stop == t:
            runs[-1] = range(runs[-1].start, t + 1)
        else:
            runs.append(range(t, t + 1))
    return runs


def _gutter_key(data: StageData) -> tuple[object, ...]:
    paired = any(bool(s.gradient_known.any()) for s in data.strips)
    scene = data.scene
    return paired, scene.group, scene.gates_title, tuple(t.label for t in (*scene.states, *scene.gates))
