"""The window's part that turns the table of commands into keys and the menu."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import QAction, QKeyEvent, QKeySequence, QStatusTipEvent
from PySide6.QtWidgets import QApplication, QMenu, QWidget

from ..actions import BEGINNINGS, COMMANDS, GROUPS, WALKS, Command, in_group, shorter_hints
from ..model import action as do
from ..model.keys import key_text
from ..model.session import Message
from ..store import Store
from ..widgets.alt_key import AltKey
from ..widgets.chip import Chip, choose_first
from ..widgets.elided import ElidedLabel
from ..widgets.enlarge import enlarge_menu
from .window_dialogs import DialogsWindow

_RULES = tuple(dict.fromkeys(command.when for command in COMMANDS))


class CommandsWindow(DialogsWindow):
    """A window that has an action for every command. Alt by itself opens the menu, as its key does."""

    def __init__(self, store: Store, parent: QWidget | None = None) -> None:
        super().__init__(store, parent)
        self.actions_: dict[str, QAction] = {}
        self.handlers: dict[str, Callable[[], None]] = {
            "open": self.open_file,
            "save": self.save,
            "save-as": self.save_as,
            "quit": self._quit,
            "undo": store.undo,
            "redo": store.redo,
            "order": self._change_order,
            "sentence": self.choose_sentence,
            "edit-value": self.edit_value,
            "clamp": lambda: self.edit_value(clamps=True),
            "own-cell": self.write_cell,
            "newest": lambda: store.dispatch(do.GoToUpdate(store.session.training.last)),
            "faster": lambda: self._pace(1.5),
            "slower": lambda: self._pace(1 / 1.5),
            "menu": self.open_menu,
            "commands": self.show_commands,
            "keys": self.show_keys,
            "doctor": self.show_doctor,
            "checked": self.show_verification,
        }
        self.menu_chip: Chip | None = None
        self.help_line = ElidedLabel("", role="label", token="muted")
        self.help_line.set_forms(*shorter_hints())
        """The keys that a newcomer needs; while a menu is open, the help of its action."""
        self.alt = AltKey(self)
        self.alt.tapped.connect(self.open_menu)
        self._enabled_for: tuple[bool, ...] = ()
        for command in COMMANDS:
            self._make_action(command)

    def take_handlers(self, handlers: Mapping[str, Callable[[], None]]) -> None:
        """Say what commands do that the table leaves to the window."""
        self.handlers.update(handlers)

    def _make_action(self, command: Command) -> None:
        action = QAction(self)
        action.setShortcuts([QKeySequence(k) for k in command.keys])
        action.setShortcutContext(Qt.ShortcutContext.WindowShortcut)
        action.setStatusTip(command.help)
        action.setToolTip(command.help)
        action.setAutoRepeat(command.group == "Walk" or command.id.startswith("update"))
        action.triggered.connect(lambda _=False, command=command: self.run(command))
        self.addAction(action)
        self.actions_[command.id] = action
        self._name(command, command.title)

    def _name(self, command: Command, title: str) -> None:
        # What stands behind the tab is printed in place of Qt's own spelling of the key.
        key = f"\t{key_text(command.keys[0])}" if command.keys else ""
        self.actions_[command.id].setText(f"{title}{key}".replace("&", "&&"))

    def title_now(self, command: Command) -> str:
        """Return a command's title, with what it would be done to now."""
        if command.id == "order":
            sweeps = self.store.session.settings.order == "sweep"
            return f"Walk back {WALKS['by loss' if sweeps else 'sweep'][0]}"
        if command.id == "follow-votes":
            follows = self.store.session.votes_follow
            return "The accumulator stays at its parameter" if follows else "The accumulator follows the walk"
        return command.title

    def run(self, command: Command) -> None:
        """Do a command of the table."""
        if isinstance(command.action, do.Move):
            self.store.walk_by_key(command.action)
        elif command.action is not None:
            self.store.dispatch(command.action)
        else:
            self.handlers[command.id]()

    # --- what makes sense now ---

    def enable_actions(self) -> None:
        """Enable the actions that make sense now and disable the others."""
        session = self.store.session
        # Hardly ever anything else than at the step before, and there are as many commands as keys.
        state = (self.store.can_undo, self.store.can_redo, *(rule(session) for rule in _RULES))
        if state == self._enabled_for:
            return
        self._enabled_for = state
        for command in COMMANDS:
            action = self.actions_[command.id]
            on = self.enabled(command)
            if action.isEnabled() != on:
                action.setEnabled(on)

    def enabled(self, command: Command) -> bool:
        """Return whether a command makes sense now."""
        if command.id == "undo":
            return self.store.can_undo
        if command.id == "redo":
            return self.store.can_redo
        return command.when(self.store.session)

    def help_now(self, command: Command) -> str:
        """Return what a command is for, and where it makes no sense now why that is so."""
        why = "" if self.enabled(command) else command.why(self.store.session)
        return f"{command.help} Not now: {why}" if why else command.help

    # --- the menu ---

    def main_menu(self) -> QMenu:
        """Return the menu of all commands, group by group."""
        menu = QMenu(self)
        for group, letter in zip(GROUPS, _letters(GROUPS), strict=True):
            part = menu.addMenu(group.replace(letter, f"&{letter}", 1))
            part.setToolTipsVisible(True)
            for command in in_group(group):
                if command.id in BEGINNINGS:
                    part.addSeparator()
                part.addAction(self.actions_[command.id])
            self.complete_menu(group, part)
        menu.aboutToShow.connect(self._name_all)
        menu.aboutToShow.connect(lambda: enlarge_menu(menu, QApplication.activeWindow()))
        return menu

    def complete_menu(self, group: str, menu: QMenu) -> None:
        """Add to the menu of a group what is not in the table."""

    def _name_all(self) -> None:
        for command in COMMANDS:
            self._name(command, self.title_now(command))
            action, help = self.actions_[command.id], self.help_now(command)
            action.setStatusTip(help)
            action.setToolTip(help)

    def open_menu(self) -> None:
        """Open the menu with its first line chosen; Esc leaves the keyboard where it is."""
        chip = self.menu_chip
        menu = None if chip is None else chip.menu()
        if chip is None or menu is None or QApplication.activePopupWidget() is not None:
            return
        active = QApplication.activeWindow()
        if chip.isVisible() and active in (None, self):
            chip.open_by_key()
        else:  # a panel on the whole screen, or one that floats, has the keyboard
            menu.popup((active or self).mapToGlobal(QPoint(0, 0)))
            choose_first(menu)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        self.alt.pressed(event)
        super().keyPressEvent(event)

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QStatusTipEvent):
            if event.tip():
                self.help_line.set_text(event.tip())
            else:
                self.show_hints()
            return True
        return super().event(event)

    def show_hints(self) -> None:
        """Show the keys that help most now in the line at the foot of the window."""
        self.help_line.set_forms(*shorter_hints())

    # --- commands ---

    def _quit(self) -> None:
        self.close()

    def _change_order(self) -> None:
        settings = self.store.session.settings
        order = next(each for each in WALKS if each != settings.order)
        self.store.dispatch(do.ChangeSettings(replace(settings, order=order)))
        title, help = WALKS[order]
        self.store.dispatch(do.Notify(Message(f"The gradient walks back {title}. {help}")))

    def _pace(self, factor: float) -> None:
        self.store.dispatch(do.SetPlayback(speed=self.store.session.playback.speed * factor))
        pace = self.store.session.playback.speed
        self.store.dispatch(do.Notify(Message(f"The walk plays on {pace:.2g} times a second.")))


def _letters(groups: tuple[str, ...]) -> list[str]:
    """The letter of each group that chooses it while the menu is open: the first one that is still free."""
    taken: list[str] = []
    for group in groups:
        taken.append(next(letter for letter in group if letter.casefold() not in "".join(taken).casefold()))
    return taken
