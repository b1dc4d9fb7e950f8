"""The window's part that keeps layouts by name: save one, return to one, remove one."""

from __future__ import annotations

from functools import partial

from PySide6.QtWidgets import QMenu, QWidget

from ..actions import Command
from ..model import action as do
from ..model.keys import key_text
from ..model.session import Message
from ..store import Store
from .window_present import PresentingWindow

PREFIX = "layout:"
BEFORE = Command(
    "layout-before", "The layout before", "Put every panel back to where it was before the layout was changed.", "View"
)
"""There only after a reset, or after another layout was applied: an undo takes back edits, and moves no panel."""
HELP = "Arrangements of the panels by name: save this one, return to one, remove one."
_IN_MENU = ("save-layout", "remove-layout", "reset-layout")


class LayoutsWindow(PresentingWindow):
    """A window with ``saved_layouts``: by its name what the board says of each (see ``ArrangedBoard.layouts``)."""

    def __init__(self, store: Store, parent: QWidget | None = None) -> None:
        super().__init__(store, parent)
        self.saved_layouts: dict[str, dict[str, str]] = {}
        self._layout_before: dict[str, str] = {}
        self.take_handlers({"save-layout": self.ask_for_layout_name, "remove-layout": self.ask_which_layout_goes})

    def ask_for_layout_name(self) -> None:
        """Ask how the layout as it is now is to be called, and save it."""
        from .dialogs_layouts import SaveLayoutDialog

        self._show(SaveLayoutDialog(self.saved_layouts, self.save_layout, self))

    def save_layout(self, name: str) -> None:
        """Save the layout as it is now; one of that name is replaced."""
        replaced = name in self.saved_layouts
        self.saved_layouts[name] = self.board.layouts()
        does = "replaced by the panels as they are now" if replaced else "saved"
        self._say(f"The layout “{name}” is {does}. Menu ▸ View ▸ Layouts returns to it.")

    def apply_layout(self, name: str) -> None:
        """Put every panel where a saved layout has it; where that cannot be read all stays as it is."""
        if not self._apply(self.saved_layouts.get(name, {})):
            remedy = "Save it again under the same name, or remove it (Menu ▸ View ▸ Layouts)."
            self._say(f"The layout “{name}” cannot be read: the panels stay where they are. {remedy}", "warning")

    def _apply(self, layouts: dict[str, str]) -> bool:
        alone = self.board.panel_alone()
        if alone is not None:
            alone.fill_screen()
        before = self.board.layouts()
        applied = self.board.apply_layouts(layouts)
        if applied:
            self._layout_before = before
        self.arrange()
        return applied

    def reset_layout(self) -> None:
        self._layout_before = self.board.layouts()
        super().reset_layout()
        way = f"Menu ▸ View ▸ Layouts ▸ {BEFORE.title} brings back where they were"
        self._say(f"The panels are at their first places. {way}; {key_text('Ctrl+Z')} does not.")

    def return_to_layout_before(self) -> None:
        """Put every panel where it was before the last reset, or before another layout; once more leads back."""
        if self._layout_before:
            self._apply(self._layout_before)

    def ask_which_layout_goes(self) -> None:
        """Ask which saved layout is to be removed."""
        from .dialogs_layouts import RemoveLayoutDialog

        if self.saved_layouts:
            self._show(RemoveLayoutDialog(sorted(self.saved_layouts, key=str.casefold), self.remove_layout, self))
        else:
            self._say("No layout has been saved: Menu ▸ View ▸ Layouts ▸ Save layout as….")

    def remove_layout(self, name: str) -> None:
        """Forget a saved layout; the panels stay where they are."""
        if self.saved_layouts.pop(name, None) is not None:
            self._say(f"The layout “{name}” is removed; the panels stay where they are.")

    def _say(self, text: str, level: str = "info") -> None:
        self.store.dispatch(do.Notify(Message(text, level)))

    # --- menu and search ---

    def layout_commands(self) -> list[Command]:
        """A command for every saved layout, and one for the layout that there was before."""
        saved = [
            Command(f"{PREFIX}{name}", f"Layout: {name}", "Put every panel where this layout has it.", "View")
            for name in sorted(self.saved_layouts, key=str.casefold)
        ]
        return [*saved, BEFORE] if self._layout_before else saved

    def more_commands(self) -> tuple[Command, ...]:
        return (*super().more_commands(), *self.layout_commands())

    def run(self, command: Command) -> None:
        if command.id.startswith(PREFIX):
            self.apply_layout(command.id.removeprefix(PREFIX))
        elif command.id == BEFORE.id:
            self.return_to_layout_before()
        else:
            super().run(command)

    def complete_menu(self, group: str, menu: QMenu) -> None:
        super().complete_menu(group, menu)
        if group == "View":
            for id in _IN_MENU:
                menu.removeAction(self.actions_[id])
            menu.addSeparator()
            layouts = menu.addMenu("Layouts")
            layouts.menuAction().setStatusTip(HELP)
            layouts.menuAction().setToolTip(HELP)
            layouts.setToolTipsVisible(True)
            layouts.aboutToShow.connect(partial(self._list_layouts, layouts))
            self._list_layouts(layouts)

    def _list_layouts(self, menu: QMenu) -> None:
        """The saved ones first, as they are now."""
        menu.clear()
        for command in self.layout_commands():
            name = command.title if command is BEFORE else command.id.removeprefix(PREFIX)
            if command is BEFORE:
                menu.addSeparator()
            action = menu.addAction(name.replace("&", "&&"), partial(self.run, command))
            action.setStatusTip(command.help)
            action.setToolTip(command.help)
        menu.addSeparator()
        for id in _IN_MENU:
            menu.addAction(self.actions_[id])
