from __future__ import annotations

import math

import numpy as np
import pytest
from PySide6.QtGui import QImage, QPainter

from explorer.theme.theme import theme_named
from explorer.theme.tokens import contrast
from explorer.widgets.cell_numbers import SHORT, WHOLE, fitting, inks, number_type, number_width, print_numbers
from explorer.widgets.paint import text_width


@pytest.mark.parametrize(
    "value", [0.0, 0.0152, -0.0051, 3.1e-7, -3.14e-17, 1.0, -12.25, 2e9, math.nan, math.inf, -math.inf]
)
@pytest.mark.parametrize("letters", [len(SHORT), len(WHOLE)])
def test_a_number_fits_its_cell_and_is_the_number(value: float, letters: int) -> None:
    text = fitting(value, letters)
    assert len(text) <= letters
    read = {"NaN": math.nan, "∞": math.inf, "−∞": -math.inf}.get(text)
    read = float(text.replace("−", "-")) if read is None else read
    assert read == pytest.approx(value, rel=0.08, nan_ok=True)


@pytest.mark.parametrize("theme", ["dark", "light", "high-contrast"])
def test_the_ink_is_readable_on_every_ground_of_the_map(qapp, theme: str) -> None:
    table = theme_named(theme).map.table
    for ground, black in zip(table.tolist(), inks(table).tolist(), strict=True):
        assert contrast("#{:02X}{:02X}{:02X}".format(*ground[:3]), "#000000" if black else "#FFFFFF") >= 4.5


@pytest.mark.parametrize("scale", [1.0, 1.8])
def test_small_cells_have_no_number_and_larger_ones_a_larger_font(qapp, scale: float) -> None:
    theme = theme_named("dark", scale)
    least = number_width(theme)
    assert number_type(theme, least - 1, 100) is None
    assert number_type(theme, 500, 8) is None
    small, large = number_type(theme, least, 100), number_type(theme, 4 * least, 100)
    assert small is not None and large is not None and small.font.pixelSize() < large.font.pixelSize()
    assert text_width(SHORT, small.font) < least and small.letters < large.letters


def test_numbers_stand_in_the_middle_of_their_cells_in_their_ink(qapp) -> None:
    image = QImage(200, 60, QImage.Format.Format_RGB32)
    image.fill(0xFF808080)
    font = number_type(theme_named("dark"), 100, 60)
    painter = QPainter(image)
    print_numbers(painter, font, [(50, 30, 0.5), (150, 30, -0.5)], [True, False])
    painter.end()
    grey = np.array([[image.pixelColor(x, y).red() for x in range(200)] for y in range(60)])
    for left, inked in ((0, grey[:, :100] < 100), (100, grey[:, 100:] > 160)):
        y, x = np.nonzero(inked)
        assert abs((x.min() + x.max()) / 2 - 50) <= 2 and abs((y.min() + y.max()) / 2 - 30) <= 2, left
    assert grey[:, :100].max() == 128 and grey[:, 100:].min() == 128


def test_what_the_reading_has_in_three_digits_the_cell_has_too() -> None:
    assert fitting(0.0145, len(WHOLE)) == "0.0145"
    assert fitting(-0.0145, len(SHORT)) == "−.0145"
    assert fitting(0.4567, len(SHORT)) == "0.457"
    assert fitting(0.000214, len(WHOLE)) == "2.1e−4" and fitting(-0.000214, len(WHOLE)) == "−2.1e−4"
    assert fitting(0.0, len(SHORT)) == "0"


@pytest.mark.parametrize(
    ("value", "text"), [(8.31e-4, "8.3e−4"), (-9.9e-4, "−9.9e−4"), (4.9e-4, "4.9e−4"), (0.00123, "0.0012")]
)
def test_no_small_number_has_a_single_digit(value: float, text: str) -> None:
    assert fitting(value, 7) == text
