"""The gates' panel: for each gate value, slope, gradient and saturation over time, and its share of the gradient."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QWidget

from rnncore.progress import Progress
from rnncore.walk import Walk

from ..model import action as do
from ..model.gates_data import LARGE, QUANTITIES, GatesData, Shares, gate_table, gates_now, shares_of
from ..model.session import Changes
from ..model.walking import step_spoken_of
from ..theme.theme import current
from ..widgets.choices import Choices
from ..widgets.panel import Panel
from .gates_canvas import ALL, GatesCanvas, Spot

if TYPE_CHECKING:
    from ..store import Store

KIND = "gate shares"


class GatesView(Panel):
    """The gates of a store's session."""

    CARES = Changes.WALK | Changes.POSITION | Changes.SELECTION | Changes.HOVER
    AWAITS = frozenset({KIND})

    def __init__(self, store: Store, parent: QWidget | None = None) -> None:
        super().__init__(store, "Gates", " ", inline=True, parent=parent)
        self.canvas = GatesCanvas()
        self.choices = Choices((ALL, *QUANTITIES), accent="gradient", help="Which quantity of each gate is shown")
        self.choices.chosen.connect(self.canvas.set_wanted)
        self.add_corner(self.choices)
        self.add(self.canvas, 1)
        self._data: GatesData | None = None
        self._key: tuple[object, ...] = ()
        self._summed: tuple[Walk, int, Shares] | None = None
        self.canvas.pointed.connect(self._point)
        self.canvas.picked.connect(lambda t, unit, node: store.dispatch(do.Select(t=t, unit=unit, node=node)))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.subtitle_label.setVisible(self.width() >= current(self).px(290))
        # The heading keeps a line's worth of room for the title.
        self.choices.fit(self.width() - current(self).px(260))

    def _point(self, spot: Spot | None) -> None:
        if spot is None or self._data is None:
            self._store.dispatch(do.Hover())
        else:
            self._store.dispatch(do.Hover(t=spot.t, unit=spot.unit, node=self._data.gates[spot.gate].node))

    def read(self) -> None:
        session, derived = self._store.session, self._store.derived
        progress = derived.progress(session)
        shares = self._shares(progress)
        key = (progress, session.sentence, shares)
        if self._data is None or any(a is not b for a, b in zip(key, self._key, strict=True)):
            self._key = key
            self._data = gates_now(session, derived, shares)
            self.subtitle_label.set_forms(*self._data.subtitles)
            self.canvas.set_data(self._data)
        self.canvas.at = step_spoken_of(session, progress)
        self.canvas.set_marks(session.hover, session.selection)

    def _shares(self, progress: Progress) -> Shares | None:
        """The shares at ``progress``: now for a small model, later for a large one."""
        model, derived = progress.walk.model, self._store.derived
        owner = gate_table(derived, progress.walk.trace).owners

        def compute() -> Shares:
            return shares_of(model.cell, progress.parameter_gradients, owner)

        if model.parameter_count > LARGE:
            found, fresh = self._store.later(KIND, (progress,), compute)
            return found if fresh else None
        walk, position = progress.walk, self._store.session.position
        before = self._summed
        if before is None or before[0] is not walk or not _same_sums(walk, before[1], position):
            before = (walk, position, compute())
        self._summed = (walk, position, before[2])
        return before[2]


def _same_sums(walk: Walk, before: int, after: int) -> bool:
    """Whether nothing is added to any gradient between two positions next to each other."""
    if abs(after - before) > 1:
        return False
    return before == after or walk[max(before, after) - 1].kind != "accumulate"
