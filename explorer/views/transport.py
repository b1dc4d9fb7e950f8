"""The transport: buttons with their keys, and four sliders from the update down to the operation."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QSize
from PySide6.QtGui import QAccessible, QAccessibleEvent, QResizeEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QSizePolicy, QWidget

from ..actions import BY_ID
from ..model import action as do
from ..model.keys import key_text
from ..model.session import Changes
from ..model.walking import Slider, spot, step_start, transport_data
from ..store import Store
from ..theme.theme import current
from ..theme.tokens import SPACE
from ..widgets.card import Card
from ..widgets.elided import ElidedLabel
from ..widgets.layouts import lay_out_now
from ..widgets.track import Track
from ..widgets.transport_button import TransportButton

BUTTONS = (
    ("start", "home"),
    ("rewind", "back-step"),
    ("back", "back"),
    ("play", "play"),
    ("next", "next"),
    ("forward", "next-step"),
    ("end", "end"),
)

SAID = {
    "update": ("After how many updates the weights on show are, of all that were made", "update-back", "update"),
    "pass": ("Where the walk stands on its way forward, backward and through the update", "back-pass", "next-pass"),
    "step": ("Which time step of this pass", "back-step", "next-step"),
    "op": ("Which operation of this time step, of how many, and what it is", "back", "next"),
}
"""What each slider shows, and the commands whose keys move it."""
LEAVING = {"home": 590, "end": 590, "back-step": 370, "next-step": 370}
"""Buttons that go in a narrow transport, and up to which width at scale 1."""


class TransportView(Card):
    """Paints :class:`~explorer.model.walking.TransportData` and sends what is asked for."""

    def __init__(self, store: Store, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self.setAccessibleName("Transport")
        self._store = store
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        row = QHBoxLayout()
        row.setSpacing(SPACE.tight)
        self.buttons: dict[str, TransportButton] = {}
        for sign, name in BUTTONS:
            command = BY_ID[name]
            button = TransportButton(sign, key_text(command.keys[0]), command.title, filled=name == "play")
            does = store.walk_by_key if isinstance(command.action, do.Move) else store.dispatch
            button.clicked.connect(lambda _=False, does=does, action=command.action: does(action))
            self.buttons[name] = button
            row.addWidget(button)
        row.addSpacing(SPACE.large)
        grid = QGridLayout()
        grid.setHorizontalSpacing(SPACE.medium)
        grid.setVerticalSpacing(0)
        grid.setColumnStretch(1, 1)
        self.tracks: dict[str, Track] = {}
        self._names: dict[str, ElidedLabel] = {}
        self._labels: dict[str, ElidedLabel] = {}
        asked: dict[str, Callable[[int], None]] = {
            "update": self._update,
            "pass": self._pass,
            "step": self._step,
            "op": self._operation,
        }
        for line, (name, wanted) in enumerate(asked.items()):
            label = ElidedLabel(name, role="small", token="muted", stretch=False, ground="panel")
            label.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)  # the sliders give way instead
            track = Track(name)
            track.wanted.connect(wanted)
            value = ElidedLabel("", role="small", token="text", fixed=True, stretch=False, ground="panel")
            self._names[name], self.tracks[name], self._labels[name] = label, track, value
            said, back, on = SAID[name]
            for part in (label, track, value):
                part.setToolTip(f"{said}: drag, or {' '.join(key_text(BY_ID[by].keys[0]) for by in (back, on))}")
            grid.addWidget(label, line, 0)
            grid.addWidget(track, line, 1)
            grid.addWidget(value, line, 2)
        row.addLayout(grid, 1)
        self.body.setContentsMargins(0, 0, 0, 0)
        self.body.addLayout(row)
        self.set_margins(SPACE.medium, SPACE.small, SPACE.large, SPACE.small)
        store.changed.connect(self._changed)
        self._spoken = ""
        self._share_width()
        self.refresh()

    def _changed(self, changes: Changes) -> None:
        if changes & (Changes.POSITION | Changes.WALK | Changes.TRAINING | Changes.PLAYBACK | Changes.THEME):
            self.refresh()

    def refresh(self) -> None:
        """Re-read the view data."""
        store = self._store
        data = transport_data(store.session, store.derived.walk(store.session))
        for slider in data.sliders:
            self._show(slider)
        play = self.buttons["play"]
        play.set_sign("pause" if data.playing else "play")
        for name in ("home", "back-step", "back"):
            self.buttons[name].setEnabled(not data.at_start)
        for name in ("next", "next-step", "end"):
            self.buttons[name].setEnabled(not data.at_end)
        if data.spoken != self._spoken:
            self._spoken = data.spoken
            self.setAccessibleDescription(data.spoken)
            if QAccessible.isActive():
                QAccessible.updateAccessibility(QAccessibleEvent(self, QAccessible.Event.DescriptionChanged))

    def _share_width(self) -> None:
        """Give the labels of the sliders the width of the longest title of an operation, where there is room."""
        theme = current()
        usual, small = self.width() > theme.px(900), self.width() <= theme.px(660)
        # Titles of operations are the longest labels; the sliders need some room as well.
        wide = max(theme.px(236), min(theme.px(300), int(0.27 * self.width())))
        width = wide if usual else theme.px(96 if small else 170)
        for label in self._labels.values():
            label.setFixedWidth(width)
            label.setVisible(self.width() > theme.px(500))
        # The names of the sliders are never cut: buttons go instead, whose keys go on working.
        for label in self._names.values():
            label.setMinimumWidth(label.sizeHint().width())
        for name, least in LEAVING.items():
            self.buttons[name].setVisible(self.width() >= theme.px(least))

    def minimumSizeHint(self) -> QSize:
        # What the labels have now is for the present width: a window that becomes narrower must not be held up by it.
        least, label = super().minimumSizeHint(), next(iter(self._labels.values()))
        given_back = 0 if label.isHidden() else label.minimumWidth()
        going = [self.buttons[name] for name in LEAVING if not self.buttons[name].isHidden()]
        given_back += sum(button.sizeHint().width() + SPACE.tight for button in going)
        return QSize(least.width() - given_back, least.height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._share_width()
        lay_out_now(self)
        super().resizeEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.StyleChange:
            self._share_width()
        super().changeEvent(event)

    def _show(self, slider: Slider) -> None:
        self.tracks[slider.name].set_state(slider.value, slider.maximum, slider.token, slider.label)
        self._labels[slider.name].set_text(slider.label)

    # --- what the sliders ask for ---

    def _update(self, update: int) -> None:
        last = self._store.session.training.last
        self._store.dispatch(do.GoToUpdate(min(update, last)))

    def _pass(self, position: int) -> None:
        self._store.walk_by_key(do.GoTo(position))

    def _step(self, visits: int) -> None:
        walk = self._store.derived.walk(self._store.session)
        here = spot(walk, self._store.session.position)
        self._store.walk_by_key(do.GoTo(step_start(walk, here.phase, visits)))

    def _operation(self, done: int) -> None:
        walk = self._store.derived.walk(self._store.session)
        here = spot(walk, self._store.session.position)
        # 0 done in a visit is the end of the one before, which would turn the slider to that one.
        self._store.walk_by_key(do.GoTo(here.start + max(done, 0 if here.start == 0 else 1)))
