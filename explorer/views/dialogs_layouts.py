"""The dialogs of the saved layouts: a name for one, and which one is to go."""

from __future__ import annotations

from collections.abc import Callable, Collection

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QLineEdit, QWidget

from ..theme.theme import current
from ..widgets.chip import Chip
from ..widgets.panel_dialog import PanelDialog
from .dialogs import FilterDialog

LONGEST = 40
"""Letters that the name of a layout may have: it stands in a menu."""


class SaveLayoutDialog(PanelDialog):
    """Asks for a name; ``save`` gets it. A name that is taken is said to be, before it is replaced."""

    def __init__(self, taken: Collection[str], save: Callable[[str], None], parent: QWidget | None = None) -> None:
        super().__init__("Save layout as", 460, 170, parent)
        self._taken, self._save = taken, save
        self.line = QLineEdit()
        self.line.setMaxLength(LONGEST)
        self.line.setPlaceholderText("Its name, such as “lecture”")
        self.line.setAccessibleName("Name of the layout")
        self.note = QLabel()
        self.note.setFont(current().font("small"))
        self.note.setWordWrap(True)
        self.note.setTextFormat(Qt.TextFormat.PlainText)
        cancel, self.button = Chip("Cancel"), Chip("Save", filled=True)
        cancel.clicked.connect(self.reject)
        self.button.clicked.connect(self.choose)
        self.line.returnPressed.connect(self.choose)
        self.line.textChanged.connect(lambda _: self._say())
        self.column.addWidget(self.line)
        self.column.addWidget(self.note)
        self.column.addStretch(1)
        self.add_buttons(cancel, self.button)
        self._say()
        self.line.setFocus()

    def name(self) -> str:
        """What is typed, without spaces around it or several in a row."""
        return " ".join(self.line.text().split())

    def _say(self) -> None:
        replaces = self.name() in self._taken
        kept = "Places, sizes and tabs of all panels are kept, for wide and for narrow windows."
        self.note.setText(f"There is a layout “{self.name()}” already: it will be replaced." if replaces else kept)
        self.button.set_value("Replace" if replaces else "Save")

    def choose(self) -> None:
        """Save under the name that is typed; without one, say so."""
        if not self.name():
            self.note.setText("Type a name first: it stands in the menu and in the list of all commands.")
            return
        self.accept()
        self._save(self.name())


class RemoveLayoutDialog(FilterDialog):
    """Lists the saved layouts; ``remove`` gets the name of the one that is chosen."""

    def __init__(self, names: Collection[str], remove: Callable[[str], None], parent: QWidget | None = None) -> None:
        super().__init__("Remove layout", "Type a few letters of the layout that is to go; Enter removes it", parent)
        self._names, self._remove = tuple(names), remove
        self.resize(current().px(520), current().px(300))
        self.refill()

    def refill(self) -> None:
        wanted = self.line.text().strip().casefold()
        self.list.empty()
        for name in self._names:
            if wanted in name.casefold():
                self.list.add(name, data=name)
        if not self.list.count():
            self.list.add(f"No layout is called “{self.line.text().strip()}”", enabled=False)
        self.list.setCurrentRow(0)

    def choose(self) -> None:
        item = self.list.currentItem()
        name = None if item is None else item.data(Qt.ItemDataRole.UserRole)
        if name is not None:
            self.accept()
            self._remove(name)
