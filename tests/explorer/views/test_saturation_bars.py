"""The bars of saturation: what they say of shares, and of numbers that are none."""

from __future__ import annotations

from itertools import pairwise

import pytest

from explorer.model.saturation import Saturation
from explorer.theme import palette
from explorer.theme.theme import theme_named
from explorer.views.inspector.saturation_bars import SaturationBars

RULE = "σ below 0.05 or above 0.95"


def bar(name: str, count: int, lost: int = 0, units: int = 16) -> Saturation:
    return Saturation(name, count / units, count, units, RULE, lost > 0 or count > 6, lost)


@pytest.mark.parametrize("level", [0, 1, 2])
@pytest.mark.parametrize("wide", [180, 340, 500])
def test_a_gate_that_is_not_finite_is_said_to_be_so_and_never_zero_per_cent(qtbot, qapp, level, wide) -> None:
    palette.apply(qapp, theme_named("dark"))
    shown = SaturationBars()
    qtbot.addWidget(shown)
    shown.set_level(level)
    shown.set_bars((bar("i", 4), bar("f", 0), bar("g", 1)), RULE)
    shown.resize(wide, shown.height_for(wide, level))
    shown.show()
    finite = shown.grab().toImage()
    shown.set_bars((bar("i", 4), bar("f", 0, 16), bar("g", 1, 2)), RULE)
    assert "f: not finite" in shown.accessibleName() and "g: 1 of 16, 2 not finite" in shown.toolTip()
    assert "i: 25 % · 4 of 16" in shown.accessibleName()
    assert shown.grab().toImage() != finite


@pytest.mark.parametrize("level", [0, 1, 2])
def test_a_clamped_gate_is_called_clamped_and_not_saturated(qtbot, level) -> None:
    shown = SaturationBars()
    qtbot.addWidget(shown)
    shown.set_level(level)
    shown.set_bars((bar("i", 4), Saturation("f", 0.0, 0, 16, RULE, False, 0, 16), bar("g", 1)), RULE)
    shown.resize(340, shown.height_for(340, level))
    assert "f: clamped" in shown.accessibleName() and not shown.grab().isNull()
    shown.set_bars((bar("i", 4), Saturation("f", 0.5, 6, 16, RULE, True, 0, 4), bar("g", 1)), RULE)
    assert "f: 50 % · 6 of 12, 4 clamped" in shown.accessibleName()


@pytest.mark.parametrize("theme", ["dark", "light", "high-contrast"])
@pytest.mark.parametrize("level", [0, 1, 2])
def test_the_track_of_an_empty_bar_stands_out_from_the_panel(qtbot, qapp, theme, level) -> None:
    palette.apply(qapp, theme_named(theme))
    shown = SaturationBars()
    qtbot.addWidget(shown)
    shown.set_level(level)
    shown.set_bars((bar("i", 0), bar("f", 0)), RULE)
    shown.resize(340, shown.height_for(340, level))
    shown.show()
    picture = shown.grab().toImage()
    track = theme_named(theme).colour("line").rgb()
    rows = [y for y in range(picture.height()) if picture.pixel(picture.width() // 4, y) == track]
    # Of as bright a line as in high contrast there is only an outline: a whole bar of it would look full.
    outlined = theme == "high-contrast"
    assert len(rows) >= (2 if outlined else 4) * picture.devicePixelRatio()
    assert outlined == any(b - a > 1 for a, b in pairwise(rows[: 2 if outlined else 4]))
