"""The picture of the gradient ledger: the triangle, the votes below it, and what is said of one pair.

The cells are painted into a picture that is kept; a step adds one pair, and one cell is painted again.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, QSize, QSizeF, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPixmap, QRegion
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from ..model.formula import number
from ..model.ledger_data import LedgerData
from ..theme.colourmap import AsinhScale, gradient_scale
from ..theme.theme import Theme, current
from ..widgets.paint import elided, hatch, image_of, pen
from ..widgets.surface import Surface

SAMPLE = "Σ = −0.0000004642"
"""A sum as long as they get: where it is printed must not jump with its digits."""
LEAST_READING = 196
"""Width at scale 1 from which the chain of factors has room beside the triangle."""
READING_LINES = 9
Pair = tuple[int, int]
_STEPS = {
    Qt.Key.Key_Up: (-1, 0),
    Qt.Key.Key_Down: (1, 0),
    Qt.Key.Key_Left: (0, -1),
    Qt.Key.Key_Right: (0, 1),
}


def sum_text(data: LedgerData) -> str:
    """Return what all that was added so far comes to."""
    return f"Σ = {number(data.so_far, 4)}"


def total_text(data: LedgerData) -> str:
    """Return what it comes to in the end."""
    return f"‖d{data.parameter}‖ = {number(data.total, 4)}"


class Grid(NamedTuple):
    """The picture's measures in pixels: its corner, a cell, the bars below, a line below those (0: none), and the
    area of the reading (None: there is room in the empty half of the triangle alone). ``names`` is the height of a line
    between the cells and the bars that names the columns (0: none)."""

    left: float
    top: float
    wide: float
    high: float
    bars: float
    below: float
    reading: QRectF | None
    names: float = 0.0

    def cell(self, t: int, tau: int) -> QRectF:
        """The area of one cell, on whole pixels: it can be painted again without a trace on its neighbours."""
        x, y = round(self.left + tau * self.wide), round(self.top + t * self.high)
        right, foot = round(self.left + (tau + 1) * self.wide), round(self.top + (t + 1) * self.high)
        return QRectF(x, y, right - x, foot - y)


class LedgerCanvas(Surface):
    """Paints a :class:`LedgerData`.

    A click emits ``pair_chosen`` and the mouse ``pair_pointed``, with loss t and copy τ (−1, −1: at none).
    """

    pair_chosen = Signal(int, int)
    pair_pointed = Signal(int, int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._data: LedgerData | None = None
        self._hover: Pair | None = None
        self._cells: QPixmap | None = None
        self._cells_for: tuple[object, ...] = ()
        self._painted: Any = None
        self._grid: tuple[tuple[object, ...], Grid] | None = None
        self.setMouseTracking(True)
        # By Tab alone: after a click the arrow keys still belong to the walk.
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("Gradient ledger")

    def set_data(self, data: LedgerData) -> None:
        """Show ``data``; only what differs is painted again."""
        before, self._data = self._data, data
        said = f"Gradient ledger of {data.parameter}: Σ = {number(data.so_far)} of {number(data.total)}"
        self.setAccessibleName(said)
        if self._hover is not None and max(self._hover) >= data.length:
            self._hover = None
        if before is None or self._key(before) != self._key(data):
            self.update()
            return
        grid = self.grid(data)
        changed = [tuple(p) for p in np.argwhere(self._looks(data) != self._painted).tolist()]
        marked = {before.walking, data.walking, before.selected, data.selected} - {None}
        if before.walking == data.walking and before.selected == data.selected:
            marked = set()
        for pair in {*changed, *marked}:
            self.update(grid.cell(*pair).adjusted(-2, -2, 4, 4).toAlignedRect())  # type: ignore[misc]
        for row in {p[0] for p in (before.walking, data.walking) if p is not None} if marked else ():
            self.update(QRectF(0, grid.top + row * grid.high - 12, grid.left, grid.high + 24).toAlignedRect())
        if before.so_far != data.so_far or not np.array_equal(before.votes, data.votes, equal_nan=True):
            self.update(self._votes_area(data))
        if marked or changed:
            self.update(self._reading_area(before) | self._reading_area(data))

    def _key(self, data: LedgerData) -> tuple[object, ...]:
        """What the whole picture depends on."""
        ledger = data.ledger
        return (id(ledger), data.mode, data.length, data.words, self.width(), self.height())

    def _looks(self, data: LedgerData) -> Any:
        """(T, T) what each cell looks like: its entry, or whether it is empty (−∞), cut off (∞) or nothing (NaN)."""
        looks = np.where(data.cut, np.inf, np.where(np.tri(data.length, dtype=bool), -np.inf, 0.0))
        # A number that is not finite must not be taken for one of the two.
        entries = np.nan_to_num(data.entries, nan=1e308, posinf=1e308, neginf=-1e308)
        return np.where(data.added, entries, looks)

    def sizeHint(self) -> QSize:
        return QSize(300, 240)

    def minimumSizeHint(self) -> QSize:
        return QSize(180, 110)

    def restyle(self) -> None:
        self._cells_for, self._grid = (), None
        super().restyle()

    # --- geometry ---

    def grid(self, data: LedgerData) -> Grid:
        """Where the cells, the bars, the sum and the reading lie: the latter two beside the rest, or below it."""
        theme = current()
        key = (self.width(), self.height(), data.length, id(theme))
        if self._grid is None or self._grid[0] != key:
            self._grid = (key, self._measured(data, theme))
        return self._grid[1]

    def _measured(self, data: LedgerData, theme: Theme) -> Grid:
        fixed = QFontMetricsF(theme.font("small", fixed=True))
        line = QFontMetricsF(theme.font("small")).height() + 1
        left, top, rows = float(theme.px(58)), 2.0, data.length
        total = fixed.horizontalAdvance(SAMPLE) + 12
        least = min(theme.px(34), self.height() * 0.16)
        broad = (self.width() - left - 4) / rows
        # A large panel has large cells, as long as the reading stays beside them.
        free = (self.width() - left - theme.px(1.5 * LEAST_READING)) / rows
        names = line if self.height() >= theme.px(420) and free > theme.px(16) else 0.0
        most = min(max(float(theme.px(34)), free), float(theme.px(88)))
        side = min((self.height() - least - 6 - names) / rows, broad, most)
        below = fixed.height() + 2 if left + side * rows + total > self.width() else 0.0
        beside = self.width() - left - side * rows - 12
        # Below a high and narrow picture the reading has the room that stretched cells would take.
        told = READING_LINES * line + 6 if self.height() >= theme.px(420) and beside < theme.px(LEAST_READING) else 0.0
        room = self.height() - top - 6 - below - told - names
        side = max(1.0, min((room - least) / rows, side))
        # A narrow, high panel stretches the cells, and then the bars.
        high = max(1.0, min((room - least) / rows, side if names else 1.6 * side))
        bars = max(1.0, min(room - high * rows, max(least, theme.px(140))))
        beside = self.width() - left - side * rows - 12
        reading = None
        if told:
            reading = QRectF(4, self.height() - told + 4, self.width() - 8, told - 4)
        elif beside >= theme.px(LEAST_READING):
            reading = QRectF(self.width() - beside, top, min(beside, theme.px(420)), high * rows)
        return Grid(left, top, side, high, bars, below, reading, names)

    def pair_at(self, x: float, y: float) -> Pair | None:
        """The (t, τ) under a point, None outside the triangle."""
        data = self._data
        if data is None or not data.length:
            return None
        grid = self.grid(data)
        t, tau = int((y - grid.top) // grid.high), int((x - grid.left) // grid.wide)
        return (t, tau) if 0 <= tau <= t < data.length else None

    def centre_of(self, t: int, tau: int) -> QPointF:
        """The middle of a cell."""
        assert self._data is not None
        return self.grid(self._data).cell(t, tau).center()

    def _foot(self, data: LedgerData) -> float:
        grid = self.grid(data)
        return grid.top + data.length * grid.high + 4 + grid.names

    def _votes_area(self, data: LedgerData) -> QRect:
        grid = self.grid(data)
        return QRectF(0, self._foot(data) - 3, self.width(), grid.bars + grid.below + 8).toAlignedRect()

    def sum_area(self, data: LedgerData) -> QRectF:
        """Where the sum is printed."""
        grid = self.grid(data)
        wide = QFontMetricsF(current().font("small", fixed=True)).horizontalAdvance(sum_text(data)) + 4
        base = self._foot(data)
        if grid.below:
            x = max(0.0, min(grid.left, self.width() - wide))
            return QRectF(x, base + grid.bars, wide, grid.below)
        return QRectF(grid.left + data.length * grid.wide + 8, base, wide, grid.bars)

    # --- painting ---

    def paint(self, painter: QPainter, theme: Theme, region: QRegion) -> None:
        data = self._data
        if data is None or not data.length:
            return
        grid = self.grid(data)
        area = QRectF(0, 0, grid.left + data.length * grid.wide + 3, self._foot(data)).toAlignedRect()
        if region.intersects(area):
            self._paint_cells(painter, theme, data, region)
            self._paint_words(painter, theme, data, region)
        if region.intersects(self._votes_area(data)):
            self._paint_votes(painter, theme, data)
        self._paint_reading(painter, theme, data)

    def _scale(self, data: LedgerData) -> AsinhScale:
        return AsinhScale(1.0, 1.0) if data.mode == "log" else gradient_scale(data.reach, 2.0)

    def _paint_cells(self, painter: QPainter, theme: Theme, data: LedgerData, region: QRegion) -> None:
        self._renew_cells(theme, data)
        assert self._cells is not None
        clip = region.boundingRect()
        ratio = self._cells.devicePixelRatio()
        source = QRectF(clip.x() * ratio, clip.y() * ratio, clip.width() * ratio, clip.height() * ratio)
        painter.drawPixmap(QRectF(clip), self._cells, source)
        for pair, token, width in (
            (data.selected, "text", 2.0),
            (data.walking, "gradient", 2.0),
            (self._hover, "text", 1.5),
        ):
            if pair is not None and max(pair) < data.length:
                self._frame(painter, data, pair, theme.colour(token), width)

    def _renew_cells(self, theme: Theme, data: LedgerData) -> None:
        """Bring the picture of the cells up to date: all of them, or those that look otherwise."""
        ratio, looks = self.devicePixelRatioF(), self._looks(data)
        key = (*self._key(data), id(theme), ratio)
        if key != self._cells_for or self._cells is None:
            self._cells_for = key
            self._cells = QPixmap(round(self.width() * ratio), round(self.height() * ratio))
            self._cells.setDevicePixelRatio(ratio)
            self._cells.fill(theme.colour("panel"))
            changed = [(t, tau) for t in range(data.length) for tau in range(t + 1)]
        else:
            changed = [(t, tau) for t, tau in np.argwhere(looks != self._painted).tolist()]
        self._painted = looks
        if not changed:
            return
        colours = theme.map.rgba(data.entries, self._scale(data))
        painter = QPainter(self._cells)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self.grid(data).wide < 5:
            self._paint_pixels(painter, theme, data, colours)
        else:
            self._paint_squares(painter, theme, data, colours, changed)
        painter.end()

    def _paint_pixels(self, painter: QPainter, theme: Theme, data: LedgerData, colours: Any) -> None:
        grid = self.grid(data)
        shown = np.where(data.added[..., None], colours, 0).astype(np.uint8)
        raised = np.array(theme.tokens.rgb("raised"), float)
        shown[np.tri(data.length, dtype=bool) & ~data.added] = [*raised.astype(np.uint8), 255]
        # Too small for lines of their own: the cells of every third diagonal make the hatching.
        t, tau = np.nonzero(data.cut & ~data.added)
        share = np.where((t + tau) % 3 == 0, 0.6, 0.2)[:, None]
        shown[t, tau, :3] = raised * (1 - share) + np.array(theme.tokens.rgb("cut"), float) * share
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
        area = grid.cell(0, 0) | grid.cell(data.length - 1, data.length - 1)
        painter.fillRect(area, theme.colour("panel"))
        painter.drawImage(area, image_of(shown))

    def _paint_squares(
        self, painter: QPainter, theme: Theme, data: LedgerData, colours: Any, changed: list[Pair]
    ) -> None:
        grid = self.grid(data)
        gap = (1.0 if grid.wide < 12 else 2.0) / 2
        lines = hatch(theme.colour("cut", 0.55), 6, self.devicePixelRatioF())
        for t, tau in changed:
            area = grid.cell(t, tau).adjusted(gap, gap, -gap, -gap)
            painter.fillRect(grid.cell(t, tau), theme.colour("panel"))
            painter.setPen(Qt.PenStyle.NoPen)
            if data.added[t, tau]:
                red, green, blue, _ = colours[t, tau].tolist()
                painter.setBrush(theme.colour("raised").fromRgb(red, green, blue))
            elif data.cut[t, tau]:
                painter.setPen(pen(theme.colour("cut", 0.6)))
                painter.setBrush(lines)
            else:
                painter.setBrush(theme.colour("raised"))
            painter.drawRoundedRect(area, 2, 2)

    def _frame(self, painter: QPainter, data: LedgerData, pair: Pair, colour: Any, width: float) -> None:
        painter.setPen(pen(colour, width))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        area = self.grid(data).cell(*pair)
        area.setSize(area.size().expandedTo(QSizeF(4.0, 4.0)))
        painter.drawRoundedRect(area.adjusted(0.5, 0.5, -0.5, -0.5), 2, 2)

    def _paint_words(self, painter: QPainter, theme: Theme, data: LedgerData, region: QRegion) -> None:
        grid = self.grid(data)
        size = "label" if grid.high >= theme.px(44) else "small" if grid.high >= theme.px(14) else "tiny"
        font = theme.font(size)
        metrics = QFontMetricsF(font)
        painter.setFont(font)
        every = max(1, int(np.ceil(metrics.height() * 0.8 / grid.high)))  # what is left out above and below letters
        for t in range(0, data.length, every):
            y = grid.top + (t + 0.5) * grid.high - metrics.height() / 2
            room = QRectF(0, y, grid.left - theme.px(8), metrics.height())
            if not region.intersects(room.toAlignedRect()):
                continue
            current_row = data.walking is not None and data.walking[0] == t
            painter.setPen(theme.colour("text" if current_row else "muted"))
            # Words left out between words would read as a sentence: then the losses are numbered.
            said = str(t) if every > 1 else data.words[t] or "–"
            word = elided(said, font, room.width())
            painter.drawText(room, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, word)
        if grid.names:
            self._paint_names(painter, theme, data, grid)

    def _paint_names(self, painter: QPainter, theme: Theme, data: LedgerData, grid: Grid) -> None:
        """The weight copies' numbers below their columns."""
        small = theme.font("small", fixed=True)
        painter.setFont(small)
        painter.setPen(theme.colour("muted"))
        every = max(1, int(np.ceil((QFontMetricsF(small).horizontalAdvance(str(data.length)) + 6) / grid.wide)))
        top = grid.top + data.length * grid.high + 2
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        painter.drawText(QRectF(0, top, grid.left - theme.px(8), grid.names), right, "τ")
        for tau in range(0, data.length, every):
            middle = grid.left + (tau + 0.5) * grid.wide
            room = QRectF(middle - 20, top, 40, grid.names)
            painter.drawText(room, Qt.AlignmentFlag.AlignCenter, str(tau))

    def _paint_votes(self, painter: QPainter, theme: Theme, data: LedgerData) -> None:
        """A bar for each weight copy: what it has contributed to ‖G‖ so far, up for more, down for less."""
        grid = self.grid(data)
        left, side, bars, base = grid.left, grid.wide, grid.bars, self._foot(data)
        votes = np.where(np.isfinite(data.votes), data.votes, 0.0)
        limit, middle = data.most_votes, base + bars / 2
        painter.setPen(pen(theme.colour("line")))
        painter.drawLine(QPointF(left, middle), QPointF(left + data.length * side, middle))
        painter.setPen(Qt.PenStyle.NoPen)
        for tau, vote in enumerate(votes.tolist()):
            if vote:
                painter.setBrush(theme.colour("gradient" if vote > 0 else "value"))
                height = bars / 2 * abs(vote) / limit
                y = middle - height if vote > 0 else middle
                painter.drawRect(QRectF(left + tau * side + 1, y, max(1.0, side - 2), height))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        small, fixed = theme.font("small"), theme.font("small", fixed=True)
        painter.setFont(small)
        painter.setPen(theme.colour("muted"))
        gutter = QRectF(0, base, left - theme.px(8), bars)
        painter.drawText(gutter, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, "votes")
        area, line = self.sum_area(data), QFontMetricsF(fixed).height()
        painter.setFont(fixed)
        two = not grid.below and bars >= 2 * line
        if two:
            lower = QRectF(area.left(), area.center().y(), self.width() - area.left(), line)
            painter.drawText(lower, Qt.AlignmentFlag.AlignVCenter, elided(total_text(data), fixed, lower.width()))
            area = QRectF(area.left(), area.center().y() - line, area.width(), line)
        painter.setPen(theme.colour("text"))
        painter.drawText(area, Qt.AlignmentFlag.AlignVCenter, sum_text(data))

    # --- what is said of a pair ---

    def _pair(self, data: LedgerData) -> Pair | None:
        """The pair that the reading is of."""
        pair = self._hover or data.selected or data.walking
        return pair if pair is not None and max(pair) < data.length else None

    def _told(self, data: LedgerData) -> tuple[tuple[str, str], ...]:
        pair, grid = self._pair(data), self.grid(data)
        if pair is None or grid.reading is None:
            return ()
        line = QFontMetricsF(current().font("small")).height() + 1
        return data.lines(*pair, max(1, int(grid.reading.height() // line)))

    def _reading_area(self, data: LedgerData) -> QRect:
        """What the reading covers: a place of its own, or the empty half of the triangle."""
        reading = self.grid(data).reading
        if reading is not None:
            return reading.adjusted(-2, -2, 2, 2).toAlignedRect()
        grid = self.grid(data)
        return QRectF(grid.left, 0, self.width() - grid.left, grid.top + data.length * grid.high).toAlignedRect()

    def compact(self, data: LedgerData) -> list[tuple[QRectF, str]]:
        """The reading set in lines beside the diagonal, where each line ends at the cells: all of it, or with the steps
        in the middle as one product, until it finds room."""
        pair = self._pair(data)
        if pair is None:
            return []
        told = data.reading(*pair)
        if data.chain is None or pair[1] > pair[0] or not (data.added[pair] or data.cut[pair]):
            return self._set(data, told[0], told[1:])[0]
        chain = data.chain(*pair)
        for most in (1000, 6, 4, 2, 1):
            found, whole = self._set(data, told[0], chain.pieces(most))
            if whole:
                break
        return found

    def _set(self, data: LedgerData, head: str, pieces: tuple[str, ...]) -> tuple[list[tuple[QRectF, str]], bool]:
        """Lines of ``pieces`` below ``head``, flush right, and whether all of them found room."""
        theme, grid = current(), self.grid(data)
        heads, metrics = QFontMetricsF(theme.font("small", bold=True)), QFontMetricsF(theme.font("tiny", fixed=True))
        right, foot = self.width() - 4.0, grid.top + data.length * grid.high
        wide = heads.horizontalAdvance(head)
        lines = [(QRectF(right - wide, grid.top, wide + 2, heads.height()), head)]
        y, line, left = grid.top + heads.height(), metrics.height(), list(pieces)
        while left and y + line <= foot:
            row = min(int((y + line - grid.top) / grid.high), data.length - 1)
            room = right - (grid.left + (row + 1) * grid.wide + 6)
            said = ""
            while left and metrics.horizontalAdvance(f"{said} {left[0]}".strip()) <= room:
                said = f"{said} {left.pop(0)}".strip()
            if said:
                wide = metrics.horizontalAdvance(said)
                lines.append((QRectF(right - wide, y, wide + 2, line), said))
            y += line
        return lines, not left

    def _paint_reading(self, painter: QPainter, theme: Theme, data: LedgerData) -> None:
        reading = self.grid(data).reading
        bold, fixed, small = theme.font("small", bold=True), theme.font("small", fixed=True), theme.font("small")
        middle = Qt.AlignmentFlag.AlignVCenter
        if reading is None:
            for n, (room, said) in enumerate(self.compact(data)):
                painter.setFont(theme.font("tiny", fixed=True) if n else bold)
                painter.setPen(theme.colour("text" if n else "gradient"))
                painter.drawText(room, middle, said)
            return
        lines = self._told(data)
        height = QFontMetricsF(small).height() + 1
        for n, (what, value) in enumerate(lines):
            row = QRectF(reading.left(), reading.top() + n * height, reading.width() - 4, height)
            last = n == len(lines) - 1 and value != ""
            painter.setFont(bold if n == 0 else small)
            painter.setPen(theme.colour("gradient" if n == 0 else "text" if last or not value else "muted"))
            beside = QFontMetricsF(fixed).horizontalAdvance(value) + 8 if value else 0.0
            painter.drawText(row, middle, elided(what, painter.font(), row.width() - beside))
            painter.setFont(fixed)
            painter.setPen(theme.colour("text"))
            painter.drawText(row, middle | Qt.AlignmentFlag.AlignRight, value)

    # --- the mouse and the keys ---

    def _point_at(self, pair: Pair | None) -> None:
        if pair == self._hover:
            return
        data, before = self._data, self._hover
        if data is not None:
            self.update(self._reading_area(data))
        self._hover = pair
        if data is not None:
            self.update(self._reading_area(data))
            for one in (before, pair):
                if one is not None:
                    self.update(self.grid(data).cell(*one).adjusted(-2, -2, 4, 4).toAlignedRect())
        self.pair_pointed.emit(*(pair or (-1, -1)))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        hover = self.pair_at(event.position().x(), event.position().y())
        self.setCursor(Qt.CursorShape.PointingHandCursor if hover is not None else Qt.CursorShape.ArrowCursor)
        self._point_at(hover)
        super().mouseMoveEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        pair = self.pair_at(event.position().x(), event.position().y())
        if pair is not None and event.button() == Qt.MouseButton.LeftButton:
            self.pair_chosen.emit(*pair)
        super().mouseReleaseEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        self._point_at(None)
        super().leaveEvent(event)

    def tip(self, x: float, y: float) -> str:
        """What is said of a point: the chain of factors of a pair, a copy's votes, or nothing."""
        data = self._data
        if data is None or not data.length:
            return ""
        pair, grid = self.pair_at(x, y), self.grid(data)
        if pair is not None:
            return "\n".join(f"{what}  {value}".rstrip() for what, value in data.lines(*pair, 14))
        tau = int((x - grid.left) // grid.wide)
        if self._votes_area(data).contains(int(x), int(y)) and 0 <= tau < data.length:
            return data.vote(tau)
        return ""

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            QToolTip.showText(event.globalPos(), self.tip(event.pos().x(), event.pos().y()), self)
            return True
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and event.key() in _STEPS:
            event.accept()  # else the window would take the arrow for a step of the walk
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        data, step = self._data, _STEPS.get(Qt.Key(event.key()))
        if data is None or not data.length or step is None:
            super().keyPressEvent(event)
            return
        t, tau = data.selected or data.walking or (data.length - 1, data.length - 1)
        t = min(max(t + step[0], 0), data.length - 1)
        self.pair_chosen.emit(t, min(max(tau + step[1], 0), t))
