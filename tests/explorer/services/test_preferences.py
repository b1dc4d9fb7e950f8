from __future__ import annotations

import json
from pathlib import Path

import pytest

from explorer.services.preferences import Preferences, folder, last_session_path


def written(text: str) -> Preferences:
    folder().mkdir(parents=True, exist_ok=True)
    (folder() / "preferences.json").write_text(text, "utf-8")
    return Preferences.load()


def test_what_was_chosen_is_there_at_the_next_start(own_home):
    chosen = Preferences("light", 1.25, "code", "AdnQ")
    chosen.save()
    assert Preferences.load() == chosen
    assert [p.name for p in Path(own_home).iterdir()] == ["preferences.json"]


def test_a_scale_of_nothing_is_left_to_the_screen():
    assert written('{"scale": 0}').scale == Preferences().scale == 0.0


def test_layouts_saved_by_name_are_there_at_the_next_start_and_one_with_nonsense_keeps_its_name(own_home):
    chosen = Preferences(saved_layouts={"Vorlesung ä": {"wide": "AAAA/w==", "wide shares": "0.3 0.3"}})
    chosen.save()
    assert Preferences.load() == chosen
    named = written('{"saved_layouts": {"a": {"wide": "AA"}, "b": 5, "c": {"wide": "größer"}, "": {}}, "tab": "code"}')
    assert named.saved_layouts == {"a": {"wide": "AA"}, "b": {}, "c": {}} and named.tab == "code"
    assert written('{"saved_layouts": 7}') == Preferences()


def test_nothing_saved_gives_the_defaults():
    assert Preferences.load() == Preferences()


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "5", '"dark"', "\x00\x01"])
def test_a_file_that_cannot_be_read_gives_the_defaults(text):
    assert written(text) == Preferences()


@pytest.mark.parametrize(
    "bad",
    [
        {"theme": 3},
        {"theme": "pink"},
        {"theme": []},
        {"scale": True},
        {"scale": 0.1},
        {"scale": -1},
        {"scale": 99},
        {"scale": float("nan")},
        {"scale": "big"},
        {"tab": 7},
        {"tab": "cellar"},
        {"geometry": 5},
        {"geometry": "größer"},
        {"colour": "red"},
        {"opened_in": "/no/such/folder"},
        {"saved_in": "nul\0"},
        {"speed": 0},
        {"speed": True},
        {"speed": float("inf")},
        {"beat": "drum"},
    ],
)
def test_a_wrong_choice_is_passed_over_and_the_others_stay(bad):
    good = {"theme": "light", "scale": 1.5, "tab": "numbers", "geometry": "AA"}
    made = written(json.dumps({**good, **bad}))
    for name, value in good.items():
        assert getattr(made, name) == (getattr(Preferences(), name) if name in bad else value)


def test_a_folder_that_cannot_be_written_to_stops_nothing(monkeypatch, tmp_path):
    blocked = tmp_path / "a file"
    blocked.write_text("not a folder")
    monkeypatch.setenv("BPTT_EXPLORER_HOME", str(blocked / "below"))
    Preferences("light").save()
    assert Preferences.load() == Preferences()


@pytest.mark.parametrize(
    ("platform", "variable", "expected"),
    [
        ("linux", "XDG_CONFIG_HOME", ("bptt-explorer",)),
        ("win32", "APPDATA", ("BPTT Explorer",)),
        ("darwin", "HOME", ("Library", "Application Support", "BPTT Explorer")),
    ],
)
def test_each_platform_has_its_own_folder(monkeypatch, tmp_path, platform, variable, expected):
    monkeypatch.delenv("BPTT_EXPLORER_HOME")
    monkeypatch.setattr("sys.platform", platform)
    monkeypatch.setenv(variable, str(tmp_path))
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    assert folder() == tmp_path.joinpath(*expected)
    assert last_session_path().parent == folder()
