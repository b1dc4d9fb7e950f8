"""``python -m tests.benchmarks [--only GROUP] [--turns N] [--json FILE] [--table FILE]``"""

from __future__ import annotations

import argparse
import json
from importlib import import_module
from pathlib import Path
from typing import Any

from tests.benchmarks.threads import pin_threads

WINDOW = ("startup", "paint", "training")
"""Benchmarks of the window: each is a module of that name with ``measure(turns)``."""

if __name__ == "__main__":
    pin_threads()  # before numpy is imported


def main(words: list[str] | None = None) -> int:
    """Measure, print the table, and write it down if asked; returns 0 also where a budget is missed."""
    from tests.benchmarks import machine, report, suite

    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    names = ", ".join((*suite.GROUPS, *WINDOW))
    parser.add_argument("--only", default="", help=f"core (all but the window), or one of {names}, growth, peak")
    parser.add_argument("--turns", type=int, default=15, help="turns that the candidates take (15)")
    parser.add_argument("--table", type=Path, help="write the budgets to this file as a short table in Markdown")
    parser.add_argument("--json", type=Path, help="write the results to this file")
    options = parser.parse_args(words)
    rows: list[Any] = []
    print(report.heading())
    for row in suite.rows(options.turns, options.only):
        if not rows or rows[-1].group != row.group:
            print(f"\n{row.group}")
        print(report.line(row), flush=True)
        rows.append(row)
    written: dict[str, Any] = {"rows": [report.record(row) for row in rows]}
    if options.only in ("", "core", "growth"):
        written["growth"] = suite.growth(max(3, options.turns // 3))
        print(report.growth(written["growth"]))
    if options.only in ("", "core", "peak"):
        written["shares"] = suite.shares(max(3, options.turns // 3))
        print(report.shares(written["shares"]))
    for name in WINDOW:
        if options.only in name:
            print(f"\n{name}")
            for judged in import_module(f"tests.benchmarks.{name}").measure(options.turns):
                print(judged, flush=True)
                rows.append(judged)
                written.setdefault("window", []).append(judged.record())
    print(report.verdict(rows))
    if options.table is not None:
        options.table.write_text(report.short(rows) + "\n", encoding="utf-8")
    if options.json is not None:
        written["machine"] = machine.describe()
        options.json.write_text(json.dumps(written, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
