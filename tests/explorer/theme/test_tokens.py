from __future__ import annotations

import pytest

from explorer.theme.tokens import COLOUR_NAMES, HIGH_CONTRAST, THEMES, contrast, mix, rgb

ACCENTS = ("value", "gradient", "loss", "cut", "good", "weight")


@pytest.mark.parametrize("theme", THEMES.values(), ids=lambda t: t.name)
def test_text_stands_out_from_every_ground_it_is_written_on(theme):
    for ink in ("text", "muted"):
        for ground in ("panel", "background", "raised"):
            assert contrast(getattr(theme, ink), getattr(theme, ground)) >= 4.5, (ink, ground)


@pytest.mark.parametrize("theme", THEMES.values(), ids=lambda t: t.name)
def test_accents_can_be_read_as_text_on_a_panel(theme):
    for ink in ACCENTS:
        assert contrast(getattr(theme, ink), theme.panel) >= 4.5, ink


@pytest.mark.parametrize("theme", THEMES.values(), ids=lambda t: t.name)
def test_text_on_a_filled_accent_stands_out(theme):
    for accent in ACCENTS:
        assert contrast(theme.on_accent, getattr(theme, accent)) >= 4.5, accent


def test_high_contrast_is_higher_than_seven_to_one():
    for ink in ("text", "muted", *ACCENTS):
        assert contrast(getattr(HIGH_CONTRAST, ink), HIGH_CONTRAST.panel) >= 7.0, ink


@pytest.mark.parametrize("theme", THEMES.values(), ids=lambda t: t.name)
def test_every_token_is_a_colour_and_can_be_asked_for_by_name(theme):
    for name in COLOUR_NAMES:
        assert theme.rgb(name) == rgb(getattr(theme, name))
    with pytest.raises(KeyError, match="no colour token 'name'"):
        theme.rgb("name")


def test_what_is_not_a_colour_is_refused():
    with pytest.raises(ValueError, match="#RRGGBB"):
        rgb("red")


def test_a_mix_lies_between_its_colours():
    assert mix("#FFFFFF", "#000000", 0.5) == "#808080"
    assert mix("#123456", "#ABCDEF", 0.0) == "#ABCDEF"


def test_contrast_of_black_on_white_is_twenty_one():
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21.0)
    assert contrast("#FFFFFF", "#000000") == pytest.approx(21.0)
