"""The system libraries that Qt's window needs on Linux, and the one command that installs those that are missing.

Qt aborts the whole process when its display plug-in cannot be loaded. So the plug-in is opened here first, where
a failure is only an exception.
"""

from __future__ import annotations

import ctypes
import importlib.util
import os
import re
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from rnncore.frozen import dataclass

_COLUMNS = ("apt", "dnf", "pacman", "zypper", "apk")
_PACKAGES = """
libEGL.so.1 libegl1 libglvnd-egl libglvnd libEGL1 mesa-egl
libGL.so.1 libgl1 libglvnd-glx libglvnd libGL1 mesa-gl
libX11.so.6 libx11-6 libX11 libx11 libX11-6 libx11
libX11-xcb.so.1 libx11-xcb1 libX11-xcb libx11 libX11-xcb1 libx11
libdbus-1.so.3 libdbus-1-3 dbus-libs dbus libdbus-1-3 dbus-libs
libfontconfig.so.1 libfontconfig1 fontconfig fontconfig fontconfig fontconfig
libfreetype.so.6 libfreetype6 freetype freetype2 libfreetype6 freetype
libglib-2.0.so.0 libglib2.0-0 glib2 glib2 libglib-2_0-0 glib
libgthread-2.0.so.0 libglib2.0-0 glib2 glib2 libgthread-2_0-0 glib
libwayland-client.so.0 libwayland-client0 libwayland-client wayland libwayland-client0 wayland-libs-client
libwayland-cursor.so.0 libwayland-cursor0 libwayland-cursor wayland libwayland-cursor0 wayland-libs-cursor
libwayland-egl.so.1 libwayland-egl1 libwayland-egl wayland libwayland-egl1 wayland-libs-egl
libxcb.so.1 libxcb1 libxcb libxcb libxcb1 libxcb
libxcb-cursor.so.0 libxcb-cursor0 xcb-util-cursor xcb-util-cursor libxcb-cursor0 xcb-util-cursor
libxcb-glx.so.0 libxcb-glx0 libxcb libxcb libxcb-glx0 libxcb
libxcb-icccm.so.4 libxcb-icccm4 xcb-util-wm xcb-util-wm libxcb-icccm4 xcb-util-wm
libxcb-image.so.0 libxcb-image0 xcb-util-image xcb-util-image libxcb-image0 xcb-util-image
libxcb-keysyms.so.1 libxcb-keysyms1 xcb-util-keysyms xcb-util-keysyms libxcb-keysyms1 xcb-util-keysyms
libxcb-randr.so.0 libxcb-randr0 libxcb libxcb libxcb-randr0 libxcb
libxcb-render.so.0 libxcb-render0 libxcb libxcb libxcb-render0 libxcb
libxcb-render-util.so.0 libxcb-render-util0 xcb-util-renderutil xcb-util-renderutil libxcb-render-util0 xcb-util-renderutil
libxcb-shape.so.0 libxcb-shape0 libxcb libxcb libxcb-shape0 libxcb
libxcb-shm.so.0 libxcb-shm0 libxcb libxcb libxcb-shm0 libxcb
libxcb-sync.so.1 libxcb-sync1 libxcb libxcb libxcb-sync1 libxcb
libxcb-util.so.1 libxcb-util1 xcb-util xcb-util libxcb-util1 xcb-util
libxcb-xfixes.so.0 libxcb-xfixes0 libxcb libxcb libxcb-xfixes0 libxcb
libxcb-xkb.so.1 libxcb-xkb1 libxcb libxcb libxcb-xkb1 libxcb
libxkbcommon.so.0 libxkbcommon0 libxkbcommon libxkbcommon libxkbcommon0 libxkbcommon
libxkbcommon-x11.so.0 libxkbcommon-x11-0 libxkbcommon-x11 libxkbcommon-x11 libxkbcommon-x11-0 libxkbcommon-x11
libz.so.1 zlib1g zlib zlib libz1 zlib
libzstd.so.1 libzstd1 libzstd zstd libzstd1 zstd-libs
"""  # noqa: E501
PACKAGES: Mapping[str, Mapping[str, str]] = {
    row.split()[0]: dict(zip(_COLUMNS, row.split()[1:], strict=True)) for row in _PACKAGES.strip().splitlines()
}
"""Library -> package manager -> package."""

FONT_PACKAGES: Mapping[str, str] = {
    "apt": "fonts-dejavu-core",
    "dnf": "dejavu-sans-fonts",
    "pacman": "ttf-dejavu",
    "zypper": "dejavu-fonts",
    "apk": "font-dejavu",
}
_INSTALL: Mapping[str, str] = {
    "apt": "apt-get update && {sudo}apt-get install -y",  # a new system has no lists yet
    "dnf": "dnf install -y",
    "pacman": "pacman -S --needed",
    "zypper": "zypper install",
    "apk": "apk add -U",
}


