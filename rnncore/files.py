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
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from rnncore.annealing import Annealed
from rnncore.cells import Cell
from rnncore.container import LIMIT, Container, damaged, read, write
from rnncore.corpus import Corpus
from rnncore.curve import EVALUATION, ROW, Evaluations, LossCurve
from rnncore.errors import FileError, RnnError
from rnncore.history import History, state_bytes
from rnncore.model import Init, Model, frozen, parameter_shapes
from rnncore.ops import Array
from rnncore.packing import pack, unpack
from rnncore.training import Trainer
from rnncore.training_settings import TrainingSettings
from rnncore.training_state import TrainingState

FORMAT = "bptt-session-1"
KEYFRAME_BYTES = 32 * 2**20


@dataclass(frozen=True)
class Line:
    """One line of training: a run, or a branch of one.

    ``state`` is where it stands. ``parent`` is the place in :attr:`SessionFile.lines` of the line that it
    left at its first keyframe's update, or None.
    """

    settings: TrainingSettings
    state: TrainingState
    keyframes: tuple[TrainingState, ...] = field(repr=False)
    spacing: int
    curve: LossCurve = field(repr=False)
    evaluations: Evaluations = field(repr=False)
    parent: int | None = None


@dataclass(frozen=True)
class SessionFile:
    """What a session file holds.

    ``model`` has the current parameters. ``lines`` are empty for a model that was saved without its training;
    ``current`` is the place of the line that goes on. ``session`` is the caller's own plain data.
    """

    model: Model
    corpus: Corpus | None
    lines: tuple[Line, ...]
    current: int
    session: Mapping[str, Any] = field(repr=False)

    def histories(self) -> tuple[History, ...]:
        """Return new live histories, one a line, linked as they were; each has its trainer."""
        made: list[History] = []
        for line in self.lines:
            trainer = Trainer(self.model, self.corpus, settings=line.settings)
            trainer.restore(line.state)
            made.append(
                History.restored(
                    trainer,
                    line.keyframes,
                    line.curve.copy(),
                    line.evaluations.copy(),
                    spacing=line.spacing,
                    parent=None if line.parent is None else made[line.parent],
                )
            )
        return tuple(made)

    def history(self) -> History:
        """Return the current line as a new live history, to train on; raises RnnError without one."""
        if not self.lines:
            raise RnnError("This file holds a model without its training. Train it on a corpus anew.")
        return self.histories()[self.current]


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
    lines = _lines(trainer, history, keyframe_bytes)
    if lines:
        leader = trainer if history is None else _as_tuple(history)[0].trainer
        assert leader is not None
        model, corpus = leader.model.with_parameters(lines[0].state.parameters), leader.corpus
    if model is None:
        raise FileError(f"{path}: there is nothing to save. Give a model, a trainer or a history.")
    if corpus is not None and not isinstance(corpus, Corpus):
        raise FileError(f"{path}: only a Corpus can be saved, not {type(corpus).__name__}. Train on one.")
    if corpus is not None and corpus.rule is not None and corpus.recipe is None:
        raise FileError(
            f"{path}: the corpus {corpus.name!r:.40} has a rule for its targets, "
            "but no recipe to make it again by. Use a bundled task."
        )
    pool = _Pool({f"parameters/{name}": value for name, value in model.parameters.items()})
    plain: dict[str, Any] = {"session": dict(session or {}), "model": _model_to_plain(model)}
    arrays: dict[str, Array] = {}
    if corpus is not None:
        plain["corpus"], packed = pack(corpus)
        arrays |= {f"corpus/{name}": value for name, value in packed.items()}
    plain["training"] = {"lines": [_line_to_plain(line, pool) for line in lines], "current": 0}
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
    reader = _Reader(container)
    try:
        loaded = reader.read()
        reader.where = "training.json"
        for history in loaded.histories():
            # What cannot be trained on is found now, not at the next update.
            _demand(history.trainer.next_piece.words > 0, "a line stands where there is nothing to learn")
        return loaded
    except FileError as problem:
        if str(problem).startswith(container.path):
            raise
        raise damaged(container.path, reader.where, _sentence(problem)) from None
    except Exception as problem:  # a forged file may break any assumption
        raise damaged(container.path, reader.where, _sentence(problem)) from None


# --- to plain data ------------------------------------------------------------------------------------------


def _as_tuple(history: History | Sequence[History]) -> tuple[History, ...]:
    return (history,) if isinstance(history, History) else tuple(history)


def _lines(trainer: Trainer | None, history: History | Sequence[History] | None, room: int) -> list[Line]:
    if history is None:
        if trainer is None:
            return []
        state = trainer.state
        return [Line(trainer.settings, state, (state,), 1, LossCurve(), Evaluations())]
    wanted = _as_tuple(history)
    found: list[History] = []
    for one in wanted:
        for other in reversed(one.lineage):
            if other not in found:
                found.append(other)
    return [_line(one, found, room) for one in found]


