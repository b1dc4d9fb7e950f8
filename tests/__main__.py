"""``python -m tests``: everything that can go wrong, from the cheapest to the slowest, stopping at the first failure.

The style and the types; the core and the model in processes where Qt cannot be imported; then all the rest: the
widgets off screen, the command line, and the real window on a virtual screen where there is one. ``--no-torch`` leaves
the oracle alone; other words go to the last of the three. Where Qt's libraries are missing, what needs them is skipped.
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import time
from pathlib import Path

from tests import qt_loads, without_qt

ROOT = Path(__file__).resolve().parent.parent
QT_FREE = ["tests/rnncore", "tests/explorer/model"]
PARALLEL = ["-n", "auto", "--maxprocesses", "8", "--dist", "worksteal"]
"""One process a core. A file of tests stays in one of them, until another has nothing left to do and takes half of it:
the last files have few tests, but slow ones."""


def main(words: list[str]) -> int:
    os.chdir(ROOT)
    started = time.monotonic()
    if "--no-torch" in words:
        words = [word for word in words if word != "--no-torch"]
    else:
        fetch_oracle()
    python = sys.executable
    pytest = [python, "-m", "pytest", "-q", *PARALLEL]
    lacking = qt_loads.trouble()
    window: list[str] = []
    if lacking:
        window = ["-p", "no:pytest-qt"]
        say(f"{qt_loads.REASON}: going on without the tests of the window.")
    rest = [f"--ignore={path}" for path in QT_FREE]
    layers: list[tuple[str, list[str], dict[str, str]]] = [
        ("style (ruff)", [python, "-m", "ruff", "check", "."], {}),
        ("types (mypy)", [python, "-m", "mypy"], {}),
        (
            "the core and the model, where Qt cannot be imported",
            [*pytest, "-p", "no:pytest-qt", "-p", "no:cacheprovider", *QT_FREE],
            {without_qt.VARIABLE: "1"},
        ),
        ("the rest: panels off screen, the command line, the real window", [*pytest, *window, *rest, *words], {}),
    ]
    # Some hundred processes are started below, and each would compile the program and its tests anew.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    for number, (title, command, more) in enumerate(layers, 1):
        say(f"{number}/{len(layers)} {title} · after {time.monotonic() - started:.0f} s")
        code = subprocess.run(command, check=False, env={**environment, **more}).returncode
        if code:
            say(f"Stopped: {title} failed.")
            return code
    if lacking:
        say(f"All that can be tested here has passed; the window was left out. {lacking}")
    return 0


def fetch_oracle() -> None:
    """Install PyTorch, which checks our gradients, if that is cheap; say so and go on when it is not."""
    if importlib.util.find_spec("torch") is not None:
        return
    from importlib.metadata import requires

    wanted = next((r.split(";")[0].strip() for r in requires("bptt-explorer") or () if r.startswith("torch")), None)
    if wanted is None:
        return
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "-q", "--timeout", "15"]
    say(f"Looking for {wanted}, which checks the gradients …")
    plan = quietly([*pip, "--dry-run", "--report", "-", wanted], 180)
    if plan is None or plan.returncode:
        say("PyTorch cannot be had here: going on without; complex steps and finite differences check the gradients.")
        return
    names = [item["metadata"]["name"].lower() for item in json.loads(plan.stdout)["install"]]
    if any(name.startswith(("nvidia", "cuda", "triton")) for name in names):
        say("PyTorch would bring gigabytes of CUDA here: going on without. Install its CPU build to have it checked.")
        return
    done = quietly([*pip, wanted], 600)
    if done is None or done.returncode:
        say("PyTorch could not be installed: going on without.")


def quietly(command: list[str], seconds: float) -> subprocess.CompletedProcess[str] | None:
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=seconds, check=False)
    except (OSError, subprocess.SubprocessError):
        return None


def say(text: str) -> None:
    print(f"== {text}", flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
