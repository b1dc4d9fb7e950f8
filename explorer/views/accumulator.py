"""The accumulator: a parameter's gradient grows by one rank-one vote after the other."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer
from PySide6.QtGui import QFontMetrics, QResizeEvent
from PySide6.QtWidgets import QMenu, QWidget

from ..model import action as do
from ..model.accumulator_data import AccumulatorData, Booths, accumulator_data, accumulator_of, shown_parameter
from ..model.formula import number
from ..model.ledger_data import is_large
from ..model.names import gradient_name, row_of
from ..model.session import Changes
from ..model.votes import RowDeltas, Votes, row_deltas
from ..theme.theme import current
from ..theme.tokens import SPACE
from ..widgets.chip import Chip
from ..widgets.names import NameRow
from ..widgets.panel import Panel
from .accumulator_map import AccumulatorMap, VoteLine

if TYPE_CHECKING:
    from ..store import Store

DELTAS = "vote deltas"
SUMS = "partial sums"
"""The kind under which the picture of a large walk is computed, of which the first one needs the whole gradient."""
FOLLOW, CHOSEN = "follow", "chosen"
PATIENCE = 400
"""Milliseconds for which the picture before may stand without a word that another one is being computed."""


@dataclass(frozen=True, eq=False)
class _Wanted:
    """One row of δ that is asked for: one object as long as it is the same row, as the store wants it."""

    votes: Votes
    row: int


@dataclass(frozen=True, eq=False)
class _Asked:
    """The sum of so many votes: one object as long as it is the same sum."""

    votes: Votes
    done: int


class AccumulatorView(Panel):
    """The accumulator of a store."""

    CARES = Changes.WALK | Changes.POSITION | Changes.SELECTION | Changes.HOVER
    AWAITS = frozenset({DELTAS, SUMS})

    def __init__(self, store: Store, parent: QWidget | None = None) -> None:
        super().__init__(store, "Accumulator", " ", parent=parent)
        self._data: AccumulatorData | None = None
        self._wanted: _Wanted | None = None
        self._asked: _Asked | None = None
        self._booths = Booths()
        self._patience = QTimer(self, singleShot=True, interval=PATIENCE)
        self._patience.timeout.connect(self._say_waiting)
        self._says_waiting = False
        self._offered: tuple[str, ...] = ()
        self.parameter = Chip("dW")
        self.parameter.setToolTip("Which parameter’s gradient is shown")
        self.parameter.set_menu(QMenu(self.parameter))
        self.mode = Chip(FOLLOW)
        self.mode.reserve((FOLLOW, CHOSEN))
        self.mode.setToolTip(
            "follow: the parameter that the walk adds to, as soon as it does\n"
            "chosen: always the chosen one; to choose a parameter, here or in any panel, leads there"
        )
        self.mode.clicked.connect(lambda: store.dispatch(do.FollowVotes()))
        self.add_corner(self.parameter)
        self.add_corner(self.mode)
        self.map = AccumulatorMap()
        self.vote = VoteLine()
        self.names = NameRow("Gradient shown")
        self.add(self.map, 1)
        self.add(self.vote)
        self.add(self.names)
        self.names.chosen.connect(self._choose_parameter)
        self.names.pointed.connect(lambda key: store.dispatch(do.Hover(parameter=key or None)))
        self.map.pointed.connect(self._point)
        self.map.chosen.connect(self._choose)
        self.refresh()

    # --- reading ---

    def read(self) -> None:
        self.mode.set_value(FOLLOW if self._store.session.votes_follow else CHOSEN)
        data = self._found()
        if data is None:
            return
        self._patience.stop()
        if data is not self._data or self._says_waiting:
            self._data, self._says_waiting = data, False
            self.subtitle_label.setToolTip(data.help)
            self._fit()
            self.names.set_names(row_of(data.votes.walk.model, data.parameter), data.parameter)
            self._fill_menu(tuple(data.votes.walk.model.parameters))
            vote = data.vote
            name = "no vote yet" if vote is None else f"{vote.label} →"
            size = "–" if vote is None else number(vote.norm, 3)
            self.vote.set_vote(name, f"‖Δ{gradient_name(data.parameter)}‖ {size}", vote is not None)
            self.vote.setToolTip(data.last_vote())
            self.map.set_data(data)
        self._mark_hover()
        if self.map.cell[0] >= 0:
            self._tell()

    def _found(self) -> AccumulatorData | None:
        """What is to be shown now; of a large walk None until that is computed: what is shown stays meanwhile."""
        session, derived = self._store.session, self._store.derived
        walk = derived.walk(session)
        if not is_large(walk):
            self._asked = None
            return accumulator_of(session, derived, self._data, self._booths)
        name = self._shown()
        asked, position = self._asked, min(session.position, len(walk))
        same = asked is not None and asked.votes.walk is walk and asked.votes.parameter == name
        votes = asked.votes if asked is not None and same else self._booths.of(walk, name)
        if asked is None or not same or asked.done != votes.done(position):
            asked = self._asked = _Asked(votes, votes.done(position))
        words, tokens = session.sentence.words[:-1], session.corpus.vocabulary.tokens
        compute = partial(accumulator_data, votes, position, words, tokens)
        found, fresh = self._store.later(SUMS, (walk, asked), compute)
        if fresh and isinstance(found, AccumulatorData):
            return found
        if not fresh and not self._says_waiting and not self._patience.isActive():
            self._patience.start(PATIENCE if self._data is not None else 0)
        return None

    def _shown(self) -> str:
        """The parameter that is shown, or in a moment will be."""
        before = "" if self._data is None else self._data.parameter
        before = before if self._asked is None else self._asked.votes.parameter
        return shown_parameter(self._store.session, self._store.derived, before)

    def _say_waiting(self) -> None:
        self._says_waiting = True
        self.set_subtitle("computing…")
        if self._data is None:
            self.parameter.set_value(gradient_name(self._shown()))

    def _changed(self, changes: Changes) -> None:
        if changes == Changes.HOVER and self.in_sight and not self._stale:
            self._mark_hover()
            return
        super()._changed(changes)

    def _fill_menu(self, names: tuple[str, ...]) -> None:
        menu = self.parameter.menu()
        if menu is not None and names != self._offered:
            self._offered = names
            self.parameter.reserve(map(gradient_name, names))
            menu.clear()
            for name in names:
                menu.addAction(gradient_name(name), partial(self._choose_parameter, name)).setData(name)

    def _mark_hover(self) -> None:
        """Frame the row of a unit that is pointed at elsewhere."""
        data, unit = self._data, self._store.session.hover.unit
        if data is not None:
            rows = not data.row_labels
            self.map.mark(unit // data.row_group if rows and unit is not None and self.map.cell[0] < 0 else -1)

    # --- acting ---

    def _choose_parameter(self, name: str) -> None:
        self._store.dispatch(do.Select(parameter=name))
        self._store.dispatch(do.FollowVotes(False))  # also where it was the chosen one already

    def _unit(self, row: int, column: int) -> int | None:
        """The hidden unit of an entry: its row, or of the output matrix its column."""
        assert self._data is not None
        if not self._data.row_labels:
            return row
        return column if self._data.parameter == "V" else None

    def _point(self, row: int, column: int) -> None:
        if self._data is None:
            return
        if row < 0:
            self.map.say(())
            self._store.dispatch(do.Hover())
            return
        entry = self._data.entry(row, column)
        self._tell()
        self._store.dispatch(do.Hover(unit=self._unit(*entry), parameter=self._data.parameter))

    def _tell(self) -> None:
        """Say what the cell pointed at holds, and which votes made it, once those are known."""
        data = self._data
        assert data is not None
        row, column = data.entry(*self.map.cell)
        deltas: RowDeltas | None = None
        if data.done:
            weight = data.weight(row, column)[0]
            if self._wanted is None or self._wanted.votes is not data.votes or self._wanted.row != weight:
                self._wanted = _Wanted(data.votes, weight)
            found, fresh = self._store.later(DELTAS, (self._wanted,), partial(row_deltas, data.votes, weight))
            deltas = found if fresh and isinstance(found, RowDeltas) else None
        self.map.say(data.reading(row, column, deltas))

    def _choose(self, row: int, column: int) -> None:
        if self._data is not None:
            unit = self._unit(*self._data.entry(row, column))
            self._store.dispatch(do.Select(unit=unit, parameter=self._data.parameter))
            self._store.dispatch(do.FollowVotes(False))  # a step must not take away what has been clicked

    # --- room ---

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.names.setVisible(self.height() >= current(self).px(230))
        self.mode.setVisible(self.width() >= current(self).px(300))
        self._fit()

    def _fit(self) -> None:
        """Say as much as there is room for."""
        data = self._data
        if data is None or self._says_waiting:
            return
        metrics = QFontMetrics(current(self).font("label"))
        whole = metrics.horizontalAdvance(data.subtitle) <= self.width() - 2 * SPACE.large
        self.set_subtitle(data.subtitle if whole else data.short)
        self.parameter.set_value(gradient_name(data.parameter))
        if self.accessibleName() != data.title:  # of which parameter, who sees it reads on the chip
            self.setAccessibleName(data.title)
