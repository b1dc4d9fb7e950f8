"""The board's part that arranges: the panels' two layouts, their shares of the room, and how both are saved.

Two layouts are kept, one for wide windows (panels beside and below the stage) and one for narrow ones (all beside it,
as tabs); a window that crosses from one to the other finds each as it was left.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from PySide6.QtCore import QByteArray, QEvent, Qt, QTimer
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QMainWindow, QTabWidget, QWidget

from ..model.keys import key_text
from ..panels import PANELS, PanelInfo
from ..store import Store
from ..theme.theme import current
from ..theme.tokens import SPACE
from ..widgets.card import Card
from ..widgets.panel_dock import PanelDock
from ..widgets.panel_tabs import PanelTabs

WIDE = 1600
"""Below this width of the window, at scale 1, all panels are tabs beside the stage."""
LOWER_LEAST = 190
"""Height at scale 1 that panels below the stage need; a lower window has them as tabs."""
SIDE, LOWER = 0.272, 0.30
"""Shares of the board's width and height that the panels beside and below the stage take at first."""
VERSION = 2
"""Of the saved layouts; one of another version is passed over."""

RIGHT, BOTTOM = Qt.DockWidgetArea.RightDockWidgetArea, Qt.DockWidgetArea.BottomDockWidgetArea
_EVERYWHERE = Qt.DockWidgetArea.AllDockWidgetAreas
_NAMES = {True: "wide", False: "narrow"}
TRIES = 4
"""How often the height of the panels below the stage is asked for before what Qt makes of it stays."""


def _factory(info: PanelInfo, store: Store) -> Callable[[], Card]:
    def make() -> Card:
        module, _, name = info.maker.partition(":")
        made: Card = getattr(import_module(module), name)(store)
        return made

    return make


def _dock(info: PanelInfo, store: Store, board: QWidget) -> PanelDock:
    dock = PanelDock(info.id, info.title, info.short, _factory(info, store), board)
    keys = "  ".join(key_text(key) for key in info.keys)
    dock.tip = f"{info.title}  {keys}\n{info.help}" if keys else f"{info.title}\n{info.help}"
    return dock


