"""Strips as images in device pixels, ready to be copied: a cell a number, with gaps and rounded corners."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QImage

from ...theme.colourmap import AsinhScale, ColourMap
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
    full, soft, ground = _tables(theme)
    columns, cells = values.shape
    index, gaps, ends = _rows(cells, height, pitch, ratio)
    wide, edge = max(1, round(width * ratio)), round(margin * ratio)
    which = theme.map.index(values.T, scale)[index]
    colours = full[which]
    colours[gaps] = ground
    out = np.full((len(index) + 2 * edge, columns, wide + 2 * edge), ground, dtype=np.uint32)
    inner = out[edge : edge + len(index), :, edge : edge + wide]
    inner[:] = colours[:, :, None]
    if ends.size and wide >= 6:
        inner[ends, :, 0] = soft[which[ends]]
        inner[ends, :, -1] = soft[which[ends]]
    return _image(out.reshape(len(out), -1), QImage.Format.Format_RGB32)


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
