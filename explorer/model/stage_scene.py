"""What the stage shows of one sentence's forward pass, whether or not it has been stepped through yet.

A scene belongs to one trace: it is made once and shared by every position of the walk.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rnncore.cells import Cell
from rnncore.frozen import dataclass
from rnncore.trace import IGNORE, Trace

from ..theme.colourmap import AsinhScale, value_scale
from .names import initial_name

Floats = NDArray[np.float64]
#: More units than this are shown in groups, and the stage says so.
MOST_UNITS = 64
TOP = 3
#: A value with so many times the range of another would leave nothing of the other's colours on a common scale.
FAR = 1000.0


@dataclass(frozen=True, eq=False, slots=True)
class Track:
    """One named value of the cell over time.

    ``values`` is (T, H); ``cells`` (T, n) is what is painted: the values themselves, or of each group of
    units the one furthest from zero. ``finite`` says that none of them is NaN or infinite.
    """

    label: str
    node: int
    values: Floats
    cells: Floats
    finite: bool


@dataclass(frozen=True, slots=True)
class Far:
    """The values, by their tracks' ``labels``, that are so large that they have a ``scale`` of their own."""

    labels: frozenset[str]
    scale: AsinhScale


@dataclass(frozen=True, eq=False, slots=True)
class Scene:
    """Everything about a sentence that does not depend on the position in the walk.

    ``tokens`` (T,) are the inputs, ``unknown`` (T,) marks those that the vocabulary lacks. ``words`` holds, for
    each step, the labels of the most probable tokens with the target always among them; ``shares`` (T, n) their
    probabilities, ``target_row`` (T,) which of them is the target (−1 where the step has none),
    ``target_share`` (T,) its probability. ``group`` units share a painted cell. ``tallest_loss`` is the loss of a bar
    of full height, see :func:`loss_ceiling`. ``initial`` are the states before the first step, one row (1, H) each, in
    the order of ``states``; their node is the leaf that reads a state of the step before. ``value_scale`` is that of
    all values but those that are ``far`` from the others.
    """

    trace: Trace
    length: int
    hidden: int
    group: int
    tokens: tuple[str, ...]
    unknown: NDArray[np.bool_]
    targets: tuple[str, ...]
    words: tuple[tuple[str, ...], ...]
    shares: Floats
    target_row: NDArray[np.intp]
    target_share: Floats
    masked: NDArray[np.bool_]
    losses: Floats
    tallest_loss: float
    states: tuple[Track, ...]
    gates: tuple[Track, ...]
    initial: tuple[Track, ...]
    gates_title: str
    value_scale: AsinhScale
    far: Far | None = None

    def is_far(self, track: Track) -> bool:
        """Whether a track of the scene has the scale of those that are far from the others."""
        return self.far is not None and track.label in self.far.labels

    @property
    def far_names(self) -> str:
        """The tracks that are far from the others, as they are called: ``c, a``; "" where none is."""
        if self.far is None:
            return ""
        tracks = (*self.states, *self.gates, *self.initial)
        return ", ".join(dict.fromkeys(t.label for t in tracks if t.label in self.far.labels))

    def scale_of(self, track: Track) -> AsinhScale:
        """The scale that a track of the scene is drawn to."""
        return self.far.scale if self.far is not None and track.label in self.far.labels else self.value_scale

    @property
    def cells(self) -> int:
        """Painted cells in a strip: ``hidden`` when every unit has its own."""
        return -(-self.hidden // self.group)

    def units_of(self, cell: int) -> range:
        """The units that a painted cell stands for."""
        return range(cell * self.group, min(self.hidden, (cell + 1) * self.group))


def make_scene(
    trace: Trace,
    targets: ArrayLike,
    label: Callable[[int], str],
    most_cells: int = MOST_UNITS,
    *,
    words: Sequence[str] | None = None,
    unknown: ArrayLike | None = None,
) -> Scene:
    """The scene of one sentence of T steps; ``label`` names a token of the vocabulary by its index.

    At most ``most_cells`` cells a strip (never more than 64): beyond that units are grouped. ``words`` (T,) are
    the inputs as they were written, ``unknown`` (T,) which of them the vocabulary lacks.
    """
    wanted = np.asarray(targets, dtype=np.int64)
    hidden = int(trace.model.hidden_size)
    group = group_size(hidden, most_cells)
    states = tuple(_track(trace, name, index, group) for name, index in _states(trace.cell))
    gates = tuple(_track(trace, name, index, group) for name, index in gate_nodes(trace.cell))
    initial = tuple(_initial(trace, name, group) for name, _ in _states(trace.cell))
    losses = np.asarray(trace.losses(wanted), dtype=np.float64)
    top, shares, row, share = _outputs(np.asarray(trace.probabilities), wanted, label)
    near, far = _scales((*states, *gates, *initial))
    return Scene(
        trace=trace,
        length=trace.length,
        hidden=hidden,
        group=group,
        tokens=tuple(label(int(i)) for i in trace.inputs) if words is None else tuple(words),
        unknown=np.zeros(trace.length, dtype=bool) if unknown is None else np.asarray(unknown, dtype=bool),
        targets=tuple("" if i == IGNORE else label(int(i)) for i in wanted),
        words=top,
        shares=shares,
        target_row=row,
        target_share=share,
        masked=wanted == IGNORE,
        losses=losses,
        tallest_loss=loss_ceiling(losses, trace.probabilities.shape[-1]),
        states=states,
        gates=gates,
        initial=initial,
        gates_title=_gates_title(trace.cell, gates),
        value_scale=near,
        far=far,
    )


def _scales(tracks: tuple[Track, ...]) -> tuple[AsinhScale, Far | None]:
    """One scale for all values, so that they can be compared; but what is between ±1 must not lose its colours to
    what is some thousand times larger, such as an argument of tanh of 1e200."""
    common = value_scale(np.concatenate([t.values.ravel() for t in tracks]) if tracks else 0.0)
    if common.limit <= FAR:  # no scale ends below 1
        return common, None
    own: dict[str, AsinhScale] = {}
    for track in (t for t in tracks if t.values.any()):  # zeros are as grey on every scale
        scale = value_scale(track.values)
        own[track.label] = max(own.get(track.label, scale), scale, key=lambda s: s.limit)
    least = min(scale.limit for scale in own.values())
    far = frozenset(label for label, scale in own.items() if scale.limit / FAR > least)
    if not far:
        return common, None
    near = max((scale for label, scale in own.items() if label not in far), key=lambda s: s.limit)
    return near, Far(far, max((own[label] for label in far), key=lambda s: s.limit))


def regrouped(scene: Scene, most_cells: int) -> Scene:
    """The same scene in as many cells a strip as there is room for now; nothing else of it is computed again."""
    group = group_size(scene.hidden, most_cells)

    def again(tracks: tuple[Track, ...]) -> tuple[Track, ...]:
        return tuple(replace(track, cells=grouped(track.values, group)) for track in tracks)

    return replace(
        scene, group=group, states=again(scene.states), gates=again(scene.gates), initial=again(scene.initial)
    )


def loss_ceiling(losses: Floats, vocabulary_size: int) -> float:
    """The loss of a bar of full height: 1.5 ln V, and twice as much as often as a finite loss needs it.

    ln V is what it costs to guess evenly, so that bars of one vocabulary mean the same in all sentences and at all
    updates, and no bar changes as another one appears.
    """
    finite = losses[np.isfinite(losses)]
    ceiling = 1.5 * float(np.log(max(2, vocabulary_size)))
    highest = float(finite.max()) if finite.size else 0.0
    return ceiling * 2.0 ** max(0, int(np.ceil(np.log2(highest / ceiling)))) if highest > ceiling else ceiling


def gate_nodes(cell: Cell) -> tuple[tuple[str, int], ...]:
    """(label, node) of the strips below the state: the gates, squashed to 0…1 first, else the pre-activations."""
    named = [(name, cell.node(name)) for name in cell.gates]
    if named:
        ordered = sorted(named, key=lambda pair: cell.beneath(pair[1]).op != "sigmoid")
        return tuple((name, node.index) for name, node in ordered)
    inner = [n for n in cell.nodes if n.name is not None and n.name.split("_")[0] == "a" and not n.is_leaf]
    return tuple((n.name or n.text, n.index) for n in inner if n.index not in cell.outputs.values())


def _gates_title(cell: Cell, gates: tuple[Track, ...]) -> str:
    """``gates``, or of pre-activations what they stand before: ``before tanh``."""
    if cell.gates or not gates:
        return "gates"
    following = {cell.nodes[c].op for g in gates for c in cell.consumers[g.node]}
    return f"before {following.pop()}" if len(following) == 1 else "before"


def group_size(hidden: int, most_cells: int) -> int:
    """Units a cell must stand for so that at most ``min(most_cells, 64)`` cells are painted."""
    return max(1, -(-hidden // max(1, min(most_cells, MOST_UNITS))))


def grouped(values: Floats, group: int) -> Floats:
    """(T, H) → (T, ⌈H/group⌉): of each group the number furthest from zero, sign kept; NaN beats all."""
    if group == 1 or values.shape[1] == 0:
        return values
    steps, hidden = values.shape
    cells = -(-hidden // group)
    padded = np.zeros((steps, cells * group))
    padded[:, :hidden] = values
    blocks = padded.reshape(steps, cells, group)
    size = np.where(np.isnan(blocks), np.inf, np.abs(blocks))
    size = np.where(np.isinf(blocks), np.finfo(np.float64).max, size)
    return np.take_along_axis(blocks, size.argmax(axis=2)[..., None], axis=2)[..., 0]


def _states(cell: Cell) -> list[tuple[str, int]]:
    """States in the order they are drawn: h last, next to where the gradient enters."""
    return [(s, cell.outputs[s]) for s in reversed(cell.states)]


def _track(trace: Trace, label: str, node: int, group: int) -> Track:
    values = np.asarray(trace.value(node), dtype=np.float64)
    cells = grouped(values, group)
    return Track(label, node, values, cells, bool(np.isfinite(cells).all()))


def _initial(trace: Trace, state: str, group: int) -> Track:
    values = np.asarray(trace.initial_state[state], dtype=np.float64)[None, :]
    cells = grouped(values, group)
    leaf = trace.cell.state_leaves.get(state, -1)
    return Track(initial_name(state), leaf, values, cells, bool(np.isfinite(cells).all()))


def _outputs(
    probabilities: Floats, targets: NDArray[np.int64], label: Callable[[int], str]
) -> tuple[tuple[tuple[str, ...], ...], Floats, NDArray[np.intp], Floats]:
    steps, size = probabilities.shape
    count = min(TOP, size)
    ranked = np.where(np.isnan(probabilities), -1.0, probabilities)
    top = _largest_first(ranked, count)
    for t in range(steps):
        if targets[t] != IGNORE and targets[t] not in top[t]:
            top[t, -1] = targets[t]
    shares = np.take_along_axis(probabilities, top, axis=1)
    hit = top == targets[:, None]
    row = np.where(hit.any(axis=1), hit.argmax(axis=1), -1)
    target_share = np.where(
        targets == IGNORE,
        0.0,
        np.take_along_axis(probabilities, np.maximum(targets, 0)[:, None], axis=1)[:, 0] if steps else 0.0,
    )
    # Of a step without any number no word is the likeliest: only the target is named.
    none: NDArray[np.bool_] = np.asarray(~np.isfinite(shares).any(axis=1))
    words = tuple(
        tuple("" if none[t] and not hit[t, n] else label(int(i)) for n, i in enumerate(line))
        for t, line in enumerate(top)
    )
    return words, shares, row, target_share


def _largest_first(values: Floats, count: int) -> NDArray[np.intp]:
    """(T, V) → (T, count): where each row's largest numbers stand, largest first, without sorting all of V."""
    if values.shape[1] > 4 * count:
        some = np.sort(np.argpartition(-values, count, axis=1)[:, :count], axis=1)
    else:
        some = np.broadcast_to(np.arange(values.shape[1]), values.shape)
    order = np.argsort(-np.take_along_axis(values, some, axis=1), axis=1, kind="stable")[:, :count]
    return np.take_along_axis(some, order, axis=1)
