"""The place of the stage, or of two of them one below the other, which share its height."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QSplitter, QWidget

from ..theme.tokens import SPACE


class Stages(QSplitter):
    """Shares its height out anew whenever it changes, until the user has moved the handle."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Vertical, parent)
        self.setChildrenCollapsible(False)
        self.setHandleWidth(SPACE.small)
        self._shares: Callable[[int], list[int]] | None = None
        self.splitterMoved.connect(self._moved)

    def add_second(self, widget: QWidget, shares: Callable[[int], list[int]]) -> None:
        """Put ``widget`` below; ``shares`` says how so many pixels are shared out."""
        self.addWidget(widget)
        self._shares = shares
        self._share()

    def parts(self) -> list[QWidget]:
        """Return what it holds from above: as children they stand in another order, that in which they were raised."""
        return [part for part in map(self.widget, range(self.count())) if part is not None]

    def remove_second(self) -> None:
        """Take the second one away at once: one that is only to be deleted would still count, and take its share."""
        second = self.widget(1)
        if second is not None:
            second.hide()
            second.setParent(None)
            second.deleteLater()
        self._shares = None

    def _moved(self) -> None:
        self._shares = None

    def _share(self) -> None:
        if self._shares is not None and self.count() == 2:
            self.setSizes(self._shares(self.height() - self.handleWidth()))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._share()
