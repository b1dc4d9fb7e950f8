"""One of a few: a row of chips where there is room for them, a single chip with a menu where there is not."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import QEvent, QSize, Signal
from PySide6.QtWidgets import QHBoxLayout, QLayout, QMenu, QSizePolicy, QWidget

from ..theme.tokens import SPACE
from .chip import Chip


class Choices(QWidget):
    """Emits ``chosen`` with the name that the user picks; :meth:`set_current` shows one without a signal.

    ``help`` says what is chosen; it is the tool tip of each chip, and what a line of the menu says of itself.
    ``folded`` is what the single chip says of the name in its braces. ``spelt`` are the names at length, which the
    chips of a row say where all of them have room.
    """

    chosen = Signal(str)

    def __init__(
        self,
        names: Sequence[str],
        *,
        accent: str = "value",
        most: int = 6,
        help: str = "",
        folded: str = "{}",
        spelt: Sequence[str] = (),
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._accent, self._most, self._help, self._folded = accent, most, help, folded
        self._spelt = tuple(spelt)
        self._names: tuple[str, ...] = ()
        self._current = ""
        self._room = 0
        self.chips: list[Chip] = []
        self.menu_chip = Chip("")
        self.menu_chip.setToolTip(help)
        self.menu_chip.set_menu(QMenu(self.menu_chip))
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(SPACE.tight)
        self._row.addWidget(self.menu_chip)
        # What it shows must not keep its panel from becoming narrower.
        self._row.setSizeConstraint(QLayout.SizeConstraint.SetNoConstraint)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self.set_names(names)

    @property
    def names(self) -> tuple[str, ...]:
        return self._names

    @property
    def current(self) -> str:
        return self._current

    def set_names(self, names: Sequence[str]) -> None:
        """Offer ``names``; the first is shown when the present one is not among them."""
        names = tuple(names)
        if names == self._names:
            return
        self._names = names
        for chip in self.chips:
            self._row.removeWidget(chip)
            chip.hide()  # until it is deleted it would lie over those that come
            chip.deleteLater()
        self.chips = []
        if len(names) <= self._most:
            for name in names:
                chip = Chip(name, accent=self._accent, checkable=True)
                chip.setToolTip(self._help)
                chip.clicked.connect(partial(self._pick, name))
                self.chips.append(chip)
                self._row.addWidget(chip)
        menu = self.menu_chip.menu()
        assert menu is not None
        menu.clear()
        for name in names:
            menu.addAction(name, partial(self._pick, name))
        if self._current not in names:
            self._current = names[0] if names else ""
        self._show()

    def set_current(self, name: str) -> None:
        """Show ``name`` as the chosen one."""
        if name != self._current and name in self._names:
            self._current = name
            self._show()

    def fit(self, room: int) -> None:
        """Take no more than ``room`` pixels: a row of chips if they fit, else the menu."""
        before, self._room = (self.in_a_row, self._said()), room
        if (self.in_a_row, self._said()) != before:  # showing the same again lays the window out anew
            self._show()

    @property
    def in_a_row(self) -> bool:
        """Whether all names are in sight."""
        return bool(self.chips) and self.row_width() <= self._room

    def sizeHint(self) -> QSize:
        menu = self.menu_chip.sizeHint()
        return QSize(self.row_width(), menu.height()) if self.in_a_row else menu

    def minimumSizeHint(self) -> QSize:
        return self.menu_chip.sizeHint()

    def row_width(self) -> int:
        """Width of all chips in a row; 0 when they are too many for one."""
        return self._width_of(self._said())

    def _said(self) -> tuple[str, ...]:
        """What the chips of a row say: the names, at length where there is room for that."""
        long = len(self._spelt) == len(self._names) and self._width_of(self._spelt) <= self._room
        return self._spelt if long else self._names

    def _width_of(self, words: Sequence[str]) -> int:
        wide = sum(chip.width_saying(word) for chip, word in zip(self.chips, words, strict=False))
        return wide + SPACE.tight * max(0, len(self.chips) - 1)

    def _show(self) -> None:
        row = self.in_a_row
        for name, said, chip in zip(self._names, self._said(), self.chips, strict=False):
            chip.set_value(said)
            chip.set_accent(self._accent if name == self._current else "")
            chip.setChecked(name == self._current)
            chip.setVisible(row)
        self.menu_chip.set_value(self._folded.format(self._current) if self._current else "")
        self.menu_chip.setVisible(not row and bool(self._names))
        self.updateGeometry()

    def _pick(self, name: str) -> None:
        self._current = name
        self._show()
        self.chosen.emit(name)

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.StyleChange:
            self._show()
        super().changeEvent(event)
