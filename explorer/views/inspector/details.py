"""What stands below the tabs: the last micro-step, the two streams, saturation."""

from __future__ import annotations

from functools import lru_cache
from math import ceil

from PySide6.QtCore import QEvent, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPaintEvent, QRegion, QResizeEvent
from PySide6.QtWidgets import QWidget

from ...model.inspector_data import InspectorData, Streams
from ...model.saturation import Saturation
from ...theme.theme import Theme, current
from ...theme.tokens import RADIUS, SPACE
from ...widgets.elided import ElidedLabel
from ...widgets.paint import elided, rounded
from ...widgets.surface import Surface
from .formulas import FormulaArea, Section

LEAST_NOW, USUAL_NOW = 56, 168
"""Pixels at scale 1 for the last micro-step's formulas: the least, and what suits most of them."""
NONE_YET = "not computed yet"


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

    Where the height is small, the boxes leave out their headings and gaps, and where a micro-step's formulas need
    still more room the bars are folded away and then the streams; the title's tool tip tells what is folded. What
    has no room even then is scrolled.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.now_title = Title()
        self.now_area = FormulaArea()
        self.now = self.now_area.list
        self.streams = StreamsBox()
        self.saturation = SaturationBars()
        self._placed_for: tuple[object, ...] = ()
        for child in (self.now_title, self.now_area, self.streams, self.saturation):
            child.setParent(self)

    def steady_height(self) -> int:
        """Room that suits most micro-steps. It depends on the cell alone, so that nothing jumps from step to step."""
        return self._fixed(False) + current(self).px(USUAL_NOW)

    def sizeHint(self) -> QSize:
        return QSize(260, self.steady_height())

    def minimumSizeHint(self) -> QSize:
        return QSize(160, self._fixed(True) + current(self).px(LEAST_NOW))

    def _fixed(self, compact: bool, folded: int = 0) -> int:
        """The height of everything but the formulas, with ``folded`` of the boxes left out, the last first."""
        width = self.width() - SPACE.tight
        boxes = [self.streams.height_for(compact), self.saturation.height_for(width, compact)][: 2 - folded]
        return self.now_title.sizeHint().height() + sum(boxes) + (1 + len(boxes)) * _gap(compact)

    def set_data(self, data: InspectorData) -> None:
        """Show what ``data`` says."""
        told = data.now
        where = "" if data.here or data.progress.step is None else f" (at step {data.progress.step.t})"
        self.now_title.set_text(told.title + where)
        self.now_title.set_token("cut" if told.role == "cut" else "text")
        self.now_area.set_sections((Section(told.formulas, "", told.role, None, told.note),))
        self.streams.set_streams(data.streams, data.t)
        self.saturation.set_bars(data.saturation, data.saturation_rule)
        self._place()

    def _place(self) -> None:
        compact = self.height() < self._fixed(False) + current(self).px(1.4 * LEAST_NOW)
        need = self.now.height_for(max(1, self.width() - SPACE.tight - self.now_area.bar_width()))
        folded = 0
        while compact and folded < 2 and self.height() - self._fixed(True, folded) < need:
            folded += 1
        fixed = self._fixed(compact, folded)
        key = (self.width(), self.height(), fixed, folded, current(self))
        if key == self._placed_for:
            return
        self._placed_for = key
        self.updateGeometry()
        width, gap = self.width() - SPACE.tight, _gap(compact)
        self.streams.set_compact(compact)
        self.saturation.set_compact(compact)
        heights = [
            self.now_title.sizeHint().height(),
            max(1, self.height() - fixed),
            self.streams.height_for(compact),
            self.saturation.height_for(width, compact),
        ]
        y = 0
        for child, high in zip((self.now_title, self.now_area, self.streams, self.saturation), heights, strict=True):
            child.setGeometry(0, y, width, high)
            y += high + gap
        self.streams.setVisible(folded < 2)
        self.saturation.setVisible(folded < 1)
        names = ("", "the saturation", "the streams and the saturation")[folded]
        self.now_title.setToolTip(f"Folded for want of height: {names}; a higher panel shows them." if names else "")

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.StyleChange, QEvent.Type.PaletteChange):
            self._place()


def _gap(compact: bool) -> int:
    return SPACE.tight if compact else SPACE.small


