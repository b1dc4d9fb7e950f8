"""The base of the panels that show something of the session: re-read when that changed, and when the panel is seen."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from PySide6.QtCore import Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QDockWidget, QWidget

from ..model.session import Changes
from .card import Card

if TYPE_CHECKING:
    from ..store import Store


class Panel(Card):
    """A card that shows something of ``store``.

    A subclass says in ``CARES`` which changes concern it and in ``AWAITS`` which results of :meth:`Store.later`, and
    reads its view data in :meth:`read`. A panel that is not seen reads nothing, be it hidden or behind another tab; it
    does when it is shown.
    """

    CARES: ClassVar[Changes] = Changes.WALK | Changes.POSITION | Changes.SELECTION
    AWAITS: ClassVar[frozenset[str]] = frozenset()
    stage_wanted = Signal()
    """It has done something that is to be seen on the stage."""

    def __init__(
        self, store: Store, title: str, subtitle: str = "", *, inline: bool = False, parent: QWidget | None = None
    ) -> None:
        super().__init__(title, subtitle, inline=inline, parent=parent)
        self._store = store
        self._stale = True
        store.changed.connect(self._changed)
        store.arrived.connect(self._arrived)

    def read(self) -> None:
        """Read the view data and show what differs."""
        raise NotImplementedError

    def refresh(self) -> None:
        """Read now if the panel is seen, else when it is."""
        self._stale = not self.in_sight
        if not self._stale:
            self.read()

    @property
    def in_sight(self) -> bool:
        """Whether it is shown, and not behind another tab."""
        if not self.isVisible():
            return False
        around = self.parentWidget()
        while around is not None and not isinstance(around, QDockWidget):
            if around.isWindow():
                return True
            around = around.parentWidget()
        # What lies behind another tab is visible for Qt, which puts it beyond the upper left corner.
        place = None if around is None or around.isFloating() else around.geometry()
        return place is None or (place.right() >= 0 and place.bottom() >= 0)

    def _changed(self, changes: Changes) -> None:
        if changes & self.CARES:
            if self.in_sight:
                self._store.after_first(self, self.refresh)
            else:
                self._stale = True

    def _arrived(self, kind: str) -> None:
        if kind in self.AWAITS:
            self.refresh()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.catch_up()

    def catch_up(self) -> None:
        """Read what has been missed, if it is seen again: before it is painted."""
        if self._stale and self.in_sight:
            self._stale = False
            self.read()
