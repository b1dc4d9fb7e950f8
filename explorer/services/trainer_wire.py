"""What the window and its training process say to each other, and how it is put on a pipe.

The window sends :class:`Go`, :class:`Stop` and :class:`Spacing`; the process answers :class:`Ready` once and then sends
:class:`Batch` after batch, the last one of a stint marked as such. A message is its length and a pickle: both ends are
this program, and nobody else can write to the pipe.
"""

from __future__ import annotations

import pickle
import struct
from collections.abc import Mapping
from dataclasses import field
from functools import lru_cache
from io import BytesIO
from types import MappingProxyType
from typing import Any, BinaryIO

import numpy as np

from rnncore.batches import Item
from rnncore.cells import Cell
from rnncore.curve import ROW
from rnncore.flat import Flat, Layout
from rnncore.frozen import dataclass
from rnncore.model import Model
from rnncore.ops import Array
from rnncore.training import Trainer
from rnncore.training_settings import TrainingSettings
from rnncore.training_state import TrainingState

LONGEST = 2**40
"""Bytes. What seems longer is no message, but something that was printed."""
_LENGTH = struct.Struct("<Q")


@dataclass(frozen=True)
class Work:
    """A trainer without its state. The sequences lie end to end: a corpus of many is sent as two arrays."""

    model: Model
    settings: TrainingSettings
    inputs: Array = field(repr=False)
    targets: Array = field(repr=False)
    lengths: Array = field(repr=False)


@dataclass(frozen=True)
class Go:
    """Train on from ``state`` until told to stop; without ``work``, with the trainer of the last time.

    With ``until``, train up to that update, also beyond a loss that is not finite unless it is ``watchful``. A state is
    sent along at each update that is ``first`` plus a multiple of ``spacing``.
    """

    stint: int
    work: Work | None
    state: TrainingState
    first: int
    spacing: int
    until: int | None = None
    watchful: bool = False


@dataclass(frozen=True)
class Stop:
    """End the stint after the present update."""

    stint: int


@dataclass(frozen=True)
class Spacing:
    """Send keyframes at this distance from now on."""

    spacing: int


@dataclass(frozen=True)
class Ready:
    """The process has started."""


@dataclass(frozen=True)
class Batch:
    """Updates done since the last batch; see :meth:`rnncore.history.History.extend`.

    ``rows`` are the bytes of rows of the loss curve. ``state`` is None when nothing was done. ``last`` says that the
    stint is over, and ``failure`` what went wrong, as a sentence. ``seconds`` is their processor time.
    """

    stint: int
    rows: bytes = field(repr=False)
    evaluations: tuple[tuple[int, float, float, bool], ...]
    keyframes: tuple[TrainingState, ...] = field(repr=False)
    state: TrainingState | None = field(repr=False)
    last: bool = False
    failure: str = ""
    seconds: float = field(default=0.0, compare=False)

    @property
    def table(self) -> Array:
        """The rows (n,) as an array of dtype :data:`rnncore.curve.ROW`."""
        return np.frombuffer(self.rows, ROW)


def work_of(trainer: Trainer) -> Work:
    """Return what an equal trainer can be made of elsewhere."""
    items = trainer.sequences
    empty = np.empty(0, np.int64)
    return Work(
        trainer.model,
        trainer.settings,
        np.concatenate([empty, *(item.inputs for item in items)]),
        np.concatenate([empty, *(item.targets for item in items)]),
        np.array([len(item.inputs) for item in items], np.int64),
    )


def trainer_of(work: Work) -> Trainer:
    """Return a trainer equal to the one that the work was taken of, at its beginning."""
    for array in (work.inputs, work.targets):
        array.setflags(write=False)  # or each sequence would be copied
    ends = np.cumsum(work.lengths)
    parts = [slice(int(end - length), int(end)) for end, length in zip(ends, work.lengths, strict=True)]
    # How many of them carry a loss is counted again when the trainer reads them.
    items = [Item(work.inputs[part], work.targets[part], 0) for part in parts]
    return Trainer(work.model, items, settings=work.settings)


def write(stream: BinaryIO, message: Any) -> None:
    """Write one message at once."""
    stream.write(packed(message))
    stream.flush()


def packed(message: Any) -> bytes:
    """Return the bytes of one message."""
    held = BytesIO()
    held.write(_LENGTH.pack(0))
    _Pickler(held, pickle.HIGHEST_PROTOCOL).dump(message)
    size = held.tell()
    held.seek(0)
    held.write(_LENGTH.pack(size - _LENGTH.size))
    return held.getvalue()


def read(stream: BinaryIO) -> Any:
    """Return the next message; raises EOFError when the other end has gone, ValueError when it says something else."""
    head = stream.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        raise EOFError
    (size,) = _LENGTH.unpack(head)
    if size > LONGEST:
        raise ValueError(f"{head!r} begins no message")
    body = stream.read(size)
    if len(body) < size:
        raise EOFError
    return pickle.loads(body)


class _Pickler(pickle.Pickler):
    """Knows how to send what is read-only or knows too much about itself."""

    def reducer_override(self, value: Any) -> Any:
        if isinstance(value, Flat):
            return Flat, (value.vector, value.layout)  # not its views as well
        if isinstance(value, Layout):
            return _layout, (value.names, value.shapes)
        if isinstance(value, MappingProxyType):
            return _read_only, (dict(value),)
        if isinstance(value, Cell):
            return Cell.from_equations, (value.name, value.text)
        return NotImplemented


@lru_cache(maxsize=64)
def _layout(names: tuple[str, ...], shapes: tuple[tuple[int, ...], ...]) -> Layout:
    """The same layout for all states of a run: thousands of them are kept."""
    return Layout(names, shapes)


def _read_only(arrays: dict[str, Any]) -> Mapping[str, Any]:
    for value in arrays.values():
        if isinstance(value, np.ndarray):
            value.setflags(write=False)
    return MappingProxyType(arrays)
