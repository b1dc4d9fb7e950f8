"""The ledger's cells in a picture that is kept: a step adds one pair, and one cell is painted again."""

from __future__ import annotations

from typing import Any

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage, QPainter, QPixmap
from PySide6.QtWidgets import QWidget

from ..model.blocks import blocks
from ..model.ledger_data import LedgerData
from ..theme.colourmap import AsinhScale, gradient_scale
from ..theme.theme import Theme
from ..widgets.cell_numbers import MOST, inks_of, number_type, print_numbers
from ..widgets.cells import colours_of, flat, packed
from ..widgets.paint import hatch, pen
from .ledger_layout import Grid

Pair = tuple[int, int]
SMALL = 5.0
"""Pixels below which a cell has no gap and no hatching of its own."""

EDGED = 9.0
"""Pixels from which a cell that is cut has an edge: of smaller ones the edges would be all that is seen."""


def looks(data: LedgerData) -> Any:
    """(T, T) what each cell looks like: its entry, or whether it is empty (−∞), cut off (∞) or nothing (0)."""
    found = np.where(data.cut, np.inf, np.where(np.tri(data.length, dtype=bool), -np.inf, 0.0))
    # A number that is not finite must not be taken for one of the two.
    entries = np.nan_to_num(data.entries, nan=1e308, posinf=1e308, neginf=-1e308)
    return np.where(data.added, entries, found)


def scale_of(data: LedgerData) -> AsinhScale:
    """The colours' scale: by what the entries come to in the end."""
    return AsinhScale(1.0, 1.0) if data.mode == "log" else gradient_scale(data.reach, 2.0)


class LedgerCells:
    """Holds the picture, and what it was painted from."""

    def __init__(self) -> None:
        self._pixmap: QPixmap | None = None
        self._for: tuple[object, ...] = ()
        self._painted: Any = None
        self._looks: tuple[LedgerData, Any] | None = None
        self._ground: tuple[tuple[object, ...], Any, Any] | None = None

    def forget(self) -> None:
        """Paint all of them anew next time."""
        self._for = ()

    def changed(self, data: LedgerData) -> list[Pair]:
        """The pairs that look otherwise than in the picture."""
        if self._painted is None or len(self._painted) != data.length:
            return []
        return [(t, tau) for t, tau in np.argwhere(self._looks_of(data) != self._painted).tolist()]

    def _looks_of(self, data: LedgerData) -> Any:
        if self._looks is None or self._looks[0] is not data:
            self._looks = data, looks(data)
        return self._looks[1]

    def renewed(self, widget: QWidget, theme: Theme, data: LedgerData, grid: Grid, key: tuple[object, ...]) -> QPixmap:
        """The picture of ``data``: painted as a whole for a new ``key``, else only what looks otherwise."""
        ratio = widget.devicePixelRatioF()
        key = (*key, id(theme), ratio)
        if key != self._for or self._pixmap is None:
            self._for = key
            self._pixmap = QPixmap(widget.size() * ratio)
            self._pixmap.setDevicePixelRatio(ratio)
            self._pixmap.fill(theme.colour("panel"))
            part = grid.part
            pairs = [
                (t, tau)
                for t in range(part.first, part.first + part.rows)
                for tau in range(part.copy, min(t + 1, part.copy + part.columns))
            ]
        else:
            pairs = [pair for pair in self.changed(data) if grid.part.sees(*pair)]
        self._painted = self._looks_of(data)
        if not pairs:
            return self._pixmap
        painter = QPainter(self._pixmap)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if min(grid.wide, grid.high) < SMALL:
            kept = self._ground
            if kept is None or kept[0] != key or not np.array_equal(kept[1], data.cut):
                self._ground = kept = key, data.cut, _ground(theme, data)
            _paint_pixels(painter, theme, data, grid, kept[2])
        else:
            colours = theme.map.rgba(data.entries, scale_of(data))
            _paint_squares(painter, theme, data, grid, colours, pairs, ratio)
        painter.end()
        return self._pixmap


def _ground(theme: Theme, data: LedgerData) -> Any:
    """(T, T) colours of the pairs that are not added yet: empty, cut off, or above the diagonal (0: nothing)."""
    found = np.where(np.tri(data.length, dtype=bool), flat(theme, "raised"), np.uint32(0))
    _hatch_dots(theme, found, data.cut)
    return found


def _hatch_dots(theme: Theme, shown: Any, cut: Any) -> None:
    """Colour the dots of ``cut`` in ``shown``: too small for lines, those of every third diagonal make the hatching."""
    raised = np.array(theme.tokens.rgb("raised"), float)
    t, tau = np.nonzero(cut)
    share = np.where((t + tau) % 3 == 0, 0.6, 0.2)[:, None]
    shown[t, tau] = packed(raised * (1 - share) + np.array(theme.tokens.rgb("cut"), float) * share)


def _paint_pixels(painter: QPainter, theme: Theme, data: LedgerData, grid: Grid, ground: Any) -> None:
    area, part = grid.cells, grid.part
    sight = np.s_[part.first : part.first + part.rows, part.copy : part.copy + part.columns]
    shown, added, entries, cut = ground[sight].copy(), data.added[sight], data.entries[sight], data.cut[sight]
    shown[added] = colours_of(theme, entries[added], scale_of(data))
    if min(grid.wide, grid.high) < 1:
        # Smaller than a pixel: each pixel shows of its pairs the furthest from 0.
        found = blocks(np.where(added, entries, 0.0), max(1, int(area.height())), max(1, int(area.width())))
        shown = shown[found.row, found.column]
        _hatch_dots(theme, shown, cut[found.row, found.column])  # of the pixels: of the pairs some would be left
    shown = np.ascontiguousarray(shown)
    rows, columns = shown.shape
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
    painter.fillRect(area, theme.colour("panel"))
    painter.drawImage(area, QImage(shown.data, columns, rows, 4 * columns, QImage.Format.Format_ARGB32))


def _paint_squares(
    painter: QPainter, theme: Theme, data: LedgerData, grid: Grid, colours: Any, pairs: list[Pair], ratio: float
) -> None:
    size = min(grid.wide, grid.high)
    gap, round_by = (1.0 if size < 12 else 2.0) / 2, 1.0 if size < EDGED else 2.0
    lines = hatch(theme.colour("cut", 0.55), 6, ratio)
    for t, tau in pairs:
        area = grid.cell(t, tau).adjusted(gap, gap, -gap, -gap)
        painter.fillRect(grid.cell(t, tau), theme.colour("panel"))
        painter.setPen(Qt.PenStyle.NoPen)
        if data.added[t, tau]:
            red, green, blue, _ = colours[t, tau].tolist()
            painter.setBrush(theme.colour("raised").fromRgb(red, green, blue))
        elif data.cut[t, tau]:
            if size >= EDGED:
                painter.setPen(pen(theme.colour("cut", 0.6)))
            painter.setBrush(lines)
        else:
            painter.setBrush(theme.colour("raised"))
        painter.drawRoundedRect(area, round_by, round_by)
    kind = number_type(theme, grid.wide - 2, grid.high - 2)
    # In the log mode the colours are of a scale of their own, and the numbers would be of neither.
    added = [pair for pair in pairs if data.added[pair]]
    if kind is not None and added and data.mode != "log" and data.added.size <= 2 * MOST:
        middles = (grid.cell(*pair).center() for pair in added)
        cells = [(at.x(), at.y(), float(data.entries[pair])) for pair, at in zip(added, middles, strict=True)]
        print_numbers(painter, kind, cells, inks_of(colours, added))
