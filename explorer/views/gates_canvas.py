"""Paints the gates over time: a strip for each gate and quantity, the gates' shares above, the rest below."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QKeyEvent, QPainter
from PySide6.QtWidgets import QWidget

from ..model.blocks import Blocks, blocks
from ..model.formula import number
from ..model.gates_data import QUANTITIES, GatesData
from ..model.session import Place
from ..theme.colourmap import AsinhScale
from ..theme.theme import Theme, current
from ..widgets.canvas import ARROWS, PictureCanvas
from ..widgets.cells import cell_image, colours_of, flat, spread
from ..widgets.paint import elided, frame, text_width
from .gates_head import LEGEND, head_texts, line_height, paint_head, paint_legend, per_cent
from .gates_numbers import numbers_of, print_strip, printed

ALL = "all"
FIRST = ("gradient", "value", "slope", "saturated")
"""Which quantities stay where there is no room for all; the share of saturated units stands in the head as well."""
UNIT_SCALE = AsinhScale(1.0, 1.0)
"""Of slopes and flags: nearly linear up to 1."""
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_WRAPPED = int(Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap)
NONE = "This cell has no σ, tanh or relu: its slopes are all 1, and nothing in it can saturate."
LEAST = 34
"""Width of a gate's strip, at scale 1, that names to its left must leave to it."""
SCALES = ("full at σ′ 0.25, tanh′ 1",)
"""The longest that is said of a row's colours, where there is room for it."""
LABELS = {"value": "value", "slope": "slope", "gradient": "∂L/∂gate", "saturated": "saturated"}


class Spot(NamedTuple):
    """A cell of the picture: which gate, what is shown of it, the time step, the unit."""

    gate: int
    quantity: str
    t: int
    unit: int


class Room(NamedTuple):
    """How the canvas is divided: worked out once for a size and a choice of quantities, asked for at each step."""

    rows: tuple[str, ...]
    """What is shown of each gate, from top to bottom."""
    side: int
    """Pixels for the rows' names at the left; in a narrow panel none, and one row says by its chip what it is."""
    named_above: bool
    """Whether each row has its name above it: in a narrow and high panel names at the left would take the room."""


