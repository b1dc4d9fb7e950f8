"""What B differs in from A, step by step on the stages' own time axis, and parameter by parameter."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import ClassVar

import numpy as np
from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QRegion
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from rnncore.ops import Array

from ..model.compare_data import Comparison, GradientRow
from ..model.formula import number
from ..model.stage_layout import StageLayout
from ..theme.colourmap import gradient_scale
from ..theme.theme import Theme, current
from ..widgets.canvas import ENTER, Canvas
from ..widgets.paint import elided, text_width

_PAD = 6
LOSS, STATE = "loss B − A", "‖h_B − h_A‖"
#: So much room, in pixels at scale 1, the gradients keep beside the colours' legend.
LEAST = 150
ROWS = ("loss", "state", "gradient")
"""The strip's rows from top to bottom."""
FAINT = 0.35
"""How strong the numbers are while they compare different updates."""
GAP = 16
"""Pixels at scale 1 between two parameters."""


class CompareStrip(Canvas):
    """Shows a :class:`Comparison` below the columns that ``layout`` places ``left`` pixels from its own edge."""

    KEYS: ClassVar[frozenset[Qt.Key]] = frozenset({*ENTER, Qt.Key.Key_Down})
    hovered = Signal(object)
    """The step under the pointer, or None."""
    clicked = Signal(int)

    def __init__(self, axis: Callable[[], tuple[StageLayout | None, int]], parent: QWidget | None = None) -> None:
        super().__init__("How A and B differ", parent)
        self._axis = axis
        self._found: Comparison | None = None
        self._hover: int | None = None
        self._chosen: int | None = None
        self.passing = False
        """Whether what is shown is of different updates for a moment."""
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    # --- what is shown ---

    @property
    def found(self) -> Comparison | None:
        """What is shown."""
        return self._found

    def show_comparison(self, found: Comparison, *, passing: bool = False) -> None:
        """Show ``found``; faint while it is ``passing``: the two are not at one update, they train, or B comes."""
        self._found, self.passing = found, passing
        self.setAccessibleName(" ".join([found.forms[0] + ".", *(f"{line}." for line in found.gradient_words)]))
        self.update()

    def mark(self, hover: int | None, chosen: int | None) -> None:
        """Light the step that is pointed at, and the one that is selected."""
        if (hover, chosen) != (self._hover, self._chosen):
            self._hover, self._chosen = hover, chosen
            self.update()

    @property
    def row_height(self) -> int:
        """Pixels of one row."""
        return current().px(17)

    def sizeHint(self) -> QSize:
        return QSize(400, self.row_height * len(ROWS) + 2)

    def minimumSizeHint(self) -> QSize:
        return QSize(60, self.sizeHint().height())

    # --- painting ---

    def paint(self, painter: QPainter, theme: Theme, region: QRegion) -> None:
        found = self._found
        if found is None:
            return
        painter.fillRect(region.boundingRect(), theme.colour("background"))  # it stands between two cards
        painter.setOpacity(FAINT if self.passing else 1.0)
        layout, left = self._axis()
        high = self.row_height
        legend = ""
        if layout is not None and found.steps:
            self._paint_steps(painter, theme, layout, left, 1, LOSS, found.loss_differences)
            states = found.state_differences
            if states is not None:
                self._paint_steps(painter, theme, layout, left, 1 + high, STATE, states)
            else:
                painter.setFont(theme.font("small"))
                painter.setPen(theme.colour("muted"))
                painter.drawText(QRectF(left + _PAD, 1 + high, layout.gutter - _PAD - 2, high), _LEFT, STATE)
                room = QRectF(left + layout.gutter, 1 + high, layout.room, high)
                painter.drawText(room, _LEFT, "h has another size in B: the states have no difference")
            legend = self.legend
        self._paint_gradients(painter, theme, found, 1 + 2 * high, left, legend)

    @property
    def legend(self) -> str:
        """How far the colours go where they stand for numbers; "" while the numbers themselves have room."""
        layout, _ = self._axis()
        found = self._found
        if found is None or layout is None or not found.steps:
            return ""
        parts = []
        for name, values in ((LOSS, found.loss_differences), (STATE, found.state_differences)):
            if values is not None and len(values) and not _written(layout, name, values)[1]:
                sign = "±" if name == LOSS else "0 … "
                parts.append(f"{name} {sign}{gradient_scale(values).limit:g}")
        return f"colours: {', '.join(parts)}, asinh" if parts else ""

    def _paint_steps(
        self, painter: QPainter, theme: Theme, layout: StageLayout, left: int, top: int, name: str, values: Array
    ) -> None:
        """A number below each column; where they have no room, the map's colours."""
        high = self.row_height
        font = theme.font("small")
        painter.setFont(font)
        painter.setPen(theme.colour("muted"))
        painter.drawText(QRectF(left + _PAD, top, layout.gutter - _PAD - 2, high), _LEFT, elided(name, font, 999))
        painter.save()
        painter.setClipRect(QRectF(left + layout.gutter, top, layout.room, high))
        colours = _colours(theme, values)
        texts, fits = _written(layout, name, values)
        for t in texts:
            x, wide = left + layout.left(t), layout.right(t) - layout.left(t)
            if t in (self._hover, self._chosen):
                painter.fillRect(QRectF(x, top, wide, high), theme.colour("raised"))
            if fits:
                painter.setPen(theme.colour("text"))
                painter.drawText(QRectF(x, top, wide, high), Qt.AlignmentFlag.AlignCenter, texts[t])
                painter.fillRect(QRectF(x + 0.2 * wide, top + high - 2, 0.6 * wide, 2), colours[t])
            else:
                gap = 1 if wide > 4 else 0
                painter.fillRect(QRectF(x, top + 2, wide - gap, high - 4), colours[t])
        painter.restore()

    def _paint_gradients(
        self, painter: QPainter, theme: Theme, found: Comparison, top: int, left: int, legend: str
    ) -> None:
        """All together first, then each parameter, those that differ most in front, as far as there is room."""
        font, high = theme.font("small"), self.row_height
        painter.setFont(font)
        x = float(left + _PAD)
        head = "∂L cosine × length B/A"
        painter.setPen(theme.colour("gradient"))
        painter.drawText(QRectF(x, top, self.width(), high), _LEFT, head)
        x += text_width(head, font) + theme.px(GAP)
        end = float(self.width() - _PAD)
        if legend and end - text_width(legend, font) > x + LEAST * theme.scale:
            end -= text_width(legend, font)
            painter.setPen(theme.colour("muted"))
            painter.drawText(QRectF(end, top, self.width() - end, high), _LEFT, legend)
            end -= theme.px(GAP)
        for text, token in self._fitting(found, end - x):
            painter.setPen(theme.colour(token))
            painter.drawText(QRectF(x, top, self.width(), high), _LEFT, text)
            x += text_width(text, font) + theme.px(GAP)

    def _fitting(self, found: Comparison, room: float) -> list[tuple[str, str]]:
        font, gap = current().font("small"), current().px(GAP)
        every = [(row.brief, "muted") for row in sorted(found.gradients, key=_unlikeness)]
        if found.pending and not every:
            every.append(("computing…", "muted"))
        elif found.whole is not None:
            every.insert(0, (found.whole.brief, "muted" if found.pending else "text"))
        else:
            ones, twos = (number(n, 4) for n in found.norms)
            every.append((f"no parameter in common; ‖∂L‖ A {ones}, B {twos}", "muted"))
        if found.alone and found.whole is not None:
            every.append((f"{len(found.alone)} without counterpart", "muted"))
        fitting: list[tuple[str, str]] = []
        for n, (text, token) in enumerate(every):
            rest = len(every) - n - 1
            more = text_width(f"+{rest} more", font) + gap if rest else 0.0
            wide = text_width(text, font)
            if wide + more > room:
                fitting.append((f"+{rest + 1} more", "value"))
                break
            fitting.append((text, token))
            room -= wide + gap
        return fitting

    # --- pointing ---

    def _step_at(self, at: QPointF) -> int | None:
        layout, left = self._axis()
        row = int(at.y() // self.row_height)
        if layout is None or not 0 <= row < len(ROWS) or ROWS[row] == "gradient":
            return None
        return layout.column_at(at.x() - left)

    def _words(self, at: QPointF) -> Iterable[str]:
        if self._found is None:
            return ()
        t = self._step_at(at)
        return self._found.gradient_words if t is None else self._found.step_words(t)

    def tip(self, x: float, y: float) -> str:
        return "\n".join(self._words(QPointF(x, y)))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in self.KEYS and self._found is not None:
            place = self.mapToGlobal(QPoint(_PAD, self.height()))
            QToolTip.showText(place, "\n".join(self._found.gradient_words), self, self.rect(), 60_000)
        else:
            super().keyPressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self.hovered.emit(self._step_at(event.position()))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        t = self._step_at(event.position())
        if event.button() == Qt.MouseButton.LeftButton and t is not None:
            self.clicked.emit(t)

    def leaveEvent(self, event: QEvent) -> None:
        self.hovered.emit(None)
        super().leaveEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        self.update()


_LEFT = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft


def _written(layout: StageLayout, name: str, values: Array) -> tuple[dict[int, str], bool]:
    """The numbers of the columns that are seen, and whether these are wide enough for them."""
    font = current().font("small")
    shown = [t for t in layout.visible if t < len(values)]
    narrowest = "0.000" if np.isfinite(values).all() else "∞"
    if layout.column_width < text_width(narrowest, font) + 6:  # then none has room, and none need be written
        return dict.fromkeys(shown, ""), False
    texts = {t: _signed(float(values[t]), name == LOSS) for t in shown}
    return texts, layout.column_width >= max((text_width(text, font) for text in texts.values()), default=0.0) + 6


def _signed(value: float, sign: bool) -> str:
    """Three digits, with its sign where one is wanted, never wider than it must be."""
    if not np.isfinite(value):
        return number(value, 3)
    text = f"{value:.3f}" if 5e-4 <= abs(value) < 100 or value == 0 else number(value, 2)
    return ("+" if sign and value > 0 else "") + text.replace("-", "−")


def _colours(theme: Theme, values: Array) -> list[QColor]:
    """The map's colours of (n,) values, on a scale that goes up to the largest of them."""
    rgba = theme.map.rgba(np.asarray(values, np.float64)[None], gradient_scale(values))[0]
    return [QColor(*row) for row in rgba.tolist()]


def _unlikeness(row: GradientRow) -> float:
    """What sorts rows that differ most to the front, those first whose cosine is not defined."""
    return -2.0 if np.isnan(row.cosine) else row.cosine
