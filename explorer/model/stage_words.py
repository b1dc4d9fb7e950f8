"""The stage in words: numbers as they are read aloud, tool tips and the spoken summary."""

from __future__ import annotations

import math

from rnncore.progress import Progress
from rnncore.trace import IGNORE
from rnncore.truncation import Sweep

from .plurals import count
from .stage_records import StageData


def number(value: float, signed: bool = False) -> str:
    """Six significant digits with a true minus sign; NaN and infinities by name."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+∞" if value > 0 else "−∞"
    text = f"{value:+.6g}" if signed else f"{value:.6g}"
    return text.replace("-", "−")


def short(value: float, signed: bool = False) -> str:
    """At most five characters or so, for a cell or a column head."""
    if not math.isfinite(value):
        return number(value)
    size = abs(value)
    if size == 0.0:
        text = "0"
    elif size >= 1e4 or size < 1e-3:
        text = f"{size:.0e}".replace("e-0", "e-").replace("e+0", "e")
    elif size >= 100:
        text = f"{size:.0f}"
    else:
        text = f"{size:.3f}" if size < 10 else f"{size:.1f}"
    return ("−" if value < 0 else "+" if signed and value > 0 else "") + text


def printable(value: float) -> tuple[str, ...]:
    """Ways to print a number in a cell, the most exact first: ``+0.4312``, ``+0.431``, ``+0.43``."""
    if not math.isfinite(value):
        return (number(value),)
    if value != 0.0 and abs(value) < 5e-4:
        return tuple(f"{value:+.{n}e}".replace("e-0", "e-").replace("-", "−") for n in (1, 0))
    places = (4, 3, 2) if abs(value) < 10.0 else (4, 3, 2, 1)
    texts = [f"{value:+.{n}f}" for n in places]
    if value != 0.0:  # +0.00 would say of 0.004 that it is none
        texts = [text for text in texts if float(text) != 0.0]
        texts += [f"{value:+.0e}".replace("e-0", "e-")] * (len(texts) < len(places))
    return tuple(text.replace("-", "−") for text in texts)


def percent(share: float) -> str:
    """A probability in whole per cent, as it stands beside a bar."""
    if math.isnan(share):
        return "NaN"
    if 0.0 < share < 0.005:
        return "<1"
    return f"{100.0 * share:.0f}"


INTO = {
    "reset": "Each sentence starts anew (reset): neither values nor credit cross from the one before",
    "detached": "In training the state of the sentence before comes in here (detached): values cross, credit does not",
    "carried": "In training the state of the sentence before comes in here (carried): values and credit cross",
}
"""What comes into the initial state, by what is to happen between two sequences."""


def unreached(data: StageData, t: int) -> str:
    """Why no gradient on show ever comes to step ``t``; nothing where one has come, or is still to come."""
    return "" if data.progress is None else never_reached(data.progress, t)


def never_reached(progress: Progress, t: int) -> str:
    """The same from the walk's ``progress`` alone."""
    if progress.phase == "forward":
        return ""
    walk, loss = progress.walk, None if progress.summed else progress.loss
    policy = walk.truncation.describe()
    if loss is None:
        reached = bool((walk.table[walk.targets != IGNORE, t] > 0).any())
        return "" if reached else f"no loss reaches t = {t} ({policy})"
    if t > loss:
        return f"loss {loss} lies before t = {t} and gives it no credit"
    return "" if walk.table[loss, t] > 0 else f"loss {loss} does not reach t = {t} ({policy})"


def into(data: StageData) -> str:
    """What comes into the initial state from the sequence before, in training and on the stage."""
    if data.between == "reset":
        return INTO["reset"]
    zeros = not any(strip.track.values.any() for strip in data.initial)
    start = "zeros" if zeros else "what it was set to"
    alone = f"On the stage a sentence stands alone: it starts from {start}, nothing is carried into it"
    return f"{INTO[data.between]}.\n{alone}"


def stopped_losses(data: StageData, boundary: int) -> tuple[int, ...]:
    """The losses whose gradient reaches step ``boundary`` and not the one before it, while others go on."""
    if data.progress is None or not 0 < boundary < data.scene.length:
        return ()
    table = data.progress.walk.table > 0
    reaches = table[boundary:, boundary] & ~data.scene.masked[boundary:]
    stops = reaches & ~table[boundary:, boundary - 1]
    return tuple(boundary + int(t) for t in stops.nonzero()[0]) if (reaches & ~stops).any() else ()


def said_losses(losses: tuple[int, ...]) -> str:
    """``loss 7``, ``losses 5 and 6``, ``losses 4–8``."""
    if len(losses) == 1:
        return f"loss {losses[0]}"
    if len(losses) > 2 and losses[-1] - losses[0] == len(losses) - 1:
        return f"losses {losses[0]}–{losses[-1]}"
    if len(losses) > 5:
        return f"{len(losses)} losses between {losses[0]} and {losses[-1]}"
    return f"losses {', '.join(map(str, losses[:-1]))} and {losses[-1]}"


def run_tip(data: StageData, run: Sweep) -> str:
    """Where a run back through time begins and ends, and which losses enter it."""
    losses = tuple(t for t in run.losses if not data.scene.masked[t])
    who = f"{said_losses(losses)} enter{'s' * (len(losses) == 1)} it" if losses else "no loss enters it"
    lines = [f"A run back through time from t = {run.high} to t = {run.low}: {who} ({data.cut.policy.describe()})"]
    if run.low > 0:
        lines.append(f"At t = {run.low} it is cut: values flow on, its credit does not")
    twice = [t for t in losses if sum(t in other.losses for other in data.cut.runs) > 1]
    if twice:
        lines.append(f"Others take {said_losses(tuple(twice))} back as well: each counts once in every run")
    return "\n".join(lines)


def counted(data: StageData) -> dict[int, int]:
    """How often the weights' gradients count what walks back, at each step it has come to, where more than once."""
    if data.walking is None or data.progress is None:
        return {}
    row = data.progress.walk.table[data.walking]
    return {int(t): int(row[t]) for t in (data.summed.known & (row > 1)).nonzero()[0]}


def spoken(data: StageData) -> str:
    """One sentence for a screen reader."""
    parts = [
        f"Unrolled network, {count(data.scene.length, 'time step')}, {count(data.scene.hidden, 'unit')}",
        data.subtitle,
    ]
    return ". ".join(p for p in parts if p)