class StreamsBox(Surface):
    """Two coloured rows: from this step's loss, from the future."""

    def __init__(self) -> None:
        super().__init__()
        self._streams: Streams | None = None
        self._t = 0
        self._compact = False

    def height_for(self, compact: bool) -> int:
        """The height that it needs: two rows, and a heading unless it is ``compact``."""
        return current(self).px(50 if compact else 81)

    def set_compact(self, compact: bool) -> None:
        """Leave the heading out, or not."""
        if compact != self._compact:
            self._compact = compact
            self.update()

    def set_streams(self, streams: Streams, t: int) -> None:
        """Show the streams into h at step ``t``."""
        before = self._streams
        if before is not None and (streams, t) == (before, self._t):
            return
        same_head = before is not None and self._t == t
        rows = () if before is None else before.rows
        self._streams, self._t = streams, t
        said = [f"{name}: {value}, {remark}" for name, _, value, remark in streams.rows]
        self.setAccessibleName(". ".join([streams.title, *said]))
        self.setToolTip("\n".join([streams.title, *said]))
        for n, row in enumerate(streams.rows):
            if n >= len(rows) or row != rows[n]:
                self.update(self._row(n))
        if not same_head:
            self.update(self._row(-1))

    def _name(self, name: str) -> str:
        """The name of a stream; a narrow box leaves the room to what is said of it."""
        return name if self.width() >= current(self).px(420) else name.removeprefix("from ")

    def _row(self, n: int) -> QRect:
        """The area of a row of numbers, or of the heading (−1)."""
        row = current(self).px(22)
        top = current(self).px(3) - row if self._compact else current(self).px(8)
        return QRect(0, top + (n + 1) * row, self.width(), row)

    def paint(self, painter: QPainter, theme: Theme, region: QRegion) -> None:
        if self._streams is None:
            return
        rounded(painter, QRectF(self.rect()), RADIUS.band, theme.colour("raised"))
        row, x = theme.px(22), theme.px(14)
        y = float(self._row(-1).top())
        bold = theme.font("label", bold=True)
        if not self._compact and region.intersects(self._row(-1)):
            painter.setFont(bold)
            painter.setPen(theme.colour("text"))
            head = self._streams.title.rsplit("_", 1)[0]
            painter.drawText(QRectF(x, y, self.width() - x, row), Qt.AlignmentFlag.AlignVCenter, head)
            wide = QFontMetricsF(bold).horizontalAdvance(head)
            painter.setFont(theme.font("tiny", bold=True))
            painter.drawText(QRectF(x + wide + 1, y + 4, 60, row), Qt.AlignmentFlag.AlignVCenter, str(self._t))
        middle = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        names = tuple(self._name(name) for name, *_ in self._streams.rows)
        column, beside = _columns(names, id(theme), theme)
        for n, (_, token, value, remark) in enumerate(self._streams.rows):
            if not region.intersects(self._row(n)):
                continue
            y = float(self._row(n).top())
            painter.setFont(theme.font("label"))
            painter.setPen(theme.colour(token))
            painter.drawText(QRectF(x, y, self.width(), row), middle, names[n])
            fixed, small = theme.font("label", fixed=True), theme.font("small")
            painter.setFont(fixed)
            painter.setPen(theme.colour("text"))
            painter.drawText(QRectF(column, y, self.width(), row), middle, value)
            # A remark that stands for a number goes right behind its sign.
            wide = QFontMetricsF(fixed).horizontalAdvance(value) + theme.px(10)
            left = column + (wide if len(value) == 1 else max(wide, beside))
            painter.setFont(small)
            painter.setPen(theme.colour("muted"))
            room = QRectF(left, y, self.width() - left - 8, row)
            painter.drawText(room, middle, elided(remark, small, room.width()))


@lru_cache(maxsize=8)
def _columns(names: tuple[str, ...], _: int, theme: Theme) -> tuple[float, float]:
    """Where the numbers begin, and how far behind that a remark does: after a number as wide as one can become."""
    metrics = QFontMetricsF(theme.font("label"))
    column = theme.px(14) + max((metrics.horizontalAdvance(n) for n in names), default=0.0) + theme.px(12)
    return column, QFontMetricsF(theme.font("label", fixed=True)).horizontalAdvance("−0.00000") + theme.px(10)


