"""Is there a screen? Asked before Qt is, because Qt ends the process when there is none."""

from __future__ import annotations

import ctypes
import os
import re
import socket
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from rnncore.frozen import dataclass

PATIENCE = 3.0
"""Seconds to wait for a display on another machine."""


@dataclass(frozen=True)
class Display:
    """What was found.

    ``platforms`` are the Qt platforms that can show a window, best first; empty when there is no screen. ``reason``
    is a sentence for the user: what was found, or why there is none.
    """

    platforms: tuple[str, ...]
    reason: str

    @property
    def present(self) -> bool:
        return bool(self.platforms)


def find_display(environ: Mapping[str, str] | None = None, platform: str = sys.platform) -> Display:
    """Look for a screen: by the environment, and by knocking at the server that it names."""
    env = os.environ if environ is None else environ
    chosen = env.get("QT_QPA_PLATFORM", "").split(";")[0].split(":")[0]
    if chosen and chosen not in ("xcb", "wayland"):
        return Display((env["QT_QPA_PLATFORM"],), f"QT_QPA_PLATFORM asks for {chosen}")
    if platform == "win32":
        return Display(("windows",), "Windows")
    if platform == "darwin":
        return Display(("cocoa",), "macOS")
    found: list[str] = []
    told: list[str] = []
    wayland, x = env.get("WAYLAND_DISPLAY"), env.get("DISPLAY")
    if wayland and chosen != "xcb":
        if wayland_answers(wayland, env.get("XDG_RUNTIME_DIR")):
            found.append("wayland")
            told.append(f"Wayland display {wayland}")
        else:
            told.append(f"WAYLAND_DISPLAY is {wayland}, but nothing answers there")
    if x and chosen != "wayland":
        trouble = x_trouble(x)
        if trouble is None:
            found.append("xcb")
            told.append(f"X display {x}")
        else:
            told.append(f"DISPLAY is {x}, but {trouble}")
    if not told:
        told.append("neither DISPLAY nor WAYLAND_DISPLAY is set")
    if env.get("XDG_SESSION_TYPE") != "wayland":
        found.reverse()  # as Qt does: X first, unless the session says that it is Wayland's
    return Display(tuple(found), "; ".join(told))


def wayland_answers(name: str, runtime: str | None) -> bool:
    """Return whether a compositor listens at the socket of that name."""
    path = Path(name) if os.path.isabs(name) else Path(runtime or "/nonexistent") / name
    return _connects(socket.AF_UNIX, str(path))


def x_trouble(display: str) -> str | None:
    """Return why the X server of ``display`` cannot be used, as the end of a sentence; None when it can."""
    parts = re.fullmatch(r"(?:(?P<host>[^/]*?):|(?P<path>/.*):)(?P<number>\d+)(?:\.\d+)?", display)
    if parts is None:
        return "that is no display's name"
    number = int(parts["number"])
    if not parts["path"] and parts["host"] not in ("", "unix"):
        # Far away, silence can last for minutes: knock first, with patience that ends.
        host = parts["host"].rpartition("/")[2].strip("[]")
        if not _connects(socket.AF_INET, (host, 6000 + number)):
            return "no server answers there"
    for wait in (0.0, 0.3, 1.0):
        # A server whose last client has just left begins anew, and is deaf for a moment.
        time.sleep(wait)
        if _shakes_hands(display):
            return None
        if not _listens_here(parts["path"], number):
            return "no server answers there"
    return "its server does not let this program in"


def _listens_here(path: str | None, number: int) -> bool:
    if path:
        return _connects(socket.AF_UNIX, f"{path}:{number}") or _connects(socket.AF_UNIX, path)
    name = f"/tmp/.X11-unix/X{number}"
    abstract = sys.platform.startswith("linux") and _connects(socket.AF_UNIX, "\0" + name)
    return abstract or _connects(socket.AF_UNIX, name)


def _connects(family: int, address: str | tuple[str, int]) -> bool:
    try:
        if isinstance(address, tuple):
            with socket.create_connection(address, PATIENCE):
                return True
        with socket.socket(family, socket.SOCK_STREAM) as knock:
            knock.settimeout(PATIENCE)
            knock.connect(address)
            return True
    except (OSError, ValueError, OverflowError):
        return False


_held: list[int] = []
"""Connections that worked. They stay open: a virtual server whose only client leaves begins anew, and would miss Qt."""


def _shakes_hands(display: str) -> bool:
    """Connect as Qt will, cookie and all; where the library for it is missing, that is told apart, so just knock."""
    try:
        xcb = ctypes.CDLL("libxcb.so.1")
    except OSError:
        number = int(display.rpartition(":")[2].partition(".")[0])
        return display.startswith((":", "unix:")) and _listens_here(None, number)
    xcb.xcb_connect.restype = ctypes.c_void_p
    xcb.xcb_connect.argtypes = [ctypes.c_char_p, ctypes.c_void_p]
    xcb.xcb_connection_has_error.argtypes = [ctypes.c_void_p]
    xcb.xcb_disconnect.argtypes = [ctypes.c_void_p]
    connection = xcb.xcb_connect(os.fsencode(display), None)
    if xcb.xcb_connection_has_error(connection):
        xcb.xcb_disconnect(connection)
        return False
    _held.append(connection)
    return True
