"""What is remembered between starts: the theme, the size of the type, the window's place, and the last session."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from dataclasses import asdict, field
from pathlib import Path
from typing import Any

from rnncore.frozen import dataclass

THEMES = ("dark", "light", "high-contrast")
BEATS = ("operation", "step", "loss", "pass")
TABS = ("graph", "equations", "code", "numbers")
HOME = "BPTT_EXPLORER_HOME"
"""Environment variable that names another folder for all of this."""


def folder() -> Path:
    """Return the folder of the program's own files, as the platform has it."""
    given = os.environ.get(HOME)
    if given:
        return Path(given)
    if sys.platform == "win32":
        return Path(os.environ.get("APPDATA", Path.home() / "AppData" / "Roaming")) / "BPTT Explorer"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "BPTT Explorer"
    return Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "bptt-explorer"


def last_session_path() -> Path:
    """Return where the session is kept from one start to the next."""
    return folder() / "last-session.bptt"


def _is_folder(value: Any) -> bool:
    return isinstance(value, str) and "\0" not in value and Path(value).is_dir()


@dataclass(frozen=True)
class Preferences:
    """Small choices; anything unreadable in the file is passed over."""

    theme: str = "dark"
    scale: float = 0.0
    """Size of the type; 0 as the screen suggests."""
    tab: str = "graph"
    geometry: str = ""
    layouts: dict[str, str] = field(default_factory=dict)
    """Where the panels are, as the window writes it."""
    saved_in: str = ""
    """Folder that a session was last saved to."""
    opened_in: str = ""
    """Folder that a file was last opened from."""
    speed: float = 4.0
    """Beats of the playback a second."""
    beat: str = "operation"
    """What one beat of the playback is."""
    saved_layouts: dict[str, dict[str, str]] = field(default_factory=dict)
    """Layouts that were saved by name, each as ``layouts``; empty where the file has nonsense, so that none is lost."""

    @staticmethod
    def load() -> Preferences:
        """Read them; the defaults where there is nothing to read."""
        try:
            plain: Any = json.loads((folder() / "preferences.json").read_text("utf-8"))
        except (OSError, ValueError):
            return Preferences()
        if not isinstance(plain, dict):
            return Preferences()
        fits: dict[str, Callable[[Any], bool]] = {
            "theme": lambda v: v in THEMES,
            "scale": lambda v: isinstance(v, int | float) and not isinstance(v, bool) and (v == 0 or 0.6 <= v <= 3.0),
            "tab": lambda v: v in TABS,
            "geometry": lambda v: isinstance(v, str) and v.isascii(),
            "layouts": lambda v: isinstance(v, dict) and all(isinstance(t, str) and t.isascii() for t in v.values()),
            "saved_in": _is_folder,
            "opened_in": _is_folder,
            "speed": lambda v: isinstance(v, int | float) and not isinstance(v, bool) and 0.25 <= v <= 60,
            "beat": lambda v: v in BEATS,
        }
        found = {name: plain[name] for name, fit in fits.items() if name in plain and fit(plain[name])}
        named = plain.get("saved_layouts")
        if isinstance(named, dict):
            found["saved_layouts"] = {name: v if fits["layouts"](v) else {} for name, v in named.items() if name}
        return Preferences(**found)

    def save(self) -> None:
        """Write them; a folder that cannot be written to is no reason to stop."""
        try:
            folder().mkdir(parents=True, exist_ok=True)
            target = folder() / "preferences.json"
            part = target.with_suffix(".part")
            part.write_text(json.dumps(asdict(self)), "utf-8")
            part.replace(target)
        except OSError:
            return
