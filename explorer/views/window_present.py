"""The window's part that shows the stage to a class: alone, on the whole screen, in type for the last row."""

from __future__ import annotations

from typing import NamedTuple

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from ..actions import Command
from ..model.keys import key_text
from ..store import Store
from ..theme.theme import current
from ..widgets.black_sheet import BlackSheet
from .window_contents import ContentsWindow

READ_FROM = 1280, 720
"""Logical pixels of a screen on which the usual type fills the stage."""
MOST = 2.2
"""No type is larger than so many times the first size."""


class _Before(NamedTuple):
    """How the window was before it presented."""

    aside: bool
    full: bool
    scale: float
    grown: float


class PresentingWindow(ContentsWindow):
    """A window that can present, and is afterwards as it was."""

    # Of the class: what has been closed and emptied is closed once more when it goes.
    _as_it_was: _Before | None = None
    _sheet: BlackSheet | None = None

    def __init__(self, store: Store, parent: QWidget | None = None) -> None:
        super().__init__(store, parent)
        self.take_handlers({"present": self.toggle_presenting, "black": self._go_black})

    @property
    def presenting(self) -> bool:
        """Whether the stage is shown to a class."""
        return self._as_it_was is not None

    def toggle_presenting(self) -> None:
        """Show the stage alone on the whole screen in larger type, or bring back what was there before."""
        if self._as_it_was is not None:
            self.stop_presenting()
            return
        alone = self.board.panel_alone()
        if alone is not None:
            alone.fill_screen()
        full, scale, room = self.isFullScreen(), current().scale, self.screen().size()
        grown = min(max(min(room.width() / READ_FROM[0], room.height() / READ_FROM[1]), 1.0) * scale, max(MOST, scale))
        self._as_it_was = _Before(self.board.aside, full, scale, grown)
        self.board.put_aside()
        self.setWindowState(self.windowState() | Qt.WindowState.WindowFullScreen)
        self.set_scale(grown)
        self._rest()
        self._tell_all()

    def stop_presenting(self) -> None:
        """Bring back what was there before; type that was made larger or smaller meanwhile stays by so much."""
        before, self._as_it_was = self._as_it_was, None
        if before is None:
            return
        self._show_again()
        if not before.aside:
            self._bring_back()
        if not before.full:
            self.setWindowState(self.windowState() & ~Qt.WindowState.WindowFullScreen)
        self.set_scale(before.scale * current().scale / before.grown)
        self._rest()
        self._tell_all()

    def toggle_full_screen(self) -> None:
        if self.presenting and self.board.panel_alone() is None and self.board.panel_at_hand() is None:
            self.stop_presenting()  # a presentation in a window would be neither the one nor the other
        else:
            super().toggle_full_screen()

    def _tell_all(self) -> None:
        self.actions_["black"].setEnabled(self.presenting)
        self.show_hints()

    def enabled(self, command: Command) -> bool:
        return self.presenting if command.id == "black" else super().enabled(command)

    def _go_black(self) -> None:
        """Show nothing until the next key or click."""
        if self.presenting and self._sheet is None:
            self._sheet = BlackSheet(self)
            self._sheet.unwanted.connect(self._show_again)

    def _show_again(self) -> None:
        sheet, self._sheet = self._sheet, None
        if sheet is not None:
            sheet.hide()
            sheet.deleteLater()
            self._rest()

    def set_scale(self, scale: float) -> None:
        """Show all type so many times as large as at first."""
        raise NotImplementedError

    def run(self, command: Command) -> None:
        idle = self.board.panel_alone() is None and self.board.panel_in_focus() is None
        if command.id == "release" and self.presenting and idle and self.store.session.message is None:
            self.stop_presenting()
            return
        super().run(command)

    def title_now(self, command: Command) -> str:
        if command.id == "present" and self.presenting:
            return "End the presentation"
        return super().title_now(command)

    def show_hints(self) -> None:
        if not self.presenting or self.board.panel_with_arrows() is not None:
            super().show_hints()
            return
        key = key_text("F5")
        walk = "→ next operation  ·  ⇧→ next step  ·  PgDn next update"
        self.help_line.set_forms(
            f"{walk}  ·  B black screen  ·  {key} or Esc: back to the window", f"{key} or Esc: back", "Esc: back"
        )
