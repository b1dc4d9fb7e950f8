"""The gradient ledger: a triangle of (loss t, weight copy τ), the column sums below it, and a reading beside it."""

from __future__ import annotations

from functools import partial
from typing import Any, NamedTuple

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, QSizeF, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QMouseEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QMenu, QSizePolicy, QWidget

from ..model import action as do
from ..model.formula import number
from ..model.ledger_data import MODES, LedgerData, ledger_of
from ..model.session import Changes
from ..theme.colourmap import AsinhScale, gradient_scale
from ..theme.theme import Theme, current
from ..widgets.card import Card
from ..widgets.chip import Chip
from ..widgets.elided import ElidedLabel
from ..widgets.paint import elided, hatch, image_of, pen

SAMPLE = "Σ = −0.0000004642"
"""A sum as long as they get: where it is printed must not jump with its digits."""


def sum_text(data: LedgerData) -> str:
    """Return what all that was added so far comes to."""
    return f"Σ = {number(data.so_far, 4)}"


class Grid(NamedTuple):
    """The picture's measures in pixels: its corner, a cell, the bars below, and a line below those (0: none)."""

    left: float
    top: float
    wide: float
    high: float
    bars: float
    below: float

    def cell(self, t: int, tau: int) -> QRectF:
        """The area of one cell."""
        return QRectF(self.left + tau * self.wide, self.top + t * self.high, self.wide, self.high)


