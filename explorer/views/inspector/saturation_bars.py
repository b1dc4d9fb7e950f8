"""The share of each gate's units that are saturated."""

from __future__ import annotations

from math import ceil

from PySide6.QtCore import QRect, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QRegion
from PySide6.QtWidgets import QWidget

from ...model.saturation import Saturation
from ...theme.theme import Theme, current
from ...widgets.paint import elided, groove, rounded, text_width
from ...widgets.surface import Surface

NONE_YET = "not computed yet"
LOST, SHORT_LOST = "not finite", "NaN"
HELD = "clamped"


class SaturationBars(Surface):
    """A bar for each gate, some in a line: the share of its units that are saturated, and the thresholds in words."""

    def __init__(self) -> None:
        super().__init__()
        self._bars: tuple[Saturation, ...] = ()
        self._rule = ""
        self._level = 0

    @property
    def count(self) -> int:
        """How many bars there are: one for each activation."""
        return len(self._bars)

    def set_level(self, level: int) -> None:
        """0 is roomy; 1 has lower lines with more bars each; 2 has the heading in the first line of them as well."""
        if level != self._level:
            self._level = level
            self.update()

    def set_bars(self, bars: tuple[Saturation, ...], rule: str) -> None:
        """Show one bar for each entry."""
        if (bars, rule) == (self._bars, self._rule):
            return
        before, self._bars = self._bars, bars
        said = [f"{b.name}: {_share(b)}" for b in bars]
        self.setAccessibleName(". ".join(["Saturation", *said, rule]))
        self.setToolTip("\n".join([f"Saturated: {rule}", *said]))
        if rule != self._rule or _kinds(bars) != _kinds(before):
            self._rule = rule
            self.update()
            return
        for n, (old, new) in enumerate(zip(before, bars, strict=True)):
            if old != new:
                self.update(self._cell(n).toAlignedRect())

    def _lines(self, width: int, level: int) -> int:
        """In how many lines the bars stand."""
        theme = current(self)
        least = (theme.px(150), theme.px(100), ceil(self._names(theme)) + theme.px(36))[level]
        return ceil(len(self._bars) / max(1, (width - self._before(level)) // least))

    def _before(self, level: int) -> int:
        """Room before the bars, of the heading that stands in their line."""
        theme = current(self)
        return ceil(text_width("Saturated", theme.font("label", bold=True))) + theme.px(12) if level == 2 else 0

    def _names(self, theme: Theme) -> float:
        return max((text_width(b.name, theme.font("label")) for b in self._bars), default=0.0)

    def height_for(self, width: int, level: int) -> int:
        """The height that it needs at ``width``; none without bars."""
        if not self._bars:
            return 0
        return (self._lines(width, level) + (level < 2)) * _row_height(self, level)

    def _cell(self, n: int) -> QRectF:
        """The area of a bar with its name and its number; they go down the first column and then the second."""
        row, lines = _row_height(self, self._level), self._lines(self.width(), self._level)
        columns = ceil(len(self._bars) / lines)
        theme, left = current(self), self._before(self._level)
        gap = theme.px(10 if self._level == 2 else 14)
        wide = (self.width() - left - gap * (columns - 1)) / columns
        head = row if self._level < 2 else 0
        return QRectF(left + n // lines * (wide + gap), head + row * (n % lines), wide, row)

    def paint(self, painter: QPainter, theme: Theme, region: QRegion) -> None:
        if not self._bars:
            return
        row, middle = _row_height(self, self._level), Qt.AlignmentFlag.AlignVCenter
        if self._level == 2:
            self._paint_tight(painter, theme, region)
            return
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
        long, short = [f"100 % · {units} of {units}", NONE_YET], ["100 %"]
        if any(bar.held for bar in self._bars):
            long, short = [*long, *(_share(b) for b in self._bars if b.held)], [*short, HELD]
        if any(bar.lost for bar in self._bars):
            long, short = [*long, f"{units} of {units}, {units} {LOST}"], [*short, LOST]
        longest = max(map(shares.horizontalAdvance, long))
        full = longest <= (0.55 if len(short) > 1 else 0.45) * self._cell(0).width()
        texts = [_share(b) if full else _percent(b) for b in self._bars]
        right = (longest if full else max(map(shares.horizontalAdvance, short))) + theme.px(8)
        for n, (bar, text) in enumerate(zip(self._bars, texts, strict=True)):
            cell = self._cell(n)
            if not region.intersects(cell.toAlignedRect()):
                continue
            length = max(16.0, cell.width() - left - right)
            painter.setFont(theme.font("label"))
            painter.setPen(theme.colour("muted"))
            painter.drawText(cell, middle, bar.name)
            track = QRectF(cell.left() + left, cell.center().y() - theme.px(4), length, theme.px(8))
            groove(painter, theme, track)
            if bar.share:
                filled = QRectF(track.x(), track.y(), max(track.height(), length * bar.share), track.height())
                rounded(painter, filled, track.height() / 2, theme.colour("cut" if bar.warns else "weight"))
            painter.setFont(small)
            painter.drawText(cell, middle | Qt.AlignmentFlag.AlignRight, text)

    def _paint_tight(self, painter: QPainter, theme: Theme, region: QRegion) -> None:
        """Name and number above a thin bar."""
        middle, row = Qt.AlignmentFlag.AlignVCenter, _row_height(self, 2)
        painter.setPen(theme.colour("text"))
        painter.setFont(theme.font("label", bold=True))
        painter.drawText(QRectF(0, 0, self._before(2), row), middle, "Saturated")
        for n, bar in enumerate(self._bars):
            cell = self._cell(n)
            if not region.intersects(cell.toAlignedRect()):
                continue
            track = QRectF(cell.left(), cell.bottom() - theme.px(5), cell.width(), theme.px(4))
            words = cell.adjusted(0, 0, 0, -theme.px(5))
            painter.setPen(theme.colour("muted"))
            painter.setFont(theme.font("label"))
            painter.drawText(words, middle, bar.name)
            small = theme.font("small")
            painter.setFont(small)
            room = words.width() - text_width(bar.name, theme.font("label")) - theme.px(4)
            said = SHORT_LOST if bar.lost and text_width(LOST, small) > room else _percent(bar)
            painter.drawText(words, middle | Qt.AlignmentFlag.AlignRight, said)
            groove(painter, theme, track)
            if bar.share:
                filled = QRectF(track.x(), track.y(), max(track.height(), track.width() * bar.share), track.height())
                rounded(painter, filled, track.height() / 2, theme.colour("cut" if bar.warns else "weight"))


def _kinds(bars: tuple[Saturation, ...]) -> list[tuple[str, bool, int]]:
    """What the width of the numbers depends on."""
    return [(b.name, b.lost > 0, b.held) for b in bars]


def _row_height(widget: QWidget, level: int) -> int:
    return current(widget).px((20, 17, 20)[level])


def _percent(bar: Saturation) -> str:
    if bar.share is None:
        return "–"
    if bar.lost:
        return LOST
    return f"{bar.share:.0%}".replace("%", " %") if bar.free else HELD


def _share(bar: Saturation) -> str:
    if bar.share is None:
        return NONE_YET
    if bar.lost:
        return LOST if bar.lost == bar.units else f"{bar.count} of {bar.units}, {bar.lost} {LOST}"
    if not bar.free:
        return HELD
    held = f", {bar.held} {HELD}" if bar.held else ""
    return f"{_percent(bar)} · {bar.count} of {bar.free}{held}"
