"""A panel's static picture in a pixmap, of which only the parts are painted again that have become others."""

from __future__ import annotations

from collections.abc import Hashable

from PySide6.QtCore import QSize
from PySide6.QtGui import QPainter, QPixmap
from PySide6.QtWidgets import QWidget

from ..theme.theme import current


class Picture:
    """Holds the pixmap of one widget and what each part of it was painted from."""

    def __init__(self) -> None:
        self._pixmap: QPixmap | None = None
        self._painted: dict[Hashable, tuple[object, object]] = {}
        self.changes = 0
        """How often a part has been painted."""

    def forget(self) -> None:
        """Paint everything anew next time."""
        self._pixmap, self._painted = None, {}

    def pixmap(self, widget: QWidget) -> QPixmap:
        """The pixmap, as large as ``widget`` and empty (in the panel's colour) when it is a new one."""
        ratio = widget.devicePixelRatioF()
        size = (widget.size() * ratio).expandedTo(QSize(1, 1))  # nothing can be painted on none
        kept = self._pixmap
        if kept is not None and kept.devicePixelRatio() == ratio and kept.size() == size:
            return kept
        self._painted = {}
        made = QPixmap(size)
        made.setDevicePixelRatio(ratio)
        made.fill(current(widget).colour("panel"))
        self._pixmap = made
        return made

    def painter(self, widget: QWidget) -> QPainter:
        """A painter on the pixmap; end it before the pixmap is drawn."""
        painter = QPainter(self.pixmap(widget))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        return painter

    def is_new(self, part: Hashable, what: object, source: object = None) -> bool:
        """Whether a part has become another one; the caller then paints it.

        ``what`` is compared by value, ``source`` (an array) by identity, and held so that it stays itself.
        """
        before = self._painted.get(part)
        if before is not None and before[1] is source and before[0] == what:
            return False
        self._painted[part] = (what, source)
        self.changes += 1
        return True
