"""The worked tables in a frame that scrolls: it follows what is filled in, and keeps its place when laid out anew."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import QScrollArea

from ..model.paper_layout import Ref
from .focus_ring import MOVED, FocusRing
from .paper_sheet import PaperSheet


class PaperTables(QScrollArea):
    """Scrolls a :class:`PaperSheet`; the arrow keys do so too: a line around it tells when they do."""

    def __init__(self, sheet: PaperSheet) -> None:
        super().__init__()
        self._ring: FocusRing | None = None
        self._sheet = sheet
        self._at: Ref | None = None
        """The entry that is looked at: the last that was filled in, or scrolled to by hand."""
        self._kept: tuple[object, int] = ((), 0)
        """Where that is, and in which layout of the tables."""
        self.setAccessibleName("Worked tables, scrolled by the arrow keys")
        self.setFrameShape(QScrollArea.Shape.NoFrame)
        self.setWidget(sheet)
        self.setWidgetResizable(True)
        self.viewport().setAutoFillBackground(False)
        # A bar that comes and goes would take the very room that makes it needed.
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
        bar = self.verticalScrollBar()
        bar.actionTriggered.connect(self._scrolled)
        # With larger type, or in a panel of another breadth, everything stands elsewhere.
        bar.rangeChanged.connect(self._return)
        sheet.laid_out.connect(self._return)
        sheet.filled.connect(self._follow)

    def event(self, event: QEvent) -> bool:
        done = super().event(event)
        parent = self.parentWidget()
        if event.type() in MOVED and parent is not None and (self._ring is not None or self.hasFocus()):
            self._ring = self._ring or FocusRing(self, parent)
            self._ring.follow()
        return done

    def _scrolled(self) -> None:
        """By the mouse or a key: the place that the bar is about to show is the one to keep."""
        value = self.verticalScrollBar().sliderPosition()
        self._at, self._kept = self._sheet.ref_below(value), (self._sheet.key, value)

    def _follow(self, ref: Ref, top: int, bottom: int) -> None:
        """Scroll to what has just been filled in, if it is not in sight."""
        bar, high = self.verticalScrollBar(), self.viewport().height()
        value = bar.value()
        if not (value <= top and bottom <= value + high):
            value = self._sheet.value_for(ref, high)
        self._at, self._kept = ref, (self._sheet.key, value)
        bar.setValue(value)

    def _return(self) -> None:
        """Show what was looked at: where it was in a layout of old, below its heading in another."""
        key, value = self._kept
        at = self._at or self._sheet.last_filled()
        if at is not None:
            same = key == self._sheet.key
            self.verticalScrollBar().setValue(value if same else self._sheet.value_for(at, self.viewport().height()))
