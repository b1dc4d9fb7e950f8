"""The window's part that does things with the panels: show, fill the screen, float, move, hide."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMenu, QWidget

from ..actions import Command
from ..model import action as do
from ..model.experiments.titles import TITLES as EXPERIMENTS
from ..model.keys import key_text
from ..model.session import Message
from ..panels import PANELS
from ..store import Store
from ..widgets.panel import Panel
from ..widgets.panel_dock import PanelDock
from .board import BOTTOM, RIGHT, Board
from .window_commands import CommandsWindow

NONE_AT_HAND = (
    "No panel is chosen: click one or its tab, or press its key, "
    f"{key_text(PANELS[0].keys[0])} for “{PANELS[0].title}”. The chosen one has a coloured frame."
)


class PanelsWindow(CommandsWindow):
    """A window around a board of panels."""

    board: Board
    rest: QWidget
    """What has the keyboard when no panel has it: the stage."""

    def __init__(self, store: Store, parent: QWidget | None = None) -> None:
        super().__init__(store, parent)
        self.take_handlers(
            {
                "full-screen": self.toggle_full_screen,
                "stage-alone": self.toggle_stage_alone,
                "panel-menu": self._with_panel(PanelDock.ask_for_menu),
                "float-panel": self._with_panel(lambda dock: self.board.float_panel(dock)),
                "hide-panel": self._with_panel(self._hide),
                "move-beside": self._with_panel(lambda dock: self.board.move_panel(dock, RIGHT)),
                "move-below": self._with_panel(lambda dock: self.board.move_panel(dock, BOTTOM)),
                "reset-layout": self.reset_layout,
                **{f"panel:{panel.id}": partial(self.show_panel, panel.id) for panel in PANELS},
                **{f"share:{panel.id}": self._with_panel(partial(self._share_place, panel.id)) for panel in PANELS},
                **{f"experiment:{number}": partial(self.show_experiment, number) for number in EXPERIMENTS},
            }
        )

    def follow_arrows(self) -> None:
        """Say at the foot of the window whose the arrow keys are; to be called once there is a board."""
        self.board.arrows_moved.connect(self.show_hints)
        self.board.walk_wanted.connect(self._rest)
        self.board.panel_made.connect(self._panel_made)

    def _panel_made(self, name: str) -> None:
        panel = self.board.docks[name].panel
        if isinstance(panel, Panel):
            panel.stage_wanted.connect(self.show_stage)

    def show_stage(self) -> None:
        """Bring a panel back that covers the stage with the whole screen."""
        alone = self.board.panel_alone()
        if alone is not None:
            alone.fill_screen()
            self._rest()

    def show_hints(self) -> None:
        dock = self.board.panel_with_arrows()
        if dock is None:
            super().show_hints()
            return
        says = f"{dock.arrows} choose in “{dock.title}”"
        back, whole = "Esc: they step the walk again", f"{key_text('F11')} on the whole screen"
        self.help_line.set_forms(
            f"{says}  ·  {back}  ·  Tab: what else is there  ·  {whole}", f"{says}  ·  {back}", f"{says}  ·  Esc"
        )

    def _with_panel(self, act: Callable[[PanelDock], None]) -> Callable[[], None]:
        def run() -> None:
            dock = self.board.panel_at_hand()
            if dock is None:
                self.store.dispatch(do.Notify(Message(NONE_AT_HAND, "warning")))
            else:
                act(dock)

        return run

    def run(self, command: Command) -> None:
        if command.id == "release" and self.board.panel_in_focus() is not None:
            self._rest()
            if self.store.session.message is not None and not self.store.opening:
                self.store.dispatch(do.Notify(None))  # its button says that Esc takes it away
            return
        super().run(command)
        if isinstance(command.action, do.SetTab):
            self._bring_back()
            # A choice of what cannot be seen would seem to do nothing; the keyboard stays where it is.
            dock = self.board.docks["inspector"]
            self.board.turned = True
            dock.show()
            dock.raise_()

    def title_now(self, command: Command) -> str:
        if command.id == "stage-alone" and self.board.aside:
            return "Bring the panels back"
        if command.id == "full-screen":
            return f"{command.title}: {self._would_fill()}"
        dock = self.board.panel_at_hand()
        if dock is not None and command.id in ("float-panel", "hide-panel", "move-beside", "move-below", "panel-menu"):
            does = "Dock" if command.id == "float-panel" and dock.isFloating() else command.title
            return does.replace("the panel", f"“{dock.title}”") if "the panel" in does else f"{does}: {dock.title}"
        return super().title_now(command)

    def _would_fill(self) -> str:
        alone, dock = self.board.panel_alone(), self.board.panel_at_hand()
        if alone is not None:
            return f"{alone.title}, back to its place"
        if dock is not None:
            return dock.title
        return "the window, back" if self.isFullScreen() else "the window"

    def more_commands(self) -> tuple[Command, ...]:
        at_hand = self.board.panel_at_hand()
        if at_hand is None:
            return super().more_commands()
        onto = [
            Command(
                f"share:{panel.id}",
                f"Share a place: “{at_hand.title}” with “{panel.title}”",
                "Put the chosen panel on the place of another, as a tab.",
                "Panels",
            )
            for panel in PANELS
            if self.board.docks[panel.id] is not at_hand and not self.board.docks[panel.id].isHidden()
        ]
        return (*super().more_commands(), *onto)

    def complete_menu(self, group: str, menu: QMenu) -> None:
        if group == "Panels":
            shown = menu.addMenu("Panels on show")
            shown.menuAction().setStatusTip("Show or hide each panel.")
            shown.setToolTipsVisible(True)
            shown.addActions(self.board.toggles())

    def toggle_full_screen(self) -> None:
        """Show the panel at hand on the whole screen, or else the window; once more brings it back."""
        dock = self.board.panel_alone() or self.board.panel_at_hand()
        if dock is not None:
            dock.fill_screen()
        else:
            self.setWindowState(self.windowState() ^ Qt.WindowState.WindowFullScreen)

    def toggle_stage_alone(self) -> None:
        """Put all panels aside, or bring them back."""
        alone = self.board.panel_alone()
        if alone is not None:
            alone.fill_screen()
        if self.board.aside:
            self._bring_back()
        else:
            self.board.put_aside()
            self._rest()

    def _bring_back(self) -> None:
        if self.board.aside:
            self.board.bring_back()
            self.arrange()

    def show_panel(self, name: str) -> None:
        """Bring a panel to the front and give it the keyboard; if it has it, give that back to the stage.

        While one fills the screen, the other fills it instead, or the same returns to its place.
        """
        self._bring_back()
        dock = self.board.panel_in_focus()
        if self.board.panel_alone() is not None:
            self.board.fill_screen(name)
        elif dock is not None and dock.objectName() == name and dock.alone is None:
            self._rest()
        else:
            self.board.show_panel(name)

    def _rest(self) -> None:
        self.activateWindow()  # the panel may float
        self.rest.setFocus()

    def show_experiment(self, number: str) -> None:
        """Bring an experiment to the front; it is measured at once."""
        from .experiments import ExperimentsView

        self._bring_back()
        dock, alone = self.board.docks["experiments"], self.board.panel_alone()
        if alone is None:
            self.board.show_panel("experiments")
        elif alone is not dock:
            self.board.fill_screen("experiments")
        elif dock.alone is not None:
            dock.alone.activateWindow()  # the list of commands has come up with the main window
        panel = dock.ensure()
        if isinstance(panel, ExperimentsView):
            panel.show_experiment(number)

    def _hide(self, dock: PanelDock) -> None:
        self.board.hide_panel(dock)
        self._rest()

    def _share_place(self, name: str, dock: PanelDock) -> None:
        if self.board.docks[name] is not dock:
            self.board.share_place(dock, self.board.docks[name])

    def reset_layout(self) -> None:
        """Return every panel to its first place."""
        alone = self.board.panel_alone()
        if alone is not None:
            alone.fill_screen()
        self.board.reset()
        self.arrange()

    def arrange(self) -> None:
        """Share out the room."""
        raise NotImplementedError
