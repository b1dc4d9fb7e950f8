"""Session and checkpoint files.

One file holds everything: the cell's equations, the parameters, the corpus with its vocabulary, the optimiser
and its state, the truncation, the place in the data, the loss curve and the keyframes of every branch, and
whatever the caller's own ``session`` dictionary says. It is a zip of JSON and ``.npy`` arrays, never a
pickle; the parameters can be read by ``numpy.load`` without this program. See :mod:`rnncore.container` for
what protects the reader.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from rnncore.cells import Cell
from rnncore.container import LIMIT, check_path, damaged, read, write
from rnncore.corpus import Corpus
from rnncore.curve import EVALUATION, Evaluations, LossCurve
from rnncore.errors import FileError
from rnncore.history import History
from rnncore.keyframes import state_bytes
from rnncore.model import Model
from rnncore.ops import Array
from rnncore.packing import pack
from rnncore.session_file import Line, SessionFile
from rnncore.session_reader import LONGEST_LABEL, Reader, demand, sentence
from rnncore.training import Trainer
from rnncore.training_state import TrainingState

__all__ = ["FORMAT", "Line", "SessionFile", "load", "save", "saved_order"]

FORMAT = "bptt-session-1"
KEYFRAME_BYTES = 32 * 2**20


def save(
    path: str | os.PathLike[str],
    *,
    model: Model | None = None,
    corpus: Corpus | None = None,
    trainer: Trainer | None = None,
    history: History | Sequence[History] | None = None,
    session: Mapping[str, Any] | None = None,
    keyframe_bytes: int = KEYFRAME_BYTES,
) -> None:
    """Save a model, a trainer, or one or more histories to one file, all or nothing.

    Parameters
    ----------
    model, corpus
        Needed only without a trainer or history, which bring their own.
    trainer
        Saved where it stands, without a past.
    history
        The current history first; its ancestors, and other branches given, are saved with it.
    session
        Plain data of the caller's own: numbers (NaN and ±∞ too), texts, lists, dictionaries with text keys.
    keyframe_bytes
        Room for keyframes in each line; where they need more, every second one is left out, again and again.
        Seeking stays exact.

    Raises FileError when something cannot be saved, or the file cannot be written; an older file stays whole.
    """
    check_path(path)
    if session is not None and not isinstance(session, Mapping):
        raise FileError(f"{path}: session is a {type(session).__name__}. Give a dictionary with texts as keys.")
    for what, given, kind in (("model", model, Model), ("trainer", trainer, Trainer)):
        if given is not None and not isinstance(given, kind):
            raise FileError(f"{path}: {given!r:.40} cannot be saved as {what}. Give a {kind.__name__}.")
    order = () if history is None else saved_order(history)
    if history is not None and not order:
        raise FileError(f"{path}: there is no history among those to be saved. Give one, or leave it out.")
    current = 0 if history is None else order.index(_as_tuple(history)[0])
    lines = _lines(trainer, order, current, keyframe_bytes)
    if lines:
        leader = order[current].trainer if order else trainer
        assert leader is not None
        model, corpus = leader.model.with_parameters(lines[current].state.parameters), leader.corpus
    if model is None:
        raise FileError(f"{path}: there is nothing to save. Give a model, a trainer or a history.")
    if corpus is not None and not isinstance(corpus, Corpus):
        raise FileError(f"{path}: only a Corpus can be saved, not {type(corpus).__name__}. Train on one.")
    if corpus is not None and corpus.rule is not None and corpus.recipe is None:
        raise FileError(
            f"{path}: the corpus {corpus.name!r:.40} has a rule for its targets, "
            "but no recipe to make it again by. Use a bundled task."
        )
    if corpus is not None and corpus.vocabulary.size != model.vocabulary_size:
        # Predictions could not be read, and neither could the file.
        raise FileError(
            f"{path}: the corpus has a vocabulary of {corpus.vocabulary.size}, the model one of "
            f"{model.vocabulary_size}. Make the model with vocabulary_size=corpus.vocabulary.size."
        )
    pool = _Pool({f"parameters/{name}": value for name, value in model.parameters.items()})
    plain: dict[str, Any] = {"session": dict(session or {}), "model": _model_to_plain(model)}
    arrays: dict[str, Array] = {}
    if corpus is not None:
        plain["corpus"], packed = pack(corpus)
        arrays |= {f"corpus/{name}": value for name, value in packed.items()}
    plain["training"] = {"lines": [_line_to_plain(line, pool) for line in lines], "current": current}
    for place, line in enumerate(lines):
        columns = line.curve.columns()
        arrays |= {f"curve/{place}/{name}": value for name, value in columns.items()}
        rows = line.evaluations.rows
        arrays |= {f"evaluations/{place}/{name}": rows[name] for name in EVALUATION.names or ()}
    write(path, plain, pool.arrays() | arrays, FORMAT)


def load(path: str | os.PathLike[str], limit: int = LIMIT) -> SessionFile:
    """Read what :func:`save` wrote; NaN and infinite weights come back as they were.

    Raises FileError, naming the file, the place in it and the remedy, when it is missing, no session, of a
    newer version, damaged, cut off, forged, or larger than ``limit`` bytes (packed or unpacked). Nothing else
    is raised, nothing is executed, nothing is written, and no more memory is taken than a valid file of that
    size would take.
    """
    container = read(path, (FORMAT,), limit)
    reader = Reader(container)
    try:
        loaded = reader.read()
        reader.where = "training.json"
        for history in loaded.histories():
            # What cannot be trained on is found now, not at the next update.
            demand(history.trainer.next_piece.words > 0, "a line stands where there is nothing to learn")
        return loaded
    except FileError as problem:
        if str(problem).startswith(container.path):
            raise
        raise damaged(container.path, reader.where, sentence(problem)) from None
    except Exception as problem:  # a forged file may break any assumption
        raise damaged(container.path, reader.where, sentence(problem)) from None


# --- to plain data ------------------------------------------------------------------------------------------


def _as_tuple(history: History | Sequence[History]) -> tuple[History, ...]:
    return (history,) if isinstance(history, History) else tuple(history)


def saved_order(history: History | Sequence[History]) -> tuple[History, ...]:
    """Return the histories given and their ancestors in the order of :attr:`SessionFile.lines`: parents first."""
    found: list[History] = []
    for one in _as_tuple(history):
        found += [other for other in one.lineage if other not in found]
    return tuple(found)


def _lines(trainer: Trainer | None, order: tuple[History, ...], current: int, room: int) -> list[Line]:
    if order:
        leader = order[current].trainer.model.cell
        return [_line(one, order, room, leader) for one in order]
    if trainer is None:
        return []
    state = trainer.state
    return [Line(trainer.settings, state, (state,), 1, LossCurve(), Evaluations())]


def _line(history: History, found: tuple[History, ...], room: int, leader: Cell) -> Line:
    now = history.snapshot()
    spacing, frames = now.spacing, now.keyframes
    while len(frames) > 1 and len(frames) * state_bytes(now.state) > room:
        spacing *= 2
        frames = tuple(frame for frame in frames if (frame.update - history.first) % spacing == 0)
    parent = None if history.parent is None else found.index(history.parent)
    own = history.trainer.model.cell
    cell = None if own.text == leader.text else own
    return Line(
        history.trainer.settings,
        now.state,
        frames,
        spacing,
        now.curve,
        now.evaluations,
        parent,
        cell,
        history.label[:LONGEST_LABEL],
    )


def _cell_to_plain(cell: Cell) -> dict[str, str]:
    return {"name": cell.name, "text": cell.text}


def _model_to_plain(model: Model) -> dict[str, Any]:
    return {
        "cell": _cell_to_plain(model.cell),
        "vocabulary_size": model.vocabulary_size,
        "hidden_size": model.hidden_size,
        "dtype": model.dtype.name,
        "seed": model.seed,
        "init": dataclasses.asdict(model.init),
        "parameters": list(model.parameters),
    }


def _line_to_plain(line: Line, pool: _Pool) -> dict[str, Any]:
    return {
        "settings": line.settings.to_plain(),
        "state": _state_to_plain(line.state, pool),
        "keyframes": [_state_to_plain(frame, pool) for frame in line.keyframes],
        "spacing": line.spacing,
        "curve": {"stride": line.curve.stride},
        "parent": line.parent,
        "cell": None if line.cell is None else _cell_to_plain(line.cell),
        "label": line.label,
    }


def _state_to_plain(state: TrainingState, pool: _Pool) -> dict[str, Any]:
    def put(arrays: Mapping[str, Array]) -> dict[str, Any]:
        return {name: pool.put(array) for name, array in arrays.items()}

    return {
        "update": state.update,
        "epoch": state.epoch,
        "position": state.position,
        "epoch_begins": state.epoch_begins,
        "learning_rate": state.annealed.learning_rate,
        "evaluated": state.annealed.evaluated,
        "parameters": put(state.parameters),
        "optimiser": {name: put(slots) for name, slots in state.optimiser.items()},
        "carried": None if state.carried is None else put(state.carried),
    }


class _Pool:
    """Arrays that states share, each stored once: by name, or in one long array a precision."""

    def __init__(self, named: Mapping[str, Array]) -> None:
        self._named = dict(named)
        self._places: dict[int, Any] = {id(array): name for name, array in named.items()}
        self._held: dict[str, list[Array]] = {}
        self._sizes: dict[str, int] = {}
        self._alive: list[Array] = []

    def put(self, array: Array) -> Any:
        """Return where ``array`` is stored: a member's name, or [precision, start, shape]."""
        place = self._places.get(id(array))
        if place is None:
            kind = array.dtype.name
            start = self._sizes.get(kind, 0)
            self._held.setdefault(kind, []).append(array.ravel())
            self._sizes[kind] = start + array.size
            self._alive.append(array)  # so that no other array can take over its id
            place = self._places[id(array)] = [kind, start, list(array.shape)]
        return place

    def arrays(self) -> dict[str, Array]:
        """Return the arrays to store, by member name."""
        return self._named | {f"states/{kind}": np.concatenate(held) for kind, held in self._held.items()}
