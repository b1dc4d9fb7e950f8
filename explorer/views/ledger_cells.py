"""The ledger's cells in a picture that is kept: a step adds one pair, and one cell is painted again."""

from __future__ import annotations

from typing import Any

import numpy as np
from PySide6.QtCore import QRect, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QImage, QPainter, QPixmap
from PySide6.QtWidgets import QWidget

from ..model.blocks import blocks
from ..model.ledger_data import LedgerData
from ..theme.colourmap import AsinhScale, gradient_scale
from ..theme.theme import Theme
from ..widgets.cell_numbers import MOST, inks, number_type, print_numbers
from ..widgets.cells import colours_of, flat, packed
from ..widgets.paint import hatch, pen
from .ledger_layout import Grid

Pair = tuple[int, int]
Place = tuple[int, int, int, int]
"""A cell's left, upper, right and lower edge."""
MANY = 64
"""Small cells that change at once above which all are painted."""
SMALL = 5.0
"""Pixels below which a cell has no gap and no hatching of its own."""

ROUND = 12.0
"""Pixels from which a cell is rounded, and has an edge where it is cut: of smaller ones edges are all one would see."""
FEW = 2000
"""So many cells in sight at the most are rounded: of more, edges are again what one would see, and each costs the time
of ten plain ones when they are dragged."""


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
        clean = key != self._for or self._pixmap is None
        if clean or self._pixmap is None:
            self._for = key
            if self._pixmap is None or self._pixmap.size() != widget.size() * ratio:
                self._pixmap = QPixmap(widget.size() * ratio)
            self._pixmap.setDevicePixelRatio(ratio)
            self._pixmap.fill(theme.colour("panel"))
        size = min(grid.wide, grid.high)
        at_once = clean and (size < SMALL or _plain(grid))
        pairs = [] if at_once else _in_sight(grid) if clean else [p for p in self.changed(data) if grid.part.sees(*p)]
        self._painted = self._looks_of(data)
        if not pairs and not at_once:
            return self._pixmap
        painter = QPainter(self._pixmap)
        if size >= SMALL and at_once:
            _paint_all(painter, theme, data, grid, ratio, 1)
        elif size >= SMALL:
            _paint_squares(painter, theme, data, grid, pairs, ratio, clean=clean)
        elif size >= 1:
            if clean or len(pairs) > MANY:
                _paint_all(painter, theme, data, grid, ratio)
            else:
                _paint_some(painter, theme, data, grid, pairs, ratio)
        else:
            kept = self._ground
            if kept is None or kept[0] != key or not np.array_equal(kept[1], data.cut):
                self._ground = kept = key, data.cut, _ground(theme, data)
            _paint_pixels(painter, theme, data, grid, kept[2])
        painter.end()
        return self._pixmap


def _plain(grid: Grid) -> bool:
    """Whether cells are squares without edges, which are all painted at once."""
    return min(grid.wide, grid.high) < ROUND or grid.part.rows * grid.part.columns > FEW


def _in_sight(grid: Grid) -> list[Pair]:
    part = grid.part
    return [
        (t, tau)
        for t in range(part.first, part.first + part.rows)
        for tau in range(part.copy, min(t + 1, part.copy + part.columns))
    ]


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


def _sight(grid: Grid) -> tuple[slice, slice]:
    """Where the cells in sight are in a table of all of them."""
    part = grid.part
    return np.s_[part.first : part.first + part.rows, part.copy : part.copy + part.columns]


def _paint_pixels(painter: QPainter, theme: Theme, data: LedgerData, grid: Grid, ground: Any) -> None:
    """Cells that are smaller than a pixel: each pixel shows of its pairs the furthest from 0."""
    area, sight = grid.cells, _sight(grid)
    shown, added, entries, cut = ground[sight].copy(), data.added[sight], data.entries[sight], data.cut[sight]
    shown[added] = colours_of(theme, entries[added], scale_of(data))
    found = blocks(np.where(added, entries, 0.0), max(1, int(area.height())), max(1, int(area.width())))
    shown = np.ascontiguousarray(shown[found.row, found.column])
    _hatch_dots(theme, shown, cut[found.row, found.column])  # of the pixels: of the pairs some would be left
    rows, columns = shown.shape
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
    painter.fillRect(area, theme.colour("panel"))
    painter.drawImage(area, QImage(shown.data, columns, rows, 4 * columns, QImage.Format.Format_ARGB32))


def _hatching(theme: Theme, ratio: float) -> tuple[QColor, QBrush]:
    """What small cells that are cut are filled with: one area for the eye, of which their edges would make crumbs."""
    return theme.colour("cut", 0.16), hatch(theme.colour("cut", 0.7), 5, ratio, 1.4)


