"""The look of a line in which something wrong has been typed."""

from __future__ import annotations

from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QLabel, QLineEdit

from ..theme.theme import current


def mark_wrong(line: QLineEdit, wrong: bool) -> None:
    """Print what was typed in the colour of errors, or as usual: the style sheet knows both."""
    if bool(line.property("wrong")) != wrong:
        line.setProperty("wrong", wrong)
        line.style().unpolish(line)
        line.style().polish(line)


def say(label: QLabel, text: str, *, wrong: bool) -> None:
    """Show a sentence below a line: what Enter will do, or what is wrong with what was typed, and the remedy."""
    palette = label.palette()
    palette.setColor(QPalette.ColorRole.WindowText, current().colour("cut" if wrong else "muted"))
    label.setPalette(palette)
    label.setText(text)
    label.setAccessibleName(text)
