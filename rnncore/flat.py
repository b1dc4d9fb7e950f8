"""Named arrays that lie in one vector.

What optimisers and clipping do is element-wise, so they may do it once to one long vector instead of a dozen times to
small matrices: the same numbers, at a fraction of the calls. To everyone else this is a mapping from names to arrays.
"""

from __future__ import annotations

import math
from collections.abc import Callable, ItemsView, Iterator, Mapping, ValuesView
from functools import lru_cache
from typing import TypeVar, cast

import numpy as np

from rnncore.frozen import dataclass
from rnncore.ops import Array
from rnncore.sparse import Gradient, SparseColumns

G = TypeVar("G", bound=Gradient)

LARGEST = 2**16
"""Up to how many numbers joining the arrays costs less than it saves."""


@dataclass(frozen=True)
class Layout:
    """Which name has which stretch of the vector, in which shape."""

    names: tuple[str, ...]
    shapes: tuple[tuple[int, ...], ...]

    @property
    def size(self) -> int:
        """Length of the vector."""
        return sum(math.prod(shape) for shape in self.shapes)


class Flat(Mapping[str, Array]):
    """Read-only arrays by name, each a view of the read-only vector ``vector`` (N,)."""

    __slots__ = ("_views", "layout", "vector")

    def __init__(self, vector: Array, layout: Layout) -> None:
        vector.setflags(write=False)
        self.vector = vector
        self.layout = layout
        self._views: dict[str, Array] | None = None

    def named(self) -> dict[str, Array]:
        """Return the arrays by name in a dictionary, which must not be changed."""
        views = self._views
        if views is None:
            views = {}
            for name, start, stop, shape in _stretches(self.layout):
                views[name] = self.vector[start:stop].reshape(shape)
            self._views = views
        return views

    def __getitem__(self, name: str) -> Array:
        return self.named()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.layout.names)

    def __len__(self) -> int:
        return len(self.layout.names)

    def items(self) -> ItemsView[str, Array]:
        return self.named().items()

    def values(self) -> ValuesView[Array]:
        return self.named().values()


class FlatSlots(Mapping[str, Mapping[str, Array]]):
    """An optimiser's state: name → slot → array, where each slot of all names lies in one vector.

    A slot without axes (a count of steps) is the same array for every name.
    """

    __slots__ = ("layout", "slots")

    def __init__(self, slots: Mapping[str, Flat | Array], layout: Layout) -> None:
        self.slots = slots
        self.layout = layout

    def __getitem__(self, name: str) -> Mapping[str, Array]:
        if name not in self.layout.names:
            raise KeyError(name)
        return {slot: value[name] if isinstance(value, Flat) else value for slot, value in self.slots.items()}

    def __iter__(self) -> Iterator[str]:
        return iter(self.layout.names)

    def __len__(self) -> int:
        return len(self.layout.names)


@lru_cache(maxsize=64)
def _stretches(layout: Layout) -> tuple[tuple[str, int, int, tuple[int, ...]], ...]:
    found, start = [], 0
    for name, shape in zip(layout.names, layout.shapes, strict=True):
        stop = start + math.prod(shape)
        found.append((name, start, stop, shape))
        start = stop
    return tuple(found)


def layout_of(arrays: Mapping[str, Array]) -> Layout:
    """Return the layout in which ``arrays`` follow one another."""
    if isinstance(arrays, Flat):
        return arrays.layout
    return Layout(tuple(arrays), tuple(array.shape for array in arrays.values()))


def flattened(arrays: Mapping[str, Array], layout: Layout) -> Flat:
    """Return ``arrays`` joined into one vector in the order of ``layout``, or as they are if they lie so already."""
    if isinstance(arrays, Flat) and arrays.layout == layout:
        return arrays
    return Flat(np.concatenate([arrays[name].ravel() for name in layout.names]), layout)


def mapped(arrays: Mapping[str, G], function: Callable[[Array], Array]) -> Mapping[str, G]:
    """Return the arrays with an element-wise function that leaves zeros alone applied to each; read-only."""
    if isinstance(arrays, Flat):
        return cast("Mapping[str, G]", Flat(function(arrays.vector), arrays.layout))
    found: dict[str, Gradient] = {}
    for name, array in arrays.items():
        if isinstance(array, SparseColumns):
            found[name] = array.mapped(function)
        else:
            made = found[name] = function(array)
            made.setflags(write=False)
    return cast("Mapping[str, G]", found)


def vectors(arrays: Mapping[str, Gradient]) -> list[Array]:
    """Return all numbers of the arrays, zeros that nobody holds left out, as few vectors."""
    if isinstance(arrays, Flat):
        return [arrays.vector]
    return [(a.values if isinstance(a, SparseColumns) else a).ravel() for a in arrays.values()]


def count(arrays: Mapping[str, Gradient]) -> int:
    """Return how many numbers the arrays have, zeros that nobody holds included."""
    return sum(math.prod(array.shape) for array in arrays.values())
