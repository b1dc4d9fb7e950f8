"""From the contents of a session file back to records, believing nothing that it says."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from rnncore.annealing import Annealed
from rnncore.cells import Cell
from rnncore.container import Container
from rnncore.curve import EVALUATION, ROW, Evaluations, LossCurve
from rnncore.errors import RnnError
from rnncore.model import Init, Model, frozen, parameter_shapes
from rnncore.ops import Array
from rnncore.packing import unpack
from rnncore.session_file import Line, SessionFile
from rnncore.training_settings import TrainingSettings
from rnncore.training_state import TrainingState

LONGEST_LABEL = 10_000
LARGEST_COUNT = 2**53
"""What every count in a file lies below: no run gets so far, and the arrays of a loss curve can hold it."""


class Reader:
    """Rebuilds the records, believing nothing. ``where`` is the member being read, for the error message."""

    def __init__(self, container: Container) -> None:
        self.container = container
        self.where = "model.json"
        self._cache: dict[str, Array] = {}
        self._taken: dict[str, int] = {}

    def read(self) -> SessionFile:
        """Return the file's contents; raises whatever goes wrong, with ``where`` set."""
        model = self._model()
        corpus = None
        if "corpus" in self.container.names(".json"):
            self.where = "corpus.json"
            stored = {name: self._array(f"corpus/{name}") for name in ("ids", "lengths")}
            corpus = unpack(self.container.json("corpus"), stored)
            demand(corpus.vocabulary.size == model.vocabulary_size, "its vocabulary is not the model's")
        self.where = "session.json"
        session = self.container.json("session")
        demand(isinstance(session, dict), "it is no dictionary")
        self.where = "training.json"
        training = self.container.json("training")
        demand(isinstance(training, dict) and isinstance(training.get("lines"), list), "it lists no lines")
        demand(not training["lines"] or corpus is not None, "there is training but no corpus")
        lines: list[Line] = []
        for place, plain in enumerate(training["lines"]):
            lines.append(self._line(plain, place, len(training["lines"]), model))
        current = _whole(training, "current")
        demand(current < max(1, len(lines)), "there is no such current line")
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
        demand(isinstance(plain, dict), "it describes no cell")
        cell = self._cell(plain.get("cell"))
        vocabulary, hidden = _whole(plain, "vocabulary_size", 1), _whole(plain, "hidden_size", 1)
        demand(plain.get("dtype") in ("float32", "float64"), "its precision is unknown")
        seed, init = plain.get("seed"), plain.get("init")
        demand(type(seed) is int and isinstance(init, dict), "its seed or initialisation is missing")
        shapes = parameter_shapes(cell, vocabulary, hidden)
        demand(plain.get("parameters") == list(shapes), "its parameters are not those of its cell")
        parameters = {}
        for name, shape in shapes.items():
            self.where = f"parameters/{name}.npy"
            value = self._array(f"parameters/{name}")
            demand(value.dtype == plain["dtype"] and value.shape == shape, f"it is not {plain['dtype']} {shape}")
            parameters[name] = value
        self.where = "model.json"
        return Model(cell, vocabulary, hidden, frozen(parameters), seed, Init(**init))

    def _line(self, plain: Any, place: int, count: int, model: Model) -> Line:
        self.where = "training.json"
        demand(isinstance(plain, dict), f"line {place} is no record")
        settings = TrainingSettings.from_plain(plain.get("settings"))
        state = self._state(plain.get("state"), settings, model)
        demand(isinstance(plain.get("keyframes"), list), f"line {place} has no keyframes")
        frames = [self._state(frame, settings, model) for frame in plain["keyframes"]]
        parent = plain.get("parent")
        if parent is not None:
            demand(_whole(plain, "parent") < count and parent != place, f"line {place} has no parent")
        demand(isinstance(plain.get("curve"), dict), f"line {place} has no curve")
        cell = None
        if plain.get("cell") is not None:
            cell = self._cell(plain["cell"])
            demand(
                parameter_shapes(cell, model.vocabulary_size, model.hidden_size).items()
                == {n: p.shape for n, p in model.parameters.items()}.items(),
                f"line {place} has other equations",
            )
            demand(list(cell.states) == list(model.cell.states), f"line {place} has other states")
        stride = _whole(plain["curve"], "stride", 1)
        self.where = f"curve/{place}"
        columns = {}
        for name in ROW.names or ():
            column = self._array(f"curve/{place}/{name}")
            demand(column.ndim == 1 and column.dtype == ROW[name], f"its {name} is no column of {ROW[name]}")
            columns[name] = column
        curve = LossCurve.from_columns(columns, stride)
        self.where = f"evaluations/{place}"
        table = [self._array(f"evaluations/{place}/{name}") for name in EVALUATION.names or ()]
        for name, column in zip(EVALUATION.names or (), table, strict=True):
            fits = column.ndim == 1 and column.dtype == EVALUATION[name] and len(column) == len(table[0])
            demand(fits, f"its {name} is no column of {EVALUATION[name]}")
        evaluations = Evaluations.of(*(column.tolist() for column in table))
        self.where = "training.json"
        spacing = _whole(plain, "spacing", 1)
        label = plain.get("label", "")
        demand(isinstance(label, str) and len(label) <= LONGEST_LABEL, f"line {place} has no name")
        return Line(settings, state, tuple(frames), spacing, curve, evaluations, parent, cell, label)

    def _cell(self, plain: Any) -> Cell:
        demand(isinstance(plain, dict), "it describes no cell")
        name, text = plain.get("name"), plain.get("text")
        demand(isinstance(name, str) and isinstance(text, str), "its cell has no equations")
        return Cell.from_equations(name, text)

    def _state(self, plain: Any, settings: TrainingSettings, model: Model) -> TrainingState:
        demand(isinstance(plain, dict), "a state is no record")
        rate, evaluated = plain.get("learning_rate"), plain.get("evaluated")
        demand(type(rate) is float and rate >= 0.0, "a state has no learning rate")
        demand(evaluated is None or type(evaluated) is float, "a state's evaluated loss is no number")
        demand(type(plain.get("epoch_begins")) is bool, "a state does not say where its epoch stands")
        shapes = {name: value.shape for name, value in model.parameters.items()}
        parameters = self._group(plain.get("parameters"), shapes, model.dtype)
        fresh = settings.optimiser.init(model.parameters)
        slots = plain.get("optimiser")
        demand(isinstance(slots, dict) and set(slots) == set(shapes), "a state has no optimiser state")
        optimiser = {}
        for name, own in fresh.items():
            if set(own) - {"step"}:
                optimiser[name] = self._group(slots[name], {slot: value.shape for slot, value in own.items()}, None)
            else:
                demand(slots[name] == {}, "a state is another optimiser's")
                optimiser[name] = {}
            for slot, value in optimiser[name].items():
                demand(value.dtype == own[slot].dtype, "a state is another optimiser's")
                demand(value.dtype.kind != "i" or int(value.min()) >= 0, "a state counts its steps below zero")
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
        demand(isinstance(places, dict) and list(places) == list(shapes), "a state's arrays are not the model's")
        found = {name: self._from_pool(places[name]) for name in shapes}
        lanes = {value.shape[:-1] for value in found.values()}
        for name, value in found.items():
            fits = value.shape == shapes[name]
            if fewer and len(shapes[name]) == 2:
                fits = value.ndim == 2 and value.shape[1] == shapes[name][1] and len(lanes) == 1
                fits = fits and 1 <= value.shape[0] <= shapes[name][0]
            demand(fits and (dtype is None or value.dtype == dtype), f"a state's {name} has the wrong shape")
        return found

    def _from_pool(self, place: Any) -> Array:
        if isinstance(place, str):
            demand(place.startswith("parameters/"), "a state names an unknown array")
            return self._array(place)
        demand(isinstance(place, list) and len(place) == 3, "a state's array has no place")
        kind, start, shape = place
        demand(kind in ("float32", "float64", "int64"), "a state's array has an unknown precision")
        demand(isinstance(shape, list) and len(shape) <= 2, "a state's array has no shape")
        demand(all(type(size) is int and size >= 0 for size in (start, *shape)), "a state's array has no place")
        key = f"{kind}:{start}:{shape}"
        found = self._cache.get(key)
        if found is None:
            pool = self._array(f"states/{kind}")
            size = 1
            for length in shape:
                size *= length
            demand(pool.ndim == 1 and start + size <= pool.size, "a state's array lies outside of the file")
            # Each stretch belongs to one array. Stretches that overlap could make a small file fill the memory.
            self._taken[kind] = self._taken.get(kind, 0) + size
            demand(self._taken[kind] <= pool.size, "the arrays of its states share their numbers")
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
        demand(bool(ready), "its lines are one another's parents")
        order += ready
    moved = [
        dataclasses.replace(lines[place], parent=None if (p := lines[place].parent) is None else order.index(p))
        for place in order
    ]
    return moved, order.index(current) if lines else 0


def demand(condition: bool, reason: str) -> None:
    """Raise RnnError with ``reason`` unless ``condition`` holds."""
    if not condition:
        raise RnnError(reason)


def _whole(plain: Mapping[str, Any], name: str, low: int = 0) -> int:
    value = plain.get(name)
    fits = type(value) is int and low <= value < LARGEST_COUNT
    demand(fits, f"its {name} is no whole number of at least {low}")
    return value  # type: ignore[return-value]


def sentence(problem: BaseException) -> str:
    """Return what went wrong as the middle of a sentence."""
    if isinstance(problem, MemoryError):
        return "it does not fit into memory"
    return str(problem).strip(". ")[:300] or type(problem).__name__
