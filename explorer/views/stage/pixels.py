"""Strips as images in device pixels, ready to be copied: a cell a number, with gaps and rounded corners."""

from __future__ import annotations

from functools import lru_cache
from operator import is_

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QImage

from rnncore.frozen import dataclass

from ...theme.colourmap import FIRST_ODD, AsinhScale, ColourMap
from ...theme.theme import Theme
from ...theme.tokens import rgb

Pixels = NDArray[np.uint32]


@lru_cache(maxsize=16)
def _tables(theme: Theme) -> tuple[Pixels, Pixels, int]:
    """The map's colours as Qt keeps them (0xffRRGGBB), the same halfway to the ground, and the ground."""
    ground = np.array(rgb(theme.tokens.background), dtype=np.float64)
    colours = theme.map.table[:, :3].astype(np.float64)
    soft = colours * 0.45 + ground * 0.55
    return _packed(colours), _packed(soft), int(_packed(ground[None, :])[0])


def _packed(colours: NDArray[np.float64]) -> Pixels:
    c = np.rint(colours).astype(np.uint32)
    return np.uint32(0xFF000000) | c[:, 0] << np.uint32(16) | c[:, 1] << np.uint32(8) | c[:, 2]


@lru_cache(maxsize=256)
def _rows(
    cells: int, height: int, pitch: float, ratio: float
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp]]:
    """For each device row of a strip ``height`` pixels tall its cell; which rows are gaps; which end a cell."""
    count = max(1, round(height * ratio))
    centre = (np.arange(count) + 0.5) / count * height
    index = np.minimum((centre / pitch).astype(np.intp), cells - 1)
    gap = np.zeros(count, dtype=bool)
    if pitch >= 4.0:
        gap = (index + 1) * pitch - centre <= 1.0
        gap[index == cells - 1] = False
    ends = np.zeros(0, dtype=np.intp)
    if pitch >= 6.0:
        label = np.where(gap, -1, index)
        first = label != np.r_[-2, label[:-1]]
        last = label != np.r_[label[1:], -2]
        ends = np.flatnonzero((first | last) & ~gap)
    return index, np.flatnonzero(gap), ends


def strip_image(
    values: NDArray[np.float64],
    theme: Theme,
    scale: AsinhScale,
    width: int,
    height: int,
    pitch: float,
    ratio: float,
    margin: int,
) -> QImage:
    """Strips side by side, one for each row of ``values`` (columns, cells), each ``width`` by ``height`` pixels.

    ``margin`` pixels of ground surround each of them. Measures are logical; the image is in device pixels.
    """
    index = theme.map.index(values.T, scale)
    return _image(_strip_pixels(index, theme, width, height, pitch, ratio, margin), QImage.Format.Format_RGB32)


def _strip_pixels(
    index: NDArray[np.intp],
    theme: Theme,
    width: int,
    height: int,
    pitch: float,
    ratio: float,
    margin: int,
    out: Pixels | None = None,
) -> Pixels:
    """The pixels of :func:`strip_image` from rows of the map's table: ``index`` is (cells, columns).

    ``out`` is written over when it has the right shape.
    """
    full, soft, ground = _tables(theme)
    cells, columns = index.shape
    rows = _pattern(cells, height, pitch, ratio, margin)
    wide, edge = max(1, round(width * ratio)), round(margin * ratio)
    # Every device row is one of a few: within a cell, at the rounded end of a cell, between cells.
    kinds = np.full((2 * cells + 1, columns, wide + 2 * edge), ground, dtype=np.uint32)
    kinds[:cells, :, edge : edge + wide] = full[index][:, :, None]
    kinds[cells:-1] = kinds[:cells]
    if wide >= 6:
        kinds[cells:-1, :, edge] = kinds[cells:-1, :, edge + wide - 1] = soft[index]
    shape = (len(rows), columns * (wide + 2 * edge))
    if out is None or out.shape != shape:
        out = np.empty(shape, dtype=np.uint32)
    return np.take(kinds.reshape(len(kinds), -1), rows, axis=0, out=out, mode="clip")


@lru_cache(maxsize=256)
def _pattern(cells: int, height: int, pitch: float, ratio: float, margin: int) -> NDArray[np.intp]:
    """For each device row of a strip with its margin the kind of row: within a cell, at its end, between two."""
    index, gaps, ends = _rows(cells, height, pitch, ratio)
    rows = index.copy()
    rows[ends] += cells
    rows[gaps] = 2 * cells
    edge = round(margin * ratio)
    return np.pad(rows, edge, constant_values=2 * cells)


