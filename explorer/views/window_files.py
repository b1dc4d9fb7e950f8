"""The window's part that opens and saves: by dialogs, and by what is dropped on it."""

from __future__ import annotations

import re
from pathlib import Path

from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDropEvent
from PySide6.QtWidgets import QFileDialog, QMainWindow, QWidget

from ..model import action as do
from ..services.sessions import SESSION_SUFFIX
from ..store import Store
from ..widgets.drop_sign import DropSign

FILES = "All files (*);;Texts, tables and sessions (*.txt *.csv *.tsv *.md *.bptt)"
NOT_IN_NAMES = re.compile(r'[\x00-\x1f<>:"/\\|?*]+')
"""What no system, or one of them, takes in a file's name."""


class FilesWindow(QMainWindow):
    """A window on ``store`` that opens and saves files."""

    def __init__(self, store: Store, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.store = store
        self.saved_in = self.opened_in = ""
        self._drop_sign: DropSign | None = None
        self.setAcceptDrops(True)

    def open_file(self) -> None:
        """Ask for a file and open it."""
        path, _ = QFileDialog.getOpenFileName(self, "Open", self._folder(), FILES)
        if path:
            self._open(path)

    def _open(self, path: str) -> None:
        self.opened_in = str(Path(path).parent)
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
        return str(Path(path).parent) if path else self.opened_in or str(Path.home())

    # --- what is dragged over the window ---

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        paths = _files(event)
        if paths:
            event.acceptProposedAction()
            self._drop_sign = DropSign(what_a_drop_does(paths), self)

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self._take_sign_away()

    def dropEvent(self, event: QDropEvent) -> None:
        self._take_sign_away()
        paths = _files(event)
        if paths:
            event.acceptProposedAction()
            self._open(paths[0])

    def _take_sign_away(self) -> None:
        if self._drop_sign is not None:
            self._drop_sign.hide()
            self._drop_sign.deleteLater()
            self._drop_sign = None


def _files(event: QDropEvent) -> list[str]:
    return [url.toLocalFile() for url in event.mimeData().urls() if url.isLocalFile()]


def what_a_drop_does(paths: list[str]) -> str:
    """Return the sentence for files that are held over the window: which one is opened, and as what."""
    first = Path(paths[0])
    if first.suffix.lower() == SESSION_SUFFIX:
        does = f"Drop to go on with the session {first.name}"
    else:
        does = f"Drop to learn the text {first.name}: a new run with the settings as they are"
    rest = len(paths) - 1
    return does if not rest else f"{does}. Only this one of {rest + 1} files"
