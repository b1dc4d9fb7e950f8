"""``bptt-explorer doctor``: what this machine lacks, and the one command that mends it."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

from rnncore.frozen import dataclass

from . import libraries
from .display import Display, find_display
from .preferences import HOME, folder

GOOD, ADVICE, BAD = "ok", "note", "missing"
NEEDED = (("numpy", (1, 26)), ("PySide6-Essentials", (6, 8)), ("pyqtgraph", (0, 14)))
QT_RANGE = "PySide6-Essentials>=6.8,!=6.11.0,!=6.11.1,!=6.12.0"


@dataclass(frozen=True)
class Check:
    """One line of the table. ``remedy`` is a command, or what else to do; "" where nothing is wrong.

    ``packages`` are those of the system that the remedy installs.
    """

    subject: str
    state: str
    found: str
    remedy: str = ""
    packages: tuple[str, ...] = ()


def examine() -> tuple[Check, ...]:
    """Look at everything that the program needs; never raises, never opens a window, never imports Qt here."""
    display = find_display()
    checks = [python_check(), *package_checks()]
    if libraries.qt_folder() is not None:
        checks += [*library_checks(display), start_check(display)]
    return (*checks, display_check(display), fonts_check(), settings_check(), assets_check())


def healthy(checks: Iterable[Check]) -> bool:
    """Return whether nothing that the window needs is missing."""
    return all(check.state != BAD for check in checks)


def joint_remedy(checks: Iterable[Check], manager: str | None) -> str:
    """Return the one command that installs what several checks miss; "" where one check names it already."""
    lacking = [check.packages for check in checks if check.packages]
    if manager is None or len(lacking) < 2:
        return ""
    return libraries.install_command((name for packages in lacking for name in packages), manager)


def table(checks: Iterable[Check]) -> str:
    """Return the checks as a table in plain text, each remedy on a line of its own below its finding."""
    rows = list(checks)
    width = max(len(row.subject) for row in rows)
    state = max(len(row.state) for row in rows)
    lines = []
    for row in rows:
        lines.append(f"{row.subject:<{width}}  {row.state:<{state}}  {row.found}")
        if row.remedy:
            lines.append(f"{'':<{width}}  {'':<{state}}  → {row.remedy}")
    return "\n".join(lines)


def report() -> str:
    """Return the table for the window to show."""
    return table(examine())


# --- the checks -------------------------------------------------------------------------------------------------


def python_check(version: tuple[int, int, int] | None = None) -> Check:
    """Return whether this Python is new enough."""
    now = version or sys.version_info[:3]
    text = ".".join(map(str, now))
    if now < (3, 11, 0):
        return Check("Python", BAD, f"{text}; 3.11 is the oldest that works", "install Python 3.11 or newer")
    return Check("Python", GOOD, f"{text} in {sys.prefix}")


def package_checks(version_of: Callable[[str], str] | None = None) -> tuple[Check, ...]:
    """Return whether each package is there in a version that works."""
    return tuple(_package_check(name, lowest, version_of or installed_version) for name, lowest in NEEDED)


def installed_version(package: str) -> str:
    """Return an installed package's version; raises PackageNotFoundError, an ImportError."""
    from importlib import metadata  # half of the standard library's e-mail comes with it

    return metadata.version(package)


def _package_check(name: str, lowest: tuple[int, int], version_of: Callable[[str], str]) -> Check:
    least = ".".join(map(str, lowest))
    wanted = QT_RANGE if name.startswith("PySide6") else f"{name}>={least}"
    try:
        version = version_of(name)
    except ImportError:
        found = "not installed"
    else:
        reason = known_fault(name, version)
        if _numbers(version) < lowest:
            found = f"{version} is too old; {least} is the oldest that works"
        elif reason:
            found = f"{version}: {reason}"
        else:
            return Check(name, GOOD, version)
    return Check(name, BAD, found, pip_command(wanted))


def known_fault(package: str, version: str, python: tuple[int, int] | None = None) -> str:
    """Return what is known to be wrong with this version of a package under this Python; "" for nothing."""
    if package != "PySide6-Essentials":
        return ""
    if _numbers(version)[:3] in ((6, 11, 0), (6, 11, 1)):
        return "resizes docks wrongly"
    if _numbers(version)[:3] == (6, 12, 0):
        old = (python or sys.version_info[:2]) < (3, 12)
        return "ends Python 3.11 after some thousand calls" if old else "leaves panels floating that were put back"
    return ""


def qt_fault() -> str:
    """Return why the installed Qt must not be used, with the remedy, as a sentence; "" when it may."""
    check = _package_check(*NEEDED[1], qt_version)
    return "" if check.state == GOOD else f"{check.subject} {check.found}. Do: {check.remedy}"