class GatesCanvas(PictureCanvas):
    """Paints a :class:`GatesData`; emits where the mouse or the keys point, and what they choose."""

    picked = Signal(int, int, int)
    """Time step, unit and node."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Gates over time", parent)
        self._data: GatesData | None = None
        self._wanted = ALL
        self._hover, self._chosen = Place(), Place()
        self.at = 0
        """The time step from which the arrows go on."""
        self._strips: dict[tuple[int, int], QRectF] = {}
        self._blocks: dict[tuple[int, str], Blocks] = {}
        self._room: Room | None = None
        self.forget()

    def sizeHint(self) -> QSize:
        return QSize(420, 260)

    def minimumSizeHint(self) -> QSize:
        return QSize(150, 80)

    # --- what is shown ---

    @property
    def data(self) -> GatesData | None:
        return self._data

    def set_data(self, data: GatesData) -> None:
        """Show ``data``."""
        if self._data is None or self._data.gates is not data.gates:
            self._over = None
            self.forget()
        self._data, self._blocks = data, {k: b for k, b in self._blocks.items() if b.whole}
        said = [f"{g.name}: {data.saturation_forms(i)[0]}" for i, g in enumerate(data.gates)]
        self.setAccessibleDescription("; ".join(said))
        self.show_changes()

    def set_marks(self, hover: Place, chosen: Place) -> None:
        """Frame what is pointed at and what is selected, here or in another panel."""
        if (hover, chosen) != (self._hover, self._chosen):
            self._hover, self._chosen = hover, chosen
            self.update()

    def set_wanted(self, quantity: str) -> None:
        """Show one of ``QUANTITIES``, or all of them where they have room."""
        self._wanted = quantity
        self.forget()

    @property
    def rows(self) -> tuple[str, ...]:
        """What is shown of each gate, from top to bottom."""
        return self._divided.rows

    @property
    def named_above(self) -> bool:
        """Whether each row has its name above it."""
        return self._divided.named_above

    @property
    def fitting(self) -> tuple[str, ...]:
        """The quantities that find room below one another, the most telling ones before the others."""
        room = int((self.height() - self._head() - self._foot()) // current(self).px(34))
        kept = FIRST[: max(1, room)]
        return tuple(quantity for quantity in QUANTITIES if quantity in kept)

    def forget(self) -> None:
        """Forget what was painted and where."""
        self._strips, self._blocks, self._room = {}, {}, None
        self._height_of_line = line_height(current(self))
        super().forget()

    # --- geometry ---

    def _line(self) -> int:
        return self._height_of_line

    def _head(self) -> int:
        return 2 * self._line() + current(self).px(4)

    def _foot(self) -> int:
        return self._line() + current(self).px(2) + (self._line() if self.has_times else 0)

    @property
    def has_times(self) -> bool:
        """Whether there is room for the time steps below the strips."""
        return self.height() >= current(self).px(300)

    @property
    def _divided(self) -> Room:
        if self._room is None:
            self._room = self._divide()
        return self._room

    def _divide(self) -> Room:
        theme = current(self)
        rows = (self._wanted,) if self._wanted != ALL else self.fitting
        measure = QFontMetricsF(theme.font("small")).horizontalAdvance
        scales = SCALES if self.width() >= theme.px(520) else ()
        side = int(max(map(measure, (*LEGEND, *LABELS.values(), *scales))) + theme.px(10))
        count = len(self._data.gates) if self._data is not None else 1
        narrow = (self.width() - side - theme.px(10) * (count - 1)) / max(1, count) < theme.px(LEAST)
        high = self.height() - self._head() - self._foot() >= len(rows) * (self._line() + theme.px(26))
        above = len(rows) > 1 and narrow and high
        return Room(rows, side if not narrow or (len(rows) > 1 and not above) else 0, above)

    def _side(self) -> int:
        return self._divided.side

    def _caption(self) -> int:
        return self._line() if self.named_above else 0

    def strip(self, gate: int, row: int) -> QRectF:
        """The area of the cells of one gate in one row."""
        if (gate, row) in self._strips:
            return self._strips[gate, row]
        assert self._data is not None
        theme, count, rows = current(self), len(self._data.gates), len(self.rows)
        gap, side, head = theme.px(10), self._side(), self._head()
        wide = int((self.width() - side - gap * (count - 1)) / count)
        between = theme.px(5)
        above = self._caption()
        high = int((self.height() - head - self._foot() - between * (rows - 1)) / rows) - above
        top = head + row * (high + between) + (row + 1) * above
        area = QRectF(side + gate * (wide + gap), top, max(1, wide), max(1, high))
        self._strips[gate, row] = area
        return area

    def spot_at(self, x: float, y: float) -> Spot | None:
        """The cell under a point; None beside the strips. Where cells stand for several, the first of them."""
        data = self._data
        if data is None or not data.length:
            return None
        for gate in range(len(data.gates)):
            for row, quantity in enumerate(self.rows):
                area = self.strip(gate, row)
                if area.contains(x, y) and x < area.right() and y < area.bottom():
                    found = self._blocks_of(gate, quantity, area)
                    high, wide = found.row.shape
                    i = min(int((y - area.top()) / area.height() * high), high - 1)
                    j = min(int((x - area.left()) / area.width() * wide), wide - 1)
                    return Spot(gate, quantity, int(found.column[i, j]), int(found.row[i, j]))
        return None

    def cell_rect(self, gate: int, row: int, t: int, unit: int) -> QRectF:
        """The area of one cell."""
        area = self.strip(gate, row)
        found = self._blocks_of(gate, self.rows[row], area)
        high, wide = found.row.shape
        i, j = unit // found.rows, t // found.columns
        cell = QRectF(
            area.left() + j * area.width() / wide,
            area.top() + i * area.height() / high,
            area.width() / wide,
            area.height() / high,
        )
        return cell.united(QRectF(cell.left(), cell.top(), 3, 3))

    def _blocks_of(self, gate: int, quantity: str, area: QRectF) -> Blocks:
        data = self._data
        assert data is not None
        key = (gate, quantity)
        if key not in self._blocks:
            table, known = data.table(gate, quantity)
            most = max(1, int(area.height() // 2)), max(1, int(area.width() // 2))
            self._blocks[key] = blocks(np.where(known[:, None], table, 0.0).T, *most)
        return self._blocks[key]

    # --- painting ---

    def renew(self, painter: QPainter, theme: Theme) -> None:
        data = self._data
        if data is not None and not data.gates and self._picture.is_new("none", NONE):
            painter.setFont(theme.font("small"))
            painter.setPen(theme.colour("muted"))
            painter.drawText(QRectF(self.rect()), _WRAPPED, NONE)
        if data is None or not data.gates or not data.length:
            return
        line, named = self._line(), self._side() > 0
        for gate in range(len(data.gates)):
            head = head_texts(data, gate, named=named)
            if self._picture.is_new((gate, "head"), head):
                area = self.strip(gate, 0)
                painter.fillRect(QRectF(area.left(), 0, area.width() + 1, 2 * line), theme.colour("panel"))
                paint_head(painter, theme, data.gates[gate].name, area, *head)
            for row, quantity in enumerate(self.rows):
                known = data.steps_known(gate, quantity)
                # Only the gradients are other numbers at another position; of the rest, more becomes known.
                source = data.gradients[gate] if quantity == "gradient" and known.any() else None
                scale = None if source is None else data.scale
                if self._picture.is_new((gate, quantity), (scale, known.tobytes()), source):
                    self._paint_strip(painter, theme, data, gate, quantity, self.strip(gate, row))
        painter.setFont(theme.font("small"))
        painter.setPen(theme.colour("muted"))
        side, foot = self._side(), self._foot_said()
        if side and self._picture.is_new("legend", True):
            paint_legend(painter, theme, side)
            painter.setFont(theme.font("small"))
            painter.setPen(theme.colour("muted"))
        scales = tuple(self.scale_said(quantity) for quantity in self.rows)
        if (side or self.named_above) and self._picture.is_new("labels", scales):
            for row, quantity in enumerate(self.rows):
                self._paint_label(painter, theme, row, LABELS[quantity], scales[row])
        if self.has_times and self._picture.is_new("times", data.words):
            if side:
                low = self.strip(0, len(self.rows) - 1).bottom() + 1
                painter.drawText(QRectF(0, low, side, line), _LEFT, "time step")
            for gate in range(len(data.gates)):
                for word, place in self.times(gate):
                    painter.drawText(place, Qt.AlignmentFlag.AlignCenter, word)
        if self._picture.is_new("foot", foot):
            area = QRectF(0, self.height() - line, self.width(), line)
            painter.fillRect(area, theme.colour("panel"))
            painter.drawText(area, _LEFT, elided(foot, painter.font(), area.width()))

    def scale_said(self, quantity: str) -> str:
        """What stands below the name of a row: where its colours are full; "" where there is no room."""
        data, side = self._data, self._side() - current(self).px(6)
        low, font = self.strip(0, 0).height() < 2 * self._line(), current(self).font("tiny")
        if self.named_above:
            low, side = False, int(self.width() - text_width(f"{LABELS[quantity]}  ", current(self).font("small")))
        if data is None or low or (quantity == "gradient" and not data.begun):
            return ""
        return next((form for form in data.full_at(quantity) if text_width(form, font) <= side), "")

    def _paint_label(self, painter: QPainter, theme: Theme, row: int, name: str, scale: str) -> None:
        area, line, side = self.strip(0, row), self._line(), self._side() - theme.px(2)
        if self.named_above:
            place = QRectF(0, area.top() - line, self.width(), line)
            painter.fillRect(place, theme.colour("panel"))
            painter.setFont(theme.font("small"))
            painter.setPen(theme.colour("muted"))
            painter.drawText(place, _LEFT, name)
            place.setLeft(text_width(f"{name}  ", painter.font()))
            painter.setFont(theme.font("tiny"))
            painter.drawText(place, _LEFT, scale)
            return
        painter.fillRect(QRectF(0, area.top(), side, area.height()), theme.colour("panel"))
        painter.setFont(theme.font("small"))
        painter.setPen(theme.colour("muted"))
        if not scale:
            painter.drawText(QRectF(0, area.top(), side, area.height()), _LEFT, name)
            return
        top = area.center().y() - line
        painter.drawText(QRectF(0, top, side, line), _LEFT, name)
        painter.setFont(theme.font("tiny"))
        painter.drawText(QRectF(0, top + line, side, line), _LEFT, scale)
        painter.setFont(theme.font("small"))

    def times(self, gate: int) -> list[tuple[str, QRectF]]:
        """Below a gate's last strip: the tokens where all of them have room, else every so many time steps."""
        data, last = self._data, self.strip(gate, len(self.rows) - 1)
        assert data is not None
        wide = last.width() / data.length
        measure = QFontMetricsF(current(self).font("small")).horizontalAdvance
        words = [str(word) for word in data.words[: data.length]]
        if max(map(measure, words), default=0.0) + 4 > wide:
            widest = measure(str(data.length)) + 6
            apart = next((n for n in (1, 2, 5, 10, 20, 50, 100) if n * wide >= widest), data.length)
            words = [str(t) if t % apart == 0 else "" for t in range(data.length)]
        found = []
        for t, word in enumerate(words):
            room = measure(word) + 4
            place = QRectF(last.left() + (t + 0.5) * wide - room / 2, last.bottom() + 1, room, self._line())
            # A number that would reach out of its strip would meet the first of the next one.
            if word and (place.right() <= last.right() + 3 or t == 0):
                found.append((word, place))
        return found

    def _paint_strip(
        self, painter: QPainter, theme: Theme, data: GatesData, gate: int, quantity: str, area: QRectF
    ) -> None:
        table, known = data.table(gate, quantity)
        ratio = self.devicePixelRatioF()
        scale = {"gradient": data.scale, "value": data.value_scale}.get(quantity, UNIT_SCALE)
        found = self._blocks_of(gate, quantity, area)
        colours = colours_of(theme, found.pick(table.T), scale)
        if found.columns > 1:
            known = np.logical_or.reduceat(known, np.arange(0, data.length, found.columns))
        colours[:, ~known] = flat(theme, "raised")
        high, wide = colours.shape
        image = cell_image(colours, spread(high, area.height(), ratio), spread(wide, area.width(), ratio), ratio)
        painter.fillRect(area, theme.colour("panel"))
        painter.drawImage(area.topLeft(), image)
        kind, numbers = printed(theme, data, area, self.rows), numbers_of(data, gate, quantity)
        if kind is not None and numbers is not None:
            print_strip(painter, theme, kind, area, numbers, (table, scale), known)

    def foot_texts(self) -> tuple[str, ...]:
        """What the bars are, who has the rest, and how cells are grouped; from the fullest form to the shortest."""
        data = self._data
        if data is None or not data.gates:
            return ("",)
        found = self._blocks_of(0, self.rows[-1], self.strip(0, len(self.rows) - 1))
        grouped = found.says("units", "steps")
        if not data.added:
            return _with(grouped, ("bars: ‖dθ‖² / ‖G‖² so far: none yet", "share of ‖G‖²: none yet", "bars: none yet"))
        if data.shares is None:
            return _with(grouped, ("bars: ‖dθ‖² / ‖G‖² so far, being summed up", "bars: ‖dθ‖² / ‖G‖²"))
        others = data.shares.rest(data.names)
        rest = ", ".join(f"{name} {per_cent(share)}" for name, share in others)
        brief = ", ".join(f"{name.removesuffix(' layer')} {per_cent(share)}" for name, share in others)
        return _with(
            grouped,
            (
                f"bars: ‖dθ‖² / ‖G‖² so far; {rest}; ‖G‖ = {number(data.shares.norm, 3)}",
                f"bars: ‖dθ‖² / ‖G‖²; {brief}; ‖G‖ {number(data.shares.norm, 2)}",
                f"‖dθ‖² / ‖G‖²; {brief}",
                f"share of ‖G‖²; {brief}",
                "bars: share of ‖G‖²",
            ),
        )

    def _foot_said(self) -> str:
        font, forms = current(self).font("small"), self.foot_texts()
        return next((form for form in forms if text_width(form, font) <= self.width()), forms[-1])

    def paint_marks(self, painter: QPainter, theme: Theme) -> None:
        data = self._data
        if data is None:
            return
        for place, token, width in ((self._chosen, "muted", 1.0), (self._hover, "text", 1.0)):
            if place.t is None or place.unit is None or not (place.t < data.length and place.unit < data.hidden):
                continue
            for gate, this in enumerate(data.gates):
                own = place.node == this.node
                for row in range(len(self.rows)):
                    cell = self.cell_rect(gate, row, place.t, place.unit)
                    frame(painter, cell, theme.colour(token), 2.0 if own and token == "text" else width)

    # --- the mouse and the keys ---

    def thing_at(self, x: float, y: float) -> Spot | None:
        return self.spot_at(x, y)

    def pick(self, thing: Spot) -> None:
        if self._data is not None:
            self.picked.emit(thing.t, thing.unit, self._data.gates[thing.gate].node)

    def tip(self, x: float, y: float) -> str:
        spot, data = self.spot_at(x, y), self._data
        if spot is None or data is None:
            return self.foot_texts()[0]
        said = data.explain(spot.gate, spot.t, spot.unit)
        area = self.strip(spot.gate, self.rows.index(spot.quantity))
        grouped = self._blocks_of(spot.gate, spot.quantity, area).says("units", "steps")
        return f"{said}\n({grouped}: of this row, {LABELS[spot.quantity]}, it is this one)" if grouped else said

    def keyPressEvent(self, event: QKeyEvent) -> None:
        data, step = self._data, ARROWS.get(Qt.Key(event.key()))
        if step is None or data is None or not data.gates or not data.length:
            super().keyPressEvent(event)
            return
        nodes = [g.node for g in data.gates]
        node = self._chosen.node if self._chosen.node in nodes else nodes[0]
        t = min(max(self.at + step[1], 0), data.length - 1)
        unit = min(max((self._chosen.unit or 0) + step[0], 0), data.hidden - 1)
        self.point_at(None)  # one looks at what the keys choose, and not at what the mouse was left on
        self.picked.emit(t, unit, node)


def _with(grouped: str, forms: tuple[str, ...]) -> tuple[str, ...]:
    """Forms of a text after each of which stands how cells are grouped; that is said even where nothing else is."""
    if not grouped:
        return forms
    return (*(f"{form} · {grouped}" for form in forms), grouped, grouped.replace(", the furthest from 0", ", furthest"))
