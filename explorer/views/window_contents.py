"""The window's part whose commands are done by what is inside a panel, which is made for them if it has to be."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from PySide6.QtWidgets import QWidget

from ..model import action as do
from ..model.session import Message
from ..store import Store
from .window_panels import PanelsWindow

if TYPE_CHECKING:
    from .compare import CompareView


class ContentsWindow(PanelsWindow):
    """A window that does from its menu and its palette what buttons of single panels do."""

    comparison: CompareView | None

    def __init__(self, store: Store, parent: QWidget | None = None) -> None:
        super().__init__(store, parent)
        self.take_handlers(
            {
                "sheet-preview": self._of("paper", "preview_sheet"),
                "sheet-print": self._of("paper", "print_sheet"),
                "sheet-save": self._of("paper", "save_sheet"),
                "sheet-copy": self._of("paper", "copy_sheet"),
                "sheet-small": self._begin_a_sheet,
                "copy-numbers": lambda: self._copy_step("numbers", "The numbers are on the clipboard, as CSV."),
                "copy-code": lambda: self._copy_step("code", "The program is on the clipboard."),
                "write-again": self._write_again,
                "copy-text": self._copy_text,
                "experiment-stage": self._bring_experiment,
                "save-beside": self._save_beside,
            }
        )

    def _of(self, name: str, method: str) -> Callable[[], None]:
        """Return what calls a method of a panel, be it in sight or not."""

        def act() -> None:
            getattr(self.board.docks[name].ensure(), method)()

        return act

    def _in_sight(self, name: str) -> Any:
        """Bring a panel to the front, from wherever it is, and return it."""
        self._bring_back()
        dock, alone = self.board.docks[name], self.board.panel_alone()
        if alone is not None and alone is not dock:
            self.board.fill_screen(name)
        elif alone is None:
            self.board.show_panel(name)
        return dock.ensure()

    def _begin_a_sheet(self) -> None:
        self._in_sight("paper").begin.click()

    def _copy_step(self, tab: str, said: str) -> None:
        """Copy what a page of the step holds, and show it: what is copied is to be seen."""
        self.store.dispatch(do.SetTab(tab))
        panel = self._in_sight("inspector")
        panel.read()
        getattr(panel, tab).copy.click()
        self.store.dispatch(do.Notify(Message(said)))

    def _write_again(self) -> None:
        self._in_sight("predictions").again.click()

    def _copy_text(self) -> None:
        panel = self._in_sight("predictions")
        if panel.words.shown is None:
            said = Message(panel.words.instead or "The network is still writing. Ask again in a moment.")
        else:
            panel.copy.click()
            said = Message("The text that the network has written is on the clipboard.")
        self.store.dispatch(do.Notify(said))

    def _bring_experiment(self) -> None:
        self._in_sight("experiments").bring()

    def _save_beside(self) -> None:
        if self.comparison is not None:
            self.comparison.save_file()
