"""The stage's view data from a session: a pure function of it, and of what is derived from it."""

from __future__ import annotations

from dataclasses import replace

from .derived import Derived
from .edits import edits
from .session import Session
from .stage_build import build_stage
from .stage_cut import stopped_before
from .stage_records import Marks, StageData
from .stage_scene import MOST_UNITS, Scene, gate_nodes, group_size, make_scene, regrouped

__all__ = ["StageData", "marks_of", "stage_data", "strips_of", "with_marks"]


def stage_data(
    session: Session, derived: Derived, *, most_cells: int = MOST_UNITS, previous: StageData | None = None
) -> StageData:
    """What the stage shows of ``session``.

    ``most_cells`` is how many cells a strip has room for: with more units they are grouped. ``previous`` lets
    unchanged parts be shared; it never changes the result.
    """
    walk = derived.walk(session)
    position = min(session.position, len(walk))
    scene = _scene(session, derived, most_cells, previous)
    data = build_stage(
        scene,
        walk,
        position,
        update=session.training.shown,
        marks=marks_of(session),
        previous=previous,
        between=session.settings.between,
    )
    edited = edits(session)
    if not edited:
        return data
    return replace(
        data,
        edited=edited,
        subtitle=_with_edits(data.subtitle, edited.words),
        brief=_with_edits(data.brief, edited.brief),
    )


def _with_edits(subtitle: str, words: str) -> str:
    """``update 260 · f clamped to 1 · backward pass …``: before what may be cut off at the end."""
    update, _, rest = subtitle.partition(" · ")
    return " · ".join(part for part in (update, words, rest) if part)


def marks_of(session: Session) -> Marks:
    """What is pointed at and what is selected."""
    over, chosen = session.hover, session.selection
    path = stop = None
    for place in (chosen, over):  # what is pointed at goes before what is selected
        if place.loss is not None and place.t is not None and place.t <= place.loss < session.sentence.length:
            path = place.loss, place.t
    if path is not None:
        stop = stopped_before(session.settings.truncation.table(session.sentence.length), *path)
    picked = chosen.loss if chosen.loss is not None and chosen.loss < session.sentence.length else None
    return Marks(over.t, over.unit, over.node, chosen.t, chosen.unit, chosen.node, path, stop, picked)


def with_marks(data: StageData, session: Session) -> StageData:
    """The same stage with only what is pointed at changed."""
    return replace(data, marks=marks_of(session))


def strips_of(session: Session) -> tuple[int, int, int, int]:
    """(time steps, states, gates, units): all that the stage's geometry needs to know."""
    cell = session.model.cell
    return session.sentence.length, len(cell.states), len(gate_nodes(cell)), int(session.model.hidden_size)


def _scene(session: Session, derived: Derived, most_cells: int, previous: StageData | None) -> Scene:
    trace = derived.trace(session)
    if previous is not None:
        old = previous.scene
        if old.trace is trace:
            return old if old.group == group_size(old.hidden, most_cells) else regrouped(old, most_cells)
    sentence = session.sentence
    return make_scene(
        trace,
        sentence.example.targets,
        session.corpus.vocabulary.label,
        most_cells,
        words=sentence.words[: trace.length],
        unknown=sentence.unknown[: trace.length],
    )
