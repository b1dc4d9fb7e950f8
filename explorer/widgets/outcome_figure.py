"""Pictures of an experiment without axes: which pairs count how often, arrows between gradients, votes as blocks."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QRegion
from PySide6.QtWidgets import QSizePolicy, QWidget

from ..model.experiments.records import Arrow, Bar, Outcome, PairTable
from ..theme.theme import Theme
from .paint import arrow, elided, hatch, pen, text_width
from .surface import Surface

_CENTRE = Qt.AlignmentFlag.AlignCenter
_MIDDLE = Qt.AlignmentFlag.AlignVCenter


class OutcomeFigure(Surface):
    """Paints the tables, arrows and bars of an :class:`Outcome`."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._outcome: Outcome | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def show_outcome(self, outcome: Outcome) -> None:
        """Show ``outcome``."""
        if outcome is not self._outcome:
            self._outcome = outcome
            self.setAccessibleName(_spoken(outcome))
            self.update()

    def sizeHint(self) -> QSize:
        return QSize(260, 200)

    def minimumSizeHint(self) -> QSize:
        return QSize(120, 90)

    def paint(self, painter: QPainter, theme: Theme, region: QRegion) -> None:
        outcome = self._outcome
        if outcome is None:
            return
        area = QRectF(self.rect()).adjusted(2, 2, -2, -2)
        if outcome.bars:
            _bars(painter, theme, area, outcome.bars, self.devicePixelRatioF())
            return
        if outcome.arrows:
            if area.width() >= max(1.3 * area.height(), theme.px(250)):
                part = QRectF(area.left() + 0.56 * area.width(), area.top(), 0.44 * area.width(), area.height())
                area = area.adjusted(0, 0, -0.46 * area.width(), 0)
            else:
                part = QRectF(area.left(), area.top() + 0.52 * area.height(), area.width(), 0.48 * area.height())
                area = area.adjusted(0, 0, 0, -0.5 * area.height())
            _arrows(painter, theme, part, outcome.arrows)
        _tables(painter, theme, area, outcome.tables, self.devicePixelRatioF())


def _spoken(outcome: Outcome) -> str:
    tables = (f"{t.title}: {', '.join(t.words)}" for t in outcome.tables)
    arrows = (f"{a.label}: length × {a.ratio:.3g}, cosine {a.cosine:.3g}" for a in outcome.arrows)
    bars = (f"{b.label}: {b.words}" for b in outcome.bars)
    return "; ".join([*tables, *arrows, *bars])


# --- tables -----------------------------------------------------------------------------------------------------


