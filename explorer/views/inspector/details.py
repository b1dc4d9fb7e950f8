"""What stands below the tabs: the last micro-step, the two streams, saturation."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QWidget

from ...model.inspector_data import InspectorData
from ...theme.theme import current
from ...theme.tokens import SPACE
from ...widgets.elided import ElidedLabel
from .formulas import FormulaArea, Section
from .saturation_bars import SaturationBars
from .streams import StreamsBox

USUAL_NOW, TIGHT_NOW, LEAST_NOW = 168, 122, 50
"""Pixels at scale 1 for the last micro-step's formulas: what suits most of them at their ease, what has room for all of
them laid tight, and the least."""
SIMPLE_NOW = 116
"""What has room, at its ease, for every formula of a cell of a single activation: no value of it is read twice."""
LEVELS = ((0, USUAL_NOW), (1, 150), (2, LEAST_NOW))
"""How tight the boxes are laid, and the room for the formulas that this asks for."""


class Title(ElidedLabel):
    """A label that fills its own background."""

    def __init__(self) -> None:
        super().__init__("", role="body", bold=True)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)

    def paintEvent(self, event: QPaintEvent) -> None:
        QPainter(self).fillRect(event.rect(), current(self).colour("panel"))
        super().paintEvent(event)


class Details(QWidget):
    """The Now block, the box of the two streams and the saturation bars, one below the other.

    How tight the boxes are laid depends on the cell and on the panel's size, not on the micro-step: nothing comes and
    goes while one steps. In a panel that is too low even for one row each, the bars are left out and then the streams,
    and the title's tool tip tells so.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.now_title = Title()
        self.now_area = FormulaArea(tight=True)
        self.now = self.now_area.list
        self.streams = StreamsBox()
        self.saturation = SaturationBars()
        self._placed_for: tuple[object, ...] = ()
        for child in (self.now_title, self.now_area, self.streams, self.saturation):
            child.setParent(self)

    def steady_height(self) -> int:
        """Room that suits most micro-steps. It depends on the cell alone, so that nothing jumps from step to step."""
        return self._fixed(0) + current(self).px(self._usual_now)

    @property
    def _usual_now(self) -> int:
        return USUAL_NOW if self.saturation.count > 1 else SIMPLE_NOW

    def tight_height(self) -> int:
        """Room that is enough for every micro-step."""
        return self._fixed(2) + current(self).px(TIGHT_NOW)

    def sizeHint(self) -> QSize:
        return QSize(260, self.steady_height())

    def minimumSizeHint(self) -> QSize:
        return QSize(160, self._fixed(2, 2) + current(self).px(LEAST_NOW))

    def _fixed(self, level: int, folded: int = 0) -> int:
        """The height of everything but the formulas, with ``folded`` of the boxes left out, the last first."""
        width = self.width() - SPACE.tight
        boxes = [self.streams.height_for(level), self.saturation.height_for(width, level)][: 2 - folded]
        boxes = [high for high in boxes if high]
        return self.now_title.sizeHint().height() + sum(boxes) + (1 + len(boxes)) * _gap(level)

    def set_data(self, data: InspectorData) -> None:
        """Show what ``data`` says."""
        told = data.now
        where = "" if data.here or data.progress.step is None else f" (at step {data.progress.step.t})"
        self.now_title.set_text(told.title + where)
        self.now_title.set_token("cut" if told.role == "cut" else "text")
        self.streams.set_streams(data.streams, data.t, data.streams_told)
        self.saturation.set_bars(data.saturation, data.saturation_rule)
        self._place()
        self.now_area.set_sections((Section(told.formulas, "", told.role, None, told.note),))

    def _place(self) -> None:
        theme = current(self)
        bars = self.saturation.height_for(self.width() - SPACE.tight, 2)
        key = (self.width(), self.height(), bars, self._usual_now, theme)
        if key == self._placed_for:
            return
        self._placed_for = key
        room, folded = self.height(), 0
        level = next((n for n, least in LEVELS if room - self._fixed(n) >= theme.px(min(least, self._usual_now))), 2)
        while folded < 2 and room - self._fixed(level, folded) < theme.px(LEAST_NOW):
            folded += 1
        self.updateGeometry()
        width, gap = self.width() - SPACE.tight, _gap(level)
        self.streams.set_level(level)
        self.saturation.set_level(level)
        heights = [
            self.now_title.sizeHint().height(),
            max(1, room - self._fixed(level, folded)),
            self.streams.height_for(level),
            self.saturation.height_for(width, level),
        ]
        y = 0
        for child, high in zip((self.now_title, self.now_area, self.streams, self.saturation), heights, strict=True):
            child.setGeometry(0, y, width, high)
            y += high + gap
        self.streams.setVisible(folded < 2)
        self.saturation.setVisible(folded < 1)
        names = ("", "the saturation", "the streams and the saturation")[folded]
        self.now_title.setToolTip(f"Left out for want of height: {names}; a higher panel shows them." if names else "")

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.StyleChange, QEvent.Type.PaletteChange):
            self._place()


def _gap(level: int) -> int:
    return SPACE.tight if level else SPACE.small