class LedgerCanvas(QWidget):
    """Paints a :class:`LedgerData`; a click emits ``pair_chosen`` with loss t and weight copy τ."""

    pair_chosen = Signal(int, int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._data: LedgerData | None = None
        self._hover: tuple[int, int] | None = None
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("Gradient ledger")

    def set_data(self, data: LedgerData) -> None:
        """Show ``data``."""
        self._data = data
        said = f"Gradient ledger of {data.parameter}: Σ = {number(data.so_far)} of {number(data.total)}"
        self.setAccessibleName(said)
        if self._hover is not None and max(self._hover) >= data.length:
            self._hover = None
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(300, 240)

    def minimumSizeHint(self) -> QSize:
        return QSize(180, 110)

    def changeEvent(self, event: QEvent) -> None:
        if event.type() in (QEvent.Type.StyleChange, QEvent.Type.PaletteChange):
            self.update()
        super().changeEvent(event)

    # --- geometry ---

    def grid(self, data: LedgerData) -> Grid:
        """Where the cells, the bars and the sum lie: the sum beside the bars, or below them in a narrow panel."""
        theme = current()
        fixed = QFontMetricsF(theme.font("small", fixed=True))
        left, top, rows = float(theme.px(58)), 2.0, data.length
        total = fixed.horizontalAdvance(SAMPLE) + 12
        least = min(theme.px(34), self.height() * 0.16)
        broad = (self.width() - left - 4) / rows
        side = min((self.height() - least - 6) / rows, broad, theme.px(34))
        below = fixed.height() + 2 if left + side * rows + total > self.width() else 0.0
        room = self.height() - top - 6 - below
        side = max(1.0, min((room - least) / rows, side))
        # A narrow, high panel stretches the cells, and then the bars.
        high = max(1.0, min((room - least) / rows, 1.6 * side))
        bars = max(1.0, min(room - high * rows, max(least, theme.px(140))))
        return Grid(left, top, side, high, bars, below)

    def pair_at(self, x: float, y: float) -> tuple[int, int] | None:
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

    # --- painting ---

    def paintEvent(self, event: QPaintEvent) -> None:
        data, theme = self._data, current()
        if data is None or not data.length:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_cells(painter, theme, data)
        self._paint_words(painter, theme, data)
        self._paint_votes(painter, theme, data)
        self._paint_reading(painter, theme, data)

    def _scale(self, data: LedgerData) -> AsinhScale:
        return AsinhScale(1.0, 1.0) if data.mode == "log" else gradient_scale(data.entries, 2.0)

    def _paint_cells(self, painter: QPainter, theme: Theme, data: LedgerData) -> None:
        grid = self.grid(data)
        colours = theme.map.rgba(data.entries, self._scale(data))
        if grid.wide < 5:
            shown = np.where(data.added[..., None], colours, 0).astype(np.uint8)
            empty = np.array([*theme.tokens.rgb("raised"), 255], np.uint8)
            shown[np.tri(data.length, dtype=bool) & ~data.added] = empty
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
            area = QRectF(grid.left, grid.top, grid.wide * data.length, grid.high * data.length)
            painter.drawImage(area, image_of(shown))
        else:
            self._paint_squares(painter, theme, data, colours)
        if data.walking is not None:
            self._frame(painter, data, data.walking, theme.colour("gradient"), 2.0)
        if self._hover is not None:
            self._frame(painter, data, self._hover, theme.colour("text"), 1.5)

    def _paint_squares(self, painter: QPainter, theme: Theme, data: LedgerData, colours: Any) -> None:
        grid = self.grid(data)
        gap = (1.0 if grid.wide < 12 else 2.0) / 2
        lines = hatch(theme.colour("cut", 0.55), 6, self.devicePixelRatioF())
        for t in range(data.length):
            for tau in range(t + 1):
                area = grid.cell(t, tau).adjusted(gap, gap, -gap, -gap)
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
        painter.setBrush(Qt.BrushStyle.NoBrush)

    def _frame(self, painter: QPainter, data: LedgerData, pair: tuple[int, int], colour: Any, width: float) -> None:
        painter.setPen(pen(colour, width))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        area = self.grid(data).cell(*pair)
        area.setSize(area.size().expandedTo(QSizeF(4.0, 4.0)))
        painter.drawRoundedRect(area.adjusted(0.5, 0.5, -0.5, -0.5), 2, 2)

    def _paint_words(self, painter: QPainter, theme: Theme, data: LedgerData) -> None:
        grid = self.grid(data)
        font = theme.font("small" if grid.high >= theme.px(14) else "tiny")
        metrics = QFontMetricsF(font)
        painter.setFont(font)
        every = max(1, int(np.ceil(metrics.height() * 0.8 / grid.high)))  # what is left out above and below letters
        for t in range(0, data.length, every):
            current_row = data.walking is not None and data.walking[0] == t
            painter.setPen(theme.colour("text" if current_row else "muted"))
            y = grid.top + (t + 0.5) * grid.high - metrics.height() / 2
            room = QRectF(0, y, grid.left - theme.px(8), metrics.height())
            word = elided(data.words[t] or "–", font, room.width())
            painter.drawText(room, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, word)

    def _paint_votes(self, painter: QPainter, theme: Theme, data: LedgerData) -> None:
        """A bar for each weight copy: what it has contributed to ‖G‖ so far, up for more, down for less."""
        grid = self.grid(data)
        left, side, bars = grid.left, grid.wide, grid.bars
        base = grid.top + data.length * grid.high + 4
        votes = np.where(np.isfinite(data.votes), data.votes, 0.0)
        limit = float(np.abs(votes).max()) or 1.0
        middle = base + bars / 2
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
        painter.setFont(theme.font("small", fixed=True))
        painter.setPen(theme.colour("text"))
        painter.drawText(self.sum_area(data), Qt.AlignmentFlag.AlignVCenter, sum_text(data))

    def sum_area(self, data: LedgerData) -> QRectF:
        """Where the sum is printed."""
        grid = self.grid(data)
        wide = QFontMetricsF(current().font("small", fixed=True)).horizontalAdvance(sum_text(data)) + 4
        base = grid.top + data.length * grid.high + 4
        if grid.below:
            x = max(0.0, min(grid.left, self.width() - wide))
            return QRectF(x, base + grid.bars, wide, grid.below)
        return QRectF(grid.left + data.length * grid.wide + 8, base, wide, grid.bars)

    def _paint_reading(self, painter: QPainter, theme: Theme, data: LedgerData) -> None:
        pair = self._hover or data.walking
        if pair is None:
            return
        lines = data.reading(*pair)
        fonts = [theme.font("small", bold=True), theme.font("small", fixed=True), theme.font("small")]
        tokens = ("gradient", "text", "muted")
        wide = max(QFontMetricsF(f).horizontalAdvance(s) for s, f in zip(lines, fonts, strict=False))
        height = QFontMetricsF(fonts[0]).height() + 2
        x, y = self.width() - wide - theme.px(4), theme.px(4)
        painter.fillRect(QRectF(x - 4, y, wide + 8, height * len(lines)), theme.colour("panel", 0.85))
        for n, (line, font, token) in enumerate(zip(lines, fonts, tokens, strict=False)):
            painter.setFont(font)
            painter.setPen(theme.colour(token))
            painter.drawText(QRectF(x, y + n * height, wide + 4, height), Qt.AlignmentFlag.AlignVCenter, line)

    # --- the mouse ---

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        hover = self.pair_at(event.position().x(), event.position().y())
        self.setCursor(Qt.CursorShape.PointingHandCursor if hover is not None else Qt.CursorShape.ArrowCursor)
        if hover != self._hover:
            self._hover = hover
            self.update()
        super().mouseMoveEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        pair = self.pair_at(event.position().x(), event.position().y())
        if pair is not None and event.button() == Qt.MouseButton.LeftButton:
            self.pair_chosen.emit(*pair)
        super().mouseReleaseEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        self._hover = None
        self.update()
        super().leaveEvent(event)


class LedgerView(Card):
    """The gradient ledger of a store."""

    CARES = Changes.WALK | Changes.POSITION | Changes.SELECTION

    def __init__(self, store: Any, parent: QWidget | None = None) -> None:
        super().__init__("Gradient ledger", " ", inline=True, parent=parent)
        self._store = store
        self._stale = True
        self._mode = MODES[0]
        self.canvas = LedgerCanvas()
        self.parameter = Chip("W")
        self.parameter.set_menu(QMenu(self.parameter))
        self.mode = Chip(self._mode)
        self.mode.setToolTip("Signed shares, norms, or norms on a log scale")
        self.mode.clicked.connect(self._next_mode)
        self.header.addStretch(0)
        self.add_corner(self.parameter)
        self.add_corner(self.mode)
        self.caption = ElidedLabel("", role="label", token="muted")
        self.add(self.caption)
        self.add(self.canvas, 1)
        self._place()
        self.canvas.pair_chosen.connect(lambda t, tau: store.dispatch(do.Select(t=tau)))
        store.changed.connect(self._changed)
        self._read()

    def _place(self) -> None:
        """A high panel has a line to spare for what the picture is; in a low one it stands beside the title."""
        high = self.height() >= current().px(360)
        self.caption.setVisible(high)
        self.subtitle_label.setVisible(not high)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place()

    def _next_mode(self) -> None:
        self._mode = MODES[(MODES.index(self._mode) + 1) % len(MODES)]
        self.mode.set_value(self._mode)
        self._read()

    def _changed(self, changes: Changes) -> None:
        if changes & self.CARES:
            self._stale = True
            if self.isVisible():
                self._read()

    def showEvent(self, event: object) -> None:
        if self._stale:
            self._read()
        super().showEvent(event)  # type: ignore[arg-type]

    def _read(self) -> None:
        self._stale = False
        data = ledger_of(self._store.session, self._store.derived, self._mode)
        self.set_subtitle(data.subtitle)
        self.caption.set_text(data.subtitle)
        self.subtitle_label.setToolTip(data.subtitle)
        self.parameter.set_value(data.parameter)
        menu = self.parameter.menu()
        if menu is not None and [a.text() for a in menu.actions()] != list(data.parameters):
            menu.clear()
            for name in data.parameters:
                menu.addAction(name, partial(self._choose, name))
        self.canvas.set_data(data)

    def _choose(self, name: str) -> None:
        self._store.dispatch(do.Select(parameter=name))
