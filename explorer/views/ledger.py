"""The gradient ledger: a triangle of (loss t, weight copy τ), the column sums below it, and a reading beside it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QMenu, QWidget

from rnncore.bptt import StepGradients
from rnncore.errors import RnnError
from rnncore.walk import Walk

from ..model import action as do
from ..model.derived import LEDGERS
from ..model.ledger_chain import Chain, lane_of
from ..model.ledger_data import MODES, default_parameter, is_large, ledger_of, ledger_state
from ..model.session import Changes
from ..theme.theme import current
from ..theme.tokens import SPACE
from ..widgets.chip import Chip
from ..widgets.elided import ElidedLabel
from ..widgets.panel import Panel
from ..widgets.tips import plain
from .ledger_canvas import LedgerCanvas
from .ledger_layout import BESIDE

if TYPE_CHECKING:
    from ..store import Store


Chains = Callable[[int, int], Chain | None]
TITLE = "Gradient ledger"
LANE = "ledger lane"
"""The kind under which the way back of one loss is computed where that takes long."""


class LedgerView(Panel):
    """The gradient ledger of a store."""

    CARES = Changes.WALK | Changes.POSITION | Changes.SELECTION | Changes.HOVER
    AWAITS = frozenset({LEDGERS, LANE})

    def __init__(self, store: Store, parent: QWidget | None = None) -> None:
        super().__init__(store, TITLE, " ", inline=True, parent=parent)
        self.set_title(TITLE, "Ledger")
        self._mode = MODES[0]
        self._shown: tuple[Walk, tuple[object, ...]] | None = None
        self.canvas = LedgerCanvas()
        self.parameter = Chip("W")
        self.parameter.set_menu(QMenu(self.parameter))
        self.parameter.setToolTip("Which parameter, and so which gate’s block, is itemised")
        self.mode = Chip(self._mode)
        self.mode.setToolTip("Signed shares, norms, or norms on a log scale")
        self.mode.clicked.connect(self._next_mode)
        self.header_bar.widest = SPACE.small
        self.header.addStretch(0)
        self.add_corner(self.parameter)
        self.add_corner(self.mode)
        self.caption = ElidedLabel("", role="label", token="muted")
        self.add(self.caption)
        self.add(self.canvas, 1)
        self._place()
        self.canvas.turned.connect(self._say_what)
        self.canvas.pair_chosen.connect(lambda t, tau: store.dispatch(do.Select(t=tau, loss=t)))
        self.canvas.pair_pointed.connect(
            lambda t, tau: store.dispatch(do.Hover() if t < 0 else do.Hover(t=tau, loss=t))
        )

    def _place(self) -> None:
        """A high panel has a line to spare for what the picture is; in a low one it stands beside the title."""
        high = self.height() >= current(self).px(360)
        self.caption.setVisible(high)
        self.subtitle_label.setVisible(not high and self.width() >= current(self).px(300))
        # A narrow and low panel has room for no more than the title: the picture then says itself what is in sight.
        self.canvas.says_where = not high and self.width() < current(self).px(1.9 * BESIDE)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place()
        self._say_what()

    def _say_what(self) -> None:
        """What the picture is, and which part of it is in sight."""
        data = self.canvas.data
        if data is None:
            return
        wheres = () if self.canvas.says_where else self.canvas.wheres()
        # Which part is in sight, and whose the votes are, matters more than the words for what all of it is.
        forms = [f"{what} · {where}" if what else where for where in wheres for what in data.subtitles]
        forms = forms or list(data.subtitles)
        help = plain(data.help)
        for label in (self.caption, self.subtitle_label):
            label.set_forms(*forms)
            if label.toolTip() != help:
                label.setToolTip(help)

    def _changed(self, changes: Changes) -> None:
        if changes == Changes.HOVER and self.in_sight and not self._stale:
            self._mark_hover()
            return
        super()._changed(changes)

    def _mark_hover(self) -> None:
        """Frame the column of a step that is pointed at elsewhere; a pair that is pointed at here has its own frame."""
        hover = self._store.session.hover
        if hover.loss is None:
            self.canvas.let_go()
        self.canvas.mark_step(hover.t if hover.loss is None else None)

    def _next_mode(self) -> None:
        self._mode = MODES[(MODES.index(self._mode) + 1) % len(MODES)]
        self.mode.set_value(self._mode)
        self.read()

    def read(self) -> None:
        session, derived = self._store.session, self._store.derived
        walk = derived.walk(session)
        if is_large(walk):
            found, fresh = self._store.later(LEDGERS, (walk,), lambda: derived.itemised(walk))
            if not fresh or isinstance(found, RnnError):
                said = "computing…" if found is None or not fresh else str(found)
                self.caption.set_forms(said)
                self.subtitle_label.set_forms(said)
                self.parameter.set_value(default_parameter(session))
                self.canvas.wait(session.sentence.words[1:])
                self._shown = None
                return
        state = ledger_state(session, derived, self._mode)
        if self._shown is not None and self._shown[0] is walk and self._shown[1] == state:
            self._mark_hover()
            return
        self._shown = walk, state
        data = ledger_of(session, derived, self._mode)
        if is_large(walk):
            data = replace(data, chain=partial(self._chain, data.chain, walk))
        self.parameter.set_value(data.parameter)
        menu = self.parameter.menu()
        if menu is not None and [a.text() for a in menu.actions()] != list(data.parameters):
            menu.clear()
            for name in data.parameters:
                menu.addAction(name, partial(self._choose, name))
        self.canvas.set_data(data)
        self._say_what()
        self._mark_hover()

    def _chain(self, chain: Chains | None, walk: Walk, t: int, tau: int) -> Chain | None:
        """The chain of a pair of a large walk, once the way back of its loss is computed off the interface thread."""
        kept = self._store.derived.chains(self._store.session)
        if ("lane", t) not in kept:
            wanted = kept.setdefault(("wanted", t), object())
            found, fresh = self._store.later(LANE, (walk, wanted), lambda: lane_of(walk, t))
            if not fresh or not isinstance(found, StepGradients):
                return None
            kept[("lane", t)] = found
        return None if chain is None else chain(t, tau)

    def _arrived(self, kind: str) -> None:
        super()._arrived(kind)
        if kind == LANE:
            self.canvas.update()

    def _choose(self, name: str) -> None:
        self._store.dispatch(do.Select(parameter=name))
