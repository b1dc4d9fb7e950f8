"""The numbers of a gate's strip, printed into its cells where these have room: lying, or upright in narrow ones."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainter

from ..model.gates_data import GatesData
from ..theme.colourmap import AsinhScale
from ..theme.theme import Theme
from ..widgets.cell_numbers import MOST, Type, inks, number_type, print_numbers

Array = np.ndarray[Any, Any]
FLAGS = "saturated"
"""The quantity that is no number."""


class Printed(NamedTuple):
    """How the numbers of all strips are printed; ``upright`` ones are read from the right."""

    type: Type
    upright: bool


def printed(theme: Theme, data: GatesData, area: QRectF, quantities: tuple[str, ...]) -> Printed | None:
    """How numbers find room in strips of ``quantities``, each as large as ``area``; None where they do not."""
    rows = len(quantities) - quantities.count(FLAGS)
    if rows * len(data.gates) * data.length * data.hidden > MOST:
        return None
    wide, high = area.width() / data.length - 1, area.height() / data.hidden - 1
    lying = number_type(theme, wide, high)
    if lying is not None:
        return Printed(lying, False)
    standing = number_type(theme, high, wide)
    return None if standing is None else Printed(standing, True)


def numbers_of(data: GatesData, gate: int, quantity: str) -> Array | None:
    """The numbers themselves (T, H), where colours may be of shares; None for flags, whose colours say all."""
    if quantity == FLAGS:
        return None
    return data.gates[gate].slopes if quantity == "slope" else data.table(gate, quantity)[0]


def print_strip(
    painter: QPainter,
    theme: Theme,
    kind: Printed,
    area: QRectF,
    numbers: Array,
    coloured: tuple[Array, AsinhScale],
    known: Array,
) -> None:
    """Print ``numbers`` (T, H) of the steps that are ``known`` (T,), in black or white on the cells' colours."""
    length, hidden = numbers.shape
    wide, high = area.width() / length, area.height() / hidden
    black = inks(theme.map.rgba(*coloured))[known].ravel().tolist()
    cells = []
    for t in np.flatnonzero(known).tolist():
        x = area.left() + (t + 0.5) * wide - 0.5
        for unit, value in enumerate(numbers[t].tolist()):
            y = area.top() + (unit + 0.5) * high - 0.5
            cells.append((-y, x, value) if kind.upright else (x, y, value))
    painter.save()
    if kind.upright:
        painter.rotate(-90)
    print_numbers(painter, kind.type, cells, black)
    painter.restore()