class ArrangedBoard(QMainWindow):
    """Holds ``centre`` and the docks of :data:`~explorer.panels.PANELS`, and gives each its place."""

    def __init__(self, store: Store, centre: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.WindowType.Widget)
        self.centre = centre
        self.docks = {info.id: _dock(info, store, self) for info in PANELS}
        self.tabs = PanelTabs(self, self.docks)
        self._wide: bool | None = None
        self._kept: dict[bool, QByteArray] = {}
        self._fronts: dict[bool, list[str]] = {}
        self._shares = {True: (SIDE, LOWER), False: (0.30, 0.0)}
        self._busy = self._dragging = self._aside = False
        self._first: list[PanelDock] = []
        self._room_below = 0
        # Each of them once, however often it is asked for until then.
        self._sharing, self._evening = _once(self, self._share_out), _once(self, self._even_out)
        self._off = self._tries = 0
        self.turned = False
        """Whether a panel is in front because somebody turned to it, and not because the layout begins with it."""
        # Not dragged in groups: a title moves its own panel, and of the windows in which Qt lets groups float neither
        # the rows of tabs nor what a layout makes of them can be held by Python.
        self.setDockOptions(QMainWindow.DockOption.AllowTabbedDocks | QMainWindow.DockOption.AllowNestedDocks)
        self.setTabPosition(_EVERYWHERE, QTabWidget.TabPosition.North)
        self.setCorner(Qt.Corner.BottomRightCorner, RIGHT)
        self.setCorner(Qt.Corner.TopRightCorner, RIGHT)
        self.setCentralWidget(centre)
        for dock in self.docks.values():
            dock.made.connect(self._made)
            dock.topLevelChanged.connect(self._tidy_soon)

    # --- the two layouts ---

    @property
    def is_wide(self) -> bool:
        """Whether the layout of wide windows is in force."""
        return bool(self._wide)

    def arrange(self, window_width: int, room_below: int) -> None:
        """Choose the layout by the window's width and the height free below the stage's half; share out the room."""
        if self._aside:
            return
        wide = window_width >= current().px(WIDE) and room_below >= current().px(LOWER_LEAST)
        if wide != self._wide:
            self._keep()
            self._wide = wide
            kept = self._kept.get(wide)
            if kept is None or not self._restore(kept):
                self._default(wide)
            elif wide in self._fronts:
                self._bring_to_front([self.docks[name] for name in self._fronts[wide]])
        self._room_below = room_below
        self.share()
        QTimer.singleShot(0, self, self._settle)

    @property
    def is_busy(self) -> bool:
        """Whether the panels are just being put to other places."""
        return self._busy

    @property
    def aside(self) -> bool:
        """Whether the panels are put aside, so that the centre has all the room."""
        return self._aside

    def put_aside(self) -> None:
        """Hide every panel that does not float, until :meth:`bring_back`; the layout is kept as it is now."""
        if not self._aside:
            self._keep()
            self._aside = True
            for dock in self.docks.values():
                if not dock.isFloating():
                    dock.hide()

    def bring_back(self) -> None:
        """Let the next :meth:`arrange` return to the layout in which the panels were put aside."""
        if self._aside:
            self._aside, self._wide = False, None

    def _restore(self, state: QByteArray) -> bool:
        self._busy = True
        try:
            return self.restoreState(state, VERSION)
        finally:
            self._busy = False

    def _tidy_soon(self) -> None:
        """Once Qt has made or taken away a row of tabs."""
        QTimer.singleShot(0, self, self.tabs.tidy)

    def _made(self) -> None:
        """A new panel may need more room than the empty dock had."""
        self._tidy_soon()
        self._sharing.start()

    def reset(self) -> None:
        """Return to the layout that the program comes with."""
        self._forget()
        if self._wide is not None:
            self._default(self._wide)
            self.share()

    def _forget(self) -> None:
        self._aside = False
        self._kept.clear()
        self._fronts.clear()
        self._shares = {True: (SIDE, LOWER), False: (0.30, 0.0)}
        self.turned = False

    def _default(self, wide: bool) -> None:
        self._busy = True
        for dock in self.docks.values():
            dock.setFloating(False)
            self.removeDockWidget(dock)
        # A dock can be split only while it has no tabs: first the places, then what shares them.
        first: dict[int, PanelDock] = {}
        for info in PANELS:
            dock, slot = self.docks[info.id], info.slot if wide else 0
            if slot in first:
                continue
            if slot == 0 or not any(first):
                self.addDockWidget(BOTTOM if slot else RIGHT, dock)
            else:
                self.splitDockWidget(first[max(n for n in first if n)], dock, Qt.Orientation.Horizontal)
            first[slot] = dock
        for info in PANELS:
            dock, place = self.docks[info.id], first[info.slot if wide else 0]
            if dock is not place:
                self.tabifyDockWidget(place, dock)
            dock.show()
        self._bring_to_front(list(first.values()))
        lower = [dock for slot, dock in first.items() if slot]
        if lower:
            self.resizeDocks(lower, [self.width() // len(lower)] * len(lower), Qt.Orientation.Horizontal)
        self._busy = False

    def _settle(self) -> None:
        """Once Qt has laid the docks out: only now it is known which rows of tabs there are."""
        for dock in self.docks.values():
            if dock.isFloating() and dock.isVisible():
                dock.into_sight()  # the screen may have been another when the layout was kept
        self.tabs.tidy()
        self._raise_first()
        self._share_out()

    def _share_out(self) -> None:
        """Share out the room, and see to it that the panels below the stage get theirs."""
        self.share()
        self._off, self._tries = 0, TRIES
        self._evening.start()

    def _even_out(self) -> None:
        """Qt counts a row of tabs as height of the dock in some layouts and not in others: ask, look, ask again."""
        below, wanted = self._docked(BOTTOM), self._lower_height()
        if below and wanted and self.isVisible() and abs(self._taken() - wanted) > 1:
            self._off += self._taken() - wanted
            self.resizeDocks(below, [max(wanted - self._off, 1)] * len(below), Qt.Orientation.Vertical)
            self._tries -= 1
            if self._tries:
                self._evening.start()

    def _bring_to_front(self, docks: list[PanelDock]) -> None:
        self._first = docks
        self._raise_first()
        QTimer.singleShot(0, self, self._raise_first)  # a tab that is not laid out yet does not come to the front

    def _come_first(self, dock: PanelDock) -> None:
        """Let a panel stay in front that was asked for before a layout has been carried out."""
        if self._first:
            self._first = [*(other for other in self._first if other is not dock), dock]

    def _raise_first(self) -> None:
        for dock in self._first:
            dock.raise_()
        self._first = self._first if self._busy or not self.isVisible() else []

    def share(self) -> None:
        """Give the panels their shares of the board, but the stage at least half of the window's height."""
        if self._wide is None or self.width() < 100:
            return
        self._busy = True
        side, _ = self._shares[self._wide]
        beside = [d for d in self._docked(RIGHT)]
        below = [d for d in self._docked(BOTTOM)]
        if beside:
            self.resizeDocks(beside[:1], [round(self.width() * side)], Qt.Orientation.Horizontal)
        height = self._lower_height()
        if below and height:
            self.resizeDocks(below, [height] * len(below), Qt.Orientation.Vertical)
        self._busy = False

    def _lower_height(self) -> int:
        """What the panels below the stage are to have: their share, but the stage at least half of the window.

        0 where they have no share, or no room: Qt then divides the height by itself.
        """
        free = self.height() - self.least_centre() - SPACE.medium if self.isVisible() else self._room_below
        return min(round(self.height() * self._shares[bool(self._wide)][1]), max(free, 0))

    def least_centre(self) -> int:
        """The least height of the centre; whoever puts things there says more."""
        return self.centre.minimumSizeHint().height()

    def _docked(self, area: Qt.DockWidgetArea) -> list[PanelDock]:
        """One dock of every place of an area, in their order."""
        found: list[PanelDock] = []
        for dock in self.docks.values():
            here = not dock.isHidden() and not dock.isFloating() and self.dockWidgetArea(dock) == area
            if here and not any(other in found for other in self.tabifiedDockWidgets(dock)):
                found.append(dock)
        return found

    def event(self, event: QEvent) -> bool:
        done = super().event(event)
        if event.type() == QEvent.Type.MouseButtonPress:
            self._dragging = True  # all but the strips between the panels is covered by them
        elif event.type() == QEvent.Type.MouseButtonRelease and self._dragging:
            self._dragging = False
            self._keep_shares()
        elif event.type() == QEvent.Type.ChildPolished:
            # A row of tabs that comes from dragging one panel onto another; a resize would find it too late.
            QTimer.singleShot(0, self, self.tabs.tidy)
        return done

    def _keep_shares(self) -> None:
        """Keep what the user dragged as shares, for other sizes of the window."""
        if self._wide is None:
            return
        side, lower = self._shares[self._wide]
        beside, below = self._docked(RIGHT), self._docked(BOTTOM)
        if beside:
            side = max(d.width() for d in beside if d.isVisible()) / max(1, self.width())
        if below:
            lower = self._taken() / max(1, self.height())
        self._shares[self._wide] = side, lower

    def _taken(self) -> int:
        """The height that the panels below the stage have, their rows of tabs included."""
        return self.height() - self.centre.geometry().bottom() - 1 - SPACE.medium

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.tabs.tidy()

    def visible_panels(self) -> list[str]:
        """Return the ids of the panels that can be seen."""
        return [name for name, dock in self.docks.items() if dock.in_sight]

    # --- saved layouts ---

    def layouts(self) -> dict[str, str]:
        """Return both layouts as text, for the preferences."""
        self._keep()
        saved = {_NAMES[wide]: bytes(state.toBase64().data()).decode("ascii") for wide, state in self._kept.items()}
        for wide, (side, lower) in self._shares.items():
            saved[f"{_NAMES[wide]} shares"] = f"{side:.4f} {lower:.4f}"
        for wide, names in self._fronts.items():
            saved[f"{_NAMES[wide]} front"] = " ".join(names)
        return saved

    def _keep(self) -> None:
        """Keep the layout in force as it is now."""
        if self._wide is not None and not self._aside:
            self._kept[self._wide] = self.saveState(VERSION)
            # Qt writes down which tabs are in front, but does not return to them.
            self._fronts[self._wide] = self.visible_panels() or self._fronts.get(self._wide, [])

    def set_layouts(self, saved: dict[str, str]) -> None:
        """Return to what :meth:`layouts` gave; nonsense is passed over. To be called before the window is shown."""
        for wide, name in _NAMES.items():
            if saved.get(name):
                self._kept[wide] = QByteArray.fromBase64(saved[name].encode("ascii", "ignore"))
            if f"{name} front" in saved:
                self._fronts[wide] = [panel for panel in saved[f"{name} front"].split() if panel in self.docks]
                if not wide and self._fronts[wide] not in ([], [PANELS[0].id]):
                    self.turned = True
            try:
                side, lower = map(float, saved.get(f"{name} shares", "").split())
            except ValueError:
                continue
            if 0.1 <= side <= 0.7 and 0.0 <= lower <= 0.6:
                self._shares[wide] = side, lower
        self._wide = None  # what a window not yet on show has laid out gives way

    def apply_layouts(self, saved: dict[str, str]) -> bool:
        """Return at once to what :meth:`layouts` gave; :meth:`arrange` is to follow.

        Where it cannot be read: False, and that leads back to the layout in force. Of a width that ``saved`` does not
        know, the layout is the one that the program comes with.
        """
        states = [saved[name] for name in _NAMES.values() if saved.get(name)]
        if not states or not all(map(_readable, states)):
            return False
        before, wide = self.layouts(), bool(self._wide)
        self._forget()
        self.set_layouts(saved)
        if wide in self._kept and not self._restore(self._kept[wide]):
            self._forget()
            self.set_layouts(before)
            return False
        return True


def _once(board: QWidget, what: Callable[[], None]) -> QTimer:
    """A timer that calls ``what`` when Qt has done what is under way."""
    timer = QTimer(board)
    timer.setSingleShot(True)
    timer.setInterval(0)
    timer.timeout.connect(what)
    return timer


def _readable(state: str) -> bool:
    """Whether a text is what ``QMainWindow.saveState`` gives: its mark, the version, and that docks follow."""
    data = bytes(QByteArray.fromBase64(state.encode("ascii", "ignore")).data())
    return data.startswith(b"\0\0\0\xff" + VERSION.to_bytes(4, "big") + b"\xfd")
