"""What each update sees: the split, the order of the sentences, and the padded piece of every update.

All of it is a pure function of the data, the seed and the epoch. So a run can be replayed from any position,
and nothing random needs to be remembered.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from rnncore.errors import RnnError
from rnncore.frozen import dataclass
from rnncore.ops import Array
from rnncore.trace import IGNORE


@dataclass(frozen=True, eq=False)
class Item:
    """One training sequence: ``inputs`` (T,) token ids, ``targets`` (T,) ids or IGNORE, and its number of
    losses.
    """

    inputs: Array
    targets: Array
    words: int


@dataclass(frozen=True, eq=False)
class Piece:
    """The data of one update.

    ``inputs`` and ``targets`` are (T,), or (B, T) when sequences are trained in batches; shorter lanes are
    padded at their end with IGNORE. ``lengths`` holds each lane's true length. ``fresh`` says that the state
    starts from zeros. ``keep`` says, for each lane, after how many steps the state is taken from which the
    next update starts (0: the state that this one started from); it is empty where the next one starts
    afresh. ``lead`` counts the leading steps of each lane that only lead in: they repeat the previous
    sequence and carry no loss. ``words`` is the number of losses, and ``sentences`` the indices of the
    sequences whose losses are in it, lane by lane.
    """

    inputs: Array
    targets: Array
    lengths: tuple[int, ...]
    keep: tuple[int, ...]
    lead: tuple[int, ...]
    fresh: bool
    words: int
    sentences: tuple[int, ...]


def read_sequences(corpus: Any) -> tuple[Item, ...]:
    """Return the sequences of a corpus (anything with ``examples``) or of an iterable of examples.

    Sequences without a step are left out of training but keep their index. Raises RnnError when inputs and
    targets are no tokens, do not fit each other, or when no target carries a loss.
    """
    examples: Iterable[Any] = getattr(corpus, "examples", corpus)
    if not isinstance(examples, Iterable):
        raise RnnError(
            f"A {type(corpus).__name__} is no corpus. Give one that Corpus.from_text or Corpus.from_file makes, "
            "or examples with inputs and targets."
        )
    sequences = []
    for index, example in enumerate(examples):
        if not hasattr(example, "inputs") or not hasattr(example, "targets"):
            raise RnnError(f"Example {index} is {example!r:.40}: it lacks inputs (T,) or targets (T,). Give both.")
        inputs, targets = _tokens(example.inputs, index), _tokens(example.targets, index)
        if inputs.ndim != 1 or inputs.shape != targets.shape:
            raise RnnError(
                f"Sequence {index} has inputs of shape {inputs.shape} and targets of shape {targets.shape}. "
                "Give each step one input and one target (IGNORE where it has no loss)."
            )
        sequences.append(Item(inputs, targets, int(np.count_nonzero(targets != IGNORE))))
    # All at once: to look at each of a hundred thousand sentences by itself takes a second.
    for least, arrays in ((0, [s.inputs for s in sequences]), (IGNORE, [s.targets for s in sequences])):
        if lowest_of(arrays) < least:
            index = next(place for place, array in enumerate(arrays) if lowest_of([array]) < least)
            raise RnnError(
                f"Sequence {index} holds the number {lowest_of([arrays[index]])}. Inputs are ids from 0 on; "
                f"targets too, or {IGNORE} where a step has no loss."
            )
    if not any(item.words for item in sequences):
        raise RnnError(
            "There is nothing to learn: no sequence of the corpus has a target. "
            "Load a text with at least one sentence of two tokens."
        )
    return tuple(sequences)


def lowest_of(arrays: Sequence[Array]) -> int:
    """Return the least of all numbers; 0 without any."""
    return int(np.min(np.concatenate(arrays), initial=0)) if arrays else 0


def highest_of(arrays: Sequence[Array]) -> int:
    """Return the largest of all numbers; 0 without any."""
    return int(np.max(np.concatenate(arrays), initial=0)) if arrays else 0


def _tokens(values: Any, index: int) -> Array:
    """Return tokens as read-only int64, without a copy where they are that already."""
    try:
        tokens = np.asarray(values)
    except ValueError:
        tokens = np.asarray(None)
    if tokens.dtype.kind not in "iu" and not (tokens.ndim == 1 and tokens.size == 0):
        raise RnnError(f"Sequence {index} holds {values!r:.40}. Give whole numbers, the ids of tokens.")
    if tokens.dtype == np.uint64 and tokens.size and tokens.max() > np.iinfo(np.int64).max:
        raise RnnError(f"Sequence {index} holds the number {tokens.max()}, which is the id of no token.")
    tokens = tokens.astype(np.int64, copy=False)
    if tokens.flags.writeable:
        tokens = tokens.copy()
        tokens.setflags(write=False)
    return tokens


def permutation(seed: int, stream: int, index: int, count: int) -> Array:
    """Return a permutation of ``count`` numbers, the same for the same arguments with every version of
    numpy.
    """
    keys = np.random.PCG64(np.random.SeedSequence([seed, stream, index])).random_raw(count)
    return np.argsort(np.asarray(keys), kind="stable")


def split(sequences: Sequence[Item], fraction: float, seed: int) -> tuple[Array, Array]:
    """Return the indices of the sequences for training and for validation, both in file order.

    ``fraction`` of the sequences, chosen by ``seed``, are held out: at least one where the fraction is above
    0, and never the last one with a loss to train on. Raises RnnError when there are too few.
    """
    usable = np.array([index for index, sequence in enumerate(sequences) if sequence.inputs.size], dtype=np.int64)
    if fraction == 0.0:
        return usable, usable[:0]
    held = max(1, round(fraction * usable.size))
    mixed = usable[permutation(seed, 1, 0, usable.size)]
    training, validation = np.sort(mixed[held:]), np.sort(mixed[:held])
    for name, indices in (("training", training), ("validation", validation)):
        if not any(sequences[index].words for index in indices):
            raise RnnError(
                f"A validation share of {fraction:g} leaves no {name} sequence out of {usable.size}. "
                "Choose another share, or 0 for none, or load a longer text."
            )
    return training, validation


class Schedule:
    """The pieces of one epoch: ``len(schedule)`` of them, ``schedule[position]`` builds one.

    Lane b of a batch of B reads the sequences b, b + B, b + 2B, … of the epoch's order, so that a state can
    pass from one to the next. Every epoch starts from a state of zeros.
    """

    def __init__(
        self,
        sequences: Sequence[Item],
        indices: Array,
        *,
        seed: int,
        epoch: int,
        shuffle: bool,
        batch_size: int,
        between: str,
        chunk: int | None,
    ) -> None:
        self.epoch = epoch
        self._sequences = sequences
        self._size = batch_size
        self._between = between
        self._chunk = chunk
        self._last: tuple[int, Piece] | None = None
        order = indices[permutation(seed, 0, epoch, indices.size)] if shuffle else indices
        self._order: list[int] = order.tolist()
        self._lanes: list[tuple[Array, Array, Array]] = []
        batches = -(-len(self._order) // batch_size)
        if chunk is None:
            self._length = batches
        elif between == "carried":
            self._lanes = [self._stream(self._order[lane::batch_size]) for lane in range(min(batch_size, indices.size))]
            self._length = -(-max(inputs.size for inputs, _, _ in self._lanes) // chunk)
        else:
            longest = [max(sequences[index].inputs.size for index in self._batch(batch)) for batch in range(batches)]
            self._starts = np.concatenate([[0], np.cumsum([-(-length // chunk) for length in longest])])
            self._length = int(self._starts[-1])

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, position: int) -> Piece:
        if not 0 <= position < self._length:
            raise IndexError(position)
        last = self._last
        if last is not None and last[0] == position:
            return last[1]
        if self._chunk is None:
            piece = self._whole(position)
        elif self._between == "carried":
            piece = self._of_streams(position)
        else:
            piece = self._chunk_of_batch(position)
        self._last = position, piece
        return piece

    def _batch(self, batch: int) -> list[int]:
        return self._order[batch * self._size : (batch + 1) * self._size]

    def _whole(self, batch: int) -> Piece:
        now = self._batch(batch)
        if self._size == 1 and self._between == "reset":
            item = self._sequences[now[0]]
            return Piece(item.inputs, item.targets, (item.inputs.size,), (), (0,), True, item.words, (now[0],))
        fresh = self._between == "reset" or batch == 0
        lanes = [(self._sequences[index].inputs, self._sequences[index].targets) for index in now]
        if self._between != "carried":
            keep = () if self._between == "reset" else tuple(inputs.size for inputs, _ in lanes)
            return self._piece(lanes, keep=keep, lead=(0,) * len(now), fresh=fresh, sentences=tuple(now))
        if batch == 0:
            none = (0,) * len(now)
            return self._piece(lanes, keep=none, lead=none, fresh=True, sentences=tuple(now))
        before = [self._sequences[index].inputs for index in self._batch(batch - 1)[: len(now)]]
        lead = tuple(inputs.size for inputs in before)
        joined = [
            (np.concatenate([past, inputs]), np.concatenate([np.full_like(past, IGNORE), targets]))
            for past, (inputs, targets) in zip(before, lanes, strict=True)
        ]
        return self._piece(joined, keep=lead, lead=lead, fresh=False, sentences=tuple(now))

    def _chunk_of_batch(self, position: int) -> Piece:
        batch = int(np.searchsorted(self._starts, position, side="right")) - 1
        chunk = position - int(self._starts[batch])
        assert self._chunk is not None
        part = slice(chunk * self._chunk, (chunk + 1) * self._chunk)
        now = self._batch(batch)
        lanes = [(self._sequences[index].inputs[part], self._sequences[index].targets[part]) for index in now]
        return self._piece(
            lanes,
            keep=tuple(inputs.size for inputs, _ in lanes),
            lead=(0,) * len(now),
            fresh=chunk == 0 and (batch == 0 or self._between == "reset"),
            sentences=tuple(now),
        )

    def _stream(self, order: list[int]) -> tuple[Array, Array, Array]:
        lane = [self._sequences[index] for index in order]
        return (
            np.concatenate([item.inputs for item in lane]),
            np.concatenate([item.targets for item in lane]),
            np.cumsum([item.inputs.size for item in lane]),
        )

    def _of_streams(self, position: int) -> Piece:
        assert self._chunk is not None
        start, stop = position * self._chunk, (position + 1) * self._chunk
        lanes, sentences = [], []
        for lane, (inputs, targets, ends) in enumerate(self._lanes):
            lanes.append((inputs[start:stop], targets[start:stop]))
            if start < inputs.size:
                first, last = np.searchsorted(ends, [start, min(stop, inputs.size) - 1], side="right")
                sentences += [self._order[lane + i * self._size] for i in range(int(first), int(last) + 1)]
        lengths = tuple(inputs.size for inputs, _ in lanes)
        return self._piece(lanes, keep=lengths, lead=(0,) * len(lanes), fresh=position == 0, sentences=tuple(sentences))

    def _piece(
        self,
        lanes: list[tuple[Array, Array]],
        *,
        keep: tuple[int, ...],
        lead: tuple[int, ...],
        fresh: bool,
        sentences: tuple[int, ...],
    ) -> Piece:
        lengths = tuple(inputs.size for inputs, _ in lanes)
        if self._size == 1:
            inputs, targets = lanes[0]
        else:
            inputs, targets = pad(lanes)
        words = int(np.count_nonzero(targets != IGNORE))
        return Piece(inputs, targets, lengths, keep, lead, fresh, words, sentences)


def pad(lanes: Sequence[tuple[Array, Array]]) -> tuple[Array, Array]:
    """Return inputs and targets (B, T) of lanes, padded at their end with IGNORE to the longest of them."""
    longest = max(inputs.size for inputs, _ in lanes)
    inputs = np.full((len(lanes), longest), IGNORE, dtype=np.int64)
    targets = np.full((len(lanes), longest), IGNORE, dtype=np.int64)
    for lane, (some, wanted) in enumerate(lanes):
        inputs[lane, : some.size] = some
        targets[lane, : wanted.size] = wanted
    return inputs, targets
