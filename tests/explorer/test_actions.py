from __future__ import annotations

from itertools import pairwise

import pytest

from explorer.actions import BEGINNINGS, BY_ID, COMMANDS, GROUPS, choices, hints, in_group, matching, shorter_hints
from explorer.model import action as do
from explorer.model.keys import key_text
from explorer.model.settings import Settings
from explorer.panels import PANELS
from explorer.synonyms import SYNONYMS, also_called
from rnncore.truncation import Full, Stride, Tail, Window
from tests.explorer.model.runs import Driver

DESIGNED = {
    "Right": do.Move("operation", 1),
    "Left": do.Move("operation", -1),
    "Shift+Right": do.Move("step", 1),
    "Shift+Left": do.Move("step", -1),
    "Ctrl+Right": do.Move("pass", 1),
    "Ctrl+Left": do.Move("pass", -1),
    "PgDown": do.Advance(1),
    "PgUp": do.Advance(-1),
    "Space": do.Play(),
    "Home": do.GoTo(0),
    "End": do.GoToEnd(),
    "T": do.Train(),
}


def by_key(keys):
    return next(c for c in COMMANDS if keys in c.keys)


@pytest.mark.parametrize("keys", DESIGNED)
def test_the_keys_of_the_design_do_what_it_says(keys):
    assert by_key(keys).action == DESIGNED[keys]


@pytest.mark.parametrize("keys", ["F11", "Ctrl+Z", "Ctrl+Shift+Z", "Ctrl+Shift+P", "?", "F1", "Ctrl+S", "Ctrl+O"])
def test_the_keys_of_the_window_are_there(keys):
    assert by_key(keys).action is None


def test_no_key_and_no_name_is_given_twice():
    keys = [key for command in COMMANDS for key in command.keys]
    assert len(keys) == len(set(keys))
    assert len(BY_ID) == len(COMMANDS)


def test_every_command_explains_itself():
    for command in COMMANDS:
        assert command.title and command.help.endswith(".") and command.group in GROUPS
    assert sum(len(list(in_group(group))) for group in GROUPS) == len(COMMANDS)


def test_commands_are_offered_only_where_they_make_sense():
    driver = Driver()
    before = {c.id for c in COMMANDS if c.when(driver.session)}
    assert "next" in before and not before & {"back", "home", "update-back", "newest"}
    driver.do(driver.trained(2), do.Move())
    after = {c.id for c in COMMANDS if c.when(driver.session)}
    assert {"back", "home", "update-back", "first"} <= after and "newest" not in after


def test_every_action_of_the_table_can_be_reduced():
    for command in COMMANDS:
        if command.action is not None:
            Driver().do(command.action)


def test_the_palette_finds_by_words_of_title_help_and_key():
    assert matching("undo")[0].id == "undo"
    assert matching("time step next")[0].id == "next-step"
    assert matching("pgdown")[0].keys[0].endswith("PgDown")
    assert matching("") == list(COMMANDS)
    assert matching("xyzzy") == []


def test_the_hint_line_comes_from_the_table():
    line = hints()
    for command in COMMANDS:
        assert (f"{key_text(command.keys[0])} {command.hint}" in line) if command.hint else True
    assert "→ next operation" in line and "T train" in line


def test_a_short_hint_line_still_leads_to_all_keys():
    forms = shorter_hints()
    assert forms[0] == hints() and forms[-1] == "? keys"
    assert all(len(a) > len(b) and b.endswith("? keys") for a, b in pairwise(forms))


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("sweep", "order"),
        ("by loss", "order"),
        ("shapes", "graph"),
        ("clip", "optimiser"),
        ("vanishing", "panel:horizon"),
        ("exploding gradient", "panel:horizon"),
        ("saturation", "panel:gates"),
        ("spectral radius", "panel:parameters"),
        ("cosine", "panel:horizon"),
        ("temperature", "panel:predictions"),
        ("perplexity", "panel:predictions"),
        ("tbptt", "truncation"),
        ("detach", "truncation"),
        ("svd", "panel:parameters"),
        ("fullscreen", "full-screen"),
        ("optimizer", "optimiser"),
        ("shortcuts", "keys"),
    ],
)
def test_the_words_of_the_field_find_what_shows_it(wanted, found):
    assert found in [command.id for command in matching(wanted)][:4]


def test_every_command_has_other_words_and_what_stands_on_screen_comes_first():
    assert set(SYNONYMS) == set(BY_ID) and all(SYNONYMS.values())
    assert all(also_called(command.id) for command in choices(Settings()))
    assert [command.id for command in matching("undo")][:2] == ["undo", "back"]  # “Undo one micro-step.”


def test_words_written_together_are_found_in_titles():
    assert matching("owncell")[0].id == "own-cell"
    assert matching("nexttimestep")[0].id == "next-step" and matching("pencilandpaper")[0].id == "panel:paper"
    assert matching("full-screen")[0].id == matching("fullscreen")[0].id == "full-screen"
    assert not any(command.id == "own-cell" for command in matching("nc"))  # not across words for two letters


def test_a_panel_is_found_by_its_title_and_by_what_stands_on_its_tab():
    for panel in PANELS:
        assert f"panel:{panel.id}" in [command.id for command in matching(f"panel {panel.title}")][:1]
        assert f"panel:{panel.id}" in [command.id for command in matching(f"panel {panel.short}")]
        assert panel.short.casefold() in BY_ID[f"panel:{panel.id}"].title.casefold()


def test_a_long_menu_has_lines_between_its_parts():
    for group in GROUPS:
        ids = [command.id for command in in_group(group)]
        begun = [place for place, id in enumerate(ids) if id in BEGINNINGS]
        parts = [b - a for a, b in pairwise([0, *begun, len(ids)])]
        assert min(parts) > 0, f"{group} begins with a line"
        assert max(parts) <= 12, (group, parts)
    assert {command.id for command in COMMANDS} >= BEGINNINGS


@pytest.mark.parametrize(
    ("typed", "title", "changed"),
    [
        ("stride", "Truncation: stride 4 back 8, new losses", {"truncation": Stride(4, 8, "new")}),
        ("truncation full", "Truncation: full", {"truncation": Full()}),
        ("window k = 2", "Truncation: window k = 2", {"truncation": Window(2)}),
        ("tail of", "Truncation: tail of 4", {"truncation": Tail(4)}),
        ("between carried", "Between sentences: carried", {"between": "carried"}),
    ],
)
def test_every_policy_is_chosen_by_its_name(typed, title, changed):
    settings = Settings()
    found = next(command for command in matching(typed, choices(settings)) if command.title == title)
    assert {name: getattr(found.action.settings, name) for name in changed} == changed
    assert found.action.base == settings
