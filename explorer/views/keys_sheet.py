"""All keys on one sheet, in as many columns as have room, with a line to search them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import groupby

from PySide6.QtCore import Qt
from PySide6.QtGui import QPalette, QResizeEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QLineEdit, QScrollArea, QWidget

from ..actions import BY_ID, COMMANDS, STAGE_KEYS, Command
from ..model.keys import SHIFT, key_text
from ..theme.theme import current
from ..theme.tokens import SPACE
from ..widgets.panel_dialog import PanelDialog

Row = tuple[str, str, str, str]
"""Group, title, keys, help."""
COLUMN = 275
"""Least width of a column at scale 1."""
PANEL = "Panel: "
LEGEND = (
    f"{SHIFT} is Shift.  Alt by itself opens the menu; its letters and arrows lead on.  "
    "In a panel with a thick frame the arrows choose something, + − 0 zoom; Esc gives them back to the walk."
)
_SEARCH = key_text(BY_ID["commands"].keys[0])


Title = Callable[[Command], str]


def _own(command: Command) -> str:
    return command.title


def sheet(wanted: str = "", title: Title = _own) -> list[Row]:
    """Return every key whose title, group, key or help holds all words of ``wanted``, group by group."""
    words = wanted.casefold().split()
    return [row for row in _all_rows(title) if all(word in " ".join(row).casefold() for word in words)]


def _all_rows(title_of: Title) -> Iterator[Row]:
    rows: dict[str, list[Row]] = {}
    for command in COMMANDS:
        if command.keys:
            keys, title = "  ".join(key_text(key) for key in command.keys), title_of(command).removeprefix(PANEL)
            rows.setdefault(command.group, []).append((command.group, title, keys, command.help))
    for title, pressed, help in STAGE_KEYS:
        keys = "  ".join(key_text(key) for key in pressed)
        rows.setdefault("On the stage", []).append(("On the stage", title, keys, help))
    # Those that stand in one column of three, about as high as the others.
    order = ("Walk", "Training", "Help", "On the stage", "View", "File", "Edit", "Panels")
    for group in (*order, *(g for g in rows if g not in order)):
        yield from rows.get(group, ())


def in_columns(rows: list[Row], count: int) -> list[list[Row]]:
    """Share rows out to columns, the highest as low as can be with every group whole: each has its heading once."""
    groups = [list(group) for _, group in groupby(rows, key=lambda row: row[0])]
    heights = [len(group) + 1 for group in groups]
    most = next(limit for limit in range(max(heights, default=0), sum(heights) + 1) if _needed(heights, limit) <= count)
    columns: list[list[Row]] = [[]]
    filled = 0
    for n, (group, height) in enumerate(zip(groups, heights, strict=True)):
        # What need not stand in this column goes to one that would be empty.
        spare = count - len(columns) >= len(groups) - n
        if filled and (filled + height > most or spare):
            columns.append([])
            filled = 0
        columns[-1] += group
        filled += height
    return columns


def _needed(heights: list[int], limit: int) -> int:
    """How many columns groups of these heights fill, none higher than ``limit``."""
    columns, filled = 1, 0
    for height in heights:
        if filled and filled + height > limit:
            columns, filled = columns + 1, 0
        filled += height
    return columns


class KeysDialog(PanelDialog):
    """All keys on one sheet, made from the table of commands."""

    def __init__(self, parent: QWidget | None = None, title: Title = _own) -> None:
        super().__init__("Keys", 1080, 620, parent)
        # By now: this dialog takes the keyboard from the panel that a title names.
        titles = {command.id: title(command) for command in COMMANDS}
        self._title: Title = lambda command: titles[command.id]
        self.line = QLineEdit()
        self.line.setPlaceholderText("Search: a key, or what it does")
        self.line.setAccessibleName("Search the keys")
        self.line.setClearButtonEnabled(True)
        self.area = QScrollArea()
        self.area.setWidgetResizable(True)
        self.area.setFrameShape(QScrollArea.Shape.NoFrame)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.area.viewport().setAutoFillBackground(False)
        self.column.addWidget(self.line)
        self.column.addWidget(self.area, 1)
        legend = QLabel(LEGEND)
        legend.setFont(current().font("small"))
        legend.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        legend.setWordWrap(True)
        self.column.addWidget(legend)
        self.add_buttons(self.close_button())
        self._columns = 0
        self.line.textChanged.connect(lambda _: self.refill())
        self.refill()
        self.line.setFocus()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self._count() != self._columns:
            self.refill()

    def _count(self) -> int:
        return max(1, (self.width() - 2 * SPACE.large) // current().px(COLUMN))

    def rows(self) -> list[Row]:
        """Return the keys that fit what has been typed."""
        return sheet(self.line.text(), self._title)

    def refill(self) -> None:
        """Show the keys that fit what has been typed."""
        self._columns = self._count()
        inner = QWidget()
        row = QHBoxLayout(inner)
        row.setContentsMargins(0, SPACE.tight, SPACE.medium, 0)
        row.setSpacing(SPACE.wide)
        found = self.rows()
        if not found:
            row.addWidget(QLabel(f"No key for “{self.line.text().strip()}”; {_SEARCH} searches all commands."))
        for rows in in_columns(found, self._columns):
            row.addLayout(_grid(rows), 1)
        for _ in range(self._columns - max(1, row.count())):
            row.addStretch(1)
        self.area.setWidget(inner)
        inner.setAutoFillBackground(False)  # which the area has just switched on


def _grid(rows: list[Row]) -> QGridLayout:
    grid = QGridLayout()
    grid.setVerticalSpacing(SPACE.hair)
    grid.setColumnStretch(0, 1)
    group, line = "", 0
    for name, title, keys, help in rows:
        if name != group:
            group, heading = name, QLabel(name)
            heading.setFont(current().font("label"))
            heading.setForegroundRole(QPalette.ColorRole.PlaceholderText)
            heading.setContentsMargins(0, SPACE.tight if line else 0, 0, 0)
            grid.addWidget(heading, line, 0)
            line += 1
        label, pressed = QLabel(title), QLabel(keys)
        label.setToolTip(help)
        pressed.setFont(current().font("label", bold=True))
        grid.addWidget(label, line, 0)
        grid.addWidget(pressed, line, 1, Qt.AlignmentFlag.AlignRight)
        line += 1
    grid.setRowStretch(line, 1)
    return grid