def _tables(painter: QPainter, theme: Theme, area: QRectF, tables: tuple[PairTable, ...], ratio: float) -> None:
    """Side by side or in rows, whichever makes the cells largest."""
    line = QFontMetricsF(theme.font("small")).height()
    size, count = len(tables[0].counts), len(tables)
    lines = 1 + max(len(t.words) for t in tables)
    gap = theme.px(14)

    margin = theme.px(14)

    def cell(columns: int) -> float:
        rows = math.ceil(count / columns)
        wide = (area.width() - (columns - 1) * gap) / columns - margin
        return min(wide, area.height() / rows - lines * line - theme.px(16)) / size

    def whole(columns: int) -> bool:
        return all(_wide(theme, t.title, t.words) + margin <= area.width() / columns for t in tables)

    columns = max(range(1, count + 1), key=lambda n: (cell(n), n))
    if not whole(columns):
        # Nothing that is written is cut: in another arrangement whose cells are hardly smaller, or in fewer words.
        other = [n for n in range(1, columns) if whole(n) and cell(n) >= 0.7 * cell(columns)]
        columns = max(other, default=columns)
        tables = tables if other else tuple(_in_brief(t) for t in tables)
    side = max(2.0, math.floor(min(cell(columns), theme.px(34)) * ratio) / ratio)
    rows = math.ceil(count / columns)
    wide, high = area.width() / columns, area.height() / rows
    # Under one another they stand on one line, however much room there is.
    high = min(high, side * size + lines * line + theme.px(26))
    for n, table in enumerate(tables):
        left = area.left() + (n % columns) * wide
        top = area.top() + (n // columns) * high
        _table(painter, theme, QRectF(left, top, wide, high), table, side, line, ratio)


def _in_brief(table: PairTable) -> PairTable:
    return replace(table, title=table.brief[0], words=table.brief[1:]) if table.brief else table


def _wide(theme: Theme, title: str, words: tuple[str, ...]) -> float:
    """The width of what is written around a table."""
    small = theme.font("small")
    return max(text_width(title, theme.font("small", bold=True)), *(text_width(w, small) for w in words), 0.0)


def _table(
    painter: QPainter, theme: Theme, area: QRectF, table: PairTable, side: float, line: float, ratio: float
) -> None:
    size, most = len(table.counts), max(1, int(table.counts.max()))
    painter.setFont(theme.font("small", bold=True))
    painter.setPen(theme.colour("text"))
    margin = theme.px(14)
    left, top = area.left() + margin, area.top() + line + theme.px(2)
    painter.drawText(QRectF(left, area.top(), area.width() - margin, line), _MIDDLE, table.title)
    painter.setFont(theme.font("small"))
    painter.setPen(theme.colour("muted"))
    painter.drawText(QRectF(area.left(), top, margin, side * size), Qt.AlignmentFlag.AlignTop, "t")
    painter.drawText(QRectF(left + side * size + 2, top + side * size - line, margin, line), _MIDDLE, "τ")
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    full, off = theme.colour(table.token), hatch(theme.colour("cut", 0.55), max(4, theme.px(5)), ratio)
    gap = max(1.0, round(side / 12))
    figures = side >= theme.px(11) and most > 1
    if figures:
        painter.setFont(theme.font("tiny"))
    for t, row in enumerate(np.asarray(table.counts).tolist()):
        for tau, times in enumerate(row[: t + 1]):
            room = QRectF(left + tau * side, top + t * side, side - gap, side - gap)
            if not times:
                painter.fillRect(room, theme.colour("raised"))
                painter.fillRect(room, off)
                continue
            colour = QColor(full)
            colour.setAlphaF(0.85 if most == 1 else 0.25 + 0.7 * (times - 1) / (most - 1))
            painter.fillRect(room, theme.colour("panel"))
            painter.fillRect(room, colour)
            if figures:
                painter.setPen(theme.colour("text"))
                painter.drawText(room, _CENTRE, str(times))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setFont(theme.font("small"))
    for n, words in enumerate(table.words):
        painter.setPen(theme.colour("text" if n == len(table.words) - 1 else "muted"))
        room = QRectF(left, top + side * size + n * line, area.width() - margin, line)
        painter.drawText(room, _MIDDLE, elided(words, theme.font("small"), room.width()))


# --- arrows -----------------------------------------------------------------------------------------------------


def _arrows(painter: QPainter, theme: Theme, area: QRectF, arrows: tuple[Arrow, ...]) -> None:
    """Every gradient with the right one, both true to length and angle on one scale."""
    line = QFontMetricsF(theme.font("small")).height()
    longest = max(1.0, *(a.ratio for a in arrows if math.isfinite(a.ratio)))
    high = area.height() / len(arrows)
    for n, one in enumerate(arrows):
        room = QRectF(area.left(), area.top() + n * high, area.width(), high - theme.px(6))
        painter.setFont(theme.font("small", bold=True))
        painter.setPen(theme.colour("text"))
        painter.drawText(QRectF(room.left(), room.top(), room.width(), line), _MIDDLE, one.label)
        painter.setFont(theme.font("small"))
        angle = math.degrees(math.acos(min(max(one.cosine, -1.0), 1.0)))
        forms = (f"wrong: × {one.ratio:.3g}, {angle:.0f}° off", f"× {one.ratio:.3g}, {angle:.0f}° off")
        painter.setPen(theme.colour(one.token))
        beside = QRectF(room.left() + theme.px(28), room.top(), room.width() - theme.px(28), line)
        words = next((form for form in forms if text_width(form, painter.font()) <= beside.width()), forms[-1])
        painter.drawText(beside, _MIDDLE, elided(words, painter.font(), beside.width()))
        turn = math.radians(angle)
        body = room.adjusted(theme.px(4), line + theme.px(4), -theme.px(8), -line - theme.px(2))
        if body.height() < theme.px(12):
            continue
        length = min(body.width() / longest, body.height() / max(longest * math.sin(turn), 1e-9))
        foot = QPointF(body.left(), body.bottom())
        width = max(1.6, theme.px(2))
        tip = foot + QPointF(math.cos(turn), -math.sin(turn)) * (one.ratio * length)
        arrow(painter, foot, tip, theme.colour(one.token), width, theme.px(8))
        arrow(painter, foot, foot + QPointF(length, 0), theme.colour("good"), width, theme.px(8))
        painter.setPen(theme.colour("good"))
        below = QRectF(foot.x(), foot.y() + theme.px(3), body.width(), line)
        painter.drawText(
            below,
            _MIDDLE,
            "right, length 1" if text_width("right, length 1", painter.font()) <= below.width() else "right",
        )


# --- bars -------------------------------------------------------------------------------------------------------


def _bars(painter: QPainter, theme: Theme, area: QRectF, bars: tuple[Bar, ...], ratio: float) -> None:
    """Each as blocks: those that count in colour, those that are cut hatched."""
    small = QFontMetricsF(theme.font("small"))
    fixed = QFontMetricsF(theme.font("small", fixed=True))
    head = max(small.horizontalAdvance(b.label) for b in bars) + theme.px(10)
    tail = max(fixed.horizontalAdvance(f"Σ {b.words}") for b in bars) + theme.px(10)
    widest = max(sum(map(abs, b.parts)) for b in bars)
    room = max(10.0, area.width() - head - tail)
    line = small.height()
    # About as high as the widest block is wide, where there is room; broad bands in a flat panel.
    widest_block = room * max(abs(p) for b in bars for p in b.parts) / widest if widest else 0.0
    high = min((area.height() - line) / len(bars), max(theme.px(64), 0.8 * widest_block))
    top = area.top() + line + theme.px(2)
    for n, bar in enumerate(bars):
        y = top + n * high
        painter.setFont(theme.font("small"))
        painter.setPen(theme.colour("muted"))
        painter.drawText(QRectF(area.left(), y, head, high - theme.px(8)), _MIDDLE, bar.label)
        x = area.left() + head
        for place, part in enumerate(bar.parts):
            wide = room * abs(part) / widest if widest else room / len(bar.parts)
            block = QRectF(x, y, max(1.0, wide - 2), high - theme.px(8))
            token = "cut" if bar.wrong else "positive" if part >= 0 else "negative"
            _block(painter, theme, block, part, "" if place < bar.missing else token, ratio)
            if n == 0 and wide >= small.horizontalAdvance("τ 0"):
                painter.setFont(theme.font("small"))  # the block has written its number
                painter.setPen(theme.colour("muted"))
                at = QRectF(x, area.top(), wide, line)
                painter.drawText(at, _CENTRE, copy_label(place, wide, theme))
            x += wide
        painter.setFont(theme.font("small", fixed=True))
        painter.setPen(theme.colour("text"))
        painter.drawText(QRectF(x + theme.px(8), y, tail, high - theme.px(8)), _MIDDLE, f"Σ {bar.words}")


def copy_label(place: int, wide: float, theme: Theme) -> str:
    """What stands above the block of one copy."""
    forms = (f"copy τ = {place}", f"τ = {place}", f"{place}")
    room = wide - theme.px(6)
    return next((form for form in forms if text_width(form, theme.font("small")) <= room), forms[-1])


def _block(painter: QPainter, theme: Theme, block: QRectF, part: float, token: str, ratio: float) -> None:
    """One vote in the colour of ``token``; "" hatches it."""
    if not token:
        painter.setPen(pen(theme.colour("cut"), 1.0, Qt.PenStyle.DashLine))
        painter.setBrush(hatch(theme.colour("cut", 0.55), 8, ratio))
        painter.drawRoundedRect(block.adjusted(0.5, 0.5, -0.5, -0.5), 3, 3)
        return
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(theme.colour(token, 0.9))
    painter.drawRoundedRect(block, 3, 3)
    words = f"{part:.4g}".replace("-", "−")
    font = theme.font("small", fixed=True, bold=True)
    metrics = QFontMetricsF(font)
    if metrics.horizontalAdvance(words) + 6 < block.width() and metrics.height() < block.height():
        painter.setFont(font)
        painter.setPen(theme.colour("on_accent"))
        painter.drawText(block, _CENTRE, words)
