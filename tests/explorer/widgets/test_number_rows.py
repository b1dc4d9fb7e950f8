from __future__ import annotations

from PySide6.QtCore import QRectF
from PySide6.QtGui import QImage, QPainter

from explorer.theme.theme import current, theme_named
from explorer.widgets.number_rows import line_height, lines, one_line, paint_rows

ROWS = (("norm", "2.21", "text"), ("not finite", "1 NaN", "cut"), ("rank", "3", "loss"))


def inked(qapp, height: float) -> list[bool]:
    """Which lines of a picture that high have anything painted on them."""
    theme = theme_named("dark")
    image = QImage(200, 120, QImage.Format.Format_RGB32)
    image.fill(0)
    painter = QPainter(image)
    paint_rows(painter, theme, ROWS, QRectF(0, 0, 200, height))
    painter.end()
    line = int(line_height(current()))
    return [
        any(image.pixel(x, y) & 0xFFFFFF for x in range(200) for y in range(n * line + 2, (n + 1) * line - 2))
        for n in range(5)
    ]


def test_as_many_rows_are_painted_as_find_room(qapp) -> None:
    assert inked(qapp, 3 * line_height(current())) == [True, True, True, False, False]
    assert inked(qapp, 2 * line_height(current())) == [True, True, False, False, False]


def test_with_room_for_one_line_all_stand_in_it(qapp) -> None:
    assert inked(qapp, line_height(current())) == [True, False, False, False, False]
    assert one_line(ROWS) == "norm 2.21 · not finite 1 NaN · rank 3"
    assert lines(ROWS).splitlines()[1] == "not finite: 1 NaN"
