"""The command line: opens the window, or does without one."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from explorer import __version__
from explorer.terminal import UNSPEAKABLE, Parser, fail, fall_silent, lost, sentence, speak_utf8

HELP = """\
BPTT Explorer opens a small recurrent network like a watch: step it forward, step its gradient
backward through time, cut that gradient where you like, and watch it train.

  bptt-explorer                     open the window on a bundled corpus
  bptt-explorer notes.txt           … on a text of your own (any encoding)
  bptt-explorer comments.csv        … on the wordiest column of a table
  bptt-explorer run.bptt            … on a session, as it was left
  bptt-explorer --fresh             … as on the first day; the last session stays as it is
  bptt-explorer --theme light       … in a theme: dark, light, high-contrast, or system for the desktop's

  bptt-explorer train notes.txt     train in the terminal, and keep notes.bptt
  bptt-explorer tour                pictures of a first walk, in a folder; needs no screen
  bptt-explorer doctor              what this machine lacks, and the one command that mends it

  bptt-explorer train --help        the choices: cell, units, truncation, optimiser, …
  bptt-explorer --version

In the window: → one operation, ⇧→ a time step, Ctrl+→ a pass, ← goes back, T trains, ? shows all keys.
A file that is called like a command can be opened as ./train.
"""
COMMANDS = ("train", "tour", "doctor", "help")
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
"""What the libraries below numpy ask for the number of their threads."""
TRUSTED = ("xcb", "wayland", "windows", "cocoa", "offscreen", "minimal")
"""Qt's platforms that start wherever their libraries and, for the first two, a display are found."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit code; a user's mistake ends in a sentence, not a traceback."""
    words = list(sys.argv[1:] if argv is None else argv)
    speak_utf8()
    _one_thread()
    try:
        code = _command(words)
        sys.stdout.flush()
        try:
            sys.stderr.flush()
        except OSError:
            fall_silent(sys.stderr)
        return code
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        fall_silent(sys.stdout)
        return 1
    except OSError as error:
        if error.errno not in UNSPEAKABLE:
            raise
        fall_silent(sys.stdout)
        return fail(f"the output cannot be written ({error.strerror}). Make room, or send it elsewhere.")


def _command(words: list[str]) -> int:
    if words and words[0] in COMMANDS:
        name, rest = words[0], words[1:]
        if name == "train":
            from explorer import train_command

            return train_command.run(rest)
        if name == "tour":
            return _tour(rest)
        if name == "doctor":
            return _doctor(rest)
        words = ["--help"]
    if any(word in ("-h", "--help") for word in words):
        print(HELP, end="")
        return 0
    parser = Parser(prog="bptt-explorer", add_help=False)
    meant = _command_meant(words)
    if meant:
        parser.error(f"there is no command and no file {words[0]!r}. Did you mean: bptt-explorer {meant}")
    parser.add_argument("path", nargs="?")
    parser.add_argument("--version", action="version", version=f"bptt-explorer {__version__}")
    parser.add_argument("--fresh", action="store_true")
    parser.add_argument("--theme", choices=("dark", "light", "high-contrast", "system"))
    options = parser.parse_args(words)
    from explorer.services import collector

    with collector.resting():
        return _window(options.path, options.theme, options.fresh)


def _command_meant(words: list[str]) -> str:
    """Return the command that a first word which is none, and no file, is likely to mean; "" for none."""
    if not words or not words[0].isalpha() or os.path.exists(words[0]):
        return ""
    from difflib import get_close_matches

    return " ".join(get_close_matches(words[0].lower(), COMMANDS, 1, 0.6))


# --- the window -------------------------------------------------------------------------------------------------


def _window(path: str | None, theme: str | None = None, fresh: bool = False) -> int:
    from explorer.services import display, doctor, libraries

    gone = lost()
    if gone:
        return fail(gone)
    if path is not None:
        asked_for = Path(path).expanduser()
        if not path or not os.path.exists(asked_for):
            named = path if len(path) < 200 else f"{path[:100]} … {path[-40:]}"
            return fail(
                f"{named or repr('')}: there is no such file. Give a text, a table or a .bptt session, or see --help."
            )
        if asked_for.is_dir():
            return fail(f"{path} is a folder. Choose a text, a table or a .bptt session inside it.")
    fault = doctor.qt_fault()
    if fault:
        return fail(fault)
    screen = display.find_display()
    if not screen.present:
        print(f"There is no screen to open a window on: {screen.reason}.")
        print("Here is a short tour in pictures instead.", flush=True)
        theme = "" if theme == "system" else theme  # without a screen there is no desktop either
        return _tour([*(["--theme", theme] if theme else []), *(["--", path] if path is not None else [])])
    lacking = _qt_lacks()
    if lacking:
        return fail(lacking)
    if any(platform.partition(":")[0] not in TRUSTED for platform in screen.platforms):
        # Only an attempt can tell, and Qt ends the process that fails at it.
        start = doctor.start_check(screen)
        if start.state == doctor.BAD:
            asked, said = os.environ["QT_QPA_PLATFORM"], start.found.rstrip(".")
            return fail(f"QT_QPA_PLATFORM asks for {asked}, but Qt cannot start there: {said}. Unset it.")
    usable, problems = [], []
    for platform in screen.platforms:
        problem = libraries.window_problem(platform) if platform in ("xcb", "wayland") else None
        if problem is None:
            usable.append(platform)
        else:
            problems.append(problem)
    if not usable:
        missing = [name for problem in problems for name in problem.libraries]
        return fail(_lacking(missing, problems[0].message))
    os.environ["QT_QPA_PLATFORM"] = ";".join(usable)
    from explorer.app import run

    return run(path, theme=theme, fresh=fresh)


def _qt_lacks() -> str:
    """Return what Qt lacks to be loaded, with the one command that mends it; "" when it loads."""
    from explorer.services import libraries

    try:
        import PySide6.QtWidgets  # noqa: F401
    except ImportError as error:
        folder = libraries.qt_folder()
        library = None if folder is None else folder / "Qt" / "lib" / "libQt6Widgets.so.6"
        problem = libraries.probe(library) if library is not None and library.exists() else None
        xcb = libraries.window_problem("xcb")
        names = [*(problem.libraries if problem else ()), *(xcb.libraries if xcb else ())]
        return _lacking(names, str(error))
    return ""


def _lacking(names: Sequence[str], message: str) -> str:
    from explorer.services import libraries

    unique = tuple(dict.fromkeys(names))
    if not unique:
        return f"Qt cannot start: {message}. See: bptt-explorer doctor"
    command = libraries.remedy(unique, libraries.package_manager())
    return f"Qt cannot start, as this system lacks {', '.join(unique)}. Do: {command}"


# --- without a window -------------------------------------------------------------------------------------------


def _doctor(words: list[str]) -> int:
    from explorer.services import doctor, libraries

    parser = Parser(
        prog="bptt-explorer doctor",
        description="Says what this machine lacks, and the one command that mends it. Ends with 0 when nothing does.",
    )
    parser.parse_args(words)
    checks = doctor.examine()
    print(doctor.table(checks))
    well = doctor.healthy(checks)
    together = doctor.joint_remedy(checks, libraries.package_manager())
    if together:
        print(f"\nAll of the system's packages at once:\n{together}")
    print("\nAll that the program needs is here." if well else "\nSomething is missing; do what the arrows say.")
    return 0 if well else 1


def _tour(words: list[str]) -> int:
    parser = Parser(
        prog="bptt-explorer tour",
        description="Steps a sentence forward, then backward past the cut, trains a little, and keeps pictures of it "
        "with an index.html.",
    )
    parser.add_argument("path", nargs="?", help="a text, table or session; else a bundled corpus")
    parser.add_argument("--output", "-o", metavar="FOLDER", help="where to put the pictures (default: a new folder)")
    parser.add_argument("--theme", choices=("dark", "light", "high-contrast"), default="dark")
    options = parser.parse_args(words)
    from explorer.services import doctor
    from rnncore.errors import RnnError

    fault = doctor.qt_fault()
    if fault:
        return fail(fault)
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    lacking = _qt_lacks()
    from explorer.services.interruption import interruptible
    from explorer.services.tour import tell
    from explorer.services.tour_drawn import Drawings

    if lacking:
        print(f"{lacking}\nUntil then the pictures are simple drawings.", flush=True)
    try:
        folder = _folder(options.output)
        with interruptible() as wished:

            def say(line: str) -> None:
                # Qt would swallow an interruption that comes while it paints, and go on.
                if wished():
                    raise KeyboardInterrupt
                print(line, flush=True)

            page = tell(folder, options.path, theme=options.theme, say=say, easel=Drawings if lacking else None)
    except (RnnError, OSError) as error:
        return fail(sentence(error))
    print(f"The pictures are in {folder.absolute()}; begin with {page.name}.")
    return 0


def _folder(asked: str | None) -> Path:
    """Make the folder for the pictures: as asked, else here, else (where one may not write) a temporary one."""
    if asked:
        folder = Path(asked).expanduser()
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except FileExistsError:
            raise OSError(f"{asked} is a file. Give a folder with --output.") from None
        except OSError as error:
            reason = f"{asked!s:.200}: no such folder can be made ({error.strerror})"
            raise OSError(f"{reason}. Give another one with --output.") from None
        return folder
    import tempfile

    here = Path("bptt-explorer-tour")
    try:
        here.mkdir(exist_ok=True)
        with tempfile.TemporaryFile(dir=here):
            return here
    except OSError:
        return Path(tempfile.mkdtemp(prefix="bptt-explorer-tour-"))


def _one_thread() -> None:
    """Let numpy multiply on one thread, before it is imported, unless the environment says otherwise.

    The products are small: sharing one out takes longer than doing it, and where the other core is busy, as with
    painting, each waits for a thread that does not run. Training was up to twenty times as slow.
    """
    if not any(name in os.environ for name in THREADS):
        os.environ.update(dict.fromkeys(THREADS, "1"))
