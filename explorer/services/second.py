"""B's store: what the user does in B's own stage goes to whoever knows what it means for both."""

from __future__ import annotations

from typing import Any, Protocol

from PySide6.QtCore import QObject

from ..model import action as do
from ..model.reducer import EDITS
from ..model.runs import Run
from ..model.session import Session
from ..store import Store


class Asked(Protocol):
    """Hears what the user asks of B."""

    def asked(self, action: do.Action) -> None:
        """Do what the user asked of B."""
        ...


class Second(Store):
    """The store of B; ``following`` while it does what follows from A."""

    def __init__(self, companion: Asked, run: Run, *, parent: QObject, **more: Any) -> None:
        self._companion = companion
        self.following = True
        super().__init__(run, parent=parent, **more)
        self.following = False

    def dispatch(self, action: do.Action) -> None:
        if not self.following and isinstance(action, (do.ChangeSettings, *EDITS)):
            self._companion.asked(action)
        else:
            super().dispatch(action)

    def cancel(self) -> bool:
        """Let go of what B's user waits for; what follows from A is left alone."""
        return not self.following and super().cancel()

    def _remember(self, session: Session) -> None:
        """Nothing: what is undone is undone in A, and B follows; B's own weights are the companion's."""
