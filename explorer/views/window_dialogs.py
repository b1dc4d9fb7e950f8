"""The window's part that asks: each dialog, made when it is wanted."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QDialog, QWidget
from shiboken6 import isValid

from ..actions import Command, choices
from ..model import action as do
from ..model.session import Message
from ..model.settings import CorpusChoice
from ..widgets.alone_window import AloneWindow
from .window_files import FilesWindow


class DialogsWindow(FilesWindow):
    """A window that opens the dialogs, and gives the keyboard back to what had it."""

    def run(self, command: Command) -> None:
        """Do a command of the table."""
        raise NotImplementedError

    def enabled(self, command: Command) -> bool:
        """Return whether a command makes sense now."""
        raise NotImplementedError

    def title_now(self, command: Command) -> str:
        """Return a command's title, with what it would be done to now."""
        raise NotImplementedError

    def help_now(self, command: Command) -> str:
        """Return what a command is for, and why not now."""
        raise NotImplementedError

    def more_commands(self) -> tuple[Command, ...]:
        """Return what can be searched beside the table's commands."""
        return choices(self.store.session.settings)

    def choose_sentence(self) -> None:
        """Search the corpus for a sentence, or type one."""
        from .dialogs import SentenceDialog

        self._show(SentenceDialog(self.store, self))

    def edit_value(self, *, clamps: bool = False) -> None:
        """Change a value from the keyboard, or clamp a gate."""
        from .edit import EditDialog

        self._show(EditDialog(self.store, self, clamps=clamps))

    def write_cell(self) -> None:
        """Let the user write the equations of a cell."""
        from .cell_editor import CellEditor

        self._show(CellEditor(self.store, self))

    def show_commands(self) -> None:
        """Search everything that the program can do."""
        from .dialogs import CommandDialog

        self._show(CommandDialog(self.run, self.enabled, self, self.more_commands(), self.title_now, self.help_now))

    def show_keys(self) -> None:
        """Show the sheet of keys."""
        from .keys_sheet import KeysDialog

        self._show(KeysDialog(self, self.title_now))

    def show_doctor(self) -> None:
        """Show what runs here."""
        from ..services.doctor import report
        from .dialogs import ReportDialog

        self._show(ReportDialog("This machine", report(), self))

    def show_verification(self) -> None:
        """Show both numbers of every check behind the badge."""
        found = self.store.session.verification
        if found is None:
            self.store.dispatch(do.Notify(Message("The gradient is still being checked. Ask again in a moment.")))
            return
        from .verification import VerificationDialog

        self._show(VerificationDialog(found, self, self.store))

    def type_text(self) -> None:
        """Let the user type or paste a text to learn."""
        from .dialogs import TextDialog

        dialog = TextDialog(self)
        dialog.accepted.connect(lambda: self._learn(dialog.edit.toPlainText(), dialog.characters.isChecked()))
        self._show(dialog)

    def _learn(self, text: str, characters: bool) -> None:
        if not text.strip():
            self.store.dispatch(do.Notify(Message("Type at least one word.", "warning")))
            return
        choice = CorpusChoice("text", text, (("level", "char" if characters else "word"),))
        self.store.dispatch(do.ChangeSettings(replace(self.store.session.settings, corpus=choice)))

    def _show(self, dialog: QDialog) -> None:
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        front = QApplication.activeWindow()
        if isinstance(front, AloneWindow):  # else the main window would come before the panel on the whole screen
            dialog.setParent(front, dialog.windowFlags())
        held = QApplication.focusWidget() or self.focusWidget()  # which may be in a panel on the whole screen
        dialog.finished.connect(lambda _: self._give_back(held))
        dialog.setWindowModality(Qt.WindowModality.WindowModal)
        dialog.open()

    @staticmethod
    def _give_back(held: QWidget | None) -> None:
        if held is not None and isValid(held) and held.isVisible():
            held.activateWindow()  # not every system returns to the window that was in front before
            held.setFocus()
