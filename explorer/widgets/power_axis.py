"""A plot's axis that can be read when it is logarithmic: powers of ten, and 2 and 5 between them where they fit."""

from __future__ import annotations

import math
from typing import Any

import pyqtgraph as pg

ROOM = 2.2
"""Lines of text that a labelled place has for itself at least."""
PLAIN = 3
"""Powers of ten that are written out, 0.001 to 1000, if no other is in sight."""
_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


class PowerAxis(pg.AxisItem):  # type: ignore[misc]  # pyqtgraph has no types
    """The left axis of an :class:`OutcomePlot`. pyqtgraph's own prints 6·10¹ over 7·10¹ where a decade is short."""

    def tickValues(self, minVal: float, maxVal: float, size: float) -> Any:  # noqa: N803  # pyqtgraph's names
        if not self.logMode:
            return super().tickValues(minVal, maxVal, size)
        low, high = sorted((minVal, maxVal))
        return [(1.0, places) for places in log_places(low, high, size, self._line())]

    def tickStrings(self, values: Any, scale: float, spacing: float) -> list[str]:
        if not self.logMode:
            return [text.replace("-", "−") for text in super().tickStrings(values, scale, spacing)]
        low, high = sorted(self.range)
        plain = low >= -PLAIN - 0.5 and high <= PLAIN + 0.5
        return [power_text(float(value), plain=plain) for value in values]

    def _line(self) -> float:
        font = self.style["tickFont"]
        return 1.2 * (font.pixelSize() if font is not None and font.pixelSize() > 0 else 10)


def log_places(low: float, high: float, size: float, line: float) -> list[list[float]]:
    """Return log₁₀ of the places that are named between two powers: whole powers, then those between them.

    ``size`` is the axis' length and ``line`` the height of a line of text, in pixels.
    """
    decade = size / max(high - low, 1e-12)
    every = next((n for n in (1, 2, 3, 5, 10, 20, 50, 100, 200) if n * decade >= ROOM * line), 400)
    powers = [float(n) for n in range(math.ceil(low), math.floor(high) + 1) if n % every == 0]
    # 2 and 5 stand 0.3 of a decade apart from their neighbours.
    if 0.3 * decade < ROOM * line:
        return [powers]
    first = math.floor(low)
    between = [n + math.log10(m) for n in range(first, math.floor(high) + 1) for m in (2, 5)]
    return [powers, [place for place in between if low <= place <= high]]


def power_text(place: float, *, plain: bool) -> str:
    """A place of a logarithmic axis by name: 20 or 2·10¹."""
    power = math.floor(place + 1e-9)
    factor = round(10 ** (place - power))
    if plain:
        return f"{factor * 10.0**power:.{max(0, -power)}f}"
    raised = f"10{str(power).translate(_RAISED)}"
    return raised if factor == 1 else f"{factor}·{raised}"
