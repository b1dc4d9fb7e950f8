"""The same step as a short numpy program with the current line lit, and its PyTorch equivalent."""

from __future__ import annotations

from PySide6.QtCore import QEvent
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QVBoxLayout, QWidget

from ...model.inspector_data import InspectorData
from ...model.step_code import Code
from ...theme.tokens import SPACE
from ...widgets.chip import Chip
from .program_text import ProgramText


class CodePage(QWidget):
    """A read-only program with a choice between numpy and PyTorch; a line that is too long is broken, not cut."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._data: InspectorData | None = None
        self._shown = ""
        self.text = ProgramText()
        self.text.setAccessibleName("The step as a program")
        row = QHBoxLayout()
        row.setSpacing(SPACE.small)
        self._group = QButtonGroup(self)
        for n, name in enumerate(("numpy", "PyTorch")):
            chip = Chip(name, checkable=True)
            chip.setToolTip(f"The step in {name}")
            self._group.addButton(chip, n)
            row.addWidget(chip)
        self._group.button(0).setChecked(True)
        self._group.idToggled.connect(lambda _, on: self._show() if on else None)
        self.copy = Chip("Copy")
        self.copy.setToolTip("Copies the whole program")
        self.copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(self._shown))
        row.addStretch(1)
        row.addWidget(self.copy)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE.small)
        column.addWidget(self.text, 1)
        column.addLayout(row)
        self.text.restyle()

    def set_data(self, data: InspectorData) -> None:
        """Show the program of ``data``'s cell and truncation, and where it stands."""
        self._data = data
        self._show()

    def _show(self) -> None:
        data = self._data
        if data is None:
            return
        code: Code = data.torch_code if self._group.checkedId() == 1 else data.numpy_code
        if code.text != self._shown:
            self._shown = code.text
            self.text.set_program(code.text.rstrip("\n"), code.roles)
        self.text.light(code.current(data.progress.step), data.role)

    def changeEvent(self, event: QEvent) -> None:
        if event.type() in (QEvent.Type.StyleChange, QEvent.Type.PaletteChange):
            self.text.restyle()
        super().changeEvent(event)
