"""Tool tips as they are written: ``<s>`` is a word of the vocabulary, and would strike through all that follows it."""

from __future__ import annotations

from PySide6.QtGui import Qt


def plain(text: str) -> str:
    """``text`` so that a tool tip shows it letter by letter, whatever looks like a mark-up in it."""
    return Qt.convertFromPlainText(text) if Qt.mightBeRichText(text) else text
