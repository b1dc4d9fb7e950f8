"""The window's part that opens and saves: by dialogs, and by what is dropped on it."""

from __future__ import annotations

import re
from pathlib import Path

from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QFileDialog, QMainWindow, QWidget

from ..model import action as do
from ..services.sessions import SESSION_SUFFIX
from ..store import Store

FILES = "All files (*);;Texts, tables and sessions (*.txt *.csv *.tsv *.md *.bptt)"
NOT_IN_NAMES = re.compile(r'[\x00-\x1f<>:"/\\|?*]+')
"""What no system, or one of them, takes in a file's name."""


class FilesWindow(QMainWindow):
    """A window on ``store`` that opens and saves files."""

    def __init__(self, store: Store, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.store = store
        self.saved_in = ""
        self.setAcceptDrops(True)

    def open_file(self) -> None:
        """Ask for a file and open it."""
        path, _ = QFileDialog.getOpenFileName(self, "Open", self._folder(), FILES)
        if path:
            self.store.dispatch(do.OpenPath(path))

    def save(self) -> None:
        """Save to the file opened or saved last, or ask for one."""
        path = self.store.session.path
        if path:
            self.store.dispatch(do.SavePath(path))
        else:
            self.save_as()

    def save_as(self) -> None:
        """Ask for a file and save to it."""
        path, _ = QFileDialog.getSaveFileName(self, "Save", self.proposal(), f"Session (*{SESSION_SUFFIX})")
        if path:
            self.saved_in = str(Path(path).parent)
            self.store.dispatch(do.SavePath(path))

    def proposal(self) -> str:
        """Return the file to save to that the dialog begins with: not beside the text, which may lie anywhere."""
        session = self.store.session
        if session.path:
            return session.path
        name = NOT_IN_NAMES.sub(" ", Path(session.corpus.name).stem).strip(" .") or "session"
        return str(Path(self.saved_in or Path.home()) / f"{name}{SESSION_SUFFIX}")

    def _folder(self) -> str:
        path = self.store.session.path or (
            self.store.session.settings.corpus.source if self.store.session.settings.corpus.kind == "file" else ""
        )
        return str(Path(path).parent) if path else str(Path.home())

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        paths = [url.toLocalFile() for url in event.mimeData().urls() if url.isLocalFile()]
        if paths:
            self.store.dispatch(do.OpenPath(paths[0]))
            event.acceptProposedAction()
