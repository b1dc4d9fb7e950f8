"""The update's anatomy: from the ledger's sum over the clip and the optimiser to the weight that moves."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QMenu, QWidget

from ..model import action as do
from ..model.anatomy_data import AnatomyData, anatomy_of
from ..model.derived import MANY, UPDATE
from ..model.session import Changes
from ..theme.theme import current
from ..theme.tokens import SPACE
from ..widgets.chip import Chip
from ..widgets.panel import Panel
from .anatomy_chain import ChainView
from .anatomy_sizes import SizesView

if TYPE_CHECKING:
    from ..store import Store

TITLE = "Update anatomy"
CHAIN, SIZES = "weight", "sizes"
HEADING = 66
"""Pixels that the title and the line below it take."""
HELP = "the update that this sentence by itself would make; ← → ↑ ↓ in the chain follow another weight"


class AnatomyView(Panel):
    """The update anatomy of a store."""

    CARES = Changes.WALK | Changes.POSITION | Changes.SELECTION | Changes.TRAINING

    AWAITS = frozenset({UPDATE})

    def __init__(self, store: Store, parent: QWidget | None = None) -> None:
        super().__init__(store, TITLE, " ", parent=parent)
        self.set_title(TITLE, "Update")
        self._data: AnatomyData | None = None
        self._other: int | None = None
        self._chosen_for: tuple[str, int] = ("", -1)
        self.parameter = Chip("W")
        self.parameter.setToolTip("Which parameter is followed; arrow keys choose the weight")
        self.parameter.set_menu(QMenu(self.parameter))
        self.part = Chip(CHAIN)
        self.part.setToolTip("One weight’s way, or the sizes of all parameters")
        self.add_corner(self.parameter)
        self.add_corner(self.part)
        self.chain = ChainView()
        self.sizes = SizesView()
        self.both = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self.both.setSpacing(SPACE.large)
        self.both.addWidget(self.chain, 1)
        self.both.addWidget(self.sizes, 1)
        self.body.addLayout(self.both, 1)
        self.chain.moved.connect(self._move)
        self.chain.unit_moved.connect(self._move_unit)
        self.sizes.chosen.connect(self._choose)
        self.sizes.pointed.connect(lambda name: store.dispatch(do.Hover(parameter=name or None)))
        self.part.clicked.connect(self._next_part)
        self._place()
        self.refresh()

    # --- reading ---

    def read(self) -> None:
        session = self._store.session
        at = (session.selection.parameter or "", session.selection.unit or 0)
        if at != self._chosen_for:
            # Another unit or parameter: its weight with the largest gradient, until one is chosen by hand.
            self._chosen_for, self._other = at, None
        walk = self._store.derived.walk(session)
        updating = session.position > walk.script.update_start and session.model.parameter_count > MANY
        if updating and not self._store.later(UPDATE, (walk,), lambda: walk.update is not None)[1]:
            self.set_subtitle("computing the update…")
            return
        data = anatomy_of(session, self._store.derived, self._other, self._data)
        if data is self._data:
            self.set_subtitle(data.subtitle)
            return
        self._data = data
        self.set_subtitle(data.subtitle)
        self.subtitle_label.setToolTip(f"{data.subtitle}\n{HELP}")
        self.parameter.set_value(data.parameter)
        menu = self.parameter.menu()
        names = list(session.model.parameters)
        if menu is not None and [a.text() for a in menu.actions()] != names:
            menu.clear()
            for name in names:
                menu.addAction(name, partial(self._choose, name))
        self.chain.set_data(data)
        self.sizes.set_data(data)
        self._place()

    # --- acting ---

    def _choose(self, name: str) -> None:
        self._store.dispatch(do.Select(parameter=name))

    def _move(self, steps: int) -> None:
        """Follow the next weight of the same unit."""
        data = self._data
        if data is None:
            return
        if len(data.index) == 1 and data.parameter != "b_y":
            self._move_unit(steps)
            return
        place = 0 if data.parameter in ("V", "b_y") else 1
        last = data.walk.model.parameters[data.parameter].shape[place] - 1
        self._other = min(max(data.index[place] + steps, 0), last)
        self.refresh()

    def _move_unit(self, steps: int) -> None:
        unit = self._store.session.selection.unit or 0
        self._store.dispatch(do.Select(unit=max(unit + steps, 0)))

    def _next_part(self) -> None:
        self.part.set_value(SIZES if self.part.value() == CHAIN else CHAIN)
        self._place()

    # --- room ---

    def _place(self) -> None:
        """Both pictures beside or above each other where there is room for both, else the chosen one."""
        theme = current(self)
        wide = self.width() >= theme.px(620)
        count = len(self._store.session.model.parameters)
        sizes = min(SizesView.wanted(theme, count), theme.px(250))
        high = self.height() - theme.px(HEADING) >= self.chain.wanted() + sizes
        both = wide or high
        for place, share in enumerate((1, 1) if wide else (round(self.chain.wanted()), round(sizes))):
            if self.both.stretch(place) != share:  # setting the same lays out the whole window anew
                self.both.setStretch(place, share)
        way = QBoxLayout.Direction.LeftToRight if wide else QBoxLayout.Direction.TopToBottom
        if self.both.direction() != way:
            self.both.setDirection(way)
        self.chain.setVisible(both or self.part.value() == CHAIN)
        self.sizes.setVisible(both or self.part.value() == SIZES)
        self.part.setVisible(not both)
        # In a narrow panel the parameter is chosen among the sizes, or in another panel.
        self.parameter.setVisible(self.width() >= theme.px(230 if both else 300))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place()
