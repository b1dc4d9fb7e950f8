"""Results as lines of text and as plain records."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tests.benchmarks import machine
from tests.benchmarks.judged import Judged
from tests.benchmarks.suite import Row
from tests.benchmarks.timing import duration


def heading() -> str:
    """Return what was measured on, and how to read the table."""
    facts = machine.describe()
    versions = ", ".join(f"{name} {facts[name]}" for name in ("python", "numpy"))
    return (
        f"{versions}, {facts['system']}, {facts['cores']} cores, load {facts['load']}, one thread each\n"
        "step: loss, gradient and new parameters, as the peers do it; trainer: the same with the records of training\n"
        "medians of paired repetitions, in processor time; × says how many times faster than that candidate"
    )


def line(row: Row | Judged) -> str:
    """Return one row of the table."""
    if isinstance(row, Judged):
        return str(row)
    parts = [f"{row.name:30} {row.ours} {duration(row.timings[row.ours].seconds):>8}"]
    for name, ratio in row.ratios.items():
        parts.append(f"{name} {duration(row.timings[name].seconds):>8} {ratio:6.2f}×")
    if row.budget is not None:
        name, bound = row.budget
        wanted = f"≤ {duration(bound)}" if name == "seconds" else f"{name} ≥ {bound:.2f}×"
        parts.append(f"{'met' if row.met else 'MISSED'} ({wanted})")
    if row.note:
        parts.append(row.note)
    return "  ".join(parts)


def record(row: Row | Judged) -> dict[str, Any]:
    """Return one row as plain data; durations in seconds."""
    if isinstance(row, Judged):
        return row.record()
    return {
        "group": row.group,
        "name": row.name,
        "ours": row.ours,
        "seconds": {name: timing.seconds for name, timing in row.timings.items()},
        "times_faster_than": row.ratios,
        "budget": None if row.budget is None else {"against": row.budget[0], "bound": row.budget[1]},
        "met": row.met,
        "note": row.note,
    }


def growth(found: Sequence[dict[str, Any]]) -> str:
    """Return how the time of a gradient grows, beside what the products alone would give."""
    lines = ["", "growth of the gradient's time (float64, full): time ~ size^slope"]
    for item in found:
        times = ", ".join(f"{v}: {duration(s)}" for v, s in zip(item["values"], item["seconds"], strict=True))
        lines.append(
            f"{item['cell']:8} {item['axis']:10} slope {item['slope']:.2f}, products alone {item['predicted']:.2f}"
            f"  ({times})"
        )
    return "\n".join(lines)


def shares(found: Sequence[dict[str, Any]]) -> str:
    """Return the share of this machine's peak."""
    lines = ["", "share of a large matrix product's speed that a gradient's products get, all its time counted"]
    for item in found:
        lines.append(
            f"{item['name']:28} {item['rate']:6.1f} of {item['peak']:.0f} Gflop/s = {100 * item['share']:3.0f} %"
            f"  (memory copy {item['copy']:.0f} GB/s)"
        )
    return "\n".join(lines)


def verdict(rows: Sequence[Row | Judged]) -> str:
    """Return how many budgets are met, and which are not."""
    held = [row for row in rows if row.budget is not None]
    missed = [f"  {row.group}: {row.name}" for row in held if not row.met]
    return "\n".join(["", f"{len(held) - len(missed)} of {len(held)} budgets met", *missed])


def short(rows: Sequence[Row | Judged]) -> str:
    """Return the budgets as a table for people, in Markdown; rows of one line share it, their numbers side by side."""
    lines: dict[tuple[str, str], list[Row | Judged]] = {}
    for row in rows:
        if row.budget is not None:
            key = (row.name, "") if isinstance(row, Judged) else (row.line or row.name, row.budget[0])
            lines.setdefault(key, []).append(row)
    table = ["| what | ours | peer | times faster | budget | |", "|---|--:|--:|--:|--:|---|"]
    for (name, _), together in lines.items():
        table.append(f"| {name} | {' | '.join(_cells(together))} |")
    return "\n".join(table)


def _cells(rows: Sequence[Row | Judged]) -> list[str]:
    ours, theirs, ratios, bounds = [], [], [], []
    for row in rows:
        if isinstance(row, Judged):
            ours.append(duration(row.value))
            bounds.append(f"{row.sign} {duration(row.bound or 0.0)}")
            continue
        assert row.budget is not None
        name, bound = row.budget
        ours.append(duration(row.timings[row.ours].seconds))
        if name == "seconds":
            bounds.append(f"≤ {duration(bound)}")
            continue
        theirs.append(duration(row.timings[name].seconds))
        ratios.append(f"{row.ratios[name]:.2f}")
        bounds.append(f"{name} ≥ {bound:.2f}×")
    met = ["met" if row.met else "**missed**" for row in rows]
    return [
        " / ".join(ours),
        " / ".join(theirs),
        " / ".join(ratios),
        ", ".join(dict.fromkeys(bounds)),
        " / ".join(met if len(set(met)) > 1 else met[:1]),
    ]
