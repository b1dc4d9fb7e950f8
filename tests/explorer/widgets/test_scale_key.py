from __future__ import annotations

import numpy as np
import pytest

from explorer.theme.colourmap import AsinhScale
from explorer.theme.theme import theme_named
from explorer.widgets.paint import text_width
from explorer.widgets.scale_key import APART, GAP, axis_words, bar_image, key_line


@pytest.mark.parametrize("limit", [0.5, 2e-7, 5e12])
@pytest.mark.parametrize("words", [axis_words("units", "tokens"), axis_words("units", "")])
def test_the_line_says_as_much_as_has_room_and_cuts_nothing(qapp, words: tuple[str, ...], limit: float) -> None:
    theme, scale = theme_named("dark"), AsinhScale(limit, limit / 100)
    font, said = theme.font("tiny"), []
    for width in range(20, 420, 4):
        line = key_line(words, scale, float(width), theme)
        assert line.words in words
        taken = text_width(line.words, font) + (theme.px(APART) if line.words else 0)
        ends = sum(text_width(end, font) + GAP for end in (line.before, line.after) if end) + line.bar
        assert taken + ends <= width or not (line.words or line.bar)
        assert line.width == (ends if line.bar else 0)
        said.append((bool(line.bar), len(line.words)))
    assert said[0] == (False, 0) and said[-1] == (True, len(words[0])) and said == sorted(said)
    assert key_line(words, scale, 420.0, theme).after.endswith(" asinh")


def test_the_bar_has_the_colours_of_the_map_from_end_to_end(qapp) -> None:
    colours, scale = theme_named("light").map, AsinhScale(3.0, 0.03)
    image = bar_image(colours, 40, 6, 2.0)
    assert (image.width(), image.height()) == (80, 12)
    ends = [image.pixelColor(x, 5).getRgb()[:3] for x in (0, 79)]
    wanted = colours.rgba(np.array([-3.0, 3.0]), scale)[:, :3].tolist()
    assert [list(end) for end in ends] == wanted
