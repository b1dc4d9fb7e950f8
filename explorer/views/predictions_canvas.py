"""Paints the distribution at one step, the numbers about it, and the sentence's tokens with their probabilities."""

from __future__ import annotations

import math
from typing import NamedTuple

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QKeyEvent, QPainter
from PySide6.QtWidgets import QWidget

from ..model.formula import chance, number
from ..model.predictions_data import Bar, PredictionsData
from ..theme.theme import Theme, current
from ..theme.tokens import RADIUS
from ..widgets.canvas import PictureCanvas
from ..widgets.number_rows import line_height, lines, paint_rows
from ..widgets.paint import elided, frame, rounded, text_width
from ..widgets.word_row import WordRow, paint_word, word_row

NOT_YET = "not computed yet"
NO_DISTRIBUTION = "NaN: the softmax gives no distribution, so that no word is the likeliest"
LOWEST_STRIP = 0.4
"""The share of the height that the sentence has at most, unless there is nothing else for the rest."""
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_WRAPPED = int(Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap)


class Areas(NamedTuple):
    """Where the bars, the numbers and the sentence lie."""

    bars: QRectF
    rows: QRectF
    sentence: QRectF


class PredictionsCanvas(PictureCanvas):
    """Paints a :class:`PredictionsData`; emits the time step that is pointed at (None: none) or chosen."""

    KEYS = frozenset({Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Home, Qt.Key.Key_End})

    picked = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Predictions", parent)
        self._data: PredictionsData | None = None
        self._hover: int | None = None

    def sizeHint(self) -> QSize:
        return QSize(380, 200)

    def minimumSizeHint(self) -> QSize:
        return QSize(150, 90)

    # --- what is shown ---

    @property
    def data(self) -> PredictionsData | None:
        return self._data

    def set_data(self, data: PredictionsData) -> None:
        """Show ``data``."""
        self._data = data
        said = ", ".join(f"{b.label} {chance(b.probability)}" for b in data.bars(3))
        self.setAccessibleDescription(said or NOT_YET)
        self.show_changes()

    def set_hover(self, t: int | None) -> None:
        """Frame a time step that is pointed at anywhere."""
        if t != self._hover:
            self._hover = t
            self.update()

    # --- geometry ---

    def areas(self) -> Areas:
        """The sentence below; above it the bars with the numbers beside them, or below in a narrow panel."""
        theme, line = current(self), line_height(current(self))
        wide, high = float(self.width()), float(self.height())
        count = len(self._data.rows) if self._data is not None else 0
        beside = wide >= theme.px(360) and high <= 1.1 * wide
        named = self._words()
        strip = min((line if named is None else named.high) + theme.px(26), LOWEST_STRIP * high)
        if self._data is not None:
            # What the bars of a small vocabulary leave over, the sentence takes.
            used = self._data.size * self.bar_height() + (0 if beside else count * line) + theme.px(10)
            strip = max(strip, min(high - used, theme.px(150)))
        sentence = QRectF(0, high - strip, wide, strip)
        top = high - strip - theme.px(8)
        if beside:
            side = min(max(theme.px(178), 0.36 * wide), theme.px(280))
            return Areas(QRectF(0, 0, wide - side - theme.px(14), top), QRectF(wide - side, 0, side, top), sentence)
        below = count * line if top - count * line >= 3 * self.bar_height() else line
        return Areas(
            QRectF(0, 0, wide, max(1.0, top - below - 2)), QRectF(0, max(0.0, top - below), wide, below), sentence
        )

    def _words(self) -> WordRow | None:
        """How the sentence's words are written below their bars; None where they have no room."""
        data = self._data
        if data is None or not data.length:
            return None
        most = LOWEST_STRIP * self.height() - current(self).px(14)
        return word_row(current(self), data.words[: data.length], self.width() / data.length, most)

    def bar_height(self) -> float:
        """Height of a bar with the gap below it."""
        return line_height(current(self)) + current(self).px(4)

    def bars(self) -> tuple[Bar, ...]:
        """The bars that find room."""
        if self._data is None:
            return ()
        return self._data.bars(max(1, int(self.areas().bars.height() // self.bar_height())))

    def step_rect(self, t: int) -> QRectF:
        """The area of a time step in the sentence."""
        assert self._data is not None
        area = self.areas().sentence
        wide = area.width() / max(self._data.length, 1)
        return QRectF(area.left() + t * wide, area.top(), wide, area.height())

    def step_at(self, x: float, y: float) -> int | None:
        """The time step under a point of the sentence."""
        data, area = self._data, self.areas().sentence
        if data is None or not data.length or not area.contains(x, y):
            return None
        return min(int((x - area.left()) / area.width() * data.length), data.length - 1)

    def bar_at(self, x: float, y: float) -> Bar | None:
        """The bar under a point."""
        area, bars = self.areas().bars, self.bars()
        place = int((y - area.top()) // self.bar_height())
        return bars[place] if area.contains(x, y) and place < len(bars) else None

    # --- painting ---

    def renew(self, painter: QPainter, theme: Theme) -> None:
        data, areas = self._data, self.areas()
        if data is None:
            return
        layout = tuple(a.getRect() for a in areas)
        if self._picture.is_new("layout", layout):
            # Another number of rows moves the rest: nothing of it may stay where it was.
            painter.fillRect(self.rect(), theme.colour("panel"))
        known = data.order is not None
        if self._picture.is_new("bars", (data.t, known, layout), data.scene):
            painter.fillRect(areas.bars, theme.colour("panel"))
            self._paint_bars(painter, theme, areas.bars)
        if self._picture.is_new("rows", (data.rows, layout)):
            painter.fillRect(areas.rows, theme.colour("panel"))
            self._paint_numbers(painter, theme, data, areas.rows)
        if self._picture.is_new("sentence", (data.known.tobytes(), layout), data.scene):
            painter.fillRect(areas.sentence, theme.colour("panel"))
            self._paint_sentence(painter, theme, data, areas.sentence)

    def paint_marks(self, painter: QPainter, theme: Theme) -> None:
        data = self._data
        if data is not None and data.length:
            self._frame(painter, data.t, theme, "loss", 1.5)
            if self._hover is not None and self._hover < data.length:
                self._frame(painter, self._hover, theme, "text", 1.0)

    def _paint_numbers(self, painter: QPainter, theme: Theme, data: PredictionsData, area: QRectF) -> None:
        line = line_height(current(self))
        if area.height() >= min(2.0, len(data.rows)) * line:
            paint_rows(painter, theme, data.rows, area)
            return
        small = theme.font("small")
        painter.setFont(small)
        painter.setPen(theme.colour("muted"))
        forms = data.briefs
        said = next((form for form in forms if text_width(form, small) <= area.width()), forms[-1])
        painter.drawText(area, _LEFT, elided(said, small, area.width()))

    def _frame(self, painter: QPainter, t: int, theme: Theme, token: str, width: float) -> None:
        cell = self.step_rect(t)
        frame(painter, cell.united(QRectF(cell.left(), cell.top(), 3, 3)), theme.colour(token), width)

    def _paint_bars(self, painter: QPainter, theme: Theme, area: QRectF) -> None:
        bars, pitch = self.bars(), self.bar_height()
        small, fixed = theme.font("small"), theme.font("small", fixed=True)
        if not bars:
            painter.setFont(small)
            painter.setPen(theme.colour("muted"))
            known = self._data is not None and self._data.order is not None
            painter.drawText(area, _WRAPPED, NO_DISTRIBUTION if known else NOT_YET)
            return
        edge = float(theme.px(3))
        numbers = QFontMetricsF(fixed)
        for n, bar in enumerate(bars):
            row = QRectF(area.left(), area.top() + n * pitch, area.width(), pitch - theme.px(3))
            slot = row.adjusted(edge + 2, 0, 0, 0)
            rounded(painter, slot, RADIUS.bar, theme.colour("raised"))
            p = bar.probability
            if math.isfinite(p) and p > 0:
                filled = QRectF(slot.left(), slot.top(), max(1.0, slot.width() * min(p, 1.0)), slot.height())
                rounded(painter, filled, RADIUS.bar, theme.colour("loss" if bar.target else "value", 0.45))
            if bar.target:
                painter.fillRect(QRectF(row.left(), row.top(), edge, row.height()), theme.colour("loss"))
            said = chance(p)
            painter.setFont(fixed)
            painter.setPen(theme.colour("text" if bar.target else "muted"))
            painter.drawText(slot.adjusted(0, 0, -5, 0), _RIGHT, said)
            font = theme.font("small", bold=True) if bar.target else small
            painter.setFont(font)
            painter.setPen(theme.colour("text"))
            name = f"{bar.label}  (rank {bar.rank})" if bar.rank != n + 1 else bar.label
            room = slot.width() - numbers.horizontalAdvance(said) - 18
            painter.drawText(slot.adjusted(6, 0, 0, 0), _LEFT, elided(name, font, room))
        below = area.adjusted(0, len(bars) * pitch, 0, 0)
        if not math.isfinite(bars[0].probability) and below.height() > 2 * pitch:
            painter.setFont(small)
            painter.setPen(theme.colour("nan"))
            painter.drawText(below, _WRAPPED, NO_DISTRIBUTION)

    def _paint_sentence(self, painter: QPainter, theme: Theme, data: PredictionsData, area: QRectF) -> None:
        """A bar for the probability of each token of the sentence, and the token below where it has room."""
        wide, named = area.width() / max(data.length, 1), self._words()
        base = area.bottom() - (0.0 if named is None else named.high) - 2
        tall = base - area.top() - 2
        gap = 1.0 if wide < 8 else 3.0
        for t in range(data.length):
            cell = QRectF(area.left() + t * wide, area.top() + 2, max(1.0, wide - gap), tall)
            p = float(data.target_probabilities[t])
            if not data.masked[t]:
                painter.fillRect(cell, theme.colour("raised"))
            if data.known[t] and not data.masked[t]:
                if math.isnan(p):
                    painter.fillRect(cell, theme.colour("nan"))
                elif p > 0:
                    high = max(1.0, tall * min(p, 1.0))
                    bar = QRectF(cell.left(), base - high, cell.width(), high)
                    painter.fillRect(bar, theme.colour("loss", 0.75))
            if named is not None:
                painter.setPen(theme.colour("text" if data.known[t] and not data.masked[t] else "muted"))
                paint_word(painter, named, QRectF(cell.left(), base + 1, cell.width() + 1, named.high), data.words[t])

    # --- the mouse and the keys ---

    def thing_at(self, x: float, y: float) -> int | None:
        return self.step_at(x, y)

    def pick(self, thing: int) -> None:
        self.picked.emit(thing)

    def tip(self, x: float, y: float) -> str:
        data = self._data
        if data is None:
            return ""
        t, bar = self.step_at(x, y), self.bar_at(x, y)
        if t is not None:
            head = f"t = {t}: after it comes “{data.words[t]}”"
            p = float(data.target_probabilities[t])
            if data.masked[t]:
                return f"{head}\nwhich is not asked for: no loss"
            if not data.known[t]:
                return f"{head}\n{NOT_YET}"
            token = int(data.targets[t])
            return "\n".join(line for line in (head, _loss(p), data.worked(t, token)) if line)
        if bar is not None:
            target = ", the target" if bar.target else ""
            head = f"“{bar.label}”: rank {bar.rank} of {data.size}{target}"
            return "\n".join(line for line in (head, _loss(bar.probability), data.worked(data.t, bar.token)) if line)
        return lines(data.rows)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        data, key = self._data, Qt.Key(event.key())
        if key not in self.KEYS or data is None or not data.length:
            super().keyPressEvent(event)
            return
        ends = {Qt.Key.Key_Home: 0, Qt.Key.Key_End: data.length - 1}
        t = ends.get(key, data.t + (1 if key == Qt.Key.Key_Right else -1))
        self.picked.emit(min(max(t, 0), data.length - 1))


def _loss(p: float) -> str:
    """A probability with the loss that it comes to."""
    loss = -math.log(p) if p > 0 else math.inf if p == 0 else math.nan
    return f"p = {number(p)}, −ln p = {number(loss)}"
