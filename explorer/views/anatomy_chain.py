"""The anatomy's chain: the levels of the update of one weight, from the votes' sum to the weight that moves."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QKeyEvent, QPainter, QRegion
from PySide6.QtWidgets import QWidget

from ..model.anatomy_data import AnatomyData, Level
from ..model.formula import number
from ..theme.theme import Theme, current
from ..widgets.canvas import Canvas
from ..widgets.paint import elided, pen, text_width
from ..widgets.typeset import draw_named

FURTHEST = 140
"""Pixels at scale 1 between two levels at most, where there is much room."""


TYPES = (("title", "body"), ("body", "label"), ("label", "small"))
"""The type of results and of rules, from the largest."""
AIRY = 1.6
"""Larger type asks for so many times the height of its lines: it is for empty panels."""


class Painted(Canvas):
    """What the anatomy's pictures share: the data, and when they are painted again."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(name, parent)
        self._data: AnatomyData | None = None

    @property
    def data(self) -> AnatomyData | None:
        """What is shown."""
        return self._data

    def set_data(self, data: AnatomyData) -> None:
        """Show ``data``."""
        if data is not self._data:
            self._data = data
            self.update()


class ChainView(Painted):
    """The levels one below the other, joined by a line that is solid as far as the walk has come.

    ``moved(steps)`` asks for another weight: along its row (1, −1), ``unit_moved(steps)`` for that of another unit.
    """

    moved = Signal(int)
    unit_moved = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("From the gradient to the weight", parent)

    def set_data(self, data: AnatomyData) -> None:
        super().set_data(data)
        self.setAccessibleName(f"{data.name}: " + "; ".join(level.text for level in data.levels))

    def sizeHint(self) -> QSize:
        return QSize(280, 200)

    def minimumSizeHint(self) -> QSize:
        return QSize(80, 70)

    def wanted(self) -> float:
        """The height in which every level has all its lines."""
        theme = current(self)
        line = QFontMetricsF(theme.font("label", fixed=True)).height() + 1
        levels = self._data.levels if self._data is not None else ()
        return sum(line * (1 + len(v.lines) if len(v.lines) > 1 else 1) + theme.px(4) for v in levels)

    def type_of(self, data: AnatomyData) -> tuple[str, str]:
        """The roles of the results' and of the rules' type: larger where all of it has room in a larger one."""
        theme = current(self)
        for large, small in TYPES[:-1]:
            result, rule = theme.font(large, bold=True, fixed=True), theme.font(small, fixed=True)
            high = QFontMetricsF(result).height() + 1
            titles = max(text_width(level.title, theme.font(large, bold=True)) for level in data.levels)
            beside = titles + theme.px(40) + self._norms(theme)
            lines = [(level, line) for level in data.levels for line in level.lines]
            wide = max(
                text_width(line.rule, rule) + text_width(_result(level.symbol, 1e-5), result) for level, line in lines
            )
            if AIRY * high * (len(lines) + len(data.levels)) <= self.height() and beside + wide <= self.width():
                return large, small
        return TYPES[-1]

    def _norms(self, theme: Theme) -> float:
        return self._norm_width(theme) if self.width() >= theme.px(460) else 0.0

    def rows(self, data: AnatomyData) -> tuple[bool, list[tuple[float, float, Level]]]:
        """(Whether there is room for all lines, else for each level's last; every level's top, line height and itself).

        With all lines, a level that has several begins with a line for its title, so that they have the whole width.
        """
        theme = current(self)
        line = QFontMetricsF(theme.font(self.type_of(data)[0], fixed=True)).height() + 1
        counts = [1 + len(level.lines) if len(level.lines) > 1 else 1 for level in data.levels]
        whole = line * sum(counts) + theme.px(3) * len(counts) <= self.height()
        counts = counts if whole else [1] * len(counts)
        room = self.height() - line * sum(counts)
        gap = min(max(room / max(len(counts), 1), 0.0), float(theme.px(FURTHEST)))
        line = min(line, self.height() / max(sum(counts), 1))
        found, y = [], gap / 2
        for level, count in zip(data.levels, counts, strict=True):
            found.append((y, line, level))
            y += line * count + gap
        return whole, found

    def paint(self, painter: QPainter, theme: Theme, region: QRegion) -> None:
        data = self._data
        if data is None:
            return
        whole, rows = self.rows(data)
        kind = self.type_of(data)
        title_font = theme.font(kind[0], bold=True)
        metrics = QFontMetricsF(title_font)
        x = float(theme.px(16))
        titles = max(metrics.horizontalAdvance(level.title) for level in data.levels) + theme.px(12)
        norms = self._norms(theme)
        centres = [top + line / 2 for top, line, _ in rows]
        self._paint_line(painter, theme, data, centres)
        for top, line, level in rows:
            open_ = whole and len(level.lines) > 1
            lines = level.lines if open_ else level.lines[-1:]
            painter.setFont(title_font)
            painter.setPen(theme.colour("text" if level.done else "muted"))
            draw_named(painter, QRectF(x, top, titles, line), level.title, title_font)
            for n, one in enumerate(lines):
                last = n == len(lines) - 1
                left = x + (theme.px(10) if open_ else titles)
                area = QRectF(left, top + (n + open_) * line, self.width() - left - norms, line)
                value = level.value if last else one.value
                symbol = level.symbol if last else one.symbol
                self._paint_text(painter, theme, kind, area, one.rule, symbol, value, level, last)
            if norms and level.norm is not None:
                painter.setFont(theme.font("small", fixed=True))
                painter.setPen(theme.colour("muted"))
                room = QRectF(self.width() - norms, top + (len(lines) - 1 + open_) * line, norms, line)
                said = f"‖{_array(level)}‖ {number(level.norm, 3)}"
                draw_named(painter, room, said, theme.font("small", fixed=True), 1.0)

    def _norm_width(self, theme: Theme) -> float:
        return QFontMetricsF(theme.font("small", fixed=True)).horizontalAdvance("‖ΔW‖ 0.0000123") + theme.px(10)

    def _paint_line(self, painter: QPainter, theme: Theme, data: AnatomyData, centres: list[float]) -> None:
        x = float(theme.px(5))
        for n in range(1, len(centres)):
            done = data.levels[n].done
            stroke = pen(theme.colour("weight" if done else "line"), 1.6)
            if not done:
                stroke.setDashPattern([2.0, 2.0])
            painter.setPen(stroke)
            painter.drawLine(QPointF(x, centres[n - 1]), QPointF(x, centres[n]))
        for level, y in zip(data.levels, centres, strict=True):
            painter.setPen(pen(theme.colour(level.token if level.done else "muted"), 1.4))
            painter.setBrush(theme.colour(level.token if level.done else "panel"))
            painter.drawEllipse(QPointF(x, y), 3.6, 3.6)
        painter.setBrush(Qt.BrushStyle.NoBrush)

    def _paint_text(
        self,
        painter: QPainter,
        theme: Theme,
        kind: tuple[str, str],
        area: QRectF,
        rule: str,
        symbol: str,
        value: float | None,
        level: Level,
        last: bool,
    ) -> None:
        """``symbol = rule``, and at the right what it comes to: bold where it is the level's own result."""
        result = theme.font(kind[0], bold=last, fixed=True)
        # The gradient's levels follow one another: in a narrow panel the letter may be left out.
        named = symbol != "g" or area.width() >= current(self).px(250)
        said = "" if value is None else _result(symbol, value) if named else number(value)
        wide = QFontMetricsF(result).horizontalAdvance(said) + 8 if said else 0.0
        small = theme.font(kind[1], fixed=True)
        painter.setFont(small)
        painter.setPen(theme.colour("muted"))
        shown = rule if said or not symbol or symbol == "g" else f"{symbol} = {rule}"
        forms = shown, shown.removesuffix(" so far")
        room = area.width() - wide
        shown = next((form for form in forms if text_width(form, small) <= room), forms[-1])
        draw_named(painter, area, elided(shown, small, room), small)
        if said:
            painter.setFont(result)
            painter.setPen(theme.colour(level.token if last else "text"))
            draw_named(painter, area, said, result, 1.0)

    def tip(self, x: float, y: float) -> str:
        if self._data is None:
            return ""
        _, rows = self.rows(self._data)
        found = next((level for top, _, level in reversed(rows) if y >= top), rows[0][2])
        lines = [found.title, *(line.text for line in found.lines)]
        lines.append("not done yet" if found.value is None else f"{found.symbol} = {number(found.value, 6)}")
        if found.norm is not None:
            lines.append(f"the whole of {self._data.parameter}: ‖{_array(found)}‖ = {number(found.norm)}")
        return "\n".join(lines)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        along = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()))
        across = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}.get(Qt.Key(event.key()))
        if along is not None:
            self.moved.emit(along)
        elif across is not None:
            self.unit_moved.emit(across)
        else:
            super().keyPressEvent(event)


def _result(symbol: str, value: float) -> str:
    return f"{symbol} = {number(value)}"


def _array(level: Level) -> str:
    return {"Δ": "ΔW", "w": "W"}.get(level.symbol, "G")
