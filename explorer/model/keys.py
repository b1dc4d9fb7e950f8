"""How keys are written: the one spelling of menus, key sheet, tool tips, palette and sentences."""

from __future__ import annotations

import sys

SHIFT = "⇧"
_EVERYWHERE = {
    "Shift+": SHIFT,
    "Right": "→",
    "Left": "←",
    "Up": "↑",
    "Down": "↓",
    "PgDown": "PgDn",
    "PgUp": "PgUp",
    "Return": "Enter",
}
_MAC = {"Ctrl+": "⌘", "Alt+": "⌥", "Meta+": "⌃"}
"""On a Mac, Qt's Ctrl is the command key."""


def key_text(keys: str, mac: bool | None = None) -> str:
    """Return a key of Qt's portable form as it is printed: ``⇧→`` for ``Shift+Right``, ``PgDn`` for ``PgDown``.

    ``mac``: with the signs of a Mac's keyboard; None: as on this machine.
    """
    mac = sys.platform == "darwin" if mac is None else mac
    signs = _EVERYWHERE | (_MAC if mac else {})
    before = ""
    while (at := keys.find("+", 0, len(keys) - 1)) > 0:
        before += signs.get(keys[: at + 1], keys[: at + 1])
        keys = keys[at + 1 :]
    return before + signs.get(keys, "−" if keys == "-" else keys)
