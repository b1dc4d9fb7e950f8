"""The look of a field in which something wrong has been typed."""

from __future__ import annotations

from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QAbstractSpinBox, QLabel, QLineEdit

from ..theme.theme import current


def mark_wrong(field: QLineEdit | QAbstractSpinBox, problem: str) -> None:
    """Print what was typed in the colour of errors, and tell a screen reader why; as usual again for "".

    The style sheet knows both looks of a line; a box paints its own frame (:mod:`explorer.widgets.number_boxes`).
    """
    if bool(field.property("wrong")) != bool(problem):
        field.setProperty("wrong", bool(problem))
        field.style().unpolish(field)
        field.style().polish(field)
        field.update()
    if field.accessibleDescription() != problem:
        field.setAccessibleDescription(problem)


def say(label: QLabel, text: str, *, wrong: bool) -> None:
    """Show a sentence below a line: what Enter will do, or what is wrong with what was typed, and the remedy."""
    palette = label.palette()
    palette.setColor(QPalette.ColorRole.WindowText, current().colour("cut" if wrong else "muted"))
    label.setPalette(palette)
    label.setText(text)
    label.setAccessibleName(text)
