from __future__ import annotations

import numpy as np
import pytest

from explorer.theme.colourmap import AsinhScale
from explorer.theme.theme import theme_named
from explorer.widgets.cells import NOTHING, cell_image, colours_of, flat, spread


@pytest.mark.parametrize(
    ("cells", "length", "ratio"), [(5, 50.0, 1.0), (7, 33.0, 1.0), (9, 40.0, 2.0), (50, 40.0, 1.0)]
)
def test_every_pixel_belongs_to_its_cell_or_to_a_gap(cells: int, length: float, ratio: float) -> None:
    index = spread(cells, length, ratio)
    assert len(index) == length * ratio
    inside = index[index != NOTHING]
    assert (np.diff(inside) >= 0).all()
    assert index[0] == 0
    if length * ratio >= cells:
        assert set(inside.tolist()) == set(range(cells))
    assert (NOTHING in index.tolist()) == (length / cells >= 3.5)


def test_an_image_has_the_cells_colours_and_nothing_between_them(qapp) -> None:
    theme = theme_named("dark")
    values = np.array([[1.0, -1.0], [0.0, np.nan]])
    colours = colours_of(theme, values, AsinhScale(1.0, 1.0))
    image = cell_image(colours, spread(2, 10.0, 1.0), spread(2, 12.0, 1.0), 1.0)
    assert (image.width(), image.height()) == (12, 10)
    assert image.pixelColor(1, 1).name().upper() == theme.tokens.positive
    assert image.pixelColor(8, 1).name().upper() == theme.tokens.negative
    assert image.pixelColor(8, 7).name().upper() == theme.tokens.nan
    assert image.pixelColor(5, 1).alpha() == 0
    assert int(flat(theme, "raised")) == int("FF" + theme.tokens.raised[1:], 16)
