"""Which part of a long sentence's ledger is in sight: by the wheel, by keys, by dragging, and along with the walk."""

from __future__ import annotations

from PySide6.QtCore import QPointF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QWidget

from ..model.ledger_data import LedgerData
from ..model.ledger_part import AHEAD, Pair, Part, fewer
from ..theme.theme import current
from ..widgets.canvas import ARROWS, Canvas
from .ledger_layout import Grid, grouped, layout

NEARER, FURTHER = 0.7, 1 / 0.7
"""By how much one turn of the wheel, or one key, changes the number of losses in sight."""
ZOOMS = {Qt.Key.Key_Plus: NEARER, Qt.Key.Key_Equal: NEARER, Qt.Key.Key_Minus: FURTHER}
STILL = 4.0
"""Pixels by which a click may slip before it drags."""


class LedgerSight(Canvas):
    """A canvas on a :class:`LedgerData`, or a part of it: the wheel, + and − show fewer losses or more, 0 all of them.

    A part goes along with the walk, until it is dragged away from it, or turned away by the wheel with Shift.
    """

    KEYS = frozenset({*ARROWS, *ZOOMS, Qt.Key.Key_0})

    turned = Signal()
    """Another part is in sight than before."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Gradient ledger", parent)
        self._data: LedgerData | None = None
        self._hover: Pair | None = None
        self._grid: tuple[tuple[object, ...], Grid] | None = None
        self._count, self._corner = 0, (0, 0)
        self._follows = True
        self._pressed: tuple[QPointF, Part] | None = None
        self._drags = False

    @property
    def data(self) -> LedgerData | None:
        """What is shown."""
        return self._data

    def grid(self, data: LedgerData) -> Grid:
        """Where everything lies; kept for a size and a part."""
        theme, length = current(self), max(1, data.length)
        key = (self.width(), self.height(), length, id(theme), self._count, self._corner)
        if self._grid is None or self._grid[0] != key:
            rows = self._count if 0 < self._count < length else length
            grid = layout(theme, self.width(), self.height(), rows, length)
            self._grid = key, grid._replace(part=grid.part.at(*self._corner))
        return self._grid[1]

    def pair(self, data: LedgerData) -> Pair | None:
        """The pair that is told about."""
        pair = self._hover or data.selected or data.walking
        return pair if pair is not None and max(pair) < data.length else None

    def _describe(self) -> None:
        """Say to a screen reader what is there."""
        if self._data is not None:
            where = self.where()
            name = f"Gradient ledger of {self._data.parameter}: {self._data.sums[0]}"
            self.setAccessibleName(f"{name}; {where}" if where else name)

    # --- which part is in sight ---

    @property
    def part(self) -> Part | None:
        """The losses and copies that are in sight."""
        return self.grid(self._data).part if self._data is not None and self._data.length else None

    def wheres(self) -> tuple[str, ...]:
        """What is in sight of a long sentence, from the fullest form to the shortest; () for all of it, each pair."""
        data, part = self._data, self.part
        if data is None or part is None:
            return ()
        return part.said or grouped(self.grid(data))

    def where(self) -> str:
        """The same in full; "" for all of it, each pair."""
        return next(iter(self.wheres()), "")

    def show_losses(self, count: int) -> None:
        """Show so many losses; 0 for all of them."""
        data = self._data
        if data is None or count == self._count:
            return
        self._count = count
        if not count:
            self._follows, self._corner = True, (0, 0)
        self._turned()

    def _turned(self) -> None:
        self._describe()
        self.update()
        self.turned.emit()

    def _move(self, part: Part) -> bool:
        """Show another part of the same size; whether it is another."""
        if (part.first, part.copy) == self._corner:
            return False
        self._corner = part.first, part.copy
        return True

    def _follow(self, before: LedgerData | None, data: LedgerData) -> bool:
        """Bring in sight what has just been selected, or where the walk is; whether another part is shown for it."""
        if not data.length or not self._count:
            return False
        part = self.grid(data).part
        chosen = data.selected if before is None or before.selected != data.selected else None
        pair = chosen or (data.place if self._follows else None)
        return pair is not None and max(pair) < data.length and self._move(part.showing(*pair))

    def _zoom(self, factor: float, at: QPointF | None = None) -> None:
        """Show fewer losses or more; what lies at a point stays there, or else the pair that is told about."""
        data, part = self._data, self.part
        if data is None or part is None:
            return
        grid, pair = self.grid(data), self.pair(data)
        if pair is None:
            last = min(part.first + part.rows, data.length) - 1
            pair = last, min(last, part.copy + part.columns - 1)
        x, y = (at.x(), at.y()) if at is not None else (0.0, 0.0)
        t, tau = (y - grid.top) / grid.high + part.first, (x - grid.left) / grid.wide + part.copy
        count = fewer(part.rows, data.length, factor)
        if count == self._count:
            return
        if not count:
            self.show_losses(0)
            return
        self._count = count
        grid = self.grid(data)
        part = grid.part
        if at is None:
            down, right = part.rows // 2, part.columns - 1 - int(AHEAD * part.columns)
            self._move(part.at(pair[0] - down, pair[1] - right))
        else:
            first, copy = t - (y - grid.top) / grid.high, tau - (x - grid.left) / grid.wide
            self._move(part.at(round(first), round(copy)))
        self._by_hand()

    def _scroll(self, part: Part) -> None:
        """Show another part by hand."""
        if self._move(part):
            self._by_hand()

    def _by_hand(self) -> None:
        """The walk is followed from a part that shows it, and not from one that was turned away from it."""
        data, part = self._data, self.part
        self._follows = data is None or part is None or data.place is None or part.sees(*data.place)
        self._turned()

    # --- the mouse and the keys ---

    def point_at(self, pair: Pair | None) -> None:
        """Say what is pointed at; None for nothing."""
        raise NotImplementedError

    def mousePressEvent(self, event: QMouseEvent) -> None:
        part = self.part
        if event.button() == Qt.MouseButton.LeftButton and part is not None:
            self._pressed, self._drags = (event.position(), part), False
        super().mousePressEvent(event)

    def _drag(self, to: QPointF) -> bool:
        """Move what is in sight with the mouse; whether that is what the mouse does."""
        if self._pressed is None or self._data is None:
            return False
        (start, part), grid = self._pressed, self.grid(self._data)
        away = to - start
        self._drags = self._drags or (away.manhattanLength() > STILL and not part.whole)
        if self._drags:
            self.setCursor(Qt.CursorShape.ClosedHandCursor)
            self.point_at(None)
            self._scroll(part.moved(-round(away.y() / grid.high), -round(away.x() / grid.wide)))
        return self._drags

    def wheelEvent(self, event: QWheelEvent) -> None:
        down, right = event.angleDelta().y(), event.angleDelta().x()
        along, part = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier) or not down, self.part
        if part is None or not (down or right):
            event.ignore()
            return
        if along and not part.whole:
            steps = -round((down or right) / 120 * max(1, part.rows // 5))
            self._scroll(part.moved(steps, steps))
        elif not along:
            self._zoom(NEARER if down > 0 else FURTHER, event.position())
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, shown = Qt.Key(event.key()), self.part is not None
        if shown and key in ZOOMS:
            self._zoom(ZOOMS[key])
        elif shown and key == Qt.Key.Key_0:
            self.show_losses(0)
        else:
            super().keyPressEvent(event)
