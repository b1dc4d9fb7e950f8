"""From the command to the first painted window, in a fresh process each time, with the disk and the bytecode warm."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

from tests.benchmarks.judged import Judged
from tests.benchmarks.threads import THREADS
from tests.benchmarks.timing import duration

ROOT = Path(__file__).resolve().parents[2]
CHILD = Path(__file__).with_name("start_child.py")
BUDGET = 1.0
"""Seconds."""
LAST = "first frame"
"""The phase that ends the start. What comes after it is told, but not counted: panels not in the first frame."""


def start(home: Path, bytecode: Path) -> dict[str, Any]:
    """Start the program once; return the moments {phase: (seconds since the command, CPU seconds)} and the modules.

    An installed program has its bytecode; ``bytecode`` is where that of a checkout is kept, whatever the environment
    says about writing any.
    """
    import time

    env = os.environ | {name: "1" for name in THREADS}
    env |= {"BPTT_EXPLORER_HOME": str(home), "PYTHONPYCACHEPREFIX": str(bytecode), "PYTHONPATH": str(ROOT)}
    env.pop("PYTHONDONTWRITEBYTECODE", None)
    env["QT_QPA_PLATFORM"] = full_hd(bytecode.parent)
    began = time.time()
    run = subprocess.run(
        [sys.executable, str(CHILD)], env=env, cwd=home, capture_output=True, text=True, timeout=120, check=False
    )
    if run.returncode != 0:
        raise RuntimeError(f"the program did not start: {run.stderr.strip() or run.stdout.strip()}")
    said = json.loads(run.stdout.strip().splitlines()[-1])
    return {"marks": {name: (wall - began, cpu) for name, wall, cpu in said["marks"]}, "modules": said["modules"]}


def full_hd(folder: Path) -> str:
    """Return the name of a platform without a screen whose screen has 1920 × 1080 pixels."""
    target = folder / "screen.json"
    screen = {"name": "full HD", "x": 0, "y": 0, "width": 1920, "height": 1080}
    screen |= {"logicalDpi": 96, "logicalBaseDpi": 96, "dpr": 1}
    if not target.exists():
        target.write_text(json.dumps({"screens": [screen]}), "utf-8")
    return f"offscreen:configfile={target}"


def phases(marks: dict[str, tuple[float, float]], which: int = 0) -> dict[str, float]:
    """Return how long each phase took: by the clock (0) or of the processor's time (1)."""
    found, before = {}, 0.0
    for name, moment in marks.items():
        found[name] = moment[which] - before
        before = moment[which]
    return found


def measure(turns: int) -> Iterator[Judged]:
    """The first start of all, and one that brings the last session back; medians of at least 7 (best in brackets)."""
    turns = max(7, turns)
    with tempfile.TemporaryDirectory(prefix="bptt-start-") as folder:
        yield from measured(turns, Path(folder))


def measured(turns: int, folder: Path) -> Iterator[Judged]:
    """Both kinds of start, ``turns`` times each, after one that is not counted."""
    bytecode = folder / "bytecode"
    homes = [folder / "last"] * (turns + 1)
    homes[0].mkdir()
    start(homes[0], bytecode)  # warms the disk, writes the bytecode and leaves a session
    fresh = []
    for turn in range(turns):
        home = folder / f"first-{turn}"
        home.mkdir()
        fresh.append(start(home, bytecode))
    again = [start(homes[0], bytecode) for _ in range(turns)]
    for name, runs in (("first start", fresh), ("start with the last session", again)):
        yield judged(name, runs)


def judged(name: str, runs: list[dict[str, Any]]) -> Judged:
    """Return the median start, with its phases."""
    totals = [run["marks"][LAST][0] for run in runs]
    spent = [run["marks"][LAST][1] for run in runs]
    walls, cpus = ([phases(run["marks"], which) for run in runs] for which in (0, 1))
    rows = {
        phase: {
            "seconds": median(wall[phase] for wall in walls),
            "best": min(wall[phase] for wall in walls),
            "cpu": median(cpu[phase] for cpu in cpus),
        }
        for phase in walls[0]
    }
    whole = median(run["marks"]["all panels"][0] for run in runs)
    lines = [
        f"best {duration(min(totals))}, processor {duration(median(spent))}, {len(runs)} starts; "
        f"all panels painted after {duration(whole)}"
    ]
    for phase, row in rows.items():
        after = "" if list(rows).index(phase) <= list(rows).index(LAST) else "  (after the first frame, not counted)"
        lines.append(
            f"{phase:14} {duration(row['seconds']):>8}  best {duration(row['best']):>8}"
            f"  processor {duration(row['cpu']):>8}{after}"
        )
    parts = {"all_panels": whole, "best": min(totals), "cpu": median(spent), "runs": totals, "phases": rows}
    return Judged("startup", name, median(totals), "s", BUDGET, "≤", parts, tuple(lines))
