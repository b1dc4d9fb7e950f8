"""The comparisons, and the budgets that they are held against."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np

from rnncore import Chunks, Full, Window
from tests.benchmarks import machine, peers, work
from tests.benchmarks.judged import Judged
from tests.benchmarks.timing import Timing, duration, paired, spread
from tests.benchmarks.work import MEDIUM, SMALL, TINY, TUTORIAL, Size, Task

CELLS = ("vanilla", "gru", "lstm")
PRECISIONS = ("float64", "float32")
TORCH = {"vanilla": (5.0, 5.0), "gru": (4.0, 4.0), "lstm": (2.5, 1.3)}
"""How many times faster than eager PyTorch one step is to be: tiny, small."""
AXES = {"length": (16, 32, 64, 128), "hidden": (32, 64, 128, 256), "vocabulary": (64, 512, 4096)}
HELD_OUT = 400
LOOK_STEPS = 200
SEEK_UPDATES = 10_000
HOUR = 5000 * 3600
"""Updates of an hour of training at 5,000 a second."""
WINDOW_MEGABYTES = 180
"""What the program takes in all, a minute after training has begun."""
JAX = {"vanilla": 1 / 1.2, "lstm": 1 / 1.5}


@dataclass(frozen=True)
class Row:
    """One line of the table.

    ``ratios`` says how many times faster we are than each other candidate; ``budget`` names one of them, or
    "seconds", with the bound that it is to keep. Rows of the same ``line`` and peer stand together in the short table.
    """

    group: str
    name: str
    timings: dict[str, Timing]
    ours: str
    budget: tuple[str, float] | None = None
    note: str = ""
    line: str = ""
    ratios: dict[str, float] = field(init=False)

    def __post_init__(self) -> None:
        own = self.timings[self.ours]
        others = {name: own.times_faster_than(t) for name, t in self.timings.items() if name != self.ours}
        object.__setattr__(self, "ratios", others)

    @property
    def met(self) -> bool | None:
        """Whether the budget is kept; None where there is none."""
        if self.budget is None:
            return None
        name, bound = self.budget
        return self.timings[self.ours].seconds <= bound if name == "seconds" else self.ratios[name] >= bound


def rows(turns: int, only: str = "") -> Iterator[Row | Judged]:
    """Yield the rows of the groups whose name contains ``only``, or of all of them ("core")."""
    for name, group in GROUPS.items():
        if only in name or only == "core":
            yield from group(turns)


def one_sentence(turns: int) -> Iterator[Row]:
    """One SGD step of one sentence, against everybody."""
    for place, size in enumerate((TINY, SMALL, MEDIUM)):
        for cell in CELLS:
            for precision in PRECISIONS:
                task = Task(cell, size, precision)
                candidates = {"step": work.Step(task, Full()), "trainer": work.trainer(task, Full())}
                candidates |= _compiled(task)
                budget = ("torch", TORCH[cell][place]) if place < 2 and "torch" in candidates else None
                line = f"one step, {size.name}, {cell} (double / single precision)"
                if precision == "float64" and size is not MEDIUM:
                    candidates["graph"] = work.graph_gradient(task, Full())
                timings = paired(candidates, turns)
                yield Row("one step", f"{size.name} {cell} {precision}", timings, "step", budget, line=line)
                if "jax" in candidates and cell in JAX and place < 2:
                    kept = {name: timings[name] for name in ("step", "jax")}
                    yield Row("one step", "  against JAX", kept, "step", ("jax", JAX[cell]), line=line)


def _compiled(task: Task) -> dict[str, object]:
    found = {}
    if peers.installed("torch"):
        found["torch"] = peers.torch_peer(task)[0]
    if peers.installed("jax"):
        found["jax"] = peers.jax_peer(task)[0]
    return found


def truncated(turns: int) -> Iterator[Row]:
    """The gradient under each policy, against the full one; the budget bounds the window."""
    for size in (TINY, SMALL, MEDIUM):
        for cell in CELLS:
            task = Task(cell, size, "float64")
            policies = {"full": Full(), "window 4": Window(4), "chunks of 5": Chunks(5)}
            timings = paired({name: work.gradient(task, policy) for name, policy in policies.items()}, turns)
            line = f"window 4 against full, {size.name} (vanilla / gru / lstm)"
            yield Row("window", f"{size.name} {cell}", timings, "window 4", ("full", 1 / 1.3), line=line)


def tutorial(turns: int) -> Iterator[Row]:
    """The tutorial's sizes with its window of 4, against its own algorithm: in matrices, and built of gates."""
    for precision in PRECISIONS:
        for size in (TINY, TUTORIAL):
            task = Task("vanilla", size, precision)
            theirs, few = peers.Tutorial(task), max(3, turns // 3)
            gates = peers.GateByGate(task)
            candidates = {
                "gradient": work.gradient(task, Window(4)),
                "tutorial": theirs.gradient,
                "gate by gate": gates.gradient,
            }
            judged = size is TUTORIAL and precision == "float64"
            timings = paired(candidates, few)
            line = "gradient, V 8000 H 100 T 20 window 4" if judged else ""
            budget = ("gate by gate", 60.0) if judged else None
            yield Row("tutorial", f"{size.name} gradient {precision}", timings, "gradient", budget, line=line)
            candidates = {
                "step": work.Step(task, Window(4)),
                "trainer": work.trainer(task, Window(4)),
                "tutorial": theirs.step,
                **_compiled(task),
            }
            yield Row("tutorial", f"{size.name} step {precision}", paired(candidates, few), "step")


def minibatch(turns: int) -> Iterator[Row]:
    """An update of 32 sentences of the small size."""
    for cell in CELLS:
        for precision in PRECISIONS:
            task = Task(cell, SMALL, precision, batch=32)
            candidates = {"step": work.Step(task, Full()), "trainer": work.trainer(task, Full()), **_compiled(task)}
            budget = ("torch", 1.0) if "torch" in candidates else None
            timings = paired(candidates, turns)
            tokens = 32 * SMALL.length / timings["step"].seconds
            line = f"minibatch of 32, small, {cell} (double / single precision)"
            yield Row("minibatch", f"{cell} {precision}", timings, "step", budget, f"{tokens:,.0f} tokens/s", line)


def evaluated(turns: int) -> Iterator[Row]:
    """The loss of a held-out split, against the graph that keeps every value."""
    for cell in CELLS:
        task = Task(cell, SMALL, "float64")
        kernel, graph = work.evaluation(task, HELD_OUT)
        timings = paired({"evaluation": kernel, "graph": graph}, max(3, turns // 3))
        yield Row("evaluation", f"{cell}, {HELD_OUT} sentences of up to 25", timings, "evaluation")


def looking(turns: int) -> Iterator[Judged]:
    """What the window asks for when the pointer moves."""
    size, long = Size("", 64, 64, LOOK_STEPS // 4), Size("", 64, 64, LOOK_STEPS)
    for cell in CELLS:
        middle, most = spread(work.whole_ledger(Task(cell, size, "float64")), 2 * turns)
        name = f"ledger of every parameter, {cell}, T {size.length} H 64"
        yield Judged("ledger", name, middle, "s", 0.016, parts={"p95": most})
    for cell in CELLS:
        for policy in (Full(), Window(4)):
            task = Task(cell, long, "float64")
            made, _ = spread(work.new_walk(task, policy), turns)
            middle, most = spread(work.any_position(task, policy), 4 * turns)
            facts = {"median": middle, "construction": made}
            below = f"median {duration(middle)}; making the walk, once a sentence and policy, {duration(made)}"
            name = f"walk to any index, {cell}, T {long.length}, {policy.describe()}, p95"
            yield Judged("walk", name, most, "s", 0.016, parts=facts, lines=(below,))


def sought(turns: int) -> Iterator[Judged]:
    """Seeks to random updates of a long run of the program's own first network; training it takes seconds."""
    for cell in ("vanilla", "lstm"):
        history = work.long_history(cell, SEEK_UPDATES)
        middle, most = spread(work.any_update(history), 10 * turns)
        megabytes = history.memory_used / 2**20
        below = (
            f"median {duration(middle)}; {len(history.keyframes)} keyframes, {history.spacing} updates apart, "
            f"{megabytes:.1f} MB of at most {history.memory / 2**20:.0f}"
        )
        facts = {"median": middle, "spacing": history.spacing, "megabytes": megabytes}
        name = f"seek to any of {SEEK_UPDATES:,} updates, {cell}, p95"
        yield Judged("seek", name, most, "s", 0.1, parts=facts, lines=(below,))


def held(turns: int) -> Iterator[Judged]:
    """What an hour of training adds to the memory of the first minute."""
    first, last, history = work.an_hour(HOUR)
    bound = 0.05 * WINDOW_MEGABYTES
    below = (
        f"{first:.1f} MB after a minute, {last:.1f} MB after an hour: {len(history.keyframes):,} keyframes, "
        f"{len(history.curve):,} rows of the curve; at most 5 % of the {WINDOW_MEGABYTES} MB that the program takes"
    )
    facts = {"first": first, "last": last, "keyframes": len(history.keyframes)}
    name = f"memory that {HOUR / 1e6:.0f} million updates add to the first minute's"
    yield Judged("memory", name, max(0.0, last - first), "MB", bound, parts=facts, lines=(below,))


GROUPS = {
    "one step": one_sentence,
    "window": truncated,
    "tutorial": tutorial,
    "minibatch": minibatch,
    "evaluation": evaluated,
    "looking": looking,
    "seek": sought,
    "memory": held,
}


def growth(turns: int) -> list[dict[str, object]]:
    """Return how the gradient's time grows with T, H and V: its slope in logarithms, and the arithmetic's."""
    base, found = Size("", 64, 64, 32), []
    for axis, values in AXES.items():
        for cell in ("vanilla", "lstm"):
            sizes = [replace(base, **{axis: value}) for value in values]
            calls = {str(s): work.gradient(Task(cell, s, "float64"), Full()) for s in sizes}
            times = [paired({name: call}, turns)[name].seconds for name, call in calls.items()]
            products = [machine.arithmetic(cell, s) for s in sizes]
            slope, predicted = (float(np.polyfit(np.log(values), np.log(y), 1)[0]) for y in (times, products))
            found.append(
                {"axis": axis, "cell": cell, "values": values, "seconds": times, "slope": slope, "predicted": predicted}
            )
    return found


def shares(turns: int) -> list[dict[str, object]]:
    """Return the share of the measured peak that the products of a gradient get, its whole time counted."""
    found = []
    for precision in PRECISIONS:
        top, copy = machine.peak(precision)
        for size, batch in ((TINY, None), (SMALL, None), (MEDIUM, None), (TUTORIAL, None), (SMALL, 32)):
            for cell in ("vanilla", "lstm"):
                if size is TUTORIAL and cell == "lstm":
                    continue
                call = work.gradient(Task(cell, size, precision, batch), Full())
                seconds = paired({"gradient": call}, turns)["gradient"].seconds
                rate = machine.arithmetic(cell, size, batch or 1) / seconds / 1e9
                name = f"{size.name} {cell} {precision}" + (f" × {batch}" if batch else "")
                found.append({"name": name, "rate": rate, "peak": top, "share": rate / top, "copy": copy})
    return found
