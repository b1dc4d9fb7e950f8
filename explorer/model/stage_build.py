"""From a walk and a position in it to what the stage shows: pure functions."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rnncore.cells import Cell
from rnncore.norms import joint_norm, lengths
from rnncore.progress import Progress
from rnncore.script import MicroStep
from rnncore.trace import IGNORE
from rnncore.walk import Walk

from ..theme.colourmap import AsinhScale, gradient_scale
from .names import at_step
from .stage_cut import Cut, cut_of
from .stage_lanes import Lanes
from .stage_records import Flow, Marks, StageData, Strip
from .stage_scene import Scene, Track, grouped

#: Ribbons tell norms apart over fewer decades than colours do: a width is read less finely.
_RIBBON_DECADES = 1.5
_FOCUS = {"forward": "value", "backward": "gradient", "update": "weight"}


def build_stage(
    scene: Scene,
    walk: Walk,
    position: int,
    *,
    update: int | None = None,
    marks: Marks | None = None,
    previous: StageData | None = None,
    between: str = "reset",
) -> StageData:
    """The stage after ``position`` micro-steps of ``walk``, whose trace ``scene`` was made from.

    ``update`` is the number of updates done, for the subtitle. ``previous`` lets unchanged parts be shared; it
    never changes the result. ``between`` is what crosses from one sequence into the next.
    """
    marks = marks or Marks()
    progress = walk.progress(position)
    step = progress.step
    same = previous if previous is not None and previous.scene is scene else None
    source = progress.step_gradients
    steps = np.arange(scene.length)
    alike = same if same is not None and same.source is source else None
    if alike is not None:
        scale, ribbons = alike.gradient_scale, alike.ribbon_scale
    else:
        scale, ribbons = _gradient_scales(source, scene, walk.entering)
    streams = progress.state_gradient("h")
    nodes = frozenset(t.node for t in (*scene.states, *scene.gates))
    kind = "" if step is None else step.kind
    walking = None if progress.summed else progress.loss
    cut, in_force = _cut(walk, progress, marks, same)
    initial = _initial(scene, progress, same.initial if same else ())
    arrived = progress.forward_known(walk.model.cell.outputs["h"])
    return StageData(
        scene=scene,
        phase=progress.phase,
        focus=_FOCUS[progress.phase],
        current_t=None if step is None else step.t,
        current_nodes=frozenset() if step is None else touched(walk.model.cell, step, nodes),
        current_kind=kind,
        walking=walking,
        read=steps < progress.inputs_known,
        output_known=steps < progress.softmax_known,
        loss_known=steps < progress.losses_known,
        states=_strips(scene.states, scene, progress, same.states if same else ()),
        gates=_strips(scene.gates, scene, progress, same.gates if same else ()),
        initial=initial,
        flowed=steps <= arrived if position else np.zeros(scene.length, dtype=bool),
        credit=_credit(progress, initial),
        snipped=progress.cuts,
        from_loss=_flow(streams["loss"], streams["loss_known"], alike.from_loss if alike else None),
        from_future=_flow(streams["future"], streams["future_known"], alike.from_future if alike else None),
        summed=_flow(streams["sum"], streams["sum_known"], alike.summed if alike else None),
        cut=cut,
        cut_in_force=in_force,
        hatched=_hatched(walk, progress, cut, same),
        stopped=_stopped(walk, progress, in_force),
        gradient_scale=scale,
        ribbon_scale=ribbons,
        subtitle=subtitle(walk, progress, update),
        brief=subtitle(walk, progress, update, brief=True),
        hint="→  next operation     T  train" if position == 0 else "",
        marks=marks,
        source=source,
        progress=progress,
        between=between,
        lanes=_lanes(walk, same),
    )


def touched(cell: Cell, step: MicroStep, tracks: frozenset[int]) -> frozenset[int]:
    """Which of ``tracks`` (node indices) a micro-step concerns.

    Backward through an operation it is what receives a gradient; otherwise the operation itself or, inside a
    longer expression, the first track that it goes into.
    """
    if step.node is None:
        return frozenset()
    if step.kind == "d_operation":
        fed = frozenset(cell.nodes[step.node].inputs) & tracks
        if fed:
            return fed
    frontier = [step.node]
    while frontier:
        here = frozenset(frontier) & tracks
        if here:
            return here
        frontier = [c for n in frontier for c in cell.consumers[n]]
    return frozenset()


def subtitle(walk: Walk, progress: Progress, update: int | None, brief: bool = False) -> str:
    """Where the walk stands: ``update 260 · backward pass · loss 8 walks back · now at t = 5 · op 5 of 14: ∂L/∂f``.

    For a narrow stage ``brief`` says ``update 260 · backward · loss 8 at t = 5 · 5/14: ∂L/∂f``.
    """
    step = progress.step
    parts = [] if update is None else [f"update {update:,}"]
    if step is None:
        return " · ".join([*parts, "nothing computed yet"])
    script = walk.script
    phase, place, offset = script.locate(step.index)
    if phase == "update":
        count = len(script.update)
        parts.append("weight update")
    elif phase == "forward":
        count = len(script.forward_templates[place].actions)
        parts += ["forward" if brief else "forward pass", f"t = {step.t}"]
    else:
        count = len(script.templates[script.visit_template[place]].actions)
        who = "all losses" if step.loss is None else f"loss {step.loss}"
        if brief:
            parts += ["backward", f"{who} at t = {step.t}"]
        else:
            parts += ["backward pass", f"{who} sweep back" if step.loss is None else f"{who} walks back"]
            parts.append(f"now at t = {step.t}")
    title = step.title if step.t is None else at_step(step.title, step.t)
    parts.append(f"{offset + 1}/{count}: {title}" if brief else f"op {offset + 1} of {count}: {title}")
    return " · ".join(parts)


def loss_in_view(walk: Walk, marks: Marks) -> int | None:
    """The loss whose cut is previewed: that of the selected pair, else the selected step's; None for all together.

    By loss it is the last one where none is selected, for that will walk first.
    """
    for chosen in (marks.selected_loss, marks.selected_t):
        if chosen is not None and 0 <= chosen < walk.trace.length and walk.targets[chosen] != IGNORE:
            return chosen
    asked = np.flatnonzero(walk.targets != IGNORE)
    return int(asked[-1]) if walk.order == "by loss" and asked.size else None


def _cut(walk: Walk, progress: Progress, marks: Marks, same: StageData | None) -> tuple[Cut, bool]:
    """The cut of the loss whose gradients are on show, in force from when it begins to walk; else a preview.

    After the backward pass gradients are those of all losses together, and so is the cut, but for a loss that is
    selected.
    """
    if progress.phase == "backward":
        loss, in_force = progress.loss, True
    elif progress.summed and marks.selected_loss is None and marks.selected_t is None:
        loss, in_force = None, True
    else:
        loss, in_force = loss_in_view(walk, marks), False
    asked = walk.targets != IGNORE
    was = None if same is None else same.cut
    # Policy, loss and the steps that are asked are all it is made of, and for hundreds of steps it is much to make.
    same_loss = was is not None and (was.loss, was.policy) == (loss, walk.truncation)
    if was is not None and same_loss and was.asked is not None and np.array_equal(was.asked, asked):
        return was, in_force
    return cut_of(walk.truncation, walk.table, loss, asked), in_force


def _hatched(walk: Walk, progress: Progress, cut: Cut, same: StageData | None) -> NDArray[np.bool_]:
    """(T,) bool: the steps that get nothing of what is on show; never one that a gradient on show has come to."""
    hatched = cut.dropped
    if progress.summed and cut.loss is not None:
        hatched = np.logical_not((walk.table[walk.targets != IGNORE] > 0).any(axis=0))
    return same.hatched if same is not None and np.array_equal(same.hatched, hatched) else hatched


def _lanes(walk: Walk, same: StageData | None) -> Lanes:
    kept = None if same is None else same.lanes
    return kept if kept is not None and kept.walk is walk else Lanes(walk)


def _stopped(walk: Walk, progress: Progress, in_force: bool) -> NDArray[np.bool_]:
    """(T,) bool: in a sweep of all losses, those of which nothing reaches the step that the walk is at."""
    stopped = np.zeros(walk.trace.length, dtype=bool)
    step = progress.step
    if in_force and step is not None and step.t is not None and step.loss is None:
        stopped[step.t :] = (walk.table[step.t :, step.t] == 0) & (walk.targets[step.t :] != IGNORE)
    return stopped


def _strips(
    tracks: tuple[Track, ...], scene: Scene, progress: Progress, before: tuple[Strip, ...]
) -> tuple[Strip, ...]:
    steps = np.arange(scene.length)
    result = []
    for i, track in enumerate(tracks):
        gradients, known = progress.gradient(track.node)
        old = before[i] if before else None
        if old is not None and old.gradients is gradients:
            cells, finite = old.gradient_cells, old.gradient_finite
        else:
            cells = grouped(np.asarray(gradients, dtype=np.float64), scene.group)
            finite = bool(np.isfinite(cells).all())
        result.append(Strip(track, steps < progress.forward_known(track.node), gradients, cells, known, finite))
    return tuple(result)


def _initial(scene: Scene, progress: Progress, before: tuple[Strip, ...]) -> tuple[Strip, ...]:
    """The states before the first step: known from the start, their gradient once step 0 has handed it back."""
    result = []
    for i, track in enumerate(scene.initial):
        if track.node < 0:  # no equation reads it
            gradients, known = np.zeros_like(track.values), np.zeros(1, dtype=bool)
        else:
            found, reached = progress.gradient(track.node)
            gradients, known = found[:1], reached[:1]
        old = before[i] if before else None
        if old is not None and np.array_equal(old.gradients, gradients):
            gradients, cells, finite = old.gradients, old.gradient_cells, old.gradient_finite
        else:
            gradients = np.asarray(gradients, dtype=np.float64)
            cells = grouped(gradients, scene.group)
            finite = bool(np.isfinite(cells).all())
        result.append(Strip(track, np.ones(1, dtype=bool), gradients, cells, known, finite))
    return tuple(result)


def _credit(progress: Progress, initial: tuple[Strip, ...]) -> Flow:
    """What has flowed from each step to the one before it, from step 0 into the initial state."""
    norms, known = progress.carry_norms, progress.carried
    reached = [s for s in initial if s.gradient_known[0]]
    if reached and len(norms):
        norms, known = norms.copy(), known.copy()
        known[0] = True
        norms[0] = joint_norm([s.gradients for s in reached])
    return Flow(norms, known)


def _gradient_scales(source: object, scene: Scene, starts: NDArray[np.float64]) -> tuple[AsinhScale, AsinhScale]:
    """One scale for all gradient cells and one for all ribbons.

    Of the whole lane and of what every other begins with, ``starts`` (T, H): so neither moves in a lane, nor, unless a
    gradient grows on its way, from one lane to the next.
    """
    if source is None:
        return gradient_scale(0.0), gradient_scale(0.0)
    nodes = source.nodes  # type: ignore[attr-defined]
    shown = [nodes[t.node] for t in (*scene.states, *scene.gates) if nodes[t.node] is not None]
    first = [nodes[t.node][:1] for t in scene.initial if t.node >= 0 and nodes[t.node] is not None]
    largest = [_largest(a) for a in (*shown, *first, starts)]
    flowing, entering = source.future_norms, lengths(source.from_loss)  # type: ignore[attr-defined]
    norms = [_largest(flowing), _largest(entering), _largest(lengths(starts)), _largest(np.array([joint_norm(first)]))]
    return gradient_scale(largest or [0.0]), gradient_scale(norms, _RIBBON_DECADES)


def _largest(values: NDArray[np.float64]) -> float:
    size = np.abs(values[np.isfinite(values)])
    return float(size.max()) if size.size else 0.0


def _flow(values: NDArray[np.float64], known: NDArray[np.bool_], kept: Flow | None) -> Flow:
    """The norms of a stream; those of the same gradients at another position are ``kept``."""
    return Flow(lengths(values) if kept is None else kept.norms, known)
