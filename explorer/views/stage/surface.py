"""The surface of the stage: its geometry, zoom and scroll, and what of it is painted when something changes."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from ...model.letters import measured
from ...model.stage_handles import Handle
from ...model.stage_layout import StageLayout
from ...model.stage_records import StageData, changed_parts, moved_highlight
from ...model.stage_scene import MOST_UNITS
from ...theme.theme import Theme, current
from ...widgets.paint import frame, text_width
from .brush import Brush
from .counts import paint_counts
from .cut import paint_cut
from .edits import paint_edits
from .highlight import outline_current
from .hint import hint_rect, paint_hint
from .layers import Layers, runs
from .marks import paint_marks, paint_path
from .runs import paint_runs
from .scissors import looks
from .strides import paint_stride


class StageSurface(QWidget):
    """Paints :class:`StageData`, only what differs from what was shown before; has a zoom and a scroll of its own."""

    scrolled = Signal()
    """Zoom, offset or size changed."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self._data: StageData | None = None
        self._layout: StageLayout | None = None
        self._layers = Layers()
        self._zoom, self._offset = 1.0, 0.0
        self._held: Handle | None = None
        self._over: Handle | None = None
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

    @property
    def hint_fits(self) -> bool:
        """Whether the hint of an empty stage, if there is one, has a place."""
        if self._data is None or self._layout is None or not self._data.hint:
            return True
        return hint_rect(Brush(QPainter(), self._data, self._layout, current(), 1.0)) is not None

    def most_cells(self, length: int, states: int, gates: int, hidden: int) -> int:
        """How many cells a strip may have here before they become thinner than two pixels."""
        size = (max(1, self.width()), max(1, self.height()), max(1, length))
        shape = (min(hidden, MOST_UNITS), states, gates)
        return _most_cells((*size, *shape, self._zoom, self._offset, current().scale, self._longest))

    def show_data(self, data: StageData) -> None:
        """Show ``data``: only columns that differ from what is shown are painted anew."""
        old, self._data = self._data, data
        if old is not None and _other_sentence(old, data):
            self._zoom, self._offset = 1.0, 0.0
        towards = data.current_t if old is None or old.current_t != data.current_t else None
        if self._held is not None:
            towards = None  # what is in hand stays under the pointer
        chosen = data.marks.selected_t
        if old is not None and chosen is not None and chosen != old.marks.selected_t and self._hidden(chosen):
            towards = chosen  # with a key, or in another panel; what is clicked stays under the pointer
        relaid = self._lay_out(towards)
        if old is None or relaid or old.scene.length != data.scene.length:
            self._all_dirty()
            return
        if old.lanes is not data.lanes or _gutter_key(old) != _gutter_key(data):
            self._layers.spoil_gutter()
            self.update(0, 0, self._layout.gutter if self._layout else 0, self.height())
        if old.scene is not data.scene:
            self._layers.spoil_columns()
            self.update()
            return
        parts = changed_parts(old, data)
        self._layers.spoil_parts(parts)
        if old.cut != data.cut or looks(old) != looks(data):
            self.update()
        elif old.marks != data.marks:
            self._update_marks(old, data)
        changed = np.asarray(parts.any(axis=1))
        changed[moved_highlight(old, data)] = True
        for columns in runs(changed, range(len(changed))):
            self.update(self._column_region(columns.start).united(self._column_region(columns.stop - 1)))

    def set_zoom(self, zoom: float, about: float | None = None) -> None:
        """Zoom horizontally, 1 fits all; ``about`` is the x that stays where it is.

        By default it is the selected step that stays in sight, else the one that the walk is at, else the middle.
        """
        if self._layout is None or self._data is None:
            return
        lay = self._layout
        chosen = self._data.marks.selected_t
        step = chosen if chosen is not None else self._data.current_t
        x = lay.gutter + lay.room / 2 if about is None else about
        place = (x - lay.origin) / lay.column_width
        if about is None and step is not None and 0 <= step < lay.length:
            place = step + 0.5
            x = x if self._hidden(step) else lay.origin + place * lay.column_width
        widest = max(1.0, lay.widest / lay.fitted)
        self._zoom = min(max(1.0, zoom), widest)
        wider = self._make_layout(self._data)
        if wider is not None:
            self._offset = wider.lead + place * wider.column_width - (x - wider.gutter)
        self._lay_out()
        if about is None and step is not None and self._layout.furthest > 0:
            self._lay_out(step)
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
            self._longest,
        )

    @property
    def _longest(self) -> float:
        return 0.0 if self._data is None else _longest(self._data.scene.tokens, current())

    def _lay_out(self, towards: int | None = None) -> bool:
        """Make the geometry anew, scrolled as far as step ``towards`` wants it; True when it is another than before."""
        lay = self._make_layout(self._data)
        if lay == self._layout:
            lay = self._layout  # what it has worked out serves again
        if lay is not None and towards is not None and towards < lay.length:
            self._offset = lay.offset_showing(towards)
            if self._offset != lay.offset:
                lay = self._make_layout(self._data)
        if lay is not None:
            self._offset = lay.shift
        if lay == self._layout:
            return False
        self._layout = lay
        self._all_dirty()  # before others hear of it: they may show other data at once
        self.scrolled.emit()
        return True

    def _hidden(self, t: int) -> bool:
        """Whether the better part of column ``t`` is out of sight."""
        lay = self._layout
        if lay is None or t >= lay.length:
            return False
        return not lay.gutter <= (lay.left(t) + lay.right(t)) / 2 <= lay.gutter + lay.room

    def _all_dirty(self) -> None:
        length = self._data.scene.length if self._data is not None else 0
        self._layers.spoil(length)
        self.update()

    def _column_region(self, t: int) -> QRect:
        assert self._layout is not None
        left = (self._layout.left(t) if t else self._layout.lead_left) - 14
        return QRect(left, 0, self._layout.right(t) + 14 - left, self.height())

    def _update_marks(self, old: StageData, new: StageData) -> None:
        for marks in (old.marks, new.marks):
            for t in (marks.hover_t, marks.selected_t):
                if t is not None and 0 <= t < new.scene.length:
                    self.update(self._column_region(t))
        if (old.marks.path, old.marks.path_cut) != (new.marks.path, new.marks.path_cut):
            self.update()  # words go with a way that is cut, beside it and beside the other scissors

    # -- painting -------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        try:
            self._paint(painter, event.rect())
        finally:
            painter.end()  # an error is an error; a painter that outlives it would end the program

    def _paint(self, painter: QPainter, region: QRect) -> None:
        theme = current()
        if self._data is None or self._layout is None or self._data.scene.length == 0:
            painter.fillRect(self.rect(), theme.colour("panel"))
            return
        ratio = self.devicePixelRatioF()
        self._layers.refresh(self._data, self._layout, theme, ratio)
        if ratio == int(ratio):
            source = QRectF(region.x() * ratio, region.y() * ratio, region.width() * ratio, region.height() * ratio)
            painter.drawPixmap(QRectF(region), self._layers.pixmap, source)
        else:
            painter.fillRect(region, theme.colour("panel"))  # the picture may end within the last row of pixels
            # A part of it would begin within a pixel, and be laid a pixel beside the rest.
            painter.drawPixmap(QPointF(0, 0), self._layers.pixmap)
        brush = Brush(painter, self._data, self._layout, theme, ratio, exposed=QRectF(region))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        lay = self._layout
        # Scissors that cut nothing wait in the margin of the row labels.
        left = lay.gutter - 32 * lay.scale
        painter.setClipRect(QRectF(left, 0, lay.width - left, lay.height))
        outline_current(brush)
        paint_marks(brush)
        paint_path(brush)
        paint_edits(brush)
        paint_runs(brush, self._held, self._over)
        paint_stride(brush)
        paint_counts(brush)
        paint_cut(brush, self._held, self._over)
        if self._held is None:
            paint_hint(brush)
        painter.setClipping(False)
        if self._show_focus:
            frame(painter, QRectF(self.rect()), theme.colour("value", 0.8))

    def changeEvent(self, event: QEvent) -> None:
        if event.type() in (QEvent.Type.StyleChange, QEvent.Type.PaletteChange, QEvent.Type.FontChange):
            self._lay_out()
            self._all_dirty()
        super().changeEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._lay_out(None if self._data is None else self._data.current_t)
        self._all_dirty()
        self.scrolled.emit()

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


@lru_cache(maxsize=64)
def _longest(tokens: tuple[str, ...], theme: Theme) -> float:
    """Width of the longest word in the smallest type; of letters that of the broadest."""
    return max((text_width(token, theme.font("tiny")) for token in measured(tokens)), default=0.0)


@lru_cache(maxsize=64)
def _most_cells(fields: tuple[int, int, int, int, int, int, float, float, float, float]) -> int:
    return min(MOST_UNITS, StageLayout(*fields).most_cells)


def _other_sentence(old: StageData, new: StageData) -> bool:
    """Whether these are the words of two sentences, and not of one of which a word was changed."""
    was, now = old.scene.tokens, new.scene.tokens
    return was is not now and (len(was) != len(now) or sum(a != b for a, b in zip(was, now, strict=True)) > 1)


def _gutter_key(data: StageData) -> tuple[object, ...]:
    paired = any(bool(s.gradient_known.any()) for s in data.strips)
    scene = data.scene
    return (
        paired,
        data.all_losses,
        scene.group,
        scene.gates_title,
        data.cut.policy,
        data.cut.run if data.cut.loss is not None else None,
        tuple(t.label for t in (*scene.states, *scene.gates)),
    )