class SaturationBars(Surface):
    """A bar for each gate, some in a line: the share of its units that are saturated, and the thresholds in words."""

    def __init__(self) -> None:
        super().__init__()
        self._bars: tuple[Saturation, ...] = ()
        self._rule = ""
        self._compact = False

    def set_compact(self, compact: bool) -> None:
        """Put more bars in a line, and the lines nearer together, or not."""
        if compact != self._compact:
            self._compact = compact
            self.update()

    def set_bars(self, bars: tuple[Saturation, ...], rule: str) -> None:
        """Show one bar for each entry."""
        if (bars, rule) == (self._bars, self._rule):
            return
        before, self._bars = self._bars, bars
        said = [f"{b.name}: {_share(b)}" for b in bars]
        self.setAccessibleName(". ".join(["Saturation", *said, rule]))
        self.setToolTip("\n".join([f"Saturated: {rule}", *said]))
        if rule != self._rule or [b.name for b in bars] != [b.name for b in before]:
            self._rule = rule
            self.update()
            return
        for n, (old, new) in enumerate(zip(before, bars, strict=True)):
            if old != new:
                self.update(self._cell(n).toAlignedRect())

    def _lines(self, width: int, compact: bool) -> int:
        """In how many lines the bars stand below the heading."""
        in_a_line = max(1, width // current(self).px(100 if compact else 150))
        return ceil(len(self._bars) / in_a_line)

    def height_for(self, width: int, compact: bool) -> int:
        """The height that it needs at ``width``; none without bars."""
        return (1 + self._lines(width, compact)) * _row_height(self, compact) if self._bars else 0

    def _cell(self, n: int) -> QRectF:
        """The area of a bar with its name and its number; they go down the first column and then the second."""
        row, lines = _row_height(self, self._compact), self._lines(self.width(), self._compact)
        columns = ceil(len(self._bars) / lines)
        gap = current(self).px(14)
        wide = (self.width() - gap * (columns - 1)) / columns
        return QRectF(n // lines * (wide + gap), row * (1 + n % lines), wide, row)

    def paint(self, painter: QPainter, theme: Theme, region: QRegion) -> None:
        if not self._bars:
            return
        row, middle = _row_height(self, self._compact), Qt.AlignmentFlag.AlignVCenter
        head = QRect(0, 0, self.width(), row)
        small = theme.font("small")
        if region.intersects(head):
            bold = theme.font("label", bold=True)
            painter.setFont(bold)
            painter.setPen(theme.colour("text"))
            painter.drawText(head, middle, "Saturation")
            left = QFontMetricsF(bold).horizontalAdvance("Saturation") + theme.px(12)
            painter.setFont(small)
            painter.setPen(theme.colour("muted"))
            room = QRectF(left, 0, self.width() - left, row)
            painter.drawText(room, middle, elided(self._rule, small, room.width()))
        names, shares = QFontMetricsF(theme.font("label")), QFontMetricsF(small)
        left = max(names.horizontalAdvance(b.name) for b in self._bars) + theme.px(10)
        units = self._bars[0].units
        # As wide as a number can become, so that no bar moves with its neighbour's.
        longest = max(shares.horizontalAdvance(s) for s in (f"100 % · {units} of {units}", NONE_YET))
        full = longest <= 0.45 * self._cell(0).width()
        texts = [_share(b) if full else _percent(b) for b in self._bars]
        right = (longest if full else shares.horizontalAdvance("100 %")) + theme.px(8)
        for n, (bar, text) in enumerate(zip(self._bars, texts, strict=True)):
            cell = self._cell(n)
            if not region.intersects(cell.toAlignedRect()):
                continue
            length = max(16.0, cell.width() - left - right)
            painter.setFont(theme.font("label"))
            painter.setPen(theme.colour("muted"))
            painter.drawText(cell, middle, bar.name)
            track = QRectF(cell.left() + left, cell.center().y() - theme.px(4), length, theme.px(8))
            rounded(painter, track, track.height() / 2, theme.colour("raised"))
            if bar.share:
                filled = QRectF(track.x(), track.y(), max(track.height(), length * bar.share), track.height())
                rounded(painter, filled, track.height() / 2, theme.colour("cut" if bar.warns else "weight"))
            painter.setFont(small)
            painter.drawText(cell, middle | Qt.AlignmentFlag.AlignRight, text)


def _row_height(widget: QWidget, compact: bool) -> int:
    return current(widget).px(17 if compact else 20)


def _percent(bar: Saturation) -> str:
    return "–" if bar.share is None else f"{bar.share:.0%}".replace("%", " %")


def _share(bar: Saturation) -> str:
    if bar.share is None:
        return NONE_YET
    return f"{_percent(bar)} · {bar.count} of {bar.units}"
