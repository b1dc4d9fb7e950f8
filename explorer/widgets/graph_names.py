"""The names of the weights on the graph: how they are set, what room they take, and their pictures."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QPainter, QPixmap

from ..model.formula import symbol
from ..model.graph_routes import Rect
from ..theme.theme import Theme
from .paint import pen, pictured, rounded
from .typeset import SYMBOLS, Block, line

LEAST = 13.0
"""Pixels at scale 1: a subscript is still nine high."""
MARGIN = 2
"""Pixels around a name that its frame takes."""

Look = str
"""How a name looks: "" as usual, "chosen", "hover", or "lit" while its gradient grows."""


def _size(em: float) -> float:
    return max(LEAST, SYMBOLS * min(em, 1.2))


def _set(name: str, theme: Theme, em: float, token: str = "weight") -> Block:
    return line(symbol(name).runs, 1e9, _size(em), theme, token)


def _ink(name: str, theme: Theme, em: float) -> tuple[float, float, float]:
    """How far the letters stand from the block's upper edge, their height with a subscript, and their width."""
    block = _set(name, theme, em)
    first = block.pieces[0]
    above = 0.70 * first.pixels
    below = max(0.05 * first.pixels, *(p.y - first.y + 0.05 * p.pixels for p in block.pieces))
    return first.y - above, above + below, block.width


def name_room(name: str, theme: Theme, em: float) -> tuple[float, float]:
    """Width and height of a name."""
    _, high, wide = _ink(name, theme, em)
    return wide + 1.0, high


def name_area(rect: Rect) -> QRect:
    """What is painted anew with a name."""
    return QRectF(*rect).adjusted(-MARGIN, -MARGIN, MARGIN, MARGIN).toAlignedRect()


class NamePictures:
    """Paints names from pictures: most of them look at a step as they did at the one before."""

    def __init__(self) -> None:
        self._pictures: dict[tuple[object, ...], QPixmap] = {}

    def clear(self) -> None:
        """Forget all pictures: they are of another theme or size."""
        self._pictures.clear()

    def draw(self, painter: QPainter, theme: Theme, rect: Rect, name: str, look: Look, em: float, ratio: float) -> None:
        """Paint ``name`` at ``rect``."""
        if ratio != round(ratio):
            paint_name(painter, theme, rect, name, look, em)
            return
        place = name_area(rect)
        key = (name, look, ratio, rect)
        picture = self._pictures.get(key)
        if picture is None:
            picture = pictured(place, ratio, lambda own: paint_name(own, theme, rect, name, look, em))
            self._pictures[key] = picture
        painter.drawPixmap(place.topLeft(), picture)


def paint_name(painter: QPainter, theme: Theme, rect: Rect, name: str, look: Look = "", em: float = 1.0) -> None:
    """Paint a name at once, which has the room of :func:`name_room`."""
    frame = QRectF(*rect).adjusted(-1.5, -1.5, 1.5, 1.5)
    if look == "lit":
        rounded(painter, frame, 3.0, theme.colour("weight"))
    elif look == "hover":
        painter.setPen(pen(theme.colour("text"), 1.0))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(frame, 3.0, 3.0)
    elif look == "chosen":
        painter.setPen(pen(theme.colour("weight"), 1.2))
        painter.drawLine(QPointF(rect[0], frame.bottom()), QPointF(rect[0] + rect[2], frame.bottom()))
    top, _, _ = _ink(name, theme, em)
    _set(name, theme, em, "panel" if look == "lit" else "weight").paint(painter, theme, rect[0], rect[1] - top)
