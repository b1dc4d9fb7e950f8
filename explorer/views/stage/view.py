"""The stage panel: the unrolled network with its headline, legend and scroll bar."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent, QResizeEvent
from PySide6.QtWidgets import QScrollBar, QWidget

from rnncore.truncation import Truncation

from ...model import action as do
from ...model.session import Changes
from ...model.stage_data import StageData, stage_data, strips_of, with_marks
from ...model.stage_hit import Hit, node_of, target_of, unit_of
from ...model.stage_scales import Rescaled, common, drawn_to, scales_of
from ...model.stage_words import spoken
from ...theme.theme import current
from ...theme.tokens import SPACE
from ...widgets.card import Card
from ...widgets.editing import open_editor
from .canvas import StageCanvas
from .grip import nudge
from .legend import StageLegend

if TYPE_CHECKING:
    from ...store import Store

#: Room that the subtitle wants beside the legend, in pixels at scale 1.
_HEADLINE, _BRIEF = 560, 410
#: On a stage narrower than this the subtitle is brief.
_NARROW = 1150
_CONTENT = Changes.WALK | Changes.POSITION | Changes.TRAINING | Changes.SELECTION


class StageView(Card):
    """Shows the store's session as the unrolled network; pointing, clicking and the scissors become actions."""

    def __init__(self, store: Store, parent: QWidget | None = None) -> None:
        super().__init__("Unrolled network", inline=True, parent=parent)
        self._store = store
        self._data: StageData | None = None
        self._own: StageData | None = None
        self._partner: StageView | None = None
        self._leads = True
        self._rescaled = Rescaled()
        self._cells = 0
        self._placing = False
        self.legend = StageLegend()
        self.add_corner(self.legend)
        self.canvas = StageCanvas()
        self.scroll_bar = QScrollBar(Qt.Orientation.Horizontal)
        self.scroll_bar.setAccessibleName("Scroll through the time steps")
        self.scroll_bar.hide()
        self.set_margins(SPACE.large - 6, SPACE.medium - 2, SPACE.large - 6, SPACE.small)
        self.header.setContentsMargins(6, 0, 6, 0)
        self.body.setContentsMargins(0, SPACE.tight, 0, 0)
        self.body.setSpacing(0)
        self.add(self.canvas, 1)
        self.add(self.scroll_bar)
        self.setFocusProxy(self.canvas)
        self.canvas.hovered.connect(self._hover)
        self.canvas.clicked.connect(self._click)
        self.canvas.edit_wanted.connect(self._edit)
        self.canvas.cut_tried.connect(self._try)
        self.canvas.cut_dropped.connect(self._cut)
        self.canvas.cut_nudged.connect(self._nudge)
        self.canvas.unit_stepped.connect(self._step_unit)
        self.canvas.place_stepped.connect(self._step_place)
        self.canvas.scrolled.connect(self._follow_layout)
        self.scroll_bar.valueChanged.connect(self.canvas.scroll_to)
        store.changed.connect(self.refresh)
        self.refresh(Changes.ALL)

    @property
    def data(self) -> StageData | None:
        """What is shown."""
        return self._data

    def share_scales(self, partner: StageView | None, leads: bool = True) -> None:
        """Draw to the same scales as ``partner``, None for its own; of the two the one that ``leads`` names them."""
        self._partner, self._leads = partner, leads
        self._put()
        self._fit_cells()

    def refresh(self, changes: Changes) -> None:
        """Read the view data anew as far as ``changes`` asks for it, and repaint what differs."""
        if self._data is None or changes & _CONTENT or self._store.awaits_turn(self):
            self._store.in_turn(self, self._read)
        elif changes & Changes.HOVER:
            self._data = with_marks(self._data, self._store.session)
            if self._own is not None:
                self._own = with_marks(self._own, self._store.session)
            self.canvas.show_data(self._data)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._share_headline()

    def _share_headline(self) -> None:
        """Subtitle and legend side by side: the subtitle goes before, and is brief where there is little room."""
        headline = self.title_label.sizeHint().width() + current().px(_BRIEF if self._narrow else _HEADLINE)
        self.legend.set_room(self.width() - headline - 3 * SPACE.large)
        self._say_where()

    @property
    def _narrow(self) -> bool:
        return self.width() < current().px(_NARROW)

    def _say_where(self) -> None:
        if self._data is not None:
            where = self._data.brief if self._narrow else self._data.subtitle
            self.set_subtitle(where if self.canvas.hint_fits else f"{where} · {' '.join(self._data.hint.split())}")

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange and self._data is not None:
            self._read()
            self._share_headline()

    @contextmanager
    def placed(self) -> Iterator[None]:
        """While it is put somewhere and has one size after the other: its data are read for the last of them alone."""
        self._placing = True
        try:
            yield
        finally:
            self._placing = False
            self._fit_cells()

    @property
    def _room(self) -> tuple[int, int]:
        """How many units there are, and how many cells a strip has room for."""
        strips = strips_of(self._store.session)
        return strips[-1], self.canvas.most_cells(*strips)

    @property
    def _wanted_cells(self) -> int:
        """Cells a strip: as many as have room here, and beside a partner with as many units no more than have there.

        So equal numbers are painted alike in both: each cell stands for the same units.
        """
        units, room = self._room
        if self._partner is not None:
            others, there = self._partner._room
            if others == units:
                room = min(room, there)
        return room

    def _fit_cells(self) -> None:
        """Read anew where a cell is to stand for other units than it does, here or at the partner's."""
        for view in (self, self._partner):
            if view is not None and view._data is not None and not view._placing and view._wanted_cells != view._cells:
                view._read()

    def _read(self) -> None:
        session = self._store.session
        self._cells = self._wanted_cells
        before = self._data
        self._own = stage_data(session, self._store.derived, most_cells=self._cells, previous=self._own)
        self._put()
        if self._partner is not None:
            self._partner.follow_scales()
        assert self._data is not None
        if before is None or before.subtitle != self._data.subtitle:
            self._say_where()
            self._name()
            if before is not None and self.canvas.hasFocus():
                QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self.canvas, self._data.subtitle))

    def set_title(self, title: str, *shorter: str) -> None:
        super().set_title(title, *shorter)
        self._name()

    def _name(self) -> None:
        """Say what the canvas shows, and of two stages which one it is."""
        if self._data is not None:
            words = spoken(self._data)
            self.canvas.setAccessibleName(words if self._partner is None else f"{self.accessibleName()}. {words}")

    def follow_scales(self) -> None:
        """Draw anew where what the partner shows asks for other scales, or for other units in a cell."""
        if not self._placing and self._data is not None and self._wanted_cells != self._cells:
            self._read()
            return
        if self._own is None or self._partner is None or self._partner._own is None:
            return
        wanted = common(scales_of(self._own), scales_of(self._partner._own))
        if self._data is None or not drawn_to(self._data, wanted):
            self._put()

    def _put(self) -> None:
        """Show what was read, to scales of its own or to those of both."""
        data, partner = self._own, self._partner
        if data is None:
            return
        if partner is not None and partner._own is not None:
            data = self._rescaled.put(data, common(scales_of(data), scales_of(partner._own)))
        self._data = data
        self.canvas.show_data(data)
        self.legend.show_data(data, "" if partner is None else "A and B" if self._leads else None)

    # -- what the canvas says ---------------------------------------------------------------------

    def _hover(self, place: Hit | None) -> None:
        # With the scissors in hand the other panels have more to show than this: they follow in the next frames.
        tell = self._store.walk_by_key if self.canvas.holding else self._store.dispatch
        if place is None or self._data is None:
            tell(do.Hover())
            return
        t = min(place.t, self._data.scene.length - 1)
        tell(do.Hover(t, unit_of(self._data, place), self._node(place)))

    def _click(self, place: Hit | None) -> None:
        if place is None or self._data is None:
            self._store.walk_by_key(do.Release())
            return
        t = min(place.t, self._data.scene.length - 1)
        self._store.walk_by_key(do.Select(t, unit_of(self._data, place), self._node(place)))

    def _edit(self, place: Hit, at: QPoint) -> None:
        if self._data is None:
            return
        target = target_of(self._data, place, self._store.session.selection.unit)
        if target is not None:
            open_editor(self._store, target, at, self.canvas)

    def _node(self, place: Hit) -> int | None:
        return None if self._data is None else node_of(self._data, place)

    def _try(self, policy: Truncation | None, pointed: int | None = None) -> None:
        """Let every panel follow what is in hand, this one and the inspector in the first frame."""
        self._store.walk_by_key(do.Try(policy, pointed))

    def _cut(self, policy: Truncation) -> None:
        wished = self._store.wished
        if wished.truncation != policy:
            self._store.dispatch(do.ChangeSettings(replace(wished, truncation=policy), wished))
        else:
            self._try(None)

    def _nudge(self, scissors: bool, direction: int) -> None:
        policy = None
        if self._data is not None:
            policy = nudge(self._data, self._store.wished.truncation, scissors, direction)
        if policy is not None:
            self._cut(policy)

    def _step_unit(self, direction: int) -> None:
        session = self._store.session
        last = int(session.model.hidden_size) - 1
        unit = min(max((session.selection.unit or 0) + direction, 0), last)
        at = session.selection.t
        if at is None and self._data is not None:
            at = self._data.current_t
        self._store.walk_by_key(do.Select(at, unit))

    def _step_place(self, steps: int, strips: int) -> None:
        """Move the selection by time steps, and by states and gates in the order in which they stand."""
        data, chosen = self._data, self._store.session.selection
        if data is None or data.scene.length == 0:
            return
        at = chosen.t if chosen.t is not None else data.current_t or 0
        nodes = [strip.track.node for strip in data.strips if strip.track.node >= 0]
        node = None
        if strips and nodes:
            here = nodes.index(chosen.node) + strips if chosen.node in nodes else 0 if strips > 0 else len(nodes) - 1
            node = nodes[min(max(here, 0), len(nodes) - 1)]
        self._store.walk_by_key(do.Select(min(max(at + steps, 0), data.scene.length - 1), chosen.unit or 0, node))

    def _follow_layout(self) -> None:
        """Keep the scroll bar, and the number of cells that fit, in step with the canvas."""
        lay = self.canvas.stage_layout
        if lay is None or self._data is None:
            return
        furthest = round(lay.furthest)
        self.scroll_bar.blockSignals(True)
        self.scroll_bar.setRange(0, furthest)
        self.scroll_bar.setPageStep(lay.room)
        self.scroll_bar.setSingleStep(max(1, round(lay.column_width)))
        self.scroll_bar.setValue(round(lay.shift))
        self.scroll_bar.blockSignals(False)
        self.scroll_bar.setVisible(furthest > 0)
        if self._data.hint:
            self._say_where()
        self._fit_cells()