@dataclass(frozen=True)
class Problem:
    """Something that Qt cannot load: the libraries missing, and what the loader said."""

    libraries: tuple[str, ...]
    message: str


def qt_folder() -> Path | None:
    """Return the folder of PySide6, without importing it; None when it is not installed."""
    try:
        spec = importlib.util.find_spec("PySide6")
    except (ImportError, ValueError):
        return None
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(next(iter(spec.submodule_search_locations)))


def plugin_path(platform: str) -> Path | None:
    """Return the file of Qt's plug-in for "xcb", "wayland" or "offscreen"; None when it is not installed."""
    folder = qt_folder()
    if folder is None:
        return None
    for place in (folder / "Qt" / "plugins" / "platforms", folder / "plugins" / "platforms"):
        for name in (f"libq{platform}.so", f"libq{platform}-generic.so"):
            if (place / name).exists():
                return place / name
    return None


def probe(path: Path) -> Problem | None:
    """Try to load a shared library as Qt would; None when it loads."""
    try:
        ctypes.CDLL(str(path))
    except OSError as error:
        found = missing_libraries(path) or _named_in(str(error))
        return Problem(found, str(error))
    return None


def missing_libraries(path: Path) -> tuple[str, ...]:
    """Return the libraries that ``path`` needs and the system lacks, by ``ldd``; empty when that cannot tell."""
    import shutil
    import subprocess

    tool = shutil.which("ldd")
    if tool is None:
        return ()
    try:
        run = subprocess.run([tool, str(path)], capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.SubprocessError):
        return ()
    return parse_ldd(run.stdout + run.stderr)


def parse_ldd(text: str) -> tuple[str, ...]:
    """Return the libraries that ldd's answer calls missing, GNU's and musl's wording alike, each once."""
    gnu = re.findall(r"^\s*(\S+) => not found", text, re.MULTILINE)
    musl = re.findall(r"Error loading shared library ([^\s:]+):", text)
    return tuple(dict.fromkeys(gnu + musl))


def _named_in(message: str) -> tuple[str, ...]:
    # A path stands before the name where the file is there and broken.
    return tuple(re.findall(r"^(?:\S*/)?(lib[\w.+-]+\.so\.\d[.\d]*):", message))


def package_manager(os_release: str | None = None) -> str | None:
    """Return "apt", "dnf", "pacman", "zypper" or "apk": that of this system; None when it is another."""
    if os_release is None:
        try:
            os_release = Path("/etc/os-release").read_text(encoding="utf-8", errors="replace")
        except OSError:
            os_release = ""
    import shutil

    fields = dict(re.findall(r'^(\w+)="?([^"\n]*)"?$', os_release, re.MULTILINE))
    names = f"{fields.get('ID', '')} {fields.get('ID_LIKE', '')}".lower().split()
    families = {
        "apt": {"debian", "ubuntu"},
        "dnf": {"fedora", "rhel", "centos"},
        "pacman": {"arch", "manjaro"},
        "zypper": {"suse", "opensuse", "opensuse-leap", "opensuse-tumbleweed", "sles"},
        "apk": {"alpine"},
    }
    for manager, family in families.items():
        if family & set(names):
            return manager
    return next((manager for manager in _COLUMNS if shutil.which(manager)), None)


def install_command(packages: Iterable[str], manager: str) -> str:
    """Return the command that installs packages, with ``sudo`` unless one is root already."""
    sudo = "" if hasattr(os, "geteuid") and os.geteuid() == 0 else "sudo "
    words = " ".join(dict.fromkeys(packages))
    return f"{sudo}{_INSTALL[manager].format(sudo=sudo)} {words}"


def packages_for(libraries: Iterable[str], manager: str | None) -> tuple[str, ...]:
    """Return the packages that bring these libraries, as far as they are known, each once."""
    if manager is None:
        return ()
    return tuple(dict.fromkeys(PACKAGES[name][manager] for name in libraries if name in PACKAGES))


def remedy(libraries: Iterable[str], manager: str | None) -> str:
    """Return the one command that brings these libraries, or what to look for where no command is known."""
    missing = tuple(libraries)
    known = packages_for(missing, manager)
    if manager is None or not known:
        return f"install the packages that hold {', '.join(missing) or 'the libraries named above'}"
    return install_command(known, manager)


def window_problem(platform: str) -> Problem | None:
    """Return what keeps Qt from loading its plug-in for ``platform``; None off Linux and when all is well."""
    if not sys.platform.startswith("linux"):
        return None
    path = plugin_path(platform)
    return None if path is None else probe(path)