def _paint_all(painter: QPainter, theme: Theme, data: LedgerData, grid: Grid, ratio: float, gap: int = 0) -> None:
    """All cells in sight, ``gap`` pixels from one another, as one image: it costs the same for thousands of them."""
    sight, (xs, ys) = _sight(grid), _edges(grid)
    added, cut = data.added[sight], data.cut[sight] & ~data.added[sight]
    bare = np.tri(data.length, dtype=bool)[sight] & ~cut
    shown = np.where(bare, flat(theme, "raised"), flat(theme, "panel"))
    shown[added] = colours_of(theme, data.entries[sight][added], scale_of(data))
    shown = np.repeat(np.repeat(shown, np.diff(ys), axis=0), np.diff(xs), axis=1)
    if gap:
        shown[:, np.array(xs[1:]) - xs[0] - 1] = shown[np.array(ys[1:]) - ys[0] - 1] = flat(theme, "panel")
    high, wide = shown.shape
    image = QImage(shown.data, wide, high, 4 * wide, QImage.Format.Format_ARGB32)
    painter.drawImage(QRect(xs[0], ys[0], wide, high), image)
    edges = np.diff(cut.astype(np.int8), axis=1, prepend=0, append=0)
    rows, begins = np.nonzero(edges > 0)
    ends = np.nonzero(edges < 0)[1]
    runs = [
        QRect(xs[first], ys[row], xs[last] - xs[first], ys[row + 1] - ys[row])
        for row, first, last in zip(rows.tolist(), begins.tolist(), ends.tolist(), strict=True)
    ]
    for brush in _hatching(theme, ratio):
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(brush)
        painter.drawRects(runs)


def _paint_some(painter: QPainter, theme: Theme, data: LedgerData, grid: Grid, pairs: list[Pair], ratio: float) -> None:
    """Some of them again."""
    for pair in pairs:
        room = grid.cell(*pair)
        if data.added[pair]:
            red, green, blue, _ = theme.map.rgba(data.entries[pair], scale_of(data)).tolist()
            painter.fillRect(room, QColor(red, green, blue))
        elif data.cut[pair]:
            for brush in (theme.colour("panel"), *_hatching(theme, ratio)):
                painter.fillRect(room, brush)
        else:
            painter.fillRect(room, theme.colour("raised"))


def _paint_squares(
    painter: QPainter, theme: Theme, data: LedgerData, grid: Grid, pairs: list[Pair], ratio: float, *, clean: bool
) -> None:
    """Paint some cells; on ``clean`` ground nothing has to be taken away below them."""
    index = np.array(pairs).T
    xs, ys = _edges(grid)
    places = [
        (xs[tau - grid.part.copy], ys[t - grid.part.first], xs[tau - grid.part.copy + 1], ys[t - grid.part.first + 1])
        for t, tau in pairs
    ]
    if not clean:
        # At a broken ratio of pixels a soft edge would reach into the neighbours.
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        for x, y, right, foot in places:
            painter.fillRect(QRect(x, y, right - x, foot - y), theme.colour("panel"))
    added, cut = data.added[tuple(index)], data.cut[tuple(index)]
    entries = data.entries[tuple(index)][added]
    colours = theme.map.rgba(entries, scale_of(data))
    bare = [place for place, a, c in zip(places, added.tolist(), cut.tolist(), strict=True) if not (a or c)]
    taken = [place for place, a, c in zip(places, added.tolist(), cut.tolist(), strict=True) if c and not a]
    full = [place for place, a in zip(places, added.tolist(), strict=True) if a]
    lines, edge = hatch(theme.colour("cut", 0.55), 6, ratio), pen(theme.colour("cut", 0.6))
    if _plain(grid):
        for brush in _hatching(theme, ratio):
            _paint_plain(painter, taken, brush, 0)
        _paint_plain(painter, bare, theme.colour("raised"), 1)
        for (x, y, right, foot), (red, green, blue, _) in zip(full, colours.tolist(), strict=True):
            painter.fillRect(QRect(x, y, right - x - 1, foot - y - 1), QColor(red, green, blue))
        return
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(theme.colour("raised"))
    for x, y, right, foot in bare:
        painter.drawRoundedRect(QRectF(x + 1, y + 1, right - x - 2, foot - y - 2), 2, 2)
    for (x, y, right, foot), (red, green, blue, _) in zip(full, colours.tolist(), strict=True):
        painter.setBrush(QColor(red, green, blue))
        painter.drawRoundedRect(QRectF(x + 1, y + 1, right - x - 2, foot - y - 2), 2, 2)
    painter.setPen(edge)
    painter.setBrush(lines)
    for x, y, right, foot in taken:
        painter.drawRoundedRect(QRectF(x + 1, y + 1, right - x - 2, foot - y - 2), 2, 2)
    kind = number_type(theme, grid.wide - 2, grid.high - 2)
    if kind is not None and full and grid.part.rows * grid.part.columns <= 2 * MOST:
        middles = [((x + right) / 2, (y + foot) / 2) for x, y, right, foot in full]
        numbers = data.numbers[tuple(index)][added]
        cells = [(x, y, value) for (x, y), value in zip(middles, numbers.tolist(), strict=True)]
        print_numbers(painter, kind, cells, inks(colours).tolist())


def _edges(grid: Grid) -> tuple[list[int], list[int]]:
    """The whole pixels at which the columns and the rows in sight begin, and the last of them ends."""
    part = grid.part
    return (
        [round(grid.x_of(tau)) for tau in range(part.copy, part.copy + part.columns + 1)],
        [round(grid.y_of(t)) for t in range(part.first, part.first + part.rows + 1)],
    )


def _paint_plain(painter: QPainter, places: list[Place], brush: QBrush | QColor, gap: int) -> None:
    """Small cells, ``gap`` pixels from one another, without more ado: there may be thousands."""
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(brush)
    painter.drawRects([QRect(x, y, right - x - gap, foot - y - gap) for x, y, right, foot in places])
