"""Laying out at once, where Qt would put it off and then forget it."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget


def lay_out_now(widget: QWidget) -> None:
    """Lay out what ``widget`` holds by the sizes that it asks for now.

    Qt asks before ``resizeEvent``; what is shown, hidden or given another width there keeps the place it had before
    when the window is made much smaller in one go.
    """
    layout = widget.layout()
    if layout is not None:
        layout.invalidate()
        layout.activate()
