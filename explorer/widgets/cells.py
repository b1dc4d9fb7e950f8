"""Tables of numbers as images: which pixel belongs to which cell, and the cells' colours spread over the pixels."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PySide6.QtGui import QImage

from ..theme.colourmap import AsinhScale, ColourMap, colour_map
from ..theme.theme import Theme

Pixels = NDArray[np.uint32]
NOTHING = -1
"""The index of a pixel that belongs to no cell."""


@lru_cache(maxsize=8)
def _packed(name: str) -> Pixels:
    """The map's colours as Qt keeps them: 0xffRRGGBB."""
    return packed(colour_map(name).table[:, :3])


def packed(colours: ArrayLike) -> Pixels:
    """Colours (…, 3) of 0…255 as Qt keeps opaque ones: 0xffRRGGBB."""
    c = np.asarray(colours).astype(np.uint32)
    return np.uint32(0xFF000000) | c[..., 0] << np.uint32(16) | c[..., 1] << np.uint32(8) | c[..., 2]


def colours_of(theme: Theme, values: ArrayLike, scale: AsinhScale) -> Pixels:
    """The colours of ``values``, of the same shape."""
    table: ColourMap = theme.map
    found: Pixels = _packed(theme.tokens.name)[table.index(values, scale)]
    return found


def flat(theme: Theme, token: str) -> np.uint32:
    """A token's colour."""
    red, green, blue = theme.tokens.rgb(token)
    return np.uint32(0xFF000000 | red << 16 | green << 8 | blue)


@lru_cache(maxsize=256)
def spread(cells: int, length: float, ratio: float, gap: float = 1.0) -> NDArray[np.intp]:
    """For each device pixel of ``length`` logical ones its cell; ``gap`` pixels lie between wide enough cells."""
    count = max(1, round(length * ratio))
    centre = (np.arange(count) + 0.5) / count * cells
    index = np.minimum(centre.astype(np.intp), cells - 1)
    pitch = count / cells
    gap = gap * ratio
    if cells > 1 and pitch >= 3.5 * gap:
        index[((index + 1) - centre) * pitch <= gap] = NOTHING
    index.flags.writeable = False
    return index


def cell_image(colours: Pixels, rows: NDArray[np.intp], columns: NDArray[np.intp], ratio: float) -> QImage:
    """An image in device pixels of cells (n, m), clear where a pixel belongs to none; see :func:`spread`."""
    n, m = colours.shape
    # The last row and column are what the index of no cell points to.
    framed = np.zeros((n + 1, m + 1), np.uint32)
    framed[:n, :m] = colours
    out = np.ascontiguousarray(framed[:, columns][rows])
    high, wide = out.shape
    # copy(): an image does not keep the numpy buffer alive.
    image = QImage(out.data, wide, high, 4 * wide, QImage.Format.Format_ARGB32_Premultiplied).copy()
    image.setDevicePixelRatio(ratio)
    return image