def _line(history: History, found: list[History], room: int) -> Line:
    now = history.snapshot()
    spacing, frames = now.spacing, now.keyframes
    while len(frames) > 1 and len(frames) * state_bytes(now.state) > room:
        spacing *= 2
        frames = tuple(frame for frame in frames if (frame.update - history.first) % spacing == 0)
    parent = None if history.parent is None else found.index(history.parent)
    return Line(history.trainer.settings, now.state, frames, spacing, now.curve, now.evaluations, parent)


def _model_to_plain(model: Model) -> dict[str, Any]:
    return {
        "cell": {"name": model.cell.name, "text": model.cell.text},
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


# --- from plain data ----------------------------------------------------------------------------------------


class _Reader:
    """Rebuilds the records, believing nothing. ``where`` is the member being read, for the error message."""

    def __init__(self, container: Container) -> None:
        self.container = container
        self.where = "model.json"
        self._cache: dict[str, Array] = {}

    def read(self) -> SessionFile:
        """Return the file's contents; raises whatever goes wrong, with ``where`` set."""
        model = self._model()
        corpus = None
        if "corpus" in self.container.names(".json"):
            self.where = "corpus.json"
            stored = {name: self._array(f"corpus/{name}") for name in ("ids", "lengths")}
            corpus = unpack(self.container.json("corpus"), stored)
            _demand(corpus.vocabulary.size == model.vocabulary_size, "its vocabulary is not the model's")
        self.where = "session.json"
        session = self.container.json("session")
        _demand(isinstance(session, dict), "it is no dictionary")
        self.where = "training.json"
        training = self.container.json("training")
        _demand(isinstance(training, dict) and isinstance(training.get("lines"), list), "it lists no lines")
        _demand(not training["lines"] or corpus is not None, "there is training but no corpus")
        lines: list[Line] = []
        for place, plain in enumerate(training["lines"]):
            lines.append(self._line(plain, place, len(training["lines"]), model))
        current = _whole(training, "current")
        _demand(current < max(1, len(lines)), "there is no such current line")
        lines, current = _in_order(lines, current)
        return SessionFile(model, corpus, tuple(lines), current, session)

    def _array(self, name: str) -> Array:
        found = self._cache.get(name)
        if found is None:
            # A copy lies in memory as any other array does, so that sums over it round alike.
            found = self.container.array(name).copy()
            found.setflags(write=False)
            self._cache[name] = found
        return found

    def _model(self) -> Model:
        plain = self.container.json("model")
        _demand(isinstance(plain, dict) and isinstance(plain.get("cell"), dict), "it describes no cell")
        name, text = plain["cell"].get("name"), plain["cell"].get("text")
        _demand(isinstance(name, str) and isinstance(text, str), "its cell has no equations")
        cell = Cell.from_equations(name, text)
        vocabulary, hidden = _whole(plain, "vocabulary_size", 1), _whole(plain, "hidden_size", 1)
        _demand(plain.get("dtype") in ("float32", "float64"), "its precision is unknown")
        seed, init = plain.get("seed"), plain.get("init")
        _demand(type(seed) is int and isinstance(init, dict), "its seed or initialisation is missing")
        shapes = parameter_shapes(cell, vocabulary, hidden)
        _demand(plain.get("parameters") == list(shapes), "its parameters are not those of its cell")
        parameters = {}
        for name, shape in shapes.items():
            self.where = f"parameters/{name}.npy"
            value = self._array(f"parameters/{name}")
            _demand(
                value.dtype == plain["dtype"] and value.shape == shape, f"it is not {plain['dtype']} {shape}"
            )
            parameters[name] = value
        self.where = "model.json"
        return Model(cell, vocabulary, hidden, frozen(parameters), seed, Init(**init))

    def _line(self, plain: Any, place: int, count: int, model: Model) -> Line:
        self.where = "training.json"
        _demand(isinstance(plain, dict), f"line {place} is no record")
        settings = TrainingSettings.from_plain(plain.get("settings"))
        state = self._state(plain.get("state"), settings, model)
        _demand(isinstance(plain.get("keyframes"), list), f"line {place} has no keyframes")
        frames = [self._state(frame, settings, model) for frame in plain["keyframes"]]
        parent = plain.get("parent")
        if parent is not None:
            _demand(_whole(plain, "parent") < count and parent != place, f"line {place} has no parent")
        _demand(isinstance(plain.get("curve"), dict), f"line {place} has no curve")
        stride = _whole(plain["curve"], "stride", 1)
        self.where = f"curve/{place}"
        columns = {}
        for name in ROW.names or ():
            column = self._array(f"curve/{place}/{name}")
            _demand(column.ndim == 1 and column.dtype == ROW[name], f"its {name} is no column of {ROW[name]}")
            columns[name] = column
        curve = LossCurve.from_columns(columns, stride)
        self.where = f"evaluations/{place}"
        table = [self._array(f"evaluations/{place}/{name}") for name in EVALUATION.names or ()]
        for name, column in zip(EVALUATION.names or (), table, strict=True):
            fits = column.ndim == 1 and column.dtype == EVALUATION[name] and len(column) == len(table[0])
            _demand(fits, f"its {name} is no column of {EVALUATION[name]}")
        evaluations = Evaluations.of(*(column.tolist() for column in table))
        self.where = "training.json"
        return Line(settings, state, tuple(frames), _whole(plain, "spacing", 1), curve, evaluations, parent)

    def _state(self, plain: Any, settings: TrainingSettings, model: Model) -> TrainingState:
        _demand(isinstance(plain, dict), "a state is no record")
        rate, evaluated = plain.get("learning_rate"), plain.get("evaluated")
        _demand(type(rate) is float and rate >= 0.0, "a state has no learning rate")
        _demand(evaluated is None or type(evaluated) is float, "a state's evaluated loss is no number")
        _demand(type(plain.get("epoch_begins")) is bool, "a state does not say where its epoch stands")
        shapes = {name: value.shape for name, value in model.parameters.items()}
        parameters = self._group(plain.get("parameters"), shapes, model.dtype)
        fresh = settings.optimiser.init(model.parameters)
        slots = plain.get("optimiser")
        _demand(isinstance(slots, dict) and set(slots) == set(shapes), "a state has no optimiser state")
        optimiser = {}
        for name, own in fresh.items():
            if set(own) - {"step"}:
                optimiser[name] = self._group(
                    slots[name], {slot: value.shape for slot, value in own.items()}, None
                )
            else:
                _demand(slots[name] == {}, "a state is another optimiser's")
                optimiser[name] = {}
            for slot, value in optimiser[name].items():
                _demand(value.dtype == own[slot].dtype, "a state is another optimiser's")
        carried = plain.get("carried")
        if carried is not None:
            lanes = () if settings.batch_size == 1 else (settings.batch_size,)
            shape = (*lanes, model.hidden_size)
            carried = self._group(carried, dict.fromkeys(model.cell.states, shape), model.dtype, fewer=True)
        return TrainingState(
            parameters=frozen(parameters),
            optimiser=optimiser,
            annealed=Annealed(rate, evaluated),
            update=_whole(plain, "update"),
            epoch=_whole(plain, "epoch"),
            position=_whole(plain, "position"),
            epoch_begins=plain["epoch_begins"],
            carried=None if carried is None else frozen(carried),
        )

    def _group(
        self, places: Any, shapes: Mapping[str, tuple[int, ...]], dtype: Any, *, fewer: bool = False
    ) -> dict[str, Array]:
        """Return the arrays that ``places`` names, checked; with ``fewer`` there may be fewer lanes."""
        _demand(
            isinstance(places, dict) and list(places) == list(shapes), "a state's arrays are not the model's"
        )
        found = {name: self._from_pool(places[name]) for name in shapes}
        lanes = {value.shape[:-1] for value in found.values()}
        for name, value in found.items():
            fits = value.shape == shapes[name]
            if fewer and len(shapes[name]) == 2:
                fits = value.ndim == 2 and value.shape[1] == shapes[name][1] and len(lanes) == 1
                fits = fits and 1 <= value.shape[0] <= shapes[name][0]
            _demand(fits and (dtype is None or value.dtype == dtype), f"a state's {name} has the wrong shape")
        return found

    def _from_pool(self, place: Any) -> Array:
        if isinstance(place, str):
            _demand(place.startswith("parameters/"), "a state names an unknown array")
            return self._array(place)
        _demand(isinstance(place, list) and len(place) == 3, "a state's array has no place")
        kind, start, shape = place
        _demand(kind in ("float32", "float64", "int64"), "a state's array has an unknown precision")
        _demand(isinstance(shape, list) and len(shape) <= 2, "a state's array has no shape")
        _demand(
            all(type(size) is int and size >= 0 for size in (start, *shape)), "a state's array has no place"
        )
        key = f"{kind}:{start}:{shape}"
        found = self._cache.get(key)
        if found is None:
            pool = self._array(f"states/{kind}")
            size = 1
            for length in shape:
                size *= length
            _demand(pool.ndim == 1 and start + size <= pool.size, "a state's array lies outside of the file")
            found = pool[start : start + size].reshape(shape).copy()
            found.setflags(write=False)
            self._cache[key] = found
        return found


def _in_order(lines: list[Line], current: int) -> tuple[list[Line], int]:
    """Return the lines with each parent before its children; raises RnnError when they go in circles."""
    order: list[int] = []
    while len(order) < len(lines):
        ready = [
            place
            for place, line in enumerate(lines)
            if place not in order and (line.parent is None or line.parent in order)
        ]
        _demand(bool(ready), "its lines are one another's parents")
        order += ready
    moved = [
        dataclasses.replace(
            lines[place], parent=None if (p := lines[place].parent) is None else order.index(p)
        )
        for place in order
    ]
    return moved, order.index(current) if lines else 0


def _demand(condition: bool, reason: str) -> None:
    if not condition:
        raise RnnError(reason)


def _whole(plain: Mapping[str, Any], name: str, low: int = 0) -> int:
    value = plain.get(name)
    _demand(type(value) is int and value >= low, f"its {name} is no whole number of at least {low}")
    return value  # type: ignore[return-value]


def _sentence(problem: BaseException) -> str:
    if isinstance(problem, MemoryError):
        return "it does not fit into memory"
    return str(problem).strip(". ")[:300] or type(problem).__name__
