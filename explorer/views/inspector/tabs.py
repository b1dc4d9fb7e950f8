"""The inspector's four tabs as a row of pills that say as much as has room."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QRect, QSize, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QButtonGroup, QSizePolicy, QWidget

from ...theme.tokens import SPACE
from ...widgets.chip import Chip

TABS = ("Graph", "Equations", "Code", "Numbers")
SHORTER = (TABS, ("Graph", "Eqs", "Code", "Nums"), ("G", "E", "C", "N"))
"""What the tabs say in less and less room."""
GAP = SPACE.tight + 2


class TabRow(QWidget):
    """One checked pill of four.

    The row names and places its pills itself, in the same moment in which it is resized: a layout would first squeeze
    the long names and put them right in a later turn of the event loop, and hold the panel as wide as they are.
    """

    chosen = Signal(int)
    """The tab that was clicked."""
    shown = Signal(int)
    """The tab that came to the front, whoever asked for it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._group = QButtonGroup(self)
        self._group.setExclusive(True)
        self.chips = tuple(Chip(name, checkable=True, parent=self) for name in TABS)
        for n, chip in enumerate(self.chips):
            self._group.addButton(chip, n)
        self.chips[0].setChecked(True)
        self._group.idClicked.connect(self.chosen)
        self._group.idToggled.connect(lambda n, on: self.shown.emit(n) if on else None)
        self._arrange()

    def show_tab(self, number: int) -> None:
        """Bring a tab to the front."""
        self.chips[number].setChecked(True)

    def sizeHint(self) -> QSize:
        return self._size(SHORTER[0])

    def minimumSizeHint(self) -> QSize:
        return self._size(SHORTER[-1])

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.StyleChange, QEvent.Type.PaletteChange):
            self.updateGeometry()
            self._arrange()

    def _widths(self, names: tuple[str, ...]) -> list[int]:
        return [chip.width_saying(name) for chip, name in zip(self.chips, names, strict=True)]

    def _size(self, names: tuple[str, ...]) -> QSize:
        return QSize(sum(self._widths(names)) + GAP * (len(names) - 1), self.chips[0].sizeHint().height())

    def _arrange(self) -> None:
        names = next((names for names in SHORTER if self._size(names).width() <= self.width()), SHORTER[-1])
        left, high = 0, self.chips[0].sizeHint().height()
        for chip, name, title, wide in zip(self.chips, names, TABS, self._widths(names), strict=True):
            chip.set_value(name)
            chip.setAccessibleName(f"{title} tab")
            chip.setToolTip("" if name == title else title)
            chip.setGeometry(QRect(left, 0, wide, high))
            left += wide + GAP
