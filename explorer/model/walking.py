"""Playback and the transport's four sliders: where the walk stands, in words and numbers."""

from __future__ import annotations

from rnncore.errors import RnnError
from rnncore.frozen import dataclass
from rnncore.progress import Progress
from rnncore.script import GRANULARITIES
from rnncore.walk import Walk

from .names import at_step
from .plurals import count
from .session import Session

REST = 2.5
"""After a time step or a pass the playback rests for so many beats, so that the eye can follow."""


def playable(granularity: str) -> str:
    """Return the granularity, or raise RnnError when there is none of that name."""
    if granularity not in GRANULARITIES:
        raise RnnError(f"a beat is one of {', '.join(GRANULARITIES)}, not {granularity!r:.40}")
    return granularity


def pause_after(session: Session, walk: Walk) -> float:
    """Return the seconds until the next beat: longer at the end of a step or a pass than within one."""
    beat = 1.0 / session.playback.speed
    position, granularity = session.position, session.playback.granularity
    coarser = {"operation": "step", "step": "loss", "loss": "pass"}.get(granularity)
    if coarser is None or not 0 < position < len(walk):
        return beat
    rests = walk.script.boundaries[coarser]
    place = int(rests.searchsorted(position))
    return beat * REST if place < len(rests) and rests[place] == position else beat


def step_spoken_of(session: Session, progress: Progress) -> int:
    """Return the time step that the panels speak of: the selected one, or else the one that the walk is in.

    In the update the walk is in none: that is the first one then, in which the backward pass ended.
    """
    t = session.selection.t
    if t is None:
        t = progress.step.t if progress.step is not None and progress.step.t is not None else 0
    return min(max(t, 0), max(session.sentence.length - 1, 0))


@dataclass(frozen=True)
class Slider:
    """One slider: ``value`` from 0 to ``maximum``; ``label`` what stands beside it; ``token`` its colour."""

    name: str
    value: float
    maximum: int
    label: str
    token: str


@dataclass(frozen=True)
class TransportData:
    """The transport card: four sliders, and what can be done."""

    update: Slider
    phase: Slider
    step: Slider
    operation: Slider
    playing: bool
    at_start: bool
    at_end: bool
    granularity: str
    speed: float
    spoken: str
    """The position in one sentence, for a screen reader."""

    @property
    def sliders(self) -> tuple[Slider, Slider, Slider, Slider]:
        return self.update, self.phase, self.step, self.operation


@dataclass(frozen=True)
class Spot:
    """Where a position lies: its phase, the visit (time step or pair) and how much of it is done."""

    phase: str
    visit: int
    visits: int
    start: int
    done: int
    size: int


def spot(walk: Walk, position: int) -> Spot:
    """Return where a position lies; at a resting place, at the end of what has just been done."""
    script = walk.script
    if not len(walk):
        return Spot("forward", 0, 0, 0, 0, 0)
    phase, visit, offset = script.locate(max(position - 1, 0))
    done = offset + 1 if position else 0
    if phase == "forward":
        start = int(script.forward_starts[visit])
        return Spot(phase, visit, walk.trace.length, start, done, len(script.forward_templates[visit].actions))
    if phase == "backward":
        start = int(script.visit_starts[visit])
        size = int(script.visit_starts[visit + 1]) - start
        return Spot(phase, visit, len(script.visit_tau), start, done, size)
    return Spot(phase, 0, 1, script.update_start, done, len(script.update))


def step_start(walk: Walk, phase: str, visit: int) -> int:
    """Return the position at which so many visits of a phase are done."""
    script = walk.script
    starts = {"forward": script.forward_starts, "backward": script.visit_starts}.get(phase)
    if starts is None:
        return script.update_start if visit <= 0 else len(walk)
    return int(starts[min(max(visit, 0), len(starts) - 1)])


def same_place(old: Walk, position: int, new: Walk) -> int:
    """Return the position of another walk over the same sentence that shows what ``position`` shows in the old one.

    The same time step, loss and share of the operations; where the new walk does not come there (the pair is cut), the
    end of that loss's way back; past the backward pass, the same stage of the update.
    """
    position = min(max(position, 0), len(old))
    if position == 0 or not len(new):
        return 0
    here = spot(old, position)
    share = here.done / here.size if here.size else 1.0
    script = new.script
    if here.phase == "update":
        return min(script.update_start + here.done, len(new))
    if here.phase == "forward":
        t = min(here.visit, new.trace.length - 1)
        start, end = int(script.forward_starts[t]), int(script.forward_starts[t + 1])
    else:
        loss, tau = int(old.script.visit_loss[here.visit]), int(old.script.visit_tau[here.visit])
        if loss < 0 or old.order != new.order:
            loss = -1 if new.order == "sweep" else max(loss, tau)
        visits = (script.visit_loss == loss).nonzero()[0]
        visits = visits[script.visit_tau[visits] >= tau]
        if not len(visits):
            return script.backward_start
        visit = int(visits[-1])
        start, end = int(script.visit_starts[visit]), int(script.visit_starts[visit + 1])
        if int(script.visit_tau[visit]) > tau:
            return end  # the new walk is cut before it comes here
    return start + round(share * (end - start))


def transport_data(session: Session, walk: Walk) -> TransportData:
    """Return what the transport shows."""
    position = min(session.position, len(walk))
    here = spot(walk, position)
    training = session.training
    token = {"forward": "value", "backward": "gradient", "update": "weight"}[here.phase]
    step = walk[position - 1] if position else None
    where = "start" if step is None else here.phase
    if step is None:
        at, what = count(walk.trace.length, "step"), "nothing computed"
    elif step.t is None:
        at, what = step.kind, step.title
    else:
        at = f"t = {step.t}" + ("" if step.loss is None else f" · loss {step.loss}")
        what = at_step(step.title, step.t)
    update = Slider("update", training.shown, max(training.last, 1), f"{training.shown:,} / {training.last:,}", "value")
    phase = Slider("pass", position, max(len(walk), 1), where, token)
    share = here.visit + (here.done / here.size if here.size else 0.0)
    steps = Slider("step", share, max(here.visits, 1), at, token)
    operation = Slider("op", here.done, max(here.size, 1), f"{here.done:,} / {here.size:,}  {what}", token)
    spoken = f"{where} pass, {at}, operation {here.done} of {here.size}: {what}" if step else "nothing computed yet"
    return TransportData(
        update,
        phase,
        steps,
        operation,
        session.playback.playing,
        position == 0,
        position >= len(walk),
        session.playback.granularity,
        session.playback.speed,
        spoken,
    )