def heat_image(
    values: NDArray[np.float64],
    shown: NDArray[np.bool_],
    edges: NDArray[np.intp],
    theme: Theme,
    scale: AsinhScale,
    height: int,
    ratio: float,
) -> QImage:
    """A heat map of ``values`` (columns, cells), clear where not ``shown`` (columns,).

    ``edges`` (columns + 1,) are the columns' left edges in logical pixels, the first being 0.
    """
    full, _, _ = _tables(theme)
    device = np.rint(edges * ratio).astype(np.intp)
    index, _, _ = _rows(values.shape[1], height, height / values.shape[1], ratio)
    colours = full[theme.map.index(values.T, scale)]
    colours[:, ~shown] = 0
    out = np.repeat(colours[index], np.diff(device), axis=1)
    return _image(out, QImage.Format.Format_ARGB32_Premultiplied)


def _image(pixels: Pixels, form: QImage.Format) -> QImage:
    data = np.ascontiguousarray(pixels)
    rows, columns = data.shape
    # copy(): an image does not keep the numpy buffer alive.
    return QImage(data.data, columns, rows, 4 * columns, form).copy()


def legend_image(colours: ColourMap, width: int, height: int, ratio: float) -> QImage:
    """The map itself from −1 to +1 of its scale, left to right."""
    position = np.linspace(-1.0, 1.0, max(2, round(width * ratio)))
    table = _packed(colours.table[np.rint((position + 1.0) * 256).astype(np.intp), :3].astype(np.float64))
    image = _image(np.repeat(table[None, :], max(1, round(height * ratio)), axis=0), QImage.Format.Format_RGB32)
    image.setDevicePixelRatio(ratio)
    return image


@dataclass(frozen=True, eq=False, slots=True)
class StripImage:
    """One strip of neighbouring columns: ``image`` holds them side by side, each ``wide`` device pixels.

    ``odd`` says of each column whether it has a number that is NaN or infinite; None when there is no such column.
    ``pixels`` is what the image shows: it does not keep them alive by itself.
    """

    image: QImage
    wide: int
    first: int
    odd: NDArray[np.bool_] | None
    pixels: Pixels


#: Width, height, height of a cell, pixel ratio and margin of a strip, as :func:`strip_image` takes them.
Measures = tuple[int, int, float, float, int]


class StripImages:
    """Keeps the strips of all columns that are seen, coloured once for as long as their numbers stay the same."""

    def __init__(self) -> None:
        self._index: dict[str, tuple[tuple[object, ...], list[NDArray[np.float64]], NDArray[np.intp]]] = {}
        self._kept: dict[tuple[str, int], tuple[NDArray[np.intp], tuple[object, ...], StripImage]] = {}

    def image(
        self,
        kind: str,
        which: int,
        cells: list[NDArray[np.float64]],
        columns: range,
        theme: Theme,
        scale: AsinhScale,
        measures: Measures,
    ) -> StripImage:
        """Strip ``which`` of all ``cells``, each (T, n), in ``columns``; all are of one scale.

        ``kind`` tells apart what has a scale of its own, such as gradients: of each kind, the newest are kept.
        """
        index = self._indexed(kind, cells, columns, theme, scale)
        key = (columns, theme, measures)
        kept = self._kept.get((kind, which))
        if kept is not None and kept[0] is index and kept[1] == key:
            return kept[2]
        count = cells[which].shape[1]
        first = sum(c.shape[1] for c in cells[:which])
        part = index[first : first + count]
        old = None if kept is None else kept[2]
        pixels = _strip_pixels(part, theme, *measures, out=None if old is None else old.pixels)
        if old is not None and old.pixels is pixels and old.image.devicePixelRatio() == measures[3]:
            image = old.image
        else:
            image = QImage(pixels.data, pixels.shape[1], len(pixels), 4 * pixels.shape[1], QImage.Format.Format_RGB32)
            image.setDevicePixelRatio(measures[3])
        odd = np.asarray((part >= FIRST_ODD).any(axis=0))
        made = StripImage(image, pixels.shape[1] // len(columns), columns.start, odd if odd.any() else None, pixels)
        self._kept[kind, which] = (index, key, made)
        return made

    def _indexed(
        self, kind: str, cells: list[NDArray[np.float64]], columns: range, theme: Theme, scale: AsinhScale
    ) -> NDArray[np.intp]:
        """Where the colours of all strips of a kind stand in the map's table, (all cells, columns): found at once."""
        key = (columns, theme, scale)
        kept = self._index.get(kind)
        if kept is not None and kept[0] == key and len(kept[1]) == len(cells) and all(map(is_, kept[1], cells)):
            return kept[2]
        part = np.concatenate([c[columns.start : columns.stop] for c in cells], axis=1)
        index = theme.map.index(part.T, scale)
        self._index[kind] = (key, cells, index)
        return index