def qt_version(package: str = NEEDED[1][0]) -> str:
    """Return Qt's version by the name of its folder of records, which is quick; else by asking for it."""
    folder = libraries.qt_folder()
    if folder is not None:
        start = re.escape(package).replace("\\-", "[-_.]")
        named = re.compile(rf"{start}-(\d[\w.]*)\.dist-info", re.IGNORECASE)
        names = os.listdir(folder.parent) if folder.parent.is_dir() else ()
        found = [match[1] for name in names if (match := named.fullmatch(name))]
        if len(found) == 1:
            return found[0]
    return installed_version(package)


def pip_command(requirement: str) -> str:
    """Return the command that installs a requirement into this very Python, whether it has a pip or not."""
    quote = f'"{requirement}"'
    try:
        installed_version("pip")
    except ImportError:
        return f"python3 -m pip --python {sys.prefix} install {quote}"
    return f"{sys.executable} -m pip install {quote}"


def library_checks(display: Display) -> tuple[Check, ...]:
    """Return whether the libraries of Qt itself, and of the display that is there (or X), can be loaded."""
    if not sys.platform.startswith("linux"):
        return ()
    manager = libraries.package_manager()
    wanted = [p for p in display.platforms if p in ("xcb", "wayland")] or ["xcb"]
    missing: list[str] = []
    said: list[str] = []
    for platform in (*wanted, "offscreen"):
        problem = libraries.window_problem(platform)
        if problem is not None:
            missing += problem.libraries
            said.append(problem.message)
    if not said:
        return (Check("libraries", GOOD, f"all that Qt needs for {' and '.join(wanted)}"),)
    names = tuple(dict.fromkeys(missing))
    mend, packages = libraries.remedy(names, manager), libraries.packages_for(names, manager)
    return (Check("libraries", BAD, ", ".join(names) or said[0], mend, packages),)


def start_check(display: Display) -> Check:
    """Start Qt for real, in a process of its own, which may die in peace."""
    import subprocess

    platform = ";".join(display.platforms) if display.present else "offscreen"
    code = (
        "from PySide6.QtWidgets import QApplication as A, QWidget as W\n"
        "a = A([]); w = W(); w.winId(); print(a.platformName())"  # a window that is made, but not shown
    )
    env = os.environ | {"QT_QPA_PLATFORM": platform}
    try:
        run = subprocess.run(
            [sys.executable, "-c", code], env=env, capture_output=True, text=True, timeout=60, check=False
        )
    except (OSError, subprocess.SubprocessError) as error:
        return Check("Qt starts", BAD, str(error), "start it on a quieter machine, then ask again")
    if run.returncode == 0:
        return Check("Qt starts", GOOD, f"on {run.stdout.strip()}")
    last = [line for line in run.stderr.strip().splitlines() if line.strip()]
    return Check("Qt starts", BAD, last[-1] if last else f"it ended with {run.returncode}", "mend what is named above")


def display_check(display: Display) -> Check:
    """Return whether there is a screen. None is no fault: the picture story needs none."""
    if display.present:
        return Check("display", GOOD, display.reason)
    return Check("display", ADVICE, display.reason, "start it from a desktop, or have pictures: bptt-explorer tour")


def fonts_check() -> Check:
    """Return whether Qt will find a font. It brings none of its own."""
    if not sys.platform.startswith("linux"):
        return Check("fonts", GOOD, "the system's own")
    count = len(font_files())
    if count:
        return Check("fonts", GOOD, f"{count} files")
    manager = libraries.package_manager()
    packages = (libraries.FONT_PACKAGES[manager],) if manager else ()
    mend = libraries.install_command(packages, manager) if manager else "install a font"
    return Check("fonts", BAD, "none, so that no text could be read", mend, packages)


def font_files() -> tuple[Path, ...]:
    """Return the font files in the places where fontconfig and Qt look on Linux."""
    home = Path.home()
    places = [Path("/usr/share/fonts"), Path("/usr/local/share/fonts"), home / ".fonts", home / ".local/share/fonts"]
    kinds = {".ttf", ".otf", ".ttc", ".pfb"}
    files = (file for place in places if place.is_dir() for file in place.rglob("*"))
    return tuple(file for file in files if file.suffix.lower() in kinds)


def settings_check() -> Check:
    """Return whether settings can be kept: by writing into the folder, or into the nearest one that exists."""
    import tempfile

    own = folder()
    there = next((place for place in (own, *own.parents) if place.exists()), own)
    try:
        with tempfile.TemporaryFile(dir=there):
            pass
    except OSError as error:
        return Check("settings", BAD, f"{own}: {error.strerror or error}", f"set {HOME} to a folder of your own")
    return Check("settings", GOOD, str(own))


def assets_check() -> Check:
    """Return whether the bundled texts are there."""
    from explorer.assets_path import assets_folder

    try:
        return Check("texts", GOOD, str(assets_folder()))
    except FileNotFoundError as error:
        return Check("texts", BAD, str(error), "install bptt-explorer again")


def _numbers(version: str) -> tuple[int, ...]:
    numbers = []
    for part in version.split("."):
        digits = part[: len(part) - len(part.lstrip("0123456789"))]
        if not digits:
            break
        numbers.append(int(digits))
    return tuple(numbers)
