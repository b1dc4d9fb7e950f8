from __future__ import annotations

import pytest

from explorer.theme import palette
from explorer.theme.theme import theme_named
from explorer.widgets.rule import Rule


@pytest.mark.parametrize("name", ["light", "high-contrast", "dark"])
def test_a_rule_takes_the_colour_of_each_theme(qtbot, qapp, name):
    rule = Rule()
    qtbot.addWidget(rule)
    rule.resize(20, 1)
    palette.apply(qapp, theme_named(name))
    assert rule.grab().toImage().pixelColor(10, 0) == theme_named(name).colour("line")
    palette.apply(qapp, theme_named("dark"))
